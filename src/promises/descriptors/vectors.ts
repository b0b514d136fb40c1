import { type FdOperation, NOT_YET, runWhenReady } from '../../event_loop/fd_operation.ts'
import { READABLE, WRITABLE } from '../../event_loop/poller.ts'
import type { Block } from '../../libc/background.ts'
import { osError } from '../../libc/call.ts'
import { constants, errnoNumbers, structs } from '../../libc/facts.ts'
import { type Int64, libc } from '../../libc/functions.ts'
import { addressOf, scratchAddress } from '../../libc/memory.ts'
import { byteLength, plainView, rejectDetached } from '../../os/arguments/buffers.ts'
import { type Descriptor, descriptor } from '../../os/arguments/descriptors.ts'
import { NO_OPTIONS } from '../../os/arguments/options.ts'
import { clampCount } from '../../os/descriptors/transfer_size.ts'
import * as vectors from '../../os/descriptors/vectors.ts'
import { viewList, withVectors } from '../../os/descriptors/vectors.ts'
import type { Prepared } from '../../os/prepared.ts'
import { type Outcome, twin } from '../on_pool.ts'
import type { Twin } from '../twin.ts'
import { type WaitOptions, waitOptions } from '../wait_options.ts'
import { type AttemptResult, putVector, readFromCache, transferOnPool, tryRead, tryWrite } from './immediate.ts'
import { lengthOf, unchanged, type Writing } from './written_memory.ts'

const { SEEK_CUR } = constants

/** Reads into, or writes, several buffers. */
class Vectors implements FdOperation<number> {
  readonly events: number
  readonly fd: number
  readonly #list: readonly Uint8Array[]
  readonly #syscall: 'readv' | 'writev'

  constructor(syscall: 'readv' | 'writev', fd: number, list: readonly Uint8Array[]) {
    this.events = syscall === 'readv' ? READABLE : WRITABLE
    this.fd = fd
    this.#list = list
    this.#syscall = syscall
  }

  attempt(isReady: boolean): AttemptResult {
    const syscall = this.#syscall
    // A regular file is read and written on the pool from the start.
    if (!isReady && libc.lseek(this.fd, 0, SEEK_CUR) !== -1) return NOT_YET
    for (const bytes of this.#list) rejectDetached(bytes, 'buffers')
    let tried: AttemptResult = NOT_YET
    withVectors(syscall, this.fd, this.#list, (_, count) => {
      tried =
        syscall === 'readv' ? tryRead(syscall, this.fd, count, isReady) : tryWrite(syscall, this.fd, count, isReady)
      return 0
    })
    return tried
  }

