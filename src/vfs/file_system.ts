import type { FileName } from '../os/arguments/paths.ts'

/**
 * A directory entry: name (bytes where the directory was given as bytes), type, inode, and for some file systems the
 * size.
 */
export type DirectoryEntry<T extends FileName = FileName> =
  | readonly [name: T, type: number, inode: number | bigint]
  | readonly [name: T, type: number, inode: number | bigint, size: number]

/**
 * The status of a file: mode, inode, device, links, user, group, size, and seconds since 1970 of access, modification
 * and change. A size or an inode above 2^53 is a bigint.
 */
export type StatTuple = readonly [
  st_mode: number,
  st_ino: number | bigint,
  st_dev: number | bigint,
  st_nlink: number,
  st_uid: number,
  st_gid: number,
  st_size: number | bigint,
  st_atime: number,
  st_mtime: number,
  st_ctime: number,
]

/** The status of a file system: counts above 2^53 are bigints. */
export type StatvfsTuple = readonly [
  f_bsize: number,
  f_frsize: number,
  f_blocks: number | bigint,
  f_bfree: number | bigint,
  f_bavail: number | bigint,
  f_files: number | bigint,
  f_ffree: number | bigint,
  f_favail: number | bigint,
  f_flag: number,
  f_namemax: number,
]

/**
 * A file system that can be mounted: `VfsFat`, `VfsLfs1`, `VfsLfs2`, `VfsPosix`, or any object with these methods. Only
 * `mount` is required: a missing method is reported when a path needs it.
 *
 * Paths are relative to the file system's own current directory, or start with a slash at its root.
 *
 * See MicroPython, vfs.
 */
export interface FileSystem {
  mount(readonly: boolean, mkfs: boolean): unknown
  umount?(): unknown
  open?(path: string, mode: string): unknown
  chdir?(path: string): unknown
  getcwd?(): string
  ilistdir?(path: FileName): Iterable<DirectoryEntry>
  mkdir?(path: string): unknown
  remove?(path: string): unknown
  rmdir?(path: string): unknown
  rename?(old_path: string, new_path: string): unknown
  stat?(path: string): StatTuple
  statvfs?(path: string): StatvfsTuple
  sync?(): unknown
}

/** The iterator that `ilistdir` returns: it is closed at the end, when a loop is left early, or by `using`. */
export interface DirectoryIterator<T extends FileName = FileName> extends IterableIterator<DirectoryEntry<T>> {
  /** Ends the iteration; closing it twice is not an error. */
  close(): void
  [Symbol.dispose](): void
}

/** Wraps any iterator of entries so that it can be closed. */
export class ClosableIterator implements DirectoryIterator {
  readonly #entries: Iterator<DirectoryEntry>
  #done = false

  constructor(entries: Iterable<DirectoryEntry>) {
    this.#entries = entries[Symbol.iterator]()
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<DirectoryEntry, undefined> {
    if (this.#done) return { done: true, value: undefined }
    const result = this.#entries.next()
    if (result.done !== true) return result
    this.#done = true
    return { done: true, value: undefined }
  }

  return(): IteratorResult<DirectoryEntry, undefined> {
    if (!this.#done) this.#entries.return?.()
    this.#done = true
    return { done: true, value: undefined }
  }

  close(): void {
    this.return()
  }

  [Symbol.dispose](): void {
    this.return()
  }
}
