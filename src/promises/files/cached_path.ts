import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type CString, has, libc } from '../../libc/functions.ts'
import { addressOf, ownMemory } from '../../libc/memory.ts'

/**
 * Opening paths that are in the kernel's caches, without waiting for a disk or a server. With O_PATH no file system and
 * no lease is asked, and with RESOLVE_CACHED the kernel refuses what it does not know.
 */

const { O_CLOEXEC, O_PATH, RESOLVE_CACHED } = constants
const { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } = errnoNumbers
const HOW = structs.open_how

/** Errors of the path itself. Others, such as EAGAIN and EMFILE, say nothing about the file. */
export const ERRORS_OF_PATHS: ReadonlySet<number> = new Set([EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR])

/** Whether the system has the call. Kernels before Linux 5.12 refuse RESOLVE_CACHED. */
export function canOpenCached(): boolean {
  return has('openat2')
}

/** The argument of openat2(2) for `openCached`, with further flags. It belongs to the calling module for good. */
export function cachedHow(flags: number): number {
  const how = ownMemory(HOW.size)
  how.writeBigUInt64LE(BigInt(O_PATH | O_CLOEXEC | flags), HOW.offsets.flags)
  // The constant may be missing on other systems, where this module is loaded but not used.
  how.writeBigUInt64LE(BigInt(RESOLVE_CACHED | 0), HOW.offsets.resolve)
  return addressOf(how)
}

/** Opens a path, or returns -1: see ERRORS_OF_PATHS. */
export function openCached(at: number, path: CString, how: number): number {
  return libc.openat2(at, path, how, HOW.size)
}
