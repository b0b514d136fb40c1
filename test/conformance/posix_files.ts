import assert from 'node:assert/strict'
import os from 'osier'
import * as stat from 'osier/stat'
import {
  type Behaviour,
  badDescriptor,
  call,
  differs,
  fails,
  type Here,
  holds,
  isRoot,
  needsRoot,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

/** CPython's PosixTester: the tests of files by path. */

const NULL_TIMES = 'null in place of a time'

/** What `utime` takes and refuses, whatever it is given in place of a path. */
function utimes(
  how: string,
  set: (here: Here, times?: readonly unknown[] | null, ns?: readonly unknown[]) => void,
): Behaviour[] {
  const now = Date.now() / 1000
  return [
    holds(`${how}: utime takes null, whole seconds, and seconds with a fraction`, (here) => {
      for (const times of [undefined, null, [Math.floor(now), Math.floor(now)], [now, now]]) set(here, times)
    }),
    holds(`${how}: utime refuses ${NULL_TIMES}, with a TypeError`, (here) => {
      for (const times of [[null, null], [now, null], [null, now], [now, 'x'], now]) {
        typeError(() => set(here, times as never))
      }
    }),
  ]
}

/** The folder's file, created on first use. */
function newFile(here: Here): string {
  return os.path.exists(here.path('file')) ? here.path('file') : here.file()
}

/** A path whose owner can be changed, and a function that returns the owner. */
interface Owned {
  chown(uid: number, gid: number): void
  owner(): number[]
}

function ownerOf({ st_uid, st_gid }: os.stat_result): number[] {
  return [st_uid, st_gid]
}

const BIG = 2 ** 31

/** CPython's checks that are the same for chown, fchown and lchown. */
function chowns(name: string, of: (here: Here) => Owned): Behaviour[] {
  const mine = [os.getuid(), os.getgid()] as const
  return [
    holds(`${name} takes the ids that the process has, and -1 for either`, (here) => {
      const file = of(here)
      for (const [uid, gid] of [mine, [-1, mine[1]], [mine[0], -1]] as const) {
        file.chown(uid, gid)
        assert.deepEqual(file.owner(), mine)
      }
    }),
    holds(
      `${name} of root takes ids beyond 31 bits, and -1 leaves them`,
      (here) => {
        const file = of(here)
        file.chown(BIG, BIG)
        assert.deepEqual(file.owner(), [BIG, BIG])
        file.chown(-1, -1)
        assert.deepEqual(file.owner(), [BIG, BIG])
      },
      needsRoot,
    ),
    holds(
      `${name} to root is an OSError for others, and changes nothing`,
      (here) => {
        const file = of(here)
        fails(
          'EPERM',
          () => file.chown(0, 0),
          () => file.chown(0, -1),
        )
        assert.deepEqual(file.owner(), mine)
      },
      isRoot && 'root may',
    ),
    holds(`${name} refuses text as an id, with a TypeError`, (here) => {
      const file = of(here)
      typeError(
        () => file.chown('0' as never, -1),
        () => file.chown(-1, '0' as never),
      )
    }),
  ]
}

function noFlags(name: string): Behaviour {
  return differs(`${name} sets UF_IMMUTABLE`, 'Linux has no such flags (CPython skips this there)', (here) =>
    assert.throws(() => call(os[name as 'chflags'], here.folder, 0), os.NotImplementedError),
  )
}

const NUL = 'with a ValueError'

/** A path with a NUL in it, and one without, of the same text. */
function withNul(here: Here, asBytes: boolean): readonly [bad: string, good: string] {
  const good = here.path('new')
  const bad = `${good}\0`
  return [(asBytes ? Buffer.from(bad) : bad) as string, good]
}

function nulTests(kind: string, asBytes: boolean): Behaviour[] {
  return [
    holds(`open refuses a path of ${kind} with a NUL in it, ${NUL}, and makes nothing`, (here) => {
      const [bad, good] = withNul(here, asBytes)
      rangeError(() => os.open(bad, os.O_WRONLY | os.O_CREAT))
      assert.equal(os.path.exists(good), false)
    }),
    holds(`so does mkdir of ${kind}`, (here) => {
      const [bad, good] = withNul(here, asBytes)
      rangeError(() => os.mkdir(bad))
      assert.equal(os.path.exists(good), false)
    }),
    holds(`and stat of ${kind}, though the beginning names a file`, (here) => {
      const [bad] = withNul(here, asBytes)
      here.file('new')
      rangeError(() => os.stat(bad))
    }),
  ]
}

const calls = { rename: os.rename, replace: os.replace, link: os.link } as const

export const tests: PythonClass['tests'] = {
  test_statvfs: [holds('statvfs takes a path', () => assert.ok(os.statvfs(os.curdir).f_bsize > 0))],
  test_fstatvfs: [
    holds('fstatvfs takes a descriptor', (here) => assert.ok(os.fstatvfs(here.open(here.file())).f_bsize > 0)),
    holds('so does statvfs', (here) => {
      const fd = here.open(here.file())
      assert.deepEqual(os.statvfs(fd).f_fsid, os.fstatvfs(fd).f_fsid)
    }),
  ],
  test_truncate: [
    holds('truncate cuts a file', (here) => {
      os.truncate(here.file('file', 'test'), 0)
      assert.equal(os.stat(here.path('file')).st_size, 0)
    }),
  ],
  test_utime_with_fd: [
    ...utimes('by descriptor', (here, times, ns) => {
      const fd = here.open(newFile(here))
      os.utime(fd, times as never, ns === undefined ? {} : { ns: ns as never })
    }),
    holds('utime refuses times and ns together, with a ValueError, whatever they are', (here) => {
      const fd = here.open(here.file())
      rangeError(
        () => os.utime(fd, [1, 1], { ns: [1, 1] }),
        () => os.utime(fd, [1, 0], { ns: [null, null] as never }),
        () => os.utime(fd, [null, null] as never, { ns: [1, 0] }),
      )
    }),
    holds('utime takes nanoseconds as whole numbers', (here) => os.utime(here.open(here.file()), { ns: [5, 6] })),
  ],
  test_utime_nofollow_symlinks: [
    ...utimes('of a link itself', (here, times) => {
      if (!os.path.lexists(here.path('link'))) os.symlink('missing', here.path('link'))
      os.utime(here.path('link'), times as never, { follow_symlinks: false })
    }),
    holds('utime with follow_symlinks alone sets the times of now', (here) => {
      os.symlink('missing', here.path('link'))
      os.utime(here.path('link'), { follow_symlinks: false })
    }),
  ],
  test_utime: utimes('by path', (here, times) => os.utime(newFile(here), times as never)),
  test_fstat: [
    holds('fstat takes a descriptor', (here) => assert.equal(os.fstat(here.open(here.file('file', 'abc'))).st_size, 3)),
    holds('so does stat', (here) => assert.equal(os.stat(here.open(here.file('file', 'abc'))).st_size, 3)),
    differs('stat refuses 3.0, with a TypeError', 'it is the number 3; what has a fraction is a RangeError', () => {
      rangeError(() => os.stat(3.5))
    }),
  ],
  test_stat: [
    holds('stat takes text', (here) => assert.equal(os.stat(here.file('file', 'abc')).st_size, 3)),
    holds('stat takes bytes', (here) => assert.equal(os.stat(os.fsencode(here.file('file', 'abc'))).st_size, 3)),
    differs(
      'memory that is not bytes is taken with a warning',
      'a Uint8Array is bytes; other memory is a TypeError',
      (here) => {
        const bytes = new Uint8Array(os.fsencode(here.file('file', 'abc')))
        assert.equal(os.stat(bytes).st_size, 3)
        typeError(() => os.stat(new DataView(bytes.buffer) as never))
      },
    ),
    holds('stat refuses none, with a TypeError', () => typeError(() => os.stat(null as never))),
    holds('stat refuses a list, with a TypeError', () => {
      typeError(
        () => os.stat(['f', 'i'] as never),
        () => os.stat([102, 105] as never),
      )
    }),
  ],
  test_mkfifo: [
    holds('mkfifo makes a FIFO', (here) => {
      os.mkfifo(here.path('fifo'), stat.S_IRUSR | stat.S_IWUSR)
      assert.equal(stat.S_ISFIFO(os.stat(here.path('fifo')).st_mode), true)
    }),
  ],
  test_mknod: [
    holds('mknod makes a FIFO', (here) => {
      os.mknod(here.path('fifo'), stat.S_IFIFO | stat.S_IRUSR | stat.S_IWUSR, 0)
      assert.equal(stat.S_ISFIFO(os.stat(here.path('fifo')).st_mode), true)
    }),
    holds('mknod takes mode, device and dir_fd by name', (here) => {
      os.mknod(here.path('fifo'), { mode: stat.S_IFIFO | 0o600, device: 0, dir_fd: null })
      assert.equal(stat.S_ISFIFO(os.stat(here.path('fifo')).st_mode), true)
    }),
  ],
  test_makedev: [
    holds('major and minor take a device apart', () => {
      const { st_dev } = os.stat('/')
      assert.ok(os.major(st_dev) >= 0 && os.minor(st_dev) >= 0)
    }),
    holds('makedev puts it together', () => {
      const { st_dev } = os.stat('/')
      assert.equal(os.makedev(os.major(st_dev), os.minor(st_dev)), st_dev)
    }),
    holds('-1 is no device, and its parts are -1', () => {
      assert.deepEqual([os.major(-1), os.minor(-1), os.makedev(-1, -1)], [-1, -1, -1])
    }),
    holds('all three refuse another negative number, and one of more than 64 bits, with an OverflowError', () => {
      rangeError(
        () => os.major(-2),
        () => os.minor(-2),
        () => os.major(2n ** 64n),
        () => os.minor(-(2n ** 63n) - 1n),
        () => os.makedev(-2, 1),
        () => os.makedev(1, -2),
        () => os.makedev(2 ** 32, 1),
      )
    }),
    holds('all three refuse a value that is not a number, and a missing argument, with a TypeError', () => {
      typeError(
        () => os.major('1' as never),
        () => os.minor('1' as never),
        () => os.makedev('1' as never, 1),
        () => os.makedev(1, '1' as never),
        () => call(os.major),
        () => call(os.minor),
        () => call(os.makedev),
        () => call(os.makedev, 1),
      )
    }),
    differs('all three refuse 1.0, with a TypeError', 'it is the number 1; what has a fraction is a RangeError', () => {
      rangeError(
        () => os.major(1.5),
        () => os.makedev(1, 1.5),
      )
    }),
  ],
  test_chown: [
    holds('chown of what is not there is an OSError', (here) =>
      fails('ENOENT', () => os.chown(here.path('no'), -1, -1)),
    ),
    ...chowns('chown', (here) => ({
      chown: (uid, gid) => os.chown(newFile(here), uid, gid),
      owner: () => ownerOf(os.stat(here.path('file'))),
    })),
  ],
  test_fchown: chowns('fchown', (here) => {
    const fd = here.open(here.file())
    return { chown: (uid, gid) => os.fchown(fd, uid, gid), owner: () => ownerOf(os.fstat(fd)) }
  }),
  test_lchown: chowns('lchown', (here) => {
    const path = here.path('link')
    os.symlink('missing', path)
    return { chown: (uid, gid) => os.lchown(path, uid, gid), owner: () => ownerOf(os.lstat(path)) }
  }),
  test_chdir: [
    holds('chdir goes to the current directory', () => os.chdir(os.curdir)),
    holds('chdir to a file is an OSError', (here) => fails('ENOTDIR', () => os.chdir(here.file()))),
  ],
  test_listdir: [
    holds('listdir gives the names', (here) => {
      here.file()
      assert.deepEqual(os.listdir(here.folder), ['file'])
    }),
  ],
  test_listdir_default: [
    holds('listdir without a path lists the current directory', (here) => {
      here.file()
      here.enter()
      assert.deepEqual(os.listdir(), ['file'])
    }),
  ],
  test_listdir_bytes: [
    holds('listdir of bytes gives bytes', (here) => {
      here.file()
      assert.deepEqual(os.listdir(os.fsencode(here.folder)), [Buffer.from('file')])
    }),
  ],
  test_listdir_bytes_like: [
    differs('memory that is not bytes is taken with a warning', 'a Uint8Array is bytes, without a warning', (here) => {
      here.file()
      assert.deepEqual(os.listdir(new Uint8Array(os.fsencode(here.folder))), [Buffer.from('file')])
    }),
  ],
  test_listdir_fd: [
    holds('listdir takes a descriptor', (here) => {
      here.file()
      assert.deepEqual(os.listdir(here.open(here.folder, os.O_RDONLY)), ['file'])
    }),
    holds('and may take it again', (here) => {
      here.file()
      const fd = here.open(here.folder, os.O_RDONLY)
      assert.deepEqual([os.listdir(fd), os.listdir(fd)], [['file'], ['file']])
    }),
  ],
  test_access: [
    holds('access returns whether a file may be read', (here) => assert.equal(os.access(here.file(), os.R_OK), true)),
  ],
  test_chflags: [noFlags('chflags')],
  test_lchflags_regular_file: [noFlags('lchflags')],
  test_lchflags_symlink: [
    differs('lchflags sets those of a link', 'Linux has no such flags (CPython skips this there)'),
  ],
  test_getcwd_long_pathnames: [
    holds('getcwd gives paths of more than a thousand bytes', (here) => {
      here.enter()
      const name = 'directory-of-a-long-path-0123456789abcdef-0123456789abcdef'
      for (let length = 0; length < 1027; length += name.length + 1) {
        os.mkdir(name)
        os.chdir(name)
        assert.ok(os.getcwd().endsWith(`/${name}`))
      }
      assert.ok(os.getcwd().length > here.folder.length + 1027)
    }),
  ],
  test_path_error2: Object.entries(calls).map(([name, change]) =>
    holds(`an error of ${name} names both paths`, (here) => {
      const [src, dst] = [here.path('missing'), here.path('dst')]
      assert.throws(
        () => change(src, dst),
        (error: unknown) => error instanceof os.OSError && error.message.includes(`'${src}' -> '${dst}'`),
      )
    }),
  ),
  test_path_with_null_character: nulTests('text', false),
  test_path_with_null_byte: nulTests('bytes', true),
  test_posix_fallocate_errno: [
    holds('posix_fallocate of what is not open is EBADF', (here) => {
      fails('EBADF', () => os.posix_fallocate(badDescriptor(here), 0, 10))
    }),
  ],
  test_posix_fadvise_errno: [
    holds('so is posix_fadvise', (here) => {
      fails('EBADF', () => os.posix_fadvise(badDescriptor(here), 0, 0, os.POSIX_FADV_WILLNEED))
    }),
  ],
}
