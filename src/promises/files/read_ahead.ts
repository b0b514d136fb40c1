import { OSError } from '../../errors.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { threadPoolSize } from '../../libc/node.ts'
import { has } from '../../properties.ts'
import { orAborted } from '../abort.ts'

/** Reads the directories of a walk ahead of the caller, so that the pool works while the caller does. */

const { EMFILE, ENFILE } = errnoNumbers

/** How many of the directories that come next are examined to find some whose reading has not started. */
const MAX_EXAMINED = 16
/**
 * How many reads are queued for each thread of the pool: enough to keep the threads busy. With more, directories that
 * are found later but come earlier in the walk would wait longer.
 */
const READS_PER_THREAD = 1.5

/** The result of reading a directory. An error is reported when the walk reaches the directory. */
export type ReadOutcome<T> = { readonly value: T } | { readonly error: unknown }

/** A directory that the walk will, or may, visit. */
export abstract class PendingDirectory<T> {
  readonly path: string
  hasStarted = false
  found: ReadOutcome<T> | undefined
  #whenRead: Promise<void> | undefined
  #resolveWhenRead: (() => void) | undefined

  constructor(path: string) {
    this.path = path
  }

  abstract read(): Promise<T>

  /**
   * The subdirectories in their order, once the directory has been read; empty where they must not be read ahead of it.
   */
  abstract subdirectories(): readonly PendingDirectory<T>[]

  settle(found: ReadOutcome<T>): void {
    this.found = found
    this.#resolveWhenRead?.()
  }

  /** Resolves when the directory has been read. */
  whenRead(): Promise<void> {
    this.#whenRead ??= new Promise((resolve) => {
      this.#resolveWhenRead = resolve
    })
    return this.#whenRead
  }

  reset(): void {
    this.found = undefined
    this.#whenRead = undefined
  }
}

/** The directories of a walk that are being read, or have been read ahead. */
export class ReadAhead<T> {
  /** Whether subdirectories are read even before the walk has visited their parent. */
  readsSubdirectories = false
  readonly #tasks: readonly unknown[]
  readonly #signal: AbortSignal | undefined
  readonly #most: number
  readonly #maxReading: number = Math.ceil(threadPoolSize() * READS_PER_THREAD)
  /** The directories that are being read. An array rather than a Set, for the reason given in libc/background.ts. */
  readonly #reading: PendingDirectory<T>[] = []
  /** How many reads have started and not been taken. */
  #startedCount = 0
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
  take(pending: PendingDirectory<T>): ReadOutcome<T> | Promise<ReadOutcome<T>> {
    const { found, hasStarted: hasBegun } = pending
    if (found === undefined || isOutOfDescriptors(found)) return this.#wait(pending, hasBegun)
    this.#startedCount -= 1
    this.#startNext()
    return found
  }

  async #wait(pending: PendingDirectory<T>, isAhead: boolean): Promise<ReadOutcome<T>> {
    if (!isAhead) this.#start(pending)
    this.#startNext()
    await this.#awaitRead(pending)
    if (isAhead && isOutOfDescriptors(pending.found)) await this.#readAgain(pending)
    this.#startedCount -= 1
    return pending.found as ReadOutcome<T>
  }

  async #awaitRead(pending: PendingDirectory<T>): Promise<void> {
    if (pending.found === undefined) await orAborted(pending.whenRead(), this.#signal)
  }

  /** Reads a directory again that failed because other reads had taken all descriptors. */
  async #readAgain(pending: PendingDirectory<T>): Promise<void> {
    this.#isEnding = true
    await orAborted(this.#whenIdle(), this.#signal)
    this.#isEnding = false
    pending.reset()
    this.#read(pending)
    await this.#awaitRead(pending)
  }

  /** Starts reading the directories that come next. */
  #startNext(): void {
    let left = MAX_EXAMINED
    for (let at = this.#tasks.length - 1; at >= 0 && left > 0 && this.#mayStart(); at--) {
      const task = this.#tasks[at]
      if (task instanceof PendingDirectory) left = this.#examine(task, left)
    }
  }

  #mayStart(): boolean {
    const hasRoom = this.#reading.length < this.#maxReading && this.#startedCount < this.#most
    return hasRoom && !this.#isEnding && this.#signal?.aborted !== true
  }

  /** Examines a directory and its subdirectories; returns how many more may be examined. */
  #examine(pending: PendingDirectory<T>, most: number): number {
    let left = most - 1
    if (!pending.hasStarted) this.#start(pending)
    else if (this.readsSubdirectories && pending.found !== undefined) {
      for (const below of pending.subdirectories()) {
        if (left === 0 || !this.#mayStart()) break
        left = this.#examine(below, left)
      }
    }
    return left
  }

  #start(pending: PendingDirectory<T>): void {
    pending.hasStarted = true
    this.#startedCount += 1
    this.#read(pending)
  }

  #read(pending: PendingDirectory<T>): void {
    this.#reading.push(pending)
    pending.read().then(
      (value) => this.#settle(pending, { value }),
      (error) => this.#settle(pending, { error }),
    )
  }

  #settle(pending: PendingDirectory<T>, found: ReadOutcome<T>): void {
    this.#reading.splice(this.#reading.indexOf(pending), 1)
    pending.settle(found)
    this.#startNext()
  }

  /** Resolves when all current reads have ended. */
  async #whenIdle(): Promise<void> {
    await Promise.all(this.#reading.map((pending) => pending.whenRead()))
  }

  /** Ends the walk: `leave` is called when no read is in progress any more. An aborted walk does not wait for that. */
  async end(leave: () => void): Promise<void> {
    this.#isEnding = true
    const left = this.#whenIdle().then(leave)
    if (this.#signal?.aborted !== true) await left
  }
}

function isOutOfDescriptors(found: ReadOutcome<unknown> | undefined): boolean {
  if (found === undefined || !has(found, 'error')) return false
  const { error } = found
  return error instanceof OSError && (error.errno === EMFILE || error.errno === ENFILE)
}
