/** Python's `time` module: clocks, sleep, times as text and in the local time zone. */

export {
  altzone,
  daylight,
  gmtime,
  localtime,
  mktime,
  type TimeTuple,
  timezone,
  tzname,
  tzset,
} from './time/calendar.ts'
export * from './time/clocks.ts'
export * from './time/constants.ts'
export { asctime, ctime, strftime } from './time/format.ts'
export * as promises from './time/promises.ts'
export { sleep } from './time/sleep.ts'
export { strptime } from './time/strptime.ts'
export { struct_time } from './time/struct_time.ts'

export * as default from './time.ts'
