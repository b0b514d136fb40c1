/** What is told of an abort, by signal. */
const listeners = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>()

/**
 * Has `abort` called with the signal's reason, once.
 *
 * However many wait, the signal has one listener of ours: a supervisor may have hundreds of waits on one signal, and
 * Node warns of the eleventh listener.
 *
 * @returns takes it away again: to be called as soon as there is nothing to abort any more
 */
export function onAbort(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  const callbacks = listeners.get(signal) ?? listen(signal)
  callbacks.add(abort)
  return () => {
    callbacks.delete(abort)
    if (callbacks.size > 0) return
    // Without a listener a signal that follows another one, or a timer, may be collected.
    listeners.delete(signal)
    signal.removeEventListener('abort', tell)
  }
}

function listen(signal: AbortSignal): Set<(reason: unknown) => void> {
  const callbacks = new Set<(reason: unknown) => void>()
  listeners.set(signal, callbacks)
  signal.addEventListener('abort', tell, { once: true })
  return callbacks
}

function tell(this: AbortSignal): void {
  const callbacks = listeners.get(this) ?? []
  listeners.delete(this)
  for (const abort of callbacks) abort(this.reason)
}
