/**
 * The power goes after every possible number of sectors written. What was closed and synced before must be there
 * afterwards, on a volume that mounts, and that fsck.fat can repair.
 */

import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { vfs } from 'osier/micropython'
import { temporaryFolder } from '../../support/folder.ts'
import { chosen } from '../../support/share.ts'
import { missing, runTool } from '../../support/tools.ts'

const { FileBlockDev, RamBlockDev, VfsFat } = vfs
const SECTOR = 512
const folder = temporaryFolder()
const image = join(folder, 'disk.img')

/** A device of which the power goes after some sectors: what was written before, and no more, stays. */
class Failing implements vfs.BlockDevice {
  readonly #device: vfs.RamBlockDev
  /** The sectors that have been written. */
  readonly written: Set<number> = new Set()
  left: number

  constructor(device: vfs.RamBlockDev, left: number) {
    this.#device = device
    this.left = left
  }

  readblocks(block: number, buffer: Uint8Array): void {
    if (this.left <= 0) throw new Error('no power')
    this.#device.readblocks(block, buffer)
  }

  writeblocks(block: number, buffer: Uint8Array): void {
    for (let at = 0; at < buffer.length; at += SECTOR, block++) {
      if (this.left <= 0) throw new Error('no power')
      this.left -= 1
      this.written.add(block)
      this.#device.writeblocks(block, buffer.subarray(at, at + SECTOR))
    }
  }

  ioctl(op: number): number | null {
    if (this.left <= 0) throw new Error('no power')
    return this.#device.ioctl(op)
  }
}

function text(name: string, size: number): Buffer {
  return Buffer.from(`${name} `.repeat(Math.ceil(size / (name.length + 1))).slice(0, size))
}

function write(fs: vfs.VfsFat, path: string, data: Buffer, mode: 'wb' | 'ab' = 'wb'): void {
  const file = fs.open(path, mode)
  try {
    file.write(data)
  } finally {
    file.close()
  }
}

interface Operation {
  /** The files that it changes: while it is under way nothing is promised of them. */
  readonly changes: readonly string[]
  run(fs: vfs.VfsFat, files: Map<string, Buffer>): void
}

function create(path: string, size: number): Operation {
  return {
    changes: [path],
    run(fs, files) {
      write(fs, path, text(path, size))
      files.set(path, text(path, size))
    },
  }
}

const operations: readonly Operation[] = [
  create('a', 3000),
  create('a rather long name.text', 700),
  { changes: [], run: (fs) => fs.mkdir('d') },
  create('d/b', 5000),
  {
    changes: ['a'],
    run(fs, files) {
      write(fs, 'a', text('more', 2000), 'ab')
      files.set('a', Buffer.concat([text('a', 3000), text('more', 2000)]))
    },
  },
  ...Array.from({ length: 12 }, (_, index) => create(`d/many long names in one directory, number ${index}`, 10)),
  {
    changes: ['d/b'],
    run(fs, files) {
      fs.remove('d/b')
      files.delete('d/b')
    },
  },
  {
    changes: ['a', 'd/moved'],
    run(fs, files) {
      fs.rename('a', 'd/moved')
      files.set('d/moved', files.get('a') ?? Buffer.alloc(0))
      files.delete('a')
    },
  },
  create('big', 60_000),
  create('d/moved', 1500),
  {
    changes: ['big', 'd/moved'],
    run(fs, files) {
      fs.rename('d/moved', 'big')
      files.set('big', files.get('d/moved') ?? Buffer.alloc(0))
      files.delete('d/moved')
    },
  },
]

interface Outcome {
  /** What must be there: closed and synced, and not being changed when the power went. */
  readonly kept: ReadonlyMap<string, Buffer>
  /** A file that was being moved, which must be there under one of two names. */
  readonly moving: { readonly names: readonly string[]; readonly data: Buffer } | null
  readonly done: boolean
  /** How many sectors were written, and which. */
  readonly sectors: number
  readonly written: ReadonlySet<number>
}

function runUntilCut(device: vfs.RamBlockDev, sectors: number): Outcome {
  const failing = new Failing(device, sectors)
  const files = new Map<string, Buffer>()
  let current: Operation | null = null
  let before = new Map(files)
  try {
    const fs = new VfsFat(failing)
    for (const operation of operations) {
      current = operation
      before = new Map(files)
      operation.run(fs, files)
      fs.sync()
      before = new Map(files)
      current = null
    }
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EIO')
  }
  const names = current?.changes ?? []
  const data = names.length === 2 ? before.get(names[0] === 'big' ? (names[1] ?? '') : (names[0] ?? '')) : undefined
  for (const name of names) before.delete(name)
  return {
    kept: before,
    moving: data === undefined ? null : { names, data },
    done: current === null,
    sectors: sectors - failing.left,
    written: failing.written,
  }
}

