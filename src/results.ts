import { outOfRange } from './errors.ts'
import { constants, structs } from './libc/facts.ts'
import { bytes } from './libc/memory.ts'
import { items, StructSequence } from './struct_sequence.ts'

/**
 * Tells the constructor of a result to read what C has just written at the start of the scratch memory. Decoding there,
 * with nothing in between, makes `os.stat` three times faster than going through an array of fields.
 */
export const FROM_SCRATCH: unique symbol = Symbol('from scratch memory')

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
const NANOSECONDS = 1_000_000_000n

// Scratch memory, through constants of this module: V8's compiler knows those, while each access through an import
// costs more. It makes `os.stat` 40 ns faster.
const u16 = new Uint16Array(bytes.buffer)
const u32 = new Uint32Array(bytes.buffer)
const i64 = new BigInt64Array(bytes.buffer)
const u64 = new BigUint64Array(bytes.buffer)

const uint16At = (offset: number): number => u16[offset >> 1] as number
const uint32At = (offset: number): number => u32[offset >> 2] as number
const bigInt64At = (offset: number): bigint => i64[offset >> 3] as bigint
const bigUint64At = (offset: number): bigint => u64[offset >> 3] as bigint

/** A 64-bit integer as a number: RangeError where a number cannot hold it exactly. */
function uint64At(offset: number): number {
  const value = uint32At(offset + 4) * 0x1_0000_0000 + uint32At(offset)
  if (value > Number.MAX_SAFE_INTEGER) throw outOfRange('result', 'below 2^53 to be a number', bigUint64At(offset))
  return value
}

/**
 * A timespec, in nanoseconds. V8 computes it in machine registers only because the whole is cut to 64 bits; otherwise
 * every step makes a bigint. So it is cut where nothing is lost: where the seconds have 33 bits, which is until 2242.
 */
function timespecAt(offset: number): bigint {
  return uint32At(offset + 4) < 2
    ? BigInt.asIntN(64, bigInt64At(offset) * NANOSECONDS + BigInt(uint32At(offset + 8)))
    : farTimespecAt(offset)
}

/**
 * The same for all times. In nanoseconds they have more than 64 bits from the year 2262 on, and file systems know years
 * up to 2446, 2486 and beyond.
 */
function farTimespecAt(offset: number): bigint {
  return bigInt64At(offset) * NANOSECONDS + BigInt(uint32At(offset + 8))
}

/**
 * The device number of a major and a minor number, in the layout of Linux's C libraries.
 *
 * @throws RangeError where a number cannot hold it exactly (a major number from 2 097 152 on)
 */
export function deviceNumber(major: number, minor: number): number {
  const low = ((major & 0xfff) << 8) | (minor & 0xff)
  if (major < 0x1000 && minor < 0x1000) return low + ((minor & 0xf00) << 12)
  // By arithmetic, since JavaScript's shifts end at 32 bits and the high parts lie beyond.
  const device = (major >>> 12) * 2 ** 44 + (minor >>> 8) * 2 ** 20 + low
  if (Number.isSafeInteger(device)) return device
  throw outOfRange('major', 'such that the device number stays below 2^53', major)
}

/** Seconds with a fraction, of nanoseconds, rounded as CPython rounds them. */
function inSeconds(nanoseconds: bigint): number {
  return wholeSeconds(nanoseconds) + 1e-9 * Number(fraction(nanoseconds))
}

/** The second that a time is in: never of `inSeconds`, which is the next one where the fraction is close to it. */
function wholeSeconds(nanoseconds: bigint): number {
  return Number((nanoseconds - fraction(nanoseconds)) / NANOSECONDS)
}

/** Nanoseconds since the last full second. */
function fraction(nanoseconds: bigint): bigint {
  return ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
}

/** The own fields of a result, without what its class computes of them. */
type Fields<Result> = Omit<Result, 'st_atime' | 'st_mtime' | 'st_ctime' | keyof StructSequence<unknown>>
type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/**
 * The status of a file, as `os.stat`, `os.lstat` and `os.fstat` return it.
 *
 * As a sequence it has ten items: mode, inode, device, links, uid, gid, size, and the whole seconds of the last access,
 * modification and change. The other fields have a name only.
 *
 * See stat(2), inode(7); Python, os.stat_result.
 * @example
 * ```ts
 * const status = os.stat('/etc/passwd')
 * status instanceof os.stat_result // => true
 * const [mode, inode] = status // in the order of Python's tuple
 * mode === status.st_mode && inode === status.st_ino // => true
 * ```
 */
