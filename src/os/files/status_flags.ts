import { constants } from '../../libc/facts.ts'

/**
 * Mount flags of `statvfs_result.f_flag`, and the flags and masks of `statx`.
 *
 * The mount flags are those of CPython, which omits ST_IMMUTABLE: the C libraries define it, but no kernel sets it.
 */

/** Mount flag: the file system is mounted read-only. */
export const ST_RDONLY: number = constants.ST_RDONLY
/** Mount flag: set-user-ID and set-group-ID bits are ignored. */
export const ST_NOSUID: number = constants.ST_NOSUID
/** Mount flag: device files cannot be opened. */
export const ST_NODEV: number = constants.ST_NODEV
/** Mount flag: programs cannot be executed. */
export const ST_NOEXEC: number = constants.ST_NOEXEC
/** Mount flag: writes are synchronous. */
export const ST_SYNCHRONOUS: number = constants.ST_SYNCHRONOUS
/** Mount flag: mandatory locks are allowed (before Linux 5.15). */
export const ST_MANDLOCK: number = constants.ST_MANDLOCK
/** Mount flag of other systems, which Linux does not set: writing is allowed. */
export const ST_WRITE: number = constants.ST_WRITE
/** Mount flag of other systems, which Linux does not set: files can only grow. */
export const ST_APPEND: number = constants.ST_APPEND
/** Mount flag: access times are not updated. */
export const ST_NOATIME: number = constants.ST_NOATIME
/** Mount flag: access times of directories are not updated. */
export const ST_NODIRATIME: number = constants.ST_NODIRATIME
/** Mount flag: access times are updated relative to modification times. */
export const ST_RELATIME: number = constants.ST_RELATIME

/** Bit of `statx`: the file type, in `stx_mode`. */
export const STATX_TYPE: number = constants.STATX_TYPE
/** Bit of `statx`: the permissions, in `stx_mode`. */
export const STATX_MODE: number = constants.STATX_MODE
/** Bit of `statx`: `stx_nlink`. */
export const STATX_NLINK: number = constants.STATX_NLINK
/** Bit of `statx`: `stx_uid`. */
export const STATX_UID: number = constants.STATX_UID
/** Bit of `statx`: `stx_gid`. */
export const STATX_GID: number = constants.STATX_GID
/** Bit of `statx`: `stx_atime`. */
export const STATX_ATIME: number = constants.STATX_ATIME
/** Bit of `statx`: `stx_mtime`. */
export const STATX_MTIME: number = constants.STATX_MTIME
/** Bit of `statx`: `stx_ctime`. */
export const STATX_CTIME: number = constants.STATX_CTIME
/** Bit of `statx`: `stx_ino`. */
export const STATX_INO: number = constants.STATX_INO
/** Bit of `statx`: `stx_size`. */
export const STATX_SIZE: number = constants.STATX_SIZE
/** Bit of `statx`: `stx_blocks`. */
export const STATX_BLOCKS: number = constants.STATX_BLOCKS
/** Bits of `statx`: all fields that `stat` returns. */
export const STATX_BASIC_STATS: number = constants.STATX_BASIC_STATS
/** Bit of `statx`: `stx_btime`. */
export const STATX_BTIME: number = constants.STATX_BTIME
/** Bit of `statx`: `stx_mnt_id` (Linux 5.8). */
export const STATX_MNT_ID: number = constants.STATX_MNT_ID
/** Bit of `statx`: `stx_dio_mem_align` and `stx_dio_offset_align` (Linux 6.1). */
export const STATX_DIOALIGN: number = constants.STATX_DIOALIGN
/** Bit of `statx`: `stx_mnt_id`, as a number that is never reused (Linux 6.8). */
export const STATX_MNT_ID_UNIQUE: number = constants.STATX_MNT_ID_UNIQUE
/** Bit of `statx`: `stx_subvol` (Linux 6.10). */
export const STATX_SUBVOL: number = constants.STATX_SUBVOL
/**
 * Bit of `statx`: `stx_atomic_write_unit_min`, `stx_atomic_write_unit_max` and `stx_atomic_write_segments_max` (Linux
 * 6.11).
 */
export const STATX_WRITE_ATOMIC: number = constants.STATX_WRITE_ATOMIC
/** Bit of `statx`: `stx_dio_read_offset_align` (Linux 6.14). */
export const STATX_DIO_READ_ALIGN: number = constants.STATX_DIO_READ_ALIGN

/** Flag of `statx`: synchronise with a network file system as `stat` does; the default. */
export const AT_STATX_SYNC_AS_STAT: number = constants.AT_STATX_SYNC_AS_STAT
/** Flag of `statx`: force a synchronisation with the server of a network file system. */
export const AT_STATX_FORCE_SYNC: number = constants.AT_STATX_FORCE_SYNC
/** Flag of `statx`: cached values are acceptable. */
export const AT_STATX_DONT_SYNC: number = constants.AT_STATX_DONT_SYNC
/** Flag of `statx`: do not trigger an automount. */
export const AT_NO_AUTOMOUNT: number = constants.AT_NO_AUTOMOUNT
