import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { addressOf, bytesAt, SMALL_RESULT, scratch, scratchAddress } from '../../libc/memory.ts'
import { ownPart } from '../../libc/own_bytes.ts'
import { byteLength, view } from '../arguments/buffers.ts'
import { type Descriptor, descriptor } from '../arguments/descriptors.ts'
import { byteCount, int64 } from '../arguments/numbers.ts'
import type { Prepared } from '../prepared.ts'
import { clampCount } from './transfer_size.ts'

/**
 * The largest write that is copied to scratch memory: for so few bytes the copy is faster than passing the caller's
 * buffer to C. (A wake-up through a pipe or an eventfd writes 1 or 8 bytes.)
 */
const MAX_COPIED = 16

/**
 * read(2): reads at most `n` bytes.
 *
 * @param fd the descriptor
 * @param n the maximum number of bytes
 * @returns the bytes read: fewer than `n` if no more are ready, none at the end of a file
 * @throws OSError as the system reports: EBADF, IsADirectoryError, BlockingIOError if nothing is ready
 *
 * Availability: Linux. See read(2); Python, os.read.
 * @example
 * ```ts
 * const fd = os.open('/dev/zero', os.O_RDONLY)
 * os.read(fd, 3) // => Buffer.from([0, 0, 0])
 * os.close(fd)
 * ```
 */
export function read(fd: Descriptor, n: number | bigint): Buffer {
  const number = descriptor(fd, 'fd')
  const maxBytes = clampCount(byteCount(n, 'n'))
  let size: number
  if (maxBytes <= SMALL_RESULT) {
    while ((size = libc.read(number, scratchAddress, maxBytes)) === -1) failed('read', number)
    return bytesAt(0, size)
  }
  const buffer = Buffer.allocUnsafeSlow(maxBytes)
  while ((size = libc.read(number, addressOf(buffer), maxBytes)) === -1) failed('read', number)
  return ownPart(buffer, size)
}

/**
 * pread(2): reads at most `n` bytes at an offset, and does not move the file's position.
 *
 * @param fd the descriptor
 * @param n the maximum number of bytes
 * @param offset the offset of the first byte, in bytes from the start of the file
 * @returns the bytes read: none at the end of the file
 * @throws OSError as the system reports: EBADF, IsADirectoryError, EINVAL for a negative offset, ESPIPE for a pipe
 *
 * Availability: Linux. See pread(2); Python, os.pread.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * os.write(fd, Buffer.from('abcdef')) // => 6
 * os.pread(fd, 3, 2) // => Buffer.from('cde')
 * os.close(fd)
 * ```
 */
export function pread(fd: Descriptor, n: number | bigint, offset: number | bigint): Buffer {
  const [number, , most, from] = preparedPread(fd, n, offset).args
  let size: number
  if (most <= SMALL_RESULT) {
    while ((size = libc.pread(number, scratchAddress, most, from)) === -1) failed('pread', number)
    return bytesAt(0, size)
  }
  const buffer = Buffer.allocUnsafeSlow(most)
  while ((size = libc.pread(number, addressOf(buffer), most, from)) === -1) failed('pread', number)
  return ownPart(buffer, size)
}

/** Checks and converts the arguments of `pread`. */
export function preparedPread(fd: Descriptor, n: number | bigint, offset: number | bigint): Prepared<'pread'> {
  const file = descriptor(fd, 'fd')
  const most = clampCount(byteCount(n, 'n'))
  return { name: 'pread', args: [file, scratchAddress, most, int64(offset, 'offset')], syscall: 'pread', file }
}

/**
 * read(2): reads into the caller's memory.
 *
 * @param fd the descriptor
 * @param buffer the destination: any view of memory, filled from its start
 * @returns the number of bytes read: fewer than the buffer's length if no more are ready, 0 at the end of a file
 * @throws OSError as the system reports: EBADF, IsADirectoryError, BlockingIOError if nothing is ready
 *
 * Availability: Linux. See read(2); Python 3.14, os.readinto.
 * @example
 * ```ts
 * const fd = os.open('/dev/zero', os.O_RDONLY)
 * const room = new Uint8Array(4).fill(9)
 * os.readinto(fd, room.subarray(1, 3)) // => 2
 * room // => new Uint8Array([9, 0, 0, 9])
 * os.close(fd)
 * ```
 */
export function readinto(fd: Descriptor, buffer: ArrayBufferView): number {
  const number = descriptor(fd, 'fd')
  const bytes = view(buffer, 'buffer')
  const most = byteLength(bytes)
  let size: number
  while ((size = libc.readInto(number, bytes, most)) === -1) failed('readinto', number)
  return size
}

/**
 * write(2): writes bytes.
 *
 * @param fd the descriptor
 * @param data the bytes: any view of memory
 * @returns the number of bytes written, which may be smaller than the length of `data`
 * @throws OSError as the system reports: EBADF, ENOSPC, BrokenPipeError, BlockingIOError if there is no space in a pipe
 *   or socket
 *
 * Availability: Linux. See write(2); Python, os.write.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_WRONLY | os.O_CREAT)
 * os.write(fd, new Uint8Array([104, 105])) // => 2
 * os.close(fd)
 * ```
 */
export function write(fd: Descriptor, data: ArrayBufferView): number {
  const number = descriptor(fd, 'fd')
  const bytes = view(data, 'data')
  const all = byteLength(bytes)
  let size: number
  if (all <= MAX_COPIED) {
    for (let i = 0; i < all; i++) scratch[i] = bytes[i] as number
    while ((size = libc.writeFrom(number, scratchAddress, all)) === -1) failed('write', number)
  } else while ((size = libc.write(number, bytes, all)) === -1) failed('write', number)
  return size
}

/**
 * pwrite(2): writes bytes at an offset, and does not move the file's position.
 *
 * @param fd the descriptor
 * @param data the bytes: any view of memory
 * @param offset the offset of the first byte, in bytes from the start of the file. With O_APPEND Linux ignores it and
 *   appends
 * @returns the number of bytes written, which may be smaller than the length of `data`
 * @throws OSError as the system reports: EBADF, ENOSPC, EINVAL for a negative offset, ESPIPE for a pipe
 *
 * Availability: Linux. See pwrite(2); Python, os.pwrite.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * os.pwrite(fd, Buffer.from('end'), 1_000_000_000) // => 3
 * os.fstat(fd).st_size // => 1_000_000_003
 * os.close(fd)
 * ```
 */
export function pwrite(fd: Descriptor, data: ArrayBufferView, offset: number | bigint): number {
  const [number, bytes, all, to] = preparedPwrite(fd, data, offset).args
  let size: number
  while ((size = libc.pwrite(number, bytes, all, to)) === -1) failed('pwrite', number)
  return size
}

/** Checks and converts the arguments of `pwrite`. */
export function preparedPwrite(fd: Descriptor, data: ArrayBufferView, offset: number | bigint): Prepared<'pwrite'> {
  const file = descriptor(fd, 'fd')
  const bytes = view(data, 'data')
  const to = int64(offset, 'offset')
  return { name: 'pwrite', args: [file, bytes, byteLength(bytes), to], syscall: 'pwrite', file }
}
