import type { LinkOptions, TwoDirFdOptions } from '../os/files.ts'
import * as os from '../os/files.ts'
import type { DirFdOption } from '../os/metadata.ts'
import type { Path } from '../os/names.ts'
import type { SignalOption } from './abort.ts'
import { NOTHING, twin } from './on_pool.ts'

/**
 * linkat(2): `os.link` on the thread pool. Makes another name for a file (a hard link).
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
 * symlinkat(2): `os.symlink` on the thread pool. Makes a symbolic link.
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
 * readlinkat(2): `os.readlink` on the thread pool. The text of a symbolic link: bytes where `path` is bytes.
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

/**
 * renameat(2): `os.rename` on the thread pool. Gives a file or directory another name, in one step.
 * @example
 * ```ts
 * os.mkdir('old')
 * await promises.rename('old', 'new')
 * os.listdir() // => ['new']
 * ```
 */
export const rename: (src: Path, dst: Path, options?: TwoDirFdOptions & SignalOption) => Promise<void> = twin(
  os.rename,
  os.preparedRename,
  NOTHING,
)

/**
 * renameat(2): `os.replace` on the thread pool. `rename` that replaces what has the name, on every platform.
 * @example
 * ```ts
 * os.close(os.open('settings.tmp', os.O_CREAT))
 * await promises.replace('settings.tmp', 'settings')
 * os.listdir() // => ['settings']
 * ```
 */
export const replace: (src: Path, dst: Path, options?: TwoDirFdOptions & SignalOption) => Promise<void> = twin(
  os.replace,
  os.preparedReplace,
  NOTHING,
)

/**
 * unlinkat(2): `os.remove` on the thread pool. Removes the name of a file.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.remove('file')
 * await promises.remove('file') // throws FileNotFoundError
 * ```
 */
export const remove: (path: Path, options?: DirFdOption & SignalOption) => Promise<void> = twin(
  os.remove,
  os.preparedRemove,
  NOTHING,
)

/**
 * unlinkat(2): `os.unlink` on the thread pool. The same as `remove`, under its Unix name.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.unlink('file')
 * os.listdir() // => []
 * ```
 */
export const unlink: (path: Path, options?: DirFdOption & SignalOption) => Promise<void> = twin(
  os.unlink,
  os.preparedUnlink,
  NOTHING,
)

/**
 * mkfifoat(3): `os.mkfifo` on the thread pool. Makes a FIFO, a pipe with a name.
 * @example
 * ```ts
 * await promises.mkfifo('queue', 0o600)
 * os.listdir() // => ['queue']
 * ```
 */
export const mkfifo: {
  (path: Path, mode: number, options?: DirFdOption & SignalOption): Promise<void>
  (path: Path, options?: DirFdOption & SignalOption & { readonly mode?: number | undefined }): Promise<void>
} = twin(os.mkfifo, os.preparedMkfifo, NOTHING)

/**
 * mknodat(2): `os.mknod` on the thread pool. Makes a file, FIFO, socket or device file.
 * @example
 * ```ts
 * import { S_IFIFO } from 'osier/stat'
 * await promises.mknod('queue', S_IFIFO | 0o600)
 * os.listdir() // => ['queue']
 * ```
 */
export const mknod: {
  (path: Path, mode: number, device: number | bigint, options?: DirFdOption & SignalOption): Promise<void>
  (
    path: Path,
    mode: number,
    options?: DirFdOption & SignalOption & { readonly device?: number | bigint | undefined },
  ): Promise<void>
  (
    path: Path,
    options?: DirFdOption &
      SignalOption & { readonly mode?: number | undefined; readonly device?: number | bigint | undefined },
  ): Promise<void>
} = twin(os.mknod, os.preparedMknod, NOTHING)

/**
 * sync(2): `os.sync` on the thread pool. Has everything that is written put on the disks, and waits for it.
 * @example
 * ```ts
 * await promises.sync() // => undefined
 * ```
 */
export const sync: (options?: SignalOption) => Promise<void> = twin(os.sync, os.preparedSync, NOTHING)
