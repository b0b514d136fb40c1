import type { CheckedWaitOptions } from '../../event_loop/fd_operation.ts'
import { onAbort } from '../../event_loop/on_abort.ts'
import { errnoNumbers } from '../../libc/facts.ts'
import { type Descriptor, descriptor } from '../../os/arguments/descriptors.ts'
import { bool, int } from '../../os/arguments/numbers.ts'
import { checkOptions } from '../../os/arguments/options.ts'
import { OwnedDescriptor } from '../descriptors/owned_descriptor.ts'
import { read, write } from '../descriptors/read_write.ts'
import { checkedWaitOptions, WAIT_OPTIONS, type WaitOptions } from '../wait_options.ts'

/** Options of a stream on a descriptor. */
export interface StreamOptions extends WaitOptions {
  /** The number of bytes that one read returns at most, and that may be queued for writing: 65536 by default. */
  readonly size?: number | undefined
  /** false: the descriptor stays open at the end. */
  readonly closefd?: boolean | undefined
}

/** The capacity of a pipe. */
const SIZE = 65536

/** The descriptor of a stream, from the creation of the stream to its end. */
export class StreamDescriptor {
  /** The number of bytes of a chunk at the most. */
  readonly size: number
  readonly #descriptor: OwnedDescriptor
  readonly #closefd: boolean
  readonly #signal: AbortSignal | undefined
  readonly #controller: AbortController = new AbortController()
  readonly #how: CheckedWaitOptions
  #stopListening: (() => void) | undefined

  constructor(fd: Descriptor, options: StreamOptions) {
    const checked = checkOptions(options, [...WAIT_OPTIONS, 'size', 'closefd'])
    const { size = SIZE, closefd, signal, ref } = checked
    const number = descriptor(fd, 'fd')
    this.size = int(size, 'size', 1)
    this.#closefd = bool(closefd, 'closefd', true)
    const given = checkedWaitOptions({ signal, ref })
    this.#signal = given.signal
    this.#how = { ...given, signal: this.#controller.signal }
    this.#descriptor = new OwnedDescriptor(number)
  }

  /** Calls `abort` when the caller's signal is aborted before the end, also while no call is pending. */
  onAbort(abort: (reason: unknown) => void): void {
    if (this.#signal !== undefined) this.#stopListening = onAbort(this.#signal, abort)
  }

  /** The next chunk; null at the end. */
  async read(): Promise<Buffer | null> {
    try {
      const chunk = await read(this.#descriptor.number, this.size, this.#how)
      return chunk.length > 0 ? chunk : null
    } catch (error) {
      // Linux reports EIO for a terminal whose other end is closed: the end of its data.
      if ((error as { readonly code?: unknown }).code === 'EIO') return null
      throw this.#noted(error)
    }
  }

  /** Writes all of the data, in as many calls as it takes. */
  async write(data: Uint8Array): Promise<void> {
    try {
      for (let rest = data; rest.length > 0; ) {
        rest = rest.subarray(await write(this.#descriptor.number, rest, this.#how))
      }
    } catch (error) {
      throw this.#noted(error)
    }
  }

  /** After EBADF the number may belong to another file, which must not be closed. */
  #noted(error: unknown): unknown {
    if ((error as { readonly errno?: unknown }).errno === errnoNumbers.EBADF) this.#descriptor.release()
    return error
  }

  /** Cancels a pending read or write, and closes the descriptor. Further calls have no effect. */
  end(reason?: unknown): void {
    this.#stopListening?.()
    this.#controller.abort(reason)
    if (this.#closefd) this.#descriptor.close()
    else this.#descriptor.release()
  }
}
