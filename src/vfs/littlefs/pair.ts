/** Two blocks, one of which holds the newest metadata and the other the previous state. */
export type Pair = readonly [number, number]

/** The block number that stands for no block. */
export const NO_BLOCK = 0xffff_ffff

/** The pair at which every file system begins. */
export const SUPERBLOCKS: Pair = [0, 1]

/**
 * Whether two pairs denote the same metadata. One common block is enough: the other block may have been replaced, and
 * some pointers may still name the old one.
 */
export function samePair(one: Pair, other: Pair): boolean {
  return one[0] === other[0] || one[0] === other[1] || one[1] === other[0] || one[1] === other[1]
}

/** Whether two pairs consist of the same blocks. */
export function equalPair(one: Pair, other: Pair): boolean {
  return (one[0] === other[0] && one[1] === other[1]) || (one[0] === other[1] && one[1] === other[0])
}

/** Decodes a pair; null for the end of a list. */
export function readPair(data: Buffer, offset = 0): Pair | null {
  const pair: Pair = [data.readUInt32LE(offset), data.readUInt32LE(offset + 4)]
  return pair[0] === NO_BLOCK || pair[1] === NO_BLOCK ? null : pair
}

/** Encodes a pair. */
export function pairBytes(pair: Pair | null): Buffer {
  const data = Buffer.alloc(8)
  data.writeUInt32LE(pair === null ? NO_BLOCK : pair[0], 0)
  data.writeUInt32LE(pair === null ? NO_BLOCK : pair[1], 4)
  return data
}

/** Detects cycles in a list of pairs. */
export class VisitedPairs {
  readonly #pairs: Set<string> = new Set()

  has(pair: Pair): boolean {
    return this.#pairs.has(keyOf(pair))
  }

  /** Adds a pair. Returns whether it was not yet in the set. */
  add(pair: Pair): boolean {
    if (this.has(pair)) return false
    this.#pairs.add(keyOf(pair))
    return true
  }
}

function keyOf([one, other]: Pair): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