export class stat_result extends StructSequence<number | bigint | undefined> {
  /** Type and permissions: `stat.S_ISDIR`, `stat.S_IMODE` and kin take it apart. */
  declare readonly st_mode: number
  /** The inode number: with `st_dev` it identifies the file. */
  declare readonly st_ino: bigint
  /** The device that the file is on; `os.major` and `os.minor` take it apart. */
  declare readonly st_dev: number
  /** The number of hard links. */
  declare readonly st_nlink: number
  /** The owner. */
  declare readonly st_uid: number
  /** The group. */
  declare readonly st_gid: number
  /** The size in bytes: of a symbolic link, that of its text. */
  declare readonly st_size: number
  /** Nanoseconds since 1970 at the last access. */
  declare readonly st_atime_ns: bigint
  /** Nanoseconds since 1970 at the last change of the contents. */
  declare readonly st_mtime_ns: bigint
  /** Nanoseconds since 1970 at the last change of the file's metadata. */
  declare readonly st_ctime_ns: bigint
  /** The preferred block size for reading and writing, in bytes. Undefined where the sequence given did not have it. */
  declare readonly st_blksize: number | undefined
  /** How many blocks of 512 bytes the file takes: less than `st_size / 512` where it has holes. */
  declare readonly st_blocks: number | undefined
  /** The device that a device file stands for. */
  declare readonly st_rdev: number | undefined

  /**
   * @param sequence ten to nineteen items: the ten of the sequence, then access, modification and change time in
   *   seconds, the same in nanoseconds, `st_blksize`, `st_blocks`, `st_rdev`
   */
  constructor(sequence: Iterable<number | bigint | undefined>) {
    super()
    Object.assign(this, statFields(sequence))
  }

  /** Seconds since 1970 at the last access, accurate to about 200 ns only: `st_atime_ns` is exact. */
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

/** The fields of a sequence that a program gives. */
function statFields(sequence: Iterable<number | bigint | undefined>): Fields<stat_result> {
  const list = items<number | bigint | undefined>(sequence, 'stat_result', 10, 19)
  const number = (at: number): number => Number(list[at] ?? 0)
  const time = (at: number): bigint => BigInt(list[at + 6] ?? nanosecondsOf(list[at + 3] ?? list[at] ?? 0))
  const [st_blksize, st_blocks, st_rdev] = list.slice(16).map(Number)
  return {
    st_mode: number(0),
    st_ino: BigInt(list[1] ?? 0),
    st_dev: number(2),
    st_nlink: number(3),
    st_uid: number(4),
    st_gid: number(5),
    st_size: number(6),
    st_atime_ns: time(7),
    st_mtime_ns: time(8),
    st_ctime_ns: time(9),
    st_blksize,
    st_blocks,
    st_rdev,
  }
}

/**
 * Makes a stat_result of its fields, with the class's own prototype. The class's constructor takes a sequence, and an
 * array made for it would double the cost of `os.stat`; one that read the fields itself would cost 50 ns more than
 * this, because V8 needs no write barriers where it has all values before the object.
 */
function Status(
  this: Mutable<Fields<stat_result>>,
  mode: number,
  ino: bigint,
  dev: number,
  nlink: number,
  uid: number,
  gid: number,
  size: number,
  atime: bigint,
  mtime: bigint,
  ctime: bigint,
  blksize: number,
  blocks: number,
  rdev: number,
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
Status.prototype = stat_result.prototype

/**
 * The stat_result of the `struct stat` that C has just written to the start of scratch memory. Of `st_nlink` and
 * `st_blksize`, whose width differs from platform to platform, the low half always does.
 *
 * V8 compiles this as a function of its own only because its bytecode is longer than 460 bytes, which is why everything
 * is written out. A shorter one would be dissolved in its callers, whose inlining budget ends in the middle of it:
 * `os.stat` was 60 ns slower so.
 */
export function statResult(): stat_result {
  return new (Status as unknown as new (...fields: Parameters<typeof Status>) => stat_result)(
    uint32At(st_mode),
    bigUint64At(st_ino),
    uint32At(st_dev + 4) === 0 ? uint32At(st_dev) : uint64At(st_dev),
    uint32At(st_nlink),
    uint32At(st_uid),
    uint32At(st_gid),
    uint32At(st_size + 4) === 0 ? uint32At(st_size) : uint64At(st_size),
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
    uint32At(st_blocks + 4) === 0 ? uint32At(st_blocks) : uint64At(st_blocks),
    uint32At(st_rdev + 4) === 0 ? uint32At(st_rdev) : uint64At(st_rdev),
  )
}

function nanosecondsOf(seconds: number | bigint): bigint {
  if (typeof seconds === 'bigint') return seconds * NANOSECONDS
  const whole = Math.floor(seconds)
  return BigInt(whole) * NANOSECONDS + BigInt(Math.round((seconds - whole) * 1e9))
}

const V = structs.statvfs.offsets

/**
 * The status of a file system, as `os.statvfs` and `os.fstatvfs` return it. As a sequence it has ten items: all fields
 * but `f_fsid`.
 *
 * See statvfs(3); Python, os.statvfs.
 * @example
 * ```ts
 * const { f_blocks, f_bfree } = os.statvfs('/')
 * f_blocks >= f_bfree // => true
 * ```
 */
export class statvfs_result extends StructSequence<number> {
  /** The preferred block size for reading and writing, in bytes. */
  readonly f_bsize: number
  /** The fragment size in bytes: the unit of the next three fields. */
  readonly f_frsize: number
  /** Size of the file system, in units of `f_frsize`. */
  readonly f_blocks: number
  /** Free blocks. */
  readonly f_bfree: number
  /** Free blocks for unprivileged users. */
  readonly f_bavail: number
  /** Inodes. */
  readonly f_files: number
  /** Free inodes. */
  readonly f_ffree: number
  /** Free inodes for unprivileged users. */
  readonly f_favail: number
  /** Mount flags: ST_RDONLY and kin. */
  readonly f_flag: number
  /** The maximum length of a file name, in bytes. */
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
  const field = (name: keyof typeof V): number => uint64At(V[name])
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
    bigUint64At(V.f_fsid),
  ]
}

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
  /** When the file was created. */
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
  /** Bytes up to which such writes are fast (Linux 6.16). */
  readonly stx_atomic_write_unit_max_opt: number | null
  /** Bytes that file offsets for direct reading must be aligned to (Linux 6.14). */
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
    this.stx_size = given(C.STATX_SIZE, uint64At(stx_size))
    this.stx_blocks = given(C.STATX_BLOCKS, uint64At(stx_blocks))
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

