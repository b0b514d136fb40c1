import { badValue, wrongType } from '../errors.ts'
import { failed, failedWith, osError } from '../libc/call.ts'
import { errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { bigInt64At, putBigInt64, scratchAddress, timespecAt, uint32At } from '../libc/memory.ts'
import { int } from '../os/arguments/numbers.ts'
import { splitNanoseconds, splitSeconds, type Timespec } from '../os/arguments/times.ts'
import { CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID } from './constants.ts'

/** Clocks: reading them, and setting them. */

/** The timespec at the start of the scratch memory, in seconds. */
function seconds(): number {
  return Number(bigInt64At(0)) + uint32At(8) / 1e9
}

function readClock(clock: number): void {
  while (libc.clock_gettime(clock, scratchAddress) === -1) failed('clock_gettime')
}

/**
 * clock_gettime(2): returns the time of day, from CLOCK_REALTIME.
 *
 * @returns seconds since 1970, with a fraction
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.time.
 * @example
 * ```ts
 * Math.abs(time.time() - Date.now() / 1000) < 1 // => true
 * ```
 */
export function time(): number {
  readClock(CLOCK_REALTIME)
  return seconds()
}

/**
 * clock_gettime(2): returns the time of day, from CLOCK_REALTIME.
 *
 * @returns nanoseconds since 1970
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.time_ns.
 * @example
 * ```ts
 * time.time_ns() > 1_700_000_000_000_000_000n // => true
 * ```
 */
export function time_ns(): bigint {
  readClock(CLOCK_REALTIME)
  return timespecAt(0)
}

/**
 * clock_gettime(2): returns the time of CLOCK_MONOTONIC, which is never set. Only differences of it mean something.
 *
 * @returns seconds since an unspecified moment, with a fraction
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.monotonic.
 * @example
 * ```ts
 * const start = time.monotonic()
 * time.monotonic() >= start // => true
 * ```
 */
export function monotonic(): number {
  readClock(CLOCK_MONOTONIC)
  return seconds()
}

/**
 * clock_gettime(2): returns the time of CLOCK_MONOTONIC, which is never set: that of `process.hrtime.bigint()`.
 *
 * @returns nanoseconds since an unspecified moment
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.monotonic_ns.
 * @example
 * ```ts
 * const start = time.monotonic_ns()
 * time.monotonic_ns() >= start // => true
 * ```
 */
export function monotonic_ns(): bigint {
  readClock(CLOCK_MONOTONIC)
  return timespecAt(0)
}

/**
 * clock_gettime(2): returns the time of the clock with the highest resolution, for short durations. It is
 * CLOCK_MONOTONIC, as in CPython.
 *
 * @returns seconds since an unspecified moment, with a fraction
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.perf_counter.
 * @example
 * ```ts
 * const start = time.perf_counter()
 * time.perf_counter() - start < 60 // => true
 * ```
 */
export function perf_counter(): number {
  return monotonic()
}

/**
 * clock_gettime(2): returns the time of the clock with the highest resolution, for short durations.
 *
 * @returns nanoseconds since an unspecified moment
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.perf_counter_ns.
 * @example
 * ```ts
 * const start = time.perf_counter_ns()
 * time.perf_counter_ns() - start < 60_000_000_000n // => true
 * ```
 */
export function perf_counter_ns(): bigint {
  return monotonic_ns()
}

/**
 * clock_gettime(2): returns the CPU time of this process, in user and kernel mode, of all its threads.
 *
 * @returns seconds, with a fraction
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.process_time.
 * @example
 * ```ts
 * time.process_time() > 0 // => true
 * ```
 */
export function process_time(): number {
  readClock(CLOCK_PROCESS_CPUTIME_ID)
  return seconds()
}

/**
 * clock_gettime(2): returns the CPU time of this process, in user and kernel mode, of all its threads.
 *
 * @returns nanoseconds
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.process_time_ns.
 * @example
 * ```ts
 * time.process_time_ns() > 0n // => true
 * ```
 */
export function process_time_ns(): bigint {
  readClock(CLOCK_PROCESS_CPUTIME_ID)
  return timespecAt(0)
}

/**
 * clock_gettime(2): returns the CPU time of this thread, in user and kernel mode. The threads of the runtime, such as
 * those that compile and collect garbage, are not part of it.
 *
 * @returns seconds, with a fraction
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.thread_time.
 * @example
 * ```ts
 * time.thread_time() <= time.process_time() // => true
 * ```
 */
export function thread_time(): number {
  readClock(CLOCK_THREAD_CPUTIME_ID)
  return seconds()
}

/**
 * clock_gettime(2): returns the CPU time of this thread, in user and kernel mode.
 *
 * @returns nanoseconds
 * @throws OSError as the system reports
 *
 * Availability: Linux. See clock_gettime(2); Python, time.thread_time_ns.
 * @example
 * ```ts
 * time.thread_time_ns() <= time.process_time_ns() // => true
 * ```
 */
export function thread_time_ns(): bigint {
  readClock(CLOCK_THREAD_CPUTIME_ID)
  return timespecAt(0)
}

/**
 * clock_gettime(2): returns the time of a clock.
 *
 * @param clk_id CLOCK_*, or the result of `pthread_getcpuclockid`
 * @returns seconds, with a fraction
 * @throws OSError EINVAL if there is no such clock
 *
 * Availability: Linux. See clock_gettime(2); Python, time.clock_gettime.
 * @example
 * ```ts
 * time.clock_gettime(time.CLOCK_BOOTTIME) >= time.clock_gettime(time.CLOCK_MONOTONIC) - 1 // => true
 * ```
 */
export function clock_gettime(clk_id: number): number {
  readClock(int(clk_id, 'clk_id'))
  return seconds()
}

/**
 * clock_gettime(2): returns the time of a clock.
 *
 * @param clk_id CLOCK_*, or the result of `pthread_getcpuclockid`
 * @returns nanoseconds
 * @throws OSError EINVAL if there is no such clock
 *
 * Availability: Linux. See clock_gettime(2); Python, time.clock_gettime_ns.
 * @example
 * ```ts
 * time.clock_gettime_ns(time.CLOCK_MONOTONIC) > 0n // => true
 * ```
 */
export function clock_gettime_ns(clk_id: number): bigint {
  readClock(int(clk_id, 'clk_id'))
  return timespecAt(0)
}

function setClock(clk_id: unknown, value: Timespec): void {
  const clock = int(clk_id, 'clk_id')
  putBigInt64(0, value[0])
  putBigInt64(8, value[1])
  while (libc.clock_settime(clock, scratchAddress) === -1) failed('clock_settime')
}

/**
 * clock_settime(2): sets a clock: CLOCK_REALTIME is the only one that can be set.
 *
 * @param clk_id CLOCK_REALTIME
 * @param time seconds since 1970, with a fraction, rounded down to the nanosecond
 * @throws PermissionError without CAP_SYS_TIME; OSError EINVAL for another clock, and for a time before that since boot
 * @throws RangeError for NaN, and for a time outside 64 bits
 *
 * Availability: Linux. See clock_settime(2); Python, time.clock_settime.
 * @example
 * ```ts
 * time.clock_settime(time.CLOCK_MONOTONIC, 0) // throws OSError
 * ```
 */
export function clock_settime(clk_id: number, time: number | bigint): void {
  setClock(clk_id, splitSeconds(time, 'time'))
}

/**
 * clock_settime(2): sets a clock: CLOCK_REALTIME is the only one that can be set.
 *
 * @param clk_id CLOCK_REALTIME
 * @param time nanoseconds since 1970
 * @throws PermissionError without CAP_SYS_TIME; OSError EINVAL for another clock, and for a time before that since boot
 * @throws RangeError for a number that is not exact, and for a time outside 64 bits of seconds
 *
 * Availability: Linux. See clock_settime(2); Python, time.clock_settime_ns.
 * @example
 * ```ts
 * time.clock_settime_ns(time.CLOCK_MONOTONIC, 0n) // throws OSError
 * ```
 */
export function clock_settime_ns(clk_id: number, time: number | bigint): void {
  setClock(clk_id, splitNanoseconds(time, 'time'))
}

/**
 * clock_getres(2): returns the resolution of a clock.
 *
 * @param clk_id CLOCK_*, or the result of `pthread_getcpuclockid`
 * @returns seconds: 1e-9 for most clocks
 * @throws OSError EINVAL if there is no such clock
 *
 * Availability: Linux. See clock_getres(2); Python, time.clock_getres.
 * @example
 * ```ts
 * time.clock_getres(time.CLOCK_MONOTONIC) <= 0.01 // => true
 * ```
 */
export function clock_getres(clk_id: number): number {
  const clock = int(clk_id, 'clk_id')
  while (libc.clock_getres(clock, scratchAddress) === -1) failed('clock_getres')
  return seconds()
}

/**
 * pthread_getcpuclockid(3): returns the clock of the CPU time of a thread of this process.
 *
 * @param thread_id the thread's id in the kernel, as in `/proc/self/task` and as `signal.get_native_id` returns it:
 *   Python has the address of its `pthread_t` instead, which cannot be checked
 * @returns the clock, for `clock_gettime` and `clock_getres`
 * @throws ProcessLookupError if this process has no such thread
 *
 * Availability: Linux. See pthread_getcpuclockid(3); Python, time.pthread_getcpuclockid.
 * @example
 * ```ts
 * const clock = time.pthread_getcpuclockid(os.getpid()) // the main thread
 * time.clock_gettime(clock) > 0 // => true
 * ```
 */
export function pthread_getcpuclockid(thread_id: number): number {
  const thread = int(thread_id, 'thread_id')
  if (thread <= 0) throw osError(errnoNumbers.ESRCH, 'pthread_getcpuclockid')
  while (libc.tgkill(libc.getpid(), thread, 0) === -1) failed('pthread_getcpuclockid')
  // The layout that the kernel has for these clocks: the id inverted, and the bits "of one thread" and "scheduler".
  return (~thread << 3) | 6
}

/**
 * clock_getcpuclockid(3): returns the clock of the CPU time of a process.
 *
 * @param pid the process; 0 for this one
 * @returns the clock, for `clock_gettime` and `clock_getres`
 * @throws ProcessLookupError if there is no such process
 *
 * Availability: Linux. See clock_getcpuclockid(3); CPython has no such function.
 * @example
 * ```ts
 * time.clock_gettime(time.clock_getcpuclockid(0)) > 0 // => true
 * ```
 */
export function clock_getcpuclockid(pid: number): number {
  const process = int(pid, 'pid')
  let errno: number
  while ((errno = libc.clock_getcpuclockid(process, scratchAddress)) !== 0) failedWith(errno, 'clock_getcpuclockid')
  return uint32At(0) | 0
}

/** A clock that `get_clock_info` knows. */
export type ClockName = 'time' | 'monotonic' | 'perf_counter' | 'process_time' | 'thread_time'

/** What is known of a clock. */
export interface ClockInfo {
  /** The C function, with its clock. */
  readonly implementation: string
  /** Whether it never goes back. */
  readonly monotonic: boolean
  /** Whether it can be set, by NTP or an administrator. */
  readonly adjustable: boolean
  /** The resolution, in seconds. */
  readonly resolution: number
}

const CLOCKS: Readonly<Record<ClockName, readonly [name: string, clock: number]>> = {
  time: ['CLOCK_REALTIME', CLOCK_REALTIME],
  monotonic: ['CLOCK_MONOTONIC', CLOCK_MONOTONIC],
  perf_counter: ['CLOCK_MONOTONIC', CLOCK_MONOTONIC],
  process_time: ['CLOCK_PROCESS_CPUTIME_ID', CLOCK_PROCESS_CPUTIME_ID],
  thread_time: ['CLOCK_THREAD_CPUTIME_ID', CLOCK_THREAD_CPUTIME_ID],
}

/**
 * clock_getres(2): returns what is known of a clock.
 *
 * @param name the function that reads it: 'time', 'monotonic', 'perf_counter', 'process_time' or 'thread_time'
 * @returns its implementation, whether it is monotonic and adjustable, and its resolution in seconds
 * @throws RangeError for another name
 *
 * Availability: Linux. See clock_getres(2); Python, time.get_clock_info.
 * @example
 * ```ts
 * time.get_clock_info('monotonic').adjustable // => false
 * time.get_clock_info('time').implementation // => 'clock_gettime(CLOCK_REALTIME)'
 * ```
 */
export function get_clock_info(name: ClockName): ClockInfo {
  if (typeof name !== 'string') throw wrongType('name', 'a string', name)
  if (!Object.hasOwn(CLOCKS, name)) throw badValue('name', `must be one of ${Object.keys(CLOCKS).join(', ')}`, name)
  const [clock, number] = CLOCKS[name]
  const adjustable = name === 'time'
  return {
    implementation: `clock_gettime(${clock})`,
    monotonic: !adjustable,
    adjustable,
    resolution: clock_getres(number),
  }
}
