import { type FdOperation, NOT_YET, runNow, runWhenReady } from '../../event_loop/fd_operation.ts'
import { noteDrained, READABLE, WRITABLE } from '../../event_loop/poller.ts'
import { BLOCK_SIZE, type Block } from '../../libc/background.ts'
import { addressOf, bytesAt, SMALL_RESULT, scratchAddress } from '../../libc/memory.ts'
import { ownBytes, ownConcat, ownPart } from '../../libc/own_bytes.ts'
import { byteLength, plainView, rejectDetached, view } from '../../os/arguments/buffers.ts'
import { type Descriptor, descriptor } from '../../os/arguments/descriptors.ts'
import { byteCount } from '../../os/arguments/numbers.ts'
import { NO_OPTIONS } from '../../os/arguments/options.ts'
import * as os from '../../os/descriptors/read_write.ts'
import { clampCount } from '../../os/descriptors/transfer_size.ts'
import type { Prepared } from '../../os/prepared.ts'
import { type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'
import { type WaitOptions, waitOptions } from '../wait_options.ts'
import {
  type AttemptResult,
  hasMoreData,
  putVector,
  readFromCache,
  transferOnPool,
  tryRead,
  tryWrite,
} from './immediate.ts'
import { unchanged, type Writing } from './written_memory.ts'

/** Where the data of a small read is in scratch memory: behind the vector, and what `fstat` writes after the read. */
const DATA = 4096

/** Reads into memory that it allocates itself. */
class ReadPiece implements FdOperation<Buffer> {
  readonly events: number = READABLE
  readonly fd: number
  readonly #most: number
  /** The buffer of a large read; small reads use scratch memory. */
  readonly #largeBuffer: Buffer<ArrayBuffer> | null
  /** The bytes of a regular file that have been read already. */
  #first: Buffer | null = null

  constructor(fd: number, most: number) {
    this.fd = fd
    this.#most = most
    this.#largeBuffer = most > SMALL_RESULT ? Buffer.allocUnsafeSlow(most) : null
  }

  attempt(isReady: boolean): Buffer | typeof NOT_YET {
    const most = this.#most
    putVector(this.#largeBuffer === null ? scratchAddress + DATA : addressOf(this.#largeBuffer), most)
    const size = tryRead('read', this.fd, 1, isReady)
    if (size === NOT_YET) return NOT_YET
    const piece = this.#largeBuffer === null ? bytesAt(DATA, size) : ownPart(this.#largeBuffer, size)
    if (isReady) noteDrained(this.fd, size < most)
    if (size === most || size === 0 || isReady || !hasMoreData(this.fd)) return piece
    this.#first = piece
    return NOT_YET
  }

  async fallback(): Promise<Buffer> {
    const first = this.#first
    const room = Buffer.allocUnsafeSlow(this.#most - (first?.length ?? 0))
    const size = await transferOnPool('read', this.fd, 'read', room)
    return first === null ? ownPart(room, size) : ownConcat([first, room.subarray(0, size)])
  }
}

/**
 * read(2): reads at most `n` bytes, as soon as there are any.
 *
 * Several reads of one descriptor get the data in the order in which they were called.
 *
 * @param fd the descriptor, in blocking or non-blocking mode; the mode stays as it is
 * @param n how many bytes at the most
 * @param options `signal`: aborted before anything was read, it makes the promise reject; `ref`: false lets the process
 *   end meanwhile
 * @returns the bytes: fewer than `n` where no more are ready, none at the end of a file
 * @throws OSError as the system says: EBADF, also where the descriptor is closed meanwhile; IsADirectoryError
 *
 * Availability: Linux. See read(2); Python, os.read.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const coming = promises.read(r, 100)
 * os.write(w, Buffer.from('hello'))
 * await coming // => Buffer.from('hello')
 * os.close(r)
 * os.close(w)
 * ```
 */
export async function read(fd: Descriptor, n: number | bigint, options: WaitOptions = NO_OPTIONS): Promise<Buffer> {
  const number = descriptor(fd, 'fd')
  const most = clampCount(byteCount(n, 'n'))
  const piece = new ReadPiece(number, most)
  return most === 0 ? runNow(piece, waitOptions(options)) : runWhenReady(piece, waitOptions(options))
}

/** An operation on the caller's memory. */
abstract class CallerMemoryOperation implements FdOperation<number> {
  abstract readonly events: number
  readonly fd: number
  protected readonly bytes: Uint8Array
  /** The parameter's name in error messages. */
  readonly #name: string

  constructor(fd: number, bytes: Uint8Array, name: string) {
    this.fd = fd
    this.bytes = bytes
    this.#name = name
  }

  /**
   * Writes the memory's iovec to scratch memory, and returns the memory's length. Throws where the memory has been
   * detached meanwhile: a read into empty memory would look like the end of the file.
   */
  protected describe(): number {
    const length = byteLength(rejectDetached(this.bytes, this.#name))
    putVector(addressOf(this.bytes), length)
    return length
  }

  abstract attempt(isReady: boolean): AttemptResult
  abstract fallback(): Promise<number>
}

/** Reads into the caller's memory. */
class ReadInto extends CallerMemoryOperation {
  readonly events: number = READABLE
  /** How many bytes of a regular file have been read already. */
  #done = 0

  attempt(isReady: boolean): AttemptResult {
    const length = this.describe()
    const size = tryRead('readinto', this.fd, 1, isReady)
    if (size === NOT_YET || size === length || size === 0 || isReady || !hasMoreData(this.fd)) return size
    this.#done = size
    return NOT_YET
  }

  async fallback(): Promise<number> {
    const room = Buffer.allocUnsafeSlow(byteLength(this.bytes) - this.#done)
    const size = await transferOnPool('readinto', this.fd, 'read', room)
    plainView(rejectDetached(this.bytes, 'buffer')).set(room.subarray(0, size), this.#done)
    return this.#done + size
  }
}

/**
 * read(2): reads into the caller's memory, as soon as there is any data. See `read`.
 *
 * @param fd the descriptor
 * @param buffer the destination: any view of memory, filled from its start
 * @param options `signal`, `ref` as for `read`
 * @returns how many bytes were read: fewer than the view's length where no more are ready, 0 at the end of a file
 * @throws OSError as `read`; TypeError where the memory is detached by the time there is data to read
 *
 * Availability: Linux. See read(2); Python 3.14, os.readinto.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const room = Buffer.alloc(5)
 * os.write(w, Buffer.from('hello'))
 * await promises.readinto(r, room) // => 5
 * room.toString() // => 'hello'
 * os.close(r)
 * os.close(w)
 * ```
 */
export async function readinto(
  fd: Descriptor,
  buffer: ArrayBufferView,
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  const number = descriptor(fd, 'fd')
  const bytes = view(buffer, 'buffer')
  const operation = new ReadInto(number, bytes, 'buffer')
  return byteLength(bytes) === 0
    ? runNow(operation, waitOptions(options))
    : runWhenReady(operation, waitOptions(options))
}

/** Writes the caller's memory. */
class Write extends CallerMemoryOperation {
  readonly events: number = WRITABLE

  attempt(isReady: boolean): AttemptResult {
    this.describe()
    return tryWrite('write', this.fd, 1, isReady)
  }

  fallback(): Promise<number> {
    const copy = Buffer.allocUnsafeSlow(byteLength(this.bytes))
    copy.set(this.bytes)
    return transferOnPool('write', this.fd, 'writeFrom', copy)
  }
}

/**
 * write(2): writes bytes, as soon as there is room for any.
 *
 * It resolves as soon as some bytes are written, also on a blocking descriptor, where `os.write` would wait until all
 * are written: so an aborted call has written nothing. Up to PIPE_BUF bytes are written to a pipe atomically, as with
 * write(2).
 *
 * @param fd the descriptor, in blocking or non-blocking mode; the mode stays as it is
 * @param data the bytes: any view of memory, which must not change until the promise is settled
 * @param options `signal`: aborted before anything was written, it makes the promise reject; `ref`: false lets the
 *   process end meanwhile
 * @returns how many bytes were written, which may be fewer
 * @throws OSError as the system says: EBADF, also where the descriptor is closed meanwhile; ENOSPC, BrokenPipeError
 *
 * Availability: Linux. See write(2); Python, os.write.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * await promises.write(w, Buffer.from('hello')) // => 5
 * os.read(r, 100).toString() // => 'hello'
 * os.close(r)
 * os.close(w)
 * ```
 */
export function write(fd: Descriptor, data: ArrayBufferView, options: WaitOptions = NO_OPTIONS): Promise<number> {
  try {
    const number = descriptor(fd, 'fd')
    return runWhenReady(new Write(number, view(data, 'data'), 'data'), waitOptions(options))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** The bytes at the start of a block. A block that belongs to this call alone becomes the result without a copy. */
function bytesRead(size: number, { bytes }: Block): Buffer {
  return bytes.length > BLOCK_SIZE ? ownPart(bytes, size) : ownBytes(bytes, 0, size)
}

/**
 * pread(2): `os.pread` on the thread pool. Reads at most `n` bytes at an offset of a file.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * await promises.pread(fd, 4, 1) // => os.pread(fd, 4, 1)
 * os.close(fd)
 * ```
 */
export const pread: Twin<typeof os.pread> = twin(os.pread, os.preparedPread, {
  atOnce(call) {
    const [fd, , most, offset] = (call as Prepared<'pread'>).args
    if (most > BLOCK_SIZE) return NOT_YET
    const large = most > SMALL_RESULT ? Buffer.allocUnsafeSlow(most) : null
    putVector(large === null ? scratchAddress + DATA : addressOf(large), most)
    const size = readFromCache(fd, 1, offset, most)
    if (size === NOT_YET) return NOT_YET
    return large === null ? bytesAt(DATA, size) : ownPart(large, size)
  },
  memorySize: (call) => Number((call as Prepared<'pread'>).args[2]),
  result: (size, _, block) => bytesRead(Number(size), block),
})

function preparedPwrite(...given: Parameters<typeof os.preparedPwrite>): Writing<'pwriteFrom'> {
  const { args, file } = os.preparedPwrite(...given)
  const [fd, view, length, offset] = args
  const most = clampCount(length)
  return {
    name: 'pwriteFrom',
    args: [fd, scratchAddress, most, offset],
    syscall: 'pwrite',
    file,
    views: [view],
    length,
    argument: 'data',
  }
}

const PWRITE: Outcome<number> = {
  memorySize: (call) => (call as Writing<'pwriteFrom'>).length,
  fill(call, { bytes }) {
    for (const view of unchanged(call as Writing<'pwriteFrom'>)) bytes.set(view)
  },
  result: Number,
}

/**
 * pwrite(2): `os.pwrite` on the thread pool. Writes bytes at an offset of a file. `data` must not change until the
 * promise is settled.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * await promises.pwrite(fd, Buffer.from('text'), 100) // => 4
 * os.fstat(fd).st_size // => 104
 * os.close(fd)
 * ```
 */
export const pwrite: Twin<typeof os.pwrite> = twin(os.pwrite, preparedPwrite, PWRITE)
