import { AuditEvent } from '../audit.ts'
import { outOfRange } from '../errors.ts'
import { failedWith } from '../libc/call.ts'
import { constants } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { putBigInt64, scratchAddress } from '../libc/memory.ts'
import { nanosecondsUp } from '../os/arguments/times.ts'
import { monotonic_ns } from './clocks.ts'
import { CLOCK_MONOTONIC } from './constants.ts'

const sleepEvent = new AuditEvent('time.sleep')
const SECOND = 1_000_000_000n

/** Checks the duration of a sleep, and returns the moment of CLOCK_MONOTONIC at which it ends, in nanoseconds. */
export function preparedSleep(secs: number | bigint): bigint {
  const duration = nanosecondsUp(secs, 'secs')
  if (duration < 0n) throw outOfRange('secs', 'a time >= 0', secs)
  if (sleepEvent.wanted) sleepEvent.raise(secs)
  return monotonic_ns() + duration
}

/**
 * clock_nanosleep(2): suspends this thread. Its event loop stands still meanwhile: `promises.sleep` lets it run.
 *
 * A signal does not end the sleep, and a handler in JavaScript runs after it.
 *
 * @param secs seconds, fractions allowed, rounded up to the nanosecond
 * @throws RangeError for a negative number, for NaN, and beyond 64 bits of nanoseconds, which are 292 years
 *
 * Availability: Linux. Audit event: `time.sleep` (secs). See clock_nanosleep(2); Python, time.sleep.
 * @example
 * ```ts
 * const start = time.monotonic()
 * time.sleep(0.01)
 * time.monotonic() - start >= 0.01 // => true
 * ```
 */
export function sleep(secs: number | bigint): void {
  const end = preparedSleep(secs)
  putBigInt64(0, end / SECOND)
  putBigInt64(8, end % SECOND)
  let errno: number
  // An absolute time, so that signals do not make it longer.
  while ((errno = libc.clock_nanosleep(CLOCK_MONOTONIC, constants.TIMER_ABSTIME, scratchAddress, 0)) !== 0) {
    failedWith(errno, 'clock_nanosleep')
  }
}
