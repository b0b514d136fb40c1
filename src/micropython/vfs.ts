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
 * Mounts a file system, or lists what is mounted.
 *
 * At "/" it covers what was there before, until it is unmounted; anywhere else it is found under its name, whether or
 * not there is a directory of that name.
 *
 * @param fsobj a file system: an object with the methods of one, `mount` at least; or a block device, on which littlefs
 *   is looked for, and then FAT
 * @param mount_point an absolute path without a slash at its end
 * @param options `readonly`: writing is refused (EROFS); `mkfs`: a file system is made where there is none
 * @returns nothing; without arguments, the file systems and if they are mounted
 * @throws OSError EPERM if something is mounted there already; ENODEV if there is no file system on the device; EINVAL
 *   for a path that is not absolute
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
 * Unmounts a file system: what is still to be stored on it, is. Where it held the current directory, that is the root
 * now.
 *
 * @param mount where it is mounted, or the file system itself
 * @throws OSError EINVAL if there is no such mount
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
