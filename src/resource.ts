import { AuditEvent } from './audit.ts'
import { badValue, wrongType } from './errors.ts'
import { failed, lastErrno, osError } from './libc/call.ts'
import { constants, errnoNumbers, structs } from './libc/facts.ts'
import { libc } from './libc/functions.ts'
import { addressOf, ownMemory, scratchAddress } from './libc/memory.ts'
import { int, int64 } from './os/arguments/numbers.ts'
import { sysconf } from './os/system/information.ts'
import { rusageAt, struct_rusage } from './results/child_results.ts'

/** Python's `resource` module: limits of processes, and what they have used. */

export { OSError as error } from './errors.ts'
export { struct_rusage }

const C = constants

/** No limit. C has the highest number that fits for it. */
export const RLIM_INFINITY: number = -1
/** Limit: the size of the address space, in bytes. */
export const RLIMIT_AS: number = C.RLIMIT_AS
/** Limit: the size of a core file, in bytes. */
export const RLIMIT_CORE: number = C.RLIMIT_CORE
/** Limit: CPU time, in seconds. */
export const RLIMIT_CPU: number = C.RLIMIT_CPU
/** Limit: the size of the data segment, in bytes. */
export const RLIMIT_DATA: number = C.RLIMIT_DATA
/** Limit: the size of a file that the process creates, in bytes. */
export const RLIMIT_FSIZE: number = C.RLIMIT_FSIZE
/** Limit: memory that the process may lock, in bytes. */
export const RLIMIT_MEMLOCK: number = C.RLIMIT_MEMLOCK
/** Limit: bytes in POSIX message queues of the user. Availability: Linux 2.6.8. */
export const RLIMIT_MSGQUEUE: number = C.RLIMIT_MSGQUEUE
/** Limit: how far nice values may be lowered: 20 minus the limit is the lowest. Availability: Linux 2.6.12. */
export const RLIMIT_NICE: number = C.RLIMIT_NICE
/** Limit: one more than the highest descriptor. */
export const RLIMIT_NOFILE: number = C.RLIMIT_NOFILE
/** Limit: processes and threads of the user. */
export const RLIMIT_NPROC: number = C.RLIMIT_NPROC
/** RLIMIT_NOFILE, under the name of BSD. Availability: glibc, BSD. */
export const RLIMIT_OFILE: number | undefined = C.RLIMIT_OFILE
/** Limit: resident memory, in bytes; without effect since Linux 2.4.30. */
export const RLIMIT_RSS: number = C.RLIMIT_RSS
/** Limit: the highest real-time priority. Availability: Linux 2.6.12. */
export const RLIMIT_RTPRIO: number = C.RLIMIT_RTPRIO
/** Limit: CPU time under a real-time policy without a blocking call, in microseconds. Availability: Linux 2.6.25. */
export const RLIMIT_RTTIME: number = C.RLIMIT_RTTIME
/** Limit: queued signals of the user. Availability: Linux 2.6.8. */
export const RLIMIT_SIGPENDING: number = C.RLIMIT_SIGPENDING
/** Limit: the size of the stack of the main thread, in bytes. */
export const RLIMIT_STACK: number = C.RLIMIT_STACK
/** Limit: the size of the mapped address space. Availability: BSD. */
export const RLIMIT_VMEM: number | undefined = undefined
/** Limit: memory of socket buffers. Availability: FreeBSD. */
export const RLIMIT_SBSIZE: number | undefined = undefined
/** Limit: swap space. Availability: FreeBSD. */
export const RLIMIT_SWAP: number | undefined = undefined
/** Limit: pseudo-terminals. Availability: FreeBSD. */
export const RLIMIT_NPTS: number | undefined = undefined
/** Limit: kqueues. Availability: FreeBSD. */
export const RLIMIT_KQUEUES: number | undefined = undefined

