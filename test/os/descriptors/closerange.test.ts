import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import { askNode } from '../../support/child.ts'
import { noFork, onlyNode, runtime } from '../../support/runtime.ts'

/**
 * Opens files of all kinds, calls `closerange` for all but the standard streams, and uses what the runtime and osier need
 * descriptors for.
 */
const program = `
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
const { promises } = os
const everything = os.sysconf('SC_OPEN_MAX')
const isOpen = (fd) => { try { os.fstat(fd); return true } catch { return false } }
const own = () => {
  const fds = [os.dup2(0, 50), os.open('/etc/passwd', os.O_RDONLY), os.memfd_create('x'), os.dup(1)]
  // A pipe to which only this process has both ends, as those of the event loop are.
  return [...fds, ...os.pipe(), ...os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)]
}
const use = async () => {
  const fds = own()
  const waiting = promises.read(fds[4], 1).then(String, (error) => error.code)
  os.closerange(3, everything, { spare_runtime: true })
  const left = fds.filter(isOpen)
  const found = [left, await waiting]
  await sleep(5)
  await readFile('/etc/passwd')
  const cat = spawn('cat')
  cat.stdin.end('echoed')
  let text = ''
  for await (const chunk of cat.stdout) text += chunk
  const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 4'], null)
  const code = os.waitstatus_to_exitcode((await promises.waitpid(pid, 0))[1])
  const [r, w] = os.pipe()
  const reading = promises.read(r, 10)
  os.write(w, Buffer.from('read'))
  const signal = new Promise((resolve) => process.once('SIGUSR2', () => resolve('signal')))
  os.kill(os.getpid(), 12)
  found.push(text, code, String(await reading), await signal)
  os.close(r)
  os.close(w)
  return JSON.stringify(found)
}
const server = createServer((request, response) => response.end('served'))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const ask = async () => (await fetch('http://127.0.0.1:' + server.address().port)).text()
`

const expected = [[], 'EBADF', 'echoed', 4, 'read', 'signal']

const deno = runtime === 'Deno' && 'Deno: which descriptors it needs is not known'

describe('closerange with spare_runtime', () => {
  test('leaves open only the descriptors of the event loop', { skip: deno }, () => {
    const found = askNode(`${program}
      const first = await use()
      const second = await use()
      console.log('[' + first + ',' + second + ',' + JSON.stringify(await ask()) + ']')
      process.exit()`)
    assert.deepEqual(found, [expected, expected, 'served'])
  })

  test('works in a forked child, and in its parent afterwards', { skip: noFork }, () => {
    const found = askNode(`${program}
      const [r, w] = os.pipe()
      os.dup2(w, 60)
      const pid = os.fork()
      if (pid === 0) {
        // Standard output, since all other descriptors are closed.
        os.dup2(60, 1)
        os.write(1, Buffer.from(await use()))
        process.exit(7)
      }
      os.close(w)
      os.close(60)
      let text = ''
      for await (const chunk of promises.readable(r)) text += chunk
      const code = os.waitstatus_to_exitcode((await promises.waitpid(pid, 0))[1])
      console.log('[' + text + ',' + code + ',' + await use() + ',' + JSON.stringify(await ask()) + ']')
      process.exit()`)
    assert.deepEqual(found, [expected, 7, expected, 'served'])
  })

  test('works in the main thread while workers run, and in a worker', {
    skip: onlyNode('its workers are not taken into account'),
  }, () => {
    const found = askNode(`${program}
      const inWorker = \`
        import os from '${import.meta.resolve('osier')}'
        import { parentPort } from 'node:worker_threads'
        parentPort.on('message', (closes) => {
          if (closes) os.closerange(3, os.sysconf('SC_OPEN_MAX'), { spare_runtime: true })
          setTimeout(() => parentPort.postMessage('here'), 5)
        })
        parentPort.postMessage('begins')\`
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(inWorker)))
      const heard = () => new Promise((resolve) => worker.once('message', resolve))
      await heard()
      const found = [await use()]
      for (const closes of [false, true]) {
        const answer = heard()
        worker.postMessage(closes)
        found.push(JSON.stringify(await answer))
      }
      found.push(await use(), JSON.stringify(await ask()))
      console.log('[' + found + ']')
      process.exit()`)
    assert.deepEqual(found, [expected, 'here', 'here', expected, 'served'])
  })

  test('closes nothing in a runtime whose descriptors are unknown', { skip: deno === false && 'it is known' }, () => {
    const fd = os.dup(0)
    assert.throws(() => os.closerange(fd, fd + 1, { spare_runtime: true }), os.NotImplementedError)
    os.close(fd)
  })

  test('throws for unknown options', () => {
    assert.throws(() => os.closerange(900, 901, { spare_runtime: 1 } as never), TypeError)
    assert.throws(() => os.closerange(900, 901, { spares: true } as never), TypeError)
  })
})
