import { abortReason, onAbort } from '../event_loop/on_abort.ts'

/**
 * Runs asynchronous operations one at a time, in the order of the calls. Each operation is carried out whole before the
 * next one starts.
 */
export class Sequence {
  #last: Promise<unknown> | null = null

  /** Whether no operation is running or queued. */
  get isIdle(): boolean {
    return this.#last === null
  }

  /**
   * Runs an operation when all earlier ones have ended. With no earlier one it starts at once.
   *
   * @param signal aborted while the operation is queued, it makes the promise reject, and the operation is skipped; the
   *   operation itself handles an abort once it runs
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last
    const mine = before === null ? work() : queued(before, work, signal)
    const ended = before === null ? settled(mine) : before.then(() => settled(mine))
    this.#last = ended
    ended.then(() => {
      if (this.#last === ended) this.#last = null
    })
    return mine
  }
}

const nothing = (): void => undefined

/** Resolves when a promise is settled. */
function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(nothing, nothing)
}

function queued<T>(before: Promise<unknown>, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return before.then(work)
  if (signal.aborted) return Promise.reject(abortReason(signal))
  return new Promise((resolve, reject) => {
    let isAborted = false
    const stopListening = onAbort(signal, (reason) => {
      isAborted = true
      reject(reason)
    })
    before.then(() => {
      if (isAborted) return
      stopListening()
      resolve(work())
    })
  })
}
