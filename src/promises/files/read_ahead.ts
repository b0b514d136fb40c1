import { OSError } from '../../errors.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { threadPoolSize } from '../../libc/node.ts'
import { orAborted } from '../abort.ts'

/** Reading directories of a walk before it is their turn, so that the pool works while the caller does. */

const { EMFILE, ENFILE } = errnoNumbers

/** How many directories are looked at, of those that come next, for some that have not been asked for. */
const AHEAD = 16
/**
 * How many are asked for at a time, for each thread of the pool: enough to keep it at work. More would have to wait
 * there, before others that turn up meanwhile and come sooner.
 */
const ASKED = 1.5

/** What reading a directory came to. Errors are told when its turn has come. */
export type ReadOutcome<T> = { readonly value: T } | { readonly error: unknown }

/** A directory that is going to be visited, or may be. */
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

  /** The directories in it, in their order, once it has been read; none where they must not be read ahead of it. */
  abstract below(): readonly Pending<T>[]

  settle(found: ReadOutcome<T>): void {
    this.found = found
    this.#arrived?.()
  }

  /** Resolves as soon as it has been read. */
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

/** The directories of a walk that are being read, or have been and wait for their turn. */
export class ReadAhead<T> {
  /** Whether directories are read before the one that they are in has had its turn, too. */
  goesDeeper = false
  readonly #tasks: readonly unknown[]
  readonly #signal: AbortSignal | undefined
  readonly #most: number
  readonly #atOnce: number = Math.ceil(threadPoolSize() * ASKED)
  /** Those that are being read. No Set, for the reason that libc/background.ts has. */
  readonly #underWay: Pending<T>[] = []
  /** How many have begun and not been taken. */
  #begun = 0
  #isEnding = false

  /**
   * @param tasks what the walk has still to do, the last first: instances of Pending, and what does not matter here
   * @param most how many there may be that have been read, or are being read, and have not been taken
   */
  constructor(tasks: readonly unknown[], signal: AbortSignal | undefined, most: number = Number.POSITIVE_INFINITY) {
    this.#tasks = tasks
    this.#signal = signal
    this.#most = most
  }

  /**
   * What one whose turn has come came to: a promise only where that is not known yet. Those that come next are begun.
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

  /** Those that were read beside it may have taken the descriptors that it lacked. */
  async #readAgain(pending: Pending<T>): Promise<void> {
    this.#isEnding = true
    await orAborted(this.#over(), this.#signal)
    this.#isEnding = false
    pending.reset()
    this.#read(pending)
    await this.#arrivalOf(pending)
  }

  /** Begins with those that come next. */
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

  /** Looks at a directory, and at those below it; returns how many may still be looked at. */
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

  /** Resolves when those that are being read have been. */
  async #over(): Promise<void> {
    await Promise.all(this.#underWay.map((pending) => pending.arrival()))
  }

  /**
   * At the end of a walk: `leave` is called when nothing is being read any more. Who has aborted it does not wait for
   * that.
   */
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
