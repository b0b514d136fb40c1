import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, realpathSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import os from 'osier'
import * as path from 'osier/path'
import { temporaryFolder } from '../support/folder.ts'
import { assertSameAsPython, here, type PathCall, type PathOutcome } from '../support/path_calls.ts'
import { askPython, noPython } from '../support/python.ts'

/** Links are followed as in CPython 3.13; what `strict` refuses is what 3.13.4 does, which has ALLOW_MISSING. */
const [isRecent = false, hasAllowMissing = false] =
  noPython === false
    ? askPython<boolean[]>(
        'import json, os, sys; print(json.dumps([sys.version_info >= (3, 13), hasattr(os.path, "ALLOW_MISSING")]))',
      )
    : []

const root = realpathSync(temporaryFolder())
const home = process.cwd()

before(() => process.chdir(root))
after(() => process.chdir(home))

const piece = fc.constantFrom('/', '//', '.', '..', 'a', 'b', 'é', '\udce9', '😀')
const anyPath = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))

/** Calls with text, and the same with bytes. */
function inBothKinds(name: string, lists: readonly (readonly string[])[]): PathCall[] {
  return lists.flatMap((texts): PathCall[] => [
    [name, ...texts],
    [name, ...texts.map((text) => os.fsencode(text))],
  ])
}

