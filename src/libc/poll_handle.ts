import { NotImplementedError } from '../errors.ts'
import { type Address, libc } from './functions.ts'
import koffi from './koffi.ts'
import { callAtThreadEnd, eventLoop } from './node.ts'

/**
 * A libuv handle (uv_poll_t) that watches one descriptor in Node's event loop, as long as the thread runs.
 *
 * Each thread has at most one, and it is never closed. Its memory is allocated by C, so it is not garbage collected,
 * and koffi never releases the callback.
 */

/** UV_POLL of uv_handle_type. */
const POLL = 8
/** UV_READABLE of uv_poll_event. */
const READABLE = 1

// Offset in uv_handle_t of its link in the loop's list of handles: the field handle_queue,
// https://github.com/libuv/libuv/blob/v1.46.0/include/uv.h#L469
const LINK = 32
// Offsets in such a link.
const NEXT = 0
const PREVIOUS = 8

const callbackType = koffi.pointer(koffi.proto('void', ['uintptr_t', 'int', 'int']))

/** Whether the descriptor keeps the loop alive. */
export interface Watch {
  ref(): void
  unref(): void
}

/**
 * Has `wake` called in each turn of the event loop in which the descriptor is readable.
 *
 * It is called by setImmediate, in the same turn but after libuv's callback. There Node does everything that belongs to
 * a callback: it runs microtasks (koffi does so only in some releases of Node), and reports an exception as uncaught.
 *
 * @param fd is set to non-blocking mode, and closed when the thread ends
 */
export function watch(fd: number, wake: () => void): Watch {
  const loop = eventLoop()
  if (libc.uv_handle_type_name(POLL) !== 'poll') throw unexpectedLayout()
  const handle = libc.calloc(1, libc.uv_handle_size(POLL))
  if (handle === 0 || libc.uv_poll_init(loop, handle, fd) !== 0) throw unexpectedLayout()
  unlink(handle)
  releaseAtExit(handle, fd)
  let isWoken = false
  const onImmediate = (): void => {
    isWoken = false
    wake()
  }
  const callback = koffi.register(() => {
    if (isWoken) return
    isWoken = true
    setImmediate(onImmediate)
  }, callbackType)
  libc.uv_poll_start(handle, READABLE, callback)
  libc.uv_unref(handle)
  return { ref: () => libc.uv_ref(handle), unref: () => libc.uv_unref(handle) }
}

/**
 * Node runs the loop a last time when a thread ends (by itself, by `process.exit`, by `worker.terminate`), when
 * JavaScript may no longer run. So C functions are registered to be called before that.
 */
function releaseAtExit(handle: Address, fd: number): void {
  // The last one is called first.
  callAtThreadEnd('free', handle)
  callAtThreadEnd('close', fd)
  callAtThreadEnd('uv_poll_stop', handle)
}

/**
 * Removes the handle from the loop's list of handles. Node closes the loop of a worker at its end, and aborts the
 * process where it still has handles. Closing this one would need JavaScript, which `worker.terminate` does not let
 * run. The list serves only that check and uv_walk(3).
 */
function unlink(handle: Address): void {
  const self = handle + LINK
  const next = addressAt(self + NEXT)
  const previous = addressAt(self + PREVIOUS)
  if (addressAt(next + PREVIOUS) !== self || addressAt(previous + NEXT) !== self) throw unexpectedLayout()
  putAddress(next + PREVIOUS, previous)
  putAddress(previous + NEXT, next)
  putAddress(self + NEXT, self)
  putAddress(self + PREVIOUS, self)
}

function addressAt(place: Address): Address {
  return Number(koffi.decode(BigInt(place), 'uint64_t'))
}

function putAddress(place: Address, value: Address): void {
  koffi.encode(BigInt(place), 'uint64_t', BigInt(value))
}

function unexpectedLayout(): NotImplementedError {
  return new NotImplementedError(
    'osier cannot wait in the event loop of this build of Node: its libuv has an unexpected layout',
  )
}
