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

/** Binds the port, and gives the descriptor of the socket. A server of this process would accept here, so none is left. */
async function bind(): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  console.log(`process ${process.pid} listens on port ${(server.address() as AddressInfo).port}`)
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle
  const listening = os.dup(fd)
  server.close()
  return listening
}

function serve(): void {
  createServer((request, response) => {
    response.setHeader('connection', 'close')
    response.end(`${request.url} by ${process.pid}\n`)
  }).listen({ fd: listening })
}

const children = new Set<number>()
let role: 'parent' | 'child' | 'ending' = 'parent'

/** In the child this returns like any other function, and the event loop continues, now with a server. */
function startChild(): void {
  const pid = os.fork()
  if (pid !== 0) children.add(pid)
  else {
    role = 'child'
    serve()
  }
}

/** Waits for the children that have ended, and puts others in their place. */
function reap(): void {
  for (const pid of children) {
    if (role === 'child') return
    const [ended, status] = os.waitpid(pid, os.WNOHANG)
    if (ended === 0) continue
    children.delete(pid)
    console.log(`process ${pid} ended with ${os.waitstatus_to_exitcode(status)}`)
    if (role === 'parent') startChild()
  }
  if (role === 'ending' && children.size === 0) process.exit()
}

// The children have these handlers, too. Each acts by its role: a signal may come before anything that a child does
// first, such as taking handlers away.
process.on('SIGCHLD', reap)
process.on('SIGTERM', () => {
  if (role === 'child') process.exit()
  role = 'ending'
  for (const pid of children) os.kill(pid, SIGTERM)
  reap()
})

const listening = await bind()
for (let i = 0; i < processes && role === 'parent'; i++) startChild()
if (role === 'parent') {
  console.log(`${children.size} processes serve`)
  // Handlers of signals alone keep no process alive.
  setInterval(() => undefined, 1 << 30)
}
