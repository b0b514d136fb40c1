import type { Allocator } from './allocator.ts'
import { type Chain, ChainReader, locate, pointersIn } from './ctz.ts'
import { BadBlock, Failure } from './failure.ts'
import type { Flash } from './flash.ts'

/**
 * Writes a file from a position on. Blocks of the old contents before that are shared, everything after goes to new
 * blocks: the file is unchanged until the metadata refers to these.
 */
export class ChainWriter {
  readonly #flash: Flash
  readonly #allocator: Allocator
  /** The completed blocks. */
  #chain: Chain
  /** The block being filled: null where the last one is full. */
  #block: Buffer | null = null
  #offset = 0
  /** The position in the file of the next byte. */
  #end: number

  constructor(flash: Flash, allocator: Allocator, old: ChainReader | null, position: number) {
    this.#flash = flash
    this.#allocator = allocator
    this.#end = position
    if (old === null || position === 0) {
      this.#chain = { head: 0, size: 0 }
      return
    }
    const { index, offset } = locate(position, flash.blockSize)
    const data = offset - 4 * pointersIn(index)
    this.#chain = { head: index === 0 ? 0 : old.block(index - 1), size: position - data }
    if (data > 0) this.#copy(old.block(index), offset)
  }

  #copy(block: number, size: number): void {
    this.#block = Buffer.alloc(this.#flash.blockSize, 0xff)
    this.#flash.read(block, 0, this.#block.subarray(0, size))
    this.#offset = size
  }

  /** The position in the file of the next byte. */
  get end(): number {
    return this.#end
  }

  write(data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      const block = this.#current()
      const size = Math.min(data.length - done, block.length - this.#offset)
      block.set(data.subarray(done, done + size), this.#offset)
      done += size
      this.#offset += size
      this.#end += size
      if (this.#offset === block.length) this.#complete(block)
    }
  }

  #current(): Buffer {
    if (this.#block !== null) return this.#block
    const pointers = new ChainReader(this.#flash, this.#chain).pointersAfter()
    if (pointers.length >= this.#flash.blockSize) throw new Failure('EFBIG')
    const block = Buffer.alloc(this.#flash.blockSize, 0xff)
    block.set(pointers)
    this.#block = block
    this.#offset = pointers.length
    return block
  }

  /** Stores the data. @returns the blocks of the file, the last of which must not be appended to */
  finish(): Chain {
    if (this.#block !== null) this.#complete(this.#block.subarray(0, this.#flash.aligned(this.#offset)))
    return this.#chain
  }

  #complete(block: Buffer): void {
    // All allocated blocks are part of the chain now.
    this.#allocator.checkpoint()
    this.#chain = { head: this.#store(block), size: this.#end }
    this.#block = null
  }

  #store(data: Buffer): number {
    for (;;) {
      const block = this.#allocator.allocate()
      try {
        this.#flash.erase(block)
        this.#flash.program(block, 0, data)
        return block
      } catch (error) {
        if (!(error instanceof BadBlock)) throw error
      }
    }
  }

  /** Calls `visit` with every completed block. */
  visit(visit: (block: number) => void): void {
    if (this.#chain.size > 0) new ChainReader(this.#flash, this.#chain).visit(visit)
  }
}
