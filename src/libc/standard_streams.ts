import { isMainThread } from 'node:worker_threads'
import { constants, structs } from './facts.ts'
import { addressOf, ownMemory } from './memory.ts'

/**
 * The files of the descriptors 0, 1 and 2 when the C library was opened. A program may close them, and then the kernel
 * reuses these numbers for other files: the number alone does not identify a standard stream.
 */

type CFunction = (...args: unknown[]) => unknown

/** Finds a C function by its prototype. */
export type Bind = (prototype: string) => CFunction

export const STANDARD_STREAMS: readonly number[] = [0, 1, 2]

const { AT_EMPTY_PATH, STATX_INO, F_GETFD, F_SETFD, FD_CLOEXEC } = constants
const { offsets, size } = structs.statx

// Memory of this module alone: a caller may be using the scratch memory.
const memory = ownMemory(size)
const address = addressOf(memory)

let statx: CFunction | undefined

/** The file of each standard stream; null where it was closed. */
const files: (string | null)[] = []

/**
 * The file that a descriptor refers to, by its device and inode. A terminal that is opened a second time is the same
 * file. null where the descriptor is closed, or the system does not report it.
 */
export function fileAt(fd: number): string | null {
  if (statx?.(fd, '', AT_EMPTY_PATH, STATX_INO, address) !== 0) return null
  const major = memory.readUInt32LE(offsets.stx_dev_major)
  const minor = memory.readUInt32LE(offsets.stx_dev_minor)
  return `${major}:${minor}:${memory.readBigUInt64LE(offsets.stx_ino)}`
}

/** Whether a descriptor from 0 to 2 is still the file that it was when the C library was opened. */
export function isStandardStream(fd: number): boolean {
  return files[fd] === fileAt(fd)
}

/** Called when the C library is opened, before any other call of it. `bind` finds its functions. */
export function noteStandardStreams(bind: Bind): void {
  statx = bind('int statx(int, const char *, int, unsigned int, uintptr_t)')
  for (const fd of STANDARD_STREAMS) files[fd] = fileAt(fd)
}

/**
 * Node sets FD_CLOEXEC on descriptors 0 to 2 when it starts, so a child that is created without Node's functions would
 * find them closed. Other languages leave them inheritable, and so does osier.
 *
 * A worker may be the first thread to open the C library. If one stream is inheritable then, another thread has done
 * this meanwhile, and a descriptor that is close-on-exec now was opened, or made so, by the program.
 */
export function makeStandardStreamsInheritable(bind: Bind): void {
  const fcntl = bind('int fcntl(int, int, long)')
  const flags = STANDARD_STREAMS.map((fd) => Number(fcntl(fd, F_GETFD, 0)))
  if (!isMainThread && flags.includes(0)) return
  for (const fd of STANDARD_STREAMS) if (flags[fd] === FD_CLOEXEC) fcntl(fd, F_SETFD, 0)
}
