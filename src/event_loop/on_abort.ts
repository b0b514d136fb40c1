/** The abort callbacks of each signal. */
const listeners = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>()

/**
 * Registers `abort` to be called once with the signal's reason.
 *
 * All callbacks of a signal share one event listener: a supervisor may have hundreds of waits on one signal, and Node
 * warns when an AbortSignal gets its eleventh listener.
 *
 * @returns unregisters `abort`; to be called as soon as there is nothing left to abort
 */
export function onAbort(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  const callbacks = listeners.get(signal) ?? listen(signal)
  callbacks.add(abort)
  return () => {
    callbacks.delete(abort)
    if (callbacks.size > 0) return
    // A signal that depends on another signal or on a timer can be garbage collected only without listeners.
    listeners.delete(signal)
    signal.removeEventListener('abort', callAll)
  }
}

function listen(signal: AbortSignal): Set<(reason: unknown) => void> {
  const callbacks = new Set<(reason: unknown) => void>()
  listeners.set(signal, callbacks)
  signal.addEventListener('abort', callAll, { once: true })
  return callbacks
}

function callAll(this: AbortSignal): void {
  const callbacks = listeners.get(this) ?? []
  listeners.delete(this)
  for (const abort of callbacks) abort(this.reason)
}
