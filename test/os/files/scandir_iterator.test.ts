import assert from 'node:assert/strict'
import { existsSync, readdirSync, readlinkSync, renameSync, rmSync } from 'node:fs'
import { describe, test } from 'node:test'
import os from 'osier'
import { askNode } from '../../support/child.ts'
import { openCount } from '../../support/open_files.ts'
import { noSeccomp } from '../../support/seccomp.ts'
import { files, manyFiles, planter } from '../../support/trees.ts'
import { inWorker } from '../../support/worker.ts'

const plant = planter()

/** A directory with plain files of these names. */
const placeWith = (...names: readonly string[]): string => plant(files(names))

describe('the iterator of scandir', () => {
  test('closes at its end, at a break, at a throw, and by close()', () => {
    const place = plant(manyFiles(3000))
    const before = openCount()
    const used = os.scandir(place)
    assert.equal([...used].length, 3000)
    assert.equal(openCount(), before)
    assert.deepEqual(
      [used.next(), used.next()],
      [
        { done: true, value: undefined },
        { done: true, value: undefined },
      ],
    )
    for (const _ of os.scandir(place)) break
    assert.equal(openCount(), before)
    assert.throws(() => {
      for (const entry of os.scandir(place)) throw new Error(entry.name)
    }, /file-with/)
    assert.equal(openCount(), before)
    const [first] = os.scandir(place)
    assert.ok(first?.is_file())
    assert.equal(openCount(), before)
    const closed = os.scandir(place)
    closed.next()
    closed.close()
    closed.close()
    assert.equal(openCount(), before)
    assert.deepEqual([...closed], [])
    const returned = os.scandir(place)
    assert.deepEqual(returned.return(), { done: true, value: undefined })
    assert.deepEqual(returned.next(), { done: true, value: undefined })
    assert.equal(openCount(), before)
  })

  test('is disposed of by `using`', () => {
    const place = placeWith('a')
    const before = openCount()
    const iterator = os.scandir(place)
    assert.equal(iterator[Symbol.iterator](), iterator)
    assert.equal(openCount(), before + 1)
    iterator[Symbol.dispose]()
    assert.equal(openCount(), before)
  })

  test('many iterators can be open and nested', () => {
    const places = [plant(manyFiles(1500)), placeWith('a', 'b', 'c'), plant(manyFiles(700))]
    const iterators = places.map((place) => os.scandir(place))
    const counts = places.map(() => 0)
    for (let running = true; running; ) {
      running = false
      for (const [i, iterator] of iterators.entries()) {
        const { done, value } = iterator.next()
        if (done === true) continue
        assert.ok(existsSync(value.path), value.path)
        counts[i] = (counts[i] ?? 0) + 1
        running = true
      }
    }
    assert.deepEqual(counts, [1500, 3, 700])
    let pairs = 0
    for (const outer of os.scandir(places[1] ?? '')) {
      for (const inner of os.scandir(places[1] ?? '')) pairs += outer.name === inner.name ? 1 : 0
      assert.equal(os.listdir(places[2] ?? '').length, 700)
      assert.ok(outer.stat().st_nlink === 1)
    }
    assert.equal(pairs, 3)
  })

  test('continues when the descriptor that it lists is closed', () => {
    const place = plant(manyFiles(3000))
    const fd = os.open(place, os.O_RDONLY)
    const iterator = os.scandir(fd)
    const seen = new Set([iterator.next().value?.name])
    os.close(fd)
    const other = os.open('/dev/null', os.O_RDONLY)
    for (const entry of iterator) seen.add(entry.name)
    assert.equal(seen.size, 3000)
    os.close(other)
  })

  test('ends when the directory is removed', () => {
    const place = plant(manyFiles(3000))
    const iterator = os.scandir(place)
    const first = iterator.next().value
    rmSync(place, { recursive: true })
    let left = 0
    for (const _ of iterator) left += 1
    assert.ok(first !== undefined && left < 3000)
    assert.equal(first.is_file(), true)
    assert.throws(() => first.stat(), os.FileNotFoundError)
  })

  test('continues when the directory is renamed', () => {
    const place = plant(manyFiles(3000))
    const iterator = os.scandir(place)
    iterator.next()
    renameSync(place, `${place}-renamed`)
    assert.equal([...iterator].length, 2999)
  })

  test('refuses the descriptor of a file, and leaves its offset unchanged', () => {
    const fd = os.open(`${placeWith('file')}/file`, os.O_RDWR)
    os.lseek(fd, 5, os.SEEK_SET)
    for (const call of [os.listdir, os.scandir]) assert.throws(() => call(fd), { code: 'ENOTDIR', filename: fd })
    assert.equal(os.lseek(fd, 0, os.SEEK_CUR), 5)
    os.close(fd)
  })

  test('throws a read error, and is closed by it', { skip: noSeccomp }, () => {
    const place = plant(manyFiles(3000))
    const support = new URL('../../support/seccomp.js', import.meta.url).href
    const outcome = askNode<unknown>(`
      import { forbid } from '${support}'
      import { readdirSync } from 'node:fs'
      const place = ${JSON.stringify(place)}
      const attempt = (call) => { try { return call() } catch (error) { return [error.name, error.code, error.path] } }
      const before = readdirSync('/proc/self/fd').length
      const [iterator, looped] = [os.scandir(place), os.scandir(place)]
      iterator.next()
      const walk = os.walk(place, { onerror: (error) => errors.push(error.code) })
      const errors = []
      forbid('getdents64', 5)
      const rest = attempt(() => [...iterator].length)
      const first = attempt(() => looped.next())
      const ended = [iterator.next().done, looped.next().done]
      const listed = attempt(() => os.listdir(place))
      const walked = [...walk].length
      const fwalked = attempt(() => [...os.fwalk(place)].length)
      // Every descriptor up to the highest that was open has been given back: the next one is the lowest free.
      const fd = os.open('/', os.O_RDONLY)
      console.log(JSON.stringify({ rest, first, ended, listed, walked, errors, fwalked, fds: fd - before }))`)
    const error = ['OSError', 'EIO', place]
    const { fds, ...rest } = outcome as { fds: number }
    assert.deepEqual(rest, {
      rest: error,
      first: error,
      ended: [true, true],
      listed: error,
      walked: 0,
      errors: ['EIO'],
      fwalked: error,
    })
    assert.ok(fds <= 0, `${fds} descriptors are still open`)
  })

  test('is closed with a ResourceWarning when it is garbage-collected', () => {
    const place = placeWith('a', 'b')
    const bytes = placeWith('a', 'b')
    const outcome = askNode<{ warnings: string[][]; open: number }>(
      `
      import { readdirSync, readlinkSync } from 'node:fs'
      const warnings = []
      process.on('warning', (warning) => warnings.push([warning.name, warning.message]))
      const fd = os.open('/', os.O_RDONLY)
      const places = [${JSON.stringify(place)}, Buffer.from(${JSON.stringify(bytes)}), fd]
      ;(() => { for (const place of places) os.scandir(place).next() })()
      // These are not forgotten: used up, left, closed.
      ;(() => { [...os.scandir('/')]; for (const _ of os.scandir('/')) break; os.scandir('/').close() })()
      for (let i = 0; i < 100 && warnings.length < 3; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 10)) }
      os.close(fd)
      const open = readdirSync('/proc/self/fd').filter((fd) => {
        try { return /osier-|^\\/$/.test(readlinkSync('/proc/self/fd/' + fd)) } catch { return false }
      }).length
      console.log(JSON.stringify({ warnings, open, fd }))`,
      { env: { ...process.env, NODE_NO_WARNINGS: '1' }, nodeOptions: ['--expose-gc'] },
    )
    const { warnings, open, fd } = outcome as { warnings: string[][]; open: number; fd: number }
    assert.equal(open, 0)
    assert.deepEqual(
      warnings.sort(),
      [
        ['ResourceWarning', `unclosed scandir iterator of '${place}'`],
        ['ResourceWarning', `unclosed scandir iterator of '${bytes}'`],
        ['ResourceWarning', `unclosed scandir iterator of descriptor ${fd}`],
      ].sort(),
    )
  })
})

test('a worker that ends closes its open iterators', async () => {
  const place = placeWith('a', 'b')
  await inWorker(`
    globalThis.left = [os.scandir(${JSON.stringify(place)}), os.scandir(${JSON.stringify(place)})]
    left[0].next()
    const closed = os.scandir(${JSON.stringify(place)})
    closed.next()
    closed.close()`)
  const open = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === place
    } catch {
      return false
    }
  })
  assert.deepEqual(open, [])
})
