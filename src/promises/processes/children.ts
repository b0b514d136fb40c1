import { type CheckedWaitOptions, NOT_YET, runWhenReady } from '../../event_loop/fd_operation.ts'
import { cancel, READABLE, type Waiter, wait } from '../../event_loop/poller.ts'
import { has, libc } from '../../libc/functions.ts'
import { close } from '../../os/descriptors/open_close.ts'
import { claim, ownChildren, unclaim } from '../../os/processes/any_child.ts'
import { Backoff, pause } from '../pause.ts'

/**
 * Waiting for children without standing still, by process descriptors (pidfds): no handler of SIGCHLD, no thread, and
 * no child is taken that somebody else waits for.
 *
 * A pidfd tells of the end only. For stops and continuations, and where there are no pidfds (before Linux 5.3, in a
 * sandbox that forbids them, when no descriptor is free), the child is asked now and then.
 */

/** The longest time between two questions, in milliseconds. */
const LONGEST_PAUSE = 20

/** Asks for a child without waiting: null where it has nothing to tell. */
export type Ask<T> = () => T | null

/** A descriptor of a process; -1 where there is none to be had. */
function openPidfd(pid: number): number {
  return has('pidfd_open') ? libc.pidfd_open(pid, 0) : -1
}

/**
 * Waits for one child.
 *
 * @param endOnly whether only its end counts
 */
export async function awaitChild<T>(
  pid: number,
  endOnly: boolean,
  patience: CheckedWaitOptions,
  ask: Ask<T>,
): Promise<T> {
  const found = ask()
  if (found !== null) return found
  claim(pid)
  try {
    const fd = endOnly ? openPidfd(pid) : -1
    if (fd === -1) return await pollChild(patience, ask)
    try {
      return await awaitPidfd(fd, patience, ask)
    } finally {
      close(fd)
    }
  } finally {
    unclaim(pid)
  }
}

/** Waits for the child of a descriptor. */
export function awaitPidfd<T>(fd: number, patience: CheckedWaitOptions, ask: Ask<T>): Promise<T> {
  return runWhenReady({ fd, events: READABLE, attempt: () => ask() ?? NOT_YET }, patience)
}

/** Asks until there is an answer. */
export async function pollChild<T>(patience: CheckedWaitOptions, ask: Ask<T>): Promise<T> {
  const backoff = new Backoff(LONGEST_PAUSE, patience)
  for (;;) {
    const found = ask()
    if (found !== null) return found
    await backoff.pause()
  }
}

/**
 * Waits for any child that nobody else waits for.
 *
 * @param group the process group that it must be in; null for all
 */
export async function awaitAnyChild<T>(group: number | null, patience: CheckedWaitOptions, ask: Ask<T>): Promise<T> {
  const family = new ChildWatcher(group, patience)
  try {
    for (;;) {
      patience.signal?.throwIfAborted()
      const found = ask()
      if (found !== null) return found
      await family.change()
    }
  } finally {
    family.close()
  }
}

/** The children of this thread that anybody may wait for: tells when one of them ends. */
class ChildWatcher {
  readonly #group: number | null
  readonly #patience: CheckedWaitOptions
  /** The pidfds, by process id, and who waits for each. */
  readonly #watched = new Map<number, readonly [fd: number, waiter: Waiter]>()

  constructor(group: number | null, patience: CheckedWaitOptions) {
    this.#group = group
    this.#patience = patience
  }

  /** Resolves when one has ended, or after a while: there may be new ones. */
  change(): Promise<void> {
    const { ref = true } = this.#patience
    return pause(LONGEST_PAUSE, this.#patience, (wake) => this.#watch(wake, ref))
  }

  /** Has `wake` called when a child ends. Those that have ended before, and were taken by others, are let go. */
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
