import { lastErrno, osError } from '../call.ts'
import { constants, errnoNumbers, signalNumbers, sizes } from '../facts.ts'
import { type Address, bindNow, libc } from '../functions.ts'
import { closeAll, occupyStandardStreams } from '../low_descriptors.ts'
import { addressOf, ownMemory } from '../memory.ts'
import {
  completedWork,
  dropCompletedWork,
  type EventLoop,
  eventLoop,
  forkEventLoop,
  pendingHandles,
} from './event_loop.ts'
import { excludeFromFork, includeInFork, surveyMemory } from './memory_map.ts'
import { Pipe } from './pipe.ts'
import { QuiescenceCheck } from './quiescence.ts'
import { hasWorkers } from './report.ts'
import {
  closeStderrRedirect,
  isOpen,
  lowerLimit,
  nextDescriptors,
  redirectStderr,
  requireFreeDescriptors,
  type StderrRedirect,
} from './resources.ts'
import { ParkedPool } from './thread_pool.ts'
import { threadsOfJavaScript } from './threads.ts'
import { type V8Workers, v8Workers } from './v8_workers.ts'

const { RLIMIT_NPROC, SIG_SETMASK } = constants
const STDERR = 2

/** How long to try, in milliseconds, before V8's workers, or worker threads, count as busy. */
const PATIENCE = 5000

/** All that is called in the moments when nothing new may be done, such as binding a function. */
const INVOLVED = [
  ...(['fork', 'forkpty', 'madvise', 'prlimit', 'pthread_mutex_lock', 'pthread_mutex_unlock'] as const),
  ...(['pthread_sigmask', 'open', 'read', 'readInto', 'preadInto', 'write', 'close', 'dup3', 'fcntl'] as const),
  ...(['pipe2', 'poll', 'getdents64', 'statx', 'getpid', 'kill', 'waitpid', '_exit', 'usleep'] as const),
  ...(['uv_loop_fork', 'uv_async_send'] as const),
] as const

// Memory of this module alone, because it is used between steps that must not be disturbed.
const block = ownMemory(512)
/** A mutex that is not the event loop's. */
const spareMutex = addressOf(ownMemory(64))
const everySignal = addressOf(block)
const oldMask = everySignal + sizes.sigset_t
const aByte = oldMask + sizes.sigset_t
const status = aByte + 8
const terminalFd = status + 8

/** In the parent: the descriptor of the terminal that forkpty(3) made. */
export function terminalOfChild(): number {
  return block.readInt32LE(terminalFd - everySignal)
}

/**
 * How many descriptors a fork may need at once besides two for each thread that is watched: a dozen in the parent for
 * pipes, listings and a terminal; in the child as many for the loops of Node and of V8's workers, which end the process
 * where there are none.
 */
const DESCRIPTORS = 28

/** Descriptors of the loop in which V8's restarted workers keep time: the next generation closes and replaces them. */
let timekeeperFds: readonly number[] = []

/** What is relied on in Node, looked for once. */
let known: { readonly loop: EventLoop; readonly workers: V8Workers } | undefined

function locateNodeState(): { readonly loop: EventLoop; readonly workers: V8Workers } {
  requireFreeDescriptors(DESCRIPTORS)
  const found = { loop: eventLoop(), workers: v8Workers() }
  bindNow(...INVOLVED)
  return found
}

/**
 * fork(2), so that JavaScript goes on in both processes.
 *
 * @param withTerminal whether the child gets a terminal of its own, by forkpty(3): `terminalOfChild` is its other end
 * @returns 0 in the child, its process id in the parent
 * @throws OSError EAGAIN where V8's workers, or worker threads, do not come to rest, or the system has no more
 *   processes
 * @throws NotImplementedError where this build of Node is not what is relied on
 */
export function forkProcess(withTerminal: boolean): number {
  // The kernel objects of the child's event loops, and all that is open during the fork, may not have the numbers of
  // standard streams that are closed: a child finds the same numbers free as its parent, or its terminal on them.
  const occupied = occupyStandardStreams('fork')
  let pid = -1
  try {
    pid = forkWithStreams(withTerminal)
    return pid
  } finally {
    if (pid !== 0 || !withTerminal) closeAll(occupied)
  }
}

/** The same where the descriptors 0, 1 and 2 are open. */
function forkWithStreams(withTerminal: boolean): number {
  known ??= locateNodeState()
  const { loop, workers } = known
  requireFreeDescriptors(DESCRIPTORS + 2 * (workers.count + threadsOfJavaScript().length))
  const deadline = Date.now() + PATIENCE
  const parked = ParkedPool.park(loop)
  const plan: Plan = { withTerminal, loop, workers, parked, mayFail: true }
  let pid = -1
  try {
    do pid = attempt(plan)
    while (pid === RETRY && Date.now() < deadline)
  } finally {
    if (pid !== 0) parked?.release()
  }
  if (pid === RETRY) throw osError(errnoNumbers.EAGAIN, 'fork')
  return pid
}

