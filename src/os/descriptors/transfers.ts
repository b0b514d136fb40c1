import { wrongType } from '../../errors.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { putBigInt64, scratchAddress } from '../../libc/memory.ts'
import { type Descriptor, descriptor } from '../arguments/descriptors.ts'
import { byteCount, int64, uintFlags } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import type { Prepared } from '../prepared.ts'
import { viewList, withVectors } from './vectors.ts'

/** Moving data from one descriptor to another inside the kernel. */

/** Where both offsets of a call stand in scratch memory. */
const FIRST = 0
const SECOND = 8

export type Offset = number | bigint | null

/** The address of an offset for C: NULL where there is none, so that the file's own position counts. */
function offsetAddress(offset: bigint | null, place: number): number {
  if (offset === null) return 0
  putBigInt64(place, offset)
  return scratchAddress + place
}

function checkedOffset(offset: unknown, name: string): bigint | null {
  return offset === undefined || offset === null ? null : BigInt(int64(offset, name))
}

/**
 * sendfile(2): copies from a file to another descriptor, such as a socket.
 *
 * @param out_fd where to
 * @param in_fd the file: one that could be mapped into memory
 * @param offset where to start in it, in bytes; its position stays as it is. With null, start at its position and move
 *   it
 * @param count how many bytes at the most
 * @returns how many were copied, which may be fewer; 0 at the end of the file
 * @throws OSError as the system says: EBADF, EINVAL for what cannot be read so, BrokenPipeError, BlockingIOError where
 *   there is no room
 * @throws TypeError for the headers, trailers and flags that only macOS and FreeBSD have
 *
 * Availability: Linux. See sendfile(2); Python, os.sendfile.
 * @example
 * ```ts
 * const source = os.open('/etc/passwd', os.O_RDONLY)
 * const target = os.open('copy', os.O_WRONLY | os.O_CREAT)
 * const size = os.fstat(source).st_size
 * os.sendfile(target, source, 0, size) // => size
 * os.close(source)
 * os.close(target)
 * ```
 */
export function sendfile(out_fd: Descriptor, in_fd: Descriptor, offset: Offset, count: number | bigint): number
export function sendfile(
  out_fd: Descriptor,
  in_fd: Descriptor,
  offset: Offset,
  count: number | bigint,
  ...rest: unknown[]
): number {
  const { args, file } = preparedSendfile(out_fd, in_fd, offset, count, ...rest)
  const [to, from, place, most] = args
  let size: number
  while ((size = libc.sendfile(to, from, place, most)) === -1) failed('sendfile', file)
  return size
}

/** What `sendfile` does before its call. The offset stands at the start of the scratch memory. */
export function preparedSendfile(
  out_fd: Descriptor,
  in_fd: Descriptor,
  offset: Offset,
  count: number | bigint,
  ...rest: unknown[]
): Prepared<'sendfile'> {
  const extra = rest.find((value) => value !== undefined)
  if (extra !== undefined) throw wrongType('headers', 'left out: only macOS and FreeBSD have it', extra)
  const [to, from] = [descriptor(out_fd, 'out_fd'), descriptor(in_fd, 'in_fd')]
  const start = checkedOffset(offset, 'offset')
  const most = byteCount(count, 'count')
  const place = offsetAddress(start, FIRST)
  return { name: 'sendfile', args: [to, from, place, most], syscall: 'sendfile', file: to }
}

/** The offsets of `copy_file_range` and `splice`. */
export interface TransferOffsets {
  /** Where to start reading, in bytes; null or nothing: at the position, which moves. */
  readonly offset_src?: Offset | undefined
  /** Where to start writing, in bytes; null or nothing: at the position, which moves. */
  readonly offset_dst?: Offset | undefined
}

