import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../../audit.ts'
import { sharedState } from '../../copies.ts'
import { badValue } from '../../errors.ts'
import { copyFromBun, copyToBun } from '../../libc/bun_environment.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { isNode } from '../../libc/node.ts'
import { ownText } from '../../libc/own_bytes.ts'
import { environmentStrings } from '../../libc/string_array.ts'
import { decode } from '../../libc/strings.ts'
import { auditedPath, cString, type FileName, fileName, type Path } from '../arguments/paths.ts'
import { mainThreadOnly, setTimeZone } from './process_state.ts'

/** An argument, or a value of an environment. */
export type Text = string | Uint8Array

/**
 * The variables of an environment: a Map, `os.environ`, or a plain object such as `process.env`. Properties that are
 * undefined are ignored, as in Node.
 */
export type Environment = Iterable<readonly [Text, Text]> | Readonly<Record<string, Text | undefined>>

const putenvEvent = new AuditEvent('os.putenv')
const unsetenvEvent = new AuditEvent('os.unsetenv')

const EQUALS = 0x3d

/**
 * The variables as lossless text: `fsencode` restores the bytes. They are read at the first use or change, so that the
 * import takes no time for them. After that they change as in Python: only by `environ`, `environb` and
 * `reload_environ`. All copies of this package share them.
 */
const shared = sharedState('environ.v1', (): { captured?: Map<string, string>; changes: number } => ({ changes: 0 }))

/** Returns the number of changes of `environ` and `environb`. */
export function environChanges(): number {
  return shared.changes
}

/** Counts a change of `environ` and `environb`. */
export function countChange(): void {
  shared.changes += 1
}

/** Reads the environment again, for `reload_environ`. */
export function captureVariables(): void {
  shared.captured = readVariables()
  shared.changes += 1
}

export function variables(): Map<string, string> {
  shared.captured ??= readVariables()
  return shared.captured
}

function readVariables(): Map<string, string> {
  const found = new Map<string, string>()
  copyFromBun()
  for (const string of isMainThread ? environmentStrings() : threadStrings()) {
    const end = string.indexOf(EQUALS)
    if (end === -1) continue
    const name = decode(string.subarray(0, end))
    // If a name occurs twice, getenv(3) returns the first.
    if (!found.has(name)) found.set(name, decode(string.subarray(end + 1)))
  }
  return found
}

/**
 * The environment of a worker thread: that of its `process.env`. C's environment cannot be read safely there, because
 * the main thread may be changing it.
 *
 * Node decodes it as UTF-8. A variable that is not UTF-8, and has not changed since the process started, is read from
 * /proc/self/environ.
 */
export function threadStrings(): Uint8Array[] {
  const undecodable = new Map<string, Uint8Array>()
  for (const string of initialStrings()) if (!isUtf8(string)) undecodable.set(string.toString(), string)
  return Object.entries(process.env).map(([name, value]) => {
    const text = `${name}=${value}`
    return undecodable.get(text) ?? ownText(text, 'utf8')
  })
}

/** Returns a variable of a worker thread, as lossless text. */
export function threadVariable(name: string): string | undefined {
  const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined
  if (name.isWellFormed() && !value?.includes('\ufffd')) return value
  const strings = threadStrings().map((string) => decode(string))
  const found = strings.find((string) => string.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}

/** Returns the variables at the start of the process; none if /proc is not mounted. */
function initialStrings(): Buffer[] {
  try {
    const strings = readFileSync('/proc/self/environ', 'latin1').split('\0')
    return strings.map((string) => ownText(string, 'latin1'))
  } catch {
    return []
  }
}

/**
 * setenv(3): sets a variable of the process's environment, for C and for children. `process.env` shows the change;
 * `environ` and `getenv` do not, as in Python: prefer `environ.set()`.
 *
 * @param key the name: text or bytes
 * @param value the value: text or bytes
 * @throws RangeError for a name with "=", and for a NUL in either; OSError EINVAL for an empty name
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread, because the environment belongs to the whole
 *   process
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
  if (putenvEvent.wanted) putenvEvent.raise(auditedPath(key, name), auditedPath(value, content))
  variables()
  if (isTimeZone(key)) setTimeZone(asText(value))
  while (libc.setenv(name, content, 1) === -1) failed('putenv')
  afterChange(key, value)
}

/**
 * unsetenv(3): removes a variable from the process's environment, for C and for children. `process.env` shows the
 * change; `environ` and `getenv` do not, as in Python: prefer `environ.delete()`.
 *
 * @param key the name: text or bytes; a missing variable is not an error
 * @throws RangeError for a name with a NUL; OSError EINVAL for an empty name and for one with "="
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread, because the environment belongs to the whole
 *   process
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
  if (unsetenvEvent.wanted) unsetenvEvent.raise(auditedPath(key, name))
  variables()
  if (isTimeZone(key)) setTimeZone(undefined)
  while (libc.unsetenv(name) === -1) failed('unsetenv')
  afterChange(key, undefined)
}

/** Updates the state that depends on a variable: `process.env` reads C's environment, so it needs no update. */
function afterChange(key: FileName, value: FileName | undefined): void {
  if (isNode) return
  copyToBun(asText(key), value === undefined ? undefined : asText(value))
  if (isTimeZone(key)) libc.tzset()
}

function isTimeZone(key: FileName): boolean {
  return asText(key) === 'TZ'
}

export function asText(value: FileName): string {
  return typeof value === 'string' ? value : decode(value)
}
