import { isAscii, isUtf8 } from 'node:buffer'
import { isMainThread } from 'node:worker_threads'
import { libc } from './functions.ts'
import { isBun } from './node.ts'
import { environmentStrings } from './string_array.ts'

/**
 * In Node and Deno, `process.env` is the environment of the C library. Bun copies the environment when it starts, and
 * uses its copy from then on. So this module copies changes in both directions. (Except for names that are not ASCII,
 * which Bun decodes incorrectly.)
 */

const hasOwnEnvironment = isBun && isMainThread

const EQUALS = 0x3d

/**
 * Copies changes of `process.env` to the C library: to be called before C reads the environment or a child inherits it.
 */
export function copyFromBun(): void {
  if (!hasOwnEnvironment) return
  const wanted = new Map(Object.entries(process.env))
  for (const [name, values] of valuesInC()) {
    change(name, values, wanted.get(name))
    wanted.delete(name)
  }
  for (const [name, value] of wanted) if (isAscii(Buffer.from(name))) change(name, [], value)
}

/** The values of each name in the C library. A name may occur more than once, or without a value. */
function valuesInC(): Map<string, Buffer[]> {
  const found = new Map<string, Buffer[]>()
  for (const string of environmentStrings()) {
    const equals = string.indexOf(EQUALS)
    const end = equals === -1 ? string.length : equals
    const name = string.toString('latin1', 0, end)
    // Bun uses other names for those that it cannot decode.
    if (name === '' || !isAscii(string.subarray(0, end))) continue
    found.set(name, [...(found.get(name) ?? []), string.subarray(end + 1)])
  }
  return found
}

function change(name: string, values: readonly Buffer[], value: string | undefined): void {
  // A value with U+FFFD is one that Bun could not decode; the C library's value must not be overwritten with it.
  const isUndecodable = value?.includes('\ufffd') && values.some((bytes) => !isUtf8(bytes))
  if (isUndecodable || values.some((bytes) => bytes.toString() === value)) return
  if (value === undefined) libc.unsetenv(name)
  else libc.setenv(name, value, 1)
  if (name === 'TZ') libc.tzset()
}

/** Copies a change in the C library to `process.env`; without a value the variable is removed. */
export function copyToBun(name: string, value: string | undefined): void {
  if (!hasOwnEnvironment) return
  if (value === undefined) delete process.env[name]
  else process.env[name] = value.toWellFormed()
}
