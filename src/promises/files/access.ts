import * as os from '../../os/files/access.ts'
import { twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

/**
 * access(2): `os.access` on the thread pool. Whether the process has access of the given kind to a path: false for any
 * error.
 * @example
 * ```ts
 * await promises.access('/etc/passwd', os.R_OK) // => true
 * await promises.access('nowhere', os.F_OK) // => false
 * ```
 */
export const access: Twin<typeof os.access> = twin(os.access, os.preparedAccess, {
  result: () => true,
  failure: () => false,
})
