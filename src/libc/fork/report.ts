import { constants, structs } from '../facts.ts'
import { libc } from '../functions.ts'
import { scratch, scratchAddress } from '../memory.ts'
import { isAsleep, readProc, threadsOf } from './proc.ts'

/** How long a child may take to start V8's workers, in milliseconds. Usually it takes less than one. */
const TIMEOUT = 10_000

/** How long to wait for the child's report before its threads are examined, in milliseconds. */
const REPORT_TIMEOUT = 100

/**
 * Waits for the child to report that it has started V8's workers. Where the system allows no more threads it never
 * does: it aborts, or waits forever for the missing ones.
 *
 * @param readEnd of a pipe that only the child can write to
 */
export function hasWorkers(pid: number, readEnd: number): boolean {
  let sleep = ''
  for (const deadline = performance.now() + TIMEOUT; performance.now() < deadline; ) {
    const events = eventsWithin(REPORT_TIMEOUT, readEnd)
    if (events === null) continue
    if (events !== 0) return (events & constants.POLLIN) !== 0
    const before = sleep
    sleep = sleepOf(pid)
    if (sleep !== '' && sleep === before) return false
  }
  return false
}

const { offsets } = structs.pollfd

/** The events of a descriptor; 0 after a timeout, null after a signal. */
function eventsWithin(time: number, fd: number): number | null {
  scratch.writeInt32LE(fd, offsets.fd)
  scratch.writeInt32LE(constants.POLLIN, offsets.events)
  const count = libc.poll(scratchAddress, 1, time)
  return count === -1 ? null : count === 0 ? 0 : scratch.readInt16LE(offsets.revents)
}

/**
 * How long each thread of a process has run, if all of them are asleep; otherwise ''. Two equal results mean that no
 * thread will be woken.
 */
function sleepOf(pid: number): string {
  let ran = ''
  for (const thread of threadsOf(pid)) {
    const folder = `/proc/${pid}/task/${thread}`
    if (!isAsleep(folder)) return ''
    ran += `${thread}: ${readProc(`${folder}/schedstat`)}`
  }
  return ran
}
