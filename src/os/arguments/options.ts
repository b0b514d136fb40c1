import { wrongType } from '../../errors.ts'
import { isDescriptorObject } from './descriptors.ts'

/** The default of every trailing options object: a single object, so that "no options" is one comparison. */
export const NO_OPTIONS: Readonly<Record<string, never>> = Object.freeze({})

/** Throws for a value that is not an options object, and for an unknown option. */
export function checkOptions(options: unknown, allowed: readonly string[]): void {
  if (options === NO_OPTIONS) return
  if (!isOptions(options)) throw wrongType('options', 'a plain object', options)
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) throw wrongType('options', `an object of ${allowed.join(', ')}`, options)
  }
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
  if (options !== undefined) checkOptions(options, [...positional, ...named])
  const result = { ...options } as Partial<Record<P | N, unknown>>
  for (const [index, name] of positional.entries()) {
    const value = inOrder[index]
    if (value === undefined) continue
    if (result[name] !== undefined) throw wrongType(name, 'given once, by position or by name', value)
    result[name] = value
  }
  return result
}

/** Reports whether a value is a plain object, and so an options object: path, buffer and descriptor objects are not. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // Another realm (node:vm, and so a REPL) has another Object.prototype, which also has no prototype.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return isPlain && !isDescriptorObject(value) && !('__fspath__' in value)
}
