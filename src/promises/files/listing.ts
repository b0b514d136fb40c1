import { lastErrno } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { has, libc } from '../../libc/functions.ts'
import { addressOf, ownMemory } from '../../libc/memory.ts'
import { cString } from '../../os/arguments/paths.ts'
import { isUnclear } from '../../os/files/directory_stream.ts'
import { modeIn, preparedMode } from '../../os/files/file_type.ts'
import type { Listing } from '../../os/files/walk.ts'
import { type Outcome, onPool } from '../on_pool.ts'

/** What is in a directory, as it is read piece by piece, to be sorted into directories and the rest. */

const { AT_FDCWD, DT_DIR, DT_REG, O_CLOEXEC, O_DIRECTORY, O_PATH, RESOLVE_CACHED, S_IFDIR, S_IFMT } = constants
const { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } = errnoNumbers

const HOW = structs.open_how
const how = ownMemory(HOW.size)
const howAddress = addressOf(how)
how.writeBigUInt64LE(BigInt(O_PATH | O_DIRECTORY | O_CLOEXEC), HOW.offsets.flags)
// Also where the platform has no such constants: this is loaded there, and never asked.
how.writeBigUInt64LE(BigInt(RESOLVE_CACHED | 0), HOW.offsets.resolve)

/** Of what is no directory, or is not there. */
const NONE: ReadonlySet<number> = new Set([EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR])

/**
 * Whether a path leads to a directory, as far as that can be told from memory; undefined where a disk would have to be
 * asked, or the kernel is too old for the question (RESOLVE_CACHED: Linux 5.12). With O_PATH no file is opened, so
 * nothing waits.
 */
function isDirectoryInMemory(at: number, path: string): boolean | undefined {
  const fd = libc.openat2(at, cString(path, 'path'), howAddress, HOW.size)
  if (fd === -1) return NONE.has(lastErrno()) ? false : undefined
  libc.close(fd)
  return true
}

const IS_DIRECTORY: Outcome<boolean> = {
  output: structs.stat.size,
  result: () => (modeIn() & S_IFMT) === S_IFDIR,
  failure: () => false,
}

/** Of links, and where the file system tells no types, the kernel has to be asked. */
export class Entries {
  readonly names: string[] = []
  readonly types: number[] = []
  readonly #at: number
  readonly #pathOf: (name: string) => string
  /** Of those that only a disk can tell the type of. */
  readonly #unclear: number[] = []
  #known = 0

  /**
   * @param at where the paths start
   * @param pathOf the path of an entry
   */
  constructor(at: number = AT_FDCWD, pathOf: (name: string) => string = (name) => name) {
    this.#at = at
    this.#pathOf = pathOf
  }

  /** Finds out the types of those that have been added, as far as that takes no time. */
  clarify(): void {
    const canAsk = has('openat2')
    for (; this.#known < this.types.length; this.#known++) {
      if (!isUnclear(this.types[this.#known] as number)) continue
      const name = this.names[this.#known] as string
      const answer = canAsk ? isDirectoryInMemory(this.#at, this.#pathOf(name)) : undefined
      if (answer === undefined) this.#unclear.push(this.#known)
      else this.types[this.#known] = answer ? DT_DIR : DT_REG
    }
  }

  /** Directories apart from the rest. */
  sorted(): Listing | Promise<Listing> {
    const { names, types } = this
    if (this.#unclear.length === 0) return sortedBy(names, types)
    const asked = this.#unclear.map((index) =>
      onPool(preparedMode(this.#pathOf(names[index] as string), 0, this.#at), IS_DIRECTORY),
    )
    return Promise.all(asked).then((answers) => {
      for (const [place, index] of this.#unclear.entries()) types[index] = answers[place] ? DT_DIR : DT_REG
      return sortedBy(names, types)
    })
  }
}

function sortedBy(names: readonly string[], types: readonly number[]): Listing {
  const directories: string[] = []
  const others: string[] = []
  for (let i = 0; i < names.length; i++) (types[i] === DT_DIR ? directories : others).push(names[i] as string)
  return { directories, others }
}
