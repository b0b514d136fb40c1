import { AuditEvent } from '../../audit.ts'
import { NotImplementedError, type Subject } from '../../errors.ts'
import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { type Descriptor, descriptor, dirFd } from '../arguments/descriptors.ts'
import { bool, id, int } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../arguments/options.ts'
import { auditedPath, cString, fileName, fileNameOrFd, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { auditedFd, DIR_FD_FOLLOW, rejectWithFd, type StatOptions } from './status.ts'

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW } = constants

const chmodEvent = new AuditEvent('os.chmod')
const chownEvent = new AuditEvent('os.chown')

/**
 * chmod(2): changes the permissions of a file.
 *
 * @param path the file, or the descriptor of an open one
 * @param mode the new permission bits, such as 0o644
 * @param options `dir_fd`: where a relative path starts (ignored with a descriptor); `follow_symlinks`: false for a
 *   link itself, which needs Linux 6.6 and a file system whose links have permissions
 * @throws OSError as the system reports: FileNotFoundError, PermissionError (not the owner)
 * @throws NotImplementedError for `follow_symlinks: false` before Linux 6.6, and for a link on a file system whose links
 *   have no permissions, as on ext4, XFS, Btrfs and tmpfs
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

/** Checks and converts the arguments of `chmod`. */
export function preparedChmod(
  path: Path | Descriptor,
  mode: number,
  options: StatOptions = NO_OPTIONS,
): Prepared<'fchmod'> | Prepared<'fchmodat'> | Prepared<'fchmodat2'> {
  const checked = checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const bits = int(mode, 'mode')
  const at = dirFd(checked.dir_fd)
  const follow = bool(checked.follow_symlinks, 'follow_symlinks', true)
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (chmodEvent.wanted) chmodEvent.raise(auditedPath(file, name), mode, auditedFd(at))
  if (typeof file === 'number') return { name: 'fchmod', args: [file, bits], syscall: 'chmod', file }
  if (follow) return { name: 'fchmodat', args: [at, name, bits, 0], syscall: 'chmod', file }
  return { name: 'fchmodat2', args: [at, name, bits, AT_SYMLINK_NOFOLLOW], syscall: 'chmod', file }
}

/**
 * Maps the errno of a failed fchmodat2(AT_SYMLINK_NOFOLLOW) to an error. ENOSYS means Linux before 6.6, EOPNOTSUPP that
 * links of the file system have no permissions: NotImplementedError for both, as in CPython, because programs (such as
 * its shutil.copystat) catch that one.
 */
export function chmodLinkError(errno: number, file: Subject): Error {
  if (errno === errnoNumbers.ENOSYS) return new NotImplementedError('chmod of a symbolic link itself needs Linux 6.6')
  if (errno !== errnoNumbers.EOPNOTSUPP) return osError(errno, 'chmod', file)
  return new NotImplementedError('chmod of a symbolic link itself is not supported by its file system')
}

/**
 * fchmod(2): changes the permissions of an open file.
 *
 * @param fd its descriptor
 * @param mode the new permission bits
 * @throws OSError as the system reports: EBADF, PermissionError
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

/** Checks and converts the arguments of `fchmod`. */
export function preparedFchmod(fd: Descriptor, mode: number): Prepared<'fchmod'> {
  const file = descriptor(fd, 'fd')
  const bits = int(mode, 'mode')
  if (chmodEvent.wanted) chmodEvent.raise(file, mode, -1)
  return { name: 'fchmod', args: [file, bits], syscall: 'fchmod', file }
}

/**
 * chown(2): changes the owner and the group of a file.
 *
 * @param path the file, or the descriptor of an open one
 * @param uid the new owner; -1 leaves it unchanged
 * @param gid the new group; -1 leaves it unchanged
 * @param options `dir_fd`: where a relative path starts; `follow_symlinks`: false for a link itself
 * @throws OSError as the system reports: FileNotFoundError, PermissionError
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

/** Checks and converts the arguments of `chown`. */
export function preparedChown(
  path: Path | Descriptor,
  uid: number,
  gid: number,
  options: StatOptions = NO_OPTIONS,
): Prepared<'fchown'> | Prepared<'fchownat'> {
  const checked = checkOptions(options, DIR_FD_FOLLOW)
  const file = fileNameOrFd(path, 'path')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  const follow = bool(checked.follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') {
    rejectWithFd({ dir_fd: checked.dir_fd, follow_symlinks: follow })
    if (chownEvent.wanted) chownEvent.raise(file, uid, gid, -1)
    return { name: 'fchown', args: [file, owner, group], syscall: 'chown', file }
  }
  const at = dirFd(checked.dir_fd)
  const name = cString(file, 'path')
  if (chownEvent.wanted) chownEvent.raise(auditedPath(file, name), uid, gid, auditedFd(at))
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
  return { name: 'fchownat', args: [at, name, owner, group, flags], syscall: 'chown', file }
}

/**
 * fchown(2): changes the owner and the group of an open file.
 *
 * @param fd its descriptor
 * @param uid the new owner; -1 leaves it unchanged
 * @param gid the new group; -1 leaves it unchanged
 * @throws OSError as the system reports: EBADF, PermissionError
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

/** Checks and converts the arguments of `fchown`. */
export function preparedFchown(fd: Descriptor, uid: number, gid: number): Prepared<'fchown'> {
  const file = descriptor(fd, 'fd')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  if (chownEvent.wanted) chownEvent.raise(file, uid, gid, -1)
  return { name: 'fchown', args: [file, owner, group], syscall: 'fchown', file }
}

/**
 * lchown(2): changes the owner and the group of a file, or of a symbolic link itself.
 *
 * @param path the file
 * @param uid the new owner; -1 leaves it unchanged
 * @param gid the new group; -1 leaves it unchanged
 * @throws OSError as the system reports: FileNotFoundError, PermissionError
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

/** Checks and converts the arguments of `lchown`. */
export function preparedLchown(path: Path, uid: number, gid: number): Prepared<'fchownat'> {
  const file = fileName(path, 'path')
  const [owner, group] = [id(uid, 'uid'), id(gid, 'gid')]
  const name = cString(file, 'path')
  if (chownEvent.wanted) chownEvent.raise(auditedPath(file, name), uid, gid, -1)
  return {
    name: 'fchownat',
    args: [AT_FDCWD, name, owner, group, AT_SYMLINK_NOFOLLOW],
    syscall: 'lchown',
    file,
  }
}