describe('abspath and relpath', () => {
  test('return the same as python3', { skip: noPython }, () => {
    const odd = [
      '',
      '.',
      '..',
      'a',
      '/',
      '//',
      '//a',
      '/a/b',
      'a/../..',
      '../../../../../../../..',
      '///a//b/',
      'a/b/c',
    ]
    const singles = [...odd, ...fc.sample(anyPath, 500)].map((text) => [text])
    const pairs = [...odd.flatMap((a) => odd.map((b) => [a, b])), ...fc.sample(fc.tuple(anyPath, anyPath), 1000)]
    assertSameAsPython([...inBothKinds('abspath', singles), ...inBothKinds('relpath', [...singles, ...pairs])])
  })

  test('start at the current directory', () => {
    assert.equal(path.abspath('a/../b'), `${root}/b`)
    assert.deepEqual(path.abspath(Buffer.from('b')), Buffer.from(`${root}/b`))
    assert.equal(path.relpath(`${root}/a`), 'a')
    assert.equal(path.relpath('a', 'b/c'), '../../a')
    assert.equal(path.relpath('/a/b', { start: '/a/c' }), '../b')
    assert.equal(path.relpath('/a/b', null), path.relpath('/a/b'))
    assert.equal(path.relpath('.'), '.')
    assert.equal(path.relpath('//a', '/b'), '../a')
    assert.throws(() => path.relpath(''), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => path.relpath(Buffer.of(), Buffer.from('a')), { name: 'RangeError' })
  })

  test('keep bytes that are not text', () => {
    const folder = os.fsdecode(Buffer.from([0x2e, 0x2f, 0xff]))
    os.mkdir(folder)
    os.chdir(folder)
    try {
      assert.equal(path.abspath('a'), `${root}/\udcff/a`)
      assert.deepEqual(path.abspath(Buffer.from('a')), os.fsencode(`${root}/\udcff/a`))
      assert.equal(path.relpath(root), '..')
      assert.equal(path.realpath('.'), `${root}/\udcff`)
    } finally {
      os.chdir(root)
    }
  })

  test('throw where the current directory is removed', () => {
    mkdirSync('gone')
    os.chdir('gone')
    rmdirSync('../gone')
    try {
      const calls: ((path: os.Path) => unknown)[] = [path.abspath, path.relpath, path.realpath]
      for (const call of calls) {
        assert.throws(() => call('a'), os.FileNotFoundError)
        assert.throws(() => call(Buffer.from('a')), os.FileNotFoundError)
      }
      assert.equal(path.abspath('/a'), '/a')
      assert.equal(path.realpath('/'), '/')
      assert.equal(path.relpath('/a', '/b'), '../a')
    } finally {
      os.chdir(root)
    }
  })

  test('options by an unknown name are refused', () => {
    const relpath = (...args: unknown[]): unknown => Reflect.apply(path.relpath, undefined, args)
    assert.throws(() => relpath('a', { from: 'b' }), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => relpath('a', 'b', 'c'), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('realpath', () => {
  /** A folder with files, directories and links of every kind; its path is without links. */
  const tree = join(root, 'tree')
  /** Unlike `join`, this takes nothing back. */
  const at = (name: string): string => `${tree}/${name}`

  before(() => {
    mkdirSync(join(tree, 'dir', 'sub'), { recursive: true })
    writeFileSync(join(tree, 'file'), '')
    writeFileSync(join(tree, 'dir', 'file'), '')
    const links: Record<string, string> = {
      ...{ to_file: 'file', to_dir: 'dir', to_sub: 'dir/sub', absolute: join(tree, 'dir'), slashes: './/dir//sub/' },
      ...{
        up: '..',
        root: '/',
        missing: 'nothing',
        far: 'nothing/at/all',
        'dir/up': '../to_dir/sub',
        through: 'file/x',
      },
      ...{ self: 'self', ping: 'pong', pong: 'ping', inside: 'dir/../inside/x', 'dir/back': '../to_dir/back' },
      ...{ tail: 'ping/../file', twice: 'to_dir/../to_dir/sub', é: 'dir' },
    }
    for (const [name, target] of Object.entries(links)) symlinkSync(target, at(name))
    os.symlink(Buffer.from([0xff]), join(tree, 'raw'))
    os.mkdir(Buffer.concat([Buffer.from(`${tree}/`), Buffer.of(0xff)]))
  })

  const samples = [
    ...[
      '',
      '.',
      '/',
      '//',
      'file',
      'file/',
      'file/.',
      'file/..',
      'file/x',
      'dir',
      'dir/',
      'dir/..',
      'dir/./sub//',
      'nothing',
    ],
    ...['nothing/', 'nothing/..', 'nothing/x/..', 'to_file', 'to_file/', 'to_file/x', 'to_dir', 'to_dir/', 'to_dir/..'],
    ...[
      'to_sub/..',
      'to_sub/../file',
      'absolute/sub',
      'slashes',
      'slashes/..',
      'up',
      'up/up',
      'root',
      'root/usr',
      'missing',
    ],
    ...[
      'missing/x',
      'far',
      'far/..',
      'dir/up',
      'dir/up/../file',
      'through',
      'through/..',
      'raw',
      'raw/x',
      'raw/..',
      'twice',
    ],
    ...['twice/../..', 'é/sub', '\udcff', '\udcff/..', '../../../../../../../../../..'],
  ]
  const circles = [
    ...[
      'self',
      'self/',
      'self/x',
      'self/..',
      'self/../file',
      'ping',
      'pong',
      'ping/x/..',
      'ping/../pong',
      'inside',
      'inside/x',
    ],
    ...[
      'dir/back',
      'dir/back/..',
      'to_dir/back',
      'tail',
      'tail/..',
      'ping/pong/self',
      'self/self',
      'self/../self/../file',
    ],
  ]

  test('follows links', () => {
    assert.equal(path.realpath(at('to_sub/..')), at('dir'))
    assert.equal(path.realpath(at('dir/up/../file')), at('dir/file'))
    assert.equal(path.realpath(at('absolute/sub')), at('dir/sub'))
    assert.equal(path.realpath(at('root')), '/')
    assert.equal(path.realpath(at('slashes/')), at('dir/sub'))
    assert.equal(path.realpath(at('raw')), at('\udcff'))
    assert.deepEqual(path.realpath(os.fsencode(at('raw/x'))), os.fsencode(at('\udcff/x')))
    assert.equal(path.realpath(new URL(`file://${tree}/to_file`)), at('file'))
  })

  test('starts at the current directory', () => {
    os.chdir(join(tree, 'to_dir'))
    try {
      assert.equal(path.realpath(''), join(tree, 'dir'))
      assert.equal(path.realpath('up'), join(tree, 'dir/sub'))
      assert.deepEqual(path.realpath(Buffer.from('../to_file')), Buffer.from(join(tree, 'file')))
    } finally {
      os.chdir(root)
    }
  })

  test('continues after a missing part, unless strict', () => {
    assert.equal(path.realpath(at('nothing/x/../../to_dir')), at('dir'))
    assert.equal(path.realpath(at('far')), at('nothing/at/all'))
    assert.equal(path.realpath(at('file/x')), at('file/x'))
    assert.equal(path.realpath(at('file/..')), tree)
  })

  test('leaves a cycle of links unresolved, and continues after it', () => {
    assert.equal(path.realpath(at('self')), at('self'))
    assert.equal(path.realpath(at('self/x')), at('self/x'))
    assert.equal(path.realpath(at('self/../to_file')), at('file'))
    assert.equal(path.realpath(at('ping')), at('ping'))
    assert.equal(path.realpath(at('tail')), at('file'))
    assert.equal(path.realpath(at('inside')), at('inside/x'))
    assert.equal(path.realpath(at('to_dir/back')), at('dir/back'))
  })

  test('with strict the error names the part that fails', () => {
    const failures: [string, string, string][] = [
      ['nothing', 'ENOENT', 'nothing'],
      ['nothing/..', 'ENOENT', 'nothing'],
      ['far', 'ENOENT', 'nothing'],
      ['file/', 'ENOTDIR', 'file'],
      ['file/.', 'ENOTDIR', 'file'],
      ['to_file/x', 'ENOTDIR', 'file'],
      ['through', 'ENOTDIR', 'file'],
      ['self', 'ELOOP', 'self'],
      ['ping/x', 'ELOOP', 'ping'],
      ['raw/x', 'ENOENT', '\udcff/x'],
      ['a'.repeat(300), 'ENAMETOOLONG', 'a'.repeat(300)],
    ]
    for (const [name, code, obstacle] of failures) {
      const filename = path.join(tree, obstacle)
      assert.throws(() => path.realpath(at(name), { strict: true }), { code, filename }, name)
      const bytes = os.fsencode(at(name))
      assert.throws(() => path.realpath(bytes, { strict: true }), { code, filename: os.fsencode(filename) }, name)
    }
    assert.throws(() => path.realpath(join(tree, 'nothing'), { strict: true }), os.FileNotFoundError)
    assert.throws(() => path.realpath(join(tree, 'file/'), { strict: true }), os.NotADirectoryError)
  })

  test('ALLOW_MISSING ignores missing files, and no other errors', () => {
    const allowing = (name: string): string => path.realpath(at(name), { strict: path.ALLOW_MISSING })
    assert.equal(allowing('nothing/x'), join(tree, 'nothing/x'))
    assert.equal(allowing('far'), join(tree, 'nothing/at/all'))
    assert.equal(allowing('nothing/../to_dir'), join(tree, 'dir'))
    assert.throws(() => allowing('file/x'), { code: 'ENOTDIR' })
    assert.throws(() => allowing('self'), { code: 'ELOOP' })
    assert.throws(() => allowing('a'.repeat(300)), { code: 'ENAMETOOLONG' })
    assert.equal(os.path.ALLOW_MISSING, path.ALLOW_MISSING)
  })

  test('stops at a directory that may not be searched', (t) => {
    if (process.getuid?.() === 0) return t.skip('root may search every directory')
    const closed = join(tree, 'closed')
    mkdirSync(join(closed, 'in'), { recursive: true })
    chmodSync(closed, 0)
    try {
      assert.equal(path.realpath(join(closed, 'in/../x')), join(closed, 'x'))
      for (const strict of [true, path.ALLOW_MISSING] as const) {
        assert.throws(() => path.realpath(join(closed, 'in'), { strict }), os.PermissionError)
      }
    } finally {
      chmodSync(closed, 0o700)
    }
  })

  test('follows any number of links', () => {
    const chain = join(root, 'chain')
    mkdirSync(chain)
    writeFileSync(join(chain, '0'), '')
    // The kernel gives up after 40.
    for (let i = 1; i <= 1000; i++) symlinkSync(String(i - 1), join(chain, String(i)))
    assert.throws(() => os.stat(join(chain, '1000')), { code: 'ELOOP' })
    assert.equal(path.realpath(join(chain, '1000'), { strict: true }), join(chain, '0'))
  })

  test('resolves each link once, also where the number of paths doubles at every step', () => {
    const folder = join(root, 'doubling')
    mkdirSync(folder)
    symlinkSync('.', join(folder, '0'))
    // Followed each time, the last would take 2 ** 60 steps.
    for (let i = 1; i <= 60; i++) symlinkSync(`${i - 1}/${i - 1}`, join(folder, String(i)))
    assert.equal(path.realpath(join(folder, '60'), { strict: true }), folder)
  })

  test('resolves a path longer than PATH_MAX', () => {
    const long = `${root}${'/x'.repeat(5000)}`
    assert.equal(path.realpath(`${long}/..`), long.slice(0, -2))
    assert.throws(() => path.realpath(long, { strict: true }), os.FileNotFoundError)
  })

  test('handles links of /proc whose text is not a path', () => {
    const file = join(root, 'removed')
    const fd = os.open(file, os.O_CREAT | os.O_RDWR)
    os.remove(file)
    try {
      const link = `/proc/self/fd/${fd}`
      assert.equal(path.realpath(link), `${file} (deleted)`)
      assert.throws(() => path.realpath(link, { strict: true }), { code: 'ENOENT', filename: `${file} (deleted)` })
    } finally {
      os.close(fd)
    }
  })

  test('returns the same as python3 without circular links', { skip: noPython }, () => {
    assertSameAsPython(
      inBothKinds(
        'realpath',
        samples.map((name) => [at(name)]),
      ),
    )
  })

  test('returns the same as python3', { skip: noPython || (!isRecent && 'python3 is older than 3.13') }, () => {
    const calls = inBothKinds(
      'realpath',
      [...samples, ...circles].map((name) => [at(name)]),
    )
    const strictness = hasAllowMissing ? [false, true, 'ALLOW_MISSING'] : [false]
    assertSameAsPython(strictness.flatMap((strict) => calls.map((call): PathCall => [...call, { strict }])))
  })

  test('returns the path that the kernel resolves, in trees of random links', () => {
    const names = ['a', 'b', 'c', 'd']
    const step = fc.constantFrom(...names, ...names, '.', '..', '')
    const relative = fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.join('/') || '.')
    const entry = fc.oneof(
      fc.constant('dir'),
      fc.constant('file'),
      relative.map((target) => ({ target })),
    )
    const folder = fc.dictionary(fc.constantFrom(...names), entry, { minKeys: 2, maxKeys: 4 })
    const layouts = fc.tuple(folder, folder, fc.array(relative, { minLength: 5, maxLength: 20 }))
    let number = 0
    fc.assert(
      fc.property(layouts, ([above, below, paths]) => {
        const top = join(root, `random${number++}`)
        mkdirSync(join(top, 'd'), { recursive: true })
        fill(join(top, 'd'), below)
        fill(top, { ...above, d: 'dir' })
        for (const name of paths) {
          const start = `${top}/${name}`
          assert.deepEqual(here([['realpath', start, { strict: true }]])[0], arrived(start), start)
        }
      }),
      { numRuns: 150 },
    )
  })
})

type Entry = 'dir' | 'file' | { target: string }

function fill(folder: string, entries: Readonly<Record<string, Entry>>): void {
  for (const [name, entry] of Object.entries(entries)) {
    const place = join(folder, name)
    if (entry === 'dir') mkdirSync(place, { recursive: true })
    else if (entry === 'file') writeFileSync(place, '')
    else symlinkSync(entry.target === '' ? '.' : entry.target, place)
  }
}

/** What the kernel has open when it opens a path, or why it does not. The name of the obstacle is not its to say. */
function arrived(start: string): PathOutcome {
  try {
    const fd = os.open(start, os.O_RDONLY)
    try {
      return { result: os.readlink(`/proc/self/fd/${fd}`) }
    } finally {
      os.close(fd)
    }
  } catch (error) {
    if (!(error instanceof os.OSError)) throw error
    return { error: error.code, filename: here([['realpath', start, { strict: true }]])[0]?.filename }
  }
}

test('a NUL is refused anywhere in a path', () => {
  for (const text of ['\0', 'a\0/b', '/nothing\0']) {
    assert.throws(() => path.realpath(text), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => path.realpath(Buffer.from(text)), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
  }
})

test('strict accepts true, false and ALLOW_MISSING only', () => {
  const realpath = (...args: unknown[]): unknown => Reflect.apply(path.realpath, undefined, args)
  for (const strict of [1, 'yes', null, Symbol('os.path.ALLOW_MISSING')]) {
    assert.throws(() => realpath('/', { strict }), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  }
  for (const options of [true, { Strict: true }, null]) {
    assert.throws(() => realpath('/', options), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  }
  assert.equal(realpath('/', { strict: undefined }), '/')
})
