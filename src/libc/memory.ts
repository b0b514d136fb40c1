import { markAsUntransferable } from 'node:worker_threads'
import koffi from './koffi.ts'
import { ownBytes } from './own_bytes.ts'
import { decode } from './strings.ts'

/**
 * Memory that synchronous calls let C write into. Every thread loads this module for itself, and a synchronous call
 * cannot be interrupted by JavaScript, so one block for each thread is enough: a call fills it, and its caller reads it
 * immediately.
 *
 * It is passed by address, as a number, which koffi converts faster than a buffer (docs/performance.md, "Measured
 * decisions"). The address is valid as long as `scratch` is reachable, which this module ensures. `allocUnsafeSlow` is
 * used because other small buffers may be on V8's heap, where they move.
 */
export const SCRATCH_SIZE = 65536
/** The total size of the memory for `ownMemory`. */
const OWN_SIZE = 16384 + SCRATCH_SIZE
const block = Buffer.allocUnsafeSlow(SCRATCH_SIZE + OWN_SIZE)
export const scratch: Buffer<ArrayBuffer> = block.subarray(0, SCRATCH_SIZE)
export const scratchAddress: number = addressOf(scratch)
let taken = SCRATCH_SIZE

// These are not exported, and so constant to V8's compiler: access through an import is slower.
const u16 = new Uint16Array(scratch.buffer)
const u32 = new Uint32Array(scratch.buffer)
const i64 = new BigInt64Array(scratch.buffer)
const u64 = new BigUint64Array(scratch.buffer)

/** The address of a buffer's first byte. The caller must keep the buffer reachable while C may use the address. */
export function addressOf(buffer: Uint8Array): number {
  return Number(koffi.address(buffer))
}

/** Whether mmap(2) has succeeded: on failure it returns the highest address, which is no number of JavaScript. */
export function isAddress(result: number | bigint): result is number {
  return typeof result === 'number' && result > 0
}

/**
 * An ArrayBuffer over memory of C, which must stay there: nothing detaches it. It cannot be posted to a worker.
 *
 * @throws Error where the runtime does not allow such views (V8's sandbox)
 */
export function viewOf(address: number, size: number): ArrayBuffer {
  const memory = koffi.view(BigInt(address), size)
  // Node and Bun refuse to transfer it without the mark. From 21 on Node aborts at exit if it has it: the mark is a key,
  // without which it cannot detach the ArrayBuffer then.
  if (process.versions.deno !== undefined) markAsUntransferable(memory)
  return memory
}

/**
 * Allocates zeroed memory that one module owns permanently, for data that has to outlive the next call. It is part of
 * the scratch buffer, and so is never freed. A module's own buffer could be garbage collected if its functions used
 * only the address, since neither V8 nor a bundler keeps an unused reference, and C would then write to freed memory.
 */
export function ownMemory(size: number): Buffer<ArrayBuffer> {
  const start = taken
  taken += (size + 15) & ~15
  if (taken > block.length) throw new RangeError('OWN_SIZE is too small')
  return block.subarray(start, start + size).fill(0)
}

// Values at a byte offset in scratch memory. The offset must be a multiple of the value's size.

export function uint16At(offset: number): number {
  return u16[offset >> 1] as number
}

export function uint32At(offset: number): number {
  return u32[offset >> 2] as number
}

export function int32At(offset: number): number {
  return (u32[offset >> 2] as number) | 0
}

export function bigUint64At(offset: number): bigint {
  return u64[offset >> 3] as bigint
}

export function bigInt64At(offset: number): bigint {
  return i64[offset >> 3] as bigint
}

/** An unsigned 64-bit integer as a number. Throws a RangeError where a number cannot represent it exactly. */
export function uint64At(offset: number, what: string): number {
  const value = uint32At(offset + 4) * 0x1_0000_0000 + uint32At(offset)
  if (value > Number.MAX_SAFE_INTEGER) throw new RangeError(`${what} is beyond what a number can hold exactly`)
  return value
}

/** A timespec, in nanoseconds. */
export function timespecAt(offset: number): bigint {
  return bigInt64At(offset) * 1_000_000_000n + BigInt(uint32At(offset + 8))
}

/**
 * Writes an unsigned 64-bit integer that a number represents exactly, such as an address or a size: a bigint is slower.
 */
export function putUint64(offset: number, value: number): void {
  u32[offset >> 2] = value
  u32[(offset >> 2) + 1] = value / 0x1_0000_0000
}

export function putBigInt64(offset: number, value: bigint): void {
  i64[offset >> 3] = value
}

/** The largest result for which a copy from scratch memory is no slower than a separate buffer for the call. */
export const SMALL_RESULT = 8192

/** Copies bytes of scratch memory. */
export function bytesAt(offset: number, size: number): Buffer<ArrayBuffer> {
  return ownBytes(scratch, offset, offset + size)
}

/** A C string in a field of `size` bytes, which need not end in NUL. */
export function textAt(offset: number, size: number): string {
  const field = scratch.subarray(offset, offset + size)
  const end = field.indexOf(0)
  return decode(end === -1 ? field : field.subarray(0, end))
}
