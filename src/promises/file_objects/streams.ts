import type { Readable, Writable } from 'node:stream'
import type { CheckedWaitOptions } from '../../event_loop/fd_operation.ts'
import { view } from '../../os/arguments/buffers.ts'
import { type Descriptor, descriptor } from '../../os/arguments/descriptors.ts'
import { bool, int } from '../../os/arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../../os/arguments/options.ts'
import { close } from '../../os/descriptors/open_close.ts'
import { read, write } from '../descriptors/read_write.ts'
import { checkedWaitOptions, WAIT_OPTIONS, type WaitOptions } from '../wait_options.ts'

/** Descriptors as what JavaScript reads from and writes to: iterators, streams of Node, streams of the Web. */

/** How a descriptor becomes a stream. */
export interface StreamOptions extends WaitOptions {
  /** How many bytes are read at once, at the most; and of what is to be written how many may wait: 65536 by default. */
  readonly size?: number | undefined
  /** false: the descriptor stays open at the end. */
  readonly closefd?: boolean | undefined
}

/** As much as a pipe holds. */
const SIZE = 65536

/** Loaded by who wants a stream: it would be a good part of the time that importing osier takes. */
function streams(): typeof import('node:stream') {
  return process.getBuiltinModule('node:stream')
}

interface Settings {
  readonly fd: number
  readonly size: number
  readonly closefd: boolean
  readonly patience: CheckedWaitOptions
}

function settings(fd: Descriptor, options: StreamOptions): Settings {
  checkOptions(options, [...WAIT_OPTIONS, 'size', 'closefd'])
  const { size = SIZE, closefd, signal, ref } = options
  const number = descriptor(fd, 'fd')
  const bytes = int(size, 'size', 1)
  return {
    fd: number,
    size: bytes,
    closefd: bool(closefd, 'closefd', true),
    patience: checkedWaitOptions({ signal, ref }),
  }
}

