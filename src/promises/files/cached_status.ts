import { readFileSync } from 'node:fs'
import { lastErrno } from '../../libc/call.ts'
import { constants, structs } from '../../libc/facts.ts'
import { has, libc } from '../../libc/functions.ts'
import { scratch, scratchAddress, uint32At } from '../../libc/memory.ts'
import type { Prepared } from '../../os/prepared.ts'
import { statFromStatx } from '../../ring/stat_from_statx.ts'
import { cachedHow, canOpenCached, ERRORS_OF_PATHS, openCached } from './cached_path.ts'

/**
 * The status of a file without waiting for a disk or a server, where the kernel has it in memory. A call on another
 * thread takes ten times as long.
 *
 * Where the path is in the kernel's cache, the status is in memory, too, if the file system is a local one. A file system
 * in user space, or on a server, would have to be asked for it.
 */

const { AT_EMPTY_PATH, AT_STATX_DONT_SYNC, AT_SYMLINK_NOFOLLOW, O_NOFOLLOW } = constants
const { STATX_BASIC_STATS, STATX_MNT_ID_UNIQUE } = constants

/** Local file systems, by their names in /proc/self/mountinfo. */
const LOCAL: ReadonlySet<string> = new Set(
  'bcachefs btrfs devtmpfs erofs exfat ext2 ext3 ext4 f2fs iso9660 ramfs rootfs squashfs tmpfs udf vfat xfs'.split(' '),
)

/** What `cachedStatus` returns where the kernel would have to wait. */
export const NOT_CACHED = -1

const howFollowing = cachedHow(0)
const howNotFollowing = cachedHow(O_NOFOLLOW)

/** Where statx(2) writes in scratch memory; a `struct stat` is made of it at the start. */
const STATX = 512
const words = new Uint32Array(scratch.buffer, scratch.byteOffset, scratch.length >> 2)
const MASK = STATX + structs.statx.offsets.stx_mask
const MOUNT = STATX + structs.statx.offsets.stx_mnt_id
const MAJOR = STATX + structs.statx.offsets.stx_dev_major
const MINOR = STATX + structs.statx.offsets.stx_dev_minor

/** Whether the system can tell what is in memory: Linux 6.8. */
let isPossible: boolean | undefined

/**
 * Writes the status of a file to scratch memory, as fstatat(2) does.
 *
 * @returns 0, the error number, or NOT_CACHED
 */
export function cachedStatus({ args: [at, name, , flags] }: Prepared<'fstatat'>): number {
  isPossible ??= canOpenCached() && has('statx')
  if (!isPossible) return NOT_CACHED
  if ((flags & AT_EMPTY_PATH) !== 0 && name === '') return statusOfFd(at)
  const how = (flags & AT_SYMLINK_NOFOLLOW) === 0 ? howFollowing : howNotFollowing
  const fd = openCached(at, name, how)
  if (fd === -1) {
    const errno = lastErrno()
    return ERRORS_OF_PATHS.has(errno) ? errno : NOT_CACHED
  }
  const result = statusOfFd(fd)
  libc.close(fd)
  return result
}

function statusOfFd(fd: number): number {
  const mask = STATX_BASIC_STATS | STATX_MNT_ID_UNIQUE
  const flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC
  if (libc.statx(fd, '', flags, mask, scratchAddress + STATX) === -1) return NOT_CACHED
  if ((uint32At(MASK) & mask) !== mask) {
    // An older kernel numbers mounts anew when they are gone; a file system in user space may know fewer fields.
    if ((uint32At(MASK) & STATX_MNT_ID_UNIQUE) === 0) isPossible = false
    return NOT_CACHED
  }
  if (!isOnLocalFileSystem()) return NOT_CACHED
  statFromStatx(words, 0, STATX >> 2)
  return 0
}

/** Whether the file systems of mounts are local, by the ids of the mounts, which are never used again. */
const mounts = new Map<number, boolean>()

function isOnLocalFileSystem(): boolean {
  const mount = uint32At(MOUNT + 4) * 0x1_0000_0000 + uint32At(MOUNT)
  let isLocal = mounts.get(mount)
  if (isLocal === undefined) {
    isLocal = LOCAL.has(typeOfFileSystem(`${uint32At(MAJOR)}:${uint32At(MINOR)}`))
    mounts.set(mount, isLocal)
  }
  return isLocal
}

/** The type of the file system of a device, as the kernel lists it; see proc_pid_mountinfo(5). */
function typeOfFileSystem(device: string): string {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'latin1').split('\n')
    const line = lines.find((one) => one.split(' ')[2] === device)
    return line?.split(' - ')[1]?.split(' ')[0] ?? ''
  } catch {
    return ''
  }
}
