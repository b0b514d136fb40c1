import { lastErrno, osError } from './call.ts'
import { constants } from './facts.ts'
import { libc } from './functions.ts'
import { STANDARD_STREAMS } from './standard_streams.ts'

/**
 * The kernel allocates the lowest free descriptor. In a program that has closed standard streams these are the numbers 0
 * to 2, which the program expects to be free for its own files: so osier's own descriptors get other numbers.
 */

const { EFD_CLOEXEC, F_DUPFD_CLOEXEC, F_GETFD } = constants
const FIRST_OTHER = STANDARD_STREAMS.length

/**
 * Moves a descriptor that osier has just opened above the standard streams.
 *
 * @param fd -1 where it could not be opened
 * @returns the descriptor to use, which is close-on-exec; -1 on failure, with the reason in errno
 */
export function aboveStandardStreams(fd: number): number {
  if (fd === -1 || fd >= FIRST_OTHER) return fd
  const copy = libc.fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OTHER)
  libc.close(fd)
  return copy
}

const NO_FDS: readonly number[] = []

/**
 * Occupies the free numbers among 0 to 2 while descriptors are opened that must not get them.
 *
 * @returns the numbers, to be closed
 * @throws OSError EMFILE, ENFILE
 */
export function occupyStandardStreams(syscall: string): readonly number[] {
  const free = STANDARD_STREAMS.filter((fd) => libc.fcntl(fd, F_GETFD, 0) === -1)
  if (free.length === 0) return NO_FDS
  const occupied: number[] = []
  for (const _ of free) {
    const fd = libc.eventfd(0, EFD_CLOEXEC)
    const errno = fd === -1 ? lastErrno() : 0
    if (fd !== -1) occupied.push(fd)
    if (errno === 0) continue
    closeAll(occupied)
    throw osError(errno, syscall)
  }
  return occupied
}

export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) libc.close(fd)
}
