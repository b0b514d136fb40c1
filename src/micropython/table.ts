import { MountTable } from '../vfs/mounts.ts'
import { VfsPosix } from '../vfs/posix/vfs_posix.ts'

/** What is mounted in this thread. As on MicroPython for POSIX, the host's file system is there from the start. */
export const table: MountTable = new MountTable()

table.mountFirst(new VfsPosix())
