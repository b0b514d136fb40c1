import { isMainThread } from 'node:worker_threads'
import { copyFromBun } from '../libc/bun_environment.ts'
import { bytesOfString } from '../libc/c_strings.ts'
import { libc } from '../libc/functions.ts'
import { decode } from '../libc/strings.ts'
import { homeDirectory } from '../libc/user_database.ts'
import {
  type BytesPath,
  cString,
  encoded,
  type FileName,
  fileName,
  type Path,
  type TextPath,
} from '../os/arguments/paths.ts'
import { threadVariable } from '../os/process_parameters/variables.ts'

import { asText, likePath } from '../os/system/pathnames.ts'

/** The functions of `osier/path` that read the environment and the user database. */

/** Converts bytes from the system to text of the form that `asText(path)` returns. */
function textFor(path: FileName, bytes: Buffer): string {
  return typeof path === 'string' ? decode(bytes) : asText(bytes)
}

/** Returns the value of an environment variable. `process.env` would lose bytes that are not UTF-8. */
function variable(path: FileName, name: string): string | undefined {
  // No variable has such a name, but getenv(3) would take 'A=B' for the variable A with a value that begins with 'B='.
  if (name === '' || /[=\0]/.test(name)) return undefined
  if (!isMainThread) return threadValue(path, name)
  copyFromBun()
  const value = libc.getenv(cString(likePath(path, name), 'path'))
  return value === 0 ? undefined : textFor(path, bytesOfString(value))
}

/** In a worker thread the environment is that of its `process.env`, and C's environment cannot be read safely. */
function threadValue(path: FileName, name: string): string | undefined {
  const value = threadVariable(decode(encoded(likePath(path, name), 'path')))
  return value === undefined ? undefined : textFor(path, encoded(value, 'path'))
}

/**
 * Replaces '~' or '~user' at the beginning of a path by a home directory.
 *
 * For '~' it is the variable `HOME`, or if that is not set the home directory of the process's user in the user
 * database. For '~user' it is that user's home directory in the database.
 *
 * @param path the path
 * @returns the path; unchanged if it does not begin with '~', or if there is no such user. Bytes if `path` is bytes
 * @throws RangeError for a user's name that contains a NUL
 *
 * Availability: Linux. See getpwnam(3); Python, os.path.expanduser.
 * @example
 * ```ts
 * path.expanduser('~/notes') // => path.join(path.expanduser('~'), 'notes')
 * path.expanduser('~no-such-user/notes') // => '~no-such-user/notes'
 * ```
 */
export function expanduser(path: TextPath): string
export function expanduser(path: BytesPath): Buffer
export function expanduser(path: Path): string | Buffer
export function expanduser(path: Path): string | Buffer {
  const given = fileName(path, 'path')
  const text = asText(given)
  if (!text.startsWith('~')) return likePath(given, text)
  const slash = text.indexOf('/')
  const [tilde, rest] = slash === -1 ? [text, ''] : [text.slice(0, slash), text.slice(slash)]
  const home = tilde === '~' ? ownHome(given) : homeOf(given, tilde.slice(1))
  if (home === undefined) return likePath(given, text)
  return likePath(given, home.replace(/\/+$/, '') + rest || '/')
}

function ownHome(path: FileName): string | undefined {
  return variable(path, 'HOME') ?? fromDatabase(path, homeDirectory(libc.getuid()))
}

function homeOf(path: FileName, user: string): string | undefined {
  return fromDatabase(path, homeDirectory(cString(likePath(path, user), 'path')))
}

function fromDatabase(path: FileName, home: Buffer | undefined): string | undefined {
  return home === undefined ? undefined : textFor(path, home)
}

/**
 * A brace that is not closed matches the rest of the text: searching for further references after it would take
 * quadratic time.
 */
const REFERENCE = /\$(?:(\w+)|\{([^}]*)(\})?)/g

/**
 * Replaces $name and ${name} by the values of environment variables. Names without braces consist of ASCII letters,
 * digits and '_'.
 *
 * @param path the path
 * @returns the path; references to missing variables are not replaced. Bytes if `path` is bytes
 *
 * Availability: Linux. See getenv(3); Python, os.path.expandvars.
 * @example
 * ```ts
 * os.environ.set('COLOUR', 'green')
 * path.expandvars('$COLOUR/${COLOUR}/$NONE_SUCH') // => 'green/green/$NONE_SUCH'
 * ```
 */
export function expandvars(path: TextPath): string
export function expandvars(path: BytesPath): Buffer
export function expandvars(path: Path): string | Buffer
export function expandvars(path: Path): string | Buffer {
  const given = fileName(path, 'path')
  const text = asText(given)
  const expanded = text.replace(REFERENCE, (whole, name?: string, braced?: string, closed?: string) => {
    if (name === undefined && closed === undefined) return whole
    return variable(given, name ?? braced ?? '') ?? whole
  })
  return likePath(given, expanded)
}
