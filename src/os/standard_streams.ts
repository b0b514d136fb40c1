import { constants, signalNumbers, structs } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { addressOf } from '../libc/memory.ts'
import { resetTerminalModes } from '../libc/node.ts'
import { restoreSignal, setSignal } from '../libc/signals.ts'

/**
 * Node changes the process that it runs in: it makes its standard streams non-blocking, puts terminals into raw mode,
 * and ignores two signals. A program that takes over, or that is started beside it, must not find any of that.
 */

const { F_GETFL, F_SETFL, O_NONBLOCK, TCSANOW, SIG_DFL } = constants

const STREAMS = [0, 1, 2]

/** The signals that Node ignores. Where a program sets one of them itself, it is no longer Node's affair. */
export const ignoredByNode: Set<number> = new Set([signalNumbers.SIGPIPE, signalNumbers.SIGXFSZ])

/**
 * Makes the standard streams block, as everybody but Node expects. The setting belongs to the open file, which children
 * share; Node's own children get the same treatment.
 *
 * @returns the streams that had to be changed
 */
export function makeStandardStreamsBlock(): number[] {
  return STREAMS.filter((fd) => {
    const flags = libc.fcntl(fd, F_GETFL, 0)
    if (flags === -1 || (flags & O_NONBLOCK) === 0) return false
    return libc.fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) !== -1
  })
}

// The settings of the terminals that the standard streams are, while a call is made that may fail.
const TERMINAL = structs.termios.size
const memory = Buffer.allocUnsafeSlow(Math.max(STREAMS.length * TERMINAL, 128))
const terminals = addressOf(memory)

/**
 * Undoes what Node did, for a program that is about to take this process over.
 *
 * @returns puts everything back, for the case that it cannot take over after all
 */
export function undoNodesChanges(): () => void {
  const isTerminal = STREAMS.map((fd) => libc.tcgetattr(fd, terminals + fd * TERMINAL) === 0)
  resetTerminalModes()
  const changed = makeStandardStreamsBlock()
  const actions = Array.from(ignoredByNode, (signal) => [signal, setSignal(signal, SIG_DFL)] as const)
  return () => {
    for (const [signal, action] of actions) if (action !== null) restoreSignal(signal, action)
    for (const fd of changed) libc.fcntl(fd, F_SETFL, libc.fcntl(fd, F_GETFL, 0) | O_NONBLOCK)
    for (const fd of STREAMS) if (isTerminal[fd]) libc.tcsetattr(fd, TCSANOW, terminals + fd * TERMINAL)
  }
}
