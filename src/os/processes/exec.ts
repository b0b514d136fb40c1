import { AuditEvent } from '../../audit.ts'
import { wrongType } from '../../errors.ts'
import { lastErrno, osError } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc, type StringArray } from '../../libc/functions.ts'
import type { Descriptor } from '../arguments/descriptors.ts'
import { cString, type FileName, fileName, fileNameOrFd, ownCopy, type Path } from '../arguments/paths.ts'
import { statusOf } from '../files/status.ts'
import { mainThreadOnly } from '../process_parameters/process_state.ts'
import type { Environment, Text } from '../process_parameters/variables.ts'
import { undoNodeChanges } from './node_changes.ts'
import { checkedArguments, checkedEnvironment, inheritedEnvironment, inSearchPath } from './program.ts'

const execEvent = new AuditEvent('os.exec')

/** Replaces this process by the program. Returns only by throwing. */
function replaceProcess(program: FileName | number, argv: StringArray, env: StringArray | null): never {
  const name = typeof program === 'number' ? '' : cString(program, 'path')
  const restore = undoNodeChanges()
  const envp = env ?? inheritedEnvironment()
  if (typeof program === 'number') libc.fexecve(program, argv, envp)
  else libc.execve(name, argv, envp)
  const errno = lastErrno()
  restore()
  throw osError(errno, 'exec', program)
}

function exec(path: Path | Descriptor, args: unknown, env: unknown): never {
  mainThreadOnly('execve')
  const program = ownCopy(fileNameOrFd(path, 'path'))
  if (typeof program !== 'number') cString(program, 'path')
  const argv = checkedArguments(args, 'args')
  const environment = checkedEnvironment(env, 'env')
  if (execEvent.wanted) execEvent.raise(ownCopy(program), argv.audited, environment.audited)
  return replaceProcess(program, argv.strings, environment.strings)
}

function execInPath(file: Path, args: unknown, env: unknown): never {
  mainThreadOnly('execvpe')
  const program = fileName(file, 'file')
  const argv = checkedArguments(args, 'args')
  const environment = checkedEnvironment(env, 'env')
  return inSearchPath(program, environment, (path) => {
    if (execEvent.wanted) execEvent.raise(ownCopy(path), argv.audited, environment.audited)
    // Most directories in PATH do not contain the program. Checking first avoids resetting the terminal modes for each
    // of them.
    statusOf('exec', path, constants.AT_FDCWD, 0)
    return replaceProcess(path, argv.strings, environment.strings)
  })
}

/**
 * Splits the arguments of `execle`, `execlpe`, `spawnle` and `spawnlpe` into the program's arguments and the
 * environment, which is last.
 */
export function splitEnvironment(args: readonly unknown[]): [args: unknown[], env: unknown] {
  const env = args.at(-1)
  if (typeof env !== 'object' || env === null || env instanceof Uint8Array) {
    throw wrongType('env', 'a Map or an object of variables, as the last argument', env)
  }
  return [args.slice(0, -1), env]
}

/**
 * execve(2): replaces this process by a program: the process id and the inheritable descriptors stay, and no JavaScript
 * runs any more. It does not return. Data that Node's streams have not written yet is lost.
 *
 * @param path the program
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @throws OSError as the system reports, and the process is then unchanged: FileNotFoundError, PermissionError, ENOEXEC
 *   (neither an executable nor a `#!` script), E2BIG
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env). See execve(2); Python, os.execv.
 * @example
 * ```ts
 * os.execv('/bin/true', ['true']) // what follows is never reached
 * ```
 */
export function execv(path: Path, args: readonly Text[]): never {
  return exec(fileName(path, 'path'), args, null)
}

/**
 * execve(2), with another environment: see `execv`.
 *
 * @param path the program, or the descriptor of an open one
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @param env its environment: a Map or an object; `process.env` and `os.environ` are accepted
 * @throws OSError as `execv` does; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env). See execve(2), fexecve(3); Python, os.execve.
 * @example
 * ```ts
 * os.execve('/bin/sh', ['sh', '-c', 'test "$COLOUR" = green'], { COLOUR: 'green' })
 * ```
 */
