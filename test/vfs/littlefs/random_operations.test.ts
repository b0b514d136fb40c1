import assert from 'node:assert/strict'
import { test } from 'node:test'

import { vfs } from 'osier/micropython'
import { pattern } from '../../support/fat.ts'
import { FlashMemory } from '../../support/flash.ts'
import { sorted, treeOf } from '../../support/littlefs.ts'
import { checkLittlefs, type Tree } from '../../support/littlefs_checker.ts'
import { random } from '../../support/random.ts'

for (const [version, Lfs] of [
  [1, vfs.VfsLfs1],
  [2, vfs.VfsLfs2],
] as const) {
  test(`VfsLfs${version}: random operations have the same results as on a model in memory`, () => {
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
    checkLittlefs(Buffer.from(memory.data), 512, version)
    assert.deepEqual(sorted(treeOf(new Lfs(memory, options))), sorted(model.tree))
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

/** Writes to a file; creates it if it is missing, except for a write at an offset. */
function put(fs: vfs.VfsLfs1 | vfs.VfsLfs2, path: string, data: Buffer, where: Where): void {
  using file = fs.open(path, where === 'anew' ? 'wb' : where === 'end' ? 'ab' : 'r+b')
  if (typeof where === 'number') file.seek(where)
  file.write(data)
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** A model of a file system. */
class Model {
  readonly tree: Tree = new Map()

  /** The entry of a path: null for a directory, undefined if there is none. */
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
