import assert from 'node:assert/strict'
import os from 'osier'
import { call, conformance, differs, FakePath, type Here, holds, type PythonClass, typeError } from './suite.ts'

/** CPython's tests of paths as arguments: valid ones, invalid ones, and paths in errors. */

const encoding = conformance('test_os', 'FSEncodingTests', {
  test_nop: [
    holds('fsencode returns bytes unchanged', () => {
      assert.deepEqual(os.fsencode(Buffer.from('abc\xff', 'latin1')), Buffer.from('abc\xff', 'latin1'))
    }),
    holds('fsdecode returns text unchanged', () => assert.equal(os.fsdecode('abc\u0141'), 'abc\u0141')),
  ],
  test_identity: [
    holds('fsdecode gives back what fsencode was given', () => {
      for (const name of ['unicode\u0141', 'latin\xe9', 'ascii']) assert.equal(os.fsdecode(os.fsencode(name)), name)
    }),
  ],
})

const NAMES = ['hello', 'goodbye', 'some/path/and/file']

const pep519 = conformance('test_os', 'TestPEP519', {
  test_return_bytes: [
    holds('fspath returns bytes unchanged', () => {
      for (const name of NAMES.map((text) => Buffer.from(text))) assert.equal(os.fspath(name), name)
    }),
  ],
  test_return_string: [
    holds('fspath returns text unchanged', () => {
      for (const name of NAMES) assert.equal(os.fspath(name), name)
    }),
  ],
  test_fsencode_fsdecode: [
    holds('fspath returns the result of __fspath__', () => {
      for (const answer of ['path/like', Buffer.from('path/like')]) {
        assert.equal(os.fspath(new FakePath(answer)), answer)
      }
    }),
    holds('fsencode and fsdecode take path-like objects, of text and of bytes', () => {
      for (const answer of ['path/like', Buffer.from('path/like')]) {
        assert.deepEqual(os.fsencode(new FakePath(answer)), Buffer.from('path/like'))
        assert.equal(os.fsdecode(new FakePath(answer)), 'path/like')
      }
    }),
  ],
  test_pathlike: [
    holds('what has __fspath__ is an instance of PathLike', () => {
      assert.equal(new FakePath('x') instanceof os.PathLike, true)
    }),
    differs('and its class a subclass', 'JavaScript does not ask that of classes'),
  ],
  test_garbage_in_exception_out: [
    holds('anything else is a TypeError', () => {
      for (const value of [Number, Object, os, {}, 7, null, true]) typeError(() => os.fspath(value as never))
    }),
  ],
  test_argument_required: [holds('so is no argument', () => typeError(() => call(os.fspath)))],
  test_bad_pathlike: [
    holds('a result of __fspath__ that is neither text nor bytes is a TypeError', () => {
      typeError(() => os.fspath(new FakePath(42)))
    }),
    holds('so is a __fspath__ that cannot be called', () => typeError(() => os.fspath({ __fspath__: 1 } as never))),
    holds('what it throws passes through', () => {
      assert.throws(() => os.fspath(new FakePath(new SyntaxError('mine'))), SyntaxError)
    }),
  ],
  test_pathlike_subclasshook: [
    differs(
      'a class made of PathLike has its own instances only',
      'a class of JavaScript inherits the question as well: what has the method is an instance',
      () => {
        abstract class Subclass extends os.PathLike {}
        assert.equal(new FakePath('x') instanceof Subclass, true)
      },
    ),
  ],
  test_pathlike_class_getitem: [differs('PathLike[bytes] is a type', 'types are TypeScript’s, and gone when it runs')],
})

const functions: readonly (readonly [name: string, takesFd: boolean, use: (path: never) => unknown])[] = [
  ['stat', true, os.stat],
  ['lstat', false, os.lstat],
  ['access', false, (path) => os.access(path, os.F_OK)],
  ['open', false, (path) => os.close(os.open(path, os.O_RDONLY))],
]

const converter = conformance('test_os', 'PathTConverterTests', {
  test_path_t_converter: functions.flatMap(([name, takesFd, use]) => [
    holds(`${name} takes text, bytes, and path-like objects of both`, (here) => {
      const path = here.file()
      for (const given of [path, os.fsencode(path), new FakePath(path), new FakePath(os.fsencode(path))]) {
        use(given as never)
      }
    }),
    holds(`${name} refuses a path-like object whose __fspath__ returns a number, with a TypeError`, (here) => {
      const fd = here.open(here.file())
      typeError(() => use(new FakePath(fd) as never))
    }),
    takesFd
      ? holds(`${name} takes a descriptor`, (here) => {
          use(here.open(here.file()) as never)
        })
      : holds(`${name} refuses a descriptor, with a TypeError`, (here) => {
          const fd = here.open(here.file())
          typeError(() => use(fd as never))
        }),
  ]),
  test_path_t_converter_and_custom_class: [
    holds('the message says what a path-like object has answered', () => {
      for (const answer of [2, 2.34, {}]) {
        assert.throws(() => os.stat(new FakePath(answer)), {
          name: 'TypeError',
          message: /"path\.__fspath__\(\)" .*received/,
        })
      }
    }),
  ],
})

/** Calls that take a path which is not there. */
const failing: readonly (readonly [name: string, use: (path: string | Buffer, here: Here) => unknown])[] = [
  ['chdir', (path) => os.chdir(path)],
  ['lstat', (path) => os.lstat(path)],
  ['open', (path) => os.open(path, os.O_RDONLY)],
  ['rmdir', (path) => os.rmdir(path)],
  ['stat', (path) => os.stat(path)],
  ['unlink', (path) => os.unlink(path)],
  ['listdir', (path) => os.listdir(path)],
  ['rename', (path, here) => os.rename(path, here.path('dst'))],
  ['replace', (path, here) => os.replace(path, here.path('dst'))],
  ['chmod', (path) => os.chmod(path, 0o777)],
  ['chown', (path) => os.chown(path, 0, 0)],
  ['lchown', (path) => os.lchown(path, 0, 0)],
  ['truncate', (path) => os.truncate(path, 0)],
  ['chroot', (path) => os.chroot(path)],
  ['link', (path, here) => os.link(path, here.path('dst'))],
  ['listxattr', (path) => os.listxattr(path)],
  ['getxattr', (path) => os.getxattr(path, 'user.test')],
  ['setxattr', (path) => os.setxattr(path, 'user.test', Buffer.from('user'))],
  ['removexattr', (path) => os.removexattr(path, 'user.test')],
  ['readlink', (path) => os.readlink(path)],
]

const errors = conformance('test_os', 'OSErrorTests', {
  test_oserror_filename: failing.map(([name, use]) =>
    holds(`an error of ${name} has the path as it was given`, (here) => {
      const bytes = Buffer.concat([os.fsencode(here.folder), Buffer.from('/missing\xff', 'latin1')])
      for (const path of [bytes, os.fsdecode(bytes), here.path('missing')]) {
        assert.throws(
          () => use(path, here),
          (error: unknown) => error instanceof os.OSError && error.filename === path,
        )
      }
    }),
  ),
})

const exported = conformance('test_os', 'ExportsTests', {
  test_os_all: [
    holds('open and walk are among the names of the module', () => {
      for (const name of ['open', 'walk']) assert.ok(Object.keys(os).includes(name), name)
    }),
  ],
})

export const classes: readonly PythonClass[] = [encoding, pep519, converter, errors, exported]
