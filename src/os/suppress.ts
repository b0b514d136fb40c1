import { isThenable, wrongType } from '../errors.ts'

/** A class of errors: what `instanceof` takes. */
export type ErrorClass = abstract new (...args: never) => Error

/** The result of a function whose errors are suppressed: its own or undefined, in a promise if its own is in one. */
export type Suppressed<T> = T extends PromiseLike<infer R> ? Promise<R | undefined> : T | undefined

/**
 * Calls a function, and returns undefined in place of an error of one of these classes. Other errors are thrown as they are.
 * If the function returns a promise, so does `suppress`, and the same holds for the error that the promise rejects with.
 *
 * @param fn the function, synchronous or asynchronous; called once, without arguments
 * @param classes classes of errors, at least one. A class includes its subclasses: all errors of the system are OSErrors
 * @returns what `fn` returns, or undefined; a promise of that if `fn` returns a promise
 * @throws TypeError if `fn` is not a function, if no class is given, or something that is not one
 *
 * Availability: everywhere. See Python, contextlib.suppress.
 * @example
 * ```ts
 * os.suppress(() => os.remove('missing'), os.FileNotFoundError) // => undefined
 * os.suppress(() => os.stat('missing').st_size, os.FileNotFoundError) ?? 0 // => 0
 * os.suppress(() => os.rmdir('/'), os.FileNotFoundError) // throws OSError
 * const names = await os.suppress(() => os.promises.listdir('missing'), os.FileNotFoundError, os.NotADirectoryError)
 * names ?? [] // => []
 * ```
 */
export function suppress<T>(fn: () => T, ...classes: readonly [ErrorClass, ...ErrorClass[]]): Suppressed<T>
export function suppress(fn: () => unknown, ...classes: readonly ErrorClass[]): unknown {
  if (typeof fn !== 'function') throw wrongType('fn', 'a function', fn)
  if (classes.length === 0) throw wrongType('classes', 'at least one class of errors', undefined)
  for (const one of classes) {
    if (typeof one !== 'function' || !('prototype' in one)) throw wrongType('classes', 'classes of errors', one)
  }
  const suppressed = (error: unknown): undefined => {
    if (!classes.some((one) => error instanceof one)) throw error
    return undefined
  }
  try {
    const result = fn()
    return isThenable(result) ? Promise.resolve(result).catch(suppressed) : result
  } catch (error) {
    return suppressed(error)
  }
}
