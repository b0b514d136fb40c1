import os from 'osier'
import { v8Workers } from '../../src/libc/fork/v8_workers.ts'
import { _exit, fork, waitpid } from '../bare.ts'
import { inC, inNode, inPython } from '../contestants.ts'
import type { Work } from '../harness.ts'

/** Of objects in use, in bytes: what a fork takes depends on the memory that there is. */
const HEAP = 50e6

const objects: unknown[] = []

/** How many objects fill the memory for new ones several times. */
const GARBAGE = 2e6

/**
 * Only in the process that is measured: this module is loaded by all. To import from node:process would open the
 * standard streams, of which each child had to take leave.
 */
function fillHeap(): void {
  if (objects.length > 0) return
  while (process.memoryUsage().heapUsed < HEAP) for (let i = 0; i < 1000; i++) objects.push({ i, text: `object ${i}` })
  // The memory for new objects is in use as a whole, as in all programs after a while: whether half of it was not, 16 MB,
  // would be a matter of chance.
  for (let i = 0; i < GARBAGE; i++) objects[0] = { i, text: `object ${i}` }
}

function forkAndWait(): void {
  fillHeap()
  const child = os.fork()
  if (child === 0) os._exit(0)
  if (os.waitpid(child, 0)[1] !== 0) throw new Error('the child has failed')
}

function callAndWait(): void {
  fillHeap()
  const child = fork()
  if (child === 0) _exit(0)
  waitpid(child, null, 0)
}

/** The least that a child takes which can go on in JavaScript: without workers it hangs at its first collection. */
function callConstructAndWait(): void {
  fillHeap()
  const { construct, address, count } = v8Workers()
  const child = fork()
  if (child === 0) {
    construct(address, count, 0)
    _exit(0)
  }
  waitpid(child, null, 0)
}

const PYTHON_SETUP = `
import os
objects = [{'i': i} for i in range(220_000)]
def fork_and_wait():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)`

export const works: readonly Work[] = [
  {
    name: 'os.fork, os._exit, os.waitpid with 50 MB of objects',
    countsMemory: true,
    osier: inNode(forkAndWait),
    against: [
      { name: 'C', entry: inC('fork') },
      { name: 'CPython', entry: inPython('fork_and_wait()', PYTHON_SETUP), atMost: 3 },
      { name: "koffi's bare calls", entry: inNode(callAndWait), atMostMore: 1 },
      { name: "bare calls, V8's workers", entry: inNode(callConstructAndWait) },
    ],
  },
]
