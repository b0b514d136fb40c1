import { tryCall } from '../event_loop/nonblocking.ts'
import { type Deed, NOT_YET, perform } from '../event_loop/perform.ts'
import { noteDrained, READABLE, WRITABLE } from '../event_loop/poller.ts'
import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { address, addressOf, bigUint64At, putBigInt64, putUint64 } from '../libc/memory.ts'
import { SLAB_PIECE, slabAddress, slabTake } from '../libc/slab.ts'
import {
  byteCount,
  byteLength,
  type Descriptor,
  descriptor,
  NO_OPTIONS,
  openDescriptor,
  plainView,
  uint64,
  view,
} from '../os/arguments.ts'
import { fstat } from '../os/metadata.ts'
import { atMost, trimmed } from '../os/pieces.ts'
import { viewList, withVectors } from '../os/vectors.ts'
import { attached } from '../os/views.ts'
import { COUNT, onPool } from './on_pool.ts'
import { type WaitOptions, waitOptions } from './wait_options.ts'

/**
 * Reading and writing what may have to be waited for: pipes, sockets, terminals, event counters, timers. What cannot be
 * waited for, because it is on a disk, is read and written on the thread pool, after a look at what is in memory.
 */

const { iov_base, iov_len } = structs.iovec.offsets
const { RWF_NOWAIT, SEEK_CUR, S_IFMT, S_IFREG, S_IFBLK } = constants
const { EAGAIN, EINVAL } = errnoNumbers

type Tried = number | typeof NOT_YET

/** For calls that take an offset: they read and write as those do that take none. */
const AT_POSITION = -1

/** Describes one piece of memory, in scratch memory. */
function putVector(start: number, length: number): void {
  putUint64(iov_base, start)
  putUint64(iov_len, length)
}

/** A read into the memory that the vectors in scratch memory describe. */
function tryRead(syscall: string, fd: number, count: number, isReady: boolean): Tried {
  const size = libc.preadv2(fd, address, count, AT_POSITION, 0, RWF_NOWAIT)
  if (size !== -1) return size
  if (lastErrno() === EAGAIN) return NOT_YET
  const flagged = (flags: number): number => libc.preadv2(fd, address, count, AT_POSITION, 0, flags)
  return tryCall(syscall, fd, flagged, () => libc.readv(fd, address, count), isReady)
}

/** A write of it. */
function tryWrite(syscall: string, fd: number, count: number, isReady: boolean): Tried {
  const size = libc.pwritev2(fd, address, count, AT_POSITION, 0, RWF_NOWAIT)
  if (size !== -1) return size
  if (lastErrno() === EAGAIN) return NOT_YET
  const flagged = (flags: number): number => libc.pwritev2(fd, address, count, AT_POSITION, 0, flags)
  return tryCall(syscall, fd, flagged, () => libc.writev(fd, address, count), isReady)
}

/**
 * Whether more can be had of a file on disk than was read of it: a read that does not wait gives what is in memory. Who
 * gets less than asked for takes that for the end of the file.
 */
function isCutShort(fd: number): boolean {
  const position = libc.lseek(fd, 0, SEEK_CUR)
  if (position === -1) return false
  const { st_mode, st_size } = fstat(fd)
  const type = st_mode & S_IFMT
  return (type === S_IFREG && position < st_size) || type === S_IFBLK
}

/**
 * A read or write on the pool, for a file on disk.
 *
 * @param memory belongs to this call alone: what is the caller's could be transferred, and freed, while C uses it. It
 *   is reachable from here until the call has ended
 */
function onDisk(syscall: string, fd: number, name: 'read' | 'writeFrom', memory: Uint8Array): Promise<number> {
  const call = { name, args: [fd, addressOf(memory), memory.length] as const, syscall, file: fd, memory }
  return onPool<number>(call, COUNT)
}

