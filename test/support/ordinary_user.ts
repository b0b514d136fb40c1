import { spawnSync } from 'node:child_process'
import { askNode } from './child.ts'

const isRoot = process.getuid?.() === 0

/** Permissions do not apply to root, so root changes to the user `nobody`. */
const DROP = isRoot ? 'process.setgroups([]); process.setgid(65534); process.setuid(65534);' : ''

const probe = isRoot ? spawnSync(process.execPath, ['-e', DROP], { encoding: 'utf8' }) : { status: 0, stderr: '' }

/** For a test's `skip`: why root cannot change to an ordinary user, or false. */
export const noOrdinaryUser: string | false =
  probe.status === 0 ? false : `cannot become another user than root here: ${probe.stderr.split('\n')[4] ?? ''}`

/** The JSON output of a module that runs in a new process, as an ordinary user. */
export function askOrdinaryUser<T>(program: string): T {
  return askNode(`${DROP}\n${program}`)
}
