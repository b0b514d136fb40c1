/**
 * Reads, writes, closes, aborts and reuse of numbers in random order, compared with a model: what was written to a pipe,
 * a FIFO or a file comes out once, whole and in order, whatever is aborted, and what is read by a number is of the file
 * that had the number when the read was called.
 */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import os, { promises } from 'osier'
import { random } from '../../support/random.ts'
import { seedOf, share } from '../../support/share.ts'
import { closeUnheard } from '../../support/waits.ts'

const ROUNDS = 60
const STEPS = 250
const SEED = 20_261

const ABORTED = new Error('aborted by the test')

/** A call that was made on one end of a channel. */
interface Call {
  readonly controller: AbortController
  readonly promise: Promise<Buffer | number>
  /** What a write has to write. */
  readonly data: Buffer
  settled: 'no' | 'done' | 'aborted' | 'EBADF' | 'EPIPE'
  result: Buffer | number
}

/** A pipe, a FIFO or a file, with what was done to it. */
class Channel {
  readonly name: string
  /** The descriptors, or -1 once they are closed; one for both directions of a file. */
  reader: number
  writer: number
  /** Duplicates, which keep the open file alive when a number is closed. */
  readonly duplicates: number[] = []
  /** The loop that takes chunks from a stream of the reading end, which closes it. */
  stream: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined
  readonly #inodes = new Map<number, bigint>()
  readonly reads: Call[] = []
  readonly writes: Call[] = []
  /** What a file had when it was opened. */
  readonly before: Buffer

  constructor(name: string, reader: number, writer: number, before: Buffer = Buffer.alloc(0)) {
    this.name = name
    this.reader = reader
    this.writer = writer
    this.before = before
    for (const fd of [reader, writer]) this.#inodes.set(fd, os.fstat(fd).st_ino)
  }

  /** Asserts that no other code has closed the descriptors. */
  assertOpen(): void {
    const mayHaveEnded = this.stream !== undefined && this.writer === -1
    for (const fd of [mayHaveEnded ? -1 : this.reader, this.writer]) {
      if (fd !== -1) assert.equal(os.fstat(fd).st_ino, this.#inodes.get(fd), `a ${this.name} has lost its number`)
    }
  }

  /** What has been accepted, in the order of the calls. */
  written(): Buffer {
    const pieces = this.writes.filter(({ settled }) => settled === 'done')
    return Buffer.concat([this.before, ...pieces.map(({ data, result }) => data.subarray(0, result as number))])
  }

  /** What has been read, in the order of the calls. */
  read(): Buffer {
    const pieces = this.reads.filter(({ settled }) => settled === 'done')
    return Buffer.concat(pieces.map(({ result }) => result as Buffer))
  }

  closeAll(): void {
    for (const fd of new Set([this.reader, this.writer, ...this.duplicates])) if (fd !== -1) os.close(fd)
    this.reader = -1
    this.writer = -1
    this.duplicates.length = 0
  }
}

/** Streams that own the descriptor that they read. */
const streams: readonly ((fd: number, signal: AbortSignal) => AsyncIterable<Uint8Array>)[] = [
  (fd, signal) => promises.readable(fd, { signal }),
  (fd, signal) => promises.toReadable(fd, { signal }),
  (fd, signal) => promises.toReadableStream(fd, { signal }) as unknown as AsyncIterable<Uint8Array>,
]

let names = 0

const makers: Readonly<Record<string, () => Channel>> = {
  pipe: () => new Channel('pipe', ...os.pipe()),
  fifo() {
    const path = `fifo${names++}`
    os.mkfifo(path)
    const reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    return new Channel('fifo', reader, os.open(path, os.O_WRONLY))
  },
  file() {
    const before = Buffer.from(Array.from({ length: 30_000 }, (_, index) => (index * 7) & 0xff))
    const path = `file${names++}`
    fs.writeFileSync(path, before)
    return new Channel('file', os.open(path, os.O_RDONLY), os.open(path, os.O_WRONLY | os.O_APPEND), before)
  },
}

class Round {
  readonly #below: (limit: number) => number
  readonly #channels: Channel[] = []
  #mark = 0

