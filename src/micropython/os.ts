// The `os` of OpenMV and MicroPython, in the order of its documentation.

import { type FileName, fileName, type Path, type TextPath } from '../os/arguments/paths.ts'
import { environ } from '../os/process_parameters/environ.ts'
import { uname as hostUname } from '../os/system/information.ts'
import { RELEASED, VERSION } from '../release.ts'
import { uname_result } from '../results/uname_result.ts'
import type { VfsFile } from '../vfs/file.ts'
import type { DirectoryIterator, StatTuple, StatvfsTuple } from '../vfs/file_system.ts'
import { fileOnDescriptor } from '../vfs/posix/vfs_posix.ts'
import { table } from './table.ts'

export { OSError } from '../errors.ts'
export { system } from '../os/processes/shell.ts'
export { urandom } from '../os/system/random.ts'
export { type Duplicate, dupterm, dupterm_notify, type TerminalListener, type TerminalStream } from './dupterm.ts'
export { mount, umount, VfsFat, VfsLfs1, VfsLfs2, VfsPosix } from './vfs.ts'

/** The separator of the names in a path. */
export const sep = '/'

/**
 * Returns names of the system.
 *
 * @returns five strings, also by name: `sysname`, `nodename`, `release` and `machine` are the host's; `version` is that
 *   of osier, with its date
 *
 * See OpenMV, os.uname.
 * @example
 * ```ts
 * os.uname().sysname // => 'Linux'
 * ```
 */
export function uname(): uname_result {
  const { sysname, nodename, release, machine } = hostUname()
  return new uname_result([sysname, nodename, release, `osier ${VERSION} on ${RELEASED}`, machine])
}

/**
 * Returns the value of an environment variable.
 *
 * @param key its name
 * @param default_ the result if the variable is not set; null by default
 * @returns the value
 *
 * See MicroPython, os.getenv.
 * @example
 * ```ts
 * os.putenv('COLOUR', 'green')
 * os.getenv('COLOUR') // => 'green'
 * os.getenv('NO_SUCH_VARIABLE', 'none') // => 'none'
 * ```
 */
export function getenv(key: string): string | null
export function getenv<T>(key: string, default_: T): string | T
export function getenv(key: string, default_: unknown = null): unknown {
  return environ.get(key, default_)
}

/**
 * Sets an environment variable, for this process and the children it starts.
 *
 * @param key its name
 * @param value its value
 * @throws RangeError for a name that is empty or contains "=", and for a NUL in either
 *
 * See MicroPython, os.putenv.
 * @example
 * ```ts
 * os.putenv('COLOUR', 'green')
 * os.system('test "$COLOUR" = green') // => 0
 * ```
 */
export function putenv(key: string, value: string): void {
  environ.set(key, value)
}

/**
 * Removes an environment variable. A missing variable is not an error.
 *
 * @param key its name
 *
 * See MicroPython, os.unsetenv.
 * @example
 * ```ts
 * os.putenv('COLOUR', 'green')
 * os.unsetenv('COLOUR')
 * os.getenv('COLOUR') // => null
 * ```
 */
export function unsetenv(key: string): void {
  environ.delete(key)
}

function pathName(path: Path, name = 'path'): FileName {
  return fileName(path, name)
}

/**
 * Changes the current directory, which may be on another file system.
 *
 * @param path the directory
 * @throws OSError ENODEV if nothing is mounted; other errors as the file system reports
 *
 * See MicroPython, os.chdir.
 * @example
 * ```ts
 * os.mount(new vfs.VfsPosix('/etc'), '/settings')
 * os.chdir('/settings')
 * os.getcwd() // => '/settings'
 * os.chdir('/')
 * os.umount('/settings')
 * ```
 */
export function chdir(path: Path): void {
  table.chdir(pathName(path))
}

/**
 * Returns the current directory: an absolute path that begins with the mount point.
 *
 * See MicroPython, os.getcwd.
 * @example
 * ```ts
 * os.chdir('/')
 * os.getcwd() // => '/'
 * ```
 */
export function getcwd(): string {
  return table.getcwd()
}

/**
 * Returns an iterator of the entries of a directory, which reads them on demand. In the root the mount points come
 * first.
 *
 * @param dir the directory; the current directory by default
 * @returns an iterator, which `using` closes, of `[name, type, inode]`, on some file systems with the size: names are
 *   bytes if `dir` is bytes; the type is 0x4000 for a directory and 0x8000 for a file; the inode is 0 if the file
 *   system has none
 * @throws OSError ENODEV if nothing is mounted; other errors as the file system reports
 *
 * See OpenMV, os.ilistdir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * const entries = [...os.ilistdir()]
 * entries[0]?.slice(0, 2) // => ['folder', 0x4000]
 * ```
 */
export function ilistdir(dir: Uint8Array): DirectoryIterator<Buffer>
export function ilistdir(dir?: TextPath | null): DirectoryIterator<string>
export function ilistdir(dir?: Path | null): DirectoryIterator
export function ilistdir(dir?: Path | null): DirectoryIterator {
  return table.ilistdir(pathName(dir ?? '', 'dir'))
}

