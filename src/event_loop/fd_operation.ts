import { PermissionError } from '../errors.ts'
import { onAbort } from './on_abort.ts'
import { cancel, isWorthTrying, type Waiter, wait } from './poller.ts'

/** What a try gives that would have to wait. */
export const NOT_YET: unique symbol = Symbol('not yet')

/** How to wait, beside for what. */
export interface CheckedWaitOptions {
  /** Aborted, it makes the promise reject with its reason; nothing has been done then. */
  readonly signal?: AbortSignal | undefined
  /** false: the process does not stay alive for it. */
  readonly ref?: boolean | undefined
}

/** Something to be done at a descriptor. */
export interface FdOperation<T> {
  readonly fd: number
  /** READABLE or WRITABLE: what the descriptor has to be. */
  readonly events: number
  /**
   * Tries, without waiting. What it throws rejects the promise.
   *
   * @param isReady whether the descriptor has been waited for, and so is one that can be
   */
  attempt(isReady: boolean): T | typeof NOT_YET
  /** Does it in another way, where the descriptor cannot be waited for: a file on disk, a directory, /dev/null. */
  fallback?(): Promise<T>
}

/**
 * How many calls in a row may succeed at once, without a turn of the event loop. Promises alone do not give way to it:
 * a program that reads from somebody who writes fast enough would do nothing else any more.
 */
const IN_A_ROW = 64
let inARow = 0

/** Does what a descriptor may have to become ready for: at once where it can, else when its turn has come. */
export function runWhenReady<T>(deed: FdOperation<T>, { signal, ref = true }: CheckedWaitOptions): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  if (++inARow > IN_A_ROW) inARow = 0
  else if (isWorthTrying(deed.fd, deed.events)) {
    try {
      const result = deed.attempt(false)
      if (result !== NOT_YET) return Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return new Promise((resolve, reject) => begin(new PendingOperation(deed, signal, ref, resolve, reject)))
}

/** Resolves when a descriptor is ready, and leaves it at that: by then somebody else may have been faster. */
export function ready(fd: number, events: number, { signal, ref = true }: CheckedWaitOptions): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  const deed = { fd, events, attempt: () => undefined }
  return new Promise((resolve, reject) => begin(new PendingOperation(deed, signal, ref, resolve, reject)))
}

function begin<T>(operation: PendingOperation<T>): void {
  const { deed } = operation
  try {
    wait(deed.fd, deed.events, operation)
  } catch (error) {
    const isPollable = !(error instanceof PermissionError)
    if (isPollable || deed.fallback === undefined) operation.reject(error)
    else operation.resolve(deed.fallback())
    return
  }
  operation.listen()
}

class PendingOperation<T> implements Waiter {
  readonly deed: FdOperation<T>
  readonly ref: boolean
  readonly resolve: (value: T | Promise<T>) => void
  readonly reject: (reason: unknown) => void
  readonly #signal: AbortSignal | undefined
  #stopListening: (() => void) | undefined

  constructor(
    deed: FdOperation<T>,
    signal: AbortSignal | undefined,
    ref: boolean,
    resolve: (value: T | Promise<T>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.deed = deed
    this.ref = ref
    this.resolve = resolve
    this.reject = reject
    this.#signal = signal
  }

  attempt(): boolean {
    try {
      const result = this.deed.attempt(true)
      if (result === NOT_YET) return false
      this.resolve(result)
    } catch (error) {
      this.reject(error)
    }
    this.#stopListening?.()
    return true
  }

  fail(error: Error): void {
    this.#stopListening?.()
    this.reject(error)
  }

  listen(): void {
    if (this.#signal !== undefined) this.#stopListening = onAbort(this.#signal, (reason) => this.#abort(reason))
  }

  #abort(reason: unknown): void {
    cancel(this.deed.fd, this.deed.events, this)
    this.reject(reason)
  }
}
