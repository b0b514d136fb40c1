/** FAT images: made here and judged by dosfstools and mtools, made by those and read here. */

import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { vfs } from 'osier/micropython'
import { temporaryFolder } from '../support/folder.ts'
import { missing, runTool, tool } from '../support/tools.ts'

const { FileBlockDev, PartitionBlockDev, RamBlockDev, VfsFat } = vfs
const folder = temporaryFolder()
const image = join(folder, 'disk.img')
const noFsck = missing('fsck.fat')
const noMtools = missing('mcopy', 'mkfs.fat')

interface Case {
  readonly name: string
  readonly blockSize: number
  readonly blocks: number
  readonly options?: vfs.MkfsOptions
  readonly fat: string
}

const cases: readonly Case[] = [
  { name: '50 blocks, as in the examples for boards', blockSize: 512, blocks: 50, fat: 'FAT12' },
  { name: 'FAT12', blockSize: 512, blocks: 2048, options: { label: 'twelve' }, fat: 'FAT12' },
  { name: 'FAT16', blockSize: 512, blocks: 65536, options: { label: 'SIXTEEN' }, fat: 'FAT16' },
  { name: 'FAT32', blockSize: 512, blocks: 550_000, options: { label: 'THIRTY TWO', fat: 32 }, fat: 'FAT32' },
  { name: 'sectors of 1024 bytes', blockSize: 1024, blocks: 4096, fat: 'FAT12' },
  { name: 'sectors of 2048 bytes', blockSize: 2048, blocks: 8192, options: { label: 'A' }, fat: 'FAT12' },
  { name: 'sectors of 4096 bytes', blockSize: 4096, blocks: 8192, options: { label: 'B' }, fat: 'FAT12' },
]

function pattern(size: number, seed = 1): Buffer {
  const data = Buffer.alloc(size)
  for (let at = 0, value = seed; at < size; at++) {
    value = (Math.imul(value, 1103515245) + 12345) >>> 0
    data[at] = value >>> 16
  }
  return data
}

function checkImage(file: string): void {
  const { status, stdout, stderr } = runTool('fsck.fat', ['-n', '-v', file])
  assert.equal(status, 0, `${stdout}${stderr}`)
}

const content = pattern(9000)
const names = ['plain.txt', 'A long name with blanks.and.dots', 'größe ß 日本語.txt', '😀.bin']

/** All of a file. */
function contents(fs: vfs.VfsFat, path: string): Buffer {
  using file = fs.open(path, 'rb')
  return file.read()
}

function fill(fs: vfs.VfsFat): void {
  for (const name of names) {
    using file = fs.open(name, 'wb')
    file.write(content.subarray(0, 500))
  }
  fs.mkdir('folder')
  fs.mkdir('folder/inner')
  fs.chdir('folder')
  {
    using file = fs.open('inner/deep', 'wb')
    file.write(content.subarray(0, 1500))
  }
  fs.chdir('..')
  fs.rename('plain.txt', 'folder/moved.txt')
  {
    using file = fs.open('gone', 'w')
    file.write('gone')
  }
  fs.remove('gone')
  fs.mkdir('gone too')
  fs.rmdir('gone too')
}

