import { isMainThread, Worker } from 'node:worker_threads'
import { lastErrno, osError } from '../libc/call.ts'
import { constants } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { isNode } from '../libc/node.ts'
import { type Watch, watch } from '../libc/poll_handle.ts'

/** Has `wake` called by the event loop whenever an epoll instance has something to say. */
export function watchEpoll(fd: number, wake: () => void): Watch {
  return isNode ? watch(fd, wake) : watchByThread(fd, wake)
}

/** Milliseconds for the thread to close its descriptors when it is told that all is over. */
const PATIENCE = 1000

/**
 * The same where the event loop lets nobody in (Bun, Deno): a thread waits, and sends a message. It waits for an answer
 * then, since the epoll instance goes on having something to say until it has been asked.
 */
function watchByThread(epoll: number, wake: () => void): Watch {
  const end = libc.eventfd(0, constants.EFD_CLOEXEC)
  if (end === -1) throw osError(lastErrno(), 'eventfd')
  // How many turns there have been, and whether the thread has ended.
  const turns = new SharedArrayBuffer(8)
  const counter = new Int32Array(turns)
  // Without the options that this program was started with: some are for programs on the command line alone.
  const options = { workerData: { epoll, end, turns }, execArgv: [] }
  const thread = new Worker(new URL('./epoll_thread.js', import.meta.url), options)
  const answer = (): void => {
    Atomics.add(counter, 0, 1)
    Atomics.notify(counter, 0)
  }
  thread.on('message', () => {
    wake()
    answer()
  })
  thread.on('error', (error) => {
    throw error
  })
  thread.unref()
  // Who waits for the threads at the end would wait for this one for ever.
  process.once('exit', () => {
    libc.write(end, Buffer.alloc(8, 1), 8)
    answer()
    // The process goes on after a worker, which takes this thread along when it ends.
    if (!isMainThread) Atomics.wait(counter, 1, 0, PATIENCE)
  })
  return { ref: () => thread.ref(), unref: () => thread.unref() }
}
