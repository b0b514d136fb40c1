import { AuditEvent } from '../audit.ts'
import type { Subject } from '../errors.ts'
import { failed } from '../libc/call.ts'
import { constants } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { address, bytes, SCRATCH_SIZE } from '../libc/memory.ts'
import { decodeBuffer } from '../libc/strings.ts'
import { bool, checkOptions, cString, type Descriptor, dirFd, int, NO_OPTIONS, optional, uint64 } from './arguments.ts'
import { auditedFd, type DirFdOption } from './metadata.ts'
import { type FileName, fileName, type Path } from './names.ts'
import type { Prepared } from './prepared.ts'

/** Where two relative paths start. */
export interface TwoDirFdOptions {
  readonly src_dir_fd?: Descriptor | null | undefined
  readonly dst_dir_fd?: Descriptor | null | undefined
}

export interface LinkOptions extends TwoDirFdOptions {
  /**
   * Whether a symbolic link at `src` is followed. The default is the C library's `link`: not, unless a dir_fd is given.
   */
  readonly follow_symlinks?: boolean | undefined
}

const { AT_FDCWD } = constants

const TWO_DIR_FDS = ['src_dir_fd', 'dst_dir_fd'] as const

const linkEvent = new AuditEvent('os.link')
const symlinkEvent = new AuditEvent('os.symlink')
const renameEvent = new AuditEvent('os.rename')
const removeEvent = new AuditEvent('os.remove')

/**
 * linkat(2): makes another name for a file (a hard link).
 *
 * @param src the file
 * @param dst the new name, on the same file system
 * @param options `src_dir_fd`, `dst_dir_fd`: where relative paths start; `follow_symlinks`: where `src` is a symbolic
 *   link, true links the file it points to and false the link itself. Left out, the link itself is linked, as CPython
 *   does on Linux; but with one of the descriptors given, the file it points to
 * @throws OSError as the system says: FileNotFoundError, FileExistsError, PermissionError (a directory), EXDEV
 *
 * Availability: Linux. Audit event: `os.link` (src, dst, src_dir_fd, dst_dir_fd). See link(2); Python, os.link.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * os.link('file', 'second name')
 * os.stat('file').st_nlink // => 2
 * ```
 */
export function link(src: Path, dst: Path, options: LinkOptions = NO_OPTIONS): void {
  const { args, file, file2 } = preparedLink(src, dst, options)
  const [srcAt, srcName, dstAt, dstName, flags] = args
  while (libc.linkat(srcAt, srcName, dstAt, dstName, flags) === -1) failed('link', file, file2)
}

/** What `link` does before its call. */
export function preparedLink(src: Path, dst: Path, options: LinkOptions = NO_OPTIONS): Prepared<'linkat'> {
  checkOptions(options, [...TWO_DIR_FDS, 'follow_symlinks'])
  const [from, to] = [fileName(src, 'src'), fileName(dst, 'dst')]
  const { src_dir_fd, dst_dir_fd } = options
  const follow = bool(options.follow_symlinks, 'follow_symlinks', (src_dir_fd ?? dst_dir_fd ?? null) !== null)
  const [srcAt, dstAt] = [dirFd(src_dir_fd, 'src_dir_fd'), dirFd(dst_dir_fd, 'dst_dir_fd')]
  const [srcName, dstName] = [cString(from, 'src'), cString(to, 'dst')]
  if (linkEvent.wanted) linkEvent.raise(src, dst, auditedFd(src_dir_fd), auditedFd(dst_dir_fd))
  const flags = follow ? constants.AT_SYMLINK_FOLLOW : 0
  return { name: 'linkat', args: [srcAt, srcName, dstAt, dstName, flags], syscall: 'link', file: from, file2: to }
}

/**
 * symlinkat(2): makes a symbolic link.
 *
 * @param src the text of the link: the path it points to, which need not exist
 * @param dst where the link is made
 * @param target_is_directory of use on Windows only
 * @param options `target_is_directory` by name; `dir_fd`: where a relative `dst` starts
 * @throws OSError as the system says: FileExistsError, FileNotFoundError (no directory for `dst`), PermissionError
 *
 * Availability: Linux. Audit event: `os.symlink` (src, dst, dir_fd). See symlink(2); Python, os.symlink.
 * @example
 * ```ts
 * os.symlink('/etc/passwd', 'users')
 * os.readlink('users') // => '/etc/passwd'
 * ```
 */
export function symlink(src: Path, dst: Path, target_is_directory: boolean, options?: DirFdOption): void
export function symlink(
  src: Path,
  dst: Path,
  options?: DirFdOption & { target_is_directory?: boolean | undefined },
): void
export function symlink(src: Path, dst: Path, ...rest: unknown[]): void {
  const { args, file, file2 } = preparedSymlink(src, dst, ...rest)
  const [text, at, name] = args
  while (libc.symlinkat(text, at, name) === -1) failed('symlink', file, file2)
}

