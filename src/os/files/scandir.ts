import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../../audit.ts'
import { quoted, wrongType } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { asBuffer } from '../../libc/strings.ts'
import type { Descriptor } from '../arguments/descriptors.ts'
import { optional } from '../arguments/options.ts'
import {
  type BytesPath,
  type FileName,
  fileNameOrFd,
  fsdecode,
  fsencode,
  ownCopy,
  type Path,
  type TextPath,
} from '../arguments/paths.ts'
import { DirEntry, pathPrefix, type Source } from './dir_entry.ts'
import {
  duplicateDirectory,
  openDirectory,
  type Place,
  type Records,
  readEntries,
  readRecords,
  releaseRecords,
  scandirEvent,
} from './directory_stream.ts'

const { AT_FDCWD, SEEK_SET } = constants

export const listdirEvent: AuditEvent = new AuditEvent('os.listdir')

/** A directory to list: its path, its descriptor, or null or undefined for the current directory. */
export type ListableDirectory = Path | Descriptor | null | undefined
/** The directories whose names are returned as text. */
export type TextDirectory = TextPath | Descriptor | null | undefined

/** Checks `path` of `listdir` and `scandir`, given by position or by name; the current directory by default. */
export function directoryArgument(given: readonly unknown[], event: AuditEvent): FileName | number {
  const path = optional(['path'], [], given).path ?? null
  const directory = fileNameOrFd(path ?? '.', 'path')
  // Without a hook no code of the caller runs before the call: an error has the path as it was given, as in CPython.
  if (!event.wanted) return directory
  const own = ownCopy(directory)
  event.raise(path === null ? null : ownCopy(own))
  return own
}

function openDirectoryArgument(syscall: string, directory: FileName | number): number {
  if (typeof directory === 'number') return duplicateDirectory(syscall, directory)
  return openDirectory(syscall, AT_FDCWD, directory)
}

/**
 * Closes the descriptor of `openDirectoryArgument`. A caller's descriptor is rewound, so that it can be listed again.
 */
export function closeDirectoryArgument(fd: number, directory: FileName | number): void {
  if (typeof directory === 'number') libc.lseek(fd, 0, SEEK_SET)
  libc.close(fd)
}

/**
 * Returns the names in a directory, without "." and "..", in no particular order.
 *
 * @param path the directory, or the descriptor of an open one; the current directory by default
 * @returns the names: as bytes if `path` is bytes
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError
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
export function listdir(path: BytesPath | { readonly path: BytesPath }): Buffer[]
export function listdir(path?: TextDirectory | { readonly path?: TextDirectory }): string[]
export function listdir(path: ListableDirectory | { readonly path: ListableDirectory }): string[] | Buffer[]
export function listdir(...given: unknown[]): string[] | Buffer[] {
  const directory = directoryArgument(given, listdirEvent)
  const fd = openDirectoryArgument('listdir', directory)
  const names: string[] = []
  const types: number[] = []
  try {
    while (readEntries('listdir', fd, directory, names, types));
  } finally {
    closeDirectoryArgument(fd, directory)
  }
  return matchPathType(directory, names)
}

/** Converts names to the type of the path: to bytes for bytes. */
export function matchPathType(directory: FileName | number, names: string[]): string[] | Buffer[] {
  return typeof directory === 'object' ? names.map((name) => fsencode(name)) : names
}

/** The directory of an iterator that is garbage-collected without having been closed. */
export interface UnclosedDirectory {
  readonly source: Source<FileName>
  readonly directory: FileName | number
}

/**
 * Closes the directories of iterators that are garbage-collected, and in a worker thread also when the thread ends: its
 * descriptors belong to the process and would stay open, and finalizers do not run any more.
 */
class UnclosedIterators extends FinalizationRegistry<UnclosedDirectory> {
  readonly #open: Set<Source<FileName>> = new Set()
  readonly #sources: WeakMap<WeakKey, Source<FileName>> = new WeakMap()

