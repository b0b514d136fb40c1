import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import os from 'osier'
import { otherRoot } from '../support/emulation.ts'
import {
  COMMON,
  circles,
  link,
  MIXED,
  real,
  relative,
  splitsExtension,
  table,
  unreadableMounts,
} from './posixpath_tables.ts'
import {
  type Behaviour,
  conformance,
  FakePath,
  fails,
  holds,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

const { path } = os

/** CPython's tests of `posixpath`. */

const posixPath = conformance('test_posixpath', 'PosixPathTest', {
  test_join: table('join', path.join as never, [
    ['an absolute part drops what stands before it', [['/foo', 'bar', '/bar', 'baz'], '/bar/baz']],
    ['parts are joined by "/"', [['/foo', 'bar', 'baz'], '/foo/bar/baz']],
    ['which is not doubled', [['/foo/', 'bar/', 'baz/'], '/foo/bar/baz/']],
  ]),
  test_split: table('split', path.split as never, [
    [
      'the last part is split off',
      ['/foo/bar', ['/foo', 'bar']],
      ['foo', ['', 'foo']],
      ['//foo//bar', ['//foo', 'bar']],
    ],
    ['a root stays whole', ['/', ['/', '']], ['////foo', ['////', 'foo']]],
  ]),
  test_splitext: [
    holds(
      'splitext splits at the last dot',
      splitsExtension(['foo', '.bar'], ['foo.boo', '.bar'], ['foo.boo.biff', '.bar']),
    ),
    holds(
      'dots at the beginning do not count',
      splitsExtension(['.csh', '.rc'], ['.cshrc', ''], ['...manydots', ''], ['...manydots', '.ext']),
    ),
    holds('nor where there is nothing else', splitsExtension(['nodots', ''], ['.', ''], ['..', ''], ['........', ''])),
  ],
  test_isabs: table('isabs', path.isabs as never, [
    ['what begins with "/" is absolute', ['/', true], ['/foo', true], ['/foo/bar', true]],
    ['nothing else is', ['', false], ['foo/bar', false]],
  ]),
  test_basename: table('basename', path.basename as never, [
    ['the last part', ['/foo/bar', 'bar'], ['foo', 'foo'], ['////foo', 'foo'], ['//foo//bar', 'bar']],
    ['of a root it is empty', ['/', '']],
  ]),
  test_dirname: table('dirname', path.dirname as never, [
    ['what stands before the last part', ['/foo/bar', '/foo'], ['foo', ''], ['//foo//bar', '//foo']],
    ['of a root it is the root', ['/', '/'], ['////foo', '////']],
  ]),
  test_islink: [
    holds('islink of a file, and of nothing, is false', (here) => {
      assert.deepEqual([path.islink(here.file()), path.islink(here.path('missing'))], [false, false])
    }),
    holds('islink of a link is true, also of one to nothing', (here) => {
      assert.deepEqual([path.islink(link(here, '1', '/')), path.islink(link(here, '2', 'missing'))], [true, true])
    }),
    holds('exists of a link to nothing is false, lexists is true', (here) => {
      const broken = link(here, 'link', 'missing')
      assert.deepEqual([path.exists(broken), path.lexists(broken)], [false, true])
    }),
    holds('islink of a name that no file can have is false', (here) => {
      for (const end of ['\udfff', '\0']) assert.equal(path.islink(here.path('file') + end), false)
      for (const end of [0xff, 0]) assert.equal(path.islink(Buffer.concat([Buffer.from('/'), Buffer.of(end)])), false)
    }),
  ],
  test_ismount: [
    holds(
      'the root is a mount point, however it is named',
      () => {
        for (const root of ['/', Buffer.from('/'), new FakePath('/'), new FakePath(Buffer.from('/'))]) {
          assert.equal(path.ismount(root), true)
        }
      },
      otherRoot,
    ),
  ],
  test_ismount_non_existent: [
    holds('a missing file is not one, nor is a new directory', (here) => {
      assert.deepEqual([path.ismount(here.path('missing')), path.ismount(here.folder)], [false, false])
    }),
    holds('nor a name that no file can have', () => {
      for (const name of ['/\udfff', Buffer.of(0x2f, 0xff), '/\0', Buffer.of(0x2f, 0)]) {
        assert.equal(path.ismount(name), false)
      }
    }),
  ],
  test_ismount_symlinks: [
    holds('a link is not one, though its target is', (here) =>
      assert.equal(path.ismount(link(here, 'link', '/')), false),
    ),
  ],
  test_ismount_different_device: [
    holds('what is on another device than its parent is one', () => assert.equal(path.ismount('/proc'), true)),
  ],
  test_ismount_directory_not_readable: [
    holds(
      'though it may not be read',
      () => {
        for (const mount of unreadableMounts()) assert.equal(path.ismount(mount), true, mount)
      },
      unreadableMounts().length === 0 && 'every mount point may be read',
    ),
  ],
  test_expanduser: [
    holds('expanduser leaves what does not begin with "~"', () => {
      assert.equal(path.expanduser('foo'), 'foo')
      assert.deepEqual(path.expanduser(Buffer.from('foo')), Buffer.from('foo'))
    }),
  ],
  test_expanduser_home_envvar: [
    holds('"~" is HOME, without a "/" at its end', (here) => {
      for (const home of ['/home/victor', '/home/victor/']) {
        here.variable('HOME', home)
        assert.equal(path.expanduser('~'), '/home/victor')
      }
    }),
    holds('a HOME that is empty or the root is the root', (here) => {
      for (const home of ['/', '', '//', '///']) {
        here.variable('HOME', home)
        assert.deepEqual(
          ['~', '~/', '~/foo'].map((text) => path.expanduser(text)),
          ['/', '/', '/foo'],
        )
      }
    }),
  ],
  test_expanduser_pwd: [
    holds('expanduser of bytes gives bytes', () => {
      for (const name of ['~/', '~root/', '~foo/']) assert.ok(Buffer.isBuffer(path.expanduser(Buffer.from(name))))
    }),
    holds('without HOME "~" is what the user database says', (here) => {
      here.variable('HOME', null)
      const entry = readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((line) => line.split(':')[2] === String(os.getuid()))
      const home = entry?.split(':')[5]?.replace(/\/+$/, '') || '/'
      assert.equal(path.expanduser('~'), entry === undefined ? '~' : home)
    }),
    holds('an unknown user is left unchanged', () =>
      assert.equal(path.expanduser('~no-such-user/x'), '~no-such-user/x'),
    ),
  ],
  test_normpath: table('normpath', path.normpath as never, [
    ['nothing is the current directory', ['', '.'], ['.', '.'], ['.//.', '.']],
    ['"." and doubled "/" go', ['/.//.', '/'], ['///foo/.//bar//', '/foo/bar'], ['/foo/bar', '/foo/bar']],
    [
      'two "/" at the beginning stay, three are one',
      ['//', '//'],
      ['///', '/'],
      ['//...', '//...'],
      ['////foo/..', '/'],
    ],
    [
      '".." removes the preceding part',
      ['///foo/.//bar//.//..//.//baz///', '/foo/baz'],
      ['/foo/..', '/'],
      ['foo/../bar/baz', 'bar/baz'],
    ],
    [
      'but not beyond the root',
      ['/..', '/'],
      ['/../../foo', '/foo'],
      ['//../foo', '//foo'],
      ['//foo/../..', '//'],
      ['/../../foo/../bar/./baz/boom/.', '/bar/baz/boom'],
    ],
    [
      'and stays at the beginning of a relative path',
      ['..', '..'],
      ['../foo/../bar', '../bar'],
      ['foo/../../../bar/baz', '../../bar/baz'],
      ['foo/bar/../..///../../baz/boom', '../../baz/boom'],
      ['../../foo/../bar/./baz/boom/..', '../../bar/baz'],
    ],
  ]),
  test_realpath_curdir: [
    holds('realpath of "." is the current directory, however often', () => {
      for (const text of ['.', './.', Array(100).fill('.').join('/')]) {
        assert.equal(path.realpath(text), os.getcwd())
        assert.deepEqual(path.realpath(Buffer.from(text)), os.getcwdb())
      }
    }),
  ],
  test_realpath_pardir: [
    holds('realpath of ".." is the directory above', (here) => {
      here.enter()
      assert.equal(path.realpath('..'), path.dirname(here.folder))
      assert.equal(path.realpath('../..'), path.dirname(path.dirname(here.folder)))
      assert.deepEqual(path.realpath(Buffer.from('..')), Buffer.from(path.dirname(here.folder)))
    }),
    holds('and the root in the end', () => assert.equal(path.realpath(Array(100).fill('..').join('/')), '/')),
  ],
  test_realpath_basic: [
    holds('realpath follows a link to an absolute path', (here) => {
      link(here, 'link', here.path('target'))
      real(here, 'link', here.path('target'))
    }),
  ],
  test_realpath_strict: [
    holds('with strict, what is not there is a FileNotFoundError', (here) => {
      link(here, 'link', here.path('target'))
      for (const name of ['link', 'missing']) {
        assert.throws(() => path.realpath(here.path(name), { strict: true }), os.FileNotFoundError)
      }
    }),
  ],
  test_realpath_relative: [
    holds('realpath follows a link to a relative path', (here) => {
      link(here, 'link', 'target')
      real(here, 'link', here.path('target'))
    }),
  ],
  test_realpath_symlink_loops: [
    holds('links that form a cycle are left unresolved', (here) => {
      for (const [given, expected] of circles(here)) assert.equal(path.realpath(given), expected, given)
    }),
    holds('also by a relative path', (here) => {
      circles(here)
      here.enter()
      assert.equal(path.realpath('self'), here.path('self'))
    }),
  ],
  test_realpath_symlink_loops_strict: [
    holds('with strict they are an OSError', (here) => {
      for (const [given] of circles(here)) assert.throws(() => path.realpath(given, { strict: true }), os.OSError)
    }),
    holds('also by a relative path', (here) => {
      circles(here)
      here.enter()
      fails('ELOOP', () => path.realpath('self', { strict: true }))
    }),
  ],
  test_realpath_repeated_indirect_symlinks: [
    holds('a link that is met several times is no circle', (here) => {
      link(here, 'self', `../${path.basename(here.folder)}`)
      link(here, 'link', 'self/self/self')
      real(here, 'link', here.folder)
    }),
  ],
  test_realpath_deep_recursion: [
    holds('ten links, each of ten times the one before, are resolved', (here) => {
      link(here, '0', '.')
      for (let i = 0; i < 10; i++) link(here, String(i + 1), Array(10).fill(i).join('/'))
      real(here, '10', here.folder)
      here.enter()
      assert.equal(path.realpath('10'), here.folder)
    }),
  ],
  test_realpath_resolve_parents: [
    holds('links on the way to the current directory are resolved', (here) => {
      os.mkdir(here.path('y'))
      link(here, 'k', here.path('y'))
      here.enter(here.path('k'))
      assert.equal(path.realpath('a'), here.path('y/a'))
    }),
  ],
  test_realpath_resolve_before_normalizing: [
    holds('".." after a link is the directory above its target', (here) => {
      os.makedirs(here.path('k/y'))
      link(here, 'link-y', here.path('k/y'))
      assert.equal(path.realpath(`${here.folder}/link-y/..`), here.path('k'))
      here.enter()
      assert.equal(path.realpath('link-y/..'), here.path('k'))
    }),
  ],
  test_realpath_resolve_first: [
    holds('the first part of a relative path is resolved too', (here) => {
      os.makedirs(here.path('d/k'))
      link(here, 'link', here.path('d'))
      here.enter()
      assert.deepEqual([path.realpath('link'), path.realpath('link/k')], [here.path('d'), here.path('d/k')])
    }),
  ],
  test_relpath: [
    holds('relpath leads from one path to another', (here) => {
      for (const [given, start, expected] of relative(here)) assert.equal(path.relpath(given, start), expected)
    }),
    holds('relpath refuses an empty path, with a ValueError', () => rangeError(() => path.relpath(''))),
  ],
  test_relpath_bytes: [
    holds('relpath of bytes gives bytes', (here) => {
      for (const [given, start, expected] of relative(here)) {
        const from = start === undefined ? undefined : Buffer.from(start)
        assert.deepEqual(path.relpath(Buffer.from(given), from), Buffer.from(expected))
      }
    }),
    holds('relpath refuses empty bytes, with a ValueError', () => rangeError(() => path.relpath(Buffer.alloc(0)))),
    holds('relpath refuses text and bytes together, with a TypeError', () => {
      typeError(
        () => path.relpath(Buffer.from('bytes'), 'text' as never),
        () => path.relpath('text', Buffer.from('bytes') as never),
      )
    }),
  ],
  test_commonpath: [
    holds('commonpath gives the longest path that all have', () => {
      for (const [paths, expected] of COMMON) assert.equal(path.commonpath(paths), expected)
    }),
    holds('in bytes for bytes', () => {
      for (const [paths, expected] of COMMON) {
        assert.deepEqual(path.commonpath(paths.map((text) => Buffer.from(text))), Buffer.from(expected))
      }
    }),
    holds('of no path it is a ValueError', () => rangeError(() => path.commonpath([]))),
    holds('of absolute and relative ones as well', () => {
      for (const paths of [
        ['/usr', 'usr'],
        ['usr', '/usr'],
        ['', '/spam/alot'],
      ]) {
        rangeError(
          () => path.commonpath(paths),
          () => path.commonpath(paths.map((text) => Buffer.from(text))),
        )
      }
    }),
    holds('of text and bytes together it is a TypeError', () => {
      for (const [first, second] of MIXED) {
        typeError(
          () => path.commonpath([Buffer.from(first), second] as never),
          () => path.commonpath([first, Buffer.from(second)] as never),
        )
      }
    }),
  ],
})

/** Functions of one path: a path-like object is replaced by the result of __fspath__. */
const ONE_PATH = [
  'normcase',
  'isabs',
  'split',
  'splitext',
  'splitdrive',
  'basename',
  'dirname',
  'islink',
  'lexists',
  'ismount',
  'expanduser',
  'expandvars',
  'normpath',
  'abspath',
  'realpath',
  'relpath',
] as const

const pathLike = conformance('test_posixpath', 'PathLikeTests', {
  ...Object.fromEntries(
    ONE_PATH.map((name): [string, Behaviour[]] => [
      `test_path_${name}`,
      [
        holds(`${name} takes a path-like object`, (here) => {
          const of = path[name] as (path: string | os.PathLike) => unknown
          assert.deepEqual(of(new FakePath(here.file())), of(here.path('file')))
        }),
      ],
    ]),
  ),
  test_path_join: [
    holds('join takes path-like objects', () => assert.equal(path.join('a', new FakePath('b') as never, 'c'), 'a/b/c')),
  ],
  test_path_commonpath: [
    holds('commonpath takes path-like objects', (here) => {
      const file = here.file()
      assert.equal(path.commonpath([new FakePath(file) as never, file]), file)
    }),
  ],
})

export const classes: readonly PythonClass[] = [posixPath, pathLike]
