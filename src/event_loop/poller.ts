import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf, ownMemory } from '../libc/memory.ts'
import type { Watch } from '../libc/poll_handle.ts'
import { pollerHooks } from './poller_hooks.ts'
import { watchEpoll } from './watch_epoll.ts'

/**
 * Reports when descriptors are ready, in the event loop of this thread.
 *
 * One epoll instance watches the callers' descriptors, and the event loop watches only that instance, so libuv never
 * handles a caller's descriptor. libuv would set O_NONBLOCK on it, for every process that shares the open file
 * description (a shell its terminal, a child its pipe). It allows one watcher for each descriptor, and Node may have
 * that already. And it aborts the process when a watched descriptor is closed. (libuv, src/unix/poll.c: uv_poll_init;
 * src/unix/linux.c: uv__io_poll.)
 *
 * Waiters are served in the order in which they came, and each does its work when it is served. So two readers of one
 * descriptor get their data in order, and no abort can come between the read and the promise.
 */

const { EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLONESHOT, EPOLL_CLOEXEC } = constants
const { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL } = constants
const { ENOENT, EBADF } = errnoNumbers

export const READABLE: number = EPOLLIN
export const WRITABLE: number = EPOLLOUT

/** Errors make a descriptor ready for all events: the call that follows reports the error. */
const TROUBLE = EPOLLERR | EPOLLHUP

/** An operation that waits for a descriptor. */
export interface Waiter {
  /** Whether the wait keeps the process alive. */
  readonly ref: boolean
  /**
   * Called when the descriptor is ready. Returns true when the operation is done; false when it has to wait again,
   * because another reader or writer was faster.
   */
  attempt(): boolean
  /** Called when the descriptor can no longer be waited for. */
  fail(error: Error): void
}

/** A descriptor that has, or has had, waiters. */
interface Watched {
  readonly fd: number
  /** Counts the open files that had this number: events of an earlier one are ignored. */
  generation: number
  /** Whether the descriptor is registered with the epoll instance. */
  isAdded: boolean
  readonly readers: Waiter[]
  readonly writers: Waiter[]
  /** Whether the last read returned less than was asked for, so that another read would probably find no data. */
  isDrained: boolean
  /** How many events in a row were reported without any waiter being able to proceed. */
  fruitless: number
}

const EVENT = structs.epoll_event.size
const { events: EVENTS, data: DATA } = structs.epoll_event.offsets
/** How many events one epoll_wait returns at most. */
const MOST = 256

// Memory of this module alone: the waiters use scratch memory.
const memory = ownMemory(EVENT * (MOST + 1))
const address = addressOf(memory)
const words = new Int32Array(memory.buffer, memory.byteOffset, memory.length >> 2)
/** Offset of the argument of epoll_ctl, behind the events of epoll_wait. */
const GIVEN = EVENT * MOST

let epoll = -1
let loop: Watch | undefined
/** The number of waiters that keep the process alive. */
let refs = 0
/** The watched descriptors, by number. It grows to the highest number of descriptors that were waited for at a time. */
const table = new Map<number, Watched>()

function open(): Watch {
  const fd = libc.epoll_create1(EPOLL_CLOEXEC)
  if (fd === -1) throw osError(lastErrno(), 'epoll_create1')
  loop = watchEpoll(fd, beginTurn)
  epoll = fd
  pollerHooks.onClose = closes
  pollerHooks.onFork = forked
  return loop
}

/**
 * Adds a waiter for a descriptor. Its `attempt` is called whenever the descriptor is ready, until it returns true.
 *
 * @param events READABLE or WRITABLE
 * @throws OSError PermissionError where the descriptor cannot be polled (regular files, directories, /dev/null); EBADF
 */
export function wait(fd: number, events: number, waiter: Waiter): void {
  if (loop === undefined) open()
  const known = table.get(fd)
  const watched = known ?? {
    fd,
    generation: 0,
    isAdded: false,
    readers: [],
    writers: [],
    isDrained: false,
    fruitless: 0,
  }
  arm(watched, events | wantedEvents(watched))
  if (known === undefined) table.set(fd, watched)
  queueOf(watched, events).push(waiter)
  if (waiter.ref && refs++ === 0) loop?.ref()
}

/** Whether an immediate attempt is worthwhile: not where other operations already wait for the descriptor. */
export function isWorthTrying(fd: number, events: number): boolean {
  const watched = table.get(fd)
  if (watched === undefined) return true
  return queueOf(watched, events).length === 0 && !(events === READABLE && watched.isDrained)
}

/** Records whether a read has emptied a descriptor. This saves the next waiter a call that would fail. */
export function noteDrained(fd: number, isDrained: boolean): void {
  const watched = table.get(fd)
  if (watched !== undefined) watched.isDrained = isDrained
}

/** Removes a waiter. The kernel may still report the descriptor once; that event is ignored. */
export function cancel(fd: number, events: number, waiter: Waiter): void {
  const watched = table.get(fd)
  if (watched === undefined) return
  const queue = queueOf(watched, events)
  const index = queue.indexOf(waiter)
  if (index === -1) return
  queue.splice(index, 1)
  leave(waiter)
}

function queueOf(watched: Watched, events: number): Waiter[] {
  return events === READABLE ? watched.readers : watched.writers
}

function wantedEvents({ readers, writers }: Watched): number {
  return (readers.length > 0 ? READABLE : 0) | (writers.length > 0 ? WRITABLE : 0)
}

function leave(waiter: Waiter): void {
  if (waiter.ref && --refs === 0) loop?.unref()
}