/** Usage: that of the process, in all its threads. */
export const RUSAGE_SELF: number = C.RUSAGE_SELF
/** Usage: that of children that have ended and been waited for, and of theirs. */
export const RUSAGE_CHILDREN: number = C.RUSAGE_CHILDREN
/** Usage: that of the calling thread. Availability: Linux 2.6.26. */
export const RUSAGE_THREAD: number = C.RUSAGE_THREAD
/** Usage: RUSAGE_SELF and RUSAGE_CHILDREN together. Availability: systems that have it; not Linux. */
export const RUSAGE_BOTH: number | undefined = undefined

/** A limit: a bigint above 2^53; RLIM_INFINITY (-1) for none. */
export type Limit = number | bigint
/** Both limits: the soft one, which counts, and the hard one, to which a process may raise it. */
export type Limits = readonly [soft: Limit, hard: Limit]

const setrlimitEvent = new AuditEvent('resource.setrlimit')
const prlimitEvent = new AuditEvent('resource.prlimit')

const { rlim_cur, rlim_max } = structs.rlimit.offsets
const { EINVAL, EPERM } = errnoNumbers
const INFINITY = 2n ** 64n - 1n

// Memory of this module alone: the new limits, and behind them the old ones.
const memory = ownMemory(2 * structs.rlimit.size)
const given = addressOf(memory)
const found = given + structs.rlimit.size

function limitAt(offset: number): Limit {
  const value = memory.readBigUInt64LE(offset)
  if (value === INFINITY) return RLIM_INFINITY
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value)
}

function foundLimits(): [soft: Limit, hard: Limit] {
  return [limitAt(structs.rlimit.size + rlim_cur), limitAt(structs.rlimit.size + rlim_max)]
}

/** Checks limits, and returns them as plain values. */
function checkedLimits(limits: unknown): readonly [Limit, Limit] {
  const list = Array.isArray(limits) ? (limits as unknown[]) : undefined
  if (list === undefined) throw wrongType('limits', 'an array of two integers', limits)
  if (list.length !== 2) throw badValue('limits', 'must have two items', limits)
  const [soft, hard] = list.map((limit, index) => int64(limit, `limits[${index}]`, -1n, INFINITY))
  return [soft as Limit, hard as Limit]
}

function putLimits([soft, hard]: Limits): void {
  memory.writeBigUInt64LE(BigInt.asUintN(64, BigInt(soft)), rlim_cur)
  memory.writeBigUInt64LE(BigInt.asUintN(64, BigInt(hard)), rlim_max)
}

/** Checks the number of a resource: one that the system does not have is a RangeError, as in Python. */
function checkedResource(resource: unknown): number {
  const number = int(resource, 'resource')
  if (number < 0 || libc.prlimit(0, number, 0, found) === -1) throw badValue('resource', 'must be RLIMIT_*', resource)
  return number
}

/**
 * getrlimit(2): returns the limits of a resource for this process.
 *
 * @param resource RLIMIT_*
 * @returns the soft limit, which counts, and the hard one; RLIM_INFINITY for none
 * @throws RangeError if the system has no such resource
 * @throws OSError as the system reports
 *
 * Availability: Linux. See getrlimit(2); Python, resource.getrlimit.
 * @example
 * ```ts
 * const [soft, hard] = resource.getrlimit(resource.RLIMIT_NOFILE)
 * soft > 2 && (hard === resource.RLIM_INFINITY || soft <= hard) // => true
 * ```
 */
export function getrlimit(resource: number): [soft: Limit, hard: Limit] {
  checkedResource(resource)
  return foundLimits()
}

/**
 * setrlimit(2): sets the limits of a resource for this process, and for children that it starts from then on.
 *
 * @param resource RLIMIT_*
 * @param limits the soft limit and the hard one; RLIM_INFINITY for none. A process without CAP_SYS_RESOURCE can lower
 *   its hard limit, and never raise it again
 * @throws RangeError if the system has no such resource, if the soft limit exceeds the hard one, and if the process may
 *   not raise the hard limit
 * @throws OSError as the system reports
 *
 * Availability: Linux. Audit event: `resource.setrlimit` (resource, limits). See setrlimit(2); Python,
 * resource.setrlimit.
 * @example
 * ```ts
 * const [, hard] = resource.getrlimit(resource.RLIMIT_CORE)
 * resource.setrlimit(resource.RLIMIT_CORE, [0, hard]) // no core files
 * resource.getrlimit(resource.RLIMIT_CORE)[0] // => 0
 * ```
 */
