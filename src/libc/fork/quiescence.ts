import { libc } from '../functions.ts'
import { isGone, openProc, readLine, readProc } from './proc.ts'
import { oldestThreads } from './threads.ts'
import type { V8Workers } from './v8_workers.ts'

/** The bytes of V8's queue behind its mutex in which the condition variable lies that idle workers wait on. */
const CONDITION_SIZE = 48

/** The futex operations that a condition variable waits with: FUTEX_WAIT and FUTEX_WAIT_BITSET. */
const WAITS = [0, 9]
/** FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME say how to wait, not what is done. */
const OPERATION = 0x7f

/** Whether a thread rests, by the line "number address operation ..." of its system call. */
type IsAsleep = (line: string) => boolean

interface Watched {
  readonly isAsleep: IsAsleep
  readonly syscall: number
  readonly schedstat: number
  /** What schedstat said when the thread was last seen at rest: it changes with every moment on a processor. */
  ran: string
}

/**
 * Proof that nothing is being changed that a child would inherit half done, with a lock that nobody opens: each of V8's
 * workers sleeps in its queue now, each thread that may run JavaScript sleeps somewhere, and none has run since.
 *
 * Files of /proc stay open for the length of one fork, because opening them takes longer than reading them.
 */
export class QuiescenceCheck {
  readonly #threads: Watched[] = []

  /**
   * Looks for V8's workers, if they are not known yet: they are known by what they sleep on.
   *
   * @param mutexSize bytes of a pthread_mutex_t, with which V8's queue starts
   * @param others the ids of threads that may run JavaScript. One of those in the middle of a collection holds a lock
   *   of all of V8; a child of that moment hangs at its own first collection
   * @returns null where not all workers are idle, or another thread has just ended
   */
  static watch(workers: V8Workers, mutexSize: number, others: readonly string[]): QuiescenceCheck | null {
    const isIdle = idleIn(workers.address + mutexSize)
    if (workers.threads === undefined) {
      // Worker threads on their way out sleep there as well. One was taken for a worker of V8's, and then had ended.
      const threads = oldestThreads().filter((thread) => {
        return thread !== String(process.pid) && isIdle(readProc(`/proc/self/task/${thread}/syscall`))
      })
      if (threads.length !== workers.count) return null
      workers.threads = threads
    }
    const rest = new QuiescenceCheck()
    try {
      for (const thread of workers.threads) rest.#open(thread, isIdle)
      for (const thread of others) rest.#open(thread, isAsleep)
      return rest
    } catch (error) {
      rest.close()
      if (!isGone(error)) throw error
      // A worker thread may have ended meanwhile.
      workers.threads = undefined
      return null
    }
  }

  #open(thread: string, isAtRest: IsAsleep): void {
    const watched = { isAsleep: isAtRest, syscall: -1, schedstat: -1, ran: '' }
    this.#threads.push(watched)
    watched.syscall = openProc(`/proc/self/task/${thread}/syscall`)
    watched.schedstat = openProc(`/proc/self/task/${thread}/schedstat`)
  }

  /** Whether all rest now: where they do not, there is no point in preparing more. */
  isLikely(): boolean {
    return this.#threads.every((thread) => thread.isAsleep(readLine(thread.syscall)))
  }

  /**
   * Whether all rest now. Remembers how long each had run before: one that runs between the two looks, and rests in the
   * second, has run for longer when `holds` looks. Nothing may be thrown here: what cannot be read, proves nothing.
   */
  begin(): boolean {
    try {
      for (const thread of this.#threads) {
        thread.ran = readLine(thread.schedstat)
        if (!thread.isAsleep(readLine(thread.syscall))) return false
      }
      return true
    } catch {
      return false
    }
  }

  /** Whether none has run since `begin`. It throws nothing either. */
  holds(): boolean {
    try {
      return this.#threads.every(
        (thread) => readLine(thread.schedstat) === thread.ran && thread.isAsleep(readLine(thread.syscall)),
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
    if (fields.length < 4 || !WAITS.includes(Number(fields[2]) & OPERATION)) return false
    const offset = Number(fields[1]) - condition
    return offset >= 0 && offset < CONDITION_SIZE
  }
}

/** Whether a thread is in some system call, or has ended. */
function isAsleep(line: string): boolean {
  return line !== 'running\n'
}
