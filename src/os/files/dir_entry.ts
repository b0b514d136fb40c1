import { type InspectOptions, inspect } from 'node:util'
import { wrongType } from '../../errors.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import type { Address } from '../../libc/functions.ts'
import { addressOf, ownMemory, scratch, scratchAddress } from '../../libc/memory.ts'
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
  checkOptions(options, ['follow_symlinks'])
  return bool(options.follow_symlinks, 'follow_symlinks', true)
}

/** What the entries of a directory have in common. */
export interface Source<T extends FileName> {
  /** What stands before a name in its path, or the caller's descriptor of the directory. */
  readonly start: T | number
  /** The directory while it is being listed, then -1. */
  fd: number
}

/**
 * The status that was asked for last by somebody who wanted to know the type. To make a stat_result of it takes a third
 * as long as to ask, and to keep it as it is hardly less, so that is left to `stat`, which is called next or not at all.
 */
const status = ownMemory(structs.stat.size)
const statusAddress = addressOf(status)
/**
 * Whose it is, and whether it is that of a link's target. This is not the entry itself, because V8 has to write down each
 * time that something old refers to something new, which takes longer than to make an entry.
 */
let askedRecords: Records<Source<FileName>> | null = null
let askedPlace: Place = 0
let askedTarget = false

/**
 * An entry of a directory, as `scandir` gives it: its name, and what is known of it without asking again.
 *
 * What does have to be asked is asked once and remembered: by `stat` the status, by `is_dir` and `is_file` the type of
 * what a symbolic link points to. `stat` costs no call right after those have asked.
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
 * ```
 */
export class DirEntry<T extends FileName = string> {
  readonly #records: Records<Source<T>>
  readonly #place: Place
  #name: T | undefined
  /** Where the type alone was asked for, the mode. */
  #stat: stat_result | number | undefined
  #lstat: stat_result | number | undefined

  /** @internal `scandir` makes entries. */
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

  /** The directory's path, as `scandir` got it, joined with the name; the name alone where it got a descriptor. */
  get path(): T {
    const { start } = this.#records.reading
    if (typeof start === 'string') return `${start}${this.name}` as T
    return typeof start === 'number' ? this.name : joinPath(start, this.name)
  }

  /** The path, which makes an entry a PathLike. */
  __fspath__(): T {
    return this.path
  }

  /** The inode number, as the directory has it. */
  inode(): bigint {
    return this.#records.inode(this.#place)
  }

  /**
   * Whether it is a directory, or a symbolic link to one. A link that points nowhere, and an entry that is gone, is
   * none.
   *
   * @param options `follow_symlinks`: false to ask of a link itself
   * @throws OSError if a link's target cannot be asked about, such as PermissionError
   */
  is_dir(options: FollowSymlinksOption | undefined = undefined): boolean {
    return (options === undefined && typeAt(this.#place) === DT_DIR) || DirEntry.#is(this, DT_DIR, S_IFDIR, options)
  }

  /**
   * Whether it is a regular file, or a symbolic link to one. A link that points nowhere, and an entry that is gone, is
   * none.
   *
   * @param options `follow_symlinks`: false to ask of a link itself
   * @throws OSError if a link's target cannot be asked about, such as PermissionError
   */
  is_file(options: FollowSymlinksOption | undefined = undefined): boolean {
    return (options === undefined && typeAt(this.#place) === DT_REG) || DirEntry.#is(this, DT_REG, S_IFREG, options)
  }

  /** Whether it is a symbolic link, also one that points nowhere. */
  is_symlink(): boolean {
    const type = typeAt(this.#place)
    return type === DT_UNKNOWN ? DirEntry.#is(this, DT_LNK, S_IFLNK, { follow_symlinks: false }) : type === DT_LNK
  }

  /** Whether it is a junction, a thing of Windows: false. */
  is_junction(): boolean {
    return false
  }

  /**
   * The status of the file. One system call, the first time (two for a symbolic link on which `is_symlink` is unknown).
   *
   * @param options `follow_symlinks`: false for a link itself
   * @throws OSError as `os.stat` does
   */
  stat(options: FollowSymlinksOption | undefined = undefined): stat_result {
    const ofTarget = followsSymlinks(options) && this.is_symlink()
    const known = ofTarget ? this.#stat : this.#lstat
    if (typeof known === 'object') return known
    const stands = askedRecords === this.#records && askedPlace === this.#place && askedTarget === ofTarget
    const errno = stands ? 0 : DirEntry.#ask(this, ofTarget, scratchAddress)
    if (errno !== 0) throw osError(errno, ofTarget ? 'stat' : 'lstat', this.path)
    if (stands) scratch.set(status)
    const result = statResult()
    if (ofTarget) this.#stat = result
    else this.#lstat = result
    return result
  }

  /** Has C write the status to memory; returns an error number where it cannot be told. */
  static #ask(entry: DirEntry<FileName>, ofTarget: boolean, out: Address): number {
    const flags = ofTarget ? 0 : AT_SYMLINK_NOFOLLOW
    const { start, fd } = entry.#records.reading
    const at = typeof start === 'number' ? start : fd
    if (at === -1) return statusInto(out, entry.path, AT_FDCWD, flags)
    // The directory is open: that spares making the path, and the kernel resolving it.
    const name = entry.#records.nameAddress(entry.#place)
    return name === 0 ? statusInto(out, entry.name, at, flags) : statusByAddressInto(out, name, at, flags)
  }

  /** The mode, or a negative error number. */
  static #mode(entry: DirEntry<FileName>, ofTarget: boolean): number {
    const known = ofTarget ? entry.#stat : entry.#lstat
    if (known !== undefined) return typeof known === 'number' ? known : known.st_mode
    askedPlace = -1
    const errno = DirEntry.#ask(entry, ofTarget, statusAddress)
    if (errno !== 0) return -errno
    if (askedRecords !== entry.#records) askedRecords = entry.#records
    askedPlace = entry.#place
    askedTarget = ofTarget
    // Both bytes of it that the kernel uses.
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

// As `console.log` shows it: by its name, which is decoded only where somebody asks for it.
Object.defineProperty(DirEntry.prototype, inspect.custom, {
  value(this: DirEntry<FileName>, _depth: number, options: InspectOptions) {
    return `DirEntry ${inspect({ name: this.name }, options)}`
  },
})

/** What stands before the names in the paths of entries. */
export function startOf<T extends FileName>(directory: T | number): T | number {
  return typeof directory === 'string' ? (joinPath<string>(directory, '') as T) : directory
}
