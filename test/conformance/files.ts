import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import os from 'osier'
import * as stat from 'osier/stat'
import { otherRoot } from '../support/emulation.ts'
import {
  conformance,
  differs,
  FakePath,
  fails,
  type Here,
  holds,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

/** CPython's tests of files, links and directories. */

const NAMED = 'JavaScript has no named arguments: those that have a default can be named in one object at the end'

function read(path: string): string {
  return readFileSync(path, 'utf8')
}

const misc = conformance('test_os', 'MiscTests', {
  test_getcwd: [
    holds('getcwd gives text', () => assert.equal(typeof os.getcwd(), 'string')),
    holds('getcwd gives what chdir went to', (here) => {
      here.enter()
      assert.equal(os.getcwd(), here.folder)
    }),
  ],
  test_getcwd_long_path: [
    holds('getcwd gives paths of 2000 bytes and more', (here) => {
      here.enter()
      const name = 'd'.repeat(200)
      for (let at = here.folder; at.length < 2000; at = os.getcwd()) {
        os.mkdir(name)
        os.chdir(name)
        assert.equal(os.getcwd(), `${at}/${name}`)
      }
    }),
  ],
  test_getcwdb: [
    holds('getcwdb gives bytes', () => assert.ok(Buffer.isBuffer(os.getcwdb()))),
    holds('getcwdb decodes to what getcwd gives', () => assert.equal(os.fsdecode(os.getcwdb()), os.getcwd())),
  ],
})

/** Copies or moves part of '0123456789' from one file to another, or to or from a pipe. */
function digits(here: Here): number {
  return here.open(here.file('from', '0123456789'))
}

const files = conformance('test_os', 'FileTests', {
  test_access: [
    holds('a file that was just made may be written', (here) => {
      os.close(os.open(here.path('new'), os.O_CREAT | os.O_RDWR))
      assert.equal(os.access(here.path('new'), os.W_OK), true)
    }),
  ],
  test_closerange: [
    holds('closerange closes descriptors, and skips those that are not open', (here) => {
      const first = here.closed(os.dup2(here.open('/dev/null'), 600))
      os.closerange(first, first + 2)
      fails('EBADF', () => os.write(first, Buffer.from('a')))
    }),
  ],
  test_rename: [
    holds('rename refuses a number as a path, with a TypeError', (here) => {
      typeError(() => os.rename(here.file(), 0 as never))
      assert.ok(os.path.exists(here.path('file')))
    }),
    differs('rename leaves no reference behind to a path that it refuses', 'JavaScript has no reference counts'),
  ],
  test_read: [
    holds('read gives bytes', (here) => {
      const fd = here.open(here.file('file', 'spam'))
      assert.ok(Buffer.isBuffer(os.read(fd, 4)))
    }),
    holds('read gives what was written, from where lseek has gone', (here) => {
      const fd = here.open(here.file())
      os.write(fd, Buffer.from('spam'))
      os.lseek(fd, 0, os.SEEK_SET)
      assert.equal(String(os.read(fd, 4)), 'spam')
    }),
  ],
  test_large_read: [
    holds('read takes a size beyond what an int of C holds, and gives what there is', (here) => {
      assert.equal(String(os.read(here.open(here.file('file', 'test')), 2 ** 31 + 10)), 'test')
    }),
  ],
  test_write: [
    holds('write refuses text, with a TypeError', (here) => {
      const fd = here.open(here.file())
      typeError(() => os.write(fd, 'beans' as never))
    }),
    holds('write takes bytes, and what has memory like bytes', (here) => {
      const path = here.file()
      const fd = here.open(path)
      os.write(fd, Buffer.from('bacon\n'))
      os.write(fd, new Uint8Array(Buffer.from('eggs\n')))
      const { buffer, byteOffset } = Buffer.from('spam\n')
      os.write(fd, new DataView(buffer, byteOffset, 5))
      assert.equal(read(path), 'bacon\neggs\nspam\n')
    }),
  ],
  test_fdopen: [
    holds('fdopen makes a file object of a descriptor', (here) => {
      const file = os.fdopen(os.open(here.file('file', 'text'), os.O_RDONLY))
      assert.equal(file.read(), 'text')
      file.close()
    }),
    holds('fdopen takes a mode', (here) => {
      os.fdopen(os.open(here.file(), os.O_RDONLY), 'r').close()
    }),
    holds('fdopen takes the size of its buffer', (here) => {
      os.fdopen(os.open(here.file(), os.O_RDONLY), 'r', 100).close()
    }),
    holds('fdopen takes an encoding by name', (here) => {
      const file = os.fdopen(os.open(here.file('file', 'é'), os.O_RDONLY), { encoding: 'utf-8' })
      assert.equal(file.read(), 'é')
      file.close()
    }),
  ],
  test_replace: [
    holds('replace puts a file in the place of another', (here) => {
      os.replace(here.file('one', '1'), here.file('two', '2'))
      assert.equal(read(here.path('two')), '1')
    }),
    holds('what was replaced is gone from its own place', (here) => {
      os.replace(here.file('one', '1'), here.file('two', '2'))
      assert.throws(() => os.stat(here.path('one')), os.FileNotFoundError)
    }),
  ],
  test_open_keywords: [
    holds('open takes mode and dir_fd by name', (here) => {
      here.closed(os.open(here.file(), os.O_RDONLY, { mode: 0o777, dir_fd: null }))
    }),
    differs('open takes path and flags by name', NAMED),
  ],
  test_symlink_keywords: [
    holds('symlink takes target_is_directory and dir_fd by name', (here) => {
      os.symlink('target', here.path('link'), { target_is_directory: false, dir_fd: null })
      assert.equal(os.readlink(here.path('link')), 'target')
    }),
    differs('symlink takes src and dst by name', NAMED),
  ],
  test_copy_file_range_invalid_values: [
    holds('copy_file_range refuses a negative count, with a ValueError', () => {
      rangeError(() => os.copy_file_range(0, 1, -10))
    }),
  ],
  test_copy_file_range: [
    holds('copy_file_range copies as many bytes as it says, from the beginning', (here) => {
      const copied = os.copy_file_range(digits(here), here.open(here.file('to')), 5)
      assert.ok(copied >= 0 && copied <= 5)
      assert.equal(read(here.path('to')), '0123456789'.slice(0, copied))
    }),
  ],
  test_copy_file_range_offset: [
    holds('copy_file_range begins at offset_src', (here) => {
      const copied = os.copy_file_range(digits(here), here.open(here.file('to')), 6, { offset_src: 3 })
      assert.equal(read(here.path('to')), '3456789'.slice(0, copied))
    }),
    holds('copy_file_range writes at offset_dst, and leaves zeros before', (here) => {
      const to = here.open(here.file('to'))
      const copied = os.copy_file_range(digits(here), to, 6, { offset_src: 3, offset_dst: 5 })
      assert.equal(read(here.path('to')), `\0\0\0\0\0${'345678'.slice(0, copied)}`)
    }),
  ],
  test_splice_invalid_values: [
    holds('splice refuses a negative count, with a ValueError', () => rangeError(() => os.splice(0, 1, -10))),
  ],
  test_splice: [
    holds('splice moves as many bytes as it says into a pipe', (here) => {
      const [r, w] = here.pipe()
      const moved = os.splice(digits(here), w, 5)
      assert.ok(moved > 0 && moved <= 5)
      assert.equal(String(os.read(r, 100)), '0123456789'.slice(0, moved))
    }),
  ],
  test_splice_offset_in: [
    holds('splice begins at offset_src', (here) => {
      const [r, w] = here.pipe()
      const moved = os.splice(digits(here), w, 6, { offset_src: 3 })
      assert.equal(String(os.read(r, 100)), '345678'.slice(0, moved))
    }),
  ],
  test_splice_offset_out: [
    holds('splice writes at offset_dst, and leaves zeros before', (here) => {
      const [r, w] = here.pipe()
      os.write(w, Buffer.from('0123456789'))
      const moved = os.splice(r, here.open(here.file('to')), 6, { offset_dst: 3 })
      assert.equal(read(here.path('to')), `\0\0\0${'012345'.slice(0, moved)}`)
    }),
  ],
})

const devNull = conformance('test_os', 'DevNullTests', {
  test_devnull: [
    holds('what is written to devnull is taken', (here) => {
      assert.equal(os.write(here.open(os.devnull), Buffer.from('hello')), 5)
    }),
    holds('devnull is empty', (here) => assert.equal(os.read(here.open(os.devnull), 100).length, 0)),
  ],
})

function linked(here: Here, one: string | Buffer, two: string | Buffer): void {
  os.close(os.open(one, os.O_CREAT | os.O_WRONLY))
  os.link(one, two)
  const [first, second] = [here.closed(os.open(one, os.O_RDONLY)), here.closed(os.open(two, os.O_RDONLY))]
  assert.equal(os.path.sameopenfile(first, second), true)
}

const links = conformance('test_os', 'LinkTests', {
  test_link: [
    holds('link makes a second name of the same file', (here) => linked(here, here.path('one'), here.path('two'))),
  ],
  test_link_bytes: [
    holds('link takes names of bytes', (here) => {
      linked(here, os.fsencode(here.path('one')), os.fsencode(here.path('two')))
    }),
  ],
  test_unicode_name: [holds('link takes names beyond ASCII', (here) => linked(here, here.path('ñ'), here.path('ñ2')))],
})

const readlink = conformance('test_os', 'ReadlinkTests', {
  test_not_symlink: [
    holds('readlink of a file that is not a link is an OSError', (here) =>
      fails('EINVAL', () => os.readlink(here.file())),
    ),
    holds('the same of a path-like object', (here) => {
      fails('EINVAL', () => os.readlink(new FakePath(here.file())))
    }),
  ],
  test_missing_link: [
    holds('readlink of nothing is a FileNotFoundError', (here) => {
      assert.throws(() => os.readlink(here.path('missing')), os.FileNotFoundError)
    }),
    holds('the same of a path-like object', (here) => {
      assert.throws(() => os.readlink(new FakePath(here.path('missing'))), os.FileNotFoundError)
    }),
  ],
  test_pathlike: [
    holds('readlink takes a path-like object', (here) => {
      os.symlink(here.file(), here.path('link'))
      assert.equal(os.readlink(new FakePath(here.path('link'))), here.path('file'))
    }),
  ],
  test_pathlike_bytes: [
    holds('readlink gives bytes for a path-like object of bytes', (here) => {
      os.symlink(here.file(), here.path('link'))
      const target = os.readlink(new FakePath(os.fsencode(here.path('link'))))
      assert.deepEqual(target, os.fsencode(here.path('file')))
    }),
  ],
  test_bytes: [
    holds('readlink gives bytes for bytes', (here) => {
      os.symlink(os.fsencode(here.file()), os.fsencode(here.path('link')))
      assert.deepEqual(os.readlink(os.fsencode(here.path('link'))), os.fsencode(here.path('file')))
    }),
  ],
})

const nonLocal = conformance('test_os', 'NonLocalSymlinkTests', {
  test_directory_link_nonlocal: [
    holds('the target of a link starts from the link, not from the current directory', (here) => {
      os.mkdir(here.path('directory'))
      os.symlink('directory', here.path('link'))
      assert.equal(os.path.isdir(here.path('link')), true)
    }),
  ],
})

/** Names that are not ASCII, and one that is not UTF-8, as files in a directory whose name is not UTF-8. */
function undecodable(here: Here): { readonly directory: string; readonly names: string[] } {
  const directory = os.fsdecode(Buffer.concat([os.fsencode(here.path('d')), Buffer.of(0xff)]))
  os.mkdir(directory)
  const names = [Buffer.from('æøß'), Buffer.of(0xe7, 0x77, 0xf0), Buffer.of(0x61, 0x80)].map((name) =>
    os.fsdecode(name),
  )
  for (const name of names) os.close(os.open(os.path.join(directory, name), os.O_CREAT))
  return { directory, names: names.sort() }
}

const pep383 = conformance('test_os', 'Pep383Tests', {
  test_listdir: [
    holds('listdir gives names that are no UTF-8 as text that loses nothing', (here) => {
      const { directory, names } = undecodable(here)
      assert.deepEqual(os.listdir(directory).sort(), names)
    }),
    holds(
      'listdir without a path lists the current directory',
      (here) => {
        here.enter('/')
        assert.deepEqual(os.listdir().sort(), os.listdir('/').sort())
      },
      otherRoot,
    ),
  ],
  test_open: [
    holds('such names can be opened', (here) => {
      const { directory, names } = undecodable(here)
      for (const name of names) os.close(os.open(os.path.join(directory, name), os.O_RDONLY))
    }),
  ],
  test_statvfs: [
    holds('statvfs takes such names', (here) => {
      const { directory, names } = undecodable(here)
      for (const name of names) os.statvfs(os.path.join(directory, name))
    }),
  ],
  test_stat: [
    holds('stat takes such names', (here) => {
      const { directory, names } = undecodable(here)
      for (const name of names) os.stat(os.path.join(directory, name))
    }),
  ],
})

function permissions(path: string): number {
  return os.stat(path).st_mode & 0o7777
}

const makedirs = conformance('test_os', 'MakedirTests', {
  test_makedir: [
    holds('makedirs makes all directories that are missing', (here) => {
      os.makedirs(here.path('a/b/c'))
      assert.ok(os.path.isdir(here.path('a/b/c')))
      os.makedirs(here.path('a/b/c/d'))
      assert.ok(os.path.isdir(here.path('a/b/c/d')))
    }),
    holds('makedirs of the current directory is an OSError', () => fails('EEXIST', () => os.makedirs(os.curdir))),
    holds('makedirs ignores a "." at the end', (here) => {
      os.makedirs(`${here.folder}/a/b/.`)
      assert.ok(os.path.isdir(here.path('a/b')))
    }),
    holds('makedirs ignores a "." in between', (here) => {
      os.makedirs(`${here.folder}/a/./b/c`)
      assert.ok(os.path.isdir(here.path('a/b/c')))
    }),
  ],
  test_mode: [
    holds('makedirs creates the last directory with the given mode', (here) => {
      here.umask(0o002)
      os.makedirs(here.path('parent/child'), 0o555)
      assert.equal(permissions(here.path('parent/child')), 0o555)
    }),
    holds('makedirs gives the others the usual mode', (here) => {
      here.umask(0o002)
      os.makedirs(here.path('parent/child'), 0o555)
      assert.equal(permissions(here.path('parent')), 0o775)
    }),
  ],
  test_exist_ok_existing_directory: [
    holds('makedirs of a directory that exists is an OSError', (here) => {
      fails(
        'EEXIST',
        () => os.makedirs(here.folder),
        () => os.makedirs(here.folder, 0o777, { exist_ok: false }),
      )
    }),
    holds('with exist_ok it is not an error', (here) => os.makedirs(here.folder, 0o777, { exist_ok: true })),
    holds('nor where the mode is another', (here) => os.makedirs(here.folder, { mode: 0o776, exist_ok: true })),
    holds('the root may exist', () => os.makedirs('/', { exist_ok: true })),
  ],
  test_exist_ok_s_isgid_directory: [
    holds('exist_ok does not mind a set-group-ID bit that is there already', (here) => {
      os.chmod(here.folder, permissions(here.folder) | stat.S_ISGID)
      os.makedirs(here.path('a'), 0o777 | stat.S_ISGID)
      os.makedirs(here.path('a'), 0o777, true)
    }),
    holds('nor one that is asked for and is not there', (here) => {
      os.makedirs(here.path('a'))
      os.chmod(here.path('a'), permissions(here.path('a')) & ~stat.S_ISGID)
      os.makedirs(here.path('a'), 0o777 | stat.S_ISGID, true)
    }),
  ],
  test_exist_ok_existing_regular_file: [
    holds('makedirs of a file that exists is an OSError, with exist_ok too', (here) => {
      const path = here.file()
      fails(
        'EEXIST',
        () => os.makedirs(path),
        () => os.makedirs(path, { exist_ok: false }),
        () => os.makedirs(path, { exist_ok: true }),
      )
    }),
  ],
})

/** Which of three directories, one in the other, are left after `removedirs` of the innermost. */
function leftAfterRemovedirs(here: Here, file: string | null): boolean[] {
  const paths = ['top', 'top/a', 'top/a/b'].map((name) => here.path(name))
  os.makedirs(here.path('top/a/b'))
  // Or it would go as well.
  here.file('kept')
  if (file !== null) here.file(file)
  if (file?.startsWith('top/a/b/')) fails('ENOTEMPTY', () => os.removedirs(here.path('top/a/b')))
  else os.removedirs(here.path('top/a/b'))
  return paths.map((path) => os.path.exists(path))
}

const removedirs = conformance('test_os', 'RemoveDirsTests', {
  test_remove_all: [
    holds('removedirs removes the directories above as well, where they become empty', (here) => {
      assert.deepEqual(leftAfterRemovedirs(here, null), [false, false, false])
    }),
  ],
  test_remove_partial: [
    holds('removedirs stops, without an error, above which something is left', (here) => {
      assert.deepEqual(leftAfterRemovedirs(here, 'top/a/file'), [true, true, false])
    }),
  ],
  test_remove_nothing: [
    holds('removedirs of a directory that is not empty is an OSError, and removes nothing', (here) => {
      assert.deepEqual(leftAfterRemovedirs(here, 'top/a/b/file'), [true, true, true])
    }),
  ],
})

export const classes: readonly PythonClass[] = [
  misc,
  files,
  devNull,
  links,
  readlink,
  nonLocal,
  pep383,
  makedirs,
  removedirs,
]
