import { type FdOperation, NOT_YET, runWhenReady } from '../../event_loop/fd_operation.ts'
import { READABLE, WRITABLE } from '../../event_loop/poller.ts'
import { osError } from '../../libc/call.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { bigUint64At, putBigInt64, scratchAddress } from '../../libc/memory.ts'
import { type Descriptor, nonNegativeFd } from '../../os/arguments/descriptors.ts'
import { uint64 } from '../../os/arguments/numbers.ts'
import { NO_OPTIONS } from '../../os/arguments/options.ts'
import { type WaitOptions, waitOptions } from '../wait_options.ts'
import { putVector, tryRead, tryWrite } from './immediate.ts'

const { EINVAL } = errnoNumbers

/** The size of an event counter's value, in bytes. */
const COUNTER = 8
/** Offset of the value in scratch memory, behind the vector. */
const VALUE = 16

/** Reads or writes the value of an event counter. */
class Counter implements FdOperation<bigint> {
  readonly events: number
  readonly fd: number
  readonly #amount: bigint | null

  /** @param amount what to add; null to read */
  constructor(fd: number, amount: bigint | null) {
    this.events = amount === null ? READABLE : WRITABLE
    this.fd = fd
    this.#amount = amount
  }

  attempt(isReady: boolean): bigint | typeof NOT_YET {
    putVector(scratchAddress + VALUE, COUNTER)
    putBigInt64(VALUE, this.#amount ?? 0n)
    const size =
      this.#amount === null
        ? tryRead('eventfd_read', this.fd, 1, isReady)
        : tryWrite('eventfd_write', this.fd, 1, isReady)
    if (size === NOT_YET) return NOT_YET
    if (size !== COUNTER) throw osError(EINVAL, this.#amount === null ? 'eventfd_read' : 'eventfd_write', this.fd)
    return bigUint64At(VALUE)
  }
}

/**
 * read(2): takes the value of an event counter, as soon as it is not 0.
 *
 * @param fd the counter's descriptor
 * @param options `signal`, `ref` as for `read`
 * @returns the value, which the read resets to 0; with EFD_SEMAPHORE 1, by which the read decrements the counter
 * @throws OSError EBADF, also where the descriptor is closed meanwhile; EINVAL, EPERM where it is not an event counter
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See eventfd(2); Python, os.eventfd_read.
 * @example
 * ```ts
 * const fd = os.eventfd(0)
 * const coming = promises.eventfd_read(fd)
 * os.eventfd_write(fd, 3)
 * await coming // => 3n
 * os.close(fd)
 * ```
 */
export async function eventfd_read(fd: Descriptor, options: WaitOptions = NO_OPTIONS): Promise<bigint> {
  return runWhenReady(new Counter(nonNegativeFd(fd, 'fd'), null), waitOptions(options))
}

/**
 * write(2): adds to an event counter, as soon as the sum fits.
 *
 * @param fd the counter's descriptor
 * @param value the number to add: at most 2^64 - 2
 * @param options `signal`, `ref` as for `write`
 * @throws OSError EBADF, also where the descriptor is closed meanwhile; EINVAL for 2^64 - 1, and where it is not an
 *   event counter
 * @throws RangeError for a negative descriptor
 *
 * Availability: Linux 2.6.27. See eventfd(2); Python, os.eventfd_write.
 * @example
 * ```ts
 * const fd = os.eventfd(0)
 * await promises.eventfd_write(fd, 3)
 * os.eventfd_read(fd) // => 3n
 * os.close(fd)
 * ```
 */
export async function eventfd_write(
  fd: Descriptor,
  value: number | bigint,
  options: WaitOptions = NO_OPTIONS,
): Promise<void> {
  const number = nonNegativeFd(fd, 'fd')
  await runWhenReady(new Counter(number, BigInt(uint64(value, 'value'))), waitOptions(options))
}
