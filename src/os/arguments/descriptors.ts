import { outOfRange, refusePromise, wrongType } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { has } from '../../properties.ts'
import { int } from './numbers.ts'

/**
 * A descriptor: its number, or an object with a property `fd` (Node's FileHandle and streams) or a method `fileno()`.
 */
export type Descriptor = number | { readonly fd: number } | { fileno(): number }

export function isDescriptorObject(value: unknown): value is { fd?: unknown; fileno?: unknown } {
  if (typeof value !== 'object' || value === null) return false
  // V8 looks up constant names faster than the names that `has` gets.
  return ('fd' in value || 'fileno' in value) && (has(value, 'fd') || has(value, 'fileno'))
}

/** Converts a descriptor to its number. The system checks whether it is open (EBADF). */
export function descriptor(value: unknown, name: string): number {
  if (typeof value === 'number') return int(value, name)
  if (isDescriptorObject(value)) {
    const number: unknown = typeof value.fileno === 'function' ? value.fileno() : value.fd
    if (typeof number === 'number') return int(number, name)
    refusePromise(number, `${name}.fileno`)
  }
  throw wrongType(name, 'a descriptor: a number, or an object with a numeric "fd" or a "fileno" method', value)
}

/** Like `descriptor`, for calls for which CPython rejects negative numbers before the system call. */
export function nonNegativeFd(value: unknown, name: string): number {
  const fd = descriptor(value, name)
  if (fd < 0) throw outOfRange(name, 'a descriptor >= 0', value)
  return fd
}

/** Converts `dir_fd`, the directory that a relative path starts from; AT_FDCWD by default. */
export function dirFd(value: unknown, name = 'dir_fd'): number {
  return value === undefined || value === null ? constants.AT_FDCWD : descriptor(value, name)
}
