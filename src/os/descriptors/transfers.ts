import { wrongType } from '../../errors.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { putBigInt64, scratchAddress } from '../../libc/memory.ts'
import { type Descriptor, descriptor } from '../arguments/descriptors.ts'
import { byteCount, int64, uintFlags } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import type { Prepared } from '../prepared.ts'
import { viewList, withVectors } from './vectors.ts'

/** Transfers between two descriptors inside the kernel. */

/** The places of both file offsets in scratch memory. */
const FIRST = 0
const SECOND = 8

export type Offset = number | bigint | null

/** Stores an offset and returns its address for C; NULL for null, which means the file's own position. */
function offsetAddress(offset: bigint | null, place: number): number {
  if (offset === null) return 0
  putBigInt64(place, offset)
  return scratchAddress + place
}

function checkedOffset(offset: unknown, name: string): bigint | null {
  return offset === undefined || offset === null ? null : BigInt(int64(offset, name))
}

/**
 * sendfile(2): copies bytes from a file to another descriptor, such as a socket.
 *
 * @param out_fd the destination
 * @param in_fd the source: a file that supports mmap(2)
 * @param offset the offset of the first byte, in bytes; the file's position does not move. null: start at the file's
 *   position and move it
 * @param count the maximum number of bytes
 * @returns the number of bytes copied, which may be smaller than `count`; 0 at the end of the file
 * @throws OSError as the system reports: EBADF, EINVAL for a source that does not support it, BrokenPipeError,
 *   BlockingIOError if there is no space
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
  const [to, from, place, maxBytes] = args
  let size: number
  while ((size = libc.sendfile(to, from, place, maxBytes)) === -1) failed('sendfile', file)
  return size
}

/** Checks and converts the arguments of `sendfile`. The offset is stored at the start of the scratch memory. */
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
  /** The offset of the first byte to read, in bytes; null or undefined: the file's position, which moves. */
  readonly offset_src?: Offset | undefined
  /** The offset of the first byte to write, in bytes; null or undefined: the file's position, which moves. */
  readonly offset_dst?: Offset | undefined
}

/**
 * copy_file_range(2): copies bytes from one file to another. Some file systems share the data blocks instead of copying
 * them.
 *
 * @param src the file to read
 * @param dst the file to write
 * @param count the maximum number of bytes
 * @param offset_src the offset of the first byte to read, in bytes; null for the position, which moves
 * @param offset_dst the offset of the first byte to write, in bytes; null for the position, which moves
 * @param options `offset_src`, `offset_dst` by name
 * @returns the number of bytes copied, which may be smaller than `count`; 0 at the end of the file, and for files of
 *   /proc and /sys
 * @throws OSError as the system reports: EBADF, EINVAL if one is not a regular file, and for overlapping ranges of one
 *   file, IsADirectoryError, ENOSPC, EXDEV for two file systems between which the kernel cannot copy (before Linux 5.3:
 *   for any two)
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

/**
 * Checks and converts the arguments of `copy_file_range`. The offsets are stored at the start of the scratch memory.
 */
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
 * @param src the source
 * @param dst the destination; `src` or `dst` is a pipe
 * @param count the maximum number of bytes
 * @param offset_src the offset of the first byte to read, in bytes; null for the position, which moves, and for a pipe
 * @param offset_dst the offset of the first byte to write, in bytes; null for the position, which moves, and for a pipe
 * @param flags: SPLICE_F_MOVE, SPLICE_F_NONBLOCK, SPLICE_F_MORE
 * @param options `offset_src`, `offset_dst`, `flags` by name
 * @returns the number of bytes moved; 0 at the end of the input
 * @throws OSError as the system reports: EBADF, EINVAL if neither is a pipe, ESPIPE for the offset of a pipe,
 *   BlockingIOError if the pipe is not ready (SPLICE_F_NONBLOCK)
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

/** Checks and converts the arguments of `splice`. The offsets are stored at the start of the scratch memory. */
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
 * tee(2): copies the content of a pipe to another pipe without consuming it.
 *
 * @param src the pipe to read
 * @param dst the pipe to write
 * @param count the maximum number of bytes
 * @param flags: SPLICE_F_NONBLOCK
 * @param options `flags` by name
 * @returns the number of bytes copied; 0 if the pipe is empty and has no writer
 * @throws OSError as the system reports: EBADF, EINVAL if one is not a pipe or both are the same, BlockingIOError if
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

/** Checks and converts the arguments of `tee`. */
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
 * vmsplice(2): maps memory into a pipe without copying it, or reads a pipe into memory.
 *
 * The pipe refers to the caller's memory until its content has been read. If the buffer is changed or garbage-collected
 * before that, the reader gets the changed bytes. `writev` does not have this problem.
 *
 * @param fd the write end of a pipe, or its read end
 * @param buffers the memory: views, at most 1024
 * @param flags: SPLICE_F_NONBLOCK, SPLICE_F_GIFT
 * @param options `flags` by name
 * @returns the number of bytes put into the pipe or read from it
 * @throws OSError as the system reports: EBADF if it is not a pipe, EINVAL, BlockingIOError if the pipe is not ready
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

/** Checks the arguments of `vmsplice`. */
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
