import { NotImplementedError } from '../../errors.ts'
import { libc } from '../functions.ts'
import koffi from '../koffi.ts'
import { ProcessMemory } from './process_memory.ts'

/**
 * Node's libuv event loop, whose kernel objects parent and child would share.
 *
 * The layout of `uv_loop_t`, `uv_async_t` and `uv_signal_t` is declared in libuv's public headers (include/uv.h,
 * include/uv/unix.h), which is the same in all versions 1.x on 64-bit systems; `eventLoop` verifies it nevertheless.
 */

// Offsets in uv_loop_t.
const ACTIVE_REQUESTS = 32
const BACKEND_FD = 64
const WORK_QUEUE = 120
const WORK_MUTEX = 136
// Offsets in uv_async_t: its loop, its type, and whether it was sent and not yet handled.
const HANDLE_LOOP = 8
const HANDLE_TYPE = 16
const ASYNC_PENDING = 120
// Offsets in uv_signal_t: how many signals were caught, and how many were dispatched.
const SIGNAL_CAUGHT = 144
const SIGNAL_DISPATCHED = 148

const UV_ASYNC = 1
const UV_SIGNAL = 16
/** The sizes of handles in bytes: the fields that are written are at their ends. */
const HANDLE_SIZES = [
  [UV_ASYNC, ASYNC_PENDING + 8],
  [UV_SIGNAL, SIGNAL_DISPATCHED + 4],
] as const

/** The possible sizes of a pthread_mutex_t: 40 bytes on x64, 48 on arm64. */
const MUTEX_SIZES = [40, 48]

export interface EventLoop {
  /** The address of the uv_loop_t. */
  readonly address: number
  /** The address of the mutex of the queue of completed work. */
  readonly workMutex: number
  /** The address of the handle with which the pool wakes the loop. */
  readonly workAsync: number
  /** The size of a pthread_mutex_t. */
  readonly mutexSize: number
}

let known: EventLoop | undefined

/** The main thread's event loop. Throws where its layout differs from the expected one. */
export function eventLoop(): EventLoop {
  known ??= examine()
  return known
}

function examine(): EventLoop {
  const loop = libc.uv_default_loop()
  const memory = new ProcessMemory()
  try {
    const isLoop = memory.int32(loop + BACKEND_FD) === libc.uv_backend_fd(loop)
    const mutexSize = MUTEX_SIZES.find((size) => {
      const handle = loop + WORK_MUTEX + size
      return memory.pointer(handle + HANDLE_LOOP) === loop && memory.int32(handle + HANDLE_TYPE) === UV_ASYNC
    })
    const areHandles = HANDLE_SIZES.every(([type, size]) => Number(libc.uv_handle_size(type)) === size)
    if (!isLoop || !areHandles || mutexSize === undefined) {
      throw new NotImplementedError(
        'os.fork() cannot be trusted here: the event loop of libuv is not laid out as it was',
      )
    }
    const workMutex = loop + WORK_MUTEX
    return { address: loop, workMutex, workAsync: workMutex + mutexSize, mutexSize }
  } finally {
    memory.close()
  }
}

function uint32(address: number): number {
  return koffi.decode(BigInt(address), 'uint32_t') as number
}

export function activeRequests(loop: EventLoop): number {
  return uint32(loop.address + ACTIVE_REQUESTS)
}

export function setActiveRequests(loop: EventLoop, count: number): void {
  koffi.encode(BigInt(loop.address + ACTIVE_REQUESTS), 'uint32_t', count)
}

let pending: number[] = []
let signals: number[] = []
const NONE: readonly number[] = []

function visit(handle: number): void {
  const type = libc.uv_handle_get_type(handle)
  if (type === UV_ASYNC && uint32(handle + ASYNC_PENDING) !== 0) pending.push(handle)
  if (type === UV_SIGNAL) signals.push(handle)
}

/** `visit` as a C callback. It is kept, because creating it takes longer than the walk. */
let visitor: bigint | undefined

/** The async handles that have been sent and not yet handled. */
export function pendingHandles(loop: EventLoop): readonly number[] {
  visitor ??= koffi.register(visit, koffi.pointer(koffi.proto('void', ['uintptr_t', 'uintptr_t'])))
  pending = []
  signals = []
  libc.uv_walk(loop.address, visitor, 0)
  return pending
}

/**
 * Replaces the kernel objects of the event loop in the child.
 *
 * uv_loop_fork clears the pending flags of async handles (link below), so the pending handles are sent again: exactly
 * those, since another handle belongs to the inspector, and would open its port.
 *
 * https://github.com/libuv/libuv/blob/v1.46.0/src/unix/async.c#L293-L299
 */
export function forkEventLoop({ address }: EventLoop, pending: readonly number[], isChild: boolean): void {
  const { uv_loop_fork, uv_async_send } = libc
  const error = isChild ? uv_loop_fork(address) : 0
  if (error !== 0) throw new Error(`os.fork(): uv_loop_fork failed in the child (${error})`)
  for (const handle of pending) uv_async_send(handle)
  forgetSignals(isChild ? signals : NONE)
}

/**
 * Discards signals that the parent has caught and not dispatched: they are in the parent's pipe. Some versions of libuv
 * count them in the child too, and would poll for them in a busy loop before closing a signal handle.
 */
function forgetSignals(handles: readonly number[]): void {
  for (const handle of handles) {
    for (const count of [SIGNAL_CAUGHT, SIGNAL_DISPATCHED]) koffi.encode(BigInt(handle + count), 'uint32_t', 0)
  }
}

/** The number of completed work items of the thread pool that the loop has not handled yet. */
export function completedWork(loop: EventLoop): number {
  const head = loop.address + WORK_QUEUE
  let count = 0
  for (let entry = nextOf(head); entry !== head; entry = nextOf(entry)) count += 1
  return count
}

function nextOf(entry: number): number {
  return Number(koffi.decode(BigInt(entry), 'uint64_t'))
}

/**
 * Removes the parent's completed work items from the child's queue, so that the child does not handle them again: a
 * `readFile` would continue in both processes, on one file offset.
 */
export function dropCompletedWork(loop: EventLoop, count: number): void {
  const head = loop.address + WORK_QUEUE
  koffi.encode(BigInt(head), 'uint64_t', BigInt(head))
  koffi.encode(BigInt(head + 8), 'uint64_t', BigInt(head))
  setActiveRequests(loop, Math.max(0, activeRequests(loop) - count))
}
