import { badValue, wrongType } from '../errors.ts'
import { daylight, tzname } from './calendar.ts'
import { struct_time } from './struct_time.ts'

/** Times from text. The C library's strptime(3) is not used: Python's has other directives, and checks more. */

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
// biome-ignore format: one row for each half of the year
const MONTHS = [
  'january', 'february', 'march', 'april', 'may', 'june',
  'july', 'august', 'september', 'october', 'november', 'december',
] as const

const short = (name: string): string => name.slice(0, 3)
const anyOf = (names: readonly string[]): string => names.join('|')

/** What each directive matches, regardless of case. */
const DIRECTIVES: Readonly<Record<string, string>> = {
  a: anyOf(DAYS.map(short)),
  A: anyOf(DAYS),
  b: anyOf(MONTHS.map(short)),
  B: anyOf(MONTHS),
  d: '3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]',
  f: '\\d{1,6}',
  G: '\\d{4}',
  H: '2[0-3]|[01]\\d|\\d',
  I: '1[0-2]|0[1-9]|[1-9]| [1-9]',
  j: '36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]',
  m: '1[0-2]|0[1-9]|[1-9]',
  M: '[0-5]\\d|\\d',
  p: 'am|pm',
  S: '6[01]|[0-5]\\d|\\d',
  u: '[1-7]',
  U: '5[0-3]|[0-4]\\d|\\d',
  V: '5[0-3]|0[1-9]|[1-4]\\d|\\d',
  w: '[0-6]',
  W: '5[0-3]|[0-4]\\d|\\d',
  y: '\\d\\d',
  Y: '\\d{4}',
  z: '[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|z',
}

/** Directives that stand for others. */
const COMPOUND: Readonly<Record<string, string>> = {
  c: '%a %b %d %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
}

const TOKEN = /%(.?)|(\s+)|([^%\s]+)/gsu

/** The regular expression of a format. */
function patternOf(format: string): string {
  return format.replace(
    TOKEN,
    (_, directive: string | undefined, space: string | undefined, text: string | undefined) => {
      if (space !== undefined) return '\\s+'
      if (text !== undefined) return text.replace(/[\\.^$*+?(){}[\]|]/g, '\\$&')
      if (directive === undefined || directive === '') throw badValue('format', 'must not end with "%"', format)
      if (directive === '%') return '%'
      const compound = COMPOUND[directive]
      if (compound !== undefined) return patternOf(compound)
      const pattern = directive === 'Z' ? anyOf(zoneNames().flat().map(escaped)) : DIRECTIVES[directive]
      if (pattern === undefined) throw badValue('format', `must not have the directive "%${directive}"`, format)
      return `(?<${directive}>${pattern})`
    },
  )
}

function escaped(text: string): string {
  return text.replace(/[^a-z0-9]/gi, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The abbreviations of the time zone without summer time and in it, the longest first. */
function zoneNames(): [standard: string[], summer: string[]] {
  const [standard, summer] = tzname.map((name) => name.toLowerCase()) as [string, string]
  const longestFirst = (names: string[]): string[] => names.sort((a, b) => b.length - a.length)
  return [longestFirst([...new Set(['utc', 'gmt', standard])].filter(Boolean)), daylight ? [summer] : []]
}

type Groups = Readonly<Record<string, string | undefined>>

function matched(string: string, format: string): Groups {
  const pattern = patternOf(format)
  let regex: RegExp
  try {
    regex = new RegExp(`^(?:${pattern})`, 'i')
  } catch {
    throw badValue('format', 'must have each directive once', format)
  }
  const match = regex.exec(string)
  if (match === null) throw badValue('string', `must match the format ${JSON.stringify(format)}`, string)
  if (match[0].length !== string.length) {
    throw badValue('string', `must end where the format ${JSON.stringify(format)} ends`, string)
  }
  return match.groups ?? {}
}

const DAY = 86_400_000

/** The days from 1970 to a date, which may be in the next or previous month or year. */
function daysOf(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) / DAY
}

/** The day of the week: Monday is 0. */
function weekdayOf(days: number): number {
  return (((days + 3) % 7) + 7) % 7
}

const numberOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text))

/** The index of a name, which may be shortened to three letters; null without a name. */
function indexOf(names: readonly string[], name: string | undefined): number | null {
  return name === undefined ? null : names.findIndex((one) => short(one) === short(name.toLowerCase()))
}

function yearOf({ y, Y }: Groups): number | null {
  if (y === undefined) return numberOf(Y)
  return Number(y) + (Number(y) <= 68 ? 2000 : 1900)
}

function hourOf({ H, I, p }: Groups): number {
  if (I === undefined) return Number(H ?? 0)
  return (Number(I) % 12) + (p?.toLowerCase() === 'pm' ? 12 : 0)
}

function weekdayIn({ a, A, u, w }: Groups): number | null {
  if (w !== undefined) return (Number(w) + 6) % 7
  return u === undefined ? (indexOf(DAYS, A) ?? indexOf(DAYS, a)) : Number(u) - 1
}

/** Seconds east of UTC. */
function offsetOf(zone: string | undefined, string: string): number | null {
  if (zone === undefined) return null
  if (zone === 'Z') return 0
  const parts = /^([+-])(\d\d)(:?)(\d\d)(?:(:?)(\d\d))?/.exec(zone)
  const [, sign, hours, colon, minutes, secondColon = colon, seconds = '0'] = parts ?? []
  if (parts === null || colon !== secondColon) throw badValue('string', 'must have a time zone such as +01:00', string)
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' && offset !== 0 ? -offset : offset
}

