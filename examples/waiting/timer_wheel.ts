/**
 * Many timeouts on one timer of the kernel: a wheel with a slot for each tick. What is due in the same tick is called
 * together, and whatever the number of timeouts, one descriptor is waited for.
 *
 *     node build/examples/waiting/timer_wheel.js
 */

import os from 'osier'
import { CLOCK_MONOTONIC } from 'osier/time'

class TimerWheel {
  readonly #fd = os.timerfd_create(CLOCK_MONOTONIC)
  readonly #slots: Set<() => void>[]
  readonly #closing = new AbortController()
  readonly #tick: number
  #now = 0
  #pending = 0

  /**
   * @param tick milliseconds
   * @param size how many ticks the farthest timeout is away
   */
  constructor(tick: number, size: number) {
    this.#tick = tick
    this.#slots = Array.from({ length: size }, () => new Set())
    void this.#turn()
  }

  /** Calls `callback` after some milliseconds, at the end of a tick. Returns what takes it back. */
  after(milliseconds: number, callback: () => void): () => void {
    const ticks = Math.max(1, Math.ceil(milliseconds / this.#tick))
    const slot = this.#slots[(this.#now + ticks) % this.#slots.length]
    if (slot === undefined || ticks >= this.#slots.length) throw new RangeError(`${milliseconds} ms are too far away`)
    // The timerfd is disarmed while no timeout is pending.
    if (this.#pending++ === 0) os.timerfd_settime(this.#fd, { initial: this.#tick / 1000, interval: this.#tick / 1000 })
    const due = (): void => callback()
    slot.add(due)
    return () => {
      if (slot.delete(due)) this.#pending--
    }
  }

  async #turn(): Promise<void> {
    const { signal } = this.#closing
    try {
      for (;;) {
        // How many ticks have gone by: more than one where the program was busy.
        const passed = (await os.promises.read(this.#fd, 8, { signal })).readBigUInt64LE()
        for (let tick = 0n; tick < passed; tick++) this.#advance()
        if (this.#pending === 0) os.timerfd_settime(this.#fd)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  #advance(): void {
    this.#now = (this.#now + 1) % this.#slots.length
    const slot = this.#slots[this.#now]
    const due = [...(slot ?? [])]
    slot?.clear()
    this.#pending -= due.length
    for (const callback of due) callback()
  }

  [Symbol.dispose](): void {
    this.#closing.abort()
    os.close(this.#fd)
  }
}

using wheel = new TimerWheel(10, 64)
const order: number[] = []
await new Promise<void>((resolve) => {
  for (const delay of [90, 30, 60]) wheel.after(delay, () => order.push(delay))
  const cancel = wheel.after(50, () => order.push(50))
  cancel()
  for (let i = 0; i < 10_000; i++) wheel.after(20, () => undefined)
  wheel.after(120, resolve)
})
console.log(`in order: ${order.join(' ')}`)
