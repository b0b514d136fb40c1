import { isMainThread } from 'node:worker_threads'
import { type Address, libc } from './functions.ts'
import koffi from './koffi.ts'
import { int32At, scratchAddress } from './memory.ts'

/**
 * What is asked of Node itself, through the functions of libuv that its binary exports.
 *
 * Bun exports stubs of the same names that end the process when they are called, so the runtime decides, never whether
 * a symbol is there.
 */
export const isNode: boolean = process.versions.bun === undefined && process.versions.deno === undefined

/** Whether this is Bun, which keeps more of the process's state for itself than others do. */
export const isBun: boolean = process.versions.bun !== undefined

/** Puts terminals that Node has in raw mode back into the mode they were found in. */
export function resetTerminalModes(): void {
  if (isNode) libc.uv_tty_reset_mode()
  else if (libc.isatty(0) === 1 && process.stdin.isRaw) process.stdin.setRawMode(false)
}

/** The event loop of this thread. libuv knows the main thread's only; which one a worker has, Node tells in C++. */
export function eventLoop(): Address {
  if (isMainThread) return libc.uv_default_loop()
  return libc._ZN4node19GetCurrentEventLoopEPN2v87IsolateE(libc._ZN2v87Isolate10GetCurrentEv())
}

const visitor = koffi.proto('void', ['uintptr_t', 'uintptr_t'])

/** Calls `look` with each handle of this thread's event loop. */
function walkHandles(look: (handle: Address) => void): void {
  const visit = koffi.register(look, koffi.pointer(visitor))
  try {
    libc.uv_walk(eventLoop(), visit, 0)
  } finally {
    koffi.unregister(visit)
  }
}

/**
 * The children that Node waits for: those of `node:child_process` that this thread started. Whoever waits for "any
 * child" must leave these alone, or Node would never learn that they ended. (Other runtimes do not let us look.)
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

/** The descriptors of the handles that this thread's event loop has: sockets, pipes, terminals. Only Node tells them. */
export function descriptorsOfNode(): Set<number> {
  const fds = new Set<number>()
  if (!isNode) return fds
  walkHandles((handle) => {
    if (libc.uv_fileno(handle, scratchAddress) === 0) fds.add(int32At(0))
  })
  return fds
}

/** How many threads libuv's pool has, once it is in use: by the rules of libuv. */
export function threadPoolSize(): number {
  return Math.min(1024, Math.max(1, Number.parseInt(process.env.UV_THREADPOOL_SIZE ?? '4', 10) || 1))
}
