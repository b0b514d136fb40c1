import assert from 'node:assert/strict'
import { exec, spawn, spawnSync } from 'node:child_process'
import { generateKeyPair, pbkdf2, randomBytes, randomInt, randomUUID, type webcrypto } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createReadStream, createWriteStream, readFileSync, rmSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer, get, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, createConnection, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { createGzip, gunzip, gzip } from 'node:zlib'
import os from 'osier'
import { assertSucceeds, inChild, type Situation, SUCCESS, start } from './child.ts'
import { talkTls } from './tls.ts'

const THIS_FILE = new URL(import.meta.url).pathname

async function answerOf(port: number, path = '/'): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, resolve).on('error', reject)
  })
  return text(response)
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A server that responds with the id of the serving process. */
function serverOfIds(): Server {
  return createServer((_, response) => {
    response.setHeader('connection', 'close')
    response.end(String(process.pid))
  })
}

async function compress(): Promise<void> {
  const data = Buffer.alloc(200_000, 'osier ')
  const packed = await promisify(gzip)(data)
  assert.deepEqual(await promisify(gunzip)(packed), data)
}

async function encrypt(): Promise<void> {
  const key = await promisify(pbkdf2)('word', 'salt', 1000, 32, 'sha256')
  assert.equal(key.length, 32)
  await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
}

async function askServer(): Promise<void> {
  const server = serverOfIds()
  const port = await listening(server)
  assert.equal(await answerOf(port), String(process.pid))
  server.close()
}

