import { corrupt } from '../failure.ts'
import type { Flash } from '../flash.ts'
import { type Pair, readPair, samePair } from '../pair.ts'
import { PairReader } from '../pair_reader.ts'
import type { GlobalState } from './global_state.ts'
import { type Entry, type MetadataPair, readLog } from './metadata.ts'
import { DIRECTORY_STRUCT, REGULAR } from './tag.ts'

/** The location of an entry. */
export interface EntryLocation {
  readonly metadata: MetadataPair
  readonly id: number
  /** Undefined where no entry has that name: a new one would get the id `id`. */
  readonly entry: Entry | undefined
}

/** Reads pairs, and finds entries in them. */
export class Tree extends PairReader<MetadataPair> {
  readonly #state: GlobalState

  constructor(flash: Flash, state: GlobalState) {
    super(flash, (block, pair) => {
      const log = readLog(block, flash.progSize)
      return log === null ? null : { ...log, pair }
    })
    this.#state = state
  }

  /** The entry of the directory that begins with a pair. */
  parent(pair: Pair): { metadata: MetadataPair; id: number; pointer: Pair } | null {
    for (const metadata of this.pairs()) {
      for (const [id, entry] of this.visible(metadata)) {
        const pointer = directoryPair(entry)
        if (pointer !== null && samePair(pointer, pair)) return { metadata, id, pointer }
      }
    }
    return null
  }

  /** The entries of a pair by id, without one that is being moved away. */
  *visible(metadata: MetadataPair): Generator<readonly [id: number, entry: Entry]> {
    const hidden = this.#state.movingIdIn(metadata.pair)
    for (const [id, entry] of metadata.entries.entries()) if (id !== hidden) yield [id, entry]
  }

  /** Looks for a name in the directory that begins with a pair. */
  find(directory: Pair, name: Buffer): EntryLocation {
    let last: MetadataPair | undefined
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

/** The order of names in a directory: by their bytes; a name precedes its own prefixes. */
export function compareNames(one: Buffer, other: Buffer): number {
  const size = Math.min(one.length, other.length)
  return one.compare(other, 0, size, 0, size) || other.length - one.length
}

/** Whether an entry is a file or a directory, and not a superblock. */
export function isNamed(entry: Entry): boolean {
  return entry.type >= REGULAR && entry.type < 0x80
}

/** The first pair of a directory; null where the entry is not a directory. */
export function directoryPair(entry: Entry): Pair | null {
  const { struct } = entry
  return struct?.type === DIRECTORY_STRUCT && struct.data.length >= 8 ? readPair(struct.data) : null
}
