import { badValue, outOfRange, wrongType } from './errors.ts'
import { constants, structs } from './libc/facts.ts'
import { i64, u16, u32, u64, uint64At } from './libc/memory.ts'

/**
 * A result with named fields that is also a sequence, as Python's struct sequences are: `const [a, b] = result`,
 * `result[0]`, `result.length`, and each field by name.
 */
export abstract class StructSequence<T> implements Iterable<T> {
  readonly [index: number]: T

  /** The sequence, in the documented order, without the fields that have a name only. */
  abstract toArray(): T[]

  get length(): number {
    return this.toArray().length
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.toArray()[Symbol.iterator]()
  }
}

// The longest sequence has 19 items; an index past the end of a shorter one is undefined, as in an array.
for (let index = 0; index < 19; index++) {
  Object.defineProperty(StructSequence.prototype, index, {
    get(this: StructSequence<unknown>): unknown {
      return this.toArray()[index]
    },
  })
}

/** The items that a result class is constructed from, when a program makes one itself. */
export function items<T>(sequence: unknown, name: string, least: number, most: number): T[] {
  if (typeof sequence !== 'object' || sequence === null || !(Symbol.iterator in sequence)) {
    throw wrongType('sequence', 'an iterable', sequence)
  }
  const list = [...(sequence as Iterable<T>)]
  if (list.length >= least && list.length <= most) return list
  throw badValue('sequence', `must have ${least === most ? least : `${least} to ${most}`} items for a ${name}`, list)
}

/**
 * Tells the constructor of a result to read what C has just written at the start of the scratch memory. Decoding there,
 * with nothing in between, makes `os.stat` three times faster than going through an array of fields.
 */
export const FROM_SCRATCH: unique symbol = Symbol('from scratch memory')

const S = structs.statx.offsets
const NANOSECONDS = 1_000_000_000n

/**
 * The device number of a major and a minor number, in the layout of Linux's C libraries.
 *
 * @throws RangeError where a number cannot hold it exactly (a major number from 2 097 152 on)
 */
export function deviceNumber(major: number, minor: number): number {
  // By arithmetic, since JavaScript's shifts end at 32 bits and the high parts lie beyond.
  const low = ((major & 0xfff) << 8) | (minor & 0xff)
  const device = (major >>> 12) * 2 ** 44 + (minor >>> 8) * 2 ** 20 + low
  if (Number.isSafeInteger(device)) return device
  throw outOfRange('major', 'such that the device number stays below 2^53', major)
}

/** Seconds with a fraction, of nanoseconds, rounded as CPython rounds them. */
function inSeconds(nanoseconds: bigint): number {
  const rest = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
  return Number((nanoseconds - rest) / NANOSECONDS) + 1e-9 * Number(rest)
}

function wholeSeconds(nanoseconds: bigint): number {
  return Math.floor(inSeconds(nanoseconds))
}

/**
 * The nanoseconds of a C timestamp at this place in scratch memory. V8 does this in machine registers only as long as
 * the whole expression is cut to 64 bits.
 */
function timestampAt(offset: number): bigint {
  return BigInt.asIntN(64, (i64[offset >> 3] ?? 0n) * NANOSECONDS + BigInt(u32[(offset >> 2) + 2] ?? 0))
}

/**
 * What `os.stat` tells of a file.
 *
 * As a sequence it has ten items: mode, inode, device, links, uid, gid, size, and the whole seconds of the last access,
 * modification and change. The other fields have a name only.
 *
 * See stat(2), inode(7); Python, os.stat_result.
 */
export class stat_result extends StructSequence<number | bigint | undefined> {
  /** Type and permissions: `stat.S_ISDIR`, `stat.S_IMODE` and kin take it apart. */
  readonly st_mode: number
  /** The inode number: with `st_dev` it identifies the file. */
  readonly st_ino: bigint
  /** The device that the file is on; `os.major` and `os.minor` take it apart. */
  readonly st_dev: number
  /** How many hard links there are. */
  readonly st_nlink: number
  /** The owner. */
  readonly st_uid: number
  /** The group. */
  readonly st_gid: number
  /** Bytes: a file's length, or that of a symbolic link's text. */
  readonly st_size: number
  /** Nanoseconds since 1970 at the last access. */
  readonly st_atime_ns: bigint
  /** Nanoseconds since 1970 at the last change of the contents. */
  readonly st_mtime_ns: bigint
  /** Nanoseconds since 1970 at the last change of the file's metadata. */
  readonly st_ctime_ns: bigint
  /** Bytes in a block that is good for reading and writing. Absent where the sequence given did not have it. */
  readonly st_blksize: number | undefined
  /** How many blocks of 512 bytes the file takes: less than `st_size / 512` where it has holes. */
  readonly st_blocks: number | undefined
  /** The device that a device file stands for. */
  readonly st_rdev: number | undefined

