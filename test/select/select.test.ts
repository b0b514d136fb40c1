import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { afterEach, describe, test } from 'node:test'
import os from 'osier'
import * as select from 'osier/select'
import * as time from 'osier/time'
import { runNode } from '../support/child.ts'
import { askPython, noPython } from '../support/python.ts'
import { inWorker } from '../support/worker.ts'

let opened: number[] = []

function pipe(): [reader: number, writer: number] {
  const [reader, writer] = os.pipe()
  opened.push(reader, writer)
  return [reader, writer]
}

afterEach(() => {
  for (const fd of opened) {
    try {
      os.close(fd)
    } catch {
      // The test has closed it.
    }
  }
  opened = []
})

function seconds(body: () => unknown): number {
  const start = time.monotonic_ns()
  body()
  return Number(time.monotonic_ns() - start) / 1e9
}

describe('select', () => {
  test('returns the objects that are ready, as they were given', () => {
    const [reader, writer] = pipe()
    const [read, write] = [{ fd: reader }, { fileno: () => writer }]
    assert.deepEqual(select.select([read], [write], [], 0), [[], [write], []])
    os.write(writer, Buffer.from('data'))
    const [ready] = select.select([read, reader], [], [])
    assert.equal(ready[0], read)
    assert.equal(ready[1], reader)
    assert.deepEqual(select.select(new Set([reader]), [], [writer], 1n), [[reader], [], []])
  })

  test('waits as long as asked for', () => {
    const [reader] = pipe()
    assert.ok(seconds(() => assert.deepEqual(select.select([reader], [], [], 0.03), [[], [], []])) >= 0.03)
    assert.ok(seconds(() => select.select([], [], [], 0.01)) >= 0.01)
  })

  test('refuses what it cannot wait for', () => {
    const [reader] = pipe()
    for (const fd of [-1, 1024, 2 ** 31]) assert.throws(() => select.select([fd], [], [], 0), RangeError)
    assert.throws(() => select.select([1000], [], [], 0), { code: 'EBADF' })
    for (const list of [5, null, undefined]) assert.throws(() => select.select(list as never, [], [], 0), TypeError)
    assert.throws(() => select.select(['0'] as never, [], [], 0), TypeError)
    for (const timeout of [-1, Number.NaN, 1e30])
      assert.throws(() => select.select([reader], [], [], timeout), RangeError)
    assert.throws(() => select.select([reader], [], [], '1' as never), TypeError)
  })

  test('as a promise lets the event loop run', async () => {
    const [reader, writer] = pipe()
    setTimeout(() => os.write(writer, Buffer.from('data')), 10)
    assert.deepEqual(await select.promises.select([reader], [], []), [[reader], [], []])
    os.read(reader, 10)
    assert.deepEqual(await select.promises.select([reader], [], [reader], 0.02), [[], [], []])
    const signal = AbortSignal.timeout(10)
    await assert.rejects(select.promises.select([reader], [], [], null, { signal }), { name: 'TimeoutError' })
    await assert.rejects(select.promises.select([1000], [], []), { code: 'EBADF' })
  })
})

describe('poll', () => {
  test('reports events in the order of registration', () => {
    const [reader, writer] = pipe()
    const poll = select.poll()
    poll.register(writer, select.POLLOUT)
    poll.register({ fd: reader }, select.POLLIN)
    assert.deepEqual(poll.poll(), [[writer, select.POLLOUT]])
    os.write(writer, Buffer.from('data'))
    assert.deepEqual(poll.poll(null), [
      [writer, select.POLLOUT],
      [reader, select.POLLIN],
    ])
    poll.modify(writer, 0)
    os.close(writer)
    assert.deepEqual(poll.poll(-1), [
      [writer, select.POLLNVAL],
      [reader, select.POLLIN | select.POLLHUP],
    ])
    poll.unregister(writer)
    assert.equal(poll.poll(1000n).length, 1)
    poll.unregister(reader)
    assert.deepEqual(poll.poll(0), [])
  })

  test('waits for milliseconds, whatever signals arrive', () => {
    const [reader] = pipe()
    const poll = select.poll()
    poll.register(reader)
    assert.ok(seconds(() => assert.deepEqual(poll.poll(20.5), [])) >= 0.0205)
    const child = runNode(`
      import * as select from 'osier/select'
      import * as signal from 'osier/signal'
      import * as time from 'osier/time'
      signal.signal(signal.SIGALRM, () => undefined)
      signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
      const [reader] = os.pipe()
      const [poll, epoll] = [select.poll(), new select.epoll()]
      for (const one of [poll, epoll]) one.register(reader, select.POLLIN)
      for (const wait of [() => poll.poll(100), () => epoll.poll(0.1), () => select.select([reader], [], [], 0.1)]) {
        const start = time.monotonic()
        console.log(wait().flat().length, time.monotonic() - start >= 0.1)
      }
      signal.setitimer(signal.ITIMER_REAL, 0)`)
    assert.deepEqual([child.stderr, child.stdout], ['', '0 true\n0 true\n0 true\n'])
  })

  test('refuses what it cannot wait for', () => {
    const poll = select.poll()
    assert.throws(() => poll.modify(1000, 1), os.FileNotFoundError)
    assert.throws(() => poll.unregister(1000), RangeError)
    assert.throws(() => poll.register(-1), RangeError)
    assert.throws(() => poll.register(0, 65_536), RangeError)
    assert.throws(() => poll.register('0' as never), TypeError)
    assert.throws(() => poll.poll(Number.NaN), RangeError)
    assert.throws(() => poll.poll('1' as never), TypeError)
  })

  test('as a promise lets the event loop run', async () => {
    const [reader, writer] = pipe()
    const poll = select.poll()
    poll.register(reader, select.POLLIN)
    setTimeout(() => os.write(writer, Buffer.from('data')), 10)
    assert.deepEqual(await poll.pollAsync(), [[reader, select.POLLIN]])
    // Data to read is no urgent data.
    poll.modify(reader, select.POLLPRI)
    assert.deepEqual(await poll.pollAsync(20), [])
    await assert.rejects(poll.pollAsync(null, { signal: AbortSignal.timeout(10) }), { name: 'TimeoutError' })
    setTimeout(() => os.close(writer), 10)
    assert.deepEqual(await poll.pollAsync(5000), [[reader, select.POLLHUP]])
  })
})

