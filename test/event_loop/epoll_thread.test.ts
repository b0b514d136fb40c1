/** Waiting in runtimes whose event loop cannot poll descriptors of others; simulated in Node. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askNode, runNode } from '../support/child.ts'

const pretendBun = `data:text/javascript,${encodeURIComponent("Object.defineProperty(process.versions, 'bun', { value: '0' })")}`
const nodeOptions = ['--import', pretendBun]

test('a thread reports ready descriptors', () => {
  const program = `
    const { promises } = os
    const [r, w] = os.pipe()
    const reading = promises.read(r, 10)
    setTimeout(() => os.write(w, Buffer.from('later')), 10)
    const found = [String(await reading)]
    for (let i = 0; i < 200; i++) { const next = promises.read(r, 1); os.write(w, Buffer.from('x')); found[1] = String(await next) }
    const many = Array.from({ length: 50 }, () => os.pipe())
    const all = many.map(([end]) => promises.read(end, 10))
    for (const [, end] of many) os.write(end, Buffer.from('y'))
    found.push((await Promise.all(all)).join(''))
    const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 0.05; exit 3'], null)
    found.push((await promises.waitpid(pid, 0))[1])
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 10)
    found.push(await promises.read(r, 1, { signal: controller.signal }).catch((error) => error.name))
    console.log(JSON.stringify(found))`
  assert.deepEqual(askNode(program, { nodeOptions }), ['later', 'x', 'y'.repeat(50), 3 << 8, 'AbortError'])
})

test('the thread does not keep the process alive', () => {
  const program = `
    const [r, w] = os.pipe()
    os.write(w, Buffer.from('x'))
    const reading = os.promises.read(r, 1)
    await reading
    os.promises.read(r, 1, { ref: false }).then(() => console.log('never'))
    console.log('end')`
  const { status, stdout, stderr } = runNode(program, { nodeOptions })
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'end\n', stderr: '' })
})

test('the process stays alive for a wait', () => {
  const program = `
    const [r, w] = os.pipe()
    os.promises.read(r, 10).then((data) => process.stdout.write(data))
    os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 0.2; echo hello'], null, { file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]] })`
  assert.equal(runNode(program, { nodeOptions }).stdout, 'hello\n')
})
