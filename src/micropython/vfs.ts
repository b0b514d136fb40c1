// MicroPython's `vfs`: mounting, the file systems, and the block devices under them.

import { NO_OPTIONS } from '../os/arguments/options.ts'
import type { BlockDevice } from '../vfs/device.ts'
import type { FileSystem } from '../vfs/file_system.ts'
import type { MountOptions } from '../vfs/mounts.ts'
import { table } from './table.ts'

export {
  FileBlockDev,
  type FileBlockDevOptions,
  PartitionBlockDev,
  RamBlockDev,
} from '../vfs/block_devices.ts'
export type { BlockDevice, BlockResult } from '../vfs/device.ts'
export type { MkfsOptions } from '../vfs/fat/format.ts'
export { VfsFat } from '../vfs/fat/vfs_fat.ts'
export { VfsFile } from '../vfs/file.ts'
export type {
  DirectoryEntry,
  DirectoryIterator,
  FileSystem,
  StatTuple,
  StatvfsTuple,
} from '../vfs/file_system.ts'
export { type LittlefsOptions, VfsLfs1, VfsLfs2 } from '../vfs/littlefs/vfs_lfs.ts'
export type { MountOptions } from '../vfs/mounts.ts'
export { VfsPosix } from '../vfs/posix/vfs_posix.ts'

/**
 * Mounts a file system, or returns the list of mounts.
 *
 * A file system at "/" hides the previous one until it is unmounted. Any other mount point need not be an existing
 * directory.
 *
 * @param fsobj a file system, which is an object with the methods of one (at least `mount`); or a block device, which
 *   is probed for littlefs and then for FAT
 * @param mount_point an absolute path without a slash at its end
 * @param options `readonly`: writes fail (EROFS); `mkfs`: a file system is created if the device has none
 * @returns nothing; without arguments, the file systems and their mount points
 * @throws OSError EPERM if the mount point is in use; ENODEV if there is no file system on the device; EINVAL for a
 *   path that is not absolute
 *
 * See OpenMV, os.mount; MicroPython, vfs.mount.
 * @example
 * ```ts
 * const card = new vfs.RamBlockDev(512, 2048)
 * vfs.VfsFat.mkfs(card)
 * vfs.mount(card, '/card', { readonly: true })
 * os.mkdir('/card/folder') // throws OSError
 * vfs.umount('/card')
 * ```
 */
export function mount(): [fsobj: FileSystem, mount_point: string][]
export function mount(fsobj: FileSystem | BlockDevice, mount_point: string, options?: MountOptions): void
export function mount(...given: unknown[]): unknown {
  if (given.length === 0) return table.list()
  const [fsobj, mountPoint, options = NO_OPTIONS] = given
  table.mount(fsobj, mountPoint, options)
  return undefined
}

/**
 * Unmounts a file system, after writing its cached data. If it contained the current directory, the root becomes the
 * current directory.
 *
 * @param mount the mount point, or the file system itself
 * @throws OSError EINVAL if it is not mounted; others as the file system says, where
 *   something cannot be stored: it is unmounted then all the same
 *
 * See OpenMV, os.umount; MicroPython, vfs.umount.
 * @example
 * ```ts
 * const host = new vfs.VfsPosix('/etc')
 * vfs.mount(host, '/settings')
 * vfs.umount(host) // or its mount point
 * vfs.umount('/settings') // throws OSError
 * ```
 */
export function umount(mount: string | FileSystem): void {
  table.umount(mount)
}
