import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import os from 'osier'
import * as path from 'osier/path'
import { assertSameAsPython, type PathCall } from '../support/path_calls.ts'
import { noPython, runPython } from '../support/python.ts'

/** What paths are made of, and what might be mistaken for it. */
const piece = fc.constantFrom(
  '/',
  '/',
  '//',
  '.',
  '..',
  'a',
  'b.c',
  '~',
  '$',
  '{',
  '}',
  'é',
  '\udce9',
  '😀',
  '😁',
  '\n',
)
const anyPath = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''))
const paths = fc.array(anyPath, { maxLength: 4 })

/** The same arguments in bytes. */
function inBytes(value: unknown): unknown {
  if (typeof value === 'string') return os.fsencode(value)
  return Array.isArray(value) ? value.map(inBytes) : value
}

/** Each call with text, and with bytes. */
function inBothKinds(calls: readonly PathCall[]): PathCall[] {
  return calls.flatMap(([name, ...args]): PathCall[] => [
    [name, ...args],
    [name, ...args.map(inBytes)],
  ])
}

const odd = [
  ...['', '/', '//', '///', '////', '/a', '//a', '///a', 'a', 'a/', 'a//', '/a/', '//a/', '///a//', 'a/b', 'a//b'],
  ...[
    '.',
    '..',
    '/.',
    '/..',
    '//..',
    '///..',
    './',
    '../',
    './.',
    '../..',
    'a/.',
    'a/..',
    '/a/..',
    '/a/../..',
    'a/../..',
  ],
  ...['/a/./b/../c', 'a/b/../../..', '../a/../b', '/../a', '//../a', '.a', '..a', 'a.', 'a..', 'a.b', 'a.b.c', '.a.b'],
  ...['..a.b', '...', '...a', '....', 'a/.b', 'a/..b', 'a.b/c', 'a.b/.c', 'a.b/', '/.a', '/a.b', ' ', ' /a', 'a b.c d'],
  ...[
    'é',
    'é/é.é',
    '\udce9',
    'a\udce9/\udc80.\udcff',
    '😀',
    '😀/😀.😀',
    '\n',
    'a\nb.c\nd',
    '~',
    '$a',
    '\\',
    'a\\b.c',
    'C:\\a',
  ],
]

const singles = ['isabs', 'normcase', 'split', 'splitext', 'splitdrive', 'basename', 'dirname', 'normpath']

const hasSplitroot =
  noPython === false && runPython('import os; print(hasattr(os.path, "splitroot"))').trim() === 'True'

describe('as in python3', { skip: noPython }, () => {
  for (const name of singles) {
    test(name, () => {
      const random = fc.sample(anyPath, 1500)
      assertSameAsPython(inBothKinds([...odd, ...random].map((text) => [name, text])))
    })
  }

  test('splitroot', { skip: !hasSplitroot && 'this python3 has no splitroot (3.12)' }, () => {
    const random = fc.sample(anyPath, 1500)
    assertSameAsPython(inBothKinds([...odd, ...random].map((text) => ['splitroot', text])))
  })

  test('join', () => {
    const pairs = odd.flatMap((first) => ['', '/', 'a', '/a', '.', '\udce9'].map((second) => [first, second]))
    const random = fc.sample(fc.array(anyPath, { minLength: 1, maxLength: 4 }), 1500)
    assertSameAsPython(inBothKinds([...pairs, ...random].map((parts) => ['join', ...parts])))
  })

  for (const name of ['commonpath', 'commonprefix']) {
    test(name, () => {
      const pairs = odd.flatMap((first) =>
        ['', '/', 'a', '/a', '/a/b', '😁', '\udcea'].map((second) => [first, second]),
      )
      const alike = fc.tuple(anyPath, paths).map(([start, ends]) => ends.map((end) => start + end))
      const random = [...fc.sample(paths, 1000), ...fc.sample(alike, 1000)]
      assertSameAsPython(
        inBothKinds([[], ...odd.map((text) => [text]), ...pairs, ...random].map((list) => [name, list])),
      )
    })
  }

  test('text and bytes cannot be mixed', () => {
    const [text, bytes] = ['a', Buffer.from('b')]
    const mixtures = [
      ...[
        [text, bytes],
        [bytes, text],
        ['/', bytes],
        [text, Buffer.from('/b')],
        ['', bytes],
        [bytes, ''],
      ],
      ...[
        [text, text, bytes],
        [bytes, text, bytes],
      ],
    ]
    assertSameAsPython([
      ...mixtures.map((parts): PathCall => ['join', ...parts]),
      ...mixtures.map((parts): PathCall => ['commonpath', parts]),
      ...mixtures.map((parts): PathCall => ['commonprefix', parts]),
      ...mixtures.filter((parts) => parts.length === 2).map((parts): PathCall => ['relpath', ...parts]),
    ])
  })

  test('commonprefix of arrays', () => {
    const names = fc.array(fc.constantFrom('a', 'b', '', 'é'), { maxLength: 4 })
    const random = fc.sample(fc.array(names, { minLength: 1, maxLength: 4 }), 300)
    assertSameAsPython(inBothKinds(random.map((lists) => ['commonprefix', lists])))
  })
})

