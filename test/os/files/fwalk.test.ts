import assert from 'node:assert/strict'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { afterEach, test } from 'node:test'
import os, { type FwalkOptions } from 'osier'
import { askNode } from '../../support/child.ts'
import { openCount } from '../../support/open_files.ts'
import { askOrdinaryUser, noOrdinaryUser } from '../../support/ordinary_user.ts'
import { askPython, noPython } from '../../support/python.ts'
import { missing } from '../../support/tools.ts'
import { planter, sampleTree } from '../../support/trees.ts'

// Which steps it gives, and in which order, walk.test.ts compares with Python.

const planted = planter()
const home = process.cwd()

afterEach(() => process.chdir(home))

const wrong = <T>(value: unknown): T => value as T

/** The paths of a walk's steps. */
const paths = (walk: Iterable<readonly [path: string, ...unknown[]]>, place: string): string[] =>
  [...walk].map(([path]) => path.slice(place.length))

test('dirfd is open on the directory until the next step', () => {
  const place = planted(sampleTree)
  const before = openCount()
  for (const topdown of [true, false]) {
    const used = new Set<number>()
    for (const [path, directories, files, dirfd] of os.fwalk(place, { topdown })) {
      assert.equal(os.fstat(dirfd).st_ino, os.stat(path).st_ino)
      assert.deepEqual(os.listdir(dirfd).sort(), [...directories, ...files].sort())
      for (const name of files) assert.ok(os.lstat(name, { dir_fd: dirfd }))
      used.add(dirfd)
    }
    for (const dirfd of used) assert.throws(() => os.fstat(dirfd), { code: 'EBADF' })
    assert.equal(openCount(), before)
  }
})

test('top is "." by default, and is relative to dir_fd', () => {
  const place = planted({ a: { b: {} } })
  process.chdir(`${place}/a`)
  assert.deepEqual(paths(os.fwalk(), ''), ['.', './b'])
  assert.deepEqual(paths(os.fwalk({ topdown: false }), ''), ['./b', '.'])
  process.chdir(home)
  const dir_fd = os.open(place, os.O_RDONLY)
  try {
    assert.deepEqual(paths(os.fwalk('a', { dir_fd }), ''), ['a', 'a/b'])
    assert.deepEqual(paths(os.fwalk({ top: 'a', dir_fd }), ''), ['a', 'a/b'])
    assert.deepEqual(
      [...os.fwalk('.', false, null, { dir_fd })].map(([path]) => path),
      ['./a/b', './a', '.'],
    )
    assert.deepEqual(
      [...os.fwalk(Buffer.from('a'), { dir_fd })].map(([path]) => path.toString()),
      ['a', 'a/b'],
    )
  } finally {
    os.close(dir_fd)
  }
  assert.throws(() => [...os.fwalk('a', { dir_fd })], { code: 'EBADF' })
})

test('fwalk throws if top cannot be opened, and yields nothing if top is a file or a link', () => {
  const place = planted({
    a: { b: {} },
    file: 'file',
    link: { link: 'a' },
    broken: { link: 'nowhere' },
    loop: { link: 'loop' },
  })
  const never = (): void => assert.fail('onerror is not for the top')
  assert.throws(() => [...os.fwalk(`${place}/missing`, { onerror: never })], os.FileNotFoundError)
  assert.throws(() => [...os.fwalk(`${place}/missing/x`, { topdown: false })], os.FileNotFoundError)
  assert.deepEqual([...os.fwalk(`${place}/file`, { onerror: never })], [])
  assert.deepEqual([...os.fwalk(`${place}/link`, { onerror: never })], [])
  assert.throws(() => [...os.fwalk(`${place}/broken`, { onerror: never })], os.FileNotFoundError)
  assert.throws(() => [...os.fwalk(`${place}/loop`)], { code: 'ELOOP', syscall: 'open', path: `${place}/loop` })
  assert.deepEqual(paths(os.fwalk(`${place}/link`, { follow_symlinks: true }), place), ['/link', '/link/b'])
  assert.throws(() => [...os.fwalk(`${place}/file`, { follow_symlinks: true })], os.NotADirectoryError)
  assert.throws(() => [...os.fwalk(`${place}/broken`, { follow_symlinks: true })], os.FileNotFoundError)
})

