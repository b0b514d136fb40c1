import { fileURLToPath } from 'node:url'
import { isUint8Array } from 'node:util/types'
import { badValue, wrongType } from '../../errors.ts'
import type { CString } from '../../libc/functions.ts'
import { asBuffer, decode, encode, terminated } from '../../libc/strings.ts'
import { attached } from './buffers.ts'
import { descriptor, isDescriptorObject } from './descriptors.ts'

/** A file name as POSIX has it (bytes) or as text decoded from it. */
export type FileName = string | Uint8Array

/** What every function takes as a path. Bytes in, bytes out; a `file:` URL counts as text. */
export type Path = string | Uint8Array | URL | PathLike

/**
 * An object that stands for a path in the file system: anything with a method `__fspath__()`.
 *
 * `value instanceof PathLike` asks for the method, not for the ancestry. A DirEntry is one.
 *
 * @see Python, os, PathLike
 * @example
 * ```ts
 * class Report extends os.PathLike {
 *   override __fspath__(): string {
 *     return '/etc/hostname'
 *   }
 * }
 * os.fspath(new Report()) // => '/etc/hostname'
 * new Report() instanceof os.PathLike // => true
 * ```
 */
export abstract class PathLike {
  /** The path as text or bytes. */
  abstract __fspath__(): FileName

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof (value as Partial<PathLike> | null | undefined)?.__fspath__ === 'function'
  }
}

/**
 * The file-system representation of a path: text and bytes unchanged, a PathLike's own answer, a `file:` URL's path.
 *
 * @param path the path
 * @returns text or bytes
 * @throws TypeError for anything else, and if `__fspath__()` gives something else
 * Availability: everywhere. See Python, os.fspath.
 * @example
 * ```ts
 * os.fspath(new URL('file:///etc/motd')) // => '/etc/motd'
 * os.fspath('name') // => 'name'
 * ```
 */
export function fspath(path: string | URL): string
export function fspath<T extends FileName>(path: T): T
export function fspath(path: Path): FileName
export function fspath(path: Path): FileName {
  return fileName(path, 'path')
}

/** `fspath` of the argument called `name`. */
export function fileName(path: unknown, name: string): FileName {
  if (typeof path === 'string') return path
  if (isUint8Array(path)) return attached(path, name)
  if (path instanceof URL) return fromFileUrl(path)
  if (path instanceof PathLike) {
    const answer: unknown = path.__fspath__()
    if (typeof answer === 'string') return answer
    if (isUint8Array(answer)) return attached(answer, name)
    throw wrongType(`${name}.__fspath__()`, 'text or bytes', answer)
  }
  throw wrongType(name, 'a string, a Uint8Array, a file: URL or a PathLike', path)
}

function fromFileUrl(url: URL): string {
  try {
    // Refuses URLs of other hosts and kinds. What it makes of escapes that are not UTF-8 is of no use: an error in Node,
    // no text at all in Bun.
    fileURLToPath(url)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
  }
  // A path may hold any byte.
  const unescaped = url.pathname.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return decode(Buffer.from(unescaped, 'latin1'))
}

/**
 * Encodes a file name to bytes: UTF-8, with the lone surrogates U+DC80..U+DCFF that `fsdecode` made turned back into
 * the bytes 0x80..0xFF they stand for. Bytes are returned as they are (the same memory).
 *
 * @param filename text, bytes, URL or PathLike
 * @returns a Buffer
 * @throws TypeError for anything else; RangeError for a lone surrogate that stands for no byte
 * Availability: everywhere. See Python, os.fsencode; PEP 383.
 * @example
 * ```ts
 * os.fsencode('caf\u00e9') // => Buffer.from([0x63, 0x61, 0x66, 0xc3, 0xa9])
 * os.fsencode('caf\udce9') // => Buffer.from([0x63, 0x61, 0x66, 0xe9])
 * ```
 */
export function fsencode(filename: Path): Buffer {
  return encoded(fileName(filename, 'filename'), 'filename')
}

/** `fsencode` of what is text or bytes already. */
export function encoded(filename: FileName, name: string): Buffer {
  if (typeof filename !== 'string') return asBuffer(filename)
  const result = encode(filename)
  if (typeof result !== 'number') return result
  throw badValue(name, `has a lone surrogate at index ${result}, which no byte decodes to`, filename)
}

/**
 * Decodes a file name to text: UTF-8, with each byte that is not UTF-8 turned into a lone surrogate U+DC80..U+DCFF
 * ("surrogateescape"), so that `fsencode` gives the same bytes back. Text is returned as it is.
 *
 * @param filename text, bytes, URL or PathLike
 * @returns text, possibly with lone surrogates (`text.isWellFormed()` tells)
 * @throws TypeError for anything else
 * Availability: everywhere. See Python, os.fsdecode; PEP 383.
 * @example
 * ```ts
 * const name = os.fsdecode(Buffer.from([0x63, 0x61, 0x66, 0xe9])) // not UTF-8
 * name // => 'caf\udce9'
 * os.fsencode(name) // => Buffer.from([0x63, 0x61, 0x66, 0xe9])
 * ```
 */
export function fsdecode(filename: Path): string {
  const name = fileName(filename, 'filename')
  return typeof name === 'string' ? name : decode(name)
}

/** The argument as C takes it: a NUL inside would silently end the path there, so it is refused. */
export function cString(path: FileName, name: string): CString {
  // In two functions, so that V8 inlines the one that every call goes through.
  if (typeof path === 'string' && path.isWellFormed() && !path.includes('\0')) return path
  return uncommonCString(path, name)
}

function uncommonCString(path: FileName, name: string): CString {
  if (typeof path === 'string') {
    if (path.includes('\0')) throw badValue(name, 'must not contain a NUL', path)
    return terminated(encoded(path, name))
  }
  // Looked for in the copy: nobody else can change it, and no method of it is the caller's.
  const bytes = terminated(path)
  if (bytes.indexOf(0) < bytes.length - 1) throw badValue(name, 'must not contain a NUL', path)
  return bytes
}

/** A path, or the descriptor of an open file in its place. */
export function fileNameOrFd(value: unknown, name: string): FileName | number {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || isDescriptorObject(value)) return descriptor(value, name)
  return fileName(value, name)
}
