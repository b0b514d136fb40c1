import { Allocator } from '../allocator.ts'
import { ChainReader } from '../ctz.ts'
import { BadBlock, Failure } from '../failure.ts'
import type { Flash } from '../flash.ts'
import { type Pair, SUPERBLOCKS, samePair } from '../pair.ts'
import { Positions } from '../position.ts'
import { deletion, directoryChange, follow, isDeleting, tailChange } from './changes.ts'
import { contentsItems, entryItems, fits, itemsSize, stateItem, writeCommit } from './commit.ts'
import { GlobalState, isNothing, NO_STATE, type StateDelta, xor } from './global_state.ts'
import { ContentsBuilder, type Entry, type Item, type MetadataPair, type PairContents } from './metadata.ts'
import { CTZ_STRUCT, NO_TAG } from './tag.ts'
import { directoryPair, Tree } from './tree.ts'

/** How often a pair is erased before it moves to other blocks for wear leveling: MicroPython's default. */
const BLOCK_CYCLES = 100
/** The number is odd, since otherwise only one block of each pair would ever move. */
const CYCLE = (BLOCK_CYCLES + 1) | 1
/** The maximal number of ids in a pair: the remaining ids are reserved for commits. */
const MAX_ENTRIES = 0xff
/** The size of a tail, a delta of the global state, a deletion and a checksum, with their tags. */
const RESERVED = 40

/** The result of writing a pair. */
type WriteOutcome =
  | { readonly kind: 'written' | 'relocated'; readonly metadata: MetadataPair }
  /** The pair is empty: the previous pair of the directory has to take over its tail. */
  | { readonly kind: 'dropped'; readonly predecessor: MetadataPair; readonly left: PairContents }

/** A split: the entries from `from` on are in another pair now. */
interface Split {
  readonly from: number
  readonly pair: Pair
}

/**
 * The metadata pairs, and operations on them: each commit changes one pair atomically, even if the power fails. Where a
 * pair has to move to other blocks, the pointers to it are updated by separate commits, and the global state records
 * meanwhile that a repair may be necessary.
 */
export class MetadataStore {
  readonly flash: Flash
  readonly state: GlobalState = new GlobalState()
  readonly tree: Tree
  readonly allocator: Allocator
  readonly positions: Positions = new Positions()
  /** The root directory. */
  root: Pair = SUPERBLOCKS
  /** Counts commits, to detect that data read earlier may be out of date. */
  generation = 0
  /** Visits the blocks of open files, which no metadata refers to yet. */
  readonly #openBlocks: (visit: (block: number) => void) => void

  constructor(flash: Flash, lookahead: number, openBlocks: (visit: (block: number) => void) => void) {
    this.flash = flash
    this.tree = new Tree(flash, this.state)
    this.#openBlocks = openBlocks
    this.allocator = new Allocator(flash.blockCount, lookahead * 8, (visit) => {
      this.visitBlocks(visit)
      this.#openBlocks(visit)
    })
  }

  /** Calls `visit` with every block that metadata refers to. */
  visitBlocks(visit: (block: number) => void): void {
    for (const { pair, entries } of this.tree.allReachable(pointersOf)) {
      pair.forEach(visit)
      for (const entry of entries) {
        chainOf(this.flash, entry)?.visit(visit)
      }
    }
  }

  /** A new pair, which is not referenced yet: its first commit creates it, in its second block. */
  newPair(pair: Pair = [this.allocator.allocate(), this.allocator.allocate()]): MetadataPair {
    return {
      pair,
      revision: Math.ceil(this.flash.oldRevision(pair[0]) / CYCLE) * CYCLE,
      entries: [],
      tail: null,
      split: false,
      piece: NO_STATE,
      end: 0,
      lastTag: NO_TAG,
      erased: false,
      seed: 0,
    }
  }

