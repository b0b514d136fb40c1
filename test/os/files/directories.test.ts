import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import os, { type Path } from 'osier'
import { assertSameAsPython, type Step } from '../../support/calls.ts'
import { askNode } from '../../support/child.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { askOrdinaryUser, noOrdinaryUser } from '../../support/ordinary_user.ts'
import { noPython } from '../../support/python.ts'
import { lossyNames } from '../../support/runtime.ts'

const folder = temporaryFolder()

const home = process.cwd()

let count = 0

let place = ''

/** Every test works in an empty directory of its own, with a umask of its own. */
beforeEach(() => {
  place = join(folder, `place-${count++}`)
  mkdirSync(place)
  process.chdir(place)
  process.umask(0o022)
})

afterEach(() => process.chdir(home))

/** The rule that a value be of a type is for the compiler; here it is broken. */
const wrong = <T>(value: unknown): T => value as T

const modeOf = (path: string): number => statSync(path).mode & 0o7777

const isDirectory = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()

/** The names for which the calls of this chapter must work, each with the bytes that the system sees. */
function names(): [name: Path, bytes: Buffer][] {
  const latin1 = Buffer.from('caf\xe9\xff', 'latin1')
  const pathLike = { __fspath__: () => 'path like' }
  return [
    ['plain', Buffer.from('plain')],
    ['ünï 漢字 🦀', Buffer.from('ünï 漢字 🦀')],
    [Buffer.from(latin1), latin1],
    ['caf\udce9\udcfe', Buffer.from('caf\xe9\xfe', 'latin1')],
    [new Uint8Array([0x61, 0x80]), Buffer.from([0x61, 0x80])],
    [pathToFileURL(join(place, 'by url')), Buffer.from('by url')],
    [pathLike, Buffer.from('path like')],
    [' \n\t*?', Buffer.from(' \n\t*?')],
  ]
}

/** The names in the current directory, as bytes. */
const present = (): string[] =>
  readdirSync('.', { encoding: 'buffer' })
    .map((name) => name.toString('latin1'))
    .sort()