/** What `symlink` does before its call. */
export function preparedSymlink(src: Path, dst: Path, ...rest: unknown[]): Prepared<'symlinkat'> {
  const { target_is_directory, dir_fd } = optional(['target_is_directory'], ['dir_fd'], rest)
  bool(target_is_directory, 'target_is_directory', false)
  const [target, place] = [fileName(src, 'src'), fileName(dst, 'dst')]
  const at = dirFd(dir_fd)
  const [text, name] = [cString(target, 'src'), cString(place, 'dst')]
  if (symlinkEvent.wanted) symlinkEvent.raise(src, dst, auditedFd(dir_fd))
  return { name: 'symlinkat', args: [text, at, name], syscall: 'symlink', file: target, file2: place }
}

/**
 * readlinkat(2): the text of a symbolic link.
 *
 * @param path the link
 * @param options `dir_fd`: where a relative path starts
 * @returns the path that the link points to, as it is written there: bytes where `path` is bytes
 * @throws OSError as the system says: FileNotFoundError; EINVAL where it is no link
 *
 * Availability: Linux. See readlink(2); Python, os.readlink.
 * @example
 * ```ts
 * os.symlink('somewhere', Buffer.from([0xff]))
 * os.readlink(Buffer.from([0xff])) // => Buffer.from('somewhere')
 * os.readlink('\udcff') // => 'somewhere'
 * os.readlink('/etc/passwd') // throws OSError
 * ```
 */
export function readlink(path: string | URL, options?: DirFdOption): string
export function readlink(path: Uint8Array, options?: DirFdOption): Buffer
export function readlink(path: Path, options?: DirFdOption): string | Buffer
export function readlink(path: Path, options: DirFdOption = NO_OPTIONS): string | Buffer {
  let length: number
  if (typeof path === 'string' && options === NO_OPTIONS) {
    // Apart from the rest, because to pack the arguments and to unpack them takes a while.
    const name = cString(path, 'path')
    while ((length = libc.readlinkat(AT_FDCWD, name, address, SCRATCH_SIZE)) === -1) failed('readlink', path)
    return decodeBuffer(bytes, 0, length)
  }
  const { args, file } = preparedReadlink(path, options)
  const [at, name, , size] = args
  while ((length = libc.readlinkat(at, name, address, size)) === -1) failed('readlink', file)
  return linkText(length, file)
}

