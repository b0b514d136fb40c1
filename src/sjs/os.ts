// The `os` of sjs, in the order of its documentation.

import { badValue, wrongType } from '../errors.ts'
import { byteLength, plainView, view } from '../os/arguments/buffers.ts'
import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { int } from '../os/arguments/numbers.ts'
import { type BytesPath, encoded, fileName, fsdecode, type Path, type TextPath } from '../os/arguments/paths.ts'
import { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } from '../os/descriptors/constants.ts'
import {
  dup2 as dup2Inheritable,
  open as openFlags,
  set_blocking,
  set_inheritable,
} from '../os/descriptors/open_close.ts'
import { readinto, read as readUpTo, write as writeBytes } from '../os/descriptors/read_write.ts'
import { chdir as chdirTo } from '../os/files/directories.ts'
import { listdir } from '../os/files/scandir.ts'
import { getsid, setsid as startSession } from '../os/process_parameters/identity.ts'
import { waitpid as waitFor } from '../os/processes/wait.ts'
import { urandom as randomBytes } from '../os/system/random.ts'

export { OSError } from '../errors.ts'
export {
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_SYNC,
  O_TRUNC,
  O_WRONLY,
} from '../os/descriptors/constants.ts'
export { close, dup, pipe } from '../os/descriptors/open_close.ts'
export { isatty, ttyname } from '../os/descriptors/terminals.ts'
export { unlink } from '../os/files/rename_remove.ts'
export { getpid, getppid } from '../os/process_parameters/identity.ts'
export {
  getegid,
  geteuid,
  getgid,
  getgroups,
  getuid,
  setgid,
  setgroups,
  setuid,
} from '../os/process_parameters/users.ts'
export { _exit, abort } from '../os/processes/exit.ts'
export { fork } from '../os/processes/fork.ts'
export {
  WCONTINUED,
  WEXITSTATUS,
  WIFCONTINUED,
  WIFEXITED,
  WIFSIGNALED,
  WIFSTOPPED,
  WNOHANG,
  WSTOPSIG,
  WTERMSIG,
  WUNTRACED,
} from '../os/processes/wait.ts'
export {
  S_IEXEC,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
  S_IMODE,
  S_IREAD,
  S_IRGRP,
  S_IROTH,
  S_IRUSR,
  S_IRWXG,
  S_IRWXO,
  S_IRWXU,
  S_ISBLK,
  S_ISCHR,
  S_ISDIR,
  S_ISFIFO,
  S_ISGID,
  S_ISLNK,
  S_ISLNK as S_ISLINK,
  S_ISREG,
  S_ISSOCK,
  S_ISUID,
  S_ISVTX,
  S_IWGRP,
  S_IWOTH,
  S_IWRITE,
  S_IWUSR,
  S_IXGRP,
  S_IXOTH,
  S_IXUSR,
} from '../stat.ts'
export { type Arguments, execv, execve, execvp, execvpe } from './exec.ts'
export { fstat, type Stat, stat } from './stat.ts'

/** The descriptor of standard input. */
export const STDIN_FILENO = 0
/** The descriptor of standard output. */
export const STDOUT_FILENO = 1
/** The descriptor of standard error. */
export const STDERR_FILENO = 2

/** The flags of `open` as letters. The positions of "x" and "s" are free. */
export type OpenFlags =
  | ('r' | 'rs' | 'sr' | 'r+' | 'rs+' | 'sr+')
  | ('w' | 'wx' | 'xw' | 'w+' | 'wx+' | 'xw+')
  | ('a' | 'ax' | 'xa' | 'a+' | 'ax+' | 'xa+')

const NEW = O_TRUNC | O_CREAT
const MORE = O_APPEND | O_CREAT

