/**
 * What only the main thread may do to the process, and the suite does to prepare its tests: it does so for the worker in
 * which they run, since most begin in a folder of their own. What osier itself refuses in a worker stays refused.
 */

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

/** What a worker asks the main thread to do. */
type Request = readonly [name: 'chdir', directory: string] | readonly [name: 'umask', mask?: string | number]
/** What came of it. */
type Answer = { readonly value: unknown } | { readonly error: unknown }

/** One end of the connection between the threads. The memory tells a worker that waits that the answer is there. */
export interface Connection {
  readonly port: MessagePort
  readonly answered: Int32Array
}

/** In the main thread: does what is asked. */
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

/** In the worker: has `process` ask the main thread. */
export function askMainThread(connection: Connection): void {
  process.chdir = (directory) => void ask(connection, ['chdir', directory])
  process.umask = (mask?: string | number) =>
    ask(connection, mask === undefined ? ['umask'] : ['umask', mask]) as number
}

function ask({ port, answered }: Connection, request: Request): unknown {
  Atomics.store(answered, 0, 0)
  port.postMessage(request)
  // The main thread may be about to wake who waited for the answer before this one, and has gone on without.
  while (Atomics.load(answered, 0) === 0) Atomics.wait(answered, 0, 0)
  const answer = receiveMessageOnPort(port)?.message as Answer
  if ('error' in answer) throw answer.error
  return answer.value
}
