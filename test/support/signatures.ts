import { sched_param } from 'osier'
import type { Sort } from './hostile_values.ts'

/**
 * What each exported function takes, for the tests that give it what it should not get. A new function is entered here.
 *
 *     'required:kind optional?:kind by_position_only?!:kind; by_name_only:kind'
 */
export const signatures: Readonly<Record<string, string>> = {
  _exit: 'n:int',
  abort: '',
  access: 'path:file mode:int; dir_fd:dirFd effective_ids:bool follow_symlinks:bool',
  addaudithook: 'hook:function',
  chdir: 'path:folderOrFd',
  chmod: 'path:fileOrFd mode:int; dir_fd:dirFd follow_symlinks:bool',
  chown: 'path:fileOrFd uid:id gid:id; dir_fd:dirFd follow_symlinks:bool',
  chroot: 'path:folder',
  close: 'fd:closed',
  closerange: 'fd_low:int fd_high:int',
  confstr: 'name:confstr',
  copy_file_range: 'src:fd dst:fd count:count offset_src?:offset offset_dst?:offset',
  cpu_count: '',
  ctermid: '',
  device_encoding: 'fd:fd',
  dup: 'fd:fd',
  dup2: 'fd:fd fd2:fd inheritable?:bool',
  eventfd: 'initval:uint32 flags?:int',
  eventfd_read: 'fd:openFd',
  eventfd_write: 'fd:openFd value:uint64',
  execl: 'path:missing args:text',
  execle: 'path:missing args:text env:environment',
  execlp: 'file:missing args:text',
  execlpe: 'file:missing args:text env:environment',
  execv: 'path:missing args:args',
  execve: 'path:fileOrFd args:args env:environment',
  execvp: 'file:missing args:args',
  execvpe: 'file:missing args:args env:environment',
  fchdir: 'fd:folderFd',
  fchmod: 'fd:fd mode:int',
  fchown: 'fd:fd uid:id gid:id',
  fdatasync: 'fd:openFd',
  fdopen:
    'fd:openFd mode?:word buffering?:buffering encoding?:wordOrNull errors?:wordOrNull newline?:wordOrNull closefd?:bool',
  fork: '',
  forkpty: '',
  fpathconf: 'fd:openFd name:pathconf',
  fsdecode: 'filename:name',
  fsencode: 'filename:name',
  fspath: 'path:name',
  fstat: 'fd:fd',
  fstatvfs: 'fd:fd',
  fsync: 'fd:openFd',
  ftruncate: 'fd:fd length:int64',
  fwalk: 'top?:folder topdown?:bool onerror?:handler; follow_symlinks:bool dir_fd:dirFd',
  get_blocking: 'fd:fd',
  get_child_subreaper: '',
  get_exec_path: 'env?!:environment',
  get_inheritable: 'fd:fd',
  get_terminal_size: 'fd?!:fd',
  getcwd: '',
  getcwdb: '',
  getegid: '',
  getenv: 'key:key',
  getenvb: 'key:keyBytes',
  geteuid: '',
  getgid: '',
  getgrouplist: 'user:user group:id',
  getgroups: '',
  getloadavg: '',
  getlogin: '',
  getpgid: 'pid:int',
  getpgrp: '',
  getpid: '',
  getppid: '',
  getpriority: 'which:int who:integer',
  getrandom: 'size:integer flags?:int',
  getresgid: '',
  getresuid: '',
  getsid: 'pid:int',
  getuid: '',
  getxattr: 'path:fileOrFd attribute:attribute; follow_symlinks:bool',
  grantpt: 'fd:openFd',
  initgroups: 'username:user gid:id',
  is_available: 'fn:function',
  isatty: 'fd:fd',
  kill: 'pid:int sig:int',
  killpg: 'pgid:int sig:int',
  lchown: 'path:file uid:id gid:id',
  link: 'src:file dst:missing; src_dir_fd:dirFd dst_dir_fd:dirFd follow_symlinks:bool',
  listdir: 'path?:listed',
  listxattr: 'path?:xattrPath; follow_symlinks:bool',
  lockf: 'fd:fd cmd:int len:int64',
  login_tty: 'fd:openFd',
  lseek: 'fd:fd position:int64 whence:int',
  lstat: 'path:file; dir_fd:dirFd',
  major: 'device:uint64',
  makedev: 'major:uint32 minor:uint32',
  makedirs: 'name:missing mode?:int exist_ok?:bool',
  memfd_create: 'name:file flags?:uintFlags',
  minor: 'device:uint64',
  mkdir: 'path:missing mode?:int; dir_fd:dirFd',
  mkfifo: 'path:missing mode?:int; dir_fd:dirFd',
  mknod: 'path:missing mode?:int device?:uint64; dir_fd:dirFd',
  nice: 'increment:int',
  open: 'path:file flags:int mode?:int; dir_fd:dirFd',
  openpty: '',
  pathconf: 'path:fileOrFd name:pathconf',
  pidfd_open: 'pid:int flags?:uintFlags',
  pipe: '',
  pipe2: 'flags:int',
  popen: 'cmd:command mode?:word buffering?:buffering',
  posix_fadvise: 'fd:fd offset:int64 len:int64 advice:int',
  posix_fallocate: 'fd:fd offset:int64 len:int64',
  posix_openpt: 'oflag:int',
  posix_spawn: 'path:missing argv:args env:environment',
  posix_spawnp: 'path:missing argv:args env:environment',
  pread: 'fd:fd n:count offset:int64',
  preadv: 'fd:fd buffers:buffers offset:int64 flags?:int',
  process_cpu_count: '',
  ptsname: 'fd:openFd',
  putenv: 'key:variable value:variable',
  pwrite: 'fd:fd data:data offset:int64',
  pwritev: 'fd:fd buffers:buffers offset:int64 flags?:int',
  read: 'fd:fd n:count',
  readinto: 'fd:fd buffer:data',
  readlink: 'path:link; dir_fd:dirFd',
  readv: 'fd:fd buffers:buffers',
  reload_environ: '',
  register_at_fork: '; before:function after_in_parent:function after_in_child:function',
  remove: 'path:file; dir_fd:dirFd',
  removedirs: 'name:empty',
  removexattr: 'path:fileOrFd attribute:attribute; follow_symlinks:bool',
  rename: 'src:file dst:missing; src_dir_fd:dirFd dst_dir_fd:dirFd',
  renames: 'old:file new:missing',
  replace: 'src:file dst:missing; src_dir_fd:dirFd dst_dir_fd:dirFd',
  rmdir: 'path:empty; dir_fd:dirFd',
  scandir: 'path?:listed',
  sched_get_priority_max: 'policy:int',
  sched_get_priority_min: 'policy:int',
  sched_getaffinity: 'pid:int',
  sched_getparam: 'pid:int',
  sched_getscheduler: 'pid:int',
  sched_param: 'sched_priority:int',
  sched_rr_get_interval: 'pid:int',
  sched_setaffinity: 'pid:int mask:numbers',
  sched_setparam: 'pid:int param:schedParam',
  sched_setscheduler: 'pid:int policy:int param:schedParam',
  sched_yield: '',
  sendfile: 'out_fd:fd in_fd:fd offset:offset count:count',
  set_blocking: 'fd:fd blocking:bool',
  set_child_subreaper: 'enabled:bool',
  set_inheritable: 'fd:fd inheritable:bool',
  setegid: 'egid:id',
  seteuid: 'euid:id',
  setgid: 'gid:id',
  setgroups: 'groups:numbers',
  setns: 'fd:openFd nstype?:int',
  setpgid: 'pid:int pgrp:int',
  setpgrp: '',
  setpriority: 'which:int who:integer priority:int',
  setregid: 'rgid:id egid:id',
  setresgid: 'rgid:id egid:id sgid:id',
  setresuid: 'ruid:id euid:id suid:id',
  setreuid: 'ruid:id euid:id',
  setsid: '',
  setuid: 'uid:id',
  setxattr: 'path:fileOrFd attribute:attribute value:data flags?:int; follow_symlinks:bool',
  spawnl: 'mode:int path:missing args:text',
  spawnle: 'mode:int path:missing args:text env:environment',
  spawnlp: 'mode:int file:missing args:text',
  spawnlpe: 'mode:int file:missing args:text env:environment',
  spawnv: 'mode:int path:missing args:args',
  spawnve: 'mode:int path:missing args:args env:environment',
  spawnvp: 'mode:int file:missing args:args',
  spawnvpe: 'mode:int file:missing args:args env:environment',
  splice: 'src:fd dst:fd count:count offset_src?:offset offset_dst?:offset flags?:uintFlags',
  stat: 'path:fileOrFd; dir_fd:dirFd follow_symlinks:bool',
  stat_result: 'sequence:sequence',
  statvfs: 'path:fileOrFd',
  statvfs_result: 'sequence:sequence',
  statx: 'path:fileOrFd mask:uint32 flags?:int; dir_fd:dirFd follow_symlinks:bool',
  strerror: 'code:int',
  struct_rusage: 'sequence:sequence',
  symlink: 'src:file dst:missing target_is_directory?:bool; dir_fd:dirFd',
  sync: '',
  sysconf: 'name:sysconf',
  system: 'command:command',
  tcgetpgrp: 'fd:fd',
  tcsetpgrp: 'fd:fd pg:int',
  tee: 'src:fd dst:fd count:count flags?:uintFlags',
  terminal_size: 'sequence:sequence',
  timerfd_create: 'clockid:clock; flags:int',
  timerfd_gettime: 'fd:openFd',
  timerfd_gettime_ns: 'fd:openFd',
  timerfd_settime: 'fd:openFd; flags:int initial:seconds interval:seconds',
  timerfd_settime_ns: 'fd:openFd; flags:int initial:int64 interval:int64',
  times: '',
  times_result: 'sequence:sequence',
  truncate: 'path:fileOrFd length:int64',
  ttyname: 'fd:fd',
  umask: 'mask:int',
  uname: '',
  uname_result: 'sequence:sequence',
  unlink: 'path:file; dir_fd:dirFd',
  unlockpt: 'fd:openFd',
  unsetenv: 'key:variable',
  unshare: 'flags:int',
  urandom: 'size:size',
  utime: 'path:fileOrFd times?:times; ns:times dir_fd:dirFd follow_symlinks:bool',
  vmsplice: 'fd:fd buffers:buffers flags?:uintFlags',
  wait: '',
  wait3: 'options:int',
  wait4: 'pid:int options:int',
  waitid: 'idtype:int id:integer options:int',
  waitid_result: 'sequence:sequence',
  waitpid: 'pid:int options:int',
  waitstatus_to_exitcode: 'status:int',
  walk: 'top:folder topdown?:bool onerror?:handler followlinks?:bool',
  WCOREDUMP: 'status:int',
  WEXITSTATUS: 'status:int',
  WIFCONTINUED: 'status:int',
  WIFEXITED: 'status:int',
  WIFSIGNALED: 'status:int',
  WIFSTOPPED: 'status:int',
  write: 'fd:fd data:data',
  writev: 'fd:fd buffers:buffers',
  WSTOPSIG: 'status:int',
  WTERMSIG: 'status:int',
}

