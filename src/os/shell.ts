import { AuditEvent } from '../audit.ts'
import { FileNotFoundError } from '../errors.ts'
import { constants, signalNumbers } from '../libc/facts.ts'
import { handlerOf, restoreSignal, setSignal } from '../libc/signals.ts'
import { currentEnvironment, stringArray } from '../libc/string_array.ts'
import { cString } from './arguments.ts'
import { encoded, type FileName, fileName } from './names.ts'
import { type PosixSpawnOptions, spawnProgram } from './posix_spawn.ts'
import { waitpid } from './wait.ts'

const systemEvent = new AuditEvent('os.system')

/** The status of a shell that could not be started, as system(3) gives it. */
const NO_SHELL = 127 << 8

/** Starts `/bin/sh -c command`. */
export function startShell(command: FileName, options: PosixSpawnOptions): number {
  const words = [Buffer.from('sh'), Buffer.from('-c'), encoded(command, 'command')]
  return spawnProgram('/bin/sh', stringArray(words), currentEnvironment(), options)
}

/**
 * Runs a command in a shell, and waits for it. As with system(3), SIGINT and SIGQUIT from the terminal reach the command
 * only, not this process.
 *
 * @param command what `/bin/sh -c` gets
 * @returns the shell's status: `waitstatus_to_exitcode` makes sense of it
 * @throws TypeError, RangeError for what is no command; OSError where no child can be made
 *
 * Availability: Linux. Audit event: `os.system` (command). See system(3); Python, os.system.
 */
export function system(command: string | Uint8Array): number {
  const text = fileName(command, 'command')
  cString(text, 'command')
  if (systemEvent.wanted) systemEvent.raise(command)
  const { SIGINT, SIGQUIT } = signalNumbers
  const before = [SIGINT, SIGQUIT].map((signal) => [signal, setSignal(signal, constants.SIG_IGN)] as const)
  try {
    // The command is to have them as this process had them, not as they are right now.
    const setsigdef = before.filter(([, action]) => action !== null && handlerOf(action) !== constants.SIG_IGN)
    return waitpid(startShell(text, { setsigdef: setsigdef.map(([signal]) => signal) }), 0)[1]
  } catch (error) {
    if (error instanceof FileNotFoundError) return NO_SHELL
    throw error
  } finally {
    for (const [signal, action] of before) if (action !== null) restoreSignal(signal, action)
  }
}