/** What Node gives beyond the language, in a child: files, servers, programs, workers. */
export const services: Readonly<Record<string, Situation>> = {
  'files are read by promises': inChild(async () => assert.ok((await readFile(THIS_FILE)).length > 0)),
  'files are read by promises, before and after': async () => {
    await stat('/')
    const pid = start(async () => {
      for (let i = 0; i < 10; i++) assert.ok((await readFile(THIS_FILE)).length > 0)
    })
    await assertSucceeds(pid)
    assert.ok((await readFile(THIS_FILE)).length > 0)
  },
  'what the thread pool is doing goes on in the parent alone': async () => {
    const expected = readFileSync(process.execPath).length
    const results = Array.from({ length: 6 }, () => readFile(process.execPath))
    let arrived = 0
    for (const result of results) void result.then(() => (arrived += 1))
    const pid = start(async () => {
      assert.ok((await readFile(THIS_FILE)).length > 0)
      await sleep(50)
      assert.equal(arrived, 0)
    })
    if (pid === 0) return assertSucceeds(pid)
    for (const result of results) assert.equal((await result).length, expected)
    await assertSucceeds(pid)
  },
  'streams of files': inChild(async () => {
    const out = join(tmpdir(), `osier-fork-${process.pid}`)
    try {
      await pipeline(createReadStream(THIS_FILE), createGzip(), createWriteStream(out))
      assert.deepEqual(await promisify(gunzip)(await readFile(out)), await readFile(THIS_FILE))
    } finally {
      rmSync(out, { force: true })
    }
  }),
  compression: inChild(compress),
  'compression that ran before': async () => {
    await compress()
    await inChild(compress)()
  },
  cryptography: inChild(encrypt),
  'cryptography that ran before': async () => {
    await encrypt()
    await inChild(encrypt)()
  },
  'names are looked up': inChild(async () => assert.ok((await lookup('localhost')).address)),
  'a command runs': inChild(async () => assert.equal((await promisify(exec)('echo hello')).stdout, 'hello\n')),
  'a command runs, waited for': inChild(() => {
    const { stdout, status } = spawnSync('sh', ['-c', 'echo hello; exit 3'], { encoding: 'utf8' })
    assert.deepEqual([stdout, status], ['hello\n', 3])
  }),
  'a command runs that reads': inChild(async () => {
    const child = spawn('cat')
    child.stdin.end('through the pipe')
    assert.equal(await text(child.stdout), 'through the pipe')
  }),
  'a command of the parent belongs to the parent': async () => {
    const cat = spawn('cat')
    let heard = ''
    cat.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    cat.stdin.write('a')
    const closed = once(cat, 'close')
    const pid = start(async () => {
      const before = heard
      assert.equal(spawnSync('true').status, 0)
      await sleep(60)
      assert.equal(heard, before)
    })
    if (pid === 0) return assertSucceeds(pid)
    cat.stdin.write('b')
    await assertSucceeds(pid)
    cat.stdin.end('c')
    assert.deepEqual(await closed, [0, null])
    assert.equal(heard, 'abc')
  },
  'a program started afterwards inherits nothing': async () => {
    const list = (): string => spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout
    // This waits for the thread of newer versions of Node that reads certificates, from a file which programs do inherit.
    await assertSucceeds(start(() => undefined))
    const before = list()
    const pids = [start(() => sleep(100)), start(() => sleep(100))]
    for (const pid of pids) if (pid === 0) return assertSucceeds(pid)
    assert.equal(list(), before)
    for (const pid of pids) await assertSucceeds(pid)
    const inside = start(() => assert.equal(list(), before))
    await assertSucceeds(inside)
  },
  'a worker thread': inChild(async () => {
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage(6 * 7)', { eval: true })
    const [[answer]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
    assert.equal(answer, 42)
  }),
  'a server and its client': inChild(askServer),
  'a server and its client, as before': async () => {
    await askServer()
    await inChild(askServer)()
  },
  TLS: inChild(talkTls),
  'TLS that was spoken before': async () => {
    await talkTls()
    await inChild(talkTls)()
  },
  'lines are read': inChild(async () => {
    let count = 0
    for await (const line of createInterface({ input: createReadStream(THIS_FILE) })) count += line === '' ? 0 : 1
    assert.ok(count > 10)
  }),
  fetch: inChild(async () => {
    const server = serverOfIds()
    const port = await listening(server)
    assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), String(process.pid))
    server.close()
  }),
  'a server that was bound before accepts in both': async () => {
    const server = serverOfIds()
    const port = await listening(server)
    const pid = start(() => sleep(30_000))
    if (pid === 0) return assertSucceeds(pid)
    const seen = new Set<number>()
    for (const end = Date.now() + 10_000; seen.size < 2 && Date.now() < end; ) {
      const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => answerOf(port)))
      for (const answer of answers) seen.add(Number(answer))
    }
    assert.deepEqual(seen, new Set([process.pid, pid]))
    os.kill(pid, 15)
    await assertSucceeds(pid, -15)
    assert.equal(await answerOf(port), String(process.pid))
    server.close()
  },
  'a server that the child closes goes on in the parent': async () => {
    const server = serverOfIds()
    const port = await listening(server)
    await assertSucceeds(
      start(() => {
        server.close()
      }),
    )
    assert.equal(await answerOf(port), String(process.pid))
    server.close()
  },
  'connections that are kept alive stay with the parent': async () => {
    const server = createServer((asked, response) => response.end(asked.url))
    const port = await listening(server)
    const ask = async (path: string): Promise<string> => {
      const outgoing = request({ host: '127.0.0.1', port, path }).end()
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
      return text(response)
    }
    const fetched = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    await ask('/before')
    await fetched('/before')
    const pid = start(async () => {
      // The responses on the child's connections belong to the child's requests, whichever process serves them.
      for (let i = 0; i < 5; i++) assert.equal(await ask(`/child/${i}`), `/child/${i}`)
      assert.equal(await fetched('/child'), '/child')
    })
    if (pid === 0) return assertSucceeds(pid)
    for (let i = 0; i < 5; i++) assert.equal(await ask(`/parent/${i}`), `/parent/${i}`)
    assert.equal(await fetched('/parent'), '/parent')
    await assertSucceeds(pid)
    server.close()
    server.closeAllConnections()
  },
  'what arrives on a socket of the parent is for the parent': async () => {
    const server = createSocketServer((socket) => socket.on('data', (data: Buffer) => socket.write(data)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1')
    let heard = ''
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    await once(socket, 'connect')
    const pid = start(async () => {
      await sleep(60)
      assert.equal(heard, '')
    })
    if (pid === 0) return assertSucceeds(pid)
    for (let i = 0; i < 20; i++) {
      socket.write('0123456789')
      await sleep(2)
    }
    while (heard.length < 200) await once(socket, 'data')
    await assertSucceeds(pid)
    socket.destroy()
    server.close()
  },
  'random numbers are others in each process': async () => {
    const sample = (): unknown[] => [
      Math.random(),
      randomUUID(),
      randomInt(2 ** 40),
      randomBytes(8).toString('hex'),
      (globalThis.crypto as webcrypto.Crypto).randomUUID(),
      os.urandom(8).toString(),
    ]
    sample()
    const [readEnd, writeEnd] = os.pipe()
    const reportSample = (): void => void os.write(writeEnd, Buffer.from(`${JSON.stringify(sample())}\n`))
    for (let i = 0; i < 3; i++) await assertSucceeds(start(reportSample))
    reportSample()
    os.close(writeEnd)
    const lines = os.read(readEnd, 10_000).toString().trim().split('\n')
    os.close(readEnd)
    const samples = lines.map((line) => JSON.parse(line) as unknown[])
    assert.equal(samples.length, 4)
    for (const [index] of sample().entries()) assert.equal(new Set(samples.map((values) => values[index])).size, 4)
  },
  'Math.random stays between 0 and 1, and is even': inChild(() => {
    let sum = 0
    for (let i = 0; i < 100_000; i++) {
      const value = Math.random()
      assert.ok(value >= 0 && value < 1)
      sum += value
    }
    assert.ok(Math.abs(sum / 100_000 - 0.5) < 0.01)
  }),
  'without a worker there is no warning': async () => {
    const warnings: Error[] = []
    process.on('warning', (warning) => warnings.push(warning))
    await readFile(THIS_FILE)
    await assertSucceeds(start(() => os._exit(SUCCESS)))
    assert.deepEqual(warnings, [])
  },
}
