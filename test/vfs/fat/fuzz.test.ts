/** Broken images: an OSError or a mount, and never a hang, a crash, or a read outside the device. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vfs } from 'osier/micropython'
import { attempt, guarded } from '../../support/broken_images.ts'
import { random } from '../../support/random.ts'
import { seedOf, share } from '../../support/share.ts'

const { RamBlockDev, VfsFat } = vfs
const BLOCKS = 256

function validImage(): Buffer {
  const data = Buffer.alloc(512 * BLOCKS)
  const device = new RamBlockDev(512, data)
  VfsFat.mkfs(device, { label: 'FUZZ' })
  const fs = new VfsFat(device)
  fs.mkdir('d')
  fs.mkdir('d/inner')
  for (const name of ['d/file', 'a long name.txt', 'd/inner/deep']) {
    using file = fs.open(name, 'w')
    file.write(name.repeat(400))
  }
  return data
}

const valid = validImage()

function* walk(fs: vfs.VfsFat, directory: string, depth: number): Generator<[path: string, type: number]> {
  let entries = 0
  for (const [name, type] of fs.ilistdir(directory)) {
    if (++entries > 50) return
    yield [`${directory}/${name}`, type]
    if (type === 0x4000 && depth < 3) yield* walk(fs, `${directory}/${name}`, depth + 1)
  }
}

function use(fs: vfs.VfsFat): void {
  fs.mount(false)
  attempt(() => fs.label)
  attempt(() => fs.statvfs())
  const found: [string, number][] = []
  attempt(() => {
    for (const entry of walk(fs, '', 0)) if (found.push(entry) > 30) break
  })
  for (const [path, type] of found.slice(0, 8)) {
    attempt(() => fs.stat(path))
    if (type === 0x8000) attempt(() => read(fs, path))
  }
  attempt(() => {
    using file = fs.open('new file', 'w')
    file.write('x'.repeat(3000))
  })
  attempt(() => fs.mkdir('new directory'))
  for (const [path, type] of found.slice(0, 3)) attempt(() => (type === 0x8000 ? fs.remove(path) : fs.rmdir(path)))
  attempt(() => fs.rename('d', 'e'))
  attempt(() => fs.chdir('e'))
  attempt(() => fs.umount())
}

function read(fs: vfs.VfsFat, path: string): void {
  using file = fs.open(path, 'rb')
  file.read()
}

function tryOut(data: Buffer): boolean {
  const { device, asked } = guarded(data, 512)
  let mounted = false
  attempt(() => {
    const fs = new VfsFat(device)
    use(fs)
    mounted = true
  })
  assert.ok(!asked.outside, 'nothing outside the device is asked for')
  return mounted
}

test('random boot sectors, and boot sectors with random fields, are handled', () => {
  const rounds = share(10_000)
  const below = random(seedOf(1))
  let mounted = 0
  for (let round = 0; round < rounds; round++) {
    const data = Buffer.from(valid)
    if (round % 2 === 0) {
      for (let at = 0; at < 510; at++) data[at] = below(256)
      // Mostly such as look right at first sight.
      if (below(4) > 0) {
        data[0] = 0xeb
        data.writeUInt16LE(512 << below(4), 11)
        data[13] = 1 << below(8)
        data[16] = 1 + below(2)
      }
      if (below(4) === 0) data.write('FAT32   ', 82, 'latin1')
    } else for (let count = 1 + below(8); count > 0; count--) data[below(90)] = below(256)
    if (tryOut(data)) mounted += 1
  }
  assert.ok(mounted > rounds / 20, `${mounted} of them are mounted, and used`)
})

test('flipped bits in tables, directories and files are handled', () => {
  const rounds = share(1500)
  const below = random(seedOf(2))
  let mounted = 0
  for (let round = 0; round < rounds; round++) {
    const data = Buffer.from(valid)
    for (let count = 1 + below(40); count > 0; count--) {
      const at = 512 + below(512 * 44)
      data[at] = (data[at] ?? 0) ^ (1 << below(8))
    }
    if (tryOut(data)) mounted += 1
  }
  assert.equal(mounted, rounds)
})

test('random bytes, no bytes, and random partition tables are handled', () => {
  const below = random(seedOf(3))
  for (let round = 0; round < share(300); round++) {
    const data = Buffer.alloc(512 * BLOCKS)
    for (let at = 0; at < data.length; at += 64) data[at + below(64)] = below(256)
    data.writeUInt16LE(0xaa55, 510)
    data.writeUInt32LE(round % 2 === 0 ? below(BLOCKS * 2) : 0xffff_fff0 + below(16), 446 + 8)
    data.writeUInt32LE(round % 3 === 0 ? below(BLOCKS) : 0xffff_ffff, 446 + 12)
    data[446 + 4] = 0x0c
    tryOut(data)
    attempt(() => tryOut(Buffer.from(new vfs.RamBlockDev(512, data).data)))
    attempt(() => new vfs.PartitionBlockDev(new RamBlockDev(512, data), 1))
  }
})

test('reading a circular cluster chain ends', () => {
  for (const [entries, next] of [
    [[2, 3, 4, 5, 6], 2],
    [[2], 2],
  ] as const) {
    const data = Buffer.from(valid)
    for (const cluster of entries) {
      // FAT12: twelve bits an entry.
      const at = 512 + Math.floor((cluster * 3) / 2)
      const pair = data.readUInt16LE(at)
      data.writeUInt16LE(cluster % 2 === 0 ? (pair & 0xf000) | next : (pair & 0x000f) | (next << 4), at)
    }
    assert.ok(tryOut(data))
  }
})

test('a file size above that of the volume is an error, and allocates no such memory', () => {
  const data = Buffer.from(valid)
  const device = new RamBlockDev(512, data)
  const name = data.indexOf('ALONGN~1TXT')
  assert.ok(name > 0)
  data.writeUInt32LE(0xffff_fff0, name + 28)
  using file = new VfsFat(device).open('a long name.txt', 'rb')
  assert.throws(() => file.read(), { code: 'EIO' })
  assert.throws(() => file.read(2 ** 31), { code: 'EIO' })
})
