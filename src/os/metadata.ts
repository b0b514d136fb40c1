import { AuditEvent } from '../audit.ts'
import { badValue, NotImplementedError, type Subject } from '../errors.ts'
import { failed, lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { type Address, libc } from '../libc/functions.ts'
import { address } from '../libc/memory.ts'
import { FROM_SCRATCH, type stat_result, statResult, statx_result } from '../results.ts'
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
} from './arguments.ts'
import { openFd } from './file_type.ts'
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

export type AccessOptions = StatOptions & {
  /** true: ask for the effective user and group. Default false. */
  readonly effective_ids?: boolean | undefined
}

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
 * @throws OSError as the system says: FileNotFoundError, NotADirectoryError, PermissionError (a directory on the way
 *   may not be searched)
 * @throws RangeError for options that cannot go with a descriptor, and where a size passes 2^53
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
function preparedStatus(syscall: string, file: FileName, at: number, flags: number): Prepared<'fstatat'> {
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

/**
 * Has C write the status of a path to memory. An error number, or 0: it is for the caller to say what could not be asked
 * about.
 */
export function statusInto(out: Address, file: FileName, at: number, flags: number): number {
  const name = cString(file, 'path')
  while (libc.fstatat(at, name, out, flags) === -1) {
    const errno = lastErrno()
    if (errno !== errnoNumbers.EINTR) return errno
  }
  return 0
}

/** The same of a name that stands in memory, which must be there for the length of the call. */
export function statusByAddressInto(out: Address, name: Address, at: number, flags: number): number {
  while (libc.fstatatByAddress(at, name, out, flags) === -1) {
    const errno = lastErrno()
    if (errno !== errnoNumbers.EINTR) return errno
  }
  return 0
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
  while (libc.fstatat(at, name, address, flags) === -1) failed('lstat', file)
  return statResult()
}

/** What `lstat` does before its call. */
export function preparedLstat(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'fstatat'> {
  checkOptions(options, DIR_FD)
  return preparedStatus('lstat', fileName(path, 'path'), dirFd(options.dir_fd), AT_SYMLINK_NOFOLLOW)
}

/**
 * fstat(2): the status of an open file.
 *
 * @param fd its descriptor
 * @returns the fields
 * @throws OSError EBADF where it is not open
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
  while (libc.fstatat(args[0], '', address, AT_EMPTY_PATH) === -1) failed('fstat', file)
  return statResult()
}

/** What `fstat` does before its call. */
export function preparedFstat(fd: Descriptor): Prepared<'fstatat'> {
  return preparedStatusOfFd('fstat', descriptor(fd, 'fd'))
}

/**
 * statx(2): the extended status of a file: also what stat(2) lacks, such as when it was created.
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
export function statx(
  path: Path | Descriptor,
  mask: number,
  options?: StatOptions & { flags?: number | undefined },
): statx_result
export function statx(path: Path | Descriptor, mask: number, ...rest: unknown[]): statx_result {
  const { args, file } = preparedStatx(path, mask, ...rest)
  const [at, name, flags, wanted] = args
  while (libc.statx(at, name, flags, wanted, address) === -1) failed('statx', file)
  return new statx_result(FROM_SCRATCH)
}

/** What `statx` does before its call. */
export function preparedStatx(path: Path | Descriptor, mask: number, ...rest: unknown[]): Prepared<'statx'> {
  const { flags = 0, dir_fd, follow_symlinks } = optional(['flags'], DIR_FD_FOLLOW, rest)
  const file = fileNameOrFd(path, 'path')
  const wanted = int(mask, 'mask', 0, 0xffff_ffff)
  const bits = int(flags, 'flags')
  const follow = bool(follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    refuseWithFd({ dir_fd, follow_symlinks: follow })
    return {
      name: 'statx',
      args: [openFd(file), '', bits | AT_EMPTY_PATH, wanted, address],
      syscall: 'statx',
      file,
    }
  }
  const [at, name] = [dirFd(dir_fd), cString(file, 'path')]
  const noFollow = follow ? 0 : AT_SYMLINK_NOFOLLOW
  return { name: 'statx', args: [at, name, bits | noFollow, wanted, address], syscall: 'statx', file }
}

/**
 * access(2): whether the process may access a path, by its real user and group.
 *
 * Use it to inform people, not to decide what to do next: the answer may change before the deed. Trying, and catching
 * the error, has no such race.
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
export function access(path: Path, mode: number, options: AccessOptions = NO_OPTIONS): boolean {
  if (options === NO_OPTIONS) return libc.access(cString(fileName(path, 'path'), 'path'), int(mode, 'mode')) === 0
  const [at, name, wanted, flags] = preparedAccess(path, mode, options).args
  return libc.faccessat(at, name, wanted, flags) === 0
}

/** What `access` does before its call. */
export function preparedAccess(path: Path, mode: number, options: AccessOptions = NO_OPTIONS): Prepared<'faccessat'> {
  const file = fileName(path, 'path')
  const [name, wanted] = [cString(file, 'path'), int(mode, 'mode')]
  checkOptions(options, ['dir_fd', 'effective_ids', 'follow_symlinks'])
  const at = dirFd(options.dir_fd)
  const effective = bool(options.effective_ids, 'effective_ids', false) ? AT_EACCESS : 0
  const noFollow = bool(options.follow_symlinks, 'follow_symlinks', true) ? 0 : AT_SYMLINK_NOFOLLOW
  return { name: 'faccessat', args: [at, name, wanted, effective | noFollow], syscall: 'access', file }
}

const chmodEvent = new AuditEvent('os.chmod')
const chownEvent = new AuditEvent('os.chown')
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
 * @param options `dir_fd`: where a relative path starts (ignored with a descriptor); `follow_symlinks`: false for a
 *   link itself, which needs Linux 6.6, and a file system whose links have permissions
 * @throws OSError as the system says: FileNotFoundError, PermissionError (not the owner); EOPNOTSUPP for a link whose
 *   file system gives links no permissions
 * @throws NotImplementedError for `follow_symlinks: false` before Linux 6.6
 *
 * Availability: Linux. Audit event: `os.chmod` (path, mode, dir_fd). See chmod(2); Python, os.chmod.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.chmod('folder', 0o500)
 * os.stat('folder').st_mode & 0o777 // => 0o500
 * ```
 */
export function chmod(path: Path | Descriptor, mode: number, options: StatOptions = NO_OPTIONS): void {
  const call = preparedChmod(path, mode, options)
  if (call.name === 'fchmod') {
    const [fd, bits] = call.args
    while (libc.fchmod(fd, bits) === -1) failed('chmod', call.file)
  } else if (call.name === 'fchmodat') {
    const [at, name, bits] = call.args
    while (libc.fchmodat(at, name, bits, 0) === -1) failed('chmod', call.file)
  } else {
    const [at, name, bits] = call.args
    if (libc.fchmodat2(at, name, bits, AT_SYMLINK_NOFOLLOW) === -1) throw chmodLinkError(lastErrno(), call.file)
  }
}

/** What `chmod` does before its call. */
export function preparedChmod(
  path: Path | Descriptor,
  mode: number,
  options: StatOptions = NO_OPTIONS,
): Prepared<'fchmod'> | Prepared<'fchmodat'> | Prepared<'fchmodat2'> {
  checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const bits = int(mode, 'mode')
  const at = dirFd(options.dir_fd)
  const follow = bool(options.follow_symlinks, 'follow_symlinks', true)
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (chmodEvent.wanted) chmodEvent.raise(path, mode, auditedFd(options.dir_fd))
  if (typeof file === 'number') return { name: 'fchmod', args: [file, bits], syscall: 'chmod', file }
  if (follow) return { name: 'fchmodat', args: [at, name, bits, 0], syscall: 'chmod', file }
  return { name: 'fchmodat2', args: [at, name, bits, AT_SYMLINK_NOFOLLOW], syscall: 'chmod', file }
}

/** What it means that a symbolic link itself could not be changed. */
export function chmodLinkError(errno: number, file: Subject): Error {
  if (errno !== errnoNumbers.ENOSYS) return osError(errno, 'chmod', file)
  return new NotImplementedError('chmod of a symbolic link itself needs Linux 6.6')
}

/**
 * fchmod(2): changes the permissions of an open file.
 *
 * @param fd its descriptor
 * @param mode the new permission bits
 * @throws OSError as the system says: EBADF, PermissionError
 *
 * Availability: Linux. Audit event: `os.chmod` (fd, mode, -1). See fchmod(2); Python, os.fchmod.
 * @example
 * ```ts
 * const fd = os.open('file', os.O_RDWR | os.O_CREAT)
 * os.fchmod(fd, 0o400)
 * os.fstat(fd).st_mode & 0o777 // => 0o400
 * os.close(fd)
 * ```
 */
export function fchmod(fd: Descriptor, mode: number): void {
  const [number, bits] = preparedFchmod(fd, mode).args
  while (libc.fchmod(number, bits) === -1) failed('fchmod', number)
}

/** What `fchmod` does before its call. */
export function preparedFchmod(fd: Descriptor, mode: number): Prepared<'fchmod'> {
  const file = descriptor(fd, 'fd')
  const bits = int(mode, 'mode')
  if (chmodEvent.wanted) chmodEvent.raise(file, mode, -1)
  return { name: 'fchmod', args: [file, bits], syscall: 'fchmod', file }
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
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.chown('folder', -1, os.getgid()) // -1 leaves an id as it is
 * os.stat('folder').st_gid // => os.getgid()
 * ```
 */
export function chown(path: Path | Descriptor, uid: number, gid: number, options: StatOptions = NO_OPTIONS): void {
  const call = preparedChown(path, uid, gid, options)
  if (call.name === 'fchown') {
    const [fd, owner, group] = call.args
    while (libc.fchown(fd, owner, group) === -1) failed('chown', call.file)
  } else changeOwner(call)
}

function changeOwner({ args: [at, name, owner, group, flags], syscall, file }: Prepared<'fchownat'>): void {
  while (libc.fchownat(at, name, owner, group, flags) === -1) failed(syscall, file)
}

/** What `chown` does before its call. */
export function preparedChown(
  path: Path | Descriptor,
  uid: number,
  gid: number,
  options: StatOptions = NO_OPTIONS,
): Prepared<'fchown'> | Prepared<'fchownat'> {
  checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  const follow = bool(options.follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    refuseWithFd({ dir_fd: options.dir_fd, follow_symlinks: follow })
    if (chownEvent.wanted) chownEvent.raise(path, uid, gid, -1)
    return { name: 'fchown', args: [file, owner, group], syscall: 'chown', file }
  }
  const at = dirFd(options.dir_fd)
  const name = cString(file, 'path')
  if (chownEvent.wanted) chownEvent.raise(path, uid, gid, auditedFd(options.dir_fd))
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
  return { name: 'fchownat', args: [at, name, owner, group, flags], syscall: 'chown', file }
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
 * @example
 * ```ts
 * const fd = os.open('file', os.O_RDWR | os.O_CREAT)
 * os.fchown(fd, -1, os.getgid())
 * os.fstat(fd).st_gid // => os.getgid()
 * os.close(fd)
 * ```
 */
export function fchown(fd: Descriptor, uid: number, gid: number): void {
  const [number, owner, group] = preparedFchown(fd, uid, gid).args
  while (libc.fchown(number, owner, group) === -1) failed('fchown', number)
}

/** What `fchown` does before its call. */
export function preparedFchown(fd: Descriptor, uid: number, gid: number): Prepared<'fchown'> {
  const file = descriptor(fd, 'fd')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  if (chownEvent.wanted) chownEvent.raise(file, uid, gid, -1)
  return { name: 'fchown', args: [file, owner, group], syscall: 'fchown', file }
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
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * os.lchown('link', -1, os.getgid()) // the link's own
 * os.lstat('link').st_gid // => os.getgid()
 * ```
 */
export function lchown(path: Path, uid: number, gid: number): void {
  changeOwner(preparedLchown(path, uid, gid))
}

/** What `lchown` does before its call. */
export function preparedLchown(path: Path, uid: number, gid: number): Prepared<'fchownat'> {
  const file = fileName(path, 'path')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  const name = cString(file, 'path')
  if (chownEvent.wanted) chownEvent.raise(path, uid, gid, -1)
  return {
    name: 'fchownat',
    args: [AT_FDCWD, name, owner, group, AT_SYMLINK_NOFOLLOW],
    syscall: 'lchown',
    file,
  }
}

/**
 * truncate(2): sets the length of a file. What is cut off is lost; what is added is a hole, which reads as zeros.
 *
 * @param path the file, or the descriptor of one open for writing
 * @param length bytes
 * @throws OSError as the system says: FileNotFoundError, IsADirectoryError, PermissionError, EINVAL for a negative
 *   length
 *
 * Availability: Linux. Audit event: `os.truncate` (path, length). See truncate(2); Python, os.truncate.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * os.truncate('file', 1000)
 * os.stat('file').st_size // => 1000
 * ```
 */
export function truncate(path: Path | Descriptor, length: number | bigint): void {
  const call = preparedTruncate(path, length)
  if (call.name === 'ftruncate') {
    const [fd, size] = call.args
    while (libc.ftruncate(fd, size) === -1) failed('truncate', call.file)
  } else {
    const [name, size] = call.args
    while (libc.truncate(name, size) === -1) failed('truncate', call.file)
  }
}

/** What `truncate` does before its call. */
export function preparedTruncate(
  path: Path | Descriptor,
  length: number | bigint,
): Prepared<'ftruncate'> | Prepared<'truncate'> {
  const file = fileNameOrFd(path, 'path')
  const size = int64(length, 'length')
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (truncateEvent.wanted) truncateEvent.raise(path, length)
  if (typeof file === 'number') return { name: 'ftruncate', args: [file, size], syscall: 'truncate', file }
  return { name: 'truncate', args: [name, size], syscall: 'truncate', file }
}