for (const { name, blockSize, blocks, options, fat } of cases) {
  describe(name, () => {
    const device = new RamBlockDev(blockSize, blocks)
    VfsFat.mkfs(device, options)
    const fs = new VfsFat(device)

    test('what is written is read', () => {
      fill(fs)
      assert.deepEqual(Array.from(fs.ilistdir(), ([entry]) => entry).sort(), [...names.slice(1), 'folder'].sort())
      assert.deepEqual(contents(fs, 'folder/inner/DEEP'), content.subarray(0, 1500))
      assert.equal(fs.label, options?.label?.toUpperCase() ?? null)
      const [size, , count, free] = fs.statvfs()
      assert.ok(free < count && size * count <= blockSize * blocks)
      // A second object on the same device sees the same: nothing is held back in memory.
      assert.deepEqual(contents(new VfsFat(device), 'folder/moved.txt'), content.subarray(0, 500))
    })

    test('fsck.fat finds nothing wrong', { skip: noFsck }, () => {
      writeFileSync(image, device.data)
      checkImage(image)
    })

    test('mtools read the same', { skip: noMtools }, () => {
      writeFileSync(image, device.data)
      // mtools know no characters beyond U+FFFF, so the last name is not for them.
      for (const file of names.slice(1, -1)) {
        assert.deepEqual(runTool('mcopy', ['-i', image, `::${file}`, '-']).stdout, content.subarray(0, 500), file)
      }
      assert.deepEqual(runTool('mcopy', ['-i', image, '::folder/inner/deep', '-']).stdout, content.subarray(0, 1500))
      const type = tool('minfo', ['-i', image, '::'])
      assert.match(type, fat === 'FAT32' ? /Big fatlen/ : /Small fatlen|sectors per fat|fat/i)
    })
  })
}

