import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import os from 'osier'
import * as promises from 'osier/promises'
import { CLOCK_MONOTONIC } from 'osier/time'
import { temporaryFolder } from '../../support/folder.ts'
import { onlyNode, ownDescriptors } from '../../support/runtime.ts'
import { closeQuietly, isPending, withPipe } from '../../support/waits.ts'

const folder = temporaryFolder()

/** What closes when the file ends. */
const opened: number[] = []
after(() => opened.forEach(closeQuietly))

function keep(...fds: number[]): number[] {
  opened.push(...fds)
  return fds
}

test('read waits for data, and leaves the descriptor in blocking mode', () =>
  withPipe(async (r, w) => {
    const reading = promises.read(r, 100)
    assert.ok(await isPending(reading))
    assert.equal(os.get_blocking(r), true)
    os.write(w, Buffer.from('hello'))
    assert.equal((await reading).toString(), 'hello')
    assert.equal(os.get_blocking(r), true)
  }))

test('read of a non-blocking descriptor waits too', () =>
  withPipe(async (r, w) => {
    const reading = promises.read(r, 100)
    assert.ok(await isPending(reading))
    os.write(w, Buffer.from('x'))
    assert.equal((await reading).toString(), 'x')
    assert.equal(os.get_blocking(r), false)
  }, os.O_NONBLOCK))

test('read returns an empty buffer at the end, for any size', () =>
  withPipe(async (r, w) => {
    const large = promises.read(r, 1 << 20)
    os.close(w)
    assert.equal((await large).length, 0)
    assert.equal((await promises.read(r, 10)).length, 0)
  }))

test('several reads of one descriptor get the data in the order of the calls', () =>
  withPipe(async (r, w) => {
    const readings = Array.from({ length: 5 }, () => promises.read(r, 2))
    os.write(w, Buffer.from('aabbcc'))
    assert.deepEqual((await Promise.all(readings.slice(0, 3))).map(String), ['aa', 'bb', 'cc'])
    assert.ok(await isPending(Promise.race(readings.slice(3))))
    os.write(w, Buffer.from('dd'))
    assert.equal(String(await readings[3]), 'dd')
    os.close(w)
    assert.equal(String(await readings[4]), '')
  }))

test('a new read does not overtake waiting reads', () =>
  withPipe(async (r, w) => {
    const first = promises.read(r, 1)
    os.write(w, Buffer.from('ab'))
    const second = promises.read(r, 1)
    assert.deepEqual([String(await first), String(await second)], ['a', 'b'])
  }))

test('a read and a write can wait on one socket at the same time', {
  skip: onlyNode('its sockets do not tell their descriptors'),
}, async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = connect(address.port, '127.0.0.1')
  const [peer] = (await once(server, 'connection')) as [Socket]
  // The server's end belongs to Node; osier uses a duplicate of the client's descriptor.
  const handle = Reflect.get(client, '_handle') as { readonly fd: number }
  const fd = os.dup(handle.fd)
  client.destroy()
  const reading = promises.read(fd, 100)
  let written = 0
  while (written < 8 << 20) {
    const writing = promises.write(fd, Buffer.alloc(1 << 20, 'x'))
    if (await isPending(writing)) {
      peer.resume()
      written += await writing
      break
    }
    written += await writing
  }
  assert.ok(await isPending(reading))
  peer.write('answer')
  assert.equal(String(await reading), 'answer')
  os.close(fd)
  peer.destroy()
  server.close()
})

test('write writes the bytes that fit, and waits only if the pipe is full', () =>
  withPipe(async (r, w) => {
    const data = Buffer.alloc(200_000, 'y')
    const first = await promises.write(w, data)
    assert.ok(first > 0 && first < data.length, `${first}`)
    const second = promises.write(w, data)
    assert.ok(await isPending(second))
    assert.equal(os.get_blocking(w), true)
    assert.equal((await promises.read(r, first)).length, first)
    assert.ok((await second) > 0)
  }))

