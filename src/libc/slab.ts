import { markAsUntransferable } from 'node:worker_threads'
import { addressOf } from './memory.ts'

/**
 * Memory for small results, shared as Node's own pool is: a Buffer of 4 KiB of its own costs more than reading 4 KiB.
 * A call writes at `slabAddress(size)`, and `slabTake(used)` gives what it wrote; the rest serves the next call.
 */

// glibc gives blocks of this size back to the kernel once, and from then on keeps them for the next: the kernel then
// has no pages to find and clear. Half as much, or a buffer for each result, and a read of 4 KiB takes half as long
// again.
const SLAB_SIZE = 131072

/** The largest piece that comes from the slab: larger ones would waste too much of it. */
export const SLAB_PIECE: number = SLAB_SIZE / 16

let slab = newSlab()
let start = addressOf(slab)
let used = 0

function newSlab(): Buffer<ArrayBuffer> {
  const memory = Buffer.allocUnsafeSlow(SLAB_SIZE)
  // A program that has one result has the ArrayBuffer of all. Sent to a worker it would be gone, here and for the
  // others.
  markAsUntransferable(memory.buffer)
  return memory
}

/** Where the next `size` bytes (at most SLAB_PIECE) may be written. */
export function slabAddress(size: number): number {
  // Detached all the same (`buffer.transfer()`), it has no length, and its address is no longer ours to write to.
  if (used + size > slab.length) {
    slab = newSlab()
    start = addressOf(slab)
    used = 0
  }
  return start + used
}

/**
 * The class that Node makes Buffers with, without looking at arguments first: its `subarray` gets there by this way,
 * and takes three times as long.
 */
const PlainBuffer: new (memory: ArrayBuffer, start: number, length: number) => Buffer<ArrayBuffer> =
  Reflect.get(Buffer, Symbol.species) ?? Buffer

/** The first `size` bytes that were written there. */
export function slabTake(size: number): Buffer<ArrayBuffer> {
  const from = used
  // The next piece starts at a multiple of eight, as a typed array over it might want.
  used += (size + 7) & ~7
  return new PlainBuffer(slab.buffer, from, size)
}
