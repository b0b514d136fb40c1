import { corrupt } from '../failure.ts'
import { equalPair, type Pair, SUPERBLOCKS, VisitedPairs } from '../pair.ts'
import { headOf } from '../position.ts'
import { deletion, tailChange } from './changes.ts'
import type { MetadataPair } from './metadata.ts'
import type { MetadataStore } from './store.ts'

/** Repairs after a power loss, which must be completed before the next write. */

/** Finishes a move: the file exists at its new location, so its old entry is deleted. */
export function finishMove(store: MetadataStore): void {
  const move = store.state.moveOnDisk
  if (move === null) return
  const metadata = store.tree.fetch(move.pair)
  store.state.move = null
  if (move.id >= metadata.entries.length) throw corrupt()
  store.commit(metadata, [deletion(move.id)])
}

/**
 * Makes the list of all pairs agree with the tree.
 *
 * @param powerLoss whether the list may contain directories that are no longer, or not yet, in the tree
 */
export function removeOrphans(store: MetadataStore, powerLoss: boolean): void {
  if (store.state.orphans === 0) return
  // Moved pairs come first, since their earlier blocks may still refer to directories that no longer exist.
  let moved = true
  while (moved) moved = repairMoved(store) || (powerLoss && dropOrphans(store))
  store.state.orphans = 0
}

/** Makes the list refer to the blocks that the tree refers to. @returns whether more pairs had to move */
function repairMoved(store: MetadataStore): boolean {
  return repair(store, (predecessor, tail) => {
    const parent = store.tree.parent(tail)
    return parent === null || equalPair(parent.pointer, tail)
      ? null
      : { tail: parent.pointer, split: predecessor.split }
  })
}

/** Removes directories without an entry from the list. @returns whether pairs had to move */
function dropOrphans(store: MetadataStore): boolean {
  return repair(store, (_, tail) => {
    if (store.tree.parent(tail) !== null) return null
    const orphan = store.tree.fetch(tail)
    store.state.inherit(orphan.piece)
    return { tail: orphan.tail, split: orphan.split }
  })
}

interface Tail {
  readonly tail: Pair | null
  readonly split: boolean
}

/** Iterates over the list, and corrects the tails for which `wanted` returns a replacement. */
function repair(store: MetadataStore, replacement: (predecessor: MetadataPair, tail: Pair) => Tail | null): boolean {
  let moved = false
  let seen = new VisitedPairs()
  let steps = 0
  for (let metadata = store.tree.fetch(SUPERBLOCKS); metadata.tail !== null; ) {
    if (++steps > 4 * store.flash.blockCount || !seen.add(metadata.pair)) throw corrupt()
    // Only the first pair of a directory has an entry that refers to it.
    const corrected = metadata.split ? null : replacement(metadata, metadata.tail)
    if (corrected === null) {
      metadata = store.tree.fetch(metadata.tail)
      continue
    }
    const { move } = store.state
    const finishing = move !== null && equalPair(move.pair, metadata.pair) ? [deletion(move.id)] : []
    if (finishing.length > 0) store.state.move = null
    // The commit may move the pair itself to other blocks.
    const here = headOf(metadata.pair)
    const changes = [...finishing, tailChange(corrected.tail, corrected.split)]
    if (store.positions.tracking([here], () => store.commit(metadata, changes))) moved = true
    seen = new VisitedPairs()
    metadata = store.tree.fetch(here.pair)
  }
  return moved
}
