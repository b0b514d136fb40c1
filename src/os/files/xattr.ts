import { AuditEvent } from '../../audit.ts'
import { failed } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { type CString, libc } from '../../libc/functions.ts'
import { bytesAt, SCRATCH_SIZE, scratch, scratchAddress } from '../../libc/memory.ts'
import { ownBytes } from '../../libc/own_bytes.ts'
import { decode } from '../../libc/strings.ts'
import { byteLength, view } from '../arguments/buffers.ts'
import type { Descriptor } from '../arguments/descriptors.ts'
import { bool, int } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, optional } from '../arguments/options.ts'
import { auditedPath, cString, type FileName, fileName, fileNameOrFd, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { rejectAtFdcwd } from './file_type.ts'
import { type FollowSymlinksOption, rejectWithFd } from './status.ts'

/** The largest value of an attribute, in bytes. */
export const XATTR_SIZE_MAX: number = constants.XATTR_SIZE_MAX
/** Flag of `setxattr`: create the attribute; fail if it exists. */
export const XATTR_CREATE: number = constants.XATTR_CREATE
/** Flag of `setxattr`: replace the attribute; fail if it does not exist. */
export const XATTR_REPLACE: number = constants.XATTR_REPLACE

const getxattrEvent = new AuditEvent('os.getxattr')
const listxattrEvent = new AuditEvent('os.listxattr')
const removexattrEvent = new AuditEvent('os.removexattr')
const setxattrEvent = new AuditEvent('os.setxattr')

/** The file whose attributes are meant: a path, a symbolic link itself, or an open file. */
interface Target {
  /** The path or descriptor, for errors. */
  readonly file: FileName | number
  /** The path for C; empty for a descriptor. */
  readonly name: CString
  readonly follow: boolean
}

function targetOf(path: unknown, follow_symlinks: unknown): Target {
  const file = fileNameOrFd(path, 'path')
  const follow = bool(follow_symlinks, 'follow_symlinks', true)
  if (typeof file !== 'number') return { file, name: cString(file, 'path'), follow }
  rejectWithFd({ follow_symlinks: follow })
  return { file, name: '', follow }
}

interface Attribute {
  readonly attribute: FileName
  readonly attributeBytes: CString
}

function attributeOf(value: unknown): Attribute {
  const attribute = fileName(value, 'attribute')
  return { attribute, attributeBytes: cString(attribute, 'attribute') }
}

/**
 * getxattr(2): returns the value of an extended attribute.
 *
 * @param path the file, or the descriptor of an open one
 * @param attribute the attribute's name, such as 'user.comment': text or bytes
 * @param options `follow_symlinks`: false for a link itself
 * @returns the value
 * @throws OSError as the system reports: ENODATA if there is no such attribute, EOPNOTSUPP if the file system does not
 *   support attributes, FileNotFoundError
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.getxattr` (path, attribute). See getxattr(2), xattr(7); Python, os.getxattr.
 * @example
 * ```ts
 * const fd = os.open('file', os.O_CREAT)
 * try {
 *   os.setxattr(fd, 'user.origin', Buffer.from('camera'))
 *   os.getxattr(fd, 'user.origin') // => Buffer.from('camera')
 * } catch (error) {
 *   if (!(error instanceof os.OSError && error.code === 'ENOTSUP')) throw error // not every file system has them
 * } finally {
 *   os.close(fd)
 * }
 * ```
 */
export function getxattr(path: Path | Descriptor, attribute: Path, options: FollowSymlinksOption = NO_OPTIONS): Buffer {
  const call = preparedGetxattr(path, attribute, options)
  let size: number
  while ((size = getInto(call)) === -1) failed('getxattr', call.file)
  return attributeValue(size)
}

type Getxattr = Prepared<'getxattr'> | Prepared<'lgetxattr'> | Prepared<'fgetxattr'>

/** Checks and converts the arguments of `getxattr`. */
export function preparedGetxattr(
  path: Path | Descriptor,
  attribute: Path,
  options: FollowSymlinksOption = NO_OPTIONS,
): Getxattr {
  const checked = checkOptions(options, ['follow_symlinks'])
  const { file, name, follow } = targetOf(path, checked.follow_symlinks)
  const { attribute: given, attributeBytes } = attributeOf(attribute)
  if (getxattrEvent.wanted) getxattrEvent.raise(auditedPath(file, name), auditedPath(given, attributeBytes))
  const about = { syscall: 'getxattr', file }
  // No value is larger than the scratch memory: the kernel fails with E2BIG for a larger one.
  if (typeof file === 'number')
    return { name: 'fgetxattr', args: [rejectAtFdcwd(file), attributeBytes, scratchAddress, SCRATCH_SIZE], ...about }
  return {
    name: follow ? 'getxattr' : 'lgetxattr',
    args: [name, attributeBytes, scratchAddress, SCRATCH_SIZE],
    ...about,
  }
}

function getInto(call: Getxattr): number {
  if (call.name === 'fgetxattr') return libc.fgetxattr(call.args[0], call.args[1], scratchAddress, SCRATCH_SIZE)
  if (call.name === 'getxattr') return libc.getxattr(call.args[0], call.args[1], scratchAddress, SCRATCH_SIZE)
  return libc.lgetxattr(call.args[0], call.args[1], scratchAddress, SCRATCH_SIZE)
}

/** Reads the value of an attribute from scratch memory. */
export function attributeValue(size: number): Buffer {
  return bytesAt(0, size)
}

/**
 * setxattr(2): sets an extended attribute.
 *
 * @param path the file, or the descriptor of an open one
 * @param attribute the attribute's name, such as 'user.comment': text or bytes
 * @param value the value: any view of memory, of at most XATTR_SIZE_MAX bytes (less on some file systems)
 * @param flags 0, XATTR_CREATE or XATTR_REPLACE
 * @param options `flags` by name; `follow_symlinks`: false for a link itself
 * @throws OSError as the system reports: FileExistsError with XATTR_CREATE, ENODATA with XATTR_REPLACE, EOPNOTSUPP if
 *   the file system does not support such attributes, ENOSPC or E2BIG for a value that is too large, PermissionError
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.setxattr` (path, attribute, value, flags). See setxattr(2), xattr(7); Python,
 * os.setxattr.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.setxattr('folder', 'user.mark', Buffer.from('new'), os.XATTR_REPLACE) // throws OSError
 * ```
 */
export function setxattr(
  path: Path | Descriptor,
  attribute: Path,
  value: ArrayBufferView,
  flags: number,
  options?: FollowSymlinksOption,
): void
export function setxattr(
  path: Path | Descriptor,
  attribute: Path,
  value: ArrayBufferView,
  options?: FollowSymlinksOption & { readonly flags?: number | undefined },
): void
export function setxattr(path: Path | Descriptor, attribute: Path, value: ArrayBufferView, ...rest: unknown[]): void {
  const call = preparedSetxattr(path, attribute, value, ...rest)
  while (set(call) === -1) failed('setxattr', call.file)
}

type Setxattr = Prepared<'setxattr'> | Prepared<'lsetxattr'> | Prepared<'fsetxattr'>

/** Checks and converts the arguments of `setxattr`. */
export function preparedSetxattr(
  path: Path | Descriptor,
  attribute: Path,
  value: ArrayBufferView,
  ...rest: unknown[]
): Setxattr {
  const { flags = 0, follow_symlinks } = optional(['flags'], ['follow_symlinks'], rest)
  const { file, name, follow } = targetOf(path, follow_symlinks)
  const { attribute: given, attributeBytes } = attributeOf(attribute)
  const bits = int(flags, 'flags')
  let data = view(value, 'value')
  if (setxattrEvent.wanted) {
    data = Buffer.from(data)
    setxattrEvent.raise(auditedPath(file, name), auditedPath(given, attributeBytes), ownBytes(data), bits)
  }
  const about = { syscall: 'setxattr', file }
  const size = byteLength(data)
  if (typeof file === 'number')
    return { name: 'fsetxattr', args: [rejectAtFdcwd(file), attributeBytes, data, size, bits], ...about }
  return { name: follow ? 'setxattr' : 'lsetxattr', args: [name, attributeBytes, data, size, bits], ...about }
}

function set(call: Setxattr): number {
  if (call.name === 'fsetxattr') {
    const [fd, attribute, value, size, flags] = call.args
    return libc.fsetxattr(fd, attribute, value, size, flags)
  }
  const [path, attribute, value, size, flags] = call.args
  if (call.name === 'setxattr') return libc.setxattr(path, attribute, value, size, flags)
  return libc.lsetxattr(path, attribute, value, size, flags)
}

/**
 * removexattr(2): removes an extended attribute.
 *
 * @param path the file, or the descriptor of an open one
 * @param attribute the attribute's name: text or bytes
 * @param options `follow_symlinks`: false for a link itself
 * @throws OSError as the system reports: ENODATA if there is no such attribute, EOPNOTSUPP, PermissionError
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.removexattr` (path, attribute). See removexattr(2), xattr(7); Python,
 * os.removexattr.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.removexattr('folder', 'user.none') // throws OSError
 * ```
 */
export function removexattr(
  path: Path | Descriptor,
  attribute: Path,
  options: FollowSymlinksOption = NO_OPTIONS,
): void {
  const call = preparedRemovexattr(path, attribute, options)
  while (removeFrom(call) === -1) failed('removexattr', call.file)
}

type Removexattr = Prepared<'removexattr'> | Prepared<'lremovexattr'> | Prepared<'fremovexattr'>

/** Checks and converts the arguments of `removexattr`. */
export function preparedRemovexattr(
  path: Path | Descriptor,
  attribute: Path,
  options: FollowSymlinksOption = NO_OPTIONS,
): Removexattr {
  const checked = checkOptions(options, ['follow_symlinks'])
  const { file, name, follow } = targetOf(path, checked.follow_symlinks)
  const { attribute: given, attributeBytes } = attributeOf(attribute)
  if (removexattrEvent.wanted) removexattrEvent.raise(auditedPath(file, name), auditedPath(given, attributeBytes))
  const about = { syscall: 'removexattr', file }
  if (typeof file === 'number') return { name: 'fremovexattr', args: [rejectAtFdcwd(file), attributeBytes], ...about }
  return { name: follow ? 'removexattr' : 'lremovexattr', args: [name, attributeBytes], ...about }
}

function removeFrom(call: Removexattr): number {
  if (call.name === 'fremovexattr') return libc.fremovexattr(call.args[0], call.args[1])
  if (call.name === 'removexattr') return libc.removexattr(call.args[0], call.args[1])
  return libc.lremovexattr(call.args[0], call.args[1])
}

/**
 * listxattr(2): returns the names of the extended attributes that the process may see.
 *
 * @param path the file, or the descriptor of an open one; null or undefined for the current directory
 * @param options `path` by name; `follow_symlinks`: false for a link itself
 * @returns the names, always as text
 * @throws OSError as the system reports: FileNotFoundError, PermissionError; E2BIG for more than 64 KiB of names
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.listxattr` (path). See listxattr(2), xattr(7); Python, os.listxattr.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.listxattr('folder').includes('user.none') // => false
 * ```
 */
export function listxattr(path: Path | Descriptor | null, options?: FollowSymlinksOption): string[]
export function listxattr(
  options?: FollowSymlinksOption & { readonly path?: Path | Descriptor | null | undefined },
): string[]
export function listxattr(...given: unknown[]): string[] {
  const call = preparedListxattr(...given)
  let size: number
  while ((size = listInto(call)) === -1) failed('listxattr', call.file)
  return attributeNames(size)
}

type Listxattr = Prepared<'listxattr'> | Prepared<'llistxattr'> | Prepared<'flistxattr'>

/** Checks and converts the arguments of `listxattr`. */
export function preparedListxattr(...given: unknown[]): Listxattr {
  const { path = null, follow_symlinks } = optional(['path'], ['follow_symlinks'], given)
  const { file, name, follow } = targetOf(path ?? '.', follow_symlinks)
  if (listxattrEvent.wanted) listxattrEvent.raise(path === null ? null : auditedPath(file, name))
  const about = { syscall: 'listxattr', file }
  if (typeof file === 'number')
    return { name: 'flistxattr', args: [rejectAtFdcwd(file), scratchAddress, SCRATCH_SIZE], ...about }
  return { name: follow ? 'listxattr' : 'llistxattr', args: [name, scratchAddress, SCRATCH_SIZE], ...about }
}

function listInto(call: Listxattr): number {
  if (call.name === 'flistxattr') return libc.flistxattr(call.args[0], scratchAddress, SCRATCH_SIZE)
  if (call.name === 'listxattr') return libc.listxattr(call.args[0], scratchAddress, SCRATCH_SIZE)
  return libc.llistxattr(call.args[0], scratchAddress, SCRATCH_SIZE)
}

/** Reads the NUL-terminated names of attributes from scratch memory. */
export function attributeNames(size: number): string[] {
  return size === 0 ? [] : decode(scratch.subarray(0, size - 1)).split('\0')
}
