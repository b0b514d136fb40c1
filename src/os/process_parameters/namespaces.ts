import { failed } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { type Descriptor, nonNegativeFd } from '../arguments/descriptors.ts'
import { int } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'

/** Flag of `unshare`: a separate descriptor table. */
export const CLONE_FILES: number = constants.CLONE_FILES
/** Flag of `unshare`: a separate root, current directory and umask. */
export const CLONE_FS: number = constants.CLONE_FS
/** Flag of `unshare`: a new cgroup namespace. */
export const CLONE_NEWCGROUP: number = constants.CLONE_NEWCGROUP
/** Flag of `unshare`: a new IPC namespace (System V IPC, POSIX message queues). */
export const CLONE_NEWIPC: number = constants.CLONE_NEWIPC
/** Flag of `unshare`: a new network namespace. */
export const CLONE_NEWNET: number = constants.CLONE_NEWNET
/** Flag of `unshare`: a new mount namespace. */
export const CLONE_NEWNS: number = constants.CLONE_NEWNS
/** Flag of `unshare`: a new PID namespace for future children. */
export const CLONE_NEWPID: number = constants.CLONE_NEWPID
/** Flag of `unshare`: a new time namespace for future children. */
export const CLONE_NEWTIME: number = constants.CLONE_NEWTIME
/** Flag of `unshare`: a new user namespace. */
export const CLONE_NEWUSER: number = constants.CLONE_NEWUSER
/** Flag of `unshare`: a new UTS namespace (host and domain name). */
export const CLONE_NEWUTS: number = constants.CLONE_NEWUTS
/** Flag of `unshare`: separate signal handlers; requires a single-threaded process. */
export const CLONE_SIGHAND: number = constants.CLONE_SIGHAND
/** Flag of `unshare`: separate System V semaphore adjustments. */
export const CLONE_SYSVSEM: number = constants.CLONE_SYSVSEM
/** Flag of `unshare`: fails unless the process is single-threaded. */
export const CLONE_THREAD: number = constants.CLONE_THREAD
/** Flag of `unshare`: separate memory; requires a single-threaded process. */
export const CLONE_VM: number = constants.CLONE_VM

/**
 * unshare(2): gives the calling thread separate copies, or new namespaces, of the resources that the flags name.
 *
 * Node always has several threads. Its other threads (the thread pool of `fs.promises` and the garbage collector's) are
 * not affected, and flags that require a single-threaded process (CLONE_NEWUSER, CLONE_VM, CLONE_SIGHAND, CLONE_THREAD)
 * fail. Children inherit from the thread that creates them. After CLONE_NEWPID and CLONE_NEWTIME the thread cannot
 * create threads, which Node does at the first use of `fs.promises` or of a Worker: use them in a process that is about
 * to execute another program.
 *
 * @param flags a combination of CLONE_*; 0 does nothing
 * @throws OSError as the system reports: PermissionError (most flags require CAP_SYS_ADMIN), EINVAL, ENOSPC for too
 *   many namespaces
 *
 * Availability: Linux. See unshare(2), namespaces(7); Python 3.12, os.unshare.
 * @example
 * ```ts
 * const child = os.fork()
 * if (child === 0) {
 *   try {
 *     os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWUTS) // a user and host name of its own
 *   } catch (error) {
 *     if (!(error instanceof os.OSError)) os._exit(1) // some systems do not permit it
 *   }
 *   os._exit(0)
 * }
 * os.waitpid(child, 0)[1] // => 0
 * ```
 */
export function unshare(flags: number): void {
  const bits = int(flags, 'flags')
  while (libc.unshare(bits) === -1) failed('unshare')
}

/**
 * setns(2): moves the calling thread to another namespace. Node's other threads are not moved; see `unshare`.
 *
 * @param fd a descriptor of an open file `/proc/PID/ns/...`, or of a process (`pidfd_open`), Linux 5.8
 * @param nstype for a file of /proc: 0, or the type that the namespace must have (one of CLONE_NEW*); for a process:
 *   the namespaces to join, a combination of CLONE_NEW*. 0 by default
 * @throws OSError as the system reports: EBADF; EINVAL for another descriptor or another type of namespace, and for
 *   namespaces that a multi-threaded process cannot join; PermissionError (CAP_SYS_ADMIN is required)
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 3.0. See setns(2), namespaces(7); Python 3.12, os.setns.
 * @example
 * ```ts
 * const fd = os.open('/proc/self/ns/uts', os.O_RDONLY)
 * const child = os.fork()
 * if (child === 0) {
 *   try {
 *     os.setns(fd, os.CLONE_NEWUTS) // the one that it is in already: needs CAP_SYS_ADMIN all the same
 *   } catch (error) {
 *     if (!(error instanceof os.PermissionError)) os._exit(1)
 *   }
 *   os._exit(0)
 * }
 * os.close(fd)
 * os.waitpid(child, 0)[1] // => 0
 * ```
 */
export function setns(fd: Descriptor, nstype: number): void
export function setns(fd: Descriptor, options?: { readonly nstype?: number | undefined }): void
export function setns(fd: Descriptor, ...rest: unknown[]): void {
  const { nstype = 0 } = optional(['nstype'], [], rest)
  const [number, kind] = [nonNegativeFd(fd, 'fd'), int(nstype, 'nstype')]
  while (libc.setns(number, kind) === -1) failed('setns', number)
}
