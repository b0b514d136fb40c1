import { ownText } from './own_bytes.ts'

/** The first code unit of surrogateescape (PEP 383): byte 0x80 + n becomes U+DC80 + n. */
const ESCAPE = 0xdc00

/**
 * Decodes bytes as UTF-8, where each byte that is not part of a valid sequence becomes a lone surrogate U+DC80..U+DCFF,
 * so that `encode` restores the same bytes.
 *
 * @param start where to begin; with `end` cheaper than a subarray
 */
export function decode(data: Uint8Array, start = 0, end: number = data.length): string {
  return decodeBuffer(asBuffer(data), start, end)
}

/** Up to this length, checking each byte is faster than Node's isAscii. */
const SHORT = 256

/** The function behind `toString('latin1')`, called directly because that is faster. */
const latin1Slice: ((this: Buffer, start: number, end: number) => string) | undefined = Reflect.get(
  Buffer.prototype,
  'latin1Slice',
)

/** Up to this length, String.fromCharCode is faster than a call of a native Node function. */
const TINY = 32

const fromCharCode = String.fromCharCode as (...units: (number | undefined)[]) => string

/** The text of TINY bytes: no loop and no native function, which is slow right after a system call. */
// biome-ignore format: one row for each eight bytes
function decodeTiny(b: Buffer, at: number): string {
  return fromCharCode(
    b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6], b[at + 7],
    b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14], b[at + 15],
    b[at + 16], b[at + 17], b[at + 18], b[at + 19], b[at + 20], b[at + 21], b[at + 22], b[at + 23],
    b[at + 24], b[at + 25], b[at + 26], b[at + 27], b[at + 28], b[at + 29], b[at + 30], b[at + 31],
  )
}

/** `decode` for a Buffer, optimized for speed. */
export function decodeBuffer(buffer: Buffer, start: number, end: number): string {
  const length = end - start
  if (length <= TINY && start + TINY <= buffer.length && isAscii(buffer, start, end)) {
    return decodeTiny(buffer, start).slice(0, length)
  }
  if (end - start <= SHORT && latin1Slice !== undefined && isAscii(buffer, start, end))
    return latin1Slice.call(buffer, start, end)
  const text = buffer.toString('utf8', start, end)
  // Node replaces invalid bytes by U+FFFD, but the bytes may also encode U+FFFD.
  return text.includes('\ufffd') ? decodeEscaped(buffer, start, end) : text
}

function isAscii(buffer: Buffer, start: number, end: number): boolean {
  let all = 0
  for (let at = start; at < end; at++) all |= buffer[at] as number
  return all < 0x80
}

function decodeEscaped(buffer: Buffer, start: number, end: number): string {
  const text = new TextBuilder(end - start)
  for (let at = start; at < end; ) {
    const length = sequenceLength(buffer, at, end)
    if (length === 0) text.add(ESCAPE + (buffer[at] ?? 0))
    else text.addCodePoint(codePoint(buffer, at, length))
    at += length || 1
  }
  return text.toString()
}

/** The code point of a well-formed sequence. */
function codePoint(data: Uint8Array, at: number, length: number): number {
  const lead = data[at] ?? 0
  if (length === 1) return lead
  let code = lead & (0xff >> (length + 1))
  for (let i = 1; i < length; i++) code = (code << 6) | ((data[at + i] ?? 0) & 0x3f)
  return code
}

/**
 * Builds text of UTF-16 units. Adding to a string makes a node for each piece, which takes a hundred times the memory of
 * a character.
 */
export class TextBuilder {
  #units: Uint16Array<ArrayBuffer>
  #length = 0

  constructor(size: number) {
    this.#units = new Uint16Array(size)
  }

