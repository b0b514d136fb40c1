// The `os` namespace, chapter by chapter in the order of Python's documentation.
// biome-ignore-all assist/source/organizeImports: the order is the documentation's

// File Names, Command Line Arguments, and Environment Variables
export {
  type BytesPath,
  type FileName,
  fsdecode,
  fsencode,
  fspath,
  type Path,
  PathLike,
  type TextPath,
} from './arguments/paths.ts'

// Process Parameters
export {
  type Environ,
  type EnvironB,
  type EnvironMap,
  environ,
  environb,
  get_exec_path,
  getenv,
  getenvb,
  reload_environ,
  supports_bytes_environ,
} from './process_parameters/environ.ts'
export { putenv, unsetenv } from './process_parameters/variables.ts'
export * from './process_parameters/identity.ts'
export { getpriority, PRIO_PGRP, PRIO_PROCESS, PRIO_USER, setpriority } from './system/scheduler.ts'
export { strerror, uname } from './system/information.ts'
export {
  type IdTriple,
  getuid,
  geteuid,
  getgid,
  getegid,
  getresuid,
  getresgid,
  setuid,
  seteuid,
  setreuid,
  setresuid,
  setgid,
  setegid,
  setregid,
  setresgid,
  getgroups,
  setgroups,
  getgrouplist,
  initgroups,
  getlogin,
} from './process_parameters/users.ts'
export * from './process_parameters/namespaces.ts'

// File Object Creation
export { BinaryFile } from './file_objects/binary_file.ts'
export { type BinaryMode, type FileArguments, type FileOptions, fdopen, type TextMode } from './file_objects/fdopen.ts'
export { type Newline, TextFile } from './file_objects/text_file.ts'

// File Descriptor Operations
export type { Descriptor } from './arguments/descriptors.ts'
export * from './descriptors/constants.ts'
export {
  close,
  closerange,
  dup,
  dup2,
  get_blocking,
  get_inheritable,
  open,
  pipe,
  pipe2,
  set_blocking,
  set_inheritable,
} from './descriptors/open_close.ts'
export { pread, pwrite, read, readinto, write } from './descriptors/read_write.ts'
export { fdatasync, fsync, ftruncate, lockf, lseek, posix_fadvise, posix_fallocate } from './descriptors/ranges.ts'
export {
  copy_file_range,
  type Offset,
  sendfile,
  splice,
  type TransferOffsets,
  tee,
  vmsplice,
} from './descriptors/transfers.ts'
export { preadv, pwritev, readv, writev } from './descriptors/vectors.ts'
export * from './descriptors/terminals.ts'

// Files and Directories
export {
  chdir,
  fchdir,
  getcwd,
  getcwdb,
  makedirs,
  mkdir,
  removedirs,
  renames,
  rmdir,
} from './files/directories.ts'
export { fpathconf, fstatvfs, pathconf, pathconf_names, statvfs } from './files/file_systems.ts'
export { major, makedev, minor } from './files/special_files.ts'
export { chroot } from './files/directories.ts'
export { type LinkOptions, link, readlink, symlink, type TwoDirFdOptions } from './files/links.ts'
export { mkfifo, mknod } from './files/special_files.ts'
export { remove, rename, replace, unlink } from './files/rename_remove.ts'
export { sync } from './files/file_systems.ts'
export { type AccessOptions, access, F_OK, R_OK, W_OK, X_OK } from './files/access.ts'
export { chmod, chown, fchmod, fchown, lchown } from './files/permissions.ts'
export {
  type DirFdOption,
  type FollowSymlinksOption,
  fstat,
  lstat,
  type StatOptions,
  stat,
  statx,
} from './files/status.ts'
export { truncate } from './files/truncate.ts'
export { DirEntry } from './files/dir_entry.ts'
export { listdir, ScandirIterator, scandir } from './files/scandir.ts'
export * from './files/status_flags.ts'
export * from './supports.ts'
export { type TimePair, type UtimeOptions, utime } from './files/utime.ts'
export {
  type FwalkOptions,
  type FwalkStep,
  fwalk,
  type WalkErrorHandler,
  type WalkOptions,
  type WalkStep,
  walk,
} from './files/walk.ts'

