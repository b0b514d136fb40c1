import * as os from '../../os/files/special_files.ts'
import { NOTHING, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

/**
 * mkfifoat(3): `os.mkfifo` on the thread pool. Creates a FIFO (a named pipe).
 * @example
 * ```ts
 * await promises.mkfifo('queue', 0o600)
 * os.listdir() // => ['queue']
 * ```
 */
export const mkfifo: Twin<typeof os.mkfifo> = twin(os.mkfifo, os.preparedMkfifo, NOTHING)

/**
 * mknodat(2): `os.mknod` on the thread pool. Creates a file, FIFO, socket or device file.
 * @example
 * ```ts
 * import { S_IFIFO } from 'osier/stat'
 * await promises.mknod('queue', S_IFIFO | 0o600)
 * os.listdir() // => ['queue']
 * ```
 */
export const mknod: Twin<typeof os.mknod> = twin(os.mknod, os.preparedMknod, NOTHING)
