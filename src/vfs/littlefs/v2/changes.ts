import { type Pair, pairBytes } from '../pair.ts'
import type { Position } from '../position.ts'
import { entryItems } from './commit.ts'
import type { Entry, Item } from './metadata.ts'
import { ATTRIBUTE, CREATE, DELETE, DIRECTORY_STRUCT, idOf, makeTag, NO_ID, TAIL, typeOf } from './tag.ts'

/** Changes of a pair's contents, as items of metadata. They are applied one after the other. */

const NOTHING = Buffer.alloc(0)

/** Creates an entry; the ids from `id` on increase by one. */
export function creation(id: number, entry: Entry): Item[] {
  return [{ tag: makeTag(CREATE, id, 0), data: NOTHING }, ...entryItems(entry, id)]
}

/** Deletes an entry; the ids after it decrease by one. */
export function deletion(id: number): Item {
  return { tag: makeTag(DELETE, id, 0), data: NOTHING }
}

export function structChange(id: number, type: number, data: Buffer): Item {
  return { tag: makeTag(type, id, data.length), data }
}

export function directoryChange(id: number, pair: Pair): Item {
  return structChange(id, DIRECTORY_STRUCT, pairBytes(pair))
}

export function attributeChange(id: number, type: number, data: Buffer): Item {
  return { tag: makeTag(ATTRIBUTE | type, id, data.length), data }
}

export function tailChange(tail: Pair | null, split: boolean): Item {
  return { tag: makeTag(TAIL | (split ? 1 : 0), NO_ID, 8), data: pairBytes(tail) }
}

export function isDeleting(item: Item): boolean {
  return typeOf(item.tag) === DELETE
}

/** Updates a position for changes of the entries. */
export function follow(position: Position, items: readonly Item[]): void {
  for (const { tag } of items) {
    if (typeOf(tag) === CREATE && position.id >= idOf(tag)) position.id += 1
    if (typeOf(tag) !== DELETE || position.gone) continue
    if (position.id > idOf(tag)) position.id -= 1
    else if (position.id === idOf(tag) && position.name !== null) position.gone = true
  }
}