test('data of at most PIPE_BUF bytes is written to a pipe in one piece', () =>
  withPipe(async (r, w) => {
    const written = await promises.write(w, Buffer.alloc(1 << 20))
    const size = 4096
    const writings = ['a', 'b', 'c'].map((letter) => promises.write(w, Buffer.alloc(size, letter)))
    for (let left = written; left > 0; ) left -= (await promises.read(r, left)).length
    assert.deepEqual(await Promise.all(writings), [size, size, size])
    const text = String(await promises.read(r, 3 * size))
    assert.equal(text, 'a'.repeat(size) + 'b'.repeat(size) + 'c'.repeat(size))
  }))

test('writing to a pipe without readers is a BrokenPipeError', () =>
  withPipe(async (r, w) => {
    await promises.write(w, Buffer.alloc(1 << 20))
    const writing = promises.write(w, Buffer.from('x'))
    os.close(r)
    await assert.rejects(writing, os.BrokenPipeError)
    await assert.rejects(promises.write(w, Buffer.from('x')), os.BrokenPipeError)
  }))

test('an aborted read consumes no data', () =>
  withPipe(async (r, w) => {
    const controller = new AbortController()
    const { signal } = controller
    const aborted = promises.read(r, 100, { signal })
    const other = promises.read(r, 1)
    controller.abort(new Error('enough'))
    os.write(w, Buffer.from('data'))
    await assert.rejects(aborted, /^Error: enough$/)
    assert.equal(String(await other), 'd')
    assert.equal(String(await promises.read(r, 100)), 'ata')
    await assert.rejects(promises.read(r, 100, { signal }), /^Error: enough$/)
  }))

test('an abort after the read has ended consumes no data', () =>
  withPipe(async (r, w) => {
    const controller = new AbortController()
    const reading = promises.read(r, 100, { signal: controller.signal })
    os.write(w, Buffer.from('data'))
    assert.equal(String(await reading), 'data')
    controller.abort()
    os.write(w, Buffer.from('more'))
    assert.equal(String(await promises.read(r, 100)), 'more')
  }))

test('aborts at random moments lose no data', { timeout: 30_000 }, () =>
  withPipe(async (r, w) => {
    let text = ''
    for (let round = 0; round < 300; round++) {
      const controller = new AbortController()
      const reading = promises.read(r, 3, { signal: controller.signal }).then(String, (error: Error) => {
        assert.equal(error.name, 'AbortError')
        return ''
      })
      const steps = [() => os.write(w, Buffer.from(String(round % 10))), () => controller.abort()]
      if (round % 2 === 0) steps.reverse()
      for (const step of steps) {
        step()
        if (round % 3 === 0) await isPending(Promise.resolve())
      }
      text += await reading
    }
    os.close(w)
    for (let piece = await promises.read(r, 100); piece.length > 0; piece = await promises.read(r, 100)) text += piece
    assert.equal(text, Array.from({ length: 300 }, (_, round) => round % 10).join(''))
  }),
)

test('an aborted write has written no data', () =>
  withPipe(async (r, w) => {
    const written = await promises.write(w, Buffer.alloc(1 << 20, '.'))
    const controller = new AbortController()
    const aborted = promises.write(w, Buffer.from('no'), { signal: controller.signal })
    const other = promises.write(w, Buffer.from('yes'))
    controller.abort()
    await assert.rejects(aborted, { name: 'AbortError' })
    assert.equal((await promises.read(r, written)).length, written)
    assert.equal(await other, 3)
    assert.equal(String(await promises.read(r, 100)), 'yes')
  }))

test('closing a descriptor rejects its pending calls with EBADF', () =>
  withPipe(async (r) => {
    const readings = [promises.read(r, 1), promises.read(r, 1)]
    os.close(r)
    for (const reading of readings) await assert.rejects(reading, { code: 'EBADF' })
  }))

test('a number that was closed elsewhere and is in use again is another descriptor', { skip: ownDescriptors }, () =>
  withPipe(async (r) => {
    const old = promises.read(r, 10)
    const [r2, w2] = keep(...os.pipe()) as [number, number]
    closeSync(r)
    assert.equal(os.dup(r2), r)
    const reading = promises.read(r, 10)
    await assert.rejects(old, { code: 'EBADF' })
    os.write(w2, Buffer.from('new'))
    assert.equal(String(await reading), 'new')
  }),
)

