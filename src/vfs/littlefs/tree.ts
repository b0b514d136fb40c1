import { BadBlock, corrupt } from './failure.ts'
import type { Flash } from './flash.ts'
import type { GlobalState } from './global_state.ts'
import { type Entry, type Metadata, readLog } from './metadata.ts'
import { type Pair, readPair, Seen, SUPERBLOCKS, samePair } from './pair.ts'
import { DIRECTORY_STRUCT, REGULAR } from './tag.ts'

/** An entry, and where it is. */
export interface Found {
  readonly metadata: Metadata
  readonly id: number
  /** Undefined where there is none of that name: it would be at `id`. */
  readonly entry: Entry | undefined
}

/** Reads pairs, and finds its way among them. */
export class Tree {
  readonly #flash: Flash
  readonly #state: GlobalState

  constructor(flash: Flash, state: GlobalState) {
    this.#flash = flash
    this.#state = state
  }

  /**
   * The newest state of a pair.
   *
   * @throws Failure EILSEQ where neither block holds one
   */
  fetch(pair: Pair): Metadata {
    const [one, other] = this.#newestFirst(pair)
    const metadata = this.#read(one, other) ?? this.#read(other, one)
    if (metadata === null) throw corrupt()
    return metadata
  }

  #newestFirst(pair: Pair): Pair {
    const [one, other] = pair.map((block) => this.#revision(block))
    if (one === undefined || one === null) return [pair[1], pair[0]]
    if (other === undefined || other === null) return pair
    // Revisions wrap around.
    return ((one - other) | 0) >= 0 ? pair : [pair[1], pair[0]]
  }

  #revision(block: number): number | null {
    try {
      return this.#flash.readUInt32(block, 0)
    } catch (error) {
      if (error instanceof BadBlock) return null
      throw error
    }
  }

  #read(block: number, other: number): Metadata | null {
    try {
      const log = readLog(this.#flash.readBlock(block), this.#flash.progSize)
      return log === null ? null : { ...log, pair: [block, other] }
    } catch (error) {
      if (error instanceof BadBlock) return null
      throw error
    }
  }

  /** All pairs, from the first superblock on. */
  *pairs(): Generator<Metadata> {
    const seen = new Seen()
    for (let pair: Pair | null = SUPERBLOCKS; pair !== null; ) {
      if (!seen.add(pair)) throw corrupt()
      const metadata = this.fetch(pair)
      yield metadata
      pair = metadata.tail
    }
  }

  /** The pairs of the directory that begins with `pair`. */
  *directory(pair: Pair): Generator<Metadata> {
    const seen = new Seen()
    for (let next: Pair | null = pair; next !== null; ) {
      if (!seen.add(next)) throw corrupt()
      const metadata = this.fetch(next)
      yield metadata
      next = metadata.split ? metadata.tail : null
    }
  }

  /** The pair before another in the list of all. */
  predecessor(pair: Pair): Metadata | null {
    for (const metadata of this.pairs()) {
      if (metadata.tail !== null && samePair(metadata.tail, pair)) return metadata
    }
    return null
  }

  /** The entry of the directory that begins with a pair. */
  parent(pair: Pair): { metadata: Metadata; id: number; pointer: Pair } | null {
    for (const metadata of this.pairs()) {
      for (const [id, entry] of this.visible(metadata)) {
        const pointer = directoryPair(entry)
        if (pointer !== null && samePair(pointer, pair)) return { metadata, id, pointer }
      }
    }
    return null
  }

  /** The entries of a pair without one that is being moved away, by id. */
  *visible(metadata: Metadata): Generator<readonly [id: number, entry: Entry]> {
    const hidden = this.#state.hiddenIn(metadata.pair)
    for (const [id, entry] of metadata.entries.entries()) if (id !== hidden) yield [id, entry]
  }

  /** Looks for a name in the directory that begins with a pair. */
  find(directory: Pair, name: Buffer): Found {
    let last: Metadata | undefined
    for (const metadata of this.directory(directory)) {
      last = metadata
      let after: number | null = null
      for (const [id, entry] of this.visible(metadata)) {
        if (!isNamed(entry)) continue
        const order = compareNames(entry.name, name)
        if (order === 0) return { metadata, id, entry }
        if (order > 0) after ??= id
      }
      if (after !== null) return { metadata, id: after, entry: undefined }
    }
    if (last === undefined) throw corrupt()
    return { metadata: last, id: last.entries.length, entry: undefined }
  }
}

/** The order of names in a directory: by their bytes, and a longer name before one with which it begins. */
export function compareNames(one: Buffer, other: Buffer): number {
  const size = Math.min(one.length, other.length)
  return one.compare(other, 0, size, 0, size) || other.length - one.length
}

/** Whether an entry is a file or a directory, and not a superblock. */
export function isNamed(entry: Entry): boolean {
  return entry.type >= REGULAR && entry.type < 0x80
}

/** Where a directory begins; null for what is none. */
export function directoryPair(entry: Entry): Pair | null {
  const { struct } = entry
  return struct?.type === DIRECTORY_STRUCT && struct.data.length >= 8 ? readPair(struct.data) : null
}
