import { isMainThread } from 'node:worker_threads'
import { AuditEvent } from '../../audit.ts'
import { constants, signalNumbers } from '../../libc/facts.ts'
import type { CString } from '../../libc/functions.ts'
import { handlerOf, restoreSignal, setSignal } from '../../libc/signals.ts'
import { stringArray } from '../../libc/string_array.ts'
import { bare } from '../../properties.ts'
import { auditedPath, cString, fileName, type Path } from '../arguments/paths.ts'
import { prepareStandardStreams } from './node_changes.ts'
import { type PosixSpawnOptions, spawnProgram, startOr } from './posix_spawn.ts'
import { waitpid } from './wait.ts'

const systemEvent = new AuditEvent('os.system')

/** The status that system(3) returns for a shell that could not be started. */
const NO_SHELL = 127 << 8

/** The shell that runs commands. */
export const SHELL = '/bin/sh'

/**
 * Starts `/bin/sh -c command`.
 *
 * @param name the shell's name for itself (`$0`): as system(3) has it, or the path, as in CPython's popen
 */
export function startShell(command: CString, name: 'sh' | typeof SHELL, options: PosixSpawnOptions): number {
  return spawnProgram(SHELL, stringArray([name, '-c', command]), null, options)
}

/**
 * Runs a command in a shell, and waits for it. As with system(3), SIGINT and SIGQUIT from the terminal reach the
 * command only, not this process; except in a worker thread, because a signal's action is shared by the whole process.
 *
 * @param command the command line for `/bin/sh -c`
 * @returns the shell's status: `waitstatus_to_exitcode` decodes it. If the shell cannot be run (because the command is
 *   too long, for example), the status of exit code 127
 * @throws TypeError, RangeError for an invalid command; OSError if no child process can be created
 *
 * Availability: Linux. Audit event: `os.system` (command). See system(3); Python, os.system.
 * @example
 * ```ts
 * os.system('exit 3') // => 3 << 8
 * os.waitstatus_to_exitcode(os.system('exit 3')) // => 3
 * ```
 */
export function system(command: Path): number {
  const line = fileName(command, 'command')
  const text = cString(line, 'command')
  if (systemEvent.wanted) systemEvent.raise(auditedPath(line, text))
  const restoreStreams = prepareStandardStreams()
  const { SIGINT, SIGQUIT } = signalNumbers
  const ignored = isMainThread ? [SIGINT, SIGQUIT] : []
  const before = ignored.map((signal) => [signal, setSignal(signal, constants.SIG_IGN)] as const)
  try {
    // The command must have the actions that this process had before the call, not those set for its duration.
    const setsigdef = before.filter(([, action]) => action !== null && handlerOf(action) !== constants.SIG_IGN)
    const options = bare({ setsigdef: setsigdef.map(([signal]) => signal) })
    const pid = startOr(
      () => startShell(text, 'sh', options),
      () => null,
    )
    return pid === null ? NO_SHELL : waitpid(pid, 0)[1]
  } finally {
    for (const [signal, action] of before) if (action !== null) restoreSignal(signal, action)
    restoreStreams()
  }
}
