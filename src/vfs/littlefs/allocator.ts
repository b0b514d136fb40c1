import { Failure } from './failure.ts'

/** Calls `visit` with every block in use, perhaps more than once. */
export type UsedBlocks = (visit: (block: number) => void) => void

/**
 * Finds free blocks. The disk has no list of free blocks: all metadata is read to find the used blocks in a window. The
 * window moves around the device, so that all blocks wear evenly.
 */
export class Allocator {
  readonly #blockCount: number
  readonly #used: UsedBlocks
  readonly #window: Uint8Array
  #windowStart = 0
  #windowSize = 0
  /** The index in the window at which the next search starts. */
  #next = 0
  /** How many blocks remain to be examined before the whole device has been searched. */
  #left = 0

  /** @param windowSize the number of blocks in the window */
  constructor(blockCount: number, windowSize: number, used: UsedBlocks) {
    this.#blockCount = blockCount
    this.#used = used
    this.#window = new Uint8Array(Math.min(windowSize, blockCount))
    this.checkpoint()
  }

  /** Discards the window, and starts at another block. */
  restart(start: number): void {
    this.#windowStart = start % this.#blockCount
    this.#windowSize = 0
    this.#next = 0
    this.checkpoint()
  }

  /** To be called when every allocated block is either referenced by metadata or no longer needed. */
  checkpoint(): void {
    this.#left = this.#blockCount
  }

  /**
   * Allocates a free block. It is not allocated again before the next checkpoint.
   *
   * @throws Failure ENOSPC where there is none
   */
  allocate(): number {
    for (;;) {
      while (this.#next < this.#windowSize) {
        const at = this.#next++
        this.#left -= 1
        if (this.#window[at] === 0) return (this.#windowStart + at) % this.#blockCount
      }
      if (this.#left <= 0) throw new Failure('ENOSPC')
      this.#scanWindow()
    }
  }

  #scanWindow(): void {
    this.#windowStart = (this.#windowStart + this.#windowSize) % this.#blockCount
    this.#next = 0
    this.#windowSize = 0
    const size = Math.min(this.#window.length, this.#left)
    this.#window.fill(0)
    this.#used((block) => {
      const at = (block - this.#windowStart + this.#blockCount) % this.#blockCount
      if (at < size) this.#window[at] = 1
    })
    this.#windowSize = size
  }
}
