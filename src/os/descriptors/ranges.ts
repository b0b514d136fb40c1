import { AuditEvent } from '../../audit.ts'
import { outOfRange } from '../../errors.ts'
import { failed, failedWith } from '../../libc/call.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { type Descriptor, descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { int, int64 } from '../arguments/numbers.ts'
import type { Prepared } from '../prepared.ts'

/** The position in an open file, its length, and operations on ranges of it: locks, advice, disk space. */

const truncateEvent = new AuditEvent('os.truncate')
const lockfEvent = new AuditEvent('os.lockf')

/**
 * lseek(2): sets the position of an open file.
 *
 * @param fd the descriptor
 * @param position bytes: from the start for SEEK_SET; added to the current position for SEEK_CUR, to the end for
 *   SEEK_END; for SEEK_DATA and SEEK_HOLE the position at which the search for data or a hole starts
 * @param whence one of SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE
 * @returns the new position, in bytes from the start of the file
 * @throws OSError EBADF; EINVAL for a position before the start; ESPIPE for a pipe, socket or terminal; ENXIO if no
 *   data follows
 * @throws RangeError if a number cannot represent the new position exactly (beyond 2^53); the position is set
 *   nevertheless
 *
 * Availability: Linux. See lseek(2); Python, os.lseek.
 * @example
 * ```ts
 * const fd = os.open('sparse', os.O_RDWR | os.O_CREAT)
 * os.lseek(fd, 5 * 2 ** 40, os.SEEK_SET) // => 5497558138880
 * os.lseek(fd, 0, os.SEEK_CUR) // => 5497558138880
 * os.close(fd)
 * ```
 */
export function lseek(fd: Descriptor, position: number | bigint, whence: number): number {
  const [number, to, how] = preparedLseek(fd, position, whence).args
  let newPosition: Int64
  while ((newPosition = libc.lseek(number, to, how)) === -1) failed('lseek', number)
  return exactPosition(newPosition)
}

/** Checks and converts the arguments of `lseek`. */
export function preparedLseek(fd: Descriptor, position: number | bigint, whence: number): Prepared<'lseek'> {
  const file = descriptor(fd, 'fd')
  const [to, how] = [int64(position, 'position'), int(whence, 'whence')]
  return { name: 'lseek', args: [file, to, how], syscall: 'lseek', file }
}

/** Converts a position to a number; throws if a number cannot represent it exactly. */
export function exactPosition(reached: Int64): number {
  if (typeof reached === 'number') return reached
  throw outOfRange('result', 'below 2^53 to be a number', reached)
}

/**
 * ftruncate(2): sets the length of an open file. Data beyond the new length is lost; an extension is a hole, which
 * reads as zeros.
 *
 * @param fd its descriptor, open for writing
 * @param length bytes
 * @throws OSError as the system reports: EBADF, EINVAL for a negative length or a file not open for writing, EFBIG
 *
 * Availability: Linux. Audit event: `os.truncate` (fd, length). See ftruncate(2); Python, os.ftruncate.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * os.ftruncate(fd, 4096)
 * os.fstat(fd).st_size // => 4096
 * os.close(fd)
 * ```
 */
export function ftruncate(fd: Descriptor, length: number | bigint): void {
  const [number, size] = preparedFtruncate(fd, length).args
  while (libc.ftruncate(number, size) === -1) failed('ftruncate', number)
}

/** Checks and converts the arguments of `ftruncate`. */
export function preparedFtruncate(fd: Descriptor, length: number | bigint): Prepared<'ftruncate'> {
  const file = descriptor(fd, 'fd')
  const size = int64(length, 'length')
  if (truncateEvent.wanted) truncateEvent.raise(file, length)
  return { name: 'ftruncate', args: [file, size], syscall: 'ftruncate', file }
}

/**
 * fsync(2): waits until data and metadata of an open file are on the disk.
 *
 * @param fd its descriptor
 * @throws OSError as the system reports: EBADF, EINVAL for a descriptor that cannot be synchronised (a pipe, for
 *   example), EIO
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux. See fsync(2); Python, os.fsync.
 * @example
 * ```ts
 * const fd = os.open('ledger', os.O_WRONLY | os.O_CREAT)
 * os.write(fd, Buffer.from('paid')) // => 4
 * os.fsync(fd) // on the disk now, its size and times too
 * os.close(fd)
 * ```
 */
export function fsync(fd: Descriptor): void {
  const [number] = preparedFsync(fd).args
  while (libc.fsync(number) === -1) failed('fsync', number)
}

/** Checks and converts the arguments of `fsync`. */
export function preparedFsync(fd: Descriptor): Prepared<'fsync'> {
  const file = nonNegativeFd(fd, 'fd')
  return { name: 'fsync', args: [file], syscall: 'fsync', file }
}

/**
 * fdatasync(2): waits until the data of an open file, and the metadata that is needed to read it back, are on the disk.
 *
 * @param fd its descriptor
 * @throws OSError as the system reports: EBADF, EINVAL for a descriptor that cannot be synchronised (a pipe, for
 *   example), EIO
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux. See fdatasync(2); Python, os.fdatasync.
 * @example
 * ```ts
 * const fd = os.open('ledger', os.O_WRONLY | os.O_CREAT)
 * os.write(fd, Buffer.from('paid')) // => 4
 * os.fdatasync(fd) // on the disk now, and what it takes to read it
 * os.close(fd)
 * ```
 */
