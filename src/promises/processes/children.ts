import { readFileSync } from 'node:fs'
import { addForkListener } from '../../event_loop/descriptor_events.ts'
import type { CheckedWaitOptions } from '../../event_loop/fd_operation.ts'
import { cancel, READABLE, type Waiter, wait } from '../../event_loop/poller.ts'
import { has, libc } from '../../libc/functions.ts'
import { aboveStandardStreams } from '../../libc/low_descriptors.ts'
import { close } from '../../os/descriptors/open_close.ts'
import { ownChildren, releaseChild, reserveChild } from '../../os/processes/any_child.ts'
import { PendingWait, Waits } from './pending_wait.ts'

/**
 * Waits for children without blocking, by process descriptors (pidfds): without a SIGCHLD handler or a thread, and
 * without reaping a child that another wait is for.
 *
 * A pidfd reports only the end of a process. Stops and continuations are polled. So is the end where pidfds are not
 * available (before Linux 5.3, in a sandbox that forbids them, when no descriptor is free).
 *
 * The waits for one child are served in the order of the calls, whatever reports its end first: the earliest gets the
 * status, and the later ones ECHILD. The same holds among the waits for any child.
 */

/** Polls a child without blocking: null where its state has not changed. */
export type PollFunction<T> = () => T | null

/**
 * Polls for a new wait, and makes it a pending one where there is no result yet.
 *
 * @param waits the waits for the same children, if there are any. They are earlier
 * @param add adds the pending wait
 */
function pollOrWait<T>(
  waits: Waits | undefined,
  poll: PollFunction<T>,
  add: (attempt: () => boolean, reject: (reason: unknown) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const attempt = (): boolean => {
      const found = poll()
      if (found === null) return false
      resolve(found)
      return true
    }
    waits?.serve()
    if (attempt()) return
    if (!isListening) listen()
    add(attempt, reject)
  })
}

/** Opens a pidfd; -1 where that fails. */
function openPidfd(pid: number): number {
  return has('pidfd_open') ? aboveStandardStreams(libc.pidfd_open(pid, 0)) : -1
}

/** The waits for one child, which share a pidfd. */
class WatchedChild {
  readonly waits: Waits
  #fd: number | undefined

  constructor(pid: number) {
    reserveChild(pid)
    this.waits = new Waits(() => {
      watchedChildren.delete(pid)
      if (this.#fd !== undefined && this.#fd !== -1) close(this.#fd)
      releaseChild(pid)
    })
  }

  /** The pidfd, which is opened for the first wait that needs it; -1 where that fails. */
  pidfd(pid: number): number {
    this.#fd ??= openPidfd(pid)
    return this.#fd
  }

  /** In a forked child. */
  drop(): void {
    this.waits.clear()
    if (this.#fd !== undefined && this.#fd !== -1) libc.close(this.#fd)
  }
}

/** The children that are waited for by process id. */
const watchedChildren = new Map<number, WatchedChild>()
let isListening = false

/** In a forked child, whose children the children of its parent are not. */
function resetAfterFork(): void {
  for (const child of watchedChildren.values()) child.drop()
  watchedChildren.clear()
  anyChild.clear()
  for (const { fd } of endings.values()) libc.close(fd)
  endings.clear()
}

function listen(): void {
  isListening = true
  addForkListener(resetAfterFork)
}

/**
 * Waits for one child.
 *
 * @param endOnly whether only the end of the child is waited for
 * @param key what is waited for: waits with the same key have the same result
 * @param ownPidfd the caller's pidfd of the child, if it has one
 */
export function awaitChild<T>(
  pid: number,
  endOnly: boolean,
  key: string,
  checkedOptions: CheckedWaitOptions,
  poll: PollFunction<T>,
  ownPidfd?: number,
): Promise<T> {
  return pollOrWait(watchedChildren.get(pid)?.waits, poll, (attempt, reject) => {
    let child = watchedChildren.get(pid)
    if (child === undefined) {
      child = new WatchedChild(pid)
      watchedChildren.set(pid, child)
    }
    const fd = endOnly ? (ownPidfd ?? child.pidfd(pid)) : -1
    new PendingWait(child.waits, fd, key, attempt, checkedOptions, reject)
  })
}

/** The process id of a pidfd; undefined where it is not known. */
export function pidOf(pidfd: number): number | undefined {
  try {
    const pid = Number(/^Pid:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'latin1'))?.[1])
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

/** The waits for any child. */
const anyChild = new Waits((isServed) => {
  // A program that waits for one child after the other begins the next wait now: the remaining children stay watched.
  if (isServed) listChildren()
  else stopWatching()
  if (endings.size > 0) setImmediate(stopIfIdle)
}, watchChildren)
/** The children that are watched for the waits for any child, by process id. */
const endings = new Map<number, { readonly fd: number; readonly waiter: Waiter }>()

/**
 * Waits for any child that no other wait is for.
 *
 * @param group the process group of the child; null for any
 * @param key what is waited for: waits with the same key have the same result
 */
export function awaitAnyChild<T>(
  group: number | null,
  key: string,
  checkedOptions: CheckedWaitOptions,
  poll: PollFunction<T>,
): Promise<T> {
  return pollOrWait(anyChild, poll, (attempt, reject) => {
    new PendingWait(anyChild, -1, `${group} ${key}`, attempt, checkedOptions, reject)
    watchChildren()
  })
}

/** Serves the waits for any child as soon as a child ends. New children are found at the next poll. */
function watchChildren(): void {
  for (const pid of listChildren()) {
    if (endings.has(pid)) continue
    const fd = openPidfd(pid)
    if (fd === -1) continue
    const waiter: Waiter = {
      queue: null,
      previous: null,
      next: null,
      // The timer of the polls keeps the process alive.
      ref: false,
      attempt() {
        anyChild.serve()
        return true
      },
      fail: () => undefined,
    }
    endings.set(pid, { fd, waiter })
    try {
      wait(fd, READABLE, waiter)
    } catch {
      // No descriptor is free for the poller: the child is polled.
      unwatch(pid, fd, waiter)
    }
  }
}

/** Lists the children, and stops watching those that have been reaped. */
function listChildren(): Iterable<number> {
  let children: Set<number>
  try {
    children = new Set(ownChildren(null))
  } catch {
    // No descriptor is free to read the list in /proc: the children are polled.
    return []
  }
  for (const [pid, { fd, waiter }] of endings) if (!children.has(pid)) unwatch(pid, fd, waiter)
  return children
}

function unwatch(pid: number, fd: number, waiter: Waiter): void {
  endings.delete(pid)
  cancel(fd, READABLE, waiter)
  close(fd)
}

function stopIfIdle(): void {
  if (anyChild.isEmpty) stopWatching()
}

function stopWatching(): void {
  for (const [pid, { fd, waiter }] of endings) unwatch(pid, fd, waiter)
}
