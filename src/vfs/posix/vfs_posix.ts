import { AuditEvent } from '../../audit.ts'
import { failed } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { nonNegativeFd } from '../../os/arguments/descriptors.ts'
import { bool } from '../../os/arguments/numbers.ts'
import { cString, type FileName, fsdecode, fsencode, type Path } from '../../os/arguments/paths.ts'
import { close, open } from '../../os/descriptors/open_close.ts'
import { chdir, getcwd, mkdir, rmdir } from '../../os/files/directories.ts'
import { openDirectory, readEntries } from '../../os/files/directory_stream.ts'
import { statvfs } from '../../os/files/file_systems.ts'
import { readlink } from '../../os/files/links.ts'
import { remove, rename } from '../../os/files/rename_remove.ts'
import { listdirEvent } from '../../os/files/scandir.ts'
import { stat } from '../../os/files/status.ts'
import { joinPath } from '../../os/system/pathnames.ts'
import { exactCount } from '../../results/decoding.ts'
import { vfsError } from '../errors.ts'
import { openMode, VfsFile } from '../file.ts'
import type { DirectoryEntry, DirectoryIterator, FileSystem, StatTuple, StatvfsTuple } from '../file_system.ts'
import { openConfined } from './confined.ts'
import { PosixFile, posixFlags } from './file.ts'
import { RootDirectory } from './root_directory.ts'

const { AT_REMOVEDIR, F_GETFL, F_SETFL, O_CLOEXEC, O_DIRECTORY, O_NOCTTY, O_NONBLOCK, O_PATH, O_RDONLY } = constants
const { S_IFMT, S_IFREG } = constants
/** The default mode of MicroPython's Unix port, before the umask is applied. */
const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o777

/** The events that the same calls of `os` raise. */
const openEvent = new AuditEvent('open')
const chdirEvent = new AuditEvent('os.chdir')
const mkdirEvent = new AuditEvent('os.mkdir')
const removeEvent = new AuditEvent('os.remove')
const rmdirEvent = new AuditEvent('os.rmdir')
const renameEvent = new AuditEvent('os.rename')
/** The `dir_fd` of an event without one. */
const NO_DIR_FD = -1

/**
 * The host's file system, or the part of it below a directory.
 *
 * Without `root` it is the host's whole tree, and its current directory is that of the process. With `root`, no path
 * leads out of that directory: ".." stops there, and absolute paths and links start there. The object then has a
 * current directory of its own. The directory stays open until `umount` or `close`, or until the object is garbage
 * collected: it remains the root even if its path leads elsewhere later. With `root`, opening never blocks: a FIFO, a
 * device or a terminal is opened with O_NONBLOCK, and stays in that mode.
 *
 * Audit events are those of `os`, with paths of the host.
 *
 * Availability: Linux. See OpenMV, os.VfsPosix; MicroPython, vfs.VfsPosix.
 * @example
 * ```ts
 * os.mkdir('shared')
 * using fs = new vfs.VfsPosix('shared')
 * fs.mkdir('/folder')
 * os.listdir('shared') // => ['folder']
 * fs.stat('/../../etc/passwd') // throws FileNotFoundError
 * ```
 */
export class VfsPosix implements FileSystem {
  readonly #root: RootDirectory | null
  #readonly = false
  /** The number of its mount points. */
  #mounts = 0
  /** The current directory, relative to `root`; used only with `root`. */
  #cwd = '/'

  /**
   * @param root a directory of the host
   * @throws OSError as for opening the directory
   */
  constructor(root?: Path | null) {
    this.#root = root === undefined || root === null ? null : new RootDirectory(root)
  }

