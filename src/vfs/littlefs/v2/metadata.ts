import { CRC_START, crc32 } from '../crc.ts'
import { corrupt } from '../failure.ts'
import { type Pair, readPair } from '../pair.ts'
import { decodeDelta, NO_STATE, type StateDelta } from './global_state.ts'
import {
  ATTRIBUTE,
  CHECKSUM,
  CREATE,
  DELETE,
  FORWARD_CHECKSUM,
  idOf,
  isDeletion,
  isValid,
  kindOf,
  MOVE_STATE,
  NAME,
  NO_ID,
  NO_TAG,
  SPLICE,
  STRUCT,
  sizeOf,
  TAIL,
  typeOf,
} from './tag.ts'

/** The location of a file's or directory's contents: a type and the type's data. */
export interface Struct {
  readonly type: number
  readonly data: Buffer
}

/** The metadata of a file or directory. */
export interface Entry {
  /** The type of its name: REGULAR, DIRECTORY, SUPERBLOCK; 0 where it has no name. */
  readonly type: number
  readonly name: Buffer
  readonly struct: Struct | null
  readonly attributes: ReadonlyMap<number, Buffer>
}

/** The decoded contents of a pair. */
export interface PairContents {
  readonly entries: readonly Entry[]
  /** The next pair of the list of all pairs. */
  readonly tail: Pair | null
  /** Whether the next pair belongs to the same directory. */
  readonly split: boolean
}

/** The newest state of a pair of blocks, as it was read or written. */
export interface MetadataPair extends PairContents {
  /** The block that was read comes first. */
  readonly pair: Pair
  readonly revision: number
  /** The offset of the next commit. */
  readonly end: number
  /** The last tag, with which the next one is xored. */
  readonly lastTag: number
  /** Whether the space after the last commit is erased. */
  readonly erased: boolean
  /** Its delta of the global state. */
  readonly piece: StateDelta
  /** The checksums of its commits, used as a random seed. */
  readonly seed: number
}

export const NO_ENTRY: Entry = { type: 0, name: Buffer.alloc(0), struct: null, attributes: new Map() }

/** One item of metadata, read from a block or to be written. */
export interface Item {
  readonly tag: number
  readonly data: Buffer
}

/** Applies items of metadata one after the other. */
export class ContentsBuilder implements PairContents {
  entries: Entry[]
  tail: Pair | null
  split: boolean
  piece: StateDelta = NO_STATE

  constructor({ entries, tail, split }: PairContents = { entries: [], tail: null, split: false }) {
    this.entries = [...entries]
    this.tail = tail
    this.split = split
  }

  apply({ tag, data }: Item): void {
    switch (kindOf(tag)) {
      case NAME:
        this.#change(tag, true, (entry) => ({ ...entry, type: typeOf(tag), name: data }))
        break
      case STRUCT:
        this.#change(tag, false, (entry) => ({ ...entry, struct: { type: typeOf(tag), data } }))
        break
      case ATTRIBUTE:
        this.#change(tag, false, (entry) => ({ ...entry, attributes: withAttribute(entry, tag, data) }))
        break
      case SPLICE:
        this.#splice(tag)
        break
      case TAIL:
        if (data.length >= 8) this.tail = readPair(data)
        this.split = (typeOf(tag) & 1) === 1
        break
      default:
        if (typeOf(tag) === MOVE_STATE && data.length >= 12) this.piece = decodeDelta(data)
    }
  }

  #change(tag: number, naming: boolean, change: (entry: Entry) => Entry): void {
    const id = idOf(tag)
    if (id === NO_ID) return
    // A name item creates its entry, and missing entries before it.
    while (naming && this.entries.length <= id) this.entries.push(NO_ENTRY)
    const entry = this.entries[id]
    if (entry !== undefined) this.entries[id] = change(entry)
  }

  #splice(tag: number): void {
    if (typeOf(tag) === CREATE) {
      while (this.entries.length < idOf(tag)) this.entries.push(NO_ENTRY)
      this.entries.splice(idOf(tag), 0, NO_ENTRY)
      // No tag could address the last entry: items for it would apply to another entry.
      if (this.entries.length > NO_ID) throw corrupt()
    } else if (typeOf(tag) === DELETE) this.entries.splice(idOf(tag), 1)
  }
}

