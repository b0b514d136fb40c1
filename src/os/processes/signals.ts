import { AuditEvent } from '../../audit.ts'
import { failed } from '../../libc/call.ts'
import { libc } from '../../libc/functions.ts'
import { int } from '../arguments/numbers.ts'

const killEvent = new AuditEvent('os.kill')
const killpgEvent = new AuditEvent('os.killpg')

/**
 * kill(2): sends a signal to a process.
 *
 * @param pid the process; 0: all of this process's group; -1: all that may be signalled; below -1: all of the group
 *   -pid
 * @param sig the signal's number; 0 only checks that the process exists and may be signalled
 * @throws ProcessLookupError, PermissionError; OSError EINVAL for a number that is not a signal
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
 * @param sig the signal's number; 0 only checks that the group exists and may be signalled
 * @throws ProcessLookupError, PermissionError; OSError EINVAL for a number that is not a signal
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
