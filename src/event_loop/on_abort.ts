import { bare } from '../properties.ts'

interface Listener {
  readonly callbacks: Set<(reason: unknown) => void>
  readonly callAll: () => void
}

/** The abort callbacks of each signal. */
const listeners = new WeakMap<AbortSignal, Listener>()

/**
 * Registers `abort` to be called once with the signal's reason.
 *
 * All callbacks of a signal share one event listener: a supervisor may have hundreds of waits on one signal, and Node
 * warns when an AbortSignal gets its eleventh listener.
 *
 * @returns unregisters `abort`; to be called as soon as there is nothing left to abort
 */
export function onAbort(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  const { callbacks, callAll } = listeners.get(signal) ?? listen(signal)
  callbacks.add(abort)
  return () => {
    callbacks.delete(abort)
    if (callbacks.size > 0) return
    // A signal that depends on another signal or on a timer can be garbage collected only without listeners.
    listeners.delete(signal)
    signal.removeEventListener('abort', callAll)
  }
}

function listen(signal: AbortSignal): Listener {
  const callbacks = new Set<(reason: unknown) => void>()
  const callAll = (): void => {
    listeners.delete(signal)
    const reason = abortReason(signal)
    for (const abort of callbacks) abort(reason)
  }
  const listener = { callbacks, callAll }
  listeners.set(signal, listener)
  signal.addEventListener('abort', callAll, bare({ once: true }))
  return listener
}

/** The reason of an aborted signal. Older implementations of AbortSignal, as in other realms, have none. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : signal.reason
}

/** Throws the reason of a signal that is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal)
}
