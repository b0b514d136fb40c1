import { NotImplementedError } from '../errors.ts'
import { syscalls, target } from './facts.ts'
import { type Asynchronous, type CFunction, type FoundFunction, find } from './library.ts'
import { inC, type Roles, rolesIn } from './roles.ts'

/** A path or other string for C: text without NUL and lone surrogates, or bytes that end in NUL. */
export type CString = string | Uint8Array

/** A 64-bit integer: koffi accepts both types, and returns a bigint only above 2^53. */
export type Int64 = number | bigint

/** The address of memory that osier owns (memory.ts); 0 is NULL. */
export type Address = number

/**
 * A `char *[]` that ends in NULL, such as `argv`: one block with the pointers, followed by the strings. It is passed as
 * a buffer, not by address, so that the engine keeps it alive during the call.
 *
 * A number is the address of an array that C owns.
 */
export type StringArray = Uint8Array | number

/**
 * Every C function that osier calls, one line each: its prototype, and its type for TypeScript. In a prototype a
 * parameter has a C type, or the role that roles.ts knows: `dirfd`, `fd`, `path`, or `scratch` for an address in scratch
 * memory. `uintptr_t` is the address of other memory, `const char *` takes a CString, `void *` the caller's buffer.
 * koffi does not check its arguments: a number is accepted as a pointer, and an integer that is too large is truncated.
 * So `os/arguments` checks all arguments before these functions are called.
 *
 * A name in the second place is a system call that is used where the C library has no such function. A name with
 * `kernel_` always uses the system call, since musl has functions of those names that only return ENOSYS.
 */
