import { ready } from '../event_loop/fd_operation.ts'
import { abortReason, onAbort, throwIfAborted } from '../event_loop/on_abort.ts'
import { READABLE } from '../event_loop/poller.ts'
import { failed } from '../libc/call.ts'
import { constants, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { aboveStandardStreams } from '../libc/low_descriptors.ts'
import { addressOf, ownMemory } from '../libc/memory.ts'
import { NO_OPTIONS } from '../os/arguments/options.ts'
import { close } from '../os/descriptors/open_close.ts'
import { pause } from '../promises/pause.ts'
import { type WaitOptions, waitOptions } from '../promises/wait_options.ts'
import { type Deadline, isOver, millisecondsUntil } from './timeout.ts'

/** Waiting for several descriptors without blocking the event loop. */

const { events: EVENTS, data: DATA } = structs.epoll_event.offsets
const eventMemory = ownMemory(structs.epoll_event.size)
const eventAddress = addressOf(eventMemory)

/** epoll_ctl(2): changes what an epoll instance watches. */
export function control(instance: number, operation: number, fd: number, events: number): void {
  eventMemory.writeUInt32LE(events, EVENTS)
  eventMemory.writeBigInt64LE(BigInt(fd), DATA)
  while (libc.epoll_ctl(instance, operation, fd, eventAddress) === -1) failed('epoll_ctl', fd)
}

/** epoll_create1(2): makes an epoll instance. */
export function newInstance(): number {
  let fd: number
  while ((fd = libc.epoll_create1(constants.EPOLL_CLOEXEC)) === -1) failed('epoll_create1')
  return fd
}

/**
 * Asks again whenever an epoll instance has events.
 *
 * @param ask returns what is ready; null for nothing yet
 * @param instance the epoll instance
 * @param atEnd returns the result at the end of the time
 */
export async function untilReady<T>(
  ask: () => T | null,
  instance: () => number,
  atEnd: () => T,
  deadline: Deadline,
  options: WaitOptions = NO_OPTIONS,
): Promise<T> {
  const { signal, ref } = waitOptions(options)
  throwIfAborted(signal)
  for (;;) {
    const result = ask()
    if (result !== null) return result
    if (isOver(deadline)) return atEnd()
    const stop = new AbortController()
    const stopListening = signal && onAbort(signal, () => stop.abort(abortReason(signal)))
    try {
      const both = { signal: stop.signal, ref }
      const waits = [ready(instance(), READABLE, both)]
      if (deadline !== null) waits.push(pause(millisecondsUntil(deadline), both))
      await Promise.race(waits)
    } finally {
      stopListening?.()
      stop.abort()
    }
  }
}

/**
 * The same for descriptors that an epoll instance of its own watches.
 *
 * @param watched the descriptors, with the events of poll(2), which are those of epoll
 */
export async function untilAnyReady<T>(
  ask: () => T | null,
  watched: ReadonlyMap<number, number>,
  atEnd: () => T,
  deadline: Deadline,
  options?: WaitOptions,
): Promise<T> {
  let own = -1
  const instance = (): number => {
    if (own !== -1) return own
    own = aboveStandardStreams(newInstance())
    if (own === -1) failed('epoll_create1')
    for (const [fd, events] of watched) control(own, constants.EPOLL_CTL_ADD, fd, events)
    return own
  }
  try {
    return await untilReady(ask, instance, atEnd, deadline, options)
  } finally {
    if (own !== -1) close(own)
  }
}
