import { Failure } from './failure.ts'

/** Calls `visit` with every block that something leads to, perhaps more than once. */
export type UsedBlocks = (visit: (block: number) => void) => void

/**
 * Finds free blocks. Nothing on the disk says which are free: all metadata is read, for a window of some blocks at a
 * time, which moves around the device so that all blocks wear alike.
 */
export class Allocator {
  readonly #blockCount: number
  readonly #used: UsedBlocks
  readonly #window: Uint8Array
  #windowStart = 0
  #windowSize = 0
  /** Where in the window the next block is looked for. */
  #next = 0
  /** How many blocks may still be looked at before all have been. */
  #left = 0

  /** @param windowSize blocks that are looked for at a time */
  constructor(blockCount: number, windowSize: number, used: UsedBlocks) {
    this.#blockCount = blockCount
    this.#used = used
    this.#window = new Uint8Array(Math.min(windowSize, blockCount))
    this.checkpoint()
  }

  /** Forgets what is known, and begins at another place. */
  restart(start: number): void {
    this.#windowStart = start % this.#blockCount
    this.#windowSize = 0
    this.#next = 0
    this.checkpoint()
  }

  /** To be called when everything that has been allocated is in use, or not wanted any more. */
  checkpoint(): void {
    this.#left = this.#blockCount
  }

  /**
   * A block that nothing leads to. It is not given again before the next checkpoint.
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
      this.#look()
    }
  }

  #look(): void {
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
