import { throwIfAborted } from '../event_loop/on_abort.ts'
import { NO_OPTIONS } from '../os/arguments/options.ts'
import { pause } from '../promises/pause.ts'
import { type WaitOptions, waitOptions } from '../promises/wait_options.ts'
import { monotonic_ns } from './clocks.ts'
import { preparedSleep } from './sleep.ts'

/** The function of `time` that blocks, returning a promise. */

/** The longest timer of the event loop, in milliseconds: 24 days. */
const LONGEST = 2 ** 31 - 1

/**
 * `time.sleep` by a timer of the event loop: resolves after some seconds, and never before them.
 *
 * @param secs seconds, fractions allowed
 * @param options `signal`: aborted, it makes the promise reject; `ref`: false lets the process end meanwhile
 * @throws RangeError for a negative number, for NaN, and beyond 64 bits of nanoseconds, which are 292 years
 *
 * Availability: Linux. Audit event: `time.sleep` (secs). See Python, asyncio.sleep.
 * @example
 * ```ts
 * const start = time.monotonic()
 * await time.promises.sleep(0.01)
 * time.monotonic() - start >= 0.01 // => true
 * ```
 */
export async function sleep(secs: number | bigint, options: WaitOptions = NO_OPTIONS): Promise<void> {
  const checked = waitOptions(options)
  throwIfAborted(checked.signal)
  const end = preparedSleep(secs)
  // Timers may be early by a part of a millisecond.
  for (let left = end - monotonic_ns(); left > 0n; left = end - monotonic_ns()) {
    await pause(Math.min(Math.ceil(Number(left) / 1e6), LONGEST), checked)
  }
}
