import { items, StructSequence } from '../results/struct_sequence.ts'

/** The nine items of a broken-down time. */
export type TimeItems = readonly [
  tm_year: number,
  tm_mon: number,
  tm_mday: number,
  tm_hour: number,
  tm_min: number,
  tm_sec: number,
  tm_wday: number,
  tm_yday: number,
  tm_isdst: number,
]

/**
 * A time in years, months, days, hours and so on, as `localtime` returns it. It is also a sequence of nine items, in the
 * order of the fields; `tm_zone` and `tm_gmtoff` are fields alone.
 *
 * See localtime(3); Python, time.struct_time.
 * @example
 * ```ts
 * const [year, month, day] = time.gmtime(0)
 * year // => 1970
 * [month, day] // => [1, 1]
 * time.gmtime(0).tm_gmtoff // => 0
 * ```
 */
export class struct_time extends StructSequence<TimeItems> {
  /** The year, with its century: 1993. */
  readonly tm_year: number
  /** The month: 1 to 12. */
  readonly tm_mon: number
  /** The day of the month: 1 to 31. */
  readonly tm_mday: number
  /** The hour: 0 to 23. */
  readonly tm_hour: number
  /** The minute: 0 to 59. */
  readonly tm_min: number
  /** The second: 0 to 61. */
  readonly tm_sec: number
  /** The day of the week: 0 to 6, Monday is 0. */
  readonly tm_wday: number
  /** The day of the year: 1 to 366. */
  readonly tm_yday: number
  /** Whether summer time applies: 1, 0, or -1 if that is not known. */
  readonly tm_isdst: number
  /** The abbreviation of the time zone, such as 'CET'; null if it is not known. */
  readonly tm_zone: string | null
  /** The offset from UTC, in seconds east; null if it is not known. */
  readonly tm_gmtoff: number | null

  /** @param sequence nine items in the order of the fields; `tm_zone` and `tm_gmtoff` may follow */
  constructor(sequence: Iterable<number | string | null>) {
    super()
    const list = items<number | string | null>(sequence, 'struct_time', 9, 11)
    const [year, mon, mday, hour, min, sec, wday, yday, isdst] = list as readonly number[] as TimeItems
    this.tm_year = year
    this.tm_mon = mon
    this.tm_mday = mday
    this.tm_hour = hour
    this.tm_min = min
    this.tm_sec = sec
    this.tm_wday = wday
    this.tm_yday = yday
    this.tm_isdst = isdst
    this.tm_zone = (list[9] ?? null) as string | null
    this.tm_gmtoff = (list[10] ?? null) as number | null
  }

  override toArray(): [...TimeItems] {
    return [
      this.tm_year,
      this.tm_mon,
      this.tm_mday,
      this.tm_hour,
      this.tm_min,
      this.tm_sec,
      this.tm_wday,
      this.tm_yday,
      this.tm_isdst,
    ]
  }
}