describe('mkdir and rmdir', () => {
  test('make and remove directories with names of every kind', { skip: lossyNames }, () => {
    const all = names()
    for (const [name] of all) os.mkdir(name)
    assert.deepEqual(present(), all.map(([, bytes]) => bytes.toString('latin1')).sort())
    for (const [name] of all) os.rmdir(name)
    assert.deepEqual(present(), [])
  })

  test('the mode is 0o777 or the given one, without the bits of the umask', () => {
    for (const umask of [0, 0o022, 0o077]) {
      process.umask(umask)
      os.mkdir('default')
      os.mkdir('position', 0o751)
      os.mkdir('name', { mode: 0o1777 })
      assert.equal(modeOf('default'), 0o777 & ~umask)
      assert.equal(modeOf('position'), 0o751 & ~umask)
      assert.equal(modeOf('name'), 0o1777 & ~umask)
      for (const name of ['default', 'position', 'name']) os.rmdir(name)
    }
  })

  test('a relative path is relative to dir_fd', () => {
    mkdirSync('inner')
    const dir_fd = os.open('inner', os.O_RDONLY)
    try {
      os.mkdir('a', { dir_fd })
      os.mkdir('b', 0o700, { dir_fd })
      os.mkdir('c', { mode: 0o711, dir_fd: { fileno: () => dir_fd } })
      os.mkdir(join(place, 'absolute'), { dir_fd })
      os.mkdir('here', { dir_fd: null })
      assert.deepEqual(present(), ['absolute', 'here', 'inner'])
      assert.deepEqual(readdirSync('inner').sort(), ['a', 'b', 'c'])
      assert.deepEqual([modeOf('inner/b'), modeOf('inner/c')], [0o700, 0o711])
      os.rmdir('a', { dir_fd })
      assert.deepEqual(readdirSync('inner').sort(), ['b', 'c'])
    } finally {
      os.close(dir_fd)
    }
    assert.throws(() => os.mkdir('x', { dir_fd }), { code: 'EBADF', syscall: 'mkdir', path: 'x' })
  })

  test('errors have the code and the path', () => {
    mkdirSync('full/inner', { recursive: true })
    writeFileSync('file', '')
    const mkdir = (path: Path) => () => os.mkdir(path)
    const rmdir = (path: Path) => () => os.rmdir(path)
    assert.throws(mkdir('full'), { name: 'FileExistsError', code: 'EEXIST', errno: 17, syscall: 'mkdir', path: 'full' })
    assert.throws(mkdir('full'), os.FileExistsError)
    assert.throws(mkdir('no/x'), { name: 'FileNotFoundError', message: /^ENOENT: .*, mkdir 'no\/x'$/ })
    assert.throws(mkdir('file/x'), { name: 'NotADirectoryError', filename: 'file/x' })
    assert.throws(mkdir(''), { code: 'ENOENT' })
    assert.throws(mkdir('n'.repeat(256)), { code: 'ENAMETOOLONG', name: 'OSError' })
    assert.throws(mkdir(Buffer.from('full')), { filename: Buffer.from('full'), path: 'full' })
    assert.throws(rmdir('full'), { name: 'OSError', code: 'ENOTEMPTY', syscall: 'rmdir', path: 'full' })
    assert.throws(rmdir('file'), os.NotADirectoryError)
    assert.throws(rmdir('no'), os.FileNotFoundError)
    assert.throws(rmdir('full/.'), { code: 'EINVAL' })
  })

  test('arguments are checked before the system call', () => {
    for (const bad of [undefined, null, 5, true, {}, [], ['a']]) {
      assert.throws(() => os.mkdir(wrong(bad)), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: /"path"/ })
      assert.throws(() => os.rmdir(wrong(bad)), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message: /"path"/ })
    }
    for (const path of ['a\0b', Buffer.from('a\0b'), '\0']) {
      assert.throws(() => os.mkdir(path), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE', message: /NUL/ })
      assert.throws(() => os.rmdir(path), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE', message: /NUL/ })
    }
    assert.throws(() => os.mkdir('\ud800'), { name: 'RangeError', message: /lone surrogate at index 0/ })
    assert.throws(() => os.mkdir('a', wrong('x')), { name: 'TypeError', message: /"mode"/ })
    assert.throws(() => os.mkdir('a', 1.5), { name: 'RangeError', message: /"mode"/ })
    assert.throws(() => os.mkdir('a', 0o777, wrong({ mode: 0o700 })), { name: 'TypeError', message: /"mode"/ })
    assert.throws(() => os.mkdir('a', wrong({ modus: 1 })), { name: 'TypeError', message: /"options"/ })
    assert.throws(() => os.mkdir('a', wrong({ dir_fd: 'x' })), { name: 'TypeError', message: /"dir_fd"/ })
    assert.throws(() => os.rmdir('a', wrong({ mode: 1 })), { name: 'TypeError', message: /"options"/ })
    assert.deepEqual(present(), [])
  })

  test('a missing permission is a PermissionError', { skip: noOrdinaryUser }, () => {
    os.mkdir('closed', 0o555)
    os.chmod(folder, 0o755)
    os.chmod(place, 0o555)
    const outcome = askOrdinaryUser<string[]>(`
      const attempt = (call) => { try { call(); return 'done' } catch (error) { return error.name + ' ' + error.errno } }
      const closed = ${JSON.stringify(join(place, 'closed'))}
      console.log(JSON.stringify([
        attempt(() => os.mkdir(closed + '/x')),
        attempt(() => os.rmdir(closed)),
        attempt(() => os.makedirs(closed + '/x/y')),
        attempt(() => os.makedirs(closed, { exist_ok: true })),
      ]))`)
    os.chmod(place, 0o755)
    const denied = 'PermissionError 13'
    assert.deepEqual(outcome, [denied, denied, denied, 'done'])
  })
})

