import { wrongType } from '../../errors.ts'
import { failed, osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { addressOf, putBigInt64, scratchAddress } from '../../libc/memory.ts'
import { byteLength, itemView } from '../arguments/buffers.ts'
import { type Descriptor, descriptor } from '../arguments/descriptors.ts'
import { int, int64 } from '../arguments/numbers.ts'
import { NO_OPTIONS, optional } from '../arguments/options.ts'

/** Reading and writing several pieces of memory in one call. */

const { iov_base, iov_len } = structs.iovec.offsets

const NOTHING: readonly Uint8Array[] = []

/**
 * The memory that a call under way uses. C knows it by address only, so it must be reachable from here until the call
 * is over: the caller's own variables may have died by then. It is read below, too: a bundler drops what is only
 * written.
 */
const held = { views: NOTHING }

/** The views of a list, each of them checked. */
export function viewList(buffers: unknown, name: string): readonly Uint8Array[] {
  if (!Array.isArray(buffers)) throw wrongType(name, 'an array of Buffers or other views of memory', buffers)
  const list: Uint8Array[] = []
  for (let index = 0; index < buffers.length; index++) list.push(itemView(buffers, index, name))
  return list
}

/** Makes a call that takes an array of `struct iovec`, by its address, and the number of its elements. */
export function withVectors(
  syscall: string,
  fd: number,
  list: readonly Uint8Array[],
  call: (vectors: number, count: number) => number,
): number {
  // The kernel takes no more, and the scratch memory has room for four times as many.
  if (list.length > constants.IOV_MAX) throw osError(errnoNumbers.EINVAL, syscall, fd)
  held.views = list
  try {
    for (const [index, bytes] of list.entries()) {
      putBigInt64(index * structs.iovec.size + iov_base, BigInt(addressOf(bytes)))
      putBigInt64(index * structs.iovec.size + iov_len, BigInt(byteLength(bytes)))
    }
    let size: number
    while ((size = call(scratchAddress, held.views.length)) === -1) failed(syscall, fd)
    return size
  } finally {
    held.views = NOTHING
  }
}

/**
 * readv(2): reads into several pieces of memory, each of which is filled before the next.
 *
 * @param fd the descriptor
 * @param buffers where to: views of memory, at most 1024
 * @returns how many bytes were read, fewer than there is room for where no more are ready, 0 at the end of a file
 * @throws OSError as the system says: EBADF, BlockingIOError where nothing is ready; EINVAL for too many buffers
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
 * writev(2): writes several pieces of memory, one after the other.
 *
 * @param fd the descriptor
 * @param buffers views of memory, at most 1024
 * @returns how many bytes were written, which may be fewer than there are
 * @throws OSError as the system says: EBADF, ENOSPC, BrokenPipeError, BlockingIOError where there is no room; EINVAL
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
 * preadv2(2): reads from a place in a file into several pieces of memory, and leaves its position alone.
 *
 * @param fd the descriptor
 * @param buffers where to: views of memory, at most 1024
 * @param offset where to start, in bytes from the start of the file; -1 reads at the position, and moves it
 * @param flags of RWF_HIPRI, RWF_NOWAIT
 * @param options `flags` by name
 * @returns how many bytes were read, 0 at the end of the file
 * @throws OSError as the system says: EBADF, ESPIPE, EINVAL; BlockingIOError where nothing can be had at once
 *   (RWF_NOWAIT); ENOTSUP for flags that the kernel or the file system does not know
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

/** The arguments of `preadv` and `pwritev`, checked. */
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

/** Into one piece without flags: the plain calls do the same in half the time. */
function preadOne(fd: unknown, buffers: readonly unknown[], offset: unknown): number {
  const number = descriptor(fd, 'fd')
  const bytes = itemView(buffers, 0, 'buffers')
  const from = int64(offset, 'offset')
  const most = byteLength(bytes)
  let size: number
  // To compare what may be a number with a bigint takes V8 longer than to ask first which of them it is.
  if (typeof from === 'number' ? from === -1 : from === -1n) {
    while ((size = libc.readInto(number, bytes, most)) === -1) failed('preadv', number)
  } else while ((size = libc.preadInto(number, bytes, most, from)) === -1) failed('preadv', number)
  return size
}

/**
 * pwritev2(2): writes several pieces of memory to a place in a file, and leaves its position alone.
 *
 * @param fd the descriptor
 * @param buffers views of memory, at most 1024
 * @param offset where to, in bytes from the start of the file; -1 writes at the position, and moves it
 * @param flags of RWF_DSYNC, RWF_SYNC, RWF_APPEND, RWF_HIPRI, RWF_NOWAIT
 * @param options `flags` by name
 * @returns how many bytes were written, which may be fewer than there are
 * @throws OSError as the system says: EBADF, ESPIPE, EINVAL, ENOSPC; ENOTSUP for flags that the kernel or the file
 *   system does not know
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
