/** Calls of `osier/promises` that io_uring carries out. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import os, { promises } from 'osier'
import { errnoNumbers } from '../../src/libc/facts.ts'
import { operations } from '../../src/ring/operations.ts'
import { temporaryFolder } from '../support/folder.ts'
import { noRing } from '../support/ring.ts'
import { noSeccomp } from '../support/seccomp.ts'

const folder = temporaryFolder()
const file = join(folder, 'file')
writeFileSync(file, 'contents')

/** Prints what the descriptors of a new process refer to. */
const LINKS =
  "require('fs').readdirSync('/proc/self/fd').forEach((fd) => { try { console.log(require('fs').readlinkSync('/proc/self/fd/' + fd)) } catch {} })"

/** For tests that refuse system calls to libuv too, or count rings around a fork, of which libuv opens its own anew. */
const libuvHasRings =
  noRing ||
  (/io_uring/.test(spawnSync(process.execPath, ['-e', LINKS], { encoding: 'utf8' }).stdout) &&
    'this Node has rings of its own, which cannot be distinguished from those of osier')

/** What all programs below use: how many rings a process has open, beside those that Node has from version 22 on. */
const COUNT_RINGS = `
  import * as fs from 'node:fs'
  function allRings(root) {
    return fs.readdirSync(root).filter((fd) => {
      try { return fs.readlinkSync(root + '/' + fd) === 'anon_inode:[io_uring]' } catch { return false }
    }).length
  }
  const ringsOfNode = allRings('/proc/self/fd')
  function rings(root = '/proc/self/fd') {
    return allRings(root) - ringsOfNode
  }`

interface RunOptions {
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program in the folder, and returns what it prints. */
function run(code: string, { flags = [], env = {} }: RunOptions = {}): string {
  const program = `${COUNT_RINGS}\n${code}`
    .replace(/from 'osier'/g, `from '${import.meta.resolve('osier')}'`)
    .replace(/from 'support\/(\w+)'/g, (_, name) => `from '${new URL(`../support/${name}.js`, import.meta.url)}'`)
  const child = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', program], {
    ...{ encoding: 'utf8', timeout: 60_000, cwd: folder, env: { ...process.env, ...env } },
  })
  assert.deepEqual([child.status, child.signal, child.stderr], [0, null, ''], code)
  return child.stdout
}

/** Many calls with different results, each of which is checked. Prints how many rings there are then. */
const MANY_CALLS = `
  import assert from 'node:assert/strict'
  import os from 'osier'
  const { promises } = os
  const rights = os.O_RDWR | os.O_CREAT
  await Promise.all(Array.from({ length: 50 }, async (_, i) => {
    const name = 'many-' + process.pid + '-' + i
    await promises.mkdir(name)
    const fd = await promises.open(name + '/a', rights, 0o600)
    assert.equal(await promises.pwrite(fd, Buffer.from('text ' + i), 0), 5 + String(i).length)
    await promises.fsync(fd)
    assert.equal(String(await promises.pread(fd, 100, 0)), 'text ' + i)
    await promises.close(fd)
    await promises.rename(name + '/a', name + '/b')
    await promises.link(name + '/b', name + '/c')
    await promises.symlink('b', name + '/d')
    assert.equal((await promises.stat(name + '/d')).st_nlink, 2)
    assert.ok((await promises.lstat(name + '/d')).st_ino !== (await promises.stat(name + '/d')).st_ino)
    await assert.rejects(promises.stat(name + '/none'), { code: 'ENOENT', path: name + '/none', syscall: 'stat' })
    await assert.rejects(promises.rmdir(name), { code: 'ENOTEMPTY' })
    for (const each of ['b', 'c', 'd']) await promises.remove(name + '/' + each)
    await promises.rmdir(name)
  }))
  console.log(rings())`

