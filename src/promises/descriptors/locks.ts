import { AuditEvent } from '../../audit.ts'
import { lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'
import { type Descriptor, descriptor } from '../../os/arguments/descriptors.ts'
import { int, int64 } from '../../os/arguments/numbers.ts'
import { NO_OPTIONS } from '../../os/arguments/options.ts'
import { lockf as lockNow } from '../../os/descriptors/ranges.ts'
import { Backoff } from '../pause.ts'
import { type WaitOptions, waitOptions } from '../wait_options.ts'

const { F_LOCK, F_SETLK, F_WRLCK, SEEK_CUR, SEEK_SET } = constants
const { EACCES, EAGAIN, EINTR, ESPIPE } = errnoNumbers
const { offsets, size: FLOCK } = structs.flock

/** The longest time between two attempts, in milliseconds. */
const LONGEST_PAUSE = 25

const lockfEvent = new AuditEvent('os.lockf')

/**
 * lockf(3): locks, tests or unlocks a part of an open file, against other processes that use locks.
 *
 * F_LOCK polls until the lock is free, because the system can notify only a blocked thread. A deadlock of two waiting
 * processes is therefore not detected (EDEADLK); use a `signal` with a timeout.
 *
 * @param fd its descriptor, open for writing
 * @param cmd F_LOCK, F_TLOCK, F_ULOCK or F_TEST
 * @param len how many bytes from the current position on; 0 for all that follow, negative for those before it
 * @param options `signal`: aborted, it makes the promise reject, and nothing is locked; `ref`: false lets the process
 *   end meanwhile
 * @throws OSError BlockingIOError or PermissionError where another process holds a lock (F_TLOCK, F_TEST); EBADF
 *
 * Availability: Linux. Audit event: `os.lockf` (fd, cmd, len). See lockf(3); Python, os.lockf.
 * @example
 * ```ts
 * const fd = os.open('lock', os.O_RDWR | os.O_CREAT)
 * await promises.lockf(fd, os.F_LOCK, 0, { signal: AbortSignal.timeout(10_000) }) // other processes wait; this thread continues
 * os.lockf(fd, os.F_ULOCK, 0)
 * os.close(fd)
 * ```
 */
export async function lockf(
  fd: Descriptor,
  cmd: number,
  len: number | bigint,
  options: WaitOptions = NO_OPTIONS,
): Promise<void> {
  const number = descriptor(fd, 'fd')
  const [command, length] = [int(cmd, 'cmd'), int64(len, 'len')]
  const checkedOptions = waitOptions(options)
  if (command !== F_LOCK) return lockNow(number, command, length)
  if (lockfEvent.wanted) lockfEvent.raise(number, cmd, len)
  const backoff = new Backoff(LONGEST_PAUSE, checkedOptions)
  // The position may change between two attempts: the range is fixed at the first one.
  const start = positionOf(number)
  while (!tryLock(number, start, length)) await backoff.pause()
}

function positionOf(fd: number): Int64 {
  const position = libc.lseek(fd, 0, SEEK_CUR)
  if (position !== -1) return position
  const errno = lastErrno()
  // A descriptor without a position can be locked too.
  if (errno === ESPIPE) return 0
  throw osError(errno, 'lockf', fd)
}

/** One attempt to lock a range, with fcntl(2). */
function tryLock(fd: number, start: Int64, length: Int64): boolean {
  for (;;) {
    scratch.fill(0, 0, FLOCK)
    scratch.writeInt16LE(F_WRLCK, offsets.l_type)
    scratch.writeInt16LE(SEEK_SET, offsets.l_whence)
    scratch.writeBigInt64LE(BigInt(start), offsets.l_start)
    scratch.writeBigInt64LE(BigInt(length), offsets.l_len)
    if (libc.fcntlLock(fd, F_SETLK, scratchAddress) !== -1) return true
    const errno = lastErrno()
    if (errno === EAGAIN || errno === EACCES) return false
    if (errno !== EINTR) throw osError(errno, 'lockf', fd)
  }
}
