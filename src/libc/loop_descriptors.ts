import { NotImplementedError } from '../errors.ts'
import { ProcessMemory } from './fork/process_memory.ts'
import { libc } from './functions.ts'
import { descriptorsOfNode, eventLoop, isNode } from './node.ts'

/**
 * The descriptors of this thread's event loop in Node: those that libuv watches, or is about to watch, and those of all
 * handles. In a child of fork the kernel does not have them yet, so they are read from libuv's memory.
 *
 * The layouts are those of uv_loop_t and uv__io_t in libuv's public headers (include/uv/unix.h), the same in all
 * versions 1.x on 64-bit systems. Each value that is read is verified.
 */

// Offsets in a uv_loop_t: the epoll instance, the array of watchers by descriptor, and its length.
const BACKEND_FD = 64
const WATCHERS = 104
const WATCHER_COUNT = 112
/** Offset of the descriptor in a uv__io_t. */
const WATCHER_FD = 48

/** More descriptors than a process can have: the value that is read is not a length then. */
const MAX_WATCHERS = 2 ** 22

/**
 * @returns the descriptors; an empty set in other runtimes
 * @throws NotImplementedError if libuv's memory has another layout
 */
export function loopDescriptors(): Set<number> {
  if (!isNode) return new Set()
  const fds = descriptorsOfNode()
  const loop = eventLoop()
  const memory = new ProcessMemory()
  try {
    const backend = libc.uv_backend_fd(loop)
    const count = memory.int32(loop + WATCHER_COUNT) ?? -1
    if (memory.int32(loop + BACKEND_FD) !== backend || count < 0 || count > MAX_WATCHERS) throw unknownLayout()
    fds.add(backend)
    const watchers = count === 0 ? [] : memory.pointers(memory.pointer(loop + WATCHERS), count * 8)
    if (watchers.length !== count) throw unknownLayout()
    for (const [fd, watcher] of watchers.entries()) {
      if (watcher === 0) continue
      if (memory.int32(watcher + WATCHER_FD) !== fd) throw unknownLayout()
      fds.add(fd)
    }
  } finally {
    memory.close()
  }
  return fds
}

function unknownLayout(): NotImplementedError {
  return new NotImplementedError('osier does not know the layout of this version of libuv')
}
