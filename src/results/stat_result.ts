import { brand } from '../copies.ts'
import { structs } from '../libc/facts.ts'
import {
  bigInt64At,
  bigUint64At,
  type Count,
  countAt,
  exactCount,
  type Fields,
  farTimespecAt,
  type Mutable,
  NANOSECONDS,
  nanosecondsOf,
  toSeconds,
  uint32At,
  wholeSeconds,
} from './decoding.ts'
import { items, StructSequence } from './struct_sequence.ts'

const {
  st_mode,
  st_ino,
  st_dev,
  st_nlink,
  st_uid,
  st_gid,
  st_size,
  st_atim,
  st_mtim,
  st_ctim,
  st_blksize,
  st_blocks,
  st_rdev,
} = structs.stat.offsets

/** The items of `stat_result`; the times in seconds. */
type StatItems = readonly [
  ...[mode: number, ino: bigint, dev: Count, nlink: number, uid: number, gid: number, size: Count],
  ...[atime: number, mtime: number, ctime: number],
]

/**
 * The status of a file, as `os.stat`, `os.lstat` and `os.fstat` return it.
 *
 * It is also a sequence of ten items: mode, inode, device, links, uid, gid, size, and the whole seconds of the last
 * access, modification and change. The other fields are not part of the sequence.
 *
 * See stat(2), inode(7); Python, os.stat_result.
 * @example
 * ```ts
 * const status = os.stat('/etc/passwd')
 * status instanceof os.stat_result // => true
 * const [mode, inode] = status // in the order of Python's tuple
 * mode === status.st_mode && inode === status.st_ino // => true
 * JSON.parse(JSON.stringify(status)).st_ino // => String(inode)
 * ```
 */
export class stat_result extends StructSequence<StatItems> {
  static {
    brand(stat_result, 'stat_result')
  }

  /** Type and permissions: the functions of `osier/stat`, such as `S_ISDIR` and `S_IMODE`, decode it. */
  declare readonly st_mode: number
  /** The inode number: with `st_dev` it identifies the file. A bigint, because file systems use all 64 bits of it. */
  declare readonly st_ino: bigint
  /** The device that the file is on; `os.major` and `os.minor` decode it. A bigint above 2^53. */
  declare readonly st_dev: number | bigint
  /** The number of hard links. */
  declare readonly st_nlink: number
  /** The owner. */
  declare readonly st_uid: number
  /** The group. */
  declare readonly st_gid: number
  /** The size in bytes; for a symbolic link, the length of its text. A bigint above 2^53. */
  declare readonly st_size: number | bigint
  /** Nanoseconds since 1970 at the last access. */
  declare readonly st_atime_ns: bigint
  /** Nanoseconds since 1970 at the last change of the contents. */
  declare readonly st_mtime_ns: bigint
  /** Nanoseconds since 1970 at the last change of the file's metadata. */
  declare readonly st_ctime_ns: bigint
  /** The preferred block size for reading and writing, in bytes. */
  declare readonly st_blksize: number
  /**
   * The number of allocated blocks of 512 bytes: less than `st_size / 512` if the file has holes. A bigint above 2^53.
   */
  declare readonly st_blocks: number | bigint
  /** The device that a device file represents. A bigint above 2^53. */
  declare readonly st_rdev: number | bigint

  /**
   * @param sequence ten to nineteen items: the ten of the sequence, then access, modification and change time in
   *   seconds, the same in nanoseconds, `st_blksize`, `st_blocks`, `st_rdev`; these three are 0 if they are missing
   */
  constructor(sequence: Iterable<number | bigint | undefined>) {
    super()
    Object.assign(this, statFields(sequence))
  }

  /** Seconds since 1970 at the last access, accurate to about 200 ns only: `st_atime_ns` is exact. */
  get st_atime(): number {
    return toSeconds(this.st_atime_ns)
  }

  /** Seconds since 1970 at the last change of the contents. */
  get st_mtime(): number {
    return toSeconds(this.st_mtime_ns)
  }

  /** Seconds since 1970 at the last change of the file's metadata. */
  get st_ctime(): number {
    return toSeconds(this.st_ctime_ns)
  }