// biome-ignore format: a table, one line for each function
export const prototypes = {
  _ZN2v87Isolate10GetCurrentEv: c('uintptr_t _ZN2v87Isolate10GetCurrentEv()') as () => Address,
  _ZN4node19GetCurrentEventLoopEPN2v87IsolateE: c('uintptr_t _ZN4node19GetCurrentEventLoopEPN2v87IsolateE(uintptr_t)') as (isolate: Address) => Address,
  _ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_: c('void _ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_(uintptr_t, uintptr_t, uintptr_t)') as (isolate: Address, hook: Address, argument: number) => void,
  __libc_current_sigrtmax: c('int __libc_current_sigrtmax()') as () => number,
  __libc_current_sigrtmin: c('int __libc_current_sigrtmin()') as () => number,
  _exit: c('void _exit(int)') as (status: number) => void,
  abort: c('void abort()') as () => void,
  access: c('int access(path, int)') as (path: CString, mode: number) => number,
  alarm: c('unsigned int alarm(unsigned int)') as (seconds: number) => number,
  calloc: c('uintptr_t calloc(size_t, size_t)') as (count: number, size: number) => Address,
  chdir: c('int chdir(path)') as (path: CString) => number,
  chroot: c('int chroot(path)') as (path: CString) => number,
  clock_getcpuclockid: c('int clock_getcpuclockid(int, scratch)') as (pid: number, out: Address) => number,
  clock_getres: c('int clock_getres(int, scratch)') as (clock: number, out: Address) => number,
  clock_gettime: c('int clock_gettime(int, scratch)') as (clock: number, out: Address) => number,
  clock_nanosleep: c('int clock_nanosleep(int, int, scratch, uintptr_t)') as (clock: number, flags: number, time: Address, rest: Address) => number,
  clock_settime: c('int clock_settime(int, scratch)') as (clock: number, time: Address) => number,
  close: c('int close(fd)') as (fd: number) => number,
  close_range: c('int close_range(unsigned int, unsigned int, int)', 'close_range') as (first: number, last: number, flags: number) => number,
  closelog: c('void closelog()') as () => void,
  confstr: c('size_t confstr(int, uintptr_t, size_t)') as (name: number, out: Address, size: number) => number,
  copy_file_range: c('long copy_file_range(fd, scratch, fd, scratch, size_t, unsigned int)', 'copy_file_range') as (from: number, fromOffset: Address, to: number, toOffset: Address, size: Int64, flags: number) => number,
  ctermid: c('uintptr_t ctermid(scratch)') as (out: Address) => Address,
  dup2: c('int dup2(fd, fd)') as (fd: number, fd2: number) => number,
  dup3: c('int dup3(fd, fd, int)') as (fd: number, fd2: number, flags: number) => number,
  endgrent: c('void endgrent()') as () => void,
  endpwent: c('void endpwent()') as () => void,
  epoll_create1: c('int epoll_create1(int)') as (flags: number) => number,
  epoll_ctl: c('int epoll_ctl(fd, int, fd, uintptr_t)') as (epoll: number, operation: number, fd: number, event: Address) => number,
  epoll_wait: c('int epoll_wait(fd, uintptr_t, int, int)') as (epoll: number, events: Address, most: number, timeout: number) => number,
  eventfd: c('int eventfd(unsigned int, int)') as (value: number, flags: number) => number,
  execve: c('int execve(path, const void *, const void *)') as (path: CString, argv: StringArray, envp: StringArray) => number,
  faccessat: c('int faccessat(dirfd, path, int, int)') as (at: number, path: CString, mode: number, flags: number) => number,
  fchdir: c('int fchdir(fd)') as (fd: number) => number,
  fchmod: c('int fchmod(fd, unsigned int)') as (fd: number, mode: number) => number,
  fchmodat: c('int fchmodat(dirfd, path, unsigned int, int)') as (at: number, path: CString, mode: number, flags: number) => number,
  fchmodat2: c('int fchmodat2(dirfd, path, unsigned int, int)', 'fchmodat2') as (at: number, path: CString, mode: number, flags: number) => number,
  fchown: c('int fchown(fd, unsigned int, unsigned int)') as (fd: number, uid: number, gid: number) => number,
  fchownat: c('int fchownat(dirfd, path, unsigned int, unsigned int, int)') as (at: number, path: CString, uid: number, gid: number, flags: number) => number,
  fcntl: c('int fcntl(fd, int, long)') as (fd: number, command: number, value: number) => number,
  fcntlLock: c('int fcntl(fd, int, scratch)') as (fd: number, command: number, lock: Address) => number,
  fdatasync: c('int fdatasync(fd)') as (fd: number) => number,
  fexecve: c('int fexecve(fd, const void *, const void *)') as (fd: number, argv: StringArray, envp: StringArray) => number,
  fgetxattr: c('long fgetxattr(fd, const char *, scratch, size_t)') as (fd: number, name: CString, out: Address, size: number) => number,
  flistxattr: c('long flistxattr(fd, scratch, size_t)') as (fd: number, out: Address, size: number) => number,
  fork: c('int fork()') as () => number,
  forkpty: c('int forkpty(uintptr_t, uintptr_t, uintptr_t, uintptr_t)') as (fd: Address, name: Address, settings: Address, size: Address) => number,
  fpathconf: c('long fpathconf(fd, int)') as (fd: number, name: number) => Int64,
  free: c('void free(uintptr_t)') as (memory: Address) => void,
  fremovexattr: c('int fremovexattr(fd, const char *)') as (fd: number, name: CString) => number,
  fsetxattr: c('int fsetxattr(fd, const char *, const void *, size_t, int)') as (fd: number, name: CString, value: Uint8Array, size: number, flags: number) => number,
  fstatat: c('int fstatat(dirfd, path, scratch, int)', 'newfstatat') as (at: number, path: CString, out: Address, flags: number) => number,
  fstatatByAddress: c('int fstatat(dirfd, uintptr_t, uintptr_t, int)', 'newfstatat') as (at: number, path: Address, out: Address, flags: number) => number,
  fstatvfs: c('int fstatvfs(fd, scratch)') as (fd: number, out: Address) => number,
  fsync: c('int fsync(fd)') as (fd: number) => number,
  ftruncate: c('int ftruncate(fd, int64_t)') as (fd: number, length: Int64) => number,
  futimens: c('int futimens(fd, scratch)') as (fd: number, times: Address) => number,
  getcwd: c('uintptr_t getcwd(uintptr_t, size_t)') as (out: Address, size: number) => Address,
  getdents64: c('long getdents64(fd, scratch, size_t)', 'getdents64') as (fd: number, out: Address, size: number) => number,
  getegid: c('unsigned int getegid()') as () => number,
  getenv: c('uintptr_t getenv(const char *)') as (name: CString) => Address,
  geteuid: c('unsigned int geteuid()') as () => number,
  getgid: c('unsigned int getgid()') as () => number,
  getgrent: c('uintptr_t getgrent()') as () => Address,
  getgrgid_r: c('int getgrgid_r(unsigned int, uintptr_t, uintptr_t, size_t, uintptr_t)') as (gid: number, out: Address, strings: Address, size: number, found: Address) => number,
  getgrnam_r: c('int getgrnam_r(const char *, uintptr_t, uintptr_t, size_t, uintptr_t)') as (name: CString, out: Address, strings: Address, size: number, found: Address) => number,
  getgrouplist: c('int getgrouplist(const char *, unsigned int, scratch, scratch)') as (user: CString, group: number, out: Address, count: Address) => number,
  getgroups: c('int getgroups(int, uintptr_t)') as (count: number, out: Address) => number,
  getitimer: c('int getitimer(int, scratch)') as (which: number, out: Address) => number,
  getloadavg: c('int getloadavg(scratch, int)') as (out: Address, count: number) => number,
  getlogin_r: c('int getlogin_r(scratch, size_t)') as (out: Address, size: number) => number,
  getpgid: c('int getpgid(int)') as (pid: number) => number,
  getpgrp: c('int getpgrp()') as () => number,
  getpid: c('int getpid()') as () => number,
  getppid: c('int getppid()') as () => number,
  getpriority: c('int getpriority(int, unsigned int)') as (which: number, who: number) => number,
  getpwent: c('uintptr_t getpwent()') as () => Address,
  getpwnam_r: c('int getpwnam_r(const char *, uintptr_t, uintptr_t, size_t, uintptr_t)') as (name: CString, out: Address, strings: Address, size: number, found: Address) => number,
  getpwuid_r: c('int getpwuid_r(unsigned int, uintptr_t, uintptr_t, size_t, uintptr_t)') as (uid: number, out: Address, strings: Address, size: number, found: Address) => number,
  getrandom: c('long getrandom(scratch, size_t, unsigned int)', 'getrandom') as (out: Address, size: number, flags: number) => number,
  getresgid: c('int getresgid(scratch, scratch, scratch)') as (real: Address, effective: Address, saved: Address) => number,
  getresuid: c('int getresuid(scratch, scratch, scratch)') as (real: Address, effective: Address, saved: Address) => number,
  getrusage: c('int getrusage(int, scratch)') as (who: number, out: Address) => number,
  getsid: c('int getsid(int)') as (pid: number) => number,
  gettid: c('int gettid()', 'gettid') as () => number,
  getuid: c('unsigned int getuid()') as () => number,
  getxattr: c('long getxattr(path, const char *, scratch, size_t)') as (path: CString, name: CString, out: Address, size: number) => number,
  gmtime_r: c('uintptr_t gmtime_r(scratch, scratch)') as (seconds: Address, out: Address) => Address,
  grantpt: c('int grantpt(fd)') as (fd: number) => number,
  initgroups: c('int initgroups(const char *, unsigned int)') as (user: CString, group: number) => number,
  io_uring_enter: c('int io_uring_enter(int, unsigned int, unsigned int, unsigned int, uintptr_t, size_t)', 'io_uring_enter') as (ring: number, submitted: number, completed: number, flags: number, mask: Address, size: number) => number,
  io_uring_register: c('int io_uring_register(int, unsigned int, uintptr_t, unsigned int)', 'io_uring_register') as (ring: number, what: number, argument: Address, count: number) => number,
  io_uring_setup: c('int io_uring_setup(unsigned int, uintptr_t)', 'io_uring_setup') as (entries: number, params: Address) => number,
  ioctl: c('int ioctl(fd, unsigned long, uintptr_t)') as (fd: number, request: number, argument: Address) => number,
  isatty: c('int isatty(fd)') as (fd: number) => number,
  kernel_sched_getparam: c('int kernel_sched_getparam(int, scratch)', 'sched_getparam') as (pid: number, out: Address) => number,
  kernel_sched_getscheduler: c('int kernel_sched_getscheduler(int)', 'sched_getscheduler') as (pid: number) => number,
  kernel_sched_setparam: c('int kernel_sched_setparam(int, scratch)', 'sched_setparam') as (pid: number, param: Address) => number,
  kernel_sched_setscheduler: c('int kernel_sched_setscheduler(int, int, scratch)', 'sched_setscheduler') as (pid: number, policy: number, param: Address) => number,
  kill: c('int kill(int, int)') as (pid: number, signal: number) => number,
  killpg: c('int killpg(int, int)') as (group: number, signal: number) => number,
  lgetxattr: c('long lgetxattr(path, const char *, scratch, size_t)') as (path: CString, name: CString, out: Address, size: number) => number,
  linkat: c('int linkat(dirfd, path, dirfd, path, int)') as (from: number, src: CString, to: number, dst: CString, flags: number) => number,
  listxattr: c('long listxattr(path, scratch, size_t)') as (path: CString, out: Address, size: number) => number,
  llistxattr: c('long llistxattr(path, scratch, size_t)') as (path: CString, out: Address, size: number) => number,
  localtime_r: c('uintptr_t localtime_r(scratch, scratch)') as (seconds: Address, out: Address) => Address,
  lockf: c('int lockf(fd, int, int64_t)') as (fd: number, command: number, size: Int64) => number,
  login_tty: c('int login_tty(fd)') as (fd: number) => number,
  lremovexattr: c('int lremovexattr(path, const char *)') as (path: CString, name: CString) => number,
  lseek: c('int64_t lseek(fd, int64_t, int)') as (fd: number, offset: Int64, whence: number) => Int64,
  lsetxattr: c('int lsetxattr(path, const char *, const void *, size_t, int)') as (path: CString, name: CString, value: Uint8Array, size: number, flags: number) => number,
  madvise: c('int madvise(uintptr_t, size_t, int)') as (start: number, length: number, advice: number) => number,
  memccpy: c('uintptr_t memccpy(uintptr_t, uintptr_t, int, size_t)') as (to: Address, from: Address, last: number, size: number) => Address,
  memcpy: c('uintptr_t memcpy(uintptr_t, uintptr_t, size_t)') as (to: Address, from: Address, size: number) => Address,
  memfd_create: c('int memfd_create(const char *, unsigned int)', 'memfd_create') as (name: CString, flags: number) => number,
  mkdirat: c('int mkdirat(dirfd, path, unsigned int)') as (at: number, path: CString, mode: number) => number,
  mkfifoat: c('int mkfifoat(dirfd, path, unsigned int)') as (at: number, path: CString, mode: number) => number,
  mknodat: c('int mknodat(dirfd, path, unsigned int, uint64_t)') as (at: number, path: CString, mode: number, device: Int64) => number,
  mktime: c('int64_t mktime(scratch)') as (fields: Address) => Int64,
  mmap: c('uintptr_t mmap(uintptr_t, size_t, int, int, fd, int64_t)') as (at: Address, size: number, protection: number, flags: number, fd: number, offset: Int64) => number | bigint,
  mremap: c('uintptr_t mremap(uintptr_t, size_t, size_t, int)') as (start: Address, size: number, newSize: number, flags: number) => number | bigint,
  msync: c('int msync(uintptr_t, size_t, int)') as (start: Address, size: number, flags: number) => number,
  munmap: c('int munmap(uintptr_t, size_t)') as (start: Address, size: number) => number,
  nice: c('int nice(int)') as (increment: number) => number,
  open: c('int open(path, int)') as (path: CString, flags: number) => number,
  openat: c('int openat(dirfd, path, int, unsigned int)') as (at: number, path: CString, flags: number, mode: number) => number,
  openat2: c('long openat2(dirfd, path, uintptr_t, size_t)', 'openat2') as (at: number, path: CString, how: Address, size: number) => number,
  openlog: c('void openlog(uintptr_t, int, int)') as (identity: Address, options: number, facility: number) => void,
  pathconf: c('long pathconf(path, int)') as (path: CString, name: number) => Int64,
  pause: c('int pause()') as () => number,
  pidfd_open: c('int pidfd_open(int, unsigned int)', 'pidfd_open') as (pid: number, flags: number) => number,
  pidfd_send_signal: c('int pidfd_send_signal(fd, int, uintptr_t, unsigned int)', 'pidfd_send_signal') as (fd: number, signal: number, info: Address, flags: number) => number,
  pipe2: c('int pipe2(scratch, int)') as (out: Address, flags: number) => number,
  poll: c('int poll(scratch, unsigned long, int)') as (fds: Address, count: number, timeout: number) => number,
  pollAt: c('int poll(uintptr_t, unsigned long, int)') as (fds: Address, count: number, timeout: number) => number,
  posix_fadvise: c('int posix_fadvise(fd, int64_t, int64_t, int)') as (fd: number, offset: Int64, size: Int64, advice: number) => number,
  posix_fallocate: c('int posix_fallocate(fd, int64_t, int64_t)') as (fd: number, offset: Int64, size: Int64) => number,
  posix_openpt: c('int posix_openpt(int)') as (flags: number) => number,
  posix_spawn: c('int posix_spawn(uintptr_t, path, uintptr_t, uintptr_t, const void *, const void *)') as (pid: Address, path: CString, actions: Address, attributes: Address, argv: StringArray, envp: StringArray) => number,
  posix_spawn_file_actions_addclose: c('int posix_spawn_file_actions_addclose(uintptr_t, fd)') as (actions: Address, fd: number) => number,
  posix_spawn_file_actions_addclosefrom_np: c('int posix_spawn_file_actions_addclosefrom_np(uintptr_t, fd)') as (actions: Address, fd: number) => number,
  posix_spawn_file_actions_adddup2: c('int posix_spawn_file_actions_adddup2(uintptr_t, fd, fd)') as (actions: Address, fd: number, newFd: number) => number,
  posix_spawn_file_actions_addopen: c('int posix_spawn_file_actions_addopen(uintptr_t, fd, path, int, unsigned int)') as (actions: Address, fd: number, path: CString, flags: number, mode: number) => number,
  posix_spawn_file_actions_destroy: c('int posix_spawn_file_actions_destroy(uintptr_t)') as (actions: Address) => number,
  posix_spawn_file_actions_init: c('int posix_spawn_file_actions_init(uintptr_t)') as (actions: Address) => number,
  posix_spawnattr_destroy: c('int posix_spawnattr_destroy(uintptr_t)') as (attributes: Address) => number,
  posix_spawnattr_init: c('int posix_spawnattr_init(uintptr_t)') as (attributes: Address) => number,
  posix_spawnattr_setflags: c('int posix_spawnattr_setflags(uintptr_t, short)') as (attributes: Address, flags: number) => number,
  posix_spawnattr_setpgroup: c('int posix_spawnattr_setpgroup(uintptr_t, int)') as (attributes: Address, group: number) => number,
  posix_spawnattr_setschedparam: c('int posix_spawnattr_setschedparam(uintptr_t, uintptr_t)') as (attributes: Address, param: Address) => number,
  posix_spawnattr_setschedpolicy: c('int posix_spawnattr_setschedpolicy(uintptr_t, int)') as (attributes: Address, policy: number) => number,
  posix_spawnattr_setsigdefault: c('int posix_spawnattr_setsigdefault(uintptr_t, uintptr_t)') as (attributes: Address, set: Address) => number,
  posix_spawnattr_setsigmask: c('int posix_spawnattr_setsigmask(uintptr_t, uintptr_t)') as (attributes: Address, set: Address) => number,
  posix_spawnp: c('int posix_spawnp(uintptr_t, path, uintptr_t, uintptr_t, const void *, const void *)') as (pid: Address, file: CString, actions: Address, attributes: Address, argv: StringArray, envp: StringArray) => number,
  prctl: c('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)') as (option: number, a: number, b: number, c: number, d: number) => number,
  pread: c('long pread(fd, scratch, size_t, int64_t)') as (fd: number, out: Address, size: number, offset: Int64) => number,
  preadInto: c('long pread(fd, void *, size_t, int64_t)') as (fd: number, out: Uint8Array, size: number, offset: Int64) => number,
  preadv2: c('long kernel_preadv2(fd, scratch, int, int64_t, long, int)', 'preadv2') as (fd: number, vectors: Address, count: number, offset: Int64, high: 0, flags: number) => number,
  prlimit: c('int prlimit(int, int, uintptr_t, uintptr_t)') as (pid: number, resource: number, value: Address, old: Address) => number,
  process_vm_readv: c('long process_vm_readv(int, uintptr_t, unsigned long, uintptr_t, unsigned long, unsigned long)') as (pid: number, local: Address, localCount: number, remote: Address, remoteCount: number, flags: number) => number,
  process_vm_writev: c('long process_vm_writev(int, uintptr_t, unsigned long, uintptr_t, unsigned long, unsigned long)') as (pid: number, local: Address, localCount: number, remote: Address, remoteCount: number, flags: number) => number,
  pthread_mutex_lock: c('int pthread_mutex_lock(uintptr_t)') as (mutex: number) => number,
  pthread_mutex_unlock: c('int pthread_mutex_unlock(uintptr_t)') as (mutex: number) => number,
  pthread_sigmask: c('int pthread_sigmask(int, uintptr_t, uintptr_t)') as (how: number, set: Address, old: Address) => number,
  ptsname_r: c('int ptsname_r(fd, scratch, size_t)') as (fd: number, out: Address, size: number) => number,
  pwrite: c('long pwrite(fd, const void *, size_t, int64_t)') as (fd: number, data: Uint8Array, size: number, offset: Int64) => number,
  pwriteFrom: c('long pwrite(fd, scratch, size_t, int64_t)') as (fd: number, data: Address, size: number, offset: Int64) => number,
  pwritev2: c('long kernel_pwritev2(fd, scratch, int, int64_t, long, int)', 'pwritev2') as (fd: number, vectors: Address, count: number, offset: Int64, high: 0, flags: number) => number,
  read: c('long read(fd, uintptr_t, size_t)') as (fd: number, out: Address, size: number) => number,
  readInto: c('long read(fd, void *, size_t)') as (fd: number, out: Uint8Array, size: number) => number,
  readlinkat: c('long readlinkat(dirfd, path, scratch, size_t)') as (at: number, path: CString, out: Address, size: number) => number,
  readv: c('long readv(fd, uintptr_t, int)') as (fd: number, vectors: Address, count: number) => number,
  recvmsg: c('long recvmsg(fd, uintptr_t, int)') as (fd: number, message: Address, flags: number) => number,
  removexattr: c('int removexattr(path, const char *)') as (path: CString, name: CString) => number,
  renameat: c('int renameat(dirfd, path, dirfd, path)') as (from: number, src: CString, to: number, dst: CString) => number,
  scandir: c('int scandir(path, uintptr_t, uintptr_t, uintptr_t)') as (path: CString, list: Address, filter: 0, compare: 0) => number,
  sched_get_priority_max: c('int sched_get_priority_max(int)') as (policy: number) => number,
  sched_get_priority_min: c('int sched_get_priority_min(int)') as (policy: number) => number,
  sched_getaffinity: c('int sched_getaffinity(int, size_t, scratch)') as (pid: number, size: number, out: Address) => number,
  sched_rr_get_interval: c('int sched_rr_get_interval(int, scratch)') as (pid: number, out: Address) => number,
  sched_setaffinity: c('int sched_setaffinity(int, size_t, scratch)') as (pid: number, size: number, mask: Address) => number,
  sched_yield: c('int sched_yield()') as () => number,
  select: c('int select(int, uintptr_t, uintptr_t, uintptr_t, scratch)') as (count: number, read: Address, write: Address, except: Address, timeout: Address) => number,
  sendfile: c('long sendfile(fd, fd, uintptr_t, size_t)') as (to: number, from: number, offset: Address, size: Int64) => number,
  sendmsg: c('long sendmsg(fd, uintptr_t, int)') as (fd: number, message: Address, flags: number) => number,
  setegid: c('int setegid(unsigned int)') as (gid: number) => number,
  setenv: c('int setenv(const char *, const char *, int)') as (name: CString, value: CString, overwrite: number) => number,
  seteuid: c('int seteuid(unsigned int)') as (uid: number) => number,
  setgid: c('int setgid(unsigned int)') as (gid: number) => number,
  setgrent: c('void setgrent()') as () => void,
  setgroups: c('int setgroups(size_t, const void *)') as (count: number, groups: Uint8Array) => number,
  setitimer: c('int setitimer(int, scratch, scratch)') as (which: number, value: Address, old: Address) => number,
  setlogmask: c('int setlogmask(int)') as (mask: number) => number,
  setns: c('int setns(fd, int)', 'setns') as (fd: number, type: number) => number,
  setpgid: c('int setpgid(int, int)') as (pid: number, pgrp: number) => number,
  setpriority: c('int setpriority(int, unsigned int, int)') as (which: number, who: number, priority: number) => number,
  setpwent: c('void setpwent()') as () => void,
  setregid: c('int setregid(unsigned int, unsigned int)') as (real: number, effective: number) => number,
  setresgid: c('int setresgid(unsigned int, unsigned int, unsigned int)') as (real: number, effective: number, saved: number) => number,
  setresuid: c('int setresuid(unsigned int, unsigned int, unsigned int)') as (real: number, effective: number, saved: number) => number,
  setreuid: c('int setreuid(unsigned int, unsigned int)') as (real: number, effective: number) => number,
  setsid: c('int setsid()') as () => number,
  setuid: c('int setuid(unsigned int)') as (uid: number) => number,
  setxattr: c('int setxattr(path, const char *, const void *, size_t, int)') as (path: CString, name: CString, value: Uint8Array, size: number, flags: number) => number,
  sigaction: c('int sigaction(int, uintptr_t, uintptr_t)') as (signal: number, action: Address, old: Address) => number,
  sigaddset: c('int sigaddset(uintptr_t, int)') as (set: Address, signal: number) => number,
  sigdelset: c('int sigdelset(uintptr_t, int)') as (set: Address, signal: number) => number,
  sigemptyset: c('int sigemptyset(uintptr_t)') as (set: Address) => number,
  siginterrupt: c('int siginterrupt(int, int)') as (signal: number, flag: number) => number,
  sigismember: c('int sigismember(uintptr_t, int)') as (set: Address, signal: number) => number,
  sigpending: c('int sigpending(scratch)') as (set: Address) => number,
  sigtimedwait: c('int sigtimedwait(uintptr_t, scratch, uintptr_t)') as (set: Address, info: Address, timeout: Address) => number,
  socketpair: c('int socketpair(int, int, int, scratch)') as (domain: number, type: number, protocol: number, out: Address) => number,
  splice: c('long splice(fd, uintptr_t, fd, uintptr_t, size_t, unsigned int)') as (from: number, fromOffset: Address, to: number, toOffset: Address, size: Int64, flags: number) => number,
  statvfs: c('int statvfs(path, scratch)') as (path: CString, out: Address) => number,
  statx: c('int statx(dirfd, path, int, unsigned int, scratch)', 'statx') as (at: number, path: CString, flags: number, mask: number, out: Address) => number,
  strerror: c('const char *strerror(int)') as (number: number) => string,
  strftime: c('size_t strftime(uintptr_t, size_t, const char *, scratch)') as (out: Address, size: number, format: CString, fields: Address) => number,
  strlen: c('size_t strlen(uintptr_t)') as (string: Address) => number,
  strsignal: c('const char *strsignal(int)') as (signal: number) => string | null,
  symlinkat: c('int symlinkat(path, dirfd, path)') as (target: CString, at: number, path: CString) => number,
  sync: c('void sync()') as () => void,
  sysconf: c('long sysconf(int)') as (name: number) => Int64,
  syslog: c('void syslog(int, const char *, const char *)') as (priority: number, format: CString, message: CString) => void,
  tcgetattr: c('int tcgetattr(fd, uintptr_t)') as (fd: number, out: Address) => number,
  tcgetpgrp: c('int tcgetpgrp(fd)') as (fd: number) => number,
  tcsetattr: c('int tcsetattr(fd, int, uintptr_t)') as (fd: number, when: number, settings: Address) => number,
  tcsetpgrp: c('int tcsetpgrp(fd, int)') as (fd: number, group: number) => number,
  tee: c('long tee(fd, fd, size_t, unsigned int)') as (from: number, to: number, size: Int64, flags: number) => number,
  tgkill: c('int tgkill(int, int, int)', 'tgkill') as (pid: number, tid: number, signal: number) => number,
  timerfd_create: c('int timerfd_create(int, int)') as (clock: number, flags: number) => number,
  timerfd_gettime: c('int timerfd_gettime(fd, scratch)') as (fd: number, out: Address) => number,
  timerfd_settime: c('int timerfd_settime(fd, int, scratch, scratch)') as (fd: number, flags: number, timer: Address, out: Address) => number,
  times: c('long times(scratch)') as (out: Address) => number,
  truncate: c('int truncate(path, int64_t)') as (path: CString, length: Int64) => number,
  ttyname_r: c('int ttyname_r(fd, scratch, size_t)') as (fd: number, out: Address, size: number) => number,
  tzset: c('void tzset()') as () => void,
  umask: c('unsigned int umask(unsigned int)') as (mask: number) => number,
  uname: c('int uname(scratch)') as (out: Address) => number,
  unlinkat: c('int unlinkat(dirfd, path, int)') as (at: number, path: CString, flags: number) => number,
  unlockpt: c('int unlockpt(fd)') as (fd: number) => number,
  unsetenv: c('int unsetenv(const char *)') as (name: CString) => number,
  unshare: c('int unshare(int)', 'unshare') as (flags: number) => number,
  usleep: c('int usleep(unsigned int)') as (microseconds: number) => number,
  utimensat: c('int utimensat(dirfd, path, scratch, int)') as (at: number, path: CString, times: Address, flags: number) => number,
  uv_async_send: c('int uv_async_send(uintptr_t)') as (handle: Address) => number,
  uv_backend_fd: c('int uv_backend_fd(uintptr_t)') as (loop: Address) => number,
  uv_default_loop: c('uintptr_t uv_default_loop()') as () => Address,
  uv_fileno: c('int uv_fileno(uintptr_t, uintptr_t)') as (handle: Address, out: Address) => number,
  uv_handle_get_type: c('int uv_handle_get_type(uintptr_t)') as (handle: Address) => number,
  uv_handle_size: c('size_t uv_handle_size(int)') as (type: number) => number,
  uv_handle_type_name: c('const char *uv_handle_type_name(int)') as (type: number) => string | null,
  uv_is_active: c('int uv_is_active(uintptr_t)') as (handle: Address) => number,
  uv_loop_fork: c('int uv_loop_fork(uintptr_t)') as (loop: Address) => number,
  uv_poll_init: c('int uv_poll_init(uintptr_t, uintptr_t, fd)') as (loop: Address, handle: Address, fd: number) => number,
  uv_poll_start: c('int uv_poll_start(uintptr_t, int, void *)') as (handle: Address, events: number, callback: bigint) => number,
  uv_process_get_pid: c('int uv_process_get_pid(uintptr_t)') as (handle: Address) => number,
  uv_ref: c('void uv_ref(uintptr_t)') as (handle: Address) => void,
  uv_tty_reset_mode: c('int uv_tty_reset_mode()') as () => number,
  uv_unref: c('void uv_unref(uintptr_t)') as (handle: Address) => void,
  uv_walk: c('void uv_walk(uintptr_t, void *, uintptr_t)') as (loop: Address, visit: bigint, argument: number) => void,
  vmsplice: c('long vmsplice(fd, uintptr_t, size_t, unsigned int)') as (fd: number, vectors: Address, count: number, flags: number) => number,
  wait4: c('int wait4(int, scratch, int, scratch)') as (pid: number, status: Address, options: number, usage: Address) => number,
  waitid: c('int waitid(int, unsigned int, scratch, int)') as (kind: number, id: number, out: Address, options: number) => number,
  waitpid: c('int waitpid(int, uintptr_t, int)') as (pid: number, status: Address, options: number) => number,
  write: c('long write(fd, const void *, size_t)') as (fd: number, data: Uint8Array, size: number) => number,
  writeFrom: c('long write(fd, uintptr_t, size_t)') as (fd: number, data: Address, size: number) => number,
  writev: c('long writev(fd, uintptr_t, int)') as (fd: number, vectors: Address, count: number) => number,
}

