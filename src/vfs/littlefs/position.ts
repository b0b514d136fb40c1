import { type Pair, samePair } from './pair.ts'

/**
 * The position of an entry in the metadata, which is updated when the metadata changes: used by open files and during
 * operations.
 */
export class Position {
  pair: Pair
  id: number
  /** The name of the entry, where it exists on the disk: used to find the entry again. */
  name: Buffer | null
  /** Whether the entry has been deleted. */
  gone = false

  constructor(pair: Pair, id: number, name: Buffer | null = null) {
    this.pair = pair
    this.id = id
    this.name = name
  }

  isIn(pair: Pair): boolean {
    return !this.gone && samePair(this.pair, pair)
  }
}

/** The position of a pair, independent of its entries. */
export function headOf(pair: Pair): Position {
  return new Position(pair, -1)
}

/** All positions that have to be updated when metadata changes. */
export class Positions implements Iterable<Position> {
  readonly #positions: Set<Position> = new Set()

  add(position: Position): void {
    this.#positions.add(position)
  }

  remove(position: Position): void {
    this.#positions.delete(position)
  }

  [Symbol.iterator](): IterableIterator<Position> {
    return this.#positions.values()
  }

  /** Keeps additional positions up to date while `action` runs. */
  tracking<T>(positions: readonly Position[], action: () => T): T {
    for (const position of positions) this.add(position)
    try {
      return action()
    } finally {
      for (const position of positions) this.remove(position)
    }
  }

  in(pair: Pair): Position[] {
    return [...this.#positions].filter((position) => position.isIn(pair))
  }
}