/** Functions that are given only what must be refused before the system is asked: the rest would hurt, in these ways. */
const destructive: readonly { readonly how: string; readonly names: string }[] = [
  { how: 'a hook stays for good', names: 'addaudithook register_at_fork' },
  { how: 'locks up or lets loose this very process', names: 'chroot setns unshare' },
  {
    how: 'ends it, or puts another program in its place',
    names: '_exit abort execl execle execlp execlpe execv execve execvp execvpe',
  },
  {
    how: 'starts programs',
    names:
      'fork forkpty popen posix_spawn posix_spawnp spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe system',
  },
  { how: 'hits other processes', names: 'kill killpg tcsetpgrp' },
  {
    how: 'changes who this process is, or how it runs',
    names:
      'initgroups login_tty nice sched_setaffinity sched_setparam sched_setscheduler set_child_subreaper setegid seteuid setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid setuid umask',
  },
  { how: 'closes what others have open', names: 'closerange' },
  { how: 'closes the descriptor once its result is collected', names: 'fdopen' },
  { how: 'fills the disk, or takes its time', names: 'getrandom posix_fallocate urandom' },
]

export const harmful: ReadonlySet<string> = new Set(destructive.flatMap(({ names }) => names.split(' ')))

/** Functions of `os.promises` that wait for other processes, or for what others write; all of them take `ref`. */
export const waiting: ReadonlySet<string> = new Set(
  `eventfd_read eventfd_write lockf popen read readinto readv sendfile spawnl spawnle spawnlp
   spawnlpe spawnv spawnve spawnvp spawnvpe splice system tee vmsplice wait wait3 wait4 waitid waitpid write
   writev`.split(/\s+/),
)

