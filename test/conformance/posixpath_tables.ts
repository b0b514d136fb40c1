import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import os from 'osier'
import { type Behaviour, type Here, holds } from './suite.ts'

/** Tables and helpers of the behaviours in `posixpath.ts`. */

const { path } = os

type Result = string | Buffer | boolean | readonly (string | Buffer)[]

/** A table of a function's results, checked with text and with bytes. */
export function table(
  name: string,
  of: (...paths: never[]) => Result,
  rows: readonly (readonly [sentence: string, ...cases: (readonly [given: string | string[], expected: Result])[]])[],
): Behaviour[] {
  const encoded = (value: Result): Result => {
    if (typeof value === 'string') return Buffer.from(value)
    return typeof value === 'object' && !Buffer.isBuffer(value) ? value.map((part) => encoded(part) as Buffer) : value
  }
  return rows.map(([sentence, ...cases]) =>
    holds(`${name}: ${sentence}`, () => {
      for (const [given, expected] of cases) {
        const paths = typeof given === 'string' ? [given] : given
        assert.deepEqual(of(...(paths as never[])), expected)
        assert.deepEqual(of(...(paths.map((part) => Buffer.from(part)) as never[])), encoded(expected))
      }
    }),
  )
}

/** The result of `splitext` for a name must not depend on the directory before it. */
export function splitsExtension(...names: (readonly [root: string, extension: string])[]): () => void {
  return () => {
    for (const [root, extension] of names) {
      const name = root + extension
      for (const before of ['', '/', 'abc/', 'abc.def/', '/abc.def/']) {
        assert.deepEqual(path.splitext(before + name), [before + root, extension])
        assert.deepEqual(path.splitext(Buffer.from(before + name)), [
          Buffer.from(before + root),
          Buffer.from(extension),
        ])
      }
      assert.deepEqual(path.splitext(`${name}/`), [`${name}/`, ''])
    }
  }
}

/** Mount points that this process may not read, which are rare. */
export function unreadableMounts(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '/')
    .filter((mount) => path.lexists(mount) && !os.access(mount, os.R_OK | os.X_OK))
}

/** Creates a symbolic link; the target may be missing. */
export function link(here: Here, name: string, target: string): string {
  os.symlink(target, here.path(name))
  return here.path(name)
}

/** Cyclic links, each with the result of `realpath`. */
export function circles(here: Here): readonly (readonly [given: string, expected: string])[] {
  const at = (name: string): string => here.path(name)
  link(here, 'self', at('self'))
  link(here, 'two', at('one'))
  link(here, 'one', at('two'))
  link(here, 'y', at('x'))
  link(here, 'a', 'a/b')
  link(here, 'c', `../${path.basename(here.folder)}/c`)
  return [
    [at('self'), at('self')],
    [at('one'), at('one')],
    [at('two'), at('two')],
    [`${at('one')}/x`, `${at('one')}/x`],
    [`${at('one')}/..`, here.folder],
    [`${at('one')}/../x`, at('x')],
    [`${at('one')}/../y`, at('x')],
    [`${at('one')}/../one`, at('one')],
    [at('a'), `${at('a')}/b`],
    [at('c'), at('c')],
  ]
}

export function real(here: Here, name: string, expected: string): void {
  assert.equal(path.realpath(here.path(name)), expected)
}

/** `relpath` from a directory that is always the same. */
export function relative(
  here: Here,
): readonly (readonly [given: string, start: string | undefined, expected: string])[] {
  os.makedirs(here.path('user/bar'))
  here.enter(here.path('user/bar'))
  return [
    ['a', undefined, 'a'],
    [path.abspath('a'), undefined, 'a'],
    ['a/b', undefined, 'a/b'],
    ['../a/b', undefined, '../a/b'],
    ['a', '../b', '../bar/a'],
    ['a/b', '../c', '../bar/a/b'],
    ['a', 'b/c', '../../a'],
    ['a', 'a', '.'],
    ['/foo/bar/bat', '/x/y/z', '../../../foo/bar/bat'],
    ['/foo/bar/bat', '/foo/bar', 'bat'],
    ['/foo/bar/bat', '/', 'foo/bar/bat'],
    ['/', '/foo/bar/bat', '../../..'],
    ['/x', '/foo/bar/bat', '../../../x'],
    ['/', '/', '.'],
    ['/a/b', '/a/b', '.'],
  ]
}

export const COMMON: readonly (readonly [paths: string[], expected: string])[] = [
  [['/usr/local'], '/usr/local'],
  [['/usr/local/', '/usr/local'], '/usr/local'],
  [['/usr//local', '//usr/local'], '/usr/local'],
  [['/usr/./local', '/./usr/local'], '/usr/local'],
  [['/', '/dev'], '/'],
  [['/usr', '/dev'], '/'],
  [['/usr/lib/', '/usr/lib/python3'], '/usr/lib'],
  [['/usr/lib', '/usr/lib64'], '/usr'],
  [['spam'], 'spam'],
  [['spam', 'alot'], ''],
  [['and/jam', 'and/spam'], 'and'],
  [['and/./jam', './and/spam'], 'and'],
  [['and/jam', 'and/spam', 'alot'], ''],
  [[''], ''],
  [['', 'spam/alot'], ''],
]

export const MIXED: readonly (readonly [first: string, second: string])[] = [
  ['/usr/lib/', '/usr/lib/python3'],
  ['/usr/lib/', 'usr/lib/python3'],
  ['usr/lib/', '/usr/lib/python3'],
]
