import { define } from './properties.ts'

/**
 * What several copies of this package in one thread have in common: two versions, an ES module and a bundle. Each copy
 * has modules and classes of its own.
 */

/**
 * Returns state that all copies in this thread share.
 *
 * @param name the name and, behind it, the version of the state's form
 * @param make creates the state; only the copy that needs it first does
 */
export function sharedState<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`osier.${name}`)
  const holder = globalThis as unknown as Readonly<Record<symbol, T | undefined>>
  const known = holder[key]
  if (known !== undefined) return known
  const value = make()
  define(globalThis, key, { value })
  return value
}

/** The name of a class is on its prototype under this symbol. */
const BRAND: unique symbol = Symbol.for('osier.class.v1')

interface Branded {
  readonly [BRAND]?: string
}

/** Marks a class, so that instances of the same class of another copy are recognised. */
export function brand(Class: { readonly prototype: object; readonly name: string }, name: string): void {
  define(Class.prototype, BRAND, { value: name })
}

/**
 * Whether a value is an instance of a class, or of the class of that name in another copy. Classes without a brand,
 * such as those that extend a class of this package, have instances of their own only.
 */
export function isInstance(asked: { readonly prototype: object }, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(asked, value)) return true
  if (typeof value !== 'object' || value === null || (value as Branded)[BRAND] === undefined) return false
  if (!Object.hasOwn(asked.prototype, BRAND)) return false
  const wanted = (asked.prototype as Branded)[BRAND]
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, BRAND) && (at as Branded)[BRAND] === wanted) return true
  }
  return false
}
