import { isMainThread } from 'node:worker_threads'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { isBun } from '../../libc/node.ts'

/** State of the whole process that Node caches: a change through C has to update the cache. */

const { AT_FDCWD, O_CLOEXEC, O_PATH } = constants

/**
 * Throws in a worker thread, as Node's own functions that change the process do.
 *
 * @throws Error ERR_WORKER_UNSUPPORTED_OPERATION
 */
export function mainThreadOnly(name: string): void {
  if (isMainThread) return
  throw Object.assign(new Error(`os.${name}() is not supported in workers`), {
    code: 'ERR_WORKER_UNSUPPORTED_OPERATION',
  })
}

/**
 * Makes Node drop its cached current directory, in worker threads too: `process.chdir` does that (`wrappedChdir` in
 * https://github.com/nodejs/node/blob/v20.20.2/lib/internal/bootstrap/switches/does_own_process_state.js#L128).
 */
export function resetWorkingDirectoryCache(): void {
  const here = isBun ? libc.openat(AT_FDCWD, '.', O_PATH | O_CLOEXEC, 0) : -1
  try {
    process.chdir('.')
  } catch {
    // The directory has been removed, or may not be searched: then `process.cwd()` fails, as expected. Bun has changed
    // back to the last path that it knows.
    if (here !== -1) libc.fchdir(here)
  } finally {
    if (here !== -1) libc.close(here)
  }
}

/**
 * Makes Node and V8's Date use the variable TZ, or none. The setter of `process.env` does that
 * (`DateTimeConfigurationChangeNotification` in src/node_env_var.cc); it also writes to C's environment.
 */
export function setTimeZone(zone: string | undefined): void {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
}
