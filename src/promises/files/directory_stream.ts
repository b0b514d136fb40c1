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
import { OPENED } from '../descriptors/open_close.ts'
import { type Outcome, onPool } from '../on_pool.ts'
import { Entries } from './listing.ts'

/** Reading directories on the pool: what `listdir`, `scandir` and the walks have in common. */

const { AT_FDCWD } = constants

/**
 * Opens a directory for reading its entries.
 *
 * No signal stops this, nor what follows: whoever is aborted meanwhile closes the directory when it is done, for a
 * number that is closed too early could mean another file by the time the pool gets to it.
 */
export function openDirectory(syscall: string, at: number, path: FileName, flags = 0): Promise<number> {
  return onPool(preparedOpenDirectory(syscall, at, path, flags), OPENED)
}

/** Reads some more entries, as `readEntries` does; false at the end. */
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

/** Reads some more entries; null at the end. */
export function readRecords<R extends OpenDirectory>(
  syscall: string,
  reading: R,
  path: FileName | number,
): Promise<Records<R> | null> {
  return readBlock(syscall, reading.fd, path, (size) => (size > 0 ? recordsInScratch(reading, size) : null))
}

/** @param result what scratch memory has come to, of so many bytes: 0 at the end */
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
      // The directory has been removed: to POSIX, and so to readdir(3) and CPython, that is its end.
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

/** The type and permissions of a file, or a negative error number. */
export function modeOrErrno(file: FileName, flags = 0, at: number = AT_FDCWD, signal?: AbortSignal): Promise<number> {
  return onPool(preparedMode(file, flags, at), MODE_OR_ERRNO, signal)
}

const READ_ERRNO: Outcome<number> = { result: () => 0, failure: (errno) => -errno }

/** Why a file could not be opened for reading, as a negative error number; 0 where it could. */
export function readErrno(file: FileName, at: number): Promise<number> {
  return onPool(preparedReadErrno(file, at), READ_ERRNO)
}

/** A directory that a walk has opened, and what is in it, or why that cannot be told. */
export interface Opened {
  readonly fd: number
  readonly listing?: Listing
  readonly failure?: { readonly error: unknown }
}

/**
 * Opens and reads a directory, step by step, with one promise for all steps: walks read thousands, and promises would
 * take longer than the calls.
 */
class Reading implements Job {
  name: 'openat' | 'getdents64' = 'openat'
  readonly returnsErrno: boolean = false
  readonly memorySize: number = 0
  readonly abandoned: boolean = false
  readonly #opening: Prepared<'openat'>
  readonly #path: string
  readonly #isStopped: () => boolean
  readonly #opened: (fd: number) => void
  readonly #resolve: (opened: Opened | Promise<Opened>) => void
  readonly #reject: (reason: unknown) => void
  #entries = new Entries()
  #fd = -1

  constructor(
    opening: Prepared<'openat'>,
    path: string,
    isStopped: () => boolean,
    opened: (fd: number) => void,
    resolve: (opened: Opened | Promise<Opened>) => void,
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
      this.refused(error)
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
    // The directory has been removed: to POSIX, and so to readdir(3) and CPython, that is its end.
    if (errno !== 0 && errno !== errnoNumbers.ENOENT) throw osError(errno, 'scandir', this.#path)
    if (errno === 0 && size > 0) {
      block.bytes.copy(scratch, 0, 0, size)
      addEntries(size, this.#entries.names, this.#entries.types)
      this.#entries.clarify()
      if (!this.#isStopped()) {
        inBackground(this)
        return
      }
    }
    this.#resolve(this.#result())
  }

  refused(error: unknown): void {
    if (this.#fd === -1) this.#reject(error)
    else this.#resolve({ fd: this.#fd, failure: { error } })
  }

  #result(): Opened | Promise<Opened> {
    const fd = this.#fd
    const listing = this.#entries.sorted()
    return listing instanceof Promise ? listing.then((listing) => ({ fd, listing })) : { fd, listing }
  }
}

/**
 * Opens and lists a directory for a walk. What it opens is the caller's to close. It rejects where it cannot be opened.
 *
 * @param at where `name` starts
 * @param path the directory's, for errors
 * @param isStopped whether nobody wants to know any more: then it does not read on
 * @param opened is called before it is read; what it throws becomes the failure
 */
export function openAndList(
  syscall: string,
  at: number,
  name: FileName,
  path: string,
  flags: number,
  isStopped: () => boolean,
  opened: (fd: number) => void = () => undefined,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const opening = preparedOpenDirectory(syscall, at, name, flags)
    inBackground(new Reading(opening, path, isStopped, opened, resolve, reject))
  })
}

/** Closes a directory: no call to wait for, as nothing was written. */
export function closeDirectory(fd: number): void {
  libc.close(fd)
}
