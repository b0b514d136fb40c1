import { lastErrno } from '../../libc/call.ts'
import { constants, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { cString } from '../../os/arguments/paths.ts'
import { needsStat } from '../../os/files/directory_stream.ts'
import { modeIn, preparedMode } from '../../os/files/file_type.ts'
import type { Listing } from '../../os/files/walk.ts'
import { type Outcome, onPool } from '../on_pool.ts'
import { cachedHow, canOpenCached, ERRORS_OF_PATHS, openCached } from './cached_path.ts'

/** The entries of a directory, which are read in several calls and then divided into directories and others. */

const { AT_FDCWD, DT_DIR, DT_REG, O_DIRECTORY, S_IFDIR, S_IFMT } = constants
const howDirectory = cachedHow(O_DIRECTORY)

/**
 * Whether a path is a directory, as far as the kernel's caches can answer; undefined where a disk would have to be
 * read, or the kernel is too old (RESOLVE_CACHED: Linux 5.12). With O_PATH no file is opened for I/O, so the call does
 * not block.
 */
function isDirectoryInMemory(at: number, path: string): boolean | undefined {
  const fd = openCached(at, cString(path, 'path'), howDirectory)
  if (fd === -1) return ERRORS_OF_PATHS.has(lastErrno()) ? false : undefined
  libc.close(fd)
  return true
}

const IS_DIRECTORY: Outcome<boolean> = {
  output: structs.stat.size,
  result: () => (modeIn() & S_IFMT) === S_IFDIR,
  failure: () => false,
}

/**
 * Collects entries. Whether a link leads to a directory has to be asked of the kernel, also where the file system
 * reports no types.
 */
export class Entries {
  readonly names: string[] = []
  readonly types: number[] = []
  readonly #at: number
  readonly #pathOf: (name: string) => string
  /** Indexes of the entries whose type can be determined only by reading the disk. */
  readonly #unresolved: number[] = []
  #known = 0

  /**
   * @param at the directory that the paths are relative to
   * @param pathOf the path of an entry
   */
  constructor(at: number = AT_FDCWD, pathOf: (name: string) => string = (name) => name) {
    this.#at = at
    this.#pathOf = pathOf
  }

  /** Determines the types of the entries added so far, as far as that is possible without blocking. */
  resolveTypes(): void {
    const canAsk = canOpenCached()
    for (; this.#known < this.types.length; this.#known++) {
      if (!needsStat(this.types[this.#known] as number)) continue
      const name = this.names[this.#known] as string
      const answer = canAsk ? isDirectoryInMemory(this.#at, this.#pathOf(name)) : undefined
      if (answer === undefined) this.#unresolved.push(this.#known)
      else this.types[this.#known] = answer ? DT_DIR : DT_REG
    }
  }

  /** The entries, divided into directories and others. */
  sorted(): Listing | Promise<Listing> {
    const { names, types } = this
    if (this.#unresolved.length === 0) return sortedBy(names, types)
    const asked = this.#unresolved.map((index) =>
      onPool(preparedMode(this.#pathOf(names[index] as string), 0, this.#at), IS_DIRECTORY),
    )
    return Promise.all(asked).then((answers) => {
      for (const [place, index] of this.#unresolved.entries()) types[index] = answers[place] ? DT_DIR : DT_REG
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
