import { fileURLToPath } from 'node:url'
import { isUint8Array } from 'node:util/types'
import { badValue, wrongType } from '../../errors.ts'
import type { CString } from '../../libc/functions.ts'
import { ownBytes } from '../../libc/own_bytes.ts'
import { asBuffer, decode, encode, plainView, terminated } from '../../libc/strings.ts'
import { rejectDetached } from './buffers.ts'
import { descriptor, isDescriptorObject } from './descriptors.ts'

/** A file name as bytes, as in POSIX, or as text decoded from them. */
export type FileName = string | Uint8Array

/** A path argument. For bytes, functions return bytes; a `file:` URL counts as text. */
export type Path = string | Uint8Array | URL | PathLike

/** A path for which functions return text. */
export type TextPath = string | URL | PathLike<string>

/** A path for which functions return bytes. */
export type BytesPath = Uint8Array | PathLike<Uint8Array>

/**
 * An object that represents a path in the file system: any object with a method `__fspath__()`.
 *
 * `value instanceof PathLike` checks for the method, not for the prototype chain. A DirEntry is a PathLike.
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
export abstract class PathLike<T extends FileName = FileName> {
  /** Returns the path as text or bytes. */
  abstract __fspath__(): T

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof (value as Partial<PathLike> | null | undefined)?.__fspath__ === 'function'
  }
}

/**
 * Returns the file-system representation of a path: text and bytes unchanged, the result of `__fspath__()`, or the path
 * of a `file:` URL.
 *
 * @param path the path
 * @returns text or bytes
 * @throws TypeError for anything else, and if `__fspath__()` returns something else
 *
 * Availability: everywhere. See Python, os.fspath.
 * @example
 * ```ts
 * os.fspath(new URL('file:///etc/motd')) // => '/etc/motd'
 * os.fspath('name') // => 'name'
 * ```
 */
export function fspath(path: TextPath): string
export function fspath<T extends FileName>(path: T | PathLike<T>): T
export function fspath(path: Path): FileName
export function fspath(path: Path): FileName {
  return fileName(path, 'path')
}

/** `fspath` of the argument `name`. */
export function fileName(path: unknown, name: string): FileName {
  if (typeof path === 'string') return path
  if (isUint8Array(path)) return rejectDetached(path, name)
  if (path instanceof URL) return fromFileUrl(path)
  if (path instanceof PathLike) {
    const answer: unknown = path.__fspath__()
    if (typeof answer === 'string') return answer
    if (isUint8Array(answer)) return rejectDetached(answer, name)
    throw wrongType(`${name}.__fspath__()`, 'text or bytes', answer)
  }
  throw wrongType(name, 'a string, a Uint8Array, a file: URL or a PathLike', path)
}

function fromFileUrl(url: URL): string {
  try {
    // Called for its checks: it throws for other schemes and hosts. Its result is not used, because it does not support
    // escapes that are not UTF-8: Node throws, and Bun returns undefined.
    fileURLToPath(url)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
  }
  // A path may contain any byte.
  const unescaped = url.pathname.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return decode(Buffer.from(unescaped, 'latin1'))
}

/**
 * Encodes a file name to bytes: UTF-8, with the lone surrogates U+DC80..U+DCFF that `fsdecode` generates converted back
 * to the bytes 0x80..0xFF. Bytes are returned unchanged (the same memory).
 *
 * @param filename text, bytes, URL or PathLike
 * @returns a Buffer
 * @throws TypeError for anything else; RangeError for a lone surrogate that does not represent a byte
 *
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

/** `fsencode` of a value that is known to be text or bytes. */
export function encoded(filename: FileName, name: string): Buffer {
  if (typeof filename !== 'string') return asBuffer(filename)
  const result = encode(filename)
  if (typeof result !== 'number') return result
  throw badValue(name, `has a lone surrogate at index ${result}, which no byte decodes to`, filename)
}

/**
 * Decodes a file name to text: UTF-8, with each byte that is not UTF-8 converted to a lone surrogate U+DC80..U+DCFF
 * ("surrogateescape"), so that `fsencode` restores the same bytes. Text is returned unchanged.
 *
 * @param filename text, bytes, URL or PathLike
 * @returns text, possibly with lone surrogates (`text.isWellFormed()` reports that)
 * @throws TypeError for anything else
 *
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

/** Converts a path for C. A NUL inside would silently truncate the path, so it is rejected. */
export function cString(path: FileName, name: string): CString {
  // The uncommon cases are in another function, so that V8 inlines this one.
  if (typeof path === 'string' && path.isWellFormed() && !path.includes('\0')) return path
  return uncommonCString(path, name)
}

function uncommonCString(path: FileName, name: string): CString {
  if (typeof path === 'string') {
    if (path.includes('\0')) throw badValue(name, 'must not contain a NUL', path)
    return terminated(encoded(path, name))
  }
  // The NUL is searched in the copy: other threads cannot change it, and its methods are not overridden.
  const bytes = terminated(path)
  if (bytes.indexOf(0) < bytes.length - 1) throw badValue(name, 'must not contain a NUL', path)
  return bytes
}

/**
 * Returns what an audit hook gets for a path or a descriptor: bytes as a copy of those that the call uses, so that
 * neither a hook nor another thread can change one of them alone.
 *
 * @param name the same path, converted for C
 */
export function auditedPath(file: FileName | number, name: CString): FileName | number {
  return typeof file === 'object' ? ownBytes(name as Uint8Array, 0, name.length - 1) : file
}

/** `fileName`, with bytes copied: for values that are used after an audit hook or other code of the caller has run. */
export function ownFileName(path: unknown, name: string): FileName {
  return ownCopy(fileName(path, name))
}

/** Copies bytes; text and descriptors are returned unchanged. */
export function ownCopy<T extends FileName | number>(file: T): T {
  return typeof file === 'object' ? (ownBytes(plainView(file)) as Uint8Array as T) : file
}

/** Converts a path, or the descriptor of an open file, which is accepted in its place. */
export function fileNameOrFd(value: unknown, name: string): FileName | number {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || isDescriptorObject(value)) return descriptor(value, name)
  return fileName(value, name)
}