test('split, basename and dirname', () => {
  assert.deepEqual(path.split('/usr/lib/libc.so'), ['/usr/lib', 'libc.so'])
  assert.deepEqual(path.split('/usr/lib/'), ['/usr/lib', ''])
  assert.deepEqual(path.split('//usr'), ['//', 'usr'])
  assert.deepEqual(path.split('usr'), ['', 'usr'])
  assert.deepEqual(path.split(Buffer.from('a/b')), [Buffer.from('a'), Buffer.from('b')])
  assert.equal(path.basename('/usr/lib'), 'lib')
  assert.equal(path.dirname('/usr/lib'), '/usr')
})

test('join', () => {
  assert.equal(path.join('/usr', 'lib', ''), '/usr/lib/')
  assert.equal(path.join('/usr', '/lib'), '/lib')
  assert.equal(path.join('', 'lib'), 'lib')
  assert.deepEqual(path.join(Buffer.from('a'), Buffer.from([0xff])), Buffer.from([0x61, 0x2f, 0xff]))
})

test('splitext', () => {
  assert.deepEqual(path.splitext('a/b.tar.gz'), ['a/b.tar', '.gz'])
  assert.deepEqual(path.splitext('a.b/c'), ['a.b/c', ''])
  assert.deepEqual(path.splitext('/home/.profile'), ['/home/.profile', ''])
  assert.deepEqual(path.splitext('....a'), ['....a', ''])
})

test('splitdrive and splitroot', () => {
  assert.deepEqual(path.splitdrive('/a'), ['', '/a'])
  assert.deepEqual(path.splitroot('a/b'), ['', '', 'a/b'])
  assert.deepEqual(path.splitroot('/a/b'), ['', '/', 'a/b'])
  assert.deepEqual(path.splitroot('//a/b'), ['', '//', 'a/b'])
  assert.deepEqual(path.splitroot('///a/b'), ['', '/', '//a/b'])
  assert.deepEqual(path.splitroot('//'), ['', '//', ''])
  assert.deepEqual(path.splitroot(''), ['', '', ''])
  assert.deepEqual(path.splitroot(Buffer.from('/a')), [Buffer.from(''), Buffer.from('/'), Buffer.from('a')])
})

test('the parts of split join to the path', () => {
  fc.assert(
    fc.property(anyPath, (text) => {
      assert.equal(path.splitdrive(text).join(''), text)
      assert.equal(path.splitroot(text).join(''), text)
      assert.equal(path.splitext(text).join(''), text)
      assert.equal(path.normpath(path.join(...path.split(text))), path.normpath(text))
    }),
  )
})

