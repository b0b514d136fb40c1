import { CRC_START, crc32 } from '../crc.ts'
import type { Flash } from '../flash.ts'
import { pairBytes } from '../pair.ts'
import { encodeDelta, isNothing, type StateDelta } from './global_state.ts'
import type { Entry, Item, PairContents } from './metadata.ts'
import { ATTRIBUTE, CHECKSUM, FORWARD_CHECKSUM, LARGEST_SIZE, MOVE_STATE, makeTag, NO_ID, sizeOf, TAIL } from './tag.ts'

/** The size of a forward checksum and a checksum, with their tags. */
const CHECKSUMS_SIZE = 20
/** The size of a checksum with its tag. */
const CHECKSUM_SIZE = 8

/** The items that define an entry. */
export function entryItems(entry: Entry, id: number): Item[] {
  const items: Item[] = []
  const add = (type: number, data: Buffer): void => {
    items.push({ tag: makeTag(type, id, data.length), data })
  }
  if (entry.type !== 0) add(entry.type, entry.name)
  if (entry.struct !== null) add(entry.struct.type, entry.struct.data)
  for (const [type, data] of entry.attributes) add(ATTRIBUTE | type, data)
  return items
}

/** The items that define all of a pair's contents. */
export function contentsItems({ entries, tail, split }: PairContents, piece: StateDelta): Item[] {
  const items = entries.flatMap((entry, id) => entryItems(entry, id))
  if (tail !== null) items.push({ tag: makeTag(TAIL | (split ? 1 : 0), NO_ID, 8), data: pairBytes(tail) })
  if (!isNothing(piece)) items.push(stateItem(piece))
  return items
}

export function stateItem(piece: StateDelta): Item {
  return { tag: makeTag(MOVE_STATE, NO_ID, 12), data: encodeDelta(piece) }
}

/** The size of items, in bytes. */
export function itemsSize(items: readonly Item[]): number {
  return items.reduce((size, { tag }) => size + 4 + sizeOf(tag), 0)
}

/** The state of the log after a commit. */
export interface CommitEnd {
  readonly end: number
  readonly lastTag: number
}

/** Whether a commit that begins at `start` fits into a block. */
export function fits(flash: Flash, start: number, items: readonly Item[]): boolean {
  return start + itemsSize(items) <= flash.blockSize - CHECKSUM_SIZE
}

/**
 * Appends a commit to a block.
 *
 * @param start the offset of the commit, at the start of a unit
 * @param lastTag the preceding tag; NO_TAG at the start of the block
 * @param revision the block's revision, at the start of the block
 * @throws BadBlock where the block does not retain the data
 */
export function writeCommit(
  flash: Flash,
  block: number,
  start: number,
  lastTag: number,
  items: readonly Item[],
  revision?: number,
): CommitEnd {
  const commit = new CommitWriter(flash, block, start, lastTag)
  if (revision !== undefined) commit.addRevision(revision)
  for (const item of items) commit.add(item)
  return commit.finish()
}

class CommitWriter {
  readonly #flash: Flash
  readonly #block: number
  /** The bytes of the block from the start of the commit. */
  readonly #bytes: Buffer
  readonly #start: number
  #at: number
  #crcFrom: number
  #lastTag: number

  constructor(flash: Flash, block: number, start: number, lastTag: number) {
    this.#flash = flash
    this.#block = block
    this.#bytes = Buffer.alloc(flash.blockSize - start, 0xff)
    this.#start = start
    this.#at = start
    this.#crcFrom = start
    this.#lastTag = lastTag
  }

  addRevision(revision: number): void {
    this.#bytes.writeUInt32LE(revision >>> 0, this.#at - this.#start)
    this.#at += 4
  }

  add({ tag, data }: Item): void {
    this.#addTag(tag)
    this.#bytes.set(data, this.#at - this.#start)
    this.#at += data.length
  }

  #addTag(tag: number): void {
    this.#bytes.writeUInt32BE((tag ^ this.#lastTag) >>> 0, this.#at - this.#start)
    this.#at += 4
    this.#lastTag = tag
  }

  /** Adds checksums up to the end of a unit: several where the unit is larger than the size field of a tag allows. */
  finish(): CommitEnd {
    const { blockSize } = this.#flash
    const end = this.#flash.aligned(Math.min(this.#at + CHECKSUMS_SIZE, blockSize))
    let written = this.#at
    while (this.#at < end) {
      let next = Math.min(end, this.#at + 4 + LARGEST_SIZE)
      if (next < end) next = Math.min(next, end - CHECKSUMS_SIZE)
      written = this.#addChecksums(next, next === end && end <= blockSize - this.#flash.progSize)
    }
    this.#program(written)
    return { end, lastTag: this.#lastTag }
  }

  /** @returns the end of the checksum, where the padding begins */
  #addChecksums(next: number, moreFollow: boolean): number {
    // The word at the place of the next tag must be invalid until that tag is written.
    const leading = moreFollow ? this.#addForward(next) : 0xff
    const expected = leading < 0x80 ? 1 : 0
    const tag = makeTag(CHECKSUM | expected, NO_ID, next - this.#at - 4)
    this.#addTag(tag)
    const at = this.#at - this.#start
    this.#bytes.writeUInt32LE(crc32(this.#bytes, this.#crcFrom - this.#start, at), at)
    this.#lastTag = (tag ^ (expected << 31)) >>> 0
    this.#at = next
    this.#crcFrom = next
    return at + 4 + this.#start
  }

  /** Adds a forward checksum: it records the erased state of the space after the commit. */
  #addForward(next: number): number {
    const { progSize } = this.#flash
    const erased = Buffer.allocUnsafeSlow(progSize)
    this.#flash.read(this.#block, next, erased)
    const data = Buffer.alloc(8)
    data.writeUInt32LE(progSize, 0)
    data.writeUInt32LE(crc32(erased, 0, progSize, CRC_START), 4)
    this.add({ tag: makeTag(FORWARD_CHECKSUM, NO_ID, 8), data })
    return erased[0] ?? 0xff
  }

  /** Programs up to the unit that contains `end`: the padding after that is unused. */
  #program(end: number): void {
    const size = this.#flash.aligned(end) - this.#start
    this.#flash.program(this.#block, this.#start, this.#bytes.subarray(0, size))
    this.#flash.sync()
  }
}
