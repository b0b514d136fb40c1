import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { addressOf, scratch, scratchAddress } from '../../libc/memory.ts'
import { SLAB_PIECE, slabAddress, slabTake } from '../../libc/slab.ts'
import { byteLength, view } from '../arguments/buffers.ts'
import { type Descriptor, descriptor } from '../arguments/descriptors.ts'
import { byteCount, int64 } from '../arguments/numbers.ts'
import type { Prepared } from '../prepared.ts'
import { atMost, trimmed } from './transfer_size.ts'

/** Up to here bytes are copied in less time than C gets a buffer of the caller's: to wake somebody up takes one. */
const FEW_BYTES = 16

/**
 * read(2): reads at most `n` bytes.
 *
 * @param fd the descriptor
 * @param n how many bytes at the most
 * @returns what was there: fewer bytes where no more are ready, none at the end of a file
 * @throws OSError as the system says: EBADF, IsADirectoryError, BlockingIOError where nothing is ready
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
  const most = atMost(byteCount(n, 'n'))
  let size: number
  if (most <= SLAB_PIECE) {
    while ((size = libc.read(number, slabAddress(most), most)) === -1) failed('read', number)
    return slabTake(size)
  }
  const buffer = Buffer.allocUnsafeSlow(most)
  while ((size = libc.read(number, addressOf(buffer), most)) === -1) failed('read', number)
  return trimmed(buffer, size)
}

/**
 * pread(2): reads at most `n` bytes from a place in a file, and leaves its position alone.
 *
 * @param fd the descriptor
 * @param n how many bytes at the most
 * @param offset where to start, in bytes from the start of the file
 * @returns what was there: none at the end of the file
 * @throws OSError as the system says: EBADF, IsADirectoryError, EINVAL for a negative offset, ESPIPE for a pipe
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
  if (most <= SLAB_PIECE) {
    while ((size = libc.pread(number, slabAddress(most), most, from)) === -1) failed('pread', number)
    return slabTake(size)
  }
  const buffer = Buffer.allocUnsafeSlow(most)
  while ((size = libc.pread(number, addressOf(buffer), most, from)) === -1) failed('pread', number)
  return trimmed(buffer, size)
}

/** What `pread` does before its call. */
export function preparedPread(fd: Descriptor, n: number | bigint, offset: number | bigint): Prepared<'pread'> {
  const file = descriptor(fd, 'fd')
  const most = atMost(byteCount(n, 'n'))
  return { name: 'pread', args: [file, scratchAddress, most, int64(offset, 'offset')], syscall: 'pread', file }
}

/**
 * read(2): reads into the caller's memory.
 *
 * @param fd the descriptor
 * @param buffer where to: any view of memory, filled from its start
 * @returns how many bytes were read: fewer than there is room for where no more are ready, 0 at the end of a file
 * @throws OSError as the system says: EBADF, IsADirectoryError, BlockingIOError where nothing is ready
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
 * @returns how many were written, which may be fewer
 * @throws OSError as the system says: EBADF, ENOSPC, BrokenPipeError, BlockingIOError where there is no room
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
  if (all <= FEW_BYTES) {
    for (let i = 0; i < all; i++) scratch[i] = bytes[i] as number
    while ((size = libc.writeFrom(number, scratchAddress, all)) === -1) failed('write', number)
  } else while ((size = libc.write(number, bytes, all)) === -1) failed('write', number)
  return size
}

/**
 * pwrite(2): writes bytes at a place in a file, and leaves its position alone.
 *
 * @param fd the descriptor
 * @param data the bytes: any view of memory
 * @param offset where to, in bytes from the start of the file. With O_APPEND Linux writes to the end all the same
 * @returns how many were written, which may be fewer
 * @throws OSError as the system says: EBADF, ENOSPC, EINVAL for a negative offset, ESPIPE for a pipe
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

/** What `pwrite` does before its call. */
export function preparedPwrite(fd: Descriptor, data: ArrayBufferView, offset: number | bigint): Prepared<'pwrite'> {
  const file = descriptor(fd, 'fd')
  const bytes = view(data, 'data')
  const to = int64(offset, 'offset')
  return { name: 'pwrite', args: [file, bytes, byteLength(bytes), to], syscall: 'pwrite', file }
}
