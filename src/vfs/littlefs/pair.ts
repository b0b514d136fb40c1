/** Two blocks, of which one holds the newest metadata and the other the state before. */
export type Pair = readonly [number, number]

/** The number of no block. */
export const NO_BLOCK = 0xffff_ffff

/** Where every file system begins. */
export const SUPERBLOCKS: Pair = [0, 1]

/**
 * Whether two pairs are the same one. One block in common is enough: the other may have been replaced, where the news
 * of it have not reached every pointer yet.
 */
export function samePair(one: Pair, other: Pair): boolean {
  return one[0] === other[0] || one[0] === other[1] || one[1] === other[0] || one[1] === other[1]
}

/** Whether two pairs consist of the same blocks. */
export function equalPair(one: Pair, other: Pair): boolean {
  return (one[0] === other[0] && one[1] === other[1]) || (one[0] === other[1] && one[1] === other[0])
}

/** The pair that bytes say, null for the end of a list. */
export function readPair(data: Buffer, offset = 0): Pair | null {
  const pair: Pair = [data.readUInt32LE(offset), data.readUInt32LE(offset + 4)]
  return pair[0] === NO_BLOCK || pair[1] === NO_BLOCK ? null : pair
}

/** The bytes that say a pair. */
export function pairBytes(pair: Pair | null): Buffer {
  const data = Buffer.alloc(8)
  data.writeUInt32LE(pair === null ? NO_BLOCK : pair[0], 0)
  data.writeUInt32LE(pair === null ? NO_BLOCK : pair[1], 4)
  return data
}

/** Notices a list of pairs that leads back to where it was. */
export class Seen {
  readonly #pairs: Set<string> = new Set()

  has(pair: Pair): boolean {
    return this.#pairs.has(keyOf(pair))
  }

  /** Whether the pair comes for the first time. */
  add(pair: Pair): boolean {
    if (this.has(pair)) return false
    this.#pairs.add(keyOf(pair))
    return true
  }
}

function keyOf([one, other]: Pair): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
