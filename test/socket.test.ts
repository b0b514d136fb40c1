import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import * as socket from 'osier/socket'
import { askNode } from './support/child.ts'
import { temporaryFolder } from './support/folder.ts'
import { askPython, noPython } from './support/python.ts'
import { runtime } from './support/runtime.ts'
import { inWorker } from './support/worker.ts'

const folder = temporaryFolder()
const notDeno = runtime === 'Deno' && 'Deno: its -e is a subcommand'
const X = Buffer.from('x')

function closeAll(...fds: readonly number[]): void {
  for (const fd of fds) os.close(fd)
}

function countDescriptors(): number {
  return os.listdir('/proc/self/fd').length
}

function inode(fd: number): bigint {
  return os.fstat(fd).st_ino
}

describe('descriptors that are sent', () => {
  const { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET } = socket
  for (const [name, type] of Object.entries({ SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET })) {
    test(`are received as others of the same files, over ${name}`, () => {
      const [a, b] = socket.socketpair(socket.AF_UNIX, type)
      const [r, w] = os.pipe()
      assert.equal(socket.send_fds(a, [Buffer.from('he'), Buffer.from('llo')], [r, { fd: w }, { fileno: () => r }]), 5)
      const [msg, fds, flags, address] = socket.recv_fds(b, 100, 10)
      assert.deepEqual([msg.toString(), fds.length, flags & ~socket.MSG_EOR, address], ['hello', 3, 0, null])
      assert.deepEqual(fds.map(inode), [r, w, r].map(inode))
      assert.ok(fds.every((fd) => ![r, w].includes(fd) && !os.get_inheritable(fd)))
      os.write(fds[1] as number, X)
      assert.deepEqual(os.read(r, 1), X)
      closeAll(a, b, r, w, ...fds)
    })
  }

  test('may be 253, and none', () => {
    const [a, b] = socket.socketpair()
    assert.equal(socket.send_fds(a, [X], Array<number>(253).fill(a)), 1)
    const [, fds, flags] = socket.recv_fds(b, 1, 253)
    assert.deepEqual([fds.length, flags], [253, 0])
    assert.throws(() => socket.send_fds(a, [X], Array<number>(254).fill(a)), { code: 'EINVAL', syscall: 'sendmsg' })
    assert.throws(() => socket.send_fds(a, [X], Array<number>(5000).fill(a)), { name: 'OSError' })
    socket.send_fds(a, [X], [])
    assert.deepEqual(socket.recv_fds(b, 1, 0), [X, [], 0, null])
    closeAll(a, b, ...fds)
  })

  test('are closed where there is no room for them', () => {
    const before = countDescriptors()
    const [a, b] = socket.socketpair()
    for (const most of [0, 1, 2, 3, 4]) {
      socket.send_fds(a, [X], [a, a, a])
      const [, fds, flags] = socket.recv_fds(b, 1, most)
      assert.deepEqual([fds.length, flags], [Math.min(most, 3), most < 3 ? socket.MSG_CTRUNC : 0], `${most}`)
      closeAll(...fds)
    }
    assert.equal(countDescriptors(), before + 2)
    socket.send_fds(a, [X], [a, a])
    os.close(a)
    os.close(b)
    assert.equal(countDescriptors(), before)
  })

  test('are not lost to a limit of descriptors', () => {
    const result = askNode<number[]>(`
      import * as socket from '${import.meta.resolve('osier/socket')}'
      import * as resource from '${import.meta.resolve('osier/resource')}'
      const [a, b] = socket.socketpair()
      socket.send_fds(a, [Buffer.from('x')], [a, a, a, a])
      socket.send_fds(a, [Buffer.from('y')], [a])
      const free = os.dup(0)
      os.close(free)
      resource.setrlimit(resource.RLIMIT_NOFILE, [free + 2, resource.getrlimit(resource.RLIMIT_NOFILE)[1]])
      const [, fds, flags] = socket.recv_fds(b, 1, 10)
      for (const fd of fds) os.close(fd)
      console.log(JSON.stringify([fds.length, flags, socket.recv_fds(b, 1, 10)[1].length]))`)
    assert.deepEqual(result, [2, socket.MSG_CTRUNC, 1])
  })

  test('go to a worker and to another process', { skip: notDeno }, async () => {
    const [a, b] = socket.socketpair()
    const [r, w] = os.pipe()
    socket.send_fds(a, [X], [w])
    await inWorker(
      `const socket = await import('${import.meta.resolve('osier/socket')}')
       const [, [fd]] = socket.recv_fds(workerData, 1, 1)
       os.write(fd, Buffer.from('worker'))
       os.close(fd)`,
      b,
    )
    assert.equal(os.read(r, 100).toString(), 'worker')
    os.set_inheritable(b, true)
    socket.send_fds(a, [X], [w])
    const script = `read line < /dev/null; exec "$1" -e '
      import("${import.meta.resolve('osier/socket')}").then(({ recv_fds }) => {
        const [, [fd]] = recv_fds(${b}, 1, 1)
        require("fs").writeSync(fd, "process")
      })'`
    const pid = os.posix_spawnp('sh', ['sh', '-c', script, 'sh', process.execPath], null)
    assert.equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
    assert.equal(os.read(r, 100).toString(), 'process')
    closeAll(a, b, r, w)
  })
})

