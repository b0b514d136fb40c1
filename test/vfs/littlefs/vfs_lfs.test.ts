/** littlefs: images that its own code in C has made are read and changed here; what programs see is what boards show. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import board, { vfs } from 'osier/micropython'
import { pattern } from '../../support/fat.ts'
import { FlashMemory } from '../../support/flash.ts'
import { littlefsImages, sorted, treeOf, write } from '../../support/littlefs.ts'
import { checkLittlefs, type Tree } from '../../support/littlefs_checker.ts'

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

  describe(`images made by the C code of littlefs, version ${version}`, () => {
    for (const { name, blockSize, data, tree, times } of littlefsImages(version)) {
      test(`${name} is read`, () => {
        const image = Buffer.from(data)
        const fs = new Lfs(new RamBlockDev(blockSize, image))
        assert.deepEqual(sorted(treeOf(fs)), sorted(tree))
        for (const [path, time] of times) assert.equal(fs.stat(path)[8], version === 2 ? time : 0, path)
        assert.ok(image.equals(data), 'reading changes nothing')
      })

      test(`${name} is changed without other changes`, () => {
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
    test('the methods return what boards print', () => {
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

    test('chdir and getcwd', () => {
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

    test('calls throw the documented errors', () => {
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

    test('files are read, written and sought', () => {
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

    test('written data is visible after flush or close, and not before', () => {
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

    test('an open file can be renamed and removed, and so can its neighbours', () => {
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

    test('a directory can change while it is listed', () => {
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

    test('names may be any bytes', () => {
      const { fs } = small()
      const names = ['größe 日本語', 'n'.repeat(255), 'back\\slash', ' ', 'a', 'ab', 'abc', 'a.b']
      for (const name of names) write(fs, name, Buffer.from(name))
      write(fs, os.fsdecode(Buffer.from([0x61, 0xff])), pattern(3))
      assert.deepEqual(Array.from(fs.ilistdir(), ([name]) => name).sort(), [...names, 'a\udcff'].sort())
      for (const name of names) assert.deepEqual(treeOf(fs).get(`/${name}`), Buffer.from(name))
      assert.equal(fs.stat(Buffer.from([0x61, 0xff]))[6], 3)
    })

    test('all sizes of blocks and of program and read units work', () => {
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

    test('invalid devices and options are refused', () => {
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

    test('a read-only mount or device refuses changes', () => {
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
      const reentrant = new Lfs({
        readblocks: (block, buffer, offset) => {
          for (const action of [() => reentrant.stat('f'), () => reentrant.mkdir('d'), () => reentrant.ilistdir()]) {
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
      reentrant.stat('f')
      assert.deepEqual(seen, ['EBUSY', 'EBUSY', 'EBUSY'])
    })

    test('mount detects it on a device', () => {
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
  })
}
