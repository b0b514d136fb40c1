import type { Path } from '../../os/arguments/paths.ts'
import * as os from '../../os/files/special_files.ts'
import type { DirFdOption } from '../../os/files/status.ts'
import type { SignalOption } from '../abort.ts'
import { NOTHING, twin } from '../on_pool.ts'

/**
 * mkfifoat(3): `os.mkfifo` on the thread pool. Creates a FIFO (a named pipe).
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
 * mknodat(2): `os.mknod` on the thread pool. Creates a file, FIFO, socket or device file.
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