test('normpath', () => {
  assert.equal(path.normpath(''), '.')
  assert.equal(path.normpath('a//b/./c/../d/'), 'a/b/d')
  assert.equal(path.normpath('/../a'), '/a')
  assert.equal(path.normpath('../../a/../..'), '../../..')
  assert.equal(path.normpath('//a'), '//a')
  assert.equal(path.normpath('///a'), '/a')
  // A NUL is an ordinary character in functions that do not open the file.
  assert.equal(path.normpath('a\0b/../c\0'), 'c\0')
  fc.assert(fc.property(anyPath, (text) => path.normpath(path.normpath(text)) === path.normpath(text)))
})

test('commonpath', () => {
  assert.equal(path.commonpath(['/usr/lib', '/usr/local/lib']), '/usr')
  assert.equal(path.commonpath(['usr/lib', 'usr/./lib/python']), 'usr/lib')
  assert.equal(path.commonpath(['/a', '//b']), '/')
  assert.equal(path.commonpath(['a', 'b']), '')
  assert.equal(path.commonpath(new Set(['/a/b/', '/a/b'])), '/a/b')
  assert.deepEqual(path.commonpath([Buffer.from('/a/b')]), Buffer.from('/a/b'))
  assert.throws(() => path.commonpath([]), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => path.commonpath(['/a', 'a']), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
})

test('commonprefix', () => {
  assert.equal(path.commonprefix(['/usr/lib', '/usr/local/lib']), '/usr/l')
  assert.equal(path.commonprefix([]), '')
  assert.deepEqual(path.commonprefix([Buffer.from('ab'), Buffer.from('ac')]), Buffer.from('a'))
  assert.deepEqual(
    path.commonprefix([
      ['usr', 'lib'],
      ['usr', 'local'],
    ]),
    ['usr'],
  )
  assert.deepEqual(
    path.commonprefix([
      [1, 2, 3],
      [1, 2],
      [1, 2, 4],
    ]),
    [1, 2],
  )
  // These begin with the same surrogate, but with different characters.
  assert.equal(path.commonprefix(['a😀', 'a😁']), 'a')
})

test('paths of every kind are accepted', () => {
  const like = { __fspath__: () => '/usr/lib' }
  const likeBytes = { __fspath__: () => Buffer.from('/usr/lib') }
  for (const given of ['/usr/lib', like, new URL('file:///usr/lib')]) {
    assert.equal(path.basename(given), 'lib')
    assert.equal(path.normcase(given), '/usr/lib')
    assert.equal(path.join(given, 'a'), '/usr/lib/a')
    assert.equal(path.commonpath([given, '/usr/bin']), '/usr')
    assert.equal(path.isabs(given), true)
  }
  for (const given of [Buffer.from('/usr/lib'), new Uint8Array(Buffer.from('/usr/lib')), likeBytes]) {
    assert.deepEqual(path.basename(given), Buffer.from('lib'))
    assert.ok(Buffer.isBuffer(path.normcase(given)))
    assert.equal(path.isabs(given), true)
  }
})

test('returned bytes have a buffer of their own', () => {
  const given = Buffer.from('/usr/lib')
  const results = [path.normcase(given), path.join(given), path.normpath(given), ...path.splitext(given)]
  for (const result of [...results, ...path.splitdrive(given)]) result.fill(0x78)
  assert.equal(given.toString(), '/usr/lib')
})

test('a value that is not a path is refused', () => {
  const functions = [...singles, 'splitroot', 'join', 'abspath', 'relpath', 'realpath', 'expanduser', 'expandvars']
  const all = new Map<string, unknown>(Object.entries(path))
  for (const name of functions) {
    const call = all.get(name)
    assert.ok(typeof call === 'function', name)
    for (const value of [undefined, null, 1, 1n, true, [], {}, Symbol('a'), { __fspath__: () => 1 }]) {
      assert.throws(() => call(value), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, name)
    }
  }
  for (const name of ['commonpath', 'commonprefix']) {
    const call = all.get(name)
    assert.ok(typeof call === 'function', name)
    for (const value of [undefined, null, 1, {}, [1], ['a', 1], ['a', ['a']], [['a'], 'a'], Buffer.from('a')]) {
      assert.throws(() => call(value), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, `${name} of ${value}`)
    }
  }
})
