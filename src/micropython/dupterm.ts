import { isatty } from 'node:tty'
import { Worker } from 'node:worker_threads'
import { outOfRange, wrongType } from '../errors.ts'
import { errnoNumbers } from '../libc/facts.ts'
import { ownBytes, ownText } from '../libc/own_bytes.ts'
import { plainView } from '../libc/strings.ts'
import { int } from '../os/arguments/numbers.ts'
import { dup } from '../os/descriptors/open_close.ts'
import { bare, has } from '../properties.ts'
import { deviceError } from '../vfs/errors.ts'
import {
  type FromThread,
  INPUT_TAKEN,
  INTERRUPT_KEY,
  type Listening,
  type Served,
  SIGNALLED,
  type ThreadData,
  UNREAD,
} from './dupterm_line.ts'
import { listenToOutput, stopListeningToOutput } from './output_taps.ts'

/**
 * Duplicates the terminal of the process on streams: output of the standard streams is also written to each of them,
 * and their input is treated as input from the keyboard.
 */

const { EAGAIN } = errnoNumbers

/** The largest number of streams. */
const SLOTS = 8

/** The largest amount of unread output in bytes. A stream with more, whose other end does not read, is dropped. */
const MAX_UNREAD = 2 ** 20

/** The interval in milliseconds at which streams without input events are polled. */
const POLL_INTERVAL = 20

/**
 * The largest number of reads from a stream in one turn of the event loop, so that a stream that always has input does
 * not block it.
 */
const MAX_READS = 64

/** A stream with MicroPython's interface. */
export interface TerminalStream {
  /**
   * Reads into memory. Returns the number of bytes, 0 at the end; null if there is no input now. An error is thrown, or
   * returned as a negative error number, of which -EAGAIN is the same as null. Any other result drops the stream.
   */
  readinto(buffer: Uint8Array): number | null | undefined
  /**
   * Writes data. Returns the number of bytes written; null, true or undefined if all of them were written. Errors are
   * reported as in `readinto`.
   */
  write(data: Uint8Array): unknown
  close?(): unknown
}

/** A target of the duplication: a Node stream, a descriptor, or an object with MicroPython's interface. */
export type Duplicate = NodeJS.ReadWriteStream | number | TerminalStream | TerminalListener

/** A duplicated terminal. */
interface Line {
  /** Whether newlines are written without a carriage return: on a terminal, where the kernel adds it. */
  readonly translates?: boolean
  write(data: Buffer): void
  /** Polls for input, if the stream has no input events. */
  poll?(): void
  /** Releases the stream, without closing it. */
  detach(): void
  /** Closes the stream, after it has failed or ended. */
  close(): void
}

interface Slot {
  readonly stream: Duplicate
  readonly line: Line
}

const slots: (Slot | null)[] = new Array<Slot | null>(SLOTS).fill(null)

/**
 * Duplicates the terminal on a stream: the output of standard output and standard error is also written there, and its
 * input becomes standard input, including Ctrl-C. A stream that ends or fails is dropped, with a message on the
 * terminal.
 *
 * Ctrl-C from a Node stream interrupts a program only when it returns to the event loop. A descriptor (a pty, a serial
 * line) is served by a separate thread, so that Ctrl-C also interrupts a busy loop.
 *
 * @param stream_object a Duplex stream of Node, a descriptor (which the caller still owns), or an object with
 *   `readinto` and `write`; null ends the duplication
 * @param index the slot, 0 to 7
 * @returns the previous stream of the slot, or null
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
  // Create the new line before the previous one is released, so that an invalid stream changes nothing.
  const line = stream_object === null ? null : lineOf(stream_object, at)
  const previous = slots[at] ?? null
  previous?.line.detach()
  slots[at] = line === null || stream_object === null ? null : { stream: stream_object, line }
  if (slots.some((slot) => slot !== null)) listenToOutput(repeat)
  else stopListeningToOutput()
  return previous?.stream ?? null
}

/**
 * Reports that a stream with MicroPython's interface has input, so that it is read before the next poll.
 *
 * @param _obj_in ignored: the function can be used as an interrupt handler
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

/** Frees the slot of a stream. @returns false if the slot has another stream now */
function release(index: number, line: Line): boolean {
  if (slots[index]?.line !== line) return false
  slots[index] = null
  line.detach()
  if (slots.every((other) => other === null)) stopListeningToOutput()
  return true
}

