import { AuditEvent } from './audit.ts'
import { badValue, wrongType } from './errors.ts'
import { failed } from './libc/call.ts'
import { constants, signalNumbers, target } from './libc/facts.ts'
import { libc } from './libc/functions.ts'
import { scratchAddress } from './libc/memory.ts'
import { handlerOf, setSignal } from './libc/signals.ts'
import { type Descriptor, descriptor } from './os/arguments/descriptors.ts'
import { int } from './os/arguments/numbers.ts'
import { optional } from './os/arguments/options.ts'
import { mainThreadOnly } from './os/process_parameters/process_state.ts'
import { ignoredByNode } from './os/processes/node_changes.ts'

/** Python's `signal` module, as far as it needs no handlers in JavaScript: those are `process.on`. */

/** Signal: `abort` was called. */
export const SIGABRT: number = signalNumbers.SIGABRT
/** Signal: a timer of alarm(2) has expired. */
export const SIGALRM: number = signalNumbers.SIGALRM
/** Signal: a bus error, such as an access beyond the end of a mapped file. */
export const SIGBUS: number = signalNumbers.SIGBUS
/** Signal: a child has ended, stopped or continued. */
export const SIGCHLD: number = signalNumbers.SIGCHLD
/** Signal: another name of SIGCHLD. */
export const SIGCLD: number | undefined = signalNumbers.SIGCLD
/** Signal: continue, if stopped. */
export const SIGCONT: number = signalNumbers.SIGCONT
/** Signal: an arithmetic error, such as a division by zero. */
export const SIGFPE: number = signalNumbers.SIGFPE
/** Signal: the terminal was closed; by convention, a daemon reads its configuration again. */
export const SIGHUP: number = signalNumbers.SIGHUP
/** Signal: an illegal instruction. */
export const SIGILL: number = signalNumbers.SIGILL
/** Signal: Ctrl-C at the terminal. */
export const SIGINT: number = signalNumbers.SIGINT
/** Signal: a descriptor with O_ASYNC is ready for reading or writing. */
export const SIGIO: number = signalNumbers.SIGIO
/** Signal: another name of SIGABRT. */
export const SIGIOT: number = signalNumbers.SIGIOT
/** Signal: ends the process; it cannot be caught or ignored. */
export const SIGKILL: number = signalNumbers.SIGKILL
/** Signal: a write to a pipe or socket without a reader; Node ignores it. */
export const SIGPIPE: number = signalNumbers.SIGPIPE
/** Signal: another name of SIGIO. */
export const SIGPOLL: number = signalNumbers.SIGPOLL
/** Signal: a profiling timer has expired. */
export const SIGPROF: number = signalNumbers.SIGPROF
/** Signal: power is failing. */
export const SIGPWR: number = signalNumbers.SIGPWR
/** Signal: Ctrl-\ at the terminal: end, with a core dump. */
export const SIGQUIT: number = signalNumbers.SIGQUIT
/** Signal: an invalid memory access. */
export const SIGSEGV: number = signalNumbers.SIGSEGV
/** Signal: not used by Linux. */
export const SIGSTKFLT: number = signalNumbers.SIGSTKFLT
/** Signal: stops the process; it cannot be caught or ignored. */
export const SIGSTOP: number = signalNumbers.SIGSTOP
/** Signal: a bad system call, such as one that a sandbox (seccomp) forbids. */
export const SIGSYS: number = signalNumbers.SIGSYS
/** Signal: a request to terminate. */
export const SIGTERM: number = signalNumbers.SIGTERM
/** Signal: a debugger's breakpoint. */
export const SIGTRAP: number = signalNumbers.SIGTRAP
/** Signal: Ctrl-Z at the terminal: stop. */
export const SIGTSTP: number = signalNumbers.SIGTSTP
/** Signal: a background process has read from the terminal: stop. */
export const SIGTTIN: number = signalNumbers.SIGTTIN
/** Signal: a background process has written to the terminal, or changed it: stop. */
export const SIGTTOU: number = signalNumbers.SIGTTOU
/** Signal: a socket has urgent data. */
export const SIGURG: number = signalNumbers.SIGURG
/** Signal: user-defined; Node starts its inspector. */
export const SIGUSR1: number = signalNumbers.SIGUSR1
/** Signal: user-defined. */
export const SIGUSR2: number = signalNumbers.SIGUSR2
/** Signal: a CPU-time timer has expired. */
export const SIGVTALRM: number = signalNumbers.SIGVTALRM
/** Signal: the terminal's window size has changed. */
export const SIGWINCH: number = signalNumbers.SIGWINCH
/** Signal: the CPU-time limit is exceeded. */
export const SIGXCPU: number = signalNumbers.SIGXCPU
/** Signal: the file-size limit is exceeded; Node ignores it. */
export const SIGXFSZ: number = signalNumbers.SIGXFSZ
/** Action of a signal: the system's default. */
export const SIG_DFL: number = constants.SIG_DFL
/** Action of a signal: ignore it. */
export const SIG_IGN: number = constants.SIG_IGN
/** The highest signal number plus one. */
export const NSIG: number = constants.NSIG
/** The lowest available real-time signal; the C library reserves the first ones. */
export const SIGRTMIN: number | undefined = target === null ? undefined : libc.__libc_current_sigrtmin()
/** The highest real-time signal. */
export const SIGRTMAX: number | undefined = target === null ? undefined : libc.__libc_current_sigrtmax()

