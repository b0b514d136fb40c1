import { AuditEvent } from '../../audit.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { dirFd } from '../arguments/descriptors.ts'
import { checkOptions, NO_OPTIONS } from '../arguments/options.ts'
import { auditedPath, cString, fileName, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { TWO_DIR_FDS, type TwoDirFdOptions } from './links.ts'
import { auditedFd, type DirFdOption } from './status.ts'

const renameEvent = new AuditEvent('os.rename')
const removeEvent = new AuditEvent('os.remove')

/**
 * renameat(2): renames a file or directory atomically. An existing file at the new name is replaced by a file, and an
 * existing empty directory by a directory.
 *
 * @param src the old name
 * @param dst the new name, on the same file system
 * @param options `src_dir_fd`, `dst_dir_fd`: where relative paths start
 * @throws OSError as the system reports: FileNotFoundError, IsADirectoryError, NotADirectoryError, ENOTEMPTY, EXDEV,
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

/** Checks and converts the arguments of `rename`. */
export function preparedRename(src: Path, dst: Path, options: TwoDirFdOptions = NO_OPTIONS): Prepared<'renameat'> {
  return preparedRenameAs('rename', src, dst, options)
}

/**
 * renameat(2): renames a file or directory atomically, and replaces an existing file or empty directory at the new
 * name. On Linux `rename` does the same; `replace` does it on every platform.
 *
 * @param src the old name
 * @param dst the new name, on the same file system
 * @param options `src_dir_fd`, `dst_dir_fd`: where relative paths start
 * @throws OSError as the system reports: FileNotFoundError, IsADirectoryError, NotADirectoryError, ENOTEMPTY, EXDEV,
 *   PermissionError
 *
 * Availability: Linux. Audit event: `os.rename` (src, dst, src_dir_fd, dst_dir_fd). See rename(2); Python, os.replace.
 * @example
 * ```ts
 * os.close(os.open('settings.tmp', os.O_CREAT))
 * os.close(os.open('settings', os.O_CREAT))
 * os.replace('settings.tmp', 'settings') // a reader sees either the old file or the new one
 * os.listdir() // => ['settings']
 * ```
 */
export function replace(src: Path, dst: Path, options: TwoDirFdOptions = NO_OPTIONS): void {
  renameAs(preparedReplace(src, dst, options))
}

/** Checks and converts the arguments of `replace`. */
export function preparedReplace(src: Path, dst: Path, options: TwoDirFdOptions = NO_OPTIONS): Prepared<'renameat'> {
  return preparedRenameAs('replace', src, dst, options)
}

function renameAs({ args, syscall, file, file2 }: Prepared<'renameat'>): void {
  const [srcAt, srcName, dstAt, dstName] = args
  while (libc.renameat(srcAt, srcName, dstAt, dstName) === -1) failed(syscall, file, file2)
}

function preparedRenameAs(syscall: string, src: Path, dst: Path, options: TwoDirFdOptions): Prepared<'renameat'> {
  const checked = checkOptions(options, TWO_DIR_FDS)
  const [from, to] = [fileName(src, 'src'), fileName(dst, 'dst')]
  const { src_dir_fd, dst_dir_fd } = checked
  const [srcAt, dstAt] = [dirFd(src_dir_fd, 'src_dir_fd'), dirFd(dst_dir_fd, 'dst_dir_fd')]
  const [srcName, dstName] = [cString(from, 'src'), cString(to, 'dst')]
  if (renameEvent.wanted)
    renameEvent.raise(auditedPath(from, srcName), auditedPath(to, dstName), auditedFd(srcAt), auditedFd(dstAt))
  return { name: 'renameat', args: [srcAt, srcName, dstAt, dstName], syscall, file: from, file2: to }
}

/**
 * unlinkat(2): removes the name of a file. The file is deleted when its last name is removed and no process has it
 * open.
 *
 * @param path the file or symbolic link
 * @param options `dir_fd`: where a relative path starts
 * @throws OSError as the system reports: FileNotFoundError, IsADirectoryError (use `rmdir`), PermissionError
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

/** Checks and converts the arguments of `remove`. */
export function preparedRemove(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'unlinkat'> {
  return preparedRemoveAs('remove', path, options)
}

/**
 * unlinkat(2): the same as `remove`, under its Unix name.
 *
 * @param path the file or symbolic link
 * @param options `dir_fd`: where a relative path starts
 * @throws OSError as the system reports: FileNotFoundError, IsADirectoryError (use `rmdir`), PermissionError
 *
 * Availability: Linux. Audit event: `os.remove` (path, dir_fd). See unlink(2); Python, os.unlink.
 * @example
 * ```ts
 * const fd = os.open('temporary', os.O_RDWR | os.O_CREAT)
 * os.unlink('temporary')
 * os.write(fd, Buffer.from('without a name')) // => 14
 * os.close(fd)
 * ```
 */
export function unlink(path: Path, options: DirFdOption = NO_OPTIONS): void {
  removeAs(preparedUnlink(path, options))
}

/** Checks and converts the arguments of `unlink`. */
export function preparedUnlink(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'unlinkat'> {
  return preparedRemoveAs('unlink', path, options)
}

function removeAs({ args: [at, name], syscall, file }: Prepared<'unlinkat'>): void {
  while (libc.unlinkat(at, name, 0) === -1) failed(syscall, file)
}

function preparedRemoveAs(syscall: string, path: Path, options: DirFdOption): Prepared<'unlinkat'> {
  const checked = checkOptions(options, ['dir_fd'])
  const file = fileName(path, 'path')
  const at = dirFd(checked.dir_fd)
  const name = cString(file, 'path')
  if (removeEvent.wanted) removeEvent.raise(auditedPath(file, name), auditedFd(at))
  return { name: 'unlinkat', args: [at, name, 0], syscall, file }
}
