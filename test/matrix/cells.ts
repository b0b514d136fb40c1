/** The cells of the matrix: a runtime in surroundings. */

import { type RuntimeName, runtimes } from './runtimes.ts'
import type { Harness } from './tree.ts'

export type Surroundings = 'root' | 'user' | 'worker' | 'permission'

export interface Cell {
  /** `node24`, or `node24-user`. */
  readonly name: string
  readonly runtime: RuntimeName
  readonly surroundings: Surroundings
  readonly harness: Harness
  /** Words of which a test file must have one in its path; none for all files. */
  readonly only: readonly string[]
}

export const surroundingsTitles: Readonly<Record<Surroundings, string>> = {
  root: 'as root',
  user: 'as an ordinary user',
  worker: 'in a worker thread',
  permission: 'with `--permission`',
}

/** The permission model keeps Node from what a program may do through its own modules; koffi is an add-on to it. */
export const PERMISSION: readonly string[] = [
  '--permission',
  '--allow-addons',
  '--allow-child-process',
  '--allow-worker',
  '--allow-fs-read=*',
  '--allow-fs-write=*',
]

const surroundings: Readonly<Record<RuntimeName, readonly Surroundings[]>> = {
  // What depends on the user, the thread and the permissions is tried in the runtime that most have.
  node20: ['root'],
  node24: ['root', 'user', 'worker', 'permission'],
  node26: ['root'],
  bun: ['root'],
  deno: ['root'],
  'node24-arm64': ['root'],
}

/** Test files that are about what a runtime has not got, with what that is. */
export function lacking(runtime: RuntimeName, file: string): string | null {
  if (runtime !== 'bun' && runtime !== 'deno') return null
  const isAboutWaiting = /\/(event_loop\/|promises\/(descriptors|popen|processes|splicing|streams|wait))/.test(file)
  return isAboutWaiting ? 'waiting for descriptors needs Node' : null
}

/**
 * A computer that another one imitates is slow, and what it starts is not what a test expects to start. So these are the
 * files that are about calls and their results, which is where the architecture shows.
 */
const ON_ARM64: readonly string[] = [
  ...['test/stat', 'test/errno', 'test/signal', 'test/time', 'test/facts', 'test/inventory', 'test/libc', 'test/path/'],
  ...['os/available', 'os/descriptors', 'os/directories', 'os/directory_stream', 'os/fwalk', 'os/identity'],
  ...['os/linux_fds', 'os/pathnames', 'os/random', 'os/ranges', 'os/scandir', 'os/scheduler', 'os/status_flags'],
  ...['os/system', 'os/text_file', 'os/transfers', 'os/vectors', 'os/walk', 'os/xattr', 'test/vfs/'],
]

export const cells: readonly Cell[] = runtimes.flatMap(({ name: runtime, kind, arch }) =>
  surroundings[runtime].map(
    (place): Cell => ({
      name: place === 'root' ? runtime : `${runtime}-${place}`,
      runtime,
      surroundings: place,
      // Bun and Deno have node:test for `bun test` and `deno test` only. With --permission it cannot write its report (it
      // calls fsync, which is forbidden then), and what is emulated must be told by what it can be started.
      harness: kind === 'node' && arch === 'x64' && (place === 'root' || place === 'user') ? 'node:test' : 'own',
      only: arch === 'arm64' ? ON_ARM64 : [],
    }),
  ),
)

/** The cells that a word of the command line means: a cell's name, a runtime, or surroundings. */
export function cellsNamed(words: readonly string[]): Cell[] {
  if (words.length === 0) return [...cells]
  const meant = (word: string): Cell[] => {
    const exact = cells.filter(({ runtime, surroundings }) => word === runtime || word === surroundings)
    const found =
      exact.length > 0
        ? exact
        : cells.filter((cell) => word === cell.name || word === `${cell.runtime}-${cell.surroundings}`)
    if (found.length === 0)
      throw new Error(`no cell is called ${word}: there are ${cells.map(({ name }) => name).join(', ')}`)
    return found
  }
  return [...new Set(words.flatMap(meant))]
}
