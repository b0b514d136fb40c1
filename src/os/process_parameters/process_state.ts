import { isMainThread } from 'node:worker_threads'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { isBun } from '../../libc/node.ts'

/** What belongs to the whole process, and what Node remembers of it: both must hear of a change made through C. */

const { AT_FDCWD, O_CLOEXEC, O_PATH } = constants

/**
 * Refuses to change the process from a worker thread, as Node's own functions do.
 *
 * @throws Error with the code ERR_WORKER_UNSUPPORTED_OPERATION
 */
export function mainThreadOnly(name: string): void {
  if (isMainThread) return
  throw Object.assign(new Error(`os.${name}() is not supported in workers`), {
    code: 'ERR_WORKER_UNSUPPORTED_OPERATION',
  })
}

/** Has Node forget the current directory that it remembers, in workers too. */
export function forgetWorkingDirectory(): void {
  const here = isBun ? libc.openat(AT_FDCWD, '.', O_PATH | O_CLOEXEC, 0) : -1
  try {
    process.chdir('.')
  } catch {
    // The directory is gone or closed to us: then `process.cwd()` fails by itself, as it should. Bun cannot do without
    // a path that it knows, and goes back to where it was.
    if (here !== -1) libc.fchdir(here)
  } finally {
    if (here !== -1) libc.close(here)
  }
}

/**
 * Has Node, V8 and its Date follow the variable TZ, or none. Node's own setter is where that happens, and it writes to
 * the environment of C as well.
 */
export function tellTimeZone(zone: string | undefined): void {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
}
