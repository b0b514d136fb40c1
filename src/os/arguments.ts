import { badValue, outOfRange, wrongType } from '../errors.ts'
import { constants } from '../libc/facts.ts'
import type { CString, Int64 } from '../libc/functions.ts'
import { terminated } from '../libc/strings.ts'
import { encoded, type FileName, fileName } from './names.ts'

export { byteLength, plainView } from '../libc/strings.ts'
export { view } from './views.ts'

/** A descriptor: its number, or what has one in `fd` (Node's FileHandle and streams) or gives one by `fileno()`. */
export type Descriptor = number | { readonly fd: number } | { fileno(): number }

/** The default of every trailing options object: one object, so that "nothing given" is one comparison. */
export const NO_OPTIONS: Readonly<Record<string, never>> = Object.freeze({})

const INT32_MIN = -0x8000_0000
const INT32_MAX = 0x7fff_ffff
const UINT32_MAX = 0xffff_ffff
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

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

function isDescriptorObject(value: unknown): value is { fd?: unknown; fileno?: unknown } {
  return typeof value === 'object' && value !== null && ('fd' in value || 'fileno' in value)
}

/** A descriptor's number. Whether it is open is the system's to say (EBADF). */
export function descriptor(value: unknown, name: string): number {
  if (typeof value === 'number') return int(value, name)
  if (isDescriptorObject(value)) {
    const number: unknown = typeof value.fileno === 'function' ? value.fileno() : value.fd
    if (typeof number === 'number') return int(number, name)
  }
  throw wrongType(name, 'a descriptor: a number, or an object with a numeric "fd" or a "fileno" method', value)
}

/** The same, where -1 is refused before the system is asked, as CPython does for these calls. */
export function openDescriptor(value: unknown, name: string): number {
  const fd = descriptor(value, name)
  if (fd < 0) throw outOfRange(name, 'a descriptor >= 0', value)
  return fd
}

/** The directory that a relative path starts from: `dir_fd`, or the current directory. */
export function dirFd(value: unknown, name = 'dir_fd'): number {
  return value === undefined || value === null ? constants.AT_FDCWD : descriptor(value, name)
}

/** An integer of C's `int`, or of the bounds given. */
export function int(value: unknown, name: string, min: number = INT32_MIN, max: number = INT32_MAX): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  if (typeof value !== 'number') throw wrongType(name, 'an integer', value)
  throw outOfRange(name, `an integer >= ${min} and <= ${max}`, value)
}

/** A user or group id; -1 means "leave as it is" to C. */
export function id(value: unknown, name: string): number {
  return int(value, name, -1, UINT32_MAX)
}

/** A signed 64-bit integer, such as an offset: a number only where it is exact. */
export function int64(value: unknown, name: string, min?: bigint, max?: bigint): Int64 {
  // Apart from the rest, because comparing a number with a bigint takes longer than a system call should have to wait.
  if (typeof value === 'number' && Number.isSafeInteger(value) && min === undefined) return value
  return boundedInt64(value, name, min ?? INT64_MIN, max ?? INT64_MAX)
}

function boundedInt64(value: unknown, name: string, min: bigint, max: bigint): Int64 {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  if (typeof value === 'bigint' && value >= min && value <= max) return value
  if (typeof value !== 'number' && typeof value !== 'bigint') throw wrongType(name, 'an integer', value)
  throw outOfRange(name, `an integer >= ${min} and <= ${max}, exact (beyond 2^53 a bigint)`, value)
}

/** An unsigned 64-bit integer, such as a device number. */
export function uint64(value: unknown, name: string): Int64 {
  return int64(value, name, 0n, UINT64_MAX)
}

/** Flags of C's `unsigned int`. JavaScript's `|` makes a negative number of those that have the highest bit. */
export function uintFlags(value: unknown, name: string): number {
  return int(value, name, INT32_MIN, UINT32_MAX) >>> 0
}

/** How much a call is to transfer: any count of bytes that a `size_t` holds. */
export function byteCount(value: unknown, name: string): Int64 {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return boundedInt64(value, name, 0n, INT64_MAX)
}

/** A truth value, and nothing that merely resembles one. */
export function bool(value: unknown, name: string, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  if (typeof value === 'boolean') return value
  throw wrongType(name, 'a boolean', value)
}

/** Refuses an options object that is none, or that names an option which does not exist. */
export function checkOptions(options: unknown, allowed: readonly string[]): void {
  if (options === NO_OPTIONS) return
  if (!isOptions(options)) throw wrongType('options', 'a plain object', options)
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) throw wrongType('options', `an object of ${allowed.join(', ')}`, options)
  }
}

/**
 * The optional arguments of a call, by name. Python lets a caller give them by position or by name; here those after
 * the required ones come by position, the rest in one trailing object, and no argument twice.
 *
 * @param positional the parameters that may come by position, in order
 * @param named those that come by name only
 * @param given what the caller gave after the required arguments
 */
export function optional<P extends string, N extends string = never>(
  positional: readonly P[],
  named: readonly N[],
  given: readonly unknown[],
): Partial<Record<P | N, unknown>> {
  const last = given.at(-1)
  const options = isOptions(last) ? last : undefined
  const inOrder = options === undefined ? given : given.slice(0, -1)
  if (inOrder.length > positional.length) {
    const extra = inOrder[positional.length]
    if (extra !== undefined) throw wrongType('options', 'a plain object', extra)
  }
  if (options !== undefined) checkOptions(options, [...positional, ...named])
  const result = { ...options } as Partial<Record<P | N, unknown>>
  for (const [index, name] of positional.entries()) {
    const value = inOrder[index]
    if (value === undefined) continue
    if (result[name] !== undefined) throw wrongType(name, 'given once, by position or by name', value)
    result[name] = value
  }
  return result
}

/** A plain object, as options are: paths, buffers and descriptors that happen to be objects are not. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // Another realm (node:vm, and so a REPL) has an Object.prototype of its own, which has no prototype either.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return isPlain && !isDescriptorObject(value) && !('__fspath__' in value)
}
