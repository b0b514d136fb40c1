import koffi from './koffi.ts'
import { decode } from './strings.ts'

/**
 * Memory that synchronous calls let C write into. Every thread loads this module for itself, and JavaScript does not
 * interrupt a synchronous call, so one block per thread is enough: a call fills it, and its caller reads it at once.
 *
 * It is passed by address, as a number: koffi takes that 40 ns faster than a buffer. The address is sound for as long
 * as `bytes` is reachable, and a module never lets go of it. `allocUnsafeSlow` because small buffers of other kinds
 * may live on V8's heap, where they move.
 */
export const SCRATCH_SIZE = 65536
/** What `ownMemory` has to give. */
const OWN_SIZE = 16384 + SCRATCH_SIZE
const block = Buffer.allocUnsafeSlow(SCRATCH_SIZE + OWN_SIZE)
export const scratch: Buffer<ArrayBuffer> = block.subarray(0, SCRATCH_SIZE)
export const scratchAddress: number = addressOf(scratch)
let taken = SCRATCH_SIZE

// Not exported, and so constant to V8's compiler: through an import each access costs more, and `os.stat` 60 ns.
const u16 = new Uint16Array(scratch.buffer)
const u32 = new Uint32Array(scratch.buffer)
const i64 = new BigInt64Array(scratch.buffer)
const u64 = new BigUint64Array(scratch.buffer)

/** Where a buffer's first byte is. The caller must keep the buffer reachable while C may use the address. */
export function addressOf(buffer: Uint8Array): number {
  return Number(koffi.address(buffer))
}

/**
 * Zeroed memory that belongs to one module for good, for what has to outlive the next call. It lies behind the scratch
 * memory, and so is never freed. A buffer of the module's own would be, if all that its functions use were the address:
 * nothing refers to the buffer then, for V8 as for a bundler, and C would write to memory that is somebody else's.
 */
export function ownMemory(size: number): Buffer<ArrayBuffer> {
  const start = taken
  taken += (size + 15) & ~15
  if (taken > block.length) throw new RangeError('OWN_SIZE is too small')
  return block.subarray(start, start + size).fill(0)
}

// What stands at a byte offset in scratch memory, which must be a multiple of the size.

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

/** A 64-bit integer without a sign as a number: RangeError where a number cannot hold it exactly. */
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
 * A 64-bit integer without a sign that a number holds exactly, such as an address or a size: bigints would take longer.
 */
export function putUint64(offset: number, value: number): void {
  u32[offset >> 2] = value
  u32[(offset >> 2) + 1] = value / 0x1_0000_0000
}

export function putBigInt64(offset: number, value: bigint): void {
  i64[offset >> 3] = value
}

/** A C string of at most `size` bytes, where it need not end in NUL. */
export function textAt(offset: number, size: number): string {
  const field = scratch.subarray(offset, offset + size)
  const end = field.indexOf(0)
  return decode(end === -1 ? field : field.subarray(0, end))
}
