import { readdirSync } from 'node:fs'
import { lastErrno, osError } from '../call.ts'
import { constants, errnoNumbers, sizes } from '../facts.ts'
import { bindNow, libc } from '../functions.ts'
import { addressOf } from '../memory.ts'
import {
  dropCompletedWork,
  type EventLoop,
  eventLoop,
  forkEventLoop,
  makePipe,
  ParkedPool,
  type Pipe,
} from './event_loop.ts'
import { excludeFromFork, includeInFork, unforkedMemory, wholeMemory } from './memory_map.ts'
import { IdleProof, type V8Workers, v8Workers } from './v8_workers.ts'

/** How long to try, in milliseconds, before V8's workers count as busy. */
const PATIENCE = 5000

/** All that is called in the moments when nothing new may be done, such as binding a function. */
const INVOLVED = [
  ...(['fork', 'forkpty', 'madvise', 'pthread_mutex_lock', 'pthread_mutex_unlock', 'pthread_sigmask'] as const),
  ...(['read', 'write', 'close', 'waitpid', '_exit', 'fcntl', 'usleep', 'pipe2'] as const),
] as const

// Memory of this module alone, because it is used between steps that must not be disturbed.
const block = Buffer.allocUnsafeSlow(512).fill(0)
const everySignal = addressOf(block)
const oldMask = everySignal + sizes.sigset_t
const aByte = oldMask + sizes.sigset_t
const status = aByte + 8
const terminalFd = status + 8

/** In the parent: the descriptor of the terminal that forkpty(3) made. */
export function terminalOfChild(): number {
  return block.readInt32LE(terminalFd - everySignal)
}

/** Descriptors of the loop in which V8's restarted workers keep time: the next generation closes and replaces them. */
let timekeeperFds: readonly number[] = []

/**
 * fork(2), so that JavaScript goes on in both processes.
 *
 * @param withTerminal whether the child gets a terminal of its own, by forkpty(3): `terminalOfChild` is its other end
 * @returns 0 in the child, its process id in the parent
 * @throws OSError EAGAIN where V8's workers do not come to rest, or the system has no more processes; NotImplementedError
 *   where this build of Node is not what is relied on
 */
export function forkProcess(withTerminal: boolean): number {
  demandDescriptors(DESCRIPTORS)
  const loop = eventLoop()
  const workers = v8Workers()
  demandDescriptors(DESCRIPTORS + 2 * workers.count)
  if (!isBound) bindNow(...INVOLVED)
  isBound = true
  const deadline = Date.now() + PATIENCE
  const parked = ParkedPool.park(loop)
  let pid = -1
  try {
    do pid = attempt(withTerminal, loop, workers, parked)
    while (pid === RETRY && Date.now() < deadline)
  } finally {
    if (pid !== 0) parked?.release()
  }
  if (pid === RETRY) throw osError(errnoNumbers.EAGAIN, 'fork')
  return pid
}

let isBound = false

/**
 * How many descriptors a fork may need at once besides two for each worker: a dozen in the parent for pipes, listings and
 * a terminal; in the child as many for the loops of Node and of V8's workers, which end the process where there are none.
 */
const DESCRIPTORS = 24

/** Throws where so many descriptors cannot be opened: later there would be no way back. */
function demandDescriptors(count: number): void {
  const pipes: Pipe[] = []
  let errno = 0
  while (pipes.length * 2 < count && errno === 0) {
    const pipe = makePipe()
    if (pipe === null) errno = lastErrno()
    else pipes.push(pipe)
  }
  for (const pipe of pipes) closePipe(pipe)
  if (errno !== 0) throw osError(errno, 'fork')
}

/** V8's workers were at work, or went to work: the attempt does not count. */
const RETRY = -2

function attempt(withTerminal: boolean, loop: EventLoop, workers: V8Workers, parked: ParkedPool | null): number {
  const proof = new IdleProof(workers, loop.mutexSize)
  try {
    if (!proof.complete || !proof.begin()) {
      libc.usleep(200)
      return RETRY
    }
    return forkOnce(withTerminal, loop, workers, parked, proof)
  } finally {
    proof.close()
  }
}

function forkOnce(
  withTerminal: boolean,
  loop: EventLoop,
  workers: V8Workers,
  parked: ParkedPool | null,
  proof: IdleProof,
): number {
  const verdict = makePipe()
  if (verdict === null) throw osError(lastErrno(), 'fork')
  const [ranges, unforked] = [wholeMemory(), unforkedMemory()]
  const fdsBefore = openFds()
  if (!proof.begin()) {
    closePipe(verdict)
    return RETRY
  }
  block.fill(0xff, 0, sizes.sigset_t)
  libc.pthread_sigmask(constants.SIG_SETMASK, everySignal, oldMask)
  // A thread of the pool could be about to put a result into the loop's queue.
  libc.pthread_mutex_lock(loop.workMutex)
  includeInFork(ranges)
  const pid = withTerminal ? libc.forkpty(terminalFd, 0, 0, 0) : libc.fork()
  // The very first act of the child: without workers, a collection of garbage would wait for them for ever.
  if (pid === 0) workers.construct(workers.address, workers.count, 0)
  const errno = pid === -1 ? lastErrno() : 0
  if (pid === 0) awaitVerdict(verdict)
  libc.pthread_mutex_unlock(loop.workMutex)
  if (pid === 0) {
    settleChild(loop, parked, fdsBefore, verdict)
    return 0
  }
  const sound = pid > 0 && proof.holds()
  if (sound) libc.write(verdict[1], block.subarray(0, 1), 1)
  excludeFromFork(unforked)
  closePipe(verdict)
  libc.pthread_sigmask(constants.SIG_SETMASK, oldMask, 0)
  if (pid === -1) throw osError(errno, 'fork')
  if (sound) return pid
  discard(pid)
  if (withTerminal) libc.close(terminalOfChild())
  return RETRY
}

/** The child of an attempt that does not count: it sees its pipe closed, and ends before it does anything. */
function discard(pid: number): void {
  while (libc.waitpid(pid, status, 0) === -1 && lastErrno() === errnoNumbers.EINTR);
}

/** In the child: the parent knows only now whether the workers were idle all the time. If not, this child must not be. */
function awaitVerdict([readEnd, writeEnd]: Pipe): void {
  libc.close(writeEnd)
  if (libc.read(readEnd, aByte, 1) !== 1) libc._exit(255)
}

/** In the child, once it is to stay: what belongs to the parent is let go, and the event loop becomes its own. */
function settleChild(loop: EventLoop, parked: ParkedPool | null, fdsBefore: ReadonlySet<number>, verdict: Pipe): void {
  parked?.forget()
  dropCompletedWork(loop)
  for (const fd of timekeeperFds) libc.close(fd)
  timekeeperFds = [...openFds()].filter((fd) => !fdsBefore.has(fd) && !verdict.includes(fd))
  forkEventLoop(loop)
  libc.close(verdict[0])
  libc.pthread_sigmask(constants.SIG_SETMASK, oldMask, 0)
}

function openFds(): Set<number> {
  const fds = readdirSync('/proc/self/fd').map(Number)
  // The descriptor of the listing itself is closed by now.
  return new Set(fds.filter((fd) => libc.fcntl(fd, constants.F_GETFD, 0) !== -1))
}

function closePipe(ends: Pipe): void {
  for (const end of ends) libc.close(end)
}
