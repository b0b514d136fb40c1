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
import { clearDontFork, restoreDontFork, surveyMemory } from './memory_map.ts'
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

/** How long to retry while V8's workers or worker threads are busy, in milliseconds. */
const TIMEOUT = 5000

/** The functions that are called in the phases in which nothing may be bound or allocated. */
const FUNCTIONS_TO_BIND = [
  ...(['fork', 'forkpty', 'madvise', 'prlimit', 'pthread_mutex_lock', 'pthread_mutex_unlock'] as const),
  ...(['pthread_sigmask', 'open', 'read', 'readInto', 'preadInto', 'write', 'close', 'dup3', 'fcntl'] as const),
  ...(['pipe2', 'poll', 'getdents64', 'statx', 'getpid', 'kill', 'waitpid', '_exit', 'usleep'] as const),
  ...(['uv_loop_fork', 'uv_async_send'] as const),
] as const

// Memory of this module alone: it is used between steps that no other call may interfere with.
const block = ownMemory(512)
/** A mutex that is not the event loop's, for the warm-up. */
const spareMutex = addressOf(ownMemory(64))
const everySignal = addressOf(block)
const oldMask = everySignal + sizes.sigset_t
const aByte = oldMask + sizes.sigset_t
const status = aByte + 8
const terminalFd = status + 8

/** In the parent: the descriptor of the terminal that forkpty(3) created. */
export function terminalOfChild(): number {
  return block.readInt32LE(terminalFd - everySignal)
}

/**
 * How many descriptors a fork may need in addition to two for each thread that is watched: a dozen in the parent for
 * pipes, listings and a terminal; in the child as many for the event loops of Node and of the V8 workers, which abort the
 * process where there are none.
 */
const DESCRIPTORS = 28

/**
 * Descriptors of the event loop of the delayed-task thread of the restarted V8 workers. The next generation closes and
 * replaces them.
 */
let timekeeperFds: readonly number[] = []

/** The state of Node that this module relies on, located once. */
let nodeState: { readonly loop: EventLoop; readonly workers: V8Workers } | undefined

function locateNodeState(): { readonly loop: EventLoop; readonly workers: V8Workers } {
  requireFreeDescriptors(DESCRIPTORS)
  const found = { loop: eventLoop(), workers: v8Workers() }
  bindNow(...FUNCTIONS_TO_BIND)
  return found
}

/**
 * fork(2), after which JavaScript continues in both processes.
 *
 * @param withTerminal whether the child gets a terminal of its own, by forkpty(3): `terminalOfChild` is its other end
 * @returns 0 in the child, its process id in the parent
 * @throws OSError EAGAIN where V8's workers, or worker threads, stay busy, or the system has no more processes
 * @throws NotImplementedError where this build of Node differs from what this module relies on
 */
