import assert from 'node:assert/strict'
import { fork as forkNode, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { close as closeInspector, open as openInspector } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { rootCertificates } from 'node:tls'
import { Worker } from 'node:worker_threads'
import os from 'osier'
import { read as readLater, stat as statLater } from 'osier/promises'
import { assertSucceeds, calculate, inChild, makeGarbage, type Situation, SUCCESS, start } from './child.ts'
import { talkTls } from './tls.ts'

const THIS_PROGRAM = new URL('./run.js', import.meta.url)

/** State of the process that forks: tools, watchers, child programs, input, threads. */
export const parentState: Readonly<Record<string, Situation>> = {
  'the inspector is open': async () => {
    openInspector(0, '127.0.0.1')
    const session = new Session()
    session.connect()
    await session.post('Runtime.enable')
    await inChild(() => {
      makeGarbage()
      calculate()
    })()
    const { result } = await session.post('Runtime.evaluate', { expression: '6 * 7' })
    assert.equal(result.value, 42)
    session.disconnect()
    closeInspector()
  },
  'the profiler is at work': async () => {
    const session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.start')
    calculate(2000)
    await inChild(() => {
      calculate(2000)
      makeGarbage()
    })()
    calculate(2000)
    const { profile } = await session.post('Profiler.stop')
    assert.ok(profile.nodes.length > 0)
    session.disconnect()
  },
  'that a command of the parent ends, the parent hears alone': async () => {
    const command = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
    let exits = 0
    command.on('exit', () => {
      exits += 1
    })
    const [readEnd, writeEnd] = os.pipe()
    const pid = start(async () => {
      os.write(writeEnd, Buffer.from('.'))
      assert.equal(spawnSync('true').status, 0)
      await sleep(60)
      assert.equal(exits, 0)
    })
    if (pid === 0) return assertSucceeds(pid)
    os.read(readEnd, 1)
    os.kill(command.pid ?? 0, 9)
    await assertSucceeds(pid)
    while (exits === 0) await sleep(1)
    assert.equal(exits, 1)
    for (const fd of [readEnd, writeEnd]) os.close(fd)
  },
  'standard input belongs to the parent': async () => {
    const child = spawn(process.execPath, [THIS_PROGRAM.pathname, 'the part of the process that reads its input'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    child.stdout.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
    while (!lines.join('').includes('ready')) await once(child.stdout, 'data')
    for (let i = 0; i < 10; i++) {
      child.stdin.write('0123456789')
      await sleep(5)
    }
    child.stdin.end()
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 0)
    assert.match(lines.join(''), /heard 100\n/)
  },
  'standard input is there in the child': inChild(async () => {
    assert.equal(process.stdin.readable, true)
    assert.equal(await text(process.stdin), '')
  }),
  'forty files are being read': async () => {
    const expected = readFileSync(process.execPath).length
    const results = Array.from({ length: 40 }, () => readFile('/etc/passwd'))
    results.push(readFile(process.execPath))
    await sleep(1)
    const pid = start(async () => {
      makeGarbage()
      assert.ok((await readFile('/etc/passwd')).length > 0)
    })
    if (pid === 0) return assertSucceeds(pid)
    const lengths = (await Promise.all(results)).map((result) => result.length)
    assert.equal(lengths.at(-1), expected)
    await assertSucceeds(pid)
  },
  'a child ends by itself though files are being read': async (): Promise<void> => {
    const results = Array.from({ length: 10 }, () => readFile(process.execPath))
    await sleep(1)
    const pid = os.fork()
    if (pid === 0) {
      process.exitCode = SUCCESS
      return new Promise(() => undefined)
    }
    await assertSucceeds(pid)
    const expected = readFileSync(process.execPath).length
    for (const result of results) assert.equal((await result).length, expected)
  },
  'fork in the event of a stream': async () => {
    const stream = createReadStream('/etc/passwd')
    await once(stream, 'data')
    await inChild(makeGarbage)()
  },
  'waits of osier/promises go on in the parent alone': async () => {
    const [readEnd, writeEnd] = os.pipe()
    let heard = ''
    const waiting = readLater(readEnd, 10).then((data) => {
      heard = data.toString()
    })
    await sleep(5)
    const pid = start(async () => {
      assert.ok((await statLater('/')).st_size >= 0)
      // What arrives for the parent has arrived by then.
      await sleep(60)
      assert.equal(heard, '')
      const own = os.pipe()
      setTimeout(() => os.write(own[1], Buffer.from('for the child')), 5)
      assert.equal((await readLater(own[0], 20)).toString(), 'for the child')
    })
    if (pid === 0) return assertSucceeds(pid)
    os.write(writeEnd, Buffer.from('for me'))
    await waiting
    assert.equal(heard, 'for me')
    await assertSucceeds(pid)
    assert.ok((await statLater('/')).st_size >= 0)
    for (const fd of [readEnd, writeEnd]) os.close(fd)
  },
  'a worker is alive, and at work from time to time': async () => {
    const busy = 'let all = []; setInterval(() => { for (let i = 0; i < 1e4; i++) all.push({ i }); all = [] }, 50)'
    const worker = new Worker(busy, { eval: true })
    await once(worker, 'online')
    const warning = once(process, 'warning')
    for (let i = 0; i < 3; i++) await assertSucceeds(start(makeGarbage))
    const [{ name, message }] = (await warning) as [Error]
    assert.equal(name, 'DeprecationWarning')
    assert.match(message, new RegExp(`^This process \\(pid=${process.pid}\\) has worker threads`))
    await worker.terminate()
  },
  'workers that come and go: each fork warns beside one, and none without': async () => {
    const messages: string[] = []
    process.on('warning', ({ message }) => messages.push(message))
    const warnings = async (): Promise<number> => {
      await assertSucceeds(start(makeGarbage))
      // Warnings come a turn of the loop later.
      await sleep(1)
      return messages.splice(0).length
    }
    assert.equal(await warnings(), 0)
    for (let i = 0; i < 3; i++) {
      const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true })
      await once(worker, 'online')
      assert.equal(await warnings(), 1)
      await worker.terminate()
      assert.equal(await warnings(), 0, messages.join())
    }
  },
  'three workers never rest: it works, or is refused': async () => {
    const busy = `
      const map = new Map()
      let n = 0
      setInterval(() => { for (let i = 0; i < 1e4; i++) map.set(n++ % 50_000, { i, text: 'x' + i }) }, 1)`
    const workers = [1, 2, 3].map(() => new Worker(busy, { eval: true }))
    await Promise.all(workers.map((worker) => once(worker, 'online')))
    // Their garbage collections hold a global lock of V8, on which the child's first collection would deadlock.
    try {
      await assertSucceeds(start(makeGarbage))
    } catch (error) {
      assert.ok(error instanceof os.BlockingIOError, String(error))
    }
    for (const worker of workers) await worker.terminate()
    await assertSucceeds(start(makeGarbage))
  },
  'Node reads certificates on a thread of its own': async () => {
    const certificates = join(tmpdir(), `osier-fork-${process.pid}.pem`)
    writeFileSync(certificates, Array(10).fill(rootCertificates.join('\n')).join('\n'))
    try {
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificates }
      const args = [THIS_PROGRAM.pathname, 'the part of the process that speaks TLS at once']
      const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
      assert.deepEqual([status, stderr], [0, ''])
    } finally {
      rmSync(certificates)
    }
  },
  'a program of Node with a channel': inChild(async () => {
    const program = forkNode(THIS_PROGRAM, ['the part of the process that answers'])
    program.send(41)
    const [answer] = await once(program, 'message')
    assert.equal(answer, 42)
    await once(program, 'exit')
  }),
}

/** Parts of processes that situations start themselves. */
export const parts: Readonly<Record<string, Situation>> = {
  'the part of the process that speaks TLS at once': inChild(talkTls),
  'the part of the process that answers': async () => {
    const [question] = await once(process, 'message')
    process.send?.(Number(question) + 1)
    process.disconnect()
  },
  'the part of the process that reads its input': async () => {
    let heard = 0
    process.stdin.on('data', (data: Buffer) => {
      heard += data.length
    })
    const ended = once(process.stdin, 'end')
    await sleep(20)
    const pid = start(async () => {
      await sleep(100)
      assert.equal(heard, 0)
    })
    if (pid === 0) return assertSucceeds(pid)
    console.log('ready')
    await ended
    await assertSucceeds(pid)
    console.log(`heard ${heard}`)
  },
}
