import { PermissionError } from '../errors.ts'
import { onAbort } from './on_abort.ts'
import { cancel, isWorthTrying, type Waiter, wait } from './poller.ts'

/** The result of an attempt that would block. */
export const NOT_YET: unique symbol = Symbol('not yet')

/** Wait options after checking. */
export interface CheckedWaitOptions {
  /** When aborted, the promise rejects with its reason, and the operation has not been carried out. */
  readonly signal?: AbortSignal | undefined
  /** false: the wait does not keep the process alive. */
  readonly ref?: boolean | undefined
}

/** A non-blocking operation on a descriptor. */
export interface FdOperation<T> {
  readonly fd: number
  /** READABLE or WRITABLE: the event that the operation waits for. */
  readonly events: number
  /**
   * Tries the operation without blocking. An exception rejects the promise.
   *
   * @param isReady whether the descriptor has been polled, and therefore can be polled
   */
  attempt(isReady: boolean): T | typeof NOT_YET
  /**
   * Carries out the operation in another way, for a descriptor that cannot be polled: a regular file, a directory,
   * /dev/null.
   */
  fallback?(): Promise<T>
}

/**
 * How many operations in a row may succeed immediately before one waits for the event loop. Settled promises alone run
 * only microtasks: a program that reads from a fast writer would otherwise starve its timers and other I/O.
 */
const MAX_IMMEDIATE = 64
let immediateCount = 0

/** Carries out an operation: immediately where that does not block, otherwise once the descriptor is ready. */
export function runWhenReady<T>(operation: FdOperation<T>, { signal, ref = true }: CheckedWaitOptions): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  if (++immediateCount > MAX_IMMEDIATE) immediateCount = 0
  else if (isWorthTrying(operation.fd, operation.events)) {
    try {
      const result = operation.attempt(false)
      if (result !== NOT_YET) return Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return new Promise((resolve, reject) => startWaiting(new PendingOperation(operation, signal, ref, resolve, reject)))
}

/** Resolves when a descriptor is ready. Another reader or writer may have made it unready again by then. */
export function ready(fd: number, events: number, { signal, ref = true }: CheckedWaitOptions): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  const operation = { fd, events, attempt: () => undefined }
  return new Promise((resolve, reject) => startWaiting(new PendingOperation(operation, signal, ref, resolve, reject)))
}

function startWaiting<T>(pending: PendingOperation<T>): void {
  const { operation } = pending
  try {
    wait(operation.fd, operation.events, pending)
  } catch (error) {
    const isPollable = !(error instanceof PermissionError)
    if (isPollable || operation.fallback === undefined) pending.reject(error)
    else pending.resolve(operation.fallback())
    return
  }
  pending.listen()
}

class PendingOperation<T> implements Waiter {
  readonly operation: FdOperation<T>
  readonly ref: boolean
  readonly resolve: (value: T | Promise<T>) => void
  readonly reject: (reason: unknown) => void
  readonly #signal: AbortSignal | undefined
  #stopListening: (() => void) | undefined

  constructor(
    operation: FdOperation<T>,
    signal: AbortSignal | undefined,
    ref: boolean,
    resolve: (value: T | Promise<T>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.operation = operation
    this.ref = ref
    this.resolve = resolve
    this.reject = reject
    this.#signal = signal
  }

  attempt(): boolean {
    try {
      const result = this.operation.attempt(true)
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
    cancel(this.operation.fd, this.operation.events, this)
    this.reject(reason)
  }
}
