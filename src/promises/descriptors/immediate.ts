import { NOT_YET } from '../../event_loop/fd_operation.ts'
import { tryCall } from '../../event_loop/nonblocking.ts'
import { READABLE, WRITABLE } from '../../event_loop/poller.ts'
import { lastErrno } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { addressOf, putUint64, scratchAddress } from '../../libc/memory.ts'
import { fstat } from '../../os/files/status.ts'
import { COUNT, onPool } from '../on_pool.ts'

const { iov_base, iov_len } = structs.iovec.offsets
const { RWF_NOWAIT, SEEK_CUR, S_IFMT, S_IFREG, S_IFBLK } = constants
const { EAGAIN } = errnoNumbers

export type AttemptResult = number | typeof NOT_YET

/** The offset -1 makes preadv2 and pwritev2 use the file position. */
const AT_POSITION = -1

/** Writes one iovec to scratch memory. */
export function putVector(start: number, length: number): void {
  putUint64(iov_base, start)
  putUint64(iov_len, length)
}

/** Reads into the memory that the vectors in scratch memory describe. */
export function tryRead(syscall: string, fd: number, count: number, isReady: boolean): AttemptResult {
  const size = libc.preadv2(fd, scratchAddress, count, AT_POSITION, 0, RWF_NOWAIT)
  if (size !== -1) return size
  if (lastErrno() === EAGAIN) return NOT_YET
  const flagged = (flags: number): number => libc.preadv2(fd, scratchAddress, count, AT_POSITION, 0, flags)
  return tryCall(syscall, fd, READABLE, flagged, (own) => libc.readv(own, scratchAddress, count), isReady)
}

/** Writes the memory that the vectors in scratch memory describe. */
export function tryWrite(syscall: string, fd: number, count: number, isReady: boolean): AttemptResult {
  const size = libc.pwritev2(fd, scratchAddress, count, AT_POSITION, 0, RWF_NOWAIT)
  if (size !== -1) return size
  if (lastErrno() === EAGAIN) return NOT_YET
  const flagged = (flags: number): number => libc.pwritev2(fd, scratchAddress, count, AT_POSITION, 0, flags)
  return tryCall(syscall, fd, WRITABLE, flagged, (own) => libc.writev(own, scratchAddress, count), isReady)
}

/** How many bytes are read at once at most: to copy more from the page cache would keep the event loop busy. */
const MOST_AT_ONCE = 2 ** 20

/**
 * Reads at an offset into the memory that the vectors in scratch memory describe, if all of it is in the page cache.
 *
 * @param length the length of that memory
 */
export function readFromCache(fd: number, count: number, offset: Int64, length: number): AttemptResult {
  // -1 stands for the position of the file, which an attempt would move.
  if (offset < 0 || length > MOST_AT_ONCE) return NOT_YET
  const size = libc.preadv2(fd, scratchAddress, count, offset, 0, RWF_NOWAIT)
  if (size === -1) return NOT_YET
  return size === length || endsAt(fd, Number(offset) + size) ? size : NOT_YET
}

/** Whether a regular file ends at an offset, so that a short read was not for want of cached data. */
function endsAt(fd: number, offset: number): boolean {
  const { st_mode, st_size } = fstat(fd)
  return (st_mode & S_IFMT) === S_IFREG && offset >= st_size
}

/**
 * Whether a file has more data than a non-blocking read returned. Such a read returns only what is in the page cache,
 * and the caller would take a short read for the end of the file.
 */
export function hasMoreData(fd: number): boolean {
  const position = libc.lseek(fd, 0, SEEK_CUR)
  if (position === -1) return false
  const { st_mode, st_size } = fstat(fd)
  const type = st_mode & S_IFMT
  return (type === S_IFREG && position < st_size) || type === S_IFBLK
}

/**
 * A read or write of a regular file on the pool.
 *
 * @param memory memory of this call alone: a caller's buffer could be transferred and freed while C uses it. The call
 *   keeps a reference to it until it has ended
 */
export function transferOnPool(
  syscall: string,
  fd: number,
  name: 'read' | 'writeFrom',
  memory: Uint8Array,
): Promise<number> {
  const call = { name, args: [fd, addressOf(memory), memory.length] as const, syscall, file: fd, memory }
  return onPool<number>(call, COUNT)
}
