import { osError } from '../libc/call.ts'
import { errnoNumbers } from '../libc/facts.ts'
import { addCloseListener, addForkListener } from './descriptor_events.ts'
import { Queue, type QueueItem } from './queue.ts'

/**
 * Operations on descriptors that cannot be polled (regular files, directories, /dev/null) and that did not succeed
 * immediately. They run elsewhere, one at a time for each descriptor and in the order of the calls: reads and writes
 * share the file offset, and O_APPEND appends in that order.
 */

/** An operation in such a queue. */
export interface QueuedOperation extends QueueItem {
  readonly fd: number
  /**
   * Starts the operation.
   *
   * @param isFirst whether the operation opened the queue
   * @returns null when it has ended already; otherwise a promise that is settled when it has ended
   */
  start(isFirst: boolean): Promise<unknown> | null
  /** Called instead of `start` when the descriptor has been closed. */
  fail(error: Error): void
}

/** By descriptor; the first operation of each queue is running. */
const queues = new Map<number, Queue<QueuedOperation>>()
let isListening = false

/** Whether operations of a descriptor are running or queued here, so that a new one has to follow them. */
export function isQueued(fd: number): boolean {
  return queues.size > 0 && queues.has(fd)
}

/** Appends an operation to the queue of its descriptor, and starts it if the queue is empty. */
export function enqueue(operation: QueuedOperation): void {
  if (!isListening) listen()
  const queue = queues.get(operation.fd)
  if (queue !== undefined) {
    queue.push(operation)
    return
  }
  const opened = new Queue<QueuedOperation>()
  opened.push(operation)
  queues.set(operation.fd, opened)
  run(opened, operation.fd, true)
}

/** Removes an operation that has not been started. */
export function unqueue(operation: QueuedOperation): void {
  const queue = queues.get(operation.fd)
  if (queue !== undefined && queue.first !== operation) queue.remove(operation)
}

/**
 * Starts operations until one takes time. A loop, because many may end as soon as they are started.
 *
 * @param isFirst whether the first operation of the queue opened it
 */
function run(queue: Queue<QueuedOperation>, fd: number, isFirst: boolean): void {
  for (let operation = queue.first; operation !== null; operation = queue.first) {
    const running = operation
    const ended = running.start(isFirst)
    isFirst = false
    if (ended !== null) {
      const proceed = (): void => {
        queue.remove(running)
        run(queue, fd, false)
      }
      ended.then(proceed, proceed)
      return
    }
    queue.remove(running)
  }
  if (queues.get(fd) === queue) queues.delete(fd)
}

function listen(): void {
  isListening = true
  addCloseListener(closed)
  addForkListener(() => queues.clear())
}

/** The queued operations of a closed descriptor fail: its number may belong to another file when they are started. */
function closed(first: number, last: number): void {
  if (queues.size === 0) return
  for (const [fd, queue] of queues) {
    if (fd < first || fd > last) continue
    // The running operation ends by itself. New operations of the number concern another file.
    queues.delete(fd)
    const running = queue.first
    for (let next = running?.next ?? null; next !== null; next = running?.next ?? null) {
      const operation = next as QueuedOperation
      queue.remove(operation)
      operation.fail(osError(errnoNumbers.EBADF, 'close', fd))
    }
  }
}