/** Whether a name is that of the zone without summer time (0), or in it (1); -1 if that is not known. */
function summerTimeOf(zone: string | undefined): number {
  const name = zone?.toLowerCase() ?? ''
  if (tzname[0] === tzname[1] && daylight !== 0 && name !== 'utc' && name !== 'gmt') return -1
  return zoneNames().findIndex((names) => names.includes(name))
}

/** The day of the year by the week, with the day of the week; null without a week. May be 0 or less. */
function dayOfWeekNumber(found: Groups, year: number, weekday: number | null): number | null {
  const week = found.U ?? found.W
  if (week === undefined || weekday === null) return null
  // Weeks start with Sunday (%U), or with Monday (%W).
  const shift = found.U === undefined ? 0 : 1
  const first = (weekdayOf(daysOf(year, 1, 1)) + shift) % 7
  const day = (weekday + shift) % 7
  const isInWeek0 = Number(week) === 0
  return isInWeek0 ? 1 + day - first : 1 + ((7 - first) % 7) + 7 * (Number(week) - 1) + day
}

/** The days from 1970 to a day of an ISO week. Week 1 is that of 4 January. */
function daysOfIsoWeek(year: number, week: number, weekday: number): number {
  const fourth = daysOf(year, 1, 4)
  return fourth - weekdayOf(fourth) + 7 * (week - 1) + weekday
}

function checkWeek(found: Groups, weekday: number | null, format: string): void {
  const { G, j, U, V, W } = found
  if (yearOf(found) === null && G !== undefined) {
    if (V === undefined || weekday === null)
      throw badValue('format', 'must have %V and a day of the week beside %G', format)
    if (j !== undefined) throw badValue('format', 'must not have %j beside %G', format)
  } else if (U === undefined && W === undefined && V !== undefined) {
    throw badValue('format', 'must have %G and a day of the week beside %V, and no other year', format)
  }
}

/** A date by its days from 1970, and the year that it was given by, from which CPython counts the day of the year. */
interface FoundDate {
  readonly days: number
  readonly base: number
  /** The year that is reported, where it is not that of the date. */
  readonly year?: number
}

function dateOf(found: Groups, weekday: number | null, string: string): FoundDate {
  const month = numberOf(found.m) ?? (indexOf(MONTHS, found.B) ?? indexOf(MONTHS, found.b) ?? 0) + 1
  const day = Number(found.d ?? 1)
  const given = yearOf(found)
  if (given === null && found.G !== undefined) {
    return { days: daysOfIsoWeek(Number(found.G), Number(found.V), weekday ?? 0), base: Number(found.G) }
  }
  // 29 February without a year: 1900 has none.
  const base = given ?? (month === 2 && day === 29 ? 1904 : 1900)
  const ofYear = numberOf(found.j) ?? dayOfWeekNumber(found, base, weekday)
  const days = ofYear === null ? daysOf(base, month, day) : daysOf(base, 1, 1) + ofYear - 1
  if (ofYear === null && new Date(days * DAY).getUTCMonth() !== month - 1) {
    throw badValue('string', 'must have a day that the month has', string)
  }
  return given === null && base === 1904 ? { days, base, year: 1900 } : { days, base }
}

/**
 * Reads a time from text by a format: the reverse of `strftime`. Names are English. What the format lacks is that of 1
 * January 1900, midnight.
 *
 * @param string the text; the format must match the whole of it, in upper or lower case
 * @param format the format, with `%a %A %b %B %c %d %f %G %H %I %j %m %M %p %S %u %U %V %w %W %x %X %y %Y %z %Z %%`, each
 *   at most once. White space in it matches any white space
 * @returns the broken-down time; `tm_zone` and `tm_gmtoff` if the format has `%Z` or `%z`
 * @throws RangeError if the text does not match, for a date that does not exist, and for an unknown directive
 *
 * Availability: everywhere. See strptime(3); Python, time.strptime.
 * @example
 * ```ts
 * time.strptime('30 Nov 00', '%d %b %y').toArray() // => [2000, 11, 30, 0, 0, 0, 3, 335, -1]
 * time.strptime('12:30 +0200', '%H:%M %z').tm_gmtoff // => 7200
 * time.strptime('31 Feb', '%d %b') // throws RangeError
 * ```
 */
export function strptime(string: string, format = '%a %b %d %H:%M:%S %Y'): struct_time {
  if (typeof string !== 'string') throw wrongType('string', 'a string', string)
  if (typeof format !== 'string') throw wrongType('format', 'a string', format)
  const found = matched(string, format)
  if (found.z === 'z') throw badValue('string', `must match the format ${JSON.stringify(format)}`, string)
  const given = weekdayIn(found)
  checkWeek(found, given, format)
  const { days, base, year } = dateOf(found, given, string)
  const date = new Date(days * DAY)
  const ownYear = date.getUTCFullYear()
  if (ownYear < 1 || ownYear > 9999) throw badValue('string', 'must have a year from 1 to 9999', string)
  const ofBase = days - daysOf(base, 1, 1) + 1
  return new struct_time([
    year ?? ownYear,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    hourOf(found),
    Number(found.M ?? 0),
    Number(found.S ?? 0),
    given ?? weekdayOf(days),
    ofBase > 0 ? ofBase : days - daysOf(ownYear, 1, 1) + 1,
    summerTimeOf(found.Z),
    found.Z ?? null,
    offsetOf(found.z, string),
  ])
}
