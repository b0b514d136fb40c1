import type { Readable, Writable } from 'node:stream'
import type { CheckedWaitOptions } from '../../event_loop/fd_operation.ts'
import { view } from '../../os/arguments/buffers.ts'
import { type Descriptor, descriptor } from '../../os/arguments/descriptors.ts'
import { bool, int } from '../../os/arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../../os/arguments/options.ts'
import { close } from '../../os/descriptors/open_close.ts'
import { read, write } from '../descriptors/read_write.ts'
import { checkedWaitOptions, WAIT_OPTIONS, type WaitOptions } from '../wait_options.ts'

/** Descriptors as async iterators, Node streams and web streams. */

/** Options of a stream on a descriptor. */
export interface StreamOptions extends WaitOptions {
  /** The number of bytes that one read returns at most, and that may be queued for writing: 65536 by default. */
  readonly size?: number | undefined
  /** false: the descriptor stays open at the end. */
  readonly closefd?: boolean | undefined
}

/** The capacity of a pipe. */
const SIZE = 65536

/** Loaded on first use: it would take a considerable part of osier's import time. */
function streams(): typeof import('node:stream') {
  return process.getBuiltinModule('node:stream')
}

interface Settings {
  readonly fd: number
  readonly size: number
  readonly closefd: boolean
  readonly checkedOptions: CheckedWaitOptions
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
    checkedOptions: checkedWaitOptions({ signal, ref }),
  }
}

/** The iterator that `readable` returns. */
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
 * A chunk is read only when it is requested, so a slow reader slows the writer down.
 *
 * @param fd the descriptor. It is closed at the end, also when the loop is left early
 * @param options `size`: the largest size of a chunk, in bytes; `closefd`: false leaves the descriptor open;
 *   `signal`: aborted, it makes the loop throw; `ref`: false lets the process end while it waits
 * @returns an iterator of Buffers, none of them empty
 * @throws OSError from the loop as `read` does. EIO, which a terminal reports when its other end is closed, ends the
 *   loop
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
  /** Closes the descriptor and cancels a pending read. */
  readonly #abort: () => void
  #isOver = false
  /** The last call of `next`: chunks are returned in the order in which they were requested. */
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
async function readChunk({ fd, size, checkedOptions: how }: Settings): Promise<Buffer | null> {
  try {
    const chunk = await read(fd, size, how)
    return chunk.length > 0 ? chunk : null
  } catch (error) {
    // Linux reports EIO for a terminal whose other end is closed: the end of its data.
    if ((error as { readonly code?: unknown }).code === 'EIO') return null
    throw error
  }
}

function closeQuietly(fd: number): void {
  try {
    close(fd)
  } catch {
    // The descriptor is already closed.
  }
}

/** Writes all bytes, with as many calls as necessary. */
async function writeAll({ fd, checkedOptions: how }: Settings, data: Uint8Array): Promise<void> {
  for (let rest = data; rest.length > 0; ) rest = rest.subarray(await write(fd, rest, how))
}

/** Combines the caller's signal with one that is aborted when the stream is destroyed. */
function abortable(given: Settings): readonly [settings: Settings, abort: (reason?: unknown) => void] {
  const controller = new AbortController()
  const { signal } = given.checkedOptions
  const both = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  return [
    { ...given, checkedOptions: { ...given.checkedOptions, signal: both } },
    (reason) => {
      controller.abort(reason)
      if (given.closefd) closeQuietly(given.fd)
    },
  ]
}

/**
 * Creates a Node stream that reads a descriptor. It reads ahead until its buffer is full.
 *
 * @param fd the descriptor, which the stream closes when it is destroyed or at its end
 * @param options as those of `readable`; `size` is also the `highWaterMark`
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
 * Creates a Node stream that writes to a descriptor. Its `write` returns false once `size` bytes are queued.
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
 * Creates a web stream that reads a descriptor, one chunk for each request.
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
    // A highWaterMark of 0 prevents reading before a request: other readers of the descriptor would lose the buffered
    // data.
    { highWaterMark: 0 },
  )
}

/**
 * Creates a web stream that writes to a descriptor, one chunk after the other.
 *
 * @param fd the descriptor, which is closed when the stream is closed or aborted
 * @param options `closefd`, `signal`, `ref` as for `readable`
 * @returns the stream, which accepts any views of memory
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
      // The stream calls `abort` below only after the pending write has ended, which may never happen without this
      // listener.
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
