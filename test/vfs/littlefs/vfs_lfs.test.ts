/** littlefs: images that its own code in C has made are read and changed here; what programs see is what boards show. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import board, { vfs } from 'osier/micropython'
import { pattern } from '../../support/fat.ts'
import { FlashMemory } from '../../support/flash.ts'
import { littlefsImages, sign, sorted, treeOf, write } from '../../support/littlefs.ts'
import { checkLittlefs, type Tree } from '../../support/littlefs_checker.ts'
import { random } from '../../support/random.ts'

const { RamBlockDev } = vfs

const versions = [
  { version: 1, Lfs: vfs.VfsLfs1 },
  { version: 2, Lfs: vfs.VfsLfs2 },
] as const

for (const { version, Lfs } of versions) {
  const check = (image: Uint8Array, blockSize: number): void => {
    checkLittlefs(Buffer.from(image), blockSize, version)
  }

  function small(blocks = 64): { device: vfs.RamBlockDev; fs: vfs.VfsLfs1 | vfs.VfsLfs2 } {
    const device = new RamBlockDev(1024, blocks)
    Lfs.mkfs(device)
    return { device, fs: new Lfs(device) }
  }

  describe(`images of littlefs's own code, version ${version}`, () => {
    for (const { name, blockSize, data, tree, times } of littlefsImages(version)) {
      test(`${name} is read`, () => {
        const image = Buffer.from(data)
        const fs = new Lfs(new RamBlockDev(blockSize, image))
        assert.deepEqual(sorted(treeOf(fs)), sorted(tree))
        for (const [path, time] of times) assert.equal(fs.stat(path)[8], version === 2 ? time : 0, path)
        assert.ok(image.equals(data), 'reading changes nothing')
      })

      test(`${name} is changed, and everything else stays`, () => {
        const image = Buffer.from(data)
        const fs = new Lfs(new RamBlockDev(blockSize, image))
        const wanted: Tree = new Map(tree)
        const remove = (path: string): void => {
          fs.remove(path)
          wanted.delete(path)
        }
        if (name.endsWith('full')) remove('/file-3')
        write(fs, '/written', pattern(600, 77))
        wanted.set('/written', pattern(600, 77))
        for (const [path, contents] of tree) {
          if (contents === null || contents.length === 0 || tree.size > 30 || name.endsWith('full')) continue
          write(fs, path, pattern(10, 78), 'r+b')
          wanted.set(path, Buffer.concat([pattern(10, 78), contents.subarray(10)]))
        }
        if (tree.has('/docs/deep')) {
          fs.rename('/docs/deep', '/moved')
          for (const [path, contents] of tree) {
            if (!`${path}/`.startsWith('/docs/deep/')) continue
            wanted.set(path.replace('/docs/deep', '/moved'), wanted.get(path) ?? contents)
            wanted.delete(path)
          }
        }
        assert.deepEqual(sorted(treeOf(new Lfs(new RamBlockDev(blockSize, image)))), sorted(wanted))
        assert.deepEqual(sorted(checkLittlefs(image, blockSize, version)), sorted(wanted))
      })
    }
  })

  describe(`VfsLfs${version}`, () => {
    test('the methods, as boards show them', () => {
      const { fs } = small(30)
      const [blockSize, fragment, blocks, free, available, ...others] = fs.statvfs('/')
      assert.deepEqual([blockSize, fragment, blocks, available], [1024, 1024, 30, free])
      assert.deepEqual(others, [0, 0, 0, 0, 255])
      assert.equal(free, version === 2 ? 28 : 26)
      write(fs, 'test', Buffer.from('littlefs'))
      assert.deepEqual([...fs.ilistdir()], [['test', 0x8000, 0, 8]])
      assert.deepEqual([...fs.ilistdir(Buffer.from('/'))], [[Buffer.from('test'), 0x8000, 0, 8]])
      fs.mkdir('testdir')
      assert.deepEqual([...fs.ilistdir('testdir')], [])
      assert.deepEqual(fs.stat('test').slice(0, 7), [0x8000, 0, 0, 0, 0, 0, 8])
      assert.deepEqual(fs.stat('testdir').slice(0, 7), [0x4000, 0, 0, 0, 0, 0, 0])
      assert.deepEqual(fs.stat('/'), [0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      write(fs, 'testbig', pattern(8192))
      fs.chdir('testdir')
      fs.rename('/testbig', 'testbig')
      assert.deepEqual([...fs.ilistdir()], [['testbig', 0x8000, 0, 8192]])
      fs.rename('testbig', '/testbig2')
      assert.deepEqual(
        treeOf(fs),
        new Map([
          ['/test', Buffer.from('littlefs')],
          ['/testbig2', pattern(8192)],
          ['/testdir', null],
        ]),
      )
    })

    test('the current directory', () => {
      const { fs } = small()
      for (const path of ['testdir', 'testdir/subdir', 'testdir2']) fs.mkdir(path)
      const steps = [
        ['/testdir', '/testdir'],
        ['..', '/'],
        ['testdir/subdir', '/testdir/subdir'],
        ['../..', '/'],
        ['/./testdir2', '/testdir2'],
        ['../testdir', '/testdir'],
        ['..', '/'],
        ['.//testdir', '/testdir'],
        ['subdir/./', '/testdir/subdir'],
      ] as const
      for (const [path, cwd] of steps) {
        fs.chdir(path)
        assert.equal(fs.getcwd(), cwd, path)
      }
      fs.rename('/testdir', '/renamed')
      assert.equal(fs.getcwd(), '/renamed/subdir')
      assert.throws(() => fs.rmdir('.'), { code: 'EACCES' })
      assert.throws(() => fs.rename('/testdir2', '/renamed/subdir'), { code: 'EACCES' })
      fs.chdir('/')
      fs.rmdir('renamed/subdir')
    })

    test('errors', () => {
      const { fs } = small()
      write(fs, 'file', pattern(10))
      fs.mkdir('directory')
      fs.mkdir('directory/inner')
      const failures: readonly [code: string, action: () => unknown][] = [
        ['ENOENT', () => fs.ilistdir('missing')],
        ['ENOTDIR', () => fs.ilistdir('file')],
        ['ENOENT', () => fs.remove('missing')],
        ['ENOENT', () => fs.rmdir('missing')],
        ['ENOENT', () => fs.rename('missing', 'other')],
        ['ENOENT', () => fs.rename('file', 'missing/file')],
        ['ENOTDIR', () => fs.rename('file', 'file/below')],
        ['EINVAL', () => fs.rename('directory', 'directory/inner/below')],
        ['EINVAL', () => fs.rename('/', 'below')],
        ['EISDIR', () => fs.rename('file', 'directory')],
        ['ENOTDIR', () => fs.rename('directory', 'file')],
        ['EEXIST', () => fs.mkdir('directory')],
        ['EEXIST', () => fs.mkdir('file')],
        ['EEXIST', () => fs.mkdir('/')],
        ['ENOENT', () => fs.mkdir('missing/below')],
        ['ENOTDIR', () => fs.mkdir('file/below')],
        ['ENOTEMPTY', () => fs.rmdir('directory')],
        ['EINVAL', () => fs.rmdir('/')],
        ['ENOENT', () => fs.chdir('missing')],
        ['ENOENT', () => fs.chdir('file')],
        ['ENOENT', () => fs.stat('missing')],
        ['ENOTDIR', () => fs.stat('file/')],
        ['ENOTDIR', () => fs.stat('file/below')],
        ['ENOENT', () => fs.open('missing')],
        ['EISDIR', () => fs.open('directory')],
        ['EISDIR', () => fs.open('/')],
        ['EEXIST', () => fs.open('file', 'x')],
        ['ENAMETOOLONG', () => fs.open('n'.repeat(256), 'w')],
        ['ENAMETOOLONG', () => fs.mkdir('n'.repeat(256))],
        ['ENAMETOOLONG', () => fs.rename('file', 'n'.repeat(256))],
      ]
      for (const [code, action] of failures) assert.throws(action, { code }, `${action}`)
      assert.throws(() => fs.open('file\0', 'w'), RangeError)
      assert.throws(() => fs.open('file', 'rw'), RangeError)
      assert.equal(fs.getcwd(), '/')
      const message = /^ENOENT: .*, rename 'missing' -> 'other'$/
      assert.throws(() => fs.rename('missing', 'other'), { filename: 'missing', filename2: 'other', message })
    })

    test('files are read, written and moved in', () => {
      const { fs } = small()
      {
        using file = fs.open('f', 'w+')
        assert.equal(file.write('twelve bytes'), 12)
        file.seek(0)
        assert.equal(file.read(), 'twelve bytes')
        file.seek(7)
        file.write('BYTES, more')
        assert.equal(file.tell(), 18)
        file.seek(-4, 2)
        assert.equal(file.read(), 'more')
        assert.throws(() => file.seek(-19, 1), RangeError)
        assert.throws(() => file.seek(2 ** 31), { code: 'EINVAL' })
      }
      {
        using file = fs.open('f', 'ab')
        file.seek(0)
        file.write(Buffer.from('!'))
      }
      assert.equal(treeOf(fs).get('/f')?.toString(), 'twelve BYTES, more!')
      {
        using file = fs.open('f', 'r+b')
        file.seek(3000)
        assert.deepEqual(file.read(), Buffer.alloc(0))
        file.write(pattern(3000))
        file.seek(1500)
        file.write(pattern(10, 2))
      }
      const wanted = Buffer.alloc(6000)
      wanted.write('twelve BYTES, more!')
      wanted.set(pattern(3000), 3000)
      wanted.set(pattern(10, 2), 1500)
      assert.deepEqual(treeOf(fs).get('/f'), wanted)
      using reading = fs.open('f')
      assert.throws(() => reading.write('x'), { code: 'EBADF' })
    })

    test('what is written is seen when it is flushed or closed, and not before', () => {
      const { device, fs } = small()
      write(fs, 'f', pattern(2000))
      using file = fs.open('f', 'wb')
      file.write(pattern(5000, 2))
      assert.deepEqual(treeOf(new Lfs(device)).get('/f'), pattern(2000))
      file.flush()
      assert.deepEqual(treeOf(new Lfs(device)).get('/f'), pattern(5000, 2))
      file.write(pattern(10, 3))
      fs.sync()
      assert.deepEqual(treeOf(new Lfs(device)).get('/f'), Buffer.concat([pattern(5000, 2), pattern(10, 3)]))
    })

    test('a file that is open may be renamed and removed, and others around it', () => {
      const { device, fs } = small()
      for (let index = 0; index < 20; index++) write(fs, `file ${index}`, pattern(index * 10))
      fs.mkdir('d')
      using moved = fs.open('file 10', 'ab')
      using removed = fs.open('file 11', 'r+b')
      using replaced = fs.open('file 12', 'ab')
      for (let index = 0; index < 10; index++) fs.remove(`file ${index}`)
      fs.rename('file 10', 'd/a')
      fs.rename('d/a', 'd/moved')
      fs.remove('file 11')
      fs.rename('file 13', 'file 12')
      for (let index = 0; index < 20; index++) write(fs, `d/other ${index}`, pattern(index * 10))
      for (const file of [moved, removed, replaced]) {
        file.write(pattern(3000, 5))
        file.close()
      }
      const tree = treeOf(new Lfs(device))
      assert.deepEqual(tree.get('/d/moved'), Buffer.concat([pattern(100), pattern(3000, 5)]))
      assert.deepEqual(tree.get('/file 12'), pattern(130))
      assert.equal(tree.get('/file 11'), undefined)
      check(device.data, 1024)
    })

    test('a directory is read while it is changed', () => {
      const { fs } = small(256)
      for (let index = 0; index < 100; index++) write(fs, `${index}`, pattern(5))
      let count = 0
      for (const [name] of fs.ilistdir()) {
        fs.remove(name)
        count += 1
      }
      assert.equal(count, 100)
      assert.deepEqual([...fs.ilistdir()], [])
      fs.mkdir('d')
      const entries = fs.ilistdir()
      entries.close()
      assert.deepEqual([...entries], [])
    })

    test('names are bytes', () => {
      const { fs } = small()
      const names = ['größe 日本語', 'n'.repeat(255), 'back\\slash', ' ', 'a', 'ab', 'abc', 'a.b']
      for (const name of names) write(fs, name, Buffer.from(name))
      write(fs, os.fsdecode(Buffer.from([0x61, 0xff])), pattern(3))
      assert.deepEqual(Array.from(fs.ilistdir(), ([name]) => name).sort(), [...names, 'a\udcff'].sort())
      for (const name of names) assert.deepEqual(treeOf(fs).get(`/${name}`), Buffer.from(name))
      assert.equal(fs.stat(Buffer.from([0x61, 0xff]))[6], 3)
    })

    test('sizes of blocks and units', () => {
      for (const [blockSize, blocks, unit] of [
        [512, 64, 16],
        [1024, 64, 1024],
        [4096, 32, 256],
        [4096, 32, 4096],
        [131072, 24, 2048],
      ] as const) {
        const memory = new FlashMemory({ blockSize, blocks, unit })
        const options = { readsize: unit, progsize: unit, lookahead: 16 }
        Lfs.mkfs(memory, options)
        const fs = new Lfs(memory, options)
        fs.mkdir('d')
        for (let index = 0; index < 10; index++) write(fs, `d/file ${index}`, pattern(index * 30))
        write(fs, 'large', pattern(20_000))
        const tree = treeOf(new Lfs(memory, options))
        assert.deepEqual(tree.get('/large'), pattern(20_000))
        assert.deepEqual(tree.get('/d/file 9'), pattern(270))
        check(memory.data, blockSize)
      }
    })

    test('devices and options that cannot be', () => {
      const device = new RamBlockDev(1024, 16)
      assert.throws(() => Lfs.mkfs(new RamBlockDev(1024, 1)), { code: 'ENOSPC' })
      assert.throws(() => new Lfs(device), { code: 'EILSEQ' })
      assert.throws(() => Lfs.mkfs(device, { progsize: 48 }), RangeError)
      assert.throws(() => Lfs.mkfs(device, { readsize: 0 }), RangeError)
      assert.throws(() => Lfs.mkfs(new RamBlockDev(16, 64)), RangeError)
      assert.throws(() => Lfs.mkfs({ readblocks: () => 0, count: () => 16 }), TypeError)
      const erasing: vfs.BlockDevice = {
        readblocks: (block, buffer, offset) => device.readblocks(block, buffer, offset),
        writeblocks: (block, buffer, offset) => device.writeblocks(block, buffer, offset),
        ioctl: (op) => (op === 6 ? null : device.ioctl(op)),
      }
      assert.throws(
        () => Lfs.mkfs(erasing),
        (error: os.OSError) => {
          assert.equal(error.code, 'EIO')
          return error.cause instanceof TypeError
        },
      )
      Lfs.mkfs(device)
      assert.throws(() => new Lfs(new RamBlockDev(1024, device.data.subarray(0, 15 * 1024))), { code: 'EINVAL' })
      assert.throws(() => new Lfs(new RamBlockDev(512, device.data)), os.OSError)
    })

    test('one that is mounted read-only, or on a read-only device, refuses to be changed', () => {
      const { device, fs } = small()
      write(fs, 'f', pattern(10))
      const image = Buffer.from(device.data)
      const readonly = new Lfs({
        readblocks: (block, buffer, offset) => device.readblocks(block, buffer, offset),
        ioctl: (op) => device.ioctl(op),
      })
      fs.mount(true)
      for (const each of [fs, readonly]) {
        assert.throws(() => each.open('g', 'w'), { code: 'EROFS' })
        assert.throws(() => each.open('f', 'a'), { code: 'EROFS' })
        assert.throws(() => each.mkdir('d'), { code: 'EROFS' })
        assert.throws(() => each.remove('f'), { code: 'EROFS' })
        assert.throws(() => each.rename('f', 'g'), { code: 'EROFS' })
        assert.deepEqual(treeOf(each), new Map([['/f', pattern(10)]]))
        each.umount()
      }
      assert.ok(image.equals(device.data))
    })

    test('the methods of a device cannot use the file system on it', () => {
      const { device, fs } = small()
      write(fs, 'f', pattern(3000))
      const seen: unknown[] = []
      const curious = new Lfs({
        readblocks: (block, buffer, offset) => {
          for (const action of [() => curious.stat('f'), () => curious.mkdir('d'), () => curious.ilistdir()]) {
            try {
              if (seen.length < 3) action()
            } catch (error) {
              seen.push((error as NodeJS.ErrnoException).code ?? error)
            }
          }
          device.readblocks(block, buffer, offset)
        },
        ioctl: (op) => device.ioctl(op),
      })
      seen.length = 0
      curious.stat('f')
      assert.deepEqual(seen, ['EBUSY', 'EBUSY', 'EBUSY'])
    })

    test('mount finds it on a device', () => {
      const { device, fs } = small()
      write(fs, 'f', pattern(10))
      for (const whole of [true, false]) {
        board.mount(device, '/flash')
        assert.ok(vfs.mount().some(([mounted, point]) => point === '/flash' && mounted instanceof Lfs))
        assert.deepEqual(board.listdir('/flash'), ['f'])
        board.umount('/flash')
        // One of the first blocks may be broken.
        if (whole) device.data.fill(0xff, 0, 1024)
      }
      device.data.fill(0xff)
      assert.throws(() => board.mount(device, '/flash'), { code: 'ENODEV' })
    })

    test('random operations come to the same as in memory', () => {
      const below = random(version)
      const memory = new FlashMemory({ blockSize: 512, blocks: 250, unit: 16 })
      const options = { readsize: 16, progsize: 16 }
      Lfs.mkfs(memory, options)
      let fs = new Lfs(memory, options)
      const model = new Model()
      const path = (): string => Array.from({ length: 1 + below(3) }, () => `/${'abcdef'[below(6)]}`).join('')
      let succeeded = 0
      for (let round = 0; round < 1200; round++) {
        const [kind, one, other] = [below(9), path(), path()]
        const [data, at] = [pattern([5, 90, 700, 3000][below(4)] ?? 0, round), below(1000)]
        const operation = (on: vfs.VfsLfs1 | vfs.VfsLfs2 | Model): void => {
          if (kind < 2) on.mkdir(one)
          else if (kind < 3) on.remove(one)
          else if (kind < 5) on.rename(one, other)
          else if (on instanceof Model) on.write(one, data, kind === 5 ? at : kind === 6 ? 'end' : 'anew')
          else put(on, one, data, kind === 5 ? at : kind === 6 ? 'end' : 'anew')
        }
        const wanted = outcome(() => operation(model))
        assert.equal(
          outcome(() => operation(fs)),
          wanted,
          `${operation} ${one} ${other}, round ${round}`,
        )
        if (wanted === 'done') succeeded += 1
        if (below(60) === 0) fs = new Lfs(memory, options)
        if (below(30) === 0) assert.deepEqual(sorted(treeOf(fs)), sorted(model.tree), `round ${round}`)
      }
      assert.ok(succeeded > 200, `${succeeded} operations`)
      check(memory.data, 512)
      assert.deepEqual(sorted(treeOf(new Lfs(memory, options))), sorted(model.tree))
    })
  })
}

function outcome(action: () => void): string {
  try {
    action()
    return 'done'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

type Where = number | 'end' | 'anew'

/** Writes to a file, which is made where it is missing, unless it is to be written to in the middle. */
function put(fs: vfs.VfsLfs1 | vfs.VfsLfs2, path: string, data: Buffer, where: Where): void {
  using file = fs.open(path, where === 'anew' ? 'wb' : where === 'end' ? 'ab' : 'r+b')
  if (typeof where === 'number') file.seek(where)
  file.write(data)
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** A file system as it ought to be. */
class Model {
  readonly tree: Tree = new Map()

  /** What is there: null for a directory, undefined for nothing. */
  #look(path: string): Buffer | null | undefined {
    for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) {
      const above = this.tree.get(path.slice(0, end))
      if (above !== null) throw failure(above === undefined ? 'ENOENT' : 'ENOTDIR')
    }
    return this.tree.get(path)
  }

  #refuseFull(path: string): void {
    if ([...this.tree.keys()].some((each) => each.startsWith(`${path}/`))) throw failure('ENOTEMPTY')
  }

  mkdir(path: string): void {
    if (this.#look(path) !== undefined) throw failure('EEXIST')
    this.tree.set(path, null)
  }

  remove(path: string): void {
    if (this.#look(path) === undefined) throw failure('ENOENT')
    this.#refuseFull(path)
    this.tree.delete(path)
  }

  rename(from: string, to: string): void {
    const moved = this.#look(from)
    if (moved === undefined) throw failure('ENOENT')
    const replaced = this.#look(to)
    if (to.startsWith(`${from}/`)) throw failure('EINVAL')
    if (replaced === null && moved !== null) throw failure('EISDIR')
    if (replaced !== null && replaced !== undefined && moved === null) throw failure('ENOTDIR')
    if (from === to) return
    if (replaced === null) this.#refuseFull(to)
    for (const [path, data] of [...this.tree]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.tree.delete(path)
      this.tree.set(to + path.slice(from.length), data)
    }
  }

  write(path: string, data: Buffer, where: Where): void {
    const old = this.#look(path)
    if (old === null) throw failure('EISDIR')
    if (old === undefined && typeof where === 'number') throw failure('ENOENT')
    const before = where === 'anew' ? Buffer.alloc(0) : (old ?? Buffer.alloc(0))
    const at = where === 'anew' ? 0 : where === 'end' ? before.length : where
    const after = Buffer.alloc(Math.max(before.length, at + data.length))
    after.set(before)
    after.set(data, at)
    this.tree.set(path, after)
  }
}

test('VfsLfs2 keeps the time of the last change, as MicroPython does', () => {
  const device = new RamBlockDev(1024, 32)
  vfs.VfsLfs2.mkfs(device)
  const fs = new vfs.VfsLfs2(device)
  const start = Math.floor(Date.now() / 1000)
  write(fs, 'f', pattern(10))
  const [, , , , , , , atime, mtime, ctime] = fs.stat('f')
  assert.ok(mtime >= start && mtime <= start + 5)
  assert.deepEqual([atime, ctime], [mtime, mtime])
  // 64 bits of nanoseconds since 1970 in an attribute of type 1.
  const attribute = Buffer.alloc(8)
  attribute.writeBigUInt64LE(1_000_000_007_000_000_000n)
  const at = device.data.findIndex((_, index) => {
    const time = new DataView(device.data.buffer, device.data.byteOffset).getBigUint64(
      Math.min(index, 32 * 1024 - 8),
      true,
    )
    return time / 1_000_000_000n === BigInt(mtime)
  })
  assert.ok(at > 0, 'the time is on the disk')
  const untimed = new vfs.VfsLfs2(device, { mtime: false })
  write(untimed, 'g', pattern(10))
  write(untimed, 'f', pattern(20))
  assert.equal(untimed.stat('g')[8], 0)
  assert.equal(untimed.stat('f')[8], mtime, 'it stays')
  fs.open('f', 'r').close()
  fs.open('f', 'r+').close()
  assert.equal(fs.stat('f')[8], mtime)
  fs.mkdir('d')
  assert.equal(fs.stat('d')[8], 0)
})

test('an image of the format 2.0 is one of 2.1 once it is written to', () => {
  const image = littlefsImages(2).find(({ name }) => name === 'v2.0-tree')
  assert.ok(image !== undefined)
  const data = Buffer.from(image.data)
  const fs = new vfs.VfsLfs2(new RamBlockDev(image.blockSize, data))
  const old = Buffer.from([0, 0, 2, 0])
  const versionAt = (): number => Math.max(data.readUInt32LE(20), data.readUInt32LE(image.blockSize + 20))
  assert.equal(versionAt(), old.readUInt32LE(0))
  fs.mkdir('new')
  assert.deepEqual(sorted(treeOf(fs)), sorted(new Map([...image.tree, ['/new', null]])))
  checkLittlefs(data, image.blockSize)
  assert.ok(data.includes(Buffer.from([1, 0, 2, 0, 0, 2, 0, 0])))
})

/** An empty file system, and the block that holds its superblock, as bytes. */
function emptyImage(blockSize: number): { device: vfs.RamBlockDev; root: Buffer } {
  const device = new RamBlockDev(blockSize, 16)
  vfs.VfsLfs2.mkfs(device)
  const data = Buffer.from(device.data.buffer, device.data.byteOffset, device.data.byteLength)
  const [one, other] = [data.subarray(0, blockSize), data.subarray(blockSize, 2 * blockSize)]
  return { device, root: one.readUInt32LE(0) > other.readUInt32LE(0) ? one : other }
}

test('a directory out of order is listed whole', () => {
  const { device, root } = emptyImage(1024)
  // Without times, one byte of which could be that of a name.
  const fs = new vfs.VfsLfs2(device, { mtime: false })
  for (const name of ['m', 'n']) write(fs, name, Buffer.of(1))
  const newest = Buffer.from(device.data.buffer, device.data.byteOffset, 2048)
  for (const at of [0, 1024]) {
    const bytes = newest.subarray(at, at + 1024)
    // The name, as the type of a regular file with a name of one byte precedes it.
    const place = bytes.indexOf('n', root.indexOf('littlefs') + 8)
    if (place === -1) continue
    bytes.write('a', place)
    sign(bytes)
  }
  assert.deepEqual(
    [...new vfs.VfsLfs2(device).ilistdir()].map(([name]) => name),
    ['m', 'a'],
  )
})

test('more entries than a tag can number are corrupt', () => {
  const { device, root } = emptyImage(8192)
  // Behind the superblock, which has the id 0.
  const create = 0x401_00400
  // What follows the first commit: tags that make entries, and a checksum. Each is combined with the one before.
  let [at, previous] = [4, 0xffff_ffff]
  for (let isOver = false; !isOver; ) {
    const tag = (root.readUInt32BE(at) ^ previous) >>> 0
    isOver = tag >>> 20 === 0x500 || tag >>> 20 === 0x501
    at += 4 + (tag & 0x3ff)
    previous = (isOver ? tag ^ (((tag >>> 20) & 1) << 31) : tag) >>> 0
  }
  const add = (tag: number): void => {
    root.writeUInt32BE((tag ^ previous) >>> 0, at)
    at += 4
    previous = tag
  }
  for (let count = 0; count < 1100; count++) add(create)
  add(0x500_ffc04)
  sign(root)
  assert.throws(() => new vfs.VfsLfs2(device), { code: 'EILSEQ' })
})

test('one of a future version is refused', () => {
  const device = new RamBlockDev(1024, 16)
  vfs.VfsLfs2.mkfs(device)
  for (const block of [0, 1]) {
    const bytes = Buffer.from(device.data.buffer, device.data.byteOffset + block * 1024, 1024)
    bytes.writeUInt32LE(0x0002_0002, 20)
    sign(bytes)
  }
  assert.throws(() => new vfs.VfsLfs2(device), { code: 'EINVAL' })
})
