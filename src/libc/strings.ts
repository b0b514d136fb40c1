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
  let text = ''
  let from = start
  for (let at = start; at < end; ) {
    const length = sequenceLength(buffer, at, end)
    if (length > 0) {
      at += length
      continue
    }
    text += buffer.toString('utf8', from, at) + String.fromCharCode(ESCAPE + (buffer[at] ?? 0))
    at += 1
    from = at
  }
  return text + buffer.toString('utf8', from, end)
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
  if (text.isWellFormed()) return Buffer.from(text, 'utf8')
  const parts: Uint8Array[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0xd800 || unit > 0xdfff) continue
    if (unit <= 0xdbff && isLowSurrogate(text.charCodeAt(at + 1))) {
      at += 1
      continue
    }
    if (unit < 0xdc80 || unit > 0xdcff) return at
    parts.push(Buffer.from(text.slice(start, at), 'utf8'), Buffer.of(unit - ESCAPE))
    start = at + 1
  }
  parts.push(Buffer.from(text.slice(start), 'utf8'))
  return Buffer.concat(parts)
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
