import { isAscii, isUtf8 } from 'node:buffer'
import { isMainThread } from 'node:worker_threads'
import { libc } from './functions.ts'
import { isBun } from './node.ts'
import { environmentStrings } from './string_array.ts'

/**
 * Everywhere else `process.env` is the environment of the process, that of C. Bun copies it when it starts, and goes by
 * its copy from then on; so here each hears of the other's changes. (Not of names that are not ASCII: Bun has those
 * wrong.)
 */

const isApart = isBun && isMainThread

const EQUALS = 0x3d

/** Has the environment of C follow `process.env`: to be called before C is asked, or a child inherits it. */
export function followBun(): void {
  if (!isApart) return
  const wanted = new Map(Object.entries(process.env))
  for (const [name, values] of valuesInC()) {
    change(name, values, wanted.get(name))
    wanted.delete(name)
  }
  for (const [name, value] of wanted) if (isAscii(Buffer.from(name))) change(name, [], value)
}

/** What C has of each name, which may stand there more than once, or without a value. */
function valuesInC(): Map<string, Buffer[]> {
  const found = new Map<string, Buffer[]>()
  for (const string of environmentStrings()) {
    const equals = string.indexOf(EQUALS)
    const end = equals === -1 ? string.length : equals
    const name = string.toString('latin1', 0, end)
    // Bun has names of its own for those that it cannot decode.
    if (name === '' || !isAscii(string.subarray(0, end))) continue
    found.set(name, [...(found.get(name) ?? []), string.subarray(end + 1)])
  }
  return found
}

function change(name: string, values: readonly Buffer[], value: string | undefined): void {
  // U+FFFD stands for what Bun could not decode, and must not take its place.
  const isLost = value?.includes('\ufffd') && values.some((bytes) => !isUtf8(bytes))
  if (isLost || values.some((bytes) => bytes.toString() === value)) return
  if (value === undefined) libc.unsetenv(name)
  else libc.setenv(name, value, 1)
  if (name === 'TZ') libc.tzset()
}

/** Has `process.env` follow a change that was made in C; without a value the variable is gone. */
export function tellBun(name: string, value: string | undefined): void {
  if (!isApart) return
  if (value === undefined) delete process.env[name]
  else process.env[name] = value.toWellFormed()
}
