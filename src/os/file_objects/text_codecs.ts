import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { badValue } from '../../errors.ts'
import { decode as decodeUtf8, encode as encodeUtf8, TextBuilder } from '../../libc/strings.ts'

/** How a text file handles bytes that cannot be decoded, and characters that its encoding lacks. */
type ErrorHandler = 'strict' | 'ignore' | 'replace' | 'surrogateescape' | 'backslashreplace'

/** The text of the first `used` bytes; the other bytes are an incomplete character. */
interface Decoded {
  readonly text: string
  readonly used: number
}

/** Converts bytes to text and back, without state between calls. */
export interface Codec {
  /** The number of bytes of a carriage return. */
  readonly unit: 1 | 2
  /** @param final whether no bytes follow, so that an incomplete character is an error */
  decode(bytes: Buffer, final: boolean): Decoded
  encode(text: string): Buffer
}

const HANDLERS: readonly string[] = ['strict', 'ignore', 'replace', 'surrogateescape', 'backslashreplace']

/** Finds the codec of an encoding, by its name in Python or in the WHATWG Encoding Standard. */
export function findCodec(encoding: string, errors: string): Codec {
  if (!HANDLERS.includes(errors)) throw badValue('errors', `must be one of ${HANDLERS.join(', ')}`, errors)
  const handler = errors as ErrorHandler
  const name = encoding
    .toLowerCase()
    .replace(/[_ ]/g, '-')
    .replace(/^utf-?16-?([bl]e)$/, 'utf-16$1')
  if (/^(utf-?8|u8)$/.test(name)) return utf8(handler)
  if (/^(us-)?ascii$/.test(name)) return singleByte('ascii', handler, rangeOf(0x80))
  if (/^(latin-?1|l1|iso-?8859-1|cp819)$/.test(name)) return singleByte('latin-1', handler, rangeOf(0x100))
  return standardCodec(name, handler, encoding)
}

/** The table of a single-byte encoding. */
interface Table {
  /** The character of each byte; undefined if the byte is not assigned. */
  readonly characters: readonly (string | undefined)[]
  readonly bytes: ReadonlyMap<string, number>
}

function rangeOf(size: number): Table {
  return tableOf(Array.from({ length: 256 }, (_, byte) => (byte < size ? String.fromCharCode(byte) : undefined)))
}

function tableOf(characters: readonly (string | undefined)[]): Table {
  const bytes = new Map<string, number>()
  for (const [byte, character] of characters.entries()) if (character !== undefined) bytes.set(character, byte)
  return { characters, bytes }
}

/**
 * Matches a lone surrogate: with the flag `u` a surrogate pair is one character.
 */
const ASCII = /^[\0-\x7f]*$/
const SURROGATE = /[\ud800-\udfff]/gu

function utf8(errors: ErrorHandler): Codec {
  const decode = (bytes: Buffer): string => {
    if (isUtf8(bytes) || errors === 'replace') return bytes.toString('utf8')
    return handleEscaped(decodeUtf8(bytes), errors, 'utf-8')
  }
  return {
    unit: 1,
    decode(bytes, final) {
      const used = final ? bytes.length : bytes.length - incompleteUtf8(bytes)
      return { text: decode(used === bytes.length ? bytes : bytes.subarray(0, used)), used }
    },
    encode(text) {
      if (text.isWellFormed()) return Buffer.from(text)
      if (errors !== 'surrogateescape')
        return Buffer.from(mapSurrogates(text, (code) => encodeMissing(String.fromCharCode(code), errors, 'utf-8')))
      const bytes = encodeUtf8(text)
      if (typeof bytes === 'number') throw unencodable(text.charAt(bytes), 'utf-8')
      return bytes
    },
  }
}

/** Returns the number of bytes at the end that are an incomplete, but so far valid, UTF-8 character. */
function incompleteUtf8(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const lead = bytes[bytes.length - length] as number
    if (lead >= 0xc0) return isIncomplete(bytes.subarray(bytes.length - length)) ? length : 0
    if (lead < 0x80) return 0
  }
  return 0
}

/**
 * Reports whether bytes can complete the character: it is valid when filled up with the lowest or the highest
 * continuation byte.
 */
function isIncomplete(start: Buffer): boolean {
  const lead = start[0] as number
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  if (start.length >= length) return false
  return [0x80, 0xbf].some((byte) => isUtf8(Buffer.concat([start, Buffer.alloc(length - start.length, byte)])))
}

/** Applies the error handler to the lone surrogates that represent undecodable bytes. */
function handleEscaped(text: string, errors: ErrorHandler, encoding: string): string {
  if (errors === 'surrogateescape') return text
  return mapSurrogates(text, (code) => {
    const byte = code - 0xdc00
    if (errors === 'strict') throw undecodable(byte, encoding)
    if (errors === 'backslashreplace') return `\\x${byte.toString(16)}`
    return errors === 'replace' ? '\ufffd' : ''
  })
}

/** Replaces each lone surrogate. The callback of `String.replace` takes a hundred times the memory of a character. */
function mapSurrogates(text: string, replacement: (code: number) => string): string {
  const result = new TextBuilder(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) ?? 0
    if (code >= 0xd800 && code <= 0xdfff) result.addText(replacement(code))
    else result.addCodePoint(code)
    if (code > 0xffff) at += 1
  }
  return result.toString()
}