// Memory, event, timer and process descriptors
export * from './descriptors/linux_fds.ts'

// Linux extended attributes
export {
  getxattr,
  listxattr,
  removexattr,
  setxattr,
  XATTR_CREATE,
  XATTR_REPLACE,
  XATTR_SIZE_MAX,
} from './files/xattr.ts'

// Process Management
export { execl, execle, execlp, execlpe, execv, execve, execvp, execvpe } from './processes/exec.ts'
export { type AtFork, fork, forkpty, register_at_fork } from './processes/fork.ts'
export { type CommandFile, popen } from './processes/popen.ts'
export {
  type FileAction,
  POSIX_SPAWN_CLOSE,
  POSIX_SPAWN_CLOSEFROM,
  POSIX_SPAWN_DUP2,
  POSIX_SPAWN_OPEN,
  type PosixSpawnOptions,
  posix_spawn,
  posix_spawnp,
} from './processes/posix_spawn.ts'
export * from './processes/exit.ts'
export * from './processes/signals.ts'
export { nice } from './system/scheduler.ts'
export * from './processes/subreaper.ts'
export * from './processes/times.ts'
export type { Environment, Text } from './process_parameters/variables.ts'
export { system } from './processes/shell.ts'
export {
  P_NOWAIT,
  P_NOWAITO,
  P_WAIT,
  spawnl,
  spawnle,
  spawnlp,
  spawnlpe,
  spawnv,
  spawnve,
  spawnvp,
  spawnvpe,
} from './processes/spawn.ts'
export * from './processes/wait.ts'

// Interface to the scheduler
export {
  SCHED_OTHER,
  SCHED_NORMAL,
  SCHED_BATCH,
  SCHED_IDLE,
  SCHED_FIFO,
  SCHED_RR,
  SCHED_DEADLINE,
  SCHED_RESET_ON_FORK,
  sched_param,
  sched_get_priority_min,
  sched_get_priority_max,
  sched_setscheduler,
  sched_getscheduler,
  sched_setparam,
  sched_getparam,
  sched_rr_get_interval,
  sched_yield,
  sched_setaffinity,
  sched_getaffinity,
} from './system/scheduler.ts'

// Miscellaneous System Information
export { altsep, curdir, defpath, devnull, extsep, linesep, name, pardir, pathsep, sep } from './system/pathnames.ts'
export {
  RTLD_LAZY,
  RTLD_NOW,
  RTLD_GLOBAL,
  RTLD_LOCAL,
  RTLD_NODELETE,
  RTLD_NOLOAD,
  RTLD_DEEPBIND,
  NGROUPS_MAX,
  TMP_MAX,
  confstr_names,
  sysconf_names,
  confstr,
  sysconf,
  cpu_count,
  process_cpu_count,
  getloadavg,
} from './system/information.ts'

// Random numbers
export { GRND_NONBLOCK, GRND_RANDOM, getrandom, urandom } from './system/random.ts'

// Names of the documentation that this platform lacks
export * from './other_platforms.ts'

// Results, errors, audit events
export { struct_rusage, waitid_result } from '../results/child_results.ts'
export { stat_result } from '../results/stat_result.ts'
export { statvfs_result } from '../results/statvfs_result.ts'
export { statx_result } from '../results/statx_result.ts'
export { times_result } from '../results/times_result.ts'
export { uname_result } from '../results/uname_result.ts'
export {
  BlockingIOError,
  BrokenPipeError,
  ChildProcessError,
  ConnectionAbortedError,
  ConnectionError,
  ConnectionRefusedError,
  ConnectionResetError,
  FileExistsError,
  FileNotFoundError,
  InterruptedError,
  IsADirectoryError,
  NotADirectoryError,
  NotImplementedError,
  OSError,
  OSError as error,
  PermissionError,
  ProcessLookupError,
  type Subject,
  TimeoutError,
} from '../errors.ts'
export { type ErrorClass, type Suppressed, suppress } from './suppress.ts'
export { type AuditHook, type AuditMessage, addaudithook } from '../audit.ts'