test('readinto, readv and writev', () =>
  withPipe(async (r, w) => {
    const memory = Buffer.alloc(4)
    const into = promises.readinto(r, memory)
    assert.equal(await promises.writev(w, [Buffer.from('ab'), Buffer.from('cdefg')]), 7)
    assert.equal(await into, 4)
    assert.equal(String(memory), 'abcd')
    const [one, two] = [Buffer.alloc(2), new Uint16Array(2)]
    const vectors = promises.readv(r, [one, two])
    assert.equal(await vectors, 3)
    assert.equal(String(one) + String.fromCharCode(two[0] ?? 0), 'efg')
    const later = promises.readv(r, [one, two])
    assert.ok(await isPending(later))
    os.write(w, Buffer.from('xyz'))
    assert.equal(await later, 3)
  }))

test('a buffer that is detached before the data arrives is refused, and the data stays', () =>
  withPipe(async (r, w) => {
    const memory = new Uint8Array(8)
    const reading = promises.readinto(r, memory)
    structuredClone(memory.buffer, { transfer: [memory.buffer] })
    os.write(w, Buffer.from('data'))
    await assert.rejects(reading, TypeError)
    assert.equal(String(await promises.read(r, 10)), 'data')
  }))

test('a terminal is read and written without blocking, and stays in blocking mode', async () => {
  const [main, terminal] = keep(...os.openpty()) as [number, number]
  const line = promises.read(terminal, 100)
  assert.ok(await isPending(line))
  await promises.write(main, Buffer.from('hello\n'))
  assert.equal(String(await line), 'hello\n')
  assert.equal(String(await promises.read(main, 100)), 'hello\r\n')
  for (;;) {
    const writing = promises.write(terminal, Buffer.alloc(65536, 'z'))
    if (!(await isPending(writing))) continue
    // The kernel says that there is room again only after much has been read.
    const controller = new AbortController()
    const draining = (async () => {
      for (;;) await promises.read(main, 65536, { signal: controller.signal })
    })()
    assert.ok((await writing) > 0)
    controller.abort()
    await assert.rejects(draining, { name: 'AbortError' })
    break
  }
  assert.deepEqual([os.get_blocking(main), os.get_blocking(terminal)], [true, true])
})

test('a terminal whose program has ended is an EIO, as in os.read', async () => {
  const [main, terminal] = keep(...os.openpty()) as [number, number]
  const reading = promises.read(main, 10)
  os.close(terminal)
  await assert.rejects(reading, { code: 'EIO' })
})

test('timers', async () => {
  const [timer] = keep(os.timerfd_create(CLOCK_MONOTONIC)) as [number]
  os.timerfd_settime(timer, { initial: 0.02 })
  assert.equal((await promises.read(timer, 8)).readBigUInt64LE(), 1n)
  assert.ok(await isPending(promises.read(timer, 8, { ref: false })))
})

test('event counters', async () => {
  const [counter] = keep(os.eventfd(0)) as [number]
  const reading = promises.eventfd_read(counter)
  assert.ok(await isPending(reading))
  await promises.eventfd_write(counter, 3)
  assert.equal(await reading, 3n)
  await promises.eventfd_write(counter, 2n ** 64n - 2n)
  const adding = promises.eventfd_write(counter, 7)
  assert.ok(await isPending(adding))
  assert.equal(os.eventfd_read(counter), 2n ** 64n - 2n)
  assert.equal(await adding, undefined)
  assert.equal(await promises.eventfd_read(counter), 7n)
  await assert.rejects(promises.eventfd_write(counter, 2n ** 64n - 1n), { code: 'EINVAL' })
  await assert.rejects(promises.eventfd_write(counter, 2n ** 64n), RangeError)
})

/** How many turns the event loop has had; 0 in runtimes that do not count them. */
function loopCount(): number {
  const timing: object = performance.nodeTiming ?? {}
  return (timing as { readonly uvMetricsInfo?: { readonly loopCount: number } }).uvMetricsInfo?.loopCount ?? 0
}

