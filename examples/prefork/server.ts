/**
 * A web server in several processes: one binds the port and forks, each child accepts, and the kernel deals out the
 * connections. The first process only looks after the others: it replaces those that die, and ends them all on SIGTERM.
 *
 *     node build/examples/prefork/server.js [port] [processes]
 */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'osier'
import { SIGTERM } from 'osier/signal'

const [port = 8080, processes = os.cpu_count() ?? 2] = process.argv.slice(2).map(Number)

const server = createServer((request, response) => {
  response.setHeader('connection', 'close')
  response.end(`${request.url} by ${process.pid}\n`)
})
server.listen(port, '127.0.0.1')
await once(server, 'listening')
console.log(`process ${process.pid} listens on port ${(server.address() as AddressInfo).port}`)

const children = new Set<number>()
let isEnding = false

/** In the child, this returns 0, and the event loop goes on: with the server that the child has from its parent. */
function startChild(): number {
  const pid = os.fork()
  if (pid !== 0) children.add(pid)
  else becomeServer()
  return pid
}

function becomeServer(): void {
  process.removeAllListeners('SIGTERM')
  process.removeAllListeners('SIGCHLD')
}

function reap(): void {
  for (const pid of children) {
    const [ended, status] = os.waitpid(pid, os.WNOHANG)
    if (ended === 0) continue
    children.delete(pid)
    console.log(`process ${pid} ended with ${os.waitstatus_to_exitcode(status)}`)
    if (!isEnding && startChild() === 0) return
  }
  if (isEnding && children.size === 0) process.exit()
}

process.on('SIGCHLD', reap)
process.on('SIGTERM', () => {
  isEnding = true
  for (const pid of children) os.kill(pid, SIGTERM)
  reap()
})

let isParent = true
for (let i = 0; i < processes && isParent; i++) isParent = startChild() !== 0
// What the children are to accept, this process must not. Until then the port was bound already: nobody was turned away.
if (isParent) {
  server.close()
  // Handlers of signals alone keep no process alive.
  setInterval(() => undefined, 1 << 30)
  console.log(`${children.size} processes serve`)
}
