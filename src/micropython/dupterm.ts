import { isatty } from 'node:tty'
import { Worker } from 'node:worker_threads'
import { outOfRange, wrongType } from '../errors.ts'
import { errnoNumbers } from '../libc/facts.ts'
import { int } from '../os/arguments/numbers.ts'
import { dup } from '../os/descriptors/open_close.ts'
import { deviceError } from '../vfs/errors.ts'
import {
  ANSWERED,
  type FromThread,
  INTERRUPT_KEY,
  type Listening,
  type Served,
  SIGNALLED,
  type ThreadData,
  UNREAD,
} from './dupterm_line.ts'
import { listenToOutput, stopListeningToOutput } from './output_taps.ts'

/**
 * The terminal of the process, repeated on streams: what is written to the standard streams goes to each of them too,
 * and what comes from any of them is input like that from the keyboard.
 */

const { EAGAIN } = errnoNumbers

/** How many streams at once. */
const SLOTS = 8

/** What a stream that nobody reads at the other end may leave unread, in bytes, before it is given up. */
const MOST_UNREAD = 2 ** 20

/** How often streams are asked that cannot say by themselves that there is input, in milliseconds. */
const POLL_INTERVAL = 20

/** How often a stream is asked in one turn: one that always has input must not stop the event loop. */
const MOST_READS = 64

/** A stream in MicroPython's shape. */
export interface TerminalStream {
  /**
   * Fills memory: how many bytes, 0 at the end; null where there is nothing to read now. An error is thrown, or returned
   * as a negative error number, of which -EAGAIN is the same as null. Any other result drops the stream.
   */
  readinto(buffer: Uint8Array): number | null | undefined
  /** Writes: how many bytes, or null, true or nothing where it was all of them; errors as of `readinto`. */
  write(data: Uint8Array): unknown
  close?(): unknown
}

/** What the terminal can be repeated on: a stream of Node, a descriptor, or an object in MicroPython's shape. */
export type Duplicate = NodeJS.ReadWriteStream | number | TerminalStream | TerminalListener

/** A stream in use. */
interface Line {
  /** Whether a newline is all it wants: on a terminal, where the kernel puts the return in front. */
  readonly translates?: boolean
  write(data: Buffer): void
  /** Asks for input, where the stream does not say by itself that there is some. */
  poll?(): void
  /** Lets go of the stream. */
  detach(): void
  /** Closes the stream too, after it has failed or ended. */
  close(): void
}

interface Slot {
  readonly stream: Duplicate
  readonly line: Line
}

const slots: (Slot | null)[] = new Array<Slot | null>(SLOTS).fill(null)

/**
 * Repeats the terminal on a stream: everything written to standard output and standard error goes there too, and what
 * comes from there is standard input, Ctrl-C included. A stream that ends or fails is dropped, with a word about it on
 * the terminal.
 *
 * A stream of Node's can interrupt a program only between its turns; a descriptor (a pty, a serial line) is served by a
 * thread of its own, and interrupts also one that is in a loop.
 *
 * @param stream_object a Duplex stream of Node's, a descriptor, which stays the caller's, or an object with `readinto`
 *   and `write`; null cancels
 * @param index which slot: 0 to 7
 * @returns what was in the slot before, null if nothing was
 * @throws RangeError for another slot
 *
 * See OpenMV, os.dupterm.
 * @example
 * ```ts
 * import { PassThrough } from 'node:stream'
 * const line = new PassThrough() // a socket, a descriptor, or what has `readinto` and `write`
 * os.dupterm(line, 1) // => null
 * os.dupterm(null, 1) // => line
 * ```
 */
export function dupterm(stream_object: Duplicate | null, index: number = 0): Duplicate | null {
  const at = int(index, 'index')
  if (at < 0 || at >= SLOTS) throw outOfRange('index', `a slot: 0 to ${SLOTS - 1}`, index)
  // Before the previous one is let go, so that a wrong stream changes nothing.
  const line = stream_object === null ? null : lineOf(stream_object, at)
  const previous = slots[at] ?? null
  previous?.line.detach()
  slots[at] = line === null || stream_object === null ? null : { stream: stream_object, line }
  if (slots.some((slot) => slot !== null)) listenToOutput(repeat)
  else stopListeningToOutput()
  return previous?.stream ?? null
}

