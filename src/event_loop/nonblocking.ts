import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { NOT_YET } from './fd_operation.ts'

/**
 * Non-blocking calls on descriptors that the caller may have left in blocking mode.
 *
 * O_NONBLOCK is a flag of the open file description, which other processes share: the shell that owns the terminal, the
 * child at the other end of a pipe. Setting it permanently, as uv_poll_init does (link below), breaks those processes.
 * RWF_NOWAIT has the same effect for one call; pipes, sockets, event counters and timers support it (timers since Linux
 * 6.10). For other descriptors (terminals, inotify) the flag is set for the duration of one call. During that call
 * another process that reads the same open file description may get EAGAIN. The alternative would be an event loop that
 * blocks when another reader is faster.
 *
 * https://github.com/libuv/libuv/blob/v1.46.0/src/unix/poll.c#L81
 */

const { F_GETFL, F_SETFL, O_NONBLOCK, RWF_NOWAIT } = constants
const { EAGAIN, EINTR, EOPNOTSUPP, ENOSYS } = errnoNumbers

/** The descriptor does not support the flags of the call. */
export const REFUSED = -2
/** The call would block. */
const WOULD_WAIT = -3

/** Makes a call, and repeats it after EINTR. */
function retryOnEintr(syscall: string, fd: number, call: () => number, canBeRefused: boolean): number {
  for (;;) {
    const result = call()
    if (result !== -1) return result
    const errno = lastErrno()
    if (errno === EAGAIN) return WOULD_WAIT
    if (canBeRefused && (errno === EOPNOTSUPP || errno === ENOSYS)) return REFUSED
    if (errno !== EINTR) throw osError(errno, syscall, fd)
  }
}

/**
 * Tries to transfer the memory that the vectors in scratch memory describe.
 *
 * @param flagged the call, which gets flags; null where no such call exists
 * @param plain the call without flags, for descriptors that support none
 * @param isReady whether the descriptor can be polled: regular files, which cannot, ignore O_NONBLOCK
 */
export function tryCall(
  syscall: string,
  fd: number,
  flagged: ((flags: number) => number) | null,
  plain: () => number,
  isReady: boolean,
): number | typeof NOT_YET {
  let result = flagged === null ? REFUSED : retryOnEintr(syscall, fd, () => flagged(RWF_NOWAIT), true)
  if (result === REFUSED)
    result = isReady ? withoutBlocking(fd, () => retryOnEintr(syscall, fd, plain, false)) : WOULD_WAIT
  return result === WOULD_WAIT ? NOT_YET : result
}

/** Runs `call` while the descriptor is in non-blocking mode. */
export function withoutBlocking<T>(fd: number, call: () => T): T {
  const restore = setNonblocking(fd)
  try {
    return call()
  } finally {
    restore()
  }
}

/** Descriptors in temporary non-blocking mode, with the number of operations that need it. */
const nonblockingUsers = new Map<number, number>()

const noop = (): void => undefined

/** Sets non-blocking mode on a descriptor. Returns a function that restores the previous mode. */
export function setNonblocking(fd: number): () => void {
  const flags = libc.fcntl(fd, F_GETFL, 0)
  const count = nonblockingUsers.get(fd) ?? 0
  // The call itself reports a descriptor that is not open.
  if (flags === -1 || (count === 0 && (flags & O_NONBLOCK) !== 0)) return noop
  if (count === 0) libc.fcntl(fd, F_SETFL, flags | O_NONBLOCK)
  nonblockingUsers.set(fd, count + 1)
  return () => {
    const left = (nonblockingUsers.get(fd) ?? 1) - 1
    if (left > 0) {
      nonblockingUsers.set(fd, left)
      return
    }
    nonblockingUsers.delete(fd)
    libc.fcntl(fd, F_SETFL, flags & ~O_NONBLOCK)
  }
}
