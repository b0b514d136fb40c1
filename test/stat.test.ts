import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import os from 'osier'
import * as stat from 'osier/stat'
import { inRepository } from '../tools/repository.ts'
import { temporaryFolder } from './support/folder.ts'
import { askPython, noPython } from './support/python.ts'

const predicates = [
  ...([stat.S_ISDIR, stat.S_ISCHR, stat.S_ISBLK, stat.S_ISREG, stat.S_ISFIFO] as const),
  ...([stat.S_ISLNK, stat.S_ISSOCK, stat.S_ISDOOR, stat.S_ISPORT, stat.S_ISWHT] as const),
]

test('the constants are those of CPython', () => {
  const fixture: { constants: Record<string, number> } = JSON.parse(
    readFileSync(inRepository('test/fixtures/cpython-constants.json'), 'utf8'),
  )
  const family = /^(S_[IE]\w+|UF_\w+|SF_\w+|FILE_ATTRIBUTE_\w+|ST_(MODE|INO|DEV|NLINK|UID|GID|SIZE|ATIME|MTIME|CTIME))$/
  const wanted = Object.entries(fixture.constants).filter(([name]) => family.test(name))
  assert.equal(wanted.length, 75)
  const found: Readonly<Record<string, unknown>> = stat
  assert.deepEqual(
    wanted.map(([name]) => [name, found[name]]),
    wanted,
  )
})

test('what only other systems have is exported as undefined', () => {
  const names = ['IO_REPARSE_TAG_SYMLINK', 'IO_REPARSE_TAG_MOUNT_POINT', 'IO_REPARSE_TAG_APPEXECLINK']
  const found = new Map<string, unknown>(Object.entries(stat))
  for (const name of [...names, 'SF_SUPPORTED', 'SF_SYNTHETIC']) {
    assert.ok(found.has(name), name)
    assert.equal(found.get(name), undefined, name)
  }
})

test('the indices are those of a stat_result', () => {
  const status = os.stat('/')
  assert.equal(status[stat.ST_MODE], status.st_mode)
  assert.equal(status[stat.ST_INO], status.st_ino)
  assert.equal(status[stat.ST_DEV], status.st_dev)
  assert.equal(status[stat.ST_NLINK], status.st_nlink)
  assert.equal(status[stat.ST_UID], status.st_uid)
  assert.equal(status[stat.ST_GID], status.st_gid)
  assert.equal(status[stat.ST_SIZE], status.st_size)
  assert.equal(status[stat.ST_ATIME], Math.floor(status.st_atime))
  assert.equal(status[stat.ST_MTIME], Math.floor(status.st_mtime))
  assert.equal(status[stat.ST_CTIME], Math.floor(status.st_ctime))
})

test('the attributes of statx are those that stx_attributes has', () => {
  const root = os.statx('/', os.STATX_BASIC_STATS)
  // Linux 5.8 on says it of every root of a mount, and the root of all is one.
  if ((root.stx_attributes_mask & stat.STATX_ATTR_MOUNT_ROOT) === 0) return
  assert.notEqual(root.stx_attributes & stat.STATX_ATTR_MOUNT_ROOT, 0)
})

test('the types of real files are distinguished', async () => {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('file'), '')
  symlinkSync('file', at('link'))
  os.mkfifo(at('fifo'))
  const server = createServer().listen(at('socket'))
  await once(server, 'listening')
  const letter = (path: string): string => stat.filemode(os.lstat(path).st_mode).charAt(0)
  try {
    const paths = [folder, at('file'), at('link'), at('fifo'), at('socket'), '/dev/null']
    assert.deepEqual(paths.map(letter), ['d', '-', 'l', 'p', 's', 'c'])
    const own = [stat.S_ISDIR, stat.S_ISREG, stat.S_ISLNK, stat.S_ISFIFO, stat.S_ISSOCK, stat.S_ISCHR]
    for (const [index, path] of paths.entries()) {
      const { st_mode } = os.lstat(path)
      const answers = predicates.filter((predicate) => predicate(st_mode))
      assert.deepEqual(answers, [own[index]], path)
    }
  } finally {
    server.close()
    await once(server, 'close')
  }
  os.chmod(at('file'), 0o6751)
  assert.equal(stat.S_IMODE(os.stat(at('file')).st_mode), 0o6751)
  assert.equal(stat.S_IFMT(os.stat(at('file')).st_mode), stat.S_IFREG)
})

test('filemode writes modes as ls does', () => {
  const shown = [0o100644, 0o040755, 0o120777, 0o104755, 0o104644, 0o102755, 0o102644, 0o041777, 0o041776, 0, 0o160000]
  assert.deepEqual(shown.map(stat.filemode), [
    ...['-rw-r--r--', 'drwxr-xr-x', 'lrwxrwxrwx', '-rwsr-xr-x', '-rwSr--r--', '-rwxr-sr-x', '-rw-r-Sr--'],
    ...['drwxrwxrwt', 'drwxrwxrwT', '?---------', '?---------'],
  ])
})

test('every mode is read as CPython reads it', { skip: noPython }, () => {
  const theirs = askPython<{ filemode: string[]; types: boolean[][]; IMODE: number[]; IFMT: number[] }>(`
import json, stat
modes = list(range(65536)) + [0x1_81a4, 0xffff_ffff, 0x8000_0000]
types = [getattr(stat, 'S_IS' + t) for t in 'DIR CHR BLK REG FIFO LNK SOCK DOOR PORT WHT'.split()]
print(json.dumps({
    'filemode': [stat.filemode(mode) for mode in modes],
    'types': [[is_type(mode) for is_type in types] for mode in modes if not mode & 0o777],
    'IMODE': [stat.S_IMODE(mode) for mode in modes],
    'IFMT': [stat.S_IFMT(mode) for mode in modes],
}))`)
  const modes = [...Array(65536).keys(), 0x1_81a4, 0xffff_ffff, 0x8000_0000]
  assert.deepEqual(modes.map(stat.filemode), theirs.filemode)
  assert.deepEqual(modes.map(stat.S_IMODE), theirs.IMODE)
  assert.deepEqual(modes.map(stat.S_IFMT), theirs.IFMT)
  const bare = modes.filter((mode) => (mode & 0o777) === 0)
  const types = bare.map((mode) => predicates.map((predicate) => predicate(mode)))
  assert.deepEqual(types, theirs.types)
})

test('what is no mode is refused', () => {
  for (const read of [...predicates, stat.S_IMODE, stat.S_IFMT, stat.filemode]) {
    for (const value of [-1, 2 ** 32, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => read(value), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }, `${read.name}(${value})`)
    }
    for (const value of ['33188', 33188n, null, undefined, {}]) {
      const call = (): unknown => Reflect.apply(read, undefined, [value])
      assert.throws(call, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, read.name)
    }
    assert.equal(read.length, 1, read.name)
  }
})
