import { corrupt } from './failure.ts'
import type { Flash } from './flash.ts'

/**
 * The blocks of a file, a reversed skip list ("CTZ skip list"): the last block is known, and each block except the
 * first begins with pointers to earlier ones. Block n has one pointer more than n has trailing zero bits; pointer x
 * leads 2^x blocks back.
 */
export interface Chain {
  /** The last block. */
  readonly head: number
  /** Bytes in the file. */
  readonly size: number
}

const POINTER = 4

/** The number of pointers at the start of a block. */
export function pointersIn(index: number): number {
  return index === 0 ? 0 : 32 - Math.clz32(index & -index)
}

function bitCount(value: number): number {
  let count = 0
  for (let rest = value; rest !== 0; rest &= rest - 1) count++
  return count
}

/** The number of the file's bytes in the blocks before the one with this index. */
function bytesBefore(index: number, blockSize: number): number {
  // Blocks 1 to n have 2n - popcount(n) pointers together; block 0 has none.
  return index === 0 ? 0 : index * blockSize - POINTER * (2 * (index - 1) - bitCount(index - 1))
}

/** The block index and the offset in the block of a position. */
export function locate(position: number, blockSize: number): { index: number; offset: number } {
  // A block has fewer than two pointers on average.
  let index = Math.floor(position / (blockSize - 2 * POINTER))
  while (bytesBefore(index, blockSize) > position) index--
  const offset = position - bytesBefore(index, blockSize) + POINTER * pointersIn(index)
  return { index, offset }
}

/** The number of blocks of a file of this size. */
export function blocksOf(size: number, blockSize: number): number {
  return size === 0 ? 0 : locate(size - 1, blockSize).index + 1
}

/**
 * Finds the blocks of a chain. It remembers the blocks that it has passed, so that sequential reading needs few
 * pointers.
 */
export class ChainReader {
  readonly #flash: Flash
  readonly chain: Chain
  /** The blocks passed on the way to the last block searched for, with falling index. */
  readonly #passedBlocks: { index: number; block: number }[] = []

  /** @throws Failure EILSEQ for a chain longer than the device */
  constructor(flash: Flash, chain: Chain) {
    const blocks = blocksOf(chain.size, flash.blockSize)
    if (blocks > flash.blockCount) throw corrupt()
    this.#flash = flash
    this.chain = chain
    if (blocks > 0) this.#passedBlocks.push({ index: blocks - 1, block: this.#checked(chain.head) })
  }

  /** The block with an index. */
  block(index: number): number {
    while (this.#passedBlocks.length > 1 && (this.#passedBlocks.at(-1)?.index ?? 0) < index) this.#passedBlocks.pop()
    let step = this.#passedBlocks.at(-1)
    if (step === undefined || step.index < index) throw corrupt()
    while (step.index > index) {
      const skip: number = Math.min(31 - Math.clz32(step.index - index), pointersIn(step.index) - 1)
      const block: number = this.#checked(this.#flash.readUInt32(step.block, POINTER * skip))
      step = { index: step.index - 2 ** skip, block }
      this.#passedBlocks.push(step)
    }
    return step.block
  }

  /** Reads from a position up to the end of its block, or until `into` is full. */
  read(position: number, into: Uint8Array): number {
    const { index, offset } = locate(position, this.#flash.blockSize)
    const size = Math.min(into.length, this.#flash.blockSize - offset, this.chain.size - position)
    this.#flash.read(this.block(index), offset, into.subarray(0, size))
    return size
  }

  /** Calls `visit` with every block. */
  visit(visit: (block: number) => void): void {
    let index = blocksOf(this.chain.size, this.#flash.blockSize) - 1
    if (index < 0) return
    let block = this.#checked(this.chain.head)
    visit(block)
    const pointers = Buffer.allocUnsafeSlow(2 * POINTER)
    while (index > 0) {
      // A block with an even index has at least two pointers, so every other block need not be read.
      const count = index % 2 === 0 ? 2 : 1
      this.#flash.read(block, 0, pointers.subarray(0, count * POINTER))
      for (let at = 0; at < count; at++) {
        block = this.#checked(pointers.readUInt32LE(at * POINTER))
        visit(block)
      }
      index -= count
    }
  }

  /** The pointers for a new block after the last one, which is full. */
  pointersAfter(): Buffer {
    const index = blocksOf(this.chain.size, this.#flash.blockSize)
    const count = pointersIn(index)
    const pointers = Buffer.alloc(count * POINTER)
    let block = this.chain.head
    for (let at = 0; at < count; at++) {
      if (at > 0) block = this.#checked(this.#flash.readUInt32(block, (at - 1) * POINTER))
      pointers.writeUInt32LE(block, at * POINTER)
    }
    return pointers
  }

  #checked(block: number): number {
    if (block >= this.#flash.blockCount) throw corrupt()
    return block
  }
}
