import { AuditEvent } from '../audit.ts'
import { badValue, NotImplementedError, outOfRange, wrongType } from '../errors.ts'
import { clearErrno, failed, lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, pathconfNames } from '../libc/facts.ts'
import { type CString, type Int64, libc } from '../libc/functions.ts'
import { address, putBigInt64 } from '../libc/memory.ts'
import { deviceNumber, FROM_SCRATCH, type stat_result, statResult, statvfs_result, statx_result } from '../results.ts'
import {
  bool,
  checkOptions,
  cString,
  type Descriptor,
  descriptor,
  dirFd,
  fileNameOrFd,
  id,
  int,
  int64,
  NO_OPTIONS,
  optional,
  uint64,
} from './arguments.ts'
import { type FileName, fileName, type Path } from './names.ts'
import type { Prepared } from './prepared.ts'

/** Where a relative path starts: at an open directory, or (null, the default) at the current one. */
export interface DirFdOption {
  readonly dir_fd?: Descriptor | null | undefined
}

export interface FollowSymlinksOption {
  /** false: a symbolic link at the end of the path is meant itself. Default true. */
  readonly follow_symlinks?: boolean | undefined
}

export type StatOptions = DirFdOption & FollowSymlinksOption

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_EACCESS } = constants

/** Mode to test with `access`: the path exists. */
export const F_OK: number = constants.F_OK
/** Mode to test with `access`: it may be read. */
export const R_OK: number = constants.R_OK
/** Mode to test with `access`: it may be written. */
export const W_OK: number = constants.W_OK
/** Mode to test with `access`: it may be executed, or, of a directory, searched. */
export const X_OK: number = constants.X_OK

const DIR_FD = ['dir_fd'] as const
const DIR_FD_FOLLOW = ['dir_fd', 'follow_symlinks'] as const

/** CPython refuses combinations that the system would silently ignore. */
export function refuseWithFd(options: Partial<Record<'dir_fd' | 'follow_symlinks', unknown>>): void {
  if (options.dir_fd !== undefined && options.dir_fd !== null) {
    throw badValue('dir_fd', 'cannot be given together with a descriptor in place of the path', options.dir_fd)
  }
  if (options.follow_symlinks === false) {
    throw badValue('follow_symlinks', 'cannot be false together with a descriptor in place of the path', false)
  }
}

/**
 * stat(2): the status of a file.
 *
 * @param path the file, or the descriptor of an open one
 * @param options `dir_fd`: where a relative path starts; `follow_symlinks`: false for a link itself
 * @returns the fields; times exact to the nanosecond in `st_atime_ns` and kin
 * @throws OSError as the system says: FileNotFoundError, NotADirectoryError, PermissionError (a directory on the way may
 *   not be searched)
 * @throws RangeError for options that cannot go with a descriptor, and where a size passes 2^53
 *
 * Availability: Linux. See stat(2); Python, os.stat.
 */
export function stat(path: Path | Descriptor, options: StatOptions = NO_OPTIONS): stat_result {
  if (typeof path === 'string' && options === NO_OPTIONS) return statusOf('stat', path, AT_FDCWD, 0)
  return statWith(path, options)
}

function statWith(path: Path | Descriptor, options: StatOptions): stat_result {
  const { args, syscall, file } = preparedStat(path, options)
  const [at, name, , flags] = args
  while (libc.fstatat(at, name, address, flags) === -1) failed(syscall, file)
  return statResult()
}

/** What `stat` does before its call. */
export function preparedStat(path: Path | Descriptor, options: StatOptions = NO_OPTIONS): Prepared<'fstatat'> {
  checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const follow = bool(options.follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    refuseWithFd({ dir_fd: options.dir_fd, follow_symlinks: follow })
    return preparedStatusOfFd('stat', file)
  }
  return preparedStatus('stat', file, dirFd(options.dir_fd), follow ? 0 : AT_SYMLINK_NOFOLLOW)
}

/** The status of a path whose other arguments are checked. */
export function preparedStatus(syscall: string, file: FileName, at: number, flags: number): Prepared<'fstatat'> {
  return { name: 'fstatat', args: [at, cString(file, 'path'), address, flags], syscall, file }
}

