import { wrongType } from '../../errors.ts'
import { failed } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratch, scratchAddress } from '../../libc/memory.ts'

/**
 * prctl(2), PR_SET_CHILD_SUBREAPER: makes this process the one that inherits its descendants when their parents end,
 * instead of process 1. The process then has to wait for them: `wait`, `waitpid(-1, ...)`.
 *
 * @param enabled true to become a subreaper, false to stop being one
 *
 * Availability: Linux 3.4. See PR_SET_CHILD_SUBREAPER(2const). Not in Python.
 * @example
 * ```ts
 * os.set_child_subreaper(true) // orphans among the descendants become children of this process
 * os.get_child_subreaper() // => true
 * os.set_child_subreaper(false)
 * ```
 */
export function set_child_subreaper(enabled: boolean): void {
  if (typeof enabled !== 'boolean') throw wrongType('enabled', 'a boolean', enabled)
  while (libc.prctl(constants.PR_SET_CHILD_SUBREAPER, enabled ? 1 : 0, 0, 0, 0) === -1) failed('prctl')
}

/**
 * prctl(2), PR_GET_CHILD_SUBREAPER: reports whether this process inherits its orphaned descendants.
 *
 * @returns the value that `set_child_subreaper` has set
 *
 * Availability: Linux 3.4. See PR_GET_CHILD_SUBREAPER(2const). Not in Python.
 * @example
 * ```ts
 * os.get_child_subreaper() // => false
 * ```
 */
export function get_child_subreaper(): boolean {
  while (libc.prctl(constants.PR_GET_CHILD_SUBREAPER, scratchAddress, 0, 0, 0) === -1) failed('prctl')
  return scratch.readInt32LE(0) !== 0
}
