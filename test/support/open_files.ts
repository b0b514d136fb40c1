import { lstatSync, readdirSync, readlinkSync } from 'node:fs'

/**
 * Node's own: of event loops, /dev/null, which it opens at times, and the certificates that it has been given, which newer
 * versions read in a thread. They come and go.
 */
const OF_NODE = /^anon_inode:\[(eventpoll|eventfd|io_uring)\]|^\/dev\/null$/

/**
 * Other runtimes have sockets and pipes to children and for signals, which come and go, and copies of standard streams; Deno
 * opens its caches when it needs them.
 */
const isNode = process.versions.bun === undefined && process.versions.deno === undefined
const CACHE_OF_DENO = /\/deno\/\w+_cache_v\d/
const OF_OTHERS = new RegExp(`^(socket|pipe|anon_inode):|${CACHE_OF_DENO.source}`)

function isOfRuntime(target: string): boolean {
  if (target === process.env.NODE_EXTRA_CA_CERTS) return true
  if (isNode) return OF_NODE.test(target)
  return (
    OF_NODE.test(target) ||
    OF_OTHERS.test(target) ||
    [1, 2].some((fd) => readlinkSync(`/proc/self/fd/${fd}`) === target)
  )
}

/** Whether a descriptor is one that a runtime other than Node opens for itself, and may have opened meanwhile. */
export function isOfOtherRuntime(fd: number): boolean {
  return !isNode && OF_OTHERS.test(readlinkSync(`/proc/self/fd/${fd}`))
}

/** Whether a descriptor is that of a cache, which Deno opens on first use, and keeps open. */
export function isOfCache(fd: number): boolean {
  try {
    return !isNode && CACHE_OF_DENO.test(readlinkSync(`/proc/self/fd/${fd}`))
  } catch {
    // It has been closed meanwhile.
    return false
  }
}

/** What this process has open, each as `fd -> what it is`, without what is Node's own. */
export function openFiles(): Set<string> {
  const found = new Set<string>()
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      if (!isOfRuntime(target)) found.add(`${fd} -> ${target}`)
    } catch {
      // The descriptor of the listing itself.
    }
  }
  return found
}

/**
 * How many descriptors this process has open, of all or of some. Newer versions of Node read the certificates of
 * NODE_EXTRA_CA_CERTS in a thread while programs begin: that file may go between two counts, and is in none.
 */
export function openCount(fds: readonly string[] = readdirSync('/proc/self/fd')): number {
  return fds.filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) !== process.env.NODE_EXTRA_CA_CERTS
    } catch (error) {
      // Not open, or the descriptor of the listing itself. What has become another user may not read what it has open.
      return (error as NodeJS.ErrnoException).code !== 'ENOENT'
    }
  }).length
}

/** Whether a descriptor is open. The kernel is asked: some runtimes' own functions know only those that they have opened. */
export function isOpen(fd: number): boolean {
  return lstatSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false }) !== undefined
}