  /**
   * Called by `mount` of the mount table.
   *
   * @param readonly whether writing is refused from now on
   * @param mkfs must be false: the host's file system cannot be created
   * @throws OSError EPERM for `mkfs`; EBADF after it has been unmounted
   */
  mount(readonly: boolean, mkfs = false): void {
    if (bool(mkfs, 'mkfs', false)) throw vfsError('EPERM', 'mount')
    const refuse = bool(readonly, 'readonly', false)
    if (this.#root !== null && this.#root.fd >= 0) this.#mounts += 1
    if (refuse) this.#readonly = true
  }

  /** Called by `umount` of the mount table. The last one closes `root`; every call fails with EBADF afterwards. */
  umount(): void {
    this.#mounts -= 1
    if (this.#mounts <= 0) this.close()
  }

  /** Closes `root`, if any; every call fails with EBADF afterwards. Closing it twice is not an error. */
  close(): void {
    this.#root?.close()
  }

  /** `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Opens a path with `flags`, and runs an action on the descriptor. */
  #opened<T>(operation: string, path: string, flags: number, action: (fd: number) => T): T {
    const fd = this.#open(operation, path, flags, 0)
    try {
      return action(fd)
    } finally {
      close(fd)
    }
  }

  #open(operation: string, path: string, flags: number, mode: number): number {
    if (path === '') throw vfsError('ENOENT', operation, path)
    if (this.#root === null) return open(path, flags, mode)
    return openConfined(operation, this.#root.fd, this.#virtual(path), flags, mode)
  }

  #virtual(path: string): string {
    return joinPath(this.#cwd, path)
  }

  /** The host's path of a path below the root, for audit events. */
  #hostPath(root: RootDirectory, path: FileName): string {
    return root.hostPath(this.#virtual(fsdecode(path)))
  }

  /** Runs an action on the last name of a path and its directory: for calls that do not follow a link in that name. */
  #inDirectory<T>(root: RootDirectory, operation: string, path: string, action: (at: number, name: string) => T): T {
    if (path === '') throw vfsError('ENOENT', operation, path)
    const [directory, name] = splitAtLastName(path)
    // "/" itself is not a directory entry: the calls refuse ".".
    if (name === '') return action(root.fd, '.')
    return this.#opened(operation, directory || '.', O_PATH | O_DIRECTORY, (fd) => action(fd, name))
  }

  #requireWritable(operation: string, path: FileName): void {
    if (this.#readonly) throw vfsError('EROFS', operation, path)
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @param mode 'r', 'w', 'a' or 'x', with '+', 'b' or 't'; 'r' by default
   * @returns the file object
   * @throws OSError as the system reports it; EROFS
   */
  open(path: FileName, mode: `${string}b${string}`): VfsFile<Buffer>
  open(path: FileName, mode?: string): VfsFile<string>
  open(path: FileName, mode = 'r'): VfsFile<string> | VfsFile<Buffer> {
    const wanted = openMode(mode)
    const name = fsdecode(path)
    if (wanted.kind !== 'r' || wanted.plus) this.#requireWritable('open', name)
    const raw = new PosixFile(this.#openFile(path, name, posixFlags(wanted) | O_CLOEXEC))
    return wanted.binary ? new VfsFile<Buffer>(raw, name, mode) : new VfsFile<string>(raw, name, mode)
  }

  #openFile(path: FileName, name: string, wanted: number): number {
    const root = this.#root
    if (root === null) return this.#open('open', name, wanted, FILE_MODE)
    // Opening a FIFO without a peer would block, and a terminal would become the controlling terminal.
    const flags = wanted | O_NONBLOCK | O_NOCTTY
    if (openEvent.wanted) openEvent.raise(this.#hostPath(root, path), null, flags)
    const fd = this.#open('open', name, flags, FILE_MODE)
    try {
      if ((stat(fd).st_mode & S_IFMT) === S_IFREG) libc.fcntl(fd, F_SETFL, libc.fcntl(fd, F_GETFL, 0) & ~O_NONBLOCK)
      return fd
    } catch (error) {
      close(fd)
      throw error
    }
  }

  /**
   * Changes the current directory: that of the process, or with `root` that of this object.
   *
   * @param path the directory
   * @throws OSError as the system reports it
   */
  chdir(path: FileName): void {
    const name = fsdecode(path)
    if (this.#root === null) {
      chdir(name)
      return
    }
    if (chdirEvent.wanted) chdirEvent.raise(this.#hostPath(this.#root, path))
    this.#cwd = this.#opened('chdir', name, O_PATH | O_DIRECTORY, (fd) => this.#pathOf(fd) ?? this.#virtual(name))
  }

  /** The path of an open directory, relative to the root; null where it is unknown: without /proc, or after a move. */
  #pathOf(fd: number): string | null {
    try {
      const root = readlink(`/proc/self/fd/${this.#root?.fd}`)
      const path = readlink(`/proc/self/fd/${fd}`)
      if (path === root) return '/'
      if (root === '/') return path
      return path.startsWith(`${root}/`) ? path.slice(root.length) : null
    } catch {
      return null
    }
  }

  /** The current directory: an absolute path from the root. */
  getcwd(): string {
    return this.#root === null ? getcwd() : this.#cwd
  }

  /**
   * The entries of a directory, which are read on demand.
   *
   * @param path the directory, the current one by default
   * @returns tuples of name, type (0x4000 for a directory, 0x8000 for a file, other values for other types) and inode;
   *   names are bytes where `path` is bytes
   * @throws OSError as the system reports it
   */
  ilistdir(path: Uint8Array): DirectoryIterator<Buffer>
  ilistdir(path?: string): DirectoryIterator<string>
  ilistdir(path: FileName): DirectoryIterator
  ilistdir(path: FileName = '.'): DirectoryIterator {
    const name = fsdecode(path) || '.'
    if (listdirEvent.wanted) listdirEvent.raise(this.#root === null ? path || '.' : this.#hostPath(this.#root, name))
    const fd =
      this.#root === null
        ? openDirectory('ilistdir', constants.AT_FDCWD, name)
        : this.#open('ilistdir', name, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC, 0)
    return new PosixDirectory(fd, name, typeof path !== 'string')
  }

  /**
   * Creates a directory.
   *
   * @param path the new directory
   * @throws OSError as the system reports it; EROFS
   */
  mkdir(path: FileName): void {
    this.#requireWritable('mkdir', path)
    const root = this.#root
    if (root === null) {
      mkdir(path)
      return
    }
    if (mkdirEvent.wanted) mkdirEvent.raise(this.#hostPath(root, path), DIRECTORY_MODE, NO_DIR_FD)
    this.#inDirectory(root, 'mkdir', fsdecode(path), (at, name) => {
      while (libc.mkdirat(at, cString(name, 'path'), DIRECTORY_MODE) === -1) failed('mkdir', path)
    })
  }

  /**
   * Removes a file.
   *
   * @param path the file
   * @throws OSError as the system reports it; EROFS
   */
  remove(path: FileName): void {
    this.#requireWritable('remove', path)
    const root = this.#root
    if (root === null) {
      remove(path)
      return
    }
    if (removeEvent.wanted) removeEvent.raise(this.#hostPath(root, path), NO_DIR_FD)
    this.#inDirectory(root, 'remove', fsdecode(path), (at, name) => {
      while (libc.unlinkat(at, cString(name, 'path'), 0) === -1) failed('remove', path)
    })
  }

  /**
   * Removes an empty directory.
   *
   * @param path the directory
   * @throws OSError as the system reports it; EROFS
   */
  rmdir(path: FileName): void {
    this.#requireWritable('rmdir', path)
    const root = this.#root
    if (root === null) {
      rmdir(path)
      return
    }
    if (rmdirEvent.wanted) rmdirEvent.raise(this.#hostPath(root, path), NO_DIR_FD)
    this.#inDirectory(root, 'rmdir', fsdecode(path), (at, name) => {
      while (libc.unlinkat(at, cString(name, 'path'), AT_REMOVEDIR) === -1) failed('rmdir', path)
    })
  }

  /**
   * Renames or moves a file or directory, and replaces an existing target.
   *
   * @param old_path the file or directory
   * @param new_path its new name
   * @throws OSError as the system reports it, EXDEV for a move between file systems of the host; EROFS
   */
  rename(old_path: FileName, new_path: FileName): void {
    this.#requireWritable('rename', old_path)
    const root = this.#root
    if (root === null) {
      rename(old_path, new_path)
      return
    }
    if (renameEvent.wanted) {
      const [src, dst] = [this.#hostPath(root, old_path), this.#hostPath(root, new_path)]
      renameEvent.raise(src, dst, NO_DIR_FD, NO_DIR_FD)
    }
    this.#inDirectory(root, 'rename', fsdecode(old_path), (from, oldName) => {
      const source = cString(oldName, 'old_path')
      this.#inDirectory(root, 'rename', fsdecode(new_path), (to, newName) => {
        const target = cString(newName, 'new_path')
        while (libc.renameat(from, source, to, target) === -1) failed('rename', old_path, new_path)
      })
    })
  }

  /**
   * The status of a file or directory; links are followed.
   *
   * @param path the file or directory
   * @returns ten numbers
   * @throws OSError as the system reports it
   */
  stat(path: FileName): StatTuple {
    const name = fsdecode(path)
    const s = this.#root === null ? stat(name) : this.#opened('stat', name, O_PATH, (fd) => stat(fd))
    // The items have whole seconds; the named fields have a fraction, and are rounded, perhaps up to the next second.
    const [mode, ino, ...rest] = s.toArray()
    return [mode, exactCount(ino), ...rest]
  }

  /**
   * The status of the file system that a path is on.
   *
   * @param path any path on it
   * @returns ten numbers
   * @throws OSError as the system reports it
   */
  statvfs(path: FileName): StatvfsTuple {
    const name = fsdecode(path)
    const s = this.#root === null ? statvfs(name) : this.#opened('statvfs', name, O_PATH, (fd) => statvfs(fd))
    return s.toArray()
  }
}

