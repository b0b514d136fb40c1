import { OSError, wrongType } from '../errors.ts'
import { constants } from '../libc/facts.ts'
import type { Descriptor } from '../os/arguments/descriptors.ts'
import { type FileName, fileName, fileNameOrFd, type Path } from '../os/arguments/paths.ts'
import { typeOf } from '../os/files/file_type.ts'
import { fstat, lstat, stat } from '../os/files/status.ts'

import type { stat_result } from '../results/stat_result.ts'
import { join } from './lexical.ts'
import { realpath } from './resolution.ts'

/** The functions of `osier/path` that read the status of a file. */

const { AT_SYMLINK_NOFOLLOW, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } = constants

/** Returns the type of a file; undefined if the file is missing, its status cannot be read, or the name is invalid. */
function typeOrNone(file: FileName | number, flags = 0): number | undefined {
  try {
    return typeOf(file, flags)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * Reports whether a path exists. Symbolic links are followed: a broken link does not exist.
 *
 * @param path the path, or the descriptor of an open file
 * @returns false also if the status cannot be read, as in a directory that may not be searched
 *
 * Availability: Linux. See stat(2); Python, os.path.exists.
 * @example
 * ```ts
 * path.exists('/etc/passwd') // => true
 * path.exists('nowhere') // => false
 * ```
 */
export function exists(path: Path | Descriptor): boolean {
  return typeOrNone(fileNameOrFd(path, 'path')) !== undefined
}

/**
 * Reports whether a path exists. A broken symbolic link exists.
 *
 * @param path the path
 * @returns false also if the status cannot be read, as in a directory that may not be searched
 *
 * Availability: Linux. See lstat(2); Python, os.path.lexists.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * path.lexists('link') // => true
 * path.exists('link') // => false
 * ```
 */
export function lexists(path: Path): boolean {
  return typeOrNone(fileName(path, 'path'), AT_SYMLINK_NOFOLLOW) !== undefined
}

/**
 * Reports whether a path is a regular file, or a symbolic link to one.
 *
 * @param path the path, or the descriptor of an open file
 * @returns false also if it does not exist
 *
 * Availability: Linux. See stat(2); Python, os.path.isfile.
 * @example
 * ```ts
 * path.isfile('/etc/passwd') // => true
 * ```
 */
export function isfile(path: Path | Descriptor): boolean {
  return typeOrNone(fileNameOrFd(path, 'path')) === S_IFREG
}

/**
 * Reports whether a path is a directory, or a symbolic link to one.
 *
 * @param path the path, or the descriptor of an open file
 * @returns false also if it does not exist
 *
 * Availability: Linux. See stat(2); Python, os.path.isdir.
 * @example
 * ```ts
 * path.isdir('/etc') // => true
 * ```
 */
export function isdir(path: Path | Descriptor): boolean {
  return typeOrNone(fileNameOrFd(path, 'path')) === S_IFDIR
}

/**
 * Reports whether a path is a symbolic link, including a broken one.
 *
 * @param path the path
 * @returns false also if it does not exist
 *
 * Availability: Linux. See lstat(2); Python, os.path.islink.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * path.islink('link') // => true
 * ```
 */
export function islink(path: Path): boolean {
  return typeOrNone(fileName(path, 'path'), AT_SYMLINK_NOFOLLOW) === S_IFLNK
}

/**
 * Reports whether a path is a junction, which only Windows has.
 *
 * @param path the path
 * @returns false
 *
 * Availability: everywhere; useful on Windows. See Python, os.path.isjunction.
 * @example
 * ```ts
 * path.isjunction('/etc') // => false
 * ```
 */
export function isjunction(path: Path): boolean {
  fileName(path, 'path')
  return false
}

/**
 * Reports whether a path is on a Dev Drive, which only Windows has.
 *
 * @param path the path
 * @returns false
 *
 * Availability: everywhere; useful on Windows. See Python, os.path.isdevdrive.
 * @example
 * ```ts
 * path.isdevdrive('/etc') // => false
 * ```
 */
export function isdevdrive(path: Path): boolean {
  fileName(path, 'path')
  return false
}

/**
 * Reports whether a path is a mount point: whether it is on another device than its parent directory, or is the same
 * directory as its parent. A bind mount on the same device is not recognised.
 *
 * @param path the path
 * @returns false also if it does not exist, and for a symbolic link
 *
 * Availability: Linux. See Python, os.path.ismount.
 * @example
 * ```ts
 * path.ismount('/') // => true
 * path.ismount('/etc/passwd') // => false
 * ```
 */
export function ismount(path: Path): boolean {
  const place = fileName(path, 'path')
  const here = statusOrNone(place)
  if (here === undefined || (here.st_mode & S_IFMT) === S_IFLNK) return false
  const above = typeof place === 'string' ? join(place, '..') : join(place, Buffer.from('..'))
  // A file has no "..", so the directory that contains it is resolved.
  const there = statusOrNone(above) ?? statusOrNone(realpath(above))
  return there !== undefined && (here.st_dev !== there.st_dev || here.st_ino === there.st_ino)
}

function statusOrNone(path: FileName): stat_result | undefined {
  try {
    return lstat(path)
  } catch (error) {
    if (error instanceof OSError || error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * Returns the size of a file.
 *
 * @param path the path, or the descriptor of an open file
 * @returns the size in bytes, a bigint above 2^53
 * @throws OSError as `os.stat` does: FileNotFoundError, PermissionError
 *
 * Availability: Linux. See stat(2); Python, os.path.getsize.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * path.getsize('file') // => 0
 * ```
 */
export function getsize(path: Path | Descriptor): number | bigint {
  return stat(path).st_size
}

/**
 * Returns the time at which a file was last read.
 *
 * @param path the path, or the descriptor of an open file
 * @returns seconds since 1970, with a fraction
 * @throws OSError as `os.stat` does: FileNotFoundError, PermissionError
 *
 * Availability: Linux. See stat(2); Python, os.path.getatime.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.utime('folder', [100, 200])
 * path.getatime('folder') // => 100
 * ```
 */
export function getatime(path: Path | Descriptor): number {
  return stat(path).st_atime
}

/**
 * Returns the time at which the contents of a file were last changed.
 *
 * @param path the path, or the descriptor of an open file
 * @returns seconds since 1970, with a fraction
 * @throws OSError as `os.stat` does: FileNotFoundError, PermissionError
 *
 * Availability: Linux. See stat(2); Python, os.path.getmtime.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.utime('folder', [100, 200.5])
 * path.getmtime('folder') // => 200.5
 * ```
 */
export function getmtime(path: Path | Descriptor): number {
  return stat(path).st_mtime
}

/**
 * Returns the time at which the metadata of a file was last changed.
 *
 * @param path the path, or the descriptor of an open file
 * @returns seconds since 1970, with a fraction
 * @throws OSError as `os.stat` does: FileNotFoundError, PermissionError
 *
 * Availability: Linux. See stat(2); Python, os.path.getctime.
 * @example
 * ```ts
 * path.getctime('/etc/passwd') // => os.stat('/etc/passwd').st_ctime
 * ```
 */
export function getctime(path: Path | Descriptor): number {
  return stat(path).st_ctime
}

/** The fields that identify a file. */
export type FileIdentity = Pick<stat_result, 'st_dev' | 'st_ino'>

/**
 * Reports whether two statuses are of the same file.
 *
 * @param s1 a result of `os.stat`, `os.lstat` or `os.fstat`
 * @param s2 another
 * @returns true if device and inode number are the same
 *
 * Availability: everywhere. See Python, os.path.samestat.
 * @example
 * ```ts
 * path.samestat(os.stat('/'), os.stat('/..')) // => true
 * ```
 */
export function samestat(s1: FileIdentity, s2: FileIdentity): boolean {
  const [a, b] = [identity(s1, 's1'), identity(s2, 's2')]
  return a.st_ino === b.st_ino && a.st_dev === b.st_dev
}

function identity(status: unknown, name: string): FileIdentity {
  if (typeof status === 'object' && status !== null && 'st_ino' in status && 'st_dev' in status) {
    return status as FileIdentity
  }
  throw wrongType(name, 'a stat_result', status)
}

/**
 * Reports whether two paths refer to the same file, after following links.
 *
 * @param f1 a path, or the descriptor of an open file
 * @param f2 another
 * @returns true if they refer to the same file
 * @throws OSError as `os.stat` does: FileNotFoundError, PermissionError
 *
 * Availability: Linux. See stat(2); Python, os.path.samefile.
 * @example
 * ```ts
 * os.symlink('/etc', 'link')
 * path.samefile('link/passwd', '/etc/passwd') // => true
 * ```
 */
export function samefile(f1: Path | Descriptor, f2: Path | Descriptor): boolean {
  return samestat(stat(f1), stat(f2))
}

/**
 * Reports whether two descriptors refer to the same file.
 *
 * @param fp1 a descriptor
 * @param fp2 another
 * @returns true if they refer to the same file
 * @throws OSError EBADF if one is not open
 *
 * Availability: Linux. See fstat(2); Python, os.path.sameopenfile.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * const copy = os.dup(fd)
 * path.sameopenfile(fd, copy) // => true
 * os.close(fd)
 * os.close(copy)
 * ```
 */
export function sameopenfile(fp1: Descriptor, fp2: Descriptor): boolean {
  return samestat(fstat(fp1), fstat(fp2))
}
