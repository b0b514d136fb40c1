import { constants } from '../libc/facts.ts'
import { sysconf } from '../os/system/information.ts'

/** The constants of Python's `mmap` module. */

const C = constants

/** Access: what `flags` and `prot` say. */
export const ACCESS_DEFAULT: number = 0
/** Access: reading. */
export const ACCESS_READ: number = 1
/** Access: reading, and writing to the file. */
export const ACCESS_WRITE: number = 2
/** Access: reading, and writing to memory of this process alone (copy on write). */
export const ACCESS_COPY: number = 3
/** The size of a memory page, in bytes. */
export const PAGESIZE: number = sysconf('SC_PAGESIZE')
/** Offsets in files must be a multiple of this, in bytes. */
export const ALLOCATIONGRANULARITY: number = PAGESIZE

/** Protection: memory can be read. */
export const PROT_READ: number = C.PROT_READ
/** Protection: memory can be written. */
export const PROT_WRITE: number = C.PROT_WRITE
/** Protection: memory can be executed. */
export const PROT_EXEC: number = C.PROT_EXEC
/** Flag: changes go to the file, and to other processes with the same mapping. */
export const MAP_SHARED: number = C.MAP_SHARED
/** Flag: changes stay in this process. */
export const MAP_PRIVATE: number = C.MAP_PRIVATE
/** Flag: memory without a file. */
export const MAP_ANON: number = C.MAP_ANON
/** Flag: another name of MAP_ANON. */
export const MAP_ANONYMOUS: number = C.MAP_ANONYMOUS
/** Flag: ignored by Linux. */
export const MAP_DENYWRITE: number = C.MAP_DENYWRITE
/** Flag: ignored by Linux. */
export const MAP_EXECUTABLE: number = C.MAP_EXECUTABLE
/** Flag: no swap space is reserved. */
export const MAP_NORESERVE: number = C.MAP_NORESERVE
/** Flag: the pages are read at once. */
export const MAP_POPULATE: number = C.MAP_POPULATE
/** Flag: memory for a stack; ignored by Linux. */
export const MAP_STACK: number = C.MAP_STACK
/** Advice: none, the default. */
export const MADV_NORMAL: number = C.MADV_NORMAL
/** Advice: pages are needed in random order. */
export const MADV_RANDOM: number = C.MADV_RANDOM
/** Advice: pages are needed in order. */
export const MADV_SEQUENTIAL: number = C.MADV_SEQUENTIAL
/** Advice: pages are needed soon. */
export const MADV_WILLNEED: number = C.MADV_WILLNEED
/** Advice: pages are not needed. Those of private memory are lost. */
export const MADV_DONTNEED: number = C.MADV_DONTNEED
/** Advice: pages are not needed, and are lost when memory is short. Availability: Linux 4.5. */
export const MADV_FREE: number = C.MADV_FREE
/** Advice: pages are lost, and their place in the file too. */
export const MADV_REMOVE: number = C.MADV_REMOVE
/** Advice: children do not get the mapping. */
export const MADV_DONTFORK: number = C.MADV_DONTFORK
/** Advice: undoes MADV_DONTFORK. */
export const MADV_DOFORK: number = C.MADV_DOFORK
/** Advice: treats a page as broken memory. */
export const MADV_HWPOISON: number = C.MADV_HWPOISON
/** Advice: equal pages may be merged. */
export const MADV_MERGEABLE: number = C.MADV_MERGEABLE
/** Advice: undoes MADV_MERGEABLE. */
export const MADV_UNMERGEABLE: number = C.MADV_UNMERGEABLE
/** Advice: huge pages may be used. */
export const MADV_HUGEPAGE: number = C.MADV_HUGEPAGE
/** Advice: huge pages are not used. */
export const MADV_NOHUGEPAGE: number = C.MADV_NOHUGEPAGE
/** Advice: the memory is left out of core files. Availability: Linux 3.4. */
export const MADV_DONTDUMP: number = C.MADV_DONTDUMP
/** Advice: undoes MADV_DONTDUMP. Availability: Linux 3.4. */
export const MADV_DODUMP: number = C.MADV_DODUMP
/** Flag: an address below 2 GiB. Availability: x86-64. */
export const MAP_32BIT: number | undefined = C.MAP_32BIT
/** Advice of FreeBSD. */
export const MADV_AUTOSYNC: number | undefined = undefined
/** Advice of FreeBSD. */
export const MADV_CORE: number | undefined = undefined
/** Advice of FreeBSD. */
export const MADV_NOCORE: number | undefined = undefined
/** Advice of FreeBSD. */
export const MADV_NOSYNC: number | undefined = undefined
/** Advice of FreeBSD. */
export const MADV_PROTECT: number | undefined = undefined
/** Advice of macOS. */
export const MADV_FREE_REUSABLE: number | undefined = undefined
/** Advice of macOS. */
export const MADV_FREE_REUSE: number | undefined = undefined
/** Flag of FreeBSD. */
export const MAP_ALIGNED_SUPER: number | undefined = undefined
/** Flag of OpenBSD. */
export const MAP_CONCEAL: number | undefined = undefined
/** Flag of macOS. */
export const MAP_HASSEMAPHORE: number | undefined = undefined
/** Flag of macOS. */
export const MAP_JIT: number | undefined = undefined
/** Flag of macOS. */
export const MAP_NOCACHE: number | undefined = undefined
/** Flag of macOS. */
export const MAP_NOEXTEND: number | undefined = undefined
/** Flag of macOS. */
export const MAP_RESILIENT_CODESIGN: number | undefined = undefined
/** Flag of macOS. */
export const MAP_RESILIENT_MEDIA: number | undefined = undefined
/** Flag of macOS. */
export const MAP_TPRO: number | undefined = undefined
/** Flag of macOS. */
export const MAP_TRANSLATED_ALLOW_EXECUTE: number | undefined = undefined
/** Flag of macOS. */
export const MAP_UNIX03: number | undefined = undefined
