import { lastErrno, osError } from '../call.ts'
import { constants, structs } from '../facts.ts'
import { type Address, libc } from '../functions.ts'
import { addressOf, ownMemory, scratch, scratchAddress } from '../memory.ts'
import { openDescriptors } from './proc.ts'

/**
 * Room for a child: where there is none, V8 and libuv would end it, or wait for ever for threads that are not there.
 */

/** Throws where so many descriptors cannot be opened: later there would be no way back. */
export function requireFreeDescriptors(count: number): void {
  if (!isFarFromLimit(count)) nextDescriptors(count)
}

/** Whether at least so many descriptors are free, by their number alone. */
function isFarFromLimit(count: number): boolean {
  const open = openDescriptors()
  if (open === 0 || libc.prlimit(0, constants.RLIMIT_NOFILE, 0, scratchAddress) !== 0) return false
  return Number(scratch.readBigUInt64LE(rlim_cur)) - open >= count
}

/**
 * @returns the descriptors that the kernel gives next, as many as are asked for: the lowest that are free
 * @throws OSError where there are not so many
 */
export function nextDescriptors(count: number): number[] {
  const fds: number[] = []
  // The copies of one take a fifth of the time that pipes would.
  let last = libc.eventfd(0, constants.EFD_CLOEXEC)
  if (last !== -1) fds.push(last)
  while (last !== -1 && fds.length < count) {
    last = libc.fcntl(fds[0] as number, constants.F_DUPFD_CLOEXEC, 0)
    if (last !== -1) fds.push(last)
  }
  const errno = last === -1 ? lastErrno() : 0
  for (const fd of fds) libc.close(fd)
  if (errno !== 0) throw osError(errno, 'fork')
  return fds
}

export function isOpen(fd: number): boolean {
  return libc.fcntl(fd, constants.F_GETFD, 0) !== -1
}

const { rlim_cur, rlim_max } = structs.rlimit.offsets
const NO_LIMIT = 2n ** 64n - 1n

// Memory of this module alone: the child reads it again.
const limits = ownMemory(2 * structs.rlimit.size)
const normal = addressOf(limits)
const lowered = normal + structs.rlimit.size

/**
 * The kernel counts a user's threads together with the processes. A fork that succeeds at that limit leaves no room for
 * the threads that the child needs, so for the moment of the fork the limit is lower by these.
 *
 * @returns where the limit stands that both sides have to set again by `prlimit`; 0 where nothing was lowered
 */
export function lowerLimit(threads: number): Address {
  if (libc.prlimit(0, constants.RLIMIT_NPROC, 0, normal) !== 0) return 0
  const soft = limits.readBigUInt64LE(rlim_cur)
  if (soft === NO_LIMIT) return 0
  const less = soft - BigInt(threads)
  limits.writeBigUInt64LE(less > 0n ? less : 0n, structs.rlimit.size + rlim_cur)
  limits.writeBigUInt64LE(limits.readBigUInt64LE(rlim_max), structs.rlimit.size + rlim_max)
  return libc.prlimit(0, constants.RLIMIT_NPROC, lowered, 0) === 0 ? normal : 0
}

/** Standard error, and what takes its place for a moment. */
export interface StderrRedirect {
  readonly nowhere: number
  /** A copy of the descriptor; -1 where there is no standard error. */
  readonly saved: number
  /** What dup3(2) needs to know to make it again as it was. */
  readonly flags: number
}

const STDERR = 2

/** What lets the child die quietly: node prints the stack where V8's workers cannot be started, and ends by SIGABRT. */
export function redirectStderr(): StderrRedirect {
  const flags = libc.fcntl(STDERR, constants.F_GETFD, 0) === constants.FD_CLOEXEC ? constants.O_CLOEXEC : 0
  // There are roots without it. Then there is noise.
  const nowhere = libc.open('/dev/null', constants.O_WRONLY | constants.O_CLOEXEC)
  return { nowhere, saved: nowhere === -1 ? -1 : libc.fcntl(STDERR, constants.F_DUPFD_CLOEXEC, STDERR + 1), flags }
}

export function closeStderrRedirect({ nowhere, saved }: StderrRedirect): void {
  if (nowhere !== -1) libc.close(nowhere)
  if (saved !== -1) libc.close(saved)
}
