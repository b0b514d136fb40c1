import { NO_BLOCK, type Pair, samePair } from '../pair.ts'
import { DELETE, idOf, makeTag, NO_ID, typeOf } from './tag.ts'

/**
 * State of the whole file system: what is under way that touches more than one pair of blocks. It is the exclusive or
 * of pieces that any pair may hold, so that it changes together with whatever is committed, wherever that is.
 */

/** A piece: a tag and the two blocks of a pair, each 32 bits. */
export type StatePiece = readonly [tag: number, block0: number, block1: number]

export const NO_STATE: StatePiece = [0, 0, 0]
const ORPHANS = 0x8000_0000

/** A file that is being moved: where it has not been deleted yet. */
export interface Move {
  readonly pair: Pair
  readonly id: number
}

export function xor(one: StatePiece, other: StatePiece): StatePiece {
  return [(one[0] ^ other[0]) >>> 0, (one[1] ^ other[1]) >>> 0, (one[2] ^ other[2]) >>> 0]
}

export function isNothing(piece: StatePiece): boolean {
  return piece[0] === 0 && piece[1] === 0 && piece[2] === 0
}

export function readPiece(data: Buffer): StatePiece {
  return [data.readUInt32LE(0), data.readUInt32LE(4), data.readUInt32LE(8)]
}

export function pieceBytes(piece: StatePiece): Buffer {
  const data = Buffer.alloc(12)
  piece.forEach((word, index) => {
    data.writeUInt32LE(word, index * 4)
  })
  return data
}

export class GlobalState {
  /** As it is on the disk. */
  #disk: StatePiece = NO_STATE
  /** Pieces of pairs that have been dropped, to be taken over by the next commit. */
  #inherited: StatePiece = NO_STATE
  /** How many lists are out of step with the tree at the moment. */
  orphans = 0
  /** The file whose old entry is to be deleted, once its new one is there. */
  move: Move | null = null

  /** Takes what the disk says. */
  load(disk: StatePiece): void {
    // The size of the tag is no part of the state: other implementations count in it.
    this.#disk = [disk[0] & ~0x3ff, disk[1], disk[2]]
    this.#disk = xor(this.#disk, NO_STATE)
    this.#inherited = NO_STATE
    this.move = moveOf(this.#disk)
    this.orphans = this.#disk[0] >= ORPHANS ? 1 : 0
  }

  /** The move that the disk tells of. */
  get moveOnDisk(): Move | null {
    return moveOf(this.#disk)
  }

  /** The id that is only there until its move is over, in a pair: -1 for none. */
  hiddenIn(pair: Pair): number {
    const move = this.moveOnDisk
    return move !== null && samePair(move.pair, pair) ? move.id : -1
  }

  /** Whether the disk says all there is to say. */
  get settled(): boolean {
    return isNothing(this.#inherited) && isNothing(xor(this.#disk, this.#wanted()))
  }

  inherit(piece: StatePiece): void {
    this.#inherited = xor(this.#inherited, piece)
  }

  /** What a commit must add to the piece of its pair. */
  change(): StatePiece {
    return xor(this.#inherited, xor(this.#disk, this.#wanted()))
  }

  /** Only what was inherited: of a commit that nothing leads to yet, so that it cannot tell of changes. */
  get inherited(): StatePiece {
    return this.#inherited
  }

  /** What `change()` gave is on the disk. */
  committed(): void {
    this.#disk = this.#wanted()
    this.#inherited = NO_STATE
  }

  /** What `inherited` gave is on the disk. */
  committedInherited(): void {
    this.#inherited = NO_STATE
  }

  #wanted(): StatePiece {
    const tag = this.move === null ? 0 : makeTag(DELETE, this.move.id, 0)
    return [(tag | (this.orphans > 0 ? ORPHANS : 0)) >>> 0, this.move?.pair[0] ?? 0, this.move?.pair[1] ?? 0]
  }
}

function moveOf(piece: StatePiece): Move | null {
  const [tag, block0, block1] = piece
  if (typeOf(tag) !== DELETE || idOf(tag) === NO_ID || block0 === NO_BLOCK) return null
  return { pair: [block0, block1], id: idOf(tag) }
}
