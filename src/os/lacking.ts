import { NotImplementedError } from '../errors.ts'
import { define } from '../properties.ts'

const absent = new WeakSet<object>()

/**
 * Creates the stand-in for a function that this platform lacks: it throws an error that names the platforms that have
 * it.
 */
export function notImplemented<F extends (...args: never[]) => unknown>(name: string, platforms: string): F {
  const throwing = (): never => {
    throw new NotImplementedError(`os.${name} is not available on ${process.platform}, only on ${platforms}`)
  }
  define(throwing, 'name', { value: name })
  absent.add(throwing)
  return throwing as unknown as F
}

/** Reports whether a function is such a stand-in. */
export function isAbsent(fn: object): boolean {
  return absent.has(fn)
}
