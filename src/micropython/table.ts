import { MountTable } from '../vfs/mounts.ts'
import { VfsPosix } from '../vfs/posix/vfs_posix.ts'

/** The mounts of this thread. As in MicroPython's Unix port, the host's file system is mounted at the start. */
export const table: MountTable = new MountTable()

table.mountFirst(new VfsPosix())
