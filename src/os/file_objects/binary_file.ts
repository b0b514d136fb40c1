import { BlockingIOError } from '../../errors.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { plainView, view } from '../arguments/buffers.ts'
import { int, int64 } from '../arguments/numbers.ts'
import { close } from '../descriptors/open_close.ts'
import { ftruncate, lseek } from '../descriptors/ranges.ts'
import { read, readinto, write } from '../descriptors/read_write.ts'
import { isatty } from '../descriptors/terminals.ts'
import { amount, FileObject, forgotten, Output } from './file_object.ts'

const { SEEK_SET, SEEK_CUR, SEEK_HOLE } = constants

const NOTHING: Buffer = Buffer.alloc(0)
const NEWLINE = 0x0a

/** How much is read at once where all is wanted: the least without a buffer, and the most. */
const SMALL_PIECE = 8192
const LARGE_PIECE = 1 << 20

/** The longest file whose length is a number. */
const LONGEST = BigInt(Number.MAX_SAFE_INTEGER)

interface BinaryFileOptions {
  /** What `mode` says of itself. */
  readonly mode: string
  readonly reads: boolean
  readonly writes: boolean
  /** How many bytes are read at once, and may wait to be written; 0: none. */
  readonly bufferSize: number
  /** Whether `close` closes the descriptor. */
  readonly closefd: boolean
}

/** A BlockingIOError that tells how many bytes were taken before. */
interface Counted {
  characters_written?: number
}

