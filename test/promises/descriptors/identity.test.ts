/** A wait, a stream and a queue stay with the open file that they began with, whatever its number means later. */

import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import os, { promises } from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { closeUnheard } from '../../support/waits.ts'

const folder = temporaryFolder()
const opened = new Set<number>()

function keep<Fds extends readonly number[]>(...fds: Fds): Fds {
  for (const fd of fds) opened.add(fd)
  return fds
}

afterEach(() => {
  for (const fd of opened) {
    try {
      os.close(fd)
    } catch {
      // The test has closed it.
    }
  }
  opened.clear()
})

const soon = (milliseconds = 20): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** The result of a promise in words, without waiting longer than a moment. */
function outcome(promise: Promise<Uint8Array | number>): Promise<string> {
  const late = soon(500).then(() => 'pending')
  const settled = promise.then(
    (value) => `got ${value}`,
    (error: { code?: string }) => String(error.code),
  )
  return Promise.race([settled, late])
}

const isOpen = (fd: number): boolean => os.path.exists(`/proc/self/fd/${fd}`)

for (const reuse of ['a pipe', 'a file', 'nothing']) {
  test(`a wait whose descriptor was closed reads nothing of ${reuse} with the same number`, async () => {
    const [r, w] = keep(...os.pipe())
    // The open file lives on, so the kernel goes on to report it.
    keep(os.dup(r))
    const old = promises.read(r, 1)
    await soon()
    closeUnheard(r)
    let other: Promise<Buffer> | undefined
    if (reuse === 'a pipe') {
      const [r2, w2] = keep(...os.pipe())
      assert.equal(r2, r)
      os.write(w2, Buffer.from('new'))
      other = promises.read(r2, 5)
    } else if (reuse === 'a file') {
      fs.writeFileSync(join(folder, 'new'), 'new')
      const [fd] = keep(os.open(join(folder, 'new'), os.O_RDONLY))
      assert.equal(fd, r)
    }
    os.write(w, Buffer.from('OLD'))
    assert.equal(await outcome(old), 'EBADF')
    if (other !== undefined) assert.equal(String(await other), 'new')
    if (reuse === 'a file') assert.equal(String(os.read(r, 5)), 'new')
  })
}

const streams: Readonly<Record<string, (r: number, w: number) => unknown>> = {
  readable: (r) => promises.readable(r).next().catch(String),
  toReadable: (r) => promises.toReadable(r).on('error', String).resume(),
  toReadableStream: (r) => promises.toReadableStream(r).getReader().read().catch(String),
  toWritable: (_, w) => promises.toWritable(w).on('error', String).write('x'),
  toWritableStream(_, w) {
    const writer = promises.toWritableStream(w).getWriter()
    writer.closed.catch(String)
    return writer.write(Buffer.from('x')).catch(String)
  },
}

function fill(fd: number): void {
  os.set_blocking(fd, false)
  try {
    for (;;) os.write(fd, Buffer.alloc(65536))
  } catch {
    os.set_blocking(fd, true)
  }
}

for (const [name, start] of Object.entries(streams)) {
  for (const [means, close] of [
    ['os.close', os.close],
    ['other code', closeUnheard],
  ] as const) {
    test(`${name}: a descriptor that ${means} has closed is not closed again`, async () => {
      const [r, w] = keep(...os.pipe())
      const own = name.includes('Writable') ? w : r
      if (own === w) fill(w)
      // Without a duplicate the kernel forgets the wait, and the stream goes on to wait.
      keep(os.dup(own))
      start(r, w)
      await soon()
      close(own)
      const [other] = keep(os.open('/etc/passwd', os.O_RDONLY))
      assert.equal(other, own)
      // The old open file becomes ready.
      if (own === w) for (const fd of [...opened]) if (fd !== own && fd !== r && isOpen(fd)) os.read(r, 65536)
      if (own === r) os.write(w, Buffer.from('x'))
      await soon()
      assert.ok(isOpen(other), 'the descriptor of another file has been closed')
      assert.equal(os.lseek(other, 0, os.SEEK_CUR), 0, 'another file has been read')
    })
  }
}

