import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { type FileName, fileName, type Path } from '../os/arguments/paths.ts'
import { statx } from '../os/files/status.ts'
import { STATX_BASIC_STATS, STATX_BTIME } from '../os/files/status_flags.ts'
import { exactCount } from '../results/decoding.ts'

/** The status of a file, as `stat` and `fstat` return it. */
export interface Stat {
  /** The device that the file is on; a bigint above 2^53. */
  dev: number | bigint
  /** File type and permissions: `S_ISREG`, `S_IMODE` and the other functions decode them. */
  mode: number
  /** Number of hard links. */
  nlink: number
  uid: number
  gid: number
  /** The device that a device file represents; a bigint above 2^53. */
  rdev: number | bigint
  /** The inode number; a bigint above 2^53. */
  ino: number | bigint
  /** Size in bytes; a bigint above 2^53. */
  size: number | bigint
  /** The preferred block size for reading and writing, in bytes. */
  blksize: number
  /** The number of allocated blocks of 512 bytes; a bigint above 2^53. */
  blocks: number | bigint
  /** 0: only macOS has flags. */
  flags: number
  /** 0: only macOS has a generation number. */
  gen: number
  /** The last access. */
  atime: Date
  /** The last change of the contents. */
  mtime: Date
  /** The last change of the metadata. */
  ctime: Date
  /** The creation of the file; `ctime` if the file system does not record it. */
  birthtime: Date
}

const PER_MILLISECOND = 1_000_000n

/** Rounds down, so that the result is never later than the change of the file. */
function date(nanoseconds: bigint): Date {
  const rest = nanoseconds % PER_MILLISECOND
  const whole = nanoseconds / PER_MILLISECOND
  return new Date(Number(rest < 0n ? whole - 1n : whole))
}

function statusOf(file: FileName | number): Stat {
  const status = statx(file, STATX_BASIC_STATS | STATX_BTIME)
  const ctime = status.stx_ctime_ns ?? 0n
  return {
    dev: status.stx_dev,
    // The kernel returns all fields but the creation time for every file; only the types allow null.
    mode: status.stx_mode ?? 0,
    nlink: status.stx_nlink ?? 0,
    uid: status.stx_uid ?? 0,
    gid: status.stx_gid ?? 0,
    rdev: status.stx_rdev,
    ino: exactCount(status.stx_ino ?? 0n),
    size: status.stx_size ?? 0,
    blksize: status.stx_blksize,
    blocks: status.stx_blocks ?? 0,
    flags: 0,
    gen: 0,
    atime: date(status.stx_atime_ns ?? 0n),
    mtime: date(status.stx_mtime_ns ?? 0n),
    ctime: date(ctime),
    birthtime: date(status.stx_btime_ns ?? ctime),
  }
}

/**
 * statx(2): returns the status of a file; symbolic links are followed.
 *
 * @param path the file
 * @returns the fields; times have millisecond precision
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError (a directory of the
 *   path may not be searched)
 *
 * Availability: Linux 4.11. See stat(2); sjs, os.stat.
 * @example
 * ```ts
 * const { size, mtime } = os.stat('/etc/passwd')
 * size > 0 && mtime instanceof Date // => true
 * ```
 */
export function stat(path: Path): Stat {
  return statusOf(fileName(path, 'path'))
}

/**
 * statx(2): returns the status of an open file.
 *
 * @param fd its descriptor
 * @returns the fields; times have millisecond precision
 * @throws OSError EBADF if it is not open
 *
 * Availability: Linux 4.11. See fstat(2); sjs, os.fstat.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', 'r')
 * os.fstat(fd).ino // => os.stat('/etc/passwd').ino
 * os.close(fd)
 * ```
 */
export function fstat(fd: Descriptor): Stat {
  return statusOf(descriptor(fd, 'fd'))
}
