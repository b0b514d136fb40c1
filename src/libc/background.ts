import { lastErrno } from './call.ts'
import { errnoNumbers } from './facts.ts'
import { asynchronous, type Int64, type Prototypes } from './functions.ts'
import { addressOf, SCRATCH_SIZE } from './memory.ts'
import { threadPoolSize } from './node.ts'

/**
 * C calls on libuv's thread pool, for calls that may block on a disk.
 *
 * The pool has few threads (four, unless UV_THREADPOOL_SIZE changes it), which Node's own `fs` shares. So the number of
 * calls submitted at a time is at most the number of threads less one: at least one thread is free for Node, whose work
 * is not delayed by a long queue. More calls would not be faster: koffi has memory for eight asynchronous calls,
 * allocates more for each further one, and refuses from 256 on (docs/performance.md, "Measured decisions"). The other
 * calls wait here, in the order in which they came.
 *
 * https://github.com/libuv/libuv/blob/v1.46.0/src/threadpool.c#L193-L206
 */

/** A C call that is queued or running. */
export interface Job {
  readonly name: keyof Prototypes
  /** Whether the function returns the error number instead of -1. */
  readonly returnsErrno: boolean
  /** How many bytes of memory the call needs. */
  readonly memorySize: number
  /**
   * Set when the result is no longer wanted. A queued call is then not made; for a running one, `done` is still called.
   */
  abandoned: boolean
  /** Where io_uring carries the call out: the number of the operation. */
  operation?: number | undefined
  /**
   * Returns the arguments, when the call starts. C may use the memory in `block`, and memory that the job refers to, by
   * address: the job is referenced until the call has ended. koffi copies strings.
   */
  arguments(block: Block): readonly unknown[]
  /** Is called where the call has not been made after all, though `arguments` was called: it is queued once more. */
  requeued?(): void
  /**
   * Is called with the result and the error number (0 for none). It must not throw. Afterwards `block` is reused for
   * other calls, unless more than BLOCK_SIZE was requested.
   */
  done(result: Int64, errno: number, block: Block): void
  /**
   * Is called with the reason why the call could not be made: the C library lacks the function, memory is exhausted, or
   * `arguments` has thrown. It must not throw.
   */
  failedToStart(error: unknown): void
}

/** Memory that one call owns while it runs. */
export interface Block {
  readonly bytes: Buffer<ArrayBuffer>
  readonly address: number
}

/** The block size that is sufficient for most calls: that of the scratch memory of synchronous calls. */
export const BLOCK_SIZE: number = SCRATCH_SIZE

interface Call {
  readonly job: Job
  readonly block: Block
}

/** Queued jobs in the order in which they came; those before `next` have been started. */
let queuedJobs: (Job | undefined)[] = []
let nextIndex = 0

/**
 * The running calls and their memory. The references keep memory alive that C may still write to. An array rather than
 * a Map: when a Map rehashes, its old table refers to the new one. Once one table has reached V8's old generation, all
 * later ones, and the jobs in them, stay alive until the next major collection.
 */
let runningCalls: Call[] = []
let freeBlocks: Block[] = []
let maxRunning = 0

/** Queues a call for the pool. */
export function inBackground(job: Job): void {
  if (maxRunning === 0) maxRunning = Math.max(1, threadPoolSize() - 1)
  queuedJobs.push(job)
  startQueued()
}

/**
 * Runs in a forked child: the calls of the parent are made by the parent, whose threads do not exist in the child.
 * Their promises stay pending in the child, as Node's own do.
 */
export function forgetBackground(): void {
  queuedJobs = []
  nextIndex = 0
  runningCalls = []
  freeBlocks = []
}

function startQueued(): void {
  while (runningCalls.length < maxRunning && nextIndex < queuedJobs.length) {
    const job = queuedJobs[nextIndex] as Job
    queuedJobs[nextIndex++] = undefined
    if (!job.abandoned) begin(job)
  }
  // The started jobs are removed only when there are more of them than others, since that moves all jobs after them.
  if (nextIndex < queuedJobs.length && (nextIndex < 1024 || 2 * nextIndex < queuedJobs.length)) return
  queuedJobs = queuedJobs.slice(nextIndex)
  nextIndex = 0
}

function begin(job: Job): void {
  let block: Block
  try {
    block =
      (job.memorySize <= BLOCK_SIZE ? freeBlocks.pop() : undefined) ?? newBlock(Math.max(job.memorySize, BLOCK_SIZE))
  } catch (error) {
    job.failedToStart(error)
    return
  }
  start(job, block)
}

function newBlock(size: number): Block {
  const bytes = Buffer.allocUnsafeSlow(size)
  return { bytes, address: addressOf(bytes) }
}

function start(job: Job, block: Block): void {
  const call: Call = { job, block }
  runningCalls.push(call)
  try {
    const args = job.arguments(block)
    asynchronous(job.name)(...args, (error: unknown, result: Int64) => {
      const errno = result === -1 ? lastErrno() : job.returnsErrno ? Number(result) : 0
      ended(call, error, result, errno)
    })
  } catch (error) {
    removeRunning(call)
    recycle(block)
    job.failedToStart(error)
  }
}

function ended(call: Call, error: unknown, result: Int64, errno: number): void {
  const { job, block } = call
  // The call is removed first, since `done` may queue the job again. A forked child may also be notified of a call of
  // its parent, which is ignored.
  if (!removeRunning(call)) return
  // The call is repeated after a signal (PEP 475), except close: Linux has closed the descriptor nevertheless, and its
  // number may have been reused.
  if (errno === errnoNumbers.EINTR && !job.abandoned && job.name !== 'close') {
    start(job, block)
    return
  }
  if (error === null) job.done(result, errno, block)
  else job.failedToStart(error)
  recycle(block)
  startQueued()
}

/** Removes a call that has ended; returns false where it was not in the list. */
function removeRunning(call: Call): boolean {
  const at = runningCalls.indexOf(call)
  if (at === -1) return false
  const last = runningCalls.pop()
  if (last !== undefined && last !== call) runningCalls[at] = last
  return true
}

function recycle(block: Block): void {
  if (block.bytes.length === BLOCK_SIZE && freeBlocks.length < maxRunning) freeBlocks.push(block)
}
