import { outOfRange, wrongType } from '../../errors.ts'
import type { Int64 } from '../../libc/functions.ts'

const INT32_MIN = -0x8000_0000
const INT32_MAX = 0x7fff_ffff
const UINT32_MAX = 0xffff_ffff
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

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
