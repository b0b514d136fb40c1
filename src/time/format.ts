import { outOfRange, wrongType } from '../errors.ts'
import { copyFromBun } from '../libc/bun_environment.ts'
import { structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf, SCRATCH_SIZE, scratch, scratchAddress } from '../libc/memory.ts'
import { decode } from '../libc/strings.ts'
import { breakDown, checkTime, fieldAt, putTime, type TimeTuple, tmAddress } from './calendar.ts'

/** Times as text. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

const { tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday } = structs.tm.offsets

/** The structure in scratch memory as text, in English. */
function written(): string {
  const [day, month] = [DAYS[fieldAt(tm_wday)], MONTHS[fieldAt(tm_mon)]]
  const date = String(fieldAt(tm_mday)).padStart(2)
  const clock = [tm_hour, tm_min, tm_sec].map((field) => String(fieldAt(field)).padStart(2, '0')).join(':')
  return `${day} ${month} ${date} ${clock} ${1900 + fieldAt(tm_year)}`
}

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
  breakDown(secs)
  return written()
}

/** Writes a broken-down time, checked, to scratch memory; the current local time for null and undefined. */
function putChecked(t: TimeTuple | null | undefined): void {
  if (t === null || t === undefined) breakDown(null)
  else {
    putTime(t)
    checkTime()
  }
}

/**
 * Formats a broken-down time as text, in English, as `ctime` does.
 *
 * @param t the broken-down time; the current local time by default, and for null
 * @returns the text, without a newline
 * @throws RangeError for a field out of its range
 *
 * Availability: Linux. See asctime(3); Python, time.asctime.
 * @example
 * ```ts
 * time.asctime(time.gmtime(1_000_000_000)) // => 'Sun Sep  9 01:46:40 2001'
 * ```
 */
export function asctime(t: TimeTuple | null = null): string {
  putChecked(t)
  return written()
}

/** Where the text goes in scratch memory: behind the seconds and the structure. */
const TEXT = 1024
/** The longest text of one part of a format: a width in a directive (`%9999d`) may ask for any length. */
const LONGEST = 2 ** 24

// Only ASCII is passed to C: what it does with other characters depends on its locale.
const PARTS = /[\x01-\x7f]+|[^\x01-\x7f]+/g

/**
 * strftime(3): formats a broken-down time by a format. The directives are those of the C library, in its locale, which
 * is English in Node.
 *
 * @param format the format: `%Y-%m-%d %H:%M:%S`. All other characters are copied, lone surrogates and NUL too
 * @param t the broken-down time; the current local time by default, and for null
 * @returns the text
 * @throws RangeError for a field out of its range, and for a text of more than 16 MiB
 *
 * Availability: Linux. See strftime(3); Python, time.strftime.
 * @example
 * ```ts
 * time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(1_000_000_000)) // => '2001-09-09T01:46:40Z'
 * time.strftime('%d.%m. – %a', time.gmtime(0)) // => '01.01. – Thu'
 * ```
 */
export function strftime(format: string, t: TimeTuple | null = null): string {
  if (typeof format !== 'string') throw wrongType('format', 'a string', format)
  putChecked(t)
  copyFromBun()
  return format.replace(PARTS, (part) => (part.charCodeAt(0) > 0x7f || part.startsWith('\0') ? part : formatted(part)))
}

function formatted(format: string): string {
  // strftime(3) returns 0 for a text that is too long, and for an empty one: with the first character it has none.
  const whole = `.${format}`
  const used = libc.strftime(scratchAddress + TEXT, SCRATCH_SIZE - TEXT, whole, tmAddress)
  if (used > 0) return decode(scratch, TEXT + 1, TEXT + used)
  for (let size = 2 * SCRATCH_SIZE; size <= LONGEST; size *= 4) {
    const memory = Buffer.allocUnsafeSlow(size)
    const length = libc.strftime(addressOf(memory), size, whole, tmAddress)
    if (length > 0) return decode(memory, 1, length)
  }
  throw outOfRange('format', 'a format of a text of at most 16 MiB', format)
}
