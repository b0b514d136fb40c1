import { onAbort, throwIfAborted } from '../event_loop/on_abort.ts'
import { NO_OPTIONS } from '../os/arguments/options.ts'
import { type WaitOptions, waitOptions } from '../promises/wait_options.ts'
import { listenable } from './handlers.ts'
import { checkedSignals } from './masks.ts'

/** The function of `signal` that waits, returning a promise. */

/** The longest timer of the event loop, in milliseconds. */
const LONGEST = 2 ** 31 - 1

/**
 * Waits until the process gets a signal of a set, by listeners of `process.on`: the signals need not be blocked, and
 * have no other effect meanwhile.
 *
 * @param sigset the signals: of those that can have a handler
 * @param options `signal`: aborted, it makes the promise reject; `ref`: false lets the process end meanwhile
 * @returns the number of the signal
 * @throws RangeError for a number that is out of bounds; NotImplementedError for a signal that cannot have a handler
 *
 * Availability: Linux. See sigwait(3); Python, signal.sigwait.
 * @example
 * ```ts
 * signal.setitimer(signal.ITIMER_REAL, 0.01)
 * await signal.promises.sigwait([signal.SIGALRM]) // => signal.SIGALRM
 * ```
 */
export async function sigwait(sigset: Iterable<number>, options: WaitOptions = NO_OPTIONS): Promise<number> {
  const { signal, ref = true } = waitOptions(options)
  const names = checkedSignals(sigset, 'sigset').map(listenable)
  throwIfAborted(signal)
  let stop = (): void => undefined
  try {
    return await new Promise<number>((resolve, reject) => {
      const listener = (_: NodeJS.Signals, number: number): void => resolve(number)
      const timer = ref ? setInterval(() => undefined, LONGEST) : undefined
      const stopListening = signal && onAbort(signal, reject)
      stop = (): void => {
        clearInterval(timer)
        stopListening?.()
        for (const name of names) process.off(name, listener)
      }
      for (const name of names) process.on(name, listener)
    })
  } finally {
    stop()
  }
}
