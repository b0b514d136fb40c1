import { type Block, inBackground, type Job } from '../../libc/background.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { SCRATCH_SIZE, scratch, scratchAddress } from '../../libc/memory.ts'
import type { FileName } from '../../os/arguments/paths.ts'
import {
  addEntries,
  type OpenDirectory,
  preparedOpenDirectory,
  type Records,
  recordsInScratch,
} from '../../os/files/directory_stream.ts'
import { modeIn, preparedMode, preparedReadErrno } from '../../os/files/file_type.ts'
import type { Listing } from '../../os/files/walk.ts'
import type { Prepared } from '../../os/prepared.ts'
import { begin } from '../../ring/calls.ts'
import { OPENED } from '../descriptors/open_close.ts'
import { type Outcome, onPool } from '../on_pool.ts'
import { Entries } from './listing.ts'

/** Reading directories on the pool: shared by `listdir`, `scandir` and the walks. */

const { AT_FDCWD } = constants

/**
 * Opens a directory for reading its entries.
 *
 * No signal stops this call or the reads that follow: after an abort the caller closes the directory once they are
 * done. A descriptor that is closed earlier could belong to another file by the time the pool uses it.
 */
export function openDirectory(syscall: string, at: number, path: FileName, flags = 0): Promise<number> {
  return onPool(preparedOpenDirectory(syscall, at, path, flags), OPENED)
}

/** Reads the next entries, as `readEntries` does. Resolves to false at the end. */
export async function readMore(
  syscall: string,
  fd: number,
  path: FileName | number,
  names: string[],
  types: number[],
): Promise<boolean> {
  return readBlock(syscall, fd, path, (size) => {
    addEntries(size, names, types)
    return size > 0
  })
}

/** Reads the next entries. Resolves to null at the end. */
export function readRecords<R extends OpenDirectory>(
  syscall: string,
  reading: R,
  path: FileName | number,
): Promise<Records<R> | null> {
  return readBlock(syscall, reading.fd, path, (size) => (size > 0 ? recordsInScratch(reading, size) : null))
}

/** @param result converts the first `size` bytes of scratch memory; `size` is 0 at the end */
function readBlock<T>(syscall: string, fd: number, path: FileName | number, result: (size: number) => T): Promise<T> {
  const call: Prepared<'getdents64'> = {
    name: 'getdents64',
    args: [fd, scratchAddress, SCRATCH_SIZE],
    syscall,
    file: path,
  }
  return onPool(call, {
    output: -1,
    result: (size) => result(Number(size)),
    failure(errno) {
      // ENOENT: the directory has been removed. POSIX, readdir(3) and CPython treat this as the end.
      if (errno === errnoNumbers.ENOENT) return result(0)
      throw osError(errno, syscall, path)
    },
  })
}

const MODE_OR_ERRNO: Outcome<number> = {
  output: structs.stat.size,
  result: () => modeIn(),
  failure: (errno) => -errno,
}

/** The type and permissions of a file, or -errno. */
export function modeOrErrno(file: FileName, flags = 0, at: number = AT_FDCWD, signal?: AbortSignal): Promise<number> {
  return onPool(preparedMode(file, flags, at), MODE_OR_ERRNO, signal)
}

const READ_ERRNO: Outcome<number> = { result: () => 0, failure: (errno) => -errno }

/** Tries to open a file for reading. Resolves to 0, or to -errno. */
export function readErrno(file: FileName, at: number): Promise<number> {
  return onPool(preparedReadErrno(file, at), READ_ERRNO)
}

/** A directory that a walk has opened, with its entries or the error of reading them. */
export interface OpenedDirectory {
  readonly fd: number
  readonly listing?: Listing
  readonly failure?: { readonly error: unknown }
}

/**
 * Opens and reads a directory with several calls on the pool and one promise: a walk reads thousands of directories,
 * and a promise for each call would take longer than the calls.
 */
class OpenAndListJob implements Job {
  name: 'openat' | 'getdents64' = 'openat'
  readonly returnsErrno: boolean = false
  readonly memorySize: number = 0
  readonly abandoned: boolean = false
  readonly #opening: Prepared<'openat'>
  readonly #path: string
  readonly #isStopped: () => boolean
  readonly #opened: (fd: number) => void
  readonly #resolve: (opened: OpenedDirectory | Promise<OpenedDirectory>) => void
  readonly #reject: (reason: unknown) => void
  #entries = new Entries()
  #fd = -1

  constructor(
    opening: Prepared<'openat'>,
    path: string,
    isStopped: () => boolean,
    opened: (fd: number) => void,
    resolve: (opened: OpenedDirectory | Promise<OpenedDirectory>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#opening = opening
    this.#path = path
    this.#isStopped = isStopped
    this.#opened = opened
    this.#resolve = resolve
    this.#reject = reject
  }

  arguments({ address }: Block): readonly unknown[] {
    return this.name === 'openat' ? this.#opening.args : [this.#fd, address, SCRATCH_SIZE]
  }

  done(result: Int64, errno: number, block: Block): void {
    try {
      if (this.name === 'openat') this.#open(Number(result), errno)
      else this.#read(Number(result), errno, block)
    } catch (error) {
      this.failedToStart(error)
    }
  }

  #open(fd: number, errno: number): void {
    if (errno !== 0) throw osError(errno, this.#opening.syscall, this.#opening.file)
    this.#fd = fd
    this.#entries = new Entries(fd)
    this.#opened(fd)
    this.name = 'getdents64'
    inBackground(this)
  }

  #read(size: number, errno: number, block: Block): void {
    // ENOENT: the directory has been removed. POSIX, readdir(3) and CPython treat this as the end.
    if (errno !== 0 && errno !== errnoNumbers.ENOENT) throw osError(errno, 'scandir', this.#path)
    if (errno === 0 && size > 0) {
      block.bytes.copy(scratch, 0, 0, size)
      addEntries(size, this.#entries.names, this.#entries.types)
      this.#entries.resolveTypes()
      if (!this.#isStopped()) {
        inBackground(this)
        return
      }
    }
    this.#resolve(this.#result())
  }

  failedToStart(error: unknown): void {
    if (this.#fd === -1) this.#reject(error)
    else this.#resolve({ fd: this.#fd, failure: { error } })
  }

  #result(): OpenedDirectory | Promise<OpenedDirectory> {
    const fd = this.#fd
    const listing = this.#entries.sorted()
    return listing instanceof Promise ? listing.then((listing) => ({ fd, listing })) : { fd, listing }
  }
}

/**
 * Opens and lists a directory for a walk. The caller closes the descriptor. The promise rejects where the directory
 * cannot be opened.
 *
 * @param at the directory that `name` is relative to
 * @param path the directory's path, for errors
 * @param isStopped whether the walk has been aborted: then reading stops
 * @param opened is called after opening and before reading; an exception becomes the failure
 */
export function openAndList(
  syscall: string,
  at: number,
  name: FileName,
  path: string,
  flags: number,
  isStopped: () => boolean,
  opened: (fd: number) => void = () => undefined,
): Promise<OpenedDirectory> {
  return new Promise((resolve, reject) => {
    const opening = preparedOpenDirectory(syscall, at, name, flags)
    begin(new OpenAndListJob(opening, path, isStopped, opened, resolve, reject))
  })
}

/** Closes a directory. This is done synchronously: nothing was written, so close(2) does not block. */
export function closeDirectory(fd: number): void {
  libc.close(fd)
}
