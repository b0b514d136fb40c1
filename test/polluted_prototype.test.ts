import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as os from 'osier'
import * as micropython from 'osier/micropython'
import { mmap } from 'osier/mmap'
import { epoll } from 'osier/select'
import * as signal from 'osier/signal'
import * as socket from 'osier/socket'
import * as syslog from 'osier/syslog'
import { DIST, declarationsOf } from '../tools/declarations/functions.ts'
import { siblings } from '../tools/front_doors.ts'
import { temporaryFolder } from './support/folder.ts'
import { optionNames } from './support/option_names.ts'
import { noFork, noMainThread, ownDescriptors, runtime } from './support/runtime.ts'

/** What another part of the program has put into Object.prototype is not taken for an option. */

type Properties = Readonly<Record<string, unknown>>

/** For a test's `skip` where something listens to events while Object.prototype has `signal`. */
const ownEvents = runtime === 'Deno' && 'Deno: its addEventListener takes `signal` from Object.prototype'

/** The result of `action` while Object.prototype has these properties. */
function polluted<T>(properties: Properties, action: () => T): T {
  for (const [name, value] of Object.entries(properties)) Reflect.set(Object.prototype, name, value)
  try {
    return action()
  } finally {
    for (const name of Object.keys(properties)) Reflect.deleteProperty(Object.prototype, name)
  }
}

/** The outcome of a call, as text. */
function outcome(action: () => unknown): string {
  try {
    return JSON.stringify(action()) ?? 'undefined'
  } catch (error) {
    return String(error)
  }
}

interface Report {
  readonly calls: number
  readonly functions: number
  readonly options: number
  readonly wrong: readonly string[]
}

const { path } = os
const { vfs } = micropython
const folder = temporaryFolder()

function formatted(format: (device: micropython.vfs.RamBlockDev) => void): micropython.vfs.RamBlockDev {
  const device = new vfs.RamBlockDev(512, 128)
  format(device)
  return device
}

/** A device, a mounted file system or a file, as the call has made it. */
const digest = (device: micropython.vfs.BlockDevice): string => {
  const bytes = Buffer.alloc(512 * 4)
  device.readblocks(0, bytes)
  return bytes.toString('latin1')
}

/** Sends a descriptor over a pair of sockets. */
function passedOver<T>(receive: (receiver: number) => T): T {
  const [sender, receiver] = socket.socketpair()
  try {
    socket.send_fds(sender, [Buffer.from('data')], [0])
    return receive(receiver)
  } finally {
    os.close(sender)
    os.close(receiver)
  }
}

/** Calls of the functions and classes of the other modules that take options, without any. */
const others: Readonly<Record<string, () => unknown>> = {
  realpath: () => path.realpath('/missing/../etc'),
  relpath: () => path.relpath('/a/b'),
  pidfd_send_signal: () => {
    const fd = os.pidfd_open(os.getpid())
    try {
      signal.pidfd_send_signal(fd, 0)
    } finally {
      os.close(fd)
    }
  },
  openlog: () => {
    syslog.openlog({ logoption: 0 })
    syslog.closelog()
  },
  set_wakeup_fd: () => signal.set_wakeup_fd(-1),
  socketpair: () => {
    const pair = socket.socketpair()
    for (const fd of pair) os.close(fd)
    return pair.length
  },
  send_fds: () => passedOver(() => undefined),
  recv_fds: () =>
    passedOver((receiver) => {
      const [data, fds] = socket.recv_fds(receiver, 10, 1)
      for (const fd of fds) os.close(fd)
      return `${data} and ${fds.length}`
    }),
  mmap: () => {
    const memory = new mmap(-1, 4)
    const length = memory.slice().length
    memory.close()
    return length
  },
  epoll: () => {
    const events = new epoll()
    const polled = events.poll(0)
    events.close()
    return polled
  },
  FileBlockDev: () => {
    const device = new vfs.FileBlockDev(image)
    device.close()
    return [device.block_size, device.writeblocks !== undefined]
  },
  PartitionBlockDev: () => new vfs.PartitionBlockDev(partitioned, 1).writeblocks === undefined,
  'VfsFat.mkfs': () => digest(formatted((device) => vfs.VfsFat.mkfs(device))).length,
  VfsFat: () => new vfs.VfsFat(formatted((device) => vfs.VfsFat.mkfs(device))).label,
  VfsLfs1: () => new vfs.VfsLfs1(formatted((device) => vfs.VfsLfs1.mkfs(device))).statvfs('/'),
  VfsLfs2: () => {
    const device = formatted((device) => vfs.VfsLfs2.mkfs(device))
    return [digest(device), new vfs.VfsLfs2(device).statvfs('/')]
  },
  mount: () => {
    vfs.mount(
      formatted((device) => vfs.VfsFat.mkfs(device)),
      '/ram',
    )
    try {
      micropython.mkdir('/ram/folder')
      return micropython.listdir('/ram')
    } finally {
      vfs.umount('/ram')
    }
  },
}

const image = join(folder, 'image')
const imageFd = os.open(image, os.O_CREAT | os.O_RDWR)
os.ftruncate(imageFd, 64 * 512)
os.close(imageFd)
const partitioned = new vfs.RamBlockDev(512, 16)
const table = Buffer.alloc(512)
table.set([0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0], 446)
table.set([0x55, 0xaa], 510)
partitioned.writeblocks(0, table)

