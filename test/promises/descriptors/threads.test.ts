/** A wait hears that another thread closes its descriptor. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import os, { promises } from 'osier'
import { withPipe } from '../../support/waits.ts'
import { inWorker } from '../../support/worker.ts'

const skip = 'waitAsync' in Atomics ? false : 'this runtime has no Atomics.waitAsync, by which threads wake each other'

function outcome(wait: Promise<unknown>): Promise<string> {
  const late = sleep(5000, 'pending', { ref: false })
  return Promise.race([
    wait.then(
      () => 'data',
      (error: { code?: string }) => String(error.code),
    ),
    late,
  ])
}

const closes = {
  close: 'os.close(workerData)',
  'promises.close': 'await os.promises.close(workerData)',
  closerange: 'os.closerange(workerData, workerData + 1)',
  dup2: "const fd = os.open('/dev/null', os.O_RDONLY); os.dup2(fd, workerData, { inheritable: false }); os.close(fd)",
}

for (const [name, code] of Object.entries(closes)) {
  test(`${name} in a worker, a wait in the main thread`, { skip, timeout: 30_000 }, async () => {
    await withPipe(async (r) => {
      // The open file lives on, and the kernel keeps the registration.
      const copy = os.dup(r)
      const wait = outcome(promises.read(r, 1))
      const other = promises.read(copy, 1).catch((error) => error)
      await inWorker(code, r)
      assert.equal(await wait, 'EBADF')
      os.close(copy)
      assert.equal((await other).code, 'EBADF')
    })
  })
}

/** A worker that waits for a descriptor, and reports what has become of the wait. */
class WaitingWorker {
  readonly worker: Worker

  constructor(fd: number) {
    const program = `
      import os from '${import.meta.resolve('osier')}'
      import { parentPort, workerData } from 'node:worker_threads'
      const wait = os.promises.read(workerData, 1).then(() => 'data', (error) => error.code)
      parentPort.postMessage('waiting')
      const late = new Promise((resolve) => setTimeout(resolve, 5000, 'pending').unref())
      parentPort.postMessage(await Promise.race([wait, late]))`
    this.worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData: fd })
  }

  message(): Promise<unknown> {
    return once(this.worker, 'message').then(([message]) => message)
  }
}

for (const [name, close] of [
  ['the main thread', async (fd: number) => os.close(fd)],
  ['another worker', (fd: number) => inWorker(closes.close, fd)],
] as const) {
  test(`close in ${name}, a wait in a worker`, { skip, timeout: 30_000 }, async () => {
    await withPipe(async (r) => {
      const copy = os.dup(r)
      const waiting = new WaitingWorker(r)
      assert.equal(await waiting.message(), 'waiting')
      const [result] = await Promise.all([waiting.message(), close(r)])
      assert.equal(result, 'EBADF')
      os.close(copy)
    })
  })
}

test('waits of other descriptors go on, and those that nothing closes too', { skip, timeout: 30_000 }, async () => {
  await withPipe(async (r, w) => {
    await withPipe(async (other) => {
      const copy = os.dup(other)
      const [kept, lost] = [outcome(promises.read(r, 1)), outcome(promises.read(other, 1))]
      await inWorker(closes.close, other)
      assert.equal(await lost, 'EBADF')
      os.write(w, Buffer.from('x'))
      assert.equal(await kept, 'data')
      os.close(copy)
    })
  })
})