/** What `readlink` does before its call. */
export function preparedReadlink(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'readlinkat'> {
  checkOptions(options, ['dir_fd'])
  const file = fileName(path, 'path')
  const at = dirFd(options.dir_fd)
  // Linux cuts a link's text at one page, a sixteenth of what is offered here, so it always fits.
  return {
    name: 'readlinkat',
    args: [at, cString(file, 'path'), address, SCRATCH_SIZE],
    syscall: 'readlink',
    file,
  }
}

/** The text of a link, as scratch memory has it, in the kind of its path. */
export function linkText(length: number, file: Subject): string | Buffer {
  return typeof file === 'string' ? decodeBuffer(bytes, 0, length) : Buffer.from(bytes.subarray(0, length))
}

/**
 * renameat(2): gives a file or directory another name, in one step. What has the new name already is replaced, where it
 * is of the same kind: a file by a file, an empty directory by a directory.
 *
 * @param src the old name
 * @param dst the new name, on the same file system
 * @param options `src_dir_fd`, `dst_dir_fd`: where relative paths start
 * @throws OSError as the system says: FileNotFoundError, IsADirectoryError, NotADirectoryError, ENOTEMPTY, EXDEV,
 *   PermissionError
 *
 * Availability: Linux. Audit event: `os.rename` (src, dst, src_dir_fd, dst_dir_fd). See rename(2); Python, os.rename.
 * @example
 * ```ts
 * os.mkdir('old')
 * os.rename('old', 'new')
 * os.listdir() // => ['new']
 * ```
 */
export function rename(src: Path, dst: Path, options: TwoDirFdOptions = NO_OPTIONS): void {
  renameAs(preparedRename(src, dst, options))
}

/** What `rename` does before its call. */
export function preparedRename(src: Path, dst: Path, options: TwoDirFdOptions = NO_OPTIONS): Prepared<'renameat'> {
  return preparedRenameAs('rename', src, dst, options)
}

/**
 * renameat(2): gives a file or directory another name, in one step, and replaces what has that name. On Linux `rename`
 * does the same; this name says so on every platform.
 *
 * @param src the old name
 * @param dst the new name, on the same file system
 * @param options `src_dir_fd`, `dst_dir_fd`: where relative paths start
 * @throws OSError as the system says: FileNotFoundError, IsADirectoryError, NotADirectoryError, ENOTEMPTY, EXDEV,
 *   PermissionError
 *
 * Availability: Linux. Audit event: `os.rename` (src, dst, src_dir_fd, dst_dir_fd). See rename(2); Python, os.replace.
 * @example
 * ```ts
 * os.close(os.open('settings.tmp', os.O_CREAT))
 * os.close(os.open('settings', os.O_CREAT))
 * os.replace('settings.tmp', 'settings') // whoever reads sees the old one or the new one
 * os.listdir() // => ['settings']
 * ```
 */
export function replace(src: Path, dst: Path, options: TwoDirFdOptions = NO_OPTIONS): void {
  renameAs(preparedReplace(src, dst, options))
}

/** What `replace` does before its call. */
export function preparedReplace(src: Path, dst: Path, options: TwoDirFdOptions = NO_OPTIONS): Prepared<'renameat'> {
  return preparedRenameAs('replace', src, dst, options)
}

function renameAs({ args, syscall, file, file2 }: Prepared<'renameat'>): void {
  const [srcAt, srcName, dstAt, dstName] = args
  while (libc.renameat(srcAt, srcName, dstAt, dstName) === -1) failed(syscall, file, file2)
}

function preparedRenameAs(syscall: string, src: Path, dst: Path, options: TwoDirFdOptions): Prepared<'renameat'> {
  checkOptions(options, TWO_DIR_FDS)
  const [from, to] = [fileName(src, 'src'), fileName(dst, 'dst')]
  const { src_dir_fd, dst_dir_fd } = options
  const [srcAt, dstAt] = [dirFd(src_dir_fd, 'src_dir_fd'), dirFd(dst_dir_fd, 'dst_dir_fd')]
  const [srcName, dstName] = [cString(from, 'src'), cString(to, 'dst')]
  if (renameEvent.wanted) renameEvent.raise(src, dst, auditedFd(src_dir_fd), auditedFd(dst_dir_fd))
  return { name: 'renameat', args: [srcAt, srcName, dstAt, dstName], syscall, file: from, file2: to }
}

/**
 * unlinkat(2): removes the name of a file; the file goes with its last name, once nobody has it open.
 *
 * @param path the file or symbolic link
 * @param options `dir_fd`: where a relative path starts
 * @throws OSError as the system says: FileNotFoundError, IsADirectoryError (use `rmdir`), PermissionError
 *
 * Availability: Linux. Audit event: `os.remove` (path, dir_fd). See unlink(2); Python, os.remove.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * os.remove('file')
 * os.remove('file') // throws FileNotFoundError
 * ```
 */
export function remove(path: Path, options: DirFdOption = NO_OPTIONS): void {
  removeAs(preparedRemove(path, options))
}

/** What `remove` does before its call. */
export function preparedRemove(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'unlinkat'> {
  return preparedRemoveAs('remove', path, options)
}

/**
 * unlinkat(2): the same as `remove`, under its Unix name.
 *
 * @param path the file or symbolic link
 * @param options `dir_fd`: where a relative path starts
 * @throws OSError as the system says: FileNotFoundError, IsADirectoryError (use `rmdir`), PermissionError
 *
 * Availability: Linux. Audit event: `os.remove` (path, dir_fd). See unlink(2); Python, os.unlink.
 * @example
 * ```ts
 * const fd = os.open('temporary', os.O_RDWR | os.O_CREAT)
 * os.unlink('temporary')
 * os.write(fd, Buffer.from('nobody else sees this')) // => 21
 * os.close(fd)
 * ```
 */
export function unlink(path: Path, options: DirFdOption = NO_OPTIONS): void {
  removeAs(preparedUnlink(path, options))
}

/** What `unlink` does before its call. */
export function preparedUnlink(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'unlinkat'> {
  return preparedRemoveAs('unlink', path, options)
}

function removeAs({ args: [at, name], syscall, file }: Prepared<'unlinkat'>): void {
  while (libc.unlinkat(at, name, 0) === -1) failed(syscall, file)
}

function preparedRemoveAs(syscall: string, path: Path, options: DirFdOption): Prepared<'unlinkat'> {
  checkOptions(options, ['dir_fd'])
  const file = fileName(path, 'path')
  const at = dirFd(options.dir_fd)
  const name = cString(file, 'path')
  if (removeEvent.wanted) removeEvent.raise(path, auditedFd(options.dir_fd))
  return { name: 'unlinkat', args: [at, name, 0], syscall, file }
}

/**
 * mkfifoat(3): makes a FIFO, a pipe with a name.
 *
 * @param path where
 * @param mode permission bits, less the umask; 0o666 by default
 * @param options `mode` by name; `dir_fd`: where a relative path starts
 * @throws OSError as the system says: FileExistsError, FileNotFoundError, PermissionError
 *
 * Availability: Linux. See mkfifo(3); Python, os.mkfifo.
 * @example
 * ```ts
 * os.mkfifo('queue', 0o600)
 * os.path.exists('queue') // => true
 * ```
 */
export function mkfifo(path: Path, mode: number, options?: DirFdOption): void
export function mkfifo(path: Path, options?: DirFdOption & { readonly mode?: number | undefined }): void
export function mkfifo(path: Path, ...rest: unknown[]): void {
  const { args, file } = preparedMkfifo(path, ...rest)
  const [at, name, bits] = args
  while (libc.mkfifoat(at, name, bits) === -1) failed('mkfifo', file)
}

/** What `mkfifo` does before its call. */
export function preparedMkfifo(path: Path, ...rest: unknown[]): Prepared<'mkfifoat'> {
  const { mode = 0o666, dir_fd } = optional(['mode'], ['dir_fd'], rest)
  const file = fileName(path, 'path')
  const [at, bits] = [dirFd(dir_fd), int(mode, 'mode')]
  return { name: 'mkfifoat', args: [at, cString(file, 'path'), bits], syscall: 'mkfifo', file }
}

/**
 * mknodat(2): makes a file, FIFO, socket or device file.
 *
 * @param path where
 * @param mode the type (stat.S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK) and permission bits, less the umask; a
 *   regular file with 0o600 by default
 * @param device for device files their number, as `makedev` gives it
 * @param options `mode` and `device` by name; `dir_fd`: where a relative path starts
 * @throws OSError as the system says: FileExistsError, FileNotFoundError, PermissionError (devices need CAP_MKNOD)
 *
 * Availability: Linux. See mknod(2); Python, os.mknod.
 * @example
 * ```ts
 * import { S_IFIFO } from 'osier/stat'
 * os.mknod('queue', S_IFIFO | 0o600)
 * os.listdir() // => ['queue']
 * ```
 */
export function mknod(path: Path, mode: number, device: number | bigint, options?: DirFdOption): void
export function mknod(
  path: Path,
  mode: number,
  options?: DirFdOption & { readonly device?: number | bigint | undefined },
): void
export function mknod(
  path: Path,
  options?: DirFdOption & { readonly mode?: number | undefined; readonly device?: number | bigint | undefined },
): void
export function mknod(path: Path, ...rest: unknown[]): void {
  const { args, file } = preparedMknod(path, ...rest)
  const [at, name, bits, number] = args
  while (libc.mknodat(at, name, bits, number) === -1) failed('mknod', file)
}

/** What `mknod` does before its call. */
export function preparedMknod(path: Path, ...rest: unknown[]): Prepared<'mknodat'> {
  const { mode = 0o600, device = 0, dir_fd } = optional(['mode', 'device'], ['dir_fd'], rest)
  const file = fileName(path, 'path')
  const [at, bits, number] = [dirFd(dir_fd), int(mode, 'mode'), uint64(device, 'device')]
  return { name: 'mknodat', args: [at, cString(file, 'path'), bits, number], syscall: 'mknod', file }
}

/**
 * chroot(2): makes a directory the root of all absolute paths of this process. The current directory stays where it is:
 * `chdir('/')` belongs to it.
 *
 * @param path the directory
 * @throws OSError as the system says: FileNotFoundError, NotADirectoryError, PermissionError (needs CAP_SYS_CHROOT)
 *
 * Availability: Linux. See chroot(2); Python, os.chroot.
 * @example
 * ```ts
 * const child = os.fork()
 * if (child === 0) {
 *   try {
 *     os.chroot('.') // needs CAP_SYS_CHROOT
 *     os.chdir('/')
 *   } catch (error) {
 *     if (!(error instanceof os.PermissionError)) os._exit(1)
 *   }
 *   os._exit(0)
 * }
 * os.waitpid(child, 0)[1] // => 0
 * ```
 */
export function chroot(path: Path): void {
  const directory: FileName = fileName(path, 'path')
  const name = cString(directory, 'path')
  while (libc.chroot(name) === -1) failed('chroot', directory)
}

/**
 * sync(2): writes all cached changes to the disks, of all file systems.
 *
 * Availability: Linux. See sync(2); Python, os.sync.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * os.sync() // what everybody has written, and not only this process
 * ```
 */
export function sync(): void {
  libc.sync()
}

/** What `sync` does before its call: nothing. */
export function preparedSync(): Prepared<'sync'> {
  return { name: 'sync', args: [], syscall: 'sync', file: undefined }
}
