import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import os from 'osier'
import * as grp from 'osier/grp'
import * as micropython from 'osier/micropython'
import { mmap } from 'osier/mmap'
import * as path from 'osier/path'
import * as pwd from 'osier/pwd'
import * as sjs from 'osier/sjs'
import * as socket from 'osier/socket'
import { DIST, declarationsOf } from '../tools/declarations/functions.ts'
import { declarationsOfDoors } from '../tools/front_doors.ts'
import { noAttributes } from './support/attributes.ts'
import { askNode } from './support/child.ts'
import { temporaryFolder } from './support/folder.ts'

/**
 * A result that is bytes has memory of its own: structuredClone and postMessage copy the whole ArrayBuffer of a view, and
 * so everything else that is in it.
 */

const { vfs, VfsFat, VfsLfs1, VfsLfs2, VfsPosix } = micropython
const { promises } = os

const folder = temporaryFolder()
const bytes = (text: string): Buffer => Buffer.from(text)
const file = join(folder, 'file')
const link = bytes(join(folder, 'link'))
const place = bytes(folder)
const noLargeAttributes = noAttributes(folder, 3000)

/** Longer than what may be in memory of the engine for JavaScript. */
const LINE = `${'a line of eighty characters, as it is usual, '.repeat(2)}\n`
writeFileSync(file, LINE.repeat(1000))
os.symlink('file', link)
os.mkdir(join(folder, 'inner'))
os.environb.set(bytes('OSIER_TEST'), bytes('value'))

/** On each side of the sizes at which the way changes, and with a result that is shorter. */
const SIZES = [1, 5, 24, 25, 64, 65, 200, 4096, 8192, 8193, 40_000, 1_000_000]

