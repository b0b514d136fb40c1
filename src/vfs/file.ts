import { BlockingIOError, badValue, outOfRange, wrongType } from '../errors.ts'
import { ownBytes, ownConcat, ownPart } from '../libc/own_bytes.ts'
import { decode, encode } from '../libc/strings.ts'
import { plainView, view } from '../os/arguments/buffers.ts'
import { int } from '../os/arguments/numbers.ts'
import { vfsError } from './errors.ts'

/** The mode of an open file: 'r', 'w', 'a' or 'x', with '+' for reading and writing, 'b' for bytes or 't' for text. */
export interface OpenMode {
  readonly kind: 'r' | 'w' | 'a' | 'x'
  readonly plus: boolean
  readonly binary: boolean
}

const KINDS = ['r', 'w', 'a', 'x'] as const

/** Parses a mode. */
export function openMode(mode: unknown): OpenMode {
  if (typeof mode !== 'string') throw wrongType('mode', 'a string', mode)
  const letters = new Set(mode)
  const kinds = KINDS.filter((kind) => letters.has(kind))
  const [kind] = kinds
  const unknown = [...letters].some((letter) => !'rwax+bt'.includes(letter))
  const doubled = letters.size !== mode.length || (letters.has('b') && letters.has('t'))
  if (unknown || doubled || kind === undefined || kinds.length > 1) {
    throw badValue('mode', 'must be one of r, w, a and x, with or without + and one of b and t', mode)
  }
  return { kind, plus: letters.has('+'), binary: letters.has('b') }
}

/** An open file of a file system, which `VfsFile` wraps in a file object. */
export interface RawFile {
  /** Reads at most `into.length` bytes. Returns 0 at the end. */
  read(into: Uint8Array): number
  /** Writes all of `data`, or throws. */
  write(data: Uint8Array): void
  /** Sets the position, and returns it. */
  seek(offset: number, whence: number): number
  /** Makes everything written permanent. */
  flush(): void
  close(): void
  /** An upper bound of the bytes left to read; undefined where it is unknown. */
  remaining(): number | undefined
  /** The host's descriptor, where the file has one. */
  fileno?(): number
}

const CHUNK = 4096
const NEWLINE = 0x0a
const NOTHING: Buffer = Buffer.alloc(0)

/** Origin of `seek`: the start of the file. */
const SEEK_SET = 0
/** Origin of `seek`: the current position. */
const SEEK_CUR = 1
const SEEK_END = 2

/**
 * An open file of a virtual file system. Text is UTF-8, and bytes that are not UTF-8 are represented as lone
 * surrogates, as everywhere in osier. Positions and the results of `write` are in bytes in any mode; `read(n)` counts
 * characters of text.
 *
 * Close it, or declare it with `using`: a file that is garbage collected while open is closed later, with a
 * ResourceWarning.
 *
 * See MicroPython, io.FileIO and io.TextIOWrapper.
 * @example
 * ```ts
 * const file = os.open('notes', 'wb')
 * file instanceof vfs.VfsFile // => true
 * file.write(Buffer.from('bytes')) // => 5
 * file.close()
 * ```
 */
export class VfsFile<T extends string | Buffer = string> implements Iterable<T> {
  /** The path that was opened. */
  readonly name: string
  /** The mode in which it was opened. */
  readonly mode: string
  readonly #raw: RawFile
  readonly #readable: boolean
  readonly #writable: boolean
  readonly #binary: boolean
  /** Data that has been read from the file but not returned to the caller. */
  #readAhead: Buffer = NOTHING
  #closed = false

  /** @internal Only file systems create files. */
  constructor(raw: RawFile, name: string, mode: string) {
    const { kind, plus, binary } = openMode(mode)
    this.name = name
    this.mode = mode
    this.#raw = raw
    this.#readable = kind === 'r' || plus
    this.#writable = kind !== 'r' || plus
    this.#binary = binary
    unclosedFiles.register(this, { raw, name }, this)
  }

