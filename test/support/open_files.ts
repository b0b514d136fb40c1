import { readdirSync, readlinkSync } from 'node:fs'

/** Node's own: of event loops, and /dev/null, which it opens at times. They come and go. */
const OF_NODE = /^anon_inode:\[(eventpoll|eventfd|io_uring)\]|^\/dev\/null$/

/** What this process has open, each as `fd -> what it is`, without what is Node's own. */
export function openFiles(): Set<string> {
  const found = new Set<string>()
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      if (!OF_NODE.test(target)) found.add(`${fd} -> ${target}`)
    } catch {
      // The descriptor of the listing itself.
    }
  }
  return found
}
