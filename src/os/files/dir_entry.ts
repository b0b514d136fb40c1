import { type InspectOptions, inspect } from 'node:util'
import { brand, isInstance } from '../../copies.ts'
import { wrongType } from '../../errors.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import type { Address } from '../../libc/functions.ts'
import { addressOf, ownMemory, scratch, scratchAddress } from '../../libc/memory.ts'
import { define } from '../../properties.ts'
import { type stat_result, statResult } from '../../results/stat_result.ts'
import { bool } from '../arguments/numbers.ts'
import { checkOptions } from '../arguments/options.ts'
import { type FileName, fsencode } from '../arguments/paths.ts'
import { joinPath } from '../system/pathnames.ts'
import { type Place, type Records, typeAt } from './directory_stream.ts'
import { type FollowSymlinksOption, statusByAddressInto, statusInto } from './status.ts'

const { DT_UNKNOWN, DT_DIR, DT_REG, DT_LNK, S_IFMT, S_IFDIR, S_IFREG, S_IFLNK, AT_FDCWD, AT_SYMLINK_NOFOLLOW } =
  constants
const { ENOENT } = errnoNumbers
const { st_mode } = structs.stat.offsets

function followsSymlinks(options: FollowSymlinksOption | undefined): boolean {
  if (options === undefined) return true
  const checked = checkOptions(options, ['follow_symlinks'])
  return bool(checked.follow_symlinks, 'follow_symlinks', true)
}

/** The directory that entries belong to. */
export interface Source<T extends FileName> {
  /** The prefix of the names in the paths of entries, or the caller's descriptor of the directory. */
  readonly start: T | number
  /** The descriptor of the directory while it is being listed, then -1. */
  fd: number
}

/**
 * The status that the last type check has read. It is not turned into a stat_result at once, and not copied, because
 * both take about a third of the time of the system call: `stat` does that if it is called next on the same entry.
 */
const status = ownMemory(structs.stat.size)
const statusAddress = addressOf(status)
/**
 * The entry whose status this is, and whether it is the status of a link's target. The entry itself is not referenced:
 * storing a new object in an old one runs V8's write barrier and adds to its remembered set, which takes longer than
 * creating an entry.
 */
let cachedRecords: Records<Source<FileName>> | null = null
let cachedPlace: Place = 0
let cachedTarget = false

/**
 * An entry of a directory, as `scandir` returns it: its name, and what the directory records about it.
 *
 * Anything else is read once and cached: the status by `stat`, and the type of a symbolic link's target by `is_dir` and
 * `is_file`. `stat` needs no system call right after those have read the status.
 *
 * See Python, os.DirEntry.
 * @example
 * ```ts
 * os.symlink('/etc', 'link')
 * using entries = os.scandir()
 * const [entry] = entries
 * entry instanceof os.DirEntry // => true
 * entry?.is_dir() // => true
 * entry?.is_symlink() // => true
 * entry?.path // => './link'
 * structuredClone(entry?.toJSON())?.name // => 'link'
 * ```
 */
export class DirEntry<T extends FileName = string> {
  static {
    brand(DirEntry, 'DirEntry')
  }

  /** Whether a value is an instance of this class, or of the same class of another copy of this package. */
  static [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked for may be a subclass
    return isInstance(this, value)
  }

  readonly #records: Records<Source<T>>
  readonly #place: Place
  #name: T | undefined
  /** A number if only the type has been read: the mode. */
  #stat: stat_result | number | undefined
  #lstat: stat_result | number | undefined

  /** @internal `scandir` creates entries. */
  constructor(records: Records<Source<T>>, place: Place) {
    if (records === undefined) {
      throw wrongType('records', 'what scandir gives: a program makes no entries itself', records)
    }
    this.#records = records
    this.#place = place
  }

  /** The name, without the directory. */
  get name(): T {
    if (this.#name === undefined) {
      const name = this.#records.name(this.#place)
      this.#name = (typeof this.#records.reading.start === 'object' ? fsencode(name) : name) as T
    }
    return this.#name
  }

  /**
   * The directory's path, as it was passed to `scandir`, joined with the name; only the name if a descriptor was
   * passed.
   */
  get path(): T {
    const { start } = this.#records.reading
    if (typeof start === 'string') return `${start}${this.name}` as T
    return typeof start === 'number' ? this.name : joinPath(start, this.name)
  }

  /** Returns the path, so that an entry is a PathLike. */
  __fspath__(): T {
    return this.path
  }

  /**
   * Returns the name, the path and the inode number, as a decimal string: `JSON.stringify` calls it. `structuredClone`
   * does not, and copies none of them: clone what this returns.
   */
  toJSON(): { name: T; path: T; inode: string } {
    return { name: this.name, path: this.path, inode: String(this.inode()) }
  }

  /** Returns the inode number that the directory records. */
  inode(): bigint {
    return this.#records.inode(this.#place)
  }

