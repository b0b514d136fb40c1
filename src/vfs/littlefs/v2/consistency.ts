import { corrupt } from '../failure.ts'
import { equalPair, type Pair, Seen, SUPERBLOCKS } from '../pair.ts'
import { headOf } from '../position.ts'
import { deletion, tailChange } from './changes.ts'
import type { MetadataPair } from './metadata.ts'
import type { MetadataStore } from './store.ts'

/** What has to be done after the power went in the middle of something, before anything else is written. */

/** Finishes a move: the file is at its new place, so its old entry goes. */
export function finishMove(store: MetadataStore): void {
  const move = store.state.moveOnDisk
  if (move === null) return
  const metadata = store.tree.fetch(move.pair)
  store.state.move = null
  if (move.id >= metadata.entries.length) throw corrupt()
  store.commit(metadata, [deletion(move.id)])
}

/**
 * Brings the list of all pairs into step with the tree.
 *
 * @param powerLoss whether directories in the list may have been removed from the tree, or not yet entered
 */
export function removeOrphans(store: MetadataStore, powerLoss: boolean): void {
  if (store.state.orphans === 0) return
  // First pairs that have moved, since those that they were may still speak of directories that are none any more.
  let moved = true
  while (moved) moved = repairMoved(store) || (powerLoss && dropOrphans(store))
  store.state.orphans = 0
}

/** Has the list lead to the blocks to which the tree leads. @returns whether more pairs had to move */
function repairMoved(store: MetadataStore): boolean {
  return repair(store, (predecessor, tail) => {
    const parent = store.tree.parent(tail)
    return parent === null || equalPair(parent.pointer, tail)
      ? null
      : { tail: parent.pointer, split: predecessor.split }
  })
}

/** Takes directories out of the list to which no entry leads. @returns whether pairs had to move */
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

/** Goes through the list, and changes the tails that `wanted` finds wrong. */
function repair(store: MetadataStore, wanted: (predecessor: MetadataPair, tail: Pair) => Tail | null): boolean {
  let moved = false
  let seen = new Seen()
  let steps = 0
  for (let metadata = store.tree.fetch(SUPERBLOCKS); metadata.tail !== null; ) {
    if (++steps > 4 * store.flash.blockCount || !seen.add(metadata.pair)) throw corrupt()
    // Only the first pair of a directory has an entry that leads to it.
    const better = metadata.split ? null : wanted(metadata, metadata.tail)
    if (better === null) {
      metadata = store.tree.fetch(metadata.tail)
      continue
    }
    const { move } = store.state
    const finishing = move !== null && equalPair(move.pair, metadata.pair) ? [deletion(move.id)] : []
    if (finishing.length > 0) store.state.move = null
    // The pair itself may go elsewhere by this.
    const here = headOf(metadata.pair)
    const changes = [...finishing, tailChange(better.tail, better.split)]
    if (store.positions.tracking([here], () => store.commit(metadata, changes))) moved = true
    seen = new Seen()
    metadata = store.tree.fetch(here.pair)
  }
  return moved
}
