import { outOfRange, wrongType } from '../../errors.ts'
import { failed, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { bigUint64At, putBigInt64, scratchAddress, timespecAt } from '../../libc/memory.ts'
import { type Descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { int, int64, uint64, uintFlags } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, optional } from '../arguments/options.ts'
import { cString, fileName, type Path } from '../arguments/paths.ts'

/** Descriptors specific to Linux: memory files, event counters, timers and processes. */

/** Flag of `memfd_create`: children do not inherit it. */
export const MFD_CLOEXEC: number = constants.MFD_CLOEXEC
/** Flag of `memfd_create`: allow sealing operations. */
export const MFD_ALLOW_SEALING: number = constants.MFD_ALLOW_SEALING
/** Flag of `memfd_create`: use huge pages. */
export const MFD_HUGETLB: number = constants.MFD_HUGETLB
/** The left shift of the base-2 logarithm of the huge page size in the flags of `memfd_create`. */
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
/** Flag of `eventfd`: a call that would block fails with BlockingIOError instead. */
export const EFD_NONBLOCK: number = constants.EFD_NONBLOCK
/** Flag of `eventfd`: each read decrements the counter by 1. */
export const EFD_SEMAPHORE: number = constants.EFD_SEMAPHORE

/** Flag of `timerfd_create`: children do not inherit it. It is always added. */
export const TFD_CLOEXEC: number = constants.TFD_CLOEXEC
/** Flag of `timerfd_create`: a read before the timer has expired fails with a BlockingIOError. */
export const TFD_NONBLOCK: number = constants.TFD_NONBLOCK
/** Flag of `timerfd_settime`: `initial` is an absolute time of the timer's clock, not relative to now. */
export const TFD_TIMER_ABSTIME: number = constants.TFD_TIMER_ABSTIME
/** Flag of `timerfd_settime`, with TFD_TIMER_ABSTIME: a read fails with ECANCELED if the clock is set. */
export const TFD_TIMER_CANCEL_ON_SET: number = constants.TFD_TIMER_CANCEL_ON_SET

/** Flag of `pidfd_open`: waiting for the process fails with a BlockingIOError while it runs (Linux 5.10). */
export const PIDFD_NONBLOCK: number = constants.PIDFD_NONBLOCK

/**
 * memfd_create(2): creates an anonymous file in memory.
 *
 * @param name a label shown in /proc/self/fd; at most 249 bytes; need not be unique
 * @param flags: MFD_CLOEXEC (the default), MFD_ALLOW_SEALING, MFD_HUGETLB and one of MFD_HUGE_*
 * @param options `flags` by name
 * @returns the descriptor
 * @throws OSError EINVAL for a name that is too long or for unknown flags; EMFILE, ENOMEM
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
 * eventfd(2): creates an event counter of 64 bits, which is read, written and polled by its descriptor.
 *
 * @param initval its initial value: 32 bits
 * @param flags: EFD_CLOEXEC (the default), EFD_NONBLOCK, EFD_SEMAPHORE
 * @param options `flags` by name
 * @returns the descriptor
 * @throws OSError EINVAL for unknown flags; EMFILE
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
 * read(2): reads an event counter; blocks while it is 0.
 *
 * @param fd the counter's descriptor
 * @returns the value, after which the counter is 0; with EFD_SEMAPHORE 1, after which the counter is one less
 * @throws OSError BlockingIOError if the counter is 0 (EFD_NONBLOCK); EBADF; EINVAL if it is not a counter
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
 * write(2): adds to an event counter; blocks while the sum would exceed 2^64 - 2.
 *
 * @param fd the counter's descriptor
 * @param value the value to add: 64 bits
 * @throws OSError BlockingIOError if the sum would exceed the limit (EFD_NONBLOCK); EINVAL for 2^64 - 1; EBADF
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
  /** TFD_NONBLOCK, or 0; TFD_CLOEXEC is always added. */
  readonly flags?: number | undefined
}

/**
 * timerfd_create(2): creates a timer that is read and polled by its descriptor. It is disarmed until `timerfd_settime`.
 * After it has expired, a read of 8 bytes returns the number of expirations, as a 64-bit integer in native byte order.
 *
 * @param clockid the clock: `time.CLOCK_REALTIME`, CLOCK_MONOTONIC, CLOCK_BOOTTIME, or an alarm clock
 * @param options `flags`
 * @returns the descriptor, which children do not inherit
 * @throws OSError EINVAL for another clock or other flags; PermissionError for the alarm clocks, without CAP_WAKE_ALARM
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
  const checked = checkOptions(options, ['flags'])
  const { flags = 0 } = checked
  const [clock, bits] = [int(clockid, 'clockid'), int(flags, 'flags') | TFD_CLOEXEC]
  let fd: number
  while ((fd = libc.timerfd_create(clock, bits)) === -1) failed('timerfd_create')
  return fd
}

/** The time until the next expiration (0 if the timer is disarmed), and the interval (0 if it expires once). */
export type TimerState<T> = readonly [next_expiration: T, interval: T]

