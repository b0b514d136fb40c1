import { badValue, outOfRange, type Subject, wrongType } from '../../errors.ts'
import { clearErrno, failed, lastErrno, osError } from '../../libc/call.ts'
import { pathconfNames } from '../../libc/facts.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { scratchAddress } from '../../libc/memory.ts'
import { FROM_SCRATCH } from '../../results/decoding.ts'
import { statvfs_result } from '../../results/statvfs_result.ts'
import { type Descriptor, descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { int } from '../arguments/numbers.ts'
import { cString, fileNameOrFd, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'

/**
 * sync(2): writes all cached changes to the disks, of all file systems.
 *
 * Availability: Linux. See sync(2); Python, os.sync.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * os.sync() // also what other processes have written
 * ```
 */
export function sync(): void {
  libc.sync()
}

/** The call of `sync`, which has no arguments. */
export function preparedSync(): Prepared<'sync'> {
  return { name: 'sync', args: [], syscall: 'sync', file: undefined }
}

/** File systems: their sizes, limits and flags. */

/**
 * statvfs(3): returns the status of the file system that contains a path.
 *
 * @param path any path on the file system, or the descriptor of an open file
 * @returns sizes, free space, flags
 * @throws OSError as the system reports: FileNotFoundError, PermissionError
 *
 * Availability: Linux. See statvfs(3); Python, os.statvfs.
 * @example
 * ```ts
 * const { f_bavail, f_frsize } = os.statvfs('/')
 * Number(f_bavail) * f_frsize >= 0 // => true
 * ```
 */
export function statvfs(path: Path | Descriptor): statvfs_result {
  const call = preparedStatvfs(path)
  if (call.name === 'fstatvfs') while (libc.fstatvfs(call.args[0], scratchAddress) === -1) failed('fstatvfs', call.file)
  else while (libc.statvfs(call.args[0], scratchAddress) === -1) failed('statvfs', call.file)
  return new statvfs_result(FROM_SCRATCH)
}

/** Checks and converts the arguments of `statvfs`. */
export function preparedStatvfs(path: Path | Descriptor): Prepared<'statvfs'> | Prepared<'fstatvfs'> {
  const file = fileNameOrFd(path, 'path')
  if (typeof file === 'number') return preparedFstatvfs(file)
  return { name: 'statvfs', args: [cString(file, 'path'), scratchAddress], syscall: 'statvfs', file }
}

/**
 * fstatvfs(3): returns the status of the file system that contains an open file.
 *
 * @param fd its descriptor
 * @returns sizes, free space, flags
 * @throws OSError EBADF if it is not open
 *
 * Availability: Linux. See fstatvfs(3); Python, os.fstatvfs.
 * @example
 * ```ts
 * const fd = os.open('/', os.O_RDONLY)
 * os.fstatvfs(fd).f_namemax // => os.statvfs('/').f_namemax
 * os.close(fd)
 * ```
 */
export function fstatvfs(fd: Descriptor): statvfs_result {
  const [number] = preparedFstatvfs(fd).args
  while (libc.fstatvfs(number, scratchAddress) === -1) failed('fstatvfs', number)
  return new statvfs_result(FROM_SCRATCH)
}

/** Checks and converts the arguments of `fstatvfs`. */
export function preparedFstatvfs(fd: Descriptor): Prepared<'fstatvfs'> {
  const file = descriptor(fd, 'fd')
  return { name: 'fstatvfs', args: [file, scratchAddress], syscall: 'fstatvfs', file }
}

/**
 * The names that `pathconf` accepts, with their numbers.
 *
 * Availability: Linux. See Python, os.pathconf_names.
 */
export const pathconf_names: typeof pathconfNames & Readonly<Record<string, number | undefined>> = pathconfNames

/**
 * pathconf(3): returns a configuration value, such as a limit, for a path.
 *
 * @param path the path, or the descriptor of an open file
 * @param name the limit: a name of `pathconf_names`, or its number
 * @returns the value; -1 if there is no limit
 * @throws RangeError for an unknown name; OSError EINVAL for an unknown number, or one that does not apply to the file
 *
 * Availability: Linux. See pathconf(3); Python, os.pathconf.
 * @example
 * ```ts
 * os.pathconf('/proc', 'PC_NAME_MAX') // => 255
 * ```
 */
export function pathconf(path: Path | Descriptor, name: string | number): number {
  return queryLimit(preparedPathconf(path, name))
}

/** Checks and converts the arguments of `pathconf`. */
export function preparedPathconf(
  path: Path | Descriptor,
  name: string | number,
): Prepared<'pathconf'> | Prepared<'fpathconf'> {
  const file = fileNameOrFd(path, 'path')
  if (typeof file === 'number') return preparedLimitOfFd(file, name)
  const args = [cString(file, 'path'), confName(name, pathconfNames)] as const
  return { name: 'pathconf', args, syscall: 'pathconf', file }
}

/** Calls pathconf(3) or fpathconf(3). */
export function queryLimit(call: Prepared<'pathconf'> | Prepared<'fpathconf'>): number {
  clearErrno()
  if (call.name === 'pathconf') return limit(libc.pathconf(call.args[0], call.args[1]), 'pathconf', call.file)
  return limit(libc.fpathconf(call.args[0], call.args[1]), 'fpathconf', call.file)
}

/**
 * fpathconf(3): returns a configuration value, such as a limit, for an open file.
 *
 * @param fd its descriptor
 * @param name the limit: a name of `pathconf_names`, or its number
 * @returns the value; -1 if there is no limit
 * @throws RangeError for an unknown name, and for a negative descriptor; OSError EBADF, or EINVAL for an unknown number
 *
 * Availability: Linux. See fpathconf(3); Python, os.fpathconf.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.fpathconf(w, 'PC_PIPE_BUF') // => 4096
 * os.close(r)
 * os.close(w)
 * ```
 */
export function fpathconf(fd: Descriptor, name: string | number): number {
  return queryLimit(preparedFpathconf(fd, name))
}

/** Checks and converts the arguments of `fpathconf`. */
export function preparedFpathconf(fd: Descriptor, name: string | number): Prepared<'fpathconf'> {
  return preparedLimitOfFd(nonNegativeFd(fd, 'fd'), name)
}

function preparedLimitOfFd(file: number, name: string | number): Prepared<'fpathconf'> {
  return { name: 'fpathconf', args: [file, confName(name, pathconfNames)], syscall: 'fpathconf', file }
}

/** Converts a configuration name, or its number, to the number. */
export function confName(name: unknown, names: Readonly<Record<string, number | undefined>>): number {
  if (typeof name === 'number') return int(name, 'name')
  if (typeof name !== 'string') throw wrongType('name', 'a string or an integer', name)
  const number = Object.hasOwn(names, name) ? names[name] : undefined
  if (number !== undefined) return number
  throw badValue('name', 'is no configuration name of this platform', name)
}

/** -1 means "no limit" or failure: only errno distinguishes them. */
export function limit(value: Int64, syscall: string, file?: Subject): number {
  if (value === -1) {
    const errno = lastErrno()
    if (errno !== 0) throw osError(errno, syscall, file)
  }
  return exactLimit(value)
}

/** Converts a limit to a number; throws if a number cannot represent it exactly. */
export function exactLimit(value: Int64): number {
  if (typeof value === 'number') return value
  throw outOfRange('result', 'below 2^53 to be a number', value)
}