  /**
   * @param sequence ten to nineteen items: the ten of the sequence, then access, modification and change time in
   *   seconds, the same in nanoseconds, `st_blksize`, `st_blocks`, `st_rdev`
   */
  constructor(sequence: Iterable<number | bigint | undefined> | typeof FROM_SCRATCH) {
    super()
    if (sequence === FROM_SCRATCH) {
      this.st_mode = u16[S.stx_mode >> 1] ?? 0
      this.st_ino = u64[S.stx_ino >> 3] ?? 0n
      this.st_dev = deviceNumber(u32[S.stx_dev_major >> 2] ?? 0, u32[S.stx_dev_minor >> 2] ?? 0)
      this.st_nlink = u32[S.stx_nlink >> 2] ?? 0
      this.st_uid = u32[S.stx_uid >> 2] ?? 0
      this.st_gid = u32[S.stx_gid >> 2] ?? 0
      this.st_size = uint64At(S.stx_size, 'st_size')
      this.st_atime_ns = timestampAt(S.stx_atime)
      this.st_mtime_ns = timestampAt(S.stx_mtime)
      this.st_ctime_ns = timestampAt(S.stx_ctime)
      this.st_blksize = u32[S.stx_blksize >> 2] ?? 0
      this.st_blocks = uint64At(S.stx_blocks, 'st_blocks')
      this.st_rdev = deviceNumber(u32[S.stx_rdev_major >> 2] ?? 0, u32[S.stx_rdev_minor >> 2] ?? 0)
      return
    }
    const list = items<number | bigint | undefined>(sequence, 'stat_result', 10, 19)
    const time = (at: number): bigint => BigInt(list[at + 6] ?? nanosecondsOf(list[at + 3] ?? list[at] ?? 0))
    this.st_mode = Number(list[0])
    this.st_ino = BigInt(list[1] ?? 0)
    this.st_dev = Number(list[2])
    this.st_nlink = Number(list[3])
    this.st_uid = Number(list[4])
    this.st_gid = Number(list[5])
    this.st_size = Number(list[6])
    this.st_atime_ns = time(7)
    this.st_mtime_ns = time(8)
    this.st_ctime_ns = time(9)
    this.st_blksize = optionalNumber(list[16])
    this.st_blocks = optionalNumber(list[17])
    this.st_rdev = optionalNumber(list[18])
  }

  /** Seconds since 1970 at the last access, with a fraction of about 200 ns: `st_atime_ns` is exact. */
  get st_atime(): number {
    return inSeconds(this.st_atime_ns)
  }

  /** Seconds since 1970 at the last change of the contents. */
  get st_mtime(): number {
    return inSeconds(this.st_mtime_ns)
  }

  /** Seconds since 1970 at the last change of the file's metadata. */
  get st_ctime(): number {
    return inSeconds(this.st_ctime_ns)
  }

  override toArray(): (number | bigint)[] {
    return [
      this.st_mode,
      this.st_ino,
      this.st_dev,
      this.st_nlink,
      this.st_uid,
      this.st_gid,
      this.st_size,
      wholeSeconds(this.st_atime_ns),
      wholeSeconds(this.st_mtime_ns),
      wholeSeconds(this.st_ctime_ns),
    ]
  }
}

function nanosecondsOf(seconds: number | bigint): bigint {
  if (typeof seconds === 'bigint') return seconds * NANOSECONDS
  const whole = Math.floor(seconds)
  return BigInt(whole) * NANOSECONDS + BigInt(Math.round((seconds - whole) * 1e9))
}