function preparedStatusOfFd(syscall: string, file: number): Prepared<'fstatat'> {
  return { name: 'fstatat', args: [openFd(file), '', address, AT_EMPTY_PATH], syscall, file }
}

/** The status of a path whose other arguments are checked. */
export function statusOf(syscall: string, file: FileName, at: number, flags: number): stat_result {
  const name = cString(file, 'path')
  while (libc.fstatat(at, name, address, flags) === -1) failed(syscall, file)
  return statResult()
}

function statusOfFd(syscall: string, fd: number): stat_result {
  while (libc.fstatat(openFd(fd), '', address, AT_EMPTY_PATH) === -1) failed(syscall, fd)
  return statResult()
}

/** With an empty path AT_FDCWD would mean the current directory, but no descriptor has that number. */
function openFd(fd: number): number {
  return fd === AT_FDCWD ? -1 : fd
}

/**
 * lstat(2): the status of a file, or of a symbolic link itself: `stat` with `follow_symlinks: false`.
 *
 * @param path the file
 * @param options `dir_fd`: where a relative path starts
 * @returns the fields
 * @throws OSError as the system says: FileNotFoundError, NotADirectoryError, PermissionError
 *
 * Availability: Linux. See lstat(2); Python, os.lstat.
 */
export function lstat(path: Path, options: DirFdOption = NO_OPTIONS): stat_result {
  checkOptions(options, DIR_FD)
  return statusOf('lstat', fileName(path, 'path'), dirFd(options.dir_fd), AT_SYMLINK_NOFOLLOW)
}

/**
 * fstat(2): the status of an open file.
 *
 * @param fd its descriptor
 * @returns the fields
 * @throws OSError EBADF where it is not open
 *
 * Availability: Linux. See fstat(2); Python, os.fstat.
 */
export function fstat(fd: Descriptor): stat_result {
  return statusOfFd('fstat', descriptor(fd, 'fd'))
}

/**
 * statx(2): the status of a file with all that the kernel knows, such as when it was made.
 *
 * @param path the file, or the descriptor of an open one
 * @param mask what is wanted: a combination of STATX_*; the kernel may give more or less
 * @param flags a combination of AT_STATX_* and AT_NO_AUTOMOUNT
 * @param options `flags`, `dir_fd`, `follow_symlinks` by name
 * @returns the fields, `null` where the kernel did not give them
 * @throws OSError as the system says: FileNotFoundError, PermissionError, EINVAL for a mask or flags it does not know
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
export function statx(path: Path | Descriptor, mask: number, options?: StatOptions & { flags?: number }): statx_result
export function statx(path: Path | Descriptor, mask: number, ...rest: unknown[]): statx_result {
  const { flags = 0, dir_fd, follow_symlinks } = optional(['flags'], DIR_FD_FOLLOW, rest)
  const file = fileNameOrFd(path, 'path')
  const wanted = int(mask, 'mask', 0, 0xffff_ffff)
  const bits = int(flags, 'flags')
  const follow = bool(follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    refuseWithFd({ dir_fd, follow_symlinks: follow })
    while (libc.statx(openFd(file), '', bits | AT_EMPTY_PATH, wanted, address) === -1) failed('statx', file)
  } else {
    const [at, name] = [dirFd(dir_fd), cString(file, 'path')]
    const noFollow = follow ? 0 : AT_SYMLINK_NOFOLLOW
    while (libc.statx(at, name, bits | noFollow, wanted, address) === -1) failed('statx', file)
  }
  return new statx_result(FROM_SCRATCH)
}

/**
 * access(2): whether the process may do something with a path, by its real user and group.
 *
 * Ask to inform people, not to decide what to do next: between question and deed the answer may change. Trying, and
 * catching the error, has no such gap.
 *
 * @param path the path
 * @param mode F_OK, or a combination of R_OK, W_OK and X_OK
 * @param options `dir_fd`: where a relative path starts; `effective_ids`: ask for the effective user and group;
 *   `follow_symlinks`: false for a link itself
 * @returns true where all that was asked for is allowed; false in every other case, a missing file included
 *
 * Availability: Linux. See access(2); Python, os.access.
 * @example
 * ```ts
 * os.access('/etc/passwd', os.R_OK) // => true
 * os.access('/etc/passwd', os.X_OK) // => false
 * os.access('nowhere', os.F_OK) // => false
 * ```
 */
