import type { Int64 } from '../../libc/functions.ts'

/** How much is read at once, and what becomes of memory that was not filled. */

/** What one call may move on Linux (MAX_RW_COUNT); asking for more means this much. */
const MOST_BYTES = 0x7fff_f000

/** A count that one call can move. */
export function atMost(count: Int64): number {
  return count > MOST_BYTES ? MOST_BYTES : Number(count)
}

/** The part that was filled. A short read must not keep all that memory alive. */
export function trimmed(buffer: Buffer<ArrayBuffer>, size: number): Buffer<ArrayBuffer> {
  return size > buffer.length / 2 ? buffer.subarray(0, size) : Buffer.from(buffer.subarray(0, size))
}
