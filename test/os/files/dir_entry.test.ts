import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import os from 'osier'
import { onlyNode } from '../../support/runtime.ts'
import { noStrace, traced } from '../../support/strace.ts'
import { files, manyFiles, planter } from '../../support/trees.ts'

const plant = planter()

/** A directory with plain files of these names. */
const placeWith = (...names: readonly string[]): string => plant(files(names))

test('while the directory is open, the status of entries is read relative to it, also if the path changes', () => {
  const top = placeWith()
  os.makedirs(join(top, 'before/target'))
  symlinkSync('target', join(top, 'before/link'))
  using entries = os.scandir(join(top, 'before'))
  const link = [entries.next().value, entries.next().value].find((entry) => entry?.is_symlink())
  os.rename(join(top, 'before'), join(top, 'after'))
  assert.equal(link?.is_dir(), true)
})

test('entries keep their name, inode and status when other directories are read', () => {
  const place = plant(manyFiles(3000))
  const other = placeWith('x')
  const odd = Buffer.from([0x61, 0xff, 0x62])
  os.symlink(Buffer.from('x'), Buffer.concat([Buffer.from(`${other}/`), odd]))
  const numbers = new Map(readdirSync(place).map((name) => [name, statSync(`${place}/${name}`, { bigint: true }).ino]))
  const [outer, inner] = [os.scandir(place), os.scandir(other)]
  const early = outer.next().value
  // Both are open, and only one of them has memory that C reads names in.
  const [first, second] = [inner.next().value, inner.next().value]
  const late = [...outer]
  for (const entry of [early, ...late]) {
    assert.equal(entry?.is_file(), true)
    assert.equal(entry?.inode(), numbers.get(entry?.name ?? ''))
  }
  assert.equal(early?.stat().st_ino, early?.inode())
  assert.equal(late.length, 2999)
  const link = [first, second].find((entry) => entry?.is_symlink())
  assert.equal(os.listdir(place).length, 3000)
  assert.equal(link?.is_file(), true)
  assert.equal(link?.name, 'a\udcffb')
  assert.equal(link?.name, os.fsdecode(odd))
  inner.close()
  assert.equal(link?.stat().st_ino, statSync(`${other}/x`, { bigint: true }).ino)
  const bytes = [...os.scandir(Buffer.from(other))].find((entry) => entry.is_symlink())
  assert.deepEqual(bytes?.name, odd)
  assert.equal(bytes?.name, bytes?.name)
})

test('the status of a link is read relative to the directory of its iterator', () => {
  const places = ['file', 'directory'].map((target) => {
    const place = placeWith('file')
    mkdirSync(`${place}/directory`)
    symlinkSync(target, `${place}/link`)
    return place
  })
  const iterators = places.map((place) => os.scandir(place))
  const entries = iterators.map((iterator) =>
    [iterator.next(), iterator.next(), iterator.next()].map(({ value }) => value),
  )
  const links = entries.map((list) => list.find((entry) => entry?.name === 'link'))
  assert.deepEqual(
    links.map((link) => [link?.is_file(), link?.is_dir()]),
    [
      [true, false],
      [false, true],
    ],
  )
  for (const iterator of iterators) iterator.close()
})

test('is_dir and is_file of entries that are not links make no system call', {
  skip: noStrace || onlyNode('it makes system calls of its own meanwhile'),
}, () => {
  const place = plant(manyFiles(200))
  for (let i = 0; i < 20; i++) mkdirSync(`${place}/directory-${i}`)
  symlinkSync('directory-0', `${place}/link`)
  const calls = traced(`
    const use = () => {
      for (const entry of os.scandir(${JSON.stringify(place)})) {
        entry.is_dir(); entry.is_file(); entry.is_symlink(); entry.inode(); entry.path
        entry.is_dir({ follow_symlinks: false })
      }
    }
    use(); begin(); use(); end()`)
  // C and Node make system calls of their own meanwhile, such as for the number of processors.
  const fd = /= (\d+)$/.exec(calls.find((call) => call.includes(place)) ?? '')?.[1]
  const ours = calls.filter((call) => call.includes(place) || new RegExp(`^\\w+\\(${fd}\\b`).test(call))
  const names = ours.map((call) => call.slice(0, call.indexOf('(')))
  assert.deepEqual(
    names.filter((name) => name !== 'getdents64'),
    ['openat', 'newfstatat', 'close'],
    calls.join('\n'),
  )
  assert.ok(names.length <= 6)
})

test('is_dir and is_file agree with statSync on other file systems', () => {
  for (const path of ['/proc/self', '/dev', '/sys']) {
    if (!existsSync(path)) continue
    for (const entry of os.scandir(path)) {
      if (entry.is_symlink()) continue
      const stats = statSync(entry.path, { throwIfNoEntry: false })
      if (stats === undefined) continue
      assert.equal(entry.is_dir(), stats.isDirectory(), entry.path)
      assert.equal(entry.is_file(), stats.isFile(), entry.path)
    }
  }
})

test('an entry is written as JSON, and cloned by what that has', () => {
  const root = placeWith('caf\u00e9')
  const path = join(root, 'caf\u00e9')
  const wanted = { name: 'caf\u00e9', path, inode: `${os.stat(path).st_ino}` }
  const [entry] = os.scandir(root)
  assert.deepEqual(JSON.parse(JSON.stringify(entry)), wanted)
  assert.deepEqual(structuredClone(entry?.toJSON()), wanted)
  const [inBytes] = os.scandir(os.fsencode(root))
  assert.deepEqual(inBytes?.toJSON().name, Buffer.from('caf\u00e9'))
})
