// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables are what is tested

import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import os from 'osier'
import {
  type Behaviour,
  call,
  conformance,
  differs,
  FakePath,
  type Here,
  holds,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

const { path } = os

/** CPython's tests of what `posixpath` has in common with the paths of other systems. */

const COMMON_NAMES = [
  'commonprefix',
  'getsize',
  'getatime',
  'getctime',
  'getmtime',
  'exists',
  'isdir',
  'isfile',
] as const
const MORE_NAMES = ['relpath', 'samefile', 'sameopenfile', 'samestat'] as const

const PREFIXES: readonly (readonly [paths: string[], prefix: string])[] = [
  [['/home/swenson/spam', '/home/swen/spam'], '/home/swen'],
  [['/home/swen/spam', '/home/swen/eggs'], '/home/swen/'],
  [['/home/swen/spam', '/home/swen/spam'], '/home/swen/spam'],
  [['home:swenson:spam', 'home:swen:spam'], 'home:swen'],
  [[':home:swen:spam', ':home:swen:eggs'], ':home:swen:'],
]
const WORDS = ['', 'abc', 'Xbcd', 'Xb', 'XY', 'abcd', 'aXc', 'abd', 'ab', 'aX', 'abcX']

/** Names that no file can have: the functions do not refuse them, but return false. */
const IMPOSSIBLE = ['\udfff', Buffer.of(0xff), '\0', Buffer.of(0)] as const

function impossible(here: Here): (string | Buffer)[] {
  const file = here.path('file')
  return IMPOSSIBLE.map((end) => (typeof end === 'string' ? file + end : Buffer.concat([Buffer.from(file), end])))
}

/** What `exists`, `isdir` and `isfile` say, of text and of bytes. */
function answers(of: (file: string | Buffer) => boolean, file: string): boolean[] {
  return [of(file), of(Buffer.from(file))]
}

function neverImpossible(name: 'exists' | 'lexists' | 'isdir' | 'isfile'): Behaviour {
  return holds(`${name} of a name that no file can have is false`, (here) => {
    here.file()
    for (const bad of impossible(here)) assert.equal(path[name](bad), false)
  })
}

type Link = (src: string, dst: string) => void

/** Two names of a file are the same; two files are not. */
function sameness(name: string, make: Link, same: (one: string, two: string) => boolean): Behaviour[] {
  return [
    holds(`${name} is true`, (here) => {
      make(here.file('one'), here.path('two'))
      assert.equal(same(here.path('one'), here.path('two')), true)
    }),
    holds(`${name}, once it is a file of its own, is false`, (here) => {
      make(here.file('one'), here.path('two'))
      os.unlink(here.path('two'))
      here.file('two')
      assert.equal(same(here.path('one'), here.path('two')), false)
    }),
  ]
}

const sameStat = (one: string, two: string): boolean => path.samestat(os.stat(one), os.stat(two))

const generic = conformance('test_genericpath', 'GenericTest', {
  test_no_argument: [...COMMON_NAMES, ...MORE_NAMES].map((name) =>
    holds(`${name} without an argument is a TypeError`, () => typeError(() => call(path[name]))),
  ),
  test_commonprefix: [
    holds('commonprefix of nothing is empty', () => assert.equal(path.commonprefix([]), '')),
    holds('commonprefix compares letter by letter', () => {
      for (const [paths, prefix] of PREFIXES) assert.equal(path.commonprefix(paths), prefix)
    }),
    holds('and byte by byte', () => {
      for (const [paths, prefix] of PREFIXES) {
        assert.deepEqual(path.commonprefix(paths.map((text) => Buffer.from(text))), Buffer.from(prefix))
      }
    }),
    holds('and gives the longest that both have', () => {
      for (const one of WORDS) {
        for (const two of WORDS) {
          const prefix = path.commonprefix([one, two]) as string
          assert.ok(one.startsWith(prefix) && two.startsWith(prefix))
          if (one !== two) assert.notEqual(one[prefix.length], two[prefix.length])
        }
      }
    }),
  ],
  test_getsize: [
    holds('getsize gives the length', (here) => {
      assert.deepEqual([path.getsize(here.file('1', 'Hello')), path.getsize(here.file('2', 'Hello World!'))], [5, 12])
    }),
  ],
  test_filetime: [
    holds('after writing to a file it was not changed before it was modified', (here) => {
      const file = here.file('file', 'foo')
      appendFileSync(file, 'bar')
      assert.ok(path.getctime(file) <= path.getmtime(file))
    }),
  ],
  test_exists: [
    holds('exists of what is not there is false', (here) => {
      assert.deepEqual(answers(path.exists, here.path('file')), [false, false])
    }),
    holds('exists of a file is true, and lexists', (here) => {
      const file = here.file()
      assert.deepEqual([...answers(path.exists, file), ...answers(path.lexists, file)], [true, true, true, true])
    }),
    neverImpossible('exists'),
    neverImpossible('lexists'),
  ],
  test_exists_fd: [
    holds('exists takes a descriptor, and is false once it is closed', (here) => {
      const [r] = here.pipe()
      assert.equal(path.exists(r), true)
      os.close(r)
      assert.equal(path.exists(r), false)
    }),
  ],
  test_isdir: [
    holds('isdir of nothing and of a file is false', (here) => {
      assert.deepEqual(answers(path.isdir, here.path('file')), [false, false])
      assert.deepEqual(answers(path.isdir, here.file()), [false, false])
    }),
    holds('isdir of a directory is true', (here) => assert.deepEqual(answers(path.isdir, here.folder), [true, true])),
    neverImpossible('isdir'),
  ],
  test_isfile: [
    holds('isfile of nothing and of a directory is false', (here) => {
      assert.deepEqual(answers(path.isfile, here.path('file')), [false, false])
      assert.deepEqual(answers(path.isfile, here.folder), [false, false])
    }),
    holds('isfile of a file is true', (here) => assert.deepEqual(answers(path.isfile, here.file()), [true, true])),
    neverImpossible('isfile'),
  ],
  test_samefile: [
    holds('a file is the same as itself', (here) => assert.equal(path.samefile(here.file(), here.path('file')), true)),
    holds('and not the same as another', (here) => assert.equal(path.samefile(here.file('1'), here.file('2')), false)),
  ],
  test_samefile_on_symlink: sameness('samefile of a file and a symbolic link to it', os.symlink, path.samefile),
  test_samefile_on_link: sameness('samefile of a file and a hard link to it', os.link, path.samefile),
  test_samestat: [
    holds('the status of a file is that of the same file', (here) => {
      assert.equal(sameStat(here.file(), here.path('file')), true)
    }),
    holds('and not that of another', (here) => assert.equal(sameStat(here.file('1'), here.file('2')), false)),
  ],
  test_samestat_on_symlink: sameness('samestat of a file and a symbolic link to it', os.symlink, sameStat),
  test_samestat_on_link: sameness('samestat of a file and a hard link to it', os.link, sameStat),
  test_sameopenfile: [
    holds('sameopenfile of two descriptors of a file is true', (here) => {
      const file = here.file()
      assert.equal(path.sameopenfile(here.open(file), here.open(file)), true)
    }),
  ],
})

const invalid = conformance('test_genericpath', 'TestGenericTest', {
  test_invalid_paths: [
    ...(['getsize', 'getatime', 'getctime', 'getmtime'] as const).flatMap((name) => [
      holds(`${name} of a surrogate that stands for no byte is an error`, () => {
        assert.throws(() => path[name]('/tmp\udfffabcds'), RangeError)
      }),
      holds(`${name} of what is not there is an OSError, though its name is no UTF-8`, () => {
        assert.throws(() => path[name](Buffer.from('/tmp\xffabcds', 'latin1')), os.FileNotFoundError)
      }),
      holds(`${name} of a name with a NUL is a ValueError`, () => {
        rangeError(
          () => path[name]('/tmp\0abcds'),
          () => path[name](Buffer.from('/tmp\0abcds')),
        )
      }),
    ]),
  ],
})

const CONSTANTS = ['curdir', 'pardir', 'extsep', 'sep', 'pathsep', 'defpath', 'altsep', 'devnull'] as const

/** What `expandvars` makes of texts, where `foo` is "bar", "{foo" is "baz1" and "{foo}" is "baz2". */
const EXPANDED: readonly (readonly [given: string, expected: string])[] = [
  ['foo', 'foo'],
  ['$foo bar', 'bar bar'],
  ['${foo}bar', 'barbar'],
  ['$[foo]bar', '$[foo]bar'],
  ['$bar bar', '$bar bar'],
  ['$?bar', '$?bar'],
  ['$foo}bar', 'bar}bar'],
  ['${foo', '${foo'],
  ['${{foo}}', 'baz1}'],
  ['$foo$foo', 'barbar'],
  ['$bar$bar', '$bar$bar'],
]

function someVariables(here: Here): void {
  here.variable('bar', null)
  for (const [name, value] of [
    ['foo', 'bar'],
    ['{foo', 'baz1'],
    ['{foo}', 'baz2'],
  ] as const) {
    here.variable(name, value)
  }
}

const BEYOND_ASCII: readonly (readonly [given: string, expected: string])[] = [
  ['æ', 'æ'],
  ['$spam bar', 'æ bar'],
  ['${spam}bar', 'æbar'],
  ['${æ}bar', 'hamæbar'],
  ['$baræ bar', '$baræ bar'],
  ['$spam}bar', 'æ}bar'],
]

function beyondAscii(here: Here): void {
  here.variable('bar', null)
  here.variable('spam', 'æ')
  here.variable('æ', 'hamæ')
}

const LARGE = 100_000

/** Works in a directory of this name. */
function within(here: Here, name: string | Buffer): void {
  const directory = Buffer.concat([Buffer.from(`${here.folder}/`), Buffer.from(name)])
  os.mkdir(directory)
  here.enter(directory)
}

function absolute(): void {
  for (const text of ['', 'fuu', 'fùù', '/fuu', 'U:\\']) {
    assert.equal(typeof path.abspath(text), 'string')
    assert.ok(Buffer.isBuffer(path.abspath(Buffer.from(text))))
    assert.equal(path.isabs(path.abspath(text)), true)
  }
  assert.ok(Buffer.isBuffer(path.abspath(Buffer.of(0x66, 0xf2, 0xf2))))
}

/** The result of a path function for a number, or for another value that is not a path. */
function refusesOthers(name: string, of: unknown): Behaviour {
  return holds(`${name} refuses a number and a list, with a TypeError`, () => {
    typeError(
      () => call(of, 42, 'text'),
      () => call(of, 'text', 42),
      () => call(of, []),
    )
  })
}

const common = conformance('test_genericpath', 'CommonTest', {
  test_no_argument: CONSTANTS.map((name) =>
    holds(`${name} is there`, () => assert.ok(path[name] === null || typeof path[name] === 'string')),
  ),
  test_normcase: [
    holds('normcase of what normcase gave changes nothing', () => {
      for (const given of ['FoO/./BaR', Buffer.from('FoO/./BaR'), '', Buffer.alloc(0)]) {
        const once = path.normcase(given as string)
        assert.deepEqual(path.normcase(once), once)
      }
    }),
    holds('normcase refuses a value that is not a path, with a TypeError', () => {
      for (const bad of [null, true, 0, 2.5, [], new Set(['o'])]) typeError(() => path.normcase(bad as never))
    }),
  ],
  test_splitdrive: [
    holds('no path has a drive', () => {
      for (const given of ['/foo/bar', 'foo:bar', ':foo:bar']) {
        assert.deepEqual(path.splitdrive(given), ['', given])
        assert.deepEqual(path.splitdrive(Buffer.from(given)), [Buffer.alloc(0), Buffer.from(given)])
      }
    }),
  ],
  test_expandvars: [
    holds('expandvars replaces variables that there are', (here) => {
      someVariables(here)
      for (const [given, expected] of EXPANDED) assert.equal(path.expandvars(given), expected)
    }),
    holds('in bytes as well', (here) => {
      someVariables(here)
      for (const [given, expected] of EXPANDED) {
        assert.deepEqual(path.expandvars(Buffer.from(given)), Buffer.from(expected))
      }
    }),
  ],
  test_expandvars_nonascii: [
    holds('names and values may be beyond ASCII', (here) => {
      beyondAscii(here)
      for (const [given, expected] of BEYOND_ASCII) assert.equal(path.expandvars(given), expected)
    }),
    holds('in bytes as well, though not without braces', (here) => {
      beyondAscii(here)
      for (const [given, expected] of BEYOND_ASCII) {
        assert.deepEqual(path.expandvars(Buffer.from(given)), Buffer.from(expected))
      }
    }),
  ],
  test_expandvars_large: [
    holds('a hundred thousand variables are replaced', (here) => {
      here.variable('A', 'B')
      assert.equal(path.expandvars('$A'.repeat(LARGE)), 'B'.repeat(LARGE))
      assert.equal(path.expandvars('${A}A'.repeat(LARGE)), 'BA'.repeat(LARGE))
      assert.equal(path.expandvars('$A!'.repeat(LARGE)), 'B!'.repeat(LARGE))
    }),
    holds('a million of braces that are never closed stay', () => {
      const open = '${'.repeat(10 * LARGE)
      assert.equal(path.expandvars(open), open)
    }),
  ],
  test_abspath: [
    holds('abspath has the path in it, as text or as bytes', () => {
      assert.ok(path.abspath('foo').endsWith('/foo'))
      assert.ok(path.abspath(Buffer.from('foo')).includes('/foo'))
    }),
    holds('abspath of bytes gives bytes, of text text', absolute),
  ],
  test_realpath: [
    holds('realpath has the path in it, as text or as bytes', () => {
      assert.ok(path.realpath('foo').endsWith('/foo'))
      assert.ok(path.realpath(Buffer.from('foo')).includes('/foo'))
    }),
  ],
  test_normpath_issue5827: [
    holds('normpath of text gives text', () => {
      for (const text of ['', '.', '/', '\\', '///foo/.//bar//']) assert.equal(typeof path.normpath(text), 'string')
    }),
  ],
  test_normpath_issue106242: [
    holds('normpath leaves a NUL where it is', () => {
      for (const text of ['\0', 'foo\0bar', '\0\0', '\0foo', 'foo\0']) assert.equal(path.normpath(text), text)
    }),
  ],
  test_abspath_issue3426: [
    holds('abspath does so in a directory whose name is not ASCII', (here) => {
      within(here, 'çwð')
      absolute()
    }),
  ],
  test_nonascii_abspath: [
    holds('and in one whose name is not UTF-8', (here) => {
      within(here, Buffer.of(0xe7, 0x77, 0xf0))
      absolute()
    }),
  ],
  test_join_errors: [
    holds('join refuses text and bytes together, with a TypeError', () => {
      typeError(
        () => call(path.join, Buffer.from('bytes'), 'text'),
        () => call(path.join, 'text', Buffer.from('bytes')),
      )
    }),
    refusesOthers('join', path.join),
    differs('join refuses memory that is not bytes', 'any Uint8Array is bytes; other memory is a TypeError', () => {
      assert.deepEqual(path.join(new Uint8Array([102]), new Uint8Array([98])), Buffer.from('f/b'))
      typeError(() => call(path.join, new Uint16Array(1)))
    }),
  ],
  test_relpath_errors: [
    holds('relpath refuses text and bytes together, with a TypeError', () => {
      typeError(
        () => call(path.relpath, Buffer.from('bytes'), 'text'),
        () => call(path.relpath, 'text', Buffer.from('bytes')),
      )
    }),
    refusesOthers('relpath', path.relpath),
  ],
  test_import: [
    holds('the module of paths can be imported by itself', async () => {
      assert.equal((await import('osier/path')).join, path.join)
    }),
  ],
})

const pathLike = conformance('test_genericpath', 'PathLikeTests', {
  ...Object.fromEntries(
    (['exists', 'isfile', 'isdir', 'getsize', 'getmtime', 'getctime'] as const).map((name): [string, Behaviour[]] => [
      `test_path_${name}`,
      [
        holds(`${name} takes a path-like object`, (here) => {
          const file = here.file('file', 'content')
          assert.equal(path[name](new FakePath(file)), path[name](file))
        }),
      ],
    ]),
  ),
  test_path_commonprefix: [
    holds('commonprefix takes path-like objects', (here) => {
      const file = here.file()
      assert.equal(path.commonprefix([new FakePath(file) as never, file]), file)
    }),
  ],
  test_path_samefile: [
    holds('samefile takes a path-like object', (here) => {
      assert.equal(path.samefile(new FakePath(here.file()), here.path('file')), true)
    }),
  ],
})

export const classes: readonly PythonClass[] = [generic, invalid, common, pathLike]
