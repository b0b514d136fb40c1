/**
 * Lets the main thread make calls for the worker in which the tests run: `process.chdir` and `process.umask`, which
 * only the main thread may call, and which most tests need to start in a temporary folder. osier's own functions are
 * not forwarded.
 */

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

/** A call that a worker requests. */
type Request = readonly [name: 'chdir', directory: string] | readonly [name: 'umask', mask?: string | number]
/** Its outcome. */
type Answer = { readonly value: unknown } | { readonly error: unknown }

/**
 * One end of the connection between the threads. The shared memory wakes the worker when the response has been sent.
 */
export interface Connection {
  readonly port: MessagePort
  readonly answered: Int32Array
}

/** In the main thread: handles the requests. */
export function serve({ port, answered }: Connection): void {
  port.on('message', (request: Request) => {
    port.postMessage(done(request))
    Atomics.store(answered, 0, 1)
    Atomics.notify(answered, 0)
  })
  port.unref()
}

function done(request: Request): Answer {
  try {
    return { value: request[0] === 'chdir' ? process.chdir(request[1]) : process.umask(request[1] ?? process.umask()) }
  } catch (error) {
    return { error }
  }
}

/** In the worker: replaces the functions of `process` by requests to the main thread. */
export function askMainThread(connection: Connection): void {
  process.chdir = (directory) => void ask(connection, ['chdir', directory])
  process.umask = (mask?: string | number) =>
    ask(connection, mask === undefined ? ['umask'] : ['umask', mask]) as number
}

function ask({ port, answered }: Connection, request: Request): unknown {
  Atomics.store(answered, 0, 0)
  port.postMessage(request)
  // The notification may belong to the previous response, which has been received already.
  while (Atomics.load(answered, 0) === 0) Atomics.wait(answered, 0, 0)
  const answer = receiveMessageOnPort(port)?.message as Answer
  if ('error' in answer) throw answer.error
  return answer.value
}
