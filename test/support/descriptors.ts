import { readdirSync, readlinkSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/**
 * Loaded before every test file: what is open when the file's process starts must be all that is open when it ends.
 * Node's own come and go (those of event loops, and /dev/null when it starts a child), so those do not count.
 * Nor does it look in workers, which load this too: what is open belongs to the process, and main's may come and go.
 */
function open(): Map<string, string> {
  const found = new Map<string, string>()
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      found.set(fd, readlinkSync(`/proc/self/fd/${fd}`))
    } catch {
      // The descriptor of the listing itself.
    }
  }
  return found
}

const before = open()

process.on('exit', () => {
  if (!isMainThread) return
  const leaked = [...open()].filter(
    ([fd, target]) => !before.has(fd) && !/^anon_inode:\[(eventpoll|eventfd|io_uring)\]|^\/dev\/null$/.test(target),
  )
  if (leaked.length === 0) return
  console.error(`descriptors left open: ${leaked.map(([fd, target]) => `${fd} -> ${target}`).join(', ')}`)
  process.exitCode = 1
})
