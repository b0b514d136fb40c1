import type { Descriptor } from '../../os/arguments/descriptors.ts'
import type { Path } from '../../os/arguments/paths.ts'
import * as os from '../../os/files/truncate.ts'
import type { SignalOption } from '../abort.ts'
import { NOTHING, twin } from '../on_pool.ts'

/**
 * truncate(2): `os.truncate` on the thread pool. Truncates a file to a length, or extends it with a hole.
 * @example
 * ```ts
 * os.close(os.open('file', os.O_CREAT))
 * await promises.truncate('file', 1000)
 * os.stat('file').st_size // => 1000
 * ```
 */
export const truncate: (path: Path | Descriptor, length: number | bigint, options?: SignalOption) => Promise<void> =
  twin(os.truncate, os.preparedTruncate, NOTHING)
