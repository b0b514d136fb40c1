import { open } from './descriptors/open_close.ts'
import { access } from './files/access.ts'
import { chdir, mkdir, rmdir } from './files/directories.ts'
import { pathconf, statvfs } from './files/file_systems.ts'
import { link, readlink, symlink } from './files/links.ts'
import { chmod, chown } from './files/permissions.ts'
import { remove, rename, replace, unlink } from './files/rename_remove.ts'
import { listdir, scandir } from './files/scandir.ts'
import { mkfifo, mknod } from './files/special_files.ts'
import { lstat, stat, statx } from './files/status.ts'
import { truncate } from './files/truncate.ts'
import { utime } from './files/utime.ts'
import { fwalk } from './files/walk.ts'
import { getxattr, listxattr, removexattr, setxattr } from './files/xattr.ts'
import { execve } from './processes/exec.ts'

/** Any function of the module. */
// biome-ignore lint/complexity/noBannedTypes: a set of functions of all shapes, asked only whether one is in it
export type AnyFunction = Function

/** The functions that accept `dir_fd` (or `src_dir_fd` and `dst_dir_fd`). See Python, os.supports_dir_fd. */
export const supports_dir_fd: ReadonlySet<AnyFunction> = new Set<AnyFunction>([
  ...[access, chmod, chown, fwalk, link, lstat, mkdir, mkfifo, mknod, open, readlink, remove, rename, replace],
  ...[rmdir, stat, statx, symlink, unlink, utime],
])

/** The functions that accept a descriptor instead of a path. See Python, os.supports_fd. */
export const supports_fd: ReadonlySet<AnyFunction> = new Set<AnyFunction>([
  ...[chdir, chmod, chown, execve, getxattr, listdir, listxattr, pathconf, removexattr, scandir, setxattr, stat],
  ...[statvfs, statx, truncate, utime],
])

/**
 * The functions that accept `follow_symlinks: false`, without `chmod`, as in CPython on Linux: symbolic links have no
 * permissions on its usual file systems. See Python, os.supports_follow_symlinks.
 */
export const supports_follow_symlinks: ReadonlySet<AnyFunction> = new Set<AnyFunction>([
  ...[access, chown, fwalk, getxattr, link, listxattr, removexattr, setxattr, stat, statx, utime],
])

/** The functions that accept `effective_ids: true`: `access`. See Python, os.supports_effective_ids. */
export const supports_effective_ids: ReadonlySet<AnyFunction> = new Set<AnyFunction>([access])
