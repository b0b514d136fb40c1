import { wrongType } from './errors.ts'
import { copyFromBun } from './libc/bun_environment.ts'
import { lastErrno, osError } from './libc/call.ts'
import { constants, sizes, structs } from './libc/facts.ts'
import { libc } from './libc/functions.ts'
import { int32At, putBigInt64, scratchAddress } from './libc/memory.ts'
import { int64 } from './os/arguments/numbers.ts'

/** The part of Python's `time` module that `os` needs: the clocks of timers, and `ctime`. */

const C = constants

/** The time of day, which may be set. */
export const CLOCK_REALTIME: number = C.CLOCK_REALTIME
/** The time since an unspecified moment in the past. It cannot be set, and stops while the system is suspended. */
export const CLOCK_MONOTONIC: number = C.CLOCK_MONOTONIC
/** CLOCK_MONOTONIC of the hardware, without NTP corrections. Availability: Linux 2.6.28, macOS. */
export const CLOCK_MONOTONIC_RAW: number = C.CLOCK_MONOTONIC_RAW
/** CLOCK_MONOTONIC that continues while the system is suspended. Availability: Linux 2.6.39. */
export const CLOCK_BOOTTIME: number = C.CLOCK_BOOTTIME
/** International Atomic Time: the time of day without leap seconds. Availability: Linux 3.10. */
export const CLOCK_TAI: number = C.CLOCK_TAI
/** The CPU time of this process. */
export const CLOCK_PROCESS_CPUTIME_ID: number = C.CLOCK_PROCESS_CPUTIME_ID
/** The CPU time of this thread. */
export const CLOCK_THREAD_CPUTIME_ID: number = C.CLOCK_THREAD_CPUTIME_ID
/** A clock of high resolution. Availability: Solaris. */
export const CLOCK_HIGHRES: number | undefined = undefined
/** The CPU time of this process. Availability: BSD. */
export const CLOCK_PROF: number | undefined = undefined
/** The time since boot, without suspended time. Availability: BSD. */
export const CLOCK_UPTIME: number | undefined = undefined
/** The time since boot, without suspended time and without corrections. Availability: macOS. */
export const CLOCK_UPTIME_RAW: number | undefined = undefined
/** CLOCK_UPTIME_RAW, with a faster, less exact read. Availability: macOS. */
export const CLOCK_UPTIME_RAW_APPROX: number | undefined = undefined
/** CLOCK_MONOTONIC_RAW, with a faster, less exact read. Availability: macOS. */
export const CLOCK_MONOTONIC_RAW_APPROX: number | undefined = undefined

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const { tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday } = structs.tm.offsets

/**
 * localtime_r(3): formats a time as text in the local time zone, in English: 'Sun Jun 9 04:26:40 1993'. The day is
 * padded with a space, so that the text has 24 characters for years of four digits.
 *
 * It uses the C library instead of Date, because that supports all forms of `TZ` in POSIX, and years that Date does
 * not.
 *
 * @param secs seconds since 1970, such as `st_mtime`, rounded down; the current time by default, and for null
 * @returns the text, without a newline
 * @throws TypeError for a value that is not a number; RangeError for a time outside 64 bits; OSError EOVERFLOW if the
 *   year is too large for C
 *
 * Availability: Linux. See ctime(3); Python, time.ctime.
 * @example
 * ```ts
 * time.ctime(86_400 * 365).endsWith(' 1971') // => true
 * ```
 */
export function ctime(secs: number | bigint | null = null): string {
  const moment = wholeSeconds(secs ?? Date.now() / 1000)
  copyFromBun()
  putBigInt64(0, moment)
  const tm = sizes.time_t
  if (libc.localtime_r(scratchAddress, scratchAddress + tm) === 0) throw osError(lastErrno(), 'localtime_r')
  const [day, month] = [DAYS[int32At(tm + tm_wday)], MONTHS[int32At(tm + tm_mon)]]
  const date = String(int32At(tm + tm_mday)).padStart(2)
  const clock = [tm_hour, tm_min, tm_sec].map((field) => String(int32At(tm + field)).padStart(2, '0')).join(':')
  return `${day} ${month} ${date} ${clock} ${1900 + int32At(tm + tm_year)}`
}

/** Rounds down, as CPython does. */
function wholeSeconds(secs: number | bigint): bigint {
  if (typeof secs !== 'number' && typeof secs !== 'bigint') throw wrongType('secs', 'a number or bigint', secs)
  return BigInt(int64(typeof secs === 'number' && Number.isFinite(secs) ? BigInt(Math.floor(secs)) : secs, 'secs'))
}

export * as default from './time.ts'
