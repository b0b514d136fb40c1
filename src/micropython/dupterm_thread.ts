import { timingSafeEqual } from 'node:crypto'
import { chmodSync, linkSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, Socket } from 'node:net'
import { join } from 'node:path'
import { isatty, ReadStream } from 'node:tty'
import { parentPort, workerData } from 'node:worker_threads'
import {
  ANSWERED,
  type FromThread,
  INTERRUPT_KEY,
  type Served,
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

/** How long a connection may take to send its token, in milliseconds. */
const ADMISSION_TIME = 30_000
/** Connections at once: one is the terminal, the others have not sent their token. */
const MOST_CONNECTIONS = 16
const CARRIAGE_RETURN = 0x0d

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

function connect(stream: Socket, onEnd: (why: string) => void, hear: (data: Buffer) => void = onInput): void {
  const here: Connection = {
    write: (data) => {
      stream.write(data, () => Atomics.sub(counts, UNREAD, data.length))
    },
    close: () => stream.destroy(),
  }
  let why = ''
  connection = here
  stream.on('data', hear)
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

function serveListener(where: Exclude<Served, { fd: number }>): void {
  const server = createServer((socket) => {
    // Before it is accepted an error ends it; afterwards the same listener does no harm.
    socket.on('error', () => socket.destroy())
    if ('token' in where) admit(socket, where.token)
    else replaceConnection(socket, refusingHttp(socket))
  })
  server.maxConnections = MOST_CONNECTIONS
  let isListening = false
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (isListening) finish(error.message)
    else send({ listening: { failed: error.message } })
  })
  const started = (): void => {
    isListening = true
    const address = server.address()
    send({ listening: { port: typeof address === 'object' && address !== null ? address.port : 0 } })
  }
  try {
    if ('token' in where) server.listen(where.port, '127.0.0.1', started)
    else listenPrivately(server, where.path, started)
  } catch (error) {
    server.emit('error', error)
  }
}

/**
 * Listens on a socket that is never open to others, not even before its mode is set: it is made in a folder that only
 * its owner can enter, and moved out of it. A link, since renaming would replace what is there already.
 */
function listenPrivately(server: Server, path: string, started: () => void): void {
  const folder = mkdtempSync(`${path}.`)
  const made = join(folder, 's')
  server.listen(made, () => {
    try {
      chmodSync(made, 0o600)
      linkSync(made, path)
    } catch (error) {
      server.emit('error', error)
      return
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    started()
  })
  server.on('error', () => rmSync(folder, { recursive: true, force: true }))
}

function replaceConnection(socket: Socket, hear: (data: Buffer) => void): void {
  connection?.close()
  connect(socket, () => {}, hear)
}

/** Lets a connection be the terminal when its first line is the token, and else closes it. */
function admit(socket: Socket, token: string): void {
  let received = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), ADMISSION_TIME)
  socket.on('close', () => clearTimeout(timer))
  const onData = (data: Buffer): void => {
    received = Buffer.concat([received, data])
    const end = received.indexOf('\n')
    if (end === -1 && received.length <= token.length + 1) return
    socket.off('data', onData)
    clearTimeout(timer)
    const line = received.subarray(0, end === -1 ? received.length : end)
    if (!isToken(line, token)) {
      socket.destroy()
      return
    }
    replaceConnection(socket, onInput)
    if (end + 1 < received.length) onInput(received.subarray(end + 1))
  }
  socket.on('data', onData)
}

function isToken(line: Buffer, token: string): boolean {
  const given = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
  const wanted = Buffer.from(token)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Hears input, but for a request of HTTP, which a proxy may bring: its body must not be executed. */
function refusingHttp(socket: Socket): (data: Buffer) => void {
  let isFirst = true
  return (data) => {
    const isHttp = isFirst && /^[A-Z]+ [^ ]+ HTTP\/\d/.test(data.toString('latin1'))
    isFirst = false
    if (isHttp) socket.destroy()
    else if (!socket.destroyed) onInput(data)
  }
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
else serveListener(served)
