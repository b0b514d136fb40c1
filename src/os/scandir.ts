import { type InspectOptions, inspect } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../audit.ts'
import { wrongType } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { type Address, libc } from '../libc/functions.ts'
import { address, addressOf, bytes, ownMemory } from '../libc/memory.ts'
import { type stat_result, statResult } from '../results.ts'
import { bool, checkOptions, type Descriptor, fileNameOrFd, optional } from './arguments.ts'
import {
  duplicateDirectory,
  endReading,
  openDirectory,
  type Place,
  type Records,
  readEntries,
  readRecords,
  scandirEvent,
  typeAt,
} from './directory_stream.ts'
import { type FollowSymlinksOption, statusByAddressInto, statusInto } from './metadata.ts'
import { type FileName, fsdecode, fsencode, type Path } from './names.ts'
import { joinPath } from './pathnames.ts'

const {
  DT_UNKNOWN,
  DT_DIR,
  DT_REG,
  DT_LNK,
  S_IFMT,
  S_IFDIR,
  S_IFREG,
  S_IFLNK,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  SEEK_SET,
} = constants
const { ENOENT } = errnoNumbers
const { st_mode } = structs.stat.offsets

export const listdirEvent: AuditEvent = new AuditEvent('os.listdir')

/** What can be listed: a directory, an open one, or (null or nothing) the current one. */
export type Listed = Path | Descriptor | null | undefined
/** Of that, what is listed as text. */
export type TextListed = string | URL | Descriptor | null | undefined

/** `path` of `listdir` and `scandir`, by position or by name: the current directory where it is left out. */
export function listed(given: readonly unknown[], event: AuditEvent): FileName | number {
  const path = optional(['path'], [], given).path ?? null
  const directory = fileNameOrFd(path ?? '.', 'path')
  if (event.wanted) event.raise(path)
  return directory
}

function openListed(syscall: string, directory: FileName | number): number {
  if (typeof directory === 'number') return duplicateDirectory(syscall, directory)
  return openDirectory(syscall, AT_FDCWD, directory)
}

/** Closes what `openListed` opened. A caller's descriptor is rewound, so that it can be listed again. */
export function closeListed(fd: number, directory: FileName | number): void {
  if (typeof directory === 'number') libc.lseek(fd, 0, SEEK_SET)
  libc.close(fd)
}

/**
 * The names of what is in a directory, without "." and "..", in no particular order.
 *
 * @param path the directory, or the descriptor of an open one; the current directory by default
 * @returns the names: as bytes where `path` is bytes
 * @throws OSError as the system says: FileNotFoundError, NotADirectoryError, PermissionError
 *
 * Availability: Linux. Audit event: `os.listdir` (path). See readdir(3); Python, os.listdir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.symlink('folder', Buffer.from([0x6c, 0xff])) // not UTF-8
 * os.listdir().sort() // => ['folder', 'l\udcff']
 * os.listdir(Buffer.from('.')).length // => 2
 * ```
 */
export function listdir(path: Uint8Array | { readonly path: Uint8Array }): Buffer[]
export function listdir(path?: TextListed | { readonly path?: TextListed }): string[]
export function listdir(path: Listed | { readonly path: Listed }): string[] | Buffer[]
export function listdir(...given: unknown[]): string[] | Buffer[] {
  const directory = listed(given, listdirEvent)
  const fd = openListed('listdir', directory)
  const names: string[] = []
  const types: number[] = []
  try {
    while (readEntries('listdir', fd, directory, names, types));
  } finally {
    closeListed(fd, directory)
  }
  return inKind(directory, names)
}