  add(unit: number): void {
    if (this.#length === this.#units.length) {
      const larger = new Uint16Array(2 * this.#length + 16)
      larger.set(this.#units)
      this.#units = larger
    }
    this.#units[this.#length++] = unit
  }

  addCodePoint(code: number): void {
    if (code <= 0xffff) this.add(code)
    else {
      this.add(0xd7c0 + (code >> 10))
      this.add(0xdc00 + (code & 0x3ff))
    }
  }

  addText(text: string): void {
    for (let at = 0; at < text.length; at++) this.add(text.charCodeAt(at))
  }

  toString(): string {
    return Buffer.from(this.#units.buffer, 0, 2 * this.#length).toString('utf16le')
  }
}

/** The length in bytes of the well-formed UTF-8 sequence at `at` (Unicode, table 3-7), or 0 where there is none. */
function sequenceLength(data: Uint8Array, at: number, end: number): number {
  const lead = data[at] ?? 0
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  if (at + length > end) return 0
  // Overlong forms, surrogates and code points beyond U+10FFFF can all be detected in the second byte.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  const second = data[at + 1] ?? 0
  if (second < lowest || second > highest) return 0
  for (let i = 2; i < length; i++) if (((data[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}

/**
 * Encodes text, the reverse of `decode`. Returns the index of the first character that is not the result of decoding (a
 * lone surrogate outside U+DC80..U+DCFF) where there is one.
 */
export function encode(text: string): Buffer<ArrayBuffer> | number {
  if (text.isWellFormed()) return ownText(text, 'utf8')
  // Measured first: a Buffer for each piece takes a hundred times the memory of a character.
  const size = encodedSize(text)
  if (size < 0) return -1 - size
  const bytes = Buffer.allocUnsafeSlow(size)
  let used = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (isLowSurrogate(unit)) {
      bytes[used++] = unit - ESCAPE
      continue
    }
    const code = text.codePointAt(at) ?? 0
    if (code < 0x80) bytes[used++] = code
    else {
      const length = sequenceSize(code)
      bytes[used++] = ((0xf00 >> length) & 0xff) | (code >> (6 * (length - 1)))
      for (let shift = 6 * (length - 2); shift >= 0; shift -= 6) bytes[used++] = 0x80 | ((code >> shift) & 0x3f)
      if (length === 4) at += 1
    }
  }
  return bytes
}

/** The number of bytes of encoded text; -1 - index for a lone surrogate that no byte decodes to. */
function encodedSize(text: string): number {
  let size = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) size += 1
    else if (code >= 0xd800 && code <= 0xdfff) return -1 - at
    else size += sequenceSize(code)
    if (code > 0xffff) at += 1
  }
  return size
}

function sequenceSize(code: number): number {
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code > 0xffff ? 4 : 3
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** The same memory as a Buffer. */
export function asBuffer(data: Uint8Array): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Buffer.from(bufferOf.call(data), byteOffsetOf.call(data), byteLengthOf.call(data))
}

// The accessors of the prototype: an object's own property could report a length that its memory does not have.
const byteLengthOf = accessor<number>('byteLength')
const byteOffsetOf = accessor<number>('byteOffset')
const bufferOf = accessor<ArrayBuffer>('buffer')

function accessor<T>(name: string): (this: Uint8Array) => T {
  const TypedArray: unknown = Object.getPrototypeOf(Uint8Array.prototype)
  return Object.getOwnPropertyDescriptor(TypedArray, name)?.get as (this: Uint8Array) => T
}

/** The actual length of a view: C would read beyond the memory if an own property reported more. */
export function byteLength(bytes: Uint8Array): number {
  return byteLengthOf.call(bytes)
}

/** The same memory as a plain Uint8Array without own properties. */
export function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bufferOf.call(bytes), byteOffsetOf.call(bytes), byteLengthOf.call(bytes))
}

/** A copy with a terminating NUL. */
export function terminated(data: Uint8Array): Buffer<ArrayBuffer> {
  const copy = Buffer.alloc(byteLength(data) + 1)
  copy.set(data)
  return copy
}
