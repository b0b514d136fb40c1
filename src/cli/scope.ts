import python from '../index.ts'
import micropython, { vfs } from '../micropython.ts'
import * as path from '../path.ts'

/** Which `os` is in scope. */
export interface Dialect {
  readonly name: string
  readonly prompt: string
  /** The names that code finds without importing them. */
  readonly scope: Readonly<Record<string, unknown>>
}

export const dialects: { readonly python: Dialect; readonly micropython: Dialect } = {
  python: { name: 'os', prompt: '> ', scope: { os: python, vfs, path } },
  micropython: {
    name: "MicroPython's os",
    prompt: '>>> ',
    scope: { os: micropython, vfs, path, open: micropython.open },
  },
}

/** Puts the names where code sees them. They can be covered: `const os = ...` is nobody's business but the user's. */
export function defineScope(target: object, { scope }: Dialect): void {
  for (const [name, value] of Object.entries(scope)) {
    Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true })
  }
}
