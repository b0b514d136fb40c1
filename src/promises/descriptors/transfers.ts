import { BlockingIOError } from '../../errors.ts'
import { type CheckedWaitOptions, NOT_YET, ready, runWhenReady } from '../../event_loop/fd_operation.ts'
import { setNonblocking, tryCall, withoutBlocking } from '../../event_loop/nonblocking.ts'
import { throwIfAborted } from '../../event_loop/on_abort.ts'
import { READABLE, WRITABLE } from '../../event_loop/poller.ts'
import { constants, structs } from '../../libc/facts.ts'
import { type Address, libc } from '../../libc/functions.ts'
import { addressOf, scratch, scratchAddress } from '../../libc/memory.ts'
import { rejectDetached } from '../../os/arguments/buffers.ts'
import type { Descriptor } from '../../os/arguments/descriptors.ts'
import { close, dup } from '../../os/descriptors/open_close.ts'
import * as transfers from '../../os/descriptors/transfers.ts'
import {
  checkedVmsplice,
  type Offset,
  preparedSendfile,
  preparedSplice,
  preparedTee,
  type TransferOffsets,
} from '../../os/descriptors/transfers.ts'
import { withVectors } from '../../os/descriptors/vectors.ts'
import type { SignalOption } from '../abort.ts'
import { COUNT, onPool, twin } from '../on_pool.ts'

import { Backoff } from '../pause.ts'
import { Sequence } from '../sequence.ts'
import { takeWaitOptions, type WaitOptions } from '../wait_options.ts'

/** Transfers inside the kernel, which start when both sides are ready. */

const { F_GETFL, O_ACCMODE, O_RDONLY, SPLICE_F_NONBLOCK, SEEK_CUR, POLLIN, POLLOUT } = constants
const { offsets: POLL, size: POLLFD } = structs.pollfd

/** The size of both offsets at the start of scratch memory, in bytes. */
const OFFSETS = 16
/** The longest time between two attempts where both sides are ready and yet nothing can be moved, in milliseconds. */
const LONGEST_PAUSE = 16

/**
 * Copies the offsets from scratch memory, which other calls use while this one waits. `moved` converts an address in
 * scratch memory to the corresponding address in the copy.
 */
function copyOffsets(): { readonly memory: Buffer; readonly moved: (place: Address) => Address } {
  const memory = Buffer.allocUnsafeSlow(OFFSETS)
  scratch.copy(memory, 0, 0, OFFSETS)
  const start = addressOf(memory)
  return { memory, moved: (place) => (place === 0 ? 0 : start + place - scratchAddress) }
}

/** Whether the descriptor is a regular file or a seekable device: it cannot be polled, but a call may block. */
function hasPosition(fd: number): boolean {
  return libc.lseek(fd, 0, SEEK_CUR) !== -1
}

/** The side that is not ready, and the event to wait for; null where both sides are ready. */
function sideNotReady(from: number, to: number): readonly [fd: number, events: number] | null {
  scratch.fill(0, 0, 2 * POLLFD)
  scratch.writeInt32LE(from, POLL.fd)
  scratch.writeInt16LE(POLLIN, POLL.events)
  scratch.writeInt32LE(to, POLLFD + POLL.fd)
  scratch.writeInt16LE(POLLOUT, POLLFD + POLL.events)
  libc.poll(scratchAddress, 2, 0)
  if (scratch.readInt16LE(POLL.revents) === 0) return [from, READABLE]
  if (scratch.readInt16LE(POLLFD + POLL.revents) === 0) return [to, WRITABLE]
  return null
}

/** Repeats `attempt` until something has been moved. Between attempts it waits for the side that is not ready. */
async function moveWhenReady(
  from: number,
  to: number,
  checkedOptions: CheckedWaitOptions,
  attempt: () => number | typeof NOT_YET | Promise<number | typeof NOT_YET>,
): Promise<number> {
  const backoff = new Backoff(LONGEST_PAUSE, checkedOptions)
  for (;;) {
    throwIfAborted(checkedOptions.signal)
    const result = await attempt()
    if (result !== NOT_YET) return result
    const side = sideNotReady(from, to)
    if (side === null) await backoff.pause()
    else await ready(...side, checkedOptions)
  }
}

/** The result of a call on the pool, with NOT_YET for EAGAIN. */
async function notYetOnEagain(call: Promise<number>): Promise<number | typeof NOT_YET> {
  try {
    return await call
  } catch (error) {
    if (error instanceof BlockingIOError) return NOT_YET
    throw error
  }
}