export interface TimerOptions<T> {
  /** A combination of TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET. */
  readonly flags?: number | undefined
  /** The first expiration; 0, the default, disarms the timer. */
  readonly initial?: T | undefined
  /** The interval between expirations; 0, the default, for a single expiration. */
  readonly interval?: T | undefined
}

const TIMER_OPTIONS = ['flags', 'initial', 'interval'] as const

/**
 * timerfd_settime(2): arms or disarms a timer; times are in seconds.
 *
 * @param fd the timer's descriptor
 * @param options `initial`: the first expiration, relative to now, or, with TFD_TIMER_ABSTIME in `flags`, a time of the
 *   timer's clock; 0, the default, disarms it. `interval`: the time between expirations; 0, the default, for a single
 *   expiration. `flags`
 * @returns the previous setting: seconds to the next expiration, and the interval
 * @throws OSError EINVAL for negative times, and if the descriptor is not a timer; EBADF
 * @throws RangeError for a negative descriptor, and for times that are not finite or too large for `struct timespec`
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
  const checked = checkOptions(options, TIMER_OPTIONS)
  const { flags = 0, initial = 0, interval = 0 } = checked
  const times = [nanosecondsOf(initial, 'initial'), nanosecondsOf(interval, 'interval')] as const
  return toSeconds(setTimer('timerfd_settime', fd, flags, times))
}

/**
 * timerfd_settime(2): arms or disarms a timer; times are in nanoseconds.
 *
 * @param fd the timer's descriptor
 * @param options as those of `timerfd_settime`, in nanoseconds
 * @returns the previous setting: nanoseconds to the next expiration, and the interval
 * @throws OSError EINVAL for negative times, and if the descriptor is not a timer; EBADF
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
  const checked = checkOptions(options, TIMER_OPTIONS)
  const { flags = 0, initial = 0, interval = 0 } = checked
  const times = [BigInt(int64(initial, 'initial')), BigInt(int64(interval, 'interval'))] as const
  return setTimer('timerfd_settime_ns', fd, flags, times)
}

/**
 * timerfd_gettime(2): the setting of a timer, in seconds.
 *
 * @param fd the timer's descriptor
 * @returns seconds until the next expiration (relative even if it was set as an absolute time), and the interval
 * @throws OSError EINVAL if the descriptor is not a timer; EBADF
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
  return toSeconds(getTimer('timerfd_gettime', fd))
}

/**
 * timerfd_gettime(2): the setting of a timer, in nanoseconds.
 *
 * @param fd the timer's descriptor
 * @returns nanoseconds until the next expiration (relative even if it was set as an absolute time), and the interval
 * @throws OSError EINVAL if the descriptor is not a timer; EBADF
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

/** The offset in scratch memory of the previous setting, after the new one. */
const OLD = structs.itimerspec.size

function setTimer(
  syscall: string,
  fd: Descriptor,
  flags: number,
  [initial, interval]: TimerState<bigint>,
): TimerState<bigint> {
  const number = nonNegativeFd(fd, 'fd')
  const bits = int(flags, 'flags')
  writeTimespec(it_value, initial)
  writeTimespec(it_interval, interval)
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

/**
 * Writes a `struct timespec`. A negative time has negative seconds and non-negative nanoseconds, so that the kernel
 * refuses it because it is negative.
 */
function writeTimespec(offset: number, nanoseconds: bigint): void {
  const rest = ((nanoseconds % SECOND) + SECOND) % SECOND
  putBigInt64(offset + tv_sec, (nanoseconds - rest) / SECOND)
  putBigInt64(offset + tv_nsec, rest)
}

/** Converts seconds to nanoseconds, rounding down as CPython does. */
function nanosecondsOf(seconds: unknown, name: string): bigint {
  if (typeof seconds !== 'number') throw wrongType(name, 'a number', seconds)
  const nanoseconds = Math.floor(seconds * 1e9)
  if (Math.abs(nanoseconds) < 2 ** 63) return BigInt(nanoseconds)
  throw outOfRange(name, 'a time that 64 bits of nanoseconds hold', seconds)
}

function toSeconds([next, interval]: TimerState<bigint>): TimerState<number> {
  return [secondsOf(next), secondsOf(interval)]
}

function secondsOf(nanoseconds: bigint): number {
  return nanoseconds % SECOND === 0n ? Number(nanoseconds / SECOND) : Number(nanoseconds) / 1e9
}

/**
 * pidfd_open(2): returns a descriptor that refers to a process. It becomes readable when the process ends. Unlike a
 * process id, it is never reused for another process.
 *
 * @param pid the process
 * @param flags PIDFD_NONBLOCK, or 0 (the default)
 * @param options `flags` by name
 * @returns the descriptor, which children do not inherit
 * @throws OSError ProcessLookupError if there is no such process; EINVAL for a pid below 1 or for unknown flags; EMFILE
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
