import { Allocator } from '../allocator.ts'
import { ChainReader } from '../ctz.ts'
import { BadBlock, Failure } from '../failure.ts'
import type { Flash } from '../flash.ts'
import { equalPair, NO_BLOCK, type Pair, pairBytes, readPair, SUPERBLOCKS, samePair, VisitedPairs } from '../pair.ts'
import { PairReader } from '../pair_reader.ts'
import { Positions } from '../position.ts'
import {
  type Change,
  changed,
  contentsSize,
  decodeBlock,
  directoryPair,
  type Entry,
  encodeBlock,
  FILE,
  FOLDER,
  type MetadataPairV1,
} from './metadata.ts'

/** The location of an entry. */
export interface EntryLocation {
  readonly metadata: MetadataPairV1
  readonly id: number
  readonly entry: Entry
}

/** The metadata pairs of version 1, and operations on them: each commit changes one pair atomically. */
export class MetadataStoreV1 extends PairReader<MetadataPairV1> {
  readonly flash: Flash
  readonly allocator: Allocator
  readonly positions: Positions = new Positions()
  /** The root directory. */
  root: Pair = SUPERBLOCKS
  /** Counts commits, to detect that data read earlier may be out of date. */
  generation = 0

  constructor(flash: Flash, lookahead: number, openBlocks: (visit: (block: number) => void) => void) {
    super(flash, decodeBlock)
    this.flash = flash
    this.allocator = new Allocator(flash.blockCount, lookahead * 8, (visit) => {
      this.visitBlocks(visit)
      openBlocks(visit)
    })
  }

  /** Calls `visit` with every block that metadata refers to. */
  visitBlocks(visit: (block: number) => void): void {
    for (const { pair, entries } of this.allReachable(pointersOf)) {
      pair.forEach(visit)
      for (const entry of entries) {
        if (entry.type === FILE && entry.data.length >= 8) new ChainReader(this.flash, chainOf(entry)).visit(visit)
      }
    }
  }

  /** A new pair, which is not referenced yet: its first commit creates it. */
  newPair(pair: Pair = [this.allocator.allocate(), this.allocator.allocate()]): MetadataPairV1 {
    return { pair, revision: this.flash.oldRevision(pair[0]) + 1, entries: [], tail: null, split: false }
  }

