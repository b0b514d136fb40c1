import { type Pair, samePair } from './pair.ts'

/** The place of an entry in the metadata, kept up to date while that changes: of open files, and in operations. */
export class Position {
  pair: Pair
  id: number
  /** The name of the entry, where it is one that exists: to find it again. */
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

/** The place of a pair, whatever happens to its entries. */
export function headOf(pair: Pair): Position {
  return new Position(pair, -1)
}

/** All positions that must follow what is changed. */
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

  /** Keeps places up to date while `action` changes things. */
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
