import { wrongType } from '../../errors.ts'
import { define, has, isBelowRoot, isRoot } from '../../properties.ts'
import { isDescriptorObject } from './descriptors.ts'

/**
 * Options by name. The class has no ancestor, so that a polluted Object.prototype adds none. A class rather than an object
 * without a prototype, which V8 looks up properties of more slowly.
 */
class OptionValues {}
Object.setPrototypeOf(OptionValues.prototype, null)

/** The default of every trailing options object: a single object, so that "no options" is one comparison. */
export const NO_OPTIONS: Readonly<Record<string, never>> = Object.freeze(
  new OptionValues() as Readonly<Record<string, never>>,
)

/**
 * Checks an options object, and returns the object to read the options from: the same one, or a copy if that would show
 * what is in Object.prototype. Options that it inherits from other objects count.
 *
 * @throws TypeError for a value that is not an options object, and for an unknown option
 */
export function checkOptions<T extends object>(options: T, allowed: readonly string[]): T {
  if (options === NO_OPTIONS) return options
  if (!isOptions(options)) throw wrongType('options', 'a plain object', options)
  // The options are all its own: nothing is looked up in a prototype.
  if (countOptions(options, options, allowed) === allowed.length) return options
  const prototype: object | null = Object.getPrototypeOf(options)
  if (prototype === null || prototype === OptionValues.prototype) return options
  if (prototype !== Object.prototype) return inheritedOptions(options, allowed)
  return isPolluted(allowed) ? copied(options, allowed) : options
}

function isPolluted(names: readonly string[]): boolean {
  for (const name of names) if (name in Object.prototype) return true
  return false
}

/** The number of options that one object has, `options` or an ancestor. Throws for an unknown one. */
function countOptions(owner: object, options: object, allowed: readonly string[]): number {
  const keys = Object.keys(owner)
  for (const key of keys) {
    if (!allowed.includes(key)) throw wrongType('options', `an object of ${allowed.join(', ')}`, options)
  }
  return keys.length
}

/** The options of an object of another realm, an instance of a class, or an object that inherits from a plain one. */
function inheritedOptions<T extends object>(options: T, allowed: readonly string[]): T {
  const owners = ancestors(options)
  for (const owner of owners) countOptions(owner, options, allowed)
  const values = copied(options, allowed)
  // An instance of a class without any option is rather an argument in the wrong place.
  const isInstance = owners.some((owner) => Object.hasOwn(owner, 'constructor'))
  if (isInstance && Object.keys(values).length === 0) throw wrongType('options', 'a plain object', options)
  return values
}

function copied<T extends object>(options: T, names: readonly string[]): T {
  const values = new OptionValues() as Record<string, unknown>
  for (const name of names) {
    if (isBelowRoot(options, name)) values[name] = (options as Readonly<Record<string, unknown>>)[name]
  }
  return values as T
}

/** The prototypes of an object except for Object.prototype, the nearest first. */
function ancestors(value: object): object[] {
  const found: object[] = []
  let next: object | null = Object.getPrototypeOf(value)
  for (; next !== null && !isRoot(next); next = Object.getPrototypeOf(next)) found.push(next)
  return found
}

const NOTHING_TAKEN: Readonly<Partial<Record<string, never>>> = NO_OPTIONS

/**
 * Removes some options from the object at the end of the arguments of a call, and returns them. The object is replaced by
 * one without them, or removed if it is empty then.
 */
export function takeOptions<N extends string>(
  given: unknown[],
  names: readonly N[],
): Readonly<Partial<Record<N, unknown>>> {
  const last = given.at(-1)
  if (!isOptions(last) || !names.some((name) => has(last, name))) return NOTHING_TAKEN
  const taken = copied(last, names)
  const others = without(last, names)
  if (Object.getOwnPropertyNames(others).length === 0) given.pop()
  else given[given.length - 1] = others
  return taken as Readonly<Partial<Record<N, unknown>>>
}

/** A copy of an options object with what it inherits, except for some options. */
function without(options: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  const others = new OptionValues() as Record<string, unknown>
  for (const name of Object.keys(options)) if (!names.includes(name)) others[name] = options[name]
  const owners = ancestors(options)
  for (const owner of owners.length === 0 ? [] : [options, ...owners]) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (names.includes(name) || name === 'constructor' || Object.hasOwn(others, name)) continue
      const { enumerable = false } = Object.getOwnPropertyDescriptor(owner, name) ?? {}
      // A class may have accessors beside those of its options: each is read only if it is asked for.
      if (enumerable) others[name] = options[name]
      else define(others, name, { get: () => options[name] })
    }
  }
  return others
}

/**
 * Returns the optional arguments of a call by name. As in Python they may be given by position or by name: those after
 * the required arguments by position, the others in one trailing object, and no argument twice.
 *
 * @param positional the parameters that may be given by position, in order
 * @param named the keyword-only parameters
 * @param given the caller's arguments after the required ones
 */
export function optional<P extends string, N extends string = never>(
  positional: readonly P[],
  named: readonly N[],
  given: readonly unknown[],
): Partial<Record<P | N, unknown>> {
  const last = given.at(-1)
  const options = isOptions(last) ? last : undefined
  const inOrder = options === undefined ? given : given.slice(0, -1)
  if (inOrder.length > positional.length) {
    const extra = inOrder[positional.length]
    if (extra !== undefined) throw wrongType('options', 'a plain object', extra)
  }
  const result = new OptionValues() as Partial<Record<P | N, unknown>>
  if (options !== undefined) {
    const names = [...positional, ...named]
    const checked = checkOptions(options, names)
    for (const name of names) result[name] = checked[name]
  }
  for (const [index, name] of positional.entries()) {
    const value = inOrder[index]
    if (value === undefined) continue
    if (result[name] !== undefined) throw wrongType(name, 'given once, by position or by name', value)
    result[name] = value
  }
  return result
}

/**
 * Reports whether a value is an options object: a plain object, or an instance of a class of the caller's. Path, buffer
 * and descriptor objects, iterables, and instances of built-in classes are not.
 */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  if (!isPlain(value) && !isInstanceOfOwnClass(value)) return false
  return !isDescriptorObject(value) && !('__fspath__' in value && has(value, '__fspath__'))
}

/** Reports whether an object has no class. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // Another realm (node:vm, and so a REPL) has another Object.prototype, which also has no prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Built-in classes, those of the web's interfaces too, have a tag. */
function isInstanceOfOwnClass(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]' && !(Symbol.iterator in value)
}