describe('where it is used', () => {
  test('by default, with one ring for each thread', { skip: noRing }, () => {
    assert.equal(run(MANY_CALLS), '1\n')
  })

  test('not with OSIER_IO_URING=0', () => {
    assert.equal(run(MANY_CALLS, { env: { OSIER_IO_URING: '0' } }), '0\n')
  })

  test('the doctor and a diagnostics channel tell whether it is used, and why not', { skip: noRing }, () => {
    const program = `
      import { subscribe } from 'node:diagnostics_channel'
      import os from 'osier'
      subscribe('osier.io_uring', (message) => console.log(JSON.stringify(message)))
      for (let i = 0; i < 3; i++) await os.promises.mkdir('reported', 0o755).then(() => os.promises.rmdir('reported'))`
    const off = { OSIER_IO_URING: '0' }
    assert.deepEqual(JSON.parse(run(program)), { used: true, reason: '' })
    assert.deepEqual(JSON.parse(run(program, { env: off })), { used: false, reason: 'OSIER_IO_URING is 0' })
    const main = new URL('cli/main.js', import.meta.resolve('osier')).pathname
    for (const [env, expected] of [
      [{}, /^io_uring: used by osier\/promises$/m],
      [off, /^io_uring: not used: OSIER_IO_URING is 0$/m],
    ] as const) {
      const options = { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...env } } as const
      assert.match(spawnSync(process.execPath, [main, 'doctor'], options).stdout, expected)
    }
  })

  for (const code of ['ENOSYS', 'EPERM', 'ENOMEM', 'EMFILE'] as const) {
    test(`not where io_uring_setup fails with ${code}: all calls are made without it`, { skip: noSeccomp }, () => {
      const program = `
        import { forbid } from 'support/seccomp'
        forbid('io_uring_setup', ${errnoNumbers[code]})
        ${MANY_CALLS}`
      assert.equal(run(program), '0\n')
    })
  }

  test('not where io_uring_enter fails: calls that are under way are made without it', {
    skip: noSeccomp || libuvHasRings,
  }, () => {
    const program = `
      import { forbid } from 'support/seccomp'
      forbid('io_uring_enter', ${errnoNumbers.ENOSYS})
      ${MANY_CALLS}`
    run(program)
  })

  test('with any operation missing the results are the same', { skip: noRing }, () => {
    const names = Object.keys(operations)
    const missing = names.filter(() => randomInt(2) === 0)
    run(MANY_CALLS, { env: { OSIER_IO_URING: missing.map((name) => `-${name}`).join() } })
  })

  test('with one descriptor left, and with none, calls are made without it', { skip: noRing }, () => {
    for (const left of [0, 1, 2, 3, 4]) {
      const program = `
        import assert from 'node:assert/strict'
        import os from 'osier'
        const held = []
        try { for (let i = 0; i < 5000; i++) held.push(os.open('file', os.O_RDONLY)) } catch {}
        for (let i = 0; i < ${left}; i++) os.close(held.pop())
        const sizes = await Promise.all(Array.from({ length: 100 }, () => os.promises.statx('file', os.STATX_SIZE)))
        assert.ok(sizes.every(({ stx_size }) => stx_size === 8))`
      const command = `ulimit -n 1000; exec "$0" --input-type=module -e "$1"`
      const source = program.replace(/from 'osier'/g, `from '${import.meta.resolve('osier')}'`)
      const child = spawnSync('sh', ['-c', command, process.execPath, source], {
        ...{ encoding: 'utf8', timeout: 60_000, cwd: folder },
      })
      assert.deepEqual([child.status, child.stderr], [0, ''], `${left} left`)
    }
  })
})

