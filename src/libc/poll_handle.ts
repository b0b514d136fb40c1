import { NotImplementedError } from '../errors.ts'
import { type Address, libc } from './functions.ts'
import koffi from './koffi.ts'
import { findSymbol } from './library.ts'
import { eventLoop } from './node.ts'

/**
 * A handle of libuv's (uv_poll_t) that watches one descriptor in Node's own loop, for as long as the thread lives.
 *
 * There is one in a thread, and it is never closed. Its memory is C's, which no garbage collector takes away, and koffi
 * never lets go of the callback.
 */

/** UV_POLL of uv_handle_type. */
const POLL = 8
/** UV_READABLE of uv_poll_event. */
const READABLE = 1

// Bytes into a uv_handle_t, by the public header of libuv 1.x: where it is linked into the list of the loop's handles.
const LINK = 32
// Bytes into such a link.
const NEXT = 0
const PREVIOUS = 8

const callbackType = koffi.pointer(koffi.proto('void', ['uintptr_t', 'int', 'int']))

/** Whether the loop is to stay alive for the sake of the descriptor. */
export interface Watch {
  ref(): void
  unref(): void
}

/**
 * Has `wake` called in each turn of the loop in which the descriptor is readable.
 *
 * It is called by setImmediate, in the same turn but after libuv's callback. There all that Node does around a callback
 * is done: microtasks run (koffi sees to that in some releases of Node only), and what is thrown is an error that
 * nobody caught.
 *
 * @param fd is made non-blocking, and closed when the thread ends
 */
export function watch(fd: number, wake: () => void): Watch {
  const loop = eventLoop()
  if (libc.uv_handle_type_name(POLL) !== 'poll') throw notAsKnown()
  const handle = libc.calloc(1, libc.uv_handle_size(POLL))
  if (handle === 0 || libc.uv_poll_init(loop, handle, fd) !== 0) throw notAsKnown()
  unlink(handle)
  releaseAtEnd(handle, fd)
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
 * Node runs the loop for a last time when a thread ends (by itself, by `process.exit`, by `worker.terminate`), and no
 * JavaScript may run then. So functions of C are called before.
 */
function releaseAtEnd(handle: Address, fd: number): void {
  const isolate = libc._ZN2v87Isolate10GetCurrentEv()
  // The last one that is added is called first.
  const steps = { free: handle, close: fd, uv_poll_stop: handle }
  for (const [name, argument] of Object.entries(steps)) {
    const hook = findSymbol(name)
    if (hook === undefined) throw notAsKnown()
    libc._ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_(isolate, hook, argument)
  }
}

/**
 * The loop of a worker is closed at its end, and Node aborts the process where there are handles in it. To close ours
 * would take JavaScript, which `worker.terminate` does not let run. So it is taken out of the loop's list of handles,
 * which serves nothing but that check and uv_walk(3).
 */
function unlink(handle: Address): void {
  const self = handle + LINK
  const next = addressAt(self + NEXT)
  const previous = addressAt(self + PREVIOUS)
  if (addressAt(next + PREVIOUS) !== self || addressAt(previous + NEXT) !== self) throw notAsKnown()
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

function notAsKnown(): NotImplementedError {
  return new NotImplementedError(
    'osier cannot wait in the event loop of this build of Node: libuv is not as it is known',
  )
}
