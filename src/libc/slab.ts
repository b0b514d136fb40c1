import { markAsUntransferable } from 'node:worker_threads'
import { addressOf } from './memory.ts'

/**
 * Memory for small results, shared as Node's buffer pool is: allocating a separate Buffer of 4 KiB costs more than
 * reading 4 KiB. A call writes at `slabAddress(size)`, and `slabTake(used)` returns the bytes written; the rest serves
 * the next call.
 */

// After the first block of this size is freed, glibc raises its mmap threshold and reuses such blocks, so the kernel
// does not have to allocate and clear pages. A smaller size, or a buffer for each result, makes reads slower
// (docs/performance.md, "Measured decisions").
const SLAB_SIZE = 131072

/** The largest piece that is taken from the slab: larger ones would waste too much of it. */
export const SLAB_PIECE: number = SLAB_SIZE / 16

let slab = newSlab()
let start = addressOf(slab)
let used = 0

function newSlab(): Buffer<ArrayBuffer> {
  // Cleared: a result exposes all of it, and the memory may have held anything before. This takes less time than can be
  // measured beside the system calls that fill it.
  const memory = Buffer.alloc(SLAB_SIZE)
  // A result exposes the ArrayBuffer that all results share. Transferring it to a worker would detach all of them.
  markAsUntransferable(memory.buffer)
  return memory
}

/** The address at which the next `size` bytes (at most SLAB_PIECE) may be written. */
export function slabAddress(size: number): number {
  // If it is detached nevertheless (`buffer.transfer()`), its length is 0, and its memory must not be written to.
  if (used + size > slab.length) {
    slab = newSlab()
    start = addressOf(slab)
    used = 0
  }
  return start + used
}

/**
 * The class with which Node creates Buffers without checking arguments. `Buffer.prototype.subarray` also uses it, but
 * is slower.
 */
const PlainBuffer: new (memory: ArrayBuffer, start: number, length: number) => Buffer<ArrayBuffer> =
  Reflect.get(Buffer, Symbol.species) ?? Buffer

/** Takes the first `size` bytes that were written there. */
export function slabTake(size: number): Buffer<ArrayBuffer> {
  const from = used
  // The next piece starts at a multiple of eight, which typed arrays over it may need.
  used += (size + 7) & ~7
  return new PlainBuffer(slab.buffer, from, size)
}
