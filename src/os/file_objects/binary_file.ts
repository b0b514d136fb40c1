import { BlockingIOError } from '../../errors.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { ownBytes, ownConcat } from '../../libc/own_bytes.ts'
import { plainView, view } from '../arguments/buffers.ts'
import { int, int64 } from '../arguments/numbers.ts'
import { close } from '../descriptors/open_close.ts'
import { ftruncate, lseek } from '../descriptors/ranges.ts'
import { read, readinto, write } from '../descriptors/read_write.ts'
import { isatty } from '../descriptors/terminals.ts'
import { amount, FileObject, Output, unclosedFiles } from './file_object.ts'

const { SEEK_SET, SEEK_CUR, SEEK_HOLE } = constants

const NOTHING: Buffer = Buffer.alloc(0)
const NEWLINE = 0x0a

/** The smallest (without a buffer) and the largest read when a file is read to its end. */
const MIN_READ = 8192
const MAX_READ = 1 << 20

/** The largest length that a number represents exactly. */
const MAX_LENGTH = BigInt(Number.MAX_SAFE_INTEGER)

interface BinaryFileOptions {
  /** The value of the property `mode`. */
  readonly mode: string
  readonly reads: boolean
  readonly writes: boolean
  /** The size of the read and write buffers in bytes; 0: unbuffered. */
  readonly bufferSize: number
  /** Whether `close` closes the descriptor. */
  readonly closefd: boolean
}

/** A BlockingIOError with the number of bytes that were accepted before it. */
interface PartialWriteError {
  characters_written?: number
}

/**
 * A file of bytes: the result of `fdopen` for a mode with 'b'.
 *
 * On a non-blocking descriptor, a read without data and a write without space throw BlockingIOError. Data that was read
 * before is kept, and `characters_written` is the number of bytes of the data that were accepted.
 *
 * See Python, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO.
 * @example
 * ```ts
 * const file = os.fdopen(os.open('data', os.O_RDWR | os.O_CREAT), 'w+b')
 * file instanceof os.BinaryFile // => true
 * file.write(Buffer.from([1, 2, 3])) // => 3
 * file.seek(1) // => 1
 * file.read() // => Buffer.from([2, 3])
 * file.close()
 * ```
 */
export class BinaryFile extends FileObject<Buffer, ArrayBufferView> {
  /** The descriptor. */
  readonly name: number
  /** The mode: 'rb', 'wb', 'ab' or 'xb', with '+' for both reading and writing. */
  readonly mode: string
  readonly #options: BinaryFileOptions
  readonly #output: Output
  #closed = false
  /** The read-ahead buffer; its unread bytes begin at `#at`. */
  #ahead = NOTHING
  #at = 0
  /** The memory that the read-ahead is the beginning of, where a line has had it extended. */
  #room = NOTHING
  /** How far the read-ahead has no newline, where a line is incomplete. */
  #searched = 0

