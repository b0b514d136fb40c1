/**
 * Every call on a file system has happened, or has not, and says so: on devices that fail once, for good, in the middle,
 * after the request, in their `sync`, in a block, or are full. What is compared is the whole tree, read by the same object
 * and by a new one, with that before the call, or with that of a twin on a device that never fails.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { vfs } from 'osier/micropython'
import { crc32 } from '../../src/vfs/littlefs/crc.ts'
import { inRepository } from '../../tools/repository.ts'
import { type DeviceRequest, type Failing, FailingDevice, type Fault } from '../support/failing_device.ts'
import { pattern } from '../support/fat.ts'
import { random } from '../support/random.ts'
import { seedOf, share } from '../support/share.ts'

const EIO = 5
/** By this number the driver of a chip says that a block is bad. */
const EILSEQ = 84

type FileSystem = vfs.VfsFat | vfs.VfsLfs1 | vfs.VfsLfs2
type File = vfs.VfsFile<Buffer>

interface Kind {
  readonly name: string
  readonly blockSize: number
  readonly blocks: number
  readonly full: number
  mkfs(device: vfs.BlockDevice): void
  mount(device: vfs.BlockDevice): FileSystem
}

const kinds: readonly Kind[] = [
  {
    name: 'VfsLfs1',
    blockSize: 256,
    blocks: 256,
    full: 40,
    mkfs: (device) => vfs.VfsLfs1.mkfs(device),
    mount: (device) => new vfs.VfsLfs1(device),
  },
  {
    name: 'VfsLfs2',
    blockSize: 256,
    blocks: 256,
    full: 40,
    mkfs: (device) => vfs.VfsLfs2.mkfs(device, { mtime: false }),
    mount: (device) => new vfs.VfsLfs2(device, { mtime: false }),
  },
  {
    name: 'VfsLfs2, tiny blocks',
    blockSize: 128,
    blocks: 200,
    full: 64,
    mkfs: (device) => vfs.VfsLfs2.mkfs(device, { mtime: false }),
    mount: (device) => new vfs.VfsLfs2(device, { mtime: false }),
  },
  {
    name: 'VfsFat, FAT12',
    blockSize: 512,
    blocks: 1200,
    full: 50,
    mkfs: (device) => vfs.VfsFat.mkfs(device),
    mount: (device) => new vfs.VfsFat(device),
  },
  {
    name: 'VfsFat, FAT32',
    blockSize: 512,
    blocks: 67_000,
    full: 0,
    mkfs: (device) => vfs.VfsFat.mkfs(device, { fat: 32 }),
    mount: (device) => new vfs.VfsFat(device),
  },
]

/** Everything there is: the contents of files, null for directories. */
function treeOf(fs: FileSystem, directory = ''): Map<string, string | null> {
  const tree = new Map<string, string | null>()
  for (const [name, type] of fs.ilistdir(directory || '/')) {
    const path = `${directory}/${name}`
    assert.ok(!tree.has(path), `${path} is there once`)
    assert.equal(fs.stat(path)[0], type)
    if (type === 0x4000) {
      tree.set(path, null)
      for (const [below, data] of treeOf(fs, path)) tree.set(below, data)
    } else {
      using file = fs.open(path, 'rb')
      tree.set(path, file.read().toString('latin1'))
    }
  }
  return tree
}

/** A tree in an order that compares well, and with little of each file, so that differences can be read. */
function shown(tree: Map<string, string | null>): unknown[] {
  return [...tree]
    .map(([path, data]) => [path, data === null ? null : `${data.length} bytes, ${crc32(Buffer.from(data, 'latin1'))}`])
    .sort(([one], [other]) => ((one ?? '') < (other ?? '') ? -1 : 1))
}

/** One call, with what it works on: paths, and the one file that is open. */
interface Call {
  readonly name: string
  /** @returns the file that is open then, where that has changed */
  run(fs: FileSystem, open: File | null): File | null | undefined
}

const directories = ['', '', '/d', '/a directory with a long name', '/d/inner']
const names = ['f', 'g', 'one more name that is long enough to need several entries', 'd', 'inner', 'x.txt']

