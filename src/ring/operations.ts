import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { type Int64, libc, type Prototypes } from '../libc/functions.ts'
import type { Slot } from './memory.ts'
import { openat } from './opening.ts'
import { type Operation, putNextString, putString } from './operation.ts'
import type { Ring } from './ring.ts'
import { statFromStatx } from './stat_from_statx.ts'

/**
 * The C functions that io_uring has an operation for. Each is submitted with the arguments that the function would get
 * on the thread pool: addresses in scratch memory have been replaced by those of the slot.
 */

const { AT_NO_AUTOMOUNT, IORING_FSYNC_DATASYNC, SEEK_CUR, STATX_BASIC_STATS } = constants

/**
 * Whether a call is made at an offset of a file that has offsets. The kernel would read a pipe from its beginning instead
 * of refusing the call.
 */
function isAtOffset(fd: number, offset: Int64): boolean {
  return offset >= 0 && libc.lseek(fd, 0, SEEK_CUR) !== -1
}

/** Where statx writes, when the caller expects a `struct stat` at the start of the data area. */
const STATX = 512

type Table = { readonly [Name in keyof Prototypes]?: Operation }

type Args<Name extends keyof Prototypes> = Parameters<Prototypes[Name]>

function operation<Name extends keyof Prototypes>(
  code: number | undefined,
  add: (ring: Ring, code: number, slot: Slot, args: Args<Name>) => void,
  more: {
    readonly data?: number
    takes?(args: Args<Name>): boolean
    convert?(slot: Slot): void
    differs?(errno: number): boolean
  } = {},
): Operation {
  return { code, add, ...more } as unknown as Operation
}

const { EOPNOTSUPP } = errnoNumbers
const op = constants

