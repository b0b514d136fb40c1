import { badValue } from '../../errors.ts'
import { failed, lastErrno } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { type Address, libc } from '../../libc/functions.ts'
import { scratchAddress } from '../../libc/memory.ts'
import { FROM_SCRATCH } from '../../results/decoding.ts'
import { type stat_result, statResult } from '../../results/stat_result.ts'
import { statx_result } from '../../results/statx_result.ts'
import { type Descriptor, descriptor, dirFd } from '../arguments/descriptors.ts'
import { bool, int } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, optional } from '../arguments/options.ts'
import { cString, type FileName, fileName, fileNameOrFd, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { rejectAtFdcwd } from './file_type.ts'

/** The descriptor of the directory that a relative path starts from; null, the default, means the current directory. */
export interface DirFdOption {
  readonly dir_fd?: Descriptor | null | undefined
}

export interface FollowSymlinksOption {
  /** false: do not follow a symbolic link at the end of the path. Default true. */
  readonly follow_symlinks?: boolean | undefined
}

export type StatOptions = DirFdOption & FollowSymlinksOption

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH } = constants

const DIR_FD = ['dir_fd'] as const
export const DIR_FD_FOLLOW = ['dir_fd', 'follow_symlinks'] as const

/** Rejects combinations that the system would silently ignore, as CPython does. */
export function rejectWithFd(options: Partial<Record<'dir_fd' | 'follow_symlinks', unknown>>): void {
  if (options.dir_fd !== undefined && options.dir_fd !== null) {
    throw badValue('dir_fd', 'cannot be given together with a descriptor in place of the path', options.dir_fd)
  }
  if (options.follow_symlinks === false) {
    throw badValue('follow_symlinks', 'cannot be false together with a descriptor in place of the path', false)
  }
}

/**
 * stat(2): returns the status of a file.
 *
 * @param path the file, or the descriptor of an open one
 * @param options `dir_fd`: where a relative path starts; `follow_symlinks`: false for a link itself
 * @returns the fields; `st_atime_ns`, `st_mtime_ns` and `st_ctime_ns` have the exact times in nanoseconds
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError (a directory of the
 *   path may not be searched)
 * @throws RangeError for options that cannot be combined with a descriptor
 *
 * Availability: Linux. See stat(2); Python, os.stat.
 * @example
 * ```ts
 * const { st_size, st_mtime_ns } = os.stat('/etc/passwd')
 * st_size > 0 // => true
 * typeof st_mtime_ns // => 'bigint'
 * os.stat('nowhere') // throws FileNotFoundError
 * ```
 */
export function stat(path: Path | Descriptor, options: StatOptions = NO_OPTIONS): stat_result {
  if (typeof path === 'string' && options === NO_OPTIONS) return statusOf('stat', path, AT_FDCWD, 0)
  return statWith(path, options)
}

function statWith(path: Path | Descriptor, options: StatOptions): stat_result {
  const { args, syscall, file } = preparedStat(path, options)
  const [at, name, , flags] = args
  while (libc.fstatat(at, name, scratchAddress, flags) === -1) failed(syscall, file)
  return statResult()
}

/** Checks and converts the arguments of `stat`. */
export function preparedStat(path: Path | Descriptor, options: StatOptions = NO_OPTIONS): Prepared<'fstatat'> {
  const checked = checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const follow = bool(checked.follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    rejectWithFd({ dir_fd: checked.dir_fd, follow_symlinks: follow })
    return preparedStatusOfFd('stat', file)
  }
  return preparedStatus('stat', file, dirFd(checked.dir_fd), follow ? 0 : AT_SYMLINK_NOFOLLOW)
}

/** The call behind `stat` and `lstat`, with converted arguments. */
function preparedStatus(syscall: string, file: FileName, at: number, flags: number): Prepared<'fstatat'> {
  return { name: 'fstatat', args: [at, cString(file, 'path'), scratchAddress, flags], syscall, file }
}

function preparedStatusOfFd(syscall: string, file: number): Prepared<'fstatat'> {
  return { name: 'fstatat', args: [rejectAtFdcwd(file), '', scratchAddress, AT_EMPTY_PATH], syscall, file }
}

/** Like `statusInto`, with checked arguments; throws on failure. */
export function statusOf(syscall: string, file: FileName, at: number, flags: number): stat_result {
  const name = cString(file, 'path')
  while (libc.fstatat(at, name, scratchAddress, flags) === -1) failed(syscall, file)
  return statResult()
}

/** Reads the status of a path into memory. Returns 0 or an error number; the caller creates the error. */
export function statusInto(out: Address, file: FileName, at: number, flags: number): number {
  const name = cString(file, 'path')
  while (libc.fstatat(at, name, out, flags) === -1) {
    const errno = lastErrno()
    if (errno !== errnoNumbers.EINTR) return errno
  }
  return 0
}

