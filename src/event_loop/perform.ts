import { cancel, isAwaited, type Waiter, wait } from './poller.ts'

/** What a try gives that would have to wait. */
export const NOT_YET: unique symbol = Symbol('not yet')

/** How to wait, beside for what. */
export interface WaitOptions {
  /** Aborted, it makes the promise reject with its reason; nothing has been done then. */
  readonly signal?: AbortSignal | undefined
  /** false: the process does not stay alive for it. */
  readonly ref?: boolean | undefined
}

/**
 * How many calls in a row may succeed at once, without a turn of the event loop. Promises alone do not give way to it: a
 * program that reads from somebody who writes fast enough would do nothing else any more.
 */
const IN_A_ROW = 64
let inARow = 0

/**
 * Does what a descriptor may have to become ready for: at once where it can, else when its turn has come.
 *
 * @param events READABLE or WRITABLE
 * @param attempt a call that does not wait; what it throws rejects the promise
 * @returns rejects with the OSError PermissionError of epoll_ctl(2) where the descriptor cannot be waited for
 */
export function perform<T>(
  fd: number,
  events: number,
  attempt: () => T | typeof NOT_YET,
  options: WaitOptions,
): Promise<T> {
  if (options.signal?.aborted) return Promise.reject(options.signal.reason)
  if (++inARow > IN_A_ROW) inARow = 0
  else if (!isAwaited(fd, events)) {
    try {
      const result = attempt()
      if (result !== NOT_YET) return Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return new Promise((resolve, reject) => {
    const operation = new Operation(fd, events, attempt, options, resolve, reject)
    operation.begin()
  })
}

/** Resolves when a descriptor is ready, and leaves it at that: by then somebody else may have been faster. */
export function ready(fd: number, events: number, options: WaitOptions): Promise<void> {
  if (options.signal?.aborted) return Promise.reject(options.signal.reason)
  return new Promise((resolve, reject) => {
    new Operation(fd, events, () => undefined, options, resolve, reject).begin()
  })
}

class Operation<T> implements Waiter {
  readonly ref: boolean
  readonly #fd: number
  readonly #events: number
  readonly #attempt: () => T | typeof NOT_YET
  readonly #resolve: (value: T) => void
  readonly #reject: (reason: unknown) => void
  readonly #signal: AbortSignal | undefined

  constructor(
    fd: number,
    events: number,
    attempt: () => T | typeof NOT_YET,
    { signal, ref = true }: WaitOptions,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ) {
    this.ref = ref
    this.#fd = fd
    this.#events = events
    this.#attempt = attempt
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
  }

  begin(): void {
    wait(this.#fd, this.#events, this)
    this.#signal?.addEventListener('abort', this.#abort, { once: true })
  }

  readonly #abort = (): void => {
    cancel(this.#fd, this.#events, this)
    this.#reject(this.#signal?.reason)
  }

  attempt(): boolean {
    try {
      const result = this.#attempt()
      if (result === NOT_YET) return false
      this.#resolve(result)
    } catch (error) {
      this.#reject(error)
    }
    this.#stopListening()
    return true
  }

  fail(error: Error): void {
    this.#stopListening()
    this.#reject(error)
  }

  #stopListening(): void {
    this.#signal?.removeEventListener('abort', this.#abort)
  }
}
