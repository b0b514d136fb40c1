/** VfsPosix with a root: it is held from the start, opening never waits, and auditing events name what is meant. */

import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import mp, { vfs } from 'osier/micropython'
import { openByName, openRoot } from '../../../src/vfs/posix/confined.ts'
import { askNode } from '../../support/child.ts'
import { temporaryFolder } from '../../support/folder.ts'

const folder = realpathSync(temporaryFolder())

/** A folder `parent/root` with something in it, and one outside that looks alike. */
function place(): { top: string; root: string } {
  const top = mkdtempSync(join(folder, 'place-'))
  for (const [path, text] of [
    ['parent/root/dir', 'inside'],
    ['outside/root/dir', 'outside'],
  ] as const) {
    mkdirSync(join(top, path), { recursive: true })
    writeFileSync(join(top, path, '../file'), text)
    writeFileSync(join(top, path, 'below'), text)
  }
  return { top, root: join(top, 'parent', 'root') }
}

function contents(fs: vfs.VfsPosix, path: string): string {
  using file = fs.open(path)
  return file.read()
}

/** The descriptors of a directory. */
function fdsOf(directory: string): number[] {
  return readdirSync('/proc/self/fd')
    .filter((fd) => existsSync(`/proc/self/fd/${fd}`) && readlinkSync(`/proc/self/fd/${fd}`) === directory)
    .map(Number)
}

describe('the root', () => {
  for (const [name, replace] of [
    [
      'the root',
      ({ top, root }) => {
        renameSync(root, join(top, 'away'))
        symlinkSync(join(top, 'outside', 'root'), root)
      },
    ],
    [
      'a directory above',
      ({ top }) => {
        renameSync(join(top, 'parent'), join(top, 'away'))
        symlinkSync('outside', join(top, 'parent'))
      },
    ],
  ] as readonly (readonly [string, (where: ReturnType<typeof place>) => void])[]) {
    test(`${name} replaced by a link is not followed`, () => {
      const where = place()
      const fs = new vfs.VfsPosix(where.root)
      replace(where)
      assert.equal(contents(fs, '/file'), 'inside')
      assert.equal(contents(fs, 'dir/below'), 'inside')
      fs.chdir('dir')
      assert.equal(fs.getcwd(), '/dir')
      assert.equal(contents(fs, 'below'), 'inside')
      fs.mkdir('/made')
      fs.rename('/made', '/renamed')
      fs.open('/new', 'w').close()
      fs.remove('/file')
      assert.deepEqual(Array.from(fs.ilistdir('/'), ([entry]) => entry).sort(), ['dir', 'new', 'renamed'])
      fs.rmdir('/renamed')
      assert.equal(fs.stat('/new')[6], 0)
      assert.equal(fs.statvfs('/').length, 10)
      assert.deepEqual(readdirSync(join(where.top, 'outside', 'root')).sort(), ['dir', 'file'])
      fs.umount()
    })
  }

  test('its descriptor is close-on-exec, and umount closes it: every later call is EBADF', () => {
    const { root } = place()
    const fs = new vfs.VfsPosix(root)
    const opened = fdsOf(root)
    assert.equal(opened.length, 1)
    assert.equal(os.get_inheritable(opened[0] ?? -1), false)
    fs.umount()
    fs.umount()
    assert.deepEqual(fdsOf(root), [])
    for (const call of [
      () => fs.open('file'),
      () => fs.open('file', 'w'),
      () => fs.stat('/'),
      () => fs.statvfs('/'),
      () => fs.ilistdir('/'),
      () => fs.chdir('/dir'),
      () => fs.mkdir('/d'),
      () => fs.rmdir('/dir'),
      () => fs.remove('/file'),
      () => fs.rename('/file', '/g'),
      () => fs.mount(false),
    ]) {
      assert.throws(call, { code: 'EBADF' }, `${call}`)
    }
  })

  test('mounted twice, it stays open until it is unmounted twice; a failed mount changes nothing', () => {
    const { root } = place()
    const fs = new vfs.VfsPosix(root)
    const other = new vfs.VfsPosix(root)
    mp.mount(fs, '/one')
    mp.mount(fs, '/two')
    assert.throws(() => mp.mount(other, '/one', { readonly: true }), { code: 'EPERM' })
    other.mkdir('still writable')
    other.rmdir('still writable')
    other.umount()
    mp.umount('/one')
    assert.deepEqual(mp.listdir('/two').sort(), ['dir', 'file'])
    mp.umount('/two')
    assert.deepEqual(fdsOf(root), [])
  })

  test('an unreferenced one is closed when it is garbage-collected', () => {
    const { root } = place()
    const counts = askNode<number[]>(
      `
      import { readdirSync } from 'node:fs'
      import { setTimeout } from 'node:timers/promises'
      import { vfs } from '${import.meta.resolve('osier/micropython')}'
      const count = () => readdirSync('/proc/self/fd').length
      new vfs.VfsPosix(${JSON.stringify(root)}).stat('/')
      const before = count()
      for (let round = 0; round < 20; round++) new vfs.VfsPosix(${JSON.stringify(root)}).stat('/')
      const most = count()
      for (let round = 0; round < 100 && count() > before; round++) {
        globalThis.gc()
        await setTimeout(10)
      }
      console.log(JSON.stringify([most - before, Math.max(0, count() - before)]))`,
      { nodeOptions: ['--expose-gc'] },
    )
    assert.deepEqual(counts, [20, 0])
  })
})