test('arguments are checked by the call, before the first step', () => {
  assert.throws(() => os.fwalk(wrong(3)), { name: 'TypeError', message: /"top"/ })
  assert.throws(() => os.fwalk('.', wrong<FwalkOptions>({ followlinks: true })), { message: /"options"/ })
  assert.throws(() => os.fwalk('.', wrong<FwalkOptions>({ follow_symlinks: 1 })), { message: /"follow_symlinks"/ })
  assert.throws(() => os.fwalk('.', wrong<FwalkOptions>({ dir_fd: 'x' })), { message: /"dir_fd"/ })
  assert.throws(() => os.fwalk('.', wrong<FwalkOptions>({ onerror: {} })), { message: /"onerror"/ })
})

test('the caller chooses the directories to enter by changing dirnames', () => {
  const place = planted({ a: { x: { y: {} } }, b: {}, c: {} })
  const visited: string[] = []
  for (const [path, directories] of os.fwalk(place)) {
    visited.push(path.slice(place.length))
    if (path === place) directories.splice(0, directories.length, 'c', 'a/x')
  }
  assert.deepEqual(visited, ['', '/c', '/a/x', '/a/x/y'])
  const walk = os.fwalk(place)
  walk.next().value?.[1].push(wrong(Buffer.from('b')), wrong({ __fspath__: () => 'c' }))
  assert.deepEqual(paths(walk, place).slice(-2), ['/b', '/c'])
})

test('moved directories do not redirect the walk', () => {
  const outside = planted({ secret: {} })
  const place = planted({ a: { x: { y: {} } }, b: {} })
  const visited: string[] = []
  for (const [path, directories, , dirfd] of os.fwalk(place)) {
    visited.push(path.slice(place.length))
    directories.sort()
    if (path !== `${place}/a`) continue
    renameSync(`${place}/a`, `${place}/moved`)
    symlinkSync(outside, `${place}/a`)
    assert.deepEqual(os.listdir(dirfd), ['x'])
  }
  // By name /a is elsewhere now; by descriptor it is where it was.
  assert.deepEqual(visited, ['', '/a', '/a/x', '/a/x/y', '/b'])
})

test('a directory that becomes a link is not entered', () => {
  const outside = planted({ secret: {} })
  for (const topdown of [true, false]) {
    const place = planted({ a: { x: {} }, b: { y: {} } })
    const walk = os.fwalk(place, { topdown })
    const first = walk.next().value?.[0] ?? ''
    const other = first.startsWith(`${place}/a`) ? 'b' : 'a'
    rmSync(`${place}/${other}`, { recursive: true })
    symlinkSync(outside, `${place}/${other}`)
    assert.ok(paths(walk, place).every((path) => !path.includes('secret') && !path.startsWith(`/${other}`)))
  }
})

test('break and throw close all descriptors', () => {
  const place = planted(sampleTree)
  const before = openCount()
  for (const topdown of [true, false]) {
    for (const top of [place, Buffer.from(place)]) {
      for (const _ of os.fwalk(top, { topdown })) break
      assert.throws(() => {
        for (const _ of os.fwalk(top, { topdown })) throw new Error('enough')
      }, /enough/)
      const walk = os.fwalk(top, { topdown })
      for (let i = 0; i < 4; i++) walk.next()
      walk.return()
      assert.deepEqual(walk.next(), { done: true, value: undefined })
    }
  }
  const bad = os.fwalk(place)
  bad.next().value?.[1].push(wrong(5))
  assert.throws(() => bad.next(), { name: 'TypeError', message: /"dirnames"/ })
  assert.equal(openCount(), before)
})