async function collect<T>(items: Iterable<T> | AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function opened<T>(use: (fd: number) => T): Promise<Awaited<T>> {
  const fd = os.open(file, os.O_RDONLY)
  try {
    return await use(fd)
  } finally {
    os.close(fd)
  }
}

interface Readable {
  read(size?: number): Buffer | Promise<Buffer>
  readline(size?: number): Buffer | Promise<Buffer>
  readlines(): Buffer[] | Promise<Buffer[]>
  close(): unknown
}

/** What a file with these lines returns, in each way that it can be read. */
async function readings(open: () => Readable | Promise<Readable>): Promise<unknown> {
  const [pieces, rest] = [await open(), await open()]
  const found = [
    await pieces.read(5),
    await pieces.read(100),
    await pieces.readline(),
    await pieces.readline(7),
    await pieces.read(9000),
    await pieces.read(),
    await rest.readline(),
    await rest.readlines(),
  ]
  await pieces.close()
  await rest.close()
  return found
}

interface FileSystem {
  open(path: string, mode: 'rb' | 'wb'): micropython.vfs.VfsFile<Buffer>
  ilistdir(path: Uint8Array): Iterable<readonly [name: Buffer, ...unknown[]]>
}

async function inFileSystem(system: FileSystem): Promise<unknown> {
  const written = system.open('/name', 'wb')
  written.write(bytes(LINE.repeat(1000)))
  written.close()
  return [await readings(() => system.open('/name', 'rb')), [...system.ilistdir(bytes('/'))]]
}

function formatted(format: (device: micropython.vfs.RamBlockDev) => void): micropython.vfs.RamBlockDev {
  const device = new vfs.RamBlockDev(512, 1024)
  format(device)
  return device
}

type Call = () => unknown

/** Calls of a function of osier/path with bytes. */
function ofPath(name: string): unknown {
  const call = Reflect.get(path, name) as (...args: unknown[]) => unknown
  return ['/tmp/a.b', `/tmp/${'long'.repeat(50)}.b`, '~/a', '$OSIER_TEST'].map((text) =>
    name.startsWith('common')
      ? call([bytes(text), bytes(`${text}/x`)])
      : call(bytes(text), ...(name === 'join' ? [bytes('x')] : [])),
  )
}

/** Calls of the functions and classes that return bytes, by the front door and the name. */
const calls: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  osier: {
    fsencode: () =>
      ['x', 'caf\u00e9', 'caf\udce9', 'y'.repeat(100), '\u00e9'.repeat(100)].map((text) => os.fsencode(text)),
    getenvb: () => os.getenvb(bytes('OSIER_TEST')),
    environb: () => [...os.environb],
    BinaryFile: () =>
      Promise.all([-1, 0, 100].map((size) => readings(() => os.fdopen(os.open(file, os.O_RDONLY), 'rb', size)))),
    pread: () => opened((fd) => SIZES.flatMap((size) => [os.pread(fd, size, 0), os.pread(fd, size, 60_000)])),
    read: () => opened((fd) => SIZES.map((size) => os.read(fd, size))),
    getcwdb: () => os.getcwdb(),
    readlink: () => os.readlink(link),
    listdir: () => os.listdir(place),
    scandir: () => [...os.scandir(place)].flatMap((entry) => [entry.name, entry.path]),
    walk: () => [...os.walk(place)],
    fwalk: () => [...os.fwalk(place)],
    getxattr: () =>
      (noLargeAttributes === false ? [1, 100, 3000] : []).map((size) => {
        os.setxattr(file, 'user.test', Buffer.alloc(size))
        return os.getxattr(file, 'user.test')
      }),
    getrandom: () => SIZES.map((size) => os.getrandom(size)),
    urandom: () => SIZES.map((size) => os.urandom(size)),
  },
  'osier/promises': {
    getrandom: () => Promise.all(SIZES.map((size) => promises.getrandom(size))),
    urandom: () => Promise.all(SIZES.map((size) => promises.urandom(size))),
    pread: () =>
      opened((fd) =>
        Promise.all(SIZES.flatMap((size) => [promises.pread(fd, size, 0), promises.pread(fd, size, 60_000)])),
      ),
    read: async () => {
      const ofFile = await opened((fd) => Promise.all(SIZES.map((size) => promises.read(fd, size))))
      const [r, w] = os.pipe()
      const waiting = promises.read(r, 60_000)
      os.write(w, Buffer.alloc(40_000))
      const ofPipe = [await waiting]
      os.write(w, Buffer.alloc(40_000))
      os.close(w)
      return [ofFile, ofPipe, await collect(promises.readable(r))]
    },
    listdir: () => promises.listdir(place),
    readlink: () => promises.readlink(link),
    getxattr: () => (noLargeAttributes === false ? promises.getxattr(file, 'user.test') : []),
    scandir: async () => (await collect(await promises.scandir(place))).flatMap((entry) => [entry.name, entry.path]),
    walk: () => collect(promises.walk(place)),
    fwalk: () => collect(promises.fwalk(place)),
    CommandFile: () => readings(() => promises.popen(`cat '${file}'`, 'rb')),
    popen: () => readings(() => promises.popen(`cat '${file}'`, 'rb')),
  },
  'osier/path': Object.fromEntries(
    declarationsOf(join(DIST, 'path.d.ts'))
      .filter(({ text }) => /\bBuffer\b/.test(text))
      .map(({ name }) => [name, () => ofPath(name)]),
  ),
  'osier/mmap': {
    mmap: () =>
      opened((fd) => {
        const map = new mmap(fd, 0, { access: 1 })
        const found = [map.readline(), map.read(5), map.read(70), map.slice(0, 30), map.slice(), map.read()]
        map.close()
        return found
      }),
  },
  'osier/socket': {
    recv_fds: () => {
      const [a, b] = socket.socketpair()
      const found = [5, 100, 60_000].map((size) => {
        socket.send_fds(a, [Buffer.alloc(40_000)], [0])
        return socket.recv_fds(b, size, 1)
      })
      for (const fd of [a, b, ...found.flatMap(([, fds]) => fds)]) os.close(fd)
      return found
    },
  },
  'osier/pwd': { getpwall: () => pwd.getpwall().map((entry) => [...entry]) },
  'osier/grp': { getgrall: () => grp.getgrall().map((entry) => [...entry]) },
  'osier/micropython': {
    ilistdir: () => [...micropython.ilistdir(place)],
    listdir: () => micropython.listdir(place),
    open: () => readings(() => micropython.open(file, 'rb')),
    urandom: () => SIZES.map((size) => micropython.urandom(size)),
    VfsFat: () => inFileSystem(new VfsFat(formatted((device) => VfsFat.mkfs(device)))),
    VfsLfs1: () => inFileSystem(new VfsLfs1(formatted((device) => VfsLfs1.mkfs(device)))),
    VfsLfs2: () => inFileSystem(new VfsLfs2(formatted((device) => VfsLfs2.mkfs(device)))),
    VfsPosix: () => {
      os.mkdir(join(folder, 'root'))
      const system = new VfsPosix(join(folder, 'root'))
      return inFileSystem(system).finally(() => system.umount())
    },
  },
  'osier/sjs': {
    read: () => opened((fd) => [...SIZES.map((size) => sjs.read(fd, size)), sjs.read(fd)]),
    scandir: () => sjs.scandir(place),
    urandom: () => SIZES.map((size) => sjs.urandom(size)),
  },
}

