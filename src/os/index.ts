// The `os` namespace, chapter by chapter in the order of Python's documentation.

export { type AuditHook, type AuditMessage, addaudithook } from '../audit.ts'
// Results, errors, audit events
export { struct_rusage, waitid_result } from '../child_results.ts'
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
export * as path from '../path.ts'
// Results, errors, audit events
export { stat_result, statvfs_result, statx_result, times_result, uname_result } from '../results.ts'
export type { Descriptor } from './arguments.ts'
// File Object Creation
export { BinaryFile } from './binary_file.ts'
// File Descriptor Operations
export * from './descriptor_constants.ts'
export * from './descriptors.ts'
// Files and Directories
export * from './directories.ts'
// Process Parameters: the Environment
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
// Process Management
export { execl, execle, execlp, execlpe, execv, execve, execvp, execvpe } from './exec.ts'
export { type BinaryMode, type FileArguments, type FileOptions, fdopen, type TextMode } from './file_objects.ts'
export * from './files.ts'
export * from './files.ts'
// Process Management
export { fork, forkpty, register_at_fork } from './fork.ts'
export * from './identity.ts'
// Memory, event, timer and process descriptors
export * from './linux_fds.ts'
export {
  access,
  chmod,
  chown,
  type DirFdOption,
  F_OK,
  type FollowSymlinksOption,
  fchmod,
  fchown,
  fpathconf,
  fstat,
  fstatvfs,
  lchown,
  lstat,
  major,
  makedev,
  minor,
  pathconf,
  pathconf_names,
  R_OK,
  type StatOptions,
  stat,
  statvfs,
  statx,
  type TimePair,
  truncate,
  type UtimeOptions,
  utime,
  W_OK,
  X_OK,
} from './metadata.ts'
// File Names, Command Line Arguments, and Environment Variables
export { type FileName, fsdecode, fsencode, fspath, type Path, PathLike } from './names.ts'
// Process Parameters: Namespaces
export * from './namespaces.ts'
// What the documentation names and this platform lacks
export * from './other_platforms.ts'
export { altsep, curdir, defpath, devnull, extsep, linesep, name, pardir, pathsep, sep } from './pathnames.ts'
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
export type { Environment, Text } from './program.ts'
// Random numbers
export * from './random.ts'
export * from './ranges.ts'
export * from './scandir.ts'
// Interface to the Scheduler
export * from './scheduler.ts'
export { system } from './shell.ts'
export * from './spawn.ts'
export * from './status_flags.ts'
export * from './supports.ts'
// Miscellaneous System Information
export * from './system.ts'
// Terminals
export * from './terminals.ts'
export { type Newline, TextFile } from './text_file.ts'
export * from './transfers.ts'
// Process Parameters
export * from './users.ts'
export { preadv, pwritev, readv, writev } from './vectors.ts'
export * from './wait.ts'
export * from './walk.ts'
// Linux Extended Attributes
export * from './xattr.ts'