test('messages and flags are those of Python', { skip: noPython }, () => {
  const [theirs, address] = askPython<[unknown[][], string]>(
    `
import json, os, socket, sys
def closed(result):
    msg, fds, flags, address = result
    for fd in fds:
        os.close(fd)
    return [msg.decode(), len(fds), flags, address]
results = []
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    a, b = socket.socketpair(socket.AF_UNIX, kind)
    for size, count, room, most in ((5, 2, 100, 5), (5, 2, 2, 1), (5, 0, 5, 5), (1, 3, 1, 0)):
        socket.send_fds(a, [b'hello'[:size]], [0] * count)
        results.append(closed(socket.recv_fds(b, room, most)))
        if kind == socket.SOCK_STREAM and room < size: results.append(closed(socket.recv_fds(b, 100, 5)))
    a.close()
    if kind != socket.SOCK_DGRAM: results.append(closed(socket.recv_fds(b, 100, 5)))
    b.close()
path = sys.argv[1] + '/python'
a = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
b = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a.bind(path)
b.bind(path + '2')
a.sendmsg([b'x'], [], 0, path + '2')
print(json.dumps([results, socket.recv_fds(b, 1, 1)[3]]))`,
    { args: [folder] },
  )
  const ours: unknown[][] = []
  const closed = ([msg, fds, flags, from]: socket.ReceivedFds): unknown[] => {
    closeAll(...fds)
    return [msg.toString(), fds.length, flags, from]
  }
  for (const type of [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET]) {
    const [a, b] = socket.socketpair({ type })
    for (const [size, count, room, most] of [
      [5, 2, 100, 5],
      [5, 2, 2, 1],
      [5, 0, 5, 5],
      [1, 3, 1, 0],
    ] as const) {
      socket.send_fds(a, [Buffer.from('hello'.slice(0, size))], Array<number>(count).fill(0))
      ours.push(closed(socket.recv_fds(b, room, most)))
      if (type === socket.SOCK_STREAM && room < size) ours.push(closed(socket.recv_fds(b, 100, 5)))
    }
    os.close(a)
    if (type !== socket.SOCK_DGRAM) ours.push(closed(socket.recv_fds(b, 100, 5)))
    os.close(b)
  }
  assert.deepEqual(ours, theirs)
  assert.equal(address, `${folder}/python`)
})

