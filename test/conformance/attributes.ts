import assert from 'node:assert/strict'
import os from 'osier'
import { type Behaviour, conformance, fails, Here, holds, type PythonClass } from './suite.ts'

/** CPython's tests of extended attributes: the same by path, of a link itself, and by descriptor. */

interface Ways {
  get(path: string, name: string | Buffer): Buffer
  set(path: string, name: string | Buffer, value: Buffer, flags?: number): void
  remove(path: string, name: string | Buffer): void
  list(path: string): string[]
}

const byPath: Ways = { get: os.getxattr, set: os.setxattr, remove: os.removexattr, list: os.listxattr }

const ITSELF = { follow_symlinks: false } as const
const ofLink: Ways = {
  get: (path, name) => os.getxattr(path, name, ITSELF),
  set: (path, name, value, flags = 0) => os.setxattr(path, name, value, flags, ITSELF),
  remove: (path, name) => os.removexattr(path, name, ITSELF),
  list: (path) => os.listxattr(path, ITSELF),
}

/** Opens a file for one call. */
function opened<T>(path: string, flags: number, call: (fd: number) => T): T {
  const fd = os.open(path, flags)
  try {
    return call(fd)
  } finally {
    os.close(fd)
  }
}

const byDescriptor: Ways = {
  get: (path, name) => opened(path, os.O_RDONLY, (fd) => os.getxattr(fd, name)),
  set: (path, name, value, flags = 0) => opened(path, os.O_WRONLY, (fd) => os.setxattr(fd, name, value, flags)),
  remove: (path, name) => opened(path, os.O_WRONLY, (fd) => os.removexattr(fd, name)),
  list: (path) => opened(path, os.O_RDONLY, (fd) => os.listxattr(fd)),
}

function unsupported(): string | false {
  const here = new Here()
  try {
    os.setxattr(here.file(), 'user.test', Buffer.alloc(0))
    return false
  } catch (error) {
    return `no attributes on this file system: ${error}`
  } finally {
    here.end()
  }
}

const skip = unsupported()
const HELLO = Buffer.from('hello')

function behaviours(how: string, { get, set, remove, list }: Ways): Behaviour[] {
  const inText = (name: string): string => name
  const inBytes = (name: string): Buffer => Buffer.from(name)
  const spelled = [
    ['text', inText],
    ['bytes', inBytes],
  ] as const
  const common = spelled.flatMap(([kind, s]) => [
    holds(
      `${how}, by a name of ${kind}: a missing attribute is ENODATA`,
      (here) => {
        const path = here.file()
        fails('ENODATA', () => get(path, s('user.test')))
      },
      skip,
    ),
    holds(
      `${how}, by a name of ${kind}: a set attribute is returned and listed, also with an empty value`,
      (here) => {
        const path = here.file()
        set(path, s('user.test'), Buffer.alloc(0))
        assert.deepEqual([get(path, s('user.test')), list(path)], [Buffer.alloc(0), ['user.test']])
        set(path, s('user.test'), HELLO, os.XATTR_REPLACE)
        assert.deepEqual(get(path, s('user.test')), HELLO)
      },
      skip,
    ),
    holds(
      `${how}, by a name of ${kind}: XATTR_CREATE of an existing attribute is EEXIST`,
      (here) => {
        const path = here.file()
        set(path, s('user.test'), HELLO)
        fails('EEXIST', () => set(path, s('user.test'), HELLO, os.XATTR_CREATE))
      },
      skip,
    ),
    holds(
      `${how}, by a name of ${kind}: XATTR_REPLACE of a missing attribute is ENODATA`,
      (here) => {
        const path = here.file()
        fails('ENODATA', () => set(path, s('user.test'), HELLO, os.XATTR_REPLACE))
      },
      skip,
    ),
    holds(
      `${how}, by a name of ${kind}: only the removed attribute is gone`,
      (here) => {
        const path = here.file()
        set(path, s('user.test'), HELLO)
        set(path, s('user.test2'), HELLO, os.XATTR_CREATE)
        remove(path, s('user.test'))
        fails('ENODATA', () => get(path, s('user.test')))
        assert.deepEqual(list(path), ['user.test2'])
      },
      skip,
    ),
  ])
  return [
    ...common,
    holds(
      `${how}: a value of 1024 bytes, and a hundred attributes`,
      (here) => {
        const path = here.file()
        set(path, 'user.test', Buffer.alloc(1024, 'a'))
        assert.deepEqual(get(path, 'user.test'), Buffer.alloc(1024, 'a'))
        remove(path, 'user.test')
        const many = Array.from({ length: 100 }, (_, index) => `user.test${index}`)
        for (const name of many) set(path, name, Buffer.from('x'))
        assert.deepEqual(list(path).sort(), many.sort())
      },
      skip,
    ),
  ]
}

export const classes: readonly PythonClass[] = [
  conformance('test_os', 'ExtendedAttributeTests', {
    test_simple: behaviours('by path', byPath),
    test_lpath: behaviours('by path, links not followed', ofLink),
    test_fds: behaviours('by descriptor', byDescriptor),
  }),
]
