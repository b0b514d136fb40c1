/** FAT images: made here and judged by dosfstools and mtools, made by those and read here. */

import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { vfs } from 'osier/micropython'
import { contents, pattern, small } from '../../support/fat.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { missing, runTool, tool } from '../../support/tools.ts'

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

function checkImage(file: string): void {
  const { status, stdout, stderr } = runTool('fsck.fat', ['-n', '-v', file])
  assert.equal(status, 0, `${stdout}${stderr}`)
}

const content = pattern(9000)
const names = ['plain.txt', 'A long name with blanks.and.dots', 'größe ß 日本語.txt', '😀.bin']

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

    test('written data is read back', () => {
      fill(fs)
      assert.deepEqual(Array.from(fs.ilistdir(), ([entry]) => entry).sort(), [...names.slice(1), 'folder'].sort())
      assert.deepEqual(contents(fs, 'folder/inner/DEEP'), content.subarray(0, 1500))
      assert.equal(fs.label, options?.label?.toUpperCase() ?? null)
      const [size, , count, free] = fs.statvfs()
      assert.ok(free < count && Number(size) * Number(count) <= blockSize * Number(blocks))
      // A second object on the same device sees the same: nothing is held back in memory.
      assert.deepEqual(contents(new VfsFat(device), 'folder/moved.txt'), content.subarray(0, 500))
    })

    test('fsck.fat finds no error', { skip: noFsck }, () => {
      writeFileSync(image, device.data)
      checkImage(image)
    })

    test('mtools reads the same', { skip: noMtools }, () => {
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

  test('a file has the time of the clock', () => {
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

test('a partition is found, and a PartitionBlockDev is read-only', () => {
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

test('twenty volumes can be open at the same time', () => {
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

test('a file can have one writer or many readers', () => {
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

test('a full volume is ENOSPC, and earlier data stays', { skip: noFsck }, () => {
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

test('the current directory has the names on the disk, and follows a rename of its directory', () => {
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

test('rename replaces a file, and can change the case of a name only', () => {
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

test('a directory of 5000 entries is read once, incrementally', () => {
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
  // The table is read for each cluster; the directory is behind it.
  const behindTable = device.data.readUInt16LE(14) + device.data.readUInt16LE(22)
  assert.deepEqual(
    [...read].filter(([block, times]) => block >= behindTable && times > 1),
    [],
  )
})

test('a file of 4 GiB is written and read without being kept in memory', () => {
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
  assert.ok(size * Number(count) > 4e9)
  const after = process.memoryUsage()
  assert.ok(after.external + after.arrayBuffers - before.external - before.arrayBuffers < 64 * 2 ** 20)
})
