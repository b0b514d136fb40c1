import { openSync, readFileSync } from 'node:fs'
import { osError } from '../call.ts'
import { errnoNumbers } from '../facts.ts'

/**
 * Opens what /proc tells of this process.
 *
 * @throws OSError EACCES where that is root's alone, as it is once a program of root's has become another user
 */
export function openProc(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw osError(errnoOf(error), 'fork', path)
  }
}

/** The content of a file about a thread; '' where the thread has just ended. */
export function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === errnoNumbers.ENOENT || errno === errnoNumbers.ESRCH) return ''
    throw osError(errno, 'fork', path)
  }
}

/** Node's errors have the number with a minus. */
function errnoOf(error: unknown): number {
  const { errno } = error as { readonly errno?: number }
  if (errno === undefined) throw error
  return Math.abs(errno)
}