export type Prototypes = typeof prototypes
type Syscall = keyof typeof syscalls

/** The actual result of `c`. Its declared type is that of the function, so that one table is sufficient. */
interface Declaration {
  readonly prototype: string
  readonly syscall: Syscall | undefined
}

function c(prototype: string, syscall?: Syscall): unknown {
  return { prototype, syscall } satisfies Declaration
}

interface Located {
  readonly found: FoundFunction
  /** The first argument of syscall(2), where it is used. */
  readonly number: number | undefined
}

function locate({ prototype, syscall }: Declaration): Located | undefined {
  const declared = inC(prototype)
  const found = find(declared)
  if (found !== undefined) return { found, number: undefined }
  const number = syscall === undefined ? undefined : syscalls[syscall]
  const raw =
    number === undefined ? undefined : find(declared.replace(/^.*?\(/, 'long syscall(long, ').replace(', )', ')'))
  return raw === undefined ? undefined : { found: raw, number }
}

function lacks(name: string): NotImplementedError {
  if (target !== null) return new NotImplementedError(`${name} is not in the C library of this platform (${target})`)
  const platform = `${process.platform}-${process.arch}`
  return new NotImplementedError(`osier calls C (${name}) on Linux alone, on x64 and arm64; this is ${platform}`)
}

function bind(name: string, declaration: Declaration): CFunction {
  const located = locate(declaration)
  if (located === undefined) {
    return () => {
      throw lacks(name)
    }
  }
  const { found, number } = located
  if (number === undefined) return found
  // The calls with six arguments (preadv2, pwritev2) are written out: a rest parameter costs a considerable part of the
  // call.
  const isLong = declaration.prototype.split(',').length === 6
  if (isLong) return (a, b, c, d, e, f) => found(number, a, b, c, d, e, f)
  return (...args) => found(number, ...args)
}

/** Binds each function at its first call: binding all of them would take a large part of osier's import time. */
function bindOnFirstUse(table: Record<string, Declaration>): Record<string, unknown> {
  // The object starts as a copy: one that is filled name by name would become a dictionary in V8, with slower access.
  const bound: Record<string, unknown> = { ...table }
  for (const [name, declaration] of Object.entries(table)) {
    bound[name] = (...args: unknown[]) => {
      const callable = bind(name, declaration)
      bound[name] = callable
      return callable(...args)
    }
  }
  return bound
}

/** The C library. `libc.close(fd)` returns C's result; `call.ts` handles failures. */
export const libc: Prototypes = bindOnFirstUse(prototypes as unknown as Record<string, Declaration>) as Prototypes

/**
 * Binds functions without calling them, for code that must not allocate between two calls.
 *
 * @throws NotImplementedError for a function that this platform lacks
 */
export function bindNow(...names: (keyof Prototypes)[]): void {
  const table = libc as unknown as Record<string, CFunction>
  for (const name of names) table[name] = bind(name, prototypes[name] as unknown as Declaration)
}

const asynchronousOnes = new Map<keyof Prototypes, Asynchronous>()

/**
 * The function as it is called on a thread of the libuv pool: only background.ts uses it.
 *
 * @throws NotImplementedError for a function that this platform lacks
 */
export function asynchronous(name: keyof Prototypes): Asynchronous {
  const known = asynchronousOnes.get(name)
  if (known !== undefined) return known
  const located = locate(prototypes[name] as unknown as Declaration)
  if (located === undefined) throw lacks(name)
  const { found, number } = located
  const method: Asynchronous = number === undefined ? found.async : (...args) => found.async(number, ...args)
  asynchronousOnes.set(name, method)
  return method
}

const roles = new Map<keyof Prototypes, Roles>()

/** The roles of a function's parameters, from its prototype. */
export function rolesOf(name: keyof Prototypes): Roles {
  const known = roles.get(name)
  if (known !== undefined) return known
  const inPrototype = rolesIn((prototypes[name] as unknown as Declaration).prototype)
  roles.set(name, inPrototype)
  return inPrototype
}

const found = new Map<keyof Prototypes, boolean>()

/** Whether this platform has the function. It is not called. */
export function has(name: keyof Prototypes): boolean {
  const known = found.get(name) ?? isThere(prototypes[name] as unknown as Declaration)
  found.set(name, known)
  return known
}

function isThere({ prototype, syscall }: Declaration): boolean {
  return (
    find(inC(prototype)) !== undefined || (target !== null && syscall !== undefined && syscalls[syscall] !== undefined)
  )
}

/** Whether a C function of this name is declared above. */
export function isPrototype(name: string): name is keyof Prototypes {
  return Object.hasOwn(prototypes, name)
}