export function execve(path: Path | Descriptor, args: readonly Text[], env: Environment): never {
  splitEnvironment([env])
  return exec(path, args, env)
}

/**
 * execve(2), with the arguments one by one: see `execv`.
 *
 * @param path the program
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @throws OSError as `execv` does
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env). See execl(3); Python, os.execl.
 * @example
 * ```ts
 * os.execl('/bin/sh', 'sh', '-c', 'exit 0')
 * ```
 */
export function execl(path: Path, ...args: readonly Text[]): never {
  return execv(path, args)
}

/**
 * execve(2), with the arguments one by one and another environment: see `execv`.
 *
 * @param path the program
 * @param args its arguments (args[0] is the program's name as the program sees it), and last its environment
 * @throws OSError as `execv` does; TypeError if the last argument is not an environment
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env). See execle(3); Python, os.execle.
 * @example
 * ```ts
 * os.execle('/bin/sh', 'sh', '-c', 'test "$COLOUR" = green', { COLOUR: 'green' })
 * ```
 */
export function execle(path: Path, ...args: readonly [...Text[], Environment]): never {
  const [rest, env] = splitEnvironment(args)
  return exec(fileName(path, 'path'), rest, env)
}

/**
 * execve(2), of a program that is searched for in `PATH`: see `execv`.
 *
 * @param file the program's name; one with a slash is a path, and is not searched for
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @throws OSError as `execv` does: FileNotFoundError if the program is in no directory of `PATH`, else the first other
 *   error
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env), for each directory tried. See execvp(3); Python,
 * os.execvp.
 * @example
 * ```ts
 * os.execvp('true', ['true']) // found in PATH
 * ```
 */
export function execvp(file: Path, args: readonly Text[]): never {
  return execInPath(file, args, null)
}

/**
 * execve(2), of a program that is searched for in the `PATH` of its new environment: see `execvp`.
 *
 * @param file the program's name
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @param env its environment
 * @throws OSError as `execvp` does; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env), for each directory tried. See execvpe(3); Python,
 * os.execvpe.
 * @example
 * ```ts
 * os.execvpe('true', ['true'], { PATH: '/usr/bin:/bin' }) // found in the new PATH
 * ```
 */
export function execvpe(file: Path, args: readonly Text[], env: Environment): never {
  splitEnvironment([env])
  return execInPath(file, args, env)
}

/**
 * execve(2), of a program that is searched for in `PATH`, with the arguments one by one: see `execvp`.
 *
 * @param file the program's name
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @throws OSError as `execvp` does
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env), for each directory tried. See execlp(3); Python,
 * os.execlp.
 * @example
 * ```ts
 * os.execlp('nothing-of-this-name', 'nothing') // throws FileNotFoundError
 * os.execlp('true', 'true')
 * ```
 */
export function execlp(file: Path, ...args: readonly Text[]): never {
  return execvp(file, args)
}

/**
 * execve(2), of a program that is searched for in the `PATH` of its new environment, with the arguments one by one: see
 * `execvp`.
 *
 * @param file the program's name
 * @param args its arguments (args[0] is the program's name as the program sees it), and last its environment
 * @throws OSError as `execvp` does; TypeError if the last argument is not an environment
 *
 * Availability: Linux. Audit event: `os.exec` (path, args, env), for each directory tried. See execvpe(3); Python,
 * os.execlpe.
 * @example
 * ```ts
 * os.execlpe('true', 'true', { PATH: '/usr/bin:/bin' })
 * ```
 */
export function execlpe(file: Path, ...args: readonly [...Text[], Environment]): never {
  const [rest, env] = splitEnvironment(args)
  return execInPath(file, rest, env)
}
