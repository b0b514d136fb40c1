import { AuditEvent } from '../../audit.ts'
import { badValue } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { stringArray } from '../../libc/string_array.ts'
import { int } from '../arguments/numbers.ts'
import { cString, ownCopy, ownFileName, type Path } from '../arguments/paths.ts'
import { statusOf } from '../files/status.ts'
import type { Environment, Text } from '../process_parameters/variables.ts'
import { splitEnvironment } from './exec.ts'

import { prepareStandardStreams } from './node_changes.ts'
import { spawnProgram, startOr } from './posix_spawn.ts'
import { checkedArguments, checkedEnvironment, inSearchPath } from './program.ts'
import { WIFSTOPPED, waitpid, waitstatus_to_exitcode } from './wait.ts'

/** Mode of `spawn*`: wait for the program, and return its exit code. */
export const P_WAIT = 0
/** Mode of `spawn*`: return the child's process id at once. */
export const P_NOWAIT = 1
/** Mode of `spawn*`: the same as P_NOWAIT. */
export const P_NOWAITO = 1

const spawnEvent = new AuditEvent('os.spawn')

/** The exit code of a child that could not execute its program, as in shells. */
const CANNOT_RUN = 127

/** Starts a child that ends with the exit code of one that could not execute its program. */
function failedChild(): number {
  const words = ['sh', '-c', `exit ${CANNOT_RUN}`]
  return spawnProgram('/bin/sh', stringArray(words), null)
}

/** Starts a program, or a child that ends as one does that could not execute its program. */
export function startChild({ start }: PreparedSpawn): number {
  return startOr(start, failedChild)
}

/** Starts a program, and waits for it if the mode says so. */
function run(prepared: PreparedSpawn): number {
  const { mode, start } = prepared
  if (mode !== P_WAIT) return startChild(prepared)
  const restoreStreams = prepareStandardStreams()
  try {
    const pid = startOr(start, () => null)
    return pid === null ? CANNOT_RUN : waitstatus_to_exitcode(statusAtEnd(pid))
  } finally {
    restoreStreams()
  }
}

/** Waits for the end of a child. A traced child also reports stops, which are skipped. */
function statusAtEnd(pid: number): number {
  for (;;) {
    const [, status] = waitpid(pid, 0)
    if (!WIFSTOPPED(status)) return status
  }
}

function checkMode(mode: unknown): number {
  const number = int(mode, 'mode')
  if (number === P_WAIT || number === P_NOWAIT) return number
  throw badValue('mode', 'must be P_WAIT, P_NOWAIT or P_NOWAITO', mode)
}

/** A spawn whose arguments are checked, and whose audit event has been raised. */
export interface PreparedSpawn {
  readonly mode: number
  /** Starts the program, and returns the child's process id. */
  readonly start: () => number
}

/** Checks and converts the arguments of the functions that are given a path. */
export function preparedSpawn(mode: unknown, path: Path, args: unknown, env: unknown): PreparedSpawn {
  const kind = checkMode(mode)
  const program = ownFileName(path, 'path')
  cString(program, 'path')
  const [argv, environment] = [checkedArguments(args, 'args'), checkedEnvironment(env, 'env')]
  if (spawnEvent.wanted) spawnEvent.raise(kind, ownCopy(program), argv.audited, environment.audited)
  return { mode: kind, start: () => spawnProgram(program, argv.strings, environment.strings) }
}

/** Checks and converts the arguments of the functions that search for the program in `PATH`. */
export function preparedSpawnInPath(mode: unknown, file: Path, args: unknown, env: unknown): PreparedSpawn {
  const kind = checkMode(mode)
  const program = ownFileName(file, 'file')
  cString(program, 'file')
  const [argv, environment] = [checkedArguments(args, 'args'), checkedEnvironment(env, 'env')]
  if (spawnEvent.wanted) spawnEvent.raise(kind, ownCopy(program), argv.audited, environment.audited)
  const start = (): number =>
    inSearchPath(program, environment, (path) => {
      // Most directories of PATH do not contain the program. The check is cheaper than a failed posix_spawn(3).
      statusOf('spawn', path, constants.AT_FDCWD, 0)
      return spawnProgram(path, argv.strings, environment.strings)
    })
  return { mode: kind, start }
}

/**
 * posix_spawn(3): runs a program in a child process.
 *
 * @param mode P_WAIT, or P_NOWAIT (P_NOWAITO is the same)
 * @param path the program
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @returns with P_WAIT the exit code, or the negative number of the signal that ended it; with P_NOWAIT the child's
 *   process id, which has to be waited for. The exit code is 127 if the program cannot be run
 * @throws TypeError, RangeError for bad arguments; OSError if no child process can be created
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, path, args, env). See posix_spawn(3); Python, os.spawnv.
 * @example
 * ```ts
 * os.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', 'exit 3']) // => 3
 * ```
 */
