/** The cells of the matrix: a runtime in an environment. */

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
 * The permission model restricts Node's own modules; koffi is an add-on, which needs a permission. Without the
 * inspector Node blocks SIGUSR1.
 */
export function permissionFlags(runtime: RuntimeName): readonly string[] {
  return [
    ...(runtime === 'node20' ? ['--experimental-permission'] : ['--permission', '--allow-inspector']),
    // Older versions have no such permission, and reject the flag.
    ...(runtime === 'node26' ? ['--allow-net'] : []),
    '--allow-addons',
    '--allow-child-process',
    '--allow-worker',
    '--allow-fs-read=*',
    '--allow-fs-write=*',
  ]
}

const OF_NODE: readonly Surroundings[] = ['root', 'user', 'worker', 'permission']
/** Bun and Deno have their own permission systems. */
const OF_OTHERS: readonly Surroundings[] = ['root', 'user', 'worker']

const surroundings: Readonly<Record<RuntimeName, readonly Surroundings[]>> = {
  node20: OF_NODE,
  node24: OF_NODE,
  node26: OF_NODE,
  bun: OF_OTHERS,
  deno: OF_OTHERS,
  'node24-arm64': ['root'],
}

/** Test files (by a part of their paths) that are left out under emulation, by reason. */
export const leftOutOnArm64: Readonly<Record<string, readonly string[]>> = {
  'they start hundreds of Node processes, some of them outside QEMU': [
    ...['test/examples', 'test/doc_examples', 'test/package', 'test/readme', 'test/tour'],
  ],
  'QEMU replaces vfork(2) by fork(2), so that posix_spawn does not report a program that cannot be started': [
    'processes/posix_spawn',
  ],
  'QEMU runs a program that is given by descriptor in another way': ['processes/exec'],
  'QEMU has its own thread in each process, which a forked child lacks, and which makes osier warn': ['processes/fork'],
  'the values of flags differ between arm64 and the python3 for x64': ['test/fuzz/'],
  'they repeat calls many thousand times': [
    'load/',
    'vfs/all_or_nothing',
    'fat/power_cut',
    'fat/fuzz',
    'littlefs/fuzz',
  ],
  'they depend on the duration of a step, or on the available memory': ['event_loop/poller', 'promises/on_pool'],
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
      // Bun and Deno have node:test for `bun test` and `deno test` only. With --permission it cannot write its report
      // (it calls fsync, which is not permitted), and an emulated runtime needs the command that starts it.
      harness: kind === 'node' && arch === 'x64' && (place === 'root' || place === 'user') ? 'node:test' : 'own',
    }),
  ),
)

/** The cell of a runtime in an environment, if there is one. */
export function cellIn(runtime: RuntimeName, place: Surroundings): Cell | undefined {
  return cells.find((cell) => cell.runtime === runtime && cell.surroundings === place)
}

/** The cells that a word of the command line selects: the name of a cell, of a runtime, or of an environment. */
export function cellsNamed(words: readonly string[]): Cell[] {
  if (words.length === 0) return [...cells]
  const meant = (word: string): Cell[] => {
    const exact = cells.filter(({ runtime, surroundings }) => word === runtime || word === surroundings)
    const found =
      exact.length > 0
        ? exact
        : cells.filter((cell) => word === cell.name || word === `${cell.runtime}-${cell.surroundings}`)
    if (found.length === 0)
      throw new Error(`there is no cell ${word}: the cells are ${cells.map(({ name }) => name).join(', ')}`)
    return found
  }
  return [...new Set(words.flatMap(meant))]
}