export function access(
  path: Path,
  mode: number,
  options: StatOptions & { readonly effective_ids?: boolean | undefined } = NO_OPTIONS,
): boolean {
  const name = cString(fileName(path, 'path'), 'path')
  const wanted = int(mode, 'mode')
  if (options === NO_OPTIONS) return libc.access(name, wanted) === 0
  checkOptions(options, ['dir_fd', 'effective_ids', 'follow_symlinks'])
  const at = dirFd(options.dir_fd)
  const effective = bool(options.effective_ids, 'effective_ids', false) ? AT_EACCESS : 0
  const noFollow = bool(options.follow_symlinks, 'follow_symlinks', true) ? 0 : AT_SYMLINK_NOFOLLOW
  return libc.faccessat(at, name, wanted, effective | noFollow) === 0
}

const chmodEvent = new AuditEvent('os.chmod')
const chownEvent = new AuditEvent('os.chown')
const utimeEvent = new AuditEvent('os.utime')
const truncateEvent = new AuditEvent('os.truncate')

/** `dir_fd` as auditing events tell it: -1 where none was given. */
export function auditedFd(value: unknown): unknown {
  return value ?? -1
}

/**
 * chmod(2): changes the permissions of a file.
 *
 * @param path the file, or the descriptor of an open one
 * @param mode the new permission bits, such as 0o644
 * @param options `dir_fd`: where a relative path starts (ignored with a descriptor); `follow_symlinks`: false for a link
 *   itself, which needs Linux 6.6, and a file system whose links have permissions
 * @throws OSError as the system says: FileNotFoundError, PermissionError (not the owner); EOPNOTSUPP for a link whose
 *   file system gives links no permissions
 * @throws NotImplementedError for `follow_symlinks: false` before Linux 6.6
 *
 * Availability: Linux. Audit event: `os.chmod` (path, mode, dir_fd). See chmod(2); Python, os.chmod.
 */
export function chmod(path: Path | Descriptor, mode: number, options: StatOptions = NO_OPTIONS): void {
  checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const bits = int(mode, 'mode')
  const at = dirFd(options.dir_fd)
  const follow = bool(options.follow_symlinks, 'follow_symlinks', true)
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (chmodEvent.wanted) chmodEvent.raise(path, mode, auditedFd(options.dir_fd))
  if (typeof file === 'number') while (libc.fchmod(file, bits) === -1) failed('chmod', file)
  else if (follow) while (libc.fchmodat(at, name, bits, 0) === -1) failed('chmod', file)
  else chmodLink(at, name, bits, file)
}

function chmodLink(at: number, name: CString, bits: number, file: FileName): void {
  if (libc.fchmodat2(at, name, bits, AT_SYMLINK_NOFOLLOW) !== -1) return
  const errno = lastErrno()
  if (errno !== errnoNumbers.ENOSYS) throw osError(errno, 'chmod', file)
  throw new NotImplementedError('chmod of a symbolic link itself needs Linux 6.6')
}

/**
 * fchmod(2): changes the permissions of an open file.
 *
 * @param fd its descriptor
 * @param mode the new permission bits
 * @throws OSError as the system says: EBADF, PermissionError
 *
 * Availability: Linux. Audit event: `os.chmod` (fd, mode, -1). See fchmod(2); Python, os.fchmod.
 */
export function fchmod(fd: Descriptor, mode: number): void {
  const number = descriptor(fd, 'fd')
  const bits = int(mode, 'mode')
  if (chmodEvent.wanted) chmodEvent.raise(number, mode, -1)
  while (libc.fchmod(number, bits) === -1) failed('fchmod', number)
}

