import { outOfRange, wrongType } from '../../errors.ts'
import { failed, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { bigUint64At, putBigInt64, scratchAddress, timespecAt } from '../../libc/memory.ts'
import { type Descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { int, int64, uint64, uintFlags } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, optional } from '../arguments/options.ts'
import { cString, fileName, type Path } from '../arguments/paths.ts'

/** Descriptors that only Linux has: files in memory, event counters, timers and processes. */

/** Flag of `memfd_create`: children do not inherit it. */
export const MFD_CLOEXEC: number = constants.MFD_CLOEXEC
/** Flag of `memfd_create`: seals may be put on it. */
export const MFD_ALLOW_SEALING: number = constants.MFD_ALLOW_SEALING
/** Flag of `memfd_create`: made of huge pages. */
export const MFD_HUGETLB: number = constants.MFD_HUGETLB
/** How far the base-2 logarithm of the huge page size is shifted in the flags of `memfd_create`. */
export const MFD_HUGE_SHIFT: number = constants.MFD_HUGE_SHIFT
/** Mask of that logarithm, before the shift. */
export const MFD_HUGE_MASK: number = constants.MFD_HUGE_MASK
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 64 KiB. */
export const MFD_HUGE_64KB: number = constants.MFD_HUGE_64KB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 512 KiB. */
export const MFD_HUGE_512KB: number = constants.MFD_HUGE_512KB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 1 MiB. */
export const MFD_HUGE_1MB: number = constants.MFD_HUGE_1MB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 2 MiB. */
export const MFD_HUGE_2MB: number = constants.MFD_HUGE_2MB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 8 MiB. */
export const MFD_HUGE_8MB: number = constants.MFD_HUGE_8MB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 16 MiB. */
export const MFD_HUGE_16MB: number = constants.MFD_HUGE_16MB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 32 MiB. */
export const MFD_HUGE_32MB: number = constants.MFD_HUGE_32MB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 256 MiB. */
export const MFD_HUGE_256MB: number = constants.MFD_HUGE_256MB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 512 MiB. */
export const MFD_HUGE_512MB: number = constants.MFD_HUGE_512MB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 1 GiB. */
export const MFD_HUGE_1GB: number = constants.MFD_HUGE_1GB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 2 GiB. */
export const MFD_HUGE_2GB: number = constants.MFD_HUGE_2GB
/** Flag of `memfd_create`, with MFD_HUGETLB: huge pages of 16 GiB. */
export const MFD_HUGE_16GB: number = constants.MFD_HUGE_16GB

/** Flag of `eventfd`: children do not inherit it. */
export const EFD_CLOEXEC: number = constants.EFD_CLOEXEC
/** Flag of `eventfd`: what would have to wait fails with a BlockingIOError instead. */
export const EFD_NONBLOCK: number = constants.EFD_NONBLOCK
/** Flag of `eventfd`: each read takes 1 from the counter. */
export const EFD_SEMAPHORE: number = constants.EFD_SEMAPHORE

/** Flag of `timerfd_create`: children do not inherit it. It is added always. */
export const TFD_CLOEXEC: number = constants.TFD_CLOEXEC
/** Flag of `timerfd_create`: a read before the timer has expired fails with a BlockingIOError. */
export const TFD_NONBLOCK: number = constants.TFD_NONBLOCK
/** Flag of `timerfd_settime`: `initial` is an absolute time of the timer's clock, not relative to now. */
export const TFD_TIMER_ABSTIME: number = constants.TFD_TIMER_ABSTIME
/** Flag of `timerfd_settime`, with TFD_TIMER_ABSTIME: a read fails with ECANCELED where somebody sets the clock. */
export const TFD_TIMER_CANCEL_ON_SET: number = constants.TFD_TIMER_CANCEL_ON_SET

/** Flag of `pidfd_open`: waiting for the process fails with a BlockingIOError as long as it runs (Linux 5.10). */
export const PIDFD_NONBLOCK: number = constants.PIDFD_NONBLOCK

/**
 * memfd_create(2): makes a file that lives in memory and has no path.
 *
 * @param name shown in /proc/self/fd, for people; at most 249 bytes, and not unique
 * @param flags of MFD_CLOEXEC (the default), MFD_ALLOW_SEALING, MFD_HUGETLB and one of MFD_HUGE_*
 * @param options `flags` by name
 * @returns the descriptor
 * @throws OSError EINVAL for a name that is too long or flags that are not known; EMFILE, ENOMEM
 *
 * Availability: Linux 3.17. See memfd_create(2); Python, os.memfd_create.
 * @example
 * ```ts
 * const fd = os.memfd_create('scratch', os.MFD_CLOEXEC)
 * os.write(fd, Buffer.from('in memory alone')) // => 15
 * os.close(fd)
 * ```
 */
export function memfd_create(name: Path, flags?: number | { readonly flags?: number | undefined }): number
export function memfd_create(name: Path, ...rest: unknown[]): number {
  const { flags = MFD_CLOEXEC } = optional(['flags'], [], rest)
  const file = fileName(name, 'name')
  const bits = uintFlags(flags, 'flags')
  const text = cString(file, 'name')
  let fd: number
  while ((fd = libc.memfd_create(text, bits)) === -1) failed('memfd_create', file)
  return fd
}

/**
 * eventfd(2): makes an event counter of 64 bits, which is read, written and waited for by its descriptor.
 *
 * @param initval its initial value: 32 bits
 * @param flags of EFD_CLOEXEC (the default), EFD_NONBLOCK, EFD_SEMAPHORE
 * @param options `flags` by name
 * @returns the descriptor
 * @throws OSError EINVAL for flags that are not known; EMFILE
 *
 * Availability: Linux 2.6.27. See eventfd(2); Python, os.eventfd.
 * @example
 * ```ts
 * const fd = os.eventfd(3, os.EFD_CLOEXEC | os.EFD_SEMAPHORE)
 * os.eventfd_read(fd) // => 1n
 * os.close(fd)
 * ```
 */
export function eventfd(initval: number, flags?: number | { readonly flags?: number | undefined }): number
export function eventfd(initval: number, ...rest: unknown[]): number {
  const { flags = EFD_CLOEXEC } = optional(['flags'], [], rest)
  const [start, bits] = [int(initval, 'initval', 0, 0xffff_ffff), int(flags, 'flags')]
  let fd: number
  while ((fd = libc.eventfd(start, bits)) === -1) failed('eventfd')
  return fd
}

/**
 * read(2): reads an event counter, and waits while it is 0.
 *
 * @param fd the counter's descriptor
 * @returns the value, and the counter is reset to 0; with EFD_SEMAPHORE 1, and the counter is decremented
 * @throws OSError BlockingIOError where the counter is 0 (EFD_NONBLOCK); EBADF; EINVAL where it is no counter
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See eventfd(2); Python, os.eventfd_read.
 * @example
 * ```ts
 * const fd = os.eventfd(5)
 * os.eventfd_read(fd) // => 5n
 * os.close(fd)
 * ```
 */
export function eventfd_read(fd: Descriptor): bigint {
  const number = nonNegativeFd(fd, 'fd')
  let size: number
  while ((size = libc.read(number, scratchAddress, 8)) === -1) failed('eventfd_read', number)
  if (size === 8) return bigUint64At(0)
  throw osError(errnoNumbers.EINVAL, 'eventfd_read', number)
}

/**
 * write(2): adds to an event counter, and waits while the sum would exceed 2^64 - 2.
 *
 * @param fd the counter's descriptor
 * @param value what to add: 64 bits
 * @throws OSError BlockingIOError where it would exceed the limit (EFD_NONBLOCK); EINVAL for 2^64 - 1; EBADF
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See eventfd(2); Python, os.eventfd_write.
 * @example
 * ```ts
 * const fd = os.eventfd(1)
 * os.eventfd_write(fd, 2n ** 63n)
 * os.eventfd_read(fd) // => 2n ** 63n + 1n
 * os.close(fd)
 * ```
 */
export function eventfd_write(fd: Descriptor, value: number | bigint): void {
  const number = nonNegativeFd(fd, 'fd')
  const amount = uint64(value, 'value')
  putBigInt64(0, BigInt(amount))
  let size: number
  while ((size = libc.writeFrom(number, scratchAddress, 8)) === -1) failed('eventfd_write', number)
  if (size !== 8) throw osError(errnoNumbers.EINVAL, 'eventfd_write', number)
}

export interface TimerCreateOptions {
  /** TFD_NONBLOCK, or nothing; TFD_CLOEXEC is added always. */
  readonly flags?: number | undefined
}

/**
 * timerfd_create(2): makes a timer that is waited for by its descriptor. It is disarmed until `timerfd_settime`. Once
 * it has expired, a read of 8 bytes gives the number of expirations, as a 64-bit integer in the byte order of the
 * machine.
 *
 * @param clockid the clock: `time.CLOCK_REALTIME`, CLOCK_MONOTONIC, CLOCK_BOOTTIME and kin
 * @param options `flags`
 * @returns the descriptor, which children do not inherit
 * @throws OSError EINVAL for another clock or other flags; PermissionError for the clocks that wake the machine
 *
 * Availability: Linux 2.6.27. See timerfd_create(2); Python, os.timerfd_create.
 * @example
 * ```ts
 * import { CLOCK_MONOTONIC } from 'osier/time'
 * const fd = os.timerfd_create(CLOCK_MONOTONIC)
 * os.timerfd_settime(fd, { initial: 0.001 })
 * os.read(fd, 8).readBigUInt64LE() // => 1n
 * os.close(fd)
 * ```
 */
export function timerfd_create(clockid: number, options: TimerCreateOptions = NO_OPTIONS): number {
  checkOptions(options, ['flags'])
  const { flags = 0 } = options
  const [clock, bits] = [int(clockid, 'clockid'), int(flags, 'flags') | TFD_CLOEXEC]
  let fd: number
  while ((fd = libc.timerfd_create(clock, bits)) === -1) failed('timerfd_create')
  return fd
}

/** The time to the next expiration (0 where the timer is disarmed), and the interval (0 where it expires once). */
export type TimerState<T> = readonly [next_expiration: T, interval: T]

export interface TimerOptions<T> {
  /** Of TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET. */
  readonly flags?: number | undefined
  /** The first expiration; 0, the default, disarms the timer. */
  readonly initial?: T | undefined
  /** The interval between expirations; 0, the default, for a single one. */
  readonly interval?: T | undefined
}

const TIMER_OPTIONS = ['flags', 'initial', 'interval'] as const

/**
 * timerfd_settime(2): arms or disarms a timer; times are in seconds.
 *
 * @param fd the timer's descriptor
 * @param options `initial`: the first expiration, relative to now, or, with TFD_TIMER_ABSTIME in `flags`, a time of the
 *   timer's clock; 0, the default, disarms it. `interval`: the time between expirations; 0, the default, for a single
 *   one. `flags`
 * @returns the previous setting: seconds to the next expiration, and the interval
 * @throws OSError EINVAL for negative times and for what is no timer; EBADF
 * @throws RangeError for a negative descriptor, and for times that are not finite or too large for the system
 *
 * Availability: Linux 2.6.27. See timerfd_create(2); Python, os.timerfd_settime.
 * @example
 * ```ts
 * import { CLOCK_MONOTONIC } from 'osier/time'
 * const fd = os.timerfd_create(CLOCK_MONOTONIC)
 * os.timerfd_settime(fd, { initial: 60, interval: 0.5 }) // => [0, 0]
 * os.close(fd)
 * ```
 */
export function timerfd_settime(fd: Descriptor, options: TimerOptions<number> = NO_OPTIONS): TimerState<number> {
  checkOptions(options, TIMER_OPTIONS)
  const { flags = 0, initial = 0, interval = 0 } = options
  const times = [nanosecondsOf(initial, 'initial'), nanosecondsOf(interval, 'interval')] as const
  return inSeconds(setTimer('timerfd_settime', fd, flags, times))
}

/**
 * timerfd_settime(2): arms or disarms a timer; times are in nanoseconds.
 *
 * @param fd the timer's descriptor
 * @param options as those of `timerfd_settime`, in nanoseconds
 * @returns the previous setting: nanoseconds to the next expiration, and the interval
 * @throws OSError EINVAL for negative times and for what is no timer; EBADF
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See timerfd_create(2); Python, os.timerfd_settime_ns.
 * @example
 * ```ts
 * import { CLOCK_MONOTONIC } from 'osier/time'
 * const fd = os.timerfd_create(CLOCK_MONOTONIC)
 * os.timerfd_settime_ns(fd, { initial: 60_000_000_000n }) // => [0n, 0n]
 * os.close(fd)
 * ```
 */
export function timerfd_settime_ns(
  fd: Descriptor,
  options: TimerOptions<number | bigint> = NO_OPTIONS,
): TimerState<bigint> {
  checkOptions(options, TIMER_OPTIONS)
  const { flags = 0, initial = 0, interval = 0 } = options
  const times = [BigInt(int64(initial, 'initial')), BigInt(int64(interval, 'interval'))] as const
  return setTimer('timerfd_settime_ns', fd, flags, times)
}

/**
 * timerfd_gettime(2): the setting of a timer, in seconds.
 *
 * @param fd the timer's descriptor
 * @returns seconds to the next expiration, also where that was set as a time of the clock, and the interval
 * @throws OSError EINVAL for what is no timer; EBADF
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See timerfd_create(2); Python, os.timerfd_gettime.
 * @example
 * ```ts
 * import { CLOCK_MONOTONIC } from 'osier/time'
 * const fd = os.timerfd_create(CLOCK_MONOTONIC)
 * os.timerfd_settime(fd, { initial: 60, interval: 0.5 })
 * const [left, interval] = os.timerfd_gettime(fd)
 * left <= 60 && interval === 0.5 // => true
 * os.close(fd)
 * ```
 */
export function timerfd_gettime(fd: Descriptor): TimerState<number> {
  return inSeconds(getTimer('timerfd_gettime', fd))
}

/**
 * timerfd_gettime(2): the setting of a timer, in nanoseconds.
 *
 * @param fd the timer's descriptor
 * @returns nanoseconds to the next expiration, also where that was set as a time of the clock, and the interval
 * @throws OSError EINVAL for what is no timer; EBADF
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See timerfd_create(2); Python, os.timerfd_gettime_ns.
 * @example
 * ```ts
 * import { CLOCK_MONOTONIC } from 'osier/time'
 * const fd = os.timerfd_create(CLOCK_MONOTONIC)
 * os.timerfd_gettime_ns(fd) // => [0n, 0n]
 * os.close(fd)
 * ```
 */
export function timerfd_gettime_ns(fd: Descriptor): TimerState<bigint> {
  return getTimer('timerfd_gettime_ns', fd)
}

const SECOND = 1_000_000_000n
const { it_value, it_interval } = structs.itimerspec.offsets
const { tv_sec, tv_nsec } = structs.timespec.offsets

/** Where in scratch memory the state that `timerfd_settime` replaces is written, after the new one. */
const OLD = structs.itimerspec.size

function setTimer(
  syscall: string,
  fd: Descriptor,
  flags: number,
  [initial, interval]: TimerState<bigint>,
): TimerState<bigint> {
  const number = nonNegativeFd(fd, 'fd')
  const bits = int(flags, 'flags')
  putTimespec(it_value, initial)
  putTimespec(it_interval, interval)
  while (libc.timerfd_settime(number, bits, scratchAddress, scratchAddress + OLD) === -1) failed(syscall, number)
  return timerStateAt(OLD)
}

function getTimer(syscall: string, fd: Descriptor): TimerState<bigint> {
  const number = nonNegativeFd(fd, 'fd')
  while (libc.timerfd_gettime(number, scratchAddress) === -1) failed(syscall, number)
  return timerStateAt(0)
}

function timerStateAt(offset: number): TimerState<bigint> {
  return [timespecAt(offset + it_value), timespecAt(offset + it_interval)]
}

/** Nanoseconds below zero count from the second before, so that the kernel sees the time and refuses it. */
function putTimespec(offset: number, nanoseconds: bigint): void {
  const rest = ((nanoseconds % SECOND) + SECOND) % SECOND
  putBigInt64(offset + tv_sec, (nanoseconds - rest) / SECOND)
  putBigInt64(offset + tv_nsec, rest)
}

/** Seconds to nanoseconds as CPython converts them: towards the past. */
function nanosecondsOf(seconds: unknown, name: string): bigint {
  if (typeof seconds !== 'number') throw wrongType(name, 'a number', seconds)
  const nanoseconds = Math.floor(seconds * 1e9)
  if (Math.abs(nanoseconds) < 2 ** 63) return BigInt(nanoseconds)
  throw outOfRange(name, 'a time that 64 bits of nanoseconds hold', seconds)
}

function inSeconds([next, interval]: TimerState<bigint>): TimerState<number> {
  return [secondsOf(next), secondsOf(interval)]
}

function secondsOf(nanoseconds: bigint): number {
  return nanoseconds % SECOND === 0n ? Number(nanoseconds / SECOND) : Number(nanoseconds) / 1e9
}

/**
 * pidfd_open(2): a descriptor that refers to a process. It becomes readable when the process ends, and never refers to
 * another one, as a process id may.
 *
 * @param pid the process
 * @param flags PIDFD_NONBLOCK, or nothing
 * @param options `flags` by name
 * @returns the descriptor, which children do not inherit
 * @throws OSError ProcessLookupError where there is no such process; EINVAL for a pid below 1 or flags that are not
 *   known; EMFILE
 *
 * Availability: Linux 5.3. See pidfd_open(2); Python, os.pidfd_open.
 * @example
 * ```ts
 * const child = os.posix_spawn('/bin/true', ['true'], null)
 * const fd = os.pidfd_open(child)
 * os.waitid(os.P_PIDFD, fd, os.WEXITED)?.si_status // => 0
 * os.close(fd)
 * ```
 */
export function pidfd_open(pid: number, flags?: number | { readonly flags?: number | undefined }): number
export function pidfd_open(pid: number, ...rest: unknown[]): number {
  const { flags = 0 } = optional(['flags'], [], rest)
  const [process, bits] = [int(pid, 'pid'), uintFlags(flags, 'flags')]
  let fd: number
  while ((fd = libc.pidfd_open(process, bits)) === -1) failed('pidfd_open')
  return fd
}