test('a datagram goes to the address that it has, and comes with that of its sender', { skip: noPython }, async () => {
  // A socket with a name, made by Python, which sends it to us.
  const [a, b] = socket.socketpair()
  os.set_inheritable(b, true)
  const code = `
import socket, sys
s = socket.socket(fileno=${b})
named = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3)]
for one, name in zip(named, [sys.argv[1] + '/caf\\u00e9', sys.argv[1] + '/two', '\\0abstract' + sys.argv[1]]):
    one.bind(name)
socket.send_fds(s, [b'x'], [one.fileno() for one in named])`
  const pid = os.posix_spawnp('python3', ['python3', '-X', 'utf8', '-c', code, folder], null)
  assert.equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
  const [, fds] = await socket.promises.recv_fds(a, 1, 3)
  const [one = -1, two = -1, abstract = -1] = fds
  socket.send_fds(one, [X], [0], { address: `${folder}/two` })
  socket.send_fds(abstract, [X], [], 0, Buffer.from(`${folder}/two`))
  await socket.promises.send_fds(two, [X], [], { address: `\0abstract${folder}` })
  const [, received, , from] = socket.recv_fds(two, 1, 1)
  assert.equal(from, `${folder}/caf\u00e9`)
  assert.deepEqual(socket.recv_fds(two, 1, 1)[3], Buffer.from(`\0abstract${folder}`))
  assert.equal(socket.recv_fds(abstract, 1, 1)[3], `${folder}/two`)
  assert.throws(() => socket.send_fds(one, [X], [0], { address: `${folder}/none` }), os.FileNotFoundError)
  assert.throws(() => socket.send_fds(one, [X], [0], { address: 'n'.repeat(108) }), RangeError)
  closeAll(a, b, ...fds, ...received)
})

describe('promises', () => {
  test('wait for a message, in order, and for room', async () => {
    const [a, b] = socket.socketpair(undefined, socket.SOCK_DGRAM)
    const coming = [socket.promises.recv_fds(b, 10, 1), socket.promises.recv_fds(b, 10, 1, { ref: false })]
    await socket.promises.send_fds(a, [Buffer.from('1')], [a])
    await socket.promises.send_fds(a, [Buffer.from('2')], [])
    const messages = await Promise.all(coming)
    assert.deepEqual(
      messages.map(([msg, fds]) => [msg.toString(), fds.length]),
      [
        ['1', 1],
        ['2', 0],
      ],
    )
    closeAll(...(messages[0]?.[1] ?? []))
    // More than the queue holds: the later ones wait.
    const sent = Array.from({ length: 600 }, (_, index) =>
      socket.promises.send_fds(a, [Buffer.from(String(index))], [a], 0),
    )
    for (let index = 0; index < sent.length; index++) {
      const [msg, fds] = await socket.promises.recv_fds(b, 10, 1)
      closeAll(...fds)
      assert.equal(msg.toString(), String(index))
    }
    assert.deepEqual(
      await Promise.all(sent),
      [...Array(600).keys()].map((index) => String(index).length),
    )
    assert.equal(os.get_blocking(a), true)
    closeAll(a, b)
  })

  test('can be aborted, and fail when the descriptor is closed', async () => {
    const [a, b] = socket.socketpair()
    const controller = new AbortController()
    const aborted = socket.promises.recv_fds(b, 1, 1, 0, { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 5)
    await assert.rejects(aborted, { message: 'enough' })
    socket.send_fds(a, [X], [])
    await assert.rejects(socket.promises.recv_fds(b, 1, 1, { signal: AbortSignal.abort() }), { name: 'AbortError' })
    assert.deepEqual((await socket.promises.recv_fds(b, 1, 1))[0], X)
    const waiting = socket.promises.recv_fds(b, 1, 1)
    os.close(b)
    await assert.rejects(waiting, { code: 'EBADF' })
    await assert.rejects(socket.promises.send_fds(a, [X], []), os.BrokenPipeError)
    os.close(a)
  })

  test('a process that only waits with ref: false ends', () => {
    askNode(`
      import * as socket from '${import.meta.resolve('osier/socket')}'
      socket.promises.recv_fds(socket.socketpair()[0], 1, 1, { ref: false })
      console.log('0')`)
  })
})

test('socketpair makes sockets that children do not inherit', () => {
  const pair = socket.socketpair()
  assert.ok(pair.every((fd) => !os.get_inheritable(fd) && os.get_blocking(fd)))
  closeAll(...pair)
  const [a, b] = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0)
  assert.throws(() => socket.recv_fds(b, 1, 1), os.BlockingIOError)
  closeAll(a, b)
  const [c, d] = socket.socketpair(null, { type: socket.SOCK_SEQPACKET })
  assert.throws(() => socket.recv_fds(d, 1, 1, { flags: socket.MSG_DONTWAIT }), os.BlockingIOError)
  closeAll(c, d)
  for (const [family, type, proto] of [
    [2, 1, 0],
    [1, 77, 0],
    [1, 1, 99],
    [-1, 1, 0],
  ] as const)
    assert.throws(() => socket.socketpair(family, type, proto), os.OSError)
})

