import { type Address, libc } from './functions.ts'
import { addressOf } from './memory.ts'

/**
 * A copy of a string that belongs to C, without its NUL. koffi would decode it, and lose what is not UTF-8.
 *
 * The address must be that of a string: nothing here could tell.
 */
export function bytesOfString(string: Address): Buffer<ArrayBuffer> {
  const size = libc.strlen(string)
  const copy = Buffer.allocUnsafeSlow(size)
  if (size > 0) libc.memcpy(addressOf(copy), string, size)
  return copy
}
