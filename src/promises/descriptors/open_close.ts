import { osError } from '../../libc/call.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import * as os from '../../os/descriptors/open_close.ts'
import { type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'

const { EINTR } = errnoNumbers

/** The result is a descriptor, which is closed after an abort. */
export const OPENED: Outcome<number> = {
  result: Number,
  undo(fd) {
    libc.close(Number(fd))
  },
}

/**
 * openat(2): `os.open` on the thread pool. Aborted, it leaves no descriptor behind.
 *
 * Opening a FIFO whose other end is not open blocks a thread of the pool: use O_NONBLOCK to avoid that.
 * @example
 * ```ts
 * const fd = await promises.open('notes', os.O_RDWR | os.O_CREAT, 0o600)
 * os.fstat(fd).st_size // => 0
 * await promises.close(fd)
 * ```
 */
export const open: Twin<typeof os.open> = twin(os.open, os.preparedOpen, OPENED)

const CLOSED: Outcome<void> = {
  ignoresAbort: true,
  result: () => undefined,
  failure(errno, { file }) {
    if (errno !== EINTR) throw osError(errno, 'close', file)
  },
}

/**
 * close(2): `os.close` on the thread pool, since written data may have to be stored first. The call cannot be aborted:
 * the descriptor is closed in any case.
 * @example
 * ```ts
 * const fd = await promises.open('/etc/passwd', os.O_RDONLY)
 * await promises.close(fd)
 * await promises.close(fd) // throws OSError
 * ```
 */
export const close: Twin<typeof os.close> = twin(os.close, os.preparedClose, CLOSED)
