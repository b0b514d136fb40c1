import { AuditEvent } from '../../audit.ts'
import type { CheckedWaitOptions } from '../../event_loop/fd_operation.ts'
import { signalNumbers } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { isOptions, isPlain, NO_OPTIONS } from '../../os/arguments/options.ts'
import { auditedPath, cString, fileName, type Path } from '../../os/arguments/paths.ts'
import type { Environment, Text } from '../../os/process_parameters/variables.ts'
import { splitEnvironment } from '../../os/processes/exec.ts'
import { NOTHING_TO_RESTORE, prepareStandardStreams } from '../../os/processes/node_changes.ts'
import { startOr } from '../../os/processes/posix_spawn.ts'
import { startShell } from '../../os/processes/shell.ts'
import * as os from '../../os/processes/spawn.ts'
import { WNOHANG, waitpid, waitstatus_to_exitcode } from '../../os/processes/wait.ts'
import { has } from '../../properties.ts'
import { type WaitOptions, waitOptions } from '../wait_options.ts'
import { awaitChild } from './children.ts'

const systemEvent = new AuditEvent('os.system')

/** The status of a shell that could not be started, as system(3) returns it. */
const NO_SHELL = 127 << 8

/** The status of a child after its end. */
export function statusAtEnd(pid: number, checkedOptions: CheckedWaitOptions): Promise<number> {
  return awaitChild(pid, true, 'waitpid 0', checkedOptions, () => {
    const [child, status] = waitpid(pid, WNOHANG)
    return child === 0 ? null : status
  })
}

/**
 * The same for a child that only this call knows. After an abort it gets SIGTERM, as the children of
 * `node:child_process` do, and is still reaped, so that it does not remain a zombie.
 */
async function statusOrTerminate(pid: number, checkedOptions: CheckedWaitOptions): Promise<number> {
  try {
    return await statusAtEnd(pid, checkedOptions)
  } catch (error) {
    if (checkedOptions.signal?.aborted) {
      libc.kill(pid, signalNumbers.SIGTERM)
      reap(pid)
    }
    throw error
  }
}

/** Reaps a child whose status is not needed. */
export function reap(pid: number): void {
  statusAtEnd(pid, { ref: false }).catch(() => undefined)
}

/** How many children use the standard streams, and the functions that restore the streams afterwards. */
let streamUsers = 0
let restoreStreams: (() => void)[] = []

/** Runs `work` while the standard streams are in the mode that other programs expect. */
async function withStandardStreams<T>(work: () => Promise<T>): Promise<T> {
  streamUsers += 1
  // For each child: the program may have begun to use a stream since the last child was started.
  const restore = prepareStandardStreams()
  if (restore !== NOTHING_TO_RESTORE) restoreStreams.push(restore)
  try {
    return await work()
  } finally {
    streamUsers -= 1
    if (streamUsers === 0) {
      for (const each of restoreStreams) each()
      restoreStreams = []
    }
  }
}

/**
 * Runs a command in a shell, and waits for it. This process continues meanwhile, so it handles SIGINT and SIGQUIT as
 * usual: unlike `os.system` and system(3), it does not ignore them.
 *
 * @param command the argument of `/bin/sh -c`
 * @param options `signal`: aborted, it makes the promise reject, and the shell gets SIGTERM; `ref`: false lets the
 *   process end meanwhile
 * @returns the shell's status: `waitstatus_to_exitcode` decodes it. Where the shell cannot be run (for example because
 *   the command is too long), the status of an exit with 127
 * @throws TypeError, RangeError for an argument that is not a command; OSError where no child can be created
 *
 * Availability: Linux. Audit event: `os.system` (command). See system(3); Python, os.system.
 * @example
 * ```ts
 * const statuses = await Promise.all([promises.system('exit 1'), promises.system('exit 2')]) // at the same time
 * statuses.map(os.waitstatus_to_exitcode) // => [1, 2]
 * ```
 */
export async function system(command: Path, options: WaitOptions = NO_OPTIONS): Promise<number> {
  const line = fileName(command, 'command')
  const text = cString(line, 'command')
  const checkedOptions = waitOptions(options)
  if (systemEvent.wanted) systemEvent.raise(auditedPath(line, text))
  return withStandardStreams(async () => {
    const pid = startOr(
      () => startShell(text, 'sh', NO_OPTIONS),
      () => null,
    )
    return pid === null ? NO_SHELL : statusOrTerminate(pid, checkedOptions)
  })
}