/** Creates a file object on the caller's descriptor, which is closed with the file. */
export function fileOnDescriptor(fd: number, mode: string): VfsFile<string> | VfsFile<Buffer> {
  const wanted = openMode(mode)
  const number = nonNegativeFd(fd, 'file')
  if (openEvent.wanted) openEvent.raise(number, mode, posixFlags(wanted))
  const { binary } = wanted
  const raw = new PosixFile(number)
  return binary ? new VfsFile<Buffer>(raw, String(fd), mode) : new VfsFile<string>(raw, String(fd), mode)
}

/** Splits a path before its last name, which keeps the slashes after it. The name is empty for a path of slashes. */
function splitAtLastName(path: string): [directory: string, name: string] {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === SLASH) end -= 1
  const start = path.lastIndexOf('/', end - 1) + 1
  return end === 0 ? ['', ''] : [path.slice(0, start), path.slice(start)]
}

const SLASH = 0x2f

const forgotten: FinalizationRegistry<number> = new FinalizationRegistry((fd) => {
  libc.close(fd)
})

/** The directory entry types DT_* are the file types of st_mode, shifted right. */
const TYPE_SHIFT = 12

/**
 * Iterates over the entries of a directory of the host, in the order and the batches in which the kernel returns them.
 */
class PosixDirectory implements DirectoryIterator {
  readonly #path: string
  readonly #bytes: boolean
  #fd: number
  #next = 0
  #names: string[] = []
  #types: number[] = []
  #inodes: (number | bigint)[] = []

  constructor(fd: number, path: string, bytes: boolean) {
    this.#fd = fd
    this.#path = path
    this.#bytes = bytes
    forgotten.register(this, fd, this)
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<DirectoryEntry, undefined> {
    while (this.#next === this.#names.length) if (!this.#read()) return this.return()
    const at = this.#next++
    const name = this.#names[at] as string
    const type = (this.#types[at] as number) << TYPE_SHIFT
    return { done: false, value: [this.#bytes ? fsencode(name) : name, type, this.#inodes[at] as number | bigint] }
  }

  #read(): boolean {
    if (this.#fd === -1) return false
    this.#next = 0
    this.#names = []
    this.#types = []
    this.#inodes = []
    return readEntries('ilistdir', this.#fd, this.#path, this.#names, this.#types, this.#inodes)
  }

  return(): IteratorResult<DirectoryEntry, undefined> {
    this.close()
    return { done: true, value: undefined }
  }

  close(): void {
    this.#names = []
    this.#next = 0
    if (this.#fd === -1) return
    forgotten.unregister(this)
    const fd = this.#fd
    this.#fd = -1
    close(fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
