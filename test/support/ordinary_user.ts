import { spawnSync } from 'node:child_process'
import { askNode } from './child.ts'

const isRoot = process.getuid?.() === 0

/** Root may do what permissions forbid others, so it becomes nobody. */
const DROP = isRoot ? 'process.setgroups([]); process.setgid(65534); process.setuid(65534);' : ''

const probe = isRoot ? spawnSync(process.execPath, ['-e', DROP], { encoding: 'utf8' }) : { status: 0, stderr: '' }

/** For a test's `skip`: why nobody but root can be had here, or false. */
export const noOrdinaryUser: string | false =
  probe.status === 0 ? false : `cannot become another user than root here: ${probe.stderr.split('\n')[4] ?? ''}`

/** What a module prints as JSON that runs in a process of its own, as a user whom permissions hold. */
export function askOrdinaryUser<T>(program: string): T {
  return askNode(`${DROP}\n${program}`)
}
