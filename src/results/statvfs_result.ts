import { structs } from '../libc/facts.ts'
import { bigUint64At, FROM_SCRATCH, uint64At } from './decoding.ts'
import { items, StructSequence } from './struct_sequence.ts'

const V = structs.statvfs.offsets

/**
 * The status of a file system, as `os.statvfs` and `os.fstatvfs` return it. It is also a sequence of ten items: all
 * fields except `f_fsid`.
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
  /** The size of the file system, in units of `f_frsize`. */
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
