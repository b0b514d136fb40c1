/** What all functions that work on the thread pool have in common. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, promises as nodeFs, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import os, { promises } from 'osier'
import { temporaryFolder } from '../support/folder.ts'
import { openFiles } from '../support/open_files.ts'
import { noStopping, onlyNode } from '../support/runtime.ts'

// What io_uring does is in test/ring. Children inherit this.
process.env.OSIER_IO_URING = '0'

const folder = temporaryFolder()
const file = join(folder, 'file')
writeFileSync(file, 'contents')

/** The number of calls on the pool at a time: its threads, less one. */
const AT_ONCE = 3

/** A FIFO without a writer: opening it blocks a thread of the pool until the other end is opened. */
function blocking(name: string): { readonly path: string } {
  const path = join(folder, name)
  os.mkfifo(path)
  return { path }
}

/** Blocks all threads that osier may use. */
async function fillPool(name: string): Promise<{ release(): Promise<void> }> {
  const { path } = blocking(name)
  const openings = Array.from({ length: AT_ONCE }, () => promises.open(path, os.O_RDONLY))
  await sleep(20)
  return {
    async release() {
      const end = os.open(path, os.O_RDWR)
      for (const fd of await Promise.all(openings)) os.close(fd)
      os.close(end)
    },
  }
}

/** Tries until it does not throw any more. */
async function eventually<T>(attempt: () => T): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return attempt()
    } catch (error) {
      if (tries === 1000) throw error
      await sleep(5)
    }
  }
}

/** Runs a program, and gives what it prints. */
function run(code: string, ...flags: string[]): string {
  const program = code.replace(/from 'osier'/g, `from '${import.meta.resolve('osier')}'`)
  const child = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', program], {
    ...{ encoding: 'utf8', timeout: 60_000, cwd: folder },
  })
  assert.deepEqual([child.status, child.signal, child.stderr], [0, null, ''], code)
  return child.stdout
}

const otherPool = onlyNode('it works in threads of its own')

describe('many calls', () => {
  test('10 000 at once have the expected results, and each its own error', async () => {
    const before = openFiles()
    const calls = Array.from({ length: 10_000 }, async (_, index) => {
      if (index % 4 === 0) return (await promises.stat(file)).st_size
      const failing = [
        () => promises.stat(`${folder}/missing${index}`),
        () => promises.stat(`${file}/${index}`),
        () => promises.readlink(`${folder}?`.slice(0, -1)),
      ][index % 3]
      const error: unknown = await failing?.().catch((reason: unknown) => reason)
      assert.ok(error instanceof os.OSError)
      const [code, path] = [
        ['ENOENT', `${folder}/missing${index}`],
        ['ENOTDIR', `${file}/${index}`],
        ['EINVAL', folder],
      ][index % 3] as [string, string]
      assert.deepEqual([error.code, error.path], [code, path])
      return 'contents'.length
    })
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(['contents'.length]))
    assert.deepEqual(openFiles(), before)
  })

  test('run in the order in which they were made', () => {
    // With two threads, one of which is left to Node, they are made one by one.
    run(`
      process.env.UV_THREADPOOL_SIZE = '2'
      const { promises } = await import('${import.meta.resolve('osier')}')
      const names = Array.from({ length: 100 }, (_, index) => 'ordered/' + 'x/'.repeat(index))
      await Promise.all(names.map((name) => promises.mkdir(name)))
      await Promise.all(names.reverse().map((name) => promises.rmdir(name)))`)
  })

  test('leave one thread of the pool to Node', { skip: otherPool }, async () => {
    const pool = await fillPool('starving')
    const queued = Array.from({ length: 1000 }, () => promises.stat(file))
    assert.equal((await nodeFs.stat(file)).size, 8)
    assert.equal(await nodeFs.readFile(file, 'utf8'), 'contents')
    await pool.release()
    await Promise.all(queued)
  })

  test("do not delay Node's requests until all have run", { skip: otherPool }, async () => {
    let done = 0
    const ours = Array.from({ length: 5000 }, () => promises.stat(file).then(() => (done += 1)))
    await nodeFs.stat(file)
    // Fairly shared it is a handful; behind all of them it would be 5000.
    assert.ok(done < 2500, `${done} came first`)
    await Promise.all(ours)
  })

  test('do not block the event loop', async () => {
    let turns = 0
    let isOver = false
    const counting = (async () => {
      while (!isOver) {
        await turn()
        turns += 1
      }
    })()
    await Promise.all(Array.from({ length: 5000 }, () => promises.stat(file)))
    isOver = true
    await counting
    assert.ok(turns > 50, `${turns} turns`)
  })
})

