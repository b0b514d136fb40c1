import { closeSync, openSync, readSync } from 'node:fs'
import { lastErrno, osError } from '../call.ts'
import { errnoNumbers, structs } from '../facts.ts'
import { libc } from '../functions.ts'
import { address, bytes, SCRATCH_SIZE } from '../memory.ts'

/**
 * What /proc tells of processes, with the errors of osier: Node's own ones say nothing of fork. EACCES comes where
 * /proc is root's alone, as it is once a program of root's has become another user.
 */

const { ENOENT, ESRCH } = errnoNumbers

const DOT = 0x2e

export function openProc(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw ofFork(error, path)
  }
}

/** More than any file about a thread has. */
const line = Buffer.allocUnsafeSlow(4096)

/** The content of a file about a thread; '' where the thread has just ended. */
export function readProc(path: string): string {
  let fd = -1
  try {
    // Not by readFileSync: it asks for the size first, and leaves the file open where that is refused.
    fd = openProc(path)
    return line.toString('latin1', 0, readFrom(fd, line, 0, null))
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  } finally {
    if (fd !== -1) closeSync(fd)
  }
}

/**
 * Reads into memory from `start` on, at a place in the file, or where reading it has come to.
 *
 * @returns how many bytes; 0 where the file is about a thread that has ended
 */
export function readFrom(fd: number, into: Buffer, start: number, at: number | null): number {
  try {
    return readSync(fd, into, start, into.length - start, at)
  } catch (error) {
    if (isGone(error)) return 0
    throw ofFork(error)
  }
}

const { d_reclen, d_name } = structs.dirent64.offsets

/**
 * The ids of a process's threads, the oldest first; none where the process has just ended.
 *
 * That is the order in which the kernel lists them. Node sorts them as text, and then "10" comes before "2": so the
 * youngest were the first wherever the ids got one more digit, or started again from below, as they soon do in a
 * container.
 */
export function threadsOf(process: number | 'self'): string[] {
  const folder = `/proc/${process}/task`
  let fd = -1
  try {
    fd = openProc(folder)
    const threads: string[] = []
    for (let size = list(fd); size > 0; size = list(fd)) addThreads(threads, size)
    return threads
  } catch (error) {
    if (isGone(error)) return []
    throw error
  } finally {
    if (fd !== -1) closeSync(fd)
  }
}

/** Lists some entries in scratch memory, and returns how long they are. */
function list(fd: number): number {
  const size = Number(libc.getdents64(fd, address, SCRATCH_SIZE))
  if (size === -1) throw osError(lastErrno(), 'fork')
  return size
}

function addThreads(threads: string[], size: number): void {
  for (let entry = 0; entry < size; entry += bytes.readUInt16LE(entry + d_reclen)) {
    const start = entry + d_name
    if (bytes[start] !== DOT) threads.push(bytes.toString('latin1', start, bytes.indexOf(0, start)))
  }
}

/** Whether a thread sleeps, by its folder in /proc. */
export function isAsleep(folder: string): boolean {
  // The state follows the name, which is in parentheses and may contain some.
  return /.*\) S /.test(readProc(`${folder}/stat`))
}

/** Whether it is the error of what has ended: in Node's form, or in that of osier, whose numbers have no minus. */
export function isGone(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === ENOENT || errno === ESRCH
}

function ofFork(error: unknown, path?: string): Error {
  const errno = errnoOf(error)
  return errno === undefined ? (error as Error) : osError(errno, 'fork', path)
}

/** Node's errors have the number with a minus. */
function errnoOf(error: unknown): number | undefined {
  const { errno } = error as { readonly errno?: number }
  return errno === undefined ? undefined : Math.abs(errno)
}
