import { wrongType } from '../errors.ts'
import type { Block } from '../libc/background.ts'
import { BLOCK_SIZE } from '../libc/background.ts'
import { osError } from '../libc/call.ts'
import { constants, errnoNumbers, structs } from '../libc/facts.ts'
import { type Int64, libc } from '../libc/functions.ts'
import { address } from '../libc/memory.ts'
import { byteLength, type Descriptor, plainView } from '../os/arguments.ts'
import * as os from '../os/descriptors.ts'
import type { DirFdOption } from '../os/metadata.ts'
import type { Path } from '../os/names.ts'
import { atMost, trimmed } from '../os/pieces.ts'
import type { Prepared } from '../os/prepared.ts'
import * as transfers from '../os/transfers.ts'
import * as vectors from '../os/vectors.ts'
import { attached } from '../os/views.ts'
import type { SignalOption } from './abort.ts'
import { type Outcome, twin } from './on_pool.ts'

/** Opening and closing files, and reading and writing them at places of the caller's choice. */

const { IOV_MAX } = constants
const { EINTR, EINVAL } = errnoNumbers
const { iov_base, iov_len } = structs.iovec.offsets

/** A descriptor, which is closed where nobody wants it any more. */
export const OPENED: Outcome<number> = {
  result: Number,
  undo(fd) {
    libc.close(Number(fd))
  },
}

/**
 * openat(2): `os.open` on the thread pool. Aborted, it leaves no descriptor behind.
 *
 * A FIFO that nobody has open at the other end keeps a thread of the pool waiting: O_NONBLOCK avoids that.
 * @example
 * ```ts
 * const fd = await promises.open('notes', os.O_RDWR | os.O_CREAT, 0o600)
 * os.fstat(fd).st_size // => 0
 * await promises.close(fd)
 * ```
 */
export const open: {
  (path: Path, flags: number, mode: number, options?: DirFdOption & SignalOption): Promise<number>
  (
    path: Path,
    flags: number,
    options?: DirFdOption & SignalOption & { readonly mode?: number | undefined },
  ): Promise<number>
} = twin(os.open, os.preparedOpen, OPENED)

const CLOSED: Outcome<void> = {
  regardless: true,
  result: () => undefined,
  failure(errno, { file }) {
    if (errno !== EINTR) throw osError(errno, 'close', file)
  },
}

/**
 * close(2): `os.close` on the thread pool, since what was written may have to be stored first. Once called it cannot be
 * aborted any more: the descriptor is closed.
 * @example
 * ```ts
 * const fd = await promises.open('/etc/passwd', os.O_RDONLY)
 * await promises.close(fd)
 * await promises.close(fd) // throws OSError
 * ```
 */
export const close: (fd: Descriptor, options?: SignalOption) => Promise<void> = twin(os.close, os.preparedClose, CLOSED)

/** What was read at the start of a block. Where the block is the call's alone, it becomes the result. */
function pieceOf(size: number, { bytes }: Block): Buffer {
  return bytes.length > BLOCK_SIZE ? trimmed(bytes, size) : Buffer.from(bytes.subarray(0, size))
}

/**
 * pread(2): `os.pread` on the thread pool. Reads at most `n` bytes from a place in a file.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * await promises.pread(fd, 4, 1) // => os.pread(fd, 4, 1)
 * os.close(fd)
 * ```
 */
export const pread: (
  fd: Descriptor,
  n: number | bigint,
  offset: number | bigint,
  options?: SignalOption,
) => Promise<Buffer> = twin(os.pread, os.preparedPread, {
  room: (call) => Number((call as Prepared<'pread'>).args[2]),
  result: (size, _, block) => pieceOf(Number(size), block),
})

/** A call that writes a copy of the caller's memory: it could be transferred, and freed, before C has read it. */
interface Writing<Name extends 'pwriteFrom' | 'preadv2' | 'pwritev2'> extends Prepared<Name> {
  readonly views: readonly Uint8Array[]
  readonly length: number
  /** What the caller calls it. */
  readonly argument: string
}

function lengthOf(views: readonly Uint8Array[]): number {
  return views.reduce((sum, view) => sum + byteLength(view), 0)
}

/** The caller's memory, which must be as long as it was when the call was asked for. */
function unchanged({ views, length, argument }: Writing<'pwriteFrom' | 'preadv2' | 'pwritev2'>): Uint8Array[] {
  const plain = views.map((view) => plainView(attached(view, argument)))
  if (lengthOf(plain) === length) return plain
  throw wrongType(argument, 'memory that stays until the promise is settled', views)
}

function preparedPwrite(...given: Parameters<typeof os.preparedPwrite>): Writing<'pwriteFrom'> {
  const { args, file } = os.preparedPwrite(...given)
  const [fd, view, length, offset] = args
  const most = atMost(length)
  return {
    name: 'pwriteFrom',
    args: [fd, address, most, offset],
    syscall: 'pwrite',
    file,
    views: [view],
    length,
    argument: 'data',
  }
}