/** Reads a piece, into memory that it finds itself. */
class ReadPiece implements Deed<Buffer> {
  readonly events: number = READABLE
  readonly fd: number
  readonly #most: number
  /** Where large pieces are read to; small ones share the slab. */
  readonly #room: Buffer<ArrayBuffer> | null
  /** What has been read already, of a file on disk. */
  #first: Buffer | null = null

  constructor(fd: number, most: number) {
    this.fd = fd
    this.#most = most
    this.#room = most > SLAB_PIECE ? Buffer.allocUnsafeSlow(most) : null
  }

  attempt(isReady: boolean): Buffer | typeof NOT_YET {
    const most = this.#most
    putVector(this.#room === null ? slabAddress(most) : addressOf(this.#room), most)
    const size = tryRead('read', this.fd, 1, isReady)
    if (size === NOT_YET) return NOT_YET
    const piece = this.#room === null ? slabTake(size) : trimmed(this.#room, size)
    if (isReady) noteDrained(this.fd, size < most)
    if (size === most || size === 0 || isReady || !isCutShort(this.fd)) return piece
    this.#first = piece
    return NOT_YET
  }

  async otherwise(): Promise<Buffer> {
    const first = this.#first
    const room = Buffer.allocUnsafeSlow(this.#most - (first?.length ?? 0))
    const size = await onDisk('read', this.fd, 'read', room)
    return first === null ? trimmed(room, size) : Buffer.concat([first, room.subarray(0, size)])
  }
}

/**
 * read(2): reads at most `n` bytes, as soon as there are any.
 *
 * Several reads of one descriptor get what comes in the order in which they were called.
 *
 * @param fd the descriptor. Whether it blocks does not matter, and is left as it is
 * @param n how many bytes at the most
 * @param options `signal`: aborted before anything was read, it makes the promise reject; `ref`: false lets the process
 *   end meanwhile
 * @returns what was there: fewer bytes where no more are ready, none at the end of a file
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
  const most = atMost(byteCount(n, 'n'))
  return perform(new ReadPiece(number, most), waitOptions(options))
}

/** Uses memory of the caller's. */
abstract class WithMemory implements Deed<number> {
  abstract readonly events: number
  readonly fd: number
  protected readonly bytes: Uint8Array
  /** What the caller calls it. */
  readonly #name: string

  constructor(fd: number, bytes: Uint8Array, name: string) {
    this.fd = fd
    this.bytes = bytes
    this.#name = name
  }

  /**
   * Describes it to C; returns its length. It may be gone meanwhile: empty memory would read as the end of the file.
   */
  protected describe(): number {
    const length = byteLength(attached(this.bytes, this.#name))
    putVector(addressOf(this.bytes), length)
    return length
  }

  abstract attempt(isReady: boolean): Tried
  abstract otherwise(): Promise<number>
}

/** Reads into it. */
class ReadInto extends WithMemory {
  readonly events: number = READABLE
  /** How much has been read already, of a file on disk. */
  #done = 0

  attempt(isReady: boolean): Tried {
    const length = this.describe()
    const size = tryRead('readinto', this.fd, 1, isReady)
    if (size === NOT_YET || size === length || size === 0 || isReady || !isCutShort(this.fd)) return size
    this.#done = size
    return NOT_YET
  }

  async otherwise(): Promise<number> {
    const room = Buffer.allocUnsafeSlow(byteLength(this.bytes) - this.#done)
    const size = await onDisk('readinto', this.fd, 'read', room)
    plainView(attached(this.bytes, 'buffer')).set(room.subarray(0, size), this.#done)
    return this.#done + size
  }
}

/**
 * read(2): reads into memory of the caller's, as soon as there is anything. See `read`.
 *
 * @param fd the descriptor
 * @param buffer where to: any view of memory, filled from its start
 * @param options `signal`, `ref` as for `read`
 * @returns how many bytes were read: fewer than there is room for where no more are ready, 0 at the end of a file
 * @throws OSError as `read`; TypeError where the memory is gone when there is something to read
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
  return perform(new ReadInto(number, view(buffer, 'buffer'), 'buffer'), waitOptions(options))
}

/** Writes it. */
class Write extends WithMemory {
  readonly events: number = WRITABLE

  attempt(isReady: boolean): Tried {
    this.describe()
    return tryWrite('write', this.fd, 1, isReady)
  }

  otherwise(): Promise<number> {
    const copy = Buffer.allocUnsafeSlow(byteLength(this.bytes))
    copy.set(this.bytes)
    return onDisk('write', this.fd, 'writeFrom', copy)
  }
}

/**
 * write(2): writes bytes, as soon as there is room for any.
 *
 * It resolves with the first that are taken, also where the descriptor blocks and `os.write` would wait until all are:
 * so an aborted call has written nothing. Up to PIPE_BUF bytes go into a pipe all at once, as ever.
 *
 * @param fd the descriptor. Whether it blocks does not matter, and is left as it is
 * @param data the bytes: any view of memory, which must stay as it is until the promise is settled
 * @param options `signal`: aborted before anything was written, it makes the promise reject; `ref`: false lets the
 *   process end meanwhile
 * @returns how many were written, which may be fewer
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
    return perform(new Write(number, view(data, 'data'), 'data'), waitOptions(options))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Reads into, or writes, several pieces of memory. */
class Vectors implements Deed<number> {
  readonly events: number
  readonly fd: number
  readonly #list: readonly Uint8Array[]
  readonly #syscall: 'readv' | 'writev'

  constructor(syscall: 'readv' | 'writev', fd: number, list: readonly Uint8Array[]) {
    this.events = syscall === 'readv' ? READABLE : WRITABLE
    this.fd = fd
    this.#list = list
    this.#syscall = syscall
  }

  attempt(isReady: boolean): Tried {
    const syscall = this.#syscall
    // A file on disk is a matter for the pool from the start.
    if (!isReady && libc.lseek(this.fd, 0, SEEK_CUR) !== -1) return NOT_YET
    for (const bytes of this.#list) attached(bytes, 'buffers')
    let tried: Tried = NOT_YET
    withVectors(syscall, this.fd, this.#list, (_, count) => {
      tried =
        syscall === 'readv' ? tryRead(syscall, this.fd, count, isReady) : tryWrite(syscall, this.fd, count, isReady)
      return 0
    })
    return tried
  }

  async otherwise(): Promise<number> {
    const views = this.#list.map((bytes) => plainView(attached(bytes, 'buffers')))
    if (this.#syscall === 'writev') return onDisk('writev', this.fd, 'writeFrom', Buffer.concat(views))
    const room = Buffer.allocUnsafeSlow(views.reduce((sum, { length }) => sum + length, 0))
    const size = await onDisk('readv', this.fd, 'read', room)
    let at = 0
    for (const bytes of this.#list) {
      const piece = room.subarray(at, Math.min(at + byteLength(bytes), size))
      plainView(attached(bytes, 'buffers')).set(piece)
      at += piece.length
    }
    return size
  }
}

/**
 * readv(2): reads into several pieces of memory, each of which is filled before the next, as soon as there is anything.
 *
 * @param fd the descriptor
 * @param buffers where to: views of memory, at most 1024
 * @param options `signal`, `ref` as for `read`
 * @returns how many bytes were read, fewer than there is room for where no more are ready, 0 at the end of a file
 * @throws OSError as `read`; EINVAL for too many buffers
 *
 * Availability: Linux. See readv(2); Python, os.readv.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const [head, body] = [Buffer.alloc(4), Buffer.alloc(4)]
 * os.write(w, Buffer.from('headbody'))
 * await promises.readv(r, [head, body]) // => 8
 * body.toString() // => 'body'
 * os.close(r)
 * os.close(w)
 * ```
 */
export async function readv(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  const number = descriptor(fd, 'fd')
  return perform(new Vectors('readv', number, viewList(buffers, 'buffers')), waitOptions(options))
}

/**
 * writev(2): writes several pieces of memory, one after the other, as soon as there is room for anything. See `write`.
 *
 * @param fd the descriptor
 * @param buffers views of memory, at most 1024, which must stay as they are until the promise is settled
 * @param options `signal`, `ref` as for `write`
 * @returns how many bytes were written, which may be fewer than there are
 * @throws OSError as `write`; EINVAL for too many buffers
 *
 * Availability: Linux. See writev(2); Python, os.writev.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * await promises.writev(w, [Buffer.from('head'), Buffer.from('body')]) // => 8
 * os.close(r)
 * os.close(w)
 * ```
 */
export async function writev(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  const number = descriptor(fd, 'fd')
  return perform(new Vectors('writev', number, viewList(buffers, 'buffers')), waitOptions(options))
}

/** Bytes of an event counter's value. */
const COUNTER = 8
/** Where in scratch memory it stands, behind the vector. */
const VALUE = 16

/** Reads or writes the value of an event counter. */
class Counter implements Deed<bigint> {
  readonly events: number
  readonly fd: number
  readonly #amount: bigint | null

  /** @param amount what to add; null to read */
  constructor(fd: number, amount: bigint | null) {
    this.events = amount === null ? READABLE : WRITABLE
    this.fd = fd
    this.#amount = amount
  }

  attempt(isReady: boolean): bigint | typeof NOT_YET {
    putVector(address + VALUE, COUNTER)
    putBigInt64(VALUE, this.#amount ?? 0n)
    const size =
      this.#amount === null
        ? tryRead('eventfd_read', this.fd, 1, isReady)
        : tryWrite('eventfd_write', this.fd, 1, isReady)
    if (size === NOT_YET) return NOT_YET
    if (size !== COUNTER) throw osError(EINVAL, this.#amount === null ? 'eventfd_read' : 'eventfd_write', this.fd)
    return bigUint64At(VALUE)
  }
}

/**
 * read(2): takes the value of an event counter, as soon as it is not 0.
 *
 * @param fd the counter's descriptor
 * @param options `signal`, `ref` as for `read`
 * @returns the value, which is 0 in the counter from now on; with EFD_SEMAPHORE 1, which is taken off
 * @throws OSError EBADF, also where the descriptor is closed meanwhile; EINVAL, EPERM where it is no counter
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See eventfd(2); Python, os.eventfd_read.
 * @example
 * ```ts
 * const fd = os.eventfd(0)
 * const coming = promises.eventfd_read(fd)
 * os.eventfd_write(fd, 3)
 * await coming // => 3n
 * os.close(fd)
 * ```
 */
export async function eventfd_read(fd: Descriptor, options: WaitOptions = NO_OPTIONS): Promise<bigint> {
  return perform(new Counter(openDescriptor(fd, 'fd'), null), waitOptions(options))
}

/**
 * write(2): adds to an event counter, as soon as there is room for that much.
 *
 * @param fd the counter's descriptor
 * @param value how much: at most 2^64 - 2
 * @param options `signal`, `ref` as for `write`
 * @throws OSError EBADF, also where the descriptor is closed meanwhile; EINVAL for 2^64 - 1, and where it is no counter
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See eventfd(2); Python, os.eventfd_write.
 * @example
 * ```ts
 * const fd = os.eventfd(0)
 * await promises.eventfd_write(fd, 3)
 * os.eventfd_read(fd) // => 3n
 * os.close(fd)
 * ```
 */
export async function eventfd_write(
  fd: Descriptor,
  value: number | bigint,
  options: WaitOptions = NO_OPTIONS,
): Promise<void> {
  const number = openDescriptor(fd, 'fd')
  await perform(new Counter(number, BigInt(uint64(value, 'value'))), waitOptions(options))
}