/** Classes that are not for a program to construct. */
export const internalClasses: Readonly<Record<string, string>> = {
  AsyncScandirIterator: 'promises.scandir makes them',
  BinaryFile: 'fdopen makes them',
  DirEntry: 'scandir makes them',
  PathLike: 'is abstract',
  ScandirIterator: 'scandir makes them',
  statx_result: 'statx makes them',
  TextFile: 'fdopen makes them',
}

/** What is there for the taking in the folder that is the current one during the tests. */
export interface Place {
  readonly fd: number
  readonly folderFd: number
}

const OBJECT: readonly Sort[] = ['array', 'bytes', 'view', 'url', 'pathlike', 'descriptor', 'other']

export interface Kind {
  /** A good value. */
  readonly good: (place: Place) => unknown
  /** For the system: a NUL, and a surrogate that stands for no byte, are refused before that is asked. */
  readonly isPath?: boolean
  readonly accepts: readonly Sort[]
  /** Looked into, whatever it is, so that the engine may refuse it. */
  readonly isAnyObject?: boolean
  /** Which numbers are refused before the system is asked; none, where it is left out. */
  readonly refuses?: (value: number | bigint) => boolean
}

const PATH: readonly Sort[] = ['string', 'bytes', 'url', 'pathlike']
const DESCRIPTOR: readonly Sort[] = ['number', 'descriptor']

