/** littlefs on flash memory that fails: the power goes after every write, blocks are bad, the device is full. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { vfs } from 'osier/micropython'
import { pattern } from '../../support/fat.ts'
import { FlashMemory, type FlashWrite, replay } from '../../support/flash.ts'
import { sorted, treeOf, write } from '../../support/littlefs.ts'
import { checkLittlefs, type Tree } from '../../support/littlefs_checker.ts'
import { chosen } from '../../support/share.ts'

const { RamBlockDev } = vfs

type Lfs = typeof vfs.VfsLfs1 | typeof vfs.VfsLfs2
type Littlefs = vfs.VfsLfs1 | vfs.VfsLfs2

const geometry = { blockSize: 512, blocks: 80, unit: 32 }

function fresh(Lfs: Lfs, options = geometry): { memory: FlashMemory; fs: Littlefs } {
  const memory = new FlashMemory(options)
  Lfs.mkfs(memory)
  return { memory, fs: new Lfs(memory) }
}

type Step = (fs: Littlefs) => void

const many = Array.from({ length: 14 }, (_, index) => `/d/one of many files, number ${index}`)

/** What is done while the power goes. Each step is one that an application believes done when it has returned. */
const steps: readonly Step[] = [
  (fs) => write(fs, '/small', pattern(40)),
  (fs) => write(fs, '/large', pattern(3000)),
  (fs) => fs.mkdir('/d'),
  (fs) => write(fs, '/d/file', pattern(700, 2)),
  (fs) => write(fs, '/small', pattern(20, 3)),
  (fs) => write(fs, '/large', pattern(900, 4), 'ab'),
  (fs) => write(fs, '/large', pattern(300, 5), 'r+b'),
  (fs) => fs.mkdir('/d/inner'),
  ...many.map(
    (path, index): Step =>
      (fs) =>
        write(fs, path, pattern(index * 5)),
  ),
  (fs) => fs.rename('/small', '/d/inner/moved'),
  (fs) => fs.rename('/d/inner', '/elsewhere'),
  (fs) => fs.rename('/d/file', '/large'),
  (fs) => fs.mkdir('/empty'),
  (fs) => fs.mkdir('/d/a directory in a split one'),
  (fs) => fs.rename('/empty', '/d/a directory in a split one'),
  (fs) => fs.remove('/elsewhere/moved'),
  (fs) => fs.rmdir('/elsewhere'),
  ...many.slice(3).map(
    (path): Step =>
      (fs) =>
        fs.remove(path),
  ),
  (fs) => write(fs, '/large', pattern(10)),
]

interface Run {
  readonly writes: readonly FlashWrite[]
  readonly start: Buffer
  /** What there was when so many writes had been done. */
  readonly states: readonly { readonly after: number; readonly tree: Tree }[]
}

/**
 * Does everything once, and takes down what was written.
 *
 * @param goesBad a block that turns bad before each step; none where it is null
 */
function record(Lfs: Lfs, goesBad: (step: number) => number | null): Run {
  const { memory, fs } = fresh(Lfs)
  const start = Buffer.from(memory.data)
  memory.writes.length = 0
  const states = [{ after: 0, tree: treeOf(fs) }]
  for (const [index, step] of steps.entries()) {
    const block = goesBad(index)
    if (block !== null) memory.bad.set(block, 'says so on erase')
    step(fs)
    states.push({ after: memory.writes.length, tree: treeOf(fs) })
  }
  return { writes: memory.writes, start, states }
}

/** Every file is what it was before the step that was cut short, or what it is after; a new one may be empty. */
function assertBetween(found: Tree, before: Tree, after: Tree, when: string): void {
  for (const [path, data] of before) {
    if (after.has(path) || found.has(path)) {
      const now = found.get(path)
      const same = data === null ? now === null : now?.equals(data)
      const changed = after.get(path)
      assert.ok(same || (changed === null ? now === null : changed && now?.equals(changed)), `${path} ${when}`)
    }
  }
  for (const [path, data] of found) {
    if (before.has(path)) continue
    assert.ok(after.has(path), `${path} ${when}`)
    const wanted = after.get(path)
    assert.ok(data === null || data.length === 0 || wanted?.equals(data), `${path} ${when}`)
  }
  // What is moved is at one of its places.
  const contents = (tree: Tree): number => [...tree.values()].filter((data) => data !== null).length
  const counts = [contents(before), contents(after)]
  assert.ok(contents(found) >= Math.min(...counts), `nothing is lost ${when}`)
  assert.ok(contents(found) <= Math.max(...counts), `nothing is there twice ${when}`)
}

