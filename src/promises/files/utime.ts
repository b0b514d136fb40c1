import { structs } from '../../libc/facts.ts'
import type { Descriptor } from '../../os/arguments/descriptors.ts'
import type { Path } from '../../os/arguments/paths.ts'
import { preparedUtime, type TimePair, type UtimeOptions, utime as utimeNow } from '../../os/files/utime.ts'
import type { SignalOption } from '../abort.ts'
import { type Outcome, twin } from '../on_pool.ts'

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
export const utime: {
  (
    path: Path | Descriptor,
    times: TimePair<number | bigint> | null,
    options?: UtimeOptions & SignalOption,
  ): Promise<void>
  (
    path: Path | Descriptor,
    options?: UtimeOptions & SignalOption & { readonly times?: TimePair<number | bigint> | null | undefined },
  ): Promise<void>
} = twin(utimeNow, preparedUtime, SET_TIMES)
