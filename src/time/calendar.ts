import { isMainThread } from 'node:worker_threads'
import { badValue, outOfRange, wrongType } from '../errors.ts'
import { copyFromBun } from '../libc/bun_environment.ts'
import { bytesOfString } from '../libc/c_strings.ts'
import { lastErrno, osError } from '../libc/call.ts'
import { sizes, structs, target } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import {
  addressOf,
  bigInt64At,
  bigUint64At,
  int32At,
  ownMemory,
  putBigInt64,
  scratch,
  scratchAddress,
} from '../libc/memory.ts'
import { decode } from '../libc/strings.ts'
import { int } from '../os/arguments/numbers.ts'
import { encoded } from '../os/arguments/paths.ts'
import { wholeSecondsOf } from '../os/arguments/times.ts'
import { setTimeZone } from '../os/process_parameters/process_state.ts'
import { struct_time, type TimeItems } from './struct_time.ts'

/** Broken-down times, and the time zone. */

const T = structs.tm.offsets
/** Where the structure is in scratch memory: behind a `time_t`. */
const TM = sizes.time_t
export const tmAddress: number = scratchAddress + TM

/** A broken-down time: a `struct_time`, or an array of its nine items. */
export type TimeTuple = TimeItems

/** Writes the seconds of a time to the start of the scratch memory; the current time for null and undefined. */
function putSeconds(secs: number | bigint | null | undefined): void {
  putBigInt64(0, wholeSecondsOf(secs ?? Date.now() / 1000, 'secs'))
}

/** Converts seconds to the local time, in scratch memory. */
export function breakDown(secs: number | bigint | null | undefined): void {
  putSeconds(secs)
  copyFromBun()
  if (libc.localtime_r(scratchAddress, tmAddress) === 0) throw osError(lastErrno(), 'localtime_r')
}

/** A field of the structure in scratch memory, as C has it. */
export function fieldAt(offset: number): number {
  return int32At(TM + offset)
}

/** The abbreviation of the time zone of the structure in scratch memory. */
function zoneAt(): string | null {
  const zone = Number(bigUint64At(TM + T.tm_zone))
  return zone === 0 ? null : decode(bytesOfString(zone))
}

function structTime(): struct_time {
  return new struct_time([
    fieldAt(T.tm_year) + 1900,
    fieldAt(T.tm_mon) + 1,
    fieldAt(T.tm_mday),
    fieldAt(T.tm_hour),
    fieldAt(T.tm_min),
    fieldAt(T.tm_sec),
    (fieldAt(T.tm_wday) + 6) % 7,
    fieldAt(T.tm_yday) + 1,
    fieldAt(T.tm_isdst),
    zoneAt(),
    Number(bigInt64At(TM + T.tm_gmtoff)),
  ])
}

/**
 * localtime_r(3): converts a time to the local time zone.
 *
 * @param secs seconds since 1970, rounded down; the current time by default, and for null
 * @returns the broken-down time, with the abbreviation of its time zone and the offset from UTC
 * @throws RangeError for NaN, and for a time outside 64 bits; OSError EOVERFLOW if the year is too large for C
 *
 * Availability: Linux. See localtime(3); Python, time.localtime.
 * @example
 * ```ts
 * time.localtime(86_400 * 365).tm_year // => 1971
 * time.mktime(time.localtime(1_000_000_000)) // => 1_000_000_000
 * ```
 */
export function localtime(secs: number | bigint | null = null): struct_time {
  breakDown(secs)
  return structTime()
}

/**
 * gmtime_r(3): converts a time to UTC.
 *
 * @param secs seconds since 1970, rounded down; the current time by default, and for null
 * @returns the broken-down time
 * @throws RangeError for NaN, and for a time outside 64 bits; OSError EOVERFLOW if the year is too large for C
 *
 * Availability: Linux. See gmtime(3); Python, time.gmtime.
 * @example
 * ```ts
 * time.gmtime(1_000_000_000).toArray() // => [2001, 9, 9, 1, 46, 40, 6, 252, 0]
 * ```
 */
