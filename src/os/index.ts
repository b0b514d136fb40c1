// The `os` namespace, chapter by chapter in the order of Python's documentation.
// biome-ignore-all assist/source/organizeImports: the order is the documentation's

// File Names, Command Line Arguments, and Environment Variables
export { type FileName, fsdecode, fsencode, fspath, type Path, PathLike } from './names.ts'

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
  putenv,
  reload_environ,
  supports_bytes_environ,
  unsetenv,
} from './environ.ts'
export * from './identity.ts'
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
} from './users.ts'
export * from './namespaces.ts'

// File Object Creation
export { BinaryFile } from './binary_file.ts'
export { type BinaryMode, type FileArguments, type FileOptions, fdopen, type TextMode } from './file_objects.ts'
export { type Newline, TextFile } from './text_file.ts'

// File Descriptor Operations
export type { Descriptor } from './arguments.ts'
export * from './descriptor_constants.ts'
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
  pread,
  pwrite,
  read,
  readinto,
  set_blocking,
  set_inheritable,
  write,
} from './descriptors.ts'
export { fdatasync, fsync, ftruncate, lockf, lseek, posix_fadvise, posix_fallocate } from './ranges.ts'
export { copy_file_range, type Offset, sendfile, splice, type TransferOffsets, tee, vmsplice } from './transfers.ts'
export { preadv, pwritev, readv, writev } from './vectors.ts'
export * from './terminals.ts'

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
} from './directories.ts'
export {
  fpathconf,
  fstatvfs,
  major,
  makedev,
  minor,
  pathconf,
  pathconf_names,
  statvfs,
} from './file_systems.ts'
export {
  chroot,
  type LinkOptions,
  link,
  mkfifo,
  mknod,
  readlink,
  remove,
  rename,
  replace,
  symlink,
  sync,
  type TwoDirFdOptions,
  unlink,
} from './files.ts'
export {
  type AccessOptions,
  access,
  chmod,
  chown,
  type DirFdOption,
  F_OK,
  type FollowSymlinksOption,
  fchmod,
  fchown,
  fstat,
  lchown,
  lstat,
  R_OK,
  type StatOptions,
  stat,
  statx,
  truncate,
  W_OK,
  X_OK,
} from './metadata.ts'
export { DirEntry, listdir, ScandirIterator, scandir } from './scandir.ts'
export * from './status_flags.ts'
export * from './supports.ts'
export { type TimePair, type UtimeOptions, utime } from './utime.ts'
export {
  type FwalkOptions,
  type FwalkStep,
  fwalk,
  type WalkErrorHandler,
  type WalkOptions,
  type WalkStep,
  walk,
} from './walk.ts'

// Memory, event, timer and process descriptors
export * from './linux_fds.ts'

// Linux extended attributes
export {
  getxattr,
  listxattr,
  removexattr,
  setxattr,
  XATTR_CREATE,
  XATTR_REPLACE,
  XATTR_SIZE_MAX,
} from './xattr.ts'

// Process Management
export { execl, execle, execlp, execlpe, execv, execve, execvp, execvpe } from './exec.ts'
export { type AtFork, fork, forkpty, register_at_fork } from './fork.ts'
export { type CommandFile, popen } from './popen.ts'
export {
  type FileAction,
  POSIX_SPAWN_CLOSE,
  POSIX_SPAWN_CLOSEFROM,
  POSIX_SPAWN_DUP2,
  POSIX_SPAWN_OPEN,
  type PosixSpawnOptions,
  posix_spawn,
  posix_spawnp,
} from './posix_spawn.ts'
export * from './processes.ts'
export type { Environment, Text } from './environ.ts'
export { system } from './shell.ts'
export * from './spawn.ts'
export * from './wait.ts'

// Interface to the scheduler
export * from './scheduler.ts'

// Miscellaneous System Information
export { altsep, curdir, defpath, devnull, extsep, linesep, name, pardir, pathsep, sep } from './pathnames.ts'
export * from './system.ts'

// Random numbers
export { GRND_NONBLOCK, GRND_RANDOM, getrandom, urandom } from './random.ts'

// What the documentation names and this platform lacks
export * from './other_platforms.ts'

// Results, errors, audit events
export { struct_rusage, waitid_result } from '../child_results.ts'
export { stat_result, statvfs_result, statx_result, times_result, uname_result } from '../results.ts'
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
export { type AuditHook, type AuditMessage, addaudithook } from '../audit.ts'