function randomCall(below: (limit: number) => number, isOpen: boolean): Call {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const path = (): string => `${pick(directories)}/${pick([...names, `many ${below(8)}`])}`
  const data = (): Buffer => pattern(pick([0, 3, 30, 200, 700, 1500, 6000]), below(1000))
  if (isOpen && below(3) > 0) {
    const step = below(6)
    if (step === 0) return { name: 'flush', run: (_, file) => void file?.flush() }
    if (step === 1) {
      const offset = below(3000)
      return { name: `seek ${offset}`, run: (_, file) => void file?.seek(offset) }
    }
    if (step < 4) {
      const bytes = data()
      return { name: `write ${bytes.length}`, run: (_, file) => void file?.write(bytes) }
    }
    return { name: 'close', run: (_, file) => file?.close() ?? null }
  }
  const one = path()
  switch (below(isOpen ? 5 : 8)) {
    case 0:
      return { name: `mkdir ${one}`, run: (fs) => void fs.mkdir(one) }
    case 1:
      return { name: `rmdir ${one}`, run: (fs) => void fs.rmdir(one) }
    case 2:
      return { name: `remove ${one}`, run: (fs) => void fs.remove(one) }
    case 3: {
      const other = path()
      return { name: `rename ${one} ${other}`, run: (fs) => void fs.rename(one, other) }
    }
    case 4:
      return { name: 'sync', run: (fs) => void fs.sync() }
    default: {
      const mode = pick(['wb', 'wb', 'ab', 'xb', 'r+b', 'w+b'] as const)
      return { name: `open ${one} ${mode}`, run: (fs) => fs.open(one, mode) }
    }
  }
}

interface Attempt {
  readonly result: File | null
  readonly error: unknown
}

function attempt(call: Call, fs: FileSystem, file: File | null): Attempt {
  try {
    const result = call.run(fs, file)
    return { result: result === undefined ? file : result, error: undefined }
  } catch (error) {
    return { result: file, error }
  }
}

/** Errors of a device, as opposed to those of the caller: a path that is missing, for example. */
function isOfDevice(error: unknown): boolean {
  return ['EIO', 'EILSEQ', 'ENOSPC', 'EACCES'].includes((error as NodeJS.ErrnoException)?.code ?? '')
}

const requests: readonly (readonly DeviceRequest[])[] = [['write', 'erase', 'sync'], ['write', 'erase'], ['sync']]
const ways: readonly Failing[] = ['before', 'half', 'after']

/** Calls of which FAT shows a part where the device fails for good in the middle: nothing in FAT makes them one step. */
const SEVERAL_SECTORS = /^(rename|write|seek|flush|close|sync)/

/** Random calls on a volume whose device fails, and on a twin of it whose device does not. */
class Game {
  readonly #kind: Kind
  readonly device: FailingDevice
  readonly #fs: FileSystem
  readonly #twin: FileSystem
  #file: File | null = null
  #twinFile: File | null = null
  readonly #history: string[] = []
  /** How many calls have failed because of the device. */
  failed = 0
  /** How many have been made though the device failed. */
  made = 0

  constructor(kind: Kind, blocks = kind.blocks) {
    this.#kind = kind
    this.device = new FailingDevice(kind.blockSize, Buffer.alloc(kind.blockSize * blocks, 0xff))
    const healthy = new vfs.RamBlockDev(kind.blockSize, kind.blocks)
    for (const each of [this.device, healthy]) kind.mkfs(each)
    this.#fs = kind.mount(this.device)
    this.#twin = kind.mount(healthy)
    for (const fs of [this.#fs, this.#twin]) {
      for (const directory of directories) if (directory !== '') fs.mkdir(directory)
      for (const [index, name] of ['/f', '/d/f', '/d/inner/g', `/${names[2]}`].entries()) {
        using file = fs.open(name, 'wb')
        file.write(pattern(index * 900, index))
      }
    }
  }

  get isOpen(): boolean {
    return this.#file !== null
  }

  get #isFat(): boolean {
    return this.#fs instanceof vfs.VfsFat
  }