/** Like `statusInto`, for a NUL-terminated name in memory. */
export function statusByAddressInto(out: Address, name: Address, at: number, flags: number): number {
  while (libc.fstatatByAddress(at, name, out, flags) === -1) {
    const errno = lastErrno()
    if (errno !== errnoNumbers.EINTR) return errno
  }
  return 0
}

/**
 * lstat(2): returns the status of a file, or of a symbolic link itself: `stat` with `follow_symlinks: false`.
 *
 * @param path the file
 * @param options `dir_fd`: where a relative path starts
 * @returns the fields
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError
 *
 * Availability: Linux. See lstat(2); Python, os.lstat.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * os.lstat('link').st_size // => 7
 * os.stat('link') // throws FileNotFoundError
 * ```
 */
export function lstat(path: Path, options: DirFdOption = NO_OPTIONS): stat_result {
  const { args, file } = preparedLstat(path, options)
  const [at, name, , flags] = args
  while (libc.fstatat(at, name, scratchAddress, flags) === -1) failed('lstat', file)
  return statResult()
}

/** Checks and converts the arguments of `lstat`. */
export function preparedLstat(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'fstatat'> {
  const checked = checkOptions(options, DIR_FD)
  return preparedStatus('lstat', fileName(path, 'path'), dirFd(checked.dir_fd), AT_SYMLINK_NOFOLLOW)
}

/**
 * fstat(2): returns the status of an open file.
 *
 * @param fd its descriptor
 * @returns the fields
 * @throws OSError EBADF if it is not open
 *
 * Availability: Linux. See fstat(2); Python, os.fstat.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * os.fstat(fd).st_ino // => os.stat('/etc/passwd').st_ino
 * os.close(fd)
 * ```
 */
export function fstat(fd: Descriptor): stat_result {
  const { args, file } = preparedFstat(fd)
  while (libc.fstatat(args[0], '', scratchAddress, AT_EMPTY_PATH) === -1) failed('fstat', file)
  return statResult()
}

/** Checks and converts the arguments of `fstat`. */
export function preparedFstat(fd: Descriptor): Prepared<'fstatat'> {
  return preparedStatusOfFd('fstat', descriptor(fd, 'fd'))
}

/**
 * statx(2): returns the extended status of a file, with fields that stat(2) lacks, such as the creation time.
 *
 * @param path the file, or the descriptor of an open one
 * @param mask the requested fields: a combination of STATX_*; the kernel may return more or fewer
 * @param flags a combination of AT_STATX_* and AT_NO_AUTOMOUNT
 * @param options `flags`, `dir_fd`, `follow_symlinks` by name
 * @returns the fields; `null` for those that the kernel did not return
 * @throws OSError as the system reports: FileNotFoundError, PermissionError, EINVAL for an unknown mask or flags
 *
 * Availability: Linux 4.11. See statx(2); Python 3.15, os.statx.
 * @example
 * ```ts
 * const status = os.statx('/etc/passwd', os.STATX_SIZE)
 * status.stx_size !== null && status.stx_size > 0 // => true
 * os.statx('nowhere', os.STATX_BASIC_STATS) // throws FileNotFoundError
 * ```
 */
export function statx(path: Path | Descriptor, mask: number, flags: number, options?: StatOptions): statx_result
export function statx(
  path: Path | Descriptor,
  mask: number,
  options?: StatOptions & { readonly flags?: number | undefined },
): statx_result
export function statx(path: Path | Descriptor, mask: number, ...rest: unknown[]): statx_result {
  const { args, file } = preparedStatx(path, mask, ...rest)
  const [at, name, flags, wanted] = args
  while (libc.statx(at, name, flags, wanted, scratchAddress) === -1) failed('statx', file)
  return new statx_result(FROM_SCRATCH)
}

/** Checks and converts the arguments of `statx`. */
export function preparedStatx(path: Path | Descriptor, mask: number, ...rest: unknown[]): Prepared<'statx'> {
  const { flags = 0, dir_fd, follow_symlinks } = optional(['flags'], DIR_FD_FOLLOW, rest)
  const file = fileNameOrFd(path, 'path')
  const wanted = int(mask, 'mask', 0, 0xffff_ffff)
  const bits = int(flags, 'flags')
  const follow = bool(follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    rejectWithFd({ dir_fd, follow_symlinks: follow })
    return {
      name: 'statx',
      args: [rejectAtFdcwd(file), '', bits | AT_EMPTY_PATH, wanted, scratchAddress],
      syscall: 'statx',
      file,
    }
  }
  const [at, name] = [dirFd(dir_fd), cString(file, 'path')]
  const noFollow = follow ? 0 : AT_SYMLINK_NOFOLLOW
  return { name: 'statx', args: [at, name, bits | noFollow, wanted, scratchAddress], syscall: 'statx', file }
}

/** Returns a converted `dir_fd` for an audit event: -1 if none was given. */
export function auditedFd(at: number): number {
  return at === AT_FDCWD ? -1 : at
}