export function fdatasync(fd: Descriptor): void {
  const [number] = preparedFdatasync(fd).args
  while (libc.fdatasync(number) === -1) failed('fdatasync', number)
}

/** Checks and converts the arguments of `fdatasync`. */
export function preparedFdatasync(fd: Descriptor): Prepared<'fdatasync'> {
  const file = nonNegativeFd(fd, 'fd')
  return { name: 'fdatasync', args: [file], syscall: 'fdatasync', file }
}

/**
 * lockf(3): locks, tests or unlocks a part of an open file. The locks are advisory.
 *
 * The locks belong to the process: it loses them when it closes any descriptor of the file, and threads do not exclude
 * each other. F_LOCK blocks the thread.
 *
 * @param fd its descriptor, open for writing
 * @param cmd F_LOCK, F_TLOCK, F_ULOCK or F_TEST
 * @param len the number of bytes from the current position on; 0 for all following bytes, negative for bytes before the
 *   position
 * @throws OSError BlockingIOError or PermissionError if another process holds a lock (F_TLOCK, F_TEST); EBADF; EDEADLK
 *   if two processes would wait for each other
 *
 * Availability: Linux. Audit event: `os.lockf` (fd, cmd, len). See lockf(3); Python, os.lockf.
 * @example
 * ```ts
 * const fd = os.open('lock', os.O_RDWR | os.O_CREAT)
 * os.lockf(fd, os.F_TLOCK, 0) // throws BlockingIOError where another process holds it
 * os.lockf(fd, os.F_ULOCK, 0)
 * os.close(fd)
 * ```
 */
export function lockf(fd: Descriptor, cmd: number, len: number | bigint): void {
  const [number, command, size] = preparedLockf(fd, cmd, len).args
  while (libc.lockf(number, command, size) === -1) failed('lockf', number)
}

/** Checks and converts the arguments of `lockf`. */
export function preparedLockf(fd: Descriptor, cmd: number, len: number | bigint): Prepared<'lockf'> {
  const file = descriptor(fd, 'fd')
  const [command, size] = [int(cmd, 'cmd'), int64(len, 'len')]
  if (lockfEvent.wanted) lockfEvent.raise(file, cmd, len)
  return { name: 'lockf', args: [file, command, size], syscall: 'lockf', file }
}

/**
 * posix_fallocate(3): reserves disk space for a part of an open file, so that writing there cannot fail with ENOSPC. A
 * shorter file is extended.
 *
 * @param fd its descriptor, open for writing
 * @param offset the start of the part, in bytes
 * @param len the length of the part, in bytes
 * @throws OSError as the system reports: EBADF, ENOSPC, EFBIG, ESPIPE, EINVAL for a negative offset or a length below 1
 *
 * Availability: Linux. See posix_fallocate(3); Python, os.posix_fallocate.
 * @example
 * ```ts
 * const fd = os.open('room', os.O_RDWR | os.O_CREAT)
 * os.posix_fallocate(fd, 0, 65536)
 * os.fstat(fd).st_size // => 65536
 * os.close(fd)
 * ```
 */
export function posix_fallocate(fd: Descriptor, offset: number | bigint, len: number | bigint): void {
  const [number, from, size] = preparedFallocate(fd, offset, len).args
  let errno: number
  while ((errno = libc.posix_fallocate(number, from, size)) !== 0) failedWith(errno, 'posix_fallocate', number)
}

/** Checks and converts the arguments of `posix_fallocate`. */
export function preparedFallocate(
  fd: Descriptor,
  offset: number | bigint,
  len: number | bigint,
): Prepared<'posix_fallocate'> {
  const file = descriptor(fd, 'fd')
  const [from, size] = [int64(offset, 'offset'), int64(len, 'len')]
  return { name: 'posix_fallocate', args: [file, from, size], syscall: 'posix_fallocate', file }
}

/**
 * posix_fadvise(2): announces how a part of an open file is going to be accessed.
 *
 * @param fd its descriptor
 * @param offset the start of the part, in bytes
 * @param len the length of the part, in bytes; 0 for the rest of the file
 * @param advice one of POSIX_FADV_*
 * @throws OSError EBADF; ESPIPE for a pipe; EINVAL for other advice
 *
 * Availability: Linux. See posix_fadvise(2); Python, os.posix_fadvise.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL) // read ahead further
 * os.close(fd)
 * ```
 */
export function posix_fadvise(fd: Descriptor, offset: number | bigint, len: number | bigint, advice: number): void {
  const [number, from, size, hint] = preparedFadvise(fd, offset, len, advice).args
  let errno: number
  while ((errno = libc.posix_fadvise(number, from, size, hint)) !== 0) failedWith(errno, 'posix_fadvise', number)
}

/** Checks and converts the arguments of `posix_fadvise`. */
export function preparedFadvise(
  fd: Descriptor,
  offset: number | bigint,
  len: number | bigint,
  advice: number,
): Prepared<'posix_fadvise'> {
  const file = descriptor(fd, 'fd')
  const [from, size, hint] = [int64(offset, 'offset'), int64(len, 'len'), int(advice, 'advice')]
  return { name: 'posix_fadvise', args: [file, from, size, hint], syscall: 'posix_fadvise', file }
}
