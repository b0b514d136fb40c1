import { AuditEvent } from '../../audit.ts'
import { wrongType } from '../../errors.ts'
import { descriptorEvents } from '../../event_loop/descriptor_events.ts'
import '../../event_loop/shared_waits.ts'
import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { int32At, scratchAddress } from '../../libc/memory.ts'
import { type Descriptor, descriptor, dirFd } from '../arguments/descriptors.ts'
import { bool, int } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, optional } from '../arguments/options.ts'
import { auditedPath, cString, fileName, type Path } from '../arguments/paths.ts'

import { namesIn } from '../files/directory_stream.ts'
import type { DirFdOption } from '../files/status.ts'
import type { Prepared } from '../prepared.ts'
import { runtimeDescriptors } from './runtime_descriptors.ts'

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

/** Flags with which open(2) reads its `mode` argument. */
const NEEDS_MODE = O_CREAT | O_TMPFILE

const openEvent = new AuditEvent('open')

/**
 * openat(2): opens a file.
 *
 * @param path the file
 * @param flags one of O_RDONLY, O_WRONLY, O_RDWR, and other O_* flags; O_CLOEXEC is always added
 * @param mode permission bits of a new file, before the umask is applied; 0o777 by default
 * @param options `mode` by name; `dir_fd`: the descriptor of the directory that a relative path starts from
 * @returns the descriptor, which children do not inherit
 * @throws OSError as the system reports: FileNotFoundError, FileExistsError, IsADirectoryError, PermissionError, EMFILE
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
    const [at, name, openFlags, mode] = args
    while ((fd = libc.openat(at, name, openFlags, mode)) === -1) failed('open', file)
    return fd
  }
  // Does not share `preparedOpen`: packing and unpacking the arguments would take a tenth of the time.
  const file = fileName(path, 'path')
  const openFlags = int(flags, 'flags') | O_CLOEXEC
  const name = cString(file, 'path')
  if (openEvent.wanted) openEvent.raise(auditedPath(file, name), null, openFlags)
  // Each argument of a C call takes time, and most calls do not create a file.
  if ((openFlags & NEEDS_MODE) === 0) while ((fd = libc.open(name, openFlags)) === -1) failed('open', file)
  else while ((fd = libc.openat(AT_FDCWD, name, openFlags, 0o777)) === -1) failed('open', file)
  return fd
}

/** Checks and converts the arguments of `open`. */
export function preparedOpen(path: Path, flags: number, ...rest: unknown[]): Prepared<'openat'> {
  const { mode = 0o777, dir_fd } = rest.length === 0 ? NO_OPTIONS : optional(['mode'], ['dir_fd'], rest)
  const file = fileName(path, 'path')
  const openFlags = int(flags, 'flags') | O_CLOEXEC
  const bits = int(mode, 'mode')
  const at = dirFd(dir_fd)
  const name = cString(file, 'path')
  if (openEvent.wanted) openEvent.raise(auditedPath(file, name), null, openFlags)
  return { name: 'openat', args: [at, name, openFlags, bits], syscall: 'open', file }
}

/**
 * close(2): closes a descriptor.
 *
 * @param fd the descriptor
 * @throws OSError EBADF if it is not open; EIO, ENOSPC or EDQUOT if earlier writes could not be stored; the descriptor
 *   is closed nevertheless
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
  descriptorEvents.onClose?.(number, number)
  if (libc.close(number) !== -1) return
  // After EINTR Linux has closed the descriptor: a second close could close another thread's new descriptor.
  const errno = lastErrno()
  if (errno !== errnoNumbers.EINTR) throw osError(errno, 'close', number)
}

/** Checks and converts the arguments of `close`. */
export function preparedClose(fd: Descriptor): Prepared<'close'> {
  const file = descriptor(fd, 'fd')
  descriptorEvents.onClose?.(file, file)
  return { name: 'close', args: [file], syscall: 'close', file }
}

export interface CloseRangeOptions {
  /**
   * true: the descriptors without which the runtime cannot continue stay open. false by default. These are:
   * - epoll instances, eventfds and io_uring instances
   * - what the event loops watch, such as servers, sockets and pipes to children, and all handles of this thread's loop
   * - the other end of each pipe among them
   * - descriptors that are like two which libuv keeps: a pipe with one byte in it, of which both ends are in this process
   *   and close-on-exec; /dev/null, read-only and close-on-exec
   *
   * Of other threads, what their loops do not watch at this moment (a socket that is paused) is not known, and closed.
   */
  readonly spare_runtime?: boolean | undefined
}

