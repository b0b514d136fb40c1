import { parentPort, workerData } from 'node:worker_threads'
import { constants, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { address, bytes } from '../libc/memory.ts'

/** The thread of watch_epoll.ts: stands still until an epoll instance has something to say, and says so. */

const { epoll, turns } = workerData as { readonly epoll: number; readonly turns: SharedArrayBuffer }
const counter = new Int32Array(turns)

for (;;) {
  const turn = Atomics.load(counter, 0)
  bytes.writeInt32LE(epoll, structs.pollfd.offsets.fd)
  bytes.writeInt16LE(constants.POLLIN, structs.pollfd.offsets.events)
  // Not epoll_wait, which would take the events away.
  if (libc.poll(address, 1, -1) < 1) continue
  parentPort?.postMessage(null)
  Atomics.wait(counter, 0, turn)
}
