import { outOfRange } from '../errors.ts'
import { scratch } from '../libc/memory.ts'

/**
 * Makes the constructor of a result read the structure at the start of the scratch memory. Decoding there directly
 * makes `os.stat` three times as fast as decoding through an array of fields.
 */
export const FROM_SCRATCH: unique symbol = Symbol('from scratch memory')
export const NANOSECONDS = 1_000_000_000n

// The scratch memory, as constants of this module: V8's compiler inlines those, while each access through an import is
// slower (docs/performance.md).
const u16 = new Uint16Array(scratch.buffer)
const u32 = new Uint32Array(scratch.buffer)
const i64 = new BigInt64Array(scratch.buffer)
const u64 = new BigUint64Array(scratch.buffer)

export const uint16At = (offset: number): number => u16[offset >> 1] as number
export const uint32At = (offset: number): number => u32[offset >> 2] as number
export const bigInt64At = (offset: number): bigint => i64[offset >> 3] as bigint
export const bigUint64At = (offset: number): bigint => u64[offset >> 3] as bigint

/** Reads a 64-bit integer as a number; throws RangeError if a number cannot represent it exactly. */
export function uint64At(offset: number): number {
  const value = uint32At(offset + 4) * 0x1_0000_0000 + uint32At(offset)
  if (value > Number.MAX_SAFE_INTEGER) throw outOfRange('result', 'below 2^53 to be a number', bigUint64At(offset))
  return value
}

/**
 * A count, such as a size in bytes: a bigint if it is above 2^53, where a number would be rounded. Sparse files of this
 * size, and file systems that report as many inodes, exist.
 */
export type Count = number | bigint

/** Reads a count of 64 bits. */
export function countAt(offset: number): Count {
  const value = uint32At(offset + 4) * 0x1_0000_0000 + uint32At(offset)
  return value > Number.MAX_SAFE_INTEGER ? bigUint64At(offset) : value
}

/** Returns a count as a number if that is exact, and else as a bigint. */
export function exactCount(value: number | bigint): Count {
  return typeof value === 'bigint' && value > Number.MAX_SAFE_INTEGER ? value : Number(value)
}

/**
 * Reads a timespec in nanoseconds. V8 computes it in machine registers only if the result is truncated to 64 bits
 * (`BigInt.asIntN`); otherwise every operation allocates a bigint. It is truncated where that is lossless: if the
 * seconds have at most 33 bits, which holds until 2242.
 */
export function timespecAt(offset: number): bigint {
  return uint32At(offset + 4) < 2
    ? BigInt.asIntN(64, bigInt64At(offset) * NANOSECONDS + BigInt(uint32At(offset + 8)))
    : farTimespecAt(offset)
}

/**
 * The same for all times. Nanoseconds need more than 64 bits from the year 2262 on, and file systems support years up
 * to 2446, 2486 and beyond.
 */
export function farTimespecAt(offset: number): bigint {
  return bigInt64At(offset) * NANOSECONDS + BigInt(uint32At(offset + 8))
}

/**
 * Returns the device number of a major and a minor number, in the layout of Linux's C libraries: a bigint above 2^53, for a
 * major number from 2 097 152 on. Linux itself has none that need more than 32 bits.
 */
export function deviceNumber(major: number, minor: number): Count {
  const low = ((major & 0xfff) << 8) | (minor & 0xff)
  if (major < 0x1000 && minor < 0x1000) return low + ((minor & 0xf00) << 12)
  // Arithmetic, because JavaScript's shifts are limited to 32 bits.
  const device = (major >>> 12) * 2 ** 44 + (minor >>> 8) * 2 ** 20 + low
  if (Number.isSafeInteger(device)) return device
  return (BigInt(major >>> 12) << 44n) + (BigInt(minor >>> 8) << 20n) + BigInt(low)
}

/** Converts nanoseconds to seconds with a fraction, rounded as in CPython. */
export function toSeconds(nanoseconds: bigint): number {
  return wholeSeconds(nanoseconds) + 1e-9 * Number(fraction(nanoseconds))
}

/**
 * Returns the whole seconds of a time. `toSeconds` cannot be used: it rounds up to the next second if the fraction is
 * close to 1.
 */
export function wholeSeconds(nanoseconds: bigint): number {
  return Number((nanoseconds - fraction(nanoseconds)) / NANOSECONDS)
}

/** Nanoseconds since the last full second. */
function fraction(nanoseconds: bigint): bigint {
  return ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
}

/** The stored fields of a result, without those that its class computes from them. */
export type Fields<Result> = Pick<Result, Exclude<keyof Result & `st_${string}`, 'st_atime' | 'st_mtime' | 'st_ctime'>>
export type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

export function nanosecondsOf(seconds: number | bigint): bigint {
  if (typeof seconds === 'bigint') return seconds * NANOSECONDS
  const whole = Math.floor(seconds)
  return BigInt(whole) * NANOSECONDS + BigInt(Math.round((seconds - whole) * 1e9))
}
