import assert from 'node:assert/strict'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import * as path from 'osier/path'
import { askNode } from '../support/child.ts'
import { otherRoot } from '../support/emulation.ts'
import { temporaryFolder } from '../support/folder.ts'
import { assertSameAsPython, type PathCall } from '../support/path_calls.ts'
import { noPython } from '../support/python.ts'
import { noSeccomp } from '../support/seccomp.ts'

const root = temporaryFolder()
const at = (name: string): string => `${root}/${name}`

writeFileSync(at('file'), 'abc')
mkdirSync(at('dir'))
symlinkSync('file', at('to_file'))
symlinkSync('dir', at('to_dir'))
symlinkSync('nothing', at('broken'))
symlinkSync('self', at('self'))
symlinkSync('/', at('to_root'))
linkSync(at('file'), at('same'))
os.mkfifo(at('fifo'))
os.mkdir(os.fsencode(at('\udcff')))

const questions = ['exists', 'lexists', 'isfile', 'isdir', 'islink', 'ismount']

const names = [
  ...[
    '',
    '.',
    '..',
    '/',
    '//',
    '/dev/null',
    '/proc',
    '/proc/self',
    '/proc/self/exe',
    '\0',
    'a\0',
    '\ud800',
    'a'.repeat(300),
  ],
  ...[
    'file',
    'dir',
    'to_file',
    'to_dir',
    'broken',
    'self',
    'to_root',
    'same',
    'fifo',
    'nothing',
    'file/',
    'dir/',
    'file/x',
  ].flatMap((name) => [at(name), at(`${name}/`), at(`${name}/..`)]),
  ...[at('\udcff'), at('\udcff/..'), `${at('x'.repeat(3000))}${'/x'.repeat(3000)}`],
]

test('exists, isfile, isdir and islink are right for files of every type', () => {
  const table: Record<string, string> = {
    file: 'exists lexists isfile',
    dir: 'exists lexists isdir',
    to_file: 'exists lexists isfile islink',
    to_dir: 'exists lexists isdir islink',
    broken: 'lexists islink',
    self: 'lexists islink',
    to_root: 'exists lexists isdir islink',
    fifo: 'exists lexists',
    nothing: '',
    'file/x': '',
    '\udcff': 'exists lexists isdir',
  }
  for (const [name, answers] of Object.entries(table)) {
    const { exists, lexists, isfile, isdir, islink, ismount } = path
    for (const given of [at(name), os.fsencode(at(name)), { __fspath__: () => at(name) }]) {
      const asked = Object.entries({ exists, lexists, isfile, isdir, islink, ismount })
      const yes = asked.filter(([, ask]) => ask(given)).map(([question]) => question)
      assert.equal(yes.join(' '), answers, name)
    }
  }
})

test('names that no file can have do not exist', () => {
  for (const name of ['\0', 'a\0b', '\ud800', 'a'.repeat(300), `${root}/${'x/'.repeat(5000)}`]) {
    const { exists, lexists, isfile, isdir, islink, ismount } = path
    for (const ask of [exists, lexists, isfile, isdir, islink, ismount]) assert.equal(ask(name), false, ask.name)
  }
  assert.equal(path.exists(Buffer.from('a\0')), false)
})

test('descriptors are accepted in place of paths', () => {
  const fd = os.open(at('file'), os.O_RDONLY)
  try {
    for (const descriptor of [fd, { fd }, { fileno: () => fd }]) {
      assert.equal(path.exists(descriptor), true)
      assert.equal(path.isfile(descriptor), true)
      assert.equal(path.isdir(descriptor), false)
      assert.equal(path.getsize(descriptor), 3)
      assert.equal(path.samefile(descriptor, at('to_file')), true)
    }
    const lexists = (): unknown => Reflect.apply(path.lexists, undefined, [fd])
    assert.throws(lexists, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => Reflect.apply(path.islink, undefined, [fd]), { name: 'TypeError' })
    assert.throws(() => Reflect.apply(path.ismount, undefined, [fd]), { name: 'TypeError' })
  } finally {
    os.close(fd)
  }
  assert.equal(path.exists(fd), false)
  // AT_FDCWD is no descriptor: with an empty path it would mean the current directory.
  for (const closed of [-1, -100, 2 ** 31 - 1]) assert.equal(path.exists(closed), false, String(closed))
  for (const no of [0.5, 2 ** 31, Number.NaN]) assert.throws(() => path.exists(no), { name: 'RangeError' })
})

test('files in a directory that may not be searched do not exist', (t) => {
  if (process.getuid?.() === 0) return t.skip('root may search every directory')
  mkdirSync(at('closed/in'), { recursive: true })
  chmodSync(at('closed'), 0)
  try {
    assert.equal(path.exists(at('closed')), true)
    assert.equal(path.exists(at('closed/in')), false)
    assert.equal(path.lexists(at('closed/in')), false)
    assert.throws(() => path.getsize(at('closed/in')), os.PermissionError)
  } finally {
    chmodSync(at('closed'), 0o700)
  }
})