  constructor(seed: number) {
    this.#below = random(seed)
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#step()
    await this.#end()
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)]
  }

  #open(): void {
    const make = this.#pick(Object.values(makers))
    if (make !== undefined && this.#channels.filter(({ reader }) => reader !== -1).length < 6)
      this.#channels.push(make())
  }

  async #step(): Promise<void> {
    const channel = this.#pick(this.#channels.filter(({ reader, writer }) => reader !== -1 || writer !== -1))
    const lot = this.#below(20)
    if (channel === undefined || lot === 0) this.#open()
    else if (lot < 7) this.#read(channel)
    else if (lot < 12) this.#write(channel)
    else if (lot < 14) this.#abort(channel)
    else if (lot === 14) this.#close(channel)
    else if (lot === 15 && channel.reader !== -1 && channel.stream === undefined)
      channel.duplicates.push(os.dup(channel.reader))
    else if (lot === 16) await sleep(1)
    else if (lot === 17 && channel.name !== 'file') this.#stream(channel)
    else await turn()
  }

  #read(channel: Channel): void {
    if (channel.reader === -1 || channel.stream !== undefined) return
    const most = this.#below(8) === 0 ? 70_000 : 1 + this.#below(3000)
    this.#follow(channel.reads, Buffer.alloc(0), (signal) => promises.read(channel.reader, most, { signal }))
  }

  #write(channel: Channel): void {
    if (channel.writer === -1) return
    const data = Buffer.alloc(this.#below(8) === 0 ? 70_000 : 1 + this.#below(3000))
    // Neighbouring writes differ, so that mixed ones are seen.
    for (let i = 0; i < data.length; i++) data[i] = (this.#mark += 13) & 0xff
    this.#follow(channel.writes, data, (signal) => promises.write(channel.writer, data, { signal }))
  }

  /** Reads all that follows by a stream. Pending reads come first. */
  #stream(channel: Channel): void {
    const make = this.#pick(streams)
    if (make === undefined || channel.reader === -1 || channel.stream !== undefined) return
    const controller = new AbortController()
    const chunks = make(channel.reader, controller.signal)
    const take = async (): Promise<void> => {
      try {
        for await (const chunk of chunks) {
          const result = Buffer.from(chunk)
          const promise = Promise.resolve(result)
          channel.reads.push({ controller, promise, data: result, settled: 'done', result })
        }
      } catch (error) {
        assert.ok(error === ABORTED || (error as { code?: string }).code === 'EBADF', String(error))
      }
      // The stream has closed its descriptor, unless the test has done so before.
      channel.reader = -1
    }
    channel.stream = { controller, ended: take() }
  }

  #follow(calls: Call[], data: Buffer, begin: (signal: AbortSignal) => Promise<Buffer | number>): void {
    const controller = new AbortController()
    const promise = begin(controller.signal)
    const call: Call = { controller, promise, data, settled: 'no', result: 0 }
    calls.push(call)
    promise.then(
      (result) => {
        call.settled = 'done'
        call.result = result
      },
      (error) => {
        call.settled = error === ABORTED ? 'aborted' : error.code
      },
    )
  }

  #abort(channel: Channel): void {
    this.#pick([...channel.reads, ...channel.writes].filter(({ settled }) => settled === 'no'))?.controller.abort(
      ABORTED,
    )
  }

  /** Closes one end, and lets another channel have its number. */
  #close(channel: Channel): void {
    const end = this.#below(2) === 0 ? 'reader' : 'writer'
    const fd = channel[end]
    if (fd === -1) return
    // A stream closes its descriptor at the end of the data.
    if (end === 'reader' && channel.stream !== undefined && channel.writer === -1) return
    channel[end] = -1
    // A call that runs on the thread pool works by number: it has to end before the number is used again.
    const isIdle = [...channel.reads, ...channel.writes].every(({ settled }) => settled !== 'no')
    if (channel.name === 'file' && !isIdle) {
      channel[end] = fd
      return
    }
    if (this.#below(2) === 0) os.close(fd)
    else closeUnheard(fd)
    this.#open()
  }

  async #end(): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await turn()
    await sleep(5)
    const calls = this.#channels.flatMap(({ reads, writes }) => [...reads, ...writes])
    for (const { controller, settled } of calls) if (settled === 'no') controller.abort(ABORTED)
    await Promise.allSettled(calls.map(({ promise }) => promise))
    try {
      await this.#endStreams()
      for (const channel of this.#channels) this.#check(channel)
    } finally {
      for (const channel of this.#channels) channel.closeAll()
    }
  }

  async #endStreams(): Promise<void> {
    for (const channel of this.#channels) channel.assertOpen()
    for (const channel of this.#channels) {
      if (channel.stream === undefined) continue
      channel.stream.controller.abort(ABORTED)
      await channel.stream.ended
    }
  }

  #check(channel: Channel): void {
    const [written, read] = [channel.written(), channel.read()]
    assert.ok(written.subarray(0, read.length).equals(read), `a ${channel.name} gave something else than was written`)
    const allowed = ['done', 'aborted', 'EBADF', 'EPIPE']
    for (const { settled } of [...channel.reads, ...channel.writes]) assert.ok(allowed.includes(settled), settled)
    for (const { settled, result } of channel.writes) assert.ok(settled !== 'done' || (result as number) > 0)
    if (channel.reader === -1) return
    // What has not been read is still there.
    assert.ok(written.subarray(read.length).equals(rest(channel)), `a ${channel.name} has lost something`)
  }
}

/** What is left in a channel. */
function rest({ name, reader }: Channel): Buffer {
  const pieces: Buffer[] = []
  if (name !== 'file') os.set_blocking(reader, false)
  for (;;) {
    try {
      const piece = os.read(reader, 100_000)
      if (piece.length === 0) break
      pieces.push(piece)
    } catch (error) {
      if (!(error instanceof os.BlockingIOError)) throw error
      break
    }
  }
  return Buffer.concat(pieces)
}

test('what is written comes out once, whole and in order, in random sequences', { timeout: 120_000 }, async () => {
  for (let round = 0; round < share(ROUNDS); round++) {
    const seed = seedOf(SEED + round)
    try {
      await new Round(seed).run(STEPS)
    } catch (error) {
      throw new Error(`with the seed ${seed}: ${(error as Error).stack}`, { cause: error })
    }
  }
})
