import { badValue, ChildProcessError } from '../../errors.ts'
import { failed } from '../../libc/call.ts'
import { constants, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'
import { rusageAt, type struct_rusage, waitid_result } from '../../results/child_results.ts'
import { int } from '../arguments/numbers.ts'
import { pollChildren, reservedChildren } from './any_child.ts'

/** Option of `waitpid`, `wait3`, `wait4` and `waitid`: do not wait. */
export const WNOHANG: number = constants.WNOHANG
/** Option of `waitpid`: also report children that were stopped. */
export const WUNTRACED: number = constants.WUNTRACED
/** Option of `waitpid` and `waitid`: also report children that were continued. */
export const WCONTINUED: number = constants.WCONTINUED
/** Option of `waitid`: children that have ended. */
export const WEXITED: number = constants.WEXITED
/** Option of `waitid`: children that were stopped. */
export const WSTOPPED: number = constants.WSTOPPED
/** Option of `waitid`: leave the child in a waitable state. */
export const WNOWAIT: number = constants.WNOWAIT
/** For `waitid`: the child with this process id. */
export const P_PID: number = constants.P_PID
/** For `waitid`: any child of this process group. */
export const P_PGID: number = constants.P_PGID
/** For `waitid`: any child. */
export const P_ALL: number = constants.P_ALL
/** For `waitid`: the child that this pidfd refers to (Linux 5.4). */
export const P_PIDFD: number = constants.P_PIDFD
/** `si_code` of `waitid`: the child exited. */
export const CLD_EXITED: number = constants.CLD_EXITED
/** `si_code` of `waitid`: a signal ended the child. */
export const CLD_KILLED: number = constants.CLD_KILLED
/** `si_code` of `waitid`: a signal ended the child, and a core was dumped. */
export const CLD_DUMPED: number = constants.CLD_DUMPED
/** `si_code` of `waitid`: a traced child has trapped. */
export const CLD_TRAPPED: number = constants.CLD_TRAPPED
/** `si_code` of `waitid`: a signal stopped the child. */
export const CLD_STOPPED: number = constants.CLD_STOPPED
/** `si_code` of `waitid`: SIGCONT continued the child. */
export const CLD_CONTINUED: number = constants.CLD_CONTINUED

const { __WNOTHREAD } = constants

// Offsets in scratch memory.
const STATUS = 0
const RUSAGE = 16
const SIGINFO = 0

/** One wait for a pid in the sense of waitpid(2); undefined if there is no change to report and WNOHANG is given. */
type Wait<T> = (pid: number, options: number) => T | undefined

const plainWait: Wait<[pid: number, status: number]> = (pid, options) => {
  let child: number
  while ((child = libc.waitpid(pid, scratchAddress + STATUS, options)) === -1) failed('waitpid')
  return child === 0 ? undefined : [child, scratch.readInt32LE(STATUS)]
}

const waitWithUsage: Wait<[pid: number, status: number, usage: struct_rusage]> = (pid, options) => {
  let child: number
  while ((child = libc.wait4(pid, scratchAddress + STATUS, options, scratchAddress + RUSAGE)) === -1) failed('wait4')
  return child === 0 ? undefined : [child, scratch.readInt32LE(STATUS), rusageAt(RUSAGE)]
}

/**
 * Waits with `wait`, but excludes Node's children if any child is waited for. Children of this thread's Node are
 * skipped. Children of other threads are excluded by __WNOTHREAD, because one thread cannot inspect another thread's
 * event loop.
 */
function waitFor<T>(wait: Wait<T>, pid: number, options: number): T | null {
  if (pid > 0) return wait(pid, options) ?? null
  if (reservedChildren().size === 0) return wait(pid, options | __WNOTHREAD) ?? null
  const group = pid === -1 ? null : pid === 0 ? libc.getpgid(0) : -pid
  return pollChildren(group, (options & WNOHANG) === 0, (child) => ignoreReaped(() => wait(child, options | WNOHANG)))
}

/** A child that another thread has waited for meanwhile has no change to report. */
function ignoreReaped<T>(wait: () => T | undefined): T | undefined {
  try {
    return wait()
  } catch (error) {
    if (error instanceof ChildProcessError) return undefined
    throw error
  }
}

/**
 * waitpid(2): waits until any child has ended. The thread is blocked meanwhile.
 *
 * Children of `node:child_process` are excluded, because Node waits for those itself; so are children that other
 * threads started. (In Bun and Deno the runtime's own children are included: do not mix the two there.)
 *
 * @returns the child's process id and its status: `waitstatus_to_exitcode` decodes it
 * @throws ChildProcessError if there is no child
 *
 * Availability: Linux. See wait(2); Python, os.wait.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * os.wait() // => [child, 0]
 * os.wait() // throws ChildProcessError
 * ```
 */
export function wait(): [pid: number, status: number] {
  return waitFor(plainWait, -1, 0) ?? [0, 0]
}

/**
 * waitpid(2): waits until a child has ended. The thread is blocked meanwhile, except with WNOHANG.
 *
 * @param pid the child; -1: any child, as for `wait`; 0: any child in this process's group; below -1: any child in the
 *   group with the id -pid. A child of `node:child_process` is waited for only if its pid is given, and then its 'exit'
 *   event is not emitted
 * @param options 0, or a combination of WNOHANG, WUNTRACED and WCONTINUED
 * @returns the child's process id and its status; [0, 0] if WNOHANG is given and there is no change to report
 * @throws ChildProcessError if there is no such child; OSError EINVAL for unknown options
 *
 * Availability: Linux. See waitpid(2); Python, os.waitpid.
 * @example
 * ```ts
 * const child = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
 * os.waitpid(child, os.WNOHANG) // => [0, 0]
 * os.kill(child, 9)
 * os.waitpid(child, 0) // => [child, 9]
 * ```
 */
export function waitpid(pid: number, options: number): [pid: number, status: number] {
  return waitFor(plainWait, int(pid, 'pid'), int(options, 'options')) ?? [0, 0]
}

/**
 * wait4(2): waits until any child has ended, and returns its resource usage. See `wait`.
 *
 * @param options 0, or a combination of WNOHANG, WUNTRACED and WCONTINUED
 * @returns the child's process id, its status, its resource usage; zeros if WNOHANG is given and there is no change to
 *   report
 * @throws ChildProcessError if there is no child
 *
 * Availability: Linux. See wait3(2); Python, os.wait3.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * const [pid, status] = os.wait3(0)
 * pid === child && status === 0 // => true
 * ```
 */
export function wait3(options: number): [pid: number, status: number, usage: struct_rusage] {
  return wait4(-1, options)
}

/**
 * wait4(2): waits until a child has ended, and returns its resource usage. See `waitpid`.
 *
 * @param pid as for `waitpid`
 * @param options 0, or a combination of WNOHANG, WUNTRACED and WCONTINUED
 * @returns the child's process id, its status, its resource usage; zeros if WNOHANG is given and there is no change to
 *   report
 * @throws ChildProcessError if there is no such child
 *
 * Availability: Linux. See wait4(2); Python, os.wait4.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * const [, , usage] = os.wait4(child, 0)
 * usage.ru_maxrss > 0 // => true
 * ```
 */
export function wait4(pid: number, options: number): [pid: number, status: number, usage: struct_rusage] {
  const result = waitFor(waitWithUsage, int(pid, 'pid'), int(options, 'options'))
  if (result !== null) return result
  scratch.fill(0, RUSAGE, RUSAGE + structs.rusage.size)
  return [0, 0, rusageAt(RUSAGE)]
}

/**
 * waitid(2): waits until a child has changed its state in a way that the options select. The thread is blocked
 * meanwhile, except with WNOHANG.
 *
 * @param idtype P_PID, P_PGID, P_ALL or P_PIDFD
 * @param id the process id, process group or descriptor; ignored for P_ALL
 * @param options at least one of WEXITED, WSTOPPED and WCONTINUED; WNOHANG, WNOWAIT
 * @returns the child's change of state; null if WNOHANG is given and there is no change to report
 * @throws ChildProcessError if there is no such child; OSError EINVAL for invalid options
 *
 * Availability: Linux; P_PIDFD from 5.4. See waitid(2); Python, os.waitid.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/sh', 'sh', '-c', 'exit 3')
 * os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)?.si_status // => 3
 * os.waitid(os.P_PID, child, os.WEXITED)?.si_code // => os.CLD_EXITED
 * ```
 */
export function waitid(idtype: number, id: number, options: number): waitid_result | null {
  const kind = int(idtype, 'idtype')
  const [wanted, flags] = [int(id, 'id'), int(options, 'options')]
  if (kind !== P_ALL && kind !== P_PGID) return waitidOnce(kind, wanted, flags) ?? null
  if (reservedChildren().size === 0) return waitidOnce(kind, wanted, flags | __WNOTHREAD) ?? null
  // The kernel takes 0 as the caller's own group (Linux 5.4).
  const group = kind === P_ALL ? null : wanted === 0 ? libc.getpgid(0) : wanted
  return pollChildren(group, (flags & WNOHANG) === 0, (child) =>
    ignoreReaped(() => waitidOnce(P_PID, child, flags | WNOHANG)),
  )
}

function waitidOnce(kind: number, id: number, options: number): waitid_result | undefined {
  const { si_pid, si_uid, si_signo, si_status, si_code } = structs.siginfo_t.offsets
  // If there is no child to report, not every kernel clears the structure.
  scratch.fill(0, SIGINFO, SIGINFO + structs.siginfo_t.size)
  while (libc.waitid(kind, id, scratchAddress + SIGINFO, options) === -1) failed('waitid')
  const field = (offset: number): number => scratch.readInt32LE(SIGINFO + offset)
  if (field(si_pid) === 0) return undefined
  const uid = scratch.readUInt32LE(SIGINFO + si_uid)
  return new waitid_result([field(si_pid), uid, field(si_signo), field(si_status), field(si_code)])
}

// A status has sixteen bits: the low seven are the signal, or 0x7f for a stop; the eighth says that a core was dumped;
// the next eight are the exit code, or the signal that stopped the child. All C libraries on Linux agree on this.

/**
 * Whether the child exited normally.
 *
 * @param status as `wait` and `waitpid` return it
 * @returns true if `WEXITSTATUS` has the exit code
 *
 * Availability: Linux. See wait(2); Python, os.WIFEXITED.
 * @example
 * ```ts
 * os.WIFEXITED(os.system('exit 3')) // => true
 * os.WIFEXITED(9) // => false
 * ```
 */
export function WIFEXITED(status: number): boolean {
  return (int(status, 'status') & 0x7f) === 0
}

/**
 * The exit code of a child that exited normally.
 *
 * @param status as `wait` and `waitpid` return it
 * @returns 0 to 255
 *
 * Availability: Linux. See wait(2); Python, os.WEXITSTATUS.
 * @example
 * ```ts
 * os.WEXITSTATUS(os.system('exit 3')) // => 3
 * ```
 */
export function WEXITSTATUS(status: number): number {
  return (int(status, 'status') >> 8) & 0xff
}

/**
 * Whether a signal ended the child.
 *
 * @param status as `wait` and `waitpid` return it
 * @returns true if `WTERMSIG` has the signal
 *
 * Availability: Linux. See wait(2); Python, os.WIFSIGNALED.
 * @example
 * ```ts
 * os.WIFSIGNALED(os.system('kill -9 $$')) // => true
 * ```
 */
export function WIFSIGNALED(status: number): boolean {
  const signal = int(status, 'status') & 0x7f
  return signal !== 0 && signal !== 0x7f
}

/**
 * The signal that ended the child.
 *
 * @param status as `wait` and `waitpid` return it
 * @returns the signal's number
 *
 * Availability: Linux. See wait(2); Python, os.WTERMSIG.
 * @example
 * ```ts
 * os.WTERMSIG(os.system('kill -9 $$')) // => 9
 * ```
 */
export function WTERMSIG(status: number): number {
  return int(status, 'status') & 0x7f
}

/**
 * Whether the child is stopped.
 *
 * @param status as `waitpid` returns it with WUNTRACED
 * @returns true if `WSTOPSIG` has the signal
 *
 * Availability: Linux. See wait(2); Python, os.WIFSTOPPED.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/sh', 'sh', '-c', 'kill -STOP $$')
 * os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1]) // => true
 * os.kill(child, 9)
 * os.waitpid(child, 0)
 * ```
 */
export function WIFSTOPPED(status: number): boolean {
  return (int(status, 'status') & 0xff) === 0x7f
}

/**
 * The signal that stopped the child.
 *
 * @param status as `waitpid` returns it with WUNTRACED
 * @returns the signal's number
 *
 * Availability: Linux. See wait(2); Python, os.WSTOPSIG.
 * @example
 * ```ts
 * import { SIGSTOP } from 'osier/signal'
 * const child = os.spawnl(os.P_NOWAIT, '/bin/sh', 'sh', '-c', 'kill -STOP $$')
 * os.WSTOPSIG(os.waitpid(child, os.WUNTRACED)[1]) // => SIGSTOP
 * os.kill(child, 9)
 * os.waitpid(child, 0)
 * ```
 */
export function WSTOPSIG(status: number): number {
  return WEXITSTATUS(status)
}

/**
 * Whether the child has been continued.
 *
 * @param status as `waitpid` returns it with WCONTINUED
 * @returns true if it has
 *
 * Availability: Linux. See wait(2); Python, os.WIFCONTINUED.
 * @example
 * ```ts
 * import { SIGCONT } from 'osier/signal'
 * const child = os.spawnl(os.P_NOWAIT, '/bin/sh', 'sh', '-c', 'kill -STOP $$')
 * os.waitpid(child, os.WUNTRACED)
 * os.kill(child, SIGCONT)
 * const [, status] = os.waitpid(child, os.WCONTINUED)
 * os.WIFCONTINUED(status) || os.WIFEXITED(status) // => true
 * os.WIFEXITED(status) || os.waitpid(child, 0)[1] === 0 // => true
 * ```
 */
export function WIFCONTINUED(status: number): boolean {
  return int(status, 'status') === 0xffff
}

/**
 * Whether the child dumped a core.
 *
 * @param status as `wait` and `waitpid` return it
 * @returns true if it did
 *
 * Availability: Linux. See wait(2); Python, os.WCOREDUMP.
 * @example
 * ```ts
 * os.WCOREDUMP(os.system('kill -9 $$')) // => false
 * ```
 */
export function WCOREDUMP(status: number): boolean {
  return (int(status, 'status') & 0x80) !== 0
}

/**
 * Converts a status to an exit code, as Python's `subprocess` reports it.
 *
 * @param status as `wait`, `waitpid` and `system` return it
 * @returns the exit code, 0 to 255; or, if a signal ended the child, the negative number of that signal
 * @throws RangeError if the child has not ended, but was stopped or continued
 *
 * Availability: Linux. See Python, os.waitstatus_to_exitcode.
 * @example
 * ```ts
 * os.waitstatus_to_exitcode(os.system('exit 3')) // => 3
 * os.waitstatus_to_exitcode(os.system('kill -9 $$')) // => -9
 * ```
 */
export function waitstatus_to_exitcode(status: number): number {
  if (WIFEXITED(status)) return WEXITSTATUS(status)
  if (WIFSIGNALED(status)) return -WTERMSIG(status)
  throw badValue('status', 'must be that of a process that has ended', status)
}
