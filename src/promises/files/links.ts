import type { Path } from '../../os/arguments/paths.ts'
import type { LinkOptions } from '../../os/files/links.ts'
import * as os from '../../os/files/links.ts'
import type { DirFdOption } from '../../os/files/status.ts'
import type { SignalOption } from '../abort.ts'
import { NOTHING, twin } from '../on_pool.ts'

/**
 * linkat(2): `os.link` on the thread pool. Creates another name for a file (a hard link).
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.link('file', 'second name')
 * os.stat('file').st_nlink // => 2
 * ```
 */
export const link: (src: Path, dst: Path, options?: LinkOptions & SignalOption) => Promise<void> = twin(
  os.link,
  os.preparedLink,
  NOTHING,
)

/**
 * symlinkat(2): `os.symlink` on the thread pool. Creates a symbolic link.
 * @example
 * ```ts
 * await promises.symlink('/etc/passwd', 'users')
 * os.readlink('users') // => '/etc/passwd'
 * ```
 */
export const symlink: {
  (src: Path, dst: Path, target_is_directory: boolean, options?: DirFdOption & SignalOption): Promise<void>
  (
    src: Path,
    dst: Path,
    options?: DirFdOption & SignalOption & { readonly target_is_directory?: boolean | undefined },
  ): Promise<void>
} = twin(os.symlink, os.preparedSymlink, NOTHING)

/**
 * readlinkat(2): `os.readlink` on the thread pool. The target of a symbolic link: bytes where `path` is bytes.
 * @example
 * ```ts
 * os.symlink('/etc/passwd', 'users')
 * await promises.readlink('users') // => '/etc/passwd'
 * ```
 */
export const readlink: {
  (path: string | URL, options?: DirFdOption & SignalOption): Promise<string>
  (path: Uint8Array, options?: DirFdOption & SignalOption): Promise<Buffer>
  (path: Path, options?: DirFdOption & SignalOption): Promise<string | Buffer>
} = twin(os.readlink, os.preparedReadlink, {
  output: -1,
  result: (length, { file }) => os.linkText(Number(length), file),
})
