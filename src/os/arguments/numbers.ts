import { outOfRange, wrongType } from '../../errors.ts'
import type { Int64 } from '../../libc/functions.ts'

const INT32_MIN = -0x8000_0000
const INT32_MAX = 0x7fff_ffff
const UINT32_MAX = 0xffff_ffff
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

/** Checks an integer in the range of C's `int`, or within the given bounds. */
export function int(value: unknown, name: string, min: number = INT32_MIN, max: number = INT32_MAX): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  if (typeof value !== 'number') throw wrongType(name, 'an integer', value)
  throw outOfRange(name, `an integer >= ${min} and <= ${max}`, value)
}

/** Checks a user or group id; -1 means "unchanged" for C. */
export function id(value: unknown, name: string): number {
  return int(value, name, -1, UINT32_MAX)
}

/** Checks a signed 64-bit integer, such as an offset; a number must be exact. */
export function int64(value: unknown, name: string, min?: bigint, max?: bigint): Int64 {
  // A separate path, because comparing a number with a bigint is slow.
  if (typeof value === 'number' && Number.isSafeInteger(value) && min === undefined) return value
  return boundedInt64(value, name, min ?? INT64_MIN, max ?? INT64_MAX)
}

function boundedInt64(value: unknown, name: string, min: bigint, max: bigint): Int64 {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  if (typeof value === 'bigint' && value >= min && value <= max) return value
  if (typeof value !== 'number' && typeof value !== 'bigint') throw wrongType(name, 'an integer', value)
  throw outOfRange(name, `an integer >= ${min} and <= ${max}, exact (beyond 2^53 a bigint)`, value)
}

/** Checks an unsigned 64-bit integer, such as a device number. */
export function uint64(value: unknown, name: string): Int64 {
  return int64(value, name, 0n, UINT64_MAX)
}

/** Checks flags of the type `unsigned int`. JavaScript's `|` returns a negative number if the highest bit is set. */
export function uintFlags(value: unknown, name: string): number {
  return int(value, name, INT32_MIN, UINT32_MAX) >>> 0
}

/** Checks a number of bytes to transfer, in the range of `size_t`. */
export function byteCount(value: unknown, name: string): Int64 {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return boundedInt64(value, name, 0n, INT64_MAX)
}

/** Checks a boolean; truthy and falsy values of other types are rejected. */
export function bool(value: unknown, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw wrongType(name, 'a boolean', value)
}
