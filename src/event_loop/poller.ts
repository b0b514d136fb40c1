import { lastErrno, osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { aboveStandardStreams } from '../libc/low_descriptors.ts'
import { addressOf, ownMemory } from '../libc/memory.ts'
import type { Watch } from '../libc/poll_handle.ts'
import { addCloseListener, addForkListener, descriptorEvents } from './descriptor_events.ts'
import { Queue, type QueueItem } from './queue.ts'
import { beginSharedWait, endSharedWait, listenToClosesElsewhere } from './shared_waits.ts'
import { watchEpoll } from './watch_epoll.ts'

/**
 * Reports when descriptors are ready, in the event loop of this thread.
 *
 * One epoll instance watches the callers' descriptors, and the event loop watches only that instance, so libuv never
 * handles a caller's descriptor. libuv would set O_NONBLOCK on it [1], for every process that shares the open file
 * description (a shell its terminal, a child its pipe). It allows one watcher for each descriptor [2], and Node may have
 * that already. And it aborts the process when a watched descriptor is closed [3].
 *
 * Waiters are served in the order in which they came, and each does its work when it is served. So two readers of one
 * descriptor get their data in order, and no abort can come between the read and the promise.
 *
 * [1] https://github.com/libuv/libuv/blob/v1.46.0/src/unix/poll.c#L81
 * [2] https://github.com/libuv/libuv/blob/v1.46.0/src/unix/poll.c#L71
 * [3] https://github.com/libuv/libuv/blob/v1.46.0/src/unix/linux.c#L1155-L1156
 */

const { EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLONESHOT, EPOLL_CLOEXEC } = constants
const { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL } = constants
const { EBADF, ENOENT, EPERM } = errnoNumbers

export const READABLE: number = EPOLLIN
export const WRITABLE: number = EPOLLOUT

/** Errors make a descriptor ready for all events: the call that follows reports the error. */
const ERROR_EVENTS = EPOLLERR | EPOLLHUP

/** An operation that waits for a descriptor. */
export interface Waiter extends QueueItem {
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
interface WatchedDescriptor {
  readonly fd: number
  /** Counts the open files that had this number: events of an earlier one are ignored. */
  generation: number
  /** Whether the descriptor is registered with the epoll instance. */
  isAdded: boolean
  readonly readers: Queue<Waiter>
  readonly writers: Queue<Waiter>
  /** Whether the last read returned less than was asked for, so that another read would probably find no data. */
  isDrained: boolean
  /** How many events in a row were reported without any waiter being able to proceed. */
  futileEvents: number
}

const EVENT = structs.epoll_event.size
const { events: EVENTS, data: DATA } = structs.epoll_event.offsets
/** How many events one epoll_wait returns at most. */
const MAX_EVENTS = 256

// Memory of this module alone: the waiters use scratch memory.
const eventMemory = ownMemory(EVENT * (MAX_EVENTS + 1))
const eventAddress = addressOf(eventMemory)
const eventWords = new Int32Array(eventMemory.buffer, eventMemory.byteOffset, eventMemory.length >> 2)
/** Offset of the argument of epoll_ctl, behind the events of epoll_wait. */
const CTL_EVENT = EVENT * MAX_EVENTS

let epoll = -1
let loop: Watch | undefined
/** The number of waiters that keep the process alive. */
let referenceCount = 0
/** The watched descriptors, by number. It grows to the highest number of descriptors that were waited for at a time. */
const watchedDescriptors = new Map<number, WatchedDescriptor>()

function openPoller(): Watch {
  const fd = aboveStandardStreams(libc.epoll_create1(EPOLL_CLOEXEC))
  if (fd === -1) throw osError(lastErrno(), 'epoll_create1')
  loop = watchEpoll(fd, beginTurn)
  epoll = fd
  descriptorEvents.pollerFd = fd
  addCloseListener(onDescriptorsClosed)
  addForkListener(resetAfterFork)
  listenToClosesElsewhere(checkFiles)
  return loop
}

/**
 * Adds a waiter for a descriptor. Its `attempt` is called whenever the descriptor is ready, until it returns true.
 *
 * @param events READABLE or WRITABLE
 * @throws OSError PermissionError where the descriptor cannot be polled (regular files, directories, /dev/null); EBADF
 */
export function wait(fd: number, events: number, waiter: Waiter): void {
  if (loop === undefined) openPoller()
  const known = watchedDescriptors.get(fd)
  const watched = known ?? {
    fd,
    generation: 0,
    isAdded: false,
    readers: new Queue(),
    writers: new Queue(),
    isDrained: false,
    futileEvents: 0,
  }
  arm(watched, events | wantedEvents(watched))
  if (known === undefined) watchedDescriptors.set(fd, watched)
  queueOf(watched, events).push(waiter)
  if (waiter.ref && referenceCount++ === 0) loop?.ref()
}

/** Whether an immediate attempt is worthwhile: not where other operations already wait for the descriptor. */
export function isWorthTrying(fd: number, events: number): boolean {
  const watched = watchedDescriptors.get(fd)
  if (watched === undefined) return true
  return queueOf(watched, events).first === null && !(events === READABLE && watched.isDrained)
}

/** Records whether a read has emptied a descriptor. This saves the next waiter a call that would fail. */
export function noteDrained(fd: number, isDrained: boolean): void {
  const watched = watchedDescriptors.get(fd)
  if (watched !== undefined) watched.isDrained = isDrained
}

/** Removes a waiter. The kernel may still report the descriptor once; that event is ignored. */
export function cancel(fd: number, events: number, waiter: Waiter): void {
  const watched = watchedDescriptors.get(fd)
  if (watched === undefined || !queueOf(watched, events).remove(waiter)) return
  releaseReference(waiter)
}

function queueOf(watched: WatchedDescriptor, events: number): Queue<Waiter> {
  return events === READABLE ? watched.readers : watched.writers
}

function wantedEvents({ readers, writers }: WatchedDescriptor): number {
  return (readers.first === null ? 0 : READABLE) | (writers.first === null ? 0 : WRITABLE)
}

function releaseReference(waiter: Waiter): void {
  if (waiter.ref && --referenceCount === 0) loop?.unref()
}

/** Requests one notification (EPOLLONESHOT) for the given events. */
function arm(watched: WatchedDescriptor, events: number): void {
  if (watched.isAdded) {
    if (control(EPOLL_CTL_MOD, watched, events) === 0) return
    const errno = lastErrno()
    // The descriptor was closed without a call of this library. Its number may belong to another file now, which the
    // waiters of the old one must not read.
    // EPERM: that cannot be polled.
    const isOtherFile = errno === ENOENT || errno === EPERM
    setAdded(watched, false)
    watched.isDrained = false
    rejectWaiters(watched, osError(isOtherFile ? EBADF : errno, 'epoll_ctl', watched.fd))
    if (errno !== ENOENT) throw osError(errno, 'epoll_ctl', watched.fd)
  }
  watched.generation = (watched.generation + 1) | 0
  if (control(EPOLL_CTL_ADD, watched, events) !== 0) throw osError(lastErrno(), 'epoll_ctl', watched.fd)
  setAdded(watched, true)
}

function setAdded(watched: WatchedDescriptor, isAdded: boolean): void {
  if (watched.isAdded === isAdded) return
  watched.isAdded = isAdded
  if (isAdded) beginSharedWait(watched.fd)
  else endSharedWait(watched.fd)
}

/** Other threads have closed descriptors: rejects the waiters of those that have lost their file. */
function checkFiles(): void {
  for (const watched of watchedDescriptors.values()) {
    if (watched.isAdded && wantedEvents(watched) !== 0 && isSameFile(watched)) rearm(watched)
  }
}

function control(operation: number, { fd, generation }: WatchedDescriptor, events: number): number {
  eventWords[(CTL_EVENT + EVENTS) >> 2] = events | EPOLLONESHOT
  eventWords[(CTL_EVENT + DATA) >> 2] = fd
  eventWords[(CTL_EVENT + DATA + 4) >> 2] = generation
  return libc.epoll_ctl(epoll, operation, fd, eventAddress + CTL_EVENT)
}

/** Rejects all waiters of a descriptor that will not become ready. */
function rejectWaiters(watched: WatchedDescriptor, error: Error): void {
  for (const queue of [watched.readers, watched.writers]) {
    for (let waiter = queue.first; waiter !== null; waiter = queue.first) {
      queue.remove(waiter)
      releaseReference(waiter)
      waiter.fail(error)
    }
  }
}

/** How many events are served in one turn of the event loop before other work of the loop runs. */
const MAX_EVENTS_PER_TURN = 64
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
function scheduleDispatch(): void {
  process.nextTick(dispatch)
}

function dispatch(): void {
  const count = libc.epoll_wait(epoll, eventAddress, MAX_EVENTS, 0)
  servedInTurn += count
  if (count > 0 && servedInTurn < MAX_EVENTS_PER_TURN) queueMicrotask(scheduleDispatch)
  for (let at = 0; at < count * EVENT; at += EVENT) {
    const events = eventWords[(at + EVENTS) >> 2] as number
    const watched = watchedDescriptors.get(eventWords[(at + DATA) >> 2] as number)
    if (watched === undefined || watched.generation !== eventWords[(at + DATA + 4) >> 2]) continue
    // Without waiters the registration stays disarmed: EPOLL_CTL_MOD would arm EPOLLHUP again, which does not end.
    if (wantedEvents(watched) === 0 || !isSameFile(watched)) continue
    const readers = (events & (READABLE | ERROR_EVENTS)) === 0 || serveQueue(watched.readers)
    const writers = (events & (WRITABLE | ERROR_EVENTS)) === 0 || serveQueue(watched.writers)
    watched.futileEvents = readers && writers ? 0 : watched.futileEvents + 1
    rearmOrPause(watched)
  }
}

/**
 * Whether the number still belongs to the open file that was waited for. It may have been closed without a call of this
 * library while a duplicate keeps the open file alive, and the number may belong to another file now: the kernel then
 * knows no registration of that file under this number. The waiters are rejected.
 */
function isSameFile(watched: WatchedDescriptor): boolean {
  if (control(EPOLL_CTL_MOD, watched, 0) === 0) return true
  setAdded(watched, false)
  watched.isDrained = false
  rejectWaiters(watched, osError(EBADF, 'epoll_ctl', watched.fd))
  return false
}

/** Serves waiters until one has to wait again. Returns whether at least one was served, or the queue was empty. */
function serveQueue(queue: Queue<Waiter>): boolean {
  let { first } = queue
  if (first === null) return true
  let served = false
  while (first?.attempt()) {
    // Its own attempt may have removed it, where it serves several waiters.
    if (queue.remove(first)) releaseReference(first)
    served = true
    first = queue.first
  }
  return served
}

/** How many futile events in a row are tolerated before the poller pauses between them. */
const MAX_FUTILE_EVENTS = 4
/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 32

/**
 * Continues to watch a descriptor that has waiters. Some descriptors are reported ready although no waiter can proceed
 * (an event counter whose value leaves no room for the addend, a child that a debugger holds). They would keep the
 * event loop busy, so they are polled at growing intervals.
 */
function rearmOrPause(watched: WatchedDescriptor): void {
  if (wantedEvents(watched) === 0) return
  const pause = Math.min(2 ** (watched.futileEvents - MAX_FUTILE_EVENTS), LONGEST_PAUSE)
  if (watched.futileEvents < MAX_FUTILE_EVENTS) rearm(watched)
  else setTimeout(rearm, pause, watched).unref()
}

function rearm(watched: WatchedDescriptor): void {
  const wanted = wantedEvents(watched)
  if (wanted === 0) return
  try {
    if (watched.isAdded && control(EPOLL_CTL_MOD, watched, wanted) === 0) return
    throw osError(EBADF, 'epoll_ctl', watched.fd)
  } catch (error) {
    setAdded(watched, false)
    rejectWaiters(watched, error as Error)
  }
}

/** Descriptors are about to be closed, or have just been closed: they will not report any more events. */
function onDescriptorsClosed(first: number, last: number): void {
  if (first !== last) {
    for (const fd of watchedDescriptors.keys()) if (fd >= first && fd <= last) onDescriptorsClosed(fd, fd)
    return
  }
  const watched = watchedDescriptors.get(first)
  if (watched === undefined || !watched.isAdded) return
  // The open file description may still be referenced by another descriptor or process: the kernel would then keep the
  // registration.
  control(EPOLL_CTL_DEL, watched, 0)
  setAdded(watched, false)
  watched.isDrained = false
  watched.futileEvents = 0
  rejectWaiters(watched, osError(EBADF, 'close', first))
}

/**
 * Runs in a forked child. The inherited epoll instance belongs to the parent, and the child would consume the parent's
 * events. A new instance of the child takes its number; libuv has not polled it in the child yet. The parent keeps its
 * waiters and their events.
 */
function resetAfterFork(): void {
  for (const { readers, writers } of watchedDescriptors.values()) {
    readers.clear()
    writers.clear()
  }
  watchedDescriptors.clear()
  if (referenceCount > 0) loop?.unref()
  referenceCount = 0
  const fd = libc.epoll_create1(EPOLL_CLOEXEC)
  if (fd === -1) throw osError(lastErrno(), 'epoll_create1')
  libc.dup3(fd, epoll, constants.O_CLOEXEC)
  libc.close(fd)
}
