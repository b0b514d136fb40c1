import { channel } from 'node:diagnostics_channel'
import { OSError } from '../errors.ts'
import { callAtThreadEnd, isNode } from '../libc/node.ts'
import { Ring } from './ring.ts'

/**
 * Whether io_uring is used: decided once for each thread, at the first call that could use it. Where it is not there,
 * the thread pool carries out all calls, and nothing is reported.
 */

/** `OSIER_IO_URING=0` in the environment switches io_uring off. */
const VARIABLE = 'OSIER_IO_URING'

let reason = 'no call has needed it yet'

/** Why io_uring is not used in this thread; an empty string where it is. */
export function whyNoRing(): string {
  return reason
}

/** Reports once in each thread whether io_uring is used: `{ used, reason }`. */
const decided = channel('osier.io_uring')

/** Opens the ring of this thread; null where there is none. */
export function openRing(): Ring | null {
  const ring = tryToOpen()
  if (decided.hasSubscribers) decided.publish({ used: ring !== null, reason })
  return ring
}

function tryToOpen(): Ring | null {
  try {
    reason = whyNot()
    if (reason !== '') return null
    const ring = new Ring()
    callAtThreadEnd('close', ring.eventFd)
    callAtThreadEnd('close', ring.fd)
    return ring
  } catch (error) {
    reason = error instanceof OSError ? `${error.syscall}: ${error.code}, ${error.strerror}` : String(error)
    return null
  }
}

function whyNot(): string {
  if (process.env[VARIABLE] === '0') return `${VARIABLE} is 0`
  return isNode ? '' : 'only the event loop of Node can wait for it'
}

/** The functions that are not carried out by io_uring: those behind minus signs in the variable. For tests. */
export function excludedFunctions(): ReadonlySet<string> {
  const names = (process.env[VARIABLE] ?? '').split(',').filter((name) => name.startsWith('-'))
  return new Set(names.map((name) => name.slice(1)))
}

/** Notes why the ring is not used any more. */
export function noteUnused(why: string): void {
  reason = why
}
