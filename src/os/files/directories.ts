import { AuditEvent } from '../../audit.ts'
import { FileExistsError, OSError } from '../../errors.ts'
import { failed, lastErrno, osError } from '../../libc/call.ts'
import { constants, errnoNumbers } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { addressOf, SCRATCH_SIZE, scratch, scratchAddress } from '../../libc/memory.ts'
import { ownBytes } from '../../libc/own_bytes.ts'
import { decode } from '../../libc/strings.ts'
import { type Descriptor, dirFd, nonNegativeFd } from '../arguments/descriptors.ts'
import { bool, int } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS, optional } from '../arguments/options.ts'
import { auditedPath, cString, type FileName, fileName, fileNameOrFd, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import { mainThreadOnly, resetWorkingDirectoryCache } from '../process_parameters/process_state.ts'
import { splitPath } from '../system/pathnames.ts'
import { modeOrErrno, typeOf } from './file_type.ts'
import { rename } from './rename_remove.ts'
import { auditedFd, type DirFdOption } from './status.ts'

const { AT_REMOVEDIR, S_IFDIR } = constants

const chdirEvent = new AuditEvent('os.chdir')
const mkdirEvent = new AuditEvent('os.mkdir')
const rmdirEvent = new AuditEvent('os.rmdir')

/**
 * chdir(2): changes the current directory of the process. `process.cwd()` agrees afterwards.
 *
 * @param path the directory, or the descriptor of an open one
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. Audit event: `os.chdir` (path). See chdir(2); Python, os.chdir.
 * @example
 * ```ts
 * os.mkdir('there')
 * os.chdir('there')
 * os.path.basename(process.cwd()) // => 'there'
 * ```
 */
export function chdir(path: Path | Descriptor): void {
  const directory = fileNameOrFd(path, 'path')
  const name = typeof directory === 'number' ? '' : cString(directory, 'path')
  mainThreadOnly('chdir')
  if (chdirEvent.wanted) chdirEvent.raise(auditedPath(directory, name))
  if (typeof directory === 'number') while (libc.fchdir(directory) === -1) failed('chdir', directory)
  else while (libc.chdir(name) === -1) failed('chdir', directory)
  resetWorkingDirectoryCache()
}

/**
 * fchdir(2): changes the current directory of the process to an open one.
 *
 * @param fd the directory's descriptor
 * @throws OSError as the system reports: EBADF, NotADirectoryError, PermissionError; RangeError for a negative number
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION in a worker thread
 *
 * Availability: Linux. Audit event: `os.chdir` (fd). See fchdir(2); Python, os.fchdir.
 * @example
 * ```ts
 * const fd = os.open('/', os.O_RDONLY)
 * os.fchdir(fd)
 * os.getcwd() // => '/'
 * os.close(fd)
 * ```
 */
export function fchdir(fd: Descriptor): void {
  chdir(nonNegativeFd(fd, 'fd'))
}

/**
 * getcwd(3): the current directory as text.
 *
 * @returns an absolute path; bytes that are not UTF-8 are decoded as by `fsdecode`
 * @throws FileNotFoundError if the directory has been removed
 *
 * Availability: Linux. See getcwd(3); Python, os.getcwd.
 * @example
 * ```ts
 * os.chdir('/usr')
 * os.getcwd() // => '/usr'
 * ```
 */
export function getcwd(): string {
  const [buffer, length] = currentDirectory()
  return decode(buffer, 0, length)
}

/**
 * getcwd(3): the current directory as bytes.
 *
 * @returns an absolute path
 * @throws FileNotFoundError if the directory has been removed
 *
 * Availability: Linux. See getcwd(3); Python, os.getcwdb.
 * @example
 * ```ts
 * os.chdir('/usr')
 * os.getcwdb() // => Buffer.from('/usr')
 * ```
 */
export function getcwdb(): Buffer {
  const [buffer, length] = currentDirectory()
  return ownBytes(buffer, 0, length)
}

/** Returns memory that contains the current directory's path, and the length of the path. */
function currentDirectory(): [Buffer, number] {
  let [buffer, place] = [scratch, scratchAddress]
  // The kernel's limit is a page. For longer paths the C library walks up the tree, and any length is possible.
  while (libc.getcwd(place, buffer.length) === 0) {
    const errno = lastErrno()
    if (errno !== errnoNumbers.ERANGE || buffer.length >= 256 * SCRATCH_SIZE) throw osError(errno, 'getcwd')
    buffer = Buffer.allocUnsafeSlow(buffer.length * 4)
    place = addressOf(buffer)
  }
  // For most paths this loop is faster than `indexOf`.
  let length = 0
  while (buffer[length] !== 0) length += 1
  return [buffer, length]
}

/**
 * mkdirat(2): creates a directory.
 *
 * @param path the path of the new directory; its parent must exist
 * @param mode permission bits, before the umask is applied; 0o777 by default
 * @param options `mode` by name; `dir_fd`: where a relative path starts
 * @throws OSError as the system reports: FileExistsError, FileNotFoundError (the parent is missing), PermissionError
 *
 * Availability: Linux. Audit event: `os.mkdir` (path, mode, dir_fd). See mkdir(2); Python, os.mkdir.
 * @example
 * ```ts
 * os.mkdir('private', 0o700)
 * os.stat('private').st_mode & 0o777 // => 0o700
 * os.mkdir('private') // throws FileExistsError
 * ```
 */
export function mkdir(path: Path, mode: number, options?: DirFdOption): void
export function mkdir(path: Path, options?: DirFdOption & { readonly mode?: number | undefined }): void
export function mkdir(path: Path, ...rest: unknown[]): void {
  const { args, file } = preparedMkdir(path, ...rest)
  const [at, name, bits] = args
  while (libc.mkdirat(at, name, bits) === -1) failed('mkdir', file)
}

/** Checks and converts the arguments of `mkdir`. */
export function preparedMkdir(path: Path, ...rest: unknown[]): Prepared<'mkdirat'> {
  const { mode = 0o777, dir_fd } = optional(['mode'], ['dir_fd'], rest)
  const directory = fileName(path, 'path')
  const [at, bits] = [dirFd(dir_fd), int(mode, 'mode')]
  const name = cString(directory, 'path')
  if (mkdirEvent.wanted) mkdirEvent.raise(auditedPath(directory, name), mode, auditedFd(at))
  return { name: 'mkdirat', args: [at, name, bits], syscall: 'mkdir', file: directory }
}

/**
 * Creates a directory and its missing parents. The parents get the default mode; `mode` applies to the last directory.
 *
 * @param name the path of the new directory
 * @param mode permission bits of the last directory, before the umask is applied; 0o777 by default
 * @param exist_ok true: an existing directory is not an error; false by default
 * @throws OSError as `mkdir` does: FileExistsError (the path is an existing file, or exists at all without `exist_ok`)
 *
 * Availability: Linux. Audit event: `os.mkdir` (path, mode, dir_fd), for each. See Python, os.makedirs.
 * @example
 * ```ts
 * os.makedirs('a/b/c')
 * os.makedirs('a/b/c', { exist_ok: true })
 * os.makedirs('a/b/c') // throws FileExistsError
 * ```
 */
export function makedirs(name: Path, mode: number, exist_ok?: boolean): void
export function makedirs(name: Path, mode: number, options?: { readonly exist_ok?: boolean | undefined }): void
export function makedirs(
  name: Path,
  options?: { readonly mode?: number | undefined; readonly exist_ok?: boolean | undefined },
): void
export function makedirs(name: Path, ...rest: unknown[]): void {
  const { directory, mode, existOk } = checkedMakedirs(name, ...rest)
  makeAll(directory, mode, existOk)
}

/** Checks the arguments of `makedirs`. */
export function checkedMakedirs(
  name: Path,
  ...rest: unknown[]
): { readonly directory: FileName; readonly mode: number; readonly existOk: boolean } {
  const { mode = 0o777, exist_ok } = optional(['mode', 'exist_ok'], [], rest)
  const directory = fileName(name, 'name')
  const [bits, existOk] = [int(mode, 'mode'), bool(exist_ok, 'exist_ok', false)]
  // Check the path before any parent is created.
  cString(directory, 'name')
  return { directory, mode: bits, existOk }
}

function makeAll(name: FileName, mode: number, existOk: boolean): void {
  const [head, tail] = splitLastComponent(name)
  if (head.length > 0 && tail.length > 0 && isMissing(modeOrErrno(head))) {
    try {
      makeAll(head, 0o777, existOk)
    } catch (error) {
      // Another process has created it in the meantime.
      if (!(error instanceof FileExistsError)) throw error
    }
    // "a/b/." exists once "a/b" does.
    if (isCurrentDirectory(tail)) return
  }
  try {
    mkdir(name, mode)
  } catch (error) {
    // Not only EEXIST: a read-only file system may report EROFS for an existing directory.
    if (!(error instanceof OSError) || !existOk || typeOf(name) !== S_IFDIR) throw error
  }
}

/** Reports whether a component is ".". */
export function isCurrentDirectory(tail: FileName): boolean {
  return tail.length === 1 && (tail === '.' || tail[0] === 0x2e)
}

/**
 * Reports whether a parent directory has to be created, from its mode or negative error number. ENAMETOOLONG is left to
 * the caller's own call, which fails with it.
 */
export function isMissing(mode: number): boolean {
  return mode < 0 && mode !== -errnoNumbers.ENAMETOOLONG
}

/** Splits a path into directory and last component, ignoring trailing slashes. */
export function splitLastComponent(path: FileName): [head: FileName, tail: FileName] {
  const [head, tail] = splitPath(path)
  return tail.length > 0 ? [head, tail] : splitPath(head)
}

/**
 * unlinkat(2): removes an empty directory.
 *
 * @param path the directory
 * @param options `dir_fd`: where a relative path starts
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, ENOTEMPTY, PermissionError
 *
 * Availability: Linux. Audit event: `os.rmdir` (path, dir_fd). See rmdir(2); Python, os.rmdir.
 * @example
 * ```ts
 * os.makedirs('full/empty')
 * os.rmdir('full') // throws OSError
 * os.rmdir('full/empty')
 * os.listdir('full') // => []
 * ```
 */
export function rmdir(path: Path, options: DirFdOption = NO_OPTIONS): void {
  const { args, file } = preparedRmdir(path, options)
  const [at, name] = args
  while (libc.unlinkat(at, name, AT_REMOVEDIR) === -1) failed('rmdir', file)
}

/** Checks and converts the arguments of `rmdir`. */
export function preparedRmdir(path: Path, options: DirFdOption = NO_OPTIONS): Prepared<'unlinkat'> {
  const checked = checkOptions(options, ['dir_fd'])
  const directory = fileName(path, 'path')
  const at = dirFd(checked.dir_fd)
  const name = cString(directory, 'path')
  if (rmdirEvent.wanted) rmdirEvent.raise(auditedPath(directory, name), auditedFd(at))
  return { name: 'unlinkat', args: [at, name, AT_REMOVEDIR], syscall: 'rmdir', file: directory }
}

/**
 * Removes an empty directory, and then its parents while they are empty.
 *
 * @param name the directory; only parents that the path names are removed
 * @throws OSError as `rmdir` does, for the last directory only
 *
 * Availability: Linux. Audit event: `os.rmdir` (path, dir_fd), for each. See Python, os.removedirs.
 * @example
 * ```ts
 * os.makedirs('a/b/c')
 * os.mkdir('a/other')
 * os.removedirs('a/b/c') // and a/b, but not a, which is not empty
 * os.listdir('a') // => ['other']
 * ```
 */
export function removedirs(name: Path): void {
  const directory = checkedName(name, 'name')
  rmdir(directory)
  removeEmptyAbove(directory)
}

/** Checks and converts a path that is used more than once, before any file is changed. */
export function checkedName(path: Path, name: string): FileName {
  const file = fileName(path, name)
  cString(file, name)
  return file
}

function removeEmptyAbove(path: FileName): void {
  for (const directory of directoriesAbove(path)) {
    try {
      rmdir(directory)
    } catch (error) {
      if (error instanceof OSError) return
      throw error
    }
  }
}

/** Yields the parents that the path names, the nearest first. */
export function* directoriesAbove(path: FileName): Generator<FileName, void> {
  let [head, tail] = splitLastComponent(path)
  while (head.length > 0 && tail.length > 0) {
    yield head
    ;[head, tail] = splitPath(head)
  }
}

/**
 * Renames a file or directory, creates the parents of the new name, and removes the parents of the old name that are
 * then empty.
 *
 * @param old the old name
 * @param new_ the new name
 * @throws OSError as `makedirs` and `rename` do
 *
 * Availability: Linux. Audit event: `os.rename` (src, dst, src_dir_fd, dst_dir_fd). See Python, os.renames.
 * @example
 * ```ts
 * os.makedirs('old/place')
 * os.renames('old/place', 'quite/another/place')
 * os.listdir() // => ['quite']
 * ```
 */
export function renames(old: Path, new_: Path): void {
  const [from, to] = checkedRenames(old, new_)
  const [head, tail] = splitPath(to)
  if (head.length > 0 && tail.length > 0 && isMissing(modeOrErrno(head))) makedirs(head)
  rename(from, to)
  const [oldHead, oldTail] = splitPath(from)
  if (oldHead.length > 0 && oldTail.length > 0) removeEmptyAbove(from)
}

/** Checks the arguments of `renames` before any directory is created. */
export function checkedRenames(old: Path, new_: Path): [from: FileName, to: FileName] {
  const [from, to] = [fileName(old, 'old'), fileName(new_, 'new')]
  cString(from, 'old')
  cString(to, 'new')
  return [from, to]
}

/**
 * chroot(2): makes a directory the root of all absolute paths of this process. The current directory does not change:
 * call `chdir('/')` afterwards.
 *
 * @param path the directory
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError (needs CAP_SYS_CHROOT)
 *
 * Availability: Linux. See chroot(2); Python, os.chroot.
 * @example
 * ```ts
 * const child = os.fork()
 * if (child === 0) {
 *   try {
 *     os.chroot('.') // needs CAP_SYS_CHROOT
 *     os.chdir('/')
 *   } catch (error) {
 *     if (!(error instanceof os.PermissionError)) os._exit(1)
 *   }
 *   os._exit(0)
 * }
 * os.waitpid(child, 0)[1] // => 0
 * ```
 */
export function chroot(path: Path): void {
  const directory: FileName = fileName(path, 'path')
  const name = cString(directory, 'path')
  while (libc.chroot(name) === -1) failed('chroot', directory)
}
