import type { Path } from '../../os/arguments/paths.ts'
import * as os from '../../os/files/access.ts'
import type { SignalOption } from '../abort.ts'
import { twin } from '../on_pool.ts'

/**
 * access(2): `os.access` on the thread pool. Whether the process has access of the given kind to a path: false for any
 * error.
 * @example
 * ```ts
 * await promises.access('/etc/passwd', os.R_OK) // => true
 * await promises.access('nowhere', os.F_OK) // => false
 * ```
 */
export const access: (path: Path, mode: number, options?: os.AccessOptions & SignalOption) => Promise<boolean> = twin(
  os.access,
  os.preparedAccess,
  { result: () => true, failure: () => false },
)
