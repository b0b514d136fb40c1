import assert from 'node:assert/strict'
import { test } from 'node:test'

import { vfs } from 'osier/micropython'
import { pattern } from '../../support/fat.ts'

import { littlefsImages, sign, sorted, treeOf, write } from '../../support/littlefs.ts'
import { checkLittlefs } from '../../support/littlefs_checker.ts'

const { RamBlockDev } = vfs

test('VfsLfs2 stores the time of the last change, as MicroPython does', () => {
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

test('a write converts an image of format 2.0 to 2.1', () => {
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

test('a directory with unsorted entries is listed completely', () => {
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

test('more entries than a tag can number are an error', () => {
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

test('an image of a future version is refused', () => {
  const device = new RamBlockDev(1024, 16)
  vfs.VfsLfs2.mkfs(device)
  for (const block of [0, 1]) {
    const bytes = Buffer.from(device.data.buffer, device.data.byteOffset + block * 1024, 1024)
    bytes.writeUInt32LE(0x0002_0002, 20)
    sign(bytes)
  }
  assert.throws(() => new vfs.VfsLfs2(device), { code: 'EINVAL' })
})
