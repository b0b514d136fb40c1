import type { CheckedWaitOptions } from '../../event_loop/fd_operation.ts'
import { onAbort } from '../../event_loop/on_abort.ts'
import { cancel, READABLE, type Waiter, wait } from '../../event_loop/poller.ts'
import type { QueueItem } from '../../event_loop/queue.ts'

/** The longest polling interval, in milliseconds. */
export const LONGEST_PAUSE = 20

/** A wait that has not ended, and what settles its promise. */
export class PendingWait implements Waiter {
  queue: object | null = null
  previous: QueueItem | null = null
  next: QueueItem | null = null
  readonly ref: boolean
  /** The descriptor that reports the end of the child; -1: the child is polled. */
  readonly fd: number
  /** Waits with the same key have the same result while nothing changes. */
  readonly key: string
  readonly #waits: Waits
  readonly #poll: () => boolean
  readonly #reject: (reason: unknown) => void
  #stopListening: (() => void) | undefined
  #hasEnded = false

  /** @param poll polls, and resolves the promise where there is a result: returns whether there is */
  constructor(
    waits: Waits,
    fd: number,
    key: string,
    poll: () => boolean,
    { signal, ref = true }: CheckedWaitOptions,
    reject: (reason: unknown) => void,
  ) {
    this.ref = ref
    this.fd = fd
    this.key = key
    this.#waits = waits
    this.#poll = poll
    this.#reject = reject
    if (fd !== -1) wait(fd, READABLE, this)
    if (signal !== undefined) this.#stopListening = onAbort(signal, (reason) => this.fail(reason))
    waits.add(this)
  }

  /** Called by the poller. */
  attempt(): boolean {
    this.#waits.serve()
    return this.#hasEnded
  }

  fail(reason: unknown): void {
    if (this.#end()) this.#reject(reason)
  }

  /** Polls. Returns whether the wait has ended. */
  tryNow(): boolean {
    try {
      if (!this.#poll()) return false
      this.#end()
    } catch (error) {
      this.fail(error)
    }
    return true
  }

  #end(): boolean {
    if (this.#hasEnded) return false
    this.#hasEnded = true
    this.#stopListening?.()
    if (this.fd !== -1) cancel(this.fd, READABLE, this)
    this.#waits.remove(this)
    return true
  }
}

/** Waits that compete for the same children. They are served in the order of the calls. */
export class Waits {
  readonly #pending: Set<PendingWait> = new Set()
  readonly #released: (isServed: boolean) => void
  #isServing = false
  readonly #beforePoll: () => void
  #timer: NodeJS.Timeout | undefined
  #pause = 1
  /** How many waits are polled for, and how many of those keep the process alive. */
  #polled = 0
  #references = 0

  /**
   * @param released called when there are no waits any more; `isServed` if the last one had a result
   * @param beforePoll called before each poll by the timer
   */
  constructor(released: (isServed: boolean) => void, beforePoll: () => void = () => undefined) {
    this.#released = released
    this.#beforePoll = beforePoll
  }

  /**
   * Polls for the earliest wait first, and for further ones as long as that has a result. One that has no result
   * answers for the others with its key.
   */
  serve(): void {
    const unchanged = new Set<string>()
    this.#isServing = true
    for (const each of this.#pending) if (!unchanged.has(each.key) && !each.tryNow()) unchanged.add(each.key)
    this.#isServing = false
  }

  add(pending: PendingWait): void {
    this.#pending.add(pending)
    if (pending.fd !== -1) return
    this.#polled += 1
    if (pending.ref) this.#references += 1
    this.#pause = 1
    this.#schedule()
  }

  remove(pending: PendingWait): void {
    this.#pending.delete(pending)
    if (pending.fd === -1) {
      this.#polled -= 1
      if (pending.ref) this.#references -= 1
      this.#adjust()
    }
    if (this.#pending.size === 0) this.#released(this.#isServing)
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /** Forgets all waits: they are those of the parent process. */
  clear(): void {
    this.#pending.clear()
    this.#polled = 0
    this.#references = 0
    this.#adjust()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tick(), this.#pause)
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
    this.#adjust()
  }

  #tick(): void {
    this.#beforePoll()
    this.serve()
    if (this.#polled > 0) this.#schedule()
  }

  #adjust(): void {
    if (this.#polled === 0) clearTimeout(this.#timer)
    else if (this.#references > 0) this.#timer?.ref()
    else this.#timer?.unref()
  }
}