const FLAGS: ReadonlyMap<unknown, number> = new Map<OpenFlags, number>([
  ['r', O_RDONLY],
  ['rs', O_RDONLY | O_SYNC],
  ['sr', O_RDONLY | O_SYNC],
  ['r+', O_RDWR],
  ['rs+', O_RDWR | O_SYNC],
  ['sr+', O_RDWR | O_SYNC],
  ['w', NEW | O_WRONLY],
  ['wx', NEW | O_WRONLY | O_EXCL],
  ['xw', NEW | O_WRONLY | O_EXCL],
  ['w+', NEW | O_RDWR],
  ['wx+', NEW | O_RDWR | O_EXCL],
  ['xw+', NEW | O_RDWR | O_EXCL],
  ['a', MORE | O_WRONLY],
  ['ax', MORE | O_WRONLY | O_EXCL],
  ['xa', MORE | O_WRONLY | O_EXCL],
  ['a+', MORE | O_RDWR],
  ['ax+', MORE | O_RDWR | O_EXCL],
  ['xa+', MORE | O_RDWR | O_EXCL],
])

/** Checks a required boolean. */
function requiredBool(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw wrongType(name, 'a boolean', value)
}

/**
 * chdir(2): changes the current directory.
 *
 * @param path the directory
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. Audit event: `os.chdir` (path). See chdir(2); sjs, os.chdir.
 * @example
 * ```ts
 * os.chdir('/usr')
 * os.cwd // => '/usr'
 * ```
 */
export function chdir(path: Path): void {
  chdirTo(fileName(path, 'path'))
}

/**
 * fcntl(2), FD_CLOEXEC: sets whether a descriptor is closed when another program is executed. New descriptors are.
 *
 * @param fd the descriptor
 * @param set true: the descriptor is closed; false: the program inherits it
 * @throws OSError EBADF if it is not open
 *
 * Availability: Linux. See fcntl(2), F_SETFD; sjs, os.cloexec.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', 'r')
 * os.cloexec(fd, false) // a program that takes over has it as well
 * os.close(fd)
 * ```
 */
export function cloexec(fd: Descriptor, set: boolean): void {
  set_inheritable(fd, !requiredBool(set, 'set'))
}

/**
 * dup2(2), dup3(2): duplicates a descriptor to a given number. If `newfd` is open, it is closed atomically.
 *
 * @param oldfd the descriptor
 * @param newfd the number of the new descriptor
 * @param cloexec whether the new descriptor is closed when another program is executed: true by default
 * @returns `newfd`
 * @throws OSError EBADF if `oldfd` is not open, or `newfd` beyond the limit; EINVAL for the same number twice, unless
 *   `cloexec` is false
 *
 * Availability: Linux. See dup2(2); sjs, os.dup2.
 * @example
 * ```ts
 * const fd = os.open('/dev/null', 'r')
 * os.dup2(fd, 100) // => 100
 * os.close(fd)
 * os.close(100)
 * ```
 */
export function dup2(oldfd: Descriptor, newfd: Descriptor, cloexec: boolean | null = null): number {
  const [from, to] = [descriptor(oldfd, 'oldfd'), descriptor(newfd, 'newfd')]
  return dup2Inheritable(from, to, !requiredBool(cloexec ?? true, 'cloexec'))
}

/**
 * exit(3): ends this process. 'exit' handlers run, pending callbacks do not. In a worker thread only the thread ends.
 *
 * @param status the exit code, of which only the low eight bits are used: 0 by default
 *
 * Availability: everywhere. See exit(3); sjs, os.exit.
 * @example
 * ```ts
 * const child = os.fork()
 * if (child === 0) os.exit(3)
 * os.WEXITSTATUS(os.waitpid(child).status) // => 3
 * ```
 */
export function exit(status: number | null = null): never {
  process.exit(int(status ?? 0, 'status'))
}

/**
 * fcntl(2), O_NONBLOCK: sets whether calls on a descriptor fail (EAGAIN) instead of blocking. The flag belongs to the
 * open file, and so applies to copies of the descriptor too.
 *
 * @param fd the descriptor
 * @param set true: they fail; false: they block
 * @throws OSError EBADF if it is not open
 *
 * Availability: Linux. See fcntl(2), F_SETFL; sjs, os.nonblock.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * os.nonblock(r, true)
 * os.read(r) // throws BlockingIOError
 * os.close(r)
 * os.close(w)
 * ```
 */
export function nonblock(fd: Descriptor, set: boolean): void {
  set_blocking(fd, !requiredBool(set, 'set'))
}

