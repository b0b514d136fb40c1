import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { nonNegativeFd } from '../../os/arguments/descriptors.ts'
import { bool } from '../../os/arguments/numbers.ts'
import { type FileName, fileName, fsdecode, fsencode, type Path } from '../../os/arguments/paths.ts'
import { close, open } from '../../os/descriptors/open_close.ts'
import { chdir, getcwd, mkdir, rmdir } from '../../os/files/directories.ts'
import { openDirectory, readEntries } from '../../os/files/directory_stream.ts'
import { statvfs } from '../../os/files/file_systems.ts'
import { readlink } from '../../os/files/links.ts'
import { remove, rename } from '../../os/files/rename_remove.ts'
import { stat } from '../../os/files/status.ts'
import { joinPath } from '../../os/system/pathnames.ts'
import { vfsError } from '../errors.ts'
import { openMode, VfsFile } from '../file.ts'
import type { DirectoryEntry, DirectoryIterator, FileSystem, StatTuple, StatvfsTuple } from '../file_system.ts'
import { openConfined, openRoot } from './confined.ts'
import { PosixFile, posixFlags } from './file.ts'

const { O_CLOEXEC, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY } = constants
/** As boards' kin on POSIX has it; the umask takes from it. */
const FILE_MODE = 0o644

/**
 * The host's file system, or the part of it below a directory.
 *
 * Without `root` it is the host's whole tree, and its current directory is the process's. With `root` nothing leads out
 * of that directory: ".." stops there, and absolute paths and links start there. The current directory is then the
 * object's own.
 *
 * Availability: Linux. See OpenMV, os.VfsPosix; MicroPython, vfs.VfsPosix.
 * @example
 * ```ts
 * os.mkdir('shared')
 * const fs = new vfs.VfsPosix('shared')
 * fs.mkdir('/folder')
 * os.listdir('shared') // => ['folder']
 * fs.stat('/../../etc/passwd') // throws FileNotFoundError
 * ```
 */
export class VfsPosix implements FileSystem {
  readonly #root: string | null
  #readonly = false
  /** From `root`; only where there is one. */
  #cwd = '/'

  /**
   * @param root a directory of the host
   * @throws OSError as opening the directory does
   */
  constructor(root?: Path | null) {
    if (root === undefined || root === null) {
      this.#root = null
      return
    }
    const directory = fileName(root, 'root')
    close(openRoot(directory))
    // So that the process may change its current directory.
    const name = fsdecode(directory)
    this.#root = name.startsWith('/') ? name : joinPath(getcwd(), name)
  }

  /**
   * What `mount` of the mount table calls.
   *
   * @param readonly whether writing is refused from now on
   * @param mkfs must be false: the host's file system is not ours to make
   * @throws OSError EPERM for `mkfs`
   */
  mount(readonly: boolean, mkfs = false): void {
    if (bool(mkfs, 'mkfs', false)) throw vfsError('EPERM', 'mount')
    if (bool(readonly, 'readonly', false)) this.#readonly = true
  }

  /** What `umount` of the mount table calls: nothing is to be done. */
  umount(): void {}