export function forkProcess(withTerminal: boolean): number {
  // The kernel objects of the child's event loops, and the descriptors of the fork, must not get the numbers of closed
  // standard streams: in the child the same numbers are free as in its parent, or belong to its terminal.
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
  nodeState ??= locateNodeState()
  const { loop, workers } = nodeState
  requireFreeDescriptors(DESCRIPTORS + 2 * (workers.count + threadsOfJavaScript().length))
  const deadline = performance.now() + TIMEOUT
  const parked = ParkedPool.park(loop)
  const plan: Plan = { withTerminal, loop, workers, parked, mayRetry: true }
  let pid = -1
  try {
    do pid = attempt(plan)
    while (pid === RETRY && performance.now() < deadline)
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
   * Whether one child may fail to start V8's workers. A garbage collection before their start blocks one child in some
   * thousands.
   */
  mayRetry: boolean
}

/** The result of an attempt during which V8's workers or worker threads were busy. */
const RETRY = -2

/** How long to wait for the workers before the next attempt, in microseconds. */
const RETRY_PAUSE = 50

function attempt(plan: Plan): number {
  const quiescence = QuiescenceCheck.watch(plan.workers, plan.loop.mutexSize, threadsOfJavaScript())
  try {
    if (quiescence?.isLikely()) return attemptWhileQuiescent(plan, quiescence)
    libc.usleep(RETRY_PAUSE)
    return RETRY
  } finally {
    quiescence?.close()
  }
}

function attemptWhileQuiescent(plan: Plan, quiescence: QuiescenceCheck): number {
  warmUp(plan)
  const stderrRedirect = redirectStderr()
  const [verdict, report] = [new Pipe(), new Pipe()]
  try {
    verdict.open()
    report.open()
    surveyMemory()
    const nextFds = nextDescriptors(MAX_WORKER_FDS)
    return forkOnce(plan, { quiescence, stderrRedirect, verdict, report, nextFds })
  } finally {
    verdict.close()
    report.close()
    closeStderrRedirect(stderrRedirect)
  }
}

/** The resources of one attempt. */
interface AttemptResources {
  readonly quiescence: QuiescenceCheck
  readonly stderrRedirect: StderrRedirect
  /**
   * The parent writes to it if the child is to continue: only after the fork does it know whether the workers stayed
   * idle.
   */
  readonly verdict: Pipe
  /** The child writes to it when it has started its workers. */
  readonly report: Pipe
  /** The descriptors that the kernel allocates next, unless other calls get them first. */
  readonly nextFds: readonly number[]
}

/** Forks once. No statement here may throw before the parent has resumed. */
function forkOnce(plan: Plan, resources: AttemptResources): number {
  const snapshot = blockSignalsAndLock(plan, resources)
  setChildArguments(plan, resources)
  const isIdle = resources.quiescence.begin()
  if (isIdle) clearDontFork()
  const pid = isIdle ? forkAndBegin(plan, snapshot, true) : RETRY
  if (pid === 0) return 0
  const errno = pid === -1 ? lastErrno() : 0
  const isValid = resumeParent(pid, plan, resources)
  if (pid === -1) throw osError(errno, 'fork')
  if (!isValid) return pid === RETRY ? RETRY : discard(pid, plan.withTerminal)
  return waitForWorkers(pid, plan, resources.report)
}

/**
 * fork(2), and the first steps of the child.
 *
 * @param isReal false for the warm-up: right before each fork, the parent runs all of this without a fork and without
 *   effects. Otherwise each child would have to compile the lines that only children run, and to fill their inline
 *   caches; and a function that was optimized without them would be deoptimized in the child
 * @returns 0 in the child that continues
 */
function forkAndBegin(plan: Plan, snapshot: ForkSnapshot, isReal: boolean): number {
  const { workMutex } = plan.loop
  const pid = !isReal ? 0 : plan.withTerminal ? libc.forkpty(terminalFd, 0, 0, 0) : libc.fork()
  if (pid !== 0) return pid
  const continues = startWorkers()
  if (isReal && !continues) libc._exit(255)
  libc.pthread_mutex_unlock(isReal ? workMutex : spareMutex)
  releaseParentState(plan, snapshot, isReal)
  libc.pthread_sigmask(isReal ? SIG_SETMASK : NO_CHANGE, oldMask, 0)
  return 0
}

/** An invalid `how` for sigmask, with which the call has no effect. */
const NO_CHANGE = -1

function warmUp(plan: Plan): void {
  clearChildArguments()
  libc.pthread_mutex_lock(spareMutex)
  forkAndBegin(plan, EMPTY_SNAPSHOT, false)
}

/** The state of the event loop and of descriptors recorded just before fork(2). */
interface ForkSnapshot {
  readonly completed: number
  readonly pending: readonly number[]
  /** Descriptors that were free: those that are open afterwards have been opened by V8's workers. */
  readonly nextFds: readonly number[]
  /** The child has closed the write end of this pipe. */
  readonly verdict: Pipe
}

const EMPTY_SNAPSHOT: ForkSnapshot = { completed: 0, pending: [], nextFds: [-1], verdict: new Pipe() }
const NO_FDS: readonly number[] = []

/** Blocks all signals, and locks libuv's queue of completed work, until both processes resume. */
function blockSignalsAndLock(plan: Plan, { nextFds, verdict }: AttemptResources): ForkSnapshot {
  block.fill(0xff, 0, sizes.sigset_t)
  libc.pthread_sigmask(SIG_SETMASK, everySignal, oldMask)
  libc.pthread_mutex_lock(plan.loop.workMutex)
  return { completed: completedWork(plan.loop), pending: pendingHandles(plan.loop), nextFds, verdict }
}

/**
 * The arguments of the child's first steps. One object serves all forks and their warm-ups, since the child would have
 * to fill its inline caches again for an object of another shape.
 */
class ChildArguments {
  construct: V8Workers['construct'] = libc.madvise
  address: Address = 0
  count = 0
  /** The address of the process limit to restore; 0 where it was not lowered. */
  limit: Address = 0
  /**
   * The descriptors for standard error while the workers are started (`devNull`), and afterwards: -1 to leave it
   * unchanged.
   */
  devNull = -1
  stderr = -1
  flags = 0
  /** The descriptor to write to once the workers run. */
  report = -1
  /** The read end of the parent's verdict, and its write end, which the child closes. */
  verdict = -1
  verdictWriteEnd = -1
}

const childArguments = new ChildArguments()

function setChildArguments(
  { withTerminal, workers }: Plan,
  { stderrRedirect, report, verdict }: AttemptResources,
): void {
  // In addition to the workers there is one thread for delayed tasks.
  childArguments.limit = lowerLimit(workers.count + 1)
  // In a new terminal, standard output and standard error are the same.
  childArguments.stderr = withTerminal ? 1 : stderrRedirect.saved
  childArguments.devNull = childArguments.stderr === -1 ? -1 : stderrRedirect.devNull
  childArguments.flags = withTerminal ? 0 : stderrRedirect.flags
  childArguments.construct = workers.construct
  childArguments.address = workers.address
  childArguments.count = workers.count
  childArguments.report = report.writeEnd
  childArguments.verdict = verdict.readEnd
  childArguments.verdictWriteEnd = verdict.writeEnd
}

/**
 * Starts V8's workers in the child. Without them a garbage collection would wait for them forever. So there are only
 * calls of C here, all of them unconditional.
 *
 * @returns whether the child is to continue
 */
function startWorkers(): boolean {
  const { construct, address, count, limit, devNull, stderr, flags, report, verdict, verdictWriteEnd } = childArguments
  libc.prlimit(0, RLIMIT_NPROC, limit, 0)
  libc.dup3(devNull, STDERR, 0)
  construct(address, count, 0)
  libc.dup3(stderr, STDERR, flags)
  libc.write(report, block, 1)
  libc.close(verdictWriteEnd)
  return libc.read(verdict, aByte, 1) === 1
}

/** Sets arguments with which `startWorkers` has no effect. */
function clearChildArguments(): void {
  childArguments.construct = libc.madvise
  childArguments.address = 0
  childArguments.count = 0
  childArguments.limit = 0
  childArguments.devNull = -1
  childArguments.stderr = -1
  childArguments.report = -1
  childArguments.verdict = -1
  childArguments.verdictWriteEnd = -1
}

/**
 * In the parent: restores everything, and notifies the child if it is to continue.
 *
 * @returns whether the child is to continue
 */
function resumeParent(pid: number, { loop }: Plan, { quiescence, verdict, report }: AttemptResources): boolean {
  libc.prlimit(0, RLIMIT_NPROC, childArguments.limit, 0)
  libc.pthread_mutex_unlock(loop.workMutex)
  const isValid = pid > 0 && quiescence.holds()
  if (isValid) libc.write(verdict.writeEnd, block, 1)
  verdict.close()
  report.closeWriteEnd()
  restoreDontFork()
  libc.pthread_sigmask(SIG_SETMASK, oldMask, 0)
  return isValid
}

/** The maximal number of descriptors that the event loops of the V8 workers open. */
const MAX_WORKER_FDS = 12

/**
 * In the child that continues: releases resources that belong to the parent.
 *
 * @param isChild false in the warm-up, which runs as much of it as possible without effects
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
  // This must come before the event loop opens descriptors.
  const opened = nextFds.filter(isOpen)
  if (isChild) timekeeperFds = opened
  if (completed > 0) dropCompletedWork(loop, completed)
  forkEventLoop(loop, pending, isChild)
}

/** In the parent: ensures that no child is returned that could not start V8's workers. */
function waitForWorkers(pid: number, plan: Plan, report: Pipe): number {
  let isAlive = false
  try {
    isAlive = hasWorkers(pid, report.readEnd)
  } finally {
    if (!isAlive) discard(pid, plan.withTerminal)
  }
  if (isAlive) return pid
  if (!plan.mayRetry) throw osError(errnoNumbers.EAGAIN, 'fork')
  plan.mayRetry = false
  return RETRY
}

/** Kills and reaps the child of a failed attempt. */
function discard(pid: number, hasTerminal: boolean): typeof RETRY {
  libc.kill(pid, signalNumbers.SIGKILL)
  while (libc.waitpid(pid, status, 0) === -1 && lastErrno() === errnoNumbers.EINTR);
  if (hasTerminal) libc.close(terminalOfChild())
  return RETRY
}
