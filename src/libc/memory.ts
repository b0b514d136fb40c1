import koffi from 'koffi'

/**
 * Memory that synchronous calls let C write into. Every thread loads this module for itself, and JavaScript does not
 * interrupt a synchronous call, so one block per thread is enough: a call fills it, and its caller reads it at once.
 *
 * It is passed by address, as a number: koffi takes that 40 ns faster than a buffer. The address is sound for as long
 * as `bytes` is reachable, and a module never lets go of it. `allocUnsafeSlow` because small buffers of other kinds
 * may live on V8's heap, where they move.
 */
export const SCRATCH_SIZE = 65536
export const bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(SCRATCH_SIZE)
export const address: number = addressOf(bytes)

export const u16: Uint16Array = new Uint16Array(bytes.buffer)
export const i32: Int32Array = new Int32Array(bytes.buffer)
export const u32: Uint32Array = new Uint32Array(bytes.buffer)
export const i64: BigInt64Array = new BigInt64Array(bytes.buffer)
export const u64: BigUint64Array = new BigUint64Array(bytes.buffer)

/** Where a buffer's first byte is. The caller must keep the buffer reachable while C may use the address. */
export function addressOf(buffer: Uint8Array): number {
  return Number(koffi.address(buffer))
}

/** The unsigned 64-bit integer at a multiple of eight, as a number: RangeError where a number cannot hold it. */
export function uint64At(offset: number, what: string): number {
  const value = (u32[(offset >> 2) + 1] ?? 0) * 0x1_0000_0000 + (u32[offset >> 2] ?? 0)
  if (value > Number.MAX_SAFE_INTEGER) throw new RangeError(`${what} is beyond what a number can hold exactly`)
  return value
}