interface Plan {
  readonly withTerminal: boolean
  readonly loop: EventLoop
  readonly workers: V8Workers
  readonly parked: ParkedPool | null
  /**
   * Whether a child may be without V8's workers once: a collection that came before them stops one in some thousands.
   */
  mayFail: boolean
}

/** V8's workers or worker threads were at work, or went to work: the attempt does not count. */
const RETRY = -2

/** How long to wait for the workers to come to rest before the next look, in microseconds. */
const REST = 50

function attempt(plan: Plan): number {
  const rest = QuiescenceCheck.watch(plan.workers, plan.loop.mutexSize, threadsOfJavaScript())
  try {
    if (rest?.isLikely()) return attemptWhileQuiescent(plan, rest)
    libc.usleep(REST)
    return RETRY
  } finally {
    rest?.close()
  }
}

function attemptWhileQuiescent(plan: Plan, rest: QuiescenceCheck): number {
  rehearse(plan)
  const silence = redirectStderr()
  const [verdict, report] = [new Pipe(), new Pipe()]
  try {
    verdict.open()
    report.open()
    surveyMemory()
    const nextFds = nextDescriptors(SOME)
    return forkOnce(plan, { rest, silence, verdict, report, nextFds })
  } finally {
    verdict.close()
    report.close()
    closeStderrRedirect(silence)
  }
}

/** What is open for the length of one attempt. */
interface AttemptResources {
  readonly rest: QuiescenceCheck
  readonly silence: StderrRedirect
  /** Tells the child whether it is to stay: the parent knows only afterwards whether the workers were idle. */
  readonly verdict: Pipe
  /** Tells the parent that the child has its workers. */
  readonly report: Pipe
  /** The descriptors that the kernel gives next, if nobody gets them before. */
  readonly nextFds: readonly number[]
}

/** Nothing here may throw. */
function forkOnce(plan: Plan, aids: AttemptResources): number {
  const estate = blockSignalsAndLock(plan, aids)
  prepareSteps(plan, aids)
  const isIdle = aids.rest.begin()
  if (isIdle) includeInFork()
  const pid = isIdle ? forkAndBegin(plan, estate, true) : RETRY
  if (pid === 0) return 0
  const errno = pid === -1 ? lastErrno() : 0
  const isSound = resumeParent(pid, plan, aids)
  if (pid === -1) throw osError(errno, 'fork')
  if (!isSound) return pid === RETRY ? RETRY : discard(pid, plan.withTerminal)
  return waitForWorkers(pid, plan, aids.report)
}

/**
 * fork(2), and how the child begins.
 *
 * @param isReal false for the rehearsal: the parent goes through all of it, without a fork and with nothing to do, right
 *   before each fork. What only children had come to, each of them would have to compile, and to look up each name for
 *   the first time, which takes five to ten microseconds for a line; and a function that was optimised without it would
 *   be given up there
 * @returns 0 in the child that stays
 */
function forkAndBegin(plan: Plan, estate: ForkSnapshot, isReal: boolean): number {
  const { workMutex } = plan.loop
  const pid = !isReal ? 0 : plan.withTerminal ? libc.forkpty(terminalFd, 0, 0, 0) : libc.fork()
  if (pid !== 0) return pid
  const isToStay = startWorkers()
  if (isReal && !isToStay) libc._exit(255)
  libc.pthread_mutex_unlock(isReal ? workMutex : spareMutex)
  releaseParentState(plan, estate, isReal)
  libc.pthread_sigmask(isReal ? SIG_SETMASK : NO_CHANGE, oldMask, 0)
  return 0
}

/** Nothing is done by a sigmask of this kind. */
const NO_CHANGE = -1

function rehearse(plan: Plan): void {
  forgetSteps()
  libc.pthread_mutex_lock(spareMutex)
  forkAndBegin(plan, EMPTY_SNAPSHOT, false)
}

/** What the child inherits, as it was at the moment of the fork. */
interface ForkSnapshot {
  readonly completed: number
  readonly pending: readonly number[]
  /** Descriptors that were free: those that are open now, V8's workers have opened. */
  readonly nextFds: readonly number[]
  /** Of which the child has closed the end for writing. */
  readonly verdict: Pipe
}

const EMPTY_SNAPSHOT: ForkSnapshot = { completed: 0, pending: [], nextFds: [-1], verdict: new Pipe() }
const NO_FDS: readonly number[] = []

/** No signal comes, and the pool puts nothing into the loop's queue, until child and parent have gone on. */
function blockSignalsAndLock(plan: Plan, { nextFds, verdict }: AttemptResources): ForkSnapshot {
  block.fill(0xff, 0, sizes.sigset_t)
  libc.pthread_sigmask(SIG_SETMASK, everySignal, oldMask)
  libc.pthread_mutex_lock(plan.loop.workMutex)
  return { completed: completedWork(plan.loop), pending: pendingHandles(plan.loop), nextFds, verdict }
}

