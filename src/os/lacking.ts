import { NotImplementedError } from '../errors.ts'

const absent = new WeakSet<object>()

/** A function that this platform lacks: it throws, and tells where it exists. */
export function lacking<F extends (...args: never[]) => unknown>(name: string, platforms: string): F {
  const throwing = (): never => {
    throw new NotImplementedError(`os.${name} is not available on ${process.platform}, only on ${platforms}`)
  }
  Object.defineProperty(throwing, 'name', { value: name })
  absent.add(throwing)
  return throwing as unknown as F
}

/** Whether a function is one of these. */
export function isAbsent(fn: object): boolean {
  return absent.has(fn)
}
