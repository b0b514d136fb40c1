import { isMainThread } from 'node:worker_threads'
import { NotImplementedError } from '../errors.ts'
import { libc } from './functions.ts'
import koffi from './koffi.ts'
import { findSymbol } from './library.ts'
import { addressOf } from './memory.ts'
import { eventLoop } from './node.ts'

/**
 * A handle of libuv's (uv_poll_t) that watches one descriptor in Node's own loop, for as long as the thread lives.
 *
 * There is one in a thread, and it is never closed. So its memory, and the callback that C holds, are never let go.
 */

/** UV_POLL of uv_handle_type. */
const POLL = 8
/** UV_READABLE of uv_poll_event. */
const READABLE = 1

// Words into a uv_handle_t, by the public header of libuv 1.x: where it is linked into the list of the loop's handles.
const NEXT = 4
const PREVIOUS = 5
const WORD = 8

const callbackType = koffi.pointer(koffi.proto('void', ['uintptr_t', 'int', 'int']))

/** Whether the loop is to stay alive for the sake of the descriptor, and what ends the watch. */
export interface Watch {
  ref(): void
  unref(): void
}

/** Nothing here is ever collected. */
const held: unknown[] = []

/**
 * Has `wake` called in each turn of the loop in which the descriptor is readable.
 *
 * It is called by setImmediate, in the same turn but after libuv's callback. There all that Node does around a callback is
 * done: microtasks run (koffi sees to that in some releases of Node only), and an error that is thrown is one that nobody caught.
 *
 * @param fd is made non-blocking
 */
export function watch(fd: number, wake: () => void): Watch {
  const loop = eventLoop()
  if (libc.uv_handle_type_name(POLL) !== 'poll') throw notAsKnown()
  const size = libc.uv_handle_size(POLL)
  const memory = Buffer.allocUnsafeSlow(size).fill(0)
  const handle = addressOf(memory)
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
  held.push(memory, callback, onImmediate)
  stopAtEnd(handle, fd)
  if (libc.uv_poll_init(loop, handle, fd) !== 0) throw notAsKnown()
  if (!isMainThread) unlink(memory, handle)
  libc.uv_poll_start(handle, READABLE, callback)
  libc.uv_unref(handle)
  return { ref: () => libc.uv_ref(handle), unref: () => libc.uv_unref(handle) }
}

/**
 * Node runs the loop for a last time when a thread ends (by itself, by `process.exit`, by `worker.terminate`), and no
 * JavaScript may run then. So functions of C are called before: uv_poll_stop, and close for the descriptor.
 */
function stopAtEnd(handle: number, fd: number): void {
  const [close, stop] = [findSymbol('close'), findSymbol('uv_poll_stop')]
  if (close === undefined || stop === undefined) throw notAsKnown()
  const isolate = libc._ZN2v87Isolate10GetCurrentEv()
  // The last one added is called first.
  libc._ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_(isolate, close, fd)
  libc._ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_(isolate, stop, handle)
}

/**
 * The loop of a worker is closed at its end, and Node aborts the process where there are handles in it. To close ours
 * would take JavaScript, which `worker.terminate` does not let run. So it is taken out of the loop's list of handles,
 * which serves nothing but that check and uv_walk(3).
 */
function unlink(memory: Buffer<ArrayBuffer>, handle: number): void {
  const words = new BigUint64Array(memory.buffer, memory.byteOffset, PREVIOUS + 1)
  const [next, previous] = [words[NEXT] ?? 0n, words[PREVIOUS] ?? 0n]
  const self = BigInt(handle + NEXT * WORD)
  const wordAt = (address: bigint): bigint => BigInt(koffi.decode(address, 'uint64_t') as number | bigint)
  if (wordAt(next + BigInt(WORD)) !== self || wordAt(previous) !== self) throw notAsKnown()
  koffi.encode(next + BigInt(WORD), 'uint64_t', previous)
  koffi.encode(previous, 'uint64_t', next)
  words[NEXT] = self
  words[PREVIOUS] = self
}

function notAsKnown(): NotImplementedError {
  return new NotImplementedError(
    'osier cannot wait in the event loop of this build of Node: libuv is not as it is known',
  )
}
