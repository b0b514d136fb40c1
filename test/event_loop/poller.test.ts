import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import os from 'osier'
import { askNode, runNode } from '../support/child.ts'
import { exitCode } from '../support/children.ts'
import { noFork, onlyNode, ownEpolls, runtime } from '../support/runtime.ts'
import { threads, threadsAtRest, withPipe } from '../support/waits.ts'
import { inWorker } from '../support/worker.ts'

const { promises } = os

/** How many epoll instances this process has. */
function epolls(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]'
    } catch {
      return false
    }
  }).length
}

test('the process ends by itself when only waits remain that do not keep it alive', () => {
  const program = `
    const [r, w] = os.pipe()
    os.promises.read(r, 1, { ref: false }).then(() => console.log('never'))
    process.on('exit', (code) => console.log('exit', code))`
  const { status, stdout, stderr } = runNode(program)
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'exit 0\n', stderr: '' })
})

test('the process stays alive for a wait, and ends after it', () => {
  const program = `
    const [r, w] = os.pipe()
    os.promises.read(r, 1).then((data) => process.stdout.write(data))
    const child = os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 0.1; echo x'], null, {
      file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]] })
    os.waitpid(child, 0)`
  const { status, stdout, stderr } = runNode(program)
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'x', stderr: '' })
})

test('an aborted wait does not keep the process alive', () => {
  const program = `
    const [r] = os.pipe()
    const controller = new AbortController()
    os.promises.read(r, 1, { signal: controller.signal }).catch((error) => console.log(error.name))
    setTimeout(() => controller.abort(), 10)`
  assert.equal(runNode(program).stdout, 'AbortError\n')
})

test('process.exit with pending waits, and with unread events', () => {
  for (const end of ['process.exit(3)', 'setTimeout(() => process.exit(3), 10)', 'process.reallyExit(3)']) {
    const program = `
      const [r, w] = os.pipe()
      const [r2] = os.pipe()
      os.promises.read(r2, 1)
      os.promises.read(r, 1).then(() => { os.write(w, Buffer.from('x')); os.promises.read(r2, 1); ${end} })
      os.write(w, Buffer.from('x'))`
    const { status, signal, stderr } = runNode(program)
    assert.deepEqual({ status, signal, stderr }, { status: 3, signal: null, stderr: '' })
  }
})

test('an uncaught error ends the process as usual', () => {
  const program = `
    const [r, w] = os.pipe()
    os.promises.read(r, 1).then(() => { throw new Error('uncaught') })
    os.write(w, Buffer.from('x'))`
  const { status, stderr } = runNode(program)
  assert.equal(status, 1)
  assert.match(stderr, /error: uncaught/i)
})

test('what follows a promise runs before the next event: microtasks, nextTick', () =>
  withPipe(async (r, w) => {
    const order: string[] = []
    const first = promises.read(r, 1).then(async () => {
      process.nextTick(() => order.push('tick'))
      await null
      order.push('microtask')
      os.write(w, Buffer.from('b'))
      await promises.read(r, 1)
      order.push('second')
    })
    os.write(w, Buffer.from('a'))
    await first
    await sleep(1)
    assert.deepEqual(order, ['microtask', 'second', 'tick'])
  }))

test('descriptors that make each other ready are served many in a turn of the loop, and others have their turn', () =>
  withPipe((r, w) =>
    withPipe(async (r2, w2) => {
      const rounds = 1000
      const controller = new AbortController()
      const { signal } = controller
      const echo = (async () => {
        for (;;) await promises.write(w2, await promises.read(r, 10, { signal }))
      })()
      let turns = 0
      const counting = (async () => {
        for (; !signal.aborted; turns++) await nextTurn()
      })()
      for (let round = 0; round < rounds; round++) {
        await promises.write(w, Buffer.from('x'))
        await promises.read(r2, 10)
      }
      controller.abort()
      await assert.rejects(echo, { name: 'AbortError' })
      await counting
      // Bun serves the messages of threads before what waits for the next turn.
      assert.ok(turns > (runtime === 'Bun' ? 0 : rounds / 64), `${turns} turns`)
      if (runtime === 'Node') assert.ok(turns < rounds, `${turns} turns`)
    }),
  ))

test('waiting takes neither threads nor descriptors', () =>
  withPipe(async (r) => {
    await sleep(1)
    const before = { threads: await threadsAtRest(), epolls: epolls() }
    const controller = new AbortController()
    const { signal } = controller
    const waits = Array.from({ length: 1000 }, () =>
      promises.read(r, 1, { signal }).catch((error: Error) => error.name),
    )
    await sleep(5)
    assert.equal(threads(), before.threads)
    assert.ok(epolls() <= before.epolls + 1)
    controller.abort()
    assert.ok((await Promise.all(waits)).every((name) => name === 'AbortError'))
  }))

