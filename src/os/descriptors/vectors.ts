import { wrongType } from '../../errors.ts'
import { failed, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { addressOf, putBigInt64, scratchAddress } from '../../libc/memory.ts'
import { byteLength, itemView } from '../arguments/buffers.ts'
import { type Descriptor, descriptor } from '../arguments/descriptors.ts'
import { int, int64 } from '../arguments/numbers.ts'
import { NO_OPTIONS, optional } from '../arguments/options.ts'

/** Scatter/gather I/O: reading and writing several buffers in one call. */

const { iov_base, iov_len } = structs.iovec.offsets

const NOTHING: readonly Uint8Array[] = []

/**
 * The views that the current call uses. C has only their addresses, so this reference must keep them alive until the
 * call returns: V8 may collect objects that the caller does not use any more. It is also read below, because a bundler
 * removes variables that are only written.
 */
const pinned = { views: NOTHING }

/** Checks the views of a list. */
export function viewList(buffers: unknown, name: string): readonly Uint8Array[] {
  if (!Array.isArray(buffers)) throw wrongType(name, 'an array of Buffers or other views of memory', buffers)
  const list: Uint8Array[] = []
  for (let index = 0; index < buffers.length; index++) list.push(itemView(buffers, index, name))
  return list
}

/** Calls a C function with the address of an array of `struct iovec` and the number of its elements. */
export function withVectors(
  syscall: string,
  fd: number,
  list: readonly Uint8Array[],
  call: (vectors: number, count: number) => number,
): number {
  // The kernel accepts no more, and the scratch memory has space for four times as many.
  if (list.length > constants.IOV_MAX) throw osError(errnoNumbers.EINVAL, syscall, fd)
  pinned.views = list
  try {
    for (const [index, bytes] of list.entries()) {
      putBigInt64(index * structs.iovec.size + iov_base, BigInt(addressOf(bytes)))
      putBigInt64(index * structs.iovec.size + iov_len, BigInt(byteLength(bytes)))
    }
    let size: number
    while ((size = call(scratchAddress, pinned.views.length)) === -1) failed(syscall, fd)
    return size
  } finally {
    pinned.views = NOTHING
  }
}

/**
 * readv(2): reads into several buffers, filling each before the next.
 *
 * @param fd the descriptor
 * @param buffers the destination: views of memory, at most 1024
 * @returns the number of bytes read, fewer than the buffers hold if no more are ready, 0 at the end of a file
 * @throws OSError as the system reports: EBADF, BlockingIOError if nothing is ready; EINVAL for too many buffers
 *
 * Availability: Linux. See readv(2); Python, os.readv.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.write(w, Buffer.from('headbody')) // => 8
 * const [head, body] = [Buffer.alloc(4), Buffer.alloc(100)]
 * os.readv(r, [head, body]) // => 8
 * head.toString() // => 'head'
 * os.close(r)
 * os.close(w)
 * ```
 */
export function readv(fd: Descriptor, buffers: readonly ArrayBufferView[]): number {
  const number = descriptor(fd, 'fd')
  const list = viewList(buffers, 'buffers')
  return withVectors('readv', number, list, (vectors, count) => libc.readv(number, vectors, count))
}

/**
 * writev(2): writes several buffers, one after the other.
 *
 * @param fd the descriptor
 * @param buffers views of memory, at most 1024
 * @returns the number of bytes written, which may be smaller than the length of the buffers
 * @throws OSError as the system reports: EBADF, ENOSPC, BrokenPipeError, BlockingIOError if there is no space; EINVAL
 *   for too many buffers
 *
 * Availability: Linux. See writev(2); Python, os.writev.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.writev(w, [Buffer.from('head'), Buffer.from('body')]) // => 8
 * os.read(r, 100) // => Buffer.from('headbody')
 * os.close(r)
 * os.close(w)
 * ```
 */
export function writev(fd: Descriptor, buffers: readonly ArrayBufferView[]): number {
  const number = descriptor(fd, 'fd')
  const list = viewList(buffers, 'buffers')
  return withVectors('writev', number, list, (vectors, count) => libc.writev(number, vectors, count))
}

/**
 * preadv2(2): reads at an offset into several buffers, and does not move the file's position.
 *
 * @param fd the descriptor
 * @param buffers the destination: views of memory, at most 1024
 * @param offset the offset of the first byte, in bytes from the start of the file; -1 reads at the file's position, and
 *   moves it
 * @param flags: RWF_HIPRI, RWF_NOWAIT
 * @param options `flags` by name
 * @returns the number of bytes read, 0 at the end of the file
 * @throws OSError as the system reports: EBADF, ESPIPE, EINVAL; BlockingIOError if the read would block (RWF_NOWAIT);
 *   ENOTSUP for flags that the kernel or the file system does not support
 *
 * Availability: Linux 4.6. See preadv2(2); Python, os.preadv.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * const room = Buffer.alloc(4)
 * os.preadv(fd, [room], 1) // => 4
 * room // => os.pread(fd, 4, 1)
 * os.close(fd)
 * ```
 */
export function preadv(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  offset: number | bigint,
  flags?: number | { readonly flags?: number | undefined },
): number
export function preadv(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  offset: number | bigint,
  ...rest: unknown[]
): number {
  if (rest.length === 0 && Array.isArray(buffers) && buffers.length === 1) return preadOne(fd, buffers, offset)
  const { file, list, place, bits } = checkedVectors(fd, buffers, offset, ...rest)
  return withVectors('preadv', file, list, (vectors, count) => libc.preadv2(file, vectors, count, place, 0, bits))
}

/** Checks the arguments of `preadv` and `pwritev`. */
export function checkedVectors(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  offset: number | bigint,
  ...rest: unknown[]
): { readonly file: number; readonly list: readonly Uint8Array[]; readonly place: Int64; readonly bits: number } {
  const { flags = 0 } = rest.length === 0 ? NO_OPTIONS : optional(['flags'], [], rest)
  const bits = int(flags, 'flags')
  const file = descriptor(fd, 'fd')
  const list = viewList(buffers, 'buffers')
  return { file, list, place: int64(offset, 'offset'), bits }
}

/** Reads into one buffer without flags: pread(2) and read(2) take half the time of preadv2(2). */
function preadOne(fd: unknown, buffers: readonly unknown[], offset: unknown): number {
  const number = descriptor(fd, 'fd')
  const bytes = itemView(buffers, 0, 'buffers')
  const from = int64(offset, 'offset')
  const maxBytes = byteLength(bytes)
  let size: number
  // Comparing a value of unknown type with a bigint is slower in V8 than checking its type first.
  if (typeof from === 'number' ? from === -1 : from === -1n) {
    while ((size = libc.readInto(number, bytes, maxBytes)) === -1) failed('preadv', number)
  } else while ((size = libc.preadInto(number, bytes, maxBytes, from)) === -1) failed('preadv', number)
  return size
}

/**
 * pwritev2(2): writes several buffers at an offset, and does not move the file's position.
 *
 * @param fd the descriptor
 * @param buffers views of memory, at most 1024
 * @param offset the offset of the first byte, in bytes from the start of the file; -1 writes at the file's position,
 *   and moves it
 * @param flags: RWF_DSYNC, RWF_SYNC, RWF_APPEND, RWF_HIPRI, RWF_NOWAIT
 * @param options `flags` by name
 * @returns the number of bytes written, which may be smaller than the length of the buffers
 * @throws OSError as the system reports: EBADF, ESPIPE, EINVAL, ENOSPC; ENOTSUP for flags that the kernel or the file
 *   system does not support
 *
 * Availability: Linux 4.6. See pwritev2(2); Python, os.pwritev.
 * @example
 * ```ts
 * const fd = os.open('log', os.O_RDWR | os.O_CREAT)
 * os.pwritev(fd, [Buffer.from('a'), Buffer.from('bc')], 0, os.RWF_DSYNC) // => 3
 * os.pread(fd, 100, 0) // => Buffer.from('abc')
 * os.close(fd)
 * ```
 */
export function pwritev(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  offset: number | bigint,
  flags?: number | { readonly flags?: number | undefined },
): number
export function pwritev(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  offset: number | bigint,
  ...rest: unknown[]
): number {
  const { file, list, place, bits } = checkedVectors(fd, buffers, offset, ...rest)
  return withVectors('pwritev', file, list, (vectors, count) => libc.pwritev2(file, vectors, count, place, 0, bits))
}
