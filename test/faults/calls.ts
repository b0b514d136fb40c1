/** The calls that are made under each fault: nearly every function of `os` once, in a prepared folder. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'osier'
import * as path from 'osier/path'
import { CLOCK_MONOTONIC } from 'osier/time'

/** Creates the files that the calls use. */
export function prepare(folder: string): void {
  for (const name of ['', '/d', '/d/inner', '/empty', '/removed', '/nested', '/nested/inner']) mkdirSync(folder + name)
  for (const name of ['file', 'd/a', 'd/b', 'old', 'older', 'oldest', 'gone', 'goner', 'other']) {
    writeFileSync(`${folder}/${name}`, 'some content')
  }
  symlinkSync('file', `${folder}/link`)
  try {
    for (const name of ['file', 'd/a', 'other']) os.setxattr(`${folder}/${name}`, 'user.set', Buffer.from('value'))
  } catch {
    // The file system has no extended attributes: these calls fail with or without a fault.
  }
}

/** Opened before the fault takes effect, since the fault may be in open(2). */
export interface Open {
  readonly file: number
  readonly other: number
  readonly directory: number
  readonly pipe: readonly [r: number, w: number]
  readonly otherPipe: readonly [r: number, w: number]
  readonly timer: number
  readonly counter: number
}

export function open(folder: string): Open {
  return {
    file: os.open(`${folder}/file`, os.O_RDWR),
    other: os.open(`${folder}/other`, os.O_RDWR),
    directory: os.open(folder, os.O_RDONLY | os.O_DIRECTORY),
    pipe: os.pipe(),
    otherPipe: os.pipe(),
    timer: os.timerfd_create(CLOCK_MONOTONIC),
    counter: os.eventfd(0),
  }
}

export function close({ pipe, otherPipe, ...single }: Open): void {
  for (const fd of [...pipe, ...otherPipe, ...Object.values(single)]) os.close(fd)
}

/** Closes a descriptor that a call returned, so that the next call starts with the same descriptors. */
function given(...fds: readonly number[]): string {
  for (const fd of fds) os.close(fd)
  return fds.every((fd) => fd > 2) ? 'descriptors' : 'not descriptors'
}

const names = (list: Iterable<string>): string[] => [...list].sort()
const bytes = (length: number): Buffer => Buffer.alloc(length, 'x')
/** The program may itself need the failing call: only checks that it has exited. */
const ended = (status: number): string => (Number.isInteger(status) ? 'a status' : 'none')

/** The result of the last of several calls. */
function last(...results: readonly unknown[]): unknown {
  return results.at(-1)
}

/** Waits for a child, also after an error. */
function reaped(pid: number, wait: (pid: number) => unknown): unknown {
  try {
    return wait(pid)
  } catch (error) {
    os.waitpid(pid, 0)
    throw error
  }
}

const child = (): number => os.posix_spawn('/bin/true', ['true'], null)

