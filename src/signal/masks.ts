import { outOfRange, wrongType } from '../errors.ts'
import { failed, failedWith, lastErrno, osError } from '../libc/call.ts'
import { errnoNumbers, signalNumbers, sizes, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf, int32At, ownMemory, scratch, scratchAddress } from '../libc/memory.ts'
import { int } from '../os/arguments/numbers.ts'
import { nanosecondsUp } from '../os/arguments/times.ts'
import { monotonic_ns } from '../time/clocks.ts'
import { NSIG, SIG_UNBLOCK } from './constants.ts'
import { struct_siginfo } from './struct_siginfo.ts'

/** Signals that a thread blocks, and waiting for them. */

/** A set of signals in C: memory of this module, since waiting uses the scratch memory. */
const SET = sizes.sigset_t ?? 0
const setMemory = ownMemory(SET + structs.timespec.size)
const setAddress = addressOf(setMemory)
const timeoutAddress = setAddress + SET

/** A fault raises these in the thread itself. V8 handles some faults, and blocked they would end the process. */
export const FAULTS: readonly number[] = [
  signalNumbers.SIGSEGV,
  signalNumbers.SIGBUS,
  signalNumbers.SIGFPE,
  signalNumbers.SIGILL,
  signalNumbers.SIGTRAP,
]

/** Checks the numbers of signals. */
export function checkedSignals(set: unknown, name: string): number[] {
  if (typeof set !== 'object' || set === null || !(Symbol.iterator in set)) throw wrongType(name, 'an iterable', set)
  return Array.from(set as Iterable<unknown>, (number) => int(number, name, 1, NSIG - 1))
}

/** Writes a set of signals to memory, without those that the C library reserves. */
function putSet(signals: readonly number[]): void {
  libc.sigemptyset(setAddress)
  for (const number of signals) libc.sigaddset(setAddress, number)
}