/** Returns the replacement of a character that the encoding lacks. */
function encodeMissing(character: string, errors: ErrorHandler, encoding: string): string {
  if (errors === 'ignore') return ''
  if (errors === 'replace') return '?'
  if (errors === 'backslashreplace') return escapeSequence(character.codePointAt(0) ?? 0)
  throw unencodable(character, encoding)
}

function escapeSequence(code: number): string {
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`
  return code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`
}

function singleByte(encoding: string, errors: ErrorHandler, table: Table): Codec {
  /** Adds the bytes of text, as UTF-16 units, so that one builder serves bytes and text. */
  const addEncoded = (result: TextBuilder, text: string): void => {
    for (const character of text) {
      const byte = table.bytes.get(character)
      const code = character.charCodeAt(0)
      if (byte !== undefined) result.add(byte)
      else if (errors === 'surrogateescape' && code >= 0xdc80 && code <= 0xdcff) result.add(code - 0xdc00)
      else addEncoded(result, encodeMissing(character, errors, encoding))
    }
  }
  return {
    unit: 1,
    decode(bytes) {
      if (isAscii(bytes)) return { text: bytes.toString('latin1'), used: bytes.length }
      const text = new TextBuilder(bytes.length)
      for (const byte of bytes) text.add(table.characters[byte]?.charCodeAt(0) ?? 0xdc00 + byte)
      return { text: handleEscaped(text.toString(), errors, encoding), used: bytes.length }
    },
    encode(text) {
      if (ASCII.test(text)) return Buffer.from(text, 'latin1')
      const result = new TextBuilder(text.length)
      addEncoded(result, text)
      return Buffer.from(result.toString(), 'latin1')
    },
  }
}

const NONE = 'is no encoding that is known here'

function standardCodec(name: string, errors: ErrorHandler, given: string): Codec {
  const decoder = newDecoder(name, false, given)
  const { encoding } = decoder
  // Not supported: iso-2022-jp has state between calls, "replacement" decodes nothing, and the standard's "utf-16"
  // ignores the byte order mark that Python's evaluates.
  if (['iso-2022-jp', 'replacement'].includes(encoding) || name === 'utf-16') throw badValue('encoding', NONE, given)
  if (/^(ibm866|iso-8859-|koi8-|macintosh|windows-\d|x-mac-)/.test(encoding)) {
    return singleByte(encoding, errors, standardTable(name, given))
  }
  if (errors !== 'strict' && errors !== 'replace') {
    throw badValue('errors', `must be strict or replace for the encoding ${encoding}`, errors)
  }
  return multiByte(encoding, errors === 'strict', given)
}

function newDecoder(name: string, fatal: boolean, given: string): TextDecoder {
  try {
    return new TextDecoder(name, { fatal, ignoreBOM: true })
  } catch {
    throw badValue('encoding', NONE, given)
  }
}

function standardTable(name: string, given: string): Table {
  const decoder = newDecoder(name, false, given)
  const characters = Array.from({ length: 256 }, (_, byte) => decoder.decode(Uint8Array.of(byte)))
  return tableOf(characters.map((character) => (character === '\ufffd' ? undefined : character)))
}

/** Codecs of multi-byte encodings: all can be read, and UTF-16 can also be written. */
function multiByte(encoding: string, fatal: boolean, given: string): Codec {
  const decode = (bytes: Buffer, stream: boolean): string => {
    try {
      return newDecoder(encoding, fatal, given).decode(bytes, { stream })
    } catch (error) {
      if (error instanceof TypeError) throw undecodable(undefined, encoding)
      throw error
    }
  }
  return {
    unit: encoding.startsWith('utf-16') ? 2 : 1,
    decode(bytes, final) {
      const text = decode(bytes, !final)
      return { text, used: final ? bytes.length : bytes.length - pendingBytes(bytes, text, decode) }
    },
    encode: (text) => encodeUtf16(text, encoding),
  }
}

/** Returns the number of bytes at the end that a streaming decoder keeps: without them the text is the same. */
function pendingBytes(bytes: Buffer, text: string, decode: (bytes: Buffer, stream: boolean) => string): number {
  for (let held = 0; held < Math.min(4, bytes.length); held++) {
    try {
      if (decode(bytes.subarray(0, bytes.length - held), false) === text) return held
    } catch {
      // The cut is within a character.
    }
  }
  return bytes.length
}

function encodeUtf16(text: string, encoding: string): Buffer {
  if (!encoding.startsWith('utf-16')) throw badValue('encoding', 'can be read here but not written', encoding)
  if (!text.isWellFormed()) throw unencodable(text.match(SURROGATE)?.[0] ?? '', encoding)
  const bytes = Buffer.from(text, 'utf16le')
  return encoding === 'utf-16be' ? bytes.swap16() : bytes
}

function errorWithCode(message: string, code: string): RangeError {
  return Object.assign(new RangeError(message), { code })
}

function undecodable(byte: number | undefined, encoding: string): RangeError {
  const what = byte === undefined ? 'what was read' : `the byte 0x${byte.toString(16)}`
  return errorWithCode(`${what} cannot be decoded as ${encoding}`, 'ERR_ENCODING_INVALID_ENCODED_DATA')
}

function unencodable(character: string, encoding: string): RangeError {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return errorWithCode(`the character U+${code} cannot be encoded as ${encoding}`, 'ERR_INVALID_ARG_VALUE')
}
