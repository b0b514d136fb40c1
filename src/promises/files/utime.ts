import { structs } from '../../libc/facts.ts'
import { preparedUtime, utime as utimeNow } from '../../os/files/utime.ts'
import { type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

const SET_TIMES: Outcome<void> = { input: 2 * structs.timespec.size, result: () => undefined }

/**
 * utimensat(2): `os.utime` on the thread pool. Sets the times of a file's last access and modification.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.utime('folder', { ns: [1n, 1_700_000_000_123_456_789n] })
 * os.stat('folder').st_mtime_ns // => 1_700_000_000_123_456_789n
 * ```
 */
export const utime: Twin<typeof utimeNow> = twin(utimeNow, preparedUtime, SET_TIMES)
