import { NO_BLOCK, type Pair, samePair } from '../pair.ts'
import { DELETE, idOf, makeTag, NO_ID, typeOf } from './tag.ts'

/**
 * The global state: operations in progress that concern more than one pair. It is the exclusive or of deltas that any
 * pair may hold, so that every commit to any pair can change it atomically.
 */

/** A delta: a tag and the two blocks of a pair, 32 bits each. */
export type StateDelta = readonly [tag: number, block0: number, block1: number]

export const NO_STATE: StateDelta = [0, 0, 0]
const ORPHANS = 0x8000_0000

/** A file that is being moved: the location of its old entry. */
export interface Move {
  readonly pair: Pair
  readonly id: number
}

export function xor(one: StateDelta, other: StateDelta): StateDelta {
  return [(one[0] ^ other[0]) >>> 0, (one[1] ^ other[1]) >>> 0, (one[2] ^ other[2]) >>> 0]
}

export function isNothing(piece: StateDelta): boolean {
  return piece[0] === 0 && piece[1] === 0 && piece[2] === 0
}

export function decodeDelta(data: Buffer): StateDelta {
  return [data.readUInt32LE(0), data.readUInt32LE(4), data.readUInt32LE(8)]
}

export function encodeDelta(piece: StateDelta): Buffer {
  const data = Buffer.alloc(12)
  piece.forEach((word, index) => {
    data.writeUInt32LE(word, index * 4)
  })
  return data
}

export class GlobalState {
  /** The state on the disk. */
  #disk: StateDelta = NO_STATE
  /** The deltas of dropped pairs, which the next commit must include. */
  #inherited: StateDelta = NO_STATE
  /** How many lists currently disagree with the tree. */
  orphans = 0
  /** The file whose old entry has to be deleted once the new one exists. */
  move: Move | null = null

  /** Sets the state that was read from the disk. */
  load(disk: StateDelta): void {
    // The size field of the tag is ignored: other implementations use it for a counter.
    this.#disk = [disk[0] & ~0x3ff, disk[1], disk[2]]
    this.#disk = xor(this.#disk, NO_STATE)
    this.#inherited = NO_STATE
    this.move = decodeMove(this.#disk)
    this.orphans = this.#disk[0] >= ORPHANS ? 1 : 0
  }

  /** The unfinished move that the disk records. */
  get moveOnDisk(): Move | null {
    return decodeMove(this.#disk)
  }

  /** The id in a pair of the old entry of an unfinished move: -1 for none. */
  movingIdIn(pair: Pair): number {
    const move = this.moveOnDisk
    return move !== null && samePair(move.pair, pair) ? move.id : -1
  }

  /** Whether the state on the disk is up to date. */
  get settled(): boolean {
    return isNothing(this.#inherited) && isNothing(xor(this.#disk, this.#wanted()))
  }

  inherit(piece: StateDelta): void {
    this.#inherited = xor(this.#inherited, piece)
  }

  /** The delta that a commit must add to that of its pair. */
  change(): StateDelta {
    return xor(this.#inherited, xor(this.#disk, this.#wanted()))
  }

  /** Only the inherited delta: for a commit to a pair that is not referenced yet, so that its delta does not count. */
  get inherited(): StateDelta {
    return this.#inherited
  }

  /** To be called when the result of `change()` is on the disk. */
  committed(): void {
    this.#disk = this.#wanted()
    this.#inherited = NO_STATE
  }

  /** To be called when the value of `inherited` is on the disk. */
  committedInherited(): void {
    this.#inherited = NO_STATE
  }

  #wanted(): StateDelta {
    const tag = this.move === null ? 0 : makeTag(DELETE, this.move.id, 0)
    return [(tag | (this.orphans > 0 ? ORPHANS : 0)) >>> 0, this.move?.pair[0] ?? 0, this.move?.pair[1] ?? 0]
  }
}

function decodeMove(piece: StateDelta): Move | null {
  const [tag, block0, block1] = piece
  if (typeOf(tag) !== DELETE || idOf(tag) === NO_ID || block0 === NO_BLOCK) return null
  return { pair: [block0, block1], id: idOf(tag) }
}