  /** The tree as an object reads it that knows nothing of what has happened. */
  #readAnew(): unknown[] {
    const { blockSize, mount } = this.#kind
    const device = new vfs.RamBlockDev(blockSize, this.device.data)
    // Without `writeblocks`: what only reads changes nothing.
    const reader: vfs.BlockDevice = {
      readblocks: (block, buffer, offset) => device.readblocks(block, buffer, offset),
      ioctl: (op) => (op === 4 || op === 5 ? device.ioctl(op) : 0),
    }
    return shown(treeOf(mount(reader)))
  }

  #readNow(): unknown[] {
    return shown(treeOf(this.#fs))
  }

  /** Makes a call while the device fails in a way, and compares. */
  play(call: Call, fault: Fault | null, seed: number): void {
    const before = this.#readAnew()
    this.device.fail(fault)
    const { result, error } = attempt(call, this.#fs, this.#file)
    const { failures } = this.device
    const how =
      fault === null ? '' : ` (${fault.of.join()} fail ${fault.how}, after ${fault.after}, ${fault.count} times)`
    this.#history.push(`${call.name}${how}: ${error ?? 'made'}`)
    const when = `${this.#kind.name}, seed ${seed}, step ${this.#history.length}:\n${this.#history.slice(-12).join('\n')}`
    const isClosed = this.#file === null || call.name === 'close'
    if (error !== undefined) this.#compareFailed(call, fault, before, isClosed, when)
    else if (failures > 0) this.made += 1
    this.device.fail(null)
    // A sector of which a part is written is no state that a change leaves.
    if (failures > 0 && fault?.how === 'half') this.#settle()
    if (isOfDevice(error)) {
      this.failed += 1
      if (this.#file !== null) this.#forgetFile()
    } else {
      const expected = attempt(call, this.#twin, this.#twinFile)
      assert.equal((expected.error as NodeJS.ErrnoException)?.code, (error as NodeJS.ErrnoException)?.code, when)
      this.#file = result
      this.#twinFile = expected.result
    }
    if (this.#file !== null) return
    const wanted = shown(treeOf(this.#twin))
    assert.deepEqual(this.#readNow(), wanted, `as the twin: ${when}`)
    assert.deepEqual(this.#readAnew(), wanted, `mounted anew, as the twin: ${when}`)
  }

  #compareFailed(call: Call, fault: Fault | null, before: unknown[], isClosed: boolean, when: string): void {
    // While the device still fails.
    if (isClosed) assert.deepEqual(this.#readNow(), before, `now: ${when}`)
    this.device.fail(null)
    if (isClosed) assert.deepEqual(this.#readNow(), before, `healed: ${when}`)
    if (SEVERAL_SECTORS.test(call.name) || fault?.how === 'half') this.#settle()
    // Each file is stored by itself; and what is stored when the device fails to make it permanent, and then refuses all
    // writes, cannot be set back.
    const isDead = call.name === 'flush' && fault?.count !== 1 && fault?.of.includes('sync')
    if (call.name !== 'sync' && !isDead) assert.deepEqual(this.#readAnew(), before, `mounted anew: ${when}`)
  }

  /** The next change on FAT writes first what the device has refused: also to be set back. */
  #settle(): void {
    // A sector may have turned bad meanwhile.
    if (this.#isFat) assert.throws(() => this.#fs.mkdir('/missing directory/new'), /ENOENT|bad block/)
  }

  /** Removes everything, on the device as on the twin. */
  removeAll(): void {
    this.#forgetFile()
    const fs = this.#fs
    for (const path of [...treeOf(fs).keys()].sort().reverse()) {
      if (fs.stat(path)[0] === 0x4000) fs.rmdir(path)
      else fs.remove(path)
    }
    assert.deepEqual(this.#readAnew(), [])
    fs.mkdir('/there is room')
    fs.rmdir('/there is room')
  }

  /** A file that could not be written, or stored, is closed, and the twin brought to what is there then. */
  #forgetFile(): void {
    for (const file of [this.#file, this.#twinFile]) {
      try {
        file?.close()
      } catch {
        // It has failed already.
      }
    }
    this.#file = null
    this.#twinFile = null
    const twin = this.#twin
    const paths = [...treeOf(twin).keys()].sort().reverse()
    for (const path of paths) twin.stat(path)[0] === 0x4000 ? twin.rmdir(path) : twin.remove(path)
    for (const [path, data] of [...treeOf(this.#fs)].sort(([one], [other]) => (one < other ? -1 : 1))) {
      if (data === null) twin.mkdir(path)
      else {
        using copy = twin.open(path, 'wb')
        copy.write(Buffer.from(data, 'latin1'))
      }
    }
  }
}

for (const kind of kinds) {
  describe(kind.name, () => {
    const steps = share(250)
    type FaultOf = (below: (limit: number) => number) => Fault | null

    /** Plays so many calls, each with what `fault` says, or does to the device before. */
    function playAll(game: Game, seed: number, fault: FaultOf, untilFailure = false): void {
      const below = random(seed)
      // As long as the device has not failed, more than usual.
      for (let step = 0; step < steps || (untilFailure && game.failed + game.made === 0); step++) {
        assert.ok(step < 20 * steps, 'the device has failed')
        game.play(randomCall(below, game.isOpen), fault(below), seed)
      }
    }

    for (const of of requests) {
      for (const how of ways) {
        for (const count of [1, Number.POSITIVE_INFINITY]) {
          const title = `${of.join(', ')} failing ${how} ${how === 'half' ? 'done' : 'the request'}, ${count === 1 ? 'once' : 'for good'}`
          test(title, () => {
            const fault: FaultOf = (below) =>
              below(3) === 0 ? null : { of, after: below(of.length === 1 ? 3 : 7), count, how }
            playAll(new Game(kind), seedOf(1), fault, true)
          })
        }
      }
    }

    for (const errno of [EIO, EILSEQ]) {
      test(`blocks that turn bad, and say so by ${errno}`, () => {
        const seed = seedOf(errno)
        const game = new Game(kind)
        playAll(game, seed, (below) => {
          if (below(8) === 0) game.device.bad.set(below(Math.min(kind.blocks, 300)), errno)
          if (game.device.bad.size > 12) game.device.bad.clear()
          return null
        })
      })
    }

    if (kind.full > 0) {
      test('a device that is full, and that removing makes room on', () => {
        const seed = seedOf(3)
        const game = new Game(kind, kind.full)
        for (let index = 0; game.failed === 0; index++) {
          const fill: Call = { name: `open /fill ${index}`, run: (fs) => fs.open(`/fill ${index}`, 'wb') }
          const write: Call = { name: 'write 300', run: (_, file) => void file?.write(pattern(300)) }
          const close: Call = { name: 'close', run: (_, file) => file?.close() ?? null }
          for (const call of [fill, write, close]) if (game.failed === 0) game.play(call, null, seed)
        }
        playAll(game, seed, () => null)
        game.removeAll()
      })
    }

    test('what only reads writes nothing to the device', () => {
      const device = new FailingDevice(kind.blockSize, Buffer.alloc(kind.blockSize * kind.blocks, 0xff))
      kind.mkfs(device)
      const fs = kind.mount(device)
      fs.mkdir('/d')
      using file = fs.open('/d/open', 'wb')
      file.write(pattern(5000))
      const before = Buffer.from(device.data)
      const { all } = device
      // Each of these would fail.
      device.fail({ of: ['write', 'erase', 'sync'], after: 0, count: Number.POSITIVE_INFINITY, how: 'before' })
      fs.stat('/d')
      fs.statvfs('/')
      fs.chdir('/d')
      fs.getcwd()
      assert.equal([...fs.ilistdir('/')].length, 1)
      assert.throws(() => fs.stat('/missing'), { code: 'ENOENT' })
      assert.throws(() => fs.open('/missing'), { code: 'ENOENT' })
      kind.mount(device)
      device.fail(null)
      assert.equal(device.all, all)
      assert.ok(device.data.equals(before))
    })
  })
}

test('a directory is removed on a device where nothing is free, and what comes after that has no room', () => {
  // 64 blocks of 128 bytes, filled by littlefs of the second version.
  const image = gunzipSync(readFileSync(inRepository('test/fixtures/littlefs/osier-full.img.gz')))
  const device = new vfs.RamBlockDev(128, image)
  const fs = new vfs.VfsLfs2(device, { mtime: false })
  const { 3: free } = fs.statvfs()
  const before = shown(treeOf(fs))
  assert.equal(free, 0)
  fs.rmdir('/d5/d1/d5')
  const after = before.filter((entry) => (entry as [string])[0] !== '/d5/d1/d5')
  assert.deepEqual([before.length - after.length, shown(treeOf(fs))], [1, after])
  const again = new vfs.VfsLfs2(device, { mtime: false })
  assert.deepEqual(shown(treeOf(again)), after)
  assert.throws(() => again.rmdir('/d5/d1/d5'), { code: 'ENOENT' })
  // Removing goes on, and makes room.
  for (const path of [...treeOf(again).keys()].sort().reverse()) again.remove(path)
  again.mkdir('/there is room')
})