/**
 * Returns the names in a directory, in the order of the file system.
 *
 * @param dir the directory; the current directory by default
 * @returns the names, as bytes if `dir` is bytes
 * @throws OSError ENODEV if nothing is mounted; other errors as the file system reports
 *
 * See OpenMV, os.listdir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.listdir() // => ['folder']
 * ```
 */
export function listdir(dir: Uint8Array): Buffer[]
export function listdir(dir?: TextPath | null): string[]
export function listdir(dir?: Path | null): FileName[]
export function listdir(dir?: Path | null): FileName[] {
  return Array.from(ilistdir(dir), ([name]) => name)
}

/**
 * Creates a directory.
 *
 * @param path the path of the new directory
 * @throws OSError EEXIST, also for "/" and mount points; EROFS; other errors as the file system reports
 *
 * See MicroPython, os.mkdir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.mkdir('folder') // throws FileExistsError
 * ```
 */
export function mkdir(path: Path): void {
  table.mkdir(pathName(path))
}

/**
 * Removes a file.
 *
 * @param path the file
 * @throws OSError ENOENT, EISDIR, EROFS; other errors as the file system reports
 *
 * See MicroPython, os.remove.
 * @example
 * ```ts
 * os.open('file', 'w').close()
 * os.remove('file')
 * os.listdir() // => []
 * ```
 */
export function remove(path: Path): void {
  table.remove(pathName(path))
}

/**
 * The same as `remove`. See MicroPython, os.unlink.
 * @example
 * ```ts
 * os.open('file', 'w').close()
 * os.unlink('file')
 * os.listdir() // => []
 * ```
 */
export const unlink: typeof remove = remove

/**
 * Removes an empty directory.
 *
 * @param path the directory
 * @throws OSError ENOENT, ENOTDIR, EROFS; other errors as the file system reports
 *
 * See MicroPython, os.rmdir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.rmdir('folder')
 * os.listdir() // => []
 * ```
 */
export function rmdir(path: Path): void {
  table.rmdir(pathName(path))
}

/**
 * Renames or moves a file or directory within its file system.
 *
 * @param old_path the old name
 * @param new_path the new name
 * @throws OSError EPERM if the paths are on two mounts, as in MicroPython; EXDEV if they are on two file systems of the
 *   host
 *
 * See MicroPython, os.rename.
 * @example
 * ```ts
 * os.mkdir('old')
 * os.rename('old', 'new')
 * os.listdir() // => ['new']
 * ```
 */
export function rename(old_path: Path, new_path: Path): void {
  table.rename(pathName(old_path, 'old_path'), pathName(new_path, 'new_path'))
}

/**
 * Returns the status of a file or directory.
 *
 * @param path the file or directory
 * @returns ten numbers: mode, inode, device, links, user, group, size, and seconds since 1970 of the last access,
 *   modification and change; 0 for fields that the file system does not have
 * @throws OSError ENOENT; other errors as the file system reports
 *
 * See MicroPython, os.stat.
 * @example
 * ```ts
 * os.open('file', 'w').close()
 * os.stat('file')[6] // => 0
 * ```
 */
export function stat(path: Path): StatTuple {
  return table.stat(pathName(path))
}

/**
 * Returns the status of a file system.
 *
 * @param path any path on it
 * @returns ten numbers: block size and fragment size in bytes, blocks, free blocks, free blocks for unprivileged users,
 *   inodes, free inodes, free inodes for unprivileged users, flags, and the maximum length of a name; 0 for unknown
 *   values
 * @throws OSError ENODEV if nothing is mounted; other errors as the file system reports
 *
 * See OpenMV, os.statvfs.
 * @example
 * ```ts
 * const [blockSize] = os.statvfs('/')
 * blockSize > 0 // => true
 * ```
 */
export function statvfs(path: Path): StatvfsTuple {
  return table.statvfs(pathName(path))
}

/**
 * Makes all mounted file systems write their cached data.
 *
 * @throws OSError as a device reports, after all file systems have been synchronised
 *
 * See MicroPython, os.sync.
 * @example
 * ```ts
 * os.sync() // => undefined
 * ```
 */
export function sync(): void {
  table.sync()
}

/**
 * Opens a file, as MicroPython's built-in `open` does.
 *
 * @param file the path, or the descriptor of an open file of the host, which the file object closes
 * @param mode 'r', 'w', 'a' or 'x', with '+' for reading and writing and 'b' for bytes; 'r' by default
 * @returns the file object
 * @throws OSError as the file system reports; RangeError for an invalid mode
 *
 * See MicroPython, open.
 * @example
 * ```ts
 * using file = os.open('notes', 'w+')
 * file.write('one\ntwo\n')
 * file.seek(0)
 * file.readline() // => 'one\n'
 * ```
 */
export function open(file: Path | number, mode: `${string}b${string}`): VfsFile<Buffer>
export function open(file: Path | number, mode?: string): VfsFile<string>
export function open(file: Path | number, mode = 'r'): VfsFile<string> | VfsFile<Buffer> {
  return typeof file === 'number' ? fileOnDescriptor(file, mode) : table.open(pathName(file, 'file'), mode)
}