/**
 * chown(2): changes owner and group of a file.
 *
 * @param path the file, or the descriptor of an open one
 * @param uid the new owner, -1 to leave it
 * @param gid the new group, -1 to leave it
 * @param options `dir_fd`: where a relative path starts; `follow_symlinks`: false for a link itself
 * @throws OSError as the system says: FileNotFoundError, PermissionError
 *
 * Availability: Linux. Audit event: `os.chown` (path, uid, gid, dir_fd). See chown(2); Python, os.chown.
 */
export function chown(path: Path | Descriptor, uid: number, gid: number, options: StatOptions = NO_OPTIONS): void {
  checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  const follow = bool(options.follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    refuseWithFd({ dir_fd: options.dir_fd, follow_symlinks: follow })
    if (chownEvent.wanted) chownEvent.raise(path, uid, gid, -1)
    while (libc.fchown(file, owner, group) === -1) failed('chown', file)
    return
  }
  const at = dirFd(options.dir_fd)
  const name = cString(file, 'path')
  if (chownEvent.wanted) chownEvent.raise(path, uid, gid, auditedFd(options.dir_fd))
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
  while (libc.fchownat(at, name, owner, group, flags) === -1) failed('chown', file)
}

/**
 * fchown(2): changes owner and group of an open file.
 *
 * @param fd its descriptor
 * @param uid the new owner, -1 to leave it
 * @param gid the new group, -1 to leave it
 * @throws OSError as the system says: EBADF, PermissionError
 *
 * Availability: Linux. Audit event: `os.chown` (fd, uid, gid, -1). See fchown(2); Python, os.fchown.
 */
export function fchown(fd: Descriptor, uid: number, gid: number): void {
  const number = descriptor(fd, 'fd')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  if (chownEvent.wanted) chownEvent.raise(number, uid, gid, -1)
  while (libc.fchown(number, owner, group) === -1) failed('fchown', number)
}

/**
 * lchown(2): changes owner and group of a file, or of a symbolic link itself.
 *
 * @param path the file
 * @param uid the new owner, -1 to leave it
 * @param gid the new group, -1 to leave it
 * @throws OSError as the system says: FileNotFoundError, PermissionError
 *
 * Availability: Linux. Audit event: `os.chown` (path, uid, gid, -1). See lchown(2); Python, os.lchown.
 */
export function lchown(path: Path, uid: number, gid: number): void {
  const file = fileName(path, 'path')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  const name = cString(file, 'path')
  if (chownEvent.wanted) chownEvent.raise(path, uid, gid, -1)
  while (libc.fchownat(AT_FDCWD, name, owner, group, AT_SYMLINK_NOFOLLOW) === -1) failed('lchown', file)
}

/** Access time and modification time, in this order. */
export type TimePair<T> = readonly [atime: T, mtime: T]

export interface UtimeOptions extends StatOptions {
  /** Nanoseconds since 1970. */
  readonly ns?: TimePair<number | bigint> | undefined
}

/**
 * utimensat(2): sets the times of a file's last access and modification.
 *
 * @param path the file, or the descriptor of an open one
 * @param times both in seconds since 1970, fractions allowed (cut down to the nanosecond); null or nothing for now
 * @param options `times` by name; or `ns`: both in nanoseconds, exact; `dir_fd`: where a relative path starts;
 *   `follow_symlinks`: false for a link itself
 * @throws RangeError for `times` and `ns` together, and for times that are no finite numbers or too large for the system
 * @throws OSError as the system says: FileNotFoundError, PermissionError
 *
 * Availability: Linux. Audit event: `os.utime` (path, times, ns, dir_fd). See utimensat(2); Python, os.utime.
 */
