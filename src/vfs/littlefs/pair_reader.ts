import { BadBlock, corrupt } from './failure.ts'
import type { Flash } from './flash.ts'
import { type Pair, SUPERBLOCKS, samePair, VisitedPairs } from './pair.ts'

/** The links that every pair holds, in both versions of the format. */
export interface PairLinks {
  /** The block that was read comes first. */
  readonly pair: Pair
  /** The next pair of the list of all pairs. */
  readonly tail: Pair | null
  /** Whether the next pair belongs to the same directory. */
  readonly split: boolean
}

/** Reads pairs, and iterates over their list. */
export class PairReader<M extends PairLinks> {
  readonly #flash: Flash
  readonly #parse: (block: Buffer, pair: Pair) => M | null

  /** @param parse decodes a block; returns null where it holds nothing valid */
  constructor(flash: Flash, parse: (block: Buffer, pair: Pair) => M | null) {
    this.#flash = flash
    this.#parse = parse
  }

  /**
   * Reads the newest state of a pair.
   *
   * @throws Failure EILSEQ where neither block holds one
   */
  fetch(pair: Pair): M {
    const [one, other] = this.#newestFirst(pair)
    const metadata = this.#read(one, other) ?? this.#read(other, one)
    if (metadata === null) throw corrupt()
    return metadata
  }

  #newestFirst(pair: Pair): Pair {
    const [one, other] = pair.map((block) => this.#revision(block))
    const swapped: Pair = [pair[1], pair[0]]
    if (one === undefined || one === null) return swapped
    if (other === undefined || other === null) return pair
    // Revisions wrap around.
    return ((one - other) | 0) >= 0 ? pair : swapped
  }

  #revision(block: number): number | null {
    try {
      return this.#flash.readUInt32(block, 0)
    } catch (error) {
      if (error instanceof BadBlock) return null
      throw error
    }
  }

  #read(block: number, other: number): M | null {
    try {
      return this.#parse(this.#flash.readBlock(block), [block, other])
    } catch (error) {
      if (error instanceof BadBlock) return null
      throw error
    }
  }

  /** All pairs, from the superblock on. */
  pairs(): Generator<M> {
    return this.#list(SUPERBLOCKS, false)
  }

  /** The pairs of the directory that begins with `pair`. */
  directory(pair: Pair): Generator<M> {
    return this.#list(pair, true)
  }

  /** @param within whether the list ends with the directory */
  *#list(first: Pair, within: boolean): Generator<M> {
    const visited = new VisitedPairs()
    for (let next: Pair | null = first; next !== null; ) {
      if (!visited.add(next)) throw corrupt()
      const metadata = this.fetch(next)
      yield metadata
      next = within && !metadata.split ? null : metadata.tail
    }
  }

  /**
   * All pairs, including those that only a directory entry refers to: after a power loss the list may lag behind the
   * tree.
   *
   * @param pointers the directories that the entries of a pair refer to
   */
  *allReachable(pointers: (metadata: M) => Iterable<Pair>): Generator<M> {
    const seen = new VisitedPairs()
    const heads: Pair[] = []
    for (const metadata of this.pairs()) {
      seen.add(metadata.pair)
      heads.push(...pointers(metadata))
      yield metadata
    }
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      if (seen.has(head)) continue
      for (const metadata of this.directory(head)) {
        if (!seen.add(metadata.pair)) break
        heads.push(...pointers(metadata))
        yield metadata
      }
    }
  }

  /** The last pair of the directory that a pair belongs to. */
  lastOf(metadata: M): M {
    let last = metadata
    for (const next of this.directory(metadata.pair)) last = next
    return last
  }

  /** The pair before another one in the list of all pairs. */
  predecessor(pair: Pair): M | null {
    for (const metadata of this.pairs()) {
      if (metadata.tail !== null && samePair(metadata.tail, pair)) return metadata
    }
    return null
  }
}