describe('arguments', () => {
  test('are converted when the function is called: later changes have no effect', async () => {
    const path = Buffer.from(file)
    const data = Buffer.from('later')
    const options = { follow_symlinks: true }
    const status = promises.stat(path, options)
    path.fill(0x78)
    Object.assign(options, { follow_symlinks: 'nonsense' })
    assert.equal((await status).st_size, 8)
    const attribute = promises.setxattr(file, 'user.osier', data).catch((error: unknown) => {
      assert.ok(error instanceof os.OSError && error.code === 'ENOTSUP', 'no extended attributes here')
      return 'none'
    })
    data.fill(0x78)
    if ((await attribute) !== 'none') assert.equal(os.getxattr(file, 'user.osier').toString(), 'later')
  })

  test('a buffer that is transferred before the write is refused, not written', async () => {
    const fd = os.open(join(folder, 'transferred'), os.O_RDWR | os.O_CREAT)
    const pool = await fillPool('transferring')
    const data = new Uint8Array(1_000_000).fill(1)
    const writing = Promise.allSettled([promises.pwrite(fd, data, 0), promises.pwritev(fd, [data], 0)])
    structuredClone(data, { transfer: [data.buffer] })
    await pool.release()
    for (const result of await writing) assert.equal(result.status, 'rejected')
    assert.equal(os.fstat(fd).st_size, 0)
    os.close(fd)
  })

  test('a buffer that is transferred before the read is refused, and no other memory is changed', async () => {
    const fd = os.open(file, os.O_RDONLY)
    // Less is read at once if it is in the page cache.
    const length = 2 ** 20 + 1
    const data = new Uint8Array(length)
    const reading = promises.preadv(fd, [data], 0)
    const moved = structuredClone(data, { transfer: [data.buffer] })
    await assert.rejects(reading, { code: 'ERR_INVALID_ARG_TYPE' })
    assert.ok(moved.length === length && moved.every((byte) => byte === 0))
    os.close(fd)
  })

  test('raise audit events before the function returns, and a hook can prevent the call', () => {
    run(`
      import assert from 'node:assert/strict'
      import os from 'osier'
      const events = []
      os.addaudithook((event, args) => {
        events.push([event, ...args])
        if (args[0] === 'forbidden') throw new Error('no')
      })
      const calls = [os.promises.mkdir('made', 0o755), os.promises.rename('a', 'b'), os.promises.utime('a', [1, 2])]
      assert.deepEqual(events, [
        ['os.mkdir', 'made', 0o755, -1],
        ['os.rename', 'a', 'b', -1, -1],
        ['os.utime', 'a', [1, 2], null, -1],
      ])
      await Promise.allSettled(calls)
      await assert.rejects(os.promises.mkdir('forbidden'), /^Error: no$/)
      assert.equal(os.access('forbidden', os.F_OK), false)
      await os.promises.rmdir('made')`)
  })
})

