import { type FileName, fileName, ownFileName, type Path } from '../os/arguments/paths.ts'
import { entriesOf, environ } from '../os/process_parameters/environ.ts'
import type { Environment, Text } from '../os/process_parameters/variables.ts'
import { execve as execGiven, execv as execInherited } from '../os/processes/exec.ts'
import { type CheckedEnvironment, checkedEnvironment, inSearchPath } from '../os/processes/program.ts'
import { asText, defpath } from '../os/system/pathnames.ts'

/** The arguments of a program; null means only the file's name. */
export type Arguments = readonly Text[] | null

/**
 * The search path if `PATH` is not set: the current directory, as sjs documents, and then the default directories of
 * execvp(3).
 */
const DEFAULT_PATH: Environment = { PATH: `.:${defpath}` }

/** Returns the environment whose `PATH` is searched; that of the process for null. */
function searched(envp: ReadonlyMap<FileName, FileName> | null): CheckedEnvironment {
  const names = [...(envp ?? environ).keys()]
  return checkedEnvironment(names.some((name) => asText(name) === 'PATH') ? envp : DEFAULT_PATH, 'envp')
}

/**
 * Copies arguments that are passed on for each directory of the search path: reading them may run the caller's code, so
 * they are read once.
 */
function ownArguments(args: Arguments, program: FileName): readonly Text[] {
  if (args === null) return [program]
  if (!Array.isArray(args)) return args
  return Array.from(args as readonly unknown[], (argument, index) => ownFileName(argument, `args[${index}]`))
}

/** Copies an environment, for the same reason. */
function ownVariables(envp: Environment): Map<FileName, FileName> {
  const entries = entriesOf(envp, 'envp')
  const given = Symbol.iterator in envp ? entries : entries.filter(([, value]) => value !== undefined)
  return new Map(given.map(([name, value]) => [ownFileName(name, 'envp name'), ownFileName(value, 'envp value')]))
}

/**
 * execve(2): replaces this process by a program: the process id stays, and descriptors that `cloexec` has made
 * inheritable stay open. It does not return.
 *
 * @param path the program
 * @param args its arguments; args[0] is the program's name as the program sees it; `path` alone by default
 * @throws OSError as the system reports, and the process is then unchanged: FileNotFoundError, PermissionError, ENOEXEC
 *   (neither an executable nor a `#!` script), E2BIG
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env). See execve(2); sjs, os.execv.
 * @example
 * ```ts
 * os.execv('/bin/true') // as ['/bin/true']
 * ```
 */
export function execv(path: Path, args: Arguments = null): never {
  const program = fileName(path, 'path')
  return execInherited(program, args ?? [program])
}

/**
 * execve(2), of a program that is searched for in `PATH`; or, if `PATH` is not set, in the current directory and then
 * in the system's default directories. See `execv`.
 *
 * @param file the program's name; one with a slash is a path, and is not searched for
 * @param args its arguments; args[0] is the program's name as the program sees it; `file` alone by default
 * @throws OSError as `execv` does: FileNotFoundError if the program is in no directory of `PATH`, else the first other
 *   error
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env), for each directory tried. See execvp(3); sjs,
 * os.execvp.
 * @example
 * ```ts
 * os.execvp('true')
 * ```
 */
export function execvp(file: Path, args: Arguments = null): never {
  const program = fileName(file, 'file')
  const argv = ownArguments(args, program)
  return inSearchPath(program, searched(null), (path) => execInherited(path, argv))
}

/**
 * execve(2), with another environment: see `execv`.
 *
 * @param path the program
 * @param args its arguments; args[0] is the program's name as the program sees it; `path` alone by default
 * @param envp its environment: a Map or an object; empty by default
 * @throws OSError as `execv` does; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env). See execve(2); sjs, os.execve.
 * @example
 * ```ts
 * os.execve('/bin/sh', ['sh', '-c', 'test "$COLOUR" = green'], { COLOUR: 'green' })
 * ```
 */
export function execve(path: Path, args: Arguments = null, envp: Environment | null = null): never {
  const program = fileName(path, 'path')
  return execGiven(program, args ?? [program], envp ?? {})
}

/**
 * execve(2), with another environment, of a program that is searched for in the `PATH` of that environment: see
 * `execvp`.
 *
 * @param file the program's name; one with a slash is a path, and is not searched for
 * @param args its arguments; args[0] is the program's name as the program sees it; `file` alone by default
 * @param envp its environment: a Map or an object; empty by default
 * @throws OSError as `execvp` does; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env), for each directory tried. See execvpe(3); sjs,
 * os.execvpe.
 * @example
 * ```ts
 * os.execvpe('sh', ['sh', '-c', 'test "$COLOUR" = green'], { COLOUR: 'green', PATH: '/usr/bin:/bin' })
 * ```
 */
export function execvpe(file: Path, args: Arguments = null, envp: Environment | null = null): never {
  const program = fileName(file, 'file')
  const argv = ownArguments(args, program)
  const variables = ownVariables(envp ?? {})
  return inSearchPath(program, searched(variables), (path) => execGiven(path, argv, variables))
}