export function spawnv(mode: number, path: Path, args: readonly Text[]): number {
  return run(preparedSpawn(mode, path, args, null))
}

/**
 * posix_spawn(3): runs a program in a child process with another environment. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param path the program
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @param env its environment: a Map or an object
 * @returns as `spawnv`
 * @throws as `spawnv`; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, path, args, env). See posix_spawn(3); Python, os.spawnve.
 * @example
 * ```ts
 * os.spawnve(os.P_WAIT, '/bin/sh', ['sh', '-c', 'exit $CODE'], { CODE: '3' }) // => 3
 * ```
 */
export function spawnve(mode: number, path: Path, args: readonly Text[], env: Environment): number {
  splitEnvironment([env])
  return run(preparedSpawn(mode, path, args, env))
}

/**
 * posix_spawn(3): runs a program in a child process, with the arguments one by one. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param path the program
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @returns as `spawnv`
 * @throws as `spawnv`
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, path, args, env). See posix_spawn(3); Python, os.spawnl.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * os.waitpid(child, 0) // => [child, 0]
 * ```
 */
export function spawnl(mode: number, path: Path, ...args: readonly Text[]): number {
  return run(preparedSpawn(mode, path, args, null))
}

/**
 * posix_spawn(3): runs a program in a child process, with the arguments one by one and another environment. See
 * `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param path the program
 * @param args its arguments (args[0] is the program's name as the program sees it), and last its environment
 * @returns as `spawnv`
 * @throws as `spawnv`; TypeError if the last argument is not an environment
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, path, args, env). See posix_spawn(3); Python, os.spawnle.
 * @example
 * ```ts
 * os.spawnle(os.P_WAIT, '/bin/sh', 'sh', '-c', 'exit $CODE', { CODE: '3' }) // => 3
 * ```
 */
export function spawnle(mode: number, path: Path, ...args: readonly [...Text[], Environment]): number {
  const [rest, env] = splitEnvironment(args)
  return run(preparedSpawn(mode, path, rest, env))
}

/**
 * posix_spawn(3): runs a program, which is searched for in `PATH`, in a child process. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name; one with a slash is a path, and is not searched for
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @returns as `spawnv`
 * @throws as `spawnv`
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, file, args, env). See posix_spawn(3); Python, os.spawnvp.
 * @example
 * ```ts
 * os.spawnvp(os.P_WAIT, 'true', ['true']) // => 0
 * ```
 */
export function spawnvp(mode: number, file: Path, args: readonly Text[]): number {
  return run(preparedSpawnInPath(mode, file, args, null))
}

/**
 * posix_spawn(3): runs a program, which is searched for in the `PATH` of its new environment, in a child process. See
 * `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @param env its environment: a Map or an object
 * @returns as `spawnv`
 * @throws as `spawnv`; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, file, args, env). See posix_spawn(3); Python, os.spawnvpe.
 * @example
 * ```ts
 * os.spawnvpe(os.P_WAIT, 'sh', ['sh', '-c', 'exit $CODE'], { CODE: '3', PATH: '/usr/bin:/bin' }) // => 3
 * ```
 */
export function spawnvpe(mode: number, file: Path, args: readonly Text[], env: Environment): number {
  splitEnvironment([env])
  return run(preparedSpawnInPath(mode, file, args, env))
}

/**
 * posix_spawn(3): runs a program, which is searched for in `PATH`, in a child process, with the arguments one by one.
 * See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name
 * @param args its arguments; args[0] is the program's name as the program sees it
 * @returns as `spawnv`
 * @throws as `spawnv`
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, file, args, env). See posix_spawn(3); Python, os.spawnlp.
 * @example
 * ```ts
 * os.spawnlp(os.P_WAIT, 'nothing-of-this-name', 'nothing') // => 127
 * ```
 */
export function spawnlp(mode: number, file: Path, ...args: readonly Text[]): number {
  return run(preparedSpawnInPath(mode, file, args, null))
}

/**
 * posix_spawn(3): runs a program, which is searched for in the `PATH` of its new environment, in a child process, with
 * the arguments one by one. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name
 * @param args its arguments (args[0] is the program's name as the program sees it), and last its environment
 * @returns as `spawnv`
 * @throws as `spawnv`; TypeError if the last argument is not an environment
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, file, args, env). See posix_spawn(3); Python, os.spawnlpe.
 * @example
 * ```ts
 * os.spawnlpe(os.P_WAIT, 'sh', 'sh', '-c', 'exit $CODE', { CODE: '3', PATH: '/usr/bin:/bin' }) // => 3
 * ```
 */
export function spawnlpe(mode: number, file: Path, ...args: readonly [...Text[], Environment]): number {
  const [rest, env] = splitEnvironment(args)
  return run(preparedSpawnInPath(mode, file, rest, env))
}
