import { readdirSync, readFileSync } from 'node:fs'
import { osError } from '../libc/call.ts'
import { errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { address, bytes } from '../libc/memory.ts'
import { childrenOfNode } from '../libc/node.ts'

/**
 * Waiting for "any child" beside `node:child_process`. Were the kernel asked for any child, it would hand out those of
 * Node as well, whose 'exit' events would then never come. So as long as Node has children, ours are asked one by one.
 */

const { offsets, size: POLLFD } = structs.pollfd
const POLLIN = 1

/** How long to sleep at the most, in milliseconds: stops and continuations, and new orphans, wake nobody. */
const NAP = 20
/** How many children to watch while asleep. */
const WATCHED = 64

/** Our own children, orphans that were given to us included: of one process group, where one is given. */
function ownChildren(spared: ReadonlySet<number>, group: number | null): number[] {
  return readdirSync('/proc/self/task')
    .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'latin1').split(' '))
    .map(Number)
    .filter((pid) => pid > 0 && !spared.has(pid) && (group === null || libc.getpgid(pid) === group))
}

/**
 * Asks each of our own children until one has something to tell.
 *
 * @param group the process group that they must be in; null for all
 * @param patient whether to wait until one has
 * @param ask asks a child; undefined where it has nothing to tell
 * @returns what `ask` returned; null where none had anything to tell, and nobody was to wait
 */
export function askOwnChildren<T>(
  group: number | null,
  patient: boolean,
  ask: (pid: number) => T | undefined,
): T | null {
  for (;;) {
    const children = ownChildren(childrenOfNode(), group)
    if (children.length === 0) throw osError(errnoNumbers.ECHILD, 'wait')
    for (const pid of children) {
      const answer = ask(pid)
      if (answer !== undefined) return answer
    }
    if (!patient) return null
    nap(children.slice(0, WATCHED))
  }
}

/** Sleeps until one of these children ends, or a little while. */
function nap(children: readonly number[]): void {
  const descriptors = children.map((pid) => libc.pidfd_open(pid, 0)).filter((fd) => fd !== -1)
  try {
    for (const [index, fd] of descriptors.entries()) {
      bytes.writeInt32LE(fd, index * POLLFD + offsets.fd)
      bytes.writeInt16LE(POLLIN, index * POLLFD + offsets.events)
    }
    libc.poll(address, descriptors.length, NAP)
  } finally {
    for (const fd of descriptors) libc.close(fd)
  }
}