test('a top that may not be read throws, also if it is a file or a link, as in Python', {
  skip: noPython || noOrdinaryUser,
}, (t) => {
  const place = planted({ file: 'file', closed: {}, fileLink: { link: 'file' }, link: { link: 'closed' } })
  os.chmod(place, 0o755)
  for (const name of ['file', 'closed']) os.chmod(`${place}/${name}`, 0)
  // An ordinary user could not remove it.
  t.after(() => os.chmod(`${place}/closed`, 0o700))
  const tops = ['file', 'closed', 'fileLink', 'link'].map((name) => `${place}/${name}`)
  const found = askOrdinaryUser<unknown>(`
    const outcome = (walk) => { try { walk(); return null } catch (error) { return error.code } }
    const promises = await import('${import.meta.resolve('osier/promises')}')
    const codes = []
    for (const top of ${JSON.stringify(tops)}) {
      const later = promises.fwalk(top).next().then(() => null, ({ code }) => code)
      codes.push([outcome(() => [...os.fwalk(top)]), await later])
    }
    console.log(JSON.stringify(codes))`)
  const program = `
import errno, json, os, sys
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
def outcome(top):
    try:
        list(os.fwalk(top))
    except OSError as error:
        return errno.errorcode[error.errno]
print(json.dumps([[outcome(top)] * 2 for top in sys.argv[1:]]))`
  assert.deepEqual(found, askPython(program, { args: tops }))
  assert.deepEqual(found, Array(4).fill(['EACCES', 'EACCES']))
})

test('without free descriptors the error goes to onerror', { skip: missing('prlimit') }, () => {
  const place = planted({})
  const outcome = askNode<unknown>(`
    import { execFileSync } from 'node:child_process'
    process.chdir(${JSON.stringify(place)})
    const depth = 60
    os.makedirs(Array.from({ length: depth }, () => 'd').join('/'))
    const lowestFree = () => { const fd = os.open('/', os.O_RDONLY); os.close(fd); return fd }
    execFileSync('true')
    const free = lowestFree()
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=' + (free + 20)])
    const errors = []
    const steps = [...os.fwalk('.', { onerror: (error) => errors.push(error.code) })].length
    const walked = [...os.walk('.')].length
    console.log(JSON.stringify({ errors, walked, isCut: steps > 5 && steps <= 20, left: lowestFree() - free }))`)
  assert.deepEqual(outcome, { errors: ['EMFILE'], walked: 61, isCut: true, left: 0 })
})

test('a tree deeper than PATH_MAX is walked', () => {
  const place = planted({})
  const part = 'deep-'.repeat(40)
  const depth = 60
  const outcome = askNode<unknown>(`
    process.chdir(${JSON.stringify(place)})
    let fd = os.open('.', os.O_RDONLY)
    for (let i = 0; i < ${depth}; i++) {
      os.mkdir('${part}', { dir_fd: fd })
      const next = os.open('${part}', os.O_RDONLY, { dir_fd: fd })
      os.close(fd)
      fd = next
    }
    os.close(os.open('file', os.O_CREAT, { dir_fd: fd }))
    os.close(fd)
    const errors = []
    const byName = [...os.walk('.', { onerror: (error) => errors.push(error.code) })].length
    const steps = [...os.fwalk('.')]
    const last = steps.at(-1)
    for (const [, directories, files, dirfd] of os.fwalk('.', { topdown: false })) {
      for (const name of files) os.unlink(name, { dir_fd: dirfd })
      for (const name of directories) os.rmdir(name, { dir_fd: dirfd })
    }
    console.log(JSON.stringify([byName < 30, errors, steps.length, last[0].length, last[2], os.listdir()]))`)
  assert.deepEqual(outcome, [true, ['ENAMETOOLONG'], depth + 1, 1 + depth * (part.length + 1), ['file'], []])
})
