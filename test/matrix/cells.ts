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
}

export const surroundingsTitles: Readonly<Record<Surroundings, string>> = {
  root: 'as root',
  user: 'as an ordinary user',
  worker: 'in a worker thread',
  permission: 'with `--permission`',
}

/**
 * The permission model keeps Node from what a program may do through its own modules; koffi is an add-on to it. Without
 * the inspector Node keeps SIGUSR1 blocked.
 */
export function permissionFlags(runtime: RuntimeName): readonly string[] {
  return [
    ...(runtime === 'node20' ? ['--experimental-permission'] : ['--permission', '--allow-inspector']),
    // Older ones have no permission for it, and do not know the flag.
    ...(runtime === 'node26' ? ['--allow-net'] : []),
    '--allow-addons',
    '--allow-child-process',
    '--allow-worker',
    '--allow-fs-read=*',
    '--allow-fs-write=*',
  ]
}

const OF_NODE: readonly Surroundings[] = ['root', 'user', 'worker', 'permission']
/** What they permit, others ask in their own ways. */
const OF_OTHERS: readonly Surroundings[] = ['root', 'user', 'worker']

const surroundings: Readonly<Record<RuntimeName, readonly Surroundings[]>> = {
  node20: OF_NODE,
  node24: OF_NODE,
  node26: OF_NODE,
  bun: OF_OTHERS,
  deno: OF_OTHERS,
  'node24-arm64': ['root'],
}

/** Test files that are left out on a computer that another one imitates, by a part of their paths, and why. */
export const leftOutOnArm64: Readonly<Record<string, readonly string[]>> = {
  'they start Node in hundreds of processes, some of them past QEMU': [
    ...['test/examples', 'test/doc_examples', 'test/package', 'test/readme', 'test/tour'],
  ],
  'QEMU takes vfork(2) for fork(2), so that no spawn tells of a program that cannot be started': [
    'processes/posix_spawn',
  ],
  'QEMU runs a program that is given by its descriptor in another way': ['processes/exec'],
  'QEMU has a thread of its own in each process, which a forked child lacks, and of which osier warns': [
    'processes/fork',
  ],
  'the numbers of flags are those of arm64, and of the python3 to compare with those of x64': ['test/fuzz/'],
  'they do things many thousand times': ['load/', 'fat/power_cut', 'fat/fuzz', 'littlefs/fuzz'],
  'they depend on how long a step takes, or how much memory there is': ['event_loop/poller', 'promises/on_pool'],
}

/** Whether a test file belongs to a cell. */
export function isIn({ runtime }: Cell, file: string): boolean {
  return (
    runtime !== 'node24-arm64' ||
    !Object.values(leftOutOnArm64).some((parts) => parts.some((part) => file.includes(part)))
  )
}

export const cells: readonly Cell[] = runtimes.flatMap(({ name: runtime, kind, arch }) =>
  surroundings[runtime].map(
    (place): Cell => ({
      name: place === 'root' ? runtime : `${runtime}-${place}`,
      runtime,
      surroundings: place,
      // Bun and Deno have node:test for `bun test` and `deno test` only. With --permission it cannot write its report (it
      // calls fsync, which is forbidden then), and what is emulated must be told by what it can be started.
      harness: kind === 'node' && arch === 'x64' && (place === 'root' || place === 'user') ? 'node:test' : 'own',
    }),
  ),
)

/** The name of the cell of a runtime in surroundings, where there is one. */
export function cellIn(runtime: RuntimeName, place: Surroundings): Cell | undefined {
  return cells.find((cell) => cell.runtime === runtime && cell.surroundings === place)
}

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
