import { AuditEvent } from '../audit.ts'
import { failed } from '../libc/call.ts'
import { constants } from '../libc/facts.ts'
import { type CString, libc } from '../libc/functions.ts'
import { address, bytes, SCRATCH_SIZE } from '../libc/memory.ts'
import { decode } from '../libc/strings.ts'
import {
  bool,
  byteLength,
  checkOptions,
  cString,
  type Descriptor,
  fileNameOrFd,
  int,
  NO_OPTIONS,
  optional,
  view,
} from './arguments.ts'
import { type FollowSymlinksOption, refuseWithFd } from './metadata.ts'
import { type FileName, fileName, type Path } from './names.ts'

/** The largest value of an attribute, in bytes. */
export const XATTR_SIZE_MAX: number = constants.XATTR_SIZE_MAX
/** Flag of `setxattr`: make the attribute, and refuse one that is there. */
export const XATTR_CREATE: number = constants.XATTR_CREATE
/** Flag of `setxattr`: replace the attribute, and refuse one that is not there. */
export const XATTR_REPLACE: number = constants.XATTR_REPLACE

const getxattrEvent = new AuditEvent('os.getxattr')
const listxattrEvent = new AuditEvent('os.listxattr')
const removexattrEvent = new AuditEvent('os.removexattr')
const setxattrEvent = new AuditEvent('os.setxattr')

/** Whose attributes: those of a path, of a symbolic link itself, or of an open file. */
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
  refuseWithFd({ follow_symlinks: follow })
  return { file, name: '', follow }
}

function attributeName(attribute: unknown): CString {
  return cString(fileName(attribute, 'attribute'), 'attribute')
}

/**
 * getxattr(2): the value of an extended attribute.
 *
 * @param path the file, or the descriptor of an open one
 * @param attribute the attribute's name, such as 'user.comment': text or bytes
 * @param options `follow_symlinks`: false for a link itself
 * @returns the value
 * @throws OSError as the system says: ENODATA where there is no such attribute, EOPNOTSUPP where the file system has
 *   none, FileNotFoundError
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.getxattr` (path, attribute). See getxattr(2), xattr(7); Python, os.getxattr.
 */
export function getxattr(path: Path | Descriptor, attribute: Path, options: FollowSymlinksOption = NO_OPTIONS): Buffer {
  checkOptions(options, ['follow_symlinks'])
  const target = targetOf(path, options.follow_symlinks)
  const name = attributeName(attribute)
  if (getxattrEvent.wanted) getxattrEvent.raise(path, attribute)
  let size: number
  // No value is larger than the scratch memory: the kernel would say E2BIG of it.
  while ((size = getInto(target, name)) === -1) failed('getxattr', target.file)
  return Buffer.from(bytes.subarray(0, size))
}

function getInto({ file, name, follow }: Target, attribute: CString): number {
  if (typeof file === 'number') return libc.fgetxattr(file, attribute, address, SCRATCH_SIZE)
  if (follow) return libc.getxattr(name, attribute, address, SCRATCH_SIZE)
  return libc.lgetxattr(name, attribute, address, SCRATCH_SIZE)
}

/**
 * setxattr(2): sets an extended attribute.
 *
 * @param path the file, or the descriptor of an open one
 * @param attribute the attribute's name, such as 'user.comment': text or bytes
 * @param value the value: any view of memory, of at most XATTR_SIZE_MAX bytes, or fewer on some file systems
 * @param flags 0, XATTR_CREATE or XATTR_REPLACE
 * @param options `flags` by name; `follow_symlinks`: false for a link itself
 * @throws OSError as the system says: FileExistsError with XATTR_CREATE, ENODATA with XATTR_REPLACE, EOPNOTSUPP where
 *   the file system has no such attributes, ENOSPC or E2BIG for a value that is too large, PermissionError
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.setxattr` (path, attribute, value, flags). See setxattr(2), xattr(7); Python,
 * os.setxattr.
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
  options?: FollowSymlinksOption & { readonly flags?: number },
): void
export function setxattr(path: Path | Descriptor, attribute: Path, value: ArrayBufferView, ...rest: unknown[]): void {
  const { flags = 0, follow_symlinks } = optional(['flags'], ['follow_symlinks'], rest)
  const target = targetOf(path, follow_symlinks)
  const [name, data, bits] = [attributeName(attribute), view(value, 'value'), int(flags, 'flags')]
  if (setxattrEvent.wanted) setxattrEvent.raise(path, attribute, value, bits)
  while (set(target, name, data, bits) === -1) failed('setxattr', target.file)
}

function set({ file, name, follow }: Target, attribute: CString, value: Uint8Array, flags: number): number {
  const size = byteLength(value)
  if (typeof file === 'number') return libc.fsetxattr(file, attribute, value, size, flags)
  if (follow) return libc.setxattr(name, attribute, value, size, flags)
  return libc.lsetxattr(name, attribute, value, size, flags)
}

/**
 * removexattr(2): removes an extended attribute.
 *
 * @param path the file, or the descriptor of an open one
 * @param attribute the attribute's name: text or bytes
 * @param options `follow_symlinks`: false for a link itself
 * @throws OSError as the system says: ENODATA where there is no such attribute, EOPNOTSUPP, PermissionError
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.removexattr` (path, attribute). See removexattr(2), xattr(7); Python,
 * os.removexattr.
 */
export function removexattr(
  path: Path | Descriptor,
  attribute: Path,
  options: FollowSymlinksOption = NO_OPTIONS,
): void {
  checkOptions(options, ['follow_symlinks'])
  const target = targetOf(path, options.follow_symlinks)
  const name = attributeName(attribute)
  if (removexattrEvent.wanted) removexattrEvent.raise(path, attribute)
  while (removeFrom(target, name) === -1) failed('removexattr', target.file)
}

function removeFrom({ file, name, follow }: Target, attribute: CString): number {
  if (typeof file === 'number') return libc.fremovexattr(file, attribute)
  return follow ? libc.removexattr(name, attribute) : libc.lremovexattr(name, attribute)
}

/**
 * listxattr(2): the names of the extended attributes, as far as they may be seen.
 *
 * @param path the file, or the descriptor of an open one; null or nothing for the current directory
 * @param options `path` by name; `follow_symlinks`: false for a link itself
 * @returns the names, always as text
 * @throws OSError as the system says: FileNotFoundError, PermissionError; E2BIG for more than 64 KiB of names
 * @throws RangeError for `follow_symlinks: false` together with a descriptor
 *
 * Availability: Linux. Audit event: `os.listxattr` (path). See listxattr(2), xattr(7); Python, os.listxattr.
 */
export function listxattr(path: Path | Descriptor | null, options?: FollowSymlinksOption): string[]
export function listxattr(options?: FollowSymlinksOption & { readonly path?: Path | Descriptor | null }): string[]
export function listxattr(...given: unknown[]): string[] {
  const { path = null, follow_symlinks } = optional(['path'], ['follow_symlinks'], given)
  const target = targetOf(path ?? '.', follow_symlinks)
  if (listxattrEvent.wanted) listxattrEvent.raise(path)
  let size: number
  while ((size = listInto(target)) === -1) failed('listxattr', target.file)
  // Each name ends with a NUL.
  return size === 0 ? [] : decode(bytes.subarray(0, size - 1)).split('\0')
}

function listInto({ file, name, follow }: Target): number {
  if (typeof file === 'number') return libc.flistxattr(file, address, SCRATCH_SIZE)
  return follow ? libc.listxattr(name, address, SCRATCH_SIZE) : libc.llistxattr(name, address, SCRATCH_SIZE)
}