export function setrlimit(resource: number, limits: Limits): void {
  const number = checkedResource(resource)
  const values = checkedLimits(limits)
  if (setrlimitEvent.wanted) setrlimitEvent.raise(number, values)
  putLimits(values)
  while (libc.prlimit(0, number, given, 0) === -1) refuse('setrlimit', limits)
}

function refuse(syscall: string, limits: unknown): void {
  const errno = lastErrno()
  if (errno === EINVAL) throw badValue('limits', 'must have a soft limit that does not exceed the hard one', limits)
  if (errno === EPERM) throw badValue('limits', 'must not raise the hard limit', limits)
  if (errno !== errnoNumbers.EINTR) throw osError(errno, syscall)
}

/**
 * prlimit(2): returns the limits of a resource for any process, and may set them.
 *
 * @param pid the process; 0 for this one
 * @param resource RLIMIT_*
 * @param limits the new limits, as for `setrlimit`; left out or null: they stay
 * @returns the limits as they were before
 * @throws RangeError if the system has no such resource, and if the soft limit exceeds the hard one
 * @throws ProcessLookupError if there is no such process; PermissionError for another user's process without
 *   CAP_SYS_RESOURCE, and to raise a hard limit without it
 *
 * Availability: Linux 2.6.36. Audit event: `resource.prlimit` (pid, resource, limits). See prlimit(2); Python,
 * resource.prlimit.
 * @example
 * ```ts
 * const child = os.posix_spawnp('sleep', ['sleep', '60'], null)
 * const [, hard] = resource.prlimit(child, resource.RLIMIT_CORE)
 * resource.prlimit(child, resource.RLIMIT_CORE, [0, hard])
 * resource.prlimit(child, resource.RLIMIT_CORE)[0] // => 0
 * os.kill(child, 9)
 * os.waitpid(child, 0)
 * ```
 */
export function prlimit(pid: number, resource: number, limits: Limits | null = null): [soft: Limit, hard: Limit] {
  const process = int(pid, 'pid')
  const number = checkedResource(resource)
  const values = limits === null ? null : checkedLimits(limits)
  if (prlimitEvent.wanted) prlimitEvent.raise(process, number, values)
  if (values !== null) putLimits(values)
  while (libc.prlimit(process, number, values === null ? 0 : given, found) === -1) {
    const errno = lastErrno()
    if (errno === EINVAL && values !== null) refuse('prlimit', limits)
    if (errno !== errnoNumbers.EINTR) throw osError(errno, 'prlimit')
  }
  return foundLimits()
}

/**
 * getrusage(2): returns what this process, its children or this thread have used.
 *
 * @param who RUSAGE_SELF, RUSAGE_CHILDREN or RUSAGE_THREAD
 * @returns the usage: times in seconds, memory in KiB
 * @throws RangeError for another value of `who`
 *
 * Availability: Linux. See getrusage(2); Python, resource.getrusage.
 * @example
 * ```ts
 * const { ru_maxrss, ru_utime } = resource.getrusage(resource.RUSAGE_SELF)
 * ru_maxrss > 1024 && ru_utime > 0 // => true
 * ```
 */
export function getrusage(who: number): struct_rusage {
  const whose = int(who, 'who')
  if (![RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD].includes(whose)) {
    throw badValue('who', 'must be RUSAGE_SELF, RUSAGE_CHILDREN or RUSAGE_THREAD', who)
  }
  while (libc.getrusage(whose, scratchAddress) === -1) failed('getrusage')
  return rusageAt(0)
}

/**
 * sysconf(3): returns the size of a memory page.
 *
 * @returns bytes: 4096, or a larger power of two
 *
 * Availability: Linux. See getpagesize(2); Python, resource.getpagesize.
 * @example
 * ```ts
 * resource.getpagesize() // => os.sysconf('SC_PAGESIZE')
 * ```
 */
export function getpagesize(): number {
  return sysconf('SC_PAGESIZE')
}

export * as default from './resource.ts'
