import { constants, signalNumbers, target } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'

/** The numbers of signals, and other constants. */

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

/** What `Handlers` knows: SIG_DFL and SIG_IGN by name, and their names by number. See Python, signal.Handlers. */
export const Handlers: Readonly<{ SIG_DFL: number; SIG_IGN: number }> & Readonly<Record<number, string>> = enumOf({
  SIG_DFL,
  SIG_IGN,
})

/** How `pthread_sigmask` changes the mask: adds the signals. */
export const SIG_BLOCK: number = constants.SIG_BLOCK
/** How `pthread_sigmask` changes the mask: removes the signals. */
export const SIG_UNBLOCK: number = constants.SIG_UNBLOCK
/** How `pthread_sigmask` changes the mask: replaces it. */
export const SIG_SETMASK: number = constants.SIG_SETMASK

/** SIG_BLOCK, SIG_UNBLOCK and SIG_SETMASK by name, and their names by number. See Python, signal.Sigmasks. */
export const Sigmasks: Readonly<{ SIG_BLOCK: number; SIG_UNBLOCK: number; SIG_SETMASK: number }> &
  Readonly<Record<number, string>> = enumOf({ SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK })

/** Timer: real time; it sends SIGALRM. */
export const ITIMER_REAL: number = constants.ITIMER_REAL
/** Timer: CPU time of the process in user mode; it sends SIGVTALRM. */
export const ITIMER_VIRTUAL: number = constants.ITIMER_VIRTUAL
/** Timer: CPU time of the process in user and kernel mode; it sends SIGPROF. */
export const ITIMER_PROF: number = constants.ITIMER_PROF

function enumOf<T extends Readonly<Record<string, number>>>(
  members: T,
): Readonly<T> & Readonly<Record<number, string>> {
  const names = Object.entries(members).map(([name, number]) => [number, name])
  return Object.freeze({ ...members, ...Object.fromEntries(names) })
}
