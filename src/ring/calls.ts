import { addCloseListener, addForkListener } from '../event_loop/descriptor_events.ts'
import { isTurnOver } from '../event_loop/fairness.ts'
import { cancel, READABLE, type Waiter, wait } from '../event_loop/poller.ts'
import type { QueueItem } from '../event_loop/queue.ts'
import { type Block, inBackground, type Job } from '../libc/background.ts'
import { osError } from '../libc/call.ts'
import { errnoNumbers } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf, ownMemory } from '../libc/memory.ts'
import { excludedFunctions, noteUnused, openRing } from './availability.ts'
import { forgetSlots, freeSlot, MAX_DATA, type Slot, takeSlot } from './memory.ts'
import { type Operation, stringsFit } from './operation.ts'
import { operations } from './operations.ts'
import type { Ring } from './ring.ts'

/**
 * C calls that io_uring carries out, where it has the operation; all others go to the thread pool.
 *
 * What is asked for in one turn of the event loop is submitted with one system call, at the end of the current callback.
 * What has completed by then, because the data was in memory, is reported at once. The kernel's own threads carry out
 * the rest, and an eventfd reports it to the event loop.
 */

const { EAGAIN, EBADF, EBUSY, ECANCELED, EINTR } = errnoNumbers

/** How many operations are under way at most. Further ones wait here. */
const MAX_UNDER_WAY = 1024

/** How many results in a row are reported without a turn of the event loop, in which its other callbacks run. */
const IN_A_ROW = 256

/** An operation that the kernel has. */
interface Running {
  readonly job: Job
  readonly operation: Operation
  readonly slot: Slot
}

/** null where there is none, undefined before the first call. */
let ring: Ring | null | undefined
/** Whether the kernel takes no more operations. */
let isRefused = false
let isListening = false
let excluded: ReadonlySet<string> = new Set()
/** The jobs that have not been submitted, in their order; those before `next` have been. */
let queued: Job[] = []
let next = 0
/** The operations that the kernel has, by the number of their memory. */
let running: (Running | undefined)[] = []
let runningCount = 0
let isFlushScheduled = false
let inARow = 0

/** Makes a call, by io_uring or on the thread pool. */
export function begin(job: Job): void {
  if (ring === undefined) open()
  const operation = ring === null ? undefined : operations[job.name]
  if (operation === undefined || !isTaken(operation, job)) {
    inBackground(job)
    return
  }
  queued.push(job)
  if (!isFlushScheduled) scheduleFlush()
}

function isTaken({ code }: Operation, job: Job): boolean {
  if (isRefused || excluded.has(job.name)) return false
  return code !== undefined && job.memorySize <= MAX_DATA && ring?.operations.has(code) === true
}

function open(): void {
  ring = openRing()
  excluded = excludedFunctions()
  if (ring === null || isListening) return
  isListening = true
  addForkListener(resetAfterFork)
  addCloseListener((first, last) => {
    if (ring == null || last < first) return
    const isClosed = (fd: number): boolean => fd >= first && fd <= last
    if (isClosed(ring.fd) || isClosed(ring.eventFd)) abandonRing()
  })
}

/**
 * A tick runs when all microtasks have run: so what they ask for is submitted together. After many results in a row the
 * event loop goes on first.
 */
function scheduleFlush(): void {
  isFlushScheduled = true
  if (inARow < IN_A_ROW && !isTurnOver()) process.nextTick(flush)
  else setImmediate(flushInNextTurn)
}

function flushInNextTurn(): void {
  inARow = 0
  flush()
}

function flush(): void {
  isFlushScheduled = false
  const current = ring
  if (current == null) return
  let errno: number
  let completed: number
  do {
    fill(current)
    errno = current.submit()
    completed = current.reap(onCompleted)
    inARow += completed
    if (errno !== 0 && errno !== EAGAIN && errno !== EBUSY) giveUp(current)
  } while (isUnsubmitted(current) && completed > 0 && inARow < IN_A_ROW)
  forgetStarted()
  // Where nothing has completed, the next result brings the rest; where there is none to come, the kernel lacks memory.
  if (isUnsubmitted(current) && (completed > 0 || runningCount === 0)) scheduleFlush()
  watchResults(current)
}

/**
 * The kernel refuses to take operations: a filter of system calls was installed, for example. It carries out those that
 * it has; the thread pool carries out all others.
 */
function giveUp(current: Ring): void {
  isRefused = true
  noteUnused('io_uring_enter fails')
  for (const index of current.takeBack()) {
    const { job, operation, slot } = running[index] as Running
    operation.goesOn?.(current, slot, -ECANCELED, false)
    handOver(job, slot)
    release(index)
  }
  const left = queued.slice(next)
  queued = []
  next = 0
  for (const job of left) inBackground(job)
}

/** Has the pool make a call that the ring has begun with. After an abort it is not made any more. */
function handOver(job: Job, slot: Slot): void {
  if (job.abandoned) {
    job.done(-1, ECANCELED, slot)
    return
  }
  job.requeued?.()
  inBackground(job)
}

function release(index: number): void {
  const { job, slot } = running[index] as Running
  running[index] = undefined
  runningCount--
  job.operation = undefined
  freeSlot(slot)
}