  /**
   * Commits changes to a pair, and everything that follows from them.
   *
   * @returns whether lists may disagree with the tree, because more than one pair had to move
   */
  commit(metadata: MetadataPair, changes: readonly Item[]): boolean {
    let from = metadata.pair
    let outcome = this.#write(metadata, changes)
    if (outcome.kind === 'dropped') {
      const { predecessor, left } = outcome
      this.state.inherit(metadata.piece)
      from = predecessor.pair
      outcome = this.#write(predecessor, [tailChange(left.tail, left.split)], false)
    }
    let mayDisagree = false
    while (outcome.kind === 'relocated') {
      const { pair } = outcome.metadata
      this.#moved(from, pair)
      const parent = this.tree.parent(from)
      if (parent !== null) {
        // Until the previous pair refers to it too.
        this.state.orphans += 1
        const finishing = this.#finishMove(parent.metadata.pair)
        const id = finishing.some(({ id }) => id < parent.id) ? parent.id - 1 : parent.id
        const items = [...finishing.map(({ id }) => deletion(id)), directoryChange(id, pair)]
        outcome = this.#write(parent.metadata, items, false)
        if (outcome.kind === 'relocated') {
          from = parent.metadata.pair
          mayDisagree = true
          continue
        }
      }
      const predecessor = this.tree.predecessor(from)
      // A pair that is not referenced is new.
      if (predecessor === null) break
      if (parent !== null) this.state.orphans -= 1
      const finishing = this.#finishMove(predecessor.pair)
      const items = [...finishing.map(({ id }) => deletion(id)), tailChange(pair, predecessor.split)]
      from = predecessor.pair
      outcome = this.#write(predecessor, items, false)
    }
    return mayDisagree
  }

