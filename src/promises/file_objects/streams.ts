import type { Readable, ReadableOptions, Writable, WritableOptions } from 'node:stream'
import type { UnderlyingSink, UnderlyingSource } from 'node:stream/web'
import { view } from '../../os/arguments/buffers.ts'
import type { Descriptor } from '../../os/arguments/descriptors.ts'
import { NO_OPTIONS } from '../../os/arguments/options.ts'
import { bare } from '../../properties.ts'
import { Sequence } from '../sequence.ts'
import { StreamDescriptor, type StreamOptions } from './stream_descriptor.ts'

/** Descriptors as async iterators, Node streams and web streams. */

export type { StreamOptions } from './stream_descriptor.ts'

/** Loaded on first use: it would take a considerable part of osier's import time. */
function streams(): typeof import('node:stream') {
  return process.getBuiltinModule('node:stream')
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
  return new ChunkReader(new StreamDescriptor(fd, options))
}

class ChunkReader implements Chunks {
  readonly #descriptor: StreamDescriptor
  readonly #calls: Sequence = new Sequence()
  #isOver = false
  /** The reason of an abort that no call of `next` has reported yet. */
  #failure: { readonly reason: unknown } | undefined

  constructor(given: StreamDescriptor) {
    this.#descriptor = given
    given.onAbort((reason) => {
      if (this.#isOver) return
      this.#failure = { reason }
      this.#end(reason)
    })
  }

  /** Chunks are returned in the order in which they were requested. */
  next(): Promise<IteratorResult<Buffer, undefined>> {
    return this.#calls.run(() => this.#read())
  }

  async #read(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#isOver) return this.#afterEnd()
    try {
      const value = await this.#descriptor.read()
      if (value !== null) return { done: false, value }
    } catch (error) {
      if (this.#isOver) return this.#afterEnd()
      this.#end()
      throw error
    }
    return this.return()
  }

  #afterEnd(): IteratorResult<Buffer, undefined> {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.reason
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#end()
    return { done: true, value: undefined }
  }

  #end(reason?: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#descriptor.end(reason)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
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
  const own = new StreamDescriptor(fd, options)
  const { Readable } = streams()
  const stream: Readable = new Readable(
    bare<ReadableOptions>({
      highWaterMark: own.size,
      read() {
        own.read().then(
          (chunk) => this.push(chunk),
          (error: Error) => this.destroy(error),
        )
      },
      destroy(error, done) {
        own.end(error ?? undefined)
        done(error)
      },
    }),
  )
  own.onAbort((reason) => stream.destroy(reason as Error))
  return stream
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
  const own = new StreamDescriptor(fd, options)
  const { Writable } = streams()
  const stream: Writable = new Writable(
    bare<WritableOptions>({
      highWaterMark: own.size,
      write(chunk: Buffer, _encoding, done) {
        own.write(chunk).then(() => done(), done)
      },
      destroy(error, done) {
        own.end(error ?? undefined)
        done(error)
      },
    }),
  )
  own.onAbort((reason) => stream.destroy(reason as Error))
  return stream
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
  const own = new StreamDescriptor(fd, options)
  return new ReadableStream(
    bare<UnderlyingSource<Uint8Array>>({
      start(controller) {
        own.onAbort((reason) => {
          controller.error(reason)
          own.end(reason)
        })
      },
      async pull(controller) {
        try {
          const chunk = await own.read()
          if (chunk !== null) return controller.enqueue(chunk)
          controller.close()
        } catch (error) {
          controller.error(error)
        }
        own.end()
      },
      cancel: (reason) => own.end(reason),
    }),
    // Nothing is read before it is requested: data in the stream's queue would be lost to other readers.
    bare({ highWaterMark: 0 }),
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
  const own = new StreamDescriptor(fd, options)
  return new WritableStream(
    bare<UnderlyingSink<ArrayBufferView>>({
      start(controller) {
        // `abort` below is called only after a pending write has ended, which it may never do by itself.
        const { signal } = controller as { readonly signal?: AbortSignal }
        signal?.addEventListener('abort', () => own.end(signal.reason), bare({ once: true }))
        own.onAbort((reason) => {
          controller.error(reason)
          own.end(reason)
        })
      },
      async write(chunk, controller) {
        try {
          await own.write(view(chunk, 'chunk'))
        } catch (error) {
          own.end(error)
          controller.error(error)
          throw error
        }
      },
      close: () => own.end(),
      abort: (reason) => own.end(reason),
    }),
  )
}