/**
 * A file of bytes: what `fdopen` gives for a mode with 'b'.
 *
 * On a descriptor that does not block, what finds nothing to read or no room to write is a BlockingIOError; nothing
 * that was read is lost by it, and `characters_written` tells how many bytes of the data were taken.
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
  /** How it was opened: 'rb', 'wb', 'ab', 'xb', or one of these with '+' for both reading and writing. */
  readonly mode: string
  readonly #options: BinaryFileOptions
  readonly #output: Output
  #closed = false
  /** What was read and not yet asked for: from `#at` on. */
  #ahead = NOTHING
  #at = 0

  /** @internal `fdopen` makes files. */
  constructor(fd: number, options: BinaryFileOptions) {
    super()
    this.name = fd
    this.mode = options.mode
    this.#options = options
    this.#output = new Output(fd, options.bufferSize)
    forgotten.register(this, { output: this.#output, closefd: options.closefd }, this)
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * The descriptor.
   *
   * @throws OSError EBADF once the file is closed
   */
  fileno(): number {
    return this.#open('fileno')
  }

  /** Whether it is a terminal. */
  isatty(): boolean {
    return isatty(this.#open('isatty'))
  }

  /** Whether it was opened for reading. */
  readable(): boolean {
    this.#open('readable')
    return this.#options.reads
  }

  /** Whether it was opened for writing. */
  writable(): boolean {
    this.#open('writable')
    return this.#options.writes
  }

  /** Whether its position can be moved: not that of a pipe, a socket or a terminal. */
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
    this.#rewind(fd)
    return fd
  }

  /**
   * Puts the position where the reader is. Where there is none (a terminal, a socket) reading and writing are apart.
   */
  #rewind(fd: number): void {
    const unread = this.#ahead.length - this.#at
    if (unread === 0 || !this.seekable()) return
    lseek(fd, -unread, SEEK_CUR)
    this.#ahead = NOTHING
    this.#at = 0
  }

  /** The next bytes of what was read ahead. */
  #take(size: number): Buffer {
    const from = this.#at
    this.#at = Math.min(from + size, this.#ahead.length)
    return this.#ahead.subarray(from, this.#at)
  }

  read(size: number | bigint | null = -1): Buffer {
    const fd = this.#reading('read')
    const most = amount(size, 'size')
    const first = this.#take(most === -1 ? this.#ahead.length : most)
    if (first.length === most) return first
    if (this.#options.bufferSize === 0 && most !== -1) return first.length > 0 ? first : read(fd, most)
    return this.#readOn(fd, first, most === -1 ? Number.POSITIVE_INFINITY : most)
  }

  /** Reads until there is as much as was asked for, or no more. */
  #readOn(fd: number, first: Buffer, most: number): Buffer {
    const parts = [first]
    let size = first.length
    try {
      while (size < most) {
        const wanted = most - size
        // In ever larger pieces, so that a large file takes few calls.
        const piece = read(fd, Math.max(Math.min(size, LARGE_PIECE), this.#options.bufferSize || SMALL_PIECE))
        if (piece.length === 0) break
        parts.push(piece.length > wanted ? this.#keep(piece, wanted) : piece)
        size += Math.min(piece.length, wanted)
      }
    } catch (error) {
      if (!(error instanceof BlockingIOError) || size === 0) throw error
    }
    return parts.length === 2 && first.length === 0 ? (parts[1] as Buffer) : Buffer.concat(parts)
  }

  /** The part of what was read that was asked for; the rest is for later. */
  #keep(piece: Buffer, wanted: number): Buffer {
    this.#ahead = piece
    this.#at = 0
    return this.#take(wanted)
  }

  /**
   * Reads into the caller's memory, until it is full or the end of the file is reached.
   *
   * @param buffer where to: any view of memory
   * @returns how many bytes were read
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
    for (let searched = 0; ; ) {
      const newline = this.#ahead.indexOf(NEWLINE, this.#at + searched)
      const unread = this.#ahead.length - this.#at
      const length = newline === -1 ? unread : newline + 1 - this.#at
      if (most !== -1 && length >= most) return this.#take(most)
      if (newline !== -1 || !this.#readMore(fd, unread)) return this.#take(length)
      searched = unread
    }
  }

  /** Reads further ahead: as much again as there is, so that long lines do not take long. */
  #readMore(fd: number, unread: number): boolean {
    const { bufferSize } = this.#options
    const more = read(fd, bufferSize === 0 ? 1 : Math.max(bufferSize, unread))
    this.#ahead = unread === 0 ? more : Buffer.concat([this.#ahead.subarray(this.#at), more])
    this.#at = 0
    return more.length > 0
  }

  /** @internal What was read ahead, or else what one call reads: nothing at the end. */
  readBlock(size: number): Buffer {
    const fd = this.#reading('read')
    const ahead = this.#take(this.#ahead.length)
    return ahead.length > 0 ? ahead : read(fd, Math.max(size, this.#options.bufferSize))
  }

  /**
   * Writes bytes. Without a buffer this is one system call, which may write fewer.
   *
   * @param data the bytes: any view of memory
   * @returns how many were written or buffered
   */
  write(data: ArrayBufferView): number {
    return this.writeOwn(plainView(view(data, 'data')))
  }

  /** @internal Writes bytes that are known to be what they say. */
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
      if (error instanceof BlockingIOError) (error as Counted).characters_written = 0
      throw error
    }
  }

  /**
   * Writes what is larger than the buffer. What a descriptor that does not block refuses waits, as far as there is
   * room.
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
      ;(error as Counted).characters_written = done + rest.length
      throw error
    }
  }

  /**
   * Writes what is buffered.
   *
   * @throws OSError as the system reports: ENOSPC, BrokenPipeError; what could not be written stays in the buffer
   */
  flush(): void {
    this.#open('flush')
    this.#output.flush()
  }

  /**
   * Moves the position.
   *
   * @param offset bytes
   * @param whence from where: SEEK_SET (the default), SEEK_CUR, SEEK_END; SEEK_DATA and SEEK_HOLE look for data or a
   *   hole
   * @returns the new position, from the start of the file
   * @throws OSError EINVAL for a position before the start, ESPIPE if it cannot be moved
   */
  seek(offset: number | bigint, whence: number = SEEK_SET): number {
    const to = int64(offset, 'offset')
    const how = int(whence, 'whence', SEEK_SET, SEEK_HOLE)
    const fd = this.#open('seek')
    this.#output.flush()
    this.#rewind(fd)
    return lseek(fd, to, how)
  }

  /**
   * The position: where the next byte is read or written, in bytes from the start of the file.
   *
   * @throws OSError ESPIPE if there is none
   */
  tell(): number {
    const unread = this.#ahead.length - this.#at
    return lseek(this.#open('tell'), 0, SEEK_CUR) - unread + this.#output.size
  }

  /**
   * Sets the length of the file. The position stays.
   *
   * @param size bytes; up to the position where it is left out or null
   * @returns the length
   * @throws OSError EBADF, EINVAL as `os.ftruncate` does
   */
  truncate(size: number | bigint | null = null): number {
    const fd = this.#writing('truncate')
    this.#output.flush()
    const length = size === null ? this.tell() : Number(int64(size, 'size', -LONGEST, LONGEST))
    ftruncate(fd, length)
    return length
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ahead = NOTHING
    this.#at = 0
    forgotten.unregister(this)
    try {
      this.#output.flush()
    } finally {
      this.#output.discard()
      if (this.#options.closefd) close(this.name)
    }
  }
}
