import { constants, sizes, structs } from './facts.ts'
import { libc } from './functions.ts'
import { addressOf, ownMemory } from './memory.ts'

/**
 * sigaction(2), for the two actions that need no handler function: the default action, and to ignore the signal; and
 * the signals that a thread blocks.
 */

const { offsets, size } = structs.sigaction

// Memory of this module alone: the new action, followed by the old one.
const memory = ownMemory(2 * size)
const newAction = addressOf(memory)
const oldAction = newAction + size

/** The previous action of a signal, as a C structure. */
export type SignalAction = Buffer<ArrayBuffer>

/**
 * Sets the action of a signal.
 *
 * @param handler SIG_DFL or SIG_IGN
 * @returns the previous action; null where the system refuses, with the reason in errno
 */
export function setSignal(signal: number, handler: number): SignalAction | null {
  memory.fill(0, 0, size)
  memory.writeBigUInt64LE(BigInt(handler), offsets.sa_handler)
  return libc.sigaction(signal, newAction, oldAction) === -1 ? null : Buffer.from(memory.subarray(size))
}

/** Returns the current action of a signal; null where there is no such signal, with the reason in errno. */
export function actionOf(signal: number): SignalAction | null {
  return libc.sigaction(signal, 0, oldAction) === -1 ? null : Buffer.from(memory.subarray(size))
}

/** Restores the previous action of a signal. */
export function restoreSignal(signal: number, action: SignalAction): void {
  memory.set(action)
  libc.sigaction(signal, newAction, 0)
}

/** SIG_DFL, SIG_IGN, or the address of a function. */
export function handlerOf(action: SignalAction): number {
  return Number(action.readBigUInt64LE(offsets.sa_handler))
}

const blockedSet = addressOf(ownMemory(sizes.sigset_t ?? 0))

/** Writes the set of signals that this thread blocks to memory. */
export function readBlocked(set: number): void {
  libc.pthread_sigmask(constants.SIG_BLOCK, 0, set)
}

/** Unblocks a signal in this thread. Returns whether it was blocked. */
export function unblockSignal(signal: number): boolean {
  readBlocked(blockedSet)
  if (libc.sigismember(blockedSet, signal) !== 1) return false
  libc.sigdelset(blockedSet, signal)
  libc.pthread_sigmask(constants.SIG_SETMASK, blockedSet, 0)
  return true
}

/** Blocks a signal in this thread. */
export function blockSignal(signal: number): void {
  readBlocked(blockedSet)
  libc.sigaddset(blockedSet, signal)
  libc.pthread_sigmask(constants.SIG_SETMASK, blockedSet, 0)
}
