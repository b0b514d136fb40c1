import { createServer, Socket } from 'node:net'
import { isatty, ReadStream } from 'node:tty'
import { parentPort, workerData } from 'node:worker_threads'
import {
  ANSWERED,
  type FromThread,
  INTERRUPT_KEY,
  SIGNALLED,
  type ThreadData,
  type ToThread,
  UNREAD,
} from './dupterm_line.ts'

/**
 * Serves a descriptor or a port that the terminal is repeated on. In a thread, because the main one may be in a loop
 * just when somebody types Ctrl-C to end it.
 */

/** How long the main thread may take to answer before it counts as busy, in milliseconds. */
const PATIENCE = 150

const { served, counters } = workerData as ThreadData
const counts = new Int32Array(counters)

function send(message: FromThread): void {
  parentPort?.postMessage(message)
}

function onInput(data: Buffer): void {
  const before = Atomics.load(counts, ANSWERED)
  send({ input: data })
  if (!data.includes(INTERRUPT_KEY)) return
  setTimeout(() => {
    if (Atomics.load(counts, ANSWERED) !== before) return
    Atomics.add(counts, SIGNALLED, 1)
    process.kill(process.pid, 'SIGINT')
  }, PATIENCE)
}

interface Connection {
  write(data: Uint8Array): void
  close(): void
}

let connection: Connection | null = null

function connect(stream: Socket, onEnd: (why: string) => void): void {
  const here: Connection = {
    write: (data) => {
      stream.write(data, () => Atomics.sub(counts, UNREAD, data.length))
    },
    close: () => stream.destroy(),
  }
  let why = ''
  connection = here
  stream.on('data', onInput)
  stream.on('end', () => stream.destroy())
  // A terminal whose other side is gone says EIO, and that is its end.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EIO') why = error.message
  })
  stream.on('close', () => {
    if (connection === here) connection = null
    onEnd(why)
  })
}

function finish(why: string): void {
  send({ ended: why })
  parentPort?.close()
}

function serveDescriptor(fd: number): void {
  if (!isatty(fd)) {
    const socket = new Socket({ fd, readable: true, writable: true })
    connect(socket, finish)
    return
  }
  const terminal = new ReadStream(fd)
  // Every key at once, and nothing shown that the program does not show.
  terminal.setRawMode(true)
  connect(terminal, finish)
}

function servePort(port: number): void {
  const server = createServer((socket) => {
    connection?.close()
    connect(socket, () => {})
  })
  server.on('error', (error) => finish(error.message))
  server.listen(port, '127.0.0.1', () => send({ port: (server.address() as { port: number }).port }))
}

parentPort?.on('message', (message: ToThread) => {
  if (message === null) {
    connection?.close()
    // When what is left has been closed: the terminal gets its settings back.
    setImmediate(() => process.exit())
  } else if (connection === null) Atomics.sub(counts, UNREAD, message.length)
  else connection.write(message)
})

if ('fd' in served) serveDescriptor(served.fd)
else servePort(served.port)
