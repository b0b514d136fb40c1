import type { CheckedWaitOptions } from '../event_loop/fd_operation.ts'
import { bool } from '../os/arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, takeOptions } from '../os/arguments/options.ts'
import { checkedSignal, type SignalOption } from './abort.ts'

/** The options of every function that waits for a descriptor. */
export interface WaitOptions extends SignalOption {
  /** false: the promise does not keep the process alive. */
  readonly ref?: boolean | undefined
}

export const WAIT_OPTIONS = ['signal', 'ref'] as const

/** Checks the options of a function that has no others. */
export function waitOptions(options: unknown): CheckedWaitOptions {
  if (options === NO_OPTIONS) return NO_OPTIONS
  return checkedWaitOptions(checkOptions(options as WaitOptions, WAIT_OPTIONS))
}

/** Checks `signal` and `ref` among other options. */
export function checkedWaitOptions({
  signal,
  ref,
}: {
  readonly signal?: unknown
  readonly ref?: unknown
}): CheckedWaitOptions {
  return { signal: checkedSignal(signal), ref: bool(ref, 'ref', true) }
}

/** Removes `signal` and `ref` from the options at the end of the arguments: the synchronous function takes neither. */
export function takeWaitOptions(given: unknown[]): CheckedWaitOptions {
  const taken = takeOptions(given, WAIT_OPTIONS)
  return taken === NO_OPTIONS ? NO_OPTIONS : checkedWaitOptions(taken)
}
