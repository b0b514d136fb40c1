/** The mount table: paths, the current directory across mounts, errors; and the same script on a real MicroPython. */

import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import os, { vfs } from 'osier/micropython'
import { temporaryFolder } from '../support/folder.ts'
import { missing, tool } from '../support/tools.ts'

const folder = realpathSync(temporaryFolder())
const home = process.cwd()

function fat(): vfs.VfsFat {
  const device = new vfs.RamBlockDev(512, 256)
  os.VfsFat.mkfs(device)
  return new os.VfsFat(device)
}

afterEach(() => {
  for (const [, point] of os.mount().slice(0, -1)) os.umount(point)
  os.chdir(home)
})

function put(path: string, text: string): void {
  using file = os.open(path, 'w')
  file.write(text)
}

function get(path: string): string {
  using file = os.open(path)
  return file.read()
}

test("initially the host's file system is mounted, at the current directory of the process", () => {
  assert.deepEqual(
    os.mount().map(([fs, point]) => [fs instanceof os.VfsPosix, point]),
    [[true, '/']],
  )
  assert.equal(os.getcwd(), process.cwd())
  os.chdir(folder)
  assert.equal(process.cwd(), folder)
  assert.equal(os.getcwd(), folder)
})

test('paths and the current directory cross mount points', () => {
  const [first, second] = [fat(), fat()]
  os.mount(first, '/sd')
  os.mount(second, '/flash')
  assert.deepEqual(
    os.mount().map(([fs, point]) => [fs === first || fs === second, point]),
    [
      [true, '/sd'],
      [true, '/flash'],
      [false, '/'],
    ],
  )
  os.chdir('/sd')
  os.mkdir('d')
  put('d/f', 'one')
  put('/flash/f', 'two')
  os.chdir('d')
  assert.equal(os.getcwd(), '/sd/d')
  assert.deepEqual([get('f'), get('/flash/f'), get('../d/f')], ['one', 'two', 'one'])
  // Up from a mount point there is nothing: a file system does not know where it is mounted.
  os.chdir('../../..')
  assert.equal(os.getcwd(), '/sd')
  os.chdir('/flash')
  assert.equal(os.getcwd(), '/flash')
  os.chdir('/')
  assert.equal(os.getcwd(), '/')
  assert.deepEqual(os.listdir().slice(0, 2), ['sd', 'flash'])
  assert.deepEqual(Array.from(os.ilistdir('/')).slice(0, 2), [
    ['sd', 0x4000, 0],
    ['flash', 0x4000, 0],
  ])
  assert.deepEqual(os.listdir(Buffer.from('/sd')), [Buffer.from('d')])
  assert.deepEqual(Array.from(os.ilistdir('/sd/d')), [['f', 0x8000, 0, 3]])
  assert.deepEqual(os.stat('/'), [0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  assert.equal(os.stat('/sd')[0], 0x4000)
  assert.equal(os.stat('sd/d/f')[6], 3)
  assert.equal(os.statvfs('/sd')[9], 255)
  assert.ok(os.statvfs('/')[0] > 0)
  os.rename('/sd/d/f', '/sd/g')
  os.unlink('/sd/g')
  os.rmdir('/sd/d')
  assert.deepEqual(os.listdir('/sd'), [])
  os.sync()
})

test('a path that only begins with the name of a mount point is not on it', () => {
  os.mount(fat(), '/sd')
  assert.throws(() => os.listdir('/sdcard'), { code: 'ENOENT' })
})

test('a file system at "/" hides the host until it is unmounted', () => {
  const cover = fat()
  os.mount(cover, '/')
  os.mount(fat(), '/sd')
  put('/f', 'covered')
  assert.deepEqual(os.listdir('/'), ['sd', 'f'])
  assert.throws(() => os.stat('/etc'), { code: 'ENOENT' })
  os.chdir('/')
  assert.equal(get('f'), 'covered')
  os.umount('/')
  assert.equal(os.stat('/etc')[0] & 0xf000, 0x4000)
})

test('mount throws for a used mount point, an unknown file system and invalid arguments', () => {
  const fs = fat()
  os.mount(fs, '/sd')
  assert.throws(() => os.mount(fat(), '/sd'), { code: 'EPERM' })
  assert.throws(() => os.mount(fat(), '/sd/below'), { code: 'EPERM' })
  assert.throws(() => os.mount(new vfs.RamBlockDev(512, 256), '/x'), { code: 'ENODEV' })
  assert.throws(() => os.mount(fat(), 'x'), { code: 'EINVAL' })
  assert.throws(() => os.mount(fat(), '/x/'), { code: 'EINVAL' })
  assert.throws(() => os.mount({} as never, '/x'), TypeError)
  assert.throws(() => os.mount(fat(), 1 as never), TypeError)
  assert.throws(() => os.mount(fat(), '/x', { readonly: 1 as never }), TypeError)
  assert.throws(() => os.mount(fat(), '/x', { read_only: true } as never), TypeError)
  assert.throws(() => os.umount('/x'), { code: 'EINVAL' })
  assert.throws(() => os.umount(fat()), { code: 'EINVAL' })
  assert.throws(() => os.rename('/sd/a', '/tmp/a'), { code: 'EPERM' })
  assert.throws(() => os.mkdir('/sd'), { code: 'EEXIST' })
  assert.throws(() => os.mkdir('/'), { code: 'EEXIST' })
  assert.throws(() => os.remove('/'), { code: 'EPERM' })
  assert.throws(() => os.rmdir('/'), { code: 'EPERM' })
  os.chdir('/sd')
  os.umount(fs)
  assert.equal(os.getcwd(), '/')
  const [[host]] = os.mount() as [[vfs.FileSystem, string]]
  os.umount('/')
  try {
    assert.throws(() => os.stat('/etc'), { code: 'ENODEV' })
    assert.throws(() => os.listdir('/etc'), { code: 'ENODEV' })
    assert.throws(() => os.chdir('/etc'), { code: 'ENODEV' })
    assert.deepEqual(os.listdir('/'), [])
    assert.deepEqual(os.statvfs('/').slice(0, 9), [0, 0, 0, 0, 0, 0, 0, 0, 0])
  } finally {
    os.mount(host, '/')
  }
})

test('mount with mkfs formats the device, and with readonly refuses changes', () => {
  const device = new vfs.RamBlockDev(512, 256)
  os.mount(device, '/sd', { mkfs: true })
  put('/sd/f', 'x')
  os.umount('/sd')
  os.mount(device, '/sd', { readonly: true })
  assert.equal(get('/sd/f'), 'x')
  const before = Buffer.from(device.data)
  for (const call of [
    () => os.open('/sd/f', 'w'),
    () => os.open('/sd/f', 'r+'),
    () => os.open('/sd/f', 'a'),
    () => os.mkdir('/sd/d'),
    () => os.remove('/sd/f'),
    () => os.rename('/sd/f', '/sd/g'),
  ]) {
    assert.throws(call, { code: 'EROFS' }, `${call}`)
  }
  os.sync()
  assert.deepEqual(Buffer.from(device.data), before)
  using host = new os.VfsPosix(folder)
  assert.throws(() => os.mount(host, '/x', { mkfs: true }), { code: 'EPERM' })
})

test('a file system of the caller needs only the methods that are called', () => {
  const calls: unknown[] = []
  const own: vfs.FileSystem = {
    mount: (readonly, mkfs) => calls.push(['mount', readonly, mkfs]),
    umount: () => calls.push(['umount']),
    chdir: (path) => calls.push(['chdir', path]),
    getcwd: () => '/where',
    *ilistdir(path) {
      calls.push(['ilistdir', path])
      yield ['name', 0x8000, 7, 1]
    },
    stat: () => [0x8000, 7, 0, 1, 0, 0, 1, 2, 3, 4],
  }
  os.mount(own, '/own', { readonly: true })
  os.chdir('/own/d')
  assert.equal(os.getcwd(), '/own/where')
  assert.deepEqual(os.listdir('x'), ['name'])
  assert.deepEqual(os.listdir(Buffer.from('x')), ['name'])
  assert.equal(os.stat('/own/a')[8], 3)
  assert.throws(() => os.mkdir('/own/d'), { name: 'NotImplementedError', message: /no "mkdir"/ })
  os.umount(own)
  assert.deepEqual(calls, [
    ['mount', true, false],
    ['chdir', '/d'],
    ['ilistdir', 'x'],
    ['ilistdir', Buffer.from('x')],
    ['umount'],
  ])
})

test('break closes a listing', () => {
  let closed = 0
  const own: vfs.FileSystem = {
    mount() {},
    *ilistdir() {
      try {
        yield ['a', 0x8000, 0]
        yield ['b', 0x8000, 0]
      } finally {
        closed += 1
      }
    },
  }
  os.mount(own, '/own')
  {
    using entries = os.ilistdir('/own')
    assert.deepEqual(entries.next().value, ['a', 0x8000, 0])
  }
  for (const [name] of os.ilistdir('/own')) if (name === 'a') break
  assert.equal(closed, 2)
  for (const path of ['/', process.cwd()]) {
    using entries = os.ilistdir(path)
    entries.next()
    entries.close()
    assert.deepEqual(entries.next(), { done: true, value: undefined })
  }
})

/** Of the chapter on `os` in OpenMV's documentation, and of the one in MicroPython's that it is taken from. */
const functions = [
  ...['uname', 'urandom', 'chdir', 'getcwd', 'ilistdir', 'listdir', 'mkdir', 'remove', 'rmdir', 'rename', 'stat'],
  ...['statvfs', 'sync', 'dupterm', 'dupterm_notify', 'mount', 'umount', 'VfsFat', 'VfsPosix'],
  ...['unlink', 'getenv', 'putenv', 'unsetenv', 'system'],
]

test('every documented name is exported', () => {
  for (const name of functions) assert.equal(typeof (os as unknown as Record<string, unknown>)[name], 'function', name)
  assert.equal(typeof os.VfsFat.mkfs, 'function')
  assert.equal(os.sep, '/')
  assert.equal(os.urandom(7).length, 7)
  const [sysname, nodename, release, version, machine] = os.uname()
  assert.deepEqual([sysname, nodename, release].join(' '), tool('uname', ['-snr']).trim())
  assert.equal(machine, { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string])
  assert.match(version ?? '', /^osier \d+\.\d+\.\d+ on \d{4}-\d\d-\d\d$/)
  os.putenv('OSIER_TEST', 'a b')
  assert.equal(os.getenv('OSIER_TEST'), 'a b')
  assert.equal(os.system('test "$OSIER_TEST" = "a b"'), 0)
  os.unsetenv('OSIER_TEST')
  assert.equal(os.getenv('OSIER_TEST'), null)
  assert.equal(os.getenv('OSIER_TEST', 'otherwise'), 'otherwise')
  assert.throws(() => os.putenv('A=B', 'x'), RangeError)
})

const noMicroPython = missing('micropython')

/** In both languages: one call a line, of which the outcome is shown in one way. */
const steps = [
  ['listdir', '/ram'],
  ['mkdir', '/ram/d'],
  ['mkdir', '/ram/d'],
  ['mkdir', '/ram'],
  ['mkdir', '/'],
  ['put', '/ram/d/f', 'hello'],
  ['put', '/ram/A Long Name.text', 'x'],
  ['get', '/ram/d/f'],
  ['get', '/ram/D/F'],
  ['get', '/ram/d'],
  ['get', '/ram/missing'],
  ['stat', '/ram/d/f'],
  ['stat', '/ram/d'],
  ['stat', '/ram/missing'],
  ['stat', '/'],
  ['listdir', '/ram'],
  ['ilistdir', '/ram'],
  ['chdir', '/ram/d'],
  ['getcwd'],
  ['listdir'],
  ['chdir', 'f'],
  ['chdir', 'missing'],
  ['chdir', '..'],
  ['getcwd'],
  ['chdir', '..'],
  ['getcwd'],
  ['chdir', 'D'],
  ['getcwd'],
  ['rmdir', '/ram/d'],
  ['chdir', '/'],
  ['getcwd'],
  ['rmdir', '/ram/d'],
  ['remove', '/ram/d'],
  ['rmdir', '/ram/d/f'],
  ['remove', '/ram/missing'],
  ['rename', '/ram/d/f', '/ram/g'],
  ['rename', '/ram/g', '/ram/d'],
  ['put', '/ram/h', 'h'],
  ['rename', '/ram/g', '/ram/h'],
  ['get', '/ram/h'],
  ['rename', '/ram/h', '/elsewhere'],
  ['rename', '/ram/missing', '/ram/x'],
  ['remove', '/'],
  ['rmdir', '/'],
  ['remove', '/ram/h'],
  ['rmdir', '/ram/d'],
  ['put', '/ram/no/such', 'x'],
  ['put', '/ram/bad:name', 'x'],
  ['listdir', '/ram/missing'],
  [
    'file',
    '/ram/t',
    'w',
    'write:one\n',
    'write:zwölf\n',
    'tell',
    'write:last',
    'tell',
    'seek:4',
    'tell',
    'write:Z',
    'close',
  ],
  [
    'file',
    '/ram/t',
    'r',
    'readline',
    'tell',
    'read:3',
    'tell',
    'readline',
    'read',
    'read',
    'tell',
    'seek:1',
    'read:2',
    'close',
    'close',
  ],
  ['file', '/ram/t', 'r', 'seek:100', 'tell', 'read', 'readline'],
  ['file', '/ram/t', 'r+', 'read:2', 'write:XY', 'seek:0', 'read', 'close'],
  ['file', '/ram/t', 'a', 'tell', 'write:+', 'tell', 'flush', 'close'],
  ['file', '/ram/t', 'r', 'readline:2', 'readline', 'readline:100', 'read'],
  ['file', '/ram/t', 'x'],
  ['file', '/ram/new', 'x', 'write:abc', 'close'],
  ['file', '/ram/new', 'w+', 'read', 'write:defg', 'seek:1', 'read', 'close'],
  ['stat', '/ram/new'],
  ['statvfs', '/ram'],
  ['umount', '/missing'],
  ['umount', '/ram'],
  ['listdir', '/ram/'],
] as const

const pythonScript = `
import os, vfs, json, sys
class RAM:
    def __init__(self, data): self.data = data
    def readblocks(self, n, buf, off=0):
        at = n * 512 + off
        buf[:] = memoryview(self.data)[at:at + len(buf)]
    def writeblocks(self, n, buf, off=0):
        at = n * 512 + off
        self.data[at:at + len(buf)] = buf
    def ioctl(self, op, arg):
        if op == 4: return len(self.data) // 512
        if op == 5: return 512
with open(sys.argv[1], 'rb') as f: data = bytearray(f.read())
vfs.mount(RAM(data), '/ram')
def put(path, text):
    with open(path, 'w') as f: return f.write(text)
def get(path):
    with open(path) as f: return f.read()
def file(path, mode, *steps):
    f = open(path, mode)
    try:
        out = []
        for step in steps:
            name, _, arg = step.partition(':')
            args = [arg] if name == 'write' else [int(arg)] if arg else []
            out.append(getattr(f, name)(*args))
        return out
    finally:
        f.close()
calls = {'file': file, 'put': put, 'get': get, 'umount': vfs.umount, 'ilistdir': lambda *a: list(os.ilistdir(*a)),
         'stat': lambda p: os.stat(p)[:7]}
with open(sys.argv[2]) as f: steps = json.loads(f.read())
for step in steps:
    name = step[0]
    try:
        print(json.dumps((calls.get(name) or getattr(os, name))(*step[1:])))
    except OSError as e:
        print('"errno %d"' % e.errno)
with open(sys.argv[1], 'wb') as f: f.write(data)
`

function asMicroPythonSays(step: readonly string[]): unknown {
  const calls: Record<string, (...args: string[]) => unknown> = {
    ...(os as unknown as Record<string, () => unknown>),
    put: (path = '', text = '') => {
      using file = os.open(path, 'w')
      return file.write(text)
    },
    get: (path = '') => get(path),
    file(path = '', mode = '', ...steps) {
      using file = os.open(path, mode)
      return steps.map((step) => {
        const [, name = '', arg] = /^(\w+)(?::(.*))?$/s.exec(step) ?? []
        const method = (file as unknown as Record<string, (...args: unknown[]) => unknown>)[name]
        return method?.apply(file, arg === undefined ? [] : [name === 'write' ? arg : Number(arg)]) ?? null
      })
    },
    ilistdir: (path) => Array.from(os.ilistdir(path)),
    stat: (path = '') => os.stat(path).slice(0, 7),
  }
  const [name = '', ...args] = step
  try {
    return calls[name]?.(...args) ?? null
  } catch (error) {
    const { errno } = error as { errno?: number }
    if (errno === undefined) throw error
    return `errno ${errno}`
  }
}

test('a script has the same output on MicroPython, over the same image', { skip: noMicroPython }, () => {
  const device = new vfs.RamBlockDev(512, 256)
  os.VfsFat.mkfs(device)
  const work = mkdtempSync(join(folder, 'mpy-'))
  const [image, script, list] = [join(work, 'image'), join(work, 'script.py'), join(work, 'steps')]
  // In a file: MicroPython takes no long arguments.
  writeFileSync(list, JSON.stringify(steps))
  writeFileSync(image, device.data)
  writeFileSync(script, pythonScript)
  const theirs = tool('micropython', [script, image, list])
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  os.mount(device, '/ram')
  const ours = steps.map(asMicroPythonSays)
  for (const [index, step] of steps.entries()) assert.deepEqual(ours[index], theirs[index], step.join(' '))
  assert.equal(ours.length, theirs.length)
  // What MicroPython wrote is read here.
  using written = new vfs.FileBlockDev(image, { readonly: true })
  assert.deepEqual(
    Array.from(new os.VfsFat(written).ilistdir(), ([name]) => name),
    Array.from(new os.VfsFat(device).ilistdir(), ([name]) => name),
  )
})

test('a file system that cannot store what it has to is unmounted all the same, and says so', () => {
  const cause = new os.OSError(5, 'no card')
  const fs = {
    mount() {},
    umount() {
      throw cause
    },
  }
  os.mount(fs, '/pulled')
  assert.throws(() => os.umount('/pulled'), cause)
  assert.throws(() => os.umount('/pulled'), { code: 'EINVAL' })
})
