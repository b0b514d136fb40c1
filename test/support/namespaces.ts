import { spawnSync } from 'node:child_process'
import { askNode } from './child.ts'

const probe = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true'], { encoding: 'utf8' })

/** For a test's `skip`: why no user namespace can be created, or false. */
export const noNamespaces: string | false =
  probe.status === 0 ? false : `no user and mount namespaces here: ${(probe.stderr || String(probe.error)).trim()}`

const isRoot = process.getuid?.() === 0

/** For a test's `skip`: why no process can be root, not even in a user namespace. */
export const noPrivileges: string | false = isRoot ? false : noNamespaces

/** `askNode` as root: of this machine, or of a user namespace. */
export function askPrivileged<T>(program: string): T {
  return askNode<T>(program, isRoot ? {} : { command: ['unshare', '--user', '--map-root-user'] })
}

const CONTAINER = ['unshare', ...(isRoot ? [] : ['--user', '--map-root-user']), '--pid', '--fork', '--kill-child']
/** Starts a program as the first process of a namespace of its own, as in a container: its id is 1. */
export const asFirstProcess: readonly string[] = [...CONTAINER, '--mount-proc']

const first = spawnSync('unshare', [...asFirstProcess.slice(1), 'true'], { encoding: 'utf8' })

/** For a test's `skip`: why no process can be the first of a namespace here, or false. */
export const noContainer: string | false =
  first.status === 0 ? false : `no namespace of processes here: ${(first.stderr || String(first.error)).trim()}`
