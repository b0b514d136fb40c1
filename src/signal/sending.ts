import { AuditEvent } from '../audit.ts'
import { wrongType } from '../errors.ts'
import { failed, osError } from '../libc/call.ts'
import { errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { int } from '../os/arguments/numbers.ts'
import { optional } from '../os/arguments/options.ts'
import { NSIG } from './constants.ts'

/** Sending signals, and describing them. */

const pidfdSendSignalEvent = new AuditEvent('signal.pidfd_send_signal')
const pthreadKillEvent = new AuditEvent('signal.pthread_kill')

/**
 * strsignal(3): returns a description of a signal.
 *
 * @param signalnum the signal
 * @returns the text; null for a number within the bounds that is not a signal
 * @throws RangeError for a number out of bounds
 *
 * Availability: Linux. See strsignal(3); Python, signal.strsignal.
 * @example
 * ```ts
 * signal.strsignal(signal.SIGTERM) // => 'Terminated'
 * ```
 */
export function strsignal(signalnum: number): string | null {
  const text = libc.strsignal(int(signalnum, 'signalnum', 1, NSIG - 1))
  return text === null || text.startsWith('Unknown signal') ? null : text
}

/**
 * pidfd_send_signal(2): sends a signal to the process of a pidfd, and never to another process that reuses its process
 * id.
 *
 * @param pidfd the result of `os.pidfd_open`
 * @param signalnum the signal's number; 0 only checks that the process exists and may be signalled
 * @param siginfo null, the only supported value
 * @param flags 0, the only supported value
 * @throws ProcessLookupError if the process has ended; PermissionError; OSError EBADF, EINVAL
 *
 * Availability: Linux 5.1. Audit event: `signal.pidfd_send_signal` (pidfd, signalnum, siginfo, flags). See
 * pidfd_send_signal(2); Python, signal.pidfd_send_signal.
 * @example
 * ```ts
 * const child = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
 * const fd = os.pidfd_open(child)
 * signal.pidfd_send_signal(fd, signal.SIGTERM) // this very process, even if it has ended and its pid has another one
 * os.WTERMSIG(os.waitpid(child, 0)[1]) // => signal.SIGTERM
 * os.close(fd)
 * ```
 */
export function pidfd_send_signal(
  pidfd: Descriptor,
  signalnum: number,
  siginfo?: null | { readonly siginfo?: null | undefined; readonly flags?: number | undefined },
  flags?: number,
): void
export function pidfd_send_signal(pidfd: Descriptor, signalnum: number, ...rest: unknown[]): void {
  const { siginfo = null, flags = 0 } = optional(['siginfo', 'flags'], [], rest)
  const [fd, number] = [descriptor(pidfd, 'pidfd'), int(signalnum, 'signalnum')]
  if (siginfo !== null) throw wrongType('siginfo', 'null', siginfo)
  const bits = int(flags, 'flags')
  if (pidfdSendSignalEvent.wanted) pidfdSendSignalEvent.raise(fd, signalnum, siginfo, flags)
  while (libc.pidfd_send_signal(fd, number, 0, bits) === -1) failed('pidfd_send_signal', fd)
}

/**
 * raise(3): sends a signal to this thread. A handler in JavaScript runs in the event loop, after this call.
 *
 * @param signalnum the signal
 * @throws OSError EINVAL for a number that is not a signal
 *
 * Availability: Linux. See raise(3); Python, signal.raise_signal.
 * @example
 * ```ts
 * signal.signal(signal.SIGUSR2, signal.SIG_IGN)
 * signal.raise_signal(signal.SIGUSR2) // nothing happens
 * ```
 */
export function raise_signal(signalnum: number): void {
  const number = int(signalnum, 'signalnum')
  while (libc.tgkill(libc.getpid(), libc.gettid(), number) === -1) failed('raise')
}

/**
 * gettid(2): returns the id of this thread in the kernel: that of the process in the main thread.
 *
 * @returns the id, as in `/proc/self/task`
 *
 * Availability: Linux. See gettid(2); Python, threading.get_native_id.
 * @example
 * ```ts
 * signal.get_native_id() // => os.getpid()
 * ```
 */
export function get_native_id(): number {
  return libc.gettid()
}

/**
 * tgkill(2): sends a signal to a thread of this process.
 *
 * @param thread_id the thread's id in the kernel, as `get_native_id` returns it: Python has the address of its
 *   `pthread_t` instead, which cannot be checked
 * @param signalnum the signal; 0 only checks that the thread exists
 * @throws ProcessLookupError if this process has no such thread; OSError EINVAL for a number that is not a signal
 *
 * Availability: Linux. Audit event: `signal.pthread_kill` (thread_id, signalnum). See tgkill(2); Python,
 * signal.pthread_kill.
 * @example
 * ```ts
 * signal.pthread_kill(signal.get_native_id(), 0)
 * signal.pthread_kill(1, 0) // throws ProcessLookupError
 * ```
 */
export function pthread_kill(thread_id: number, signalnum: number): void {
  const [thread, number] = [int(thread_id, 'thread_id'), int(signalnum, 'signalnum')]
  if (pthreadKillEvent.wanted) pthreadKillEvent.raise(thread, number)
  if (thread <= 0) throw osError(errnoNumbers.ESRCH, 'pthread_kill')
  while (libc.tgkill(libc.getpid(), thread, number) === -1) failed('pthread_kill')
}
