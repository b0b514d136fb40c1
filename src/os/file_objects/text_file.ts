import { isAscii } from 'node:buffer'
import { BlockingIOError, badValue, wrongType } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { int, int64 } from '../arguments/numbers.ts'
import type { BinaryFile } from './binary_file.ts'
import { amount, FileObject } from './file_object.ts'
import type { Codec } from './text_codecs.ts'

const { SEEK_SET, SEEK_CUR, SEEK_END } = constants

/** The block size when a file is read to its end. */
const LARGE_BLOCK = 1 << 20

/**
 * The line ending: null accepts '\n', '\r' and '\r\n', and reads each as '\n'; '' accepts the same, and does not
 * translate them; any other accepts only this one, and writes it for each '\n'.
 */
export type Newline = null | '' | '\n' | '\r' | '\r\n'

export interface TextFileOptions {
  readonly mode: string
  readonly encoding: string
  readonly errors: string
  /** The codec for `encoding` and `errors`. */
  readonly codec: Codec
  readonly newline: Newline
  /** Whether the buffer is flushed after each line. */
  readonly lineBuffering: boolean
}

/** A decoded block: bytes, and their text. */
interface Segment {
  readonly bytes: Buffer
  readonly text: string
  /** Whether each UTF-16 unit of the text is a character that needs no translation. */
  readonly plain: boolean
  /** The number of characters, so that they need not be counted again for each block that is read after it. */
  readonly characters: number
}

/** A place in the read-ahead: a segment, and an index in its text. */
interface Place {
  readonly segment: number
  readonly index: number
}

/** The next line ending, from `lastIndex` on. */
const LINE_END = /\r\n?|\n/g

/** Characters that need attention: surrogates, because a pair is one character, and carriage returns. */
const SPECIAL = /[\r\ud800-\udfff]/

/**
 * A file of text: the result of `fdopen` for a mode without 'b'. Sizes are in characters: a surrogate pair is one
 * character.
 *
 * On a non-blocking descriptor, a read without data throws BlockingIOError. An incomplete line is kept, and a later
 * call returns the whole line.
 *
 * See Python, io.TextIOWrapper.
 * @example
 * ```ts
 * const file = os.fdopen(os.open('notes', os.O_RDWR | os.O_CREAT), 'w+', { newline: '\r\n' })
 * file instanceof os.TextFile // => true
 * file.write('one\n') // => 4
 * file.close()
 * os.stat('notes').st_size // => 5
 * ```
 */
export class TextFile extends FileObject<string, string> {
  /** The binary file that this file reads and writes. */
  readonly buffer: BinaryFile
  /** The mode of the file. */
  readonly mode: string
  /** The name of the encoding, as it was given. */
  readonly encoding: string
  /** How bytes that cannot be decoded, and characters that cannot be encoded, are handled. */
  readonly errors: string
  /** Whether the buffer is flushed after each line. */
  readonly line_buffering: boolean
  readonly #newline: Newline
  readonly #codec: Codec
  /** The read-ahead; the first segment has been consumed up to `#at`. */
  #segments: Segment[] = []
  #at = 0
  /** The bytes after the read-ahead: an incomplete character, or an incomplete line ending. */
  #incomplete: Buffer = Buffer.alloc(0)

  /** @internal `fdopen` creates files. */
  constructor(buffer: BinaryFile, { mode, encoding, errors, codec, newline, lineBuffering }: TextFileOptions) {
    super()
    this.buffer = buffer
    this.mode = mode
    this.encoding = encoding
    this.errors = errors
    this.line_buffering = lineBuffering
    this.#newline = newline
    this.#codec = codec
  }

  /** The descriptor. */
  get name(): number {
    return this.buffer.name
  }

  /** Whether the file has been closed. */
  get closed(): boolean {
    return this.buffer.closed
  }

  /**
   * The descriptor.
   *
   * @throws OSError EBADF if the file is closed
   */
  fileno(): number {
    return this.buffer.fileno()
  }

  /** Reports whether the file is a terminal. */
  isatty(): boolean {
    return this.buffer.isatty()
  }

  /** Reports whether the file was opened for reading. */
  readable(): boolean {
    return this.buffer.readable()
  }

  /** Reports whether the file was opened for writing. */
  writable(): boolean {
    return this.buffer.writable()
  }

  /** Reports whether the position can be changed: false for a pipe, a socket or a terminal. */
  seekable(): boolean {
    return this.buffer.seekable()
  }

  /** Reads and decodes one block. Returns false at the end. */
  #readMore(size = 0): boolean {
    const block = this.buffer.readBlock(size)
    const bytes = this.#incomplete.length === 0 ? block : Buffer.concat([this.#incomplete, block])
    this.#incomplete = bytes
    const final = block.length === 0
    const { text, used } = this.#decode(bytes, final)
    this.#incomplete = bytes.subarray(used)
    if (used > 0) {
      const plain = !SPECIAL.test(text)
      const characters = plain ? text.length : charactersIn(text, this.#newline === null)
      this.#segments.push({ bytes: bytes.subarray(0, used), text, plain, characters })
    }
    return !final
  }

