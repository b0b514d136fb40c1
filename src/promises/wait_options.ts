import type { Patience } from '../event_loop/perform.ts'
import { bool, checkOptions, NO_OPTIONS } from '../os/arguments.ts'
import { checkedSignal, type SignalOption } from './abort.ts'

/** What every function takes that waits for a descriptor. */
export interface WaitOptions extends SignalOption {
  /** false: the process does not stay alive for the sake of this promise. */
  readonly ref?: boolean | undefined
}

export const WAIT_OPTIONS = ['signal', 'ref'] as const

/** The options of a function that has no others. */
export function waitOptions(options: unknown): Patience {
  if (options === NO_OPTIONS) return NO_OPTIONS
  checkOptions(options, WAIT_OPTIONS)
  return patience(options as WaitOptions)
}

/** Those two among other options. */
export function patience({ signal, ref }: { readonly signal?: unknown; readonly ref?: unknown }): Patience {
  return { signal: checkedSignal(signal), ref: bool(ref, 'ref', true) }
}
