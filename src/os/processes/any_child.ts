import { readFileSync } from 'node:fs'
import { sharedState } from '../../copies.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'
import { childrenOfNode } from '../../libc/node.ts'
import { namesIn } from '../files/directory_stream.ts'

/**
 * Waiting for "any child" while `node:child_process` has children too. A wait for any child would also reap Node's
 * children, whose 'exit' events would then never be emitted. So while Node has children, the other children are polled
 * one by one.
 */

const { offsets, size: POLLFD } = structs.pollfd

/**
 * The longest sleep between two polls, in milliseconds: a pidfd does not become readable when a child stops or
 * continues, and new orphans are not watched.
 */
const MAX_SLEEP = 20
/** The largest number of children whose pidfds are polled during a sleep. */
const MAX_WATCHED = 64

/** The children that this thread started. In the main thread, also the orphans that this process inherited. */
function childrenOfThread(): number[] {
  let list: string
  try {
    list = readFileSync('/proc/thread-self/children', 'latin1')
  } catch {
    // A kernel can be built without this file (CONFIG_PROC_CHILDREN).
    return childrenOfProcess()
  }
  return list.split(' ').filter(Boolean).map(Number)
}

/** The children of all threads, found by reading the stat file of every process in /proc. */
export function childrenOfProcess(): number[] {
  return namesIn('wait', '/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid)
    .map(Number)
}

function parentOf(pid: string): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name, in parentheses, and may contain anything.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // The process has ended since /proc was listed.
    return undefined
  }
}

/** The number of pending waits for each child that has any, by all copies of this package. */
const reservations = sharedState('reservations.v1', () => new Map<number, number>())

/** Excludes a child from "any child", because a promise waits for that child and needs its status. */
export function reserveChild(pid: number): void {
  reservations.set(pid, (reservations.get(pid) ?? 0) + 1)
}

/** Ends one reservation. After the last one, "any child" includes the child again. */
export function releaseChild(pid: number): void {
  const remaining = (reservations.get(pid) ?? 1) - 1
  if (remaining > 0) reservations.set(pid, remaining)
  else reservations.delete(pid)
}

/** Cleared in the parent, in place of the reservations, so that parent and child run the same code. */
const noReservations = new Map<number, number>()

/** In a forked child, drops the parent's reservations: the parent's children are not children of the forked process. */
export function clearReservations(isChild: boolean): void {
  ;(isChild ? reservations : noReservations).clear()
}

/** The children that "any child" excludes: Node's, and those that promises wait for. */
export function reservedChildren(): Set<number> {
  const reserved = childrenOfNode()
  for (const pid of reservations.keys()) reserved.add(pid)
  return reserved
}

/** The children of this thread that are not reserved; only those of one process group if `group` is given. */
export function ownChildren(group: number | null): number[] {
  const reserved = reservedChildren()
  return childrenOfThread().filter((pid) => !reserved.has(pid) && (group === null || libc.getpgid(pid) === group))
}

/**
 * Polls each child of this thread until one has a change to report.
 *
 * @param group the process group of the children; null for all groups
 * @param block whether to wait until a child has a change to report
 * @param poll polls one child; returns undefined if there is no change to report
 * @returns the result of `poll`; null if no child had a change to report and `block` is false
 */
export function pollChildren<T>(group: number | null, block: boolean, poll: (pid: number) => T | undefined): T | null {
  for (;;) {
    const children = ownChildren(group)
    if (children.length === 0) throw osError(errnoNumbers.ECHILD, 'wait')
    for (const pid of children) {
      const result = poll(pid)
      if (result !== undefined) return result
    }
    if (!block) return null
    sleepUntilExit(children.slice(0, MAX_WATCHED))
  }
}

/** Sleeps until one of these children ends, for at most MAX_SLEEP. */
function sleepUntilExit(children: readonly number[]): void {
  const descriptors = children.map((pid) => libc.pidfd_open(pid, 0)).filter((fd) => fd !== -1)
  try {
    for (const [index, fd] of descriptors.entries()) {
      scratch.writeInt32LE(fd, index * POLLFD + offsets.fd)
      scratch.writeInt16LE(constants.POLLIN, index * POLLFD + offsets.events)
    }
    libc.poll(scratchAddress, descriptors.length, MAX_SLEEP)
  } finally {
    for (const fd of descriptors) libc.close(fd)
  }
}
