import type { CheckedWaitOptions } from '../event_loop/fd_operation.ts'
import { bool } from '../os/arguments/numbers.ts'
import { checkOptions, isOptions, NO_OPTIONS } from '../os/arguments/options.ts'
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
  checkOptions(options, WAIT_OPTIONS)
  return checkedWaitOptions(options as WaitOptions)
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
  const last = given.at(-1)
  if (!isOptions(last) || !('signal' in last || 'ref' in last)) return NO_OPTIONS
  const { signal, ref, ...others } = last
  if (Object.keys(others).length === 0) given.pop()
  else given[given.length - 1] = others
  return checkedWaitOptions({ signal, ref })
}
