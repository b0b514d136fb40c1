import { constants, signalNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { addressOf, ownMemory } from '../../libc/memory.ts'
import { resetTerminalModes } from '../../libc/node.ts'
import { blockSignal, restoreSignal, setSignal, unblockSignal } from '../../libc/signals.ts'

/**
 * Node changes the process that it runs in: it makes its standard streams non-blocking and close-on-exec, puts
 * terminals into raw mode, ignores two signals and blocks one. A program that takes over, or that is started beside it,
 * must find none of that.
 */

const { F_GETFL, F_SETFL, F_GETFD, F_SETFD, FD_CLOEXEC, O_NONBLOCK, TCSANOW, SIG_DFL } = constants

export const STANDARD_STREAMS: readonly number[] = [0, 1, 2]

/** The signals that Node ignores. Where a program sets one of them itself, it is no longer Node's affair. */
export const ignoredByNode: Set<number> = new Set([signalNumbers.SIGPIPE, signalNumbers.SIGXFSZ])

/**
 * The signal that Node blocks when it starts, and lets through when it begins to wait for debuggers: never, with
 * --permission or --disable-sigusr1.
 */
export const BLOCKED_BY_NODE: number = signalNumbers.SIGUSR1

/** How a descriptor was: the flags of the open file, and those of the descriptor. */
type Before = readonly [fd: number, statusFlags: number, descriptorFlags: number]

/**
 * Makes standard streams block, as everybody but Node expects, and has children inherit them. Both were so when Node
 * was started; but a terminal it opens anew when a program first uses `process.stdin` or another of them.
 *
 * Whether it blocks belongs to the open file, which children share: so this changes our own stream as well. Node does
 * the same to those that its own children inherit.
 *
 * @returns puts everything back, for when nobody else uses the streams any more
 */
export function lendStandardStreams(fds: readonly number[] = STANDARD_STREAMS): () => void {
  const changed: Before[] = []
  for (const fd of fds) {
    const [status, flags] = [libc.fcntl(fd, F_GETFL, 0), libc.fcntl(fd, F_GETFD, 0)]
    // -1 stands for a stream that is closed, and is left so.
    if (status === -1 || ((status & O_NONBLOCK) === 0 && (flags & FD_CLOEXEC) === 0)) continue
    changed.push([fd, status, flags])
    setFlags(fd, status & ~O_NONBLOCK, flags & ~FD_CLOEXEC)
  }
  return () => {
    for (const before of changed) setFlags(...before)
  }
}

function setFlags(fd: number, status: number, flags: number): void {
  libc.fcntl(fd, F_SETFL, status)
  libc.fcntl(fd, F_SETFD, flags)
}

// For each standard stream that is a terminal its settings, before and after Node has put them back.
const TERMINAL = structs.termios.size
const memory = ownMemory(2 * STANDARD_STREAMS.length * TERMINAL)
const settings = addressOf(memory)
const placeOf = (fd: number): number => 2 * fd * TERMINAL

/** Takes terminals out of Node's raw mode. Returns what puts them back into it. */
function leaveRawMode(): () => void {
  memory.fill(0)
  const terminals = STANDARD_STREAMS.filter((fd) => libc.tcgetattr(fd, settings + placeOf(fd)) === 0)
  resetTerminalModes()
  const changed = terminals.filter((fd) => {
    const [before, after] = [placeOf(fd), placeOf(fd) + TERMINAL]
    libc.tcgetattr(fd, settings + after)
    return memory.compare(memory, after, after + TERMINAL, before, before + TERMINAL) !== 0
  })
  return () => {
    for (const fd of changed) libc.tcsetattr(fd, TCSANOW, settings + placeOf(fd))
  }
}

/**
 * Undoes what Node did, for a program that is about to take this process over.
 *
 * @returns puts everything back, for the case that it cannot take over after all
 */
export function undoNodesChanges(): () => void {
  const enterRawMode = leaveRawMode()
  const takeStreamsBack = lendStandardStreams()
  const actions = Array.from(ignoredByNode, (signal) => [signal, setSignal(signal, SIG_DFL)] as const)
  const wasBlocked = unblockSignal(BLOCKED_BY_NODE)
  return () => {
    if (wasBlocked) blockSignal(BLOCKED_BY_NODE)
    for (const [signal, action] of actions) if (action !== null) restoreSignal(signal, action)
    takeStreamsBack()
    enterRawMode()
  }
}
