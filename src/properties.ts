/**
 * Properties of objects, whatever another part of the program has added to Object.prototype: what an object inherits from
 * there is ignored.
 */

/** Whether an object has a property, its own or an inherited one. */
export function has<T extends object, K extends string>(
  value: T,
  name: K,
): value is Extract<T, Readonly<Record<K, unknown>>> {
  return name in value && (!(name in Object.prototype) || isBelowRoot(value, name))
}

/** The same, slower, and also for the Object.prototype of another realm. */
export function isBelowRoot(value: object, name: string): boolean {
  let owner: object | null = value
  for (; owner !== null && !isRoot(owner); owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, name)) return true
  }
  return false
}

/** Whether an object is the Object.prototype of this realm, or of another one. */
export function isRoot(value: object): boolean {
  return value === Object.prototype || (Object.getPrototypeOf(value) === null && Object.hasOwn(value, 'isPrototypeOf'))
}

/** Object.defineProperty, of which a missing field, such as `get`, is missing also if Object.prototype has one. */
export function define<T extends object>(target: T, name: PropertyKey, descriptor: PropertyDescriptor): T {
  return Object.defineProperty(target, name, bare(descriptor))
}

/**
 * Removes the prototype of a new object, whose missing properties are then missing: for options that Node's functions read.
 *
 * @returns the same object
 */
export function bare<T extends object>(fresh: T): T {
  return Object.setPrototypeOf(fresh, null) as T
}
