import { type InspectOptions, inspect } from 'node:util'
import { brand, isInstance } from '../copies.ts'
import { badValue, wrongType } from '../errors.ts'
import { define } from '../properties.ts'

/** What a result has beside its items and its fields. */
export interface SequenceMethods<Items extends readonly unknown[]> {
  /** Returns the items as an array, in the documented order, without the fields that are not part of the sequence. */
  toArray(): [...Items]
  /** Returns the named fields, each bigint as a decimal string: `JSON.stringify` calls it. */
  toJSON(): Record<string, unknown>
}

/**
 * A result with named fields that is also a sequence, like Python's struct sequences: a readonly tuple whose items have
 * types of their own, so that `const [a, b] = result`, `result[0]`, `result.map(...)` and each field by name work.
 * It is no array at run time: `Array.isArray` reports false, and `[].concat(result)` adds it as one item.
 */
export type StructSequence<Items extends readonly unknown[]> = Items & SequenceMethods<Items>

/**
 * The fields are own properties, and the items are read from them: that costs nothing when a result is made, while an
 * array would double the time of `os.stat`.
 */
abstract class FieldSequence {
  /** Whether a value is an instance of this class, or of the same class of another copy of this package. */
  static [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked for may be a subclass
    return isInstance(this, value)
  }

  abstract toArray(): unknown[]

  get length(): number {
    return this.toArray().length
  }

  [Symbol.iterator](): IterableIterator<unknown> {
    return this.toArray()[Symbol.iterator]()
  }

  toJSON(): Record<string, unknown> {
    return jsonFields(this)
  }

  /** Shows the items and the fields, as Node shows an array with properties. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const items = this.toArray()
    return `${this.constructor.name}(${items.length}) ${inspect(Object.assign(items, namedFields(this)), options)}`
  }
}

/** The readonly methods of arrays. Each works on a copy of the items. */
const METHODS = `at concat entries every filter find findIndex findLast findLastIndex flat flatMap forEach includes
  indexOf join keys lastIndexOf map reduce reduceRight slice some toReversed toSorted toSpliced values with`

const methods: Readonly<Record<string, unknown>> = Object.getOwnPropertyDescriptors(Array.prototype)
for (const name of METHODS.split(/\s+/)) {
  const { value: method } = methods[name] as TypedPropertyDescriptor<(...args: unknown[]) => unknown>
  defineItem(name, {
    value(this: FieldSequence, ...args: unknown[]): unknown {
      return method?.apply(this.toArray(), name === 'concat' ? args.map(itemsOf) : args)
    },
    writable: true,
  })
}

// The longest sequence has 19 items. As in an array, an index past the end of a shorter one is undefined.
for (let index = 0; index < 19; index++) {
  defineItem(index, {
    get(this: FieldSequence): unknown {
      return this.toArray()[index]
    },
  })
}

/** What `concat` adds. Symbol.isConcatSpreadable would do it, but makes V8 slow down `concat` for the whole process. */
function itemsOf(value: unknown): unknown {
  return value instanceof FieldSequence ? value.toArray() : value
}

brand(FieldSequence, 'sequence')

function defineItem(name: string | number, descriptor: PropertyDescriptor): void {
  define(FieldSequence.prototype, name, { configurable: true, ...descriptor })
}

/** The base of the results. Its type has the items of each result, which a class cannot declare. */
export const StructSequence: abstract new <Items extends readonly unknown[]>() => StructSequence<Items> =
  FieldSequence as never

/** The fields of a result: its own properties, and those that its class computes from them. */
function namedFields(result: object): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...result }
  const accessors = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(result)))
  for (const [name, { get }] of accessors) if (get !== undefined) fields[name] = get.call(result)
  return fields
}

/** The fields of a result, with bigints as decimal strings, since JSON has none. */
export function jsonFields(result: object): Record<string, unknown> {
  const fields = namedFields(result)
  for (const [name, value] of Object.entries(fields)) if (typeof value === 'bigint') fields[name] = String(value)
  return fields
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