  /** Runs an action on what a path leads to, opened by `flags`. */
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
    const root = openRoot(this.#root)
    try {
      return openConfined(operation, root, this.#virtual(path), flags, mode)
    } finally {
      close(root)
    }
  }

  #virtual(path: string): string {
    return joinPath(this.#cwd, path)
  }

  /** Runs an action on the last name of a path and the directory it is in: for calls that do not follow it. */
  #inDirectory<T>(operation: string, path: string, action: (name: string, dir_fd: number | null) => T): T {
    if (this.#root === null) return action(path, null)
    if (path === '') throw vfsError('ENOENT', operation, path)
    const [, directory = '', name = ''] = /^(.*?)([^/]*\/*)$/s.exec(path) ?? []
    // "/" itself is no entry of a directory, and nothing can be done to it.
    if (name === '' || /^\/+$/.test(name)) return action('.', null)
    return this.#opened(operation, directory === '' ? '.' : directory, O_PATH | O_DIRECTORY, (fd) => action(name, fd))
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
   * @throws OSError as the system says; EROFS
   */
  open(path: FileName, mode: `${string}b${string}`): VfsFile<Buffer>
  open(path: FileName, mode?: string): VfsFile<string>
  open(path: FileName, mode = 'r'): VfsFile<string> | VfsFile<Buffer> {
    const wanted = openMode(mode)
    const name = fsdecode(path)
    if (wanted.kind !== 'r' || wanted.plus) this.#requireWritable('open', name)
    const raw = new PosixFile(this.#open('open', name, posixFlags(wanted) | O_CLOEXEC, FILE_MODE))
    return wanted.binary ? new VfsFile<Buffer>(raw, name, mode) : new VfsFile<string>(raw, name, mode)
  }

  /**
   * Changes the current directory: the process's, or with `root` that of this object.
   *
   * @param path the directory
   * @throws OSError as the system says
   */
  chdir(path: FileName): void {
    const name = fsdecode(path)
    if (this.#root === null) chdir(name)
    else this.#cwd = this.#opened('chdir', name, O_PATH | O_DIRECTORY, (fd) => this.#pathOf(fd) ?? this.#virtual(name))
  }

  /** Where an open directory is, from the root; null where nobody tells: without /proc, or when it has been moved. */
  #pathOf(fd: number): string | null {
    try {
      const root = this.#opened('chdir', '/', O_PATH | O_DIRECTORY, (top) => readlink(`/proc/self/fd/${top}`))
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
   * The entries of a directory, read as they are asked for.
   *
   * @param path the directory, the current one by default
   * @returns tuples of name, type (0x4000 for a directory, 0x8000 for a file, others for others) and inode; names are
   *   bytes where `path` is bytes
   * @throws OSError as the system says
   */
  ilistdir(path: Uint8Array): DirectoryIterator<Buffer>
  ilistdir(path?: string): DirectoryIterator<string>
  ilistdir(path: FileName): DirectoryIterator
  ilistdir(path: FileName = '.'): DirectoryIterator {
    const name = fsdecode(path) || '.'
    const fd =
      this.#root === null
        ? openDirectory('ilistdir', constants.AT_FDCWD, name)
        : this.#open('ilistdir', name, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC, 0)
    return new PosixDirectory(fd, name, typeof path !== 'string')
  }

  /**
   * Makes a directory.
   *
   * @param path where
   * @throws OSError as the system says; EROFS
   */
  mkdir(path: FileName): void {
    this.#requireWritable('mkdir', path)
    this.#inDirectory('mkdir', fsdecode(path), (name, dir_fd) => mkdir(name, { dir_fd }))
  }

  /**
   * Removes a file.
   *
   * @param path the file
   * @throws OSError as the system says; EROFS
   */
  remove(path: FileName): void {
    this.#requireWritable('remove', path)
    this.#inDirectory('remove', fsdecode(path), (name, dir_fd) => remove(name, { dir_fd }))
  }

  /**
   * Removes an empty directory.
   *
   * @param path the directory
   * @throws OSError as the system says; EROFS
   */
  rmdir(path: FileName): void {
    this.#requireWritable('rmdir', path)
    this.#inDirectory('rmdir', fsdecode(path), (name, dir_fd) => rmdir(name, { dir_fd }))
  }

  /**
   * Renames or moves a file or directory, in place of what has the new name.
   *
   * @param old_path what
   * @param new_path its new name
   * @throws OSError as the system says, EXDEV from one of the host's file systems to another; EROFS
   */
  rename(old_path: FileName, new_path: FileName): void {
    this.#requireWritable('rename', old_path)
    this.#inDirectory('rename', fsdecode(old_path), (from, src_dir_fd) =>
      this.#inDirectory('rename', fsdecode(new_path), (to, dst_dir_fd) => rename(from, to, { src_dir_fd, dst_dir_fd })),
    )
  }

  /**
   * The status of a file or directory, of what a link leads to.
   *
   * @param path which
   * @returns ten numbers
   * @throws OSError as the system says
   */
  stat(path: FileName): StatTuple {
    const name = fsdecode(path)
    const s = this.#root === null ? stat(name) : this.#opened('stat', name, O_PATH, (fd) => stat(fd))
    const ino = s.st_ino <= Number.MAX_SAFE_INTEGER ? Number(s.st_ino) : s.st_ino
    // The sequence's own whole seconds: those with a fraction are rounded, perhaps up to the next one.
    const [atime, mtime, ctime] = s.toArray().slice(7).map(Number) as [number, number, number]
    return [s.st_mode, ino, s.st_dev, s.st_nlink, s.st_uid, s.st_gid, s.st_size, atime, mtime, ctime]
  }

  /**
   * The status of the file system that a path is on.
   *
   * @param path any path on it
   * @returns ten numbers
   * @throws OSError as the system says
   */
  statvfs(path: FileName): StatvfsTuple {
    const name = fsdecode(path)
    const s = this.#root === null ? statvfs(name) : this.#opened('statvfs', name, O_PATH, (fd) => statvfs(fd))
    return s.toArray() as unknown as StatvfsTuple
  }
}

/**
 * A file object on a descriptor of the caller's, which closing it closes too.
 */
export function fileOnDescriptor(fd: number, mode: string): VfsFile<string> | VfsFile<Buffer> {
  const { binary } = openMode(mode)
  const raw = new PosixFile(nonNegativeFd(fd, 'file'))
  return binary ? new VfsFile<Buffer>(raw, String(fd), mode) : new VfsFile<string>(raw, String(fd), mode)
}

const forgotten: FinalizationRegistry<number> = new FinalizationRegistry((fd) => {
  libc.close(fd)
})

/** The directory entry types DT_* are the file types of modes, shifted. */
const TYPE_SHIFT = 12

/** The entries of a directory of the host, in the order and in the pieces that the kernel gives them. */
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