/** Names as the kind of path asks for: bytes for bytes. */
export function inKind(directory: FileName | number, names: string[]): string[] | Buffer[] {
  return typeof directory === 'object' ? names.map((name) => fsencode(name)) : names
}

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
   * @throws OSError where a link's target cannot be asked about, such as PermissionError
   */
  is_dir(options: FollowSymlinksOption | undefined = undefined): boolean {
    return (options === undefined && typeAt(this.#place) === DT_DIR) || DirEntry.#is(this, DT_DIR, S_IFDIR, options)
  }

  /**
   * Whether it is a regular file, or a symbolic link to one. A link that points nowhere, and an entry that is gone, is
   * none.
   *
   * @param options `follow_symlinks`: false to ask of a link itself
   * @throws OSError where a link's target cannot be asked about, such as PermissionError
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
    const errno = stands ? 0 : DirEntry.#ask(this, ofTarget, address)
    if (errno !== 0) throw osError(errno, ofTarget ? 'stat' : 'lstat', this.path)
    if (stands) bytes.set(status)
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

/** What an iterator that nobody closed leaves behind, to be closed when it is collected. */
export interface Leftover {
  readonly source: Source<FileName>
  readonly directory: FileName | number
}

/**
 * Iterators that are to be closed when they are collected. In a worker also when it ends: its descriptors are those of
 * the process, and stay, but nothing is collected any more.
 */
class Forgotten extends FinalizationRegistry<Leftover> {
  readonly #open: Set<Source<FileName>> = new Set()
  readonly #sources: WeakMap<WeakKey, Source<FileName>> = new WeakMap()

  override register(iterator: WeakKey, leftover: Leftover, token: WeakKey): void {
    super.register(iterator, leftover, token)
    if (isMainThread) return
    if (this.#open.size === 0) process.once('exit', this.#closeAll)
    this.#open.add(leftover.source)
    this.#sources.set(token, leftover.source)
  }

  override unregister(token: WeakKey): boolean {
    const source = this.#sources.get(token)
    if (source !== undefined) this.forget(source)
    return super.unregister(token)
  }

  /** Of a directory that is closed. */
  forget(source: Source<FileName>): void {
    this.#open.delete(source)
    if (this.#open.size === 0) process.off('exit', this.#closeAll)
  }

  readonly #closeAll = (): void => {
    for (const { fd } of this.#open) if (fd !== -1) libc.close(fd)
    this.#open.clear()
  }
}

export const forgotten: Forgotten = new Forgotten(({ source, directory }) => {
  forgotten.forget(source)
  libc.close(source.fd)
  // Entries may have outlived the iterator: to them, too, the directory is closed.
  source.fd = -1
  const subject = typeof directory === 'number' ? `descriptor ${directory}` : `'${fsdecode(directory)}'`
  process.emitWarning(`unclosed scandir iterator of ${subject}`, 'ResourceWarning')
})

/**
 * The iterator of `scandir`. It closes its directory at the end, when a loop is left early, and by `close()` or
 * `using`.
 *
 * See Python, os.scandir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * const entries = os.scandir()
 * entries instanceof os.ScandirIterator // => true
 * entries.next().value?.name // => 'folder'
 * entries.close() // or `using entries = ...`
 * ```
 */
export class ScandirIterator<T extends FileName = string> implements IterableIterator<DirEntry<T>> {
  readonly #directory: T | number
  readonly #source: Source<T>
  #records: Records<Source<T>> | null = null
  #next = 0

  /** @internal `scandir` makes iterators. */
  constructor(directory: T | number) {
    if (directory === undefined)
      throw wrongType('directory', 'what scandir gives: a program makes none itself', directory)
    this.#directory = directory
    const fd = openListed('scandir', directory)
    this.#source = { start: startOf(directory), fd }
    forgotten.register(this, { source: this.#source, directory }, this)
  }

  [Symbol.iterator](): this {
    return this
  }

  /** The next entry. */
  next(): IteratorResult<DirEntry<T>, undefined> {
    let records = this.#records
    if (records === null || this.#next === records.places.length) records = this.#read()
    const value = records === null ? undefined : new DirEntry(records, records.places[this.#next++] as Place)
    // One result for both cases: V8 leaves out what a loop takes apart again, but not a choice between two.
    return { done: value === undefined, value } as IteratorResult<DirEntry<T>, undefined>
  }

  /** Reads on until there are entries; null at the end. */
  #read(): Records<Source<T>> | null {
    if (this.#source.fd === -1) return null
    let records: Records<Source<T>> | null = null
    try {
      do records = readRecords('scandir', this.#source, this.#directory)
      while (records?.places.length === 0)
    } finally {
      // At the end, and after an error: a `for` loop closes no iterator that throws.
      if (records === null) this.close()
    }
    this.#records = records
    this.#next = 0
    return records
  }

  /** Closes, as leaving a `for` loop early does. */
  return(): IteratorResult<DirEntry<T>, undefined> {
    this.close()
    return { done: true, value: undefined }
  }

  /** Closes the directory. No more entries follow; doing it twice is no error. */
  close(): void {
    const { fd } = this.#source
    if (fd === -1) return
    this.#source.fd = -1
    this.#records = null
    endReading(this.#source)
    closeListed(fd, this.#directory)
    forgotten.unregister(this)
  }

  /** `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * The entries of a directory, without "." and "..", in no particular order, each with what the directory knows of it:
 * `is_dir()` and `is_file()` cost no system call, but for symbolic links.
 *
 * @param path the directory, or the descriptor of an open one; the current directory by default
 * @returns an iterator of DirEntry, to be used up, left by a `for` loop, or closed; names are bytes where `path` is
 *   bytes
 * @throws OSError as the system says: FileNotFoundError, NotADirectoryError, PermissionError
 *
 * Availability: Linux. Audit event: `os.scandir` (path). See readdir(3); Python, os.scandir.
 * @example
 * ```ts
 * os.makedirs('top/below')
 * using entries = os.scandir('top')
 * for (const entry of entries) {
 *   entry.name // => 'below'
 *   entry.is_dir() // => true
 * }
 * ```
 */
export function scandir(path: Uint8Array | { readonly path: Uint8Array }): ScandirIterator<Buffer>
export function scandir(path?: TextListed | { readonly path?: TextListed }): ScandirIterator<string>
export function scandir(path: Listed | { readonly path: Listed }): ScandirIterator<string> | ScandirIterator<Buffer>
export function scandir(...given: unknown[]): ScandirIterator<string> | ScandirIterator<Buffer> {
  const directory = listed(given, scandirEvent)
  return typeof directory === 'object' ? new ScandirIterator(Buffer.from(directory)) : new ScandirIterator(directory)
}