/**
 * What the child does first: one object for all forks and their rehearsals, since the child would have to learn the
 * shape of another.
 */
class FirstSteps {
  construct: V8Workers['construct'] = libc.madvise
  address: Address = 0
  count = 0
  /** The limit of processes that stands again; 0 where it was not lowered. */
  limit: Address = 0
  /** What is standard error while the workers are started, and afterwards: -1 where it stays what it is. */
  nowhere = -1
  stderr = -1
  flags = 0
  /** Where to write that there are workers. */
  report = -1
  /** Where the parent says that it has seen no worker run meanwhile, and its other end. */
  verdict = -1
  otherEnd = -1
}

const steps = new FirstSteps()

function prepareSteps({ withTerminal, workers }: Plan, { silence, report, verdict }: AttemptResources): void {
  // One more thread than there are workers keeps the time for them.
  steps.limit = lowerLimit(workers.count + 1)
  // In a terminal of its own, standard output is the same as standard error.
  steps.stderr = withTerminal ? 1 : silence.saved
  steps.nowhere = steps.stderr === -1 ? -1 : silence.nowhere
  steps.flags = withTerminal ? 0 : silence.flags
  steps.construct = workers.construct
  steps.address = workers.address
  steps.count = workers.count
  steps.report = report.writeEnd
  steps.verdict = verdict.readEnd
  steps.otherEnd = verdict.writeEnd
}

/**
 * Without workers, a collection of garbage would wait for them for ever. So there is nothing here but calls of C, all
 * of them always.
 *
 * @returns whether the child is to stay
 */
function startWorkers(): boolean {
  const { construct, address, count, limit, nowhere, stderr, flags, report, verdict, otherEnd } = steps
  libc.prlimit(0, RLIMIT_NPROC, limit, 0)
  libc.dup3(nowhere, STDERR, 0)
  construct(address, count, 0)
  libc.dup3(stderr, STDERR, flags)
  libc.write(report, block, 1)
  libc.close(otherEnd)
  return libc.read(verdict, aByte, 1) === 1
}

/** So that `startWorkers` does nothing. */
function forgetSteps(): void {
  steps.construct = libc.madvise
  steps.address = 0
  steps.count = 0
  steps.limit = 0
  steps.nowhere = -1
  steps.stderr = -1
  steps.report = -1
  steps.verdict = -1
  steps.otherEnd = -1
}

/**
 * In the parent: puts everything back, and tells the child whether it is to stay.
 *
 * @returns whether it is
 */
function resumeParent(pid: number, { loop }: Plan, { rest, verdict, report }: AttemptResources): boolean {
  libc.prlimit(0, RLIMIT_NPROC, steps.limit, 0)
  libc.pthread_mutex_unlock(loop.workMutex)
  const isSound = pid > 0 && rest.holds()
  if (isSound) libc.write(verdict.writeEnd, block, 1)
  verdict.close()
  report.closeWriteEnd()
  excludeFromFork()
  libc.pthread_sigmask(SIG_SETMASK, oldMask, 0)
  return isSound
}

/** As many descriptors as the loops of V8's workers may open. */
const SOME = 12

/**
 * In the child that is to stay: lets go of what belongs to the parent.
 *
 * @param isChild false in the rehearsal, which does as much of it as possible with nothing to do
 */
function releaseParentState(
  plan: Plan,
  { completed, pending, nextFds, verdict }: ForkSnapshot,
  isChild: boolean,
): void {
  const { loop, workers, parked } = plan
  verdict.forgetWriteEnd()
  workers.threads = isChild ? undefined : workers.threads
  if (isChild) parked?.forget()
  for (const fd of isChild ? timekeeperFds : NO_FDS) libc.close(fd)
  // So before the loop opens some.
  const opened = nextFds.filter(isOpen)
  if (isChild) timekeeperFds = opened
  if (completed > 0) dropCompletedWork(loop, completed)
  forkEventLoop(loop, pending, isChild)
}

/** In the parent: lets nobody have a child that could not start V8's workers. */
function waitForWorkers(pid: number, plan: Plan, report: Pipe): number {
  let isAlive = false
  try {
    isAlive = hasWorkers(pid, report.readEnd)
  } finally {
    if (!isAlive) discard(pid, plan.withTerminal)
  }
  if (isAlive) return pid
  if (!plan.mayFail) throw osError(errnoNumbers.EAGAIN, 'fork')
  plan.mayFail = false
  return RETRY
}

/** Ends the child of an attempt that does not count. */
function discard(pid: number, hasTerminal: boolean): typeof RETRY {
  libc.kill(pid, signalNumbers.SIGKILL)
  while (libc.waitpid(pid, status, 0) === -1 && lastErrno() === errnoNumbers.EINTR);
  if (hasTerminal) libc.close(terminalOfChild())
  return RETRY
}
