import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import * as promises from 'osier/promises'
import { runNode } from '../../support/child.ts'
import { isOpen, openFiles } from '../../support/open_files.ts'
import { isPending, withPipe } from '../../support/waits.ts'

test('readable yields chunks as they arrive, and closes the descriptor at the end', () =>
  withPipe(async (r, w) => {
    const chunks = promises.readable(r, { size: 4 })
    const first = chunks.next()
    assert.ok(await isPending(first))
    os.write(w, Buffer.from('abcdef'))
    assert.equal(String((await first).value), 'abcd')
    os.close(w)
    const rest: string[] = []
    for await (const chunk of chunks) rest.push(String(chunk))
    assert.deepEqual(rest, ['ef'])
    assert.ok(!isOpen(r))
    assert.deepEqual(await chunks.next(), { done: true, value: undefined })
  }))

test('readable reads no data before the first request and after the loop ends', () =>
  withPipe(async (r, w) => {
    os.write(w, Buffer.from('abcdef'))
    for await (const chunk of promises.readable(r, { size: 2, closefd: false })) {
      assert.equal(String(chunk), 'ab')
      break
    }
    assert.equal(String(await promises.read(r, 10)), 'cdef')
    const chunks = promises.readable(r, { closefd: false })
    const pending = chunks.next()
    assert.ok(await isPending(pending))
    await chunks.return()
    assert.equal((await pending).done, true)
    os.write(w, Buffer.from('x'))
    assert.equal(String(await promises.read(r, 10)), 'x')
    {
      await using other = promises.readable(r)
      assert.ok(other)
    }
    assert.ok(!isOpen(r))
  }))

test('overlapping calls of next settle in their order', () =>
  withPipe(async (r, w) => {
    const chunks = promises.readable(r, { size: 1 })
    const all = [chunks.next(), chunks.next(), chunks.next()]
    os.write(w, Buffer.from('ab'))
    os.close(w)
    const results = await Promise.all(all)
    assert.deepEqual(
      results.map(({ value }) => value && String(value)),
      ['a', 'b', undefined],
    )
  }))

test('an abort ends the loop with its reason', () =>
  withPipe(async (r) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 5)
    await assert.rejects(async () => {
      for await (const chunk of promises.readable(r, { signal: controller.signal })) assert.fail(String(chunk))
    }, /^Error: enough$/)
    assert.ok(!isOpen(r))
  }))

test('readable ends where a terminal ends with EIO', async () => {
  const [main, terminal] = os.openpty()
  os.write(terminal, Buffer.from('bye'))
  os.close(terminal)
  const text: string[] = []
  for await (const chunk of promises.readable(main)) text.push(String(chunk))
  assert.equal(text.join(''), 'bye')
})

test('Node streams copy a megabyte through a pipe, with back-pressure', { timeout: 30_000 }, () =>
  withPipe(async (r, w) => {
    const data = Buffer.alloc(1 << 20, 'abcdefg')
    const writable = promises.toWritable(w)
    const readable = promises.toReadable(r)
    assert.equal(writable.write(data.subarray(0, 100_000)), false)
    const chunks: Buffer[] = []
    writable.end(data.subarray(100_000))
    for await (const chunk of readable) chunks.push(chunk)
    assert.ok(Buffer.concat(chunks).equals(data))
    assert.ok(!isOpen(r) && !isOpen(w))
  }),
)

test('a Node stream without a reader reads only until its buffer is full', () =>
  withPipe(async (r, w) => {
    const readable = promises.toReadable(r, { size: 1000 })
    os.write(w, Buffer.alloc(5000))
    readable.once('readable', () => undefined)
    await isPending(Promise.resolve())
    await isPending(Promise.resolve())
    assert.ok(readable.readableLength <= 1000)
    assert.ok((await promises.read(r, 5000)).length >= 3000)
    readable.destroy()
    await new Promise((resolve) => readable.once('close', resolve))
    assert.ok(!isOpen(r))
  }))

test('a Node stream can be destroyed while it waits', () =>
  withPipe(async (r, w) => {
    const readable = promises.toReadable(r, { closefd: false })
    readable.resume()
    await isPending(Promise.resolve())
    readable.destroy()
    await new Promise((resolve) => readable.once('close', resolve))
    os.write(w, Buffer.from('kept'))
    assert.equal(String(await promises.read(r, 10)), 'kept')
    const failing = promises.toReadable(r, { signal: AbortSignal.timeout(5) })
    failing.resume()
    const error = await new Promise<Error>((resolve) => failing.once('error', resolve))
    assert.equal(error.name, 'TimeoutError')
  }))

test('a Node stream reports errors', () =>
  withPipe(async (r, w) => {
    const writable = promises.toWritable(w)
    os.close(r)
    const failed = new Promise<Error>((resolve) => writable.once('error', resolve))
    writable.write('x')
    assert.ok((await failed) instanceof os.BrokenPipeError)
    assert.ok(!isOpen(w))
  }))

test('Web streams copy a megabyte through a pipe', { timeout: 30_000 }, () =>
  withPipe(async (r, w) => {
    const data = new Uint8Array(1 << 20).fill(7)
    const writer = promises.toWritableStream(w).getWriter()
    const writing = writer.write(data).then(() => writer.close())
    let size = 0
    for await (const chunk of promises.toReadableStream(r)) size += chunk.length
    await writing
    assert.equal(size, data.length)
    assert.ok(!isOpen(r) && !isOpen(w))
  }),
)

test('Web streams can be cancelled and aborted, and report errors', async () => {
  const files = openFiles()
  await withPipe(async (r, w) => {
    const stream = promises.toReadableStream(r)
    os.write(w, Buffer.from('abc'))
    const reader = stream.getReader()
    assert.equal(String(Buffer.from((await reader.read()).value ?? [])), 'abc')
    const pending = reader.read()
    await reader.cancel('no more')
    assert.equal((await pending).done, true)
    assert.ok(!isOpen(r))
    const sink = promises.toWritableStream(w)
    await assert.rejects(sink.getWriter().write(Buffer.from('x')), os.BrokenPipeError)
    assert.ok(!isOpen(w))
  })
  await withPipe(async (_, w) => {
    const writer = promises.toWritableStream(w).getWriter()
    const writing = writer.write(Buffer.alloc(1 << 20))
    assert.ok(await isPending(writing))
    const aborting = writer.abort(new Error('enough'))
    await assert.rejects(writing)
    await aborting
    assert.ok(!isOpen(w))
  })
  assert.deepEqual(openFiles(), files)
})

test('streams with ref: false do not keep the process alive', () => {
  const program = `
    const [r] = os.pipe()
    os.promises.toReadable(r, { ref: false }).resume()
    ;(async () => { for await (const chunk of os.promises.readable(os.pipe()[0], { ref: false })) console.log(chunk) })()
    console.log('end')`
  assert.equal(runNode(program).stdout, 'end\n')
})

test('invalid arguments throw', () => {
  assert.throws(() => promises.readable('x' as never), TypeError)
  assert.throws(() => promises.readable(0, { size: 0 }), RangeError)
  assert.throws(() => promises.toReadable(0, { closefd: 1 as never }), TypeError)
  assert.throws(() => promises.toWritable(0, { highWaterMark: 1 } as never), TypeError)
  assert.throws(() => promises.toReadableStream({} as never), TypeError)
  assert.throws(() => promises.toWritableStream(1, { signal: {} as never }), TypeError)
})
