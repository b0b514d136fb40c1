import { isMainThread, Worker } from 'node:worker_threads'
import { lastErrno, osError } from '../libc/call.ts'
import { constants } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { aboveStandardStreams } from '../libc/low_descriptors.ts'
import { isNode } from '../libc/node.ts'
import { type Watch, watch } from '../libc/poll_handle.ts'
import { bare } from '../properties.ts'

/** Has the event loop call `wake` whenever an epoll instance has events. */
export function watchEpoll(fd: number, wake: () => void): Watch {
  return isNode ? watch(fd, wake) : watchInThread(fd, wake)
}

/** How long the thread may take to close its descriptors at the exit of its owner, in milliseconds. */
const EXIT_TIMEOUT = 1000

/**
 * The same where the event loop cannot watch a descriptor (Bun, Deno): a thread polls it and posts a message. The
 * thread then waits for an acknowledgement, since the epoll instance stays readable until its events have been taken.
 */
function watchInThread(epoll: number, wake: () => void): Watch {
  const end = aboveStandardStreams(libc.eventfd(0, constants.EFD_CLOEXEC))
  if (end === -1) throw osError(lastErrno(), 'eventfd')
  // The number of acknowledged messages, and whether the thread has ended.
  const turns = new SharedArrayBuffer(8)
  const counter = new Int32Array(turns)
  // execArgv is empty: some options of this program are allowed on the command line only.
  const options = bare({ workerData: { epoll, end, turns }, execArgv: [] })
  const thread = new Worker(new URL('./epoll_thread.js', import.meta.url), options)
  const acknowledge = (): void => {
    Atomics.add(counter, 0, 1)
    Atomics.notify(counter, 0)
  }
  thread.on('message', () => {
    wake()
    acknowledge()
  })
  thread.on('error', (error) => {
    throw error
  })
  thread.unref()
  // A process that joins its threads at exit would wait for this one forever.
  process.once('exit', () => {
    libc.write(end, Buffer.alloc(8, 1), 8)
    acknowledge()
    // The process continues after a worker exits, and the exit of the worker terminates this thread.
    if (!isMainThread) Atomics.wait(counter, 1, 0, EXIT_TIMEOUT)
  })
  return { ref: () => thread.ref(), unref: () => thread.unref() }
}
