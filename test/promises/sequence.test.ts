import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sequence } from '../../src/promises/sequence.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('operations run one at a time, in the order of the calls', async () => {
  const sequence = new Sequence()
  const log: string[] = []
  const work = (name: string) => async (): Promise<string> => {
    log.push(`${name} starts`)
    await turn()
    log.push(`${name} ends`)
    return name
  }
  const names = await Promise.all(['a', 'b', 'c'].map((name) => sequence.run(work(name))))
  assert.deepEqual(names, ['a', 'b', 'c'])
  assert.deepEqual(log, ['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
  await turn()
  assert.equal(sequence.isIdle, true)
})

test('a failure does not stop the operations after it', async () => {
  const sequence = new Sequence()
  const failing = sequence.run(() => Promise.reject(new Error('no')))
  const following = sequence.run(async () => 'yes')
  await assert.rejects(failing, /no/)
  assert.equal(await following, 'yes')
})

test('an aborted operation in the queue is skipped; the order of the others stays', async () => {
  const sequence = new Sequence()
  let release = (): void => undefined
  const first = sequence.run(() => new Promise<void>((resolve) => (release = resolve)))
  const controller = new AbortController()
  let hasRun = false
  const second = sequence.run(async () => {
    hasRun = true
  }, controller.signal)
  const third = sequence.run(async () => 'third')
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(second, reason)
  release()
  await first
  assert.equal(await third, 'third')
  assert.equal(hasRun, false)
})