  /** @internal `fdopen` creates files. */
  constructor(fd: number, options: BinaryFileOptions) {
    super()
    this.name = fd
    this.mode = options.mode
    this.#options = options
    this.#output = new Output(fd, options.bufferSize)
    unclosedFiles.register(this, { output: this.#output, closefd: options.closefd }, this)
  }

  /** Whether the file has been closed. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * The descriptor.
   *
   * @throws OSError EBADF if the file is closed
   */
  fileno(): number {
    return this.#open('fileno')
  }

  /** Reports whether the file is a terminal. */
  isatty(): boolean {
    return isatty(this.#open('isatty'))
  }

  /** Reports whether the file was opened for reading. */
  readable(): boolean {
    this.#open('readable')
    return this.#options.reads
  }

  /** Reports whether the file was opened for writing. */
  writable(): boolean {
    this.#open('writable')
    return this.#options.writes
  }

  /** Reports whether the position can be changed: false for a pipe, a socket or a terminal. */
  seekable(): boolean {
    const fd = this.#open('seekable')
    try {
      lseek(fd, 0, SEEK_CUR)
      return true
    } catch {
      return false
    }
  }

  #open(syscall: string): number {
    if (!this.#closed) return this.name
    throw osError(errnoNumbers.EBADF, syscall, this.name)
  }

  #reading(syscall: string): number {
    if (!this.#options.reads) throw osError(errnoNumbers.EBADF, syscall, this.name)
    const fd = this.#open(syscall)
    this.#output.flush()
    return fd
  }

  #writing(syscall: string): number {
    if (!this.#options.writes) throw osError(errnoNumbers.EBADF, syscall, this.name)
    const fd = this.#open(syscall)
    this.#dropReadAhead(fd)
    return fd
  }

  /**
   * Drops the read-ahead, and moves the position back to the first unread byte. Files without a position (a terminal, a
   * socket) keep it, because there reading and writing are independent.
   */
  #dropReadAhead(fd: number): void {
    const unread = this.#ahead.length - this.#at
    if (unread === 0 || !this.seekable()) return
    lseek(fd, -unread, SEEK_CUR)
    this.#setAhead(NOTHING)
  }

  /** Takes the next bytes of the read-ahead buffer. */
  #take(size: number): Buffer {
    const from = this.#at
    this.#at = Math.min(from + size, this.#ahead.length)
    return ownBytes(this.#ahead, from, this.#at)
  }

  read(size: number | bigint | null = -1): Buffer {
    const fd = this.#reading('read')
    const maxSize = amount(size, 'size')
    const first = this.#take(maxSize === -1 ? this.#ahead.length : maxSize)
    if (first.length === maxSize) return first
    if (this.#options.bufferSize === 0 && maxSize !== -1) return first.length > 0 ? first : read(fd, maxSize)
    return this.#readFully(fd, first, maxSize === -1 ? Number.POSITIVE_INFINITY : maxSize)
  }

  /** Reads until `maxSize` bytes have been read, or the end of the file is reached. */
  #readFully(fd: number, first: Buffer, maxSize: number): Buffer {
    const parts = [first]
    let size = first.length
    try {
      while (size < maxSize) {
        const wanted = maxSize - size
        // The reads grow with the size read so far, so that a large file takes few system calls.
        const piece = read(fd, Math.max(Math.min(size, MAX_READ), this.#options.bufferSize || MIN_READ))
        if (piece.length === 0) break
        parts.push(piece.length > wanted ? this.#takeAndKeepRest(piece, wanted) : piece)
        size += Math.min(piece.length, wanted)
      }
    } catch (error) {
      if (!(error instanceof BlockingIOError) || size === 0) throw error
    }
    return parts.length === 2 && first.length === 0 ? (parts[1] as Buffer) : ownConcat(parts)
  }

  /** Takes the requested bytes of a block, and keeps the rest as read-ahead. */
  #takeAndKeepRest(piece: Buffer, wanted: number): Buffer {
    this.#setAhead(piece)
    return this.#take(wanted)
  }

  /**
   * Reads into the caller's memory, until it is full or the end of the file is reached.
   *
   * @param buffer the destination: any view of memory
   * @returns the number of bytes read
   */
  readinto(buffer: ArrayBufferView): number {
    const fd = this.#reading('readinto')
    const bytes = plainView(view(buffer, 'buffer'))
    const first = this.#take(bytes.length)
    bytes.set(first)
    let size = first.length
    try {
      while (size < bytes.length) {
        const more = readinto(fd, bytes.subarray(size))
        size += more
        if (more === 0 || this.#options.bufferSize === 0) break
      }
    } catch (error) {
      if (!(error instanceof BlockingIOError) || size === 0) throw error
    }
    return size
  }

  readline(size: number | bigint | null = -1): Buffer {
    const fd = this.#reading('readline')
    const most = amount(size, 'size')
    for (;;) {
      const newline = this.#ahead.indexOf(NEWLINE, Math.max(this.#at, this.#searched))
      const unread = this.#ahead.length - this.#at
      const length = newline === -1 ? unread : newline + 1 - this.#at
      if (most !== -1 && length >= most) return this.#take(most)
      if (newline === -1) this.#searched = this.#ahead.length
      if (newline !== -1 || !this.#readMore(fd, unread)) return this.#take(length)
    }
  }

  /** Extends the read-ahead. Its memory doubles, so that the time for a long line is linear in its length. */
  #readMore(fd: number, unread: number): boolean {
    const { bufferSize } = this.#options
    const more = read(fd, bufferSize === 0 ? 1 : Math.max(bufferSize, unread))
    if (unread === 0) {
      this.#setAhead(more)
      return more.length > 0
    }
    const end = this.#ahead.length + more.length
    if (this.#ahead.buffer !== this.#room.buffer || end > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(2 * (unread + more.length))
      this.#ahead.copy(room, 0, this.#at)
      this.#setAhead(room.subarray(0, unread))
      this.#room = room
      this.#searched = unread
    }
    more.copy(this.#room, this.#ahead.length)
    this.#ahead = this.#room.subarray(0, this.#ahead.length + more.length)
    return more.length > 0
  }

  #setAhead(bytes: Buffer): void {
    this.#ahead = bytes
    this.#room = NOTHING
    this.#at = 0
    this.#searched = 0
  }

  /** @internal Returns the read-ahead, or if there is none the result of one read(2): empty at the end. */
  readBlock(size: number): Buffer {
    const fd = this.#reading('read')
    const ahead = this.#take(this.#ahead.length)
    return ahead.length > 0 ? ahead : read(fd, Math.max(size, this.#options.bufferSize))
  }

  /**
   * Writes bytes. On an unbuffered file this is one system call, which may write only a part of the data.
   *
   * @param data the bytes: any view of memory
   * @returns the number of bytes that were written or buffered
   */
  write(data: ArrayBufferView): number {
    return this.writeOwn(plainView(view(data, 'data')))
  }

  /** @internal Writes bytes, without checking the argument. */
  writeOwn(bytes: Uint8Array): number {
    const fd = this.#writing('write')
    const size = bytes.length
    const { bufferSize } = this.#options
    if (bufferSize === 0) return write(fd, bytes)
    if (size > this.#output.free) this.#flushBefore()
    if (size < bufferSize) this.#output.append(bytes)
    else this.#writeThrough(fd, bytes)
    return size
  }

  #flushBefore(): void {
    try {
      this.#output.flush()
    } catch (error) {
      if (error instanceof BlockingIOError) (error as PartialWriteError).characters_written = 0
      throw error
    }
  }

  /**
   * Writes data that is larger than the buffer. If a non-blocking descriptor does not accept all of it, the rest is
   * buffered as far as there is space.
   */
  #writeThrough(fd: number, bytes: Uint8Array): void {
    let done = 0
    try {
      while (done < bytes.length) done += write(fd, bytes.subarray(done))
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error
      const rest = bytes.subarray(done, done + this.#output.free)
      this.#output.append(rest)
      if (done + rest.length === bytes.length) return
      ;(error as PartialWriteError).characters_written = done + rest.length
      throw error
    }
  }

  /**
   * Writes the buffered data.
   *
   * @throws OSError as the system reports: ENOSPC, BrokenPipeError; data that could not be written stays in the buffer
   */
  flush(): void {
    this.#open('flush')
    this.#output.flush()
  }

  /**
   * Changes the position.
   *
   * @param offset the offset, in bytes
   * @param whence the origin of `offset`: SEEK_SET (the default), SEEK_CUR, SEEK_END; SEEK_DATA and SEEK_HOLE search
   *   for data or a hole
   * @returns the new position, from the start of the file
   * @throws OSError EINVAL for a position before the start, ESPIPE if the file has no position
   */
  seek(offset: number | bigint, whence: number = SEEK_SET): number {
    const to = int64(offset, 'offset')
    const how = int(whence, 'whence', SEEK_SET, SEEK_HOLE)
    const fd = this.#open('seek')
    this.#output.flush()
    this.#dropReadAhead(fd)
    return lseek(fd, to, how)
  }

  /**
   * Returns the position of the next byte to be read or written, in bytes from the start of the file.
   *
   * @throws OSError ESPIPE if the file has no position
   */
  tell(): number {
    const unread = this.#ahead.length - this.#at
    return lseek(this.#open('tell'), 0, SEEK_CUR) - unread + this.#output.size
  }

  /**
   * Sets the length of the file. The position does not change.
   *
   * @param size the new length in bytes; the current position if undefined or null
   * @returns the new length
   * @throws OSError EBADF, EINVAL as `os.ftruncate` does
   */
  truncate(size: number | bigint | null = null): number {
    const fd = this.#writing('truncate')
    this.#output.flush()
    const length = size === null ? this.tell() : Number(int64(size, 'size', -MAX_LENGTH, MAX_LENGTH))
    ftruncate(fd, length)
    return length
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#setAhead(NOTHING)
    unclosedFiles.unregister(this)
    try {
      this.#output.flush()
    } finally {
      this.#output.discard()
      if (this.#options.closefd) close(this.name)
    }
  }
}
