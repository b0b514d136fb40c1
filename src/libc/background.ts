import { lastErrno } from './call.ts'
import { errnoNumbers } from './facts.ts'
import { asynchronous, type Int64, type Prototypes } from './functions.ts'
import { addressOf, SCRATCH_SIZE } from './memory.ts'
import { threadPoolSize } from './node.ts'

/**
 * C calls on libuv's thread pool, for what waits on a disk.
 *
 * The pool has few threads (four, unless UV_THREADPOOL_SIZE says otherwise), and Node's own `fs` shares them. So at
 * most as many calls as it has threads, less one, are given to it at a time: what Node asks for finds a thread that is
 * not ours, and never stands behind a long queue. More would not even be faster: koffi keeps memory for eight calls,
 * and makes it anew for each beyond (measured: 4 µs a call with four at a time, 11 µs with 64), and from 256 on it
 * refuses. The others wait here, first come, first served.
 */

/** A C call that waits for its turn, or is under way. */
export interface Job {
  readonly name: keyof Prototypes
  /** Whether the function's result is the error number, rather than -1. */
  readonly returnsErrno: boolean
  /** How many bytes of memory of its own it needs. */
  readonly memorySize: number
  /** Set by who does not want it any more. It is not started then; where it has been, `done` is called nevertheless. */
  abandoned: boolean
  /**
   * The arguments, asked for when the call starts. C may use, by address, the memory in `block` and what the job itself
   * refers to: the job is kept until the call has ended. Strings are koffi's own copies.
   */
  arguments(block: Block): readonly unknown[]
  /**
   * Gets the result, and the error number, 0 where there was no error. It must not throw. Afterwards `block` is another
   * call's, except where more than BLOCK_SIZE was asked for: then it stays whose it is.
   */
  done(result: Int64, errno: number, block: Block): void
  /**
   * Gets what kept the call from being made: C lacks the function, memory, what `arguments` threw. It must not throw.
   */
  refused(error: unknown): void
}

/** Memory that one call owns, from its start to its end. */
export interface Block {
  readonly bytes: Buffer<ArrayBuffer>
  readonly address: number
}

/** What most calls get by with: as much as there is scratch memory for synchronous ones. */
export const BLOCK_SIZE: number = SCRATCH_SIZE

interface Call {
  readonly job: Job
  readonly block: Block
}

/** In the order they came; those before `next` have been started. */
let waiting: (Job | undefined)[] = []
let next = 0

/**
 * What is under way, and its memory: reachable from here, so that nothing is collected that C may still write to. No
 * Map: V8's leave a trail of tables, each of which refers to the next and to the jobs of its time, and once one of them
 * has become old, all that follow stay until the next great collection, and so does what the jobs read.
 */
let underWay: Call[] = []
let idle: Block[] = []
let most = 0

/** Has a call made on the pool, as soon as it is its turn. */
export function inBackground(job: Job): void {
  if (most === 0) most = Math.max(1, threadPoolSize() - 1)
  waiting.push(job)
  startWaiting()
}

/**
 * In a forked child: what the parent asked for is the parent's to do, and the threads that do it are not here. Promises
 * for it stay pending, as Node's own do.
 */
export function forgetBackground(isChild: boolean): void {
  if (!isChild) return
  waiting = []
  next = 0
  underWay = []
  idle = []
}

function startWaiting(): void {
  while (underWay.length < most && next < waiting.length) {
    const job = waiting[next] as Job
    waiting[next++] = undefined
    if (!job.abandoned) begin(job)
  }
  // What has been started is cut off now and then only, since all that follows has to move.
  if (next < waiting.length && next < 1024) return
  waiting = waiting.slice(next)
  next = 0
}

function begin(job: Job): void {
  let block: Block
  try {
    block = (job.memorySize <= BLOCK_SIZE ? idle.pop() : undefined) ?? newBlock(Math.max(job.memorySize, BLOCK_SIZE))
  } catch (error) {
    job.refused(error)
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
  underWay.push(call)
  try {
    const args = job.arguments(block)
    asynchronous(job.name)(...args, (error: unknown, result: Int64) => {
      const errno = result === -1 ? lastErrno() : job.returnsErrno ? Number(result) : 0
      ended(call, error, result, errno)
    })
  } catch (error) {
    remove(call)
    keep(block)
    job.refused(error)
  }
}

function ended(call: Call, error: unknown, result: Int64, errno: number): void {
  const { job, block } = call
  // First of all, since the job may be asked for again at once: with what has been read, for the next step. A forked
  // child may still be told of a call of its parent's, which is none of its own.
  if (!remove(call)) return
  // After a signal once more (PEP 475). But Linux has closed a descriptor even so: it could be somebody else's by now.
  if (errno === errnoNumbers.EINTR && !job.abandoned && job.name !== 'close') {
    start(job, block)
    return
  }
  if (error === null) job.done(result, errno, block)
  else job.refused(error)
  keep(block)
  startWaiting()
}

/** Takes away what is under way no more; false where it has not been. */
function remove(call: Call): boolean {
  const at = underWay.indexOf(call)
  if (at === -1) return false
  const last = underWay.pop()
  if (last !== undefined && last !== call) underWay[at] = last
  return true
}

function keep(block: Block): void {
  if (block.bytes.length === BLOCK_SIZE && idle.length < most) idle.push(block)
}
