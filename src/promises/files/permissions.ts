import { osError } from '../../libc/call.ts'
import type { Descriptor } from '../../os/arguments/descriptors.ts'
import type { Path } from '../../os/arguments/paths.ts'
import * as os from '../../os/files/permissions.ts'
import type { StatOptions } from '../../os/files/status.ts'
import type { SignalOption } from '../abort.ts'
import { NOTHING, type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

const CHANGED_MODE: Outcome<void> = {
  result: () => undefined,
  failure(errno, { name, file }) {
    throw name === 'fchmodat2' ? os.chmodLinkError(errno, file) : osError(errno, 'chmod', file)
  },
}

/**
 * chmod(2): `os.chmod` on the thread pool. Changes the permissions of a file.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.chmod('folder', 0o500)
 * os.stat('folder').st_mode & 0o777 // => 0o500
 * ```
 */
export const chmod: (path: Path | Descriptor, mode: number, options?: StatOptions & SignalOption) => Promise<void> =
  twin(os.chmod, os.preparedChmod, CHANGED_MODE)

/**
 * fchmod(2): `os.fchmod` on the thread pool. Changes the permissions of an open file.
 * @example
 * ```ts
 * const fd = os.open('file', os.O_RDWR | os.O_CREAT)
 * await promises.fchmod(fd, 0o400)
 * os.fstat(fd).st_mode & 0o777 // => 0o400
 * os.close(fd)
 * ```
 */
export const fchmod: Twin<typeof os.fchmod> = twin(os.fchmod, os.preparedFchmod, NOTHING)

/**
 * chown(2): `os.chown` on the thread pool. Changes the owner and group of a file.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.chown('folder', -1, os.getgid())
 * os.stat('folder').st_gid // => os.getgid()
 * ```
 */
export const chown: Twin<typeof os.chown> = twin(os.chown, os.preparedChown, NOTHING)

/**
 * fchown(2): `os.fchown` on the thread pool. Changes the owner and group of an open file.
 * @example
 * ```ts
 * const fd = os.open('file', os.O_RDWR | os.O_CREAT)
 * await promises.fchown(fd, -1, os.getgid())
 * os.close(fd)
 * ```
 */
export const fchown: Twin<typeof os.fchown> = twin(os.fchown, os.preparedFchown, NOTHING)

/**
 * lchown(2): `os.lchown` on the thread pool. Changes the owner and group of a file, or of a symbolic link itself.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * await promises.lchown('link', -1, os.getgid()) // => undefined
 * ```
 */
export const lchown: Twin<typeof os.lchown> = twin(os.lchown, os.preparedLchown, NOTHING)
