import { badValue, NotImplementedError, wrongType } from '../errors.ts'
import { failed, lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, signalNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { actionOf, handlerOf, restoreSignal, type SignalAction, setSignal } from '../libc/signals.ts'
import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { bool, int } from '../os/arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../os/arguments/options.ts'
import { mainThreadOnly } from '../os/process_parameters/process_state.ts'
import { ignoredByNode } from '../os/processes/node_changes.ts'
import { NSIG, SIG_DFL, SIG_IGN, Signals } from './constants.ts'
import { FAULTS } from './masks.ts'

/** What happens when a signal arrives. */

/** A handler of a signal: it gets the number, and null in place of Python's stack frame. */
export type Handler = (signalnum: number, frame: null) => void

interface Installed {
  readonly handler: Handler
  /** What `process.on` has. */
  readonly listener: () => void
}

/** The handlers that `signal` has set, by signal. */
const installed = new Map<number, Installed>()
/** The actions of the runtime that `signal` has replaced by SIG_DFL or SIG_IGN, while the runtime has listeners. */
const replaced = new Map<number, SignalAction>()

/** Signals that no handler gets: after a fault the instruction would fault again, before JavaScript could run. */
const WITHOUT_HANDLER: readonly number[] = [...FAULTS, signalNumbers.SIGABRT, signalNumbers.SIGSYS]

/**
 * The error that `default_int_handler` throws.
 *
 * See Python, Built-in Exceptions, KeyboardInterrupt.
 * @example
 * ```ts
 * new signal.KeyboardInterrupt() instanceof Error // => true
 * ```
 */
export class KeyboardInterrupt extends Error {
  override readonly name = 'KeyboardInterrupt'
}

/**
 * sigaction(2): sets what happens when a signal arrives: a handler in JavaScript, the system's default, or nothing.
 *
 * A handler runs in the event loop, as those of `process.on` do: never in the middle of a function, and only after a
 * blocking call has returned. It does not keep the process alive. An exception that it throws is an uncaught error.
 *
 * @param signalnum the signal
 * @param handler SIG_IGN, SIG_DFL, or a function, which gets the signal and null
 * @returns the previous action: SIG_DFL, SIG_IGN, the function that this function has set, or null for another handler,
 *   such as one of `process.on`
 * @throws OSError EINVAL for SIGKILL, SIGSTOP and the signals that the C library reserves; RangeError for a number out
 *   of bounds, and for another handler
 * @throws NotImplementedError for a function for a signal of a fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT,
 *   SIGSYS) or a real-time signal, of which the runtime cannot tell JavaScript
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See sigaction(2); Python, signal.signal.
 * @example
 * ```ts
 * signal.signal(signal.SIGUSR1, signal.SIG_IGN)
 * os.kill(os.getpid(), signal.SIGUSR1) // nothing happens
 * signal.signal(signal.SIGUSR1, signal.SIG_DFL) // => signal.SIG_IGN
 *
 * const received = new Promise((resolve) => signal.signal(signal.SIGALRM, resolve))
 * signal.setitimer(signal.ITIMER_REAL, 0.01)
 * const awake = setInterval(() => undefined, 1000)
 * await received // => signal.SIGALRM
 * clearInterval(awake)
 * ```
 */
export function signal(signalnum: number, handler: number | Handler): number | Handler | null {
  const number = int(signalnum, 'signalnum', 1, NSIG - 1)
  const action = checkedHandler(handler)
  mainThreadOnly('signal')
  return typeof action === 'function' ? install(number, action) : setAction(number, action)
}

function checkedHandler(handler: unknown): number | Handler {
  if (typeof handler === 'function') return handler as Handler
  if (typeof handler !== 'number') throw wrongType('handler', 'SIG_DFL, SIG_IGN or a function', handler)
  const action = int(handler, 'handler')
  if (action === SIG_DFL || action === SIG_IGN) return action
  throw badValue('handler', 'must be SIG_DFL, SIG_IGN or a function', handler)
}

/** The current action of a signal. */
function current(number: number): number | Handler | null {
  const action = actionOf(number)
  if (action === null) throw osError(lastErrno(), 'sigaction')
  return described(number, action)
}

function described(number: number, action: SignalAction): number | Handler | null {
  const old = handlerOf(action)
  return old === SIG_DFL || old === SIG_IGN ? old : (installed.get(number)?.handler ?? null)
}

function setAction(number: number, action: number): number | Handler | null {
  const before = current(number)
  // Without its last listener, the runtime sets SIG_DFL.
  if (before !== SIG_DFL && before !== SIG_IGN) uninstall(number)
  const replacedAction = setSignal(number, action)
  if (replacedAction === null) {
    failed('sigaction')
    return null
  }
  const old = handlerOf(replacedAction)
  if (old !== SIG_DFL && old !== SIG_IGN) replaced.set(number, replacedAction)
  ignoredByNode.delete(number)
  return before
}

function uninstall(number: number): void {
  const known = installed.get(number)
  if (known === undefined) return
  installed.delete(number)
  process.off(Signals[number] as NodeJS.Signals, known.listener)
}

/** Returns the name by which the runtime has listeners of a signal. */
export function listenable(number: number): NodeJS.Signals {
  const name = Signals[number] ?? String(number)
  const isRefused =
    WITHOUT_HANDLER.includes(number) || number === signalNumbers.SIGKILL || number === signalNumbers.SIGSTOP
  if (Object.hasOwn(signalNumbers, name) && !isRefused) return name as NodeJS.Signals
  throw new NotImplementedError(`${name} cannot have a handler in JavaScript`)
}

function install(number: number, handler: Handler): number | Handler | null {
  const before = current(number)
  if (number === signalNumbers.SIGKILL || number === signalNumbers.SIGSTOP) {
    throw osError(errnoNumbers.EINVAL, 'sigaction')
  }
  const name = listenable(number)
  uninstall(number)
  const listener = (): void => {
    wake(number)
    handler(number, null)
  }
  installed.set(number, { handler, listener })
  process.on(name, listener)
  // With other listeners the runtime takes its handler to be set already.
  const action = actionOf(number)
  const saved = replaced.get(number)
  replaced.delete(number)
  if (action !== null && described(number, action) !== handler && saved !== undefined) restoreSignal(number, saved)
  ignoredByNode.delete(number)
  return before
}

/**
 * sigaction(2): returns what happens when a signal arrives.
 *
 * @param signalnum the signal
 * @returns SIG_DFL, SIG_IGN, the function that `signal` has set, or null for another handler, such as one of
 *   `process.on`
 * @throws RangeError for a number out of bounds; OSError EINVAL for the signals that the C library reserves
 *
 * Availability: Linux. See sigaction(2); Python, signal.getsignal.
 * @example
 * ```ts
 * signal.getsignal(signal.SIGUSR2) // => signal.SIG_DFL
 * ```
 */
export function getsignal(signalnum: number): number | Handler | null {
  return current(int(signalnum, 'signalnum', 1, NSIG - 1))
}

/**
 * Throws a KeyboardInterrupt: Python's handler of SIGINT. Here SIGINT has the system's action, unless a program sets
 * this one.
 *
 * @param signalnum the signal
 * @param frame ignored
 * @throws KeyboardInterrupt always
 *
 * Availability: everywhere. See Python, signal.default_int_handler.
 * @example
 * ```ts
 * signal.default_int_handler(signal.SIGINT, null) // throws KeyboardInterrupt
 * ```
 */
export function default_int_handler(signalnum: number, frame: null): never {
  int(signalnum, 'signalnum')
  if (frame !== null) throw wrongType('frame', 'null', frame)
  throw new KeyboardInterrupt()
}

/**
 * siginterrupt(3): sets whether a signal interrupts system calls, by SA_RESTART of its action. The calls of osier are
 * repeated after a signal in any case.
 *
 * @param signalnum the signal
 * @param flag true: system calls are interrupted
 * @throws RangeError for a number out of bounds; OSError EINVAL for SIGKILL, SIGSTOP and the signals that the C library
 *   reserves
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See siginterrupt(3); Python, signal.siginterrupt.
 * @example
 * ```ts
 * signal.siginterrupt(signal.SIGUSR2, false)
 * ```
 */
export function siginterrupt(signalnum: number, flag: boolean): void {
  const number = int(signalnum, 'signalnum', 1, NSIG - 1)
  const interrupts = bool(flag, 'flag', false)
  mainThreadOnly('siginterrupt')
  while (libc.siginterrupt(number, Number(interrupts)) === -1) failed('siginterrupt')
}

/**
 * pause(2): suspends this thread until a signal arrives that has a handler. The handler runs in the event loop, after
 * this call.
 *
 * Availability: Linux. See pause(2); Python, signal.pause.
 * @example
 * ```ts
 * signal.signal(signal.SIGALRM, () => undefined)
 * signal.setitimer(signal.ITIMER_REAL, 0.01)
 * signal.pause()
 * ```
 */
export function pause(): void {
  libc.pause()
}

let wakeupFd = -1
let warnsOnFullBuffer = true

export interface WakeupOptions {
  /** false: nothing is printed where a byte cannot be written, since the buffer is full. */
  readonly warn_on_full_buffer?: boolean | undefined
}

/**
 * write(2): sets a descriptor to which the number of each signal is written that a handler of `signal` handles, as one
 * byte, before the handler runs.
 *
 * @param fd a non-blocking descriptor; -1 for none
 * @param options `warn_on_full_buffer`: false prints no warning where the buffer is full
 * @returns the previous descriptor; -1 for none
 * @throws RangeError for a descriptor that blocks; OSError EBADF
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See Python, signal.set_wakeup_fd.
 * @example
 * ```ts
 * const [reader, writer] = os.pipe2(os.O_NONBLOCK)
 * signal.set_wakeup_fd(writer) // => -1
 * signal.set_wakeup_fd(-1) === writer // => true
 * os.close(reader)
 * os.close(writer)
 * ```
 */
export function set_wakeup_fd(fd: Descriptor, options: WakeupOptions = NO_OPTIONS): number {
  const warns = bool(checkOptions(options, ['warn_on_full_buffer']).warn_on_full_buffer, 'warn_on_full_buffer', true)
  const number = descriptor(fd, 'fd')
  mainThreadOnly('set_wakeup_fd')
  if (number !== -1) {
    let flags: number
    while ((flags = libc.fcntl(number, constants.F_GETFL, 0)) === -1) failed('fcntl', number)
    if ((flags & constants.O_NONBLOCK) === 0) throw badValue('fd', 'must be non-blocking', fd)
  }
  const before = wakeupFd
  wakeupFd = number
  warnsOnFullBuffer = warns
  return before
}

function wake(number: number): void {
  if (wakeupFd === -1 || libc.write(wakeupFd, Uint8Array.of(number), 1) !== -1) return
  const errno = lastErrno()
  if (errno === errnoNumbers.EAGAIN && !warnsOnFullBuffer) return
  process.emitWarning(`the number of a signal could not be written: ${libc.strerror(errno)}`)
}
