import { constants, signalNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { addressOf, ownMemory } from '../../libc/memory.ts'
import { resetTerminalModes } from '../../libc/node.ts'
import { blockSignal, restoreSignal, setSignal, unblockSignal } from '../../libc/signals.ts'

/**
 * Node changes the process that it runs in: it makes its standard streams non-blocking and close-on-exec, puts
 * terminals into raw mode, ignores two signals and blocks one. A program that replaces this process, or that is started
 * as a child, must not see these changes. (In src/node.cc, `PlatformInit` sets the signals, and
 * `uv_disable_stdio_inheritance` sets close-on-exec.)
 */

const { F_GETFL, F_SETFL, F_GETFD, F_SETFD, FD_CLOEXEC, O_NONBLOCK, TCSANOW, SIG_DFL } = constants

export const STANDARD_STREAMS: readonly number[] = [0, 1, 2]

/** The signals that Node ignores. A signal whose action the program sets itself is removed from the set. */
export const ignoredByNode: Set<number> = new Set([signalNumbers.SIGPIPE, signalNumbers.SIGXFSZ])

/**
 * The signal that Node blocks when it starts, and unblocks when it starts the thread that waits for debuggers
 * (src/inspector_agent.cc, `StartDebugSignalHandler`): never, with --permission or --disable-sigusr1.
 */
export const BLOCKED_BY_NODE: number = signalNumbers.SIGUSR1

/** The saved flags of a descriptor: those of the open file description, and those of the descriptor. */
type SavedFlags = readonly [fd: number, statusFlags: number, descriptorFlags: number]

/**
 * Makes standard streams blocking, as other programs expect, and inheritable. Both held when Node was started; but Node
 * reopens a terminal when a program first uses `process.stdin`, `process.stdout` or `process.stderr`.
 *
 * O_NONBLOCK is a flag of the open file description, which children share: so this process's own stream changes as
 * well. Node does the same to streams that its own children inherit.
 *
 * @returns a function that restores the flags, for when no other process uses the streams any more
 */
export function prepareStandardStreams(fds: readonly number[] = STANDARD_STREAMS): () => void {
  const changed: SavedFlags[] = []
  for (const fd of fds) {
    const [status, flags] = [libc.fcntl(fd, F_GETFL, 0), libc.fcntl(fd, F_GETFD, 0)]
    // -1 means that the stream is closed; it stays closed.
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

// For each standard stream that is a terminal: its settings before and after Node has restored the original ones.
const TERMINAL = structs.termios.size
const memory = ownMemory(2 * STANDARD_STREAMS.length * TERMINAL)
const settings = addressOf(memory)
const settingsOffset = (fd: number): number => 2 * fd * TERMINAL

/** Resets terminals from Node's raw mode. Returns a function that restores raw mode. */
function resetRawMode(): () => void {
  memory.fill(0)
  const terminals = STANDARD_STREAMS.filter((fd) => libc.tcgetattr(fd, settings + settingsOffset(fd)) === 0)
  resetTerminalModes()
  const changed = terminals.filter((fd) => {
    const [before, after] = [settingsOffset(fd), settingsOffset(fd) + TERMINAL]
    libc.tcgetattr(fd, settings + after)
    return memory.compare(memory, after, after + TERMINAL, before, before + TERMINAL) !== 0
  })
  return () => {
    for (const fd of changed) libc.tcsetattr(fd, TCSANOW, settings + settingsOffset(fd))
  }
}

/**
 * Undoes Node's changes, for a program that is about to replace this process.
 *
 * @returns a function that restores them, for the case that execve(2) fails
 */
export function undoNodeChanges(): () => void {
  const restoreRawMode = resetRawMode()
  const restoreStreams = prepareStandardStreams()
  const actions = Array.from(ignoredByNode, (signal) => [signal, setSignal(signal, SIG_DFL)] as const)
  const wasBlocked = unblockSignal(BLOCKED_BY_NODE)
  return () => {
    if (wasBlocked) blockSignal(BLOCKED_BY_NODE)
    for (const [signal, action] of actions) if (action !== null) restoreSignal(signal, action)
    restoreStreams()
    restoreRawMode()
  }
}