export const operations: Table = {
  openat,
  close: operation<'close'>(op.IORING_OP_CLOSE, (ring, code, slot, [fd]) => {
    ring.add(code, slot.index, fd, 0, 0, 0, 0)
  }),
  fstatat: operation<'fstatat'>(
    op.IORING_OP_STATX,
    (ring, code, slot, [at, path, , flags]) => {
      const all = flags | AT_NO_AUTOMOUNT
      ring.add(code, slot.index, at, putString(slot, path), STATX_BASIC_STATS, slot.address + STATX, all)
    },
    { data: STATX + structs.statx.size, convert: ({ words }) => statFromStatx(words, 0, STATX >> 2) },
  ),
  statx: operation<'statx'>(
    op.IORING_OP_STATX,
    (ring, code, slot, [at, path, flags, mask, out]) => {
      ring.add(code, slot.index, at, putString(slot, path), mask, out, flags)
    },
    { data: structs.statx.size },
  ),
  preadv2: operation<'preadv2'>(
    op.IORING_OP_READV,
    (ring, code, slot, [fd, vectors, count, offset, , flags]) => {
      ring.add(code, slot.index, fd, vectors, count, offset, flags)
    },
    // -1 stands for the position of the file, or for a file that has none.
    { takes: ([fd, , , offset]) => offset === -1 || isAtOffset(fd, offset) },
  ),
  pwritev2: operation<'pwritev2'>(
    op.IORING_OP_WRITEV,
    (ring, code, slot, [fd, vectors, count, offset, , flags]) => {
      ring.add(code, slot.index, fd, vectors, count, offset, flags)
    },
    // -1 stands for the position of the file, or for a file that has none.
    { takes: ([fd, , , offset]) => offset === -1 || isAtOffset(fd, offset) },
  ),
  // An offset of -1 would mean the position of the file here.
  pread: operation<'pread'>(
    op.IORING_OP_READ,
    (ring, code, slot, [fd, out, size, offset]) => ring.add(code, slot.index, fd, out, size, offset, 0),
    { takes: ([fd, , , offset]) => isAtOffset(fd, offset) },
  ),
  pwriteFrom: operation<'pwriteFrom'>(
    op.IORING_OP_WRITE,
    (ring, code, slot, [fd, data, size, offset]) => ring.add(code, slot.index, fd, data, size, offset, 0),
    { takes: ([fd, , , offset]) => isAtOffset(fd, offset) },
  ),
  fsync: operation<'fsync'>(op.IORING_OP_FSYNC, (ring, code, slot, [fd]) => {
    ring.add(code, slot.index, fd, 0, 0, 0, 0)
  }),
  fdatasync: operation<'fdatasync'>(op.IORING_OP_FSYNC, (ring, code, slot, [fd]) => {
    ring.add(code, slot.index, fd, 0, 0, 0, IORING_FSYNC_DATASYNC)
  }),
  ftruncate: operation<'ftruncate'>(op.IORING_OP_FTRUNCATE, (ring, code, slot, [fd, length]) => {
    ring.add(code, slot.index, fd, 0, 0, length, 0)
  }),
  // The C library writes zeros where the file system has no such operation.
  posix_fallocate: operation<'posix_fallocate'>(
    op.IORING_OP_FALLOCATE,
    (ring, code, slot, [fd, offset, size]) => ring.add(code, slot.index, fd, Number(size), 0, offset, 0),
    { takes: ([, , size]) => size >= 0, differs: (errno) => errno === EOPNOTSUPP },
  ),
  // The length of an entry has 32 bits.
  posix_fadvise: operation<'posix_fadvise'>(
    op.IORING_OP_FADVISE,
    (ring, code, slot, [fd, offset, size, advice]) => ring.add(code, slot.index, fd, 0, Number(size), offset, advice),
    { takes: ([, , size]) => size >= 0 && size < 2 ** 31 },
  ),
  renameat: operation<'renameat'>(op.IORING_OP_RENAMEAT, (ring, code, slot, [from, src, to, dst]) => {
    const old = putString(slot, src)
    ring.add(code, slot.index, from, old, to, putNextString(slot, dst), 0)
  }),
  linkat: operation<'linkat'>(op.IORING_OP_LINKAT, (ring, code, slot, [from, src, to, dst, flags]) => {
    const old = putString(slot, src)
    ring.add(code, slot.index, from, old, to, putNextString(slot, dst), flags)
  }),
  symlinkat: operation<'symlinkat'>(op.IORING_OP_SYMLINKAT, (ring, code, slot, [target, at, path]) => {
    const text = putString(slot, target)
    ring.add(code, slot.index, at, text, 0, putNextString(slot, path), 0)
  }),
  unlinkat: operation<'unlinkat'>(op.IORING_OP_UNLINKAT, (ring, code, slot, [at, path, flags]) => {
    ring.add(code, slot.index, at, putString(slot, path), 0, 0, flags)
  }),
  mkdirat: operation<'mkdirat'>(op.IORING_OP_MKDIRAT, (ring, code, slot, [at, path, mode]) => {
    ring.add(code, slot.index, at, putString(slot, path), mode, 0, 0)
  }),
  getxattr: operation<'getxattr'>(op.IORING_OP_GETXATTR, (ring, code, slot, [path, name, out, size]) => {
    const file = putString(slot, path)
    ring.add(code, slot.index, 0, putNextString(slot, name), size, out, 0, file)
  }),
  fgetxattr: operation<'fgetxattr'>(op.IORING_OP_FGETXATTR, (ring, code, slot, [fd, name, out, size]) => {
    ring.add(code, slot.index, fd, putString(slot, name), size, out, 0)
  }),
  setxattr: operation<'setxattr'>(op.IORING_OP_SETXATTR, (ring, code, slot, [path, name, value, size, flags]) => {
    const file = putString(slot, path)
    const attribute = putNextString(slot, name)
    ring.add(code, slot.index, 0, attribute, size, putNextString(slot, value), flags, file)
  }),
  fsetxattr: operation<'fsetxattr'>(op.IORING_OP_FSETXATTR, (ring, code, slot, [fd, name, value, size, flags]) => {
    const attribute = putString(slot, name)
    ring.add(code, slot.index, fd, attribute, size, putNextString(slot, value), flags)
  }),
}