function withAttribute({ attributes }: Entry, tag: number, data: Buffer): ReadonlyMap<number, Buffer> {
  const changed = new Map(attributes)
  if (isDeletion(tag)) changed.delete(typeOf(tag) & 0xff)
  else changed.set(typeOf(tag) & 0xff, data)
  return changed
}

/** The result of reading a block, up to its last valid commit. */
type Log = Omit<MetadataPair, 'pair'>

/** Reads one block of a pair: null where it holds no valid commit. */
export function readLog(block: Buffer, progSize: number): Log | null {
  return new LogReader(block).read(progSize)
}

class LogReader {
  readonly #block: Buffer
  readonly #contents = new ContentsBuilder()
  /** The items of the commit being read: they are valid only if its checksum is. */
  #pending: Item[] = []
  #forward: Item | null = null
  #at = 4
  #tag = NO_TAG
  /** The offset after the last checksum. */
  #crcFrom = 0
  #end = 0
  #lastTag = NO_TAG
  #seed = 0

  constructor(block: Buffer) {
    this.#block = block
  }

  read(progSize: number): Log | null {
    let ended = false
    while (!ended) ended = !this.#next()
    if (this.#end === 0) return null
    const { entries, tail, split, piece } = this.#contents
    return {
      revision: this.#block.readUInt32LE(0),
      entries,
      tail,
      split,
      piece,
      end: this.#end,
      lastTag: this.#lastTag,
      erased: this.#isErased(progSize),
      seed: this.#seed,
    }
  }

  /** Reads one item: false where no valid one follows. */
  #next(): boolean {
    const block = this.#block
    if (this.#at + 4 > block.length) return false
    const tag = (block.readUInt32BE(this.#at) ^ this.#tag) >>> 0
    if (!isValid(tag)) return false
    const start = this.#at + 4
    const end = start + sizeOf(tag)
    if (end > block.length) return false
    if (kindOf(tag) === CHECKSUM && typeOf(tag) !== FORWARD_CHECKSUM) return this.#commit(tag, start, end)
    const item = { tag, data: block.subarray(start, end) }
    if (typeOf(tag) === FORWARD_CHECKSUM) this.#forward = item
    else this.#pending.push(item)
    this.#at = end
    this.#tag = tag
    return true
  }

  #commit(tag: number, start: number, end: number): boolean {
    if (end - start < 4) return false
    const crc = crc32(this.#block, this.#crcFrom, start)
    if (crc !== this.#block.readUInt32LE(start)) return false
    for (const item of this.#pending) this.#contents.apply(item)
    this.#pending = []
    this.#seed = crc32(this.#block, start, start + 4, this.#seed)
    this.#at = end
    this.#end = end
    // The checksum's type says which value of the valid bit the next tag has: the opposite of the bit in the erased
    // space.
    this.#tag = (tag ^ ((typeOf(tag) & 1) << 31)) >>> 0
    this.#lastTag = this.#tag
    this.#crcFrom = end
    return true
  }

  /**
   * The space counts as erased only if the forward checksum of the last commit confirms it: a later commit may have
   * been interrupted.
   */
  #isErased(progSize: number): boolean {
    const forward = this.#forward
    if (this.#at !== this.#end || this.#end % progSize !== 0 || forward === null || forward.data.length < 8)
      return false
    const size = forward.data.readUInt32LE(0)
    if (this.#end + size > this.#block.length) return false
    return crc32(this.#block, this.#end, this.#end + size, CRC_START) === forward.data.readUInt32LE(4)
  }
}
