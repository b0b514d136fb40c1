import * as os from '../../os/files/links.ts'
import { NOTHING, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

/**
 * linkat(2): `os.link` on the thread pool. Creates another name for a file (a hard link).
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.link('file', 'second name')
 * os.stat('file').st_nlink // => 2
 * ```
 */
export const link: Twin<typeof os.link> = twin(os.link, os.preparedLink, NOTHING)

/**
 * symlinkat(2): `os.symlink` on the thread pool. Creates a symbolic link.
 * @example
 * ```ts
 * await promises.symlink('/etc/passwd', 'users')
 * os.readlink('users') // => '/etc/passwd'
 * ```
 */
export const symlink: Twin<typeof os.symlink> = twin(os.symlink, os.preparedSymlink, NOTHING)

/**
 * readlinkat(2): `os.readlink` on the thread pool. The target of a symbolic link: bytes where `path` is bytes.
 * @example
 * ```ts
 * os.symlink('/etc/passwd', 'users')
 * await promises.readlink('users') // => '/etc/passwd'
 * ```
 */
export const readlink: Twin<typeof os.readlink> = twin(os.readlink, os.preparedReadlink, {
  output: -1,
  result: (length, { file }) => os.linkText(Number(length), file),
})
