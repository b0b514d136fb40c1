import { lastErrno, osError } from '../call.ts'
import { constants, structs } from '../facts.ts'
import { type Address, libc } from '../functions.ts'
import { addressOf, ownMemory, scratch, scratchAddress } from '../memory.ts'
import { openDescriptors } from './proc.ts'

/**
 * The resources that a child needs: where they are missing, V8 and libuv would abort it, or wait forever for threads
 * that could not be started.
 */

/** Throws where this number of descriptors cannot be opened: after the fork the failure could not be handled. */
export function requireFreeDescriptors(count: number): void {
  if (!isFarFromLimit(count)) nextDescriptors(count)
}

/** Whether at least this number of descriptors is free, judged by the number of open ones. */
function isFarFromLimit(count: number): boolean {
  const open = openDescriptors()
  if (open === 0 || libc.prlimit(0, constants.RLIMIT_NOFILE, 0, scratchAddress) !== 0) return false
  return Number(scratch.readBigUInt64LE(rlim_cur)) - open >= count
}

/**
 * @returns the given number of descriptors that the kernel allocates next: the lowest free ones
 * @throws OSError where fewer are free
 */
export function nextDescriptors(count: number): number[] {
  const fds: number[] = []
  // Duplicating one descriptor is faster than opening pipes.
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
const UNLIMITED = 2n ** 64n - 1n

// Memory of this module alone: the child reads it.
const limits = ownMemory(2 * structs.rlimit.size)
const normal = addressOf(limits)
const lowered = normal + structs.rlimit.size

/**
 * The kernel counts a user's threads together with the processes. A fork that succeeds at the limit leaves no room for
 * the threads that the child needs, so the limit is lowered by their number during the fork.
 *
 * @returns the address of the limit, which both processes have to restore with `prlimit`; 0 where it was not lowered
 */
export function lowerLimit(threads: number): Address {
  if (libc.prlimit(0, constants.RLIMIT_NPROC, 0, normal) !== 0) return 0
  const soft = limits.readBigUInt64LE(rlim_cur)
  if (soft === UNLIMITED) return 0
  const less = soft - BigInt(threads)
  limits.writeBigUInt64LE(less > 0n ? less : 0n, structs.rlimit.size + rlim_cur)
  limits.writeBigUInt64LE(limits.readBigUInt64LE(rlim_max), structs.rlimit.size + rlim_max)
  return libc.prlimit(0, constants.RLIMIT_NPROC, lowered, 0) === 0 ? normal : 0
}

/** Standard error and its temporary replacement. */
export interface StderrRedirect {
  readonly devNull: number
  /** A copy of the descriptor; -1 where there is no standard error. */
  readonly saved: number
  /** The flags with which dup3(2) restores it. */
  readonly flags: number
}

const STDERR = 2

/**
 * Redirects standard error to /dev/null in the child: Node prints a stack trace and aborts where V8's workers cannot be
 * started.
 */
export function redirectStderr(): StderrRedirect {
  const flags = libc.fcntl(STDERR, constants.F_GETFD, 0) === constants.FD_CLOEXEC ? constants.O_CLOEXEC : 0
  // A root directory may have no /dev/null. The message is printed then.
  const devNull = libc.open('/dev/null', constants.O_WRONLY | constants.O_CLOEXEC)
  return {
    devNull: devNull,
    saved: devNull === -1 ? -1 : libc.fcntl(STDERR, constants.F_DUPFD_CLOEXEC, STDERR + 1),
    flags,
  }
}

export function closeStderrRedirect({ devNull, saved }: StderrRedirect): void {
  if (devNull !== -1) libc.close(devNull)
  if (saved !== -1) libc.close(saved)
}