/** All views of memory in a result. */
function viewsIn(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value]
  return Array.isArray(value) ? value.flatMap(viewsIn) : []
}

/** What is wrong with the memory of these results. */
function shared(views: readonly Uint8Array[]): string[] {
  const memories = new Set(views.map(({ buffer }) => buffer))
  const complaints =
    memories.size === views.length ? [] : [`${views.length} results are in ${memories.size} ArrayBuffers`]
  for (const { buffer, byteOffset, length } of views) {
    if (buffer.byteLength === length) continue
    // A result that was shorter than expected may be followed by zeros.
    const rest = Buffer.from(buffer, byteOffset + length)
    const isOwn = byteOffset === 0 && length > buffer.byteLength / 2 && rest.every((byte) => byte === 0)
    if (!isOwn) complaints.push(`${length} bytes at ${byteOffset} in an ArrayBuffer of ${buffer.byteLength}`)
  }
  return complaints
}

describe('a result has an ArrayBuffer of its own', () => {
  for (const [door, ofDoor] of Object.entries(calls)) {
    for (const [name, call] of Object.entries(ofDoor)) {
      test(`${name} of ${door}`, async () => assert.deepEqual(shared(viewsIn(await call())), []))
    }
  }

  test('each function and class whose declaration names Buffer is called', () => {
    const lacking = declarationsOfDoors().flatMap(([door, declarations]) => {
      const known = calls[door] ?? {}
      return declarationsOf(join(DIST, declarations))
        .filter(({ name, text }) => /\bBuffer\b/.test(text) && !(name in known))
        .map(({ name }) => `${name} of ${door}: call it in test/own_memory.test.ts`)
    })
    assert.deepEqual(lacking, [])
    const twins = Object.keys(calls.osier ?? {}).filter((name) => name in promises)
    assert.deepEqual(
      twins
        .filter((name) => !(name in (calls['osier/promises'] ?? {})))
        .map((name) => `promises.${name}: call it as well`),
      [],
    )
  })
})

test('a read at the end of a file returns what is there', async () => {
  const content = bytes(LINE.repeat(1000))
  const fd = os.open(file, os.O_RDONLY)
  for (const size of SIZES) {
    for (const from of [0, content.length - 100, content.length - 3000]) {
      const expected = content.subarray(from, from + size)
      assert.deepEqual(os.pread(fd, size, from), expected)
      assert.deepEqual(await promises.pread(fd, size, from), expected)
      os.lseek(fd, from, os.SEEK_SET)
      assert.deepEqual(await promises.read(fd, size), expected)
    }
  }
  os.close(fd)
})

test('what another thread gets of a result is the result alone', () => {
  const key = os.urandom(32)
  const { port1, port2 } = new MessageChannel()
  const zero = os.open('/dev/zero', os.O_RDONLY)
  for (const size of [5, 100, 5000]) {
    port1.postMessage(os.read(zero, size))
    const { buffer } = (receiveMessageOnPort(port2) as { message: Uint8Array }).message
    assert.equal(buffer.byteLength, size)
    assert.equal(structuredClone(os.read(zero, size)).buffer.byteLength, size)
    assert.equal(Buffer.from(buffer).includes(key), false)
  }
  os.close(zero)
  port1.close()
})

test('a hook gets copies that share no memory', () => {
  const found = askNode<number[][]>(`
    const found = []
    os.addaudithook((event, args) => {
      for (const arg of args) if (arg instanceof Uint8Array) found.push([arg.length, arg.buffer.byteLength])
    })
    try { os.mkdir(Buffer.from('/missing/name')) } catch {}
    try { os.setxattr('/missing/name', 'user.x', Buffer.from('value')) } catch {}
    console.log(JSON.stringify(found))
  `)
  assert.deepEqual(found, [
    [13, 13],
    [5, 5],
  ])
})

test('memory of which a result fills only a part shows nothing that was there before', () => {
  const found = askNode<number>(`
    const [r, w] = os.pipe()
    let found = 0
    for (let round = 0; round < 20; round++) {
      // Memory that is freed full, so that the next block may be made of it.
      for (let i = 0; i < 20; i++) new Uint8Array(Buffer.allocUnsafeSlow(60_000).fill(0xaa).buffer.transfer?.(0) ?? 0)
      os.write(w, Buffer.alloc(40_000))
      if (Buffer.from(os.read(r, 60_000).buffer).includes(0xaa)) found++
      os.write(w, Buffer.alloc(40_000))
      if (Buffer.from((await os.promises.read(r, 60_000)).buffer).includes(0xaa)) found++
    }
    console.log(JSON.stringify(found))
  `)
  assert.equal(found, 0)
})
