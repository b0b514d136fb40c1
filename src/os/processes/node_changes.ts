import { isMainThread } from 'node:worker_threads'
import { constants, signalNumbers, structs } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { addressOf, ownMemory } from '../../libc/memory.ts'
import { descriptorsOfNode, isNode, resetTerminalModes } from '../../libc/node.ts'
import { blockSignal, restoreSignal, setSignal, unblockSignal } from '../../libc/signals.ts'
import { fileAt, isStandardStream, STANDARD_STREAMS } from '../../libc/standard_streams.ts'

/**
 * Node changes the process that it runs in: it makes its standard streams non-blocking and close-on-exec, puts
 * terminals into raw mode, ignores two signals and blocks one. A program that replaces this process, or that is started
 * as a child, must not see these changes. (In src/node.cc, `PlatformInit` sets the signals, and
 * `uv_disable_stdio_inheritance` sets close-on-exec.)
 */

const { F_GETFL, F_SETFL, F_GETFD, F_SETFD, FD_CLOEXEC, O_NONBLOCK, TCSANOW, SIG_DFL } = constants

/** The signals that Node ignores. A signal whose action the program sets itself is removed from the set. */
export const ignoredByNode: Set<number> = new Set([signalNumbers.SIGPIPE, signalNumbers.SIGXFSZ])

/**
 * The signal that Node blocks when it starts, and unblocks when it starts the thread that waits for debuggers
 * (src/inspector_agent.cc, `StartDebugSignalHandler`): never, with --permission or --disable-sigusr1.
 */
export const BLOCKED_BY_NODE: number = signalNumbers.SIGUSR1

/** A standard stream that was made blocking, and the file that it was. */
type ChangedStream = readonly [fd: number, file: string | null]

/** The result of `prepareStandardStreams` if it has changed nothing. */
export const NOTHING_TO_RESTORE = (): void => undefined

/**
 * Makes standard streams blocking, as other programs expect, and a terminal inheritable that Node has reopened, which it
 * does when a program first uses `process.stdin`, `process.stdout` or `process.stderr`.
 *
 * Only changes of Node are undone. A program that has closed a standard stream may have another file open under its
 * number: that file is not changed.
 *
 * O_NONBLOCK is a flag of the open file description, which children share: so this process's own stream changes as
 * well. Node does the same to streams that its own children inherit.
 *
 * @returns a function that sets O_NONBLOCK again, for when no other process uses the streams any more
 */
export function prepareStandardStreams(fds: readonly number[] = STANDARD_STREAMS): () => void {
  let changed: ChangedStream[] | undefined
  for (const fd of fds) {
    const flags = libc.fcntl(fd, F_GETFD, 0)
    // -1 means that the descriptor is closed; it stays closed.
    if (flags === -1 || !isInherited(fd, flags)) continue
    const status = libc.fcntl(fd, F_GETFL, 0)
    if ((status & O_NONBLOCK) === 0 || !isNonBlockingByNode(fd)) continue
    changed ??= []
    changed.push([fd, fileAt(fd)])
    libc.fcntl(fd, F_SETFL, status & ~O_NONBLOCK)
  }
  if (changed === undefined) return NOTHING_TO_RESTORE
  const streams = changed
  return () => {
    for (const [fd, file] of streams) restoreNonBlocking(fd, file)
  }
}

/**
 * Whether children inherit a descriptor. A terminal that Node has reopened is made inheritable again, and stays so,
 * because another thread may be starting a program.
 */
function isInherited(fd: number, flags: number): boolean {
  if ((flags & FD_CLOEXEC) === 0) return true
  if (libc.isatty(fd) !== 1 || !isStandardStream(fd)) return false
  libc.fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC)
  return true
}

/**
 * Whether Node has made a descriptor non-blocking: that of a standard stream, or of a file that the program has put in
 * its place (`dup2`) before it first used `process.stdin`, `process.stdout` or `process.stderr`. The handles of other
 * threads cannot be listed: in a worker every descriptor counts. Bun and Deno leave O_NONBLOCK as it is.
 */
function isNonBlockingByNode(fd: number): boolean {
  return isStandardStream(fd) || (isNode && (!isMainThread || descriptorsOfNode().has(fd)))
}

/** The descriptor may refer to another file now, and other flags may have changed. */
function restoreNonBlocking(fd: number, file: string | null): void {
  if (fileAt(fd) !== file) return
  const status = libc.fcntl(fd, F_GETFL, 0)
  if (status !== -1) libc.fcntl(fd, F_SETFL, status | O_NONBLOCK)
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