/** Event of a Windows console, which Linux lacks. Availability: Windows. */
export const CTRL_C_EVENT: number | undefined = undefined
/** Event of a Windows console, which Linux lacks. Availability: Windows. */
export const CTRL_BREAK_EVENT: number | undefined = undefined

/** A name that `Signals` knows. */
export type SignalName = keyof typeof signalNumbers | 'SIGRTMIN' | 'SIGRTMAX'

/**
 * The signals of this platform by name, and their names by number, like a TypeScript enum: `Signals.SIGKILL` is 9, and
 * `Signals[9]` is 'SIGKILL'. Of two names for a number it contains the usual one.
 *
 * See signal(7); Python, signal.Signals.
 */
export const Signals: Readonly<Record<SignalName, number>> & Readonly<Record<number, string>> = signalTable()

function signalTable(): Record<SignalName, number> & Record<number, string> {
  const table: Record<string | number, string | number> = {}
  const numbers: Readonly<Record<string, number | undefined>> = { ...signalNumbers, SIGRTMIN, SIGRTMAX }
  for (const [name, number] of Object.entries(numbers)) {
    if (number === undefined) continue
    table[name] = number
    table[number] ??= name
  }
  return Object.freeze(table) as Record<SignalName, number> & Record<number, string>
}

const pidfdSendSignalEvent = new AuditEvent('signal.pidfd_send_signal')

/**
 * sigaction(2): sets a signal's action to "ignore" or to the system's default. A handler in JavaScript is
 * `process.on('SIGINT', ...)`: Node calls it from its event loop, and this function does not report it.
 *
 * @param signalnum the signal
 * @param handler SIG_IGN or SIG_DFL
 * @returns the previous action: SIG_DFL, SIG_IGN, or null for a handler function
 * @throws OSError EINVAL for SIGKILL, SIGSTOP and the signals that the C library reserves; RangeError for a number out
 *   of bounds, and for another handler
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See sigaction(2); Python, signal.signal.
 * @example
 * ```ts
 * signal.signal(signal.SIGUSR1, signal.SIG_IGN)
 * os.kill(os.getpid(), signal.SIGUSR1) // nothing happens
 * signal.signal(signal.SIGUSR1, signal.SIG_DFL) // => signal.SIG_IGN
 * ```
 */
export function signal(signalnum: number, handler: number): number | null {
  const number = int(signalnum, 'signalnum', 1, NSIG - 1)
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
 * sigfillset(3): returns the signals of this platform.
 *
 * @returns their numbers, without those that the C library reserves
 *
 * Availability: Linux. See signal(7); Python, signal.valid_signals.
 * @example
 * ```ts
 * signal.valid_signals().has(signal.SIGKILL) // => true
 * ```
 */
export function valid_signals(): Set<number> {
  libc.sigemptyset(scratchAddress)
  const numbers = Array.from({ length: NSIG - 1 }, (_, index) => index + 1)
  return new Set(numbers.filter((number) => libc.sigaddset(scratchAddress, number) === 0))
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

export * as default from './signal.ts'
