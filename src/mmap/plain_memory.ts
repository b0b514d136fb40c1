import { constants } from '../libc/facts.ts'
import { libc } from '../libc/functions.ts'
import { fstat } from '../os/files/status.ts'
import { PAGESIZE } from './constants.ts'
import type { Mapping } from './memory.ts'

/** Which memory can always be accessed, and so may be given away as an ArrayBuffer. */

const { F_GET_SEALS, F_SEAL_SHRINK, MAP_ANONYMOUS, MAP_LOCKED, MAP_NONBLOCK, MAP_NORESERVE, MAP_POPULATE } = constants
const { MAP_PRIVATE, MAP_SHARED, MAP_STACK, PROT_READ, PROT_WRITE } = constants

/** Flags under which memory without a file, or that of a sealed file, can always be accessed. */
const PLAIN_FLAGS =
  MAP_SHARED |
  MAP_PRIVATE |
  MAP_ANONYMOUS |
  MAP_NORESERVE |
  MAP_POPULATE |
  MAP_LOCKED |
  MAP_NONBLOCK |
  MAP_STACK |
  (constants.MAP_32BIT ?? 0)

/** Advice after which memory can still be accessed, in this process and in children of `fork`. */
const PLAIN_ADVICE: readonly number[] = [
  constants.MADV_NORMAL,
  constants.MADV_RANDOM,
  constants.MADV_SEQUENTIAL,
  constants.MADV_WILLNEED,
  constants.MADV_DONTNEED,
  constants.MADV_FREE,
  constants.MADV_REMOVE,
  constants.MADV_DOFORK,
  constants.MADV_MERGEABLE,
  constants.MADV_UNMERGEABLE,
  constants.MADV_HUGEPAGE,
  constants.MADV_NOHUGEPAGE,
  constants.MADV_DONTDUMP,
  constants.MADV_DODUMP,
  constants.MADV_WIPEONFORK,
  constants.MADV_KEEPONFORK,
  constants.MADV_COLD,
  constants.MADV_PAGEOUT,
  constants.MADV_POPULATE_READ,
  constants.MADV_POPULATE_WRITE,
]

/** Whether memory stays accessible after advice. */
export function isPlainAdvice(option: number): boolean {
  return PLAIN_ADVICE.includes(option)
}

/** Whether every byte can be read and written as long as it is mapped, in this process and in its children. */
export function isPlain({ fd, size }: Mapping, flags: number, prot: number, offset: number): boolean {
  const isWritable = (prot & (PROT_READ | PROT_WRITE)) === (PROT_READ | PROT_WRITE)
  if (!isWritable || (flags & ~PLAIN_FLAGS) !== 0) return false
  if (flags & MAP_ANONYMOUS) return true
  if (fd === -1) return false
  const seals = libc.fcntl(fd, F_GET_SEALS, 0)
  if (seals === -1 || (seals & F_SEAL_SHRINK) === 0) return false
  const { st_blksize, st_size } = fstat(fd)
  // Huge pages may be lacking when they are needed.
  return st_blksize === PAGESIZE && offset + size <= st_size
}