  override toArray(): [...StatItems] {
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

/** Reads the fields from a sequence. */
function statFields(sequence: Iterable<number | bigint | undefined>): Fields<stat_result> {
  const list = items<number | bigint | undefined>(sequence, 'stat_result', 10, 19)
  const number = (at: number): number => Number(list[at] ?? 0)
  const time = (at: number): bigint => BigInt(list[at + 6] ?? nanosecondsOf(list[at + 3] ?? list[at] ?? 0))
  return {
    st_mode: number(0),
    st_ino: BigInt(list[1] ?? 0),
    st_dev: exactCount(list[2] ?? 0),
    st_nlink: number(3),
    st_uid: number(4),
    st_gid: number(5),
    st_size: exactCount(list[6] ?? 0),
    st_atime_ns: time(7),
    st_mtime_ns: time(8),
    st_ctime_ns: time(9),
    st_blksize: number(16),
    st_blocks: exactCount(list[17] ?? 0),
    st_rdev: exactCount(list[18] ?? 0),
  }
}

/**
 * Constructs a stat_result from its fields, with the prototype of the class. The constructor of the class takes a
 * sequence, and an array for it would double the time of `os.stat`. A constructor that read the fields itself would be
 * slower too, because V8 needs no write barriers if all values exist before the object is allocated
 * (docs/performance.md).
 */
function StatResult(
  this: Mutable<Fields<stat_result>>,
  mode: number,
  ino: bigint,
  dev: Count,
  nlink: number,
  uid: number,
  gid: number,
  size: Count,
  atime: bigint,
  mtime: bigint,
  ctime: bigint,
  blksize: number,
  blocks: Count,
  rdev: Count,
): void {
  this.st_mode = mode
  this.st_ino = ino
  this.st_dev = dev
  this.st_nlink = nlink
  this.st_uid = uid
  this.st_gid = gid
  this.st_size = size
  this.st_atime_ns = atime
  this.st_mtime_ns = mtime
  this.st_ctime_ns = ctime
  this.st_blksize = blksize
  this.st_blocks = blocks
  this.st_rdev = rdev
}
StatResult.prototype = stat_result.prototype

/**
 * Returns the stat_result of the `struct stat` at the start of the scratch memory. The width of `st_nlink` and
 * `st_blksize` differs between platforms; their low half is always sufficient.
 *
 * The code is written out so that its bytecode is longer than 460 bytes, the limit up to which V8 inlines a function
 * (`max_inlined_bytecode_size` in src/flags/flag-definitions.h). A shorter function would be inlined into its callers
 * and exhaust their inlining budget (docs/performance.md).
 */
export function statResult(): stat_result {
  return new (StatResult as unknown as new (...fields: Parameters<typeof StatResult>) => stat_result)(
    uint32At(st_mode),
    bigUint64At(st_ino),
    uint32At(st_dev + 4) === 0 ? uint32At(st_dev) : countAt(st_dev),
    uint32At(st_nlink),
    uint32At(st_uid),
    uint32At(st_gid),
    uint32At(st_size + 4) === 0 ? uint32At(st_size) : countAt(st_size),
    uint32At(st_atim + 4) < 2
      ? BigInt.asIntN(64, bigInt64At(st_atim) * NANOSECONDS + BigInt(uint32At(st_atim + 8)))
      : farTimespecAt(st_atim),
    uint32At(st_mtim + 4) < 2
      ? BigInt.asIntN(64, bigInt64At(st_mtim) * NANOSECONDS + BigInt(uint32At(st_mtim + 8)))
      : farTimespecAt(st_mtim),
    uint32At(st_ctim + 4) < 2
      ? BigInt.asIntN(64, bigInt64At(st_ctim) * NANOSECONDS + BigInt(uint32At(st_ctim + 8)))
      : farTimespecAt(st_ctim),
    uint32At(st_blksize),
    uint32At(st_blocks + 4) === 0 ? uint32At(st_blocks) : countAt(st_blocks),
    uint32At(st_rdev + 4) === 0 ? uint32At(st_rdev) : countAt(st_rdev),
  )
}
