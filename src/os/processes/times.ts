import { failed } from '../../libc/call.ts'
import { structs, sysconfNames } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { scratchAddress, uint64At } from '../../libc/memory.ts'
import { times_result } from '../../results/times_result.ts'

/**
 * times(2): the CPU time that the process and its children have used.
 *
 * @returns seconds, with a resolution of 1/100
 *
 * Availability: Linux. See times(2); Python, os.times.
 * @example
 * ```ts
 * const { user, system, elapsed } = os.times()
 * user + system > 0 && elapsed > 0 // => true
 * ```
 */
export function times(): times_result {
  let elapsed: number
  while ((elapsed = libc.times(scratchAddress)) === -1) failed('times')
  const second = Number(libc.sysconf(sysconfNames.SC_CLK_TCK))
  const { tms_utime, tms_stime, tms_cutime, tms_cstime } = structs.tms.offsets
  const used = [tms_utime, tms_stime, tms_cutime, tms_cstime].map((offset) => uint64At(offset, 'times') / second)
  return new times_result([...used, elapsed / second])
}
