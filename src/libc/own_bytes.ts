/**
 * Bytes for callers, in memory of their own: structuredClone and postMessage copy the whole ArrayBuffer of a view, so a
 * result in memory that others share, such as Node's pool of small Buffers, would carry what is next to it.
 */

/**
 * The class with which Node creates Buffers without checking arguments: of a number of zero bytes, or as a copy. Memory
 * of up to 64 bytes is on V8's heap, until its ArrayBuffer is asked for, and takes a tenth of the time of a larger one.
 */
const PlainBuffer: new (content: number | Uint8Array) => Buffer<ArrayBuffer> =
  Reflect.get(Buffer, Symbol.species) ?? Buffer

/** The largest size for which a loop is faster than a call of `set`, which needs a view. */
const MAX_LOOP = 24

/** Copies bytes. The caller ensures that they are a view without own properties, and that the range is in it. */
export function ownBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Buffer<ArrayBuffer> {
  const size = end - start
  if (size > MAX_LOOP) return new PlainBuffer(new Uint8Array(bytes.buffer, bytes.byteOffset + start, size))
  const own = new PlainBuffer(size)
  for (let i = 0; i < size; i++) own[i] = bytes[start + i] as number
  return own
}

/** The longest text for which a loop is faster than Node's functions. */
const MAX_TEXT_LOOP = 64

/** Encodes text. */
export function ownText(text: string, encoding: 'utf8' | 'latin1'): Buffer<ArrayBuffer> {
  return shortAscii(text) ?? encodedText(text, encoding)
}

/** Encodes short text if it is ASCII. */
function shortAscii(text: string): Buffer<ArrayBuffer> | null {
  const { length } = text
  if (length > MAX_TEXT_LOOP) return null
  const own = new PlainBuffer(length)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return null
    own[i] = code
  }
  return own
}

function encodedText(text: string, encoding: 'utf8' | 'latin1'): Buffer<ArrayBuffer> {
  const own = Buffer.allocUnsafeSlow(Buffer.byteLength(text, encoding))
  own.write(text, encoding)
  return own
}

/** Joins pieces. */
export function ownConcat(pieces: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  let size = 0
  for (const piece of pieces) size += piece.length
  const bytes = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/**
 * Returns the filled part of memory that only this result uses. After a short read it is copied, so that it does not
 * keep the whole memory alive; otherwise the rest is cleared, since it may have held anything before.
 */
export function ownPart(memory: Buffer<ArrayBuffer>, size: number): Buffer<ArrayBuffer> {
  if (size === memory.length) return memory
  return size > memory.length / 2 ? memory.fill(0, size).subarray(0, size) : ownBytes(memory, 0, size)
}
