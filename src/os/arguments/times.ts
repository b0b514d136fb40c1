import { outOfRange, wrongType } from '../../errors.ts'
import { int64 } from './numbers.ts'

/** Checks and conversions of times. */

/** Whole seconds, and nanoseconds from 0 to 999 999 999. */
export type Timespec = readonly [seconds: bigint, nanoseconds: bigint]

/** Converts seconds to whole seconds and nanoseconds, rounded down. */
export function splitSeconds(time: unknown, name: string): Timespec {
  if (typeof time === 'bigint') return [BigInt(int64(time, name)), 0n]
  if (typeof time !== 'number') throw wrongType(name, 'a number or bigint', time)
  const whole = Math.trunc(time)
  if (!(Math.abs(whole) < 2 ** 63)) throw outOfRange(name, 'a finite time of 64 bits', time)
  // The same operations as in CPython, so that the same float results in the same nanosecond: rounded down, and never
  // up to the next second.
  const nanoseconds = Math.floor((time - whole) * 1e9)
  return nanoseconds < 0 ? [BigInt(whole - 1), BigInt(nanoseconds + 1e9)] : [BigInt(whole), BigInt(nanoseconds)]
}

/** Converts nanoseconds to whole seconds and nanoseconds. */
export function splitNanoseconds(time: unknown, name: string): Timespec {
  const exact = BigInt(int64(time, name, -(2n ** 93n), 2n ** 93n))
  const rest = ((exact % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return [BigInt(int64((exact - rest) / 1_000_000_000n, name)), rest]
}

/**
 * Converts a duration in seconds to nanoseconds, rounded up, so that a wait is never shorter than asked for.
 *
 * @throws RangeError for NaN, and beyond 64 bits of nanoseconds, which are 292 years
 */
export function nanosecondsUp(seconds: unknown, name: string): bigint {
  if (typeof seconds === 'bigint') return BigInt(int64(seconds * 1_000_000_000n, name))
  if (typeof seconds !== 'number') throw wrongType(name, 'a number or bigint', seconds)
  const nanoseconds = Math.ceil(seconds * 1e9)
  if (Math.abs(nanoseconds) < 2 ** 63) return BigInt(nanoseconds)
  throw outOfRange(name, 'a time that 64 bits of nanoseconds hold', seconds)
}

/** Rounds seconds down to whole ones, in the range of 64 bits. */
export function wholeSecondsOf(secs: unknown, name: string): bigint {
  if (typeof secs !== 'number' && typeof secs !== 'bigint') throw wrongType(name, 'a number or bigint', secs)
  return BigInt(int64(typeof secs === 'number' && Number.isFinite(secs) ? BigInt(Math.floor(secs)) : secs, name))
}
