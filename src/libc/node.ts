import { isMainThread } from 'node:worker_threads'
import { NotImplementedError } from '../errors.ts'
import { type Address, libc } from './functions.ts'
import koffi from './koffi.ts'
import { findSymbol } from './library.ts'
import { int32At, scratchAddress } from './memory.ts'

/**
 * Functions of Node itself, and of libuv, which its binary exports.
 *
 * Bun exports stubs of the same names that abort the process when they are called, so the runtime decides, not the
 * presence of a symbol.
 */
export const isNode: boolean = process.versions.bun === undefined && process.versions.deno === undefined

/** Whether this is Bun, which keeps copies of process state that other runtimes share with C. */
export const isBun: boolean = process.versions.bun !== undefined

/** Restores the original mode of terminals that Node has set to raw mode. */
export function resetTerminalModes(): void {
  if (isNode) libc.uv_tty_reset_mode()
  else if (libc.isatty(0) === 1 && process.stdin.isRaw) process.stdin.setRawMode(false)
}

/** The event loop of this thread. libuv knows only that of the main thread; for a worker, Node's C++ API returns it. */
export function eventLoop(): Address {
  if (isMainThread) return libc.uv_default_loop()
  return libc._ZN4node19GetCurrentEventLoopEPN2v87IsolateE(libc._ZN2v87Isolate10GetCurrentEv())
}

/** The calls that Node makes at the end of this thread. */
const registered = new Set<string>()

/**
 * Has Node call a function of C with one argument at the end of this thread, also where JavaScript may no longer run
 * (`worker.terminate`). The function that was registered last is called first.
 */
export function callAtThreadEnd(name: string, argument: number): void {
  // Node aborts the process where the same call is registered twice: the child of a fork opens descriptors anew, which
  // get the numbers that its parent's had.
  const call = `${name} ${argument}`
  if (registered.has(call)) return
  registered.add(call)
  const hook = findSymbol(name)
  if (hook === undefined) throw new NotImplementedError(`osier does not find ${name} in this build of Node`)
  const isolate = libc._ZN2v87Isolate10GetCurrentEv()
  libc._ZN4node25AddEnvironmentCleanupHookEPN2v87IsolateEPFvPvES3_(isolate, hook, argument)
}

const visitor = koffi.proto('void', ['uintptr_t', 'uintptr_t'])

/** Calls `visitHandle` with each handle of this thread's event loop. */
function walkHandles(visitHandle: (handle: Address) => void): void {
  const visit = koffi.register(visitHandle, koffi.pointer(visitor))
  try {
    libc.uv_walk(eventLoop(), visit, 0)
  } finally {
    koffi.unregister(visit)
  }
}

/**
 * The children that Node waits for: those of `node:child_process` that this thread started. A wait for any child must
 * exclude them, or Node would never learn that they ended. (Other runtimes do not expose theirs.)
 */
export function childrenOfNode(): Set<number> {
  const pids = new Set<number>()
  if (!isNode) return pids
  walkHandles((handle) => {
    if (libc.uv_is_active(handle) === 0) return
    const type = libc.uv_handle_type_name(libc.uv_handle_get_type(handle))
    if (type === 'process') pids.add(libc.uv_process_get_pid(handle))
  })
  return pids
}

/** The descriptors of the handles of this thread's event loop: sockets, pipes, terminals. Empty in other runtimes. */
export function descriptorsOfNode(): Set<number> {
  const fds = new Set<number>()
  if (!isNode) return fds
  walkHandles((handle) => {
    if (libc.uv_fileno(handle, scratchAddress) === 0) fds.add(int32At(0))
  })
  return fds
}

/** The number of threads in libuv's pool once it is in use, computed as libuv does (src/threadpool.c: init_threads). */
export function threadPoolSize(): number {
  return Math.min(1024, Math.max(1, Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '4', 10) || 1))
}
