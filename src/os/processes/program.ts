import { isMainThread } from 'node:worker_threads'
import { badValue, FileNotFoundError, NotADirectoryError, OSError, wrongType } from '../../errors.ts'
import { copyFromBun } from '../../libc/bun_environment.ts'
import type { CString, StringArray } from '../../libc/functions.ts'
import { currentEnvironment, stringArray } from '../../libc/string_array.ts'
import { terminated } from '../../libc/strings.ts'
import { cString, type FileName, ownFileName, type Path } from '../arguments/paths.ts'
import { entriesOf, environ, environb, get_exec_path, pathVariable, searchPath } from '../process_parameters/environ.ts'
import { asText, environChanges, threadStrings } from '../process_parameters/variables.ts'
import { joinPath, splitPath } from '../system/pathnames.ts'

/** Arguments and environments of programs, shared by `exec`, `spawn` and `posix_spawn`. */

/** The checked arguments of a program. */
export interface CheckedArguments {
  readonly strings: StringArray
  /** The same arguments for audit hooks. */
  readonly audited: readonly FileName[]
}

/**
 * Checks a program's arguments: at least one, and the first (the program's name) must not be empty. The value is read
 * only once, because reading it may run the caller's code.
 */
export function checkedArguments(value: unknown, name: string): CheckedArguments {
  if (!Array.isArray(value)) throw wrongType(name, 'an array of strings or bytes', value)
  const audited = Array.from(value, (argument, index) => ownFileName(argument, `${name}[${index}]`))
  const strings = audited.map((argument, index) => cString(argument, `${name}[${index}]`))
  const [first] = strings
  if (first === undefined) throw badValue(name, 'must not be empty', value)
  if (isEmpty(first)) throw badValue(`${name}[0]`, 'must not be empty', audited[0])
  return { strings: stringArray(strings), audited: Object.freeze(audited) }
}

function isEmpty(string: CString): boolean {
  return string === '' || string[0] === 0
}

/** An environment for a program: its strings for C, and the directories of its `PATH`. */
export interface CheckedEnvironment {
  /** null: the variables of this process at the time when the program is started. */
  readonly strings: StringArray | null
  /** The variables for audit hooks; null for those of this process. */
  readonly audited: Readonly<Record<string, string>> | null
  searchPath(): string[]
}

const INHERITED: CheckedEnvironment = { strings: null, audited: null, searchPath: () => get_exec_path() }

/**
 * Checks an environment; null and undefined mean that of this process. The value is read only once, because reading it
 * may run the caller's code (getters).
 */
export function checkedEnvironment(value: unknown, name: string): CheckedEnvironment {
  if (value === undefined || value === null) return INHERITED
  if (value === environ || value === environb) return ownEnvironment(name)
  const isObject = typeof value === 'object' && !(Symbol.iterator in value)
  const given = entriesOf(value, name).filter(([, content]) => !isObject || content !== undefined)
  const variables = given.map(([key, content]) => variable(key, content, name))
  const pairs = variables.map((each) => [each.name, each.value] as const)
  return { ...converted(variables), searchPath: () => searchPath(pathVariable(pairs, value)) }
}

let own: (Omit<CheckedEnvironment, 'searchPath'> & { readonly changes: number }) | undefined

/**
 * The environment of `os.environ`. It is converted again only after it has changed, because most callers pass it with
 * each program.
 */
function ownEnvironment(name: string): CheckedEnvironment {
  // Reading `environ` for the first time does not count as a change.
  if (own?.changes !== environChanges()) {
    const variables = Array.from(environ, ([key, content]) => variable(key, content, name))
    own = { ...converted(variables), changes: environChanges() }
  }
  return { strings: own.strings, audited: own.audited, searchPath: () => get_exec_path() }
}

/** A variable as it was given, with bytes copied, and its string for C. */
interface Variable {
  readonly name: FileName
  readonly value: FileName
  readonly string: CString
}

function variable(name: unknown, value: unknown, env: string): Variable {
  const key = ownFileName(name, `${env} name`)
  const content = ownFileName(value, typeof key === 'string' ? `${env}.${key}` : `${env} value`)
  const left = cString(key, `${env} name`)
  const right = cString(content, typeof key === 'string' ? `${env}.${key}` : `${env} value`)
  // The first character may be "=": of no use on Linux, but CPython accepts it.
  const cut = typeof key === 'string' ? key.indexOf('=', 1) : key.indexOf(EQUALS, 1)
  if (isEmpty(left) || cut !== -1) throw badValue(env, 'has a name that is empty or contains "="', name)
  const string =
    typeof left === 'string' && typeof right === 'string'
      ? `${left}=${right}`
      : Buffer.concat([withoutNul(left), Buffer.of(EQUALS), withoutNul(right), Buffer.of(0)])
  return { name: key, value: content, string }
}

/**
 * Converts variables for C and for audit hooks. Of several variables with one name the last counts, as in a Map: hooks
 * must not see another one than the program.
 */
function converted(variables: readonly Variable[]): Omit<CheckedEnvironment, 'searchPath'> {
  const byName = new Map(variables.map((each) => [asText(each.name), each]))
  const audited: Record<string, string> = Object.create(null)
  for (const [name, { value }] of byName) audited[name] = asText(value)
  return {
    strings: stringArray(Array.from(byName.values(), ({ string }) => string)),
    audited: Object.freeze(audited),
  }
}

const EQUALS = 0x3d

function withoutNul(string: CString): Uint8Array {
  return typeof string === 'string' ? Buffer.from(string) : string.subarray(0, -1)
}

/** The environment of this process for C. The caller must use it at once, because setenv(3) may reallocate it. */
export function inheritedEnvironment(): StringArray {
  // A worker thread has its own variables, and cannot read those of C safely, because the main thread may be setting
  // one.
  copyFromBun()
  return isMainThread ? currentEnvironment() : stringArray(threadStrings().map(terminated))
}

/**
 * Calls `attempt` with the program in each directory of `PATH` until it returns. After "not found" the search
 * continues. Another error is thrown at the end, unless the program is found in a later directory (as in execvp(3)).
 *
 * A name with a slash is not searched for.
 */
export function inSearchPath<R>(file: Path, env: CheckedEnvironment, attempt: (path: FileName) => R): R {
  const program = ownFileName(file, 'file')
  cString(program, 'file')
  if (splitPath(program)[0].length > 0) return attempt(program)
  let notFound: unknown
  let other: unknown
  for (const directory of env.searchPath()) {
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
