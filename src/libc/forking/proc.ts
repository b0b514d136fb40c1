import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { osError } from '../call.ts'
import { errnoNumbers } from '../facts.ts'

/**
 * What /proc tells of processes, with the errors of osier: Node's own ones say nothing of fork. EACCES comes where
 * /proc is root's alone, as it is once a program of root's has become another user.
 */

const { ENOENT, ESRCH } = errnoNumbers

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

/** The ids of a process's threads; none where the process has just ended. */
export function threadsOf(process: number | 'self'): string[] {
  const folder = `/proc/${process}/task`
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isGone(error)) return []
    throw ofFork(error, folder)
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
