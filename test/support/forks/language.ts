import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import os from 'osier'
import { assertSucceeds, calculate, inChild, makeGarbage, type Situation, start } from './child.ts'

/** (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
const ADDITION = Buffer.from('AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=', 'base64')

interface WithWebAssembly {
  readonly WebAssembly: { instantiate(bytes: Buffer): Promise<{ instance: { exports: Addition } }> }
}

interface Addition {
  add(a: number, b: number): number
}

async function addWithWasm(): Promise<void> {
  // The types of Node alone do not have it.
  const { WebAssembly } = globalThis as unknown as WithWebAssembly
  const { add } = (await WebAssembly.instantiate(ADDITION)).instance.exports
  let sum = 0
  for (let i = 0; i < 100_000; i++) sum = add(sum, 1)
  assert.equal(sum, 100_000)
}

/** Work that needs much of what V8 has: inline caches of many shapes, regular expressions, JSON, sorting, generators. */
function variety(rounds: number): number {
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    const record: Record<string, { size: number; text: string }> = {}
    for (let i = 0; i < 200; i++) record[`key${(i * 7 + round) % 300}`] = { size: i, text: 'a'.repeat(i % 50) }
    const copy = JSON.parse(JSON.stringify(record)) as typeof record
    for (const [word] of JSON.stringify(copy).matchAll(/key\d+/g)) sum = (sum * 31 + word.length) | 0
    const sorted = Object.values(copy).sort((a, b) => b.size - a.size)
    for (const { text } of sorted) sum = (sum + text.length * 17) | 0
    class Doubled {
      readonly #value: number
      constructor(value: number) {
        this.#value = value
      }
      get value(): number {
        return this.#value * 2
      }
    }
    function* numbers(): Generator<number> {
      for (let i = 0; i < 200; i++) yield new Doubled(i).value
    }
    for (const value of numbers()) sum ^= value
  }
  return sum
}

/** What the language and its machine do in a child. */
export const language: Readonly<Record<string, Situation>> = {
  'garbage is collected': inChild(() => makeGarbage(3_000_000)),
  'functions are optimised': inChild(() => calculate(20_000)),
  'objects of many shapes, text, and functions of all kinds': async () => {
    const expected = variety(20)
    await inChild(() => assert.equal(variety(60), variety(60)))()
    assert.equal(variety(20), expected)
  },
  'threads wait for each other': inChild(async () => {
    const shared = new Int32Array(new SharedArrayBuffer(8))
    assert.equal(Atomics.wait(shared, 0, 0, 5), 'timed-out')
    const program = `
      const { workerData: shared } = require('node:worker_threads')
      Atomics.store(shared, 0, 1)
      Atomics.notify(shared, 0)`
    const worker = new Worker(program, { eval: true, workerData: shared })
    assert.notEqual(Atomics.wait(shared, 0, 0, 10_000), 'timed-out')
    assert.equal(shared[0], 1)
    await once(worker, 'exit')
  }),
  'both sides calculate and collect': async () => {
    makeGarbage()
    calculate()
    const pid = start(() => {
      makeGarbage()
      calculate()
    })
    makeGarbage()
    calculate()
    await assertSucceeds(pid)
  },
  'a collection is under way': async () => {
    const live = Array.from({ length: 300_000 }, (_, i) => ({ i, list: [i, i + 1], text: `text ${i}` }))
    for (let round = 0; round < 3; round++) {
      const change = (): void => {
        for (let i = 0; i < 100_000; i++) live[i] = { i, list: [i, round], text: `changed ${i}` }
      }
      change()
      const pid = start(() => {
        change()
        makeGarbage()
        assert.deepEqual(live[7], { i: 7, list: [7, round], text: 'changed 7' })
      })
      await assertSucceeds(pid)
    }
  },
  'finalizers are called': inChild(async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    let count = 0
    const registry = new FinalizationRegistry<number>(() => {
      count += 1
    })
    for (let i = 0; i < 1000; i++) registry.register({ i }, i)
    for (let round = 0; round < 100 && count === 0; round++) {
      collect()
      await sleep(5)
    }
    assert.ok(count > 0)
  }),
  'timers that it sets': inChild(async () => {
    await sleep(20)
    let count = 0
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        count += 1
        if (count < 5) return
        clearInterval(timer)
        resolve()
      }, 2)
    })
  }),
  'timers that were set before run in both': async () => {
    let count = 0
    setTimeout(() => {
      count += 1
    }, 50)
    const pid = start(async () => {
      await sleep(100)
      assert.equal(count, 1)
    })
    await assertSucceeds(pid)
    await sleep(60)
    assert.equal(count, 1)
  },
  'promises that were pending before go on in both': async () => {
    const pending = sleep(30, 'what it promised')
    const pid = start(async () => assert.equal(await pending, 'what it promised'))
    await assertSucceeds(pid)
    assert.equal(await pending, 'what it promised')
  },
  'asynchronous context': inChild(async () => {
    const storage = new AsyncLocalStorage<number>()
    const seen = await storage.run(5, async () => {
      await sleep(2)
      return storage.getStore()
    })
    assert.equal(seen, 5)
  }),
  'modules are imported': inChild(async () => {
    assert.equal(typeof (await import('node:querystring')).parse, 'function')
    const module = 'data:text/javascript,export const answer = 42'
    assert.equal(((await import(module)) as { answer: number }).answer, 42)
  }),
  'programs are compiled': inChild(() => {
    for (let i = 0; i < 200; i++) assert.equal(new Function('a', `return a * ${i} + ${i % 7}`)(2), 2 * i + (i % 7))
    for (let i = 0; i < 5; i++) assert.equal(runInNewContext('Array.from({ length: 1000 }, String).length'), 1000)
  }),
  WebAssembly: inChild(addWithWasm),
  'WebAssembly that ran before': async () => {
    await addWithWasm()
    await inChild(addWithWasm)()
  },
  'fork in a timer': () =>
    new Promise((resolve, reject) => {
      setTimeout(() => assertSucceeds(start(makeGarbage)).then(resolve, reject), 5)
    }),
  'fork in a promise, three times at once': () =>
    Promise.all(
      [1, 2, 3].map(async (delay) => {
        await sleep(delay)
        await assertSucceeds(start(() => makeGarbage(100_000)))
      }),
    ),
  'fork in a microtask of a tick': () =>
    new Promise((resolve, reject) => {
      process.nextTick(() => queueMicrotask(() => assertSucceeds(start(calculate)).then(resolve, reject)))
    }),
  'children of children, three deep': async () => {
    const level = async (depth: number): Promise<void> => {
      makeGarbage(100_000)
      if (depth === 0) return
      const parent = process.pid
      const pid = start(async () => {
        assert.equal(process.ppid, parent)
        await level(depth - 1)
      })
      await assertSucceeds(pid)
      calculate(1000)
    }
    await level(3)
  },
  'it knows who it is': async () => {
    const parent = process.pid
    const pid = start(() => {
      assert.notEqual(process.pid, parent)
      assert.equal(process.ppid, parent)
      assert.equal(os.getpid(), process.pid)
      assert.equal(os.getppid(), parent)
      assert.equal(os.readlink('/proc/self'), String(process.pid))
    })
    assert.equal(process.pid, parent)
    assert.equal(os.getpid(), parent)
    await assertSucceeds(pid)
  },
  'a SharedArrayBuffer is a copy': async () => {
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const pid = start(() => {
      shared[0] = 1
      assert.equal(shared[0], 1)
    })
    await assertSucceeds(pid)
    assert.equal(shared[0], 0)
  },
}