test('getsize is exact above 2^53', (t) => {
  let folder: string
  try {
    folder = mkdtempSync('/dev/shm/osier-')
  } catch (error) {
    return t.skip(`no file system for it: ${error}`)
  }
  try {
    const [file, link] = [join(folder, 'large'), join(folder, 'link')]
    writeFileSync(file, '')
    try {
      os.truncate(file, 2n ** 60n)
    } catch (error) {
      return t.skip(`/dev/shm takes no such file: ${error}`)
    }
    symlinkSync('large', link)
    assert.equal(path.exists(file), true)
    assert.equal(path.isfile(link), true)
    assert.equal(path.islink(link), true)
    assert.equal(path.realpath(link, { strict: true }), path.realpath(file))
    assert.equal(path.getsize(file), 2n ** 60n)
    // walk asks only for the type of the link's target, not for its size.
    assert.deepEqual(
      [...os.walk(folder)].map(([, directories]) => directories),
      [[]],
    )
    assert.throws(() => os.makedirs(`${link}/x`, { exist_ok: true }), os.NotADirectoryError)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('getsize, getatime, getmtime and getctime return the values of stat', () => {
  os.utime(at('file'), { ns: [1_000_000_000_500_000_000n, 2_000_000_000_250_000_000n] })
  assert.equal(path.getsize(at('to_file')), 3)
  assert.equal(path.getatime(at('file')), 1_000_000_000.5)
  assert.equal(path.getmtime(Buffer.from(at('file'))), 2_000_000_000.25)
  assert.equal(path.getctime(at('file')), os.stat(at('file')).st_ctime)
  for (const ask of [path.getsize, path.getatime, path.getmtime, path.getctime]) {
    assert.throws(() => ask(at('nothing')), os.FileNotFoundError)
    assert.throws(() => ask('\0'), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
  }
})

test('samefile, sameopenfile and samestat', () => {
  assert.equal(path.samefile(at('file'), at('same')), true)
  assert.equal(path.samefile(at('file'), at('to_file')), true)
  assert.equal(path.samefile(Buffer.from(at('to_dir')), at('dir')), true)
  assert.equal(path.samefile(at('file'), at('dir')), false)
  assert.throws(() => path.samefile(at('file'), at('broken')), os.FileNotFoundError)
  const [first, second, other] = [at('file'), at('same'), at('dir')].map((name) => os.open(name, os.O_RDONLY))
  assert.ok(first !== undefined && second !== undefined && other !== undefined)
  try {
    assert.equal(path.sameopenfile(first, second), true)
    assert.equal(path.sameopenfile(first, { fd: other }), false)
    assert.throws(() => path.sameopenfile(first, -1), { name: 'OSError', code: 'EBADF' })
    assert.throws(() => Reflect.apply(path.sameopenfile, undefined, [first, at('file')]), { name: 'TypeError' })
  } finally {
    for (const fd of [first, second, other]) os.close(fd)
  }
  assert.equal(path.samestat(os.stat(at('file')), os.lstat(at('same'))), true)
  assert.equal(path.samestat(os.stat(at('to_file')), os.lstat(at('to_file'))), false)
  for (const status of [null, undefined, 1, {}, at('file')]) {
    const call = (): unknown => Reflect.apply(path.samestat, undefined, [os.stat('/'), status])
    assert.throws(call, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  }
})

test('ismount returns true for the roots of file systems', { skip: otherRoot }, () => {
  for (const mount of ['/', '//', '/proc', Buffer.from('/proc/')])
    assert.equal(path.ismount(mount), true, String(mount))
  for (const none of [root, at('file'), at('to_root'), at('broken'), at('nothing')]) {
    assert.equal(path.ismount(none), false, none)
  }
})

test('isjunction and isdevdrive return false, except on Windows', () => {
  for (const ask of [path.isjunction, path.isdevdrive]) {
    for (const given of ['/', 'nothing', '\0', Buffer.from('/')]) assert.equal(ask(given), false)
    assert.throws(() => Reflect.apply(ask, undefined, [1]), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  }
})

test('a reentrant conversion of an argument does not change the result', () => {
  // The memory that C writes to belongs to all calls, and converting an argument may make others.
  const reentrant = { __fspath__: () => (path.exists('/nothing') ? '' : at('file')) }
  assert.equal(path.samefile(reentrant, reentrant), true)
  assert.equal(path.isfile(reentrant), true)
  assert.equal(path.getsize(reentrant), 3)
})

describe('as in python3', { skip: noPython }, () => {
  const both = (given: string): unknown[] => (given === '\ud800' ? [given] : [given, os.fsencode(given)])

  for (const question of questions) {
    test(question, { skip: question === 'ismount' && otherRoot }, () => {
      assertSameAsPython(names.flatMap((name) => both(name).map((given): PathCall => [question, given])))
    })
  }

  test('ismount, of every mount that there is', { skip: otherRoot }, () => {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
    assertSameAsPython(mounts.map((mount) => ['ismount', mount]))
  })

  test('getsize, getatime, getmtime and getctime', () => {
    const steady = [at('file'), at('to_file'), at('dir'), at('broken'), at('self'), '', '\0', at('file/x')]
    const calls = ['getsize', 'getatime', 'getmtime', 'getctime'].flatMap((name) =>
      steady.flatMap((given) => both(given).map((one): PathCall => [name, one])),
    )
    assertSameAsPython(calls)
  })

  test('samefile', { skip: otherRoot }, () => {
    const some = [at('file'), at('same'), at('to_file'), at('dir'), at('dir/../file'), at('broken'), '/', at('to_root')]
    assertSameAsPython(some.flatMap((first) => some.map((second): PathCall => ['samefile', first, second])))
  })
})

test('exists works in a sandbox that refuses statx(2)', {
  skip: noSeccomp,
}, () => {
  const outcome = askNode<unknown>(`
    import { forbid } from '${import.meta.resolve('../support/seccomp.js')}'
    forbid('statx', 1)
    const { exists, isdir, realpath } = os.path
    console.log(JSON.stringify([exists('${at('file')}'), isdir('${at('dir')}'), realpath('${at('to_file')}')]))`)
  assert.deepEqual(outcome, [true, true, path.realpath(at('file'))])
})
