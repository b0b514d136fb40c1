import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { NOT_YET } from './fd_operation.ts'

/**
 * Calls that do not wait, on descriptors that the caller may have left blocking.
 *
 * O_NONBLOCK belongs to the open file, which other processes share: the shell that comes back to its terminal, the
 * child at the other end of its pipe. Setting it for good, as libuv does with what it is given, breaks those.
 * RWF_NOWAIT says the same for one call; pipes, sockets, event counters and timers know it (Linux 6.10 for the last).
 * For the rest (terminals, inotify) the flag is set for the length of one call: a microsecond, in which another process
 * that reads the very same open file may be told to try again. The alternative would be an event loop that stands still
 * when somebody else is faster.
 */

const { F_GETFL, F_SETFL, O_NONBLOCK, RWF_NOWAIT } = constants
const { EAGAIN, EINTR, EOPNOTSUPP, ENOSYS } = errnoNumbers

/** The call cannot be made in this way. */
export const REFUSED = -2
/** The call would have to wait. */
const WOULD_WAIT = -3

/** Makes a call as often as signals interrupt it. */
function uninterrupted(syscall: string, fd: number, call: () => number, canBeRefused: boolean): number {
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
 * Tries a transfer of memory that the vectors describe.
 *
 * @param flagged the call, with the flags it is given; null where there is none that takes flags
 * @param plain the call without flags, for descriptors that know none
 * @param isReady whether the descriptor can be waited for: what cannot (files on disk) does not heed O_NONBLOCK
 */
export function tryCall(
  syscall: string,
  fd: number,
  flagged: ((flags: number) => number) | null,
  plain: () => number,
  isReady: boolean,
): number | typeof NOT_YET {
  let result = flagged === null ? REFUSED : uninterrupted(syscall, fd, () => flagged(RWF_NOWAIT), true)
  if (result === REFUSED)
    result = isReady ? withoutBlocking(fd, () => uninterrupted(syscall, fd, plain, false)) : WOULD_WAIT
  return result === WOULD_WAIT ? NOT_YET : result
}

/** Has calls on a descriptor fail rather than wait, as long as `call` takes. */
export function withoutBlocking<T>(fd: number, call: () => T): T {
  const restore = unblock(fd)
  try {
    return call()
  } finally {
    restore()
  }
}

/** Descriptors that do not block for the time being, by how many want it. */
const unblocked = new Map<number, number>()

const nothing = (): void => undefined

/** Has calls on a descriptor fail rather than wait. Returns what puts it back as it was. */
export function unblock(fd: number): () => void {
  const flags = libc.fcntl(fd, F_GETFL, 0)
  const count = unblocked.get(fd) ?? 0
  // A descriptor that is not open is for the call itself to refuse.
  if (flags === -1 || (count === 0 && (flags & O_NONBLOCK) !== 0)) return nothing
  if (count === 0) libc.fcntl(fd, F_SETFL, flags | O_NONBLOCK)
  unblocked.set(fd, count + 1)
  return () => {
    const left = (unblocked.get(fd) ?? 1) - 1
    if (left > 0) {
      unblocked.set(fd, left)
      return
    }
    unblocked.delete(fd)
    libc.fcntl(fd, F_SETFL, flags & ~O_NONBLOCK)
  }
}
