import type { CheckedWaitOptions } from '../../event_loop/fd_operation.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { int } from '../../os/arguments/numbers.ts'
import { NO_OPTIONS } from '../../os/arguments/options.ts'
import * as os from '../../os/processes/wait.ts'
import type { struct_rusage, waitid_result } from '../../results/child_results.ts'
import { type WaitOptions, waitOptions } from '../wait_options.ts'
import { awaitAnyChild, awaitChild, type PollFunction, pidOf } from './children.ts'

const { WNOHANG, WUNTRACED, WCONTINUED, WSTOPPED, P_PID, P_ALL, P_PIDFD } = constants

/** Waits for the children that `pid` selects in waitpid(2). */
function waitFor<T>(
  pid: number,
  options: number,
  checkedOptions: CheckedWaitOptions,
  poll: PollFunction<T>,
): Promise<T> {
  const key = `waitpid ${options}`
  if (pid > 0) return awaitChild(pid, (options & (WUNTRACED | WCONTINUED)) === 0, key, checkedOptions, poll)
  return awaitAnyChild(pid === -1 ? null : pid === 0 ? libc.getpgid(0) : -pid, key, checkedOptions, poll)
}

/** The result of a call with WNOHANG; null where no child has changed its state. */
function nullIfUnchanged<T extends readonly [number, ...unknown[]]>(found: T): T | null {
  return found[0] === 0 ? null : found
}

/**
 * waitpid(2): waits until any child has ended.
 *
 * The children of `node:child_process` are excluded, since Node waits for them; so are those that other threads
 * started, and those that another promise waits for by their process id.
 *
 * @param options `signal`: aborted, it makes the promise reject, and no child has been taken; `ref`: false lets the
 *   process end meanwhile
 * @returns the child's process id and its status: `waitstatus_to_exitcode` decodes it
 * @throws ChildProcessError where there is no child
 *
 * Availability: Linux. See wait(2); Python, os.wait.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * await promises.wait() // => [child, 0]
 * ```
 */
export async function wait(options: WaitOptions = NO_OPTIONS): Promise<[pid: number, status: number]> {
  return waitFor(-1, 0, waitOptions(options), () => nullIfUnchanged(os.waitpid(-1, WNOHANG)))
}

/**
 * waitpid(2): waits until a child has ended, by a process descriptor: without a SIGCHLD handler and without a thread.
 *
 * Stops and continuations (WUNTRACED, WCONTINUED), and all changes where the system has no process descriptors, are
 * noticed within 20 milliseconds.
 *
 * @param pid the child; -1: any child, as for `wait`; 0: any of this process's group; below -1: any of the group
 *   with the id -pid
 * @param options 0, or a combination of WNOHANG, WUNTRACED and WCONTINUED
 * @param how `signal`: aborted, it makes the promise reject, and the child can be waited for again; `ref`: false lets
 *   the process end meanwhile
 * @returns the child's process id and its status; [0, 0] where WNOHANG is given and no child has changed its state
 * @throws ChildProcessError where there is no such child; OSError EINVAL for invalid options
 *
 * Availability: Linux. See waitpid(2); Python, os.waitpid.
 * @example
 * ```ts
 * const child = os.posix_spawnp('sh', ['sh', '-c', 'exit 3'], null)
 * const [, status] = await promises.waitpid(child, 0) // timers and servers continue to run
 * os.waitstatus_to_exitcode(status) // => 3
 * ```
 */
export async function waitpid(
  pid: number,
  options: number,
  how: WaitOptions = NO_OPTIONS,
): Promise<[pid: number, status: number]> {
  const [child, flags, checkedOptions] = [int(pid, 'pid'), int(options, 'options'), waitOptions(how)]
  if ((flags & WNOHANG) !== 0) return os.waitpid(child, flags)
  return waitFor(child, flags, checkedOptions, () => nullIfUnchanged(os.waitpid(child, flags | WNOHANG)))
}

