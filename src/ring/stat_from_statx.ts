import { structs } from '../libc/facts.ts'

/** The word of 32 bits that each field of a struct begins at. */
type Words<Field extends string> = Readonly<Record<Field, number>>

function words<Field extends string>(offsets: Readonly<Record<Field, number>>): Words<Field> {
  return Object.fromEntries(
    Object.entries<number>(offsets).map(([field, offset]) => [field, offset >> 2]),
  ) as Words<Field>
}

const X = words(structs.statx.offsets)
const S = words(structs.stat.offsets)
/** Which fields of `struct stat` have 64 bits depends on the processor. */
const HAS_LONG_LINKS = structs.stat.sizes.st_nlink === 8
const HAS_LONG_BLOCKSIZE = structs.stat.sizes.st_blksize === 8

/**
 * Makes a `struct stat` of a `struct statx`, so that results are decoded in one way, however they came.
 *
 * @param memory words of 32 bits
 * @param stat where the `struct stat` is written, in words
 * @param statx where the `struct statx` is; the two must not overlap
 */
export function statFromStatx(memory: Uint32Array, stat: number, statx: number): void {
  memory[stat + S.st_dev] = device(memory[statx + X.stx_dev_major] as number, memory[statx + X.stx_dev_minor] as number)
  memory[stat + S.st_dev + 1] = 0
  copyLong(memory, stat + S.st_ino, statx + X.stx_ino)
  // The mode has 16 bits.
  memory[stat + S.st_mode] = (memory[statx + X.stx_mode] as number) & 0xffff
  memory[stat + S.st_nlink] = memory[statx + X.stx_nlink] as number
  if (HAS_LONG_LINKS) memory[stat + S.st_nlink + 1] = 0
  memory[stat + S.st_uid] = memory[statx + X.stx_uid] as number
  memory[stat + S.st_gid] = memory[statx + X.stx_gid] as number
  memory[stat + S.st_rdev] = device(
    memory[statx + X.stx_rdev_major] as number,
    memory[statx + X.stx_rdev_minor] as number,
  )
  memory[stat + S.st_rdev + 1] = 0
  copyLong(memory, stat + S.st_size, statx + X.stx_size)
  memory[stat + S.st_blksize] = memory[statx + X.stx_blksize] as number
  if (HAS_LONG_BLOCKSIZE) memory[stat + S.st_blksize + 1] = 0
  copyLong(memory, stat + S.st_blocks, statx + X.stx_blocks)
  copyTime(memory, stat + S.st_atim, statx + X.stx_atime)
  copyTime(memory, stat + S.st_mtim, statx + X.stx_mtime)
  copyTime(memory, stat + S.st_ctim, statx + X.stx_ctime)
}

function copyLong(memory: Uint32Array, to: number, from: number): void {
  memory[to] = memory[from] as number
  memory[to + 1] = memory[from + 1] as number
}

/** Of a `struct statx_timestamp`, whose nanoseconds have 32 bits, to a `struct timespec`. */
function copyTime(memory: Uint32Array, to: number, from: number): void {
  copyLong(memory, to, from)
  memory[to + 2] = memory[from + 2] as number
  memory[to + 3] = 0
}

/** The number of a device, as the kernel puts it into `struct stat`; its majors have twelve bits. */
function device(major: number, minor: number): number {
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)
}
