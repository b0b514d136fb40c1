import { brand } from '../../copies.ts'
import { wrongType } from '../../errors.ts'
import { clearErrno, failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, sizes, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { bigInt64At, int32At, SCRATCH_SIZE, scratch, scratchAddress, uint32At } from '../../libc/memory.ts'
import { StructSequence } from '../../results/struct_sequence.ts'
import { int } from '../arguments/numbers.ts'

/** Scheduling policy: the default, time sharing. */
export const SCHED_OTHER: number = constants.SCHED_OTHER
/** Scheduling policy: SCHED_OTHER, under the kernel's name. */
export const SCHED_NORMAL: number = constants.SCHED_NORMAL
/** Scheduling policy: batch processing, with a slightly later wake-up. */
export const SCHED_BATCH: number = constants.SCHED_BATCH
/** Scheduling policy: runs only when no other process is ready. */
export const SCHED_IDLE: number = constants.SCHED_IDLE
/** Scheduling policy: real time, first in, first out. */
export const SCHED_FIFO: number = constants.SCHED_FIFO
/** Scheduling policy: real time, round robin among equal priorities. */
export const SCHED_RR: number = constants.SCHED_RR
/** Scheduling policy: real time by deadlines. `sched_setscheduler` cannot set it. */
export const SCHED_DEADLINE: number = constants.SCHED_DEADLINE
/** Added to a policy: children begin with the default policy and priority. */
export const SCHED_RESET_ON_FORK: number = constants.SCHED_RESET_ON_FORK

const { size: PARAM_SIZE } = structs.sched_param
const { sched_priority } = structs.sched_param.offsets

/**
 * The parameters of a scheduling policy: a priority. It is also a sequence of this one item.
 *
 * See sched(7); Python, os.sched_param.
 * @example
 * ```ts
 * new os.sched_param(10).sched_priority // => 10
 * ```
 */
export class sched_param extends StructSequence<readonly [sched_priority: number]> {
  static {
    brand(sched_param, 'sched_param')
  }

  /**
   * The priority: from `sched_get_priority_min` to `sched_get_priority_max` of the policy, which are 0 for policies
   * that are not real time.
   */
  readonly sched_priority: number

  /** @param sched_priority the priority */
  constructor(sched_priority: number) {
    super()
    this.sched_priority = int(sched_priority, 'sched_priority')
    Object.freeze(this)
  }

  override toArray(): [sched_priority: number] {
    return [this.sched_priority]
  }
}

/** Writes the parameters to scratch memory, in the C library's layout. */
function writeParam(param: sched_param): void {
  scratch.fill(0, 0, PARAM_SIZE)
  scratch.writeInt32LE(param.sched_priority, sched_priority)
}

function checkParam(value: unknown): sched_param {
  if (value instanceof sched_param) return value
  throw wrongType('param', 'a sched_param', value)
}

/**
 * sched_get_priority_min(2): returns the lowest priority of a policy.
 *
 * @param policy one of SCHED_*
 * @returns the priority
 * @throws OSError EINVAL for an unknown policy
 *
 * Availability: Linux. See sched_get_priority_min(2); Python, os.sched_get_priority_min.
 * @example
 * ```ts
 * os.sched_get_priority_min(os.SCHED_FIFO) // => 1
 * ```
 */
export function sched_get_priority_min(policy: number): number {
  const number = int(policy, 'policy')
  let priority: number
  while ((priority = libc.sched_get_priority_min(number)) === -1) failed('sched_get_priority_min')
  return priority
}

/**
 * sched_get_priority_max(2): returns the highest priority of a policy.
 *
 * @param policy one of SCHED_*
 * @returns the priority
 * @throws OSError EINVAL for an unknown policy
 *
 * Availability: Linux. See sched_get_priority_min(2); Python, os.sched_get_priority_max.
 * @example
 * ```ts
 * os.sched_get_priority_max(os.SCHED_FIFO) // => 99
 * ```
 */
export function sched_get_priority_max(policy: number): number {
  const number = int(policy, 'policy')
  let priority: number
  while ((priority = libc.sched_get_priority_max(number)) === -1) failed('sched_get_priority_max')
  return priority
}

/**
 * sched_setscheduler(2): sets the scheduling policy and priority of a process.
 *
 * On Linux each thread has its own policy: 0 means the calling thread, and a process id means the main thread of that
 * process.
 *
 * @param pid the process, 0 for this one
 * @param policy one of SCHED_*, optionally with SCHED_RESET_ON_FORK
 * @param param the priority
 * @throws OSError as the system reports: ProcessLookupError, PermissionError (real-time policies require CAP_SYS_NICE),
 *   EINVAL for an unknown policy, and for a priority outside the policy's range
 *
 * Availability: Linux. See sched_setscheduler(2); Python, os.sched_setscheduler.
 * @example
 * ```ts
 * const child = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
 * os.sched_setscheduler(child, os.SCHED_BATCH, new os.sched_param(0))
 * os.sched_getscheduler(child) // => os.SCHED_BATCH
 * os.kill(child, 9)
 * os.waitpid(child, 0)
 * ```
 */
export function sched_setscheduler(pid: number, policy: number, param: sched_param): void {
  const [process, number, parameters] = [int(pid, 'pid'), int(policy, 'policy'), checkParam(param)]
  writeParam(parameters)
  while (libc.kernel_sched_setscheduler(process, number, scratchAddress) === -1) failed('sched_setscheduler')
}

/**
 * sched_getscheduler(2): returns the scheduling policy of a process.
 *
 * @param pid the process, 0 for this one
 * @returns one of SCHED_*, optionally with SCHED_RESET_ON_FORK
 * @throws OSError as the system reports: ProcessLookupError, EINVAL for a negative number
 *
 * Availability: Linux. See sched_setscheduler(2); Python, os.sched_getscheduler.
 * @example
 * ```ts
 * os.sched_getscheduler(0) // => os.SCHED_OTHER
 * ```
 */
export function sched_getscheduler(pid: number): number {
  const process = int(pid, 'pid')
  let policy: number
  while ((policy = libc.kernel_sched_getscheduler(process)) === -1) failed('sched_getscheduler')
  return policy
}

/**
 * sched_setparam(2): sets the scheduling priority of a process, without changing its policy.
 *
 * @param pid the process, 0 for this one
 * @param param the priority
 * @throws OSError as `sched_setscheduler`
 *
 * Availability: Linux. See sched_setparam(2); Python, os.sched_setparam.
 * @example
 * ```ts
 * os.sched_setparam(0, os.sched_getparam(0))
 * ```
 */
export function sched_setparam(pid: number, param: sched_param): void {
  const [process, parameters] = [int(pid, 'pid'), checkParam(param)]
  writeParam(parameters)
  while (libc.kernel_sched_setparam(process, scratchAddress) === -1) failed('sched_setparam')
}

/**
 * sched_getparam(2): returns the scheduling priority of a process.
 *
 * @param pid the process, 0 for this one
 * @returns the priority
 * @throws OSError as the system reports: ProcessLookupError, EINVAL for a negative number
 *
 * Availability: Linux. See sched_setparam(2); Python, os.sched_getparam.
 * @example
 * ```ts
 * os.sched_getparam(0).sched_priority // => 0
 * ```
 */
export function sched_getparam(pid: number): sched_param {
  const process = int(pid, 'pid')
  while (libc.kernel_sched_getparam(process, scratchAddress) === -1) failed('sched_getparam')
  return new sched_param(int32At(sched_priority))
}

/**
 * sched_rr_get_interval(2): returns the time slice of a process under SCHED_RR.
 *
 * @param pid the process, 0 for this one
 * @returns seconds
 * @throws OSError as the system reports: ProcessLookupError, EINVAL for a negative number
 *
 * Availability: Linux. See sched_rr_get_interval(2); Python, os.sched_rr_get_interval.
 * @example
 * ```ts
 * os.sched_rr_get_interval(0) >= 0 // => true
 * ```
 */
export function sched_rr_get_interval(pid: number): number {
  const process = int(pid, 'pid')
  while (libc.sched_rr_get_interval(process, scratchAddress) === -1) failed('sched_rr_get_interval')
  return Number(bigInt64At(0)) + 1e-9 * uint32At(8)
}

/**
 * sched_yield(2): yields the processor to other threads.
 *
 * Availability: Linux. See sched_yield(2); Python, os.sched_yield.
 * @example
 * ```ts
 * os.sched_yield() // => undefined
 * ```
 */
export function sched_yield(): void {
  while (libc.sched_yield() === -1) failed('sched_yield')
}

/**
 * sched_setaffinity(2): sets the processors that a process may run on.
 *
 * On Linux each thread has its own set: 0 means the calling thread, and a process id means the main thread of that
 * process.
 *
 * @param pid the process, 0 for this one
 * @param mask the processors' numbers, from 0 on: an array, a Set, or another iterable
 * @throws OSError as the system reports: ProcessLookupError, PermissionError (another user's process), EINVAL if none
 *   of the processors exists
 *
 * Availability: Linux. See sched_setaffinity(2); Python, os.sched_setaffinity.
 * @example
 * ```ts
 * os.sched_setaffinity(0, os.sched_getaffinity(0))
 * os.sched_setaffinity(0, []) // throws OSError
 * ```
 */
export function sched_setaffinity(pid: number, mask: Iterable<number>): void {
  const process = int(pid, 'pid')
  if (typeof mask !== 'object' || mask === null || !(Symbol.iterator in mask)) {
    throw wrongType('mask', 'an iterable of processor numbers', mask)
  }
  const processors = Array.from(mask, (processor, index) => int(processor, `mask[${index}]`, 0))
  // The kernel ignores processors that do not exist, and no kernel supports as many as the scratch memory has bits.
  const possible = processors.filter((processor) => processor < 8 * SCRATCH_SIZE)
  const size = possible.reduce((most, processor) => Math.max(most, sizeFor(processor)), sizes.cpu_set_t)
  scratch.fill(0, 0, size)
  for (const processor of possible) scratch[processor >> 3] = (scratch[processor >> 3] ?? 0) | (1 << (processor & 7))
  while (libc.sched_setaffinity(process, size, scratchAddress) === -1) failed('sched_setaffinity')
}

/** Returns the size in bytes of a set that contains a processor: it consists of 64-bit words. */
function sizeFor(processor: number): number {
  return ((processor >> 6) + 1) << 3
}

/**
 * sched_getaffinity(2): returns the processors that a process may run on.
 *
 * @param pid the process, 0 for the calling thread of this one
 * @returns the processors' numbers, from 0 on
 * @throws OSError as the system reports: ProcessLookupError
 *
 * Availability: Linux. See sched_setaffinity(2); Python, os.sched_getaffinity.
 * @example
 * ```ts
 * os.sched_getaffinity(0).size // => os.process_cpu_count()
 * ```
 */
export function sched_getaffinity(pid: number): Set<number> {
  const process = int(pid, 'pid')
  const size = affinityInto(process)
  const processors = new Set<number>()
  for (let processor = 0; processor < 8 * size; processor++) {
    if (((scratch[processor >> 3] ?? 0) & (1 << (processor & 7))) !== 0) processors.add(processor)
  }
  return processors
}

/** Reads a set of processors into scratch memory, and returns its size in bytes. */
function affinityInto(process: number): number {
  // If the machine has more processors than fit into the C library's type, the kernel fails with EINVAL.
  for (let size = sizes.cpu_set_t; ; size *= 2) {
    if (libc.sched_getaffinity(process, size, scratchAddress) !== -1) return size
    const errno = lastErrno()
    if (errno !== errnoNumbers.EINVAL || size === SCRATCH_SIZE) throw osError(errno, 'sched_getaffinity')
  }
}

/** `which` of `getpriority` and `setpriority`: a process. */
export const PRIO_PROCESS: number = constants.PRIO_PROCESS
/** `which` of `getpriority` and `setpriority`: a process group. */
export const PRIO_PGRP: number = constants.PRIO_PGRP
/** `which` of `getpriority` and `setpriority`: all processes of a user. */
export const PRIO_USER: number = constants.PRIO_USER

/** Checks the id of a process, process group or user: user ids may be larger than process ids. */
function anyId(value: unknown, name: string): number {
  return int(value, name, -0x8000_0000, 0xffff_ffff)
}

/**
 * getpriority(2): returns the scheduling priority ("nice value").
 *
 * @param which PRIO_PROCESS, PRIO_PGRP or PRIO_USER: the kind of `who`
 * @param who the id; 0 for this process, its process group or its real user
 * @returns -20 (most favoured) to 19; for several processes, that of the most favoured one
 * @throws OSError as the system reports: ProcessLookupError, EINVAL
 *
 * Availability: Linux. See getpriority(2); Python, os.getpriority.
 * @example
 * ```ts
 * os.getpriority(os.PRIO_PROCESS, 0) // => os.nice(0)
 * ```
 */
export function getpriority(which: number, who: number): number {
  const [kind, number] = [int(which, 'which'), anyId(who, 'who')]
  clearErrno()
  const priority = libc.getpriority(kind, number)
  if (priority !== -1) return priority
  // -1 is also a valid priority: only errno distinguishes it from a failure.
  const errno = lastErrno()
  if (errno !== 0) throw osError(errno, 'getpriority')
  return priority
}

/**
 * setpriority(2): sets the scheduling priority ("nice value").
 *
 * On Linux each thread has its own priority: for this process, the priority of the calling thread is set, and threads
 * that it creates later inherit it.
 *
 * @param which PRIO_PROCESS, PRIO_PGRP or PRIO_USER: the kind of `who`
 * @param who the id; 0 for this process, its process group or its real user
 * @param priority -20 (most favoured) to 19; a value outside is clamped to this range
 * @throws OSError as the system reports: ProcessLookupError, PermissionError (another user's process, or a lower value
 *   without CAP_SYS_NICE), EINVAL
 *
 * Availability: Linux. See setpriority(2); Python, os.setpriority.
 * @example
 * ```ts
 * const now = os.getpriority(os.PRIO_PROCESS, 0)
 * os.setpriority(os.PRIO_PROCESS, 0, Math.min(now + 1, 19)) // nicer
 * os.getpriority(os.PRIO_PROCESS, 0) // => Math.min(now + 1, 19)
 * ```
 */
export function setpriority(which: number, who: number, priority: number): void {
  const [kind, number, value] = [int(which, 'which'), anyId(who, 'who'), int(priority, 'priority')]
  while (libc.setpriority(kind, number, value) === -1) failed('setpriority')
}

/**
 * nice(2): adds to the nice value of this process: the higher the value, the less CPU time the process gets.
 *
 * @param increment the value to add; the result is clamped to -20 to 19
 * @returns the new nice value
 * @throws PermissionError for a negative increment without CAP_SYS_NICE
 *
 * Availability: Linux. See nice(2); Python, os.nice.
 * @example
 * ```ts
 * const now = os.nice(0)
 * os.nice(1) // => Math.min(now + 1, 19)
 * ```
 */
export function nice(increment: number): number {
  const step = int(increment, 'increment')
  clearErrno()
  const niceness = libc.nice(step)
  if (niceness === -1) {
    const errno = lastErrno()
    if (errno !== 0) throw osError(errno, 'nice')
  }
  return niceness
}