function outside(min: number | bigint, max: number | bigint): (value: number | bigint) => boolean {
  return (value) => (typeof value === 'number' && !Number.isSafeInteger(value)) || value < min || value > max
}

const notInt = outside(-(2 ** 31), 2 ** 31 - 1)

function path(name: string): Kind {
  return { good: () => name, isPath: true, accepts: PATH }
}

function pathOrFd(name: string): Kind {
  return { good: () => name, isPath: true, accepts: [...PATH, ...DESCRIPTOR], refuses: notInt }
}

export const kinds: Readonly<Record<string, Kind>> = {
  // A file, its folder (which holds a file), an empty folder, a symbolic link to the file, a name that is free.
  file: path('file'),
  folder: path('folder'),
  empty: path('empty'),
  link: path('link'),
  missing: path('missing'),
  // What only has to be a name: a NUL is no worse than another character.
  name: { good: () => 'file', accepts: PATH },
  fileOrFd: pathOrFd('file'),
  folderOrFd: pathOrFd('folder'),
  listed: { ...pathOrFd('folder'), accepts: ['null', ...PATH, ...DESCRIPTOR] },
  xattrPath: { ...pathOrFd('file'), accepts: ['null', ...PATH, ...DESCRIPTOR] },

  fd: { good: ({ fd }) => fd, accepts: DESCRIPTOR, refuses: notInt },
  // Where -1 is refused before the system is asked.
  openFd: { good: ({ fd }) => fd, accepts: DESCRIPTOR, refuses: outside(0, 2 ** 31 - 1) },
  folderFd: { good: ({ folderFd }) => folderFd, accepts: DESCRIPTOR, refuses: outside(0, 2 ** 31 - 1) },
  // One that is not open: closing it is refused by the system.
  closed: { good: () => 1000, accepts: DESCRIPTOR, refuses: notInt },
  dirFd: { good: () => null, accepts: ['null', ...DESCRIPTOR], refuses: notInt },

  int: { good: () => 0, accepts: ['number'], refuses: notInt },
  uintFlags: { good: () => 0, accepts: ['number'], refuses: outside(-(2 ** 31), 2 ** 32 - 1) },
  uint32: { good: () => 0, accepts: ['number'], refuses: outside(0, 2 ** 32 - 1) },
  integer: { good: () => 0, accepts: ['number'], refuses: outside(-(2 ** 53), 2 ** 53) },
  id: { good: () => -1, accepts: ['number'], refuses: outside(-1, 2 ** 32 - 1) },
  size: { good: () => 10, accepts: ['number'], refuses: outside(0, 2 ** 53 - 1) },
  count: { good: () => 10, accepts: ['number', 'bigint'], refuses: outside(0, 2n ** 63n - 1n) },
  int64: { good: () => 0, accepts: ['number', 'bigint'], refuses: outside(-(2n ** 63n), 2n ** 63n - 1n) },
  uint64: { good: () => 0, accepts: ['number', 'bigint'], refuses: outside(0, 2n ** 64n - 1n) },
  offset: {
    good: () => null,
    accepts: ['undefined', 'null', 'number', 'bigint'],
    refuses: outside(-(2n ** 63n), 2n ** 63n - 1n),
  },
  clock: { good: () => 1, accepts: ['number'], refuses: notInt },
  seconds: { good: () => 0, accepts: ['number'], refuses: (value) => !Number.isFinite(value) },
  bool: { good: () => false, accepts: ['boolean'] },

  data: { good: () => Buffer.from('data'), accepts: ['bytes', 'view'] },
  buffers: { good: () => [Buffer.from('data')], accepts: ['array'] },
  function: { good: () => () => undefined, accepts: ['function'] },
  handler: { good: () => null, accepts: ['function', 'null'] },
  times: { good: () => undefined, accepts: ['null'] },
  sequence: { good: () => [...Array(10).keys()], accepts: OBJECT, isAnyObject: true },
  numbers: { good: () => [0], accepts: OBJECT, isAnyObject: true },
  schedParam: { good: () => new sched_param(0), accepts: [] },

  pathconf: { good: () => 'PC_NAME_MAX', accepts: ['string', 'number'], refuses: notInt },
  sysconf: { good: () => 'SC_PAGESIZE', accepts: ['string', 'number'], refuses: notInt },
  confstr: { good: () => 'CS_PATH', accepts: ['string', 'number'], refuses: notInt },

  variable: { good: () => 'OSIER_ZOO', isPath: true, accepts: PATH },
  // Only looked up.
  key: { good: () => 'OSIER_ZOO', accepts: ['string'] },
  keyBytes: { good: () => Buffer.from('OSIER_ZOO'), accepts: ['bytes'] },
  attribute: { good: () => 'user.zoo', isPath: true, accepts: PATH },
  user: { good: () => 'root', isPath: true, accepts: PATH },
  text: { good: () => 'argument', isPath: true, accepts: PATH },
  buffering: { good: () => -1, accepts: ['number'], refuses: outside(-1, 2 ** 31 - 1) },
  word: { good: () => 'r', accepts: ['string'] },
  wordOrNull: { good: () => null, accepts: ['string', 'null'] },
  command: { good: () => 'true', isPath: true, accepts: PATH },
  args: { good: () => ['argument'], accepts: ['array'] },
  environment: { good: () => ({ PATH: '/missing' }), accepts: ['null', ...OBJECT], isAnyObject: true },
}
