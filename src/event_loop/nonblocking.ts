import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf, ownMemory } from '../libc/memory.ts'
import { NOT_YET } from './fd_operation.ts'

/**
 * Non-blocking calls on descriptors that the caller may have left in blocking mode.
 *
 * O_NONBLOCK is a flag of the open file description, which other processes share: the shell that owns the terminal, the
 * child at the other end of a pipe. Setting it permanently, as uv_poll_init does (link below), breaks those
 * processes. RWF_NOWAIT has the same effect for one call; pipes, sockets, event counters and timers support it (timers
 * since Linux 6.10).
 *
 * A named FIFO or a terminal supports no such flag. It is opened again through /proc/self/fd for the length of the call:
 * the new open file description is not shared, so its O_NONBLOCK affects no other process, and no other process can
 * clear it.
 *
 * What cannot be opened again (the controlling side of a pseudo-terminal, inotify) is polled, and put into non-blocking
 * mode for the length of the call. It would block only if another reader took the data between the poll and the call
 * and, in the same microsecond, another process that shares the open file description cleared the flag.
 */

const { AT_EMPTY_PATH, F_GETFL, F_SETFL, O_ACCMODE, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, RWF_NOWAIT } = constants
const { S_IFCHR, S_IFIFO, S_IFMT, TIOCGPTN } = constants
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
 * @param events READABLE or WRITABLE: what the call needs the descriptor to be
 * @param flagged the call, which gets flags; null where no such call exists
 * @param plain the call without flags, for descriptors that support none; it gets the descriptor to use
 * @param isReady whether the descriptor can be polled: regular files, which cannot, ignore O_NONBLOCK
 */
export function tryCall(
  syscall: string,
  fd: number,
  events: number,
  flagged: ((flags: number) => number) | null,
  plain: (fd: number) => number,
  isReady: boolean,
): number | typeof NOT_YET {
  let result = flagged === null ? REFUSED : retryOnEintr(syscall, fd, () => flagged(RWF_NOWAIT), true)
  if (result === REFUSED) {
    result = isReady
      ? withoutBlocking(fd, events, (own) => retryOnEintr(syscall, fd, () => plain(own), false), WOULD_WAIT)
      : WOULD_WAIT
  }
  return result === WOULD_WAIT ? NOT_YET : result
}

/**
 * Runs `call` with a descriptor that does not block: the given one, or one of the same file.
 *
 * @param events READABLE or WRITABLE: what the call needs the descriptor to be
 * @param unready the result where the descriptor is not ready
 */
export function withoutBlocking<T>(fd: number, events: number, call: (fd: number) => T, unready: T): T {
  const flags = libc.fcntl(fd, F_GETFL, 0)
  // The call itself reports that a descriptor is not open.
  if (flags === -1 || (flags & O_NONBLOCK) !== 0) return call(fd)
  const own = openAgain(fd, flags)
  if (own !== -1) {
    try {
      return call(own)
    } finally {
      libc.close(own)
    }
  }
  if (!isReadyNow(fd, events)) return unready
  const restore = setNonblocking(fd)
  try {
    return call(fd)
  } finally {
    restore()
  }
}

// Memory of this module alone: the vectors of the call are in scratch memory.
const memory = ownMemory(structs.stat.size + structs.pollfd.size)
const statAddress = addressOf(memory)
const pollAddress = statAddress + structs.stat.size

/** Opens a named FIFO or a terminal again in non-blocking mode; -1 for other files, and where that is not possible. */
function openAgain(fd: number, flags: number): number {
  if (libc.fstatat(fd, '', statAddress, AT_EMPTY_PATH) === -1) return -1
  const type = memory.readUInt32LE(structs.stat.offsets.st_mode) & S_IFMT
  // To open the controlling side of a pseudo-terminal is to make another pseudo-terminal.
  const isTerminal = type === S_IFCHR && libc.isatty(fd) === 1 && libc.ioctl(fd, TIOCGPTN, pollAddress) === -1
  if (type !== S_IFIFO && !isTerminal) return -1
  return libc.open(`/proc/self/fd/${fd}`, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
}

function isReadyNow(fd: number, events: number): boolean {
  const { offsets } = structs.pollfd
  const at = structs.stat.size
  memory.writeInt32LE(fd, at + offsets.fd)
  memory.writeInt16LE(events, at + offsets.events)
  return libc.poll(pollAddress, 1, 0) !== 0
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
