import { brand, isInstance } from '../copies.ts'
import { constants, structs } from '../libc/facts.ts'
import {
  bigUint64At,
  countAt,
  deviceNumber,
  type FROM_SCRATCH,
  timespecAt,
  toSeconds,
  uint16At,
  uint32At,
  uint64At,
} from './decoding.ts'
import { jsonFields } from './struct_sequence.ts'

const {
  stx_mask,
  stx_mode,
  stx_ino,
  stx_dev_major,
  stx_dev_minor,
  stx_nlink,
  stx_uid,
  stx_gid,
  stx_size,
  stx_atime,
  stx_mtime,
  stx_ctime,
  stx_btime,
  stx_blksize,
  stx_blocks,
  stx_rdev_major,
  stx_rdev_minor,
  stx_attributes,
  stx_attributes_mask,
  stx_mnt_id,
  stx_dio_mem_align,
  stx_dio_offset_align,
  stx_subvol,
  stx_atomic_write_unit_min,
  stx_atomic_write_unit_max,
  stx_atomic_write_segments_max,
  stx_dio_read_offset_align,
  stx_atomic_write_unit_max_opt,
} = structs.statx.offsets

const C = constants

/**
 * The extended status of a file, as `os.statx` returns it. A field that the kernel did not fill in is `null`. It is not
 * a sequence.
 *
 * See statx(2); Python 3.15, os.statx_result.
 * @example
 * ```ts
 * const status = os.statx('/etc/passwd', os.STATX_BASIC_STATS | os.STATX_BTIME)
 * status instanceof os.statx_result // => true
 * status.stx_nlink // => 1
 * ```
 */
export class statx_result {
  static {
    brand(statx_result, 'statx_result')
  }

  /** Whether a value is an instance of this class, or of the same class of another copy of this package. */
  static [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that was asked for may be a subclass
    return isInstance(this, value)
  }

  /** The fields that the kernel filled in: STATX_* bits, which may differ from the requested ones. */
  readonly stx_mask: number
  readonly stx_mode: number | null
  readonly stx_nlink: number | null
  readonly stx_uid: number | null
  readonly stx_gid: number | null
  readonly stx_ino: bigint | null
  /** The size in bytes, a bigint above 2^53. */
  readonly stx_size: number | bigint | null
  /** Blocks of 512 bytes, a bigint above 2^53. */
  readonly stx_blocks: number | bigint | null
  readonly stx_blksize: number
  readonly stx_atime_ns: bigint | null
  readonly stx_mtime_ns: bigint | null
  readonly stx_ctime_ns: bigint | null
  /** Nanoseconds since 1970 at the creation of the file. */
  readonly stx_btime_ns: bigint | null
  /** STATX_ATTR_* bits of the file, and in `stx_attributes_mask` those that its file system supports. */
  readonly stx_attributes: number
  readonly stx_attributes_mask: number
  readonly stx_dev: number | bigint
  readonly stx_dev_major: number
  readonly stx_dev_minor: number
  readonly stx_rdev: number | bigint
  readonly stx_rdev_major: number
  readonly stx_rdev_minor: number
  /** The id of the mount that contains the file (Linux 5.8). */
  readonly stx_mnt_id: bigint | null
  /** The required alignment of memory for direct I/O, in bytes (Linux 6.1). */
  readonly stx_dio_mem_align: number | null
  /** The required alignment of file offsets for direct I/O, in bytes (Linux 6.1). */
  readonly stx_dio_offset_align: number | null
  /** The id of the subvolume that contains the file (Linux 6.10). */
  readonly stx_subvol: bigint | null
  /** The limits in bytes of atomic (untorn) writes (Linux 6.11). */
  readonly stx_atomic_write_unit_min: number | null
  readonly stx_atomic_write_unit_max: number | null
  readonly stx_atomic_write_segments_max: number | null
  /** The size in bytes up to which atomic writes are fast (Linux 6.16). */
  readonly stx_atomic_write_unit_max_opt: number | null
  /** The required alignment of file offsets for direct reads, in bytes (Linux 6.14). */
  readonly stx_dio_read_offset_align: number | null