export function gmtime(secs: number | bigint | null = null): struct_time {
  putSeconds(secs)
  if (libc.gmtime_r(scratchAddress, tmAddress) === 0) throw osError(lastErrno(), 'gmtime_r')
  return structTime()
}

const FIELDS = [
  'tm_year',
  'tm_mon',
  'tm_mday',
  'tm_hour',
  'tm_min',
  'tm_sec',
  'tm_wday',
  'tm_yday',
  'tm_isdst',
] as const

/** The longest abbreviation of a time zone that is passed to C, with its NUL. */
const ZONE_SIZE = 256

const zoneMemory = ownMemory(ZONE_SIZE)
const zoneAddress = addressOf(zoneMemory)

/** Checks a broken-down time, and writes C's structure to scratch memory. */
export function putTime(t: unknown): void {
  if (!Array.isArray(t) && !(t instanceof struct_time)) throw wrongType('t', 'a struct_time or an array', t)
  const list: readonly unknown[] = [...(t as Iterable<unknown>)]
  if (list.length !== FIELDS.length) throw badValue('t', 'must have nine items', t)
  const [year, mon, mday, hour, min, sec, wday, yday, isdst] = FIELDS.map((name, index) =>
    int(list[index], name),
  ) as readonly number[] as TimeItems
  if (year < 1900 - 2 ** 31) throw outOfRange('tm_year', 'a year that C can hold', year)
  const zone = t instanceof struct_time ? t.tm_zone : null
  const offset = t instanceof struct_time ? t.tm_gmtoff : null
  const name = zone === null ? null : zoneBytes(zone)
  const gmtoff = offset === null ? 0 : int(offset, 'tm_gmtoff')
  scratch.fill(0, TM, TM + structs.tm.size)
  put(T.tm_year, year - 1900)
  put(T.tm_mon, mon - 1)
  put(T.tm_mday, mday)
  put(T.tm_hour, hour)
  put(T.tm_min, min)
  put(T.tm_sec, sec)
  put(T.tm_wday, (wday + 1) % 7)
  put(T.tm_yday, yday - 1)
  put(T.tm_isdst, isdst)
  putBigInt64(TM + T.tm_gmtoff, BigInt(gmtoff))
  if (name === null) return
  zoneMemory.set(name)
  zoneMemory[name.length] = 0
  putBigInt64(TM + T.tm_zone, BigInt(zoneAddress))
}

function zoneBytes(zone: unknown): Uint8Array {
  if (typeof zone !== 'string') throw wrongType('tm_zone', 'a string', zone)
  const bytes = encoded(zone, 'tm_zone')
  if (bytes.length < ZONE_SIZE && !bytes.includes(0)) return bytes
  throw badValue('tm_zone', `must be shorter than ${ZONE_SIZE} bytes, without NUL`, zone)
}

function put(offset: number, value: number): void {
  scratch.writeInt32LE(value | 0, TM + offset)
}

/**
 * Checks the range of each field of the structure in scratch memory, as functions that write it as text need it. A month,
 * day or day of the year of 0 is the first one.
 */
export function checkTime(): void {
  if (fieldAt(T.tm_mon) === -1) put(T.tm_mon, 0)
  if (fieldAt(T.tm_mday) === 0) put(T.tm_mday, 1)
  if (fieldAt(T.tm_yday) === -1) put(T.tm_yday, 0)
  for (const [name, offset, last, first = 0, shown = 0] of BOUNDS) {
    const value = fieldAt(offset)
    if (value < first || value > last) {
      throw outOfRange(name, `an integer >= ${first} and <= ${last + shown}`, value + shown)
    }
  }
  put(T.tm_isdst, Math.sign(fieldAt(T.tm_isdst)))
}

