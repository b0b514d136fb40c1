import python from '../index.ts'
import micropython, { vfs } from '../micropython.ts'
import * as path from '../path.ts'
import { define } from '../properties.ts'

/** The variant of `os` that is in scope. */
export interface Dialect {
  readonly name: string
  readonly prompt: string
  /** The names that are global in the code. */
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

/** Defines the names as globals. The code may redeclare them: `const os = ...`. */
export function defineScope(target: object, { scope }: Dialect): void {
  for (const [name, value] of Object.entries(scope)) {
    define(target, name, { value, configurable: true, enumerable: true, writable: true })
  }
}
