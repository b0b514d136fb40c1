import { wrongType } from '../errors.ts'
import { onAbort } from '../event_loop/on_abort.ts'

/** The option that every function of `osier/promises` takes in addition to those of its synchronous twin. */
export interface SignalOption {
  /** When aborted, the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** The caller's signal, or undefined. Throws the signal's reason where it is already aborted. */
export function checkedSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  if (!(value instanceof AbortSignal)) throw wrongType('signal', 'an AbortSignal', value)
  value.throwIfAborted()
  return value
}

/**
 * The result of `work`, unless the signal is aborted first. `work` is not stopped, and has to release its resources
 * itself.
 */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    const stopListening = onAbort(signal, reject)
    work.then(resolve, reject).finally(stopListening)
  })
}
