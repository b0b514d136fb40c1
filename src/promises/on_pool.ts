import { addCloseListener, addForkListener } from '../event_loop/descriptor_events.ts'
import { takeFromTurn } from '../event_loop/fairness.ts'
import { NOT_YET } from '../event_loop/fd_operation.ts'
import { onAbort, throwIfAborted } from '../event_loop/on_abort.ts'
import { type Block, forgetBackground, type Job } from '../libc/background.ts'
import { osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { type Int64, rolesOf } from '../libc/functions.ts'
import { SCRATCH_SIZE, scratch, scratchAddress } from '../libc/memory.ts'
import { takeOptions } from '../os/arguments/options.ts'
import type { Prepared } from '../os/prepared.ts'
import { define } from '../properties.ts'
import { begin, stop } from '../ring/calls.ts'
import { checkedSignal } from './abort.ts'
import type { Twin } from './twin.ts'

const { AT_FDCWD } = constants
const { EBADF } = errnoNumbers

/** How a call is made on the pool, and how its result is converted. */
export interface Outcome<T> {
  /** How many bytes at the start of scratch memory C reads. */
  readonly input?: number
  /**
   * How many bytes C writes there, or -1 for as many as its result says. They are copied to scratch memory before
   * `result` is called, which therefore works as after a synchronous call.
   */
  readonly output?: number
  /** Whether C returns the error number instead of -1. */
  readonly returnsErrno?: boolean
  /** How many bytes of memory the call needs, where 64 KiB are not enough. */
  memorySize?(call: Prepared): number
  /** Writes the call's input to the block. An exception rejects the promise. */
  fill?(call: Prepared, block: Block): void
  /**
   * Converts C's result to the promise's value. `block` is reused by other calls, unless `memorySize` asked for more
   * than 64 KiB.
   */
  result(result: Int64, call: Prepared, block: Block): T
  /**
   * Where an error number does not simply become an OSError: returns the promise's value, or throws the reason to
   * reject with.
   */
  failure?(errno: number, call: Prepared): T
  /**
   * Carries the call out at once if that cannot block, and returns the promise's value; NOT_YET where it might block,
   * or has failed: the call is then made on the pool.
   */
  atOnce?(call: Prepared): T | typeof NOT_YET
  /** Undoes the effect of a call that was aborted while it ran. */
  undo?(result: Int64): void
  /** The call cannot be aborted once it is queued. */
  readonly ignoresAbort?: boolean
}

/** For calls without a result. */
export const NOTHING: Outcome<void> = { result: () => undefined }
/** For calls whose result is the number that C returns: a count of bytes. */
export const COUNT: Outcome<number> = { result: Number }

/** Whether one of the arguments is the caller's descriptor. */
function usesDescriptor({ name, args }: Prepared): boolean {
  const { fd, dirfd } = rolesOf(name)
  return fd.length > 0 || dirfd.some((index) => args[index] !== AT_FDCWD)
}

function isInScratch(address: unknown): boolean {
  return Number(address) >= scratchAddress && Number(address) < scratchAddress + SCRATCH_SIZE
}

function wrongRole(name: string, index: number): RangeError {
  const advice = 'in its prototype scratch stands for an address in scratch memory, uintptr_t for any other'
  return new RangeError(`argument ${index} of ${name} is not what its prototype says: ${advice}`)
}

/**
 * The arguments of a call on the pool, where it has memory of its own: addresses in scratch memory become those of the
 * same place in that. C writes to any address without complaint, so a wrong role in a prototype has to be found here.
 */
function withOwnMemory({ name, args }: Prepared, block: Block): readonly unknown[] {
  const { scratch: places, uintptr_t: others } = rolesOf(name)
  for (const index of others) if (isInScratch(args[index])) throw wrongRole(name, index)
  if (places.length === 0) return args
  const own: unknown[] = [...args]
  for (const index of places) {
    if (own[index] === 0) continue
    if (!isInScratch(own[index])) throw wrongRole(name, index)
    own[index] = Number(own[index]) - scratchAddress + block.address
  }
  return own
}

/** The calls that are queued for the pool and use a descriptor, by descriptor. */
const queued = new Map<number, Set<PoolCall<unknown>>>()
let isListening = false

function listen(): void {
  isListening = true
  addCloseListener((first, last) => {
    if (queued.size === 0) return
    for (const [fd, calls] of first === last ? [[first, queued.get(first)] as const] : [...queued]) {
      if (calls === undefined || fd < first || fd > last) continue
      for (const call of [...calls]) call.descriptorClosed(fd)
    }
  })
}

addForkListener(forgetBackground)

class PoolCall<T> implements Job {
  readonly name: Prepared['name']
  readonly returnsErrno: boolean
  readonly memorySize: number
  abandoned = false
  operation: number | undefined = undefined
  #isRunning = false
  /** The abort reason, where the promise has not been rejected yet. */
  #reason: { readonly reason: unknown } | undefined
  readonly #call: Prepared
  readonly #outcome: Outcome<T>
  readonly #input: Buffer | undefined
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
    this.memorySize = outcome.memorySize === undefined ? 0 : outcome.memorySize(call)
    this.#call = call
    this.#outcome = outcome
    // The input is copied: other calls use scratch memory while this one is queued.
    if (outcome.input !== undefined) this.#input = Buffer.from(scratch.subarray(0, outcome.input))
    this.#resolve = resolve
    this.#reject = reject
    const isAbortable = signal !== undefined && outcome.ignoresAbort !== true
    if (isAbortable) this.#stopListening = onAbort(signal, (reason) => this.#abandon(reason))
    this.#enqueue()
  }

  /** The descriptors that the call is made with. */
  #descriptors(): number[] {
    const { name, args } = this.#call
    const { fd, dirfd } = rolesOf(name)
    return [...fd, ...dirfd].map((index) => args[index] as number).filter((number) => number !== AT_FDCWD)
  }

  #enqueue(): void {
    if (!usesDescriptor(this.#call)) return
    if (!isListening) listen()
    for (const fd of this.#descriptors()) {
      const calls = queued.get(fd)
      if (calls === undefined) queued.set(fd, new Set([this as PoolCall<unknown>]))
      else calls.add(this as PoolCall<unknown>)
    }
  }

  #dequeue(): void {
    if (!usesDescriptor(this.#call)) return
    for (const fd of this.#descriptors()) {
      const calls = queued.get(fd)
      calls?.delete(this as PoolCall<unknown>)
      if (calls?.size === 0) queued.delete(fd)
    }
  }

  /** Fails a queued call: the number may belong to another file by the time the call would be made. */
  descriptorClosed(fd: number): void {
    this.abandoned = true
    this.failedToStart(osError(EBADF, this.#call.syscall, fd))
  }

  #abandon(reason: unknown): void {
    this.abandoned = true
    if (!this.#isRunning) this.#dequeue()
    else stop(this)
    // Once the promise has rejected, the caller may close a descriptor, and its number may then be reused for another
    // file.
    if (this.#isRunning && usesDescriptor(this.#call)) this.#reason = { reason }
    else this.#reject(reason)
  }

  arguments(block: Block): readonly unknown[] {
    if (!this.#isRunning) this.#dequeue()
    this.#isRunning = true
    this.#input?.copy(block.bytes)
    this.#outcome.fill?.(this.#call, block)
    return withOwnMemory(this.#call, block)
  }

  requeued(): void {
    this.#isRunning = false
    this.#enqueue()
  }

  done(result: Int64, errno: number, block: Block): void {
    if (this.abandoned) {
      if (errno === 0) this.#outcome.undo?.(result)
      if (this.#reason !== undefined) this.#reject(this.#reason.reason)
      return
    }
    this.#stopListening?.()
    try {
      this.#resolve(errno === 0 ? this.#converted(result, block) : this.#failed(errno))
    } catch (error) {
      this.#reject(error)
    }
  }

  #converted(result: Int64, block: Block): T {
    const { output } = this.#outcome
    if (output !== undefined) block.bytes.copy(scratch, 0, 0, output === -1 ? Number(result) : output)
    return this.#outcome.result(result, this.#call, block)
  }

  #failed(errno: number): T {
    const call = this.#call
    if (this.#outcome.failure !== undefined) return this.#outcome.failure(errno, call)
    throw osError(errno, call.syscall, call.file, call.file2)
  }

  failedToStart(error: unknown): void {
    if (!this.#isRunning) this.#dequeue()
    this.#stopListening?.()
    this.#reject(error)
  }
}

/**
 * Makes a call on the pool.
 *
 * @param signal once aborted, the promise rejects with its reason. A queued call is then not made. A running call
 *   cannot be stopped; its effect is undone. The promise does not wait for it, unless the call uses the caller's
 *   descriptor
 */
export function onPool<T>(call: Prepared, outcome: Outcome<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    throwIfAborted(signal)
    begin(new PoolCall(call, outcome, signal, resolve, reject))
  })
}

/**
 * Creates the asynchronous twin of a function of `os` that makes one call: it has the same name, arguments and results.
 * Arguments are checked, and audit events raised, before it returns; an error in them rejects the promise, as in
 * `node:fs`.
 *
 * @param like the synchronous function
 * @param prepare the part of the function before its call
 * @param outcome the part of the function after its call
 */
export function twin<Like extends (...args: never[]) => unknown, F extends Twin<Like> = Twin<Like>>(
  like: Like,
  prepare: (...args: never[]) => Prepared,
  outcome: Outcome<ReturnType<Like>>,
): F {
  const prepareAny = prepare as (...args: readonly unknown[]) => Prepared
  return named(like, (...given) => {
    return new Promise<ReturnType<Like>>((resolve, reject) => {
      const signal = takeSignal(given)
      const call = prepareAny(...given)
      // Getters and auditing hooks may have aborted it.
      throwIfAborted(signal)
      const { atOnce } = outcome
      const result = atOnce === undefined || !takeFromTurn() ? NOT_YET : atOnce(call)
      if (result === NOT_YET) begin(new PoolCall(call, outcome, signal, resolve, reject))
      else resolve(result)
    })
  })
}

/** A function with the name and the number of required arguments of its synchronous twin. */
export function named<Like extends (...args: never[]) => unknown, F extends Twin<Like> = Twin<Like>>(
  { name, length }: Like,
  fn: (...given: unknown[]) => Promise<ReturnType<Like>>,
): F {
  define(fn, 'name', { value: name, configurable: true })
  define(fn, 'length', { value: length, configurable: true })
  return fn as unknown as F
}

const SIGNAL = ['signal'] as const

/** Removes `signal` from the options at the end of the arguments: the synchronous function does not take it. */
export function takeSignal(given: unknown[]): AbortSignal | undefined {
  return checkedSignal(takeOptions(given, SIGNAL).signal)
}