describe('order and number', () => {
  test('10 000 calls at once each have their own result', { skip: noRing }, async () => {
    const results = Array.from({ length: 10_000 }, async (_, i) => {
      if (i % 2 === 0) return (await promises.statx(file, os.STATX_SIZE)).stx_size
      const error: unknown = await promises.unlink(`${folder}/missing${i}`).catch((reason: unknown) => reason)
      assert.ok(error instanceof os.FileNotFoundError)
      assert.equal(error.path, `${folder}/missing${i}`)
      return 8
    })
    assert.deepEqual(new Set(await Promise.all(results)), new Set([8]))
  })

  test('other callbacks of the event loop run at least once in 320 results', { skip: noRing }, async () => {
    const fd = os.open(file, os.O_RDONLY)
    let sinceTurn = 0
    let longest = 0
    let isOver = false
    const count = (): void => {
      longest = Math.max(longest, sinceTurn)
      sinceTurn = 0
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    let latest = 0
    let due = performance.now() + 1
    const timer = setInterval(() => {
      latest = Math.max(latest, performance.now() - due)
      due = performance.now() + 1
    }, 1)
    for (let i = 0; i < 20_000; i++) {
      await promises.pread(fd, 8, 0)
      sinceTurn++
    }
    isOver = true
    clearInterval(timer)
    os.close(fd)
    // 64 reads are made at once, and 256 through the ring, where each is a batch of its own.
    assert.ok(longest > 1 && longest <= 330, `${longest} in a row`)
    // Generous: other processes use the processors too.
    assert.ok(latest < 500, `a timer came ${latest} ms late`)
  })
})

/** A FIFO that no other process has open, in the kernel's cache of names. */
function fifo(name: string): string {
  const path = join(folder, name)
  os.mkfifo(path)
  os.stat(path)
  return path
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  )
  return Promise.race([settled, sleep(50, true)])
}

describe('a FIFO', () => {
  test('is opened for reading when a writer comes, and for writing when a reader comes', { skip: noRing }, async () => {
    for (const [mode, other] of [
      [os.O_RDONLY, os.O_WRONLY],
      [os.O_WRONLY, os.O_RDONLY],
    ] as const) {
      const path = fifo(`opened-${mode}`)
      const opening = promises.open(path, mode)
      assert.ok(await isPending(opening))
      const end = await promises.open(path, other)
      const fd = await opening
      const [reader, writer] = mode === os.O_RDONLY ? [fd, end] : [end, fd]
      os.write(writer, Buffer.from('x'))
      assert.equal(String(os.read(reader, 2)), 'x')
      os.close(writer)
      assert.equal(os.read(reader, 2).length, 0, 'no other writer is left')
      os.close(reader)
    }
  })

  test('is not waited for with O_NONBLOCK', { skip: noRing }, async () => {
    const path = fifo('nonblocking')
    await assert.rejects(promises.open(path, os.O_WRONLY | os.O_NONBLOCK), { code: 'ENXIO' })
    os.close(await promises.open(path, os.O_RDONLY | os.O_NONBLOCK))
  })

  test('an aborted open of it ends in the kernel, too', { skip: noRing }, async () => {
    const path = fifo('aborted')
    const controller = new AbortController()
    const opening = promises.open(path, os.O_RDONLY, { signal: controller.signal })
    assert.ok(await isPending(opening))
    controller.abort(new Error('enough'))
    await assert.rejects(opening, /enough/)
    // As long as the open goes on in the kernel, there is a reader.
    for (let tries = 0; ; tries++) {
      try {
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENXIO')
        break
      }
      assert.ok(tries < 200, 'it still waits')
      await sleep(5)
    }
  })

  test('a dozen that wait do not keep other calls from being made', { skip: noRing }, async () => {
    const controller = new AbortController()
    const { signal } = controller
    const openings = Array.from({ length: 12 }, (_, i) => promises.open(fifo(`one-of-${i}`), os.O_RDONLY, { signal }))
    const all = Promise.allSettled(openings)
    await sleep(20)
    await promises.mkdir(join(folder, 'made meanwhile'))
    controller.abort()
    await all
  })
})