/**
 * splice(2): moves data between a pipe and another descriptor, as soon as both are ready.
 *
 * @param src the source
 * @param dst the destination; this or `src` is a pipe
 * @param count how many bytes at the most
 * @param offset_src where to start reading, in bytes; null for the position, which advances, and for a pipe
 * @param offset_dst where to start writing, in bytes; null for the position, which advances, and for a pipe
 * @param flags of SPLICE_F_MOVE, SPLICE_F_MORE; SPLICE_F_NONBLOCK has no effect here
 * @param options `offset_src`, `offset_dst`, `flags` by name; `signal`: aborted, it makes the promise reject, and
 *   nothing has been moved; `ref`: false lets the process end meanwhile
 * @returns how many bytes were moved; 0 at the end
 * @throws OSError as the system reports it: EBADF, EINVAL where neither is a pipe, ESPIPE for the offset of a pipe
 *
 * Availability: Linux. See splice(2); Python, os.splice.
 * @example
 * ```ts
 * const source = os.open('/etc/passwd', os.O_RDONLY)
 * const [r, w] = os.pipe()
 * await promises.splice(source, w, 4, { offset_src: 0 }) // => 4
 * for (const fd of [source, r, w]) os.close(fd)
 * ```
 */
export function splice(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  offset_src: Offset,
  offset_dst?: Offset,
  flags?: number,
  options?: WaitOptions,
): Promise<number>
export function splice(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  options?: TransferOffsets & { readonly flags?: number | undefined } & WaitOptions,
): Promise<number>
export async function splice(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  ...rest: unknown[]
): Promise<number> {
  const checkedOptions = takeWaitOptions(rest)
  const { args, syscall, file } = preparedSplice(src, dst, count, ...(rest as [Offset]))
  const [from, fromPlace, to, toPlace, most, bits] = args
  const { memory, moved } = copyOffsets()
  const flags = bits | SPLICE_F_NONBLOCK
  const own = [from, moved(fromPlace), to, moved(toPlace), most, flags] as const
  if (hasPosition(from) || hasPosition(to)) {
    const call = { name: 'splice', args: own, syscall, file, memory } as const
    return moveWhenReady(from, to, checkedOptions, () => notYetOnEagain(onPool<number>(call, COUNT)))
  }
  // SPLICE_F_NONBLOCK affects the pipe only: a socket at the other side would block. `memory` is captured here because
  // C gets only its address, and it must not be collected while attempts are made.
  return moveWhenReady(from, to, checkedOptions, () =>
    withoutBlocking<number | typeof NOT_YET>(
      to,
      WRITABLE,
      (target) => {
        const call = (): number => libc.splice(from, own[1], target, own[3], most, flags)
        return tryCall(syscall, from, READABLE, null, call, memory.length > 0)
      },
      NOT_YET,
    ),
  )
}

/**
 * tee(2): copies the contents of a pipe to another pipe without consuming them, as soon as both are ready.
 *
 * @param src the pipe to read
 * @param dst the pipe to write
 * @param count how many bytes at the most
 * @param flags SPLICE_F_NONBLOCK has no effect here
 * @param options `flags` by name; `signal`: aborted, it makes the promise reject, and nothing has been copied; `ref`:
 *   false lets the process end meanwhile
 * @returns how many bytes were copied; 0 where the pipe is empty and has no writer any more
 * @throws OSError as the system reports it: EBADF, EINVAL where one is not a pipe or both are the same
 *
 * Availability: Linux. See tee(2).
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const [copyR, copyW] = os.pipe()
 * const copied = promises.tee(r, copyW, 100)
 * os.write(w, Buffer.from('twice')) // => 5
 * await copied // => 5
 * os.read(copyR, 100) // => Buffer.from('twice')
 * os.read(r, 100) // => Buffer.from('twice')
 * for (const fd of [r, w, copyR, copyW]) os.close(fd)
 * ```
 */
export function tee(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  flags?: number | ({ readonly flags?: number | undefined } & WaitOptions),
  options?: WaitOptions,
): Promise<number>
export async function tee(
  src: Descriptor,
  dst: Descriptor,
  count: number | bigint,
  ...rest: unknown[]
): Promise<number> {
  const given: unknown[] = [...rest]
  const checkedOptions = takeWaitOptions(given)
  const [from, to, most, bits] = preparedTee(src, dst, count, ...given).args
  const flags = bits | SPLICE_F_NONBLOCK
  const call = (): number => libc.tee(from, to, most, flags)
  return moveWhenReady(from, to, checkedOptions, () => tryCall('tee', from, READABLE, null, call, true))
}

/**
 * vmsplice(2): puts memory into a pipe without copying it, as soon as the pipe has room, or reads a pipe into memory,
 * as soon as there is anything.
 *
 * The pipe refers to the caller's memory until a reader has consumed it: changing the buffer, or letting it be garbage
 * collected, changes what the reader gets. `writev` copies the data and has no such restriction.
 *
 * @param fd the writing end of a pipe, or its reading end
 * @param buffers the memory: views, at most 1024
 * @param flags of SPLICE_F_GIFT; SPLICE_F_NONBLOCK has no effect here
 * @param options `flags` by name; `signal`: aborted, it makes the promise reject, and nothing has been moved; `ref`:
 *   false lets the process end meanwhile
 * @returns how many bytes were put into the pipe, which may be fewer than the buffers hold, or read from it; 0 at its
 *   end
 * @throws OSError as the system reports it: EBADF for a descriptor that is not a pipe, EINVAL, BrokenPipeError
 *
 * Availability: Linux. See vmsplice(2).
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * const room = Buffer.alloc(100)
 * const coming = promises.vmsplice(r, [room])
 * await promises.vmsplice(w, [Buffer.from('from '), Buffer.from('memory')]) // => 11
 * await coming // => 11
 * os.close(r)
 * os.close(w)
 * ```
 */