test('the loop runs while a hundred descriptors are waited for', async () => {
  const pipes = Array.from({ length: 100 }, () => os.pipe())
  const controller = new AbortController()
  const waits = pipes.map(([r]) => promises.read(r, 1, { signal: controller.signal }).catch(() => null))
  // If the loop blocked on one of them, this would never end. (Benchmarks measure the duration of a turn.)
  for (let turn = 0; turn < 1000; turn++) await nextTurn()
  await sleep(1)
  controller.abort()
  await Promise.all(waits)
  for (const fd of pipes.flat()) os.close(fd)
})

test('worker threads wait in loops of their own, and end by themselves', { skip: ownEpolls }, async () => {
  const echo = `
    const [r, w] = os.pipe()
    const reading = os.promises.read(r, 10)
    os.write(w, Buffer.from(workerData))
    const data = String(await reading)
    const counter = os.eventfd(0)
    os.promises.eventfd_read(counter, { ref: false })
    os.close(w)
    os.close(r)
    return data`
  const before = epolls()
  const answers = await Promise.all(['one', 'two', 'three'].map((word) => inWorker<string>(echo, word)))
  assert.deepEqual(answers, ['one', 'two', 'three'])
  assert.ok(epolls() <= before)
})

const noHooks = onlyNode('a thread that is terminated is received nothing, and leaves two descriptors open')
test('a worker that is terminated in the middle of it leaves nothing behind', {
  timeout: 60_000,
  skip: noHooks,
}, async () => {
  const url = import.meta.resolve('osier')
  const program = `
    import os from '${url}'
    import { parentPort, workerData } from 'node:worker_threads'
    const [r, w] = workerData
    for (let round = 0; ; round++) {
      const reading = os.promises.read(r, 1)
      os.write(w, Buffer.from('x'))
      await reading
      if (round === 100) parentPort.postMessage('ready')
    }`
  const before = epolls()
  await withPipe(async (r, w) => {
    for (let round = 0; round < 8; round++) {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData: [r, w] })
      // Not before: Node leaves open what it is just loading, and koffi cannot be ended while it binds functions.
      await once(worker, 'message')
      await sleep(round)
      await worker.terminate()
    }
  })
  assert.ok(epolls() <= before)
})

test('a worker that fails while it waits', async () => {
  const program = `
    import os from '${import.meta.resolve('osier')}'
    const [r, w] = os.pipe()
    os.promises.read(r, 1)
    os.promises.read(r, 1).then(() => { os.close(r); os.close(w); throw new Error('in the worker') })
    os.write(w, Buffer.from('xx'))`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`))
  const exit = new Promise((resolve) => worker.once('exit', resolve))
  const [error] = (await once(worker, 'error')) as [Error]
  assert.equal(error.message, 'in the worker')
  // In Bun a worker that has a thread of its own, as for waiting, ends with 0 whatever happens.
  assert.equal(await exit, runtime === 'Bun' ? 0 : 1)
})

test('a forked child has an event loop of its own, and leaves the waits of its parent alone', { skip: noFork }, () => {
  const program = `
    const [r, w] = os.pipe()
    const [r2, w2] = os.pipe()
    const received = []
    const parents = os.promises.read(r, 10).then((data) => received.push('parent ' + data))
    await os.promises.write(w2, Buffer.from('x'))
    await os.promises.read(r2, 1)
    const pid = os.fork()
    if (pid === 0) {
      os.promises.read(r2, 10).then((data) => { process.exit(String(data) === 'child' && received.length === 0 ? 7 : 1) })
      os.write(w2, Buffer.from('child'))
    } else {
      const [, status] = os.waitpid(pid, 0)
      os.write(w, Buffer.from('data'))
      await parents
      console.log(JSON.stringify([os.waitstatus_to_exitcode(status), received]))
    }`
  assert.deepEqual(askNode(program), [7, ['parent data']])
})

test('a forked child ends though its parent waits', { skip: noFork }, () => {
  const program = `
    const [r, w] = os.pipe()
    const reading = os.promises.read(r, 10)
    const pid = os.fork()
    if (pid !== 0) {
      console.log(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
      os.close(w)
      await reading
    }`
  assert.equal(runNode(program).stdout, '0\n')
})

test('children do not inherit what the event loop uses', () => {
  const list = 'for fd in /proc/self/fd/*; do readlink $fd; done; true'
  const [r, w] = os.pipe()
  const pid = os.posix_spawn('/bin/sh', ['sh', '-c', list], null, { file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]] })
  os.close(w)
  const text = String(os.read(r, 65536))
  os.close(r)
  assert.equal(exitCode(pid), 0)
  assert.doesNotMatch(text, /eventpoll/)
})
