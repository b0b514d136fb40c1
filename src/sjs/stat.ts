import { type Descriptor, descriptor } from '../os/arguments/descriptors.ts'
import { type FileName, fileName, type Path } from '../os/arguments/paths.ts'
import { statx } from '../os/files/status.ts'
import { STATX_BASIC_STATS, STATX_BTIME } from '../os/files/status_flags.ts'

/** The status of a file, as `stat` and `fstat` give it. */
export interface Stat {
  /** The device that the file is on. */
  dev: number
  /** File type and permissions: S_ISREG and kin, and S_IMODE, take them apart. */
  mode: number
  /** Number of hard links. */
  nlink: number
  uid: number
  gid: number
  /** The device that the file is, where it is one. */
  rdev: number
  /** The inode; a bigint where a number would be rounded, beyond 2^53. */
  ino: number | bigint
  /** Size in bytes. */
  size: number
  /** Size in bytes that reads and writes go best with. */
  blksize: number
  /** Blocks of 512 bytes that the file takes. */
  blocks: number
  /** 0: only macOS has them. */
  flags: number
  /** 0: only macOS has it. */
  gen: number
  /** The last access. */
  atime: Date
  /** The last change of the contents. */
  mtime: Date
  /** The last change of the metadata. */
  ctime: Date
  /** When the file was made; `ctime` where the file system does not keep it. */
  birthtime: Date
}

const PER_MILLISECOND = 1_000_000n

/** Rounded down, as a Date's own parts are: a file does not change in its future. */
function date(nanoseconds: bigint): Date {
  const rest = nanoseconds % PER_MILLISECOND
  const whole = nanoseconds / PER_MILLISECOND
  return new Date(Number(rest < 0n ? whole - 1n : whole))
}

function inode(ino: bigint): number | bigint {
  return ino <= Number.MAX_SAFE_INTEGER ? Number(ino) : ino
}

function statusOf(file: FileName | number): Stat {
  const status = statx(file, STATX_BASIC_STATS | STATX_BTIME)
  const ctime = status.stx_ctime_ns ?? 0n
  return {
    dev: status.stx_dev,
    // The kernel gives all but the time of birth for every file; the type of a field says only that it need not.
    mode: status.stx_mode ?? 0,
    nlink: status.stx_nlink ?? 0,
    uid: status.stx_uid ?? 0,
    gid: status.stx_gid ?? 0,
    rdev: status.stx_rdev,
    ino: inode(status.stx_ino ?? 0n),
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
 * statx(2): the status of a file; of what a symbolic link leads to.
 *
 * @param path the file
 * @returns the fields; times to the millisecond
 * @throws OSError as the system reports: FileNotFoundError, NotADirectoryError, PermissionError (a directory on the way
 *   may not be searched)
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
 * statx(2): the status of an open file.
 *
 * @param fd its descriptor
 * @returns the fields; times to the millisecond
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