test('an event counter that would overflow does not keep the event loop busy', async () => {
  const [counter] = keep(os.eventfd(0)) as [number]
  os.eventfd_write(counter, 2n ** 64n - 3n)
  // There is room for 1, so the kernel says that it is writable.
  const adding = promises.eventfd_write(counter, 2)
  const before = loopCount()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const turns = loopCount() - before
  assert.ok(turns < 100, `${turns} turns of the event loop in 300 ms`)
  os.eventfd_read(counter)
  await adding
})

test('files on disk are read completely, and written', async () => {
  const path = join(folder, 'file')
  const [fd] = keep(os.open(path, os.O_RDWR | os.O_CREAT)) as [number]
  assert.equal(await promises.write(fd, Buffer.from('0123456789')), 10)
  assert.equal(await promises.writev(fd, [Buffer.from('ab'), Buffer.from('cd')]), 4)
  os.lseek(fd, 0, os.SEEK_SET)
  assert.equal(String(await promises.read(fd, 5)), '01234')
  const memory = Buffer.alloc(4)
  assert.equal(await promises.readinto(fd, memory), 4)
  assert.equal(String(memory), '5678')
  assert.equal(await promises.readv(fd, [memory.subarray(0, 1), memory.subarray(1)]), 4)
  assert.equal(String(memory), '9abc')
  assert.equal(String(await promises.read(fd, 100)), 'd')
  assert.equal((await promises.read(fd, 100)).length, 0)
  const [directory] = keep(os.open(folder, os.O_RDONLY)) as [number]
  await assert.rejects(promises.read(directory, 10), os.IsADirectoryError)
})

test('a file that is not in the page cache is read completely', async () => {
  const [fd] = keep(os.open(join(folder, 'large'), os.O_RDWR | os.O_CREAT)) as [number]
  const data = Buffer.alloc(1 << 20, 'abcdefg')
  os.write(fd, data)
  os.fsync(fd)
  for (const keepFirst of [true, false]) {
    os.posix_fadvise(fd, keepFirst ? 65536 : 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(fd, 0, os.SEEK_SET)
    const read = await promises.read(fd, data.length)
    assert.ok(read.equals(data))
  }
})

test('devices that epoll does not support are read and written', async () => {
  const [zero, nothing] = keep(os.open('/dev/zero', os.O_RDONLY), os.open('/dev/null', os.O_RDWR)) as [number, number]
  assert.deepEqual(await promises.read(zero, 3), Buffer.alloc(3))
  assert.equal((await promises.read(nothing, 3)).length, 0)
  assert.equal(await promises.write(nothing, Buffer.from('x')), 1)
})

test('an endless reader does not starve others', { timeout: 20_000 }, async () => {
  const [zero] = keep(os.open('/dev/zero', os.O_RDONLY)) as [number]
  let stop = false
  setTimeout(() => {
    stop = true
  }, 10)
  while (!stop) await promises.read(zero, 1)
  await withPipe(async (r, w) => {
    stop = false
    setTimeout(() => {
      stop = true
    }, 10)
    while (!stop) {
      await promises.write(w, Buffer.from('x'))
      await promises.read(r, 1)
    }
  })
})

test('invalid arguments reject', async () => {
  await assert.rejects(promises.read('x' as never, 1), TypeError)
  await assert.rejects(promises.read(0, -1), RangeError)
  await assert.rejects(promises.read(0, 1, { signal: {} as never }), TypeError)
  await assert.rejects(promises.read(0, 1, { timeout: 1 } as never), TypeError)
  await assert.rejects(promises.write(1, 'text' as never), TypeError)
  await assert.rejects(promises.readv(0, {} as never), TypeError)
  await assert.rejects(promises.read(-1, 1), { code: 'EBADF' })
  await assert.rejects(promises.read(1_000_000, 1), { code: 'EBADF' })
  await assert.rejects(promises.eventfd_read(1_000_000), { code: 'EBADF' })
})

test('the functions have the lengths of those of os', () => {
  for (const name of ['read', 'readinto', 'write', 'readv', 'writev', 'eventfd_read', 'eventfd_write'] as const) {
    assert.equal(os.promises[name].length, os[name].length, name)
    assert.equal(os.promises[name].name, name)
  }
})