describe('files that could block the thread', () => {
  test('a FIFO is opened at once, and later calls do not block', () => {
    const { root } = place()
    os.mkfifo(join(root, 'fifo'))
    const answers = askNode<unknown[]>(
      `
      import { vfs } from '${import.meta.resolve('osier/micropython')}'
      const fs = new vfs.VfsPosix(${JSON.stringify(root)})
      const codeOf = (call) => { try { return call() } catch (error) { return error.code } }
      const reader = fs.open('fifo', 'rb')
      const empty = reader.read(1).length
      const writer = fs.open('/fifo', 'wb')
      const none = reader.readinto(Buffer.alloc(1))
      writer.write(Buffer.from('x'))
      const one = reader.readinto(Buffer.alloc(8))
      reader.close()
      writer.close()
      console.log(JSON.stringify([empty, none, one, codeOf(() => fs.open('fifo', 'w'))]))`,
    )
    assert.deepEqual(answers, [0, null, 1, 'ENXIO'])
  })

  test('a regular file is open without O_NONBLOCK', () => {
    const { root } = place()
    using fs = new vfs.VfsPosix(root)
    using file = fs.open('file')
    assert.equal(os.get_blocking(file.fileno()), true)
  })
})

describe('auditing', () => {
  /** The events of a program in a process of its own: hooks cannot be removed. */
  function eventsOf(program: string): unknown[][] {
    return askNode<unknown[][]>(`
      import mp, { vfs } from '${import.meta.resolve('osier/micropython')}'
      const events = []
      let wanted = false
      os.addaudithook((event, args) => {
        if (wanted) events.push([event, ...args.map((arg) => (arg instanceof Uint8Array ? 'bytes ' + arg.toString() : arg))])
      })
      ${program}
      console.log(JSON.stringify(events))`)
  }

  const events = ['open', 'os.chdir', 'os.listdir', 'os.mkdir', 'os.remove', 'os.rename', 'os.rmdir']

  test('with a root, each call raises the event of os once, with the path on the host', () => {
    const { root } = place()
    const found = eventsOf(
      `
      const fs = new vfs.VfsPosix(${JSON.stringify(root)})
      mp.mount(fs, '/x')
      wanted = true
      mp.open('/x/dir/below').close()
      mp.listdir('/x/dir')
      mp.listdir(Buffer.from('/x'))
      mp.mkdir('/x/dir/new')
      mp.rename('/x/dir/new', '/x/dir/../newer/')
      mp.rmdir('/x/newer')
      mp.remove('/x/file')
      mp.chdir('/x/dir')
      mp.listdir('..')
      mp.stat('/x/dir')
      mp.statvfs('/x')`,
    )
    const { O_RDONLY, O_CLOEXEC, O_NONBLOCK, O_NOCTTY } = os as unknown as Record<string, number>
    const flags = (O_RDONLY ?? 0) | (O_CLOEXEC ?? 0) | (O_NONBLOCK ?? 0) | (O_NOCTTY ?? 0)
    assert.deepEqual(found, [
      ['open', `${root}/dir/below`, null, flags],
      ['os.listdir', `${root}/dir`],
      ['os.listdir', root],
      ['os.mkdir', `${root}/dir/new`, 0o777, -1],
      ['os.rename', `${root}/dir/new`, `${root}/newer`, -1, -1],
      ['os.rmdir', `${root}/newer`, -1],
      ['os.remove', `${root}/file`, -1],
      ['os.chdir', `${root}/dir`],
      ['os.listdir', root],
    ])
    assert.deepEqual([...new Set(found.map(([event]) => event))].sort(), events)
  })

  test('without a root, each call raises it with the given path', () => {
    const { root } = place()
    const found = eventsOf(`
      process.chdir(${JSON.stringify(root)})
      wanted = true
      const file = mp.open('dir/below')
      mp.listdir('dir')
      mp.listdir()
      for (const entry of new vfs.VfsPosix().ilistdir(Buffer.from('dir'))) break
      mp.mkdir('new')
      mp.rename('new', 'newer')
      mp.rmdir('newer')
      mp.remove('file')
      mp.chdir('dir')
      mp.open(os.dup(file.fileno()), 'r').close()`)
    assert.deepEqual(found.map(([event, path]) => [event, path]).slice(0, -1), [
      ['open', 'dir/below'],
      ['os.listdir', 'dir'],
      ['os.listdir', '.'],
      ['os.listdir', 'bytes dir'],
      ['os.mkdir', 'new'],
      ['os.rename', 'new'],
      ['os.rmdir', 'newer'],
      ['os.remove', 'file'],
      ['os.chdir', 'dir'],
    ])
    assert.equal(found.at(-1)?.[0], 'open')
    assert.equal(typeof found.at(-1)?.[1], 'number')
  })

  test('a hook can prevent every call', () => {
    const { root } = place()
    const outcome = askNode<{ refused: number; left: string[] }>(`
      import { readdirSync } from 'node:fs'
      import mp, { vfs } from '${import.meta.resolve('osier/micropython')}'
      const [confined, whole] = [new vfs.VfsPosix(${JSON.stringify(root)}), new vfs.VfsPosix()]
      os.addaudithook((event) => { throw new Error('refused ' + event) })
      let refused = 0
      for (const [fs, at] of [[confined, ''], [whole, ${JSON.stringify(root)}]]) {
        for (const call of [
          () => fs.open(at + '/file', 'w'),
          () => fs.open(at + '/made', 'x'),
          () => fs.ilistdir(at + '/dir'),
          () => fs.mkdir(at + '/made'),
          () => fs.rename(at + '/file', at + '/made'),
          () => fs.remove(at + '/file'),
          () => fs.rmdir(at + '/dir'),
          () => fs.chdir(at + '/dir'),
        ]) {
          try { call() } catch (error) { if (error.message.startsWith('refused')) refused += 1 }
        }
      }
      console.log(JSON.stringify({ refused, left: readdirSync(${JSON.stringify(root)}).sort() }))`)
    assert.deepEqual(outcome, { refused: 16, left: ['dir', 'file'] })
  })
})