/**
 * open(2): opens a file.
 *
 * @param path the file
 * @param flags 'r', 'r+', 'w', 'wx', 'w+', 'wx+', 'a', 'ax', 'a+', 'ax+' (with "s" after "r" for O_SYNC), or a
 *   combination of O_*; O_CLOEXEC is always added
 * @param mode permission bits of a new file, before the umask is applied: a number, or a string of octal digits; 0o666
 *   by default
 * @returns the descriptor, which is close-on-exec
 * @throws OSError as the system reports: FileNotFoundError, FileExistsError, IsADirectoryError, PermissionError, EMFILE
 * @throws RangeError for other letters
 *
 * Availability: Linux. Audit event: `open` (path, null, flags). See open(2); sjs, os.open.
 * @example
 * ```ts
 * const fd = os.open('notes', 'wx', '600')
 * os.write(fd, 'text') // => 4
 * os.close(fd)
 * os.open('notes', 'wx') // throws FileExistsError
 * ```
 */
export function open(path: Path, flags: OpenFlags | number, mode: number | string | null = null): number {
  return openFlags(fileName(path, 'path'), bitsOf(flags), permissions(mode ?? 0o666))
}

function bitsOf(flags: unknown): number {
  if (typeof flags !== 'string') return int(flags, 'flags')
  const bits = FLAGS.get(flags)
  if (bits === undefined) throw badValue('flags', `must be a number or one of ${[...FLAGS.keys()].join(', ')}`, flags)
  return bits
}

function permissions(mode: unknown): number {
  if (typeof mode !== 'string') return int(mode, 'mode')
  if (!/^[0-7]+$/.test(mode)) throw badValue('mode', 'must be a number or octal digits', mode)
  return int(Number.parseInt(mode, 8), 'mode')
}

const DEFAULT_READ = 4096

/**
 * read(2): reads at most a number of bytes, or into the caller's memory.
 *
 * @param fd the descriptor
 * @param nread the maximum number of bytes, 4096 by default; or a Buffer, or another view of memory, which is filled
 *   from its start
 * @returns the bytes, none at the end of a file; or, if memory was given, the number of bytes read, 0 at the end
 * @throws OSError as the system reports: EBADF, IsADirectoryError, BlockingIOError if nothing is ready
 * @throws RangeError for an empty view, which would look like the end of the file
 *
 * Availability: Linux. See read(2); sjs, os.read.
 * @example
 * ```ts
 * const fd = os.open('/dev/zero', 'r')
 * os.read(fd, 2) // => Buffer.alloc(2)
 * os.read(fd, new Uint8Array(3)) // => 3
 * os.close(fd)
 * ```
 */
export function read(fd: Descriptor, nread: ArrayBufferView): number
export function read(fd: Descriptor, nread?: number | null): Buffer
export function read(fd: Descriptor, nread?: ArrayBufferView | number | null): Buffer | number
export function read(fd: Descriptor, nread: ArrayBufferView | number | null = null): Buffer | number {
  if (typeof nread !== 'object' || nread === null) {
    return readUpTo(fd, int(nread ?? DEFAULT_READ, 'nread', 0, Number.MAX_SAFE_INTEGER))
  }
  return readinto(fd, nonEmptyView(nread, 'nread'))
}

/** Checks memory to be filled, which must not be empty. */
function nonEmptyView(value: unknown, name: string): Uint8Array {
  const bytes = view(value, name)
  if (byteLength(bytes) === 0) throw badValue(name, 'must not be empty', value)
  return bytes
}

/**
 * scandir(3): returns the names in a directory, without "." and "..".
 *
 * @param path the directory
 * @returns the names, in the order of their bytes: as bytes if `path` is bytes
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError
 *
 * Availability: Linux. Audit event: `os.listdir` (path). See scandir(3); sjs, os.scandir.
 * @example
 * ```ts
 * os.close(os.open('b', 'w'))
 * os.close(os.open('a', 'w'))
 * os.scandir('.') // => ['a', 'b']
 * ```
 */
export function scandir(path: BytesPath): Buffer[]
export function scandir(path: TextPath): string[]
export function scandir(path: Path): string[] | Buffer[]
export function scandir(path: Path): string[] | Buffer[] {
  const directory = fileName(path, 'path')
  // Sorts by bytes, as strcmp(3) compares. JavaScript would sort by UTF-16 units, where U+FFFD comes after U+1F600.
  const names = listdir(encoded(directory, 'path')).sort(Buffer.compare)
  return typeof directory === 'string' ? names.map((name) => fsdecode(name)) : names
}