  /** The outstanding deletion of a move, where its entry is in the pair being written: the commit may change its id. */
  #finishMove(pair: Pair): { id: number }[] {
    const { move } = this.state
    if (move === null || !samePair(move.pair, pair)) return []
    this.state.move = null
    return [{ id: move.id }]
  }

  #moved(from: Pair, to: Pair): void {
    if (samePair(from, this.root)) this.root = to
    for (const position of this.positions.in(from)) position.pair = to
    const { move } = this.state
    if (move !== null && samePair(move.pair, from)) this.state.move = { ...move, pair: to }
  }

  /** Writes one pair: appends to its log, or rewrites it. */
  #write(metadata: MetadataPair, changes: readonly Item[], mayDrop = true): WriteOutcome {
    this.generation += 1
    const wanted = new ContentsBuilder(metadata)
    for (const item of changes) wanted.apply(item)
    if (mayDrop && wanted.entries.length === 0 && changes.some(isDeleting)) {
      const predecessor = this.tree.predecessor(metadata.pair)
      if (predecessor?.split === true) {
        this.#follow(metadata.pair, changes, [])
        return { kind: 'dropped', predecessor, left: wanted }
      }
    }
    const appended = this.#append(metadata, wanted, changes)
    if (appended !== null) {
      this.#follow(metadata.pair, changes, [])
      return { kind: 'written', metadata: appended }
    }
    const splits: Split[] = []
    const outcome = this.#rewrite(metadata, wanted, splits)
    this.#follow(metadata.pair, changes, splits)
    return outcome
  }

  #follow(pair: Pair, changes: readonly Item[], splits: readonly Split[]): void {
    for (const position of this.positions.in(pair)) {
      follow(position, changes)
      for (const split of splits) {
        if (position.id < split.from) continue
        position.pair = split.pair
        position.id -= split.from
        break
      }
    }
  }

  /** Appends a commit to the log: null where it does not fit, or the block is bad. */
  #append(metadata: MetadataPair, wanted: PairContents, changes: readonly Item[]): MetadataPair | null {
    if (!metadata.erased || wanted.entries.length >= MAX_ENTRIES) return null
    const change = this.state.change()
    const piece = xor(metadata.piece, change)
    const items = isNothing(change) ? changes : [...changes, stateItem(piece)]
    if (!fits(this.flash, metadata.end, items)) return null
    try {
      const written = writeCommit(this.flash, metadata.pair[0], metadata.end, metadata.lastTag, items)
      this.state.committed()
      return { ...metadata, ...contentsOf(wanted), ...written, piece, erased: this.#hasRoom(written.end) }
    } catch (error) {
      if (error instanceof BadBlock) return null
      throw error
    }
  }

  #hasRoom(end: number): boolean {
    return end + this.flash.progSize <= this.flash.blockSize
  }

  /** Rewrites a pair, split into as many pairs as necessary. */
  #rewrite(metadata: MetadataPair, wanted: PairContents, splits: Split[]): WriteOutcome {
    let left: PairContents = contentsOf(wanted)
    for (let from = this.#splitAt(left.entries); from > 0; from = this.#splitAt(left.entries)) {
      const tail = this.#splitOff(left, from)
      if (tail === null) break
      splits.push({ from, pair: tail })
      left = { entries: left.entries.slice(0, from), tail, split: true }
    }
    if (isSuperblock(metadata.pair) && isWorn(metadata) && this.#hasRoomForSuperblock()) {
      const tail = this.#splitOff(left, 0)
      if (tail !== null) {
        if (samePair(metadata.pair, this.root)) this.root = tail
        splits.push({ from: 0, pair: tail })
        left = { entries: left.entries.slice(0, 1), tail, split: true }
      }
    }
    return this.#compact(metadata, left, true)
  }

  /** The index at which entries have to be split so that the second part fits well: 0 where all fit. */
  #splitAt(entries: readonly Entry[]): number {
    const { blockSize } = this.flash
    const most = Math.min(blockSize - RESERVED, this.flash.aligned(blockSize / 2))
    const sizes = entries.map((entry) => itemsSize(entryItems(entry, 0)))
    let from = 0
    while (entries.length - from > 1) {
      const size = sizes.slice(from).reduce((sum, each) => sum + each, 0)
      if (entries.length - from < MAX_ENTRIES && size <= most) break
      from += Math.floor((entries.length - from) / 2)
    }
    return from
  }

  /** Moves entries into a new pair: null where no blocks are free. */
  #splitOff(contents: PairContents, from: number): Pair | null {
    try {
      const tail = this.newPair()
      const outcome = this.#compact(tail, { ...contents, entries: contents.entries.slice(from) }, false)
      return outcome.metadata.pair
    } catch (error) {
      if (error instanceof Failure && error.code === 'ENOSPC') return null
      throw error
    }
  }

  /**
   * Whether there is space to move the root out of the superblock pair, which is otherwise written at each change of
   * the root.
   */
  #hasRoomForSuperblock(): boolean {
    const used = new Set<number>()
    this.visitBlocks((block) => used.add(block))
    return this.flash.blockCount - used.size > this.flash.blockCount / 8
  }

  /**
   * Rewrites a pair into its older block, or, where that is bad or worn, into another one.
   *
   * @param reachable whether the pair is referenced: only then may it hold changes of the global state
   */
  #compact(
    metadata: MetadataPair,
    contents: PairContents,
    reachable: boolean,
  ): { kind: 'written' | 'relocated'; metadata: MetadataPair } {
    const [current] = metadata.pair
    const revision = (metadata.revision + 1) >>> 0
    let other = metadata.pair[1]
    let relocated = false
    let worn = isWorn(metadata) && !isSuperblock(metadata.pair)
    for (;;) {
      if (worn) {
        const fresh = this.#allocateOr(other)
        relocated = fresh !== other
        other = fresh
        worn = false
      }
      const carried = this.#deltaToWrite(metadata.piece, reachable, relocated)
      try {
        const written = this.#rewriteBlock(other, contents, carried, revision)
        if (reachable && !relocated) this.state.committed()
        else if (reachable) this.state.committedInherited()
        const end = { ...written, piece: carried, erased: this.#hasRoom(written.end) }
        const result = { ...metadata, ...contents, ...end, pair: [other, current] as const, revision }
        return { kind: relocated ? 'relocated' : 'written', metadata: result }
      } catch (error) {
        if (!(error instanceof BadBlock)) throw error
        if (isSuperblock(metadata.pair)) throw new Failure('ENOSPC')
        other = this.allocator.allocate()
        relocated = true
      }
    }
  }

  /** The delta of the global state that a rewritten pair holds: its own, plus outstanding changes where allowed. */
  #deltaToWrite(own: StateDelta, reachable: boolean, relocated: boolean): StateDelta {
    if (!reachable) return own
    return xor(own, relocated ? this.state.inherited : this.state.change())
  }

  #allocateOr(block: number): number {
    try {
      return this.allocator.allocate()
    } catch (error) {
      if (error instanceof Failure && error.code === 'ENOSPC') return block
      throw error
    }
  }

  #rewriteBlock(
    block: number,
    contents: PairContents,
    piece: StateDelta,
    revision: number,
  ): { end: number; lastTag: number } {
    const items = contentsItems(contents, piece)
    if (!fits(this.flash, 4, items)) throw new Failure('ENOSPC')
    this.flash.erase(block)
    return writeCommit(this.flash, block, 0, NO_TAG, items, revision)
  }
}

function contentsOf({ entries, tail, split }: PairContents): PairContents {
  return { entries, tail, split }
}

function isSuperblock(pair: Pair): boolean {
  return samePair(pair, SUPERBLOCKS)
}

function isWorn({ revision }: MetadataPair): boolean {
  return (revision + 1) % CYCLE === 0
}

/** The first pairs of the directories in a pair. */
function pointersOf({ entries }: MetadataPair): Pair[] {
  return entries.map(directoryPair).filter((pair) => pair !== null)
}

/** The blocks of a file's contents; null for inline contents. */
export function chainOf(flash: Flash, { struct }: Entry): ChainReader | null {
  if (struct?.type !== CTZ_STRUCT || struct.data.length < 8) return null
  return new ChainReader(flash, { head: struct.data.readUInt32LE(0), size: struct.data.readUInt32LE(4) })
}