  async fallback(): Promise<number> {
    const views = this.#list.map((bytes) => plainView(rejectDetached(bytes, 'buffers')))
    if (this.#syscall === 'writev') return transferOnPool('writev', this.fd, 'writeFrom', Buffer.concat(views))
    const room = Buffer.allocUnsafeSlow(views.reduce((sum, { length }) => sum + length, 0))
    const size = await transferOnPool('readv', this.fd, 'read', room)
    let at = 0
    for (const bytes of this.#list) {
      const piece = room.subarray(at, Math.min(at + byteLength(bytes), size))
      plainView(rejectDetached(bytes, 'buffers')).set(piece)
      at += piece.length
    }
    return size
  }
}

/**
 * readv(2): reads into several buffers, each of which is filled before the next, as soon as there is any data.
 *
 * @param fd the descriptor
 * @param buffers the destinations: views of memory, at most 1024
 * @param options `signal`, `ref` as for `read`
 * @returns how many bytes were read, fewer than the buffers hold where no more are ready, 0 at the end of a file
 * @throws OSError as `read`; EINVAL for too many buffers
 *
 * Availability: Linux. See readv(2); Python, os.readv.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const [head, body] = [Buffer.alloc(4), Buffer.alloc(4)]
 * os.write(w, Buffer.from('headbody'))
 * await promises.readv(r, [head, body]) // => 8
 * body.toString() // => 'body'
 * os.close(r)
 * os.close(w)
 * ```
 */
export async function readv(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  const number = descriptor(fd, 'fd')
  return runWhenReady(new Vectors('readv', number, viewList(buffers, 'buffers')), waitOptions(options))
}

/**
 * writev(2): writes several buffers, one after the other, as soon as there is room for any byte. See `write`.
 *
 * @param fd the descriptor
 * @param buffers views of memory, at most 1024, which must not change until the promise is settled
 * @param options `signal`, `ref` as for `write`
 * @returns how many bytes were written, which may be fewer than the buffers hold
 * @throws OSError as `write`; EINVAL for too many buffers
 *
 * Availability: Linux. See writev(2); Python, os.writev.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * await promises.writev(w, [Buffer.from('head'), Buffer.from('body')]) // => 8
 * os.close(r)
 * os.close(w)
 * ```
 */
export async function writev(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  options: WaitOptions = NO_OPTIONS,
): Promise<number> {
  const number = descriptor(fd, 'fd')
  return runWhenReady(new Vectors('writev', number, viewList(buffers, 'buffers')), waitOptions(options))
}

const { IOV_MAX } = constants
const { EINVAL } = errnoNumbers
const { iov_base, iov_len } = structs.iovec.offsets

/** Offset of the data in the block, behind the iovec. */
const DATA = structs.iovec.size

/** One buffer of the block replaces all of the caller's, in the same order. */
function preparedVectors(
  name: 'preadv2' | 'pwritev2',
  syscall: string,
  given: Parameters<typeof vectors.checkedVectors>,
): Writing<'preadv2' | 'pwritev2'> {
  const { file, list: views, place, bits } = vectors.checkedVectors(...given)
  if (views.length > IOV_MAX) throw osError(EINVAL, syscall, file)
  return {
    name,
    args: [file, scratchAddress, 1, place, 0, bits],
    syscall,
    file,
    views,
    length: lengthOf(views),
    argument: 'buffers',
  }
}

function describe({ bytes, address: start }: Block, length: number): void {
  bytes.writeBigUInt64LE(BigInt(start + DATA), iov_base)
  bytes.writeBigUInt64LE(BigInt(clampCount(length)), iov_len)
}

/** The view that is read into: C has only its address, and this reference keeps it alive. It is read, lest it be removed. */
const pinned: { view: Uint8Array | null } = { view: null }

const PREADV: Outcome<number> = {
  atOnce(call) {
    const { args, views, length } = call as Writing<'preadv2'>
    const [fd, , , offset, , flags] = args
    if (flags !== 0) return NOT_YET
    const [first] = views
    if (views.length === 1 && first !== undefined) {
      pinned.view = first
      putVector(addressOf(first), length)
      const size = readFromCache(fd, 1, offset, length)
      const wasPinned = pinned.view !== null
      pinned.view = null
      return wasPinned ? size : NOT_YET
    }
    let size: AttemptResult = NOT_YET
    withVectors('preadv', fd, views, (_, count) => {
      size = readFromCache(fd, count, offset, length)
      return 0
    })
    return size
  },
  memorySize: (call) => DATA + (call as Writing<'preadv2'>).length,
  fill: (call, block) => describe(block, (call as Writing<'preadv2'>).length),
  result(size: Int64, call: Prepared, { bytes }: Block): number {
    let at = DATA
    const end = DATA + Number(size)
    for (const view of unchanged(call as Writing<'preadv2'>)) {
      const piece = bytes.subarray(at, Math.min(at + view.length, end))
      view.set(piece)
      at += piece.length
    }
    return Number(size)
  },
}

/**
 * preadv2(2): `os.preadv` on the thread pool. Reads from an offset of a file into several buffers.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * await promises.preadv(fd, [Buffer.alloc(2), Buffer.alloc(2)], 0) // => 4
 * os.close(fd)
 * ```
 */
export const preadv: Twin<typeof vectors.preadv> = twin(
  vectors.preadv,
  (...given: Parameters<typeof vectors.checkedVectors>) => preparedVectors('preadv2', 'preadv', given),
  PREADV,
)

const PWRITEV: Outcome<number> = {
  memorySize: (call) => DATA + (call as Writing<'pwritev2'>).length,
  fill(call, block) {
    const writing = call as Writing<'pwritev2'>
    describe(block, writing.length)
    let at = DATA
    for (const view of unchanged(writing)) {
      block.bytes.set(view, at)
      at += view.length
    }
  },
  result: Number,
}

/**
 * pwritev2(2): `os.pwritev` on the thread pool. Writes several buffers at an offset of a file. They must not change
 * until the promise is settled.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * await promises.pwritev(fd, [Buffer.from('a'), Buffer.from('bc')], 0) // => 3
 * os.close(fd)
 * ```
 */
export const pwritev: Twin<typeof vectors.pwritev> = twin(
  vectors.pwritev,
  (...given: Parameters<typeof vectors.checkedVectors>) => preparedVectors('pwritev2', 'pwritev', given),
  PWRITEV,
)