/** Starts a program, and waits for it where the mode requires it. The options are checked before the event is raised. */
async function run(options: unknown, prepare: () => os.PreparedSpawn): Promise<number> {
  const checkedOptions = waitOptions(options)
  const prepared = prepare()
  if (prepared.mode !== os.P_WAIT) return os.startChild(prepared)
  return withStandardStreams(async () =>
    waitstatus_to_exitcode(await statusOrTerminate(os.startChild(prepared), checkedOptions)),
  )
}

/** Separates the options from a list of arguments: an object with no properties but those of the options. */
function splitOptions(args: readonly unknown[]): readonly [args: readonly unknown[], options: unknown] {
  const last = args.at(-1)
  // An instance of a class that has none of the options is an argument, of a wrong type.
  const isLast =
    isOptions(last) &&
    Object.keys(last).every((name) => name === 'signal' || name === 'ref') &&
    (isPlain(last) || has(last, 'signal') || has(last, 'ref'))
  return isLast ? [args.slice(0, -1), last] : [args, NO_OPTIONS]
}

/** The same where an environment, which is also an object, precedes the options. */
function splitOptionsAfterEnvironment(args: readonly unknown[]): readonly [args: readonly unknown[], options: unknown] {
  const before = args.at(-2)
  const isPath = before instanceof Uint8Array || before instanceof URL
  const isEnvironment = typeof before === 'object' && before !== null && !isPath
  return isEnvironment ? splitOptions(args) : [args, NO_OPTIONS]
}

/**
 * posix_spawn(3): runs a program in a child process.
 *
 * @param mode P_WAIT, or P_NOWAIT (P_NOWAITO is the same)
 * @param path the program
 * @param args its arguments, the first of which is the name it is known by
 * @param options `signal`: aborted, it makes the promise reject, and with P_WAIT the program gets SIGTERM; `ref`: false
 *   lets the process end meanwhile
 * @returns with P_WAIT the exit code, or the negative number of the signal that ended it; with P_NOWAIT the child's
 *   process id, to be waited for. A program that cannot be run has the exit code 127
 * @throws TypeError, RangeError for bad arguments; OSError where no child can be created
 *
 * Availability: Linux. Audit event: `os.spawn` (mode, path, args, env). See posix_spawn(3); Python,
 * os.spawnv.
 * @example
 * ```ts
 * await promises.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', 'exit 3']) // => 3
 * ```
 */
export async function spawnv(
  mode: number,
  path: Path,
  args: readonly Text[],
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  return run(options, () => os.preparedSpawn(mode, path, args, null))
}

/**
 * posix_spawn(3): runs a program in a child process with another environment. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param path the program
 * @param args its arguments, the first of which is the name it is known by
 * @param env its environment: a Map or an object
 * @param options `signal`, `ref` as for `spawnv`
 * @returns as `spawnv`
 * @throws as `spawnv`; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: as `spawnv`. See posix_spawn(3); Python, os.spawnve.
 * @example
 * ```ts
 * await promises.spawnve(os.P_WAIT, '/bin/sh', ['sh', '-c', 'exit $CODE'], { CODE: '3' }) // => 3
 * ```
 */
export async function spawnve(
  mode: number,
  path: Path,
  args: readonly Text[],
  env: Environment,
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  splitEnvironment([env])
  return run(options, () => os.preparedSpawn(mode, path, args, env))
}

/**
 * posix_spawn(3): runs a program in a child process, with its arguments as separate parameters. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param path the program
 * @param args its arguments, the first of which is the name it is known by, and last the options of `spawnv`
 * @returns as `spawnv`
 * @throws as `spawnv`
 *
 * Availability: Linux. Audit event: as `spawnv`. See posix_spawn(3); Python, os.spawnl.
 * @example
 * ```ts
 * await promises.spawnl(os.P_WAIT, '/bin/true', 'true') // => 0
 * ```
 */
export async function spawnl(
  mode: number,
  path: Path,
  ...args: readonly Text[] | readonly [...Text[], WaitOptions]
): Promise<number> {
  const [words, options] = splitOptions(args)
  return run(options, () => os.preparedSpawn(mode, path, words, null))
}

