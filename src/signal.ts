import { AuditEvent } from './audit.ts'
import { badValue } from './errors.ts'
import { failed } from './libc/call.ts'
import { constants, signalNumbers, target } from './libc/facts.ts'
import { libc } from './libc/functions.ts'
import { address } from './libc/memory.ts'
import { handlerOf, setSignal } from './libc/signals.ts'
import { type Descriptor, descriptor, int, optional } from './os/arguments.ts'
import { mainThreadOnly } from './os/process_state.ts'
import { ignoredByNode } from './os/standard_streams.ts'

// The platform's signals; what a signal is for, signal(7) tells.

export const SIGABRT: number = signalNumbers.SIGABRT
export const SIGALRM: number = signalNumbers.SIGALRM
export const SIGBUS: number = signalNumbers.SIGBUS
export const SIGCHLD: number = signalNumbers.SIGCHLD
export const SIGCLD: number | undefined = signalNumbers.SIGCLD
export const SIGCONT: number = signalNumbers.SIGCONT
export const SIGFPE: number = signalNumbers.SIGFPE
export const SIGHUP: number = signalNumbers.SIGHUP
export const SIGILL: number = signalNumbers.SIGILL
export const SIGINT: number = signalNumbers.SIGINT
export const SIGIO: number = signalNumbers.SIGIO
export const SIGIOT: number = signalNumbers.SIGIOT
export const SIGKILL: number = signalNumbers.SIGKILL
export const SIGPIPE: number = signalNumbers.SIGPIPE
export const SIGPOLL: number = signalNumbers.SIGPOLL
export const SIGPROF: number = signalNumbers.SIGPROF
export const SIGPWR: number = signalNumbers.SIGPWR
export const SIGQUIT: number = signalNumbers.SIGQUIT
export const SIGSEGV: number = signalNumbers.SIGSEGV
export const SIGSTKFLT: number = signalNumbers.SIGSTKFLT
export const SIGSTOP: number = signalNumbers.SIGSTOP
export const SIGSYS: number = signalNumbers.SIGSYS
export const SIGTERM: number = signalNumbers.SIGTERM
export const SIGTRAP: number = signalNumbers.SIGTRAP
export const SIGTSTP: number = signalNumbers.SIGTSTP
export const SIGTTIN: number = signalNumbers.SIGTTIN
export const SIGTTOU: number = signalNumbers.SIGTTOU
export const SIGURG: number = signalNumbers.SIGURG
export const SIGUSR1: number = signalNumbers.SIGUSR1
export const SIGUSR2: number = signalNumbers.SIGUSR2
export const SIGVTALRM: number = signalNumbers.SIGVTALRM
export const SIGWINCH: number = signalNumbers.SIGWINCH
export const SIGXCPU: number = signalNumbers.SIGXCPU
export const SIGXFSZ: number = signalNumbers.SIGXFSZ

/** Action of a signal: what the system does by default. */
export const SIG_DFL: number = constants.SIG_DFL
/** Action of a signal: nothing. */
export const SIG_IGN: number = constants.SIG_IGN
/** The highest signal number, and one. */
export const NSIG: number = constants.NSIG
/** The lowest real-time signal that is free to use; the C library keeps the first ones for itself. */
export const SIGRTMIN: number | undefined = target === null ? undefined : libc.__libc_current_sigrtmin()
/** The highest real-time signal. */
export const SIGRTMAX: number | undefined = target === null ? undefined : libc.__libc_current_sigrtmax()

const pidfdSendSignalEvent = new AuditEvent('signal.pidfd_send_signal')

/**
 * sigaction(2): has the system ignore a signal, or do what it does by default. A handler in JavaScript is
 * `process.on('SIGINT', ...)`: Node calls it from its event loop, and this function does not know of it.
 *
 * @param signalnum the signal
 * @param handler SIG_IGN or SIG_DFL
 * @returns what the signal did before: SIG_DFL, SIG_IGN, or null where a function was called
 * @throws OSError EINVAL for a number that is no signal, and for SIGKILL and SIGSTOP; RangeError for another handler
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See sigaction(2); Python, signal.signal.
 */
export function signal(signalnum: number, handler: number): number | null {
  const number = int(signalnum, 'signalnum')
  const action = int(handler, 'handler')
  if (action !== SIG_DFL && action !== SIG_IGN) throw badValue('handler', 'must be SIG_DFL or SIG_IGN', handler)
  mainThreadOnly('signal')
  const before = setSignal(number, action)
  if (before === null) {
    failed('sigaction')
    return null
  }
  ignoredByNode.delete(number)
  const old = handlerOf(before)
  return old === SIG_DFL || old === SIG_IGN ? old : null
}

/**
 * strsignal(3): what a signal is called, in words.
 *
 * @param signalnum the signal
 * @returns the text; null for a number within the bounds that is no signal
 * @throws RangeError for a number out of bounds
 *
 * Availability: Linux. See strsignal(3); Python, signal.strsignal.
 */
export function strsignal(signalnum: number): string | null {
  const text = libc.strsignal(int(signalnum, 'signalnum', 1, NSIG - 1))
  return text === null || text.startsWith('Unknown signal') ? null : text
}

/**
 * sigfillset(3): the signals of this platform.
 *
 * @returns their numbers, without those that the C library keeps for itself
 *
 * Availability: Linux. See signal(7); Python, signal.valid_signals.
 */
export function valid_signals(): Set<number> {
  libc.sigemptyset(address)
  const numbers = Array.from({ length: NSIG - 1 }, (_, index) => index + 1)
  return new Set(numbers.filter((number) => libc.sigaddset(address, number) === 0))
}

/**
 * pidfd_send_signal(2): sends a signal to the process that a descriptor stands for, and to no other that may have its
 * process id by now.
 *
 * @param pidfd what `os.pidfd_open` gives
 * @param signalnum the signal's number; 0 only asks
 * @param siginfo null: there is no other choice
 * @param flags 0: the kernel knows no others for general use
 * @throws ProcessLookupError where the process has ended; PermissionError; OSError EBADF, EINVAL
 *
 * Availability: Linux 5.1. Audit event: `signal.pidfd_send_signal` (pidfd, signalnum, siginfo, flags). See pidfd_send_signal(2); Python,
 * signal.pidfd_send_signal.
 */
export function pidfd_send_signal(
  pidfd: Descriptor,
  signalnum: number,
  siginfo?: null | { readonly siginfo?: null; readonly flags?: number },
  flags?: number,
): void
export function pidfd_send_signal(pidfd: Descriptor, signalnum: number, ...rest: unknown[]): void {
  const { siginfo = null, flags = 0 } = optional(['siginfo', 'flags'], [], rest)
  const [fd, number] = [descriptor(pidfd, 'pidfd'), int(signalnum, 'signalnum')]
  if (siginfo !== null) throw badValue('siginfo', 'must be null', siginfo)
  const bits = int(flags, 'flags')
  if (pidfdSendSignalEvent.wanted) pidfdSendSignalEvent.raise(pidfd, signalnum, siginfo, flags)
  while (libc.pidfd_send_signal(fd, number, 0, bits) === -1) failed('pidfd_send_signal', fd)
}
