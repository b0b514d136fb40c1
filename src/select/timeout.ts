import { nanosecondsUp } from '../os/arguments/times.ts'
import { monotonic_ns } from '../time/clocks.ts'

/** Times until which a call waits. */

const MILLISECOND = 1_000_000n
/** The longest timeout of poll(2) and epoll_wait(2), in milliseconds: 24 days. */
const LONGEST = 2 ** 31 - 1

/** The moment of CLOCK_MONOTONIC at which a wait ends, in nanoseconds; null for none. */
export type Deadline = bigint | null

/** Converts seconds to the end of a wait. */
export function deadlineAfter(seconds: unknown, name = 'timeout'): Deadline {
  return seconds === null || seconds === undefined ? null : monotonic_ns() + nanosecondsUp(seconds, name)
}

/** The milliseconds that are left, rounded up, within those that C takes; -1 for no end. */
export function millisecondsUntil(deadline: Deadline): number {
  if (deadline === null) return -1
  const left = deadline - monotonic_ns()
  return left <= 0n ? 0 : Math.min(Number((left + MILLISECOND - 1n) / MILLISECOND), LONGEST)
}

/** Whether a wait has ended. */
export function isOver(deadline: Deadline): boolean {
  return deadline !== null && monotonic_ns() >= deadline
}