/**
 * close_range(2): closes a range of descriptors. Descriptors that are not open, and errors, are ignored.
 *
 * Closing the descriptors that Node uses itself ends the process with SIGABRT, or makes it wait for ever. A process that
 * continues in JavaScript, such as a daemon, passes `spare_runtime`. Without it, use this in a child before it executes
 * another program, and for ranges that the caller knows.
 *
 * @param fd_low the first descriptor
 * @param fd_high one more than the last descriptor
 * @param options `spare_runtime`: true leaves the descriptors of the runtime open. Files of `node:fs`, such as a
 *   FileHandle, are closed all the same
 * @throws OSError FileNotFoundError if the kernel lacks close_range(2), or with `spare_runtime`, and /proc is not
 *   mounted: no descriptor is closed then
 * @throws NotImplementedError with `spare_runtime` in Deno, and in a build of Node whose libuv is not known: no descriptor
 *   is closed then
 *
 * Availability: Linux. See close_range(2); Python, os.closerange.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', os.O_RDONLY)
 * os.closerange(fd, fd + 1) // the last one is not among them
 * os.fstat(fd) // throws OSError
 * os.closerange(3, os.sysconf('SC_OPEN_MAX'), { spare_runtime: true }) // the event loop still works
 * ```
 */
export function closerange(fd_low: number, fd_high: number, options: CloseRangeOptions = NO_OPTIONS): void {
  const checked = checkOptions(options, ['spare_runtime'])
  const first = Math.max(int(fd_low, 'fd_low'), 0)
  const last = int(fd_high, 'fd_high') - 1
  if (bool(checked.spare_runtime, 'spare_runtime', false)) {
    closeUnneeded(first, last)
    return
  }
  descriptorEvents.onClose?.(first, last)
  if (last < first || libc.close_range(first, last, 0) === 0) return
  // Before Linux 5.9, or in a sandbox that refuses close_range(2). The list contains the descriptor of the listing
  // itself, which is closed already.
  const open = namesIn('closerange', '/proc/self/fd').map(Number)
  for (const fd of open) if (fd >= first && fd <= last) libc.close(fd)
}

/** Closes the descriptors of a range that the runtime can do without. */
function closeUnneeded(first: number, last: number): void {
  const open = namesIn('closerange', '/proc/self/fd').map(Number)
  const spared = runtimeDescriptors(open)
  for (const fd of open) {
    if (fd < first || fd > last || spared.has(fd)) continue
    descriptorEvents.onClose?.(fd, fd)
    libc.close(fd)
  }
}

/**
 * fcntl(2): duplicates a descriptor. The new one refers to the same open file, with the same position and flags.
 *
 * @param fd the descriptor
 * @returns the new descriptor, the lowest free number; children do not inherit it
 * @throws OSError EBADF if `fd` is not open; EMFILE
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
 * dup2(2), dup3(2): duplicates a descriptor to a given number. If `fd2` is open, it is closed atomically.
 *
 * @param fd the descriptor
 * @param fd2 the number of the new descriptor
 * @param inheritable whether children inherit it: true by default
 * @returns `fd2`
 * @throws OSError EBADF if `fd` is not open, or `fd2` beyond the limit; EINVAL for the same number twice and
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
  if (from !== to) descriptorEvents.onClose?.(to, to)
  return to
}

/**
 * pipe2(2): creates a pipe.
 *
 * @returns the descriptors of the read end and the write end, which children do not inherit
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
 * pipe2(2): creates a pipe with flags.
 *
 * @param flags: O_CLOEXEC (without it children inherit both ends), O_NONBLOCK, O_DIRECT (packet mode)
 * @returns the descriptors of the read end and the write end
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
  while (libc.pipe2(scratchAddress, flags) === -1) failed(syscall)
  return [int32At(0), int32At(4)]
}

/**
 * fcntl(2): reports whether calls on a descriptor block (O_NONBLOCK is not set).
 *
 * @param fd the descriptor
 * @returns true if they block, false if they fail with BlockingIOError instead
 * @throws OSError EBADF if it is not open
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
  return (getFlags('get_blocking', descriptor(fd, 'fd'), F_GETFL) & O_NONBLOCK) === 0
}

/**
 * fcntl(2): sets whether calls on a descriptor block. The flag belongs to the open file, and so applies to copies of
 * the descriptor too.
 *
 * @param fd the descriptor
 * @param blocking true: they block; false: they fail with BlockingIOError instead
 * @throws OSError EBADF if it is not open
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
  const flags = getFlags('set_blocking', number, F_GETFL)
  const wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK
  while (libc.fcntl(number, F_SETFL, wanted) === -1) failed('set_blocking', number)
}

/**
 * fcntl(2): reports whether programs that the process starts inherit a descriptor (FD_CLOEXEC is not set).
 *
 * @param fd the descriptor
 * @returns true if they inherit it
 * @throws OSError EBADF if it is not open
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
  return (getFlags('get_inheritable', descriptor(fd, 'fd'), F_GETFD) & FD_CLOEXEC) === 0
}

/**
 * fcntl(2): sets whether programs that the process starts inherit a descriptor.
 *
 * @param fd the descriptor
 * @param inheritable true: they inherit it
 * @throws OSError EBADF if it is not open
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
  const flags = getFlags('set_inheritable', number, F_GETFD)
  const wanted = inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC
  while (libc.fcntl(number, F_SETFD, wanted) === -1) failed('set_inheritable', number)
}

function getFlags(syscall: string, fd: number, command: number): number {
  let flags: number
  while ((flags = libc.fcntl(fd, command, 0)) === -1) failed(syscall, fd)
  return flags
}
