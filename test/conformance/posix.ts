import assert from 'node:assert/strict'
import os from 'osier'
import * as stat from 'osier/stat'
import { tests as descriptors } from './posix_descriptors.ts'
import { tests as files } from './posix_files.ts'
import { groups, tests as processes } from './posix_process.ts'
import { conformance, differs, fails, type Here, holds, type PythonClass, rangeError, typeError } from './suite.ts'

/** CPython's test_posix: PosixTester, put together, and the calls that take `dir_fd`. */

const posix = conformance('test_posix', 'PosixTester', { ...files, ...descriptors, ...processes })

/** A descriptor of a directory in the folder, and the path of the directory. */
function directory(here: Here, name = 'directory'): readonly [dir_fd: number, path: string] {
  os.mkdir(here.path(name))
  return [here.open(here.path(name), os.O_RDONLY), here.path(name)]
}

/** The same, with a file called "name" in it. */
function withFile(here: Here, content = ''): readonly [dir_fd: number, path: string] {
  const [dir_fd, path] = directory(here)
  here.file('directory/name', content)
  return [dir_fd, `${path}/name`]
}

const FIFO = stat.S_IFIFO | stat.S_IRUSR | stat.S_IWUSR
const NOW = 1_700_000_000.25

const dirFd = conformance('test_posix', 'TestPosixDirFd', {
  test_access_dir_fd: [
    holds('access starts from dir_fd', (here) => {
      const [dir_fd] = withFile(here)
      assert.equal(os.access('name', os.R_OK, { dir_fd }), true)
    }),
  ],
  test_chmod_dir_fd: [
    holds('chmod starts from dir_fd', (here) => {
      const [dir_fd, path] = withFile(here)
      os.chmod(path, stat.S_IRUSR)
      os.chmod('name', stat.S_IRUSR | stat.S_IWUSR, { dir_fd })
      assert.equal(os.stat(path).st_mode & 0o777, 0o600)
    }),
  ],
  test_chown_dir_fd: [
    holds('chown starts from dir_fd', (here) => {
      const [dir_fd] = withFile(here)
      os.chown('name', os.getuid(), os.getgid(), { dir_fd })
    }),
  ],
  test_stat_dir_fd: [
    holds('stat starts from dir_fd', (here) => {
      const [dir_fd, path] = withFile(here, 'testline\n')
      assert.deepEqual(os.stat('name', { dir_fd }), os.stat(path))
    }),
    holds('and from the current directory without it', (here) => {
      const [, path] = withFile(here)
      assert.deepEqual(os.stat(path, { dir_fd: null }), os.stat(path))
    }),
    holds('stat refuses text as dir_fd, with a TypeError', () => {
      typeError(() => os.stat('name', { dir_fd: '/' as never }))
    }),
    differs('and 3.0', 'it is the number 3; what has a fraction is a RangeError', () => {
      rangeError(() => os.stat('name', { dir_fd: 3.5 }))
    }),
    holds('and one beyond what an int of C holds, with an OverflowError', () => {
      rangeError(() => os.stat('name', { dir_fd: 10 ** 20 }))
    }),
  ],
  test_utime_dir_fd: [
    holds('utime starts from dir_fd, with times and without', (here) => {
      const [dir_fd, path] = withFile(here)
      os.utime('name', null, { dir_fd })
      os.utime('name', { dir_fd })
      os.utime('name', [NOW, NOW], { dir_fd })
      assert.equal(os.stat(path).st_mtime, NOW)
      os.utime('name', { times: [Math.floor(NOW), 250], dir_fd })
      assert.equal(os.stat(path).st_mtime, 250)
    }),
    holds('utime refuses times of other types, with a TypeError', (here) => {
      const [dir_fd] = withFile(here)
      for (const times of [NOW, [null, null], [NOW, null], [null, NOW], [NOW, 'x']]) {
        typeError(() => os.utime('name', times as never, { dir_fd }))
      }
    }),
    holds('utime takes follow_symlinks and dir_fd together', (here) => {
      const [dir_fd] = withFile(here)
      os.utime('name', { follow_symlinks: false, dir_fd })
    }),
  ],
  test_link_dir_fd: [
    holds('link starts from src_dir_fd and from dst_dir_fd', (here) => {
      const [src_dir_fd, path] = withFile(here)
      const [dst_dir_fd, other] = directory(here, 'other')
      os.link('name', 'linkname', { src_dir_fd, dst_dir_fd })
      assert.equal(os.stat(`${other}/linkname`)[stat.ST_INO], os.stat(path)[stat.ST_INO])
    }),
  ],
  test_mkdir_dir_fd: [
    holds('mkdir starts from dir_fd', (here) => {
      const [dir_fd, path] = directory(here)
      os.mkdir('name', { dir_fd })
      assert.equal(os.path.isdir(`${path}/name`), true)
    }),
  ],
  test_mknod_dir_fd: [
    holds('mknod starts from dir_fd', (here) => {
      const [dir_fd, path] = directory(here)
      os.mknod('name', FIFO, 0, { dir_fd })
      assert.equal(stat.S_ISFIFO(os.stat(`${path}/name`).st_mode), true)
    }),
  ],
  test_open_dir_fd: [
    holds('open starts from dir_fd', (here) => {
      const [dir_fd] = withFile(here, 'testline\n')
      const fd = here.closed(os.open('name', os.O_RDONLY, { dir_fd }))
      assert.equal(String(os.read(fd, 9)), 'testline\n')
    }),
  ],
  test_readlink_dir_fd: [
    holds('readlink starts from dir_fd', (here) => {
      const [dir_fd, path] = directory(here)
      os.symlink('symlink', `${path}/name`)
      assert.equal(os.readlink('name', { dir_fd }), 'symlink')
    }),
  ],
  test_rename_dir_fd: [
    holds('rename starts from src_dir_fd and from dst_dir_fd', (here) => {
      const [src_dir_fd, path] = withFile(here, 'content')
      const [dst_dir_fd, other] = directory(here, 'other')
      os.rename('name', 'name2', { src_dir_fd, dst_dir_fd })
      assert.deepEqual([os.path.exists(path), os.stat(`${other}/name2`).st_size], [false, 7])
    }),
  ],
  test_symlink_dir_fd: [
    holds('symlink starts from dir_fd', (here) => {
      const [dir_fd, path] = directory(here)
      os.symlink('symlink', 'name', { dir_fd })
      assert.equal(os.readlink(`${path}/name`), 'symlink')
    }),
  ],
  test_unlink_dir_fd: [
    holds('unlink starts from dir_fd', (here) => {
      const [dir_fd, path] = withFile(here)
      os.unlink('name', { dir_fd })
      fails('ENOENT', () => os.stat(path))
    }),
  ],
  test_mkfifo_dir_fd: [
    holds('mkfifo starts from dir_fd', (here) => {
      const [dir_fd, path] = directory(here)
      os.mkfifo('name', 0o600, { dir_fd })
      assert.equal(stat.S_ISFIFO(os.stat(`${path}/name`).st_mode), true)
    }),
  ],
})

export const classes: readonly PythonClass[] = [posix, dirFd, groups]
