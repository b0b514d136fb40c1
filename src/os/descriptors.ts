import { AuditEvent } from '../audit.ts'
import { wrongType } from '../errors.ts'
import { told } from '../event_loop/told.ts'
import { failed, lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { address, addressOf, int32At, bytes as scratch } from '../libc/memory.ts'
import { SLAB_PIECE, slabAddress, slabTake } from '../libc/slab.ts'
import {
  bool,
  byteCount,
  byteLength,
  cString,
  type Descriptor,
  descriptor,
  dirFd,
  int,
  int64,
  NO_OPTIONS,
  optional,
  view,
} from './arguments.ts'
import { namesIn } from './directory_stream.ts'
import type { DirFdOption } from './metadata.ts'
import { fileName, type Path } from './names.ts'
import { atMost, trimmed } from './pieces.ts'
import type { Prepared } from './prepared.ts'

const {
  AT_FDCWD,
  O_CLOEXEC,
  O_CREAT,
  O_TMPFILE,
  O_NONBLOCK,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_SETFD,
  F_GETFL,
  F_SETFL,
  FD_CLOEXEC,
} = constants

/** Flags with which C's `open` looks for the permissions of a new file. */
const NEEDS_MODE = O_CREAT | O_TMPFILE

/** Up to here bytes are copied in less time than C gets a buffer of the caller's: to wake somebody up takes one. */
const FEW_BYTES = 16

const openEvent = new AuditEvent('open')

/**
 * openat(2): opens a file.
 *
 * @param path the file
 * @param flags one of O_RDONLY, O_WRONLY, O_RDWR, and others of O_*; O_CLOEXEC is added always
 * @param mode permission bits of a file that is made, less the umask; 0o777 by default
 * @param options `mode` by name; `dir_fd`: where a relative path starts
 * @returns the descriptor, which children do not inherit
 * @throws OSError as the system says: FileNotFoundError, FileExistsError, IsADirectoryError, PermissionError, EMFILE
 *
 * Availability: Linux. Audit event: `open` (path, null, flags). See open(2); Python, os.open.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
 * os.write(fd, Buffer.from('text')) // => 4
 * os.close(fd)
 * os.open('notes', os.O_WRONLY | os.O_CREAT | os.O_EXCL) // throws FileExistsError
 * ```
 */
export function open(path: Path, flags: number, mode: number, options?: DirFdOption): number
export function open(path: Path, flags: number, options?: DirFdOption & { readonly mode?: number | undefined }): number
export function open(path: Path, flags: number, ...rest: unknown[]): number {
  let fd: number
  if (rest.length > 0) {
    const { args, file } = preparedOpen(path, flags, ...rest)
    const [at, name, wanted, mode] = args
    while ((fd = libc.openat(at, name, wanted, mode)) === -1) failed('open', file)
    return fd
  }
  // Apart from the rest, because to pack the arguments and to unpack them takes a tenth of the time.
  const file = fileName(path, 'path')
  const wanted = int(flags, 'flags') | O_CLOEXEC
  const name = cString(file, 'path')
  if (openEvent.wanted) openEvent.raise(path, null, wanted)
  // Each argument that is passed to C takes a while, and most files that are opened are there already.
  if ((wanted & NEEDS_MODE) === 0) while ((fd = libc.open(name, wanted)) === -1) failed('open', file)
  else while ((fd = libc.openat(AT_FDCWD, name, wanted, 0o777)) === -1) failed('open', file)
  return fd
}

/** What `open` does before its call. */
export function preparedOpen(path: Path, flags: number, ...rest: unknown[]): Prepared<'openat'> {
  const { mode = 0o777, dir_fd } = rest.length === 0 ? NO_OPTIONS : optional(['mode'], ['dir_fd'], rest)
  const file = fileName(path, 'path')
  const wanted = int(flags, 'flags') | O_CLOEXEC
  const bits = int(mode, 'mode')
  const at = dirFd(dir_fd)
  const name = cString(file, 'path')
  if (openEvent.wanted) openEvent.raise(path, null, wanted)
  return { name: 'openat', args: [at, name, wanted, bits], syscall: 'open', file }
}

/**
 * close(2): closes a descriptor.
 *
 * @param fd the descriptor
 * @throws OSError EBADF where it is not open; EIO and kin where what was written could not be stored. It is closed then
 *   all the same
 *
 * Availability: Linux. See close(2); Python, os.close.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', os.O_RDONLY)
 * os.close(fd)
 * os.close(fd) // throws OSError
 * ```
 */
export function close(fd: Descriptor): void {
  const number = descriptor(fd, 'fd')
  told.closes?.(number, number)
  if (libc.close(number) !== -1) return
  // Linux has closed it also where a signal came in between: another try could hit somebody else's descriptor.
  const errno = lastErrno()
  if (errno !== errnoNumbers.EINTR) throw osError(errno, 'close', number)
}

/** What `close` does before its call. */
export function preparedClose(fd: Descriptor): Prepared<'close'> {
  const file = descriptor(fd, 'fd')
  told.closes?.(file, file)
  return { name: 'close', args: [file], syscall: 'close', file }
}

/**
 * close_range(2): closes many descriptors. Those that are not open, and errors, are passed over.
 *
 * Node has descriptors of its own among them, without which it cannot go on: this is for a child before it starts
 * another program, and for ranges that the caller knows.
 *
 * @param fd_low the first
 * @param fd_high the one after the last
 * @throws OSError FileNotFoundError where the system lacks the call and /proc is not there to tell what is open
 *
 * Availability: Linux. See close_range(2); Python, os.closerange.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', os.O_RDONLY)
 * os.closerange(fd, fd + 1) // the last one is not among them
 * os.fstat(fd) // throws OSError
 * ```
 */
export function closerange(fd_low: number, fd_high: number): void {
  const first = Math.max(int(fd_low, 'fd_low'), 0)
  const last = int(fd_high, 'fd_high') - 1
  told.closes?.(first, last)
  if (last < first || libc.close_range(first, last, 0) === 0) return
  // Before Linux 5.9, or in a sandbox that does not know the call. The listing's own is among them, and closed already.
  const open = namesIn('closerange', '/proc/self/fd').map(Number)
  for (const fd of open) if (fd >= first && fd <= last) libc.close(fd)
}

/**
 * fcntl(2): another descriptor for the same open file, with the same position and flags.
 *
 * @param fd the descriptor
 * @returns the lowest number that is free; children do not inherit it
 * @throws OSError EBADF where `fd` is not open; EMFILE
 *
 * Availability: Linux. See dup(2); Python, os.dup.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const copy = os.dup(w)
 * os.close(w)
 * os.write(copy, Buffer.from('still open')) // => 10
 * os.close(r)
 * os.close(copy)
 * ```
 */
export function dup(fd: Descriptor): number {
  const number = descriptor(fd, 'fd')
  let copy: number
  while ((copy = libc.fcntl(number, F_DUPFD_CLOEXEC, 0)) === -1) failed('dup', number)
  return copy
}

/**
 * dup2(2), dup3(2): another descriptor for the same open file, with a number of the caller's choice. What has this
 * number is closed, in the same step.
 *
 * @param fd the descriptor
 * @param fd2 the number of the new one
 * @param inheritable whether children inherit it: true by default
 * @returns `fd2`
 * @throws OSError EBADF where `fd` is not open, or `fd2` beyond the limit; EINVAL for the same number twice and
 *   `inheritable` false
 *
 * Availability: Linux. See dup2(2); Python, os.dup2.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.dup2(w, 100, { inheritable: false }) // => 100
 * os.write(100, Buffer.from('x')) // => 1
 * for (const fd of [r, w, 100]) os.close(fd)
 * ```
 */
export function dup2(fd: Descriptor, fd2: Descriptor, inheritable: boolean): number
export function dup2(fd: Descriptor, fd2: Descriptor, options?: { readonly inheritable?: boolean | undefined }): number
export function dup2(fd: Descriptor, fd2: Descriptor, ...rest: unknown[]): number {
  const { inheritable } = optional(['inheritable'], [], rest)
  const [from, to] = [descriptor(fd, 'fd'), descriptor(fd2, 'fd2')]
  const inherited = bool(inheritable, 'inheritable', true)
  if (inherited) while (libc.dup2(from, to) === -1) failed('dup2', from)
  else while (libc.dup3(from, to, O_CLOEXEC) === -1) failed('dup2', from)
  if (from !== to) told.closes?.(to, to)
  return to
}

/**
 * pipe2(2): makes a pipe.
 *
 * @returns the descriptors of its reading and its writing end, which children do not inherit
 * @throws OSError EMFILE, ENFILE
 *
 * Availability: Linux. See pipe(2); Python, os.pipe.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.write(w, Buffer.from('hello')) // => 5
 * os.close(w)
 * os.read(r, 100) // => Buffer.from('hello')
 * os.read(r, 100) // => Buffer.alloc(0)
 * os.close(r)
 * ```
 */
export function pipe(): readonly [r: number, w: number] {
  return newPipe('pipe', O_CLOEXEC)
}

/**
 * pipe2(2): makes a pipe with flags.
 *
 * @param flags of O_CLOEXEC (without it children inherit both ends), O_NONBLOCK, O_DIRECT (packets)
 * @returns the descriptors of its reading and its writing end
 * @throws OSError EMFILE, ENFILE; EINVAL for other flags
 *
 * Availability: Linux. See pipe(2); Python, os.pipe2.
 * @example
 * ```ts
 * const [r, w] = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
 * os.read(r, 1) // throws BlockingIOError
 * os.close(r)
 * os.close(w)
 * ```
 */
export function pipe2(flags: number): readonly [r: number, w: number] {
  return newPipe('pipe2', int(flags, 'flags'))
}

function newPipe(syscall: string, flags: number): readonly [r: number, w: number] {
  while (libc.pipe2(address, flags) === -1) failed(syscall)
  return [int32At(0), int32At(4)]
}

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
  return { name: 'pread', args: [file, address, most, int64(offset, 'offset')], syscall: 'pread', file }
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
    while ((size = libc.writeFrom(number, address, all)) === -1) failed('write', number)
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

/**
 * fcntl(2): whether calls on a descriptor wait (O_NONBLOCK is not set).
 *
 * @param fd the descriptor
 * @returns true where they wait, false where they fail with a BlockingIOError instead
 * @throws OSError EBADF where it is not open
 *
 * Availability: Linux. See fcntl(2), F_GETFL; Python, os.get_blocking.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.get_blocking(r) // => true
 * os.close(r)
 * os.close(w)
 * ```
 */
export function get_blocking(fd: Descriptor): boolean {
  return (flagsOf('get_blocking', descriptor(fd, 'fd'), F_GETFL) & O_NONBLOCK) === 0
}

/**
 * fcntl(2): sets whether calls on a descriptor wait. It holds for the open file, so for copies of the descriptor too.
 *
 * @param fd the descriptor
 * @param blocking true: they wait; false: they fail with a BlockingIOError instead
 * @throws OSError EBADF where it is not open
 *
 * Availability: Linux. See fcntl(2), F_SETFL; Python, os.set_blocking.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.set_blocking(r, false)
 * os.read(r, 1) // throws BlockingIOError
 * os.close(r)
 * os.close(w)
 * ```
 */
export function set_blocking(fd: Descriptor, blocking: boolean): void {
  const number = descriptor(fd, 'fd')
  if (typeof blocking !== 'boolean') throw wrongType('blocking', 'a boolean', blocking)
  const flags = flagsOf('set_blocking', number, F_GETFL)
  const wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK
  while (libc.fcntl(number, F_SETFL, wanted) === -1) failed('set_blocking', number)
}

/**
 * fcntl(2): whether programs that the process starts inherit a descriptor (FD_CLOEXEC is not set).
 *
 * @param fd the descriptor
 * @returns true where they do
 * @throws OSError EBADF where it is not open
 *
 * Availability: Linux. See fcntl(2), F_GETFD; Python, os.get_inheritable.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', os.O_RDONLY)
 * os.get_inheritable(fd) // => false
 * os.close(fd)
 * ```
 */
export function get_inheritable(fd: Descriptor): boolean {
  return (flagsOf('get_inheritable', descriptor(fd, 'fd'), F_GETFD) & FD_CLOEXEC) === 0
}

/**
 * fcntl(2): sets whether programs that the process starts inherit a descriptor.
 *
 * @param fd the descriptor
 * @param inheritable true: they do
 * @throws OSError EBADF where it is not open
 *
 * Availability: Linux. See fcntl(2), F_SETFD; Python, os.set_inheritable.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', os.O_RDONLY)
 * os.set_inheritable(fd, true) // a program that is started now has it as well
 * os.get_inheritable(fd) // => true
 * os.close(fd)
 * ```
 */
export function set_inheritable(fd: Descriptor, inheritable: boolean): void {
  const number = descriptor(fd, 'fd')
  if (typeof inheritable !== 'boolean') throw wrongType('inheritable', 'a boolean', inheritable)
  const flags = flagsOf('set_inheritable', number, F_GETFD)
  const wanted = inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC
  while (libc.fcntl(number, F_SETFD, wanted) === -1) failed('set_inheritable', number)
}

function flagsOf(syscall: string, fd: number, command: number): number {
  let flags: number
  while ((flags = libc.fcntl(fd, command, 0)) === -1) failed(syscall, fd)
  return flags
}
