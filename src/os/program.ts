import { badValue, FileNotFoundError, NotADirectoryError, OSError, wrongType } from '../errors.ts'
import { currentEnvironment, type StringArray, stringArray } from '../libc/string_array.ts'
import { cString } from './arguments.ts'
import { entriesOf, get_exec_path } from './environ.ts'
import { encoded, type FileName, fileName, type Path } from './names.ts'
import { joinPath, splitPath } from './pathnames.ts'

/** What a program is started with: its arguments and its environment. `exec`, `spawn` and `posix_spawn` share this. */

/** An argument, or a value of an environment. */
export type Text = string | Uint8Array

/** The variables of an environment: a Map (`os.environ` is one in all but name), or a plain object. */
export type Environment = Iterable<readonly [Text, Text]> | Readonly<Record<string, Text>>

function bytesOf(value: unknown, name: string): Uint8Array {
  const text = fileName(value, name)
  // A copy: nobody else can change it, and no method of it is the caller's.
  const bytes = new Uint8Array(encoded(text, name))
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
  return entriesOf(value, name).map(([key, text]) => {
    const bytes = bytesOf(key, `a name in ${name}`)
    if (bytes.length === 0 || bytes.includes(0x3d, 1))
      throw badValue(name, 'has a name that is empty or contains "="', key)
    return [bytes, bytesOf(text, `${name}.${String(key)}`)]
  })
}

/**
 * Tries a program in each directory of `PATH`, until `attempt` returns: of its errors "not found" lets the search go on
 * silently, another is thrown at the end unless the program is found after all (as execvp(3) does).
 *
 * A name with a slash is not searched for.
 */
export function inSearchPath<R>(file: Path, env: unknown, attempt: (path: FileName) => R): R {
  const program = fileName(file, 'file')
  cString(program, 'file')
  if (splitPath(program)[0].length > 0) return attempt(program)
  let notFound: unknown
  let other: unknown
  for (const directory of get_exec_path((env ?? null) as Environment | null)) {
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