  /** Seconds since 1970 when the file was created. */
  get stx_btime(): number | null {
    return this.stx_btime_ns === null ? null : inSeconds(this.stx_btime_ns)
  }
}

/**
 * What identifies the system, as `os.uname` returns it. As a sequence it has five items, in the order of the fields.
 *
 * See uname(2); Python, os.uname_result.
 * @example
 * ```ts
 * const [sysname] = os.uname()
 * sysname // => os.uname().sysname
 * ```
 */
export class uname_result extends StructSequence<string> {
  /** The operating system: 'Linux'. */
  readonly sysname: string
  /** The machine's name on the network. */
  readonly nodename: string
  /** The kernel's release, such as '6.1.0'. */
  readonly release: string
  /** The version of that release: its build. */
  readonly version: string
  /** The hardware identifier, such as 'x86_64'. */
  readonly machine: string

  /** @param sequence five items, in the order of the fields */
  constructor(sequence: Iterable<string>) {
    super()
    const [sysname = '', nodename = '', release = '', version = '', machine = ''] = items<string>(
      sequence,
      'uname_result',
      5,
      5,
    )
    this.sysname = sysname
    this.nodename = nodename
    this.release = release
    this.version = version
    this.machine = machine
  }

  override toArray(): string[] {
    return [this.sysname, this.nodename, this.release, this.version, this.machine]
  }
}

/**
 * Times in seconds, as `os.times` returns them: CPU time, but for `elapsed`. As a sequence it has five items, in the
 * order of the fields.
 *
 * See times(2); Python, os.times_result.
 * @example
 * ```ts
 * os.times() instanceof os.times_result // => true
 * ```
 */
export class times_result extends StructSequence<number> {
  /** User time of the process. */
  readonly user: number
  /** System time of the process. */
  readonly system: number
  /** User time of the children that have ended and been waited for. */
  readonly children_user: number
  /** System time of those children. */
  readonly children_system: number
  /** Real time since a moment in the past that stays the same while the system runs. */
  readonly elapsed: number

  /** @param sequence five items, in the order of the fields */
  constructor(sequence: Iterable<number>) {
    super()
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0, elapsed = 0] = items<number>(
      sequence,
      'times_result',
      5,
      5,
    )
    this.user = user
    this.system = system
    this.children_user = childrenUser
    this.children_system = childrenSystem
    this.elapsed = elapsed
  }

  override toArray(): number[] {
    return [this.user, this.system, this.children_user, this.children_system, this.elapsed]
  }
}
