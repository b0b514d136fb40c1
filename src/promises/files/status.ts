import { NOT_YET } from '../../event_loop/fd_operation.ts'
import { osError } from '../../libc/call.ts'
import { structs } from '../../libc/facts.ts'
import * as os from '../../os/files/status.ts'
import type { Prepared } from '../../os/prepared.ts'
import { FROM_SCRATCH } from '../../results/decoding.ts'
import { type stat_result, statResult } from '../../results/stat_result.ts'
import { statx_result } from '../../results/statx_result.ts'
import { type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'
import { cachedStatus, NOT_CACHED } from './cached_status.ts'

const STATUS: Outcome<stat_result> = {
  output: structs.stat.size,
  result: () => statResult(),
  atOnce(call) {
    const errno = cachedStatus(call as Prepared<'fstatat'>)
    if (errno === NOT_CACHED) return NOT_YET
    if (errno !== 0) throw osError(errno, call.syscall, call.file)
    return statResult()
  },
}
const FULL_STATUS: Outcome<statx_result> = {
  output: structs.statx.size,
  result: () => new statx_result(FROM_SCRATCH),
}

/**
 * stat(2): `os.stat` on the thread pool. The status of a file, or of an open one.
 * @example
 * ```ts
 * const { st_size } = await promises.stat('/etc/passwd')
 * st_size > 0 // => true
 * await promises.stat('nowhere') // throws FileNotFoundError
 * ```
 */
export const stat: Twin<typeof os.stat> = twin(os.stat, os.preparedStat, STATUS)

/**
 * lstat(2): `os.lstat` on the thread pool. The status of a file, or of a symbolic link itself.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * const { st_size } = await promises.lstat('link')
 * st_size // => 7
 * ```
 */
export const lstat: Twin<typeof os.lstat> = twin(os.lstat, os.preparedLstat, STATUS)

/**
 * fstat(2): `os.fstat` on the thread pool, since a network file system may query its server. The status of an open
 * file.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * const { st_ino } = await promises.fstat(fd)
 * st_ino // => os.stat('/etc/passwd').st_ino
 * os.close(fd)
 * ```
 */
export const fstat: Twin<typeof os.fstat> = twin(os.fstat, os.preparedFstat, STATUS)

/**
 * statx(2): `os.statx` on the thread pool. The status of a file, with all fields that the kernel provides.
 * @example
 * ```ts
 * const { stx_size } = await promises.statx('/etc/passwd', os.STATX_SIZE)
 * stx_size // => os.stat('/etc/passwd').st_size
 * ```
 */
export const statx: Twin<typeof os.statx> = twin(os.statx, os.preparedStatx, FULL_STATUS)
