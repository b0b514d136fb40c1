import { failed } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratchAddress, textAt } from '../../libc/memory.ts'
import { int } from '../arguments/numbers.ts'
import { mainThreadOnly } from './process_state.ts'

/**
 * ctermid(3): returns the path of the controlling terminal of the process, even if the process has none.
 *
 * @returns the path, '/dev/tty'
 *
 * Availability: Linux. See ctermid(3); Python, os.ctermid.
 * @example
 * ```ts
 * os.ctermid() // => '/dev/tty'
 * ```
 */
export function ctermid(): string {
  libc.ctermid(scratchAddress)
  return textAt(0, constants.L_ctermid)
}

/**
 * getpid(2): returns the process id.
 *
 * @returns the pid
 *
 * Availability: Linux. See getpid(2); Python, os.getpid.
 * @example
 * ```ts
 * os.getpid() // => process.pid
 * ```
 */
export function getpid(): number {
  // Node reads the process id when it starts, and `fork` updates `process.pid` in the child.
  return process.pid
}

/**
 * getppid(2): returns the process id of the parent. After the parent has ended it is the process that has adopted this
 * one: the nearest ancestor that is a subreaper, or 1.
 *
 * @returns the pid
 *
 * Availability: Linux. See getppid(2); Python, os.getppid.
 * @example
 * ```ts
 * os.getppid() // => process.ppid
 * ```
 */
export function getppid(): number {
  return libc.getppid()
}

/**
 * getpgid(2): returns the process group of a process.
 *
 * @param pid the process, 0 for this one
 * @returns the process group's id
 * @throws ProcessLookupError if there is no such process
 *
 * Availability: Linux. See getpgid(2); Python, os.getpgid.
 * @example
 * ```ts
 * os.getpgid(0) // => os.getpgrp()
 * ```
 */
export function getpgid(pid: number): number {
  const member = int(pid, 'pid')
  let group: number
  while ((group = libc.getpgid(member)) === -1) failed('getpgid')
  return group
}

/**
 * getpgrp(2): returns the process group of this process.
 *
 * @returns the process group's id
 *
 * Availability: Linux. See getpgrp(2); Python, os.getpgrp.
 * @example
 * ```ts
 * os.getpgrp() // => os.getpgid(os.getpid())
 * ```
 */
export function getpgrp(): number {
  return libc.getpgrp()
}

/**
 * setpgid(2): moves a process to a process group of its session, or makes it the leader of a new one.
 *
 * @param pid 0 for this process, or a child that has not called exec yet
 * @param pgrp the process group, 0 for one with the process's own id
 * @throws OSError as the system reports: ProcessLookupError, PermissionError (another session, a session leader),
 *   EINVAL
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION for this process in a worker thread
 *
 * Availability: Linux. See setpgid(2); Python, os.setpgid.
 * @example
 * ```ts
 * const child = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
 * os.setpgid(child, child) // throws PermissionError
 * os.kill(child, 9)
 * os.waitpid(child, 0)
 * ```
 */
export function setpgid(pid: number, pgrp: number): void {
  const [member, group] = [int(pid, 'pid'), int(pgrp, 'pgrp')]
  if (member === 0 || member === getpid()) mainThreadOnly('setpgid')
  while (libc.setpgid(member, group) === -1) failed('setpgid')
}

/**
 * setpgid(2): makes this process the leader of a new process group: `setpgid(0, 0)`.
 *
 * @throws PermissionError for the leader of a session
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setpgrp(2); Python, os.setpgrp.
 * @example
 * ```ts
 * os.setpgrp()
 * os.getpgrp() // => os.getpid()
 * ```
 */
export function setpgrp(): void {
  mainThreadOnly('setpgrp')
  while (libc.setpgid(0, 0) === -1) failed('setpgrp')
}

/**
 * getsid(2): returns the session of a process.
 *
 * @param pid the process, 0 for this one
 * @returns the session's id, which is the pid of its leader
 * @throws ProcessLookupError if there is no such process
 *
 * Availability: Linux. See getsid(2); Python, os.getsid.
 * @example
 * ```ts
 * os.getsid(0) // => os.getsid(os.getpid())
 * ```
 */
export function getsid(pid: number): number {
  const member = int(pid, 'pid')
  let session: number
  while ((session = libc.getsid(member)) === -1) failed('getsid')
  return session
}

/**
 * setsid(2): makes this process the leader of a new session, without a controlling terminal, and of a new process group
 * in it.
 *
 * @throws PermissionError if the process is already a process group leader; call it in a child
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setsid(2); Python, os.setsid.
 * @example
 * ```ts
 * const child = os.fork()
 * if (child === 0) {
 *   os.setsid() // a session of its own, without a terminal
 *   os._exit(os.getsid(0) === os.getpid() ? 0 : 1)
 * }
 * os.waitpid(child, 0)[1] // => 0
 * ```
 */
export function setsid(): void {
  mainThreadOnly('setsid')
  while (libc.setsid() === -1) failed('setsid')
}

/**
 * umask(2): sets the file mode creation mask: the permission bits that new files do not get. `process.umask()` agrees
 * afterwards.
 *
 * @param mask the permission bits, such as 0o022; others are ignored
 * @returns the previous mask
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See umask(2); Python, os.umask.
 * @example
 * ```ts
 * const before = os.umask(0o077)
 * os.mkdir('mine')
 * os.stat('mine').st_mode & 0o777 // => 0o700
 * os.umask(before) // => 0o077
 * ```
 */
export function umask(mask: number): number {
  const bits = int(mask, 'mask')
  mainThreadOnly('umask')
  return libc.umask(bits)
}