describe('memory', () => {
  test('of the caller is never written to after it has been given away', { skip: noRing }, () => {
    run(
      `
      import assert from 'node:assert/strict'
      import os from 'osier'
      fs.writeFileSync('sevens', Buffer.alloc(1 << 20, 7))
      const fd = os.open('sevens', os.O_RDONLY)
      for (let round = 0; round < 100; round++) {
        const size = [10, 4096, 60_000][round % 3]
        const fixed = new Uint8Array(size)
        const resizable = new Uint8Array(new ArrayBuffer(size, { maxByteLength: 2 * size }))
        const reads = [os.promises.preadv(fd, [fixed], 0), os.promises.preadv(fd, [resizable], 0)]
        const moved = structuredClone(fixed, { transfer: [fixed.buffer] })
        resizable.buffer.resize(0)
        gc()
        await Promise.allSettled(reads)
        assert.ok(moved.every((byte) => byte === 0 || byte === 7))
        const written = new Uint8Array(size).fill(9)
        const writing = os.promises.pwrite(os.open('nines', os.O_RDWR | os.O_CREAT), written, 0)
        structuredClone(written, { transfer: [written.buffer] })
        await writing.catch(() => undefined)
      }`,
      { flags: ['--expose-gc'] },
    )
  })

  test('is given back: it does not grow with the number of calls', { skip: noRing }, () => {
    run(`
      import assert from 'node:assert/strict'
      import os from 'osier'
      const round = () => Promise.all(Array.from({ length: 2000 }, (_, i) =>
        i % 2 ? os.promises.statx('file', os.STATX_SIZE) : os.promises.statx('x'.repeat(2000), os.STATX_SIZE).catch(() => undefined)))
      for (let i = 0; i < 5; i++) await round()
      const before = process.memoryUsage().rss
      for (let i = 0; i < 30; i++) await round()
      const growth = process.memoryUsage().rss - before
      assert.ok(growth < 60 << 20, growth + ' bytes more')`)
  })
})

/** Programs in which all threads of the pool wait, so that a call which the ring does not take stays queued there. */
const withFullPool = (code: string): string =>
  run(
    `
    import assert from 'node:assert/strict'
    import os from 'osier'
    const turns = (count) => new Promise((resolve) => setTimeout(resolve, count))
    const [r, w] = os.pipe()
    os.mkfifo('full-' + process.pid)
    for (let i = 0; i < 3; i++) os.promises.open('full-' + process.pid, os.O_RDONLY).catch(() => undefined)
    const settled = (promise) => Promise.race([promise.then(String, (error) => error.code ?? error.message), turns(5000)])
    ${code}
    // Node would wait for the threads.
    os._exit(0)`,
    { env: { OSIER_IO_URING: '-openat' } },
  )

describe('a call that the ring does not take after all', () => {
  test('rejects when it is aborted in the queue of the pool', { skip: noRing }, () => {
    withFullPool(`
      const controller = new AbortController()
      const call = settled(os.promises.pread(r, 1, 0, { signal: controller.signal }))
      await turns(20)
      controller.abort(new Error('enough'))
      assert.equal(await call, 'enough')`)
  })

  test('rejects when its descriptor is closed meanwhile', { skip: noRing }, () => {
    withFullPool(`
      const call = settled(os.promises.pread(r, 1, 0))
      await turns(20)
      os.close(r)
      assert.equal(await call, 'EBADF')`)
  })
})