  /**
   * Finds an entry that refers to the earlier blocks of a directory. There may be more than one while the directory is
   * moved.
   *
   * @param to the current blocks
   */
  #staleEntry(from: Pair, to: Pair): EntryLocation | null {
    for (const metadata of this.pairs()) {
      for (const [id, entry] of metadata.entries.entries()) {
        const pointer = directoryPair(entry)
        if (pointer !== null && samePair(pointer, from) && !equalPair(pointer, to)) return { metadata, id, entry }
      }
    }
    return null
  }

  /** The files and directories of a pair, by id. */
  *visible({ entries }: MetadataPairV1): Generator<readonly [id: number, entry: Entry]> {
    for (const [id, entry] of entries.entries()) {
      const isNamed = entry.type === FILE || entry.type === FOLDER
      if (isNamed && !(entry.isMoving && this.isMoved(entry))) yield [id, entry]
    }
  }

  /** Looks for a name in the directory that begins with a pair. */
  find(directory: Pair, name: Buffer): EntryLocation | null {
    for (const metadata of this.directory(directory)) {
      for (const [id, entry] of this.visible(metadata)) if (entry.name.equals(name)) return { metadata, id, entry }
    }
    return null
  }

  /** Whether an entry that was being moved exists at its new location. */
  isMoved({ type, data }: Entry): boolean {
    // Other implementations mark empty files in the same way: a duplicate is better than a lost file.
    if (isEmptyFile(type, data) && data.readUInt32LE(0) === NO_BLOCK) return false
    for (const { entries } of this.#tree()) {
      if (entries.some((entry) => !entry.isMoving && entry.type === type && refersToSame(type, entry.data, data)))
        return true
    }
    return false
  }

  /**
   * The contents of an empty file that is moved: the number of a block that does not exist, and that no other empty file
   * has. So its old entry and the new one are known to be of the same file.
   */
  emptyFile(): Buffer {
    const taken = new Set<number>()
    for (const { entries } of this.pairs()) {
      for (const { type, data } of entries) if (isEmptyFile(type, data)) taken.add(data.readUInt32LE(0))
    }
    let block = this.flash.blockCount
    while (taken.has(block)) block += 1
    const data = Buffer.alloc(8)
    data.writeUInt32LE(Math.min(block, NO_BLOCK), 0)
    return data
  }

  /** The pairs of all directories, found by the entries: the list of all pairs may hold earlier blocks of them. */
  *#tree(): Generator<MetadataPairV1> {
    const seen = new VisitedPairs()
    const heads = [this.root]
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      if (!seen.add(head)) continue
      for (const metadata of this.directory(head)) {
        yield metadata
        heads.push(...pointersOf(metadata))
      }
    }
  }

  /** Whether the changed contents fit into a pair. */
  hasRoom(metadata: MetadataPairV1, changes: readonly Change[]): boolean {
    return contentsSize(changed(metadata, changes).entries) <= this.flash.blockSize
  }

  /** Commits changes to a pair. Where the pair moves to other blocks, updates the pointers to it. */
  commit(metadata: MetadataPairV1, changes: readonly Change[]): void {
    this.generation += 1
    const revision = (metadata.revision + 1) >>> 0
    const data = this.#padded(encodeBlock(changed(metadata, changes), revision, this.flash.blockSize))
    const [current, older] = metadata.pair
    let block = older
    while (!this.#write(block, data)) {
      if (samePair(metadata.pair, SUPERBLOCKS)) throw new Failure('ENOSPC')
      block = this.allocator.allocate()
    }
    this.#follow(metadata.pair, changes)
    if (block === older) for (const position of this.positions.in(metadata.pair)) position.pair = [block, current]
    else this.#relocate(metadata.pair, [block, current])
  }

  #padded(bytes: Buffer): Buffer {
    // Not from Node's buffer pool, whose other contents the device must not see.
    const padded = Buffer.alloc(this.flash.aligned(bytes.length), 0xff)
    padded.set(bytes)
    return padded
  }

  /** @returns false where the block is bad */
  #write(block: number, data: Buffer): boolean {
    try {
      this.flash.erase(block)
      this.flash.program(block, 0, data)
      this.flash.sync()
      return true
    } catch (error) {
      if (error instanceof BadBlock) return false
      throw error
    }
  }

  #follow(pair: Pair, changes: readonly Change[]): void {
    for (const position of this.positions.in(pair)) {
      for (const change of changes) {
        if (change.kind === 'insert' && position.id >= change.id) position.id += 1
        if (change.kind !== 'remove' || position.gone) continue
        if (position.id > change.id) position.id -= 1
        else if (position.id === change.id && position.name !== null) position.gone = true
      }
    }
  }

  /** Updates the tree, and then the list of pairs, after a pair has moved. */
  #relocate(from: Pair, to: Pair): void {
    if (samePair(from, this.root)) this.root = to
    for (const position of this.positions.in(from)) position.pair = to
    for (let found = this.#staleEntry(from, to); found !== null; found = this.#staleEntry(from, to)) {
      this.commit(found.metadata, [pointerChange(found, to)])
    }
    const predecessor = this.predecessor(from)
    if (predecessor !== null) this.commit(predecessor, [{ kind: 'tail', tail: to, split: predecessor.split }])
  }
}

/** The first pairs of the directories in a pair. */
function pointersOf({ entries }: MetadataPairV1): Pair[] {
  return entries.map(directoryPair).filter((pair) => pair !== null)
}

/** Whether entries of one type refer to the same file or directory. */
function refersToSame(type: number, one: Buffer, other: Buffer): boolean {
  const [pair, otherPair] =
    type === FOLDER && one.length >= 8 && other.length >= 8 ? [readPair(one), readPair(other)] : []
  // The directory may have moved to other blocks meanwhile.
  return pair && otherPair ? samePair(pair, otherPair) : one.equals(other)
}

/** The change that makes an entry refer to another pair. */
function pointerChange({ id, entry }: EntryLocation, pair: Pair): Change {
  const data = Buffer.concat([pairBytes(pair), entry.data.subarray(8)])
  return { kind: 'replace', id, entry: { ...entry, data } }
}

/** The blocks of a file. */
export function chainOf({ data }: Entry): { head: number; size: number } {
  return { head: data.readUInt32LE(0), size: data.readUInt32LE(4) }
}

/** Whether an entry is that of a file without contents. */
export function isEmptyFile(type: number, data: Buffer): boolean {
  return type === FILE && data.length >= 8 && data.readUInt32LE(4) === 0
}
