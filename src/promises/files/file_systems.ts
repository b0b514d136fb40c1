import { structs } from '../../libc/facts.ts'
import type { Int64 } from '../../libc/functions.ts'
import type { Descriptor } from '../../os/arguments/descriptors.ts'
import type { Path } from '../../os/arguments/paths.ts'
import * as os from '../../os/files/file_systems.ts'
import type { Prepared } from '../../os/prepared.ts'
import { FROM_SCRATCH } from '../../results/decoding.ts'
import { statvfs_result } from '../../results/statvfs_result.ts'
import type { SignalOption } from '../abort.ts'
import { NOTHING, type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

const FILE_SYSTEM: Outcome<statvfs_result> = {
  output: structs.statvfs.size,
  result: () => new statvfs_result(FROM_SCRATCH),
}

/**
 * statvfs(3): `os.statvfs` on the thread pool. Information about the file system that contains a path.
 * @example
 * ```ts
 * const { f_bavail, f_frsize } = await promises.statvfs('/')
 * Number(f_bavail) * f_frsize >= 0 // => true
 * ```
 */
export const statvfs: Twin<typeof os.statvfs> = twin(os.statvfs, os.preparedStatvfs, FILE_SYSTEM)

/**
 * fstatvfs(3): `os.fstatvfs` on the thread pool. Information about the file system of an open file.
 * @example
 * ```ts
 * const fd = os.open('/', os.O_RDONLY)
 * const { f_namemax } = await promises.fstatvfs(fd)
 * f_namemax // => os.statvfs('/').f_namemax
 * os.close(fd)
 * ```
 */
export const fstatvfs: Twin<typeof os.fstatvfs> = twin(os.fstatvfs, os.preparedFstatvfs, FILE_SYSTEM)

const LIMIT: Outcome<number> = {
  result: (value: Int64) => os.exactLimit(value),
  // -1 also means "no limit". To distinguish it from an error, errno must be cleared before the call on the same
  // thread. So the call is repeated here: after the call on the pool it no longer has to wait for a disk.
  failure: (_, call) => os.queryLimit(call as Prepared<'pathconf'> | Prepared<'fpathconf'>),
}

/**
 * pathconf(3): `os.pathconf` on the thread pool. A limit or a property of a path's file system.
 * @example
 * ```ts
 * await promises.pathconf('/proc', 'PC_NAME_MAX') // => 255
 * ```
 */
export const pathconf: (path: Path | Descriptor, name: string | number, options?: SignalOption) => Promise<number> =
  twin(os.pathconf, os.preparedPathconf, LIMIT)

/**
 * fpathconf(3): `os.fpathconf` on the thread pool. A limit or a property of an open file.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * await promises.fpathconf(w, 'PC_PIPE_BUF') // => 4096
 * os.close(r)
 * os.close(w)
 * ```
 */
export const fpathconf: Twin<typeof os.fpathconf> = twin(os.fpathconf, os.preparedFpathconf, LIMIT)

/**
 * sync(2): `os.sync` on the thread pool. Writes all modified data to the disks, and waits for that.
 * @example
 * ```ts
 * await promises.sync() // => undefined
 * ```
 */
export const sync: Twin<typeof os.sync> = twin(os.sync, os.preparedSync, NOTHING)
