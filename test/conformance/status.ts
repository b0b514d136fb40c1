import assert from 'node:assert/strict'
import os from 'osier'
import * as stat from 'osier/stat'
import {
  conformance,
  differs,
  type Here,
  holds,
  isRoot,
  needsRoot,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

/** CPython's tests of the results of `stat`, and of the calls that change them: times and owners. */

const PICKLE = 'there is no pickle: `structuredClone` and JSON are the language’s, and keep no class'

type Status = Readonly<Record<string, unknown>>

/** Each item of a sequence is also the field of this name. */
function sameByName(result: ArrayLike<unknown>, names: readonly string[], whole: (value: unknown) => unknown): void {
  for (const [index, name] of names.entries()) {
    assert.equal(result[index], whole((result as unknown as Status)[name]), name)
  }
}

const STAT_FIELDS = 'mode ino dev nlink uid gid size atime mtime ctime'.split(' ').map((name) => `st_${name}`)
const STATVFS_FIELDS = 'bsize frsize blocks bfree bavail files ffree favail flag namemax'
  .split(' ')
  .map((name) => `f_${name}`)

const attributes = conformance('test_os', 'StatAttributeTests', {
  test_stat_attributes: [
    holds('the size is an attribute, and the item number ST_SIZE', (here) => {
      const result = os.stat(here.file('file', 'ABC'))
      assert.deepEqual([result.st_size, result[stat.ST_SIZE]], [3, 3])
    }),
    holds('each item is an attribute as well, times without their fraction', (here) => {
      const whole = (value: unknown): unknown => (typeof value === 'number' ? Math.floor(value) : value)
      sameByName(os.stat(here.file()), STAT_FIELDS, whole)
    }),
    holds('the constants ST_* number the items', () => {
      const places = STAT_FIELDS.map((name) => (stat as unknown as Record<string, number>)[name.toUpperCase()])
      assert.deepEqual(places, [...places.keys()])
    }),
    holds('times in seconds and in nanoseconds agree', (here) => {
      const result = os.stat(here.file())
      for (const name of ['st_atime', 'st_mtime', 'st_ctime'] as const) {
        assert.ok(Math.abs(result[name] - Number(result[`${name}_ns`]) / 1e9) < 2e-5, name)
      }
    }),
    differs('an item beyond the last is an IndexError', 'past its end a sequence of JavaScript has `undefined`', () => {
      assert.equal(os.stat('/')[200], undefined)
    }),
    differs(
      'attributes cannot be assigned',
      'TypeScript refuses it (they are `readonly`); to freeze each result would slow `stat` down',
    ),
    differs('an unknown attribute cannot be added', 'the same: TypeScript refuses it, the object is open'),
    holds('stat_result of too short a sequence is refused', () => rangeError(() => new os.stat_result([10]))),
    holds('stat_result of fifteen items is taken', () => {
      const items = Array.from({ length: 15 }, (_, index) => index)
      assert.equal(new os.stat_result(items).st_size, 6)
    }),
  ],
  test_stat_attributes_bytes: [
    holds('stat takes bytes as a path', (here) => {
      const path = here.file('file', 'ABC')
      assert.deepEqual(os.stat(os.fsencode(path)), os.stat(path))
    }),
  ],
  test_stat_result_pickle: [differs('a stat_result can be pickled', PICKLE)],
  test_statvfs_attributes: [
    holds('the free blocks are an attribute, and the fourth item', (here) => {
      const result = os.statvfs(here.folder)
      assert.equal(result[3], result.f_bfree)
    }),
    holds('each item is an attribute as well', (here) => {
      sameByName(os.statvfs(here.folder), STATVFS_FIELDS, (value) => value)
    }),
    holds('the id of the file system is an integer', () => assert.equal(typeof os.statvfs('/').f_fsid, 'bigint')),
    holds('the sequence has ten items, without that id', () => assert.equal(os.statvfs('/').length, 10)),
    differs('attributes cannot be assigned', 'TypeScript refuses it: they are `readonly`'),
    holds('statvfs_result of too short a sequence is refused', () => rangeError(() => new os.statvfs_result([10]))),
    holds('statvfs_result of fifteen items is refused', () => {
      rangeError(() => new os.statvfs_result(Array.from({ length: 15 }, (_, index) => index)))
    }),
  ],
  test_statvfs_result_pickle: [differs('a statvfs_result can be pickled', PICKLE)],
  test_15261: [
    holds('stat takes the descriptor of a pipe', (here) => {
      assert.equal(stat.S_ISFIFO(os.stat(here.pipe()[0]).st_mode), true)
    }),
    holds('stat of a closed descriptor is EBADF', (here) => {
      const [r] = here.pipe()
      os.close(r)
      assert.throws(() => os.stat(r), { code: 'EBADF' })
    }),
  ],
})

const ATIME = 1_002_003_000n
const MTIME = 4_005_006_000n
const NS = [ATIME, MTIME] as const
/** Half a nanosecond more, because `utime` cuts what is beyond. */
const SECONDS = [Number(ATIME) * 1e-9 + 0.5e-9, Number(MTIME) * 1e-9 + 0.5e-9] as const

function hasTimes(path: string): void {
  const { st_atime, st_atime_ns, st_mtime, st_mtime_ns } = os.lstat(path)
  assert.deepEqual([st_atime_ns, st_mtime_ns], NS)
  assert.ok(Math.abs(st_atime - 1.002003) < 1e-6 && Math.abs(st_mtime - 4.005006) < 1e-6)
}

/** A file's modification time is set to now: between two readings of the clock that made its change time. */
function isCurrent(here: Here, set: (path: string) => void): void {
  const path = here.file()
  os.utime(path, [5, 5])
  set(path)
  const { st_mtime_ns, st_ctime_ns } = os.stat(path)
  assert.equal(st_mtime_ns, st_ctime_ns)
}

const utime = conformance('test_os', 'UtimeTests', {
  test_utime: [
    holds('utime takes nanoseconds by the name of ns, and keeps them exactly', (here) => {
      os.utime(here.file(), { ns: NS })
      hasTimes(here.path('file'))
    }),
  ],
  test_utime_by_indexed: [
    holds('utime takes seconds with a fraction as the second argument', (here) => {
      os.utime(here.file(), SECONDS)
      hasTimes(here.path('file'))
    }),
  ],
  test_utime_by_times: [
    holds('utime takes them by the name of times', (here) => {
      os.utime(here.file(), { times: SECONDS })
      hasTimes(here.path('file'))
    }),
  ],
  test_utime_nofollow_symlinks: [
    holds('utime with follow_symlinks false sets the times of the link itself', (here) => {
      const before = os.stat(here.file()).st_mtime_ns
      os.symlink('file', here.path('link'))
      os.utime(here.path('link'), { ns: NS, follow_symlinks: false })
      hasTimes(here.path('link'))
      assert.equal(os.stat(here.path('file')).st_mtime_ns, before)
    }),
  ],
  test_utime_fd: [
    holds('utime takes a descriptor', (here) => {
      os.utime(here.open(here.file()), { ns: NS })
      hasTimes(here.path('file'))
    }),
  ],
  test_utime_dir_fd: [
    holds('utime takes a path from dir_fd', (here) => {
      here.file()
      os.utime('file', { dir_fd: here.open(here.folder, os.O_RDONLY), ns: NS })
      hasTimes(here.path('file'))
    }),
  ],
  test_utime_directory: [
    holds('utime sets the times of a directory', (here) => {
      os.mkdir(here.path('directory'))
      os.utime(here.path('directory'), { ns: NS })
      hasTimes(here.path('directory'))
    }),
  ],
  test_utime_current: [
    holds('utime without times sets those of now', (here) => isCurrent(here, (path) => os.utime(path))),
  ],
  test_utime_current_old: [
    holds('utime with none in their place as well', (here) => isCurrent(here, (path) => os.utime(path, null))),
  ],
  test_large_time: [
    holds('times after 2038 are kept, where the file system has room for them', (here) => {
      os.utime(here.file(), [5_000_000_000, 5_000_000_000])
      // Of the usual file systems ext3 has none: it cuts to 32 bits.
      assert.ok([5_000_000_000, 2 ** 31 - 1].includes(os.stat(here.path('file')).st_mtime))
    }),
  ],
  test_utime_invalid_arguments: [
    holds('times and ns together are a ValueError', (here) => {
      const path = here.file()
      rangeError(() => os.utime(path, [5, 5], { ns: [5n, 5n] }))
    }),
    differs('a list in place of a tuple is a TypeError', 'JavaScript has arrays for both', (here) => {
      os.utime(here.file(), { ns: [5n, 5n] })
    }),
    holds('one time is a TypeError', (here) => {
      const path = here.file()
      typeError(
        () => os.utime(path, [5] as never),
        () => os.utime(path, { ns: [5n] as never }),
      )
    }),
    holds('three times are a TypeError', (here) => {
      const path = here.file()
      typeError(
        () => os.utime(path, [5, 5, 5] as never),
        () => os.utime(path, { ns: [5n, 5n, 5n] as never }),
      )
    }),
    holds('descriptors, dir_fd and follow_symlinks are supported, and said to be', () => {
      for (const set of [os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks]) assert.ok(set.has(os.utime))
    }),
  ],
  test_issue31577: [
    holds('nanoseconds that only pretend to be integers are a TypeError', (here) => {
      const path = here.file()
      const convertible = { valueOf: () => 1, [Symbol.toPrimitive]: () => 1 }
      typeError(() => os.utime(path, { ns: [convertible, 1n] as never }))
    }),
  ],
})

const oneGroup: string | false = os.getgroups().length < 2 && !isRoot ? 'the user is in one group only' : false

/** The owner and the group of a file after `chown`. */
function owned(here: Here, uid: number, gid: number): [number, number] {
  const path = here.path('file')
  if (!os.path.exists(path)) here.file()
  os.chown(path, uid, gid)
  const { st_uid, st_gid } = os.stat(path)
  return [st_uid, st_gid]
}

const chown = conformance('test_os', 'ChownFileTests', {
  test_chown_uid_gid_arguments_must_be_index: [
    holds('what resembles an integer is refused, with a TypeError', (here) => {
      const path = here.file()
      for (const value of ['-1', -1n, { valueOf: () => -1 }, new Date(0)]) {
        typeError(
          () => os.chown(path, value as never, -1),
          () => os.chown(path, -1, value as never),
        )
      }
    }),
    differs('-1.0 is a TypeError', 'JavaScript has no other -1; what has a fraction is a RangeError', (here) => {
      const path = here.file()
      os.chown(path, -1.0, -1.0)
      rangeError(() => os.chown(path, -1.5, -1))
    }),
    holds('chown takes the ids that the file has', (here) => {
      const { st_uid, st_gid } = os.stat(here.folder)
      assert.equal(os.chown(here.folder, st_uid, st_gid), undefined)
    }),
    holds('-1 leaves an id unchanged', (here) => {
      const { st_uid, st_gid } = os.stat(here.file())
      assert.deepEqual(owned(here, -1, -1), [st_uid, st_gid])
    }),
  ],
  test_chown_gid: [
    holds(
      'the owner of a file gives it to other groups that the process is in',
      (here) => {
        const groups = isRoot ? [0, 1] : os.getgroups().slice(0, 2)
        for (const gid of groups) assert.equal(owned(here, -1, gid)[1], gid)
      },
      oneGroup,
    ),
  ],
  test_chown_with_root: [
    holds(
      'root gives files to other users',
      (here) => {
        for (const uid of [1, 2]) assert.equal(owned(here, uid, -1)[0], uid)
      },
      needsRoot,
    ),
  ],
  test_chown_without_permission: [
    holds(
      'an ordinary user does not: PermissionError',
      (here) => {
        const path = here.file()
        assert.throws(() => os.chown(path, 0, -1), os.PermissionError)
      },
      isRoot ? 'root may' : false,
    ),
  ],
})

export const classes: readonly PythonClass[] = [attributes, utime, chown]
