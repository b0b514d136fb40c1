import { brand } from '../copies.ts'
import { structs } from '../libc/facts.ts'
import { bigUint64At, type Count, countAt, exactCount, FROM_SCRATCH, uint64At } from './decoding.ts'
import { items, StructSequence } from './struct_sequence.ts'

const V = structs.statvfs.offsets

/** The items of `statvfs_result`. */
type StatvfsItems = readonly [
  ...[bsize: number, frsize: number, blocks: Count, bfree: Count, bavail: Count],
  ...[files: Count, ffree: Count, favail: Count, flag: number, namemax: number],
]

/**
 * The status of a file system, as `os.statvfs` and `os.fstatvfs` return it. It is also a sequence of ten items: all
 * fields except `f_fsid`. A count of blocks or inodes is a bigint if it is above 2^53.
 *
 * See statvfs(3); Python, os.statvfs.
 * @example
 * ```ts
 * const { f_blocks, f_bfree } = os.statvfs('/')
 * f_blocks >= f_bfree // => true
 * ```
 */
export class statvfs_result extends StructSequence<StatvfsItems> {
  static {
    brand(statvfs_result, 'statvfs_result')
  }

  /** The preferred block size for reading and writing, in bytes. */
  readonly f_bsize: number
  /** The fragment size in bytes: the unit of the next three fields. */
  readonly f_frsize: number
  /** The size of the file system, in units of `f_frsize`. */
  readonly f_blocks: number | bigint
  /** Free blocks. */
  readonly f_bfree: number | bigint
  /** Free blocks for unprivileged users. */
  readonly f_bavail: number | bigint
  /** Inodes. */
  readonly f_files: number | bigint
  /** Free inodes. */
  readonly f_ffree: number | bigint
  /** Free inodes for unprivileged users. */
  readonly f_favail: number | bigint
  /** Mount flags: a combination of ST_*. */
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
    const count = (index: number): Count => exactCount(list[index] ?? 0)
    this.f_bsize = field(0)
    this.f_frsize = field(1)
    this.f_blocks = count(2)
    this.f_bfree = count(3)
    this.f_bavail = count(4)
    this.f_files = count(5)
    this.f_ffree = count(6)
    this.f_favail = count(7)
    this.f_flag = field(8)
    this.f_namemax = field(9)
    this.f_fsid = BigInt(list[10] ?? 0)
  }

  override toArray(): [...StatvfsItems] {
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
    countAt(V.f_blocks),
    countAt(V.f_bfree),
    countAt(V.f_bavail),
    countAt(V.f_files),
    countAt(V.f_ffree),
    countAt(V.f_favail),
    field('f_flag'),
    field('f_namemax'),
    bigUint64At(V.f_fsid),
  ]
}