describe('a path takes linear time', () => {
  /** Nanoseconds. */
  function timeOf(slashes: number, call: (fs: vfs.VfsPosix, path: string) => unknown): number {
    const { root } = place()
    const fs = new vfs.VfsPosix(root)
    const { hrtime } = process
    const start = hrtime.bigint()
    for (const path of [`${'/'.repeat(slashes)}x`, `x${'/'.repeat(slashes)}`, `${'/'.repeat(slashes)}x/y`]) {
      assert.throws(() => call(fs, path), { code: 'ENAMETOOLONG' })
    }
    fs.umount()
    return Number(hrtime.bigint() - start)
  }

  test('of slashes, as a ratio with a wide bound', () => {
    for (const call of [
      (fs: vfs.VfsPosix, path: string) => fs.remove(path),
      (fs: vfs.VfsPosix, path: string) => fs.rename('file', path),
      (fs: vfs.VfsPosix, path: string) => fs.mkdir(path),
    ]) {
      timeOf(5000, call)
      // Eight times the length took 64 times as long, and seconds.
      const [short, long] = [timeOf(20_000, call), timeOf(160_000, call)]
      assert.ok(long < Math.max(short, 2e6) * 30, `${short} and ${long} ns`)
    }
  })

  test('of names, without openat2', () => {
    const root = openRoot(place().root)
    try {
      // Each name is a step, whatever comes after it.
      const fd = openByName('open', root, `${'dir/../'.repeat(20_000)}file`, os.O_RDONLY, 0)
      os.close(fd)
    } finally {
      os.close(root)
    }
  })
})