  constructor(_source: typeof FROM_SCRATCH) {
    const mask = uint32At(stx_mask)
    const given = <T>(bit: number, value: T): T | null => ((mask & bit) === 0 ? null : value)
    this.stx_mask = mask
    this.stx_mode = given(C.STATX_TYPE | C.STATX_MODE, uint16At(stx_mode))
    this.stx_nlink = given(C.STATX_NLINK, uint32At(stx_nlink))
    this.stx_uid = given(C.STATX_UID, uint32At(stx_uid))
    this.stx_gid = given(C.STATX_GID, uint32At(stx_gid))
    this.stx_ino = given(C.STATX_INO, bigUint64At(stx_ino))
    this.stx_size = given(C.STATX_SIZE, countAt(stx_size))
    this.stx_blocks = given(C.STATX_BLOCKS, countAt(stx_blocks))
    this.stx_blksize = uint32At(stx_blksize)
    this.stx_atime_ns = given(C.STATX_ATIME, timespecAt(stx_atime))
    this.stx_mtime_ns = given(C.STATX_MTIME, timespecAt(stx_mtime))
    this.stx_ctime_ns = given(C.STATX_CTIME, timespecAt(stx_ctime))
    this.stx_btime_ns = given(C.STATX_BTIME, timespecAt(stx_btime))
    this.stx_attributes = uint64At(stx_attributes)
    this.stx_attributes_mask = uint64At(stx_attributes_mask)
    this.stx_dev_major = uint32At(stx_dev_major)
    this.stx_dev_minor = uint32At(stx_dev_minor)
    this.stx_dev = deviceNumber(this.stx_dev_major, this.stx_dev_minor)
    this.stx_rdev_major = uint32At(stx_rdev_major)
    this.stx_rdev_minor = uint32At(stx_rdev_minor)
    this.stx_rdev = deviceNumber(this.stx_rdev_major, this.stx_rdev_minor)
    this.stx_mnt_id = given(C.STATX_MNT_ID, bigUint64At(stx_mnt_id))
    this.stx_dio_mem_align = given(C.STATX_DIOALIGN, uint32At(stx_dio_mem_align))
    this.stx_dio_offset_align = given(C.STATX_DIOALIGN, uint32At(stx_dio_offset_align))
    this.stx_subvol = given(C.STATX_SUBVOL, bigUint64At(stx_subvol))
    this.stx_atomic_write_unit_min = given(C.STATX_WRITE_ATOMIC, uint32At(stx_atomic_write_unit_min))
    this.stx_atomic_write_unit_max = given(C.STATX_WRITE_ATOMIC, uint32At(stx_atomic_write_unit_max))
    this.stx_atomic_write_segments_max = given(C.STATX_WRITE_ATOMIC, uint32At(stx_atomic_write_segments_max))
    this.stx_atomic_write_unit_max_opt = given(C.STATX_WRITE_ATOMIC, uint32At(stx_atomic_write_unit_max_opt))
    this.stx_dio_read_offset_align = given(C.STATX_DIO_READ_ALIGN, uint32At(stx_dio_read_offset_align))
  }

  /** Returns the fields, each bigint as a decimal string: `JSON.stringify` calls it. */
  toJSON(): Record<string, unknown> {
    return jsonFields(this)
  }

  /** Seconds since 1970 at the last access. */
  get stx_atime(): number | null {
    return this.stx_atime_ns === null ? null : toSeconds(this.stx_atime_ns)
  }

  /** Seconds since 1970 at the last change of the contents. */
  get stx_mtime(): number | null {
    return this.stx_mtime_ns === null ? null : toSeconds(this.stx_mtime_ns)
  }

  /** Seconds since 1970 at the last change of the file's metadata. */
  get stx_ctime(): number | null {
    return this.stx_ctime_ns === null ? null : toSeconds(this.stx_ctime_ns)
  }

  /** Seconds since 1970 at the creation of the file. */
  get stx_btime(): number | null {
    return this.stx_btime_ns === null ? null : toSeconds(this.stx_btime_ns)
  }
}