/**
 * copy_file_range(2): copies from one file to another. File systems that can share the data between both do so.
 *
 * @param src the file to read
 * @param dst the file to write
 * @param count how many bytes at the most
 * @param offset_src where to start reading, in bytes; null for the position, which moves
 * @param offset_dst where to start writing, in bytes; null for the position, which moves
 * @param options `offset_src`, `offset_dst` by name
 * @returns how many bytes were copied, which may be fewer; 0 at the end of the file, and for files of /proc and /sys
 * @throws OSError as the system says: EBADF, EINVAL for what is no file and for ranges of one file that overlap,
 *   IsADirectoryError, ENOSPC, EXDEV for two file systems that cannot (before Linux 5.3: for any two)
 *
 * Availability: Linux 4.5. See copy_file_range(2); Python, os.copy_file_range.
 * @example
 * ```ts
 * const source = os.open('/etc/passwd', os.O_RDONLY)
 * const target = os.open('copy', os.O_WRONLY | os.O_CREAT)
 * while (os.copy_file_range(source, target, 2 ** 20) > 0) {} // by the kernel alone
 * os.fstat(target).st_size // => os.fstat(source).st_size
 * os.close(source)
 * os.close(target)
 * ```
 */
export function copy_file_range(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  offset_src: Offset,
  offset_dst?: Offset,
): number
export function copy_file_range(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  options?: TransferOffsets,
): number
export function copy_file_range(src: Descriptor, dst: Descriptor, count: number | bigint, ...rest: unknown[]): number {
  const { args, file } = preparedCopyFileRange(src, dst, count, ...rest)
  const [from, fromPlace, to, toPlace, most, flags] = args
  let size: number
  while ((size = libc.copy_file_range(from, fromPlace, to, toPlace, most, flags)) === -1)
    failed('copy_file_range', file)
  return size
}

/** What `copy_file_range` does before its call. The offsets stand at the start of the scratch memory. */
export function preparedCopyFileRange(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  ...rest: unknown[]
): Prepared<'copy_file_range'> {
  const { offset_src, offset_dst } = optional(['offset_src', 'offset_dst'], [], rest)
  const [from, to] = [descriptor(src, 'src'), descriptor(dst, 'dst')]
  const most = byteCount(count, 'count')
  const [reading, writing] = [checkedOffset(offset_src, 'offset_src'), checkedOffset(offset_dst, 'offset_dst')]
  const [fromPlace, toPlace] = [offsetAddress(reading, FIRST), offsetAddress(writing, SECOND)]
  const args = [from, fromPlace, to, toPlace, most, 0] as const
  return { name: 'copy_file_range', args, syscall: 'copy_file_range', file: from }
}

/**
 * splice(2): moves data between a pipe and another descriptor.
 *
 * @param src where from
 * @param dst where to; this or `src` is a pipe
 * @param count how many bytes at the most
 * @param offset_src where to start reading, in bytes; null for the position, which moves, and for a pipe
 * @param offset_dst where to start writing, in bytes; null for the position, which moves, and for a pipe
 * @param flags of SPLICE_F_MOVE, SPLICE_F_NONBLOCK, SPLICE_F_MORE
 * @param options `offset_src`, `offset_dst`, `flags` by name
 * @returns how many bytes were moved; 0 at the end
 * @throws OSError as the system says: EBADF, EINVAL where neither is a pipe, ESPIPE for the offset of a pipe,
 *   BlockingIOError where the pipe is not ready (SPLICE_F_NONBLOCK)
 *
 * Availability: Linux. See splice(2); Python, os.splice.
 * @example
 * ```ts
 * const source = os.open('/etc/passwd', os.O_RDONLY)
 * const [r, w] = os.pipe()
 * os.splice(source, w, 4, { offset_src: 0 }) // => 4
 * os.read(r, 100).length // => 4
 * for (const fd of [source, r, w]) os.close(fd)
 * ```
 */
export function splice(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  offset_src: Offset,
  offset_dst?: Offset,
  flags?: number,
): number
export function splice(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  options?: TransferOffsets & { readonly flags?: number | undefined },
): number
export function splice(src: Descriptor, dst: Descriptor, count: number | bigint, ...rest: unknown[]): number {
  const { args, file } = preparedSplice(src, dst, count, ...rest)
  const [from, fromPlace, to, toPlace, most, bits] = args
  let size: number
  while ((size = libc.splice(from, fromPlace, to, toPlace, most, bits)) === -1) failed('splice', file)
  return size
}