export function utime(path: Path | Descriptor, times: TimePair<number | bigint> | null, options?: UtimeOptions): void
export function utime(
  path: Path | Descriptor,
  options?: UtimeOptions & { readonly times?: TimePair<number | bigint> | null },
): void
export function utime(path: Path | Descriptor, ...rest: unknown[]): void {
  const { times = null, ns, dir_fd, follow_symlinks } = optional(['times'], ['ns', ...DIR_FD_FOLLOW], rest)
  const file = fileNameOrFd(path, 'path')
  if (times !== null && ns !== undefined) throw badValue('ns', 'cannot be given together with "times"', ns)
  const set = ns === undefined ? pair(times, 'times', splitSeconds) : pair(ns, 'ns', splitNanoseconds)
  const follow = bool(follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') refuseWithFd({ dir_fd, follow_symlinks: follow })
  const at = dirFd(dir_fd)
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (utimeEvent.wanted) utimeEvent.raise(path, times, ns ?? null, auditedFd(dir_fd))
  for (const [index, part] of (set ?? []).entries()) putBigInt64(8 * index, part)
  const timespecs = set === null ? 0 : address
  if (typeof file === 'number') while (libc.futimens(file, timespecs) === -1) failed('utime', file)
  else {
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
    while (libc.utimensat(at, name, timespecs, flags) === -1) failed('utime', file)
  }
}

type Timespec = readonly [seconds: bigint, nanoseconds: bigint]

/** Seconds and nanoseconds of both times, one after the other as C has them. */
function pair(value: unknown, name: string, split: (time: unknown, name: string) => Timespec): bigint[] | null {
  if (value === null) return null
  if (!Array.isArray(value) || value.length !== 2)
    throw wrongType(name, 'an array of access and modification time', value)
  return [...split(value[0], `${name}[0]`), ...split(value[1], `${name}[1]`)]
}

function splitSeconds(time: unknown, name: string): Timespec {
  if (typeof time === 'bigint') return [BigInt(int64(time, name)), 0n]
  if (typeof time !== 'number') throw wrongType(name, 'a number or bigint', time)
  const whole = Math.trunc(time)
  if (!(Math.abs(whole) < 2 ** 63)) throw outOfRange(name, 'a finite time of 64 bits', time)
  // The same steps as CPython's, so that the same float gives the same nanosecond: towards the past, never to a whole.
  const nanoseconds = Math.floor((time - whole) * 1e9)
  return nanoseconds < 0 ? [BigInt(whole - 1), BigInt(nanoseconds + 1e9)] : [BigInt(whole), BigInt(nanoseconds)]
}

function splitNanoseconds(time: unknown, name: string): Timespec {
  const exact = BigInt(int64(time, name, -(2n ** 93n), 2n ** 93n))
  const rest = ((exact % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return [BigInt(int64((exact - rest) / 1_000_000_000n, name)), rest]
}

/**
 * truncate(2): cuts a file to a length, or lengthens it with a hole.
 *
 * @param path the file, or the descriptor of one open for writing
 * @param length bytes
 * @throws OSError as the system says: FileNotFoundError, IsADirectoryError, PermissionError, EINVAL for a negative length
 *
 * Availability: Linux. Audit event: `os.truncate` (path, length). See truncate(2); Python, os.truncate.
 */
export function truncate(path: Path | Descriptor, length: number | bigint): void {
  const file = fileNameOrFd(path, 'path')
  const size = int64(length, 'length')
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (truncateEvent.wanted) truncateEvent.raise(path, length)
  if (typeof file === 'number') while (libc.ftruncate(file, size) === -1) failed('truncate', file)
  else while (libc.truncate(name, size) === -1) failed('truncate', file)
}

/**
 * statvfs(3): what the file system that holds a path is like.
 *
 * @param path any path on it, or the descriptor of an open file
 * @returns sizes, free space, flags
 * @throws OSError as the system says: FileNotFoundError, PermissionError
 *
 * Availability: Linux. See statvfs(3); Python, os.statvfs.
 */
export function statvfs(path: Path | Descriptor): statvfs_result {
  const file = fileNameOrFd(path, 'path')
  if (typeof file === 'number') return fstatvfs(file)
  const name = cString(file, 'path')
  while (libc.statvfs(name, address) === -1) failed('statvfs', file)
  return new statvfs_result(FROM_SCRATCH)
}

/**
 * fstatvfs(3): what the file system of an open file is like.
 *
 * @param fd its descriptor
 * @returns sizes, free space, flags
 * @throws OSError EBADF where it is not open
 *
 * Availability: Linux. See fstatvfs(3); Python, os.fstatvfs.
 */
export function fstatvfs(fd: Descriptor): statvfs_result {
  const number = descriptor(fd, 'fd')
  while (libc.fstatvfs(number, address) === -1) failed('fstatvfs', number)
  return new statvfs_result(FROM_SCRATCH)
}

/**
 * The names that `pathconf` takes, with their numbers.
 *
 * Availability: Linux. See Python, os.pathconf_names.
 */
export const pathconf_names: Readonly<Record<string, number>> = pathconfNames

/**
 * pathconf(3): a limit or a property of a path's file system.
 *
 * @param path the path, or the descriptor of an open file
 * @param name the limit: a name of `pathconf_names`, or its number
 * @returns the value; -1 where there is no limit
 * @throws RangeError for a name that is not known; OSError EINVAL for a number that is not, or that does not suit the file
 *
 * Availability: Linux. See pathconf(3); Python, os.pathconf.
 */
export function pathconf(path: Path | Descriptor, name: string | number): number {
  const file = fileNameOrFd(path, 'path')
  if (typeof file === 'number') return fpathconf(file, name)
  const [pathName, number] = [cString(file, 'path'), confName(name, pathconfNames)]
  clearErrno()
  return limit(libc.pathconf(pathName, number), 'pathconf', file)
}

/**
 * fpathconf(3): a limit or a property of an open file.
 *
 * @param fd its descriptor
 * @param name the limit: a name of `pathconf_names`, or its number
 * @returns the value; -1 where there is no limit
 * @throws RangeError for a name that is not known; OSError EBADF, or EINVAL for a number that is not known
 *
 * Availability: Linux. See fpathconf(3); Python, os.fpathconf.
 */
export function fpathconf(fd: Descriptor, name: string | number): number {
  const [file, number] = [descriptor(fd, 'fd'), confName(name, pathconfNames)]
  clearErrno()
  return limit(libc.fpathconf(file, number), 'fpathconf', file)
}

/** The number of a configuration name, given by name or by number. */
export function confName(name: unknown, names: Readonly<Record<string, number | undefined>>): number {
  if (typeof name === 'number') return int(name, 'name')
  if (typeof name !== 'string') throw wrongType('name', 'a string or an integer', name)
  const number = Object.hasOwn(names, name) ? names[name] : undefined
  if (number !== undefined) return number
  throw badValue('name', 'is no configuration name of this platform', name)
}

/** -1 means "no limit" as well as failure: only errno tells. */
export function limit(value: Int64, syscall: string, file?: FileName | number): number {
  if (value === -1) {
    const errno = lastErrno()
    if (errno !== 0) throw osError(errno, syscall, file)
  }
  if (typeof value === 'bigint') throw outOfRange('result', 'below 2^53 to be a number', value)
  return value
}

/**
 * The major number of a device: which driver.
 *
 * @param device a device number, as `st_dev` and `st_rdev` have it
 * @returns the major number
 *
 * Availability: Linux. See makedev(3); Python, os.major.
 */
export function major(device: number | bigint): number {
  const whole = BigInt(uint64(device, 'device'))
  return Number(((whole >> 8n) & 0xfffn) | ((whole >> 32n) & 0xffff_f000n))
}

/**
 * The minor number of a device: which of the driver's devices.
 *
 * @param device a device number, as `st_dev` and `st_rdev` have it
 * @returns the minor number
 *
 * Availability: Linux. See makedev(3); Python, os.minor.
 */
export function minor(device: number | bigint): number {
  const whole = BigInt(uint64(device, 'device'))
  return Number((whole & 0xffn) | ((whole >> 12n) & 0xffff_ff00n))
}

/**
 * The device number of a major and a minor number.
 *
 * @param major the driver
 * @param minor the device
 * @returns the number
 * @throws RangeError where it would pass 2^53, which no kernel's device does
 *
 * Availability: Linux. See makedev(3); Python, os.makedev.
 */
export function makedev(major: number, minor: number): number {
  return deviceNumber(int(major, 'major', 0, 0xffff_ffff), int(minor, 'minor', 0, 0xffff_ffff))
}