  /**
   * Reports whether the entry is a directory, or a symbolic link to one: false for a broken link, and for an entry that
   * has been removed.
   *
   * @param options `follow_symlinks`: false for a link itself
   * @throws OSError if the status of a link's target cannot be read: PermissionError, for example
   */
  is_dir(options: FollowSymlinksOption | undefined = undefined): boolean {
    return (options === undefined && typeAt(this.#place) === DT_DIR) || DirEntry.#is(this, DT_DIR, S_IFDIR, options)
  }

  /**
   * Reports whether the entry is a regular file, or a symbolic link to one: false for a broken link, and for an entry
   * that has been removed.
   *
   * @param options `follow_symlinks`: false for a link itself
   * @throws OSError if the status of a link's target cannot be read: PermissionError, for example
   */
  is_file(options: FollowSymlinksOption | undefined = undefined): boolean {
    return (options === undefined && typeAt(this.#place) === DT_REG) || DirEntry.#is(this, DT_REG, S_IFREG, options)
  }

  /** Reports whether the entry is a symbolic link, including a broken one. */
  is_symlink(): boolean {
    const type = typeAt(this.#place)
    return type === DT_UNKNOWN ? DirEntry.#is(this, DT_LNK, S_IFLNK, { follow_symlinks: false }) : type === DT_LNK
  }

  /** Reports whether the entry is a junction, which only Windows has: false. */
  is_junction(): boolean {
    return false
  }

  /**
   * Returns the status of the file. The first call makes one system call (two if the directory does not record whether
   * the entry is a symbolic link).
   *
   * @param options `follow_symlinks`: false for a link itself
   * @throws OSError as `os.stat` does
   */
  stat(options: FollowSymlinksOption | undefined = undefined): stat_result {
    const ofTarget = followsSymlinks(options) && this.is_symlink()
    const known = ofTarget ? this.#stat : this.#lstat
    if (typeof known === 'object') return known
    const isCached = cachedRecords === this.#records && cachedPlace === this.#place && cachedTarget === ofTarget
    const errno = isCached ? 0 : DirEntry.#readStatus(this, ofTarget, scratchAddress)
    if (errno !== 0) throw osError(errno, ofTarget ? 'stat' : 'lstat', this.path)
    if (isCached) scratch.set(status)
    const result = statResult()
    if (ofTarget) this.#stat = result
    else this.#lstat = result
    return result
  }

  /** Reads the status into memory; returns 0 or an error number. */
  static #readStatus(entry: DirEntry<FileName>, ofTarget: boolean, out: Address): number {
    const flags = ofTarget ? 0 : AT_SYMLINK_NOFOLLOW
    const { start, fd } = entry.#records.reading
    const at = typeof start === 'number' ? start : fd
    if (at === -1) return statusInto(out, entry.path, AT_FDCWD, flags)
    // While the directory is open, the name alone is enough: no path has to be built, and the kernel does not have to
    // resolve one.
    const name = entry.#records.nameAddress(entry.#place)
    return name === 0 ? statusInto(out, entry.name, at, flags) : statusByAddressInto(out, name, at, flags)
  }

  /** Returns the mode, or a negative error number. */
  static #mode(entry: DirEntry<FileName>, ofTarget: boolean): number {
    const known = ofTarget ? entry.#stat : entry.#lstat
    if (known !== undefined) return typeof known === 'number' ? known : known.st_mode
    cachedPlace = -1
    const errno = DirEntry.#readStatus(entry, ofTarget, statusAddress)
    if (errno !== 0) return -errno
    if (cachedRecords !== entry.#records) cachedRecords = entry.#records
    cachedPlace = entry.#place
    cachedTarget = ofTarget
    // The kernel uses only the two low bytes of the mode.
    const mode = (status[st_mode] as number) + ((status[st_mode + 1] as number) << 8)
    if (ofTarget) entry.#stat = mode
    else entry.#lstat = mode
    return mode
  }

  static #is(entry: DirEntry<FileName>, type: number, fileType: number, options?: FollowSymlinksOption): boolean {
    const follow = followsSymlinks(options)
    const known = typeAt(entry.#place)
    if (known === type) return true
    if (known !== DT_UNKNOWN && (known !== DT_LNK || !follow)) return false
    const mode = DirEntry.#mode(entry, follow && entry.is_symlink())
    if (mode >= 0) return (mode & S_IFMT) === fileType
    if (mode === -ENOENT) return false
    throw osError(-mode, follow ? 'stat' : 'lstat', entry.path)
  }
}

// `console.log` shows the name. It is a getter of the prototype, which decodes the name on demand, and so has to be
// listed here.
define(DirEntry.prototype, inspect.custom, {
  value(this: DirEntry<FileName>, _depth: number, options: InspectOptions) {
    return `DirEntry ${inspect({ name: this.name }, options)}`
  },
})

/** Returns the prefix of the names in the paths of entries. */
export function pathPrefix<T extends FileName>(directory: T | number): T | number {
  return typeof directory === 'string' ? (joinPath<string>(directory, '') as T) : directory
}
