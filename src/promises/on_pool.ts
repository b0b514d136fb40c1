import { type Block, inBackground, type Job } from '../libc/background.ts'
import { osError } from '../libc/call.ts'
import type { Int64 } from '../libc/functions.ts'
import { bytes } from '../libc/memory.ts'
import { isOptions } from '../os/arguments.ts'
import type { Prepared } from '../os/prepared.ts'
import { checkedSignal, onAbort } from './abort.ts'

/** What becomes of a call that is made on the pool. */
export interface Outcome<T> {
  /**
   * Which argument (by its index) is the address of scratch memory. The call writes to memory of its own in its place;
   * that is copied to scratch memory before `result` is asked, which so is what the synchronous call has, too.
   */
  readonly out?: number
  /** How many bytes are written there; as many as the result says, where it is left out. */
  readonly size?: number
  /** Whether C returns the error number, rather than -1. */
  readonly returnsErrno?: boolean
  /** The promise's value, of C's result. */
  result(result: number): T
  /** Where an error number is not just an OSError: the promise's value, or what to reject with, thrown. */
  failure?(errno: number, call: Prepared): T
  /** Undoes what the call did though nobody wanted it any more. */
  undo?(result: number): void
}

/** For calls that tell nothing. */
export const NOTHING: Outcome<void> = { result: () => undefined }
/** For calls whose result is a number of C's as it is: a count of bytes. */
export const COUNT: Outcome<number> = { result: (count) => count }

class PoolCall<T> implements Job {
  readonly name: Prepared['name']
  readonly returnsErrno: boolean
  abandoned = false
  readonly #call: Prepared
  readonly #outcome: Outcome<T>
  readonly #resolve: (value: T) => void
  readonly #reject: (reason: unknown) => void
  readonly #stopListening: (() => void) | undefined

  constructor(
    call: Prepared,
    outcome: Outcome<T>,
    signal: AbortSignal | undefined,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ) {
    this.name = call.name
    this.returnsErrno = outcome.returnsErrno === true
    this.#call = call
    this.#outcome = outcome
    this.#resolve = resolve
    this.#reject = reject
    if (signal !== undefined) this.#stopListening = onAbort(signal, (reason) => this.#abandon(reason))
  }

  #abandon(reason: unknown): void {
    this.abandoned = true
    this.#reject(reason)
  }

  arguments({ address }: Block): readonly unknown[] {
    const { args } = this.#call
    const { out } = this.#outcome
    return out === undefined ? args : (args as readonly unknown[]).with(out, address)
  }

  done(value: Int64, errno: number, block: Block): void {
    const result = Number(value)
    if (this.abandoned) {
      if (errno === 0) this.#outcome.undo?.(result)
      return
    }
    this.#stopListening?.()
    try {
      this.#resolve(errno === 0 ? this.#shaped(result, block) : this.#failed(errno))
    } catch (error) {
      this.#reject(error)
    }
  }

  #shaped(result: number, block: Block): T {
    const outcome = this.#outcome
    if (outcome.out !== undefined) block.bytes.copy(bytes, 0, 0, outcome.size ?? result)
    return outcome.result(result)
  }

  #failed(errno: number): T {
    const call = this.#call
    if (this.#outcome.failure !== undefined) return this.#outcome.failure(errno, call)
    throw osError(errno, call.syscall, call.file, call.file2)
  }

  refused(error: unknown): void {
    this.#stopListening?.()
    this.#reject(error)
  }
}

/**
 * Makes a call on the pool.
 *
 * @param signal once aborted, the promise rejects with its reason at once. What has been started is not stopped: it ends,
 *   and its result is undone
 */
export function onPool<T>(call: Prepared, outcome: Outcome<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    inBackground(new PoolCall(call, outcome, signal, resolve, reject))
  })
}

/**
 * The asynchronous twin of a function of `os` that makes one call: the same name, arguments and results. Arguments are
 * checked, and auditing events raised, before it returns; what is wrong with them rejects the promise, as in `node:fs`.
 *
 * @param like the synchronous function
 * @param prepare what it does before its call
 * @param outcome what it does after
 */
export function twin<T, F extends (...args: never[]) => Promise<T>>(
  like: (...args: never[]) => unknown,
  prepare: (...args: never[]) => Prepared,
  outcome: Outcome<T>,
): F {
  const prepareAny = prepare as (...args: readonly unknown[]) => Prepared
  return named(like, (...given) => {
    return new Promise<T>((resolve, reject) => {
      const signal = takeSignal(given)
      inBackground(new PoolCall(prepareAny(...given), outcome, signal, resolve, reject))
    })
  })
}

/** A function with the name and the number of required arguments of its synchronous twin. */
export function named<F extends (...args: never[]) => Promise<unknown>>(
  { name, length }: (...args: never[]) => unknown,
  fn: (...given: unknown[]) => Promise<unknown>,
): F {
  Object.defineProperty(fn, 'name', { value: name, configurable: true })
  Object.defineProperty(fn, 'length', { value: length, configurable: true })
  return fn as unknown as F
}

/** Takes `signal` out of the options at the end of the arguments: the synchronous function knows none. */
export function takeSignal(given: unknown[]): AbortSignal | undefined {
  const last = given.at(-1)
  if (!isOptions(last) || !('signal' in last)) return undefined
  const { signal, ...others } = last
  if (Object.keys(others).length === 0) given.pop()
  else given[given.length - 1] = others
  return checkedSignal(signal)
}