function contents(fs: vfs.VfsFat, path: string): Buffer | null {
  try {
    using file = fs.open(path, 'rb')
    return file.read()
  } catch {
    return null
  }
}

function check(device: vfs.BlockDevice, { kept, moving }: Outcome, when: string): void {
  const fs = new VfsFat(device)
  fs.mount(false)
  for (const [name, wanted] of kept) assert.deepEqual(contents(fs, name), wanted, `${name}, ${when}`)
  if (moving === null) return
  const found = moving.names.map((name) => contents(fs, name))
  assert.ok(
    found.some((content) => content?.equals(moving.data)),
    `${moving.names.join(' or ')}, ${when}`,
  )
}

function sector(data: Buffer, number: number): Buffer {
  return data.subarray(number * SECTOR, (number + 1) * SECTOR)
}

/** Makes the image's file of the sectors that matter: the rest are zeros, and holes in it. A volume of FAT32 is large. */
function writeImage(data: Buffer, sectors: Iterable<number>): void {
  const fd = openSync(image, 'w')
  try {
    ftruncateSync(fd, data.length)
    for (const number of sectors) writeSync(fd, sector(data, number), 0, SECTOR, number * SECTOR)
  } finally {
    closeSync(fd)
  }
}

function repairImage(fat: number, when: string): void {
  const repair = runTool('fsck.fat', ['-v', '-a', '-w', image])
  assert.ok(repair.status === 0 || repair.status === 1, `${repair.stdout}${repair.stderr}`)
  // The number is the width of the table's entries: the FAT type.
  assert.match(String(repair.stdout), new RegExp(`\\b${fat} bit entries`))
  const second = runTool('fsck.fat', ['-n', image])
  assert.equal(second.status, 0, `${when}: ${second.stdout}`)
}

/** The least numbers of sectors on which there are such volumes. */
const kinds = [
  { fat: 12, blocks: 400 },
  { fat: 16, blocks: 10_000 },
  { fat: 32, blocks: 67_000 },
]

for (const { fat, blocks } of kinds) {
  const title = `on FAT${fat} a power cut after any number of sectors loses nothing that was synced`
  test(title, { skip: missing('fsck.fat') }, () => {
    const isChosen = chosen(fat)
    const fresh = Buffer.alloc(blocks * SECTOR)
    VfsFat.mkfs(new RamBlockDev(SECTOR, fresh), fat === 32 ? { fat } : {})
    const filled = Array.from({ length: blocks }, (_, number) => number).filter((number) =>
      sector(fresh, number).some((byte) => byte !== 0),
    )
    const data = Buffer.from(fresh)
    const end = runUntilCut(new RamBlockDev(SECTOR, Buffer.from(fresh)), Number.MAX_SAFE_INTEGER).sectors
    // With one more the power outlasts what follows the last write.
    const cuts = Array.from({ length: end + 1 }, (_, index) => index + 1)
    for (const sectors of cuts.filter((cut) => isChosen(cut) || cut > end)) {
      const when = `after ${sectors} sectors`
      const outcome = runUntilCut(new RamBlockDev(SECTOR, data), sectors)
      assert.ok(outcome.done || sectors <= end)
      check(new RamBlockDev(SECTOR, data), outcome, when)
      writeImage(data, new Set([...filled, ...outcome.written]))
      repairImage(fat, when)
      using repaired = new FileBlockDev(image)
      check(repaired, outcome, `${when} and fsck.fat`)
      for (const number of outcome.written) sector(fresh, number).copy(sector(data, number))
    }
    assert.ok(end > 200, `${end} sectors are written`)
  })
}

test('after a temporary error of the device, calls succeed again', () => {
  const device = new RamBlockDev(SECTOR, 400)
  VfsFat.mkfs(device)
  const failing = new Failing(device, Number.MAX_SAFE_INTEGER)
  const fs = new VfsFat(failing)
  write(fs, 'before', text('before', 4000))
  fs.sync()
  for (let sectors = 0; sectors < 12; sectors++) {
    failing.left = sectors
    assert.throws(() => {
      write(fs, 'during', text('during', 9000))
      fs.sync()
    }, /EIO/)
    failing.left = Number.MAX_SAFE_INTEGER
    assert.deepEqual(contents(fs, 'before'), text('before', 4000))
    write(fs, 'after', text('after', 3000))
    assert.deepEqual(contents(fs, 'after'), text('after', 3000))
    fs.remove('after')
    fs.sync()
    assert.deepEqual(contents(new VfsFat(device), 'before'), text('before', 4000))
  }
})