/**
 * Says that there is input on a stream in MicroPython's shape, so that it need not wait to be asked.
 *
 * @param _obj_in anything: this can be the handler of an interrupt
 *
 * See OpenMV, os.dupterm_notify.
 * @example
 * ```ts
 * os.dupterm_notify(null) // => undefined
 * ```
 */
export function dupterm_notify(_obj_in: unknown): void {
  for (const slot of slots) slot?.line.poll?.()
}

function lineOf(stream: unknown, index: number): Line {
  if (typeof stream === 'number') return threadLine({ fd: dup(stream) }, index)
  if (stream instanceof TerminalListener) return stream.attach(index)
  if (isNodeStream(stream)) return nodeLine(stream, index)
  if (isTerminalStream(stream)) return polledLine(stream, index)
  throw wrongType('stream_object', 'a Duplex stream, a descriptor, or an object with "readinto" and "write"', stream)
}

function isNodeStream(value: unknown): value is NodeJS.ReadWriteStream & { destroy?(): void } {
  const stream = value as Partial<NodeJS.ReadWriteStream> | null | undefined
  return typeof stream?.on === 'function' && typeof stream.write === 'function' && typeof stream.resume === 'function'
}

function isTerminalStream(value: unknown): value is TerminalStream {
  const stream = value as Partial<TerminalStream> | null | undefined
  return typeof stream?.readinto === 'function' && typeof stream.write === 'function'
}

/** Frees the slot of a stream. @returns false where there is another one in it by now */
function release(index: number, line: Line): boolean {
  if (slots[index]?.line !== line) return false
  slots[index] = null
  line.detach()
  if (slots.every((other) => other === null)) stopListeningToOutput()
  return true
}

/** Drops a stream that has ended or failed. */
function drop(index: number, line: Line, why: string): void {
  if (!release(index, line)) return
  try {
    line.close()
  } catch {
    // It has failed already, and that is what is told.
  }
  process.stdout.write(`dupterm: ${why}, deactivating\n`)
}

function explained(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

const END = 'end of the stream'
const UNREAD_OUTPUT = 'what is written is not read'

function nodeLine(stream: NodeJS.ReadWriteStream & { destroy?(): void }, index: number): Line {
  const onData = (data: unknown): void => {
    if (typeof data === 'string') receive(Buffer.from(data))
    else if (data instanceof Uint8Array) receive(Buffer.from(data))
    else drop(index, line, 'what it reads is neither bytes nor text')
  }
  const onEnd = (): void => drop(index, line, END)
  const onError = (error: unknown): void => drop(index, line, explained(error))
  const line: Line = {
    write(data) {
      if (((stream as { writableLength?: number }).writableLength ?? 0) > MOST_UNREAD) drop(index, line, UNREAD_OUTPUT)
      else stream.write(data)
    },
    detach() {
      stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError)
    },
    close() {
      // An error that still comes is nobody's concern, but without a listener it ends the process.
      stream.on('error', () => {})
      stream.destroy?.()
    },
  }
  stream.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError)
  return line
}

function polledLine(stream: TerminalStream, index: number): Line {
  const buffer = Buffer.alloc(256)
  const poll = (): void => {
    try {
      for (let reads = 0; reads < MOST_READS; reads++) {
        const size = checkedCount('readinto', stream.readinto(buffer), buffer.length)
        if (size === null) return
        if (size === 0) {
          drop(index, line, END)
          return
        }
        receive(Buffer.from(buffer.subarray(0, size)))
      }
    } catch (error) {
      drop(index, line, explained(error))
    }
  }
  const timer = setInterval(poll, POLL_INTERVAL).unref()
  const line: Line = {
    write(data) {
      for (let done = 0; done < data.length; ) {
        const result = stream.write(data.subarray(done))
        // As streams of Node's say that they have taken it.
        if (typeof result === 'boolean') return
        const size = checkedCount('write', result, data.length - done)
        // What it does not take is lost, as on boards.
        if (size === null || size === 0) return
        done += size
      }
    },
    poll,
    detach: () => clearInterval(timer),
    close: () => stream.close?.(),
  }
  return line
}

