import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf, ownMemory } from '../libc/memory.ts'
import type { Watch } from '../libc/poll_handle.ts'
import { pollerHooks } from './poller_hooks.ts'
import { watchEpoll } from './watch_epoll.ts'

/**
 * Tells when descriptors are ready, in the event loop of this thread.
 *
 * One epoll instance is ours, and the loop watches nothing but that, so libuv never sees a caller's descriptor. It
 * would set O_NONBLOCK on it, for every process that shares the open file (a shell its terminal, a child its pipe); it
 * allows one watcher for each, and Node may have that already; and it ends the process where somebody closes one that
 * is watched.
 *
 * Who waits is asked in turn, first come, first served, and does its work on the spot. So of two that read one
 * descriptor each gets what it asked for in order, and nobody can be aborted between the data and the promise.
 */

const { EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLONESHOT, EPOLL_CLOEXEC } = constants
const { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL } = constants
const { ENOENT, EBADF } = errnoNumbers

export const READABLE: number = EPOLLIN
export const WRITABLE: number = EPOLLOUT

/** Errors make a descriptor ready for everything: the call that then fails tells. */
const TROUBLE = EPOLLERR | EPOLLHUP

/** Somebody who waits. */
export interface Waiter {
  /** Whether the process stays alive for it. */
  readonly ref: boolean
  /**
   * The descriptor is ready. Does what was waited for: true; or goes on waiting, since somebody else was faster: false.
   */
  attempt(): boolean
  /** There is no more waiting for it. */
  fail(error: Error): void
}

/** A descriptor that somebody waits for, or has waited for. */
interface Watched {
  readonly fd: number
  /** Counts the open files that had this number: an event of an earlier one means nothing. */
  generation: number
  /** Whether the kernel has it. */
  isAdded: boolean
  readonly readers: Waiter[]
  readonly writers: Waiter[]
  /**
   * Whether the last one who read found less than there was room for, so that the next one will hardly find anything.
   */
  isDrained: boolean
  /** How often in a row it was said to be ready, and nobody could do anything. */
  fruitless: number
}

const EVENT = structs.epoll_event.size
const { events: EVENTS, data: DATA } = structs.epoll_event.offsets
/** How many events are taken at once. */
const MOST = 256

// Of this module alone: scratch memory is what the waiters use.
const memory = ownMemory(EVENT * (MOST + 1))
const address = addressOf(memory)
const words = new Int32Array(memory.buffer, memory.byteOffset, memory.length >> 2)
/** What is handed to epoll_ctl, behind what epoll_wait fills. */
const GIVEN = EVENT * MOST

let epoll = -1
let loop: Watch | undefined
/** For how many waiters the process has to stay alive. */
let refs = 0
/** By descriptor. It grows to as many as were open at a time, and no further. */
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
 * Waits for a descriptor: the waiter is asked once it is ready, and again each time until it is content.
 *
 * @param events READABLE or WRITABLE
 * @throws OSError PermissionError where there is nothing to wait for (files on disk, directories, /dev/null); EBADF
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

/** Whether there is any point in trying before the descriptor is ready: not where others wait for that already. */
export function isWorthTrying(fd: number, events: number): boolean {
  const watched = table.get(fd)
  if (watched === undefined) return true
  return queueOf(watched, events).length === 0 && !(events === READABLE && watched.isDrained)
}

/** Notes whether who has just read a descriptor has left nothing: a call in vain is saved for each that waits. */
export function noteDrained(fd: number, isDrained: boolean): void {
  const watched = table.get(fd)
  if (watched !== undefined) watched.isDrained = isDrained
}

/** Waits no longer. The kernel may still say once that the descriptor is ready: then nobody listens. */
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

/** Asks the kernel to say once, and then no more, when one of the events comes. */
function arm(watched: Watched, events: number): void {
  if (watched.isAdded) {
    if (control(EPOLL_CTL_MOD, watched, events) === 0) return
    const errno = lastErrno()
    // It has been closed behind our back. If its number is another file's now, who waited for the old one must not read
    // that.
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

/** Tells all that wait for a descriptor that it will not become ready. */
function dismiss(watched: Watched, error: Error): void {
  for (const queue of [watched.readers, watched.writers]) {
    for (const waiter of queue.splice(0)) {
      leave(waiter)
      waiter.fail(error)
    }
  }
}

/** How many events may be served in one turn of the event loop before others have theirs. */
const IN_A_TURN = 64
let servedInTurn = 0

/** Called by the event loop when the kernel has something to say. More than are taken at once come in the next turn. */
function beginTurn(): void {
  servedInTurn = 0
  dispatch()
}

/**
 * What is done with the data often makes the next descriptor ready at once, and a turn of the loop takes longer than
 * all the rest. So the kernel is asked again when those who have been served have had their say: behind all microtasks,
 * that is, where a tick comes that a microtask has asked for.
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

/**
 * Asks those who wait, until one has to go on waiting. Returns whether there was anything to be had, or nobody there.
 */
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

/** After that many times in vain it is no accident any more. */
const PATIENCE = 4
/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 32

/**
 * Waits on, where somebody does. A descriptor that is always said to be ready, and never is (an event counter without
 * room for what is to be added, a child that a debugger holds on to), would keep the loop spinning: it is looked at now
 * and then.
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

/** Descriptors are about to be closed, or have just been: nothing will come from them any more. */
function closes(first: number, last: number): void {
  if (first !== last) {
    for (const fd of table.keys()) if (fd >= first && fd <= last) closes(fd, fd)
    return
  }
  const watched = table.get(first)
  if (watched === undefined || !watched.isAdded) return
  // The open file may live on under another number, or in another process: then the kernel would keep it.
  control(EPOLL_CTL_DEL, watched, 0)
  watched.isAdded = false
  watched.isDrained = false
  watched.fruitless = 0
  dismiss(watched, osError(EBADF, 'close', first))
}

/**
 * In a forked child. The epoll instance is the parent's, and would hand the parent's events to whoever asks first. One
 * of the child's own takes its number: libuv has not looked at it again yet. What the parent waits for comes to the
 * parent.
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
