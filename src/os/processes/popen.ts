import { badValue, ChildProcessError, OSError, wrongType } from '../../errors.ts'
import type { CString } from '../../libc/functions.ts'
import { int } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { cString, fileName, type Path } from '../arguments/paths.ts'
import { close as closeFd, pipe } from '../descriptors/open_close.ts'
import type { BinaryFile } from '../file_objects/binary_file.ts'
import { type BinaryMode, fdopen } from '../file_objects/fdopen.ts'
import type { TextFile } from '../file_objects/text_file.ts'
import { POSIX_SPAWN_DUP2 } from './posix_spawn.ts'
import { startShell } from './shell.ts'
import { WNOHANG, waitpid, waitstatus_to_exitcode } from './wait.ts'

/** A file on a pipe from or to a command. */
export type CommandFile<F extends TextFile | BinaryFile = TextFile> = Omit<F, 'close'> & {
  /**
   * Closes the pipe, and waits for the command.
   *
   * @returns null where it succeeded, and where its status is lost (SIGCHLD is ignored, or somebody else has waited for
   *   it); else its exit code, or the negative number of the signal that ended it, times 256. The same again when it is
   *   called again
   */
  close(): number | null
}

/** Commands whose files were collected before they were closed, and which have not ended yet. */
const abandoned = new Set<number>()

/** The file closes itself when it is collected; the command is then waited for whenever another one is started. */
const forgotten: FinalizationRegistry<number> = new FinalizationRegistry((pid) => {
  abandoned.add(pid)
  reapAbandoned()
})

function reapAbandoned(): void {
  for (const pid of abandoned) {
    try {
      if (waitpid(pid, WNOHANG)[0] === 0) continue
    } catch (error) {
      // Somebody else has waited for it.
      if (!(error instanceof OSError)) throw error
    }
    abandoned.delete(pid)
  }
}

/**
 * Runs a command in a shell, and returns a file on a pipe from its output or to its input.
 *
 * @param cmd what `/bin/sh -c` gets
 * @param mode 'r' to read the command's output (the default), 'w' to write its input; with a 'b' as bytes, else as text
 * @param buffering as for `fdopen`; 0, for none, is possible in bytes only
 * @returns a file object whose `close` waits for the command and tells how it ended
 * @throws RangeError for another mode; OSError where no child can be made
 *
 * Availability: Linux. See popen(3); Python, os.popen.
 * @example
 * ```ts
 * const pipe = os.popen('echo one; echo two; exit 3')
 * pipe.read() // => 'one\ntwo\n'
 * os.waitstatus_to_exitcode(pipe.close() ?? 0) // => 3
 * ```
 */
export function popen(cmd: Path, mode: 'rb' | 'wb', buffering?: number): CommandFile<BinaryFile>
export function popen(cmd: Path, mode?: 'r' | 'w' | 'rt' | 'wt', buffering?: number): CommandFile
export function popen(
  cmd: Path,
  options: { readonly mode?: string | undefined; readonly buffering?: number | undefined },
): CommandFile
export function popen(cmd: Path, ...rest: unknown[]): CommandFile<TextFile | BinaryFile> {
  const { command, mode, size } = checkedCommand(cmd, rest)
  reapAbandoned()
  return withCommand(...startOnPipe(command, mode, size))
}

interface Command {
  readonly command: CString
  readonly mode: string
  /** Of the file's buffer. */
  readonly size: number
}

/** The arguments of `popen`, checked. */
export function checkedCommand(cmd: Path, rest: readonly unknown[]): Command {
  const { mode = 'r', buffering = -1 } = optional(['mode', 'buffering'], [], rest)
  const command = cString(fileName(cmd, 'cmd'), 'cmd')
  if (typeof mode !== 'string') throw wrongType('mode', 'a string', mode)
  if (!/^[rw][bt]?$/.test(mode)) throw badValue('mode', "must be 'r' or 'w', and 'b' or 't'", mode)
  const size = int(buffering, 'buffering', -1)
  if (size === 0 && !mode.endsWith('b')) throw badValue('buffering', 'cannot be 0 for text', buffering)
  return { command, mode, size }
}

/** Starts a command on a pipe: our end of it as a file, and the command's process id. */
export function startOnPipe(command: CString, mode: 'wb', size: number): [file: BinaryFile, pid: number]
export function startOnPipe(command: CString, mode: string, size: number): [file: TextFile | BinaryFile, pid: number]
export function startOnPipe(command: CString, mode: string, size: number): [file: TextFile | BinaryFile, pid: number] {
  const [readEnd, writeEnd] = pipe()
  const [ours, theirs, stream] = mode.startsWith('r') ? [readEnd, writeEnd, 1] : [writeEnd, readEnd, 0]
  let file: TextFile | BinaryFile | undefined
  try {
    // Before there is a command that nobody would wait for, if this failed.
    file = fdopen(ours, mode as BinaryMode, size)
    return [file, startShell(command, { file_actions: [[POSIX_SPAWN_DUP2, theirs, stream]] })]
  } catch (error) {
    if (file === undefined) closeFd(ours)
    else file.close()
    throw error
  } finally {
    closeFd(theirs)
  }
}

/** Waits for a command; null also where it has been waited for by somebody else, and nobody can tell how it ended. */
function resultOf(pid: number): number | null {
  try {
    // Shifted also where it is negative, as CPython does.
    return waitstatus_to_exitcode(waitpid(pid, 0)[1]) << 8 || null
  } catch (error) {
    if (error instanceof ChildProcessError) return null
    throw error
  }
}

/** Has a file's `close` wait for the command. */
function withCommand<F extends TextFile | BinaryFile>(file: F, pid: number): CommandFile<F> {
  forgotten.register(file, pid, file)
  const closeFile = file.close.bind(file)
  let result: number | null | undefined
  const close = (): number | null => {
    if (result !== undefined) return result
    try {
      // Before the wait: a command that reads its input waits for its end.
      closeFile()
    } finally {
      forgotten.unregister(file)
      result = resultOf(pid)
    }
    return result
  }
  return Object.assign(file, { close })
}
