import { type CheckedWaitOptions, NOT_YET, runWhenReady } from '../../event_loop/fd_operation.ts'
import { cancel, READABLE, type Waiter, wait } from '../../event_loop/poller.ts'
import { has, libc } from '../../libc/functions.ts'
import { aboveStandardStreams } from '../../libc/low_descriptors.ts'
import { close } from '../../os/descriptors/open_close.ts'
import { ownChildren, releaseChild, reserveChild } from '../../os/processes/any_child.ts'
import { Backoff, pause } from '../pause.ts'

/**
 * Waits for children without blocking, by process descriptors (pidfds): without a SIGCHLD handler or a thread, and
 * without reaping a child that another wait is for.
 *
 * A pidfd reports only the end of a process. Stops and continuations are polled. So is the end where pidfds are not
 * available (before Linux 5.3, in a sandbox that forbids them, when no descriptor is free).
 */

/** The longest polling interval, in milliseconds. */
const LONGEST_PAUSE = 20

/** Polls a child without blocking: null where its state has not changed. */
export type PollFunction<T> = () => T | null

/** Opens a pidfd; -1 where that fails. */
function openPidfd(pid: number): number {
  return has('pidfd_open') ? aboveStandardStreams(libc.pidfd_open(pid, 0)) : -1
}

/**
 * Waits for one child.
 *
 * @param endOnly whether only the end of the child is waited for
 */
export async function awaitChild<T>(
  pid: number,
  endOnly: boolean,
  checkedOptions: CheckedWaitOptions,
  poll: PollFunction<T>,
): Promise<T> {
  const found = poll()
  if (found !== null) return found
  reserveChild(pid)
  try {
    const fd = endOnly ? openPidfd(pid) : -1
    if (fd === -1) return await pollChild(checkedOptions, poll)
    try {
      return await awaitPidfd(fd, checkedOptions, poll)
    } finally {
      close(fd)
    }
  } finally {
    releaseChild(pid)
  }
}

/** Waits for the child of a pidfd. */
export function awaitPidfd<T>(fd: number, checkedOptions: CheckedWaitOptions, poll: PollFunction<T>): Promise<T> {
  return runWhenReady({ fd, events: READABLE, attempt: () => poll() ?? NOT_YET }, checkedOptions)
}

/** Polls until there is a result. */
export async function pollChild<T>(checkedOptions: CheckedWaitOptions, poll: PollFunction<T>): Promise<T> {
  const backoff = new Backoff(LONGEST_PAUSE, checkedOptions)
  for (;;) {
    const found = poll()
    if (found !== null) return found
    await backoff.pause()
  }
}

/**
 * Waits for any child that no other wait is for.
 *
 * @param group the process group of the child; null for any
 */
export async function awaitAnyChild<T>(
  group: number | null,
  checkedOptions: CheckedWaitOptions,
  poll: PollFunction<T>,
): Promise<T> {
  const watcher = new ChildWatcher(group, checkedOptions)
  try {
    for (;;) {
      checkedOptions.signal?.throwIfAborted()
      const found = poll()
      if (found !== null) return found
      await watcher.change()
    }
  } finally {
    watcher.close()
  }
}

/** Watches the children of this thread that no other wait is for, and reports when one of them ends. */
class ChildWatcher {
  readonly #group: number | null
  readonly #checkedOptions: CheckedWaitOptions
  /** The pidfds and their waiters, by process id. */
  readonly #watched = new Map<number, readonly [fd: number, waiter: Waiter]>()

  constructor(group: number | null, checkedOptions: CheckedWaitOptions) {
    this.#group = group
    this.#checkedOptions = checkedOptions
  }

  /** Resolves when a child has ended, or after a pause: there may be new children. */
  change(): Promise<void> {
    const { ref = true } = this.#checkedOptions
    return pause(LONGEST_PAUSE, this.#checkedOptions, (wake) => this.#watch(wake, ref))
  }

  /** Has `wake` called when a child ends. Closes the pidfds of an earlier call. */
  #watch(wake: () => void, ref: boolean): void {
    this.close()
    for (const pid of ownChildren(this.#group)) {
      const fd = openPidfd(pid)
      if (fd === -1) continue
      const waiter: Waiter = {
        ref,
        attempt() {
          wake()
          return true
        },
        fail: wake,
      }
      this.#watched.set(pid, [fd, waiter])
      wait(fd, READABLE, waiter)
    }
  }

  close(): void {
    for (const [fd, waiter] of this.#watched.values()) {
      cancel(fd, READABLE, waiter)
      close(fd)
    }
    this.#watched.clear()
  }
}
