import { AuditEvent } from '../audit.ts'
import { wrongType } from '../errors.ts'
import { clearErrno, failed, lastErrno, osError } from '../libc/call.ts'
import { constants, structs, sysconfNames } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { address, bytes, uint64At } from '../libc/memory.ts'
import { times_result } from '../results.ts'
import { int } from './arguments.ts'

/** Exit code: no error. */
export const EX_OK: number = constants.EX_OK
/** Exit code: the command was used wrongly. */
export const EX_USAGE: number = constants.EX_USAGE
/** Exit code: the input data was wrong. */
export const EX_DATAERR: number = constants.EX_DATAERR
/** Exit code: an input file is missing or cannot be read. */
export const EX_NOINPUT: number = constants.EX_NOINPUT
/** Exit code: no such user. */
export const EX_NOUSER: number = constants.EX_NOUSER
/** Exit code: no such host. */
export const EX_NOHOST: number = constants.EX_NOHOST
/** Exit code: a service is not available. */
export const EX_UNAVAILABLE: number = constants.EX_UNAVAILABLE
/** Exit code: an error of the program itself. */
export const EX_SOFTWARE: number = constants.EX_SOFTWARE
/** Exit code: an error of the system, such as no more processes. */
export const EX_OSERR: number = constants.EX_OSERR
/** Exit code: a file of the system is missing or wrong. */
export const EX_OSFILE: number = constants.EX_OSFILE
/** Exit code: an output file cannot be made. */
export const EX_CANTCREAT: number = constants.EX_CANTCREAT
/** Exit code: an error of input or output. */
export const EX_IOERR: number = constants.EX_IOERR
/** Exit code: it failed for now, and may be tried again. */
export const EX_TEMPFAIL: number = constants.EX_TEMPFAIL
/** Exit code: the other side did not keep to the protocol. */
export const EX_PROTOCOL: number = constants.EX_PROTOCOL
/** Exit code: not allowed. */
export const EX_NOPERM: number = constants.EX_NOPERM
/** Exit code: the configuration is wrong. */
export const EX_CONFIG: number = constants.EX_CONFIG

const killEvent = new AuditEvent('os.kill')
const killpgEvent = new AuditEvent('os.killpg')

/**
 * kill(2): sends a signal to a process.
 *
 * @param pid the process; 0: all of this process's group; -1: all that may be signalled; below -1: all of the group
 *   -pid
 * @param sig the signal's number; 0 only asks whether the process is there and may be signalled
 * @throws ProcessLookupError, PermissionError; OSError EINVAL for a number that is no signal
 *
 * Availability: Linux. Audit event: `os.kill` (pid, sig). See kill(2); Python, os.kill.
 * @example
 * ```ts
 * import { SIGTERM } from 'osier/signal'
 * const child = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
 * os.kill(child, SIGTERM)
 * os.WTERMSIG(os.waitpid(child, 0)[1]) // => SIGTERM
 * os.kill(child, 0) // throws ProcessLookupError
 * ```
 */
export function kill(pid: number, sig: number): void {
  const [process, signal] = [int(pid, 'pid'), int(sig, 'sig')]
  if (killEvent.wanted) killEvent.raise(pid, sig)
  while (libc.kill(process, signal) === -1) failed('kill')
}

/**
 * killpg(3): sends a signal to a process group.
 *
 * @param pgid the group
 * @param sig the signal's number; 0 only asks
 * @throws ProcessLookupError, PermissionError; OSError EINVAL for a number that is no signal
 *
 * Availability: Linux. Audit event: `os.killpg` (pgid, sig). See killpg(3); Python, os.killpg.
 * @example
 * ```ts
 * import { SIGKILL } from 'osier/signal'
 * const child = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setpgroup: 0 })
 * os.killpg(child, SIGKILL)
 * os.WTERMSIG(os.waitpid(child, 0)[1]) // => SIGKILL
 * ```
 */
export function killpg(pgid: number, sig: number): void {
  const [group, signal] = [int(pgid, 'pgid'), int(sig, 'sig')]
  if (killpgEvent.wanted) killpgEvent.raise(pgid, sig)
  while (libc.killpg(group, signal) === -1) failed('killpg')
}

