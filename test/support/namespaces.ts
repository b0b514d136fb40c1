import { spawnSync } from 'node:child_process'
import { askNode } from './child.ts'

const probe = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true'], { encoding: 'utf8' })

/** For a test's `skip`: why there is no user namespace to be root in, or false where there is. */
export const noNamespaces: string | false =
  probe.status === 0 ? false : `no user and mount namespaces here: ${(probe.stderr || String(probe.error)).trim()}`

const isRoot = process.getuid?.() === 0

/** For a test's `skip`: why nobody can be root here, not even in a user namespace. */
export const noPrivileges: string | false = isRoot ? false : noNamespaces

/** `askNode` as root: of this machine, or of a user namespace. */
export function askPrivileged<T>(program: string): T {
  return askNode<T>(program, isRoot ? {} : { command: ['unshare', '--user', '--map-root-user'] })
}
