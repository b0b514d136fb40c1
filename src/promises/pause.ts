import { onAbort } from '../event_loop/on_abort.ts'
import type { Patience } from '../event_loop/perform.ts'

/** Resolves after some milliseconds; rejects with the signal's reason once that is aborted. */
export function pause(milliseconds: number, { signal, ref = true }: Patience): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stopListening?.()
      resolve()
    }, milliseconds)
    if (!ref) timer.unref()
    const stopListening =
      signal &&
      onAbort(signal, (reason) => {
        clearTimeout(timer)
        reject(reason)
      })
  })
}

/** Pauses that grow from a millisecond to the longest given: for what can only be asked again and again. */
export class Backoff {
  readonly #longest: number
  readonly #patience: Patience
  #next = 1

  /** @param longest milliseconds */
  constructor(longest: number, patience: Patience) {
    this.#longest = longest
    this.#patience = patience
  }

  pause(): Promise<void> {
    const milliseconds = this.#next
    this.#next = Math.min(2 * milliseconds, this.#longest)
    return pause(milliseconds, this.#patience)
  }
}
