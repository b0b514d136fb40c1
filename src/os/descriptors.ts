import { AuditEvent } from '../audit.ts'
import { wrongType } from '../errors.ts'
import { failed, lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf } from '../libc/memory.ts'
import { SLAB_PIECE, slabAddress, slabTake } from '../libc/slab.ts'
import { cString, type Descriptor, descriptor, dirFd, int, NO_OPTIONS, optional } from './arguments.ts'
import type { DirFdOption } from './metadata.ts'
import { fileName, type Path } from './names.ts'

/** Flag of `open`: for reading only. */
export const O_RDONLY: number = constants.O_RDONLY
/** Flag of `open`: for writing only. */
export const O_WRONLY: number = constants.O_WRONLY
/** Flag of `open`: for reading and writing. */
export const O_RDWR: number = constants.O_RDWR
/** Flag of `open`: every write goes to the end. */
export const O_APPEND: number = constants.O_APPEND
/** Flag of `open`: make the file where it is missing. */
export const O_CREAT: number = constants.O_CREAT
/** Flag of `open`: with O_CREAT, refuse a file that exists. */
export const O_EXCL: number = constants.O_EXCL
/** Flag of `open`: empty the file. */
export const O_TRUNC: number = constants.O_TRUNC

const openEvent = new AuditEvent('open')

/** What one read or write may move on Linux; asking for more means this much. */
const MOST_BYTES = 0x7fff_f000

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
 */
export function open(path: Path, flags: number, mode: number, options?: DirFdOption): number
export function open(path: Path, flags: number, options?: DirFdOption & { readonly mode?: number }): number
export function open(path: Path, flags: number, ...rest: unknown[]): number {
  const { mode = 0o777, dir_fd } = rest.length === 0 ? NO_OPTIONS : optional(['mode'], ['dir_fd'], rest)
  const file = fileName(path, 'path')
  const wanted = int(flags, 'flags') | constants.O_CLOEXEC
  const [bits, at] = [int(mode, 'mode'), dirFd(dir_fd)]
  const name = cString(file, 'path')
  if (openEvent.wanted) openEvent.raise(path, null, wanted)
  let fd: number
  while ((fd = libc.openat(at, name, wanted, bits)) === -1) failed('open', file)
  return fd
}

/**
 * close(2): closes a descriptor.
 *
 * @param fd the descriptor
 * @throws OSError EBADF where it is not open; EIO and kin where what was written could not be stored. It is closed then
 *   all the same
 *
 * Availability: Linux. See close(2); Python, os.close.
 */
export function close(fd: Descriptor): void {
  const number = descriptor(fd, 'fd')
  if (libc.close(number) !== -1) return
  // Linux has closed it also where a signal came in between: another try could hit somebody else's descriptor.
  const errno = lastErrno()
  if (errno !== errnoNumbers.EINTR) throw osError(errno, 'close', number)
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
 */
export function read(fd: Descriptor, n: number): Buffer {
  const number = descriptor(fd, 'fd')
  const most = Math.min(int(n, 'n', 0, Number.MAX_SAFE_INTEGER), MOST_BYTES)
  let size: number
  if (most <= SLAB_PIECE) {
    while ((size = libc.read(number, slabAddress(most), most)) === -1) failed('read', number)
    return slabTake(size)
  }
  const buffer = Buffer.allocUnsafeSlow(most)
  while ((size = libc.read(number, addressOf(buffer), most)) === -1) failed('read', number)
  // A short read must not keep all that memory alive.
  return size > most / 2 ? buffer.subarray(0, size) : Buffer.from(buffer.subarray(0, size))
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
 */
export function write(fd: Descriptor, data: ArrayBufferView): number {
  const number = descriptor(fd, 'fd')
  if (!ArrayBuffer.isView(data)) throw wrongType('data', 'a Buffer or another view of memory', data)
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  let size: number
  while ((size = libc.write(number, bytes, bytes.length)) === -1) failed('write', number)
  return size
}