/**
 * posix_spawn(3): runs a program in a child process, with its arguments as separate parameters and another environment.
 * See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param path the program
 * @param args its arguments, the first of which is the name it is known by, then its environment, and last the options
 *   of `spawnv`
 * @returns as `spawnv`
 * @throws as `spawnv`; TypeError where the environment is missing
 *
 * Availability: Linux. Audit event: as `spawnv`. See posix_spawn(3); Python, os.spawnle.
 * @example
 * ```ts
 * await promises.spawnle(os.P_WAIT, '/bin/sh', 'sh', '-c', 'exit $CODE', { CODE: '3' }) // => 3
 * ```
 */
export async function spawnle(
  mode: number,
  path: Path,
  ...args: readonly [...Text[], Environment] | readonly [...Text[], Environment, WaitOptions]
): Promise<number> {
  const [words, options] = splitOptionsAfterEnvironment(args)
  const [argv, env] = splitEnvironment(words)
  return run(options, () => os.preparedSpawn(mode, path, argv, env))
}

/**
 * posix_spawn(3): runs a program, which is searched for in `PATH`, in a child process. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name; one with a slash is a path, and not searched for
 * @param args its arguments, the first of which is the name it is known by
 * @param options `signal`, `ref` as for `spawnv`
 * @returns as `spawnv`
 * @throws as `spawnv`
 *
 * Availability: Linux. Audit event: as `spawnv`. See posix_spawn(3); Python, os.spawnvp.
 * @example
 * ```ts
 * await promises.spawnvp(os.P_WAIT, 'true', ['true']) // => 0
 * ```
 */
export async function spawnvp(
  mode: number,
  file: Path,
  args: readonly Text[],
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  return run(options, () => os.preparedSpawnInPath(mode, file, args, null))
}

/**
 * posix_spawn(3): runs a program, which is searched for in the `PATH` of its new environment, in a child process. See
 * `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name
 * @param args its arguments, the first of which is the name it is known by
 * @param env its environment: a Map or an object
 * @param options `signal`, `ref` as for `spawnv`
 * @returns as `spawnv`
 * @throws as `spawnv`; RangeError for names that are empty or contain "="
 *
 * Availability: Linux. Audit event: as `spawnv`. See posix_spawn(3); Python, os.spawnvpe.
 * @example
 * ```ts
 * await promises.spawnvpe(os.P_WAIT, 'true', ['true'], { PATH: '/usr/bin:/bin' }) // => 0
 * ```
 */
export async function spawnvpe(
  mode: number,
  file: Path,
  args: readonly Text[],
  env: Environment,
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  splitEnvironment([env])
  return run(options, () => os.preparedSpawnInPath(mode, file, args, env))
}

/**
 * posix_spawn(3): runs a program, which is searched for in `PATH`, in a child process, with its arguments as separate
 * parameters. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name
 * @param args its arguments, the first of which is the name it is known by, and last the options of `spawnv`
 * @returns as `spawnv`
 * @throws as `spawnv`
 *
 * Availability: Linux. Audit event: as `spawnv`. See posix_spawn(3); Python, os.spawnlp.
 * @example
 * ```ts
 * await promises.spawnlp(os.P_WAIT, 'nothing-of-this-name', 'nothing') // => 127
 * ```
 */
export async function spawnlp(
  mode: number,
  file: Path,
  ...args: readonly Text[] | readonly [...Text[], WaitOptions]
): Promise<number> {
  const [words, options] = splitOptions(args)
  return run(options, () => os.preparedSpawnInPath(mode, file, words, null))
}

/**
 * posix_spawn(3): runs a program, which is searched for in the `PATH` of its new environment, in a child process, with
 * its arguments as separate parameters. See `spawnv`.
 *
 * @param mode P_WAIT or P_NOWAIT
 * @param file the program's name
 * @param args its arguments, the first of which is the name it is known by, then its environment, and last the options
 *   of `spawnv`
 * @returns as `spawnv`
 * @throws as `spawnv`; TypeError where the environment is missing
 *
 * Availability: Linux. Audit event: as `spawnv`. See posix_spawn(3); Python, os.spawnlpe.
 * @example
 * ```ts
 * await promises.spawnlpe(os.P_WAIT, 'true', 'true', { PATH: '/usr/bin:/bin' }) // => 0
 * ```
 */
export async function spawnlpe(
  mode: number,
  file: Path,
  ...args: readonly [...Text[], Environment] | readonly [...Text[], Environment, WaitOptions]
): Promise<number> {
  const [words, options] = splitOptionsAfterEnvironment(args)
  const [argv, env] = splitEnvironment(words)
  return run(options, () => os.preparedSpawnInPath(mode, file, argv, env))
}
