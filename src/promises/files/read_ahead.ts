import { OSError } from '../../errors.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { threadPoolSize } from '../../libc/node.ts'
import { orAborted } from '../abort.ts'

/** Reads the directories of a walk ahead of the caller, so that the pool works while the caller does. */

const { EMFILE, ENFILE } = errnoNumbers

/** How many of the directories that come next are examined to find some whose reading has not started. */
const AHEAD = 16
/**
 * How many reads are queued for each thread of the pool: enough to keep the threads busy. With more, directories that
 * are found later but come earlier in the walk would wait longer.
 */
const ASKED = 1.5

/** The result of reading a directory. An error is reported when the walk reaches the directory. */
export type ReadOutcome<T> = { readonly value: T } | { readonly error: unknown }

/** A directory that the walk will, or may, visit. */
export abstract class Pending<T> {
  readonly path: string
  hasBegun = false
  found: ReadOutcome<T> | undefined
  #arrival: Promise<void> | undefined
  #arrived: (() => void) | undefined

  constructor(path: string) {
    this.path = path
  }

  abstract read(): Promise<T>

  /**
   * The subdirectories in their order, once the directory has been read; empty where they must not be read ahead of it.
   */
  abstract below(): readonly Pending<T>[]

  settle(found: ReadOutcome<T>): void {
    this.found = found
    this.#arrived?.()
  }

  /** Resolves when the directory has been read. */
  arrival(): Promise<void> {
    this.#arrival ??= new Promise((resolve) => {
      this.#arrived = resolve
    })
    return this.#arrival
  }

  reset(): void {
    this.found = undefined
    this.#arrival = undefined
  }
}

/** The directories of a walk that are being read, or have been read ahead. */
export class ReadAhead<T> {
  /** Whether subdirectories are read even before the walk has visited their parent. */
  goesDeeper = false
  readonly #tasks: readonly unknown[]
  readonly #signal: AbortSignal | undefined
  readonly #most: number
  readonly #atOnce: number = Math.ceil(threadPoolSize() * ASKED)
  /** The directories that are being read. An array rather than a Set, for the reason given in libc/background.ts. */
  readonly #underWay: Pending<T>[] = []
  /** How many reads have started and not been taken. */
  #begun = 0
  #isEnding = false

  /**
   * @param tasks the remaining tasks of the walk, the next one last: instances of PendingDirectory, and others, which
   *   are ignored here
   * @param most the maximal number of directories that are being read or have been read, and have not been taken
   */
  constructor(tasks: readonly unknown[], signal: AbortSignal | undefined, most: number = Number.POSITIVE_INFINITY) {
    this.#tasks = tasks
    this.#signal = signal
    this.#most = most
  }

  /**
   * The result of the directory that the walk has reached: a promise only where it is still being read. Starts reading
   * the directories that come next.
   */
  take(pending: Pending<T>): ReadOutcome<T> | Promise<ReadOutcome<T>> {
    const { found, hasBegun } = pending
    if (found === undefined || isOutOfDescriptors(found)) return this.#wait(pending, hasBegun)
    this.#begun -= 1
    this.#begin()
    return found
  }

  async #wait(pending: Pending<T>, isAhead: boolean): Promise<ReadOutcome<T>> {
    if (!isAhead) this.#start(pending)
    this.#begin()
    await this.#arrivalOf(pending)
    if (isAhead && isOutOfDescriptors(pending.found)) await this.#readAgain(pending)
    this.#begun -= 1
    return pending.found as ReadOutcome<T>
  }

  async #arrivalOf(pending: Pending<T>): Promise<void> {
    if (pending.found === undefined) await orAborted(pending.arrival(), this.#signal)
  }

  /** Reads a directory again that failed because other reads had taken all descriptors. */
  async #readAgain(pending: Pending<T>): Promise<void> {
    this.#isEnding = true
    await orAborted(this.#over(), this.#signal)
    this.#isEnding = false
    pending.reset()
    this.#read(pending)
    await this.#arrivalOf(pending)
  }

  /** Starts reading the directories that come next. */
  #begin(): void {
    let left = AHEAD
    for (let at = this.#tasks.length - 1; at >= 0 && left > 0 && this.#mayBegin(); at--) {
      const task = this.#tasks[at]
      if (task instanceof Pending) left = this.#look(task, left)
    }
  }

  #mayBegin(): boolean {
    const hasRoom = this.#underWay.length < this.#atOnce && this.#begun < this.#most
    return hasRoom && !this.#isEnding && this.#signal?.aborted !== true
  }

  /** Examines a directory and its subdirectories; returns how many more may be examined. */
  #look(pending: Pending<T>, most: number): number {
    let left = most - 1
    if (!pending.hasBegun) this.#start(pending)
    else if (this.goesDeeper && pending.found !== undefined) {
      for (const below of pending.below()) {
        if (left === 0 || !this.#mayBegin()) break
        left = this.#look(below, left)
      }
    }
    return left
  }

  #start(pending: Pending<T>): void {
    pending.hasBegun = true
    this.#begun += 1
    this.#read(pending)
  }

  #read(pending: Pending<T>): void {
    this.#underWay.push(pending)
    pending.read().then(
      (value) => this.#settle(pending, { value }),
      (error) => this.#settle(pending, { error }),
    )
  }

  #settle(pending: Pending<T>, found: ReadOutcome<T>): void {
    this.#underWay.splice(this.#underWay.indexOf(pending), 1)
    pending.settle(found)
    this.#begin()
  }

  /** Resolves when all current reads have ended. */
  async #over(): Promise<void> {
    await Promise.all(this.#underWay.map((pending) => pending.arrival()))
  }

  /** Ends the walk: `leave` is called when no read is in progress any more. An aborted walk does not wait for that. */
  async end(leave: () => void): Promise<void> {
    this.#isEnding = true
    const left = this.#over().then(leave)
    if (this.#signal?.aborted !== true) await left
  }
}

function isOutOfDescriptors(found: ReadOutcome<unknown> | undefined): boolean {
  if (found === undefined || !('error' in found)) return false
  const { error } = found
  return error instanceof OSError && (error.errno === EMFILE || error.errno === ENFILE)
}
