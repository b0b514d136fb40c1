import { badValue, wrongType } from '../errors.ts'

/**
 * A result with named fields that is also a sequence, like Python's struct sequences: `const [a, b] = result`,
 * `result[0]`, `result.length`, and each field by name.
 */
export abstract class StructSequence<T> implements Iterable<T> {
  readonly [index: number]: T

  /** Returns the sequence, in the documented order, without the fields that are not part of it. */
  abstract toArray(): T[]

  get length(): number {
    return this.toArray().length
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.toArray()[Symbol.iterator]()
  }
}

// The longest sequence has 19 items. As in an array, an index past the end of a shorter one is undefined.
for (let index = 0; index < 19; index++) {
  Object.defineProperty(StructSequence.prototype, index, {
    get(this: StructSequence<unknown>): unknown {
      return this.toArray()[index]
    },
  })
}

/** Checks the items from which a program constructs a result. */
export function items<T>(sequence: unknown, name: string, least: number, most: number): T[] {
  if (typeof sequence !== 'object' || sequence === null || !(Symbol.iterator in sequence)) {
    throw wrongType('sequence', 'an iterable', sequence)
  }
  const list = [...(sequence as Iterable<T>)]
  if (list.length >= least && list.length <= most) return list
  throw badValue('sequence', `must have ${least === most ? least : `${least} to ${most}`} items for a ${name}`, list)
}
