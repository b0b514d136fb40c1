import { wrongType } from '../errors.ts'

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

/**
 * Has `abort` called with the signal's reason, once.
 *
 * @returns takes the listener away again: to be called as soon as there is nothing to abort any more
 */
export function onAbort(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  const listener = (): void => abort(signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}
