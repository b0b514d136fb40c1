/**
 * How many operations in a row may settle their promise without a turn of the event loop. Settled promises alone run
 * only microtasks: a program that reads from a fast writer would otherwise starve its timers and other I/O.
 */
const IN_A_ROW = 64
let inARow = 0

function reset(): void {
  inARow = 0
}

/** Whether the operation that has just ended is to be reported in the next turn of the event loop. */
function isTurnUsedUp(): boolean {
  if (++inARow <= IN_A_ROW) return false
  if (inARow === IN_A_ROW + 1) setImmediate(reset)
  return true
}

/** Whether as many operations have been reported as one turn of the event loop allows. */
export function isTurnOver(): boolean {
  return inARow > IN_A_ROW
}

/**
 * Whether an operation that is carried out at once may be reported without a turn of the event loop. It counts as one
 * that is.
 */
export function takeFromTurn(): boolean {
  return !isTurnUsedUp()
}

/**
 * A promise of the result of an operation that has been carried out already. Each operation is carried out when it is
 * called, so the order of the calls is kept; only the report may wait for a turn of the event loop.
 */
export function immediately<T>(result: T): Promise<T> {
  if (!isTurnUsedUp()) return Promise.resolve(result)
  return new Promise((resolve) => setImmediate(resolve, result))
}

/** The same for an operation that has failed. */
export function rejectedImmediately(error: unknown): Promise<never> {
  if (!isTurnUsedUp()) return Promise.reject(error)
  return new Promise((_, reject) => setImmediate(reject, error))
}