/** By name. What a call creates or removes is used by no other call. */
export const calls: Readonly<Record<string, (at: string, fds: Open) => unknown>> = {
  // Queries
  access: (at) => os.access(`${at}/file`, os.R_OK),
  'access, effective_ids': (at) => os.access(`${at}/file`, os.R_OK, { effective_ids: true }),
  stat: (at) => os.stat(`${at}/link`).st_size,
  'stat of a descriptor': (_, { file }) => os.stat(file).st_size,
  lstat: (at) => os.lstat(`${at}/link`).st_size,
  fstat: (_, { file }) => os.fstat(file).st_size,
  statx: (at) => os.statx(`${at}/file`, Number(os.STATX_SIZE)).stx_size,
  statvfs: (at) => os.statvfs(at).f_namemax,
  fstatvfs: (_, { file }) => os.fstatvfs(file).f_namemax,
  pathconf: (at) => os.pathconf(at, 'PC_NAME_MAX'),
  fpathconf: (_, { file }) => os.fpathconf(file, 'PC_NAME_MAX'),
  readlink: (at) => os.readlink(`${at}/link`),
  getcwd: () => os.getcwd().length > 0,
  listdir: (at) => names(os.listdir(`${at}/d`)),
  'listdir of a descriptor': (_, { directory }) => os.listdir(directory).includes('file'),
  scandir: (at) => names(Array.from(os.scandir(`${at}/d`), (entry) => `${entry.name} ${entry.is_dir()}`)),
  'DirEntry.stat': (at) => Array.from(os.scandir(`${at}/d`), (entry) => entry.stat().st_nlink > 0),
  walk: (at) => Array.from(os.walk(`${at}/d`, { onerror: raise }), ([, dirs, files]) => [dirs, names(files)]),
  fwalk: (at) => Array.from(os.fwalk(`${at}/d`, { onerror: raise }), ([, dirs, files]) => [dirs, names(files)]),
  getxattr: (at) => os.getxattr(`${at}/link`, 'user.set').toString(),
  'getxattr of a descriptor': (_, { file }) => os.getxattr(file, 'user.set').toString(),
  'getxattr, follow_symlinks: false': (at) => os.getxattr(`${at}/file`, 'user.set', { follow_symlinks: false }).length,
  'listxattr, follow_symlinks: false': (at) => os.listxattr(`${at}/link`, { follow_symlinks: false }),
  listxattr: (at) => os.listxattr(`${at}/file`).includes('user.set'),
  'listxattr of a descriptor': (_, { file }) => os.listxattr(file).includes('user.set'),
  'path.realpath': (at) => path.realpath(`${at}/link`).slice(-5),
  'path.exists': (at) => path.exists(`${at}/file`),
  'path.isdir': (at) => path.isdir(`${at}/d`),

  'stat of a relative name': () => os.stat('.').st_nlink >= 0,
  'listdir of a relative name': () => os.listdir().length >= 0,
  'mkdir of a relative name': (at) => os.mkdir(`relative-${path.basename(at)}`),
  'path.abspath': () => path.abspath('name').endsWith('/name'),

  // Changes
  chmod: (at) => os.chmod(`${at}/file`, 0o600),
  'chmod, follow_symlinks: false': (at) => os.chmod(`${at}/file`, 0o644, { follow_symlinks: false }),
  fchmod: (_, { file }) => os.fchmod(file, 0o644),
  chown: (at) => os.chown(`${at}/file`, -1, -1),
  fchown: (_, { file }) => os.fchown(file, -1, -1),
  utime: (at) => os.utime(`${at}/file`, { ns: [1, 1] }),
  'utime of a descriptor': (_, { file }) => os.utime(file, [1, 1]),
  truncate: (at) => os.truncate(`${at}/old`, 3),
  link: (at) => os.link(`${at}/file`, `${at}/linked`),
  symlink: (at) => os.symlink('file', `${at}/symlinked`),
  rename: (at) => os.rename(`${at}/old`, `${at}/new`),
  replace: (at) => os.replace(`${at}/older`, `${at}/newer`),
  renames: (at) => os.renames(`${at}/oldest`, `${at}/deep/newest`),
  remove: (at) => os.remove(`${at}/gone`),
  unlink: (at) => os.unlink(`${at}/goner`),
  mkdir: (at) => os.mkdir(`${at}/made`),
  makedirs: (at) => os.makedirs(`${at}/one/two/three`),
  rmdir: (at) => os.rmdir(`${at}/removed`),
  removedirs: (at) => os.removedirs(`${at}/nested/inner`),
  mkfifo: (at) => os.mkfifo(`${at}/fifo`),
  mknod: (at) => os.mknod(`${at}/node`),
  setxattr: (at) => os.setxattr(`${at}/file`, 'user.new', Buffer.from('x')),
  'setxattr, follow_symlinks: false': (at) =>
    os.setxattr(`${at}/file`, 'user.newer', Buffer.from('x'), { follow_symlinks: false }),
  'setxattr of a descriptor': (_, { file }) => os.setxattr(file, 'user.newest', Buffer.from('x')),
  removexattr: (at) => os.removexattr(`${at}/file`, 'user.set'),
  'removexattr, follow_symlinks: false': (at) => os.removexattr(`${at}/d/a`, 'user.set', { follow_symlinks: false }),
  'removexattr of a descriptor': (_, { other }) => os.removexattr(other, 'user.set'),
  chdir: (at) => os.chdir(`${at}/d`),
  fchdir: (_, { directory }) => os.fchdir(directory),

  // Descriptors
  open: (at) => given(os.open(`${at}/d/a`, os.O_RDONLY)),
  dup: (_, { file }) => given(os.dup(file)),
  dup2: (_, { file }) => given(os.dup2(file, 900)),
  'dup2, inheritable: false': (_, { file }) => given(os.dup2(file, 900, false)),
  pipe: () => given(...os.pipe()),
  closerange: (_, { file }) => last(os.dup2(file, 901), os.closerange(900, 910), given(os.dup2(file, 901))),
  pread: (_, { file }) => os.pread(file, 4, 0).toString(),
  preadv: (_, { file }) => os.preadv(file, [bytes(2), bytes(2)], 0),
  'preadv with flags': (_, { file }) => os.preadv(file, [bytes(2)], 0, Number(os.RWF_HIPRI)),
  pwrite: (_, { other }) => os.pwrite(other, bytes(5), 0),
  pwritev: (_, { other }) => os.pwritev(other, [bytes(2), bytes(3)], 0),
  read: (_, { pipe: [r, w] }) => last(os.write(w, bytes(3)), os.read(r, 3).length),
  writev: (_, { pipe: [r, w] }) => last(os.writev(w, [bytes(2), bytes(1)]), os.readv(r, [bytes(3)])),
  lseek: (_, { file }) => os.lseek(file, 0, os.SEEK_END) > 0,
  ftruncate: (_, { other }) => os.ftruncate(other, 10),
  posix_fallocate: (_, { other }) => os.posix_fallocate(other, 0, 100),
  posix_fadvise: (_, { file }) => os.posix_fadvise(file, 0, 0, Number(os.POSIX_FADV_NORMAL)),
  fsync: (_, { other }) => os.fsync(other),
  lockf: (_, { other }) => last(os.lockf(other, os.F_LOCK, 0), os.lockf(other, os.F_ULOCK, 0)),
  sendfile: (_, { file, other }) => os.sendfile(other, file, 0, 5),
  copy_file_range: (_, { file, other }) => os.copy_file_range(file, other, 5, 0, 0),
  splice: (_, { file, pipe: [r, w] }) => [os.splice(file, w, 4, { offset_src: 0 }), os.read(r, 4).length],
  tee: (_, { pipe: [r, w], otherPipe: [otherR, otherW] }) => {
    os.write(w, bytes(3))
    try {
      return [os.tee(r, otherW, 3), os.read(otherR, 3).length]
    } finally {
      os.read(r, 3)
    }
  },
  vmsplice: (_, { pipe: [r, w] }) => [os.vmsplice(w, [bytes(3)]), os.read(r, 3).length],
  set_blocking: (_, { pipe: [r] }) => last(os.set_blocking(r, false), os.get_blocking(r), os.set_blocking(r, true)),
  set_inheritable: (_, { file }) => last(os.set_inheritable(file, false), os.get_inheritable(file)),
  isatty: (_, { file }) => os.isatty(file),
  fdopen: (at) => {
    const fd = os.open(`${at}/d/b`, os.O_RDWR)
    try {
      using file = os.fdopen(fd, 'r+', { closefd: false })
      return file.read()
    } finally {
      os.close(fd)
    }
  },
  'fdopen, writing 1 MiB': (_, { other }) => {
    os.lseek(other, 0, os.SEEK_SET)
    const file = os.fdopen(other, 'wb', { closefd: false })
    try {
      file.write(bytes(1 << 20))
      file.flush()
    } finally {
      os.ftruncate(other, 12)
    }
  },
  'posix_fallocate, 1 MiB': (_, { other }) => last(os.posix_fallocate(other, 0, 1 << 20), os.ftruncate(other, 12)),
  'read of 1 GiB': (_, { file }) => last(os.lseek(file, 0, os.SEEK_SET), os.read(file, 2 ** 30).length),
  openpty: () => given(...os.openpty()),
  memfd_create: () => given(os.memfd_create('fault')),
  eventfd: () => given(os.eventfd(0)),
  eventfd_write: (_, { counter }) => last(os.eventfd_write(counter, 3), String(os.eventfd_read(counter))),
  timerfd_create: () => given(os.timerfd_create(CLOCK_MONOTONIC)),
  timerfd_settime: (_, { timer }) => os.timerfd_settime(timer, { initial: 1000 }).length,
  timerfd_gettime: (_, { timer }) => os.timerfd_gettime(timer).length,
  pidfd_open: () => given(os.pidfd_open(process.pid)),

  // Processes and the system
  urandom: () => os.urandom(100).length,
  getrandom: () => os.getrandom(100).length,
  posix_spawn: () => ended(os.waitpid(child(), 0)[1]),
  wait4: () => ended(Number(reaped(child(), (pid) => os.wait4(pid, 0)[1]))),
  waitid: () => reaped(child(), (pid) => os.waitid(os.P_PID, pid, os.WEXITED)?.si_pid === pid),
  wait: () => last(child(), ended(os.wait()[1])),
  spawnv: () => ended(os.spawnv(os.P_WAIT, '/bin/true', ['true'])),
  system: () => ended(os.system('true')),
  popen: () => {
    const pipe = os.popen('true')
    pipe.read()
    const status = pipe.close()
    return status === null || status > 0
  },
  'kill 0': () => os.kill(process.pid, 0),
  sched_getscheduler: () => os.sched_getscheduler(0),
  sched_getparam: () => os.sched_getparam(0).sched_priority,
  sched_setscheduler: () => os.sched_setscheduler(0, Number(os.SCHED_OTHER), new os.sched_param(0)),
  getppid: () => os.getppid() > 0,
  uname: () => os.uname().sysname,
  cpu_count: () => (os.cpu_count() ?? 0) > 0,
  getloadavg: () => os.getloadavg().length,
  umask: () => os.umask(os.umask(0o022)) >= 0,
  'unshare of nothing': () => os.unshare(0),
}

function raise(error: unknown): never {
  throw error
}
