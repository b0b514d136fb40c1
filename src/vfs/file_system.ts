import type { FileName } from '../os/arguments/paths.ts'

/** An entry of a directory: name (bytes where the directory was given as bytes), type, inode, and perhaps its size. */
export type DirectoryEntry<T extends FileName = FileName> =
  | readonly [name: T, type: number, inode: number | bigint]
  | readonly [name: T, type: number, inode: number | bigint, size: number]

/**
 * The status of a file: mode, inode, device, links, user, group, size, and seconds since 1970 of access, modification
 * and change.
 */
export type StatTuple = readonly [
  st_mode: number,
  st_ino: number | bigint,
  st_dev: number,
  st_nlink: number,
  st_uid: number,
  st_gid: number,
  st_size: number,
  st_atime: number,
  st_mtime: number,
  st_ctime: number,
]

/** The status of a file system. */
export type StatvfsTuple = readonly [
  f_bsize: number,
  f_frsize: number,
  f_blocks: number,
  f_bfree: number,
  f_bavail: number,
  f_files: number,
  f_ffree: number,
  f_favail: number,
  f_flag: number,
  f_namemax: number,
]

/**
 * What can be mounted: `VfsFat`, `VfsLfs1`, `VfsLfs2`, `VfsPosix`, or any object of the caller's with these methods.
 * Only `mount` must be there: a method that is missing is missed when a path leads to it.
 *
 * Paths are relative to the file system's own current directory, or start with a slash at its own root.
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

/** What `ilistdir` gives: closed at the end, when a loop is left early, or by `using`. */
export interface DirectoryIterator<T extends FileName = FileName> extends IterableIterator<DirectoryEntry<T>> {
  /** No more entries follow; doing it twice is no error. */
  close(): void
  [Symbol.dispose](): void
}

/** Any iterator of entries as one that can be closed. */
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
