import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../../audit.ts'
import { badValue } from '../../errors.ts'
import { followBun, tellBun } from '../../libc/bun_environment.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { isNode } from '../../libc/node.ts'
import { environmentStrings } from '../../libc/string_array.ts'
import { decode } from '../../libc/strings.ts'
import { cString, type FileName, fileName, type Path } from '../arguments/paths.ts'
import { mainThreadOnly, tellTimeZone } from './process_state.ts'

/** An argument, or a value of an environment. */
export type Text = string | Uint8Array

/**
 * The variables of an environment: a Map (`os.environ` is one in all but name), or a plain object, of which the
 * properties that are undefined do not count, as in Node (`process.env` has that type).
 */
export type Environment = Iterable<readonly [Text, Text]> | Readonly<Record<string, Text | undefined>>

const putenvEvent = new AuditEvent('os.putenv')
const unsetenvEvent = new AuditEvent('os.unsetenv')

const EQUALS = 0x3d

/**
 * The variables as text, which loses nothing: `fsencode` gives the bytes back. They are read when they are first asked
 * for or changed, so that importing costs nothing; from then on they change as in Python, by `environ`, `environb` and
 * `reload_environ` alone.
 */
let captured: Map<string, string> | undefined

let changes = 0

/** How often what `environ` and `environb` tell has changed. */
export function environChanges(): number {
  return changes
}

/** Counts a change of what `environ` and `environb` show. */
export function countChange(): void {
  changes += 1
}

/** Reads the environment again, as `reload_environ` promises. */
export function captureVariables(): void {
  captured = readVariables()
  changes += 1
}

export function variables(): Map<string, string> {
  captured ??= readVariables()
  return captured
}

function readVariables(): Map<string, string> {
  const found = new Map<string, string>()
  followBun()
  for (const string of isMainThread ? environmentStrings() : threadStrings()) {
    const end = string.indexOf(EQUALS)
    if (end === -1) continue
    const name = decode(string.subarray(0, end))
    // Of two of the same name C finds the first.
    if (!found.has(name)) found.set(name, decode(string.subarray(end + 1)))
  }
  return found
}

/**
 * The environment of a worker thread: that of its `process.env`. C's own is not safe to read there, since the main
 * thread may be changing it.
 *
 * Node reads it as UTF-8. A variable that is not, and is as it was when the process started, is taken from there.
 */
export function threadStrings(): Uint8Array[] {
  const undecodable = new Map<string, Uint8Array>()
  for (const string of initialStrings()) if (!isUtf8(string)) undecodable.set(string.toString(), string)
  return Object.entries(process.env).map(([name, value]) => {
    const text = `${name}=${value}`
    return undecodable.get(text) ?? Buffer.from(text)
  })
}

/** A variable of a worker thread, as text that loses nothing. */
export function threadVariable(name: string): string | undefined {
  const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined
  if (name.isWellFormed() && !value?.includes('\ufffd')) return value
  const strings = threadStrings().map((string) => decode(string))
  const found = strings.find((string) => string.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}

/** Empty where /proc is not mounted. */
function initialStrings(): Buffer[] {
  try {
    const strings = readFileSync('/proc/self/environ', 'latin1').split('\0')
    return strings.map((string) => Buffer.from(string, 'latin1'))
  } catch {
    return []
  }
}

/**
 * setenv(3): sets a variable of the process's environment, for C and for children. `process.env` agrees afterwards;
 * `environ` and `getenv` do not show it, as in Python: prefer `environ.set()`.
 *
 * @param key the name: text or bytes
 * @param value the value: text or bytes
 * @throws RangeError for a name with "=", and for a NUL in either; OSError EINVAL for an empty name
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread, since the environment is that of the whole process
 *
 * Availability: Linux. Audit event: `os.putenv` (key, value). See setenv(3); Python, os.putenv.
 * @example
 * ```ts
 * os.putenv('COLOUR', 'green')
 * os.system('test "$COLOUR" = green') // => 0
 * ```
 */
export function putenv(key: Path, value: Path): void {
  setVariable(fileName(key, 'key'), fileName(value, 'value'))
}

export function setVariable(key: FileName, value: FileName): void {
  const [name, content] = [cString(key, 'key'), cString(value, 'value')]
  if (typeof key === 'string' ? key.includes('=') : key.includes(EQUALS)) {
    throw badValue('key', 'must not contain "="', key)
  }
  mainThreadOnly('putenv')
  if (putenvEvent.wanted) putenvEvent.raise(key, value)
  variables()
  if (isTimeZone(key)) tellTimeZone(asText(value))
  while (libc.setenv(name, content, 1) === -1) failed('putenv')
  afterChange(key, value)
}

/**
 * unsetenv(3): removes a variable from the process's environment, for C and for children. `process.env` agrees
 * afterwards; `environ` and `getenv` do not show it, as in Python: prefer `environ.delete()`.
 *
 * @param key the name: text or bytes; one that is not there is no error
 * @throws RangeError for a NUL in it; OSError EINVAL for an empty name and for one with "="
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread, since the environment is that of the whole process
 *
 * Availability: Linux. Audit event: `os.unsetenv` (key). See unsetenv(3); Python, os.unsetenv.
 * @example
 * ```ts
 * os.putenv('COLOUR', 'green')
 * os.unsetenv('COLOUR')
 * os.system('test -z "$COLOUR"') // => 0
 * ```
 */
export function unsetenv(key: Path): void {
  unsetVariable(fileName(key, 'key'))
}

export function unsetVariable(key: FileName): void {
  const name = cString(key, 'key')
  mainThreadOnly('unsetenv')
  if (unsetenvEvent.wanted) unsetenvEvent.raise(key)
  variables()
  if (isTimeZone(key)) tellTimeZone(undefined)
  while (libc.unsetenv(name) === -1) failed('unsetenv')
  afterChange(key, undefined)
}

/** Node hears of a change by itself. */
function afterChange(key: FileName, value: FileName | undefined): void {
  if (isNode) return
  tellBun(asText(key), value === undefined ? undefined : asText(value))
  if (isTimeZone(key)) libc.tzset()
}

function isTimeZone(key: FileName): boolean {
  return asText(key) === 'TZ'
}

export function asText(value: FileName): string {
  return typeof value === 'string' ? value : decode(value)
}
