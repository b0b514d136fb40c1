import { constants } from '../libc/facts.ts'

/** The clocks. */

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