/**
 * wait4(2): waits until any child has ended, and returns its resource usage. See `wait`.
 *
 * @param options 0, or a combination of WNOHANG, WUNTRACED and WCONTINUED
 * @param how `signal`, `ref` as for `waitpid`
 * @returns the child's process id, its status, its resource usage; zeros where WNOHANG is given and no child has
 *   changed its state
 * @throws ChildProcessError where there is no child
 *
 * Availability: Linux. See wait3(2); Python, os.wait3.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * const [pid] = await promises.wait3(0)
 * pid // => child
 * ```
 */
export async function wait3(
  options: number,
  how: WaitOptions = NO_OPTIONS,
): Promise<[pid: number, status: number, usage: struct_rusage]> {
  return wait4(-1, options, how)
}

/**
 * wait4(2): waits until a child has ended, and returns its resource usage. See `waitpid`.
 *
 * @param pid as for `waitpid`
 * @param options 0, or a combination of WNOHANG, WUNTRACED and WCONTINUED
 * @param how `signal`, `ref` as for `waitpid`
 * @returns the child's process id, its status, its resource usage; zeros where WNOHANG is given and no child has
 *   changed its state
 * @throws ChildProcessError where there is no such child
 *
 * Availability: Linux. See wait4(2); Python, os.wait4.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * const [, , usage] = await promises.wait4(child, 0)
 * usage.ru_maxrss > 0 // => true
 * ```
 */
export async function wait4(
  pid: number,
  options: number,
  how: WaitOptions = NO_OPTIONS,
): Promise<[pid: number, status: number, usage: struct_rusage]> {
  const [child, flags, checkedOptions] = [int(pid, 'pid'), int(options, 'options'), waitOptions(how)]
  if ((flags & WNOHANG) !== 0) return os.wait4(child, flags)
  return waitFor(child, flags, checkedOptions, () => nullIfUnchanged(os.wait4(child, flags | WNOHANG)))
}

/**
 * waitid(2): waits until a child changes its state as the options specify. See `waitpid`.
 *
 * @param idtype P_PID, P_PGID, P_ALL or P_PIDFD
 * @param id the process id, process group or descriptor; ignored for P_ALL
 * @param options WEXITED, WSTOPPED, WCONTINUED, at least one; WNOHANG, WNOWAIT
 * @param how `signal`, `ref` as for `waitpid`
 * @returns the state of the child; null where WNOHANG is given and no child has changed its state
 * @throws ChildProcessError where there is no such child; OSError EINVAL for invalid options
 *
 * Availability: Linux; P_PIDFD from 5.4. See waitid(2); Python, os.waitid.
 * @example
 * ```ts
 * const child = os.spawnl(os.P_NOWAIT, '/bin/true', 'true')
 * const result = await promises.waitid(os.P_PID, child, os.WEXITED)
 * result?.si_pid // => child
 * ```
 */
export async function waitid(
  idtype: number,
  id: number,
  options: number,
  how: WaitOptions = NO_OPTIONS,
): Promise<waitid_result | null> {
  const [kind, wanted, flags] = [int(idtype, 'idtype'), int(id, 'id'), int(options, 'options')]
  const checkedOptions = waitOptions(how)
  if ((flags & WNOHANG) !== 0) return os.waitid(kind, wanted, flags)
  const poll: PollFunction<waitid_result> = () => os.waitid(kind, wanted, flags | WNOHANG)
  const endOnly = (flags & (WSTOPPED | WCONTINUED)) === 0
  const key = `waitid ${flags}`
  if (kind === P_PID) return awaitChild(wanted, endOnly, key, checkedOptions, poll)
  // A descriptor of which /proc does not report the child stands for a child of its own.
  if (kind === P_PIDFD) return awaitChild(pidOf(wanted) ?? -wanted, endOnly, key, checkedOptions, poll, wanted)
  return awaitAnyChild(kind === P_ALL ? null : wanted === 0 ? libc.getpgid(0) : wanted, key, checkedOptions, poll)
}
