import { outOfRange } from '../../errors.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { deviceNumber } from '../../results/decoding.ts'
import { dirFd } from '../arguments/descriptors.ts'
import { int, uint64 } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { cString, fileName, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import type { DirFdOption } from './status.ts'

/** The number of no device, as CPython has it: all bits are set, in the number as in both its parts. */
const NODEV = -1
const UINT32_MAX = 0xffff_ffff

/**
 * mkfifoat(3): creates a FIFO (a named pipe).
 *
 * @param path the path of the new file
 * @param mode permission bits, before the umask is applied; 0o666 by default
 * @param options `mode` by name; `dir_fd`: where a relative path starts
 * @throws OSError as the system reports: FileExistsError, FileNotFoundError, PermissionError
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

/** Checks and converts the arguments of `mkfifo`. */
export function preparedMkfifo(path: Path, ...rest: unknown[]): Prepared<'mkfifoat'> {
  const { mode = 0o666, dir_fd } = optional(['mode'], ['dir_fd'], rest)
  const file = fileName(path, 'path')
  const [at, bits] = [dirFd(dir_fd), int(mode, 'mode')]
  return { name: 'mkfifoat', args: [at, cString(file, 'path'), bits], syscall: 'mkfifo', file }
}

/**
 * mknodat(2): creates a file, FIFO, socket or device file.
 *
 * @param path the path of the new file
 * @param mode the type (stat.S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK) and permission bits, before the umask is
 *   applied; a regular file with 0o600 by default
 * @param device for device files the device number, as `makedev` returns it
 * @param options `mode` and `device` by name; `dir_fd`: where a relative path starts
 * @throws OSError as the system reports: FileExistsError, FileNotFoundError, PermissionError (devices need CAP_MKNOD)
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

/** Checks and converts the arguments of `mknod`. */
export function preparedMknod(path: Path, ...rest: unknown[]): Prepared<'mknodat'> {
  const { mode = 0o600, device = 0, dir_fd } = optional(['mode', 'device'], ['dir_fd'], rest)
  const file = fileName(path, 'path')
  const [at, bits, number] = [dirFd(dir_fd), int(mode, 'mode'), deviceBits(device)]
  return { name: 'mknodat', args: [at, cString(file, 'path'), bits, number], syscall: 'mknod', file }
}

/**
 * Returns the major number of a device, which identifies the driver.
 *
 * @param device a device number, such as `st_dev` or `st_rdev`
 * @returns the major number; -1 for -1, which is no device (NODEV)
 *
 * Availability: Linux. See makedev(3); Python, os.major.
 * @example
 * ```ts
 * os.major(os.stat('/dev/null').st_rdev) // => 1
 * ```
 */
export function major(device: number | bigint): number {
  const whole = deviceBits(device)
  return orNoDevice(Number(((whole >> 8n) & 0xfffn) | ((whole >> 32n) & 0xffff_f000n)))
}

/**
 * Returns the minor number of a device, which identifies the device within the driver.
 *
 * @param device a device number, such as `st_dev` or `st_rdev`
 * @returns the minor number; -1 for -1, which is no device (NODEV)
 *
 * Availability: Linux. See makedev(3); Python, os.minor.
 * @example
 * ```ts
 * os.minor(os.stat('/dev/null').st_rdev) // => 3
 * ```
 */
export function minor(device: number | bigint): number {
  const whole = deviceBits(device)
  return orNoDevice(Number((whole & 0xffn) | ((whole >> 12n) & 0xffff_ff00n)))
}

/**
 * Returns the device number of a major and a minor number.
 *
 * @param major the major number (driver)
 * @param minor the minor number (device)
 * @returns the number; -1, which is no device (NODEV), if both are -1
 * @throws RangeError if the result would exceed 2^53, which no device number of Linux does
 *
 * Availability: Linux. See makedev(3); Python, os.makedev.
 * @example
 * ```ts
 * os.makedev(1, 3) // => os.stat('/dev/null').st_rdev
 * ```
 */
export function makedev(major: number, minor: number): number {
  const [high, low] = [int(major, 'major', -1, UINT32_MAX), int(minor, 'minor', -1, UINT32_MAX)]
  if (orNoDevice(high) === NODEV && orNoDevice(low) === NODEV) return NODEV
  const device = deviceNumber(high >>> 0, low >>> 0)
  if (typeof device === 'number') return device
  throw outOfRange('major', 'such that the device number stays below 2^53', major)
}

function orNoDevice(part: number): number {
  return part === UINT32_MAX ? NODEV : part
}

/** The 64 bits of a device number. */
function deviceBits(device: unknown): bigint {
  return device === NODEV || device === BigInt(NODEV) ? 2n ** 64n - 1n : BigInt(uint64(device, 'device'))
}
