import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import os, { type DirEntry } from 'osier'
import { openCount } from '../../support/open_files.ts'
import { askOrdinaryUser, noOrdinaryUser } from '../../support/ordinary_user.ts'
import { noPython } from '../../support/python.ts'
import { lossyNames, ownSignals } from '../../support/runtime.ts'
import { files, manyFiles, planter } from '../../support/trees.ts'
import { inWorker } from '../../support/worker.ts'

const plant = planter()

/** A directory with plain files of these names. */
const placeWith = (...names: readonly string[]): string => plant(files(names))
const wrong = <T>(value: unknown): T => value as T
const scanned = (path: string): DirEntry<string>[] => [...os.scandir(path)]

test('every listing returns names with every byte', { skip: lossyNames }, () => {
  const place = plant({})
  const names: Buffer[] = []
  for (let byte = 1; byte < 256; byte++) if (byte !== 0x2f && byte !== 0x2e) names.push(Buffer.from([byte]))
  for (let byte = 1; byte < 256; byte++) if (byte !== 0x2f) names.push(Buffer.from([0x61, byte, 0x62]))
  for (const name of names) closeSync(openSync(Buffer.concat([Buffer.from(`${place}/`), name]), 'w'))
  const expected = names.map((name) => name.toString('latin1')).sort()
  const latin1 = (list: readonly Uint8Array[]): string[] =>
    list.map((name) => Buffer.from(name).toString('latin1')).sort()
  assert.deepEqual(latin1(os.listdir(Buffer.from(place))), expected)
  assert.deepEqual(latin1(os.listdir(place).map((name) => os.fsencode(name))), expected)
  assert.deepEqual(latin1([...os.scandir(Buffer.from(place))].map((entry) => entry.name)), expected)
  assert.deepEqual(latin1(scanned(place).map((entry) => os.fsencode(entry.name))), expected)
  for (const entry of os.scandir(place)) assert.equal(os.stat(entry).st_ino, entry.inode())
  for (const entry of os.scandir(Buffer.from(place))) assert.equal(entry.stat().st_ino, entry.inode())
  for (const name of os.listdir(place)) os.unlink(`${place}/${name}`)
  assert.deepEqual(readdirSync(place), [])
})

test('every listing returns names of every length, in all scripts', () => {
  const lengths = Array.from({ length: 255 }, (_, i) => 'n'.repeat(i + 1))
  const others = [
    'ünïcödé',
    '漢字',
    '🦀'.repeat(60),
    '\u2028',
    '\ufffd',
    '\ufeffbom',
    '...',
    '.hidden',
    'é'.normalize('NFD'),
  ]
  const place = placeWith(...lengths, ...others)
  assert.deepEqual(os.listdir(place).sort(), [...lengths, ...others].sort())
})

describe('listdir', () => {
  test('accepts a path of any kind, a descriptor, or no argument', async () => {
    const place = placeWith('a', 'b')
    const sorted = (names: readonly (string | Uint8Array)[]): unknown[] => [...names].sort()
    const fd = os.open(place, os.O_RDONLY)
    try {
      for (const path of [
        place,
        `${place}/`,
        pathToFileURL(place),
        { __fspath__: () => place },
        fd,
        { fd },
        { path: place },
      ]) {
        assert.deepEqual(sorted(os.listdir(wrong<string>(path))), ['a', 'b'])
      }
      for (const path of [
        Buffer.from(place),
        new Uint8Array(Buffer.from(place)),
        { __fspath__: () => Buffer.from(place) },
      ]) {
        assert.deepEqual(sorted(os.listdir(wrong<Buffer>(path))), [Buffer.from('a'), Buffer.from('b')])
      }
    } finally {
      os.close(fd)
    }
    const home = process.cwd()
    process.chdir(place)
    try {
      assert.deepEqual(
        [sorted(os.listdir()), sorted(os.listdir(wrong(null)))],
        [
          ['a', 'b'],
          ['a', 'b'],
        ],
      )
      assert.deepEqual(sorted(os.listdir({})), ['a', 'b'])
    } finally {
      process.chdir(home)
    }
    assert.deepEqual(await inWorker(`return os.listdir(${JSON.stringify(place)}).sort()`), ['a', 'b'])
  })

  test('errors have the path, and leak no descriptor', { skip: ownSignals }, () => {
    const place = placeWith('file')
    const before = openCount()
    assert.throws(() => os.listdir(`${place}/no`), {
      name: 'FileNotFoundError',
      syscall: 'listdir',
      path: `${place}/no`,
    })
    assert.throws(() => os.listdir(`${place}/file`), { name: 'NotADirectoryError', errno: 20 })
    assert.throws(() => os.listdir(''), os.FileNotFoundError)
    assert.throws(() => os.listdir(-1), { code: 'EBADF', filename: -1 })
    assert.throws(() => os.listdir(9999), { code: 'EBADF', filename: 9999 })
    assert.throws(() => os.listdir('a\0'), { name: 'RangeError', message: /NUL/ })
    assert.throws(() => os.listdir(1.5), { name: 'RangeError', message: /"path"/ })
    assert.throws(() => os.listdir(wrong(true)), { name: 'TypeError', message: /"path"/ })
    assert.throws(() => os.listdir(wrong({ paht: '.' })), { name: 'TypeError', message: /"options"/ })
    assert.throws(() => (os.listdir as (...args: unknown[]) => unknown)('.', '.'), {
      name: 'TypeError',
      message: /"options"/,
    })
    const fd = os.open(`${place}/file`, os.O_RDONLY)
    try {
      assert.throws(() => os.listdir(fd), os.NotADirectoryError)
    } finally {
      os.close(fd)
    }
    assert.equal(openCount(), before)
  })

  test('throws for a directory without permission', { skip: noOrdinaryUser }, () => {
    const place = placeWith('a')
    os.chmod(place, 0o311)
    const outcome = askOrdinaryUser(`
      const attempt = (call) => { try { call(); return 'done' } catch (error) { return error.name } }
      console.log(JSON.stringify([
        attempt(() => os.listdir(${JSON.stringify(place)})), attempt(() => os.scandir(${JSON.stringify(place)}))]))`)
    os.chmod(place, 0o755)
    assert.deepEqual(outcome, ['PermissionError', 'PermissionError'])
  })

  test('lists a descriptor repeatedly, with every function', () => {
    const place = plant(manyFiles(2000))
    const fd = os.open(place, os.O_RDONLY)
    try {
      for (let i = 0; i < 3; i++) assert.equal(os.listdir(fd).length, 2000)
      assert.equal([...os.scandir(fd)].length, 2000)
      for (const _ of os.scandir(fd)) break
      assert.equal(os.listdir(fd).length, 2000)
    } finally {
      os.close(fd)
    }
  })
})

test('a directory with 100 000 entries is listed completely', () => {
  const place = plant({})
  const program = 'import os, sys\nfor i in range(100_000): os.close(os.open(f"{sys.argv[1]}/{i}", os.O_CREAT))'
  if (noPython) for (let i = 0; i < 100_000; i++) closeSync(openSync(`${place}/${i}`, 'w'))
  else execFileSync('python3', ['-c', program, place])
  const isRight = (names: Iterable<string>): boolean => new Set(names).size === 100_000
  assert.ok(isRight(os.listdir(place)))
  assert.ok(isRight([...os.scandir(place)].map((entry) => entry.name)))
  assert.ok(isRight([...os.walk(place)].flatMap(([, , files]) => files)))
  assert.equal(os.listdir(Buffer.from(place)).length, 100_000)
})
