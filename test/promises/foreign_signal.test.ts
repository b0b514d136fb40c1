/** AbortSignals of other realms, and other implementations of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createContext, runInContext } from 'node:vm'
import { promises } from 'osier'
import { children } from '../support/children.ts'
import { isPending, withPipe } from '../support/waits.ts'

/** An AbortController that is no instance of any class of this realm, with only what older implementations have. */
const context = createContext({})
const make: (hasReason: boolean) => { signal: AbortSignal; abort(reason: unknown): void } = runInContext(
  `(hasReason) => {
    const listeners = new Set()
    const signal = {
      aborted: false,
      addEventListener: (type, listener) => { if (type === 'abort') listeners.add(listener) },
      removeEventListener: (type, listener) => listeners.delete(listener),
    }
    const abort = (reason) => {
      signal.aborted = true
      if (hasReason) signal.reason = reason
      for (const listener of listeners) listener({ type: 'abort' })
    }
    return { signal, abort }
  }`,
  context,
)

const calls: Readonly<Record<string, (r: number, signal: AbortSignal) => Promise<unknown>>> = {
  read: (r, signal) => promises.read(r, 1, { signal }),
  readable: (r, signal) => promises.readable(r, { signal, closefd: false }).next(),
  toReadable: (r, signal) => promises.toReadable(r, { signal, closefd: false }).toArray(),
}

for (const [name, call] of Object.entries(calls)) {
  for (const hasReason of [true, false]) {
    test(`${name} hears the abort of a foreign signal ${hasReason ? 'with' : 'without'} a reason`, async () => {
      await withPipe(async (r) => {
        const { signal, abort } = make(hasReason)
        const waiting = call(r, signal)
        assert.ok(await isPending(waiting))
        const reason = new Error('enough')
        abort(reason)
        await assert.rejects(waiting, hasReason ? reason : { name: 'AbortError' })
        await assert.rejects(async () => call(r, signal), hasReason ? reason : { name: 'AbortError' })
      })
    })
  }
}

test('a call on the pool and one for a child hear it', { timeout: 20_000 }, async () => {
  const { signal, abort } = make(true)
  const system = promises.system('sleep 5', { signal })
  assert.ok(await isPending(system))
  abort(new Error('enough'))
  await assert.rejects(system, { message: 'enough' })
  // The shell has got SIGTERM, and is reaped when it has ended.
  while (children().length > 0) await sleep(1)
  await assert.rejects(promises.stat('/', { signal }), { message: 'enough' })
})

test('what is no signal is refused', async () => {
  for (const signal of [
    {},
    { aborted: false },
    { aborted: 0, addEventListener() {}, removeEventListener() {} },
    1,
    '',
  ]) {
    await assert.rejects(promises.stat('/', { signal: signal as unknown as AbortSignal }), {
      code: 'ERR_INVALID_ARG_TYPE',
    })
  }
})
