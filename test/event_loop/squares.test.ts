/** What takes a time that is linear in the length of a queue or of a line, measured at a length and at four times it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import os, { promises } from 'osier'
import { Queue, type QueueItem } from '../../src/event_loop/queue.ts'
import { runtime } from '../support/runtime.ts'

async function cpuTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/**
 * Four times the length takes four times as long, where a square takes sixteen times: the bound is between them. One of
 * several trials is enough, since collections of garbage fall into some of them.
 */
async function assertLinear(length: number, work: (length: number) => unknown): Promise<void> {
  const ratios: number[] = []
  // The machine may be busy with other work.
  for (let trial = 0; trial < 8; trial++) {
    await work(100)
    const [short, long] = [await cpuTime(() => work(length)), await cpuTime(() => work(4 * length))]
    ratios.push(long / Math.max(short, 2000))
    if ((ratios.at(-1) ?? 0) < 9) return
  }
  assert.fail(`4 times the length took ${ratios.map((ratio) => ratio.toFixed(1))} times as long`)
}

class Item implements QueueItem {
  queue: object | null = null
  previous: QueueItem | null = null
  next: QueueItem | null = null
}

test('a queue keeps the order, and items leave it from any place', () => {
  const queue = new Queue<Item>()
  const items = Array.from({ length: 7 }, () => new Item())
  for (const item of items) queue.push(item)
  for (const index of [3, 6, 0]) assert.equal(queue.remove(items[index] ?? assert.fail()), true)
  assert.equal(queue.remove(items[3] ?? assert.fail()), false)
  queue.push(items[0] ?? assert.fail())
  const left: number[] = []
  for (let item = queue.first; item !== null; item = queue.first) {
    left.push(items.indexOf(item))
    queue.remove(item)
  }
  assert.deepEqual(left, [1, 2, 4, 5, 0])
})

test('waits that are served', { timeout: 60_000 }, () =>
  assertLinear(10_000, async (length) => {
    const [r, w] = os.pipe()
    const reads = Array.from({ length }, () => promises.read(r, 1))
    for (let at = 0; at < length; at += 1000) os.write(w, Buffer.alloc(Math.min(1000, length - at)))
    await Promise.all(reads)
    os.close(r)
    os.close(w)
  }),
)

/** Without osier, four times the signals take more than five times as long there. */
const slowAborts = runtime === 'Deno' && 'Deno: the time that its AbortControllers take grows faster than their number'

test('waits that are aborted, the last first', { timeout: 60_000, skip: slowAborts }, () =>
  assertLinear(10_000, async (length) => {
    const [r, w] = os.pipe()
    const controllers = Array.from({ length }, () => new AbortController())
    const reads = controllers.map(({ signal }) => promises.read(r, 1, { signal }).catch(() => null))
    for (const controller of controllers.reverse()) controller.abort()
    await Promise.all(reads)
    os.close(r)
    os.close(w)
  }),
)

for (const [name, mode] of [
  ['bytes', 'rb'],
  ['text', 'r'],
] as const) {
  const command = (kilobytes: number): string => `head -c ${kilobytes * 1000} /dev/zero`

  test(`a long line of ${name}, by os.popen`, { timeout: 60_000 }, () =>
    assertLinear(4_000, (length) => {
      const file = os.popen(command(length), mode as 'r')
      assert.equal(file.readline().length, length * 1000)
      file.close()
    }),
  )

  test(`a long line of ${name}, by promises.popen`, { timeout: 60_000 }, () =>
    assertLinear(4_000, async (length) => {
      const file = await promises.popen(command(length), mode as 'r')
      assert.equal((await file.readline()).length, length * 1000)
      await file.close()
    }),
  )
}