describe('makedirs', () => {
  test('makes the missing directories, all subject to the umask', () => {
    process.umask(0o027)
    os.makedirs('a/b/c/d')
    for (const path of ['a', 'a/b', 'a/b/c', 'a/b/c/d']) assert.equal(modeOf(path), 0o750, path)
    os.makedirs('a/b/x/y', 0o700)
    assert.deepEqual(['a/b/x', 'a/b/x/y'].map(modeOf), [0o750, 0o700])
    os.makedirs('m/n', { mode: 0o711 })
    assert.deepEqual(['m', 'm/n'].map(modeOf), [0o750, 0o710])
  })

  test('accepts names of every kind', () => {
    for (const [name, bytes] of names()) {
      const above = Buffer.concat([bytes, Buffer.from('/sub')])
      if (name instanceof Uint8Array) os.makedirs(above)
      else os.makedirs(os.fsdecode(above))
      assert.ok(os.stat(above), String(name))
    }
    os.makedirs(pathToFileURL(join(place, 'url', 'deep')))
    assert.ok(isDirectory('url/deep'))
  })

  test('trailing and doubled slashes, and a final dot, are accepted', () => {
    os.makedirs('a//b/')
    os.makedirs('c/d/.')
    os.makedirs('e/f///')
    os.makedirs(Buffer.from('g/h/.'))
    os.makedirs(`${place}/i//j`)
    os.makedirs('k/../l/m')
    for (const path of ['a/b', 'c/d', 'e/f', 'g/h', 'i/j', 'k', 'l/m']) assert.ok(isDirectory(path), path)
    assert.throws(() => os.makedirs('a/b/.'), os.FileExistsError)
    os.makedirs('a/b/.', { exist_ok: true })
    assert.throws(() => os.makedirs(''), os.FileNotFoundError)
    assert.throws(() => os.makedirs('/'), os.FileExistsError)
    os.makedirs('/', { exist_ok: true })
  })

  test('exist_ok accepts an existing directory, and no other file', () => {
    os.makedirs('a/b')
    writeFileSync('a/file', '')
    symlinkSync('b', 'a/link')
    symlinkSync('nowhere', 'a/broken')
    assert.throws(() => os.makedirs('a/b'), { name: 'FileExistsError', path: 'a/b', syscall: 'mkdir' })
    assert.throws(() => os.makedirs('a/b', 0o777, false), os.FileExistsError)
    os.makedirs('a/b', 0o777, true)
    os.makedirs('a/b', 0o777, { exist_ok: true })
    os.makedirs('a/b', { exist_ok: true })
    os.makedirs('a/link', { exist_ok: true })
    assert.throws(() => os.makedirs('a/file', { exist_ok: true }), os.FileExistsError)
    assert.throws(() => os.makedirs('a/broken', { exist_ok: true }), os.FileExistsError)
    assert.throws(() => os.makedirs('a/file/x', { exist_ok: true }), os.NotADirectoryError)
    assert.throws(() => os.makedirs('a/broken/x', { exist_ok: true }), os.FileNotFoundError)
  })

  test('arguments are checked before a directory is made', () => {
    assert.throws(() => os.makedirs(wrong(7)), { name: 'TypeError', message: /"name"/ })
    assert.throws(() => os.makedirs('x/y', wrong('a')), { name: 'TypeError', message: /"mode"/ })
    assert.throws(() => os.makedirs('x/y', 0o777, wrong(1)), { name: 'TypeError', message: /"exist_ok"/ })
    assert.throws(() => os.makedirs('x/y', wrong({ dir_fd: 3 })), { name: 'TypeError', message: /"options"/ })
    assert.throws(() => os.makedirs('x/y\0'), { name: 'RangeError', message: /NUL/ })
    assert.deepEqual(present(), [])
  })

  test('succeeds in all processes that make the same directories at the same time', async () => {
    const program = `
      import os from 'osier'
      for (let i = 0; i < 150; i++) os.makedirs(['race', i % 7, i, 'x', 'y', 'z'].join('/'), { exist_ok: true })`
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', program.replace("'osier'", specifier())], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    )
    const exits = await Promise.all(children.map((child) => once(child, 'exit')))
    assert.deepEqual(exits, [
      [0, null],
      [0, null],
      [0, null],
    ])
    assert.equal(readdirSync('race', { recursive: true }).length, 7 + 150 * 4)
  })
})

/** The package's address: in a temporary folder its name means nothing. */
const specifier = (): string => JSON.stringify(import.meta.resolve('osier'))

describe('removedirs', () => {
  test('removes empty directories from the last one upwards, and stops at the first that is not empty', () => {
    os.makedirs('a/b/c/d')
    writeFileSync('a/file', '')
    os.removedirs('a/b/c/d')
    assert.deepEqual(readdirSync('a'), ['file'])
    os.makedirs('x/y/z')
    os.removedirs('x//y/z/')
    assert.deepEqual(present(), ['a'])
    os.makedirs('p/q')
    os.removedirs(Buffer.from('p/q'))
    assert.deepEqual(present(), ['a'])
  })

  test('throws only if the last directory cannot be removed', () => {
    os.makedirs('a/b')
    writeFileSync('a/b/file', '')
    assert.throws(() => os.removedirs('a/b'), { code: 'ENOTEMPTY', path: 'a/b', syscall: 'rmdir' })
    assert.throws(() => os.removedirs('a/no'), os.FileNotFoundError)
    assert.throws(() => os.removedirs(wrong(1)), { name: 'TypeError', message: /"name"/ })
    assert.ok(existsSync('a/b/file'))
  })

  test('does not remove a directory that the path does not name', () => {
    os.makedirs('a/b')
    process.chdir('a')
    os.removedirs('b')
    assert.ok(isDirectory(join(place, 'a')))
  })
})

