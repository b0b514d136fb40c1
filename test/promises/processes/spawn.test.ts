import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import * as promises from 'osier/promises'
import { SIGTERM } from 'osier/signal'
import { runNode } from '../../support/child.ts'
import { children } from '../../support/children.ts'
import { isPending } from '../../support/waits.ts'

test('system runs commands at the same time, and returns how each ended', async () => {
  const statuses = await Promise.all([0, 1, 2, 300].map((code) => promises.system(`exit ${code}`)))
  assert.deepEqual(statuses.map(os.waitstatus_to_exitcode), [0, 1, 2, 300 & 0xff])
  assert.equal(await promises.system('kill -TERM $$'), SIGTERM)
  assert.equal(await promises.system('x'.repeat(1 << 20)), 127 << 8)
  assert.deepEqual(children(), [])
})

test('a program has the standard streams, and their modes are restored', () => {
  const program = `
    const before = [0, 1, 2].map((fd) => os.get_blocking(fd))
    const runs = [os.promises.system('echo one; sleep 0.1; echo three'), os.promises.spawnlp(os.P_WAIT, 'echo', 'echo', 'two')]
    await Promise.all(runs)
    console.log(JSON.stringify([0, 1, 2].map((fd) => os.get_blocking(fd))) === JSON.stringify(before))`
  const [answer, ...words] = runNode(program).stdout.trim().split('\n').reverse()
  assert.deepEqual(words.sort(), ['one', 'three', 'two'])
  assert.equal(answer, 'true')
})

test('all forms of spawn* work', async () => {
  const script = 'exit $' + '{CODE:-5}'
  const env = { ...process.env, CODE: '7' }
  const { P_WAIT } = os
  assert.equal(await promises.spawnv(P_WAIT, '/bin/sh', ['sh', '-c', script]), 5)
  assert.equal(await promises.spawnve(P_WAIT, '/bin/sh', ['sh', '-c', script], env), 7)
  assert.equal(await promises.spawnl(P_WAIT, '/bin/sh', 'sh', '-c', script), 5)
  assert.equal(await promises.spawnle(P_WAIT, '/bin/sh', 'sh', '-c', script, env), 7)
  assert.equal(await promises.spawnvp(P_WAIT, 'sh', ['sh', '-c', script]), 5)
  assert.equal(await promises.spawnvpe(P_WAIT, 'sh', ['sh', '-c', script], env), 7)
  assert.equal(await promises.spawnlp(P_WAIT, 'sh', 'sh', '-c', script), 5)
  assert.equal(await promises.spawnlpe(P_WAIT, 'sh', 'sh', '-c', script, env), 7)
  assert.equal(await promises.spawnlp(P_WAIT, 'sh', 'sh', '-c', 'kill -TERM $$'), -SIGTERM)
  assert.equal(await promises.spawnv(P_WAIT, '/no/such/program', ['x']), 127)
  const pid = await promises.spawnl(os.P_NOWAIT, '/bin/sh', 'sh', '-c', 'exit 3')
  assert.deepEqual(await promises.waitpid(pid, 0), [pid, 3 << 8])
  assert.deepEqual(children(), [])
})

test('options are the last argument', async () => {
  const signal = AbortSignal.abort(new Error('before'))
  const { P_WAIT } = os
  const env = { A: 'b' }
  const calls = [
    promises.spawnv(P_WAIT, '/bin/true', ['true'], { signal }),
    promises.spawnve(P_WAIT, '/bin/true', ['true'], env, { signal }),
    promises.spawnl(P_WAIT, '/bin/true', 'true', { signal }),
    promises.spawnle(P_WAIT, '/bin/true', 'true', env, { signal }),
    promises.spawnlp(P_WAIT, 'true', 'true', { signal }),
    promises.spawnlpe(P_WAIT, 'true', 'true', new Map([['PATH', '/bin']]), { signal }),
    promises.spawnvp(P_WAIT, 'true', ['true'], { signal }),
    promises.spawnvpe(P_WAIT, 'true', ['true'], env, { signal }),
    promises.system('true', { signal }),
  ]
  for (const call of calls) await assert.rejects(call, /^Error: before$/)
  const status = await promises.spawnle(P_WAIT, '/bin/test', 'test', '-d', new URL('file:///usr') as never, env)
  assert.equal(status, 0, 'an environment behind a path that is an object')
  await assert.rejects(
    promises.spawnl(P_WAIT, '/bin/true', 'true', { signals: 1 } as never),
    /The "args\[1\]" argument/,
  )
  assert.deepEqual(children(), [])
})

test('an aborted command is ended, and leaves no zombie', { timeout: 20_000 }, async () => {
  const calls = [
    (signal: AbortSignal) => promises.system('exec sleep 60', { signal }),
    (signal: AbortSignal) => promises.spawnlp(os.P_WAIT, 'sleep', 'sleep', '60', { signal }),
  ]
  for (const call of calls) {
    const controller = new AbortController()
    const running = call(controller.signal)
    assert.ok(await isPending(running))
    assert.equal(children().length, 1)
    controller.abort(new Error('enough'))
    await assert.rejects(running, /^Error: enough$/)
    while (children().length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
})

test('invalid arguments reject', async () => {
  await assert.rejects(promises.system(1 as never), TypeError)
  await assert.rejects(promises.system('a\0b'), RangeError)
  await assert.rejects(promises.system('true', { signal: 'no' as never }), TypeError)
  await assert.rejects(promises.spawnv(9, '/bin/true', ['true']), RangeError)
  await assert.rejects(promises.spawnv(os.P_WAIT, '/bin/true', []), RangeError)
  await assert.rejects(promises.spawnle(os.P_WAIT, '/bin/true', 'true' as never), TypeError)
})