  /**
   * A carriage return at the end is kept until the next block, so that no line ending is split between two segments.
   */
  #decode(bytes: Buffer, final: boolean): { text: string; used: number } {
    const { text, used } = this.#codec.decode(bytes, final)
    const alone = this.#newline === '\n' || this.#newline === '\r'
    if (final || alone || !text.endsWith('\r')) return { text, used }
    // Bytes that the error handler ignores may follow the carriage return.
    const start = this.#codec.unit === 2 ? used - 2 : bytes.lastIndexOf(0x0d, used - 1)
    return { text: text.slice(0, -1), used: start }
  }

  read(size: number | bigint | null = -1): string {
    const most = amount(size, 'size')
    const first = this.#segments[0]
    if (first?.plain && most !== -1 && this.#at + most < first.text.length) {
      // The fast path.
      this.#at += most
      return first.text.slice(this.#at - most, this.#at)
    }
    const wanted = most === -1 ? Number.POSITIVE_INFINITY : most
    for (let more = true; ; ) {
      const [place, characters] = this.#advance(wanted)
      if (characters === wanted || !more) return this.#take(place)
      try {
        more = this.#readMore(most === -1 ? LARGE_BLOCK : 0)
      } catch (error) {
        if (error instanceof BlockingIOError && characters > 0) return this.#take(place)
        throw error
      }
    }
  }

  /**
   * Returns the place that is `wanted` characters ahead, or the end of the read-ahead, and the number of characters up
   * to it.
   */
  #advance(wanted: number): [Place, characters: number] {
    let characters = 0
    for (const [segment, { text, plain, characters: all }] of this.#segments.entries()) {
      const from = segment === 0 ? this.#at : 0
      const missing = wanted - characters
      if (from === 0 && all <= missing && segment > 0) {
        characters += all
        if (characters === wanted) return [{ segment, index: text.length }, wanted]
        continue
      }
      if (plain && text.length - from >= missing) return [{ segment, index: from + missing }, wanted]
      if (plain) characters += text.length - from
      else {
        const translates = this.#newline === null
        let index = from
        for (; index < text.length && characters < wanted; characters++) index += widthAt(text, index, translates)
        if (characters === wanted) return [{ segment, index }, wanted]
      }
    }
    return [this.#end(), characters]
  }

  #end(): Place {
    const segment = Math.max(0, this.#segments.length - 1)
    return { segment, index: this.#segments[segment]?.text.length ?? 0 }
  }

  /** Consumes and returns the text up to a place. */
  #take({ segment, index }: Place): string {
    const first = this.#segments[0]
    if (first === undefined) return ''
    let text = first.text.slice(this.#at, segment === 0 ? index : undefined)
    for (let at = 1; at <= segment; at++) {
      const part = (this.#segments[at] as Segment).text
      text += at === segment ? part.slice(0, index) : part
    }
    const used = index === (this.#segments[segment] as Segment).text.length ? segment + 1 : segment
    this.#segments.splice(0, used)
    this.#at = used > segment ? 0 : index
    return this.#newline === null && text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  }

  readline(size: number | bigint | null = -1): string {
    const most = amount(size, 'size')
    for (let searched = 0, more = true; ; ) {
      const end = this.#lineEnd(searched)
      if (most !== -1) {
        const [place, characters] = this.#advance(most)
        if (characters === most && (end === undefined || !isAfter(place, end))) return this.#take(place)
      }
      if (end !== undefined) return this.#take(end)
      if (!more) return this.#take(this.#end())
      searched = this.#segments.length
      more = this.#readMore()
    }
  }

  /** Returns the place after the first line ending, searching from a segment on. */
  #lineEnd(searched: number): Place | undefined {
    for (let segment = searched; segment < this.#segments.length; segment++) {
      const { text, plain } = this.#segments[segment] as Segment
      const index = afterNewline(text, segment === 0 ? this.#at : 0, this.#newline, plain)
      if (index !== -1) return { segment, index }
    }
    return undefined
  }

  /**
   * Writes text.
   *
   * @param text the text, '\n' for a newline
   * @returns the number of characters
   * @throws RangeError for a character that the encoding lacks, if `errors` is strict
   */
  write(text: string): number {
    if (typeof text !== 'string') throw wrongType('text', 'a string', text)
    const ends = this.#newline === '\r' || this.#newline === '\r\n' ? text.replaceAll('\n', this.#newline) : text
    const bytes = this.#codec.encode(ends)
    this.#dropReadAhead()
    this.buffer.writeOwn(bytes)
    if (this.line_buffering && /[\r\n]/.test(text)) this.buffer.flush()
    // As many bytes as UTF-16 units: then the text has no surrogate pair, unless the error handler has dropped
    // something.
    if (bytes.length === ends.length && text.isWellFormed()) return text.length
    return charactersIn(text, false)
  }

  /**
   * Drops the read-ahead, and moves the position back to the first unread character. Files without a position (a
   * terminal, a socket) keep it, because there reading and writing are independent.
   */
  #dropReadAhead(): void {
    if ((this.#segments.length === 0 && this.#incomplete.length === 0) || !this.buffer.seekable()) return
    this.buffer.seek(this.tell())
    this.#forget()
  }

  #forget(): void {
    this.#segments = []
    this.#at = 0
    this.#incomplete = this.#incomplete.subarray(0, 0)
  }

  /**
   * Writes the buffered data.
   *
   * @throws OSError as the system reports: ENOSPC, BrokenPipeError; data that could not be written stays in the buffer
   */
  flush(): void {
    this.buffer.flush()
  }

  /**
   * Changes the position.
   *
   * @param offset a result of `tell`; 0 with SEEK_CUR and SEEK_END
   * @param whence SEEK_SET (the default), SEEK_CUR (the position does not change) or SEEK_END
   * @returns the new position, from the start of the file
   * @throws RangeError for another offset, because the length of characters varies
   * @throws OSError ESPIPE if the file has no position
   */
  seek(offset: number | bigint, whence: number = SEEK_SET): number {
    const to = int64(offset, 'offset')
    const how = int(whence, 'whence', SEEK_SET, SEEK_END)
    if (how === SEEK_SET && to < 0) throw badValue('offset', 'must not be negative', offset)
    if (how !== SEEK_SET && Number(to) !== 0) throw badValue('offset', 'must be 0 unless it is from the start', offset)
    const position = how === SEEK_CUR ? this.buffer.seek(this.tell()) : this.buffer.seek(to, how)
    this.#forget()
    return position
  }

  /**
   * Returns the position of the next character to be read or written, in bytes from the start of the file.
   *
   * @throws OSError ESPIPE if the file has no position
   * @throws RangeError within the four characters that 'backslashreplace' generates for one byte
   */
  tell(): number {
    const [first] = this.#segments
    const ahead = this.#segments.reduce((size, { bytes }) => size + bytes.length, this.#incomplete.length)
    return this.buffer.tell() - ahead + (first === undefined ? 0 : this.#bytesUpTo(first, this.#at))
  }

  /**
   * Returns the number of bytes that are decoded to the first part of a text. Bytes that are invalid on their own may
   * precede a complete character, so the last few lengths are tried.
   */
  #bytesUpTo({ bytes, text }: Segment, index: number): number {
    if (index === 0 || (bytes.length === text.length && isAscii(bytes))) return index
    const part = text.slice(0, index)
    let [low, high] = [0, bytes.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#codec.decode(bytes.subarray(0, middle), false).text.length < index) low = middle + 1
      else high = middle
    }
    for (let size = low; size > Math.max(0, low - 4); size--) {
      if (this.#decodesTo(bytes.subarray(0, size), part)) return size
    }
    throw new RangeError('the position is within what backslashreplace made of one byte, and no position of the file')
  }

  #decodesTo(bytes: Buffer, text: string): boolean {
    try {
      return this.#codec.decode(bytes, true).text === text
    } catch {
      return false
    }
  }

  /**
   * Sets the length of the file. The position does not change.
   *
   * @param size the new length in bytes; the current position if undefined or null
   * @returns the new length
   * @throws OSError EBADF, EINVAL as `os.ftruncate` does
   */
  truncate(size: number | bigint | null = null): number {
    this.#dropReadAhead()
    return this.buffer.truncate(size)
  }

  close(): void {
    this.#forget()
    this.buffer.close()
  }
}

/**
 * Returns the number of UTF-16 units of the character at an index: two for a surrogate pair, and for '\r\n' if line
 * endings are translated.
 */
function widthAt(text: string, index: number, translates: boolean): number {
  if (translates && text.charCodeAt(index) === 0x0d) return text.charCodeAt(index + 1) === 0x0a ? 2 : 1
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1
}

/** Counts the characters of a text. */
function charactersIn(text: string, translates: boolean): number {
  let count = 0
  for (let index = 0; index < text.length; count++) index += widthAt(text, index, translates)
  return count
}

function isAfter(place: Place, other: Place): boolean {
  return place.segment > other.segment || (place.segment === other.segment && place.index > other.index)
}

/** Returns the index after the next line ending, or -1. */
function afterNewline(text: string, from: number, newline: Newline, plain: boolean): number {
  if (newline !== null && newline !== '') {
    const start = text.indexOf(newline, from)
    return start === -1 ? -1 : start + newline.length
  }
  if (plain) return text.indexOf('\n', from) + 1 || -1
  // Not two searches: one of them would go to the end of the text for each line.
  LINE_END.lastIndex = from
  return LINE_END.test(text) ? LINE_END.lastIndex : -1
}