test('hooks see the call, and can refuse', () => {
  const events = askNode<unknown[]>(`
    import * as socket from '${import.meta.resolve('osier/socket')}'
    const [a, b] = socket.socketpair()
    const events = []
    os.addaudithook((event, args) => { events.push([event, args[0] === a, args[1]]); throw new Error('no') })
    for (const address of [undefined, '/x'])
      try { socket.send_fds(a, [Buffer.from('x')], [0], { address }) } catch (error) { events.push(error.message) }
    await socket.promises.send_fds(a, [Buffer.from('x')], [0]).catch((error) => events.push(error.message))
    try { socket.socketpair({ type: 2 }) } catch (error) { events.push(error.message) }
    console.log(JSON.stringify(events))`)
  const call = ['socket.sendmsg', true, null]
  const made = ['socket.__new__', false, 1]
  assert.deepEqual(events, [call, 'no', ['socket.sendmsg', true, '/x'], 'no', call, 'no', made, 'no'])
})

test('wrong arguments are refused before C sees them', async () => {
  const [a, b] = socket.socketpair()
  const file = os.open('/dev/null', os.O_RDWR)
  assert.throws(() => socket.send_fds(file, [X], [0]), { code: 'ENOTSOCK' })
  assert.throws(() => socket.recv_fds(file, 1, 1), { code: 'ENOTSOCK' })
  await assert.rejects(socket.promises.recv_fds(file, 1, 1), { code: 'ENOTSOCK' })
  assert.throws(() => socket.send_fds(a, [X], [1000]), { code: 'EBADF' })
  assert.throws(() => socket.send_fds(a, [X], [-1]), { code: 'EBADF' })
  assert.throws(() => socket.send_fds(1000, [X], [0]), { code: 'EBADF' })
  assert.throws(() => socket.send_fds(a, Array<Buffer>(1025).fill(X), [0]), { code: 'EINVAL' })
  for (const wrong of [undefined, null, 'a', {}, [], 1n, true]) {
    assert.throws(() => socket.send_fds(wrong as never, [X], [0]), TypeError)
    assert.throws(() => socket.send_fds(a, [X], [wrong] as never), TypeError)
    assert.throws(() => socket.send_fds(a, [wrong] as never, [0]), TypeError)
    assert.throws(() => socket.recv_fds(wrong as never, 1, 1), TypeError)
    assert.throws(() => socket.recv_fds(b, 1, wrong as never), TypeError)
    await assert.rejects(socket.promises.send_fds(a, [X], [wrong] as never), TypeError)
    if (!Array.isArray(wrong)) assert.throws(() => socket.send_fds(a, [X], wrong as never), TypeError)
    if (typeof wrong !== 'bigint') assert.throws(() => socket.recv_fds(b, wrong as never, 1), TypeError)
  }
  for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => socket.recv_fds(b, wrong, 1), RangeError)
    assert.throws(() => socket.recv_fds(b, 1, wrong), RangeError)
  }
  assert.throws(() => socket.recv_fds(b, 1, 1, { flag: 1 } as never), TypeError)
  assert.throws(() => socket.send_fds(a, [X], [0], { address: 1 } as never), TypeError)
  assert.throws(() => Reflect.apply(socket.send_fds, null, [a, [X], [0], 0, '/x', 1]), TypeError)
  assert.deepEqual(os.get_blocking(a), true)
  assert.throws(() => socket.recv_fds(b, 1, 1, socket.MSG_DONTWAIT), os.BlockingIOError, 'nothing was sent')
  closeAll(a, b, file)
})