/** What a stream's method returned: a count of bytes, or null for nothing, or for nothing now. */
function checkedCount(method: string, result: unknown, most: number): number | null {
  if (result === null || result === undefined) return null
  if (typeof result !== 'number') throw wrongType(`${method}()`, 'a number of bytes or null, and no promise', result)
  if (Number.isInteger(result) && result >= 0 && result <= most) return result
  if (result === -EAGAIN) return null
  if (Number.isInteger(result) && result < 0) throw deviceError(-result, method)
  throw outOfRange(`${method}()`, `a number of bytes, 0 to ${most}, or a negative error number`, result)
}

/** A descriptor or a port, served by a thread: also while this one is in a loop. */
function threadLine(served: Served, index: number, listening?: (result: Listening) => void): Line {
  const counters = new SharedArrayBuffer(12)
  const counts = new Int32Array(counters)
  const thread = new Worker(new URL('./dupterm_thread.js', import.meta.url), {
    workerData: { served, counters } satisfies ThreadData,
  })
  thread.unref()
  const line: Line = {
    translates: 'fd' in served && isatty(served.fd),
    write(data) {
      if (Atomics.add(counts, UNREAD, data.length) > MOST_UNREAD) drop(index, line, UNREAD_OUTPUT)
      else thread.postMessage(new Uint8Array(data))
    },
    detach: () => thread.postMessage(null),
    close: () => {},
  }
  thread.on('message', (message: FromThread) => {
    if ('listening' in message) {
      if ('failed' in message.listening) release(index, line)
      listening?.(message.listening)
    } else if ('ended' in message) drop(index, line, message.ended || END)
    else {
      Atomics.add(counts, ANSWERED, 1)
      const signalled = Atomics.exchange(counts, SIGNALLED, 0) > 0
      if (slots[index]?.line === line) receive(Buffer.from(message.input), signalled)
    }
  })
  thread.on('error', (error) => drop(index, line, explained(error)))
  return line
}

/**
 * A Unix socket, or a TCP port of this machine, whose one connection at a time is a terminal. What comes from it is
 * executed at a prompt, so a socket is open to its owner alone, and on a port, which all users and all web pages of this
 * machine can reach, the first line of a connection must be a secret.
 */
export class TerminalListener {
  readonly #served: Served
  readonly #listening: (result: Listening) => void

  /**
   * @param where the path of the socket, which must not exist; or a port, 0 for any that is free, and the first line
   * @param listening is called once, with the port or the reason for which there is none
   */
  constructor(
    where: { readonly path: string } | { readonly port: number; readonly token: string },
    listening: (result: Listening) => void = () => {},
  ) {
    this.#served = 'path' in where ? where : { ...where, port: int(where.port, 'port', 0, 65535) }
    this.#listening = listening
  }

  /** @internal `dupterm` calls it. */
  attach(index: number): Line {
    return threadLine(this.#served, index, this.#listening)
  }
}

/**
 * Input from a stream. In raw mode, as at a prompt, Ctrl-C is a key like others; otherwise it is what it is on a
 * terminal, where the kernel makes a signal of it.
 */
function receive(data: Buffer, interrupted = false): void {
  const raw = process.stdin.isRaw === true
  if (data.includes(INTERRUPT_KEY) && (interrupted || !raw)) {
    const rest = data.filter((byte) => byte !== INTERRUPT_KEY)
    if (rest.length > 0) feed(Buffer.from(rest))
    if (!interrupted) process.kill(process.pid, 'SIGINT')
  } else feed(data)
}

function feed(data: Buffer): void {
  // In a turn of its own: this may be in the midst of what standard input is doing, when code typed there got us here.
  setImmediate(() => {
    if (process.stdin.readable && !process.stdin.readableEnded) process.stdin.push(data)
  })
}

let repeating = false

function repeat(chunk: string | Uint8Array, encoding: unknown): void {
  // A stream whose `write` writes to the terminal itself would never come to an end.
  if (repeating) return
  repeating = true
  try {
    const text = typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : Buffer.from(chunk)
    const data = cooked(text)
    for (const [index, slot] of slots.entries()) {
      if (slot !== null) writeTo(index, slot.line, slot.line.translates ? text : data)
    }
  } finally {
    repeating = false
  }
}

function writeTo(index: number, line: Line, data: Buffer): void {
  try {
    line.write(data)
  } catch (error) {
    drop(index, line, explained(error))
  }
}

/** As a terminal wants it: each newline goes back to the start of the line first. */
function cooked(data: Buffer): Buffer {
  if (!data.includes(0x0a)) return data
  return Buffer.from(data.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}