/**
 * nice(2): adds to the nice value of this process: the higher it is, the less CPU time the process is given.
 *
 * @param increment what to add; the nice value stays between -20 and 19
 * @returns the new nice value
 * @throws PermissionError for a negative increment without CAP_SYS_NICE
 *
 * Availability: Linux. See nice(2); Python, os.nice.
 * @example
 * ```ts
 * const now = os.nice(0)
 * os.nice(1) // => Math.min(now + 1, 19)
 * ```
 */
export function nice(increment: number): number {
  const step = int(increment, 'increment')
  clearErrno()
  const niceness = libc.nice(step)
  if (niceness === -1) {
    const errno = lastErrno()
    if (errno !== 0) throw osError(errno, 'nice')
  }
  return niceness
}

/**
 * abort(3): ends this process at once by SIGABRT, with a core where the limits allow one. No handler of JavaScript
 * runs, `process.on('SIGABRT')` included.
 *
 * Availability: Linux. See abort(3); Python, os.abort.
 * @example
 * ```ts
 * os.abort() // the process ends with SIGABRT
 * ```
 */
export function abort(): never {
  libc.abort()
  throw new Error('abort(3) has returned')
}

/**
 * _exit(2): ends this process at once: no 'exit' handlers, nothing flushed.
 *
 * @param n the exit code, of which the low eight bits count
 *
 * Availability: Linux. See _exit(2); Python, os._exit.
 * @example
 * ```ts
 * process.on('exit', () => os.abort()) // is not called
 * os._exit(0)
 * ```
 */
export function _exit(n: number): never {
  libc._exit(int(n, 'n'))
  throw new Error('_exit(2) has returned')
}

/**
 * prctl(2), PR_SET_CHILD_SUBREAPER: makes this process the one that inherits its descendants when their parents end, as
 * process 1 does otherwise. Whoever asks for that has to wait for them: `wait`, `waitpid(-1, ...)`.
 *
 * @param enabled true to become it, false to be it no longer
 *
 * Availability: Linux 3.4. See PR_SET_CHILD_SUBREAPER(2const). Not in Python.
 * @example
 * ```ts
 * os.set_child_subreaper(true) // orphans among the descendants become children of this process
 * os.get_child_subreaper() // => true
 * os.set_child_subreaper(false)
 * ```
 */
export function set_child_subreaper(enabled: boolean): void {
  if (typeof enabled !== 'boolean') throw wrongType('enabled', 'a boolean', enabled)
  while (libc.prctl(constants.PR_SET_CHILD_SUBREAPER, enabled ? 1 : 0, 0, 0, 0) === -1) failed('prctl')
}

/**
 * prctl(2), PR_GET_CHILD_SUBREAPER: whether this process inherits its orphaned descendants.
 *
 * @returns what `set_child_subreaper` has set
 *
 * Availability: Linux 3.4. See PR_GET_CHILD_SUBREAPER(2const). Not in Python.
 * @example
 * ```ts
 * os.get_child_subreaper() // => false
 * ```
 */
export function get_child_subreaper(): boolean {
  while (libc.prctl(constants.PR_GET_CHILD_SUBREAPER, address, 0, 0, 0) === -1) failed('prctl')
  return bytes.readInt32LE(0) !== 0
}

/**
 * times(2): how much CPU time the process and its children have used.
 *
 * @returns seconds, with a resolution of 1/100
 *
 * Availability: Linux. See times(2); Python, os.times.
 * @example
 * ```ts
 * const { user, system, elapsed } = os.times()
 * user + system > 0 && elapsed > 0 // => true
 * ```
 */
export function times(): times_result {
  let elapsed: number
  while ((elapsed = libc.times(address)) === -1) failed('times')
  const second = Number(libc.sysconf(sysconfNames.SC_CLK_TCK))
  const { tms_utime, tms_stime, tms_cutime, tms_cstime } = structs.tms.offsets
  const used = [tms_utime, tms_stime, tms_cutime, tms_cstime].map((offset) => uint64At(offset, 'times') / second)
  return new times_result([...used, elapsed / second])
}
