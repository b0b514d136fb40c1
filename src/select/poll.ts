import { outOfRange } from '../errors.ts'
import { lastErrno, osError } from '../libc/call.ts'
import { errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf } from '../libc/memory.ts'
import { type Descriptor, nonNegativeFd } from '../os/arguments/descriptors.ts'
import { int } from '../os/arguments/numbers.ts'
import type { WaitOptions } from '../promises/wait_options.ts'
import { POLLIN, POLLOUT, POLLPRI } from './constants.ts'
import { type Deadline, deadlineAfter, isOver, millisecondsUntil } from './timeout.ts'
import { untilAnyReady } from './until_ready.ts'

/** poll(2). */

/** A descriptor that is ready, and its events. */
export type Ready = [fd: number, events: number]

const POLLFD = structs.pollfd.size
const { fd: FD, events: EVENTS, revents: REVENTS } = structs.pollfd.offsets
const DEFAULT_EVENTS = POLLIN | POLLPRI | POLLOUT

/** Converts a timeout in milliseconds: null and negative numbers are none. */
function deadlineOf(timeout: unknown): Deadline {
  if (timeout === null || timeout === undefined) return null
  if (typeof timeout === 'number' && timeout < 0) return null
  if (typeof timeout === 'bigint') return timeout < 0n ? null : deadlineAfter(Number(timeout) / 1000)
  return deadlineAfter(typeof timeout === 'number' ? timeout / 1000 : timeout)
}

/**
 * Descriptors to wait for, in the order in which they were registered. `select.poll` makes them.
 *
 * See poll(2); Python, select, Polling Objects.
 * @example
 * ```ts
 * const [reader, writer] = os.pipe()
 * const poll = select.poll()
 * poll.register(reader, select.POLLIN)
 * poll.poll(0) // => []
 * os.write(writer, Buffer.from('data'))
 * poll.poll() // => [[reader, select.POLLIN]]
 * os.close(reader)
 * os.close(writer)
 * ```
 */
export class PollObject {
  readonly #events = new Map<number, number>()

  /**
   * Adds a descriptor, or replaces the events of one.
   *
   * @param fd the descriptor; whether it is open is found out by `poll`, as POLLNVAL
   * @param eventmask the events to wait for: a combination of POLLIN, POLLPRI, POLLOUT ..., by default these three
   * @throws RangeError for a negative descriptor, and for events of more than 16 bits
   */
  register(fd: Descriptor, eventmask: number = DEFAULT_EVENTS): void {
    this.#events.set(nonNegativeFd(fd, 'fd'), int(eventmask, 'eventmask', 0, 0xffff))
  }

  /**
   * Replaces the events of a descriptor.
   *
   * @throws FileNotFoundError for a descriptor that has not been registered
   */
  modify(fd: Descriptor, eventmask: number): void {
    const number = nonNegativeFd(fd, 'fd')
    const events = int(eventmask, 'eventmask', 0, 0xffff)
    if (!this.#events.has(number)) throw osError(errnoNumbers.ENOENT, 'poll', number)
    this.#events.set(number, events)
  }

  /**
   * Removes a descriptor.
   *
   * @throws RangeError for a descriptor that has not been registered: a KeyError in Python
   */
  unregister(fd: Descriptor): void {
    const number = nonNegativeFd(fd, 'fd')
    if (!this.#events.delete(number)) throw outOfRange('fd', 'a registered descriptor', fd)
  }

  /**
   * poll(2): waits until a descriptor is ready, or a time is over.
   *
   * @param timeout milliseconds, fractions rounded up; null, undefined or a negative number for no end
   * @returns the ready descriptors with their events; empty at the end of the time
   * @throws OSError EINVAL for more descriptors than RLIMIT_NOFILE allows
   */
  poll(timeout: number | bigint | null = null): Ready[] {
    return this.#wait(deadlineOf(timeout))
  }

  /**
   * Waits as `poll` does, without blocking the event loop.
   *
   * @param timeout milliseconds, fractions rounded up; null or a negative number for no end
   * @param options `signal`: aborted, it makes the promise reject; `ref`: false lets the process end meanwhile
   * @returns the ready descriptors with their events; empty at the end of the time
   */
  async pollAsync(timeout: number | bigint | null = null, options?: WaitOptions): Promise<Ready[]> {
    return untilAnyReady(
      () => {
        const ready = this.#wait(0n)
        return ready.length === 0 ? null : ready
      },
      this.#events,
      () => [],
      deadlineOf(timeout),
      options,
    )
  }

  #wait(deadline: Deadline): Ready[] {
    const memory = Buffer.allocUnsafeSlow(Math.max(1, this.#events.size) * POLLFD)
    let at = 0
    for (const [fd, events] of this.#events) {
      memory.writeInt32LE(fd, at + FD)
      memory.writeUInt16LE(events, at + EVENTS)
      memory.writeUInt16LE(0, at + REVENTS)
      at += POLLFD
    }
    const address = addressOf(memory)
    for (;;) {
      const count = libc.pollAt(address, this.#events.size, millisecondsUntil(deadline))
      if (count > 0) return readyIn(memory, at)
      if (count === -1) {
        const errno = lastErrno()
        if (errno !== errnoNumbers.EINTR) throw osError(errno, 'poll')
      }
      if (isOver(deadline)) return []
    }
  }
}

function readyIn(memory: Buffer, end: number): Ready[] {
  const ready: Ready[] = []
  for (let at = 0; at < end; at += POLLFD) {
    const events = memory.readUInt16LE(at + REVENTS)
    if (events !== 0) ready.push([memory.readInt32LE(at + FD), events])
  }
  return ready
}

/**
 * poll(2): makes an object that waits for any of several descriptors.
 *
 * @returns the object, with `register`, `modify`, `unregister` and `poll`
 *
 * Availability: Linux. See poll(2); Python, select.poll.
 * @example
 * ```ts
 * const poll = select.poll()
 * poll.register(1000)
 * poll.poll(0) // => [[1000, select.POLLNVAL]]
 * ```
 */
export function poll(): PollObject {
  return new PollObject()
}
