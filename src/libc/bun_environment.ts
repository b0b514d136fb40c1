import { isAscii, isUtf8 } from 'node:buffer'
import { isMainThread } from 'node:worker_threads'
import { libc } from './functions.ts'
import { isBun } from './node.ts'
import { environmentStrings } from './string_array.ts'

/**
 * Everywhere else `process.env` is the environment of the process, that of C. Bun copies it when it starts, and goes by
 * its copy from then on; so here each hears of the other's changes. (Not of
 * names that are not ASCII: Bun has those wrong.)
 */

const isApart = isBun && isMainThread

const EQUALS = 0x3d

/** Has the environment of C follow `process.env`: to be called before C is asked, or a child inherits it. */
export function followBun(): void {
  if (!isApart) return
  const wanted = new Map(Object.entries(process.env))
  for (const string of environmentStrings()) {
    const end = string.indexOf(EQUALS)
    const name = string.subarray(0, end)
    // Bun has names of its own for those that it cannot decode.
    if (end === -1 || !isAscii(name)) continue
    change(name.toString(), string.subarray(end + 1), wanted.get(name.toString()))
    wanted.delete(name.toString())
  }
  for (const [name, value] of wanted) if (isAscii(Buffer.from(name))) change(name, undefined, value)
}

function change(name: string, before: Buffer | undefined, value: string | undefined): void {
  // U+FFFD stands for what Bun could not decode, and must not take its place.
  if (value === before?.toString() || (value?.includes('\ufffd') && before !== undefined && !isUtf8(before))) return
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
