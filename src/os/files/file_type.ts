import { lastErrno } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratchAddress, uint32At } from '../../libc/memory.ts'
import { cString, type FileName } from '../arguments/paths.ts'

import type { Prepared } from '../prepared.ts'

const { AT_EACCESS, AT_EMPTY_PATH, AT_FDCWD, R_OK, S_IFMT } = constants
const { st_mode } = structs.stat.offsets

/**
 * Returns the type and permissions of a file, or -errno instead of throwing, for callers that treat a missing file as a
 * normal result. It also works for files larger than 2^53 bytes, for which `stat` throws.
 *
 * @param file a path or a descriptor
 * @param flags 0, or AT_SYMLINK_NOFOLLOW
 * @param at where a relative path starts
 */
export function modeOrErrno(file: FileName | number, flags = 0, at: number = AT_FDCWD): number {
  const [from, name, out, how] = preparedMode(file, flags, at).args
  while (libc.fstatat(from, name, out, how) === -1) {
    const errno = lastErrno()
    if (errno !== errnoNumbers.EINTR) return -errno
  }
  return modeIn()
}

/** Checks and converts the arguments of `modeOrErrno`. */
export function preparedMode(file: FileName | number, flags = 0, at: number = AT_FDCWD): Prepared<'fstatat'> {
  const isFd = typeof file === 'number'
  const name = isFd ? '' : cString(file, 'path')
  const from = isFd ? rejectAtFdcwd(file) : at
  const how = isFd ? flags | AT_EMPTY_PATH : flags
  return { name: 'fstatat', args: [from, name, scratchAddress, how], syscall: 'stat', file }
}

/**
 * Rejects AT_FDCWD as a descriptor: with an empty path, AT_FDCWD would mean the current directory (from Linux 6.13 on
 * also in fsetxattr(2), fgetxattr(2), flistxattr(2) and fremovexattr(2)).
 */
export function rejectAtFdcwd(fd: number): number {
  return fd === AT_FDCWD ? -1 : fd
}

/** Reads the mode from scratch memory. */
export function modeIn(): number {
  return uint32At(st_mode)
}

/** Returns the type of a file (S_IFDIR, S_IFREG ...); undefined if it is missing, or if stat(2) fails. */
export function typeOf(file: FileName | number, flags = 0, at: number = AT_FDCWD): number | undefined {
  const mode = modeOrErrno(file, flags, at)
  return mode < 0 ? undefined : mode & S_IFMT
}

/**
 * Reports with faccessat(2) why a file cannot be opened for reading, as a negative error number; 0 if it can. Links are
 * followed. The file is not opened, because opening devices and FIFOs has side effects.
 */
export function readErrno(file: FileName, at: number): number {
  const [from, name, mode, flags] = preparedReadErrno(file, at).args
  while (libc.faccessat(from, name, mode, flags) === -1) {
    const errno = lastErrno()
    if (errno !== errnoNumbers.EINTR) return -errno
  }
  return 0
}

/** Checks and converts the arguments of `readErrno`. */
export function preparedReadErrno(file: FileName, at: number): Prepared<'faccessat'> {
  return { name: 'faccessat', args: [at, cString(file, 'path'), R_OK, AT_EACCESS], syscall: 'open', file }
}