function checkCut(version: 1 | 2, image: Buffer, before: Tree, after: Tree, when: string): void {
  const device = new RamBlockDev(geometry.blockSize, image)
  const fs = version === 1 ? new vfs.VfsLfs1(device) : new vfs.VfsLfs2(device)
  assertBetween(treeOf(fs), before, after, when)
  const kept = treeOf(fs)
  // The next write completes unfinished operations.
  write(fs, '/next', pattern(1000, 9))
  kept.set('/next', pattern(1000, 9))
  assert.deepEqual(sorted(treeOf(fs)), sorted(kept), when)
  assert.deepEqual(sorted(checkLittlefs(image, geometry.blockSize, version)), sorted(kept), when)
}

/** Some work, which may end with an error. @returns what had been stored by then */
function work(fs: Littlefs, rounds: number): Tree {
  const stored: Tree = new Map()
  try {
    for (let round = 0; round < rounds; round++) {
      const path = `/file ${round % 7}`
      stored.delete(path)
      write(fs, path, pattern(round * 37, round))
      stored.set(path, pattern(round * 37, round))
    }
  } catch (error) {
    assert.ok(['ENOSPC', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? ''), String(error))
  }
  return stored
}

for (const [version, Lfs] of [
  [1, vfs.VfsLfs1],
  [2, vfs.VfsLfs2],
] as const) {
  describe(`VfsLfs${version}`, () => {
    test('a power cut after any write loses no stored data, and needs no repair', () => {
      const isChosen = chosen(version)
      const { writes, start, states } = record(Lfs, () => null)
      assert.ok(writes.length > 400, `${writes.length} writes`)
      const image = Buffer.from(start)
      let step = 1
      for (const [count, done] of writes.entries()) {
        while ((states[step]?.after ?? 0) <= count) step += 1
        const [before, after] = [states[step - 1]?.tree, states[step]?.tree]
        assert.ok(before !== undefined && after !== undefined)
        const isCut = isChosen(count)
        // The write itself may have been done in part.
        const torn = Buffer.from(image)
        if (isCut) replay(torn, done, geometry.blockSize, 0.5)
        if (isCut) checkCut(version, torn, before, after, `in the middle of write ${count}`)
        replay(image, done, geometry.blockSize)
        if (isCut) checkCut(version, Buffer.from(image), before, after, `after write ${count}`)
      }
      assert.deepEqual(
        sorted(checkLittlefs(image, geometry.blockSize, version)),
        sorted(states.at(-1)?.tree ?? new Map()),
      )
    })

    test('a power cut while bad blocks are replaced loses no stored data either', () => {
      // Early ones hold directories.
      const isChosen = chosen(10 + version)
      const { writes, start, states } = record(Lfs, (step) => (step % 2 === 0 ? 2 + step / 2 : null))
      const image = Buffer.from(start)
      let step = 1
      for (const [count, done] of writes.entries()) {
        while ((states[step]?.after ?? 0) <= count) step += 1
        replay(image, done, geometry.blockSize)
        const [before, after] = [states[step - 1]?.tree, states[step]?.tree]
        assert.ok(before !== undefined && after !== undefined)
        if (isChosen(count)) checkCut(version, Buffer.from(image), before, after, `after write ${count}`)
      }
    })

    describe('bad blocks', () => {
      for (const kind of ['silent', 'says so on erase', 'says so on program'] as const) {
        test(`a block that ${kind === 'silent' ? 'loses what is written' : kind} is not used`, () => {
          const isChosen = chosen(20 + version)
          for (let block = 2; block < 30; block++) {
            if (!isChosen(block - 2)) continue
            const { memory, fs } = fresh(Lfs, { ...geometry, blocks: 40 })
            memory.bad.set(block, kind)
            const stored = work(fs, 30)
            assert.equal(stored.size, 7)
            assert.deepEqual(sorted(treeOf(new Lfs(memory))), sorted(stored), `block ${block}`)
            assert.deepEqual(sorted(checkLittlefs(memory.data, geometry.blockSize, version)), sorted(stored))
          }
        })
      }

      test('blocks that go bad during use lose no data that is written again', () => {
        const { memory, fs } = fresh(Lfs)
        fs.mkdir('/d')
        const stored = work(fs, 10)
        for (let block = 2; block < 60; block += 3) {
          memory.bad.set(block, 'says so on erase')
          fs.mkdir(`/d/${block}`)
        }
        for (const [path, data] of stored) assert.deepEqual(treeOf(fs).get(path), data)
        assert.equal([...fs.ilistdir('/d')].length, 20)
        assert.equal(checkLittlefs(memory.data, geometry.blockSize, version).size, 28)
      })

      test('if all are bad, the device is full', () => {
        const { memory, fs } = fresh(Lfs)
        write(fs, '/kept', pattern(900))
        for (let block = 0; block < geometry.blocks; block++) memory.bad.set(block, 'silent')
        assert.throws(() => write(fs, '/other', pattern(900)), { code: 'ENOSPC' })
        assert.deepEqual(treeOf(new Lfs(memory)).get('/kept'), pattern(900))
      })
    })

    test('after a temporary error of the device, stored files are intact and calls succeed again', () => {
      const { memory, fs } = fresh(Lfs)
      write(fs, '/before', pattern(2000))
      fs.mkdir('/d')
      for (let writes = 0; writes < 60; writes++) {
        memory.left = writes
        assert.throws(
          () => {
            write(fs, '/d/during', pattern(1500))
            fs.rename('/d/during', '/during')
            fs.mkdir('/d/inner')
            for (let round = 0; round < 9; round++) write(fs, `/round ${round}`, pattern(400))
          },
          { code: 'EIO' },
        )
        memory.left = Number.POSITIVE_INFINITY
        const tree = treeOf(fs)
        assert.deepEqual(tree.get('/before'), pattern(2000))
        for (const path of tree.keys()) if (path.startsWith('/round')) fs.remove(path)
        for (const path of ['/d/during', '/during', '/d/inner']) if (tree.has(path)) fs.remove(path)
        assert.deepEqual([...checkLittlefs(memory.data, geometry.blockSize, version).keys()].sort(), ['/before', '/d'])
      }
    })

    test('a file that is open when the device fails keeps its stored contents, or can still be used', () => {
      const { memory, fs } = fresh(Lfs)
      using file = fs.open('/log', 'wb')
      file.write(pattern(600))
      file.flush()
      memory.left = 3
      assert.throws(() => fs.mkdir('/d'), { code: 'EIO' })
      memory.left = Number.POSITIVE_INFINITY
      file.write(pattern(600, 2))
      file.flush()
      assert.deepEqual(treeOf(new Lfs(memory)).get('/log'), Buffer.concat([pattern(600), pattern(600, 2)]))
      memory.left = 0
      assert.throws(() => file.write(pattern(600)), { code: 'EIO' })
      memory.left = Number.POSITIVE_INFINITY
      assert.throws(() => file.flush(), { code: 'EIO' })
      file.close()
      assert.deepEqual(treeOf(fs).get('/log'), Buffer.concat([pattern(600), pattern(600, 2)]))
    })

    test('a full device loses no data, and removing a file frees space', () => {
      const { memory, fs } = fresh(Lfs, { ...geometry, blocks: 24 })
      const stored: Tree = new Map()
      const fill = (): void => {
        for (let index = 0; ; index++) {
          const path = `/file ${index}`
          write(fs, path, pattern(700, index))
          stored.set(path, pattern(700, index))
        }
      }
      assert.throws(fill, { code: 'ENOSPC' })
      assert.ok(stored.size > 5)
      const tree = treeOf(fs)
      for (const [path, data] of stored) assert.deepEqual(tree.get(path), data)
      assert.throws(() => fs.mkdir('/directory'), { code: 'ENOSPC' })
      assert.throws(() => write(fs, '/file 0', pattern(5000), 'ab'), { code: 'ENOSPC' })
      assert.deepEqual(sorted(treeOf(new Lfs(memory))), sorted(tree))
      fs.remove('/file 1')
      fs.remove('/file 2')
      fs.mkdir('/directory')
      checkLittlefs(memory.data, geometry.blockSize, version)
      assert.equal(treeOf(fs).get('/directory'), null)
    })

    // The first version moves files only, not directories.
    if (version === 2)
      test('wear is leveled: no block is erased much more often than the others', () => {
        const { memory, fs } = fresh(Lfs, { ...geometry, blocks: 32 })
        for (let round = 0; round < 1500; round++) write(fs, '/log', pattern(600, round))
        const erased = new Array<number>(32).fill(0)
        for (const entry of memory.writes)
          if (entry.kind === 'erase') erased[entry.block] = (erased[entry.block] ?? 0) + 1
        const total = erased.reduce((sum, count) => sum + count, 0)
        assert.ok(total > 1500)
        for (const [block, count] of erased.entries())
          assert.ok(count < (total / 32) * 4, `block ${block}: ${count} of ${total}`)
        assert.deepEqual(checkLittlefs(memory.data, geometry.blockSize, version).get('/log'), pattern(600, 1499))
      })
  })
}
