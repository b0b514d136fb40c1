import { timingSafeEqual } from 'node:crypto'
import { chmodSync, linkSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, Socket } from 'node:net'
import { join } from 'node:path'
import { isatty, ReadStream } from 'node:tty'
import { parentPort, workerData } from 'node:worker_threads'
import { bare, has } from '../properties.ts'
import {
  type FromThread,
  INPUT_TAKEN,
  INTERRUPT_KEY,
  type Served,
  SIGNALLED,
  type ThreadData,
  type ToThread,
  UNREAD,
} from './dupterm_line.ts'

/**
 * Serves a descriptor or a port that the terminal is duplicated on. It runs in a thread, because Ctrl-C must also
 * interrupt a main thread that is in a busy loop.
 */

/** The time in milliseconds after which a main thread that has not taken its input is considered busy. */
const BUSY_AFTER = 150

/** The time in milliseconds within which a connection must send its token. */
const ADMISSION_TIME = 30_000
/** The largest number of connections: one is the terminal, the others have not sent their token yet. */
const MAX_CONNECTIONS = 16
const CARRIAGE_RETURN = 0x0d

const { served, counters } = workerData as ThreadData
const counts = new Int32Array(counters)

function send(message: FromThread): void {
  parentPort?.postMessage(message)
}

function onInput(data: Buffer): void {
  const before = Atomics.load(counts, INPUT_TAKEN)
  send({ input: data })
  if (!data.includes(INTERRUPT_KEY)) return
  setTimeout(() => {
    if (Atomics.load(counts, INPUT_TAKEN) !== before) return
    Atomics.add(counts, SIGNALLED, 1)
    process.kill(process.pid, 'SIGINT')
  }, BUSY_AFTER)
}

interface Connection {
  write(data: Uint8Array): void
  close(): void
}

let connection: Connection | null = null

function connect(stream: Socket, onEnd: (why: string) => void, onStreamData: (data: Buffer) => void = onInput): void {
  const here: Connection = {
    write: (data) => {
      stream.write(data, () => Atomics.sub(counts, UNREAD, data.length))
    },
    close: () => stream.destroy(),
  }
  let why = ''
  connection = here
  stream.on('data', onStreamData)
  stream.on('end', () => stream.destroy())
  // A pseudo-terminal whose other end is closed fails with EIO, which means end-of-file.
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
    const socket = new Socket(bare({ fd, readable: true, writable: true }))
    connect(socket, finish)
    return
  }
  const terminal = new ReadStream(fd)
  // Raw mode: each key is read at once, and there is no echo.
  terminal.setRawMode(true)
  connect(terminal, finish)
}

function serveListener(where: Exclude<Served, { fd: number }>): void {
  const server = createServer((socket) => {
    // Closes a connection with an error before it is accepted. Afterwards the listener has no effect.
    socket.on('error', () => socket.destroy())
    if (has(where, 'token')) admit(socket, where.token)
    else replaceConnection(socket, rejectingHttp(socket))
  })
  server.maxConnections = MAX_CONNECTIONS
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
    if (has(where, 'token')) server.listen(where.port, '127.0.0.1', started)
    else listenPrivately(server, where.path, started)
  } catch (error) {
    server.emit('error', error)
  }
}

/**
 * Listens on a socket that other users can never connect to, not even before its mode is set: it is created in a
 * directory that only its owner can enter, and then linked to its path. It is not renamed, because that would replace
 * an existing file.
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

/** Accepts a connection as the terminal if its first line is the token, and closes it otherwise. */
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

/**
 * Returns a listener for input that closes the connection at an HTTP request, for example from a browser: its body must
 * not be executed.
 */
function rejectingHttp(socket: Socket): (data: Buffer) => void {
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
    // After the handles have been closed, which restores the settings of the terminal.
    setImmediate(() => process.exit())
  } else if (connection === null) Atomics.sub(counts, UNREAD, message.length)
  else connection.write(message)
})

if (has(served, 'fd')) serveDescriptor(served.fd)
else serveListener(served)
