import { constants, sizes, structs } from './facts.ts'
import { libc } from './functions.ts'
import { addressOf, ownMemory } from './memory.ts'

/**
 * sigaction(2), for the two actions that need no function of ours: the default one, and to ignore the signal; and the
 * signals that a thread blocks.
 */

const { offsets, size } = structs.sigaction

// Of this module alone, first the new action, then the old one.
const memory = ownMemory(2 * size)
const newAction = addressOf(memory)
const oldAction = newAction + size

/** What a signal did before, as C has it. */
type SignalAction = Buffer<ArrayBuffer>

/**
 * Sets what a signal does.
 *
 * @param handler SIG_DFL or SIG_IGN
 * @returns what it did before; null where the system refuses, and errno tells why
 */
export function setSignal(signal: number, handler: number): SignalAction | null {
  memory.fill(0, 0, size)
  memory.writeBigUInt64LE(BigInt(handler), offsets.sa_handler)
  return libc.sigaction(signal, newAction, oldAction) === -1 ? null : Buffer.from(memory.subarray(size))
}

/** Puts back what a signal did before. */
export function restoreSignal(signal: number, action: SignalAction): void {
  memory.set(action)
  libc.sigaction(signal, newAction, 0)
}

/** SIG_DFL, SIG_IGN, or the address of a function. */
export function handlerOf(action: SignalAction): number {
  return Number(action.readBigUInt64LE(offsets.sa_handler))
}

const blockedSet = addressOf(ownMemory(sizes.sigset_t ?? 0))

/** Writes the set of the signals that this thread blocks to memory. */
export function readBlocked(set: number): void {
  libc.pthread_sigmask(constants.SIG_BLOCK, 0, set)
}

/** Has this thread block a signal no longer. Returns whether it did. */
export function unblockSignal(signal: number): boolean {
  readBlocked(blockedSet)
  if (libc.sigismember(blockedSet, signal) !== 1) return false
  libc.sigdelset(blockedSet, signal)
  libc.pthread_sigmask(constants.SIG_SETMASK, blockedSet, 0)
  return true
}

/** Has this thread block a signal. */
export function blockSignal(signal: number): void {
  readBlocked(blockedSet)
  libc.sigaddset(blockedSet, signal)
  libc.pthread_sigmask(constants.SIG_SETMASK, blockedSet, 0)
}
