import { wrongType } from '../errors.ts'
import { onAbort } from '../event_loop/on_abort.ts'

/** What every function of `osier/promises` takes beside the options of its synchronous twin. */
export interface SignalOption {
  /** Aborted, it makes the promise reject with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** The signal of the caller, or undefined; throws its reason where it is aborted already. */
export function checkedSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  if (!(value instanceof AbortSignal)) throw wrongType('signal', 'an AbortSignal', value)
  value.throwIfAborted()
  return value
}

/** A promise's result, unless the signal is aborted first. What goes on all the same has to clean up after itself. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    const stopListening = onAbort(signal, reject)
    work.then(resolve, reject).finally(stopListening)
  })
}
