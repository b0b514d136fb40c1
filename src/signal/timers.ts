import { failed } from '../libc/call.ts'
import { sizes, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { bigInt64At, putBigInt64, scratchAddress } from '../libc/memory.ts'
import { int } from '../os/arguments/numbers.ts'
import { nanosecondsUp } from '../os/arguments/times.ts'

/** Timers that send signals. */

/** Seconds to the next signal, 0 if there is none, and between signals. */
export type Itimer = readonly [seconds: number, interval: number]

const { it_value, it_interval } = structs.itimerval.offsets
const TIMER = structs.itimerval.size
const MICROSECOND = 1000n
const SECOND = 1_000_000n

/**
 * alarm(2): sends SIGALRM to the process after some seconds, once. An earlier alarm is cancelled.
 *
 * @param seconds whole seconds; 0 only cancels
 * @returns the seconds that were left of an earlier alarm, rounded; 0 if there was none
 * @throws RangeError for a fraction or a negative number
 *
 * Availability: Linux. See alarm(2); Python, signal.alarm.
 * @example
 * ```ts
 * signal.alarm(60) // => 0
 * signal.alarm(0) > 0 // => true
 * ```
 */
export function alarm(seconds: number): number {
  return libc.alarm(int(seconds, 'seconds', 0))
}

/** A timeval of the timer in scratch memory, in seconds. */
function secondsAt(offset: number): number {
  return Number(bigInt64At(offset)) + Number(bigInt64At(offset + sizes.time_t)) / 1e6
}

function timerAt(offset: number): [seconds: number, interval: number] {
  return [secondsAt(offset + it_value), secondsAt(offset + it_interval)]
}

/** Converts seconds to microseconds, rounded up. */
function microseconds(seconds: unknown, name: string): bigint {
  const nanoseconds = nanosecondsUp(seconds, name)
  return nanoseconds > 0n ? (nanoseconds + MICROSECOND - 1n) / MICROSECOND : nanoseconds / MICROSECOND
}

function putTimeval(offset: number, value: bigint): void {
  putBigInt64(offset, value / SECOND)
  putBigInt64(offset + sizes.time_t, value % SECOND)
}

/**
 * setitimer(2): sets a timer of the process, which sends a signal when it expires.
 *
 * @param which ITIMER_REAL (SIGALRM), ITIMER_VIRTUAL (SIGVTALRM) or ITIMER_PROF (SIGPROF, which V8's profiler uses too)
 * @param seconds the time to the first signal, fractions allowed, rounded up to the microsecond; 0 stops the timer
 * @param interval the time between further signals; 0, the default, for a single signal
 * @returns the previous setting: seconds that were left, and the interval
 * @throws OSError EINVAL for another timer, and for negative times; RangeError for NaN
 *
 * Availability: Linux. See setitimer(2); Python, signal.setitimer.
 * @example
 * ```ts
 * signal.setitimer(signal.ITIMER_REAL, 60, 0.5) // => [0, 0]
 * signal.setitimer(signal.ITIMER_REAL, 0)[1] // => 0.5
 * ```
 */
export function setitimer(
  which: number,
  seconds: number | bigint,
  interval: number | bigint = 0,
): [seconds: number, interval: number] {
  const timer = int(which, 'which')
  const [value, period] = [microseconds(seconds, 'seconds'), microseconds(interval, 'interval')]
  putTimeval(it_value, value)
  putTimeval(it_interval, period)
  while (libc.setitimer(timer, scratchAddress, scratchAddress + TIMER) === -1) failed('setitimer')
  return timerAt(TIMER)
}

/**
 * getitimer(2): returns the setting of a timer of the process.
 *
 * @param which ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF
 * @returns the seconds that are left, and the interval
 * @throws OSError EINVAL for another timer
 *
 * Availability: Linux. See getitimer(2); Python, signal.getitimer.
 * @example
 * ```ts
 * signal.getitimer(signal.ITIMER_REAL) // => [0, 0]
 * ```
 */
export function getitimer(which: number): [seconds: number, interval: number] {
  const timer = int(which, 'which')
  while (libc.getitimer(timer, scratchAddress) === -1) failed('getitimer')
  return timerAt(0)
}
