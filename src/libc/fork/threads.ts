import { libc } from '../functions.ts'
import { threadPoolSize } from '../node.ts'
import { isAsleep, linksOf, readProc, threadsOf } from './proc.ts'
import { v8Workers } from './v8_workers.ts'

/** The threads of this process beside the one that forks, which is all that a child has. */

/** The main thread, the one that keeps time for V8's workers, and the one that waits for the inspector's signal. */
const THREADS_OF_NODE = 3
/** Since version 22 Node's threads have names: first that of the program, in some versions. */
const NAMES_OF_NODE = /^(node-)?(V8Worker|DelayedTaskSche|SignalInspector|libuv-worker)/

/** The ids of Node's own threads, which stay: what they are called is asked once. */
const ofNode = new Set<string>()
/** The ids of threads that have been waited for in vain. */
const staying = new Set<string>()
let hasNames: boolean | undefined
let usualCount = THREADS_OF_NODE
/**
 * How many links the folder of the threads had when all in it were Node's own, which stay: two more than there are
 * threads. As long as it has so many there are no others, and listing it takes fifteen times as long as asking for this.
 */
let linksOfNode = -1
const NONE: readonly string[] = []
/** Stands for a set in the parent, where nothing is to be forgotten. */
const nothing = new Set<string>()

/**
 * In the child, whose threads are others, which may have these ids one day. The inspector's thread is not made again.
 */
export function forgetThreads(isChild: boolean): void {
  ;(isChild ? ofNode : nothing).clear()
  ;(isChild ? staying : nothing).clear()
  if (!isChild) return
  usualCount = THREADS_OF_NODE - 1
  linksOfNode = -1
}

/**
 * Waits for threads that are Node's for a moment. Since version 24 Node reads certificates on some: they have files
 * open, and hold the lock that every TLS connection asks for. Children that were forked meanwhile hung at their first
 * connection.
 *
 * @returns whether there are threads beside Node's own: they may hold locks that a child needs
 */
export function settleThreads(): boolean {
  const others = otherThreads()
  if (others.length === 0) return false
  const named = others.filter(isNamed)
  const left = awaitEnd(others.filter((thread) => !named.includes(thread)))
  return named.length > 0 || left.length > 0
}

/** The ids of threads that may run JavaScript, as worker threads do: those with names; where none has one, all. */
export function threadsOfJavaScript(): readonly string[] {
  const others = otherThreads()
  if (hasNames !== false) return others.filter(isNamed)
  return others.length === 0 ? [] : threadsOf('self').filter((thread) => thread !== String(process.pid))
}

/** The ids of the threads that Node started with, V8's workers among them: the kernel lists the oldest first. */
export function oldestThreads(): readonly string[] {
  return threadsOf('self').slice(0, usualCount + v8Workers().count)
}

/** A thread that nobody gave a name has that of the thread which started it; one that has just ended has none. */
function isNamed(thread: string): boolean {
  if (hasNames === false) return true
  const name = nameOf(thread)
  return name !== '' && name !== readProc('/proc/self/comm')
}

/** Those that are not Node's own; where threads have no names, as many as are more than Node has without its pool. */
function otherThreads(): readonly string[] {
  const links = linksOf('/proc/self/task')
  if (links === linksOfNode) return NONE
  const threads = threadsOf('self')
  const others = othersAmong(threads)
  if (others.length === 0 && links === threads.length + 2) linksOfNode = links
  return others
}

function othersAmong(threads: readonly string[]): readonly string[] {
  // V8's workers are there from the start.
  hasNames ??= threads.some((thread) => NAMES_OF_NODE.test(nameOf(thread)))
  if (hasNames) return threads.filter((thread) => !isOfNode(thread))
  const others = threads.slice(usualCount + v8Workers().count)
  // Without names there is their number: libuv's pool is there as a whole, or not yet.
  return others.length === threadPoolSize() ? [] : others
}

function isOfNode(thread: string): boolean {
  if (ofNode.has(thread)) return true
  const isKnown = thread === String(process.pid) || NAMES_OF_NODE.test(nameOf(thread))
  if (isKnown) ofNode.add(thread)
  return isKnown
}

function nameOf(thread: string): string {
  return readProc(`/proc/self/task/${thread}/comm`)
}

/** How long to wait for threads that are at work, in milliseconds: reading certificates takes a tenth. */
const PATIENCE = 2000
/**
 * How long threads may sleep before they count as such that stay, in milliseconds. Where much else runs one may have to
 * wait that long for a lock: more than twenty were seen.
 */
const NAP = 100
/** How long to wait before the next look, in milliseconds. */
const PAUSE = 1

/**
 * Waits for threads to end. That is tried once for each.
 *
 * They are watched together: of those that read certificates one waits for what another has locked, and sleeps for as
 * long as that is at work. Beside much else it slept longer than any that is about to end.
 *
 * @returns those that stay
 */
function awaitEnd(threads: readonly string[]): readonly string[] {
  let left = threads.filter((thread) => !staying.has(thread))
  let ran = ''
  let sleptSince = 0
  for (const deadline = Date.now() + PATIENCE; left.length > 0 && Date.now() < deadline; libc.usleep(PAUSE * 1000)) {
    left = left.filter((thread) => scheduleOf(thread) !== '')
    const schedules = left.map(scheduleOf).join()
    const now = Date.now()
    if (schedules !== ran) [ran, sleptSince] = [schedules, now]
    else if (now - sleptSince > NAP && left.every((thread) => isAsleep(`/proc/self/task/${thread}`))) break
  }
  for (const thread of left) staying.add(thread)
  return threads.filter((thread) => staying.has(thread))
}

/** How long a thread has run; '' where it has ended. */
function scheduleOf(thread: string): string {
  return readProc(`/proc/self/task/${thread}/schedstat`)
}