describe('images of mkfs.fat, filled by mtools', { skip: noMtools }, () => {
  for (const [bits, size, sector] of [
    ['12', 1440 * 1024, '512'],
    ['16', 32 * 2 ** 20, '512'],
    ['32', 64 * 2 ** 20, '512'],
    ['12', 4 * 2 ** 20, '4096'],
  ] as const) {
    test(`FAT${bits}, sectors of ${sector} bytes`, () => {
      const fd = openSync(image, 'w')
      ftruncateSync(fd, size)
      closeSync(fd)
      tool('mkfs.fat', ['-F', bits, '-S', sector, '-n', 'ELSEWHERE', '-s', '1', image])
      writeFileSync(join(folder, 'source'), content)
      tool('mmd', ['-i', image, '::sub folder'])
      tool('mcopy', ['-i', image, join(folder, 'source'), '::sub folder/größe.bin'])
      tool('mcopy', ['-i', image, join(folder, 'source'), '::SHORT.TXT'])
      {
        using device = new FileBlockDev(image, { block_size: Number(sector) })
        const fs = new VfsFat(device)
        assert.equal(fs.label, 'ELSEWHERE')
        assert.deepEqual(Array.from(fs.ilistdir()), [
          ['sub folder', 0x4000, 0, 0],
          ['SHORT.TXT', 0x8000, 0, content.length],
        ])
        {
          using file = fs.open('/sub folder/größe.bin', 'rb')
          assert.deepEqual(file.read(), content)
        }
        const [, , , , , , bytes, , modified] = fs.stat('short.txt')
        assert.equal(bytes, content.length)
        assert.ok(Math.abs(modified - Date.now() / 1000) < 120, 'the time of the file is that of the clock')
        {
          using file = fs.open('from here.txt', 'w')
          file.write('written here\n')
        }
        fs.sync()
      }
      assert.equal(tool('mtype', ['-i', image, '::from here.txt']), 'written here\n')
      checkImage(image)
    })
  }

  test('the time that is written is that of the clock', () => {
    const device = new RamBlockDev(512, 2048)
    VfsFat.mkfs(device)
    const fs = new VfsFat(device)
    fs.open('now', 'w').close()
    assert.ok(Math.abs(fs.stat('now')[8] - Date.now() / 1000) < 5)
    writeFileSync(image, device.data)
    const now = new Date()
    const day = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`
    assert.match(tool('mdir', ['-i', image, '::']), new RegExp(`${day}`))
  })
})

/** A disk with one partition: a master boot record in front of a volume. */
function partitioned(): Buffer {
  const volume = new RamBlockDev(512, 4096)
  VfsFat.mkfs(volume)
  const fs = new VfsFat(volume)
  fs.open('inside', 'w').close()
  const disk = Buffer.alloc((4096 + 64) * 512)
  disk.set(volume.data, 64 * 512)
  disk[446 + 4] = 0x04
  disk.writeUInt32LE(64, 446 + 8)
  disk.writeUInt32LE(4096, 446 + 12)
  disk.writeUInt16LE(0xaa55, 510)
  return disk
}

test('a partition is found, and a window on it is read-only', () => {
  const disk = partitioned()
  const before = Buffer.from(disk)
  const whole = new RamBlockDev(512, disk)
  assert.deepEqual(
    Array.from(new VfsFat(whole).ilistdir(), ([name]) => name),
    ['inside'],
  )
  const window = new PartitionBlockDev(whole, 1)
  assert.equal(window.block_count, 4096)
  const fs = new VfsFat(window)
  assert.deepEqual(
    Array.from(fs.ilistdir(), ([name]) => name),
    ['inside'],
  )
  assert.throws(() => fs.open('new', 'w'), { code: 'EROFS' })
  assert.throws(() => fs.mkdir('new'), { code: 'EROFS' })
  assert.throws(() => fs.remove('inside'), { code: 'EROFS' })
  assert.throws(() => VfsFat.mkfs(window), { code: 'EROFS' })
  assert.deepEqual(disk, before)
  assert.throws(() => new PartitionBlockDev(whole, 2), { code: 'ENODEV' })
  assert.throws(() => new PartitionBlockDev(whole, 5), RangeError)
  const writable = new PartitionBlockDev(whole, 1, { readonly: false })
  writable.writeblocks?.(1, Buffer.of(1, 2, 3), 510)
  const piece = Buffer.alloc(5)
  writable.readblocks(1, piece, 509)
  assert.deepEqual([...piece.subarray(1, 4)], [1, 2, 3])
  assert.throws(() => writable.readblocks(4095, Buffer.alloc(1024)), { code: 'EINVAL' })
})

test('twenty volumes at once', () => {
  const systems = Array.from({ length: 20 }, (_, index) => {
    const device = new RamBlockDev(512, 128)
    VfsFat.mkfs(device)
    const fs = new VfsFat(device)
    using file = fs.open('number', 'w')
    file.write(String(index))
    return fs
  })
  assert.deepEqual(
    systems.map((fs) => {
      using file = fs.open('number')
      return file.read()
    }),
    Array.from({ length: 20 }, (_, index) => String(index)),
  )
})

function small(blocks = 2048): { device: vfs.RamBlockDev & { readonly data: Buffer }; fs: vfs.VfsFat } {
  const device = new RamBlockDev(512, Buffer.alloc(512 * blocks)) as vfs.RamBlockDev & { readonly data: Buffer }
  VfsFat.mkfs(device)
  return { device, fs: new VfsFat(device) }
}

test('errors are those of MicroPython', () => {
  const { fs } = small()
  fs.mkdir('d')
  fs.open('f', 'w').close()
  fs.open('d/f', 'w').close()
  const codes: [() => unknown, string][] = [
    [() => fs.open('missing'), 'ENOENT'],
    [() => fs.open('missing/f', 'w'), 'ENOENT'],
    [() => fs.open('f', 'x'), 'EEXIST'],
    [() => fs.open('d', 'w'), 'EACCES'],
    [() => fs.open('a:b', 'w'), 'EINVAL'],
    [() => fs.open('a*b', 'w'), 'EINVAL'],
    [() => fs.open('\udc80', 'w'), 'EINVAL'],
    [() => fs.mkdir('d'), 'EEXIST'],
    [() => fs.mkdir('/'), 'EEXIST'],
    [() => fs.rmdir('d'), 'EACCES'],
    [() => fs.rmdir('f'), 'ENOTDIR'],
    [() => fs.rmdir('/'), 'EACCES'],
    [() => fs.remove('d'), 'EISDIR'],
    [() => fs.remove('missing'), 'ENOENT'],
    [() => fs.chdir('f'), 'ENOENT'],
    [() => fs.chdir('missing'), 'ENOENT'],
    [() => fs.stat('missing'), 'ENOENT'],
    [() => fs.rename('missing', 'x'), 'ENOENT'],
    [() => fs.rename('f', 'd'), 'EISDIR'],
    [() => fs.rename('d', 'D/inner'), 'EINVAL'],
    [() => fs.ilistdir('missing'), 'ENOENT'],
    [() => fs.stat('x'.repeat(5000)), 'ENAMETOOLONG'],
    [() => new VfsFat(new RamBlockDev(512, 128)).stat('f'), 'ENODEV'],
    [() => new VfsFat(new RamBlockDev(512, 128)).mount(false), 'ENODEV'],
    [() => VfsFat.mkfs(new RamBlockDev(512, 39)), 'ENOSPC'],
  ]
  for (const [call, code] of codes) assert.throws(call, { code }, `${call}`)
  for (const mode of ['', 'rw', 'z', 'rr', 'rbt', '+', 'b']) assert.throws(() => fs.open('f', mode), RangeError, mode)
  assert.throws(() => fs.open('a\0b'), RangeError)
})

test('a file that is open is guarded: one writer or many readers', () => {
  const { fs } = small()
  using writer = fs.open('Long Name.txt', 'w')
  writer.write('x')
  for (const call of [
    () => fs.open('Long Name.txt'),
    () => fs.open('LONGNA~1.TXT', 'a'),
    () => fs.remove('long name.TXT'),
    () => fs.rename('Long Name.txt', 'b'),
  ]) {
    assert.throws(call, { code: 'EBUSY' }, `${call}`)
  }
  writer.close()
  using first = fs.open('Long Name.txt')
  using second = fs.open('Long Name.txt')
  assert.throws(() => fs.open('Long Name.txt', 'r+'), { code: 'EBUSY' })
  assert.equal(first.read() + second.read(), 'xx')
})

test('a full volume is ENOSPC, and what was written before stays', { skip: noFsck }, () => {
  const { device, fs } = small(256)
  const data = pattern(20_000)
  {
    using file = fs.open('first', 'wb')
    file.write(data)
  }
  {
    using file = fs.open('second', 'wb')
    assert.throws(() => file.write(Buffer.alloc(200_000)), { code: 'ENOSPC' })
  }
  assert.deepEqual(contents(fs, 'first'), data)
  writeFileSync(image, device.data)
  checkImage(image)
})

test('the current directory follows names as they are on the disk, and moves with its directory', () => {
  const { fs } = small()
  fs.mkdir('Upper')
  fs.mkdir('Upper/lower')
  fs.chdir('UPPER/LOWER')
  assert.equal(fs.getcwd(), '/Upper/lower')
  assert.throws(() => fs.rmdir('/upper/lower'), { code: 'EACCES' })
  fs.mkdir('A rather long name')
  fs.chdir('ARATHE~1')
  assert.equal(fs.getcwd(), '/Upper/lower/A rather long name')
  fs.chdir('..')
  fs.rmdir('a rather LONG name')
  fs.rename('/Upper', '/Moved')
  assert.equal(fs.getcwd(), '/Moved/lower')
  fs.open('here', 'w').close()
  assert.equal(fs.stat('/Moved/lower/here')[0], 0x8000)
  fs.chdir('../../../..')
  assert.equal(fs.getcwd(), '/')
})

test('renaming replaces a file, and can change no more than the case', () => {
  const { fs } = small()
  for (const name of ['a', 'b']) {
    using file = fs.open(name, 'w')
    file.write(name)
  }
  fs.rename('a', 'b')
  assert.deepEqual(
    Array.from(fs.ilistdir(), ([name]) => name),
    ['b'],
  )
  assert.equal(contents(fs, 'b').toString(), 'a')
  fs.rename('b', 'B is longer')
  fs.rename('B is longer', 'b IS longer')
  assert.deepEqual(
    Array.from(fs.ilistdir(), ([name]) => name),
    ['b IS longer'],
  )
})

test('a directory of 5000 entries is read once, as it is asked for', () => {
  const { device, fs } = small(65536)
  // The root of FAT16 has room for 512 entries, and long names need several.
  fs.mkdir('many')
  for (let index = 0; index < 5000; index++) fs.open(`/many/entry number ${index}`, 'w').close()
  const read = new Map<number, number>()
  const counting: vfs.BlockDevice = {
    readblocks(block, buffer) {
      for (let index = 0; index < buffer.length / 512; index++)
        read.set(block + index, (read.get(block + index) ?? 0) + 1)
      device.readblocks(block, buffer)
    },
    ioctl: (op) => device.ioctl(op),
  }
  const reader = new VfsFat(counting)
  read.clear()
  const entries = reader.ilistdir('many')
  entries.next()
  assert.ok(read.size <= 3, 'one entry needs the sectors up to it')
  const found = [...entries].length
  assert.equal(found + 1, 5000)
  // The table is looked at for each cluster; the directory itself lies behind it.
  const behindTable = device.data.readUInt16LE(14) + device.data.readUInt16LE(22)
  assert.deepEqual(
    [...read].filter(([block, times]) => block >= behindTable && times > 1),
    [],
  )
})

test('a file of 4 GiB of which nothing is kept in memory', () => {
  const sparse = join(folder, 'sparse.img')
  const fd = openSync(sparse, 'w')
  ftruncateSync(fd, 4 * 2 ** 30)
  closeSync(fd)
  using device = new FileBlockDev(sparse)
  const before = process.memoryUsage()
  VfsFat.mkfs(device)
  const fs = new VfsFat(device)
  {
    using file = fs.open('file', 'wb')
    for (let index = 0; index < 64; index++) file.write(content)
  }
  {
    using file = fs.open('file', 'rb')
    for (let index = 0; index < 64; index++) assert.deepEqual(file.read(content.length), content)
  }
  const [size, , count] = fs.statvfs()
  assert.ok(size * count > 4e9)
  const after = process.memoryUsage()
  assert.ok(after.external + after.arrayBuffers - before.external - before.arrayBuffers < 64 * 2 ** 20)
})

describe('file objects', () => {
  const { fs } = small()

  test('text: characters, lines, bytes that are not UTF-8', () => {
    {
      using file = fs.open('t', 'w')
      assert.equal(file.write('zwölf\r\nB€ispiele 😀\n\nend'), Buffer.byteLength('zwölf\r\nB€ispiele 😀\n\nend'))
    }
    using file = fs.open('t')
    assert.equal(file.read(3), 'zwö')
    assert.equal(file.tell(), 4)
    assert.equal(file.readline(), 'lf\r\n')
    assert.equal(file.read(11), 'B€ispiele 😀')
    assert.deepEqual(file.readlines(), ['\n', '\n', 'end'])
    assert.deepEqual([file.read(), file.readline(), file.read(5)], ['', '', ''])
    assert.equal(file.seek(-3, 2), file.tell())
    assert.equal(file.read(), 'end')
    assert.throws(() => file.fileno(), { code: 'EINVAL' })
    file.close()
    file.close()
    assert.ok(file.closed)
    assert.throws(() => file.read(), { code: 'EBADF' })
    {
      using bytes = fs.open('t', 'wb')
      bytes.write(Buffer.of(0xff, 0xc3, 0x28, 0x0a))
      assert.throws(() => bytes.write('text'), TypeError)
    }
    using again = fs.open('t')
    assert.equal(again.read(2), '\udcff\udcc3')
    assert.equal(again.read(), '(\n')
  })

  test('bytes: any size, any position', () => {
    const data = pattern(300_000)
    {
      using file = fs.open('b', 'wb')
      for (let at = 0; at < data.length; at += 777) file.write(data.subarray(at, at + 777))
      assert.equal(file.tell(), data.length)
    }
    using file = fs.open('b', 'r+b')
    for (const [at, size] of [
      [0, 1],
      [511, 2],
      [65535, 65537],
      [299_990, 100],
    ] as const) {
      file.seek(at)
      assert.deepEqual(file.read(size), data.subarray(at, at + size))
    }
    file.seek(100_000)
    file.readline()
    const position = file.tell()
    file.write(Buffer.from('HERE'))
    file.seek(position)
    assert.equal(file.read(4).toString(), 'HERE')
    const into = new Uint8Array(10)
    file.seek(5)
    assert.equal(file.readinto(into), 10)
    assert.deepEqual(Buffer.from(into), data.subarray(5, 15))
    assert.equal(file.readinto(into, 3), 3)
    file.flush()
    file.close()
    using reader = fs.open('b', 'rb')
    assert.throws(() => reader.write(Buffer.of(1)), { code: 'EBADF' })
    using writer = fs.open('c', 'wb')
    assert.throws(() => writer.read(), { code: 'EBADF' })
  })

  test('moving past the end fills with zeros, never with what was on the disk', () => {
    {
      using file = fs.open('old', 'wb')
      file.write(Buffer.alloc(50_000, 0xaa))
    }
    fs.remove('old')
    {
      using file = fs.open('hole', 'wb')
      file.write(Buffer.of(1))
      assert.equal(file.seek(40_000), 40_000)
      file.write(Buffer.of(2))
    }
    assert.deepEqual(contents(fs, 'hole'), Buffer.concat([Buffer.of(1), Buffer.alloc(39_999), Buffer.of(2)]))
    using file = fs.open('hole', 'rb')
    assert.equal(file.seek(50_000), 40_001)
    assert.throws(() => file.seek(-1), RangeError)
    assert.throws(() => file.seek(-50_000, 2), RangeError)
  })

  test('a file that is forgotten is closed, with a warning', () => {
    const program = `
      import { vfs } from 'osier/micropython'
      const device = new vfs.RamBlockDev(512, 256)
      vfs.VfsFat.mkfs(device)
      const fs = new vfs.VfsFat(device)
      ;(() => fs.open('forgotten', 'w').write('stored'))()
      process.on('warning', ({ name, message }) => {
        const file = fs.open('forgotten')
        console.log(name, message, file.read())
        file.close()
        clearInterval(timer)
      })
      const timer = setInterval(gc, 10)`
    const args = ['--expose-gc', '--no-warnings', '--input-type=module', '-e', program]
    const { stdout } = runTool(process.execPath, args)
    assert.equal(stdout.toString(), 'ResourceWarning unclosed file "/forgotten" stored\n')
  })

  test('a and x', () => {
    {
      using file = fs.open('log', 'x')
      file.write('one\n')
    }
    {
      using file = fs.open('log', 'a')
      file.write('two\n')
    }
    using file = fs.open('log')
    assert.deepEqual([...file], ['one\n', 'two\n'])
  })
})

describe('devices', () => {
  test('the old protocol, and a device without writeblocks', () => {
    const data = new RamBlockDev(512, 256)
    let synced = 0
    const old: vfs.BlockDevice = {
      readblocks: (block, buffer) => data.readblocks(block, buffer),
      writeblocks: (block, buffer) => data.writeblocks(block, buffer),
      count: () => 256,
      sync: () => {
        synced += 1
      },
    }
    VfsFat.mkfs(old)
    const fs = new VfsFat(old)
    fs.open('f', 'w').close()
    assert.ok(synced > 0)
    const { writeblocks: _, ...readOnly } = old
    const reader = new VfsFat(readOnly)
    assert.equal(contents(reader, 'f').length, 0)
    assert.throws(() => reader.open('g', 'w'), { code: 'EROFS' })
  })

  test('what a device answers is checked', () => {
    const good = small(256).device
    const with_ = (changes: Partial<Record<keyof vfs.BlockDevice, unknown>>): vfs.BlockDevice =>
      ({
        readblocks: (block: number, buffer: Uint8Array) => good.readblocks(block, buffer),
        writeblocks: (block: number, buffer: Uint8Array) => good.writeblocks(block, buffer),
        ioctl: (op: number) => good.ioctl(op),
        ...changes,
      }) as vfs.BlockDevice
    const open = (device: vfs.BlockDevice): unknown => new VfsFat(device).open('f', 'w').close()
    assert.throws(() => open(with_({ readblocks: () => -5 })), { code: 'EIO' })
    assert.throws(() => open(with_({ readblocks: () => 5 })), { code: 'EINVAL' })
    assert.throws(() => open(with_({ readblocks: async () => 0 })), { code: 'EIO' })
    assert.throws(() => open(with_({ writeblocks: () => -28 })), { code: 'ENOSPC' })
    const cause = new Error('the card was pulled')
    assert.throws(
      () =>
        open(
          with_({
            readblocks: () => {
              throw cause
            },
          }),
        ),
      (error: NodeJS.ErrnoException) => error.code === 'EIO' && error.cause === cause,
    )
    assert.throws(() => open(with_({ ioctl: () => 'many' })), { code: 'EIO' })
    assert.throws(() => open(with_({ ioctl: (op: number) => (op === 5 ? 513 : good.ioctl(op)) })), RangeError)
    assert.throws(() => open(with_({ ioctl: (op: number) => (op === 1 ? -19 : good.ioctl(op)) })), { code: 'ENODEV' })
    assert.throws(() => open(with_({ ioctl: (op: number) => (op === 3 ? -5 : good.ioctl(op)) })), { code: 'EIO' })
    for (const device of [null, {}, 'x', { readblocks: 1 }, { readblocks() {} }]) {
      assert.throws(() => new VfsFat(device as vfs.BlockDevice), TypeError)
    }
    // A device that calls the file system which is calling it.
    const busy = with_({
      writeblocks: () => {
        fs.open('other', 'w')
      },
    })
    const fs = new VfsFat(busy)
    assert.throws(() => fs.open('f', 'w').close(), { code: 'EBUSY' })
  })

  test('a device that keeps the buffer sees nothing of what comes later', () => {
    const good = small(256).device
    let kept: Uint8Array | undefined
    const device: vfs.BlockDevice = {
      readblocks(block, buffer) {
        kept ??= buffer
        assert.ok(buffer.buffer.byteLength <= 65536, 'no more memory than the transfer')
        good.readblocks(block, buffer)
      },
      writeblocks: (block, buffer) => good.writeblocks(block, buffer),
      ioctl: (op) => good.ioctl(op),
    }
    const fs = new VfsFat(device)
    fs.open('f', 'w').close()
    kept?.fill(0xff)
    assert.deepEqual(
      Array.from(fs.ilistdir(), ([name]) => name),
      ['f'],
    )
  })

  test('RamBlockDev and FileBlockDev read and write any bytes, within themselves', () => {
    writeFileSync(image, Buffer.alloc(1025))
    using file = new FileBlockDev(image, { block_size: 256 })
    for (const device of [new RamBlockDev(256, 4), file]) {
      assert.equal(device.ioctl(4), 4)
      assert.equal(device.ioctl(5), 256)
      assert.equal(device.ioctl(99), null)
      device.writeblocks?.(3, Buffer.from('abc'), 253)
      const back = Buffer.alloc(3)
      device.readblocks(3, back, 253)
      assert.equal(back.toString(), 'abc')
      for (const [block, offset] of [
        [4, 0],
        [3, 254],
        [0, 1022],
      ] as const) {
        assert.throws(() => device.readblocks(block, back, offset), { code: 'EINVAL' })
        assert.throws(() => device.writeblocks?.(block, back, offset), { code: 'EINVAL' })
      }
      assert.throws(() => device.readblocks(-1, back), RangeError)
      assert.throws(() => device.readblocks(0, 'x' as never), TypeError)
    }
    file.ioctl(3)
    assert.equal(readFileSync(image).subarray(1021, 1024).toString(), 'abc')
    file.close()
    file.close()
    assert.throws(() => file.readblocks(0, Buffer.alloc(1)), { code: 'EBADF' })
    assert.throws(() => new FileBlockDev(join(folder, 'missing')), { code: 'ENOENT' })
    assert.throws(() => new FileBlockDev('a\0b'), RangeError)
    writeFileSync(image, '')
    assert.throws(() => new FileBlockDev(image), { code: 'EINVAL' })
    writeFileSync(image, Buffer.alloc(1024))
    using readOnly = new FileBlockDev(image, { readonly: true })
    assert.equal(readOnly.writeblocks, undefined)
    assert.throws(() => new RamBlockDev(0, 1), RangeError)
    assert.throws(() => new RamBlockDev(512, 0), RangeError)
  })
})
