import { badValue } from '../errors.ts'
import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf } from '../libc/memory.ts'
import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { int, uintFlags } from '../os/arguments/numbers.ts'
import { close } from '../os/descriptors/open_close.ts'
import type { WaitOptions } from '../promises/wait_options.ts'
import { EPOLL_CLOEXEC, EPOLLIN, EPOLLOUT, EPOLLPRI } from './constants.ts'
import type { Ready } from './poll.ts'
import { type Deadline, deadlineAfter, isOver, millisecondsUntil } from './timeout.ts'
import { control, newInstance, untilReady } from './until_ready.ts'

/** epoll(7). */

const { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, FD_SETSIZE } = constants
const EVENT = structs.epoll_event.size
const { events: EVENTS, data: DATA } = structs.epoll_event.offsets
const DEFAULT_EVENTS = EPOLLIN | EPOLLPRI | EPOLLOUT

/** Makes the constructor take a descriptor, for `fromfd`. */
const FROM_FD: unique symbol = Symbol('from a descriptor')

/** Seconds; null and negative numbers are no end. */
function deadlineOf(timeout: unknown): Deadline {
  const isEndless = (typeof timeout === 'number' || typeof timeout === 'bigint') && timeout < 0
  return isEndless ? null : deadlineAfter(timeout)
}

/**
 * An epoll instance: it waits for any number of descriptors, in a time that does not grow with them.
 *
 * Availability: Linux. See epoll(7); Python, select.epoll.
 * @example
 * ```ts
 * using epoll = new select.epoll()
 * const [reader, writer] = os.pipe()
 * epoll.register(reader, select.EPOLLIN)
 * os.write(writer, Buffer.from('data'))
 * epoll.poll() // => [[reader, select.EPOLLIN]]
 * os.close(reader)
 * os.close(writer)
 * ```
 */
export class epoll implements Disposable {
  #fd = -1

  /**
   * @param sizehint a positive number or -1; it has no effect
   * @param flags 0 or EPOLL_CLOEXEC; children never inherit the descriptor
   * @throws OSError EINVAL for other flags, EMFILE
   */
  constructor(sizehint = -1, flags = 0) {
    // biome-ignore lint/complexity/noArguments: the mark is no parameter of a program
    const given: ArrayLike<unknown> = arguments
    if (given[2] === FROM_FD) {
      this.#fd = sizehint
      return
    }
    const size = int(sizehint, 'sizehint')
    if (size !== -1 && size <= 0) throw badValue('sizehint', 'must be positive or -1', sizehint)
    const bits = int(flags, 'flags')
    if ((bits & ~EPOLL_CLOEXEC) !== 0) throw osError(errnoNumbers.EINVAL, 'epoll_create1')
    this.#fd = newInstance()
  }

  /** Makes an object of the descriptor of an epoll instance. The object owns it from then on. */
  static fromfd(fd: Descriptor): epoll {
    return Reflect.construct(epoll, [descriptor(fd, 'fd'), 0, FROM_FD])
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#fd === -1
  }

  /** Returns the descriptor. @throws RangeError once closed */
  fileno(): number {
    if (this.#fd === -1) throw badValue('epoll', 'must not be closed', this)
    return this.#fd
  }

  /** Closes the descriptor. Further calls have no effect. */
  close(): void {
    if (this.#fd === -1) return
    const fd = this.#fd
    this.#fd = -1
    close(fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * epoll_ctl(2): adds a descriptor.
   *
   * @param fd the descriptor
   * @param eventmask a combination of EPOLLIN, EPOLLOUT, EPOLLET ..., by default EPOLLIN, EPOLLPRI and EPOLLOUT
   * @throws FileExistsError if it has been registered; PermissionError for a regular file; OSError EBADF
   */
  register(fd: Descriptor, eventmask: number = DEFAULT_EVENTS): void {
    this.#control(EPOLL_CTL_ADD, fd, eventmask)
  }

  /**
   * epoll_ctl(2): replaces the events of a descriptor.
   *
   * @throws FileNotFoundError if it has not been registered
   */
  modify(fd: Descriptor, eventmask: number): void {
    this.#control(EPOLL_CTL_MOD, fd, eventmask)
  }

  /**
   * epoll_ctl(2): removes a descriptor.
   *
   * @throws FileNotFoundError if it has not been registered; OSError EBADF
   */
  unregister(fd: Descriptor): void {
    this.#control(EPOLL_CTL_DEL, fd, 0)
  }

  #control(operation: number, fd: Descriptor, eventmask: number): void {
    const number = descriptor(fd, 'fd')
    const events = uintFlags(eventmask, 'eventmask')
    const own = this.fileno()
    control(own, operation, number, events)
  }

  /**
   * epoll_wait(2): waits until a descriptor is ready, or a time is over.
   *
   * @param timeout seconds, fractions rounded up; null or a negative number for no end
   * @param maxevents how many events are returned at most; -1 for 1023
   * @returns the ready descriptors with their events; empty at the end of the time
   * @throws RangeError once closed, and for `maxevents` of 0 or below -1; OSError as the system reports
   */
  poll(timeout: number | bigint | null = null, maxevents = -1): Ready[] {
    const most = this.#checkedMost(maxevents)
    return this.#wait(deadlineOf(timeout), most)
  }

  /**
   * Waits as `poll` does, without blocking the event loop.
   *
   * @param timeout seconds, fractions rounded up; null or a negative number for no end
   * @param maxevents how many events are returned at most; -1 for 1023
   * @param options `signal`: aborted, it makes the promise reject; `ref`: false lets the process end meanwhile
   * @returns the ready descriptors with their events; empty at the end of the time
   */
  async pollAsync(timeout: number | bigint | null = null, maxevents = -1, options?: WaitOptions): Promise<Ready[]> {
    const most = this.#checkedMost(maxevents)
    return untilReady(
      () => {
        const events = this.#wait(0n, most)
        return events.length === 0 ? null : events
      },
      () => this.fileno(),
      () => [],
      deadlineOf(timeout),
      options,
    )
  }

  #checkedMost(maxevents: unknown): number {
    const most = int(maxevents, 'maxevents')
    if (most !== -1 && most <= 0) throw badValue('maxevents', 'must be positive or -1', maxevents)
    this.fileno()
    return most === -1 ? FD_SETSIZE - 1 : Math.min(most, 65_536)
  }

  #wait(deadline: Deadline, most: number): Ready[] {
    const own = this.fileno()
    const memory = Buffer.allocUnsafeSlow(most * EVENT)
    const address = addressOf(memory)
    for (;;) {
      const count = libc.epoll_wait(own, address, most, millisecondsUntil(deadline))
      if (count > 0) {
        return Array.from({ length: count }, (_, index): Ready => {
          const at = index * EVENT
          return [Number(memory.readBigInt64LE(at + DATA)), memory.readUInt32LE(at + EVENTS)]
        })
      }
      if (count === -1) {
        const errno = lastErrno()
        if (errno !== errnoNumbers.EINTR) throw osError(errno, 'epoll_wait', own)
      }
      if (isOver(deadline)) return []
    }
  }
}
