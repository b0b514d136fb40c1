import { type Address, libc } from './functions.ts'
import { addressOf } from './memory.ts'

/**
 * Copies a string that belongs to C, without its NUL. koffi would decode it, and lose bytes that are not UTF-8.
 *
 * The address must be that of a C string, which is not checked.
 */
export function bytesOfString(string: Address): Buffer<ArrayBuffer> {
  const size = libc.strlen(string)
  const copy = Buffer.allocUnsafeSlow(size)
  if (size > 0) libc.memcpy(addressOf(copy), string, size)
  return copy
}
