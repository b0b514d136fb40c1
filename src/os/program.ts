import { badValue, FileNotFoundError, NotADirectoryError, OSError, wrongType } from '../errors.ts'
import { currentEnvironment, type StringArray, stringArray } from '../libc/string_array.ts'
import { decode } from '../libc/strings.ts'
import { encoded, type FileName, fileName, type Path } from './names.ts'
import { defpath, joinPath, splitPath } from './pathnames.ts'

/** What a program is started with: its arguments and its environment. `exec`, `spawn` and `posix_spawn` share this. */

/** An argument, or a value of an environment. */
export type Text = string | Uint8Array

/** The variables of an environment: a Map (`os.environ` is one in all but name), or a plain object. */
export type Environment = Iterable<readonly [Text, Text]> | Readonly<Record<string, Text>>

function bytesOf(value: unknown, name: string): Uint8Array {
  const text = fileName(value, name)
  const bytes = encoded(text, name)
  if (bytes.includes(0)) throw badValue(name, 'must not contain a NUL', text)
  return bytes
}

/** Arguments for C: at least one, and the first, by which a program knows itself, not empty. */
export function argumentArray(value: unknown, name: string): StringArray {
  if (!Array.isArray(value)) throw wrongType(name, 'an array of strings or bytes', value)
  if (value.length === 0) throw badValue(name, 'must not be empty', value)
  const strings = value.map((argument, index) => bytesOf(argument, `${name}[${index}]`))
  if (strings[0]?.length === 0) throw badValue(`${name}[0]`, 'must not be empty', value[0])
  return stringArray(strings)
}

/** An environment for C; that of this process where none is given. */
export function environmentArray(value: unknown, name: string): StringArray {
  if (value === undefined || value === null) return currentEnvironment()
  return stringArray(variables(value, name).map(([key, text]) => Buffer.concat([key, EQUALS, text])))
}

const EQUALS: Buffer = Buffer.from('=')

function variables(value: unknown, name: string): [Uint8Array, Uint8Array][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw wrongType(name, 'a Map or an object of variables', value)
  }
  const entries: Iterable<unknown> = Symbol.iterator in value ? (value as Iterable<unknown>) : Object.entries(value)
  return Array.from(entries, (entry) => {
    if (!Array.isArray(entry) || entry.length !== 2) throw wrongType(name, 'a Map or an object of variables', value)
    const key = bytesOf(entry[0], `a name in ${name}`)
    if (key.length === 0 || key.includes(0x3d, 1))
      throw badValue(name, 'has a name that is empty or contains "="', entry[0])
    return [key, bytesOf(entry[1], `${name}.${String(entry[0])}`)]
  })
}

/** The directories of `PATH` in an environment, or in this process's where none is given. */
function searchPath(env: unknown, name: string): string[] {
  if (env === undefined || env === null) return (process.env.PATH ?? defpath).split(':')
  const found = variables(env, name).find(([key]) => decode(key) === 'PATH')
  return (found === undefined ? defpath : decode(found[1])).split(':')
}

/**
 * Tries a program in each directory of `PATH`, until `attempt` returns: of its errors "not found" lets the search go on
 * silently, another is thrown at the end unless the program is found after all (as execvp(3) does).
 *
 * A name with a slash is not searched for.
 */
export function inSearchPath<R>(file: Path, env: unknown, name: string, attempt: (path: FileName) => R): R {
  const program = fileName(file, 'file')
  if (splitPath(program)[0].length > 0) return attempt(program)
  let notFound: unknown
  let other: unknown
  for (const directory of searchPath(env, name)) {
    try {
      return attempt(
        typeof program === 'string' ? joinPath(directory, program) : joinPath<FileName>(directory, program),
      )
    } catch (error) {
      if (!(error instanceof OSError)) throw error
      if (error instanceof FileNotFoundError || error instanceof NotADirectoryError) notFound = error
      else other ??= error
    }
  }
  throw other ?? notFound
}
