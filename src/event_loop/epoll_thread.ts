import { parentPort, workerData } from 'node:worker_threads'
import { constants, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { scratch, scratchAddress } from '../libc/memory.ts'

/**
 * The worker thread of watch_epoll.ts. It blocks until an epoll instance has events, and then posts a message. At the
 * end it closes both descriptors: only this thread knows when it no longer uses them.
 */

const { epoll, end, turns } = workerData as {
  readonly epoll: number
  readonly end: number
  readonly turns: SharedArrayBuffer
}
const counter = new Int32Array(turns)
const { offsets, size } = structs.pollfd

/** Blocks until either descriptor is readable. Returns whether it is `end`. */
function isOver(): boolean {
  for (const [index, fd] of [epoll, end].entries()) {
    scratch.writeInt32LE(fd, index * size + offsets.fd)
    scratch.writeInt16LE(constants.POLLIN, index * size + offsets.events)
    scratch.writeInt16LE(0, index * size + offsets.revents)
  }
  // Not epoll_wait, which would consume the events.
  libc.poll(scratchAddress, 2, -1)
  return scratch.readInt16LE(size + offsets.revents) !== 0
}

for (let turn = Atomics.load(counter, 0); !isOver(); turn = Atomics.load(counter, 0)) {
  parentPort?.postMessage(null)
  Atomics.wait(counter, 0, turn)
}
libc.close(epoll)
libc.close(end)
Atomics.store(counter, 1, 1)
Atomics.notify(counter, 1)