export function vmsplice(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  flags?: number | ({ readonly flags?: number | undefined } & WaitOptions),
  options?: WaitOptions,
): Promise<number>
export async function vmsplice(
  fd: Descriptor,
  buffers: readonly ArrayBufferView[],
  ...rest: unknown[]
): Promise<number> {
  const given: unknown[] = [...rest]
  const checkedOptions = takeWaitOptions(given)
  const { pipe, list, bits } = checkedVmsplice(fd, buffers, ...given)
  const flags = bits | SPLICE_F_NONBLOCK
  const status = libc.fcntl(pipe, F_GETFL, 0)
  // The kernel's rule: a writable descriptor is written to.
  const events = (status & O_ACCMODE) === O_RDONLY ? READABLE : WRITABLE
  const attempt = (): number | typeof NOT_YET => {
    for (const bytes of list) rejectDetached(bytes, 'buffers')
    let tried: number | typeof NOT_YET = NOT_YET
    withVectors('vmsplice', pipe, list, (vectors, count) => {
      const call = (): number => libc.vmsplice(pipe, vectors, count, flags)
      tried = tryCall('vmsplice', pipe, events, call, call, false)
      return 0
    })
    return tried
  }
  return runWhenReady({ fd: pipe, events, attempt }, checkedOptions)
}

/** The unfinished transfers to each descriptor. */
const unfinished = new Map<number, Sequence>()

/** Starts `work` when the earlier transfers to the descriptor have ended. */
async function afterEarlierTransfers<T>(
  fd: number,
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const sequence = unfinished.get(fd) ?? new Sequence()
  unfinished.set(fd, sequence)
  try {
    return await sequence.run(work, signal)
  } finally {
    // A microtask later the sequence knows that its last operation has ended.
    queueMicrotask(() => {
      if (sequence.isIdle && unfinished.get(fd) === sequence) unfinished.delete(fd)
    })
  }
}

/**
 * sendfile(2): copies from a file to another descriptor, such as a socket, as soon as that has room.
 *
 * The file is read on the thread pool. Meanwhile (and no longer) a blocking descriptor is in non-blocking mode for all
 * processes that share its open file description.
 *
 * @param out_fd the destination
 * @param in_fd the file, which must support mmap(2)
 * @param offset where to start in the file, in bytes; its position does not change. null: start at the position and
 *   advance it
 * @param count how many bytes at the most
 * @param options `signal`: aborted while it waits, it makes the promise reject, and nothing has been copied; `ref`:
 *   false lets the process end meanwhile
 * @returns how many bytes were copied, which may be fewer; 0 at the end of the file
 * @throws OSError as the system reports it: EBADF, EINVAL for a file that does not support it, BrokenPipeError
 *
 * Availability: Linux. See sendfile(2); Python, os.sendfile.
 * @example
 * ```ts
 * const source = os.open('/etc/passwd', os.O_RDONLY)
 * const [r, w] = os.pipe()
 * await promises.sendfile(w, source, 0, 4) // => 4
 * for (const fd of [source, r, w]) os.close(fd)
 * ```
 */
export async function sendfile(
  out_fd: Descriptor,
  in_fd: Descriptor,
  offset: Offset,
  count: number | bigint,
  ...rest: [options?: WaitOptions]
): Promise<number> {
  const checkedOptions = takeWaitOptions(rest)
  const { args, syscall, file } = preparedSendfile(out_fd, in_fd, offset, count, ...rest)
  const [to, from, place, most] = args
  const { memory, moved } = copyOffsets()
  const sending = (fd: number): Promise<number> => {
    const call = { name: 'sendfile', args: [fd, from, moved(place), most], syscall, file, memory } as const
    return onPool<number>(call, COUNT)
  }
  if (hasPosition(to)) return sending(to)
  const send = (): Promise<number> =>
    moveWhenReady(from, to, checkedOptions, () => notYetOnEagain(withNonblockingDuplicate(to, sending)))
  return afterEarlierTransfers(to, send, checkedOptions.signal)
}

/**
 * Runs `work` with a non-blocking duplicate of a descriptor: the number of the original may belong to another file by
 * the time the pool is done.
 */
async function withNonblockingDuplicate(fd: number, work: (copy: number) => Promise<number>): Promise<number> {
  const copy = dup(fd)
  const restore = setNonblocking(copy)
  try {
    return await work(copy)
  } finally {
    restore()
    close(copy)
  }
}

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
