import { wrongType } from '../errors.ts'
import { abortReason, onAbort, throwIfAborted } from '../event_loop/on_abort.ts'

/** The option that every function of `osier/promises` takes in addition to those of its synchronous twin. */
export interface SignalOption {
  /** When aborted, the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Whether a value can be used as an AbortSignal. Those of other realms (of node:vm, of jsdom) are no instances of this
 * realm's class.
 */
function isSignal(value: unknown): value is AbortSignal {
  if (value instanceof AbortSignal) return true
  if (typeof value !== 'object' || value === null) return false
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  )
}

/** The caller's signal, or undefined. Throws the signal's reason where it is already aborted. */
export function checkedSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  if (!isSignal(value)) throw wrongType('signal', 'an AbortSignal', value)
  throwIfAborted(value)
  return value
}

/**
 * The result of `work`, unless the signal is aborted first. `work` is not stopped, and has to release its resources
 * itself.
 */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(abortReason(signal))
    const stopListening = onAbort(signal, reject)
    work.then(resolve, reject).finally(stopListening)
  })
}
