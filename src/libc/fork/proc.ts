import { failed, lastErrno, osError } from '../call.ts'
import { constants, errnoNumbers, structs } from '../facts.ts'
import { libc } from '../functions.ts'
import { SCRATCH_SIZE, scratch, scratchAddress } from '../memory.ts'

/**
 * Reads /proc with osier's own calls, which between the steps of a fork take half the time of the `fs` functions. EACCES is
 * reported where /proc belongs to root, as it does after a program of root has changed its user.
 */

const { AT_FDCWD, O_RDONLY, O_CLOEXEC, STATX_NLINK, STATX_SIZE } = constants
const { EINTR, ENOENT, ESRCH } = errnoNumbers

const DOT = 0x2e

export function openProc(path: string): number {
  let fd: number
  while ((fd = libc.open(path, O_RDONLY | O_CLOEXEC)) === -1) failed('fork', path)
  return fd
}

/** More than the size of any file about a thread. */
const line = Buffer.allocUnsafeSlow(4096)

/** The content of a file about a thread; '' where the thread has ended. */
export function readProc(path: string): string {
  let fd = -1
  try {
    fd = openProc(path)
    return readLine(fd)
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  } finally {
    if (fd !== -1) libc.close(fd)
  }
}

/** The content of an open file about a thread, from its start. */
export function readLine(fd: number): string {
  return line.toString('latin1', 0, readFrom(fd, line, 0))
}

/**
 * Reads into memory, at an offset of the file, or at its current position.
 *
 * @returns how many bytes; 0 where the file belongs to a thread that has ended
 */
export function readFrom(fd: number, into: Uint8Array, at: number | null): number {
  for (;;) {
    const size = at === null ? libc.readInto(fd, into, into.length) : libc.preadInto(fd, into, into.length, at)
    if (size !== -1) return size
    const errno = lastErrno()
    if (errno === ESRCH) return 0
    if (errno !== EINTR) throw osError(errno, 'fork')
  }
}

const { d_reclen, d_name } = structs.dirent64.offsets

/**
 * The ids of a process's threads, the oldest first; none where the process has ended.
 *
 * This is the order in which the kernel lists them. Node sorts names as text, which breaks the order when ids gain a
 * digit ("10" < "9").
 */
export function threadsOf(process: number | 'self'): string[] {
  const folder = `/proc/${process}/task`
  let fd = -1
  try {
    fd = openProc(folder)
    const threads: string[] = []
    for (let size = readEntries(fd); size > 0; size = readEntries(fd)) addThreads(threads, size)
    return threads
  } catch (error) {
    if (isGone(error)) return []
    throw error
  } finally {
    if (fd !== -1) libc.close(fd)
  }
}

/** Reads some entries into scratch memory, and returns their size. */
function readEntries(fd: number): number {
  const size = Number(libc.getdents64(fd, scratchAddress, SCRATCH_SIZE))
  if (size === -1) throw osError(lastErrno(), 'fork')
  return size
}

function addThreads(threads: string[], size: number): void {
  for (let entry = 0; entry < size; entry += scratch.readUInt16LE(entry + d_reclen)) {
    const start = entry + d_name
    if (scratch[start] !== DOT) threads.push(scratch.toString('latin1', start, scratch.indexOf(0, start)))
  }
}

const { stx_nlink, stx_size } = structs.statx.offsets

/** The number of links of a directory; 0 where it is unknown. */
export function linksOf(folder: string): number {
  return libc.statx(AT_FDCWD, folder, 0, STATX_NLINK, scratchAddress) === 0 ? scratch.readUInt32LE(stx_nlink) : 0
}

/** The number of open descriptors; 0 where it is unknown: before Linux 6.2. */
export function openDescriptors(): number {
  return libc.statx(AT_FDCWD, '/proc/self/fd', 0, STATX_SIZE, scratchAddress) === 0 ? scratch.readUInt32LE(stx_size) : 0
}

/** Whether a thread sleeps, by its directory in /proc. */
export function isAsleep(folder: string): boolean {
  // The state follows the name, which is in parentheses and may itself contain parentheses.
  return /.*\) S /.test(readProc(`${folder}/stat`))
}

/** Whether an error means that the process or thread has ended. */
export function isGone(error: unknown): boolean {
  const { errno } = error as { readonly errno?: number }
  return errno === ENOENT || errno === ESRCH
}