function isUnsubmitted(current: Ring): boolean {
  return next < queued.length || current.hasUnsubmitted
}

/** Moves jobs to the submission queue. */
function fill(current: Ring): void {
  while (next < queued.length && runningCount < MAX_UNDER_WAY && current.hasRoom) {
    const job = queued[next++] as Job
    if (!job.abandoned) start(current, job)
  }
}

function forgetStarted(): void {
  if (next < queued.length && (next < 1024 || 2 * next < queued.length)) return
  queued = queued.slice(next)
  next = 0
}

function start(current: Ring, job: Job): void {
  const operation = operations[job.name] as Operation
  const size = Math.max(job.memorySize, operation.data ?? 0)
  if (!startIn(takeSlot(size), current, job, operation) && !startIn(takeSlot(MAX_DATA), current, job, operation)) {
    inBackground(job)
  }
}

/**
 * Moves a job to the submission queue, with this memory.
 *
 * @returns false where there is no memory, or where this is too little for the strings of the call
 */
function startIn(slot: Slot | undefined, current: Ring, job: Job, operation: Operation): boolean {
  if (slot === undefined) return false
  let isStarted = false
  try {
    const args = job.arguments(slot)
    if (!stringsFit(slot, args)) {
      job.requeued?.()
      return false
    }
    if (operation.takes?.(args as never[]) === false) {
      handOver(job, slot)
      return true
    }
    operation.add(current, operation.code as number, slot, args as never[])
    running[slot.index] = { job, operation, slot }
    runningCount++
    job.operation = slot.index
    isStarted = true
  } catch (error) {
    job.failedToStart(error)
  } finally {
    if (!isStarted) freeSlot(slot)
  }
  return true
}

function onCompleted(index: number, result: number): void {
  const { job, operation, slot } = running[index] as Running
  const continuation = operation.goesOn?.(ring as Ring, slot, result, !job.abandoned) ?? 'finished'
  if (continuation === 'again') return
  const errno = result < 0 ? -result : 0
  // As for the calls of the pool (PEP 475): Linux has closed the descriptor nevertheless.
  const isInterrupted = errno === EINTR && !job.abandoned && job.name !== 'close'
  if (isInterrupted || continuation === 'elsewhere' || operation.differs?.(errno) === true) {
    handOver(job, slot)
    release(index)
    return
  }
  if (errno === 0) operation.convert?.(slot)
  job.done(errno === 0 ? result : job.returnsErrno ? errno : -1, errno, slot satisfies Block)
  release(index)
}

/** Stops an operation that is under way, if the kernel can: its job then ends with ECANCELED. */
export function stop(job: Job): void {
  const index = job.operation
  if (ring == null || index === undefined || running[index]?.job !== job) return
  if (!ring.hasRoom) ring.submit()
  if (!ring.hasRoom) return
  ring.addCancellation(index)
  if (!isFlushScheduled) scheduleFlush()
}

/** Waits for the results of the operations that the kernel has, and keeps the process alive until then. */
class ResultWaiter implements Waiter {
  queue: object | null = null
  previous: QueueItem | null = null
  next: QueueItem | null = null
  readonly ref = true

  attempt(): boolean {
    if (ring == null || !drainEvents(ring)) return false
    waiter = undefined
    inARow = 0
    flush()
    return true
  }

  /** The eventfd has been closed, or the poller cannot wait for it. */
  fail(): void {
    waiter = undefined
    abandonRing()
  }
}

let waiter: ResultWaiter | undefined

function watchResults(current: Ring): void {
  if (runningCount === 0) {
    if (waiter !== undefined) cancel(current.eventFd, READABLE, waiter)
    waiter = undefined
    return
  }
  if (waiter !== undefined) return
  // Results that have been reaped are among the events. A result that comes after this makes the eventfd readable again.
  drainEvents(current)
  if (current.hasResults) {
    if (!isFlushScheduled) scheduleFlush()
    return
  }
  waiter = new ResultWaiter()
  try {
    wait(current.eventFd, READABLE, waiter)
  } catch {
    // There is no descriptor for the poller, for example.
    waiter = undefined
    setTimeout(flushInNextTurn, 1)
  }
}

const eventMemory = ownMemory(8)
const eventAddress = addressOf(eventMemory)

/** Returns whether there were any events. */
function drainEvents(current: Ring): boolean {
  return libc.read(current.eventFd, eventAddress, 8) === 8
}

/** The program has closed a descriptor of the ring: what it has under way cannot be known any more. */
function abandonRing(): void {
  const lost = running.filter((one) => one !== undefined)
  const left = queued.slice(next)
  ring = null
  noteUnused('the program has closed its descriptor')
  forgetAll()
  for (const { job } of lost) job.failedToStart(osError(EBADF, 'io_uring_enter'))
  for (const job of left) inBackground(job)
}

function forgetAll(): void {
  queued = []
  next = 0
  running = []
  runningCount = 0
  waiter = undefined
}

/** Runs in a forked child. The operations are the parent's, and so are their promises; the child opens its own ring. */
function resetAfterFork(): void {
  if (ring != null) {
    libc.close(ring.fd)
    libc.close(ring.eventFd)
  }
  ring = undefined
  isRefused = false
  forgetAll()
  forgetSlots()
}
