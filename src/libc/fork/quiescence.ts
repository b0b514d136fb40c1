import { libc } from '../functions.ts'
import { isGone, openProc, readLine, readProc } from './proc.ts'
import { oldestThreads } from './threads.ts'
import type { V8Workers } from './v8_workers.ts'

/**
 * The size of the area behind the mutex of the V8 task queue that contains the condition variable on which idle workers
 * wait.
 */
const CONDITION_SIZE = 48

/** The futex operations of a condition variable's wait: FUTEX_WAIT and FUTEX_WAIT_BITSET. */
const WAIT_OPERATIONS = [0, 9]
/** Without the flags FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
const OPERATION_MASK = 0x7f

/** Whether a thread is asleep, by the line "number address operation ..." of its system call. */
type IsAsleep = (line: string) => boolean

interface WatchedThread {
  readonly isAsleep: IsAsleep
  readonly syscall: number
  readonly schedstat: number
  /** The content of schedstat when the thread was last asleep: it changes whenever the thread has run. */
  lastSchedstat: string
}

/**
 * Verifies that no lock is held across the fork: each of the V8 workers waits for a task, each thread that may run
 * JavaScript is asleep, and none has run since the check began.
 *
 * Files of /proc stay open for the duration of one fork, because opening them takes longer than reading them.
 */
export class QuiescenceCheck {
  readonly #threads: WatchedThread[] = []

  /**
   * Finds V8's workers, if they are not known yet, by the futex on which they wait.
   *
   * @param mutexSize the size of a pthread_mutex_t, with which V8's queue starts
   * @param others the ids of threads that may run JavaScript. During a garbage collection such a thread holds a lock of
   *   the whole of V8; a child that is forked then hangs at its own first collection
   * @returns null where not all workers are idle, or another thread has just ended
   */
  static watch(workers: V8Workers, mutexSize: number, others: readonly string[]): QuiescenceCheck | null {
    const isIdle = idleIn(workers.address + mutexSize)
    if (workers.threads === undefined) {
      // Exiting worker threads wait on the same futex. (Regression: one was mistaken for a V8 worker and then exited.)
      const threads = oldestThreads().filter((thread) => {
        return thread !== String(process.pid) && isIdle(readProc(`/proc/self/task/${thread}/syscall`))
      })
      if (threads.length !== workers.count) return null
      workers.threads = threads
    }
    const check = new QuiescenceCheck()
    try {
      for (const thread of workers.threads) check.#open(thread, isIdle)
      for (const thread of others) check.#open(thread, isAsleep)
      return check
    } catch (error) {
      check.close()
      if (!isGone(error)) throw error
      // A worker thread may have ended meanwhile.
      workers.threads = undefined
      return null
    }
  }

  #open(thread: string, isAtRest: IsAsleep): void {
    const watched = { isAsleep: isAtRest, syscall: -1, schedstat: -1, lastSchedstat: '' }
    this.#threads.push(watched)
    watched.syscall = openProc(`/proc/self/task/${thread}/syscall`)
    watched.schedstat = openProc(`/proc/self/task/${thread}/schedstat`)
  }

  /** Whether all threads are asleep now: if not, further preparations are useless. */
  isLikely(): boolean {
    return this.#threads.every((thread) => thread.isAsleep(readLine(thread.syscall)))
  }

  /**
   * Whether all threads are asleep now. Records first how long each has run: a thread that runs between the two
   * readings and is asleep in the second has run longer when `holds` is called. It does not throw: a file that cannot
   * be read counts as a busy thread.
   */
  begin(): boolean {
    try {
      for (const thread of this.#threads) {
        thread.lastSchedstat = readLine(thread.schedstat)
        if (!thread.isAsleep(readLine(thread.syscall))) return false
      }
      return true
    } catch {
      return false
    }
  }

  /** Whether no thread has run since `begin`. It does not throw either. */
  holds(): boolean {
    try {
      return this.#threads.every(
        (thread) => readLine(thread.schedstat) === thread.lastSchedstat && thread.isAsleep(readLine(thread.syscall)),
      )
    } catch {
      return false
    }
  }

  close(): void {
    for (const { syscall, schedstat } of this.#threads) {
      if (syscall !== -1) libc.close(syscall)
      if (schedstat !== -1) libc.close(schedstat)
    }
  }
}

/** Whether a thread waits on this condition variable. */
function idleIn(condition: number): IsAsleep {
  return (line) => {
    const fields = line.split(' ')
    if (fields.length < 4 || !WAIT_OPERATIONS.includes(Number(fields[2]) & OPERATION_MASK)) return false
    const offset = Number(fields[1]) - condition
    return offset >= 0 && offset < CONDITION_SIZE
  }
}

/** Whether a thread is in a system call, or has ended. */
function isAsleep(line: string): boolean {
  return line !== 'running\n'
}
