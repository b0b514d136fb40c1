import { open } from './descriptors.ts'
import { chdir, mkdir, rmdir } from './directories.ts'
import { execve } from './exec.ts'
import { pathconf, statvfs } from './file_systems.ts'
import { link, mkfifo, mknod, readlink, remove, rename, replace, symlink, unlink } from './files.ts'
import { access, chmod, chown, lstat, stat, statx, truncate } from './metadata.ts'
import { listdir, scandir } from './scandir.ts'
import { utime } from './utime.ts'
import { fwalk } from './walk.ts'
import { getxattr, listxattr, removexattr, setxattr } from './xattr.ts'

/** Any function of the module. */
// biome-ignore lint/complexity/noBannedTypes: a set of functions of all shapes, asked only whether one is in it
export type AnyFunction = Function

/** The functions that take `dir_fd` (or `src_dir_fd` and `dst_dir_fd`). See Python, os.supports_dir_fd. */
export const supports_dir_fd: ReadonlySet<AnyFunction> = new Set<AnyFunction>([
  ...[access, chmod, chown, fwalk, link, lstat, mkdir, mkfifo, mknod, open, readlink, remove, rename, replace],
  ...[rmdir, stat, statx, symlink, unlink, utime],
])

/** The functions that take a descriptor in place of a path. See Python, os.supports_fd. */
export const supports_fd: ReadonlySet<AnyFunction> = new Set<AnyFunction>([
  ...[chdir, chmod, chown, execve, getxattr, listdir, listxattr, pathconf, removexattr, scandir, setxattr, stat],
  ...[statvfs, statx, truncate, utime],
])

/** The functions that take `follow_symlinks: false`. See Python, os.supports_follow_symlinks. */
export const supports_follow_symlinks: ReadonlySet<AnyFunction> = new Set<AnyFunction>([
  ...[access, chmod, chown, fwalk, getxattr, link, listxattr, removexattr, setxattr, stat, statx, utime],
])

/** The functions that take `effective_ids: true`: `access`. See Python, os.supports_effective_ids. */
export const supports_effective_ids: ReadonlySet<AnyFunction> = new Set<AnyFunction>([access])