const BOUNDS: readonly (readonly [name: string, offset: number, last: number, first?: number, shown?: number])[] = [
  ['tm_mon', T.tm_mon, 11, 0, 1],
  ['tm_mday', T.tm_mday, 31, 1],
  ['tm_hour', T.tm_hour, 23],
  ['tm_min', T.tm_min, 59],
  ['tm_sec', T.tm_sec, 61],
  ['tm_wday', T.tm_wday, 6],
  ['tm_yday', T.tm_yday, 365, 0, 1],
]

/**
 * mktime(3): converts a local time to seconds since 1970. Fields out of their range are carried over, and the day of the
 * week and of the year are ignored.
 *
 * @param t the broken-down time. Its `tm_isdst` says whether it is summer time: -1 if that is not known
 * @returns seconds since 1970
 * @throws RangeError for fields that are not integers of 32 bits, and for a time that C cannot compute
 *
 * Availability: Linux. See mktime(3); Python, time.mktime.
 * @example
 * ```ts
 * const noon = [2024, 2, 30, 12, 0, 0, 0, 0, -1] as const
 * time.localtime(time.mktime(noon)).tm_mday // => 1
 * ```
 */
export function mktime(t: TimeTuple): number {
  putTime(t)
  copyFromBun()
  // mktime(3) returns -1 for an error, and for the second before 1970, but then sets the day of the week.
  put(T.tm_wday, -1)
  const seconds = Number(libc.mktime(tmAddress))
  if (seconds === -1 && fieldAt(T.tm_wday) === -1) throw outOfRange('t', 'a time that C can compute', t)
  return seconds
}

/** Seconds west of UTC of the time zone, without summer time. `tzset` computes it again. */
export let timezone = 0
/** Seconds west of UTC of the time zone in summer time; that of `timezone` if there is none. */
export let altzone = 0
/** Whether the time zone has summer time this year: 1 or 0. */
export let daylight = 0
/** The abbreviations of the time zone: without summer time, and in it. */
export let tzname: readonly [standard: string, summer: string] = ['UTC', 'UTC']

const YEAR = (365 * 24 + 6) * 3600

/** Computes the properties of the time zone from a time in winter and one in summer, as CPython does. */
function readZone(): void {
  const winterTime = Math.floor(Date.now() / 1000 / YEAR) * YEAR
  const [january, july] = [zoneOf(winterTime), zoneOf(winterTime + YEAR / 2)]
  // Summer time is the one that is further east: in the southern hemisphere it is that of January.
  const [standard, summer] = january.west < july.west ? [july, january] : [january, july]
  timezone = standard.west
  altzone = summer.west
  daylight = Number(standard.west !== summer.west)
  tzname = Object.freeze([standard.name, summer.name])
}

function zoneOf(secs: number): { readonly west: number; readonly name: string } {
  const { tm_gmtoff, tm_zone } = localtime(secs)
  return { west: 0 - (tm_gmtoff ?? 0), name: tm_zone ?? '' }
}

if (target !== null) readZone()

/**
 * tzset(3): uses the time zone that the variable TZ names now, in C, in `Date`, and in `timezone`, `altzone`, `daylight`
 * and `tzname` of this module in this thread. A change of `os.environ.TZ` or `process.env.TZ` has already made C and
 * `Date` use it.
 *
 * Availability: Linux. See tzset(3); Python, time.tzset.
 * @example
 * ```ts
 * os.environ.TZ = 'EST+5EDT,M3.2.0,M11.1.0'
 * time.tzset()
 * time.tzname // => ['EST', 'EDT']
 * time.timezone // => 18_000
 * os.environ.delete('TZ')
 * time.tzset()
 * ```
 */
export function tzset(): void {
  copyFromBun()
  // Also tells V8. A worker has its own variables, which C does not know.
  if (isMainThread) setTimeZone(process.env.TZ)
  libc.tzset()
  readZone()
}
