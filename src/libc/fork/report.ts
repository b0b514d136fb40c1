import { constants, structs } from '../facts.ts'
import { libc } from '../functions.ts'
import { scratch, scratchAddress } from '../memory.ts'
import { isAsleep, readProc, threadsOf } from './proc.ts'

/** How long a child may take to start V8's workers, in milliseconds: it does so in half a millisecond. */
const PATIENCE = 10_000

/** How long a child may be silent before it is looked at, in milliseconds. */
const SILENCE = 100

/**
 * Waits for the child to write that it has V8's workers. Where the system allows no more threads, it never will: it
 * ends, or waits for the missing ones for ever.
 *
 * @param readEnd of a pipe that nobody but the child can write to
 */
export function hasWorkers(pid: number, readEnd: number): boolean {
  let sleep = ''
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    const events = eventsWithin(SILENCE, readEnd)
    if (events === null) continue
    if (events !== 0) return (events & constants.POLLIN) !== 0
    const before = sleep
    sleep = sleepOf(pid)
    if (sleep !== '' && sleep === before) return false
  }
  return false
}

const { offsets } = structs.pollfd

/** What happened to a descriptor; 0 where nothing did, null where a signal came first. */
function eventsWithin(time: number, fd: number): number | null {
  scratch.writeInt32LE(fd, offsets.fd)
  scratch.writeInt32LE(constants.POLLIN, offsets.events)
  const count = libc.poll(scratchAddress, 1, time)
  return count === -1 ? null : count === 0 ? 0 : scratch.readInt16LE(offsets.revents)
}

/**
 * How long each thread of a process has run, if now all of them sleep: who does so twice, will not be woken. Else ''.
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