/** The signals of the set at the start of the scratch memory. */
function signalsAt(): Set<number> {
  const found = new Set<number>()
  for (let number = 1; number < NSIG; number++) if (libc.sigismember(scratchAddress, number) === 1) found.add(number)
  return found
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
 * pthread_sigmask(3): changes the signals that this thread blocks, and returns those that it blocked.
 *
 * A signal that is sent to this thread (`pthread_kill`, `raise_signal`) stays pending while it is blocked. One that is
 * sent to the process (`os.kill`) goes to another thread, if that does not block it: Node has such threads, which cannot
 * be changed, so that its action or handler takes effect all the same.
 *
 * @param how SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK
 * @param mask the signals. SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP are never blocked, since V8 needs them
 * @returns the signals that were blocked before
 * @throws RangeError for a number that is out of bounds; OSError EINVAL for another value of `how`
 *
 * Availability: Linux. See pthread_sigmask(3); Python, signal.pthread_sigmask.
 * @example
 * ```ts
 * signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
 * signal.raise_signal(signal.SIGUSR2)
 * signal.sigpending().has(signal.SIGUSR2) // => true
 * signal.sigwait([signal.SIGUSR2]) // => signal.SIGUSR2
 * signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR2]).has(signal.SIGUSR2) // => true
 * ```
 */
export function pthread_sigmask(how: number, mask: Iterable<number>): Set<number> {
  const way = int(how, 'how')
  const signals = checkedSignals(mask, 'mask')
  putSet(way === SIG_UNBLOCK ? signals : signals.filter((number) => !FAULTS.includes(number)))
  let errno: number
  while ((errno = libc.pthread_sigmask(way, setAddress, scratchAddress)) !== 0) failedWith(errno, 'pthread_sigmask')
  return signalsAt()
}

/**
 * sigpending(2): returns the blocked signals that wait for this thread, or for the process.
 *
 * @returns their numbers
 * @throws OSError as the system reports
 *
 * Availability: Linux. See sigpending(2); Python, signal.sigpending.
 * @example
 * ```ts
 * signal.sigpending().size // => 0
 * ```
 */
export function sigpending(): Set<number> {
  while (libc.sigpending(scratchAddress) === -1) failed('sigpending')
  return signalsAt()
}

const { si_signo, si_code, si_errno, si_pid, si_uid, si_status, si_band } = structs.siginfo_t.offsets
const SECOND = 1_000_000_000n

/**
 * Waits for a signal of the set in memory.
 *
 * @param end the moment of CLOCK_MONOTONIC at which the wait ends, in nanoseconds; null for none
 * @returns its number; 0 at the end of the time
 */
function wait(end: bigint | null, syscall: string): number {
  for (;;) {
    if (end !== null) {
      const now = monotonic_ns()
      const left = end > now ? end - now : 0n
      setMemory.writeBigInt64LE(left / SECOND, SET)
      setMemory.writeBigInt64LE(left % SECOND, SET + 8)
    }
    const number = libc.sigtimedwait(setAddress, scratchAddress, end === null ? 0 : timeoutAddress)
    if (number > 0) return number
    const errno = lastErrno()
    if (errno === errnoNumbers.EAGAIN) return 0
    if (errno !== errnoNumbers.EINTR) throw osError(errno, syscall)
  }
}

function siginfo(): struct_siginfo {
  const fields = [si_signo, si_code, si_errno, si_pid, si_uid, si_status].map(int32At)
  return new struct_siginfo([...fields, Number(scratch.readBigInt64LE(si_band))])
}

/**
 * sigwait(3): waits until a signal of a set is pending, and takes it. The signals should be blocked in this thread, or
 * their actions may take effect instead. The event loop stands still meanwhile: `promises.sigwait` lets it run.
 *
 * @param sigset the signals
 * @returns the number of the signal
 * @throws RangeError for a number that is out of bounds
 *
 * Availability: Linux. See sigwait(3); Python, signal.sigwait.
 * @example
 * ```ts
 * signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
 * signal.setitimer(signal.ITIMER_REAL, 0.01)
 * signal.sigwait([signal.SIGALRM]) // => signal.SIGALRM
 * ```
 */
export function sigwait(sigset: Iterable<number>): number {
  putSet(checkedSignals(sigset, 'sigset'))
  return wait(null, 'sigwait')
}

/**
 * sigwaitinfo(2): waits until a signal of a set is pending, takes it, and returns what is known of it. See `sigwait`.
 *
 * @param sigset the signals
 * @returns the signal, its sender, and so on
 * @throws RangeError for a number that is out of bounds
 *
 * Availability: Linux. See sigwaitinfo(2); Python, signal.sigwaitinfo.
 * @example
 * ```ts
 * signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
 * signal.raise_signal(signal.SIGUSR2)
 * signal.sigwaitinfo([signal.SIGUSR2]).si_pid // => os.getpid()
 * ```
 */
export function sigwaitinfo(sigset: Iterable<number>): struct_siginfo {
  putSet(checkedSignals(sigset, 'sigset'))
  wait(null, 'sigwaitinfo')
  return siginfo()
}

/**
 * sigtimedwait(2): as `sigwaitinfo`, for a time.
 *
 * @param sigset the signals
 * @param timeout seconds, fractions allowed; 0 only asks
 * @returns the signal, its sender, and so on; null if none was pending in that time
 * @throws RangeError for a number that is out of bounds, and for a negative time
 *
 * Availability: Linux. See sigtimedwait(2); Python, signal.sigtimedwait.
 * @example
 * ```ts
 * signal.sigtimedwait([signal.SIGUSR2], 0.01) // => null
 * ```
 */
export function sigtimedwait(sigset: Iterable<number>, timeout: number | bigint): struct_siginfo | null {
  const signals = checkedSignals(sigset, 'sigset')
  const duration = nanosecondsUp(timeout, 'timeout')
  if (duration < 0n) throw outOfRange('timeout', 'a time >= 0', timeout)
  const end = monotonic_ns() + duration
  putSet(signals)
  return wait(end, 'sigtimedwait') === 0 ? null : siginfo()
}