describe('the process', () => {
  test('may exit with a thousand operations under way', { skip: noRing }, () => {
    for (const when of ['process.exit(0)', 'setImmediate(() => process.exit(0))', 'setTimeout(process.exit, 2, 0)'])
      run(`
        import os from 'osier'
        os.mkfifo('exit-${when.length}')
        for (let i = 0; i < 1000; i++) os.promises.fsync(1).catch(() => undefined)
        for (let i = 0; i < 1000; i++) os.promises.statx('file', os.STATX_SIZE)
        for (let i = 0; i < 5; i++) os.promises.open('exit-${when.length}', os.O_RDONLY)
        ${when}`)
  })

  test('can fork: the child has no trace of the ring, and opens its own', { skip: libuvHasRings }, () => {
    const printed = run(`
      import os from 'osier'
      await os.promises.statx('file', os.STATX_SIZE)
      let late = 0
      for (let i = 0; i < 500; i++) os.promises.statx('file', os.STATX_SIZE).then(() => late++)
      await os.promises.statx('file', os.STATX_SIZE)
      const pid = os.fork()
      if (pid === 0) {
        const before = rings()
        const { stx_size } = await os.promises.statx('file', os.STATX_SIZE)
        await Promise.all(Array.from({ length: 100 }, () => os.promises.statx('file', os.STATX_SIZE)))
        const pid2 = os.fork()
        if (pid2 === 0) {
          await Promise.all(Array.from({ length: 100 }, () => os.promises.statx('file', os.STATX_SIZE)))
          os._exit(rings())
        }
        const inner = os.waitstatus_to_exitcode(os.waitpid(pid2, 0)[1])
        os._exit(stx_size === 8 && before === 0 && rings() === 1 && inner === 1 ? 7 : 1)
      }
      const [, status] = os.waitpid(pid, 0)
      while (late < 500) await os.promises.statx('file', os.STATX_SIZE)
      console.log(os.waitstatus_to_exitcode(status), rings())`)
    assert.equal(printed, '7 1\n')
  })

  test('gives no descriptor of it to children', { skip: noRing }, () => {
    const printed = run(`
      import { execFileSync } from 'node:child_process'
      import os from 'osier'
      await os.promises.statx('file', os.STATX_SIZE)
      const list = 'ls -l /proc/self/fd | grep -c io_uring; true'
      process.stdout.write(execFileSync('sh', ['-c', list]))
      process.stdout.write(os.popen(list).read())
      os.execv('/bin/sh', ['sh', '-c', list])`)
    assert.equal(printed, '0\n0\n0\n')
  })

  test('goes on when the program closes the descriptor of the ring', { skip: noRing }, () => {
    run(`
      import assert from 'node:assert/strict'
      import os from 'osier'
      await os.promises.statx('file', os.STATX_SIZE)
      const calls = Array.from({ length: 200 }, () => os.promises.statx('file', os.STATX_SIZE))
      setTimeout(() => undefined, 1)
      os.closerange(3, 3)
      const fds = fs.readdirSync('/proc/self/fd').map(Number)
      // That of osier has been opened last.
      const own = fds.sort((a, b) => a - b).findLast((fd) => { try { return /io_uring/.test(fs.readlinkSync('/proc/self/fd/' + fd)) } catch {} })
      os.close(own)
      for (const { status, reason } of await Promise.allSettled(calls))
        assert.ok(status === 'fulfilled' || reason.code === 'EBADF', String(reason))
      assert.equal((await os.promises.statx('file', os.STATX_SIZE)).stx_size, 8)
      assert.equal(rings(), 0)`)
  })

  test('stops workers at any moment: nothing remains open, and their memory is used again', { skip: noRing }, () => {
    const printed = run(`
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      import os from 'osier'
      await os.promises.statx('file', os.STATX_SIZE)
      const code = \`
        import os from '${import.meta.resolve('osier')}'
        import { parentPort } from 'node:worker_threads'
        const keep = () => os.promises.statx('/', os.STATX_SIZE).then(keep)
        // Functions of C that are bound for the first time while a worker is stopped make koffi abort the process.
        for (let i = 0; i < 20; i++) await os.promises.statx('/', os.STATX_SIZE)
        for (let i = 0; i < 100; i++) void keep()
        setTimeout(() => parentPort.postMessage('busy'), 5)\`
      const url = new URL('data:text/javascript,' + encodeURIComponent(code))
      for (let round = 0; round < 12; round++) {
        const worker = new Worker(url)
        await once(worker, 'message')
        await worker.terminate()
      }
      // The kernel closes a ring some time after its last descriptor.
      for (let i = 0; i < 100 && rings() > 1; i++) await new Promise((resolve) => setTimeout(resolve, 10))
      const left = fs.readdirSync('/proc/self/task').filter((id) => {
        try { return /iou-wrk/.test(fs.readFileSync('/proc/self/task/' + id + '/comm', 'latin1')) } catch { return false }
      })
      console.log(rings(), left.length <= 32)`)
    assert.equal(printed, '1 true\n')
  })
})