const PWRITE: Outcome<number> = {
  room: (call) => (call as Writing<'pwriteFrom'>).length,
  fill(call, { bytes }) {
    for (const view of unchanged(call as Writing<'pwriteFrom'>)) bytes.set(view)
  },
  result: Number,
}

/**
 * pwrite(2): `os.pwrite` on the thread pool. Writes bytes at a place in a file. `data` must stay as it is until the
 * promise is settled.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * await promises.pwrite(fd, Buffer.from('text'), 100) // => 4
 * os.fstat(fd).st_size // => 104
 * os.close(fd)
 * ```
 */
export const pwrite: (
  fd: Descriptor,
  data: ArrayBufferView,
  offset: number | bigint,
  options?: SignalOption,
) => Promise<number> = twin(os.pwrite, preparedPwrite, PWRITE)

/** Where the data starts in the block: behind the description of it. */
const DATA = structs.iovec.size

/** One piece of memory stands for all of the caller's, in the same order. */
function preparedVectors(
  name: 'preadv2' | 'pwritev2',
  syscall: string,
  given: Parameters<typeof vectors.checkedVectors>,
): Writing<'preadv2' | 'pwritev2'> {
  const { file, list: views, place, bits } = vectors.checkedVectors(...given)
  if (views.length > IOV_MAX) throw osError(EINVAL, syscall, file)
  return {
    name,
    args: [file, address, 1, place, 0, bits],
    syscall,
    file,
    views,
    length: lengthOf(views),
    argument: 'buffers',
  }
}

function describe({ bytes, address: start }: Block, length: number): void {
  bytes.writeBigUInt64LE(BigInt(start + DATA), iov_base)
  bytes.writeBigUInt64LE(BigInt(atMost(length)), iov_len)
}

const PREADV: Outcome<number> = {
  room: (call) => DATA + (call as Writing<'preadv2'>).length,
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
 * preadv2(2): `os.preadv` on the thread pool. Reads from a place in a file into several pieces of memory.
 * @example
 * ```ts
 * const fd = os.open('/etc/passwd', os.O_RDONLY)
 * await promises.preadv(fd, [Buffer.alloc(2), Buffer.alloc(2)], 0) // => 4
 * os.close(fd)
 * ```
 */
export const preadv: (
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  offset: number | bigint,
  flags?: number | (SignalOption & { readonly flags?: number | undefined }),
  options?: SignalOption,
) => Promise<number> = twin(
  vectors.preadv,
  (...given: Parameters<typeof vectors.checkedVectors>) => preparedVectors('preadv2', 'preadv', given),
  PREADV,
)

const PWRITEV: Outcome<number> = {
  room: (call) => DATA + (call as Writing<'pwritev2'>).length,
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
 * pwritev2(2): `os.pwritev` on the thread pool. Writes several pieces of memory to a place in a file. They must stay as
 * they are until the promise is settled.
 * @example
 * ```ts
 * const fd = os.open('notes', os.O_RDWR | os.O_CREAT)
 * await promises.pwritev(fd, [Buffer.from('a'), Buffer.from('bc')], 0) // => 3
 * os.close(fd)
 * ```
 */
export const pwritev: (
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  offset: number | bigint,
  flags?: number | (SignalOption & { readonly flags?: number | undefined }),
  options?: SignalOption,
) => Promise<number> = twin(
  vectors.pwritev,
  (...given: Parameters<typeof vectors.checkedVectors>) => preparedVectors('pwritev2', 'pwritev', given),
  PWRITEV,
)

/**
 * copy_file_range(2): `os.copy_file_range` on the thread pool. Copies from one file to another inside the kernel.
 * @example
 * ```ts
 * const source = os.open('/etc/passwd', os.O_RDONLY)
 * const target = os.open('copy', os.O_WRONLY | os.O_CREAT)
 * while ((await promises.copy_file_range(source, target, 2 ** 20)) > 0) {}
 * os.fstat(target).st_size // => os.fstat(source).st_size
 * os.close(source)
 * os.close(target)
 * ```
 */
export const copy_file_range: {
  (
    src: Descriptor,
    dst: Descriptor,
    count: number | bigint,
    offset_src: number | bigint | null,
    offset_dst?: number | bigint | null | SignalOption,
    options?: SignalOption,
  ): Promise<number>
  (
    src: Descriptor,
    dst: Descriptor,
    count: number | bigint,
    options?: transfers.TransferOffsets & SignalOption,
  ): Promise<number>
} = twin(transfers.copy_file_range, transfers.preparedCopyFileRange, { input: 16, result: Number })
