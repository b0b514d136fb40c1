import { AuditEvent } from '../../audit.ts'
import type { Subject } from '../../errors.ts'
import { failed } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { bytesAt, SCRATCH_SIZE, scratch, scratchAddress } from '../../libc/memory.ts'
import { decodeBuffer } from '../../libc/strings.ts'
import { type Descriptor, dirFd } from '../arguments/descriptors.ts'
import { bool } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, optional } from '../arguments/options.ts'
import { auditedPath, type BytesPath, cString, fileName, type Path, type TextPath } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { auditedFd, type DirFdOption } from './status.ts'

/** The directories that two relative paths start from. */
export interface TwoDirFdOptions {
  readonly src_dir_fd?: Descriptor | null | undefined
  readonly dst_dir_fd?: Descriptor | null | undefined
}

export interface LinkOptions extends TwoDirFdOptions {
  /**
   * Whether a symbolic link at `src` is followed. The default is that of CPython: it is followed only if a dir_fd is
   * given.
   */
  readonly follow_symlinks?: boolean | undefined
}

const { AT_FDCWD } = constants

export const TWO_DIR_FDS = ['src_dir_fd', 'dst_dir_fd'] as const

const linkEvent = new AuditEvent('os.link')
const symlinkEvent = new AuditEvent('os.symlink')

/**
 * linkat(2): creates another name for a file (a hard link).
 *
 * @param src the file
 * @param dst the new name, on the same file system
 * @param options `src_dir_fd`, `dst_dir_fd`: where relative paths start; `follow_symlinks`: if `src` is a symbolic
 *   link, true links its target, and false the link itself. By default the link itself is linked, as in CPython on
 *   Linux; but if a descriptor is given, the target is linked
 * @throws OSError as the system reports: FileNotFoundError, FileExistsError, PermissionError (a directory), EXDEV
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

/** Checks and converts the arguments of `link`. */
export function preparedLink(src: Path, dst: Path, options: LinkOptions = NO_OPTIONS): Prepared<'linkat'> {
  const checked = checkOptions(options, [...TWO_DIR_FDS, 'follow_symlinks'])
  const [from, to] = [fileName(src, 'src'), fileName(dst, 'dst')]
  const { src_dir_fd, dst_dir_fd } = checked
  const follow = bool(checked.follow_symlinks, 'follow_symlinks', (src_dir_fd ?? dst_dir_fd ?? null) !== null)
  const [srcAt, dstAt] = [dirFd(src_dir_fd, 'src_dir_fd'), dirFd(dst_dir_fd, 'dst_dir_fd')]
  const [srcName, dstName] = [cString(from, 'src'), cString(to, 'dst')]
  if (linkEvent.wanted)
    linkEvent.raise(auditedPath(from, srcName), auditedPath(to, dstName), auditedFd(srcAt), auditedFd(dstAt))
  const flags = follow ? constants.AT_SYMLINK_FOLLOW : 0
  return { name: 'linkat', args: [srcAt, srcName, dstAt, dstName, flags], syscall: 'link', file: from, file2: to }
}

/**
 * symlinkat(2): creates a symbolic link.
 *
 * @param src the text of the link: the path it points to, which need not exist
 * @param dst the path of the new link
 * @param target_is_directory used on Windows only
 * @param options `target_is_directory` by name; `dir_fd`: where a relative `dst` starts
 * @throws OSError as the system reports: FileExistsError, FileNotFoundError (no directory for `dst`), PermissionError
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
  options?: DirFdOption & { readonly target_is_directory?: boolean | undefined },
): void
export function symlink(src: Path, dst: Path, ...rest: unknown[]): void {
  const { args, file, file2 } = preparedSymlink(src, dst, ...rest)
  const [text, at, name] = args
  while (libc.symlinkat(text, at, name) === -1) failed('symlink', file, file2)
}

/** Checks and converts the arguments of `symlink`. */
export function preparedSymlink(src: Path, dst: Path, ...rest: unknown[]): Prepared<'symlinkat'> {
  const { target_is_directory, dir_fd } = optional(['target_is_directory'], ['dir_fd'], rest)
  bool(target_is_directory, 'target_is_directory', false)
  const [target, place] = [fileName(src, 'src'), fileName(dst, 'dst')]
  const at = dirFd(dir_fd)
  const [text, name] = [cString(target, 'src'), cString(place, 'dst')]
  if (symlinkEvent.wanted) symlinkEvent.raise(auditedPath(target, text), auditedPath(place, name), auditedFd(at))
  return { name: 'symlinkat', args: [text, at, name], syscall: 'symlink', file: target, file2: place }
}

/**
 * readlinkat(2): returns the target path of a symbolic link.
 *
 * @param path the link
 * @param options `dir_fd`: where a relative path starts
 * @returns the text of the link, unchanged: bytes if `path` is bytes
 * @throws OSError as the system reports: FileNotFoundError; EINVAL if it is not a link
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
export function readlink(path: TextPath, options?: DirFdOption): string
export function readlink(path: BytesPath, options?: DirFdOption): Buffer
export function readlink(path: Path, options?: DirFdOption): string | Buffer
export function readlink(path: Path, options: DirFdOption = NO_OPTIONS): string | Buffer {
  let length: number
  if (typeof path === 'string' && options === NO_OPTIONS) {
    // Does not share `preparedReadlink`, because packing and unpacking the arguments takes time.
    const name = cString(path, 'path')
    while ((length = libc.readlinkat(AT_FDCWD, name, scratchAddress, SCRATCH_SIZE)) === -1) failed('readlink', path)
    return decodeBuffer(scratch, 0, length)
  }
  const { args, file } = preparedReadlink(path, options)
  const [at, name, , size] = args
  while ((length = libc.readlinkat(at, name, scratchAddress, size)) === -1) failed('readlink', file)
  return linkText(length, file)
}

/** Checks and converts the arguments of `readlink`. */
export function preparedReadlink(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'readlinkat'> {
  const checked = checkOptions(options, ['dir_fd'])
  const file = fileName(path, 'path')
  const at = dirFd(checked.dir_fd)
  // Linux limits a link's text to one page, a sixteenth of the scratch memory, so it always fits.
  return {
    name: 'readlinkat',
    args: [at, cString(file, 'path'), scratchAddress, SCRATCH_SIZE],
    syscall: 'readlink',
    file,
  }
}

/** Reads the text of a link from scratch memory, as text or bytes like its path. */
export function linkText(length: number, file: Subject): string | Buffer {
  return typeof file === 'string' ? decodeBuffer(scratch, 0, length) : bytesAt(0, length)
}
