import type { Int64 } from '../../libc/functions.ts'

/** Limits of one transfer. */

/**
 * The largest transfer of one call on Linux (MAX_RW_COUNT in include/linux/fs.h); the kernel reduces larger counts to
 * it.
 */
const MAX_BYTES = 0x7fff_f000

/** Limits a count to what one call can transfer. */
export function clampCount(count: Int64): number {
  return count > MAX_BYTES ? MAX_BYTES : Number(count)
}
