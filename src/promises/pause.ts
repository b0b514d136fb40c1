import type { CheckedWaitOptions } from '../event_loop/fd_operation.ts'
import { abortReason, onAbort } from '../event_loop/on_abort.ts'

/**
 * Resolves after some milliseconds, or earlier; rejects with the signal's reason when the signal is aborted.
 *
 * @param begin is called with a function that ends the pause early
 */
export function pause(
  milliseconds: number,
  { signal, ref = true }: CheckedWaitOptions,
  begin: (end: () => void) => void = () => undefined,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortReason(signal))
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      stopListening?.()
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    if (!ref) timer.unref()
    const stopListening =
      signal &&
      onAbort(signal, (reason) => {
        clearTimeout(timer)
        reject(reason)
      })
    begin(end)
  })
}

/** Pauses that double from one millisecond to a maximum, for operations that can only be polled. */
export class Backoff {
  readonly #longest: number
  readonly #checkedOptions: CheckedWaitOptions
  #next = 1

  /** @param longest milliseconds */
  constructor(longest: number, checkedOptions: CheckedWaitOptions) {
    this.#longest = longest
    this.#checkedOptions = checkedOptions
  }

  pause(): Promise<void> {
    const milliseconds = this.#next
    this.#next = Math.min(2 * milliseconds, this.#longest)
    return pause(milliseconds, this.#checkedOptions)
  }
}