/**
 * setsid(2): makes this process the leader of a new session, without a controlling terminal, and of a new process
 * group.
 *
 * @returns the session's id
 * @throws PermissionError if the process is already a process group leader
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. See setsid(2); sjs, os.setsid.
 * @example
 * ```ts
 * const child = os.fork()
 * if (child === 0) os._exit(os.setsid() === os.getpid() ? 0 : 1)
 * os.waitpid(child).status // => 0
 * ```
 */
export function setsid(): number {
  startSession()
  return getsid(0)
}

/** The size of one read from the generator, which goes through osier's own memory. */
const CHUNK_SIZE = 0x1_0000

/**
 * getrandom(2): returns random bytes from the kernel's generator, suitable for cryptographic keys.
 *
 * @param bytes the number of bytes; or a Buffer, or another view of memory, which is filled
 * @returns a new Buffer, or the given view
 * @throws RangeError for a number below 1, and for an empty view
 *
 * Availability: Linux. See getrandom(2), urandom(4); sjs, os.urandom.
 * @example
 * ```ts
 * os.urandom(16).length // => 16
 * const key = new Uint8Array(32)
 * os.urandom(key) === key // => true
 * ```
 */
export function urandom(bytes: number): Buffer
export function urandom<T extends ArrayBufferView>(bytes: T): T
export function urandom(bytes: number | ArrayBufferView): Buffer | ArrayBufferView
export function urandom(bytes: number | ArrayBufferView): Buffer | ArrayBufferView {
  if (typeof bytes === 'number') return randomBytes(int(bytes, 'bytes', 1, Number.MAX_SAFE_INTEGER))
  const target = plainView(nonEmptyView(bytes, 'bytes'))
  for (let done = 0; done < target.length; done += CHUNK_SIZE) {
    target.set(randomBytes(Math.min(CHUNK_SIZE, target.length - done)), done)
  }
  return bytes
}

/**
 * waitpid(2): waits until a child has ended. The thread is blocked meanwhile, except with WNOHANG.
 *
 * @param pid the child; -1: any child; 0: any child in this process's group; below -1: any child in the group with the
 *   id -pid. Children that `node:child_process` started in the main thread are waited for only if their pid is given,
 *   and then their 'exit' event is not emitted
 * @param options 0, the default, or a combination of WNOHANG, WUNTRACED and WCONTINUED
 * @returns the child's process id and its status, which WIFEXITED, WEXITSTATUS and the other W* functions decode; both
 *   0 if WNOHANG is given and there is no change to report
 * @throws ChildProcessError if there is no such child; OSError EINVAL for unknown options
 *
 * Availability: Linux. See waitpid(2); sjs, os.waitpid.
 * @example
 * ```ts
 * const child = os.fork()
 * if (child === 0) os._exit(3)
 * const { pid, status } = os.waitpid(child)
 * pid === child && os.WEXITSTATUS(status) === 3 // => true
 * ```
 */
export function waitpid(pid: number, options: number | null = null): { pid: number; status: number } {
  const [child, status] = waitFor(pid, options ?? 0)
  return { pid: child, status }
}

/**
 * write(2): writes text or bytes.
 *
 * @param fd the descriptor
 * @param data text, which is written as UTF-8 (file names from `scandir` are written as their original bytes); or a
 *   Buffer, or another view of memory
 * @returns the number of bytes written, which may be smaller than the length of `data`
 * @throws OSError as the system reports: EBADF, ENOSPC, BrokenPipeError, BlockingIOError if there is no space in a pipe
 *   or socket
 * @throws RangeError for text with a lone surrogate that does not represent a byte
 *
 * Availability: Linux. See write(2); sjs, os.write.
 * @example
 * ```ts
 * const fd = os.open('notes', 'w')
 * os.write(fd, 'caf\u00e9') // => 5
 * os.close(fd)
 * ```
 */
export function write(fd: Descriptor, data: string | ArrayBufferView): number {
  return writeBytes(fd, typeof data === 'string' ? encoded(data, 'data') : data)
}
