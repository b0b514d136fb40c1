/** The functions that work on the pool do what those of `os` do: the same calls on the same files, one by one. */

import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import os from 'osier'
import * as promises from 'osier/promises'
import { noPwritev2 } from '../support/emulation.ts'
import { temporaryFolder } from '../support/folder.ts'
import { publicFunctions, waiting } from '../support/signatures.ts'
import { neverBlockingWithoutNeed, twinsLacking } from '../support/twins.ts'

type Callable = (...args: readonly unknown[]) => unknown

type Arguments = readonly unknown[] | (() => readonly unknown[])

const folder = temporaryFolder()

/** The same files for each call. */
function prepare(): void {
  process.chdir(folder)
  rmSync('here', { recursive: true, force: true })
  mkdirSync('here/folder/inner', { recursive: true })
  process.chdir('here')
  writeFileSync('file', 'some contents')
  writeFileSync(Buffer.from('caf\xe9', 'latin1'), '')
  mkdirSync('empty')
  symlinkSync('file', 'link')
  symlinkSync('nowhere', 'dangling')
}

const [ns, later] = [1_000_000_000_123_456_789n, 1_100_000_000_987_654_321n]

/** An open descriptor of the file, or of a folder, closed at the next request. */
let last = -1

function opened(path = 'file', flags = os.O_RDWR): number {
  closeLast()
  last = os.open(path, flags)
  return last
}

function closeLast(): void {
  if (last !== -1) os.close(last)
  last = -1
}

const bytes = (text: string): Buffer => Buffer.from(text)

const inFolder = (): { dir_fd: number } => ({ dir_fd: opened('folder', os.O_RDONLY) })

/** Calls by the function's name: some that succeed, some that fail. */
const calls: Readonly<Record<string, readonly Arguments[]>> = {
  access: [
    ['file', os.R_OK],
    ['missing', os.F_OK],
    ['dangling', os.F_OK, { follow_symlinks: false }],
  ],
  chmod: [['file', 0o600], ['missing', 0o600], () => [opened(), 0o604], ['link', 0o600, { follow_symlinks: false }]],
  chown: [['file', -1, -1], ['missing', -1, -1], () => [opened(), -1, -1]],
  copy_file_range: [() => [opened(), opened(), 4, { offset_src: 1, offset_dst: 40 }], [-1, -1, 1]],
  fchmod: [() => [opened(), 0o640], [-1, 0o640]],
  fchown: [() => [opened(), -1, -1], [-1, -1, -1]],
  fdatasync: [() => [opened()], [1_000_000]],
  fpathconf: [() => [opened(), 'PC_NAME_MAX'], () => [opened(), 'PC_SYNC_IO'], [-1, 'PC_NAME_MAX']],
  fstat: [() => [opened()], [-1]],
  fstatvfs: [[-1]],
  fsync: [() => [opened()], [1_000_000]],
  ftruncate: [() => [opened(), 3], () => [opened(), -1], [-1, 0]],
  getgrouplist: [
    ['root', 0],
    ['no such user', 77],
  ],
  getxattr: [
    ['file', 'user.missing'],
    ['missing', 'user.x'],
  ],
  lchown: [
    ['link', -1, -1],
    ['missing', -1, -1],
  ],
  link: [
    ['file', 'hard'],
    ['link', 'hard', { follow_symlinks: true }],
    ['missing', 'hard'],
    ['file', 'empty'],
  ],
  listdir: [
    [],
    ['.'],
    [Buffer.from('.')],
    ['missing'],
    ['file'],
    () => [opened('.', os.O_RDONLY)],
    [{ path: 'folder' }],
  ],
  listxattr: [['file'], ['missing'], []],
  lseek: [() => [opened(), 3, os.SEEK_SET], () => [opened(), -1, os.SEEK_SET], () => [opened(), 0, os.SEEK_HOLE]],
  lstat: [['link'], ['missing'], () => ['inner', inFolder()]],
  makedirs: [['a/b/c'], ['folder'], ['folder', { exist_ok: true }], ['a/b/.', 0o700, true], ['file/x']],
  mkdir: [['new'], ['new', 0o700], ['file'], ['missing/new'], () => ['new', inFolder()]],
  mkfifo: [['fifo'], ['fifo', 0o600], ['file']],
  mknod: [['node'], ['node', 0o644], ['file']],
  pathconf: [['file', 'PC_NAME_MAX'], ['missing', 'PC_NAME_MAX'], () => [opened(), 'PC_SYNC_IO'], ['file', 12345]],
  posix_fadvise: [() => [opened(), 0, 0, 0], () => [opened(), 0, 0, 99], [-1, 0, 0, 0]],
  posix_fallocate: [() => [opened(), 0, 100], () => [opened(), -1, 1], [-1, 0, 1]],
  pread: [
    () => [opened(), 4, 5],
    () => [opened(), 100_000, 5],
    () => [opened(), 4, -1],
    [-1, 4, 0],
    () => [opened(), 0, 0],
  ],
  preadv: [
    () => [opened(), [Buffer.alloc(3), new Uint16Array(2)], 1],
    () => [opened(), [], 0],
    [-1, [Buffer.alloc(1)], 0],
  ],
  pwrite: [() => [opened(), bytes('xyz'), 20], () => [opened(), Buffer.alloc(100_000, 'q'), 1], [-1, bytes('x'), 0]],
  pwritev: [() => [opened(), [bytes('ab'), bytes('cd')], 2], () => [opened(), Array(2000).fill(bytes('a')), 0]],
  readlink: [['link'], [Buffer.from('link')], ['file'], ['missing']],
  remove: [['file'], ['missing'], ['folder'], () => ['inner', inFolder()]],
  removedirs: [['folder/inner'], ['folder'], ['missing']],
  removexattr: [
    ['file', 'user.missing'],
    ['missing', 'user.x'],
  ],
  rename: [
    ['file', 'other'],
    ['missing', 'other'],
    ['file', 'folder'],
    ['empty', 'folder'],
  ],
  renames: [
    ['folder/inner', 'x/y/z'],
    ['missing', 'x/y'],
    ['file', 'link'],
  ],
  replace: [
    ['file', 'link'],
    ['missing', 'other'],
    ['empty', 'file'],
  ],
  rmdir: [['empty'], ['folder'], ['missing'], ['file']],
  setxattr: [
    ['file', 'user.x', bytes('value')],
    ['missing', 'user.x', bytes('')],
    ['file', 'user.x', bytes('v'), os.XATTR_REPLACE],
  ],
  stat: [
    ['folder'],
    ['link', { follow_symlinks: false }],
    ['missing'],
    ['dangling'],
    ['x'.repeat(300)],
    () => [opened()],
  ],
  statvfs: [['missing']],
  statx: [
    ['folder', os.STATX_BASIC_STATS],
    ['missing', os.STATX_BASIC_STATS],
    ['file', os.STATX_BASIC_STATS, 0x1000_0000],
  ],
  symlink: [
    ['target', 'new'],
    ['target', 'file'],
    ['target', 'new', true],
  ],
  sync: [[]],
  truncate: [['file', 2], ['missing', 2], ['folder', 2], () => [opened(), 100]],
  unlink: [['link'], ['missing'], ['folder']],
  utime: [['file', { ns: [ns, later] }], ['missing'], ['file', [1.5, 2.5]], () => [opened(), [7, 8]]],
}

