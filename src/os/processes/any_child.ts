import { readFileSync } from 'node:fs'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'
import { childrenOfNode } from '../../libc/node.ts'
import { namesIn } from '../files/directory_stream.ts'

/**
 * Waiting for "any child" beside `node:child_process`. Were the kernel asked for any child, it would hand out those of
 * Node as well, whose 'exit' events would then never come. So as long as Node has children, ours are asked one by one.
 */

const { offsets, size: POLLFD } = structs.pollfd

/** How long to sleep at the most, in milliseconds: stops and continuations, and new orphans, wake nobody. */
const LONGEST_SLEEP = 20
/** How many children to watch while asleep. */
const WATCHED = 64

/** The children that this thread started, and in the main thread the orphans that this process was given. */
function childrenOfThread(): number[] {
  let list: string
  try {
    list = readFileSync('/proc/thread-self/children', 'latin1')
  } catch {
    // A kernel may be built without this file (CONFIG_PROC_CHILDREN).
    return childrenOfProcess()
  }
  return list.split(' ').filter(Boolean).map(Number)
}

/** The children of all threads, found by looking at every process there is. */
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
    // It has ended meanwhile.
    return undefined
  }
}

/** Children that somebody here has said to wait for, by how many have. */
const claims = new Map<number, number>()

/** Has "any child" pass a child over: a promise waits for it, and shall learn how it ended. */
export function claim(pid: number): void {
  claims.set(pid, (claims.get(pid) ?? 0) + 1)
}

/** Lets anybody wait for it again. */
export function unclaim(pid: number): void {
  const left = (claims.get(pid) ?? 1) - 1
  if (left > 0) claims.set(pid, left)
  else claims.delete(pid)
}

/** Stands for the claims in the parent, where none is to be forgotten. */
const noClaims = new Map<number, number>()

/** In a forked child: what its parent waits for are no children of its own. */
export function forgetClaims(isChild: boolean): void {
  ;(isChild ? claims : noClaims).clear()
}

/** The children that are not for those who wait for any. */
export function reservedChildren(): Set<number> {
  const spared = childrenOfNode()
  for (const pid of claims.keys()) spared.add(pid)
  return spared
}

/** Our own children: of one process group, where one is given. */
export function ownChildren(group: number | null): number[] {
  const spared = reservedChildren()
  return childrenOfThread().filter((pid) => !spared.has(pid) && (group === null || libc.getpgid(pid) === group))
}

/**
 * Asks each of our own children until one has something to tell.
 *
 * @param group the process group that they must be in; null for all
 * @param block whether to wait until one has
 * @param ask asks a child; undefined where it has nothing to tell
 * @returns what `ask` returned; null where none had anything to tell, and nobody was to wait
 */
export function pollChildren<T>(group: number | null, block: boolean, ask: (pid: number) => T | undefined): T | null {
  for (;;) {
    const children = ownChildren(group)
    if (children.length === 0) throw osError(errnoNumbers.ECHILD, 'wait')
    for (const pid of children) {
      const answer = ask(pid)
      if (answer !== undefined) return answer
    }
    if (!block) return null
    sleepUntilExit(children.slice(0, WATCHED))
  }
}

/** Sleeps until one of these children ends, or a little while. */
function sleepUntilExit(children: readonly number[]): void {
  const descriptors = children.map((pid) => libc.pidfd_open(pid, 0)).filter((fd) => fd !== -1)
  try {
    for (const [index, fd] of descriptors.entries()) {
      scratch.writeInt32LE(fd, index * POLLFD + offsets.fd)
      scratch.writeInt16LE(constants.POLLIN, index * POLLFD + offsets.events)
    }
    libc.poll(scratchAddress, descriptors.length, LONGEST_SLEEP)
  } finally {
    for (const fd of descriptors) libc.close(fd)
  }
}
