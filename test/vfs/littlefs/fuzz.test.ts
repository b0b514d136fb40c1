/** Broken images: an OSError or a mount, and never a hang, a crash, or a read outside the device. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { vfs } from 'osier/micropython'
import { attempt, guarded } from '../../support/broken_images.ts'
import { pattern } from '../../support/fat.ts'
import { sign } from '../../support/littlefs.ts'
import { random } from '../../support/random.ts'
import { seedOf, share } from '../../support/share.ts'

const { RamBlockDev } = vfs

type Lfs = typeof vfs.VfsLfs1 | typeof vfs.VfsLfs2
type Littlefs = vfs.VfsLfs1 | vfs.VfsLfs2
const BLOCK = 256
const BLOCKS = 64

const paths = ['/a', '/d/file', '/d/large', '/d/inner/deep']

function validImage(Lfs: Lfs): Buffer {
  const data = Buffer.alloc(BLOCK * BLOCKS, 0xff)
  const device = new RamBlockDev(BLOCK, data)
  Lfs.mkfs(device)
  const fs = new Lfs(device)
  fs.mkdir('d')
  fs.mkdir('d/inner')
  for (const [index, path] of paths.entries()) {
    using file = fs.open(path, 'wb')
    file.write(pattern(index * 900))
  }
  fs.rename('d/inner/deep', 'moved')
  return data
}

function* walk(fs: Littlefs, directory: Buffer, depth: number): Generator<[path: Buffer, type: number]> {
  let entries = 0
  for (const [name, type] of fs.ilistdir(directory)) {
    if (++entries > 50) return
    // Names may be anything, and not all of them make a path.
    if (name.length === 0 || name.includes(0) || name.includes(0x2f)) continue
    const path = Buffer.concat([directory, Buffer.from('/'), name])
    yield [path, type]
    if (type === 0x4000 && depth < 3) yield* walk(fs, path, depth + 1)
  }
}

function use(fs: Littlefs): void {
  attempt(() => fs.statvfs())
  const found: [Buffer, number][] = []
  attempt(() => {
    for (const entry of walk(fs, Buffer.from('/'), 0)) if (found.push(entry) > 30) break
  })
  for (const [path, type] of found.slice(0, 8)) {
    attempt(() => fs.stat(path))
    if (type === 0x8000) attempt(() => read(fs, path))
  }
  attempt(() => {
    using file = fs.open('new file', 'wb')
    file.write(pattern(900))
  })
  attempt(() => {
    using file = fs.open('d/large', 'r+b')
    file.seek(700)
    file.write(pattern(30))
  })
  attempt(() => fs.mkdir('new directory'))
  for (const [path] of found.slice(0, 3)) attempt(() => fs.remove(path))
  attempt(() => fs.rename('d', 'e'))
  attempt(() => fs.chdir('e'))
  attempt(() => fs.umount())
}

function read(fs: Littlefs, path: Buffer): void {
  using file = fs.open(path, 'rb')
  file.read()
}

function tryOut(Lfs: Lfs, data: Buffer): boolean {
  const { device, asked } = guarded(data, BLOCK)
  let mounted = false
  attempt(() => {
    const fs = new Lfs(device)
    mounted = true
    use(fs)
  })
  assert.ok(!asked.outside, 'nothing outside the device is asked for')
  return mounted
}

/** The offsets of a word. */
function* wordsIn(data: Buffer, wanted: Buffer): Generator<number> {
  for (let at = data.indexOf(wanted); at !== -1; at = data.indexOf(wanted, at + 1)) yield at
}

/** The number as stored on the disk. */
function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