/** Functions whose results differ from call to call, or which are tested by themselves. */
const apart = new Set('AsyncScandirIterator close fwalk getrandom open scandir urandom walk'.split(' '))

/** Times of the last change are those of the call. */
function comparable(value: unknown): unknown {
  if (value instanceof os.stat_result || value instanceof os.statx_result) {
    const entries = Object.entries(value).filter(([name]) => !/^stx?_([abcm]time|ino|mnt)/.test(name))
    return { class: value.constructor.name, ...Object.fromEntries(entries) }
  }
  return Array.isArray(value) ? [...value].sort() : value
}

/** What came of a call, and what it left in the folder and in memory that it was given. */
function outcome(how: unknown, args: readonly unknown[]): unknown {
  const left = os
    .listdir()
    .sort()
    .map((name) => {
      const { st_mode, st_size, st_nlink, st_mtime_ns } = os.lstat(name)
      const isSet = st_mtime_ns < BigInt(Date.now() - 3_600_000) * 1_000_000n
      return [name, st_mode, st_size, st_nlink, isSet && st_mtime_ns]
    })
  return { how, left, memory: args.filter((arg) => typeof arg === 'object') }
}

function failure(error: unknown): unknown {
  if (!(error instanceof os.OSError)) return { error: String(error) }
  const { name, errno, message, filename, filename2, code, syscall, path, dest } = error
  return { name, errno, message, filename, filename2, code, syscall, path, dest }
}

function fresh(args: Arguments): readonly unknown[] {
  prepare()
  return typeof args === 'function' ? args() : structuredClone(args)
}

function synchronously(name: string, given: Arguments): unknown {
  const args = fresh(given)
  try {
    return outcome(comparable((os as unknown as Record<string, Callable>)[name]?.(...args)), args)
  } catch (error) {
    return outcome(failure(error), args)
  }
}

async function onThePool(name: string, given: Arguments, ...more: unknown[]): Promise<unknown> {
  const args = fresh(given)
  try {
    return outcome(
      comparable(await (os.promises as unknown as Record<string, Callable>)[name]?.(...args, ...more)),
      args,
    )
  } catch (error) {
    return outcome(failure(error), args)
  }
}

describe('each call has the same result as its synchronous form', () => {
  for (const [name, list] of Object.entries(calls)) {
    test(name, { skip: /^p(read|write)v$/.test(name) && noPwritev2 }, async () => {
      for (const args of list) {
        assert.deepEqual(await onThePool(name, args), synchronously(name, args), inspect(args))
      }
      closeLast()
    })
  }
})

test('the comparison covers every function that runs on the pool', () => {
  const names = Object.keys(os.promises).filter((name) => name in os && !waiting.has(name) && !apart.has(name))
  const missing = names.filter((name) => !(name in calls))
  assert.deepEqual(
    missing.map((name) => `${name}: add calls of it to calls in test/promises/twins.test.ts, or its name to apart`),
    [],
  )
})

test('every function has the name and length of the function in os', () => {
  for (const [name, twin] of Object.entries(os.promises as Readonly<Record<string, unknown>>)) {
    const like: unknown = (os as Readonly<Record<string, unknown>>)[name]
    if (typeof twin !== 'function' || typeof like !== 'function') continue
    assert.deepEqual([twin.name, twin.length], [like.name, like.length])
  }
})

test('every function of os is in osier/promises, or in the list of those that never block', () => {
  const names = publicFunctions().map(({ name }) => name)
  assert.deepEqual([...twinsLacking(names, os.promises), ...neverBlockingWithoutNeed(names, os.promises)], [])
})

test('os.promises is osier/promises', () => {
  assert.equal(os.promises.stat, promises.stat)
})