test('a stream that is not read while its descriptor is closed does not read the next file with the same number', async () => {
  const [r] = keep(...os.pipe())
  const stream = promises.toReadable(r)
  const [chunks] = keep(...os.pipe())
  const iterator = promises.readable(chunks)
  for (const fd of [r, chunks]) closeUnheard(fd)
  const files = [os.open('/etc/passwd', os.O_RDONLY), os.open('/etc/passwd', os.O_RDONLY)]
  keep(...files)
  assert.deepEqual(files.sort(), [r, chunks].sort())
  await assert.rejects(iterator.next(), { code: 'EBADF' })
  await assert.rejects(stream.toArray(), { code: 'EBADF' })
  assert.deepEqual(files.map(isOpen), [true, true])
})

test('operations that are queued behind one of a regular file fail when the file is closed', async () => {
  const path = join(folder, 'appended')
  const [fd] = keep(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
  const writes = Array.from({ length: 20 }, (_, index) => promises.write(fd, Buffer.from([65 + index])))
  os.close(fd)
  const results = await Promise.allSettled(writes)
  const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'written'))
  // The first may have been carried out at once, or be running on the pool.
  assert.ok(codes.includes('EBADF') || codes.every((code) => code === 'written'), codes.join())
  assert.deepEqual(
    codes.slice().sort((a, b) => (a === b ? 0 : a === 'written' ? -1 : 1)),
    codes,
  )
})

test('calls that are queued for the pool do not reach a file that gets their number', async () => {
  const [fd] = keep(os.open(join(folder, 'first'), os.O_RDWR | os.O_CREAT))
  // More than run at a time. Those that run already end before the number is used again.
  const calls = Array.from({ length: 40 }, () => promises.pwrite(fd, Buffer.from('x'), 0))
  await calls[0]
  os.close(fd)
  const results = await Promise.allSettled(calls)
  const [other] = keep(os.open(join(folder, 'second'), os.O_RDWR | os.O_CREAT))
  assert.equal(other, fd)
  await promises.fsync(other)
  const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : result.value))
  // With io_uring all of them may have been made before the first one is reported.
  assert.ok(codes.includes('EBADF') || codes.every((code) => code === 1), codes.join())
  assert.equal(os.fstat(other).st_size, 0)
})

const signals: Readonly<Record<string, (fd: number, signal: AbortSignal) => Promise<unknown>>> = {
  readable: async (fd, signal) => {
    const chunks = promises.readable(fd, { signal })
    await soon()
    return chunks
  },
  toReadable: async (fd, signal) => promises.toReadable(fd, { signal }).on('error', String),
  toWritable: async (fd, signal) => promises.toWritable(fd, { signal }).on('error', String),
  toReadableStream: async (fd, signal) => promises.toReadableStream(fd, { signal }),
  toWritableStream: async (fd, signal) => promises.toWritableStream(fd, { signal }),
}

for (const [name, make] of Object.entries(signals)) {
  test(`${name}: an abort while no call is pending closes the descriptor at once`, async () => {
    const [r, w] = keep(...os.pipe())
    const own = name.includes('Writable') ? w : r
    const controller = new AbortController()
    const reason = new Error('enough')
    const stream = await make(own, controller.signal)
    controller.abort(reason)
    await soon(1)
    assert.equal(isOpen(own), false)
    if (name === 'readable') await assert.rejects((stream as AsyncIterator<Buffer>).next(), reason)
    if (name === 'toReadable') assert.equal((stream as { errored: unknown }).errored, reason)
    if (name === 'toReadableStream') await assert.rejects((stream as ReadableStream).getReader().read(), reason)
    if (name === 'toWritableStream') await assert.rejects((stream as WritableStream).getWriter().closed, reason)
  })

  test(`${name}: with closefd: false an abort leaves the descriptor open`, async () => {
    const [r, w] = keep(...os.pipe())
    const own = name.includes('Writable') ? w : r
    const controller = new AbortController()
    if (name === 'readable') promises.readable(own, { signal: controller.signal, closefd: false })
    else if (name === 'toReadable')
      promises.toReadable(own, { signal: controller.signal, closefd: false }).on('error', String)
    else if (name === 'toWritable')
      promises.toWritable(own, { signal: controller.signal, closefd: false }).on('error', String)
    else if (name === 'toReadableStream') promises.toReadableStream(own, { signal: controller.signal, closefd: false })
    else promises.toWritableStream(own, { signal: controller.signal, closefd: false })
    controller.abort(new Error('enough'))
    await soon(1)
    assert.equal(isOpen(own), true)
  })
}
