import { PermissionError } from '../errors.ts'
import { immediately, rejectedImmediately } from './fairness.ts'
import { abortReason, onAbort } from './on_abort.ts'
import { cancel, isWorthTrying, type Waiter, wait } from './poller.ts'
import type { QueueItem } from './queue.ts'
import { enqueue, isQueued, type QueuedOperation, unqueue } from './regular_files.ts'

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

/** Carries out an operation: immediately where that does not block, otherwise once the descriptor is ready. */
export function runWhenReady<T>(operation: FdOperation<T>, { signal, ref = true }: CheckedWaitOptions): Promise<T> {
  if (signal?.aborted) return Promise.reject(abortReason(signal))
  if (!isQueued(operation.fd) && isWorthTrying(operation.fd, operation.events)) {
    try {
      const result = operation.attempt(false)
      if (result !== NOT_YET) return immediately(result)
    } catch (error) {
      return rejectedImmediately(error)
    }
  }
  return new Promise((resolve, reject) => startWaiting(new PendingOperation(operation, signal, ref, resolve, reject)))
}

/** Carries out an operation that never blocks, whatever waits for the descriptor: a read of 0 bytes. */
export function runNow<T>(operation: FdOperation<T>, options: CheckedWaitOptions): Promise<T> {
  if (options.signal?.aborted) return Promise.reject(abortReason(options.signal))
  try {
    const result = operation.attempt(true)
    return result === NOT_YET ? runWhenReady(operation, options) : immediately(result)
  } catch (error) {
    return rejectedImmediately(error)
  }
}

/** Resolves when a descriptor is ready. Another reader or writer may have made it unready again by then. */
export function ready(fd: number, events: number, { signal, ref = true }: CheckedWaitOptions): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortReason(signal))
  const operation = { fd, events, attempt: () => undefined }
  return new Promise((resolve, reject) => startWaiting(new PendingOperation(operation, signal, ref, resolve, reject)))
}

function startWaiting<T>(pending: PendingOperation<T>): void {
  const { fd, events, fallback } = pending.operation
  if (fallback !== undefined && isQueued(fd)) {
    pending.enqueue()
    return
  }
  try {
    wait(fd, events, pending)
  } catch (error) {
    const isPollable = !(error instanceof PermissionError)
    if (isPollable || fallback === undefined) pending.reject(error)
    else pending.enqueue()
    return
  }
  pending.listen()
}

class PendingOperation<T> implements Waiter, QueuedOperation {
  queue: object | null = null
  previous: QueueItem | null = null
  next: QueueItem | null = null
  readonly operation: FdOperation<T>
  readonly ref: boolean
  readonly resolve: (value: T | Promise<T>) => void
  readonly reject: (reason: unknown) => void
  readonly #signal: AbortSignal | undefined
  #stopListening: (() => void) | undefined
  /** Whether the operation is in the queue of a regular file, rather than a waiter of the poller. */
  #isInQueue = false

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

  get fd(): number {
    return this.operation.fd
  }

  attempt(): boolean {
    return this.#attempt(true)
  }

  #attempt(isReady: boolean): boolean {
    try {
      const result = this.operation.attempt(isReady)
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

  /** Takes a place in the queue of a regular file. An operation that is first in it starts at once. */
  enqueue(): void {
    this.#isInQueue = true
    this.listen()
    enqueue(this)
  }

  /** Starts the operation when it is first in the queue of a regular file. */
  start(isFirst: boolean): Promise<unknown> | null {
    // The operation that opened the queue has been attempted already.
    if (!isFirst && this.#attempt(false)) return null
    // It cannot be stopped any more.
    this.#stopListening?.()
    const result = this.operation.fallback?.() ?? Promise.reject(new Error('no way to carry out the operation'))
    this.resolve(result)
    return result
  }

  listen(): void {
    if (this.#signal !== undefined) this.#stopListening = onAbort(this.#signal, (reason) => this.#abort(reason))
  }

  #abort(reason: unknown): void {
    if (this.#isInQueue) unqueue(this)
    else cancel(this.operation.fd, this.operation.events, this)
    this.reject(reason)
  }
}