for (const [version, Lfs] of [
  [1, vfs.VfsLfs1],
  [2, vfs.VfsLfs2],
] as const) {
  describe(`VfsLfs${version}`, () => {
    const valid = validImage(Lfs)

    test('flipped bits anywhere are handled', () => {
      const rounds = share(400)
      const below = random(seedOf(1))
      let mounted = 0
      for (let round = 0; round < rounds; round++) {
        const data = Buffer.from(valid)
        for (let count = 1 + below(30); count > 0; count--) {
          const at = below(data.length)
          data[at] = (data[at] ?? 0) ^ (1 << below(8))
        }
        if (tryOut(Lfs, data)) mounted += 1
      }
      assert.ok(mounted > rounds / 4, `${mounted} of them are mounted, and used`)
    })

    test('random metadata with correct checksums is handled', () => {
      const rounds = share(900)
      const below = random(seedOf(2))
      let mounted = 0
      for (let round = 0; round < rounds; round++) {
        const data = Buffer.from(valid)
        for (let count = 1 + below(3); count > 0; count--) {
          const block = below(BLOCKS)
          const bytes = data.subarray(block * BLOCK, (block + 1) * BLOCK)
          for (let changes = 1 + below(4); changes > 0; changes--) {
            const at = 4 + below(120)
            const kind = below(3)
            if (kind === 0) bytes[at] = below(256)
            else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
            else bytes.writeUInt32LE(below(BLOCKS + 4), at)
          }
          sign(bytes, version)
        }
        if (tryOut(Lfs, data)) mounted += 1
      }
      assert.ok(mounted > rounds / 5, `${mounted} of them are mounted, and used`)
    })

    test('random bytes are handled', () => {
      const below = random(seedOf(3))
      for (let round = 0; round < share(50); round++) {
        const data = Buffer.alloc(BLOCK * BLOCKS)
        for (let at = 0; at < data.length; at += 4) data.writeUInt32LE(below(2 ** 32), at)
        if (round % 2 === 0) valid.copy(data, 0, 0, 2 * BLOCK)
        tryOut(Lfs, data)
      }
    })

    test('reading circular lists and trees ends', () => {
      // Every pointer to a pair, turned to every other pair.
      const pairs = new Set<string>()
      for (let one = 0; one < BLOCKS; one++) {
        for (const other of [one - 1, one + 1]) {
          const pair = Buffer.alloc(8)
          pair.writeUInt32LE(one, 0)
          pair.writeUInt32LE(other & 0xff, 4)
          if ([...wordsIn(valid, pair)].length > 0) pairs.add(pair.toString('hex'))
        }
      }
      assert.ok(pairs.size >= 2, `${pairs.size} pairs`)
      const all = [...pairs, '0000000001000000'].map((hex) => Buffer.from(hex, 'hex'))
      let tried = 0
      for (const from of all) {
        for (const to of all) {
          const data = Buffer.from(valid)
          for (const at of wordsIn(data, from)) {
            to.copy(data, at)
            const block = Math.floor(at / BLOCK)
            sign(data.subarray(block * BLOCK, (block + 1) * BLOCK), version)
            tried += 1
          }
          tryOut(Lfs, data)
        }
      }
      assert.ok(tried > 4, `${tried} pointers`)
    })

    test('reading a circular or broken chain ends', () => {
      // The last block of a file is stored before its size.
      const heads = [...wordsIn(valid, word(1800))].map((at) => valid.readUInt32LE(at - 4))
      assert.ok(heads.length > 0)
      for (const target of [...heads, 0, 5, BLOCKS, 0xffffffff]) {
        const data = Buffer.from(valid)
        for (const head of heads) {
          data.writeUInt32LE(target, head * BLOCK)
          data.writeUInt32LE(target, head * BLOCK + 4)
        }
        assert.ok(tryOut(Lfs, data))
      }
    })

    test('a file size above that of the device is an error, and allocates no such memory', () => {
      for (const size of [0x7fffffff, 0xfffffff0]) {
        const data = Buffer.from(valid)
        for (let block = 0; block < BLOCKS; block++) {
          const bytes = data.subarray(block * BLOCK, (block + 1) * BLOCK)
          for (const at of wordsIn(bytes, word(1800))) bytes.writeUInt32LE(size, at)
          sign(bytes, version)
        }
        const fs = new Lfs(new RamBlockDev(BLOCK, data))
        assert.equal(fs.stat('d/large')[6], size)
        assert.throws(() => fs.open('d/large', 'rb'), { code: 'EILSEQ' })
        assert.throws(() => fs.statvfs(), { code: 'EILSEQ' })
      }
    })
  })
}