/** Requests one notification (EPOLLONESHOT) for the given events. */
function arm(watched: Watched, events: number): void {
  if (watched.isAdded) {
    if (control(EPOLL_CTL_MOD, watched, events) === 0) return
    const errno = lastErrno()
    // The descriptor was closed without a call of this library. Its number may belong to another file now, which the
    // waiters of the old one must not read.
    const error = osError(errno === ENOENT ? EBADF : errno, 'epoll_ctl', watched.fd)
    watched.isAdded = false
    watched.isDrained = false
    dismiss(watched, error)
    if (errno !== ENOENT) throw error
  }
  watched.generation = (watched.generation + 1) | 0
  if (control(EPOLL_CTL_ADD, watched, events) !== 0) throw osError(lastErrno(), 'epoll_ctl', watched.fd)
  watched.isAdded = true
}

function control(operation: number, { fd, generation }: Watched, events: number): number {
  words[(GIVEN + EVENTS) >> 2] = events | EPOLLONESHOT
  words[(GIVEN + DATA) >> 2] = fd
  words[(GIVEN + DATA + 4) >> 2] = generation
  return libc.epoll_ctl(epoll, operation, fd, address + GIVEN)
}

/** Rejects all waiters of a descriptor that will not become ready. */
function dismiss(watched: Watched, error: Error): void {
  for (const queue of [watched.readers, watched.writers]) {
    for (const waiter of queue.splice(0)) {
      leave(waiter)
      waiter.fail(error)
    }
  }
}

/** How many events are served in one turn of the event loop before other work of the loop runs. */
const IN_A_TURN = 64
let servedInTurn = 0

/** Called by the event loop when the epoll instance has events. Those beyond the limit are served in the next turn. */
function beginTurn(): void {
  servedInTurn = 0
  dispatch()
}

/**
 * Code that handles the data often makes the next descriptor ready, and a turn of the event loop costs more than all
 * other work here. So the epoll instance is polled again after the microtasks of the resolved promises have run: a tick
 * requested from a microtask runs after them.
 */
function dispatchAgain(): void {
  process.nextTick(dispatch)
}

function dispatch(): void {
  const count = libc.epoll_wait(epoll, address, MOST, 0)
  servedInTurn += count
  if (count > 0 && servedInTurn < IN_A_TURN) queueMicrotask(dispatchAgain)
  for (let at = 0; at < count * EVENT; at += EVENT) {
    const events = words[(at + EVENTS) >> 2] as number
    const watched = table.get(words[(at + DATA) >> 2] as number)
    if (watched === undefined || watched.generation !== words[(at + DATA + 4) >> 2]) continue
    const readers = (events & (READABLE | TROUBLE)) === 0 || serve(watched.readers)
    const writers = (events & (WRITABLE | TROUBLE)) === 0 || serve(watched.writers)
    watched.fruitless = readers && writers ? 0 : watched.fruitless + 1
    goOn(watched)
  }
}

/** Serves waiters until one has to wait again. Returns whether at least one was served, or the queue was empty. */
function serve(queue: Waiter[]): boolean {
  if (queue.length === 0) return true
  let served = false
  for (let first = queue[0]; first?.attempt() === true; first = queue[0]) {
    queue.shift()
    leave(first)
    served = true
  }
  return served
}

/** How many futile events in a row are tolerated before the poller pauses between them. */
const PATIENCE = 4
/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 32

/**
 * Continues to watch a descriptor that has waiters. Some descriptors are reported ready although no waiter can proceed
 * (an event counter whose value leaves no room for the addend, a child that a debugger holds). They would keep the
 * event loop busy, so they are polled at growing intervals.
 */
function goOn(watched: Watched): void {
  if (wantedEvents(watched) === 0) return
  const pause = Math.min(2 ** (watched.fruitless - PATIENCE), LONGEST_PAUSE)
  if (watched.fruitless < PATIENCE) armAgain(watched)
  else setTimeout(armAgain, pause, watched).unref()
}

function armAgain(watched: Watched): void {
  const wanted = wantedEvents(watched)
  if (wanted === 0) return
  try {
    if (watched.isAdded && control(EPOLL_CTL_MOD, watched, wanted) === 0) return
    throw osError(EBADF, 'epoll_ctl', watched.fd)
  } catch (error) {
    watched.isAdded = false
    dismiss(watched, error as Error)
  }
}

/** Descriptors are about to be closed, or have just been closed: they will not report any more events. */
function closes(first: number, last: number): void {
  if (first !== last) {
    for (const fd of table.keys()) if (fd >= first && fd <= last) closes(fd, fd)
    return
  }
  const watched = table.get(first)
  if (watched === undefined || !watched.isAdded) return
  // The open file description may still be referenced by another descriptor or process: the kernel would then keep the
  // registration.
  control(EPOLL_CTL_DEL, watched, 0)
  watched.isAdded = false
  watched.isDrained = false
  watched.fruitless = 0
  dismiss(watched, osError(EBADF, 'close', first))
}

/**
 * Runs in a forked child. The inherited epoll instance belongs to the parent, and the child would consume the parent's
 * events. A new instance of the child takes its number; libuv has not polled it in the child yet. The parent keeps its
 * waiters and their events.
 */
function forked(): void {
  for (const { readers, writers } of table.values()) {
    readers.length = 0
    writers.length = 0
  }
  table.clear()
  if (refs > 0) loop?.unref()
  refs = 0
  const fd = libc.epoll_create1(EPOLL_CLOEXEC)
  if (fd === -1) throw osError(lastErrno(), 'epoll_create1')
  libc.dup3(fd, epoll, constants.O_CLOEXEC)
  libc.close(fd)
}