/** What `splice` does before its call. The offsets stand at the start of the scratch memory. */
export function preparedSplice(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  ...rest: unknown[]
): Prepared<'splice'> {
  const { offset_src, offset_dst, flags = 0 } = optional(['offset_src', 'offset_dst', 'flags'], [], rest)
  const [from, to] = [descriptor(src, 'src'), descriptor(dst, 'dst')]
  const most = byteCount(count, 'count')
  const [reading, writing] = [checkedOffset(offset_src, 'offset_src'), checkedOffset(offset_dst, 'offset_dst')]
  const bits = uintFlags(flags, 'flags')
  const [fromPlace, toPlace] = [offsetAddress(reading, FIRST), offsetAddress(writing, SECOND)]
  return { name: 'splice', args: [from, fromPlace, to, toPlace, most, bits], syscall: 'splice', file: from }
}

/**
 * tee(2): copies what is in a pipe to another pipe, and leaves it in the first.
 *
 * @param src the pipe to read
 * @param dst the pipe to write
 * @param count how many bytes at the most
 * @param flags of SPLICE_F_NONBLOCK
 * @param options `flags` by name
 * @returns how many bytes were copied; 0 where the pipe is empty and nobody can write to it any more
 * @throws OSError as the system says: EBADF, EINVAL where one is no pipe or both are the same, BlockingIOError where
 *   one is not ready (SPLICE_F_NONBLOCK)
 *
 * Availability: Linux. See tee(2).
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const [copyR, copyW] = os.pipe()
 * os.write(w, Buffer.from('twice')) // => 5
 * os.tee(r, copyW, 100) // => 5
 * os.read(copyR, 100) // => Buffer.from('twice')
 * os.read(r, 100) // => Buffer.from('twice')
 * for (const fd of [r, w, copyR, copyW]) os.close(fd)
 * ```
 */
export function tee(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  flags?: number | { readonly flags?: number | undefined },
): number
export function tee(src: Descriptor, dst: Descriptor, count: number | bigint, ...rest: unknown[]): number {
  const { args } = preparedTee(src, dst, count, ...rest)
  const [from, to, most, bits] = args
  let size: number
  while ((size = libc.tee(from, to, most, bits)) === -1) failed('tee', from)
  return size
}

/** What `tee` does before its call. */
export function preparedTee(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  ...rest: unknown[]
): Prepared<'tee'> {
  const { flags = 0 } = optional(['flags'], [], rest)
  const [from, to] = [descriptor(src, 'src'), descriptor(dst, 'dst')]
  const [most, bits] = [byteCount(count, 'count'), uintFlags(flags, 'flags')]
  return { name: 'tee', args: [from, to, most, bits], syscall: 'tee', file: from }
}

/**
 * vmsplice(2): puts memory into a pipe without copying it, or reads a pipe into memory.
 *
 * What was put into a pipe stays the caller's memory until somebody has read it there: who changes it meanwhile, or
 * lets go of the buffer, changes what the reader gets. `writev` has no such trap.
 *
 * @param fd the writing end of a pipe, or its reading end
 * @param buffers the memory: views, at most 1024
 * @param flags of SPLICE_F_NONBLOCK, SPLICE_F_GIFT
 * @param options `flags` by name
 * @returns how many bytes were put into the pipe or read from it
 * @throws OSError as the system says: EBADF for what is no pipe, EINVAL, BlockingIOError where the pipe is not ready
 *   (SPLICE_F_NONBLOCK)
 *
 * Availability: Linux. See vmsplice(2).
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.vmsplice(w, [Buffer.from('from '), Buffer.from('memory')]) // => 11
 * os.read(r, 100) // => Buffer.from('from memory')
 * os.close(r)
 * os.close(w)
 * ```
 */
export function vmsplice(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  flags?: number | { readonly flags?: number | undefined },
): number
export function vmsplice(fd: Descriptor, buffers: readonly ArrayBufferView[], ...rest: unknown[]): number {
  const { pipe, list, bits } = checkedVmsplice(fd, buffers, ...rest)
  return withVectors('vmsplice', pipe, list, (vectors, count) => libc.vmsplice(pipe, vectors, count, bits))
}

/** The arguments of `vmsplice`, checked. */
export function checkedVmsplice(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  ...rest: unknown[]
): { readonly pipe: number; readonly list: readonly Uint8Array[]; readonly bits: number } {
  const { flags = 0 } = optional(['flags'], [], rest)
  const pipe = descriptor(fd, 'fd')
  const bits = uintFlags(flags, 'flags')
  return { pipe, list: viewList(buffers, 'buffers'), bits }
}