/** Drops a stream that has ended or failed. */
function dropLine(index: number, line: Line, why: string): void {
  if (!release(index, line)) return
  try {
    line.close()
  } catch {
    // The line has already failed, and that error is reported.
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
    else dropLine(index, line, 'what it reads is neither bytes nor text')
  }
  const onEnd = (): void => dropLine(index, line, END)
  const onError = (error: unknown): void => dropLine(index, line, explained(error))
  const line: Line = {
    write(data) {
      if (((stream as { writableLength?: number }).writableLength ?? 0) > MAX_UNREAD)
        dropLine(index, line, UNREAD_OUTPUT)
      else stream.write(data)
    },
    detach() {
      stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError)
    },
    close() {
      // Later errors are ignored, but without a listener they would end the process.
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
      for (let reads = 0; reads < MAX_READS; reads++) {
        const size = checkedCount('readinto', stream.readinto(buffer), buffer.length)
        if (size === null) return
        if (size === 0) {
          dropLine(index, line, END)
          return
        }
        receive(Buffer.from(buffer.subarray(0, size)))
      }
    } catch (error) {
      dropLine(index, line, explained(error))
    }
  }
  const timer = setInterval(poll, POLL_INTERVAL).unref()
  const line: Line = {
    write(data) {
      for (let done = 0; done < data.length; ) {
        const result = stream.write(data.subarray(done))
        // The result of Node streams, which have accepted the data.
        if (typeof result === 'boolean') return
        const size = checkedCount('write', result, data.length - done)
        // Data that the stream does not accept is lost, as in MicroPython.
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

/** Checks the result of a stream's method: a number of bytes, or null for none. */
function checkedCount(method: string, result: unknown, most: number): number | null {
  if (result === null || result === undefined) return null
  if (typeof result !== 'number') throw wrongType(`${method}()`, 'a number of bytes or null, and no promise', result)
  if (Number.isInteger(result) && result >= 0 && result <= most) return result
  if (result === -EAGAIN) return null
  if (Number.isInteger(result) && result < 0) throw deviceError(-result, method)
  throw outOfRange(`${method}()`, `a number of bytes, 0 to ${most}, or a negative error number`, result)
}

/** A descriptor or a port that is served by a thread, so that it also works while this thread is in a busy loop. */
function threadLine(served: Served, index: number, listening?: (result: Listening) => void): Line {
  const counters = new SharedArrayBuffer(12)
  const counts = new Int32Array(counters)
  const thread = new Worker(
    new URL('./dupterm_thread.js', import.meta.url),
    bare({ workerData: { served, counters } satisfies ThreadData }),
  )
  thread.unref()
  const line: Line = {
    translates: has(served, 'fd') && isatty(served.fd),
    write(data) {
      if (Atomics.add(counts, UNREAD, data.length) > MAX_UNREAD) dropLine(index, line, UNREAD_OUTPUT)
      else thread.postMessage(new Uint8Array(data))
    },
    detach: () => thread.postMessage(null),
    close: () => {},
  }
  thread.on('message', (message: FromThread) => {
    if (has(message, 'listening')) {
      if (has(message.listening, 'failed')) release(index, line)
      listening?.(message.listening)
    } else if (has(message, 'ended')) dropLine(index, line, message.ended || END)
    else {
      Atomics.add(counts, INPUT_TAKEN, 1)
      const signalled = Atomics.exchange(counts, SIGNALLED, 0) > 0
      if (slots[index]?.line === line) receive(Buffer.from(message.input), signalled)
    }
  })
  thread.on('error', (error) => dropLine(index, line, explained(error)))
  return line
}

/**
 * A Unix socket, or a TCP port on the loopback interface, that accepts one connection at a time, which is a terminal. A
 * prompt executes its input. So only the owner may connect to a socket; on a port, which all users and all web pages on
 * this machine can reach, the first line of a connection must be a secret.
 */
export class TerminalListener {
  readonly #served: Served
  readonly #listening: (result: Listening) => void

  /**
   * @param where the path of the socket, which must not exist; or a port (0 for any free port) and the secret first
   *   line
   * @param listening called once, with the port or the reason of the failure
   */
  constructor(
    where: { readonly path: string } | { readonly port: number; readonly token: string },
    listening: (result: Listening) => void = () => {},
  ) {
    this.#served = has(where, 'path') ? where : { ...where, port: int(where.port, 'port', 0, 65535) }
    this.#listening = listening
  }

  /** @internal `dupterm` calls it. */
  attach(index: number): Line {
    return threadLine(this.#served, index, this.#listening)
  }
}

/**
 * Handles input from a stream. In raw mode, as at a prompt, Ctrl-C is an ordinary key; otherwise it sends SIGINT, as
 * the kernel does for a terminal.
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
  // In a separate turn of the event loop, because standard input may be in the middle of emitting an event whose
  // handler led here.
  setImmediate(() => {
    if (process.stdin.readable && !process.stdin.readableEnded) process.stdin.push(data)
  })
}

let repeating = false

function repeat(chunk: string | Uint8Array, encoding: unknown): void {
  // A stream whose `write` writes to the terminal would recurse without end.
  if (repeating) return
  repeating = true
  try {
    const text = ownBytes(typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : plainView(chunk))
    const data = withCarriageReturns(text)
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
    dropLine(index, line, explained(error))
  }
}

/** Adds a carriage return before each newline, as a raw terminal requires. */
function withCarriageReturns(data: Buffer): Buffer {
  if (!data.includes(0x0a)) return data
  return ownText(data.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}