describe('properties of Object.prototype are not options', () => {
  test('of no function of os and os.promises: the outcome is the same with each option in Object.prototype', {
    skip: ownDescriptors,
  }, () => {
    const program = fileURLToPath(new URL('./support/pollution.js', import.meta.url))
    const cwd = mkdtempSync(join(folder, 'pollution-'))
    const child = spawnSync(process.execPath, [program], { cwd, encoding: 'utf8', timeout: 120_000 })
    assert.equal(child.status, 0, child.stderr)
    const { calls, functions, options, wrong } = JSON.parse(child.stdout) as Report
    assert.deepEqual(wrong, [])
    assert.ok(
      functions > 150 && options > 40 && calls > 10 * functions,
      `only ${calls} calls of ${functions} functions`,
    )
  })

  test('of no function of the other modules', () => {
    for (const [name, call] of Object.entries(others)) {
      const expected = outcome(call)
      assert.doesNotMatch(expected, /^"?\w*Error/, name)
      for (const value of [true, false, 1, 1024, 'label', {}, () => 1, null]) {
        const properties = Object.fromEntries([...optionNames, 'fd', 'fileno'].map((option) => [option, value]))
        assert.equal(
          polluted(properties, () => outcome(call)),
          expected,
          `${name} with ${String(value)}`,
        )
      }
    }
  })

  test('each function of the other modules that takes options is in that test', () => {
    const doors = [...siblings, 'sjs', 'micropython', 'micropython/vfs']
    const found = doors.flatMap((door) =>
      declarationsOf(join(DIST, `${door}.d.ts`)).filter(
        ({ text, file }) => /Options?\b|\{\s*readonly \w+\?:/.test(text) && !file.startsWith(join(DIST, 'os/')),
      ),
    )
    assert.deepEqual(
      found
        .filter(({ name }) => !(name in others))
        .map(({ name }) => `${name}: add a call without options to others in test/polluted_prototype.test.ts`),
      [],
    )
  })

  test('streams', { skip: ownEvents }, async () => {
    const properties = {
      signal: {},
      ref: 1,
      size: -1,
      closefd: 1,
      highWaterMark: 'x',
      type: 'x',
      start: 1,
      objectMode: true,
    }
    const read = async (): Promise<string> => {
      const [r, w] = os.pipe()
      os.write(w, Buffer.from('data'))
      os.close(w)
      const stream = polluted(properties, () => os.promises.toReadable(r))
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString()
    }
    assert.equal(await read(), 'data')
    const [r, w] = os.pipe()
    const writer = polluted(properties, () => os.promises.toWritableStream(w)).getWriter()
    await writer.write(Buffer.from('more'))
    await writer.close()
    const stream = polluted(properties, () => os.promises.toReadableStream(r))
    assert.equal(await new Response(stream).text(), 'more')
    const [r2, w2] = os.pipe()
    polluted(properties, () => os.promises.toWritable(w2)).end('end')
    assert.equal(String(await os.promises.read(r2, 10)), 'end')
    os.close(r2)
  })

  test('fork and whatever else defines properties', { skip: noFork || noMainThread }, () => {
    for (const properties of [
      { get: () => 1 },
      { value: 1 },
      { writable: true, set: () => 1 },
      { enumerable: false },
    ]) {
      const status = polluted(properties, () => {
        const pid = os.fork()
        if (pid === 0) os._exit(process.pid === os.getpid() ? 7 : 8)
        return os.waitpid(pid, 0)[1]
      })
      assert.equal(os.waitstatus_to_exitcode(status), 7, JSON.stringify(Object.keys(properties)))
    }
  })
})

describe('other inherited options count', () => {
  const mode = (name: string): number => os.stat(join(folder, name)).st_mode & 0o777

  test('of Object.create, also of several generations', () => {
    const defaults = { mode: 0o700 }
    os.mkdir(join(folder, 'a'), Object.create(defaults))
    assert.equal(mode('a'), 0o700)
    os.mkdir(join(folder, 'b'), Object.create(Object.create(defaults)))
    assert.equal(mode('b'), 0o700)
    os.mkdir(join(folder, 'c'), Object.create({ mode: 0o755 }, { mode: { value: 0o711, enumerable: true } }))
    assert.equal(mode('c'), 0o711)
  })

  test('of an instance of a class: fields, accessors, and those of the class that it extends', async () => {
    class Base {
      get mode(): number {
        return 0o750
      }
    }
    class Options extends Base {
      signal: AbortSignal | undefined = undefined
      describe(): string {
        return 'options'
      }
    }
    await os.promises.sync(new Options())
    os.mkdir(join(folder, 'd'), new Base())
    assert.equal(mode('d'), 0o750)
    await os.promises.mkdir(join(folder, 'e'), new Options())
    assert.equal(mode('e'), 0o750)
    const bare = Object.assign(Object.create(null), { mode: 0o711 })
    const inherited = Object.create(bare, { signal: { value: new AbortController().signal, enumerable: true } })
    await os.promises.mkdir(join(folder, 'h'), inherited)
    assert.equal(mode('h'), 0o711)
    const aborted = Object.create({ signal: AbortSignal.abort() }) as { signal: AbortSignal }
    await assert.rejects(os.promises.stat('/', aborted), { name: 'AbortError' })
  })

  test('also while Object.prototype has the same ones', () => {
    polluted({ mode: 0o777, dir_fd: -5, get: () => 1 }, () => {
      os.mkdir(join(folder, 'f'), Object.create({ mode: 0o700 }))
      os.mkdir(join(folder, 'g'), { mode: 0o701 })
    })
    assert.deepEqual([mode('f'), mode('g')], [0o700, 0o701])
  })

  test('unknown ones are refused, as is an instance without any', () => {
    const wrong = { code: 'ERR_INVALID_ARG_TYPE' }
    assert.throws(() => os.stat('/', Object.create({ follow_symlink: false })), wrong)
    assert.throws(() => os.stat('/', new (class Settings {})() as object), wrong)
    assert.throws(() => os.stat('/', new Map() as object), wrong)
    assert.throws(() => os.mkdir(join(folder, 'no'), new Date() as never), wrong)
  })
})
