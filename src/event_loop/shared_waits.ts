import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { addCloseListener, addForkListener } from './descriptor_events.ts'

/**
 * Waits of other threads, and of other copies of this package, for descriptors that are closed here.
 *
 * The kernel forgets a wait whose descriptor is closed, without any report. So memory that the threads share counts,
 * for each number, the pollers that watch it. A call that closes such a number wakes their threads, which ask the kernel
 * which of their registrations have lost their file. A close without such waits costs one look at that memory.
 *
 * Threads get the memory from the thread that starts them, so a worker that was started before the package was loaded
 * there has memory of its own: its calls are not heard by that thread.
 */

/** The layout of the memory is part of the key: other versions of the package use the same. */
const KEY = 'osier.waits.v1'
/** The count of the calls that closed a descriptor that another poller watches. */
const CALLS = 0
const COUNTS = 1
/** Numbers that differ by a multiple of this share a count. */
const NUMBERS = 1023

type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { readonly async: boolean; readonly value: Promise<string> | string }

const { waitAsync } = Atomics as { readonly waitAsync?: WaitAsync }

function sharedWords(): Int32Array {
  const given = getEnvironmentData(KEY) as unknown
  if (given instanceof SharedArrayBuffer) return new Int32Array(given)
  const memory = new SharedArrayBuffer(4 * (COUNTS + NUMBERS))
  setEnvironmentData(KEY, memory as never)
  return new Int32Array(memory)
}

const words = sharedWords()

function countOf(fd: number): number {
  return COUNTS + (fd % NUMBERS)
}

/** Counts a poller that watches a descriptor. */
export function beginSharedWait(fd: number): void {
  Atomics.add(words, countOf(fd), 1)
}

/** Ends what `beginSharedWait` began. */
export function endSharedWait(fd: number): void {
  Atomics.sub(words, countOf(fd), 1)
}

/** Wakes the threads that watch one of the numbers. */
function reportClose(first: number, last: number): void {
  // The range of `closerange` may be that of all numbers there can be.
  if (first < 0) return
  for (let fd = first; fd <= last && fd < first + NUMBERS; fd++) {
    if (Atomics.load(words, countOf(fd)) <= 0) continue
    Atomics.add(words, CALLS, 1)
    Atomics.notify(words, CALLS)
    return
  }
}

/**
 * Has `check` called after other threads, or other copies of this package, have closed watched descriptors. It is called
 * again after pauses, because calls report a close before it is made. Neither a thread nor a descriptor is used, and the
 * process is not kept alive.
 */
export function listenToClosesElsewhere(check: () => void): void {
  if (waitAsync === undefined) return
  const wait = waitAsync
  let seen = Atomics.load(words, CALLS)
  let timer: NodeJS.Timeout | undefined
  const checkUpTo = (pause: number): void => {
    check()
    clearTimeout(timer)
    if (pause <= LONGEST_PAUSE) timer = setTimeout(checkUpTo, pause, 4 * pause).unref()
  }
  const listen = (): void => {
    for (;;) {
      const { async, value } = wait(words, CALLS, seen)
      if (async) {
        ;(value as Promise<string>).then(listen)
        return
      }
      // The number of calls has grown since.
      seen = Atomics.load(words, CALLS)
      checkUpTo(1)
    }
  }
  listen()
}

/** The longest pause between a report of a close and a check, in milliseconds. */
const LONGEST_PAUSE = 256

// The first listener is called last: when the poller of this thread has removed its own waits.
addCloseListener(reportClose)
// The other threads do not exist in the child.
addForkListener(() => words.fill(0))