/** The chunks that `readable` gives. */
export interface Chunks extends AsyncIterableIterator<Buffer, undefined> {
  next(): Promise<IteratorResult<Buffer, undefined>>
  return(): Promise<IteratorResult<Buffer, undefined>>
  [Symbol.asyncIterator](): Chunks
  /** `return()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Reads a descriptor to its end, in chunks as they come: `for await (const chunk of readable(fd))`.
 *
 * A chunk is read when it is asked for, and no sooner, so who is slow slows the writer down.
 *
 * @param fd the descriptor. It is closed at the end, also when the loop is left early
 * @param options `size`: how many bytes make a chunk at the most; `closefd`: false leaves the descriptor open;
 *   `signal`: aborted, it makes the loop throw; `ref`: false lets the process end while it waits
 * @returns an iterator of Buffers, none of them empty
 * @throws OSError from the loop as `read` does. The other end of a terminal that has been closed (EIO) is an end here
 *
 * Availability: Linux. See read(2).
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.write(w, Buffer.from('all of it'))
 * os.close(w)
 * let text = ''
 * for await (const chunk of promises.readable(r)) text += chunk
 * text // => 'all of it'
 * os.path.exists(`/proc/self/fd/${r}`) // => false
 * ```
 */
export function readable(fd: Descriptor, options: StreamOptions = NO_OPTIONS): Chunks {
  return new ChunkReader(settings(fd, options))
}

class ChunkReader implements Chunks {
  readonly #settings: Settings
  /** Closes the descriptor, and takes back a read that is under way. */
  readonly #abort: () => void
  #isOver = false
  /** The last call of `next`: chunks come in the order in which they were asked for. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(given: Settings) {
    const [own, abort] = abortable(given)
    this.#settings = own
    this.#abort = abort
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    const mine = this.#last.then(() => this.#read())
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #read(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#isOver) return { done: true, value: undefined }
    try {
      const value = await readChunk(this.#settings)
      if (value !== null) return { done: false, value }
    } catch (error) {
      if (!this.#isOver) {
        this.#end()
        throw error
      }
    }
    return this.return()
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#end()
    return { done: true, value: undefined }
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#abort()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}

/** The next chunk; null at the end. */
async function readChunk({ fd, size, patience: how }: Settings): Promise<Buffer | null> {
  try {
    const chunk = await read(fd, size, how)
    return chunk.length > 0 ? chunk : null
  } catch (error) {
    // Of a terminal whose last program has gone there is nothing more to read: Linux has its own word for that.
    if ((error as { readonly code?: unknown }).code === 'EIO') return null
    throw error
  }
}

function closeQuietly(fd: number): void {
  try {
    close(fd)
  } catch {
    // It is closed.
  }
}

/** Writes all of it, however many calls that takes. */
async function writeAll({ fd, patience: how }: Settings, data: Uint8Array): Promise<void> {
  for (let rest = data; rest.length > 0; ) rest = rest.subarray(await write(fd, rest, how))
}

/** A signal that is aborted when the stream is destroyed, or when the caller's own is. */
function abortable(given: Settings): readonly [settings: Settings, abort: (reason?: unknown) => void] {
  const controller = new AbortController()
  const { signal } = given.patience
  const both = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  return [
    { ...given, patience: { ...given.patience, signal: both } },
    (reason) => {
      controller.abort(reason)
      if (given.closefd) closeQuietly(given.fd)
    },
  ]
}

/**
 * A stream of Node's that reads a descriptor. It reads ahead as far as its buffer goes, and no further.
 *
 * @param fd the descriptor, which the stream closes when it is destroyed or at its end
 * @param options as those of `readable`; `size` is the `highWaterMark`, too
 * @returns the stream, of Buffers
 *
 * Availability: Linux. See Node, stream.Readable.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.write(w, Buffer.from('all of it'))
 * os.close(w)
 * const chunks = await promises.toReadable(r).toArray()
 * Buffer.concat(chunks).toString() // => 'all of it'
 * ```
 */
export function toReadable(fd: Descriptor, options: StreamOptions = NO_OPTIONS): Readable {
  const [given, abort] = abortable(settings(fd, options))
  const { Readable } = streams()
  return new Readable({
    highWaterMark: given.size,
    read() {
      readChunk(given).then(
        (chunk) => this.push(chunk),
        (error: Error) => this.destroy(error),
      )
    },
    destroy(error, done) {
      abort(error ?? undefined)
      done(error)
    },
  })
}

/**
 * A stream of Node's that writes to a descriptor. Its `write` returns false once `size` bytes wait.
 *
 * @param fd the descriptor, which the stream closes when it is destroyed or has ended
 * @param options `size` is the `highWaterMark`; `closefd`, `signal`, `ref` as for `readable`
 * @returns the stream
 *
 * Availability: Linux. See Node, stream.Writable.
 * @example
 * ```ts
 * import { once } from 'node:events'
 * const [r, w] = os.pipe()
 * const stream = promises.toWritable(w)
 * stream.end('all of it')
 * await once(stream, 'close')
 * os.read(r, 100).toString() // => 'all of it'
 * os.close(r)
 * ```
 */
export function toWritable(fd: Descriptor, options: StreamOptions = NO_OPTIONS): Writable {
  const [given, abort] = abortable(settings(fd, options))
  const { Writable } = streams()
  return new Writable({
    highWaterMark: given.size,
    write(chunk: Buffer, _encoding, done) {
      writeAll(given, chunk).then(() => done(), done)
    },
    destroy(error, done) {
      abort(error ?? undefined)
      done(error)
    },
  })
}

/**
 * A stream of the Web that reads a descriptor, a chunk each time somebody asks for one.
 *
 * @param fd the descriptor, which is closed at the end and when the stream is cancelled
 * @param options as those of `readable`
 * @returns the stream, of Buffers (which are Uint8Arrays)
 *
 * Availability: Linux. See the Streams Standard, ReadableStream.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.write(w, Buffer.from('all of it'))
 * os.close(w)
 * await new Response(promises.toReadableStream(r)).text() // => 'all of it'
 * ```
 */
export function toReadableStream(fd: Descriptor, options: StreamOptions = NO_OPTIONS): ReadableStream<Uint8Array> {
  const [given, abort] = abortable(settings(fd, options))
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const chunk = await readChunk(given)
          if (chunk !== null) return controller.enqueue(chunk)
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        abort()
      },
      cancel: abort,
    },
    // Nothing is read before it is asked for: what the stream holds would be lost to others.
    { highWaterMark: 0 },
  )
}

/**
 * A stream of the Web that writes to a descriptor, a chunk after the other.
 *
 * @param fd the descriptor, which is closed when the stream is closed or aborted
 * @param options `closefd`, `signal`, `ref` as for `readable`
 * @returns the stream, which takes any views of memory
 *
 * Availability: Linux. See the Streams Standard, WritableStream.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const writer = promises.toWritableStream(w).getWriter()
 * await writer.write(Buffer.from('all of it'))
 * await writer.close()
 * os.read(r, 100).toString() // => 'all of it'
 * os.close(r)
 * ```
 */
export function toWritableStream(fd: Descriptor, options: StreamOptions = NO_OPTIONS): WritableStream<ArrayBufferView> {
  const [given, abort] = abortable(settings(fd, options))
  return new WritableStream({
    start(controller) {
      // `abort` below is called only after a write that is under way has ended, which it may never do by itself.
      const { signal } = controller as { readonly signal?: AbortSignal }
      signal?.addEventListener('abort', () => abort(signal.reason), { once: true })
    },
    async write(chunk, controller) {
      try {
        await writeAll(given, view(chunk, 'chunk'))
      } catch (error) {
        abort(error)
        controller.error(error)
        throw error
      }
    },
    close: () => abort(),
    abort,
  })
}
