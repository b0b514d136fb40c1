import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../audit.ts'
import { FileNotFoundError, wrongType } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { constants } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import type { stat_result } from '../results.ts'
import { bool, checkOptions, type Descriptor, fileNameOrFd, NO_OPTIONS, optional } from './arguments.ts'
import { duplicateDirectory, openDirectory, readEntries, scandirEvent } from './directory_stream.ts'
import { type FollowSymlinksOption, statusOf, statusOrErrno } from './metadata.ts'
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

export const listdirEvent: AuditEvent = new AuditEvent('os.listdir')

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
export function listdir(path: Uint8Array): Buffer[]
export function listdir(path?: string | URL | Descriptor | { readonly path?: Path | Descriptor }): string[]
export function listdir(path: Path | Descriptor): string[] | Buffer[]
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

function followsSymlinks(options: FollowSymlinksOption): boolean {
  if (options === NO_OPTIONS) return true
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
 * An entry of a directory, as `scandir` gives it: its name, and what is known of it without asking again.
 *
 * What does have to be asked (`stat`, and for symbolic links what they point to) is asked once and remembered.
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
  /** The name, without the directory. */
  readonly name: T
  readonly #source: Source<T>
  readonly #type: number
  readonly #inode: number | bigint
  #stat: stat_result | undefined
  #lstat: stat_result | undefined

  /** @internal `scandir` makes entries. */
  constructor(name: T, source: Source<T>, type: number, inode: number | bigint) {
    if (name === undefined) throw wrongType('name', 'what scandir gives: a program makes no entries itself', name)
    this.name = name
    this.#source = source
    this.#type = type
    this.#inode = inode
  }

  /** The directory's path, as `scandir` got it, joined with the name; the name alone where it got a descriptor. */
  get path(): T {
    const { start } = this.#source
    if (typeof start === 'string') return `${start}${this.name}` as T
    return typeof start === 'number' ? this.name : joinPath(start, this.name)
  }

  /** The path, which makes an entry a PathLike. */
  __fspath__(): T {
    return this.path
  }

  /** The inode number, as the directory has it. */
  inode(): bigint {
    return BigInt(this.#inode)
  }

  /**
   * Whether it is a directory, or a symbolic link to one. A link that points nowhere, and an entry that is gone, is none.
   *
   * @param options `follow_symlinks`: false to ask of a link itself
   * @throws OSError where a link's target cannot be asked about, such as PermissionError
   */
  is_dir(options: FollowSymlinksOption = NO_OPTIONS): boolean {
    return this.#is(DT_DIR, S_IFDIR, options)
  }

  /**
   * Whether it is a regular file, or a symbolic link to one. A link that points nowhere, and an entry that is gone, is
   * none.
   *
   * @param options `follow_symlinks`: false to ask of a link itself
   * @throws OSError where a link's target cannot be asked about, such as PermissionError
   */
  is_file(options: FollowSymlinksOption = NO_OPTIONS): boolean {
    return this.#is(DT_REG, S_IFREG, options)
  }

  /** Whether it is a symbolic link, also one that points nowhere. */
  is_symlink(): boolean {
    return this.#type === DT_UNKNOWN ? this.#is(DT_LNK, S_IFLNK, { follow_symlinks: false }) : this.#type === DT_LNK
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
  stat(options: FollowSymlinksOption = NO_OPTIONS): stat_result {
    return this.#status(followsSymlinks(options))
  }

  #status(follow: boolean): stat_result {
    if (follow && this.is_symlink()) {
      this.#stat ??= this.#ask('stat', 0)
      return this.#stat
    }
    this.#lstat ??= this.#ask('lstat', AT_SYMLINK_NOFOLLOW)
    return this.#lstat
  }

  #ask(syscall: string, flags: number): stat_result {
    const { start, fd } = this.#source
    if (typeof start === 'number') return statusOf(syscall, this.name, start, flags)
    if (fd === -1) return statusOf(syscall, this.path, AT_FDCWD, flags)
    // The directory is open: that spares making the path, and the kernel resolving it.
    const status = statusOrErrno(this.name, fd, flags)
    if (typeof status === 'number') throw osError(-status, syscall, this.path)
    return status
  }

  #is(type: number, fileType: number, options: FollowSymlinksOption): boolean {
    const follow = followsSymlinks(options)
    if (this.#type === type) return true
    if (this.#type !== DT_UNKNOWN && (this.#type !== DT_LNK || !follow)) return false
    try {
      return (this.#status(follow).st_mode & S_IFMT) === fileType
    } catch (error) {
      if (error instanceof FileNotFoundError) return false
      throw error
    }
  }
}

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
 * The iterator of `scandir`. It closes its directory at the end, when a loop is left early, and by `close()` or `using`.
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
  #next = 0
  #names: string[] = []
  #types: number[] = []
  #inodes: (number | bigint)[] = []

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
    while (this.#next === this.#names.length) if (!this.#read()) return { done: true, value: undefined }
    const at = this.#next++
    const name = this.#names[at] as string
    const entry = new DirEntry(
      (typeof this.#directory === 'object' ? fsencode(name) : name) as T,
      this.#source,
      this.#types[at] as number,
      this.#inodes[at] as number | bigint,
    )
    return { done: false, value: entry }
  }

  #read(): boolean {
    if (this.#source.fd === -1) return false
    this.#next = 0
    this.#names = []
    this.#types = []
    this.#inodes = []
    let more = false
    try {
      more = readEntries('scandir', this.#source.fd, this.#directory, this.#names, this.#types, this.#inodes)
    } finally {
      // At the end, and after an error: a `for` loop closes no iterator that throws.
      if (!more) this.close()
    }
    return more
  }

  /** Closes, as leaving a `for` loop early does. */
  return(): IteratorResult<DirEntry<T>, undefined> {
    this.close()
    return { done: true, value: undefined }
  }

  /** Closes the directory. No more entries follow; doing it twice is no error. */
  close(): void {
    this.#names = []
    this.#next = 0
    const { fd } = this.#source
    if (fd === -1) return
    this.#source.fd = -1
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
 * @returns an iterator of DirEntry, to be used up, left by a `for` loop, or closed; names are bytes where `path` is bytes
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
export function scandir(path: Uint8Array): ScandirIterator<Buffer>
export function scandir(
  path?: string | URL | Descriptor | { readonly path?: Path | Descriptor },
): ScandirIterator<string>
export function scandir(path: Path | Descriptor): ScandirIterator<string> | ScandirIterator<Buffer>
export function scandir(...given: unknown[]): ScandirIterator<string> | ScandirIterator<Buffer> {
  const directory = listed(given, scandirEvent)
  return typeof directory === 'object' ? new ScandirIterator(Buffer.from(directory)) : new ScandirIterator(directory)
}
