/** Simulated flash memory: after a block has been erased, each unit of it can be programmed once. */

import assert from 'node:assert/strict'
import type { vfs } from 'osier/micropython'

/** A write: a block erased, or a unit programmed. */
export type FlashWrite =
  | { readonly kind: 'erase'; readonly block: number }
  | { readonly kind: 'program'; readonly at: number; readonly data: Buffer }

const EILSEQ = 84

export interface FlashOptions {
  readonly blockSize: number
  readonly blocks: number
  /** Bytes in a unit. */
  readonly unit: number
}

export class FlashMemory implements vfs.BlockDevice {
  readonly data: Buffer
  readonly writes: FlashWrite[] = []
  readonly #options: FlashOptions
  readonly #programmed: Uint8Array
  /** Bad blocks, and how they fail. */
  readonly bad: Map<number, 'silent' | 'says so on erase' | 'says so on program'> = new Map()
  /** The number of writes that succeed before all calls fail, and the error. */
  left: number = Number.POSITIVE_INFINITY

  constructor(options: FlashOptions) {
    this.#options = options
    this.data = Buffer.alloc(options.blockSize * options.blocks, 0xff)
    this.#programmed = new Uint8Array(this.data.length / options.unit)
  }

  #position(block: number, offset: number, size: number): number {
    const { blockSize, blocks, unit } = this.#options
    assert.ok(block >= 0 && block < blocks && offset + size <= blockSize, 'within one block of the device')
    assert.ok(offset % unit === 0 && size % unit === 0, 'in whole units')
    return block * blockSize + offset
  }

  readblocks(block: number, buffer: Uint8Array, offset = 0): number {
    if (this.left <= 0) return -5
    const at = this.#position(block, offset, buffer.length)
    buffer.set(this.data.subarray(at, at + buffer.length))
    return 0
  }

  writeblocks(block: number, buffer: Uint8Array, offset = 0): number {
    const { unit } = this.#options
    const start = this.#position(block, offset, buffer.length)
    for (let done = 0; done < buffer.length; done += unit) {
      if (this.left-- <= 0) return -5
      const at = start + done
      if (this.bad.get(block) === 'says so on program') return -EILSEQ
      if (this.bad.has(block)) continue
      assert.equal(this.#programmed[at / unit], 0, `the unit at ${at} is erased`)
      this.#programmed[at / unit] = 1
      const data = Buffer.from(buffer.subarray(done, done + unit))
      this.writes.push({ kind: 'program', at, data })
      this.data.set(data, at)
    }
    return 0
  }

  ioctl(op: number, arg: number): number | null {
    const { blockSize, blocks, unit } = this.#options
    if (op === 4) return blocks
    if (op === 5) return blockSize
    if (op !== 6) return 0
    if (this.left-- <= 0) return -5
    if (this.bad.get(arg) === 'says so on erase') return -EILSEQ
    const at = this.#position(arg, 0, blockSize)
    this.writes.push({ kind: 'erase', block: arg })
    this.data.fill(0xff, at, at + blockSize)
    this.#programmed.fill(0, at / unit, (at + blockSize) / unit)
    return 0
  }
}

/** Does to an image what was done to the memory. @param part how much of a unit is programmed: all of it, or half */
export function replay(image: Buffer, write: FlashWrite, blockSize: number, part = 1): void {
  if (write.kind === 'erase') image.fill(0xff, write.block * blockSize, (write.block + part) * blockSize)
  else image.set(write.data.subarray(0, write.data.length * part), write.at)
}