  /** Whether the file has been closed. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Reads.
   *
   * @param size how much at the most: bytes, or characters of text; everything up to the end where omitted or negative
   * @returns bytes or text, empty at the end of the file
   * @throws OSError EBADF for a file that is closed or not open for reading; others as the file system reports
   */
  read(size: number = -1): T {
    this.#check(this.#readable)
    int(size, 'size', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    if (size < 0) return this.#shaped(this.#readAll())
    return this.#shaped(this.#binary ? this.#readBytes(size) : this.#readCharacters(size))
  }

  /**
   * Reads bytes into the caller's memory, in any mode.
   *
   * @param buffer the destination
   * @param size how many bytes at the most; the size of the buffer where omitted
   * @returns how many bytes were read, 0 at the end of the file; null where no data is available yet
   * @throws OSError EBADF for a file that is closed or not open for reading; others as the file system reports
   */
  readinto(buffer: ArrayBufferView, size?: number): number | null {
    this.#check(this.#readable)
    const into = bytesOf(buffer, 'buffer')
    const most = size === undefined ? into.length : Math.min(into.length, int(size, 'size', 0))
    try {
      return this.#readInto(into.subarray(0, most))
    } catch (error) {
      if (error instanceof BlockingIOError) return null
      throw error
    }
  }

  /**
   * Reads a line.
   *
   * @param size how many bytes at the most; no limit where omitted or negative
   * @returns the line with its newline, which the last one may lack; empty at the end of the file
   * @throws OSError EBADF for a file that is closed or not open for reading; others as the file system reports
   */
  readline(size: number = -1): T {
    this.#check(this.#readable)
    const most = int(size, 'size', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    const limit = most < 0 ? Number.POSITIVE_INFINITY : most
    let from = 0
    for (;;) {
      const at = this.#readAhead.indexOf(NEWLINE, from)
      if (at !== -1) return this.#line(Math.min(at + 1, limit))
      from = this.#readAhead.length
      if (from >= limit || !this.#fill()) return this.#line(Math.min(this.#readAhead.length, limit))
    }
  }

  /** The remaining lines, each as `readline` returns it. */
  readlines(): T[] {
    return [...this]
  }

  /** Iterates over the remaining lines. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let line = this.readline(); line.length > 0; line = this.readline()) yield line
  }

  /**
   * Writes.
   *
   * @param data text, or any view of memory; text is for text files, memory for both
   * @returns how many bytes were written: all of them
   * @throws OSError EBADF for a file that is closed or not open for writing; ENOSPC where the volume is full; others as
   *   the file system reports
   */
  write(data: string | ArrayBufferView): number {
    this.#check(this.#writable)
    const bytes = typeof data === 'string' ? this.#encoded(data) : bytesOf(data, 'data')
    this.#discardReadAhead()
    const size = bytes.length
    this.#raw.write(bytes)
    // The caller's device may detach it meanwhile.
    if (bytes.length !== size) throw vfsError('EIO', 'write', this.name)
    return size
  }

  /**
   * Sets the position.
   *
   * @param offset bytes
   * @param whence 0: from the start, 1: from the current position, 2: from the end
   * @returns the new position
   * @throws RangeError for a position before the start
   */
  seek(offset: number, whence: number = SEEK_SET): number {
    this.#check(true)
    const distance = int(offset, 'offset', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    const from = int(whence, 'whence', SEEK_SET, SEEK_END)
    if (from === SEEK_SET && distance < 0) throw outOfRange('offset', '>= 0', offset)
    this.#discardReadAhead()
    return this.#raw.seek(distance, from)
  }

  /** The position, in bytes from the start. */
  tell(): number {
    this.#check(true)
    return this.#raw.seek(0, SEEK_CUR) - this.#readAhead.length
  }

  /** Makes everything written permanent: afterwards it survives a power cut. */
  flush(): void {
    this.#check(true)
    if (this.#writable) this.#raw.flush()
  }

  /**
   * The descriptor of a file of the host.
   *
   * @throws OSError EINVAL for a file on a block device, which has none; EBADF for a file that is closed
   */
  fileno(): number {
    this.#check(true)
    if (this.#raw.fileno === undefined) throw vfsError('EINVAL', 'fileno', this.name)
    return this.#raw.fileno()
  }

  /**
   * Closes the file. Closing it twice is not an error.
   *
   * @throws OSError where buffered data could not be stored; the file is closed nevertheless
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#readAhead = NOTHING
    unclosedFiles.unregister(this)
    this.#raw.close()
  }

  /** `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  #check(allowed: boolean): void {
    if (this.#closed || !allowed) throw vfsError('EBADF', 'file', this.name)
  }

  #encoded(data: string): Buffer {
    if (this.#binary) throw wrongType('data', 'a Buffer or another view of memory, in a file opened for bytes', data)
    const bytes = encode(data)
    if (typeof bytes === 'number') {
      throw badValue('data', `has a lone surrogate at index ${bytes}, which no byte decodes to`, data)
    }
    return bytes
  }

  #shaped(bytes: Buffer): T {
    return (this.#binary ? bytes : decode(bytes)) as T
  }

  /** Takes a line from the data read ahead. Bytes are copied, since the caller may detach their memory. */
  #line(size: number): T {
    const bytes = this.#take(size)
    return (this.#binary ? ownBytes(bytes) : decode(bytes)) as T
  }

  /** Discards the data read ahead, and moves the file's position back to where the caller expects it. */
  #discardReadAhead(): void {
    const unread = this.#readAhead.length
    if (unread === 0) return
    this.#readAhead = NOTHING
    this.#raw.seek(-unread, SEEK_CUR)
  }

  #take(size: number): Buffer {
    const taken = this.#readAhead.subarray(0, size)
    this.#readAhead = this.#readAhead.subarray(size)
    return taken
  }

  /** Reads more data ahead, and appends it. @returns false at the end */
  #fill(): boolean {
    const length = this.#readAhead.length
    const { buffer, byteOffset } = this.#readAhead
    if (buffer.byteLength - byteOffset - length < CHUNK) {
      // The size doubles each time, so that each byte is copied only a few times, even in a very long line.
      const memory = Buffer.allocUnsafeSlow(2 * length + CHUNK)
      memory.set(this.#readAhead)
      this.#readAhead = memory.subarray(0, length)
    }
    const room = Buffer.from(this.#readAhead.buffer, this.#readAhead.byteOffset, length + CHUNK)
    const size = this.#raw.read(room.subarray(length))
    this.#readAhead = room.subarray(0, length + size)
    return size > 0
  }

  #readInto(into: Uint8Array): number {
    const ready = this.#take(into.length)
    into.set(ready)
    let done = ready.length
    while (done < into.length) {
      const size = this.#readMore(into.subarray(done), done)
      if (size === 0) break
      done += size
    }
    return done
  }

  /** Reads from the file. Data read before is kept where a non-blocking descriptor has no more. */
  #readMore(into: Uint8Array, before: number): number {
    try {
      return this.#raw.read(into)
    } catch (error) {
      if (before > 0 && error instanceof BlockingIOError) return 0
      throw error
    }
  }

  #readBytes(size: number): Buffer {
    const left = this.#raw.remaining()
    const most = left === undefined ? size : Math.min(size, left + this.#readAhead.length)
    // A file of unknown length is read in small pieces, since the requested size may be arbitrarily large.
    if (left === undefined && size > 65536) return this.#readAll(size)
    const buffer = Buffer.allocUnsafeSlow(most)
    return ownPart(buffer, this.#readInto(buffer))
  }

  #readAll(most: number = Number.POSITIVE_INFINITY): Buffer {
    const left = this.#raw.remaining()
    if (left !== undefined) return this.#readBytes(Math.min(most, left + this.#readAhead.length))
    const pieces = [this.#take(Math.min(most, this.#readAhead.length))]
    let total = pieces[0]?.length ?? 0
    for (let step = 65536; total < most; step = Math.min(step * 2, 2 ** 22)) {
      const piece = Buffer.allocUnsafeSlow(Math.min(step, most - total))
      const size = this.#readMore(piece, total)
      if (size === 0) break
      pieces.push(piece.subarray(0, size))
      total += size
    }
    return ownConcat(pieces)
  }

  /** Reads the requested number of characters. Each has at least one byte, so no byte beyond them is consumed. */
  #readCharacters(count: number): Buffer {
    let size = 0
    let missing = count
    while (missing > 0) {
      while (this.#readAhead.length < size + missing && this.#fill());
      if (this.#readAhead.length === size) break
      const start = size
      while (missing > 0 && size < this.#readAhead.length) {
        size += this.#characterLength(size)
        missing -= 1
      }
      if (size === start) break
    }
    return this.#take(size)
  }

  /** The length in bytes of the character at `at`; 1 for a byte that is not UTF-8. */
  #characterLength(at: number): number {
    const lead = this.#readAhead[at] ?? 0
    const wanted = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    if (wanted === 1) return 1
    while (this.#readAhead.length < at + wanted && this.#fill());
    const text = decode(this.#readAhead.subarray(at, at + wanted))
    return text.isWellFormed() && text.length <= 2 && (text.codePointAt(0) ?? 0) >= 0x80 ? wanted : 1
  }
}

interface Leftover {
  readonly raw: RawFile
  readonly name: string
}

const unclosedFiles: FinalizationRegistry<Leftover> = new FinalizationRegistry(({ raw, name }) => {
  process.emitWarning(`unclosed file ${JSON.stringify(name)}`, 'ResourceWarning')
  try {
    raw.close()
  } catch (error) {
    // An exception in a finalizer cannot be caught, and would end the process.
    process.emitWarning(`closing ${JSON.stringify(name)} failed: ${String(error)}`, 'ResourceWarning')
  }
})

/** The memory of a view, as a plain Uint8Array rather than an instance of a subclass. */
function bytesOf(data: unknown, name: string): Uint8Array {
  return plainView(view(data, name))
}