  override register(iterator: WeakKey, directory: UnclosedDirectory, token: WeakKey): void {
    super.register(iterator, directory, token)
    if (isMainThread) return
    if (this.#open.size === 0) process.once('exit', this.#closeAll)
    this.#open.add(directory.source)
    this.#sources.set(token, directory.source)
  }

  override unregister(token: WeakKey): boolean {
    const source = this.#sources.get(token)
    if (source !== undefined) this.markClosed(source)
    return super.unregister(token)
  }

  /** Must be called when a directory has been closed. */
  markClosed(source: Source<FileName>): void {
    this.#open.delete(source)
    if (this.#open.size === 0) process.off('exit', this.#closeAll)
  }

  readonly #closeAll = (): void => {
    for (const { fd } of this.#open) if (fd !== -1) libc.close(fd)
    this.#open.clear()
  }
}

export const unclosedIterators: UnclosedIterators = new UnclosedIterators(({ source, directory }) => {
  unclosedIterators.markClosed(source)
  libc.close(source.fd)
  // Entries may outlive the iterator. They must not use the closed descriptor.
  source.fd = -1
  const subject = typeof directory === 'number' ? `descriptor ${directory}` : quoted(fsdecode(directory))
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

  /** @internal `scandir` creates iterators. */
  constructor(directory: T | number) {
    if (directory === undefined)
      throw wrongType('directory', 'what scandir gives: a program makes none itself', directory)
    this.#directory = directory
    const fd = openDirectoryArgument('scandir', directory)
    this.#source = { start: pathPrefix(directory), fd }
    unclosedIterators.register(this, { source: this.#source, directory }, this)
  }

  [Symbol.iterator](): this {
    return this
  }

  /** Returns the next entry. */
  next(): IteratorResult<DirEntry<T>, undefined> {
    let records = this.#records
    if (records === null || this.#next === records.places.length) records = this.#read()
    const value = records === null ? undefined : new DirEntry(records, records.places[this.#next++] as Place)
    // One object literal for both cases: V8's escape analysis removes a result that the loop destructures at once, but
    // not a choice between two.
    return { done: value === undefined, value } as IteratorResult<DirEntry<T>, undefined>
  }

  /** Reads until a block has entries; null at the end. */
  #read(): Records<Source<T>> | null {
    if (this.#source.fd === -1) return null
    let records: Records<Source<T>> | null = null
    try {
      do records = readRecords('scandir', this.#source, this.#directory)
      while (records?.places.length === 0)
    } finally {
      // At the end, and after an error: a `for` loop does not close an iterator that throws.
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

  /** Closes the directory. The iterator then yields no more entries. A second call has no effect. */
  close(): void {
    const { fd } = this.#source
    if (fd === -1) return
    this.#source.fd = -1
    this.#records = null
    releaseRecords(this.#source)
    closeDirectoryArgument(fd, this.#directory)
    unclosedIterators.unregister(this)
  }

  /** `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * Returns the entries of a directory, without "." and "..", in no particular order, each with the type that the
 * directory records: `is_dir()` and `is_file()` need no system call, except for symbolic links.
 *
 * @param path the directory, or the descriptor of an open one; the current directory by default
 * @returns an iterator of DirEntry, which has to be exhausted, left by a `for` loop, or closed; names are bytes if
 *   `path` is bytes
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError
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
export function scandir(path: BytesPath | { readonly path: BytesPath }): ScandirIterator<Buffer>
export function scandir(path?: TextDirectory | { readonly path?: TextDirectory }): ScandirIterator<string>
export function scandir(
  path: ListableDirectory | { readonly path: ListableDirectory },
): ScandirIterator<string> | ScandirIterator<Buffer>
export function scandir(...given: unknown[]): ScandirIterator<string> | ScandirIterator<Buffer> {
  const directory = directoryArgument(given, scandirEvent)
  return typeof directory === 'object' ? new ScandirIterator(asBuffer(directory)) : new ScandirIterator(directory)
}
