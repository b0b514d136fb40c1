import { libc } from '../functions.ts'
import { threadPoolSize } from '../node.ts'
import { isAsleep, readProc, threadsOf } from './proc.ts'
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
 * In the child, whose threads are others, which may have these ids one day. The inspector's thread is not made again.
 */
export function forgetThreads(isChild: boolean): void {
  if (!isChild) return
  ofNode.clear()
  staying.clear()
  usualCount = THREADS_OF_NODE - 1
}

/**
 * Waits for a thread that is Node's for a moment. Since version 24 Node reads certificates on one: it has files open,
 * and holds the lock that every TLS connection asks for. Children that were forked meanwhile hung at their first
 * connection.
 *
 * @returns whether there are threads beside Node's own: they may hold locks that a child needs
 */
export function settleThreads(): boolean {
  const others = otherThreads()
  return others.filter((thread) => isNamed(thread) || stays(thread)).length > 0
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

/** A thread that nobody gave a name has that of the thread which started it. */
function isNamed(thread: string): boolean {
  return hasNames === false || nameOf(thread) !== readProc('/proc/self/comm')
}

/** Those that are not Node's own; where threads have no names, as many as are more than Node has without its pool. */
function otherThreads(): readonly string[] {
  const threads = threadsOf('self')
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

/** How long to wait for a thread that is at work, in milliseconds: reading certificates takes a tenth. */
const PATIENCE = 2000
/**
 * How long a thread may sleep before it counts as one that stays, in milliseconds. Where much else runs it may have to wait
 * that long for a lock: more than twenty were seen.
 */
const NAP = 100
/** How long to wait before the next look, in milliseconds. */
const PAUSE = 1

/** Waits for a thread to end: whether it does not. That is found out once. */
function stays(thread: string): boolean {
  if (staying.has(thread)) return true
  let ran = ''
  let sleptSince = 0
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; libc.usleep(PAUSE * 1000)) {
    const schedule = readProc(`/proc/self/task/${thread}/schedstat`)
    if (schedule === '') return false
    const now = Date.now()
    if (schedule !== ran) [ran, sleptSince] = [schedule, now]
    else if (now - sleptSince > NAP && isAsleep(`/proc/self/task/${thread}`)) break
  }
  staying.add(thread)
  return true
}