describe('epoll', () => {
  test('reports events, and is closed', () => {
    const [reader, writer] = pipe()
    const epoll = new select.epoll()
    assert.equal(os.get_inheritable(epoll.fileno()), false)
    epoll.register(reader, select.EPOLLIN | select.EPOLLET)
    assert.deepEqual(epoll.poll(0), [])
    os.write(writer, Buffer.from('data'))
    assert.deepEqual(epoll.poll(), [[reader, select.EPOLLIN]])
    assert.deepEqual(epoll.poll(0), [])
    epoll.modify(reader, select.EPOLLIN | select.EPOLLONESHOT)
    assert.deepEqual(epoll.poll(-1, 1), [[reader, select.EPOLLIN]])
    assert.deepEqual(epoll.poll(0.01), [])
    epoll.unregister(reader)
    assert.throws(() => epoll.modify(reader, 1), os.FileNotFoundError)
    epoll.register(writer, select.EPOLLOUT)
    assert.throws(() => epoll.register(writer, 1), os.FileExistsError)
    const fd = epoll.fileno()
    epoll.close()
    epoll.close()
    assert.ok(epoll.closed)
    assert.throws(() => os.fstat(fd), { code: 'EBADF' })
    for (const call of [() => epoll.fileno(), () => epoll.poll(0), () => epoll.register(reader)]) {
      assert.throws(call, RangeError)
    }
  })

  test('takes a descriptor, and leaks none', () => {
    const before = readdirSync('/proc/self/fd').length
    {
      using epoll = new select.epoll(1, select.EPOLL_CLOEXEC)
      const copy = select.epoll.fromfd(os.dup(epoll.fileno()))
      assert.ok(copy instanceof select.epoll)
      copy.close()
    }
    assert.equal(readdirSync('/proc/self/fd').length, before)
  })

  test('refuses what it cannot wait for', () => {
    using epoll = new select.epoll()
    for (const size of [0, -2]) assert.throws(() => new select.epoll(size), RangeError)
    assert.throws(() => new select.epoll(-1, 1), { code: 'EINVAL' })
    assert.throws(() => epoll.register(1000), { code: 'EBADF' })
    for (const most of [0, -2]) assert.throws(() => epoll.poll(0, most), RangeError)
    assert.throws(() => epoll.poll(Number.NaN), RangeError)
    const fd = os.open('/proc/self/exe', os.O_RDONLY)
    assert.throws(() => epoll.register(fd), os.PermissionError)
    os.close(fd)
  })

  test('as a promise lets the event loop run', async () => {
    const [reader, writer] = pipe()
    using epoll = new select.epoll()
    epoll.register(reader, select.EPOLLIN)
    setTimeout(() => os.write(writer, Buffer.from('data')), 10)
    assert.deepEqual(await epoll.pollAsync(), [[reader, select.EPOLLIN]])
    os.read(reader, 10)
    assert.deepEqual(await epoll.pollAsync(0.01), [])
    await assert.rejects(epoll.pollAsync(5, -1, { signal: AbortSignal.timeout(10) }), { name: 'TimeoutError' })
  })
})

test('waits report what python3 reports', { skip: noPython }, () => {
  const theirs = askPython(`
import json, os, select
r, w = os.pipe()
out = []
p, e = select.poll(), select.epoll()
def ask():
    name = {r: 'r', w: 'w'}
    out.append([[name[fd], events] for fd, events in p.poll(0)])
    out.append(sorted([name[fd], events] for fd, events in e.poll(0)))
    out.append([[name[fd] for fd in one] for one in select.select([r], [], [], 0)])
for one in (p, e):
    one.register(r)
    one.register(w)
ask(); os.write(w, b'x'); ask(); os.read(r, 1)
p.unregister(w); e.unregister(w); os.close(w); ask()
print(json.dumps(out))`)
  const [r, w] = pipe()
  const name = (fd: number): string => (fd === r ? 'r' : 'w')
  const [p, e] = [select.poll(), new select.epoll()]
  const ours: unknown[] = []
  const ask = (): void => {
    const named = (events: select.Ready[]): unknown[] => events.map(([fd, bits]) => [name(fd), bits])
    ours.push(
      named(p.poll(0)),
      named(e.poll(0)).sort(),
      select.select([r], [], [], 0).map((list) => list.map(name)),
    )
  }
  for (const one of [p, e]) {
    one.register(r)
    one.register(w)
  }
  ask()
  os.write(w, Buffer.from('x'))
  ask()
  os.read(r, 1)
  p.unregister(w)
  e.unregister(w)
  os.close(w)
  ask()
  e.close()
  assert.deepEqual(ours, theirs)
})

test('a worker waits for its own descriptors', async () => {
  const result = await inWorker<number>(`
    const select = await import('${import.meta.resolve('osier/select')}')
    const os = await import('${import.meta.resolve('osier')}')
    const [reader, writer] = os.pipe()
    setTimeout(() => os.write(writer, Buffer.from('x')), 10)
    const [ready] = await select.promises.select([reader], [], [])
    os.close(reader); os.close(writer)
    return ready.length`)
  assert.equal(result, 1)
})