describe('renames', () => {
  test('makes the parents of the new path, and removes the emptied parents of the old one', () => {
    os.makedirs('a/b/c')
    writeFileSync('a/b/c/file', 'text')
    os.renames('a/b/c/file', 'x/y/file')
    assert.deepEqual(present(), ['x'])
    assert.equal(statSync('x/y/file').size, 4)
    writeFileSync('x/keep', '')
    os.renames(Buffer.from('x/y/file'), Buffer.from('z'))
    assert.deepEqual([present(), readdirSync('x')], [['x', 'z'], ['keep']])
    os.renames('x', 'deep/er')
    assert.deepEqual(readdirSync('deep/er'), ['keep'])
    // As in Python, a slash at the end leaves no last component, so nothing is made or removed above it.
    assert.throws(() => os.renames('deep/er', 'no/where/'), os.FileNotFoundError)
    os.renames('deep/er/', 'er')
    assert.deepEqual(readdirSync('deep'), [])
  })

  test('leaves the directories that it made if the rename fails', () => {
    assert.throws(() => os.renames('no', 'new/er/x'), { name: 'FileNotFoundError', syscall: 'rename', path: 'no' })
    assert.ok(isDirectory('new/er'))
    assert.throws(() => os.renames(wrong(1), 'x'), { name: 'TypeError', message: /"old"/ })
    assert.throws(() => os.renames('x', wrong(1)), { name: 'TypeError', message: /"new"/ })
  })
})

test('mkdir, makedirs, rmdir, removedirs and renames behave as Python’s', { skip: noPython }, () => {
  const raw = { bytes: 'ff80' }
  const steps: Step[] = [
    ...([0o777, 0o700, 0o1755, 0, 0o7777, -1] as const).flatMap((mode): Step[] => [
      ['mkdir', 'a', mode],
      ['rmdir', 'a'],
    ]),
    ...(['a/b/c', 'a//b', 'a/b/', 'a/b/.', './a', 'a/./b', '', '.', '/', '..', '/proc/x/y'] as const).flatMap(
      (path): Step[] => [
        ['makedirs', path],
        ['makedirs', path],
        ['makedirs', path, 0o777, true],
        ['removedirs', path],
        ['removedirs', path],
        ['listdir', '.'],
      ],
    ),
    ['makedirs', { bytes: '612f622f63' }],
    ['removedirs', { bytes: '612f622f63' }],
    ['mkdir', raw],
    ['listdir', '.'],
    ['listdir', { bytes: '2e' }],
    ['rmdir', raw],
    ['makedirs', 'from/deep/er'],
    ['renames', 'from/deep/er', 'to/the/end'],
    ['listdir', '.'],
    ['renames', 'to/the/end', 'to/other'],
    ['listdir', 'to'],
    ['renames', 'to/other', 'to/other/below'],
    ['renames', 'none', 'to/be/made'],
    ['removedirs', 'to/be'],
    ['removedirs', 'to/other'],
    ['listdir', '.'],
    ['mkdir', 1],
    ['mkdir', 'a', 'b'],
    ['mkdir', 'a\u0000b'],
    ['makedirs', 'a', 'b'],
    ['rmdir'],
    ['listdir', '.'],
  ]
  assertSameAsPython(steps, { cwd: place })
})

test('audit events are raised before the call, and a hook can prevent it', () => {
  const heard = askNode<unknown>(`
    os.chdir(${JSON.stringify(place)})
    const heard = []
    let veto = false
    os.addaudithook((event, args) => {
      if (veto) throw new Error('no ' + event)
      if (event.startsWith('os.')) heard.push([event, ...args])
    })
    os.mkdir('a'); os.mkdir('a/b', 0o700); os.makedirs('c/d', 0o711); os.chdir('a'); os.chdir('..')
    os.rmdir('a/b'); os.removedirs('c/d'); os.renames('a', 'x')
    const fd = os.open('x', os.O_RDONLY)
    os.mkdir('y', { dir_fd: fd }); os.rmdir('y', { dir_fd: fd }); os.chdir(fd); os.fchdir(fd)
    const events = heard.map((event) => event.map((part) => part === fd ? 'fd' : part))
    veto = true
    const vetoed = [() => os.mkdir('v'), () => os.rmdir('../x'), () => os.chdir('/')].map((call) => {
      try { call(); return 'done' } catch (error) { return error.message }
    })
    veto = false
    console.log(JSON.stringify({ events, vetoed, cwd: os.getcwd() }))`)
  assert.deepEqual(heard, {
    events: [
      ['os.mkdir', 'a', 0o777, -1],
      ['os.mkdir', 'a/b', 0o700, -1],
      ['os.mkdir', 'c', 0o777, -1],
      ['os.mkdir', 'c/d', 0o711, -1],
      ['os.chdir', 'a'],
      ['os.chdir', '..'],
      ['os.rmdir', 'a/b', -1],
      ['os.rmdir', 'c/d', -1],
      ['os.rmdir', 'c', -1],
      ['os.rename', 'a', 'x', -1, -1],
      ['os.mkdir', 'y', 0o777, 'fd'],
      ['os.rmdir', 'y', 'fd'],
      ['os.chdir', 'fd'],
      ['os.chdir', 'fd'],
    ],
    vetoed: ['no os.mkdir', 'no os.rmdir', 'no os.chdir'],
    cwd: join(place, 'x'),
  })
})
