import { libc } from '../functions.ts'
import { threadPoolSize } from '../node.ts'
import { isAsleep, linksOf, readProc, threadsOf } from './proc.ts'
import { v8Workers } from './v8_workers.ts'

/** The threads of this process other than the calling one, which is the only thread of a child. */

/** The main thread, the thread for V8's delayed tasks, and the one that waits for the inspector's signal. */
const THREADS_OF_NODE = 3
/** The names of Node threads, which all have one since version 24: in some versions with the program's name as a prefix. */
const NAMES_OF_NODE = /^(node-)?(V8Worker|DelayedTaskSche|SignalInspector|libuv-worker)/
const NAME_OF_V8_WORKERS = /^(node-)?V8Worker/
/**
 * The names of Node threads that serve a debugger or a profiler. They are watched as worker threads are, since they may
 * hold locks, but the program did not start them: they are no reason for a warning.
 */
const NAMES_OF_TOOLS = /^(node-)?(InspectorIo|v8:ProfEvntProc)/

/** The ids of permanent Node threads. Their names are read once. */
const threadIdsOfNode = new Set<string>()
/** The ids of threads that did not end while they were waited for. */
const permanentThreads = new Set<string>()
let hasNames: boolean | undefined
let usualCount = THREADS_OF_NODE
/**
 * The link count of the threads' directory when it contained only Node's permanent threads: two more than the number of
 * threads. As long as the count is the same there are no other threads, and reading it is faster than listing the
 * directory.
 */
let linksOfNode = -1
const NONE: readonly string[] = []
/** Replaces a set in the parent, where no ids are forgotten. */
const NO_IDS = new Set<string>()

/**
 * Runs in the child, which has other threads, whose ids may equal those of the parent's. The inspector's thread is not
 * restarted.
 */
export function forgetThreads(isChild: boolean): void {
  ;(isChild ? threadIdsOfNode : NO_IDS).clear()
  ;(isChild ? permanentThreads : NO_IDS).clear()
  if (!isChild) return
  usualCount = THREADS_OF_NODE - 1
  linksOfNode = -1
}

/**
 * Waits for temporary threads of Node. Since version 24 Node reads certificates on some: they have files open, and hold
 * the lock that every TLS connection needs. (Regression: children that were forked meanwhile hung at their first
 * connection.)
 *
 * @returns whether threads other than Node's remain: they may hold locks that a child needs
 */
export function settleThreads(): boolean {
  const others = otherThreads().filter((thread) => !NAMES_OF_TOOLS.test(nameOf(thread)))
  if (others.length === 0) return false
  const named = others.filter(isNamed)
  const left = awaitEnd(others.filter((thread) => !named.includes(thread)))
  return named.length > 0 || left.length > 0
}

/**
 * The ids of threads that may run JavaScript, as worker threads do: those with names; where no thread has a name, all.
 */
export function threadsOfJavaScript(): readonly string[] {
  const others = otherThreads()
  if (hasNames !== false) return others.filter(isNamed)
  if (others.length === 0) return []
  return threadsOf('self').filter((thread) => thread !== String(process.pid) && !isOfKernel(thread))
}

/** The ids of the threads that Node started with, including V8's workers: the kernel lists the oldest first. */
export function oldestThreads(): readonly string[] {
  return threadsOf('self').slice(0, usualCount + v8Workers().count)
}

/**
 * Whether a thread has a name of its own. By default it has the name of the thread that started it; an ended one has
 * none.
 */
function isNamed(thread: string): boolean {
  if (hasNames === false) return true
  const name = nameOf(thread)
  return name !== '' && name !== readProc('/proc/self/comm')
}

/** The threads that Node did not start; without thread names, those in excess of the number Node has without its pool. */
function otherThreads(): readonly string[] {
  const links = linksOf('/proc/self/task')
  if (links === linksOfNode) return NONE
  const threads = threadsOf('self')
  const others = othersAmong(threads)
  // The kernel's threads come and go, and others of the same number may take their place.
  const isUsual = others.length === 0 && links === threads.length + 2 && !threads.some(isOfKernel)
  if (isUsual) linksOfNode = links
  return others
}

function othersAmong(threads: readonly string[]): readonly string[] {
  // V8's workers exist from the start. Node 22 names another thread, but not these.
  hasNames ??= threads.some((thread) => NAME_OF_V8_WORKERS.test(nameOf(thread)))
  if (hasNames) return othersByName(threads)
  const others = threads.slice(usualCount + v8Workers().count).filter((thread) => !isOfKernel(thread))
  // Without names only the number is known: libuv's pool has all of its threads, or has not been started.
  return others.length === threadPoolSize() ? [] : others
}

/** A thread of Node that has not set its name yet, as on a busy machine, is recognised by its age. */
function othersByName(threads: readonly string[]): readonly string[] {
  const others = threads.filter((thread) => !isOfNode(thread) && !isOfKernel(thread))
  if (others.length === 0 || others.every(isNamed)) return others
  const oldest = threads.slice(0, usualCount + v8Workers().count)
  for (const thread of others) if (oldest.includes(thread) && !isNamed(thread)) threadIdsOfNode.add(thread)
  return others.filter((thread) => !threadIdsOfNode.has(thread))
}

function isOfNode(thread: string): boolean {
  if (threadIdsOfNode.has(thread)) return true
  const isKnown = thread === String(process.pid) || NAMES_OF_NODE.test(nameOf(thread))
  if (isKnown) threadIdsOfNode.add(thread)
  return isKnown
}

/** Whether a thread is one that the kernel runs for io_uring: it executes no code of this process, and has no locks. */
function isOfKernel(thread: string): boolean {
  return nameOf(thread).startsWith('iou-')
}

function nameOf(thread: string): string {
  return readProc(`/proc/self/task/${thread}/comm`)
}

/** How long to wait for busy threads, in milliseconds. Reading certificates usually takes a tenth of it. */
const TIMEOUT = 2000
/**
 * How long a thread must sleep before it is considered permanent, in milliseconds. On a busy machine a temporary thread
 * may wait for a lock for some tens of milliseconds.
 */
const SLEEP_LIMIT = 100
/** The polling interval, in milliseconds. */
const POLL_INTERVAL = 1

/**
 * Waits for threads to end. This is tried once for each thread.
 *
 * They are watched together: a thread that reads certificates waits for a lock that another one holds, and sleeps as
 * long as that one is busy, on a busy machine longer than the limit for a single thread.
 *
 * @returns the threads that remain
 */
function awaitEnd(threads: readonly string[]): readonly string[] {
  let left = threads.filter((thread) => !permanentThreads.has(thread))
  let lastSchedules = ''
  let sleptSince = 0
  for (
    const deadline = performance.now() + TIMEOUT;
    left.length > 0 && performance.now() < deadline;
    libc.usleep(POLL_INTERVAL * 1000)
  ) {
    left = left.filter((thread) => scheduleOf(thread) !== '')
    const schedules = left.map(scheduleOf).join()
    const now = performance.now()
    if (schedules !== lastSchedules) [lastSchedules, sleptSince] = [schedules, now]
    else if (now - sleptSince > SLEEP_LIMIT && left.every((thread) => isAsleep(`/proc/self/task/${thread}`))) break
  }
  for (const thread of left) permanentThreads.add(thread)
  return threads.filter((thread) => permanentThreads.has(thread))
}

/** The content of a thread's schedstat; '' where the thread has ended. */
function scheduleOf(thread: string): string {
  return readProc(`/proc/self/task/${thread}/schedstat`)
}
