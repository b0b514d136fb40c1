import { AuditEvent } from '../../audit.ts'
import { badValue, ChildProcessError, OSError, wrongType } from '../../errors.ts'
import { lastErrno, osError } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { type CString, has, libc } from '../../libc/functions.ts'
import { aboveStandardStreams } from '../../libc/low_descriptors.ts'
import { STANDARD_STREAMS } from '../../libc/standard_streams.ts'
import { bare } from '../../properties.ts'
import { int } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { auditedPath, cString, fileName, type Path } from '../arguments/paths.ts'
import { close as closeFd, pipe } from '../descriptors/open_close.ts'
import type { BinaryFile } from '../file_objects/binary_file.ts'
import { type BinaryMode, fdopen } from '../file_objects/fdopen.ts'
import type { TextFile } from '../file_objects/text_file.ts'
import { namesIn } from '../files/directory_stream.ts'
import { type FileAction, POSIX_SPAWN_CLOSE, POSIX_SPAWN_CLOSEFROM, POSIX_SPAWN_DUP2 } from './posix_spawn.ts'
import { SHELL, startShell } from './shell.ts'
import { WNOHANG, waitpid, waitstatus_to_exitcode } from './wait.ts'

const popenEvent = new AuditEvent('subprocess.Popen')

/** A file object on a pipe from or to a command. */
export type CommandFile<F extends TextFile | BinaryFile = TextFile> = Omit<F, 'close'> & {
  /**
   * Closes the pipe, and waits for the command.
   *
   * @returns null if the command succeeded, or if its status is lost (SIGCHLD is ignored, or other code has waited for
   *   it); else its exit code, or the negative number of the signal that ended it, times 256. Further calls return the
   *   same value
   */
  close(): number | null
}

/**
 * Commands whose file objects were garbage-collected before they were closed, and which have not been waited for yet.
 */
const unreapedCommands = new Set<number>()

/**
 * A file object closes its descriptor when it is garbage-collected. Its command is then polled whenever another command
 * is started.
 */
const collectedFiles: FinalizationRegistry<number> = new FinalizationRegistry((pid) => {
  unreapedCommands.add(pid)
  reapCommands()
})

function reapCommands(): void {
  for (const pid of unreapedCommands) {
    try {
      if (waitpid(pid, WNOHANG)[0] === 0) continue
    } catch (error) {
      // Other code has waited for it.
      if (!(error instanceof OSError)) throw error
    }
    unreapedCommands.delete(pid)
  }
}

/**
 * Runs a command in a shell, and returns a file on a pipe from its output or to its input.
 *
 * @param cmd the command line for `/bin/sh -c`
 * @param mode 'r' to read the command's output (the default), 'w' to write its input; with 'b' as bytes, else as text
 * @param buffering as for `fdopen`; 0 (unbuffered) is possible for bytes only
 * @returns a file object whose `close` waits for the command and returns its status
 * @throws RangeError for another mode; OSError if no child process can be created
 *
 * Availability: Linux. Audit event: `subprocess.Popen` (executable, args, cwd, env). See popen(3); Python, os.popen.
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
  reapCommands()
  return withWaitingClose(...startOnPipe(command, mode, size))
}

interface Command {
  readonly command: CString
  readonly mode: string
  /** The size of the file object's buffer, in bytes. */
  readonly size: number
}

/** Checks the arguments of `popen`, and raises its audit event. */
export function checkedCommand(cmd: Path, rest: readonly unknown[]): Command {
  const { mode = 'r', buffering = -1 } = optional(['mode', 'buffering'], [], rest)
  const line = fileName(cmd, 'cmd')
  const command = cString(line, 'cmd')
  if (typeof mode !== 'string') throw wrongType('mode', 'a string', mode)
  if (!/^[rw][bt]?$/.test(mode)) throw badValue('mode', "must be 'r' or 'w', and 'b' or 't'", mode)
  const size = int(buffering, 'buffering', -1)
  if (size === 0 && !mode.endsWith('b')) throw badValue('buffering', 'cannot be 0 for text', buffering)
  // As in CPython, where os.popen is made of subprocess.Popen. Raised before the pipe is made.
  if (popenEvent.wanted) popenEvent.raise(SHELL, [SHELL, '-c', auditedPath(line, command)], null, null)
  return { command, mode, size }
}

/** Starts a command on a pipe. Returns the parent's end of the pipe as a file object, and the command's process id. */
export function startOnPipe(command: CString, mode: 'wb', size: number): [file: BinaryFile, pid: number]
export function startOnPipe(command: CString, mode: string, size: number): [file: TextFile | BinaryFile, pid: number]
export function startOnPipe(command: CString, mode: string, size: number): [file: TextFile | BinaryFile, pid: number] {
  const [readEnd, writeEnd] = pipe()
  const [parentEnd, otherEnd, stream] = mode.startsWith('r') ? [readEnd, writeEnd, 1] : [writeEnd, readEnd, 0]
  // If standard streams are closed, the pipe may have the number that it gets in the command, and would stay
  // close-on-exec.
  const childEnd = aboveStandardStreams(otherEnd)
  let file: TextFile | BinaryFile | undefined
  try {
    if (childEnd === -1) throw osError(lastErrno(), 'popen')
    // Before the command is started: if this fails, no command is left without a waiter.
    file = fdopen(parentEnd, mode as BinaryMode, size)
    return [
      file,
      startShell(command, SHELL, bare({ file_actions: [[POSIX_SPAWN_DUP2, childEnd, stream], ...closeOthers()] })),
    ]
  } catch (error) {
    if (file === undefined) closeFd(parentEnd)
    else file.close()
    throw error
  } finally {
    if (childEnd !== -1) closeFd(childEnd)
  }
}

/** The actions that close all descriptors of the command but the standard streams: also inheritable ones, as in CPython. */
function closeOthers(): FileAction[] {
  const first = STANDARD_STREAMS.length
  if (has('posix_spawn_file_actions_addclosefrom_np')) return [[POSIX_SPAWN_CLOSEFROM, first]]
  // Before glibc 2.34, and on musl. The kernel closes descriptors that are not inheritable. A descriptor that another
  // thread makes inheritable after this list is made, and before the command starts, is not closed.
  const open = namesIn('popen', '/proc/self/fd').map(Number)
  return open.filter((fd) => fd >= first && isInheritable(fd)).map((fd) => [POSIX_SPAWN_CLOSE, fd])
}

function isInheritable(fd: number): boolean {
  const flags = libc.fcntl(fd, constants.F_GETFD, 0)
  return flags !== -1 && (flags & constants.FD_CLOEXEC) === 0
}

/** Waits for a command. Returns null if it succeeded, or if its status is lost because other code has waited for it. */
function waitForCommand(pid: number): number | null {
  try {
    // A negative code is shifted too, as in CPython.
    return waitstatus_to_exitcode(waitpid(pid, 0)[1]) << 8 || null
  } catch (error) {
    if (error instanceof ChildProcessError) return null
    throw error
  }
}

/** Makes the file object's `close` wait for the command. */
function withWaitingClose<F extends TextFile | BinaryFile>(file: F, pid: number): CommandFile<F> {
  collectedFiles.register(file, pid, file)
  const closeFile = file.close.bind(file)
  let result: number | null | undefined
  const close = (): number | null => {
    if (result !== undefined) return result
    try {
      // Close before waiting: a command that reads its input ends at end-of-file.
      closeFile()
    } finally {
      collectedFiles.unregister(file)
      result = waitForCommand(pid)
    }
    return result
  }
  return Object.assign(file, { close })
}
