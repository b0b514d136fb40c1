import { outOfRange, wrongType } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { int } from './numbers.ts'

/** A descriptor: its number, or what has one in `fd` (Node's FileHandle and streams) or gives one by `fileno()`. */
export type Descriptor = number | { readonly fd: number } | { fileno(): number }

export function isDescriptorObject(value: unknown): value is { fd?: unknown; fileno?: unknown } {
  return typeof value === 'object' && value !== null && ('fd' in value || 'fileno' in value)
}

/** A descriptor's number. Whether it is open is the system's to say (EBADF). */
export function descriptor(value: unknown, name: string): number {
  if (typeof value === 'number') return int(value, name)
  if (isDescriptorObject(value)) {
    const number: unknown = typeof value.fileno === 'function' ? value.fileno() : value.fd
    if (typeof number === 'number') return int(number, name)
  }
  throw wrongType(name, 'a descriptor: a number, or an object with a numeric "fd" or a "fileno" method', value)
}

/** The same, where -1 is refused before the system is asked, as CPython does for these calls. */
export function nonNegativeFd(value: unknown, name: string): number {
  const fd = descriptor(value, name)
  if (fd < 0) throw outOfRange(name, 'a descriptor >= 0', value)
  return fd
}

/** The directory that a relative path starts from: `dir_fd`, or the current directory. */
export function dirFd(value: unknown, name = 'dir_fd'): number {
  return value === undefined || value === null ? constants.AT_FDCWD : descriptor(value, name)
}
