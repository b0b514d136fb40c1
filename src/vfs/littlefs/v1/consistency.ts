import { corrupt } from '../failure.ts'
import { equalPair, type Pair, samePair } from '../pair.ts'
import { type Change, directoryPair, type Entry, type MetadataPairV1 } from './metadata.ts'
import type { MetadataStoreV1 } from './store.ts'

interface Fault {
  readonly metadata: MetadataPairV1
  readonly change: Change
}

/** Repairs operations that a power loss interrupted: the format does not record whether there are any. */
export function repair(store: MetadataStoreV1): void {
  for (let steps = 0; ; steps++) {
    const fault = firstFault(store)
    if (fault === null) return
    if (steps > store.flash.blockCount) throw corrupt()
    store.commit(fault.metadata, [fault.change])
  }
}

function firstFault(store: MetadataStoreV1): Fault | null {
  const all = [...store.pairs()]
  const entries = all.flatMap((metadata) => metadata.entries)
  // An entry that is being moved may refer to the earlier blocks of a directory, so it is considered last.
  const pointers = [...entries.filter((entry) => !entry.isMoving), ...entries.filter((entry) => entry.isMoving)]
    .map(directoryPair)
    .filter((pair) => pair !== null)
  for (const [index, metadata] of all.entries()) {
    const next = all[index + 1]
    const corrected = next === undefined || metadata.split ? undefined : correctedTail(next, pointers)
    if (corrected !== undefined) return { metadata, change: { kind: 'tail', tail: corrected, split: metadata.split } }
    const id = metadata.entries.findIndex((entry) => entry.isMoving)
    const entry = metadata.entries[id]
    if (entry !== undefined) return { metadata, change: movedChange(store, id, entry) }
  }
  return null
}

/**
 * The correct successor in the list, where the list refers to a pair that only an entry can have linked: undefined
 * where the link is correct.
 */
function correctedTail(next: MetadataPairV1, pointers: readonly Pair[]): Pair | null | undefined {
  if (pointers.some((pair) => equalPair(pair, next.pair))) return undefined
  const pointer = pointers.find((pair) => samePair(pair, next.pair))
  // Where no entry refers to the pair any more, the list skips it.
  return pointer === undefined ? next.tail : pointer
}

/** Removes the old entry of a move where the new one exists; otherwise keeps the old one. */
function movedChange(store: MetadataStoreV1, id: number, entry: Entry): Change {
  if (store.isMoved(entry)) return { kind: 'remove', id }
  return { kind: 'replace', id, entry: { ...entry, isMoving: false } }
}