describe('signals', () => {
  const reason = new Error('enough')

  test('already aborted: the call is not made', async () => {
    const made = join(folder, 'not made')
    await assert.rejects(promises.mkdir(made, { signal: AbortSignal.abort(reason) }), reason)
    await assert.rejects(promises.listdir({ path: folder, signal: AbortSignal.abort(reason) }), reason)
    await assert.rejects(promises.scandir(folder, { signal: AbortSignal.abort(reason) }).next(), reason)
    await assert.rejects(promises.walk(folder, { signal: AbortSignal.abort(reason) }).next(), reason)
    assert.equal(os.access(made, os.F_OK), false)
  })

  test('aborted while the call is queued: it is never made', async () => {
    const pool = await fillPool('waiting')
    const controller = new AbortController()
    const made = join(folder, 'not made either')
    const making = promises.mkdir(made, { signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(making, reason)
    await pool.release()
    await promises.sync()
    assert.equal(os.access(made, os.F_OK), false)
  })

  test('aborted while the call runs: the promise rejects at once, and a descriptor that it opens is closed', async () => {
    const { path } = blocking('under-way')
    const before = openFiles()
    const controller = new AbortController()
    const opening = promises.open(path, os.O_RDONLY, { signal: controller.signal })
    opening.catch(() => undefined)
    await sleep(20)
    controller.abort(reason)
    await assert.rejects(opening, reason)
    // A non-blocking open for writing succeeds only if there is a reader, or an open that waits for a writer.
    const end = await eventually(() => os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    // Now that there is a writer the call completes; and once its descriptor is closed there is no reader.
    await eventually(() => assert.throws(() => os.write(end, Buffer.of(0)), { code: 'EPIPE' }))
    os.close(end)
    assert.deepEqual(openFiles(), before)
  })

  test('a call on a descriptor of the caller’s ends before it rejects', async () => {
    const { path } = blocking('directory-fd')
    const dir_fd = os.open(folder, os.O_RDONLY)
    const controller = new AbortController()
    let isSettled = false
    const opening = promises.open('directory-fd', os.O_RDONLY, { dir_fd, signal: controller.signal })
    opening.catch(() => undefined).finally(() => (isSettled = true))
    await sleep(20)
    controller.abort(reason)
    await sleep(20)
    assert.equal(isSettled, false, 'the descriptor could be closed, and its number be another file’s')
    const end = os.open(path, os.O_RDWR)
    await assert.rejects(opening, reason)
    os.close(end)
    os.close(dir_fd)
  })

  test('aborted afterwards: no effect, and no listener remains', async () => {
    const controller = new AbortController()
    const { signal } = controller
    await Promise.all(Array.from({ length: 100 }, () => promises.stat(file, { signal })))
    for await (const entry of promises.scandir(folder, { signal })) assert.ok(entry.name)
    controller.abort(reason)
  })

  test('close cannot be aborted: the descriptor is closed in any case', async () => {
    const pool = await fillPool('closing')
    const fd = os.open(file, os.O_RDONLY)
    const controller = new AbortController()
    const closing = promises.close(fd, { signal: controller.signal })
    controller.abort(reason)
    await pool.release()
    await closing
    assert.throws(() => os.fstat(fd), { code: 'EBADF' })
  })

  test('a value that is not an AbortSignal is refused', async () => {
    for (const signal of [null, 1, 'x', {}, new EventTarget()]) {
      await assert.rejects(promises.stat(file, { signal: signal as AbortSignal }), { code: 'ERR_INVALID_ARG_TYPE' })
    }
  })

  test('aborted at any moment: no descriptor remains open', async () => {
    const tree = join(folder, 'tree')
    for (let i = 0; i < 20; i++) mkdirSync(join(tree, `a${i}`, 'b'), { recursive: true })
    const before = openFiles()
    for (let round = 0; round < 60; round++) {
      const controller = new AbortController()
      const { signal } = controller
      const all = [
        promises.open(file, os.O_RDONLY, { signal }).then(os.close),
        promises.listdir(tree, { signal }),
        (async () => {
          for await (const _ of promises.walk(tree, { signal })) await turn()
        })(),
        (async () => {
          for await (const _ of promises.fwalk(tree, { signal })) await turn()
        })(),
        (async () => {
          for await (const _ of promises.scandir(tree, { signal })) await turn()
        })(),
      ]
      for (let i = 0; i < round / 3; i++) await turn()
      controller.abort(reason)
      for (const result of await Promise.allSettled(all)) {
        if (result.status === 'rejected') assert.equal(result.reason, reason)
      }
    }
    await eventually(() => assert.deepEqual(openFiles(), before))
  })
})

describe('the process', () => {
  test('may exit while calls run and are queued', () => {
    run(`
      import os from 'osier'
      for (let i = 0; i < 2000; i++) os.promises.stat('file').catch(() => undefined)
      for (let i = 0; i < 20; i++) os.promises.pread(0, 1_000_000, 0).catch(() => undefined)
      setImmediate(() => process.exit(0))`)
    run(`
      import os from 'osier'
      for (let i = 0; i < 2000; i++) os.promises.stat('file').catch(() => undefined)
      process.exit(0)`)
  })

  test('stays alive until all calls have ended', () => {
    const printed = run(`
      import os from 'osier'
      let done = 0
      for (let i = 0; i < 1000; i++) os.promises.access('file', os.F_OK).then(() => done++)
      process.on('exit', () => console.log(done))`)
    assert.equal(printed, '1000\n')
  })

  test('survives garbage collections while calls are pending', () => {
    run(
      `
      import assert from 'node:assert/strict'
      import os from 'osier'
      const fd = os.open('collected', os.O_RDWR | os.O_CREAT)
      const calls = []
      for (let i = 0; i < 300; i++) {
        calls.push(os.promises.pwrite(fd, Buffer.alloc(100_000, i % 256), i * 100_000).then(async () => {
          gc()
          const piece = await os.promises.pread(fd, 100_000, i * 100_000)
          assert.ok(piece.length === 100_000 && piece.every((byte) => byte === i % 256))
          const views = [Buffer.alloc(10), new Uint32Array(20)]
          const reading = os.promises.preadv(fd, views, i * 100_000)
          if (i % 10 === 0) gc()
          assert.equal(await reading, 90)
          assert.ok(views[0].every((byte) => byte === i % 256))
        }))
        calls.push(os.promises.stat(Buffer.from('collected')), os.promises.listdir('.'))
        if (i % 20 === 0) gc()
      }
      await Promise.all(calls)
      os.close(fd)
      os.remove('collected')`,
      '--expose-gc',
    )
  })

  test('handles many signals while calls run, and no call fails', async () => {
    const program = `
      import os from '${import.meta.resolve('osier')}'
      process.on('SIGUSR2', () => undefined)
      console.log('ready')
      for (let i = 0; i < 40; i++) {
        await Promise.all(Array.from({ length: 100 }, () => os.promises.stat('file')))
        await os.promises.listdir('.')
      }
      console.log('done')
      setTimeout(() => undefined, 300)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      ...{ cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    })
    await once(child.stdout, 'data')
    // Deno says of a child that its `kill` was used on that the signal has ended it.
    const signalTimer = setInterval(() => process.kill(Number(child.pid), 'SIGUSR2'), 1)
    // Without a handler, as when Node starts and ends, the signal would end it.
    child.stdout.once('data', () => clearInterval(signalTimer))
    const [status] = await once(child, 'exit')
    clearInterval(signalTimer)
    assert.equal(status, 0)
  })

  test('may stop a worker thread with calls pending', { skip: noStopping }, async () => {
    const fd = os.open(process.execPath, os.O_RDONLY)
    for (let round = 0; round < 3; round++) {
      const code = `
        import os from '${import.meta.resolve('osier')}'
        import { parentPort, workerData } from 'node:worker_threads'
        const keep = () => os.promises.stat('/').then(keep)
        for (let i = 0; i < 100; i++) void keep()
        for (let i = 0; i < 50; i++) os.promises.pread(workerData, 1_000_000, 0)
        parentPort.postMessage('busy')`
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: fd })
      await once(worker, 'message')
      await worker.terminate()
    }
    os.close(fd)
    assert.equal((await promises.stat(file)).st_size, 8)
  })

  test('works in worker threads and in the main thread at the same time', async () => {
    const code = `
      import os from '${import.meta.resolve('osier')}'
      import { parentPort } from 'node:worker_threads'
      const all = await Promise.all(Array.from({ length: 1000 }, () => os.promises.stat('/')))
      parentPort.postMessage(all.length)`
    const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
    const workers = [1, 2, 3].map(() => once(new Worker(url), 'message'))
    await Promise.all(Array.from({ length: 1000 }, () => promises.stat(file)))
    assert.deepEqual((await Promise.all(workers)).flat(), [1000, 1000, 1000])
  })

  test("can fork: the parent's calls end in the parent, and the child makes its own", () => {
    const printed = run(`
      import os from 'osier'
      let late = 0
      for (let i = 0; i < 500; i++) os.promises.statx('file', os.STATX_SIZE).then(() => late++)
      const pid = os.fork()
      const { stx_size } = await os.promises.statx('file', os.STATX_SIZE)
      await Promise.all(Array.from({ length: 100 }, () => os.promises.statx('file', os.STATX_SIZE)))
      if (pid === 0) {
        os._exit(stx_size === 8 && late === 0 ? 7 : 1)
      }
      const [, status] = os.waitpid(pid, 0)
      while (late < 500) await os.promises.statx('file', os.STATX_SIZE)
      console.log(os.waitstatus_to_exitcode(status), late)`)
    assert.equal(printed, '7 500\n')
  })
})

test('urandom and getrandom return the requested number of bytes', async () => {
  for (const size of [0, 1, 1000, 70_000, 1_000_000]) assert.equal((await promises.urandom(size)).length, size)
  assert.equal((await promises.getrandom(16)).length, 16)
  const [a, b] = await Promise.all([promises.urandom(16), promises.urandom(16)])
  assert.notDeepEqual(a, b)
})

test('no threads but those of the pool are used', { skip: onlyNode('it has threads that come and go') }, () => {
  const printed = run(`
    import { readdirSync } from 'node:fs'
    import os from 'osier'
    await os.promises.stat('file')
    const before = readdirSync('/proc/self/task').length
    await Promise.all(Array.from({ length: 1000 }, () => os.promises.stat('file')))
    console.log(readdirSync('/proc/self/task').length - before)`)
  assert.equal(printed, '0\n')
  assert.ok(readdirSync(folder).length > 0)
})