function optionalNumber(value: number | bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

const V = structs.statvfs.offsets

/**
 * What `os.statvfs` tells of a file system. As a sequence it has ten items: all fields but `f_fsid`.
 *
 * See statvfs(3); Python, os.statvfs.
 */
export class statvfs_result extends StructSequence<number> {
  /** Bytes in a block that is good for reading and writing. */
  readonly f_bsize: number
  /** Bytes in the unit that the next three count. */
  readonly f_frsize: number
  /** Size of the file system, in units of `f_frsize`. */
  readonly f_blocks: number
  /** Free blocks. */
  readonly f_bfree: number
  /** Free blocks for those who are not privileged. */
  readonly f_bavail: number
  /** Inodes. */
  readonly f_files: number
  /** Free inodes. */
  readonly f_ffree: number
  /** Free inodes for those who are not privileged. */
  readonly f_favail: number
  /** Mount flags: ST_RDONLY and kin. */
  readonly f_flag: number
  /** Bytes in the longest file name. */
  readonly f_namemax: number
  /** The file system's id: 64 bits. */
  readonly f_fsid: bigint

  /** @param sequence ten or eleven items, in the order of the fields */
  constructor(sequence: Iterable<number | bigint> | typeof FROM_SCRATCH) {
    super()
    const list =
      sequence === FROM_SCRATCH ? statvfsFields() : items<number | bigint>(sequence, 'statvfs_result', 10, 11)
    const field = (index: number): number => Number(list[index])
    this.f_bsize = field(0)
    this.f_frsize = field(1)
    this.f_blocks = field(2)
    this.f_bfree = field(3)
    this.f_bavail = field(4)
    this.f_files = field(5)
    this.f_ffree = field(6)
    this.f_favail = field(7)
    this.f_flag = field(8)
    this.f_namemax = field(9)
    this.f_fsid = BigInt(list[10] ?? 0)
  }

  override toArray(): number[] {
    return [
      this.f_bsize,
      this.f_frsize,
      this.f_blocks,
      this.f_bfree,
      this.f_bavail,
      this.f_files,
      this.f_ffree,
      this.f_favail,
      this.f_flag,
      this.f_namemax,
    ]
  }
}

function statvfsFields(): (number | bigint)[] {
  const field = (name: keyof typeof V): number => uint64At(V[name], name)
  return [
    field('f_bsize'),
    field('f_frsize'),
    field('f_blocks'),
    field('f_bfree'),
    field('f_bavail'),
    field('f_files'),
    field('f_ffree'),
    field('f_favail'),
    field('f_flag'),
    field('f_namemax'),
    u64[V.f_fsid >> 3] ?? 0n,
  ]
}

const C = constants

/** The fields of a statx_result, each with the mask bit that says whether the kernel filled it in (0: it always does). */

/**
 * What `os.statx` tells of a file: more than `stat_result`, each field `null` where the kernel did not give it. It is no
 * sequence.
 *
 * See statx(2); Python 3.15, os.statx_result.
 */
export class statx_result {
  /** Which fields the kernel filled in: STATX_* bits, perhaps others than were asked for. */
  readonly stx_mask: number
  readonly stx_mode: number | null
  readonly stx_nlink: number | null
  readonly stx_uid: number | null
  readonly stx_gid: number | null
  readonly stx_ino: bigint | null
  readonly stx_size: number | null
  /** Blocks of 512 bytes. */
  readonly stx_blocks: number | null
  readonly stx_blksize: number
  readonly stx_atime_ns: bigint | null
  readonly stx_mtime_ns: bigint | null
  readonly stx_ctime_ns: bigint | null
  /** When the file was made. */
  readonly stx_btime_ns: bigint | null
  /** STATX_ATTR_* bits of the file, and in `stx_attributes_mask` those that its file system knows. */
  readonly stx_attributes: number
  readonly stx_attributes_mask: number
  readonly stx_dev: number
  readonly stx_dev_major: number
  readonly stx_dev_minor: number
  readonly stx_rdev: number
  readonly stx_rdev_major: number
  readonly stx_rdev_minor: number
  /** The mount that the file is on (Linux 5.8). */
  readonly stx_mnt_id: bigint | null
  /** Bytes that memory for direct I/O must be aligned to (Linux 6.1). */
  readonly stx_dio_mem_align: number | null
  /** Bytes that file offsets for direct I/O must be aligned to (Linux 6.1). */
  readonly stx_dio_offset_align: number | null
  /** The subvolume that the file is on (Linux 6.10). */
  readonly stx_subvol: bigint | null
  /** Bounds in bytes of writes that are never torn (Linux 6.11). */
  readonly stx_atomic_write_unit_min: number | null
  readonly stx_atomic_write_unit_max: number | null
  readonly stx_atomic_write_segments_max: number | null

  constructor(_source: typeof FROM_SCRATCH) {
    const mask = word(S.stx_mask)
    const given = <T>(bit: number, value: T): T | null => ((mask & bit) === 0 ? null : value)
    this.stx_mask = mask
    this.stx_mode = given(C.STATX_TYPE | C.STATX_MODE, u16[S.stx_mode >> 1] ?? 0)
    this.stx_nlink = given(C.STATX_NLINK, word(S.stx_nlink))
    this.stx_uid = given(C.STATX_UID, word(S.stx_uid))
    this.stx_gid = given(C.STATX_GID, word(S.stx_gid))
    this.stx_ino = given(C.STATX_INO, u64[S.stx_ino >> 3] ?? 0n)
    this.stx_size = given(C.STATX_SIZE, uint64At(S.stx_size, 'stx_size'))
    this.stx_blocks = given(C.STATX_BLOCKS, uint64At(S.stx_blocks, 'stx_blocks'))
    this.stx_blksize = word(S.stx_blksize)
    this.stx_atime_ns = given(C.STATX_ATIME, timestampAt(S.stx_atime))
    this.stx_mtime_ns = given(C.STATX_MTIME, timestampAt(S.stx_mtime))
    this.stx_ctime_ns = given(C.STATX_CTIME, timestampAt(S.stx_ctime))
    this.stx_btime_ns = given(C.STATX_BTIME, timestampAt(S.stx_btime))
    this.stx_attributes = uint64At(S.stx_attributes, 'stx_attributes')
    this.stx_attributes_mask = uint64At(S.stx_attributes_mask, 'stx_attributes_mask')
    this.stx_dev_major = word(S.stx_dev_major)
    this.stx_dev_minor = word(S.stx_dev_minor)
    this.stx_dev = deviceNumber(this.stx_dev_major, this.stx_dev_minor)
    this.stx_rdev_major = word(S.stx_rdev_major)
    this.stx_rdev_minor = word(S.stx_rdev_minor)
    this.stx_rdev = deviceNumber(this.stx_rdev_major, this.stx_rdev_minor)
    this.stx_mnt_id = given(C.STATX_MNT_ID, u64[S.stx_mnt_id >> 3] ?? 0n)
    this.stx_dio_mem_align = given(C.STATX_DIOALIGN, word(S.stx_dio_mem_align))
    this.stx_dio_offset_align = given(C.STATX_DIOALIGN, word(S.stx_dio_offset_align))
    this.stx_subvol = given(C.STATX_SUBVOL, u64[S.stx_subvol >> 3] ?? 0n)
    this.stx_atomic_write_unit_min = given(C.STATX_WRITE_ATOMIC, word(S.stx_atomic_write_unit_min))
    this.stx_atomic_write_unit_max = given(C.STATX_WRITE_ATOMIC, word(S.stx_atomic_write_unit_max))
    this.stx_atomic_write_segments_max = given(C.STATX_WRITE_ATOMIC, word(S.stx_atomic_write_segments_max))
  }

  /** Seconds since 1970 at the last access. */
  get stx_atime(): number | null {
    return this.stx_atime_ns === null ? null : inSeconds(this.stx_atime_ns)
  }

  /** Seconds since 1970 at the last change of the contents. */
  get stx_mtime(): number | null {
    return this.stx_mtime_ns === null ? null : inSeconds(this.stx_mtime_ns)
  }

  /** Seconds since 1970 at the last change of the file's metadata. */
  get stx_ctime(): number | null {
    return this.stx_ctime_ns === null ? null : inSeconds(this.stx_ctime_ns)
  }

  /** Seconds since 1970 when the file was made. */
  get stx_btime(): number | null {
    return this.stx_btime_ns === null ? null : inSeconds(this.stx_btime_ns)
  }
}

function word(offset: number): number {
  return u32[offset >> 2] ?? 0
}
