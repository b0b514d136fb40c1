import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import os from 'osier'

// Prints how long the event loop is kept waiting, in nanoseconds: delays.js CASE. Each in a process of its own, as it starts.

const { promises } = os

/** The duration of the longest turn of the event loop during some work. */
async function longestTurn(work: () => Promise<unknown>): Promise<bigint> {
  let longest = 0n
  let isOver = false
  const watching = (async () => {
    for (let last = process.hrtime.bigint(); !isOver; ) {
      await turn()
      const now = process.hrtime.bigint()
      if (now - last > longest) longest = now - last
      last = now
    }
  })()
  await work()
  isOver = true
  await watching
  return longest
}

async function walk(): Promise<void> {
  for await (const _ of promises.walk('/usr'));
}

/** The delay of a timer of one millisecond, at the 99th percentile within a second. */
async function lateness(): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  await sleep(1000)
  delays.disable()
  return Math.max(1, Math.round(delays.percentile(99)) - 1e6)
}

/** The same with 100 promises that wait for pipes, one of which becomes ready each millisecond. */
async function latenessWithWaits(): Promise<number> {
  const pipes = Array.from({ length: 100 }, () => os.pipe())
  for (const [r] of pipes) {
    void (async () => {
      for (;;) await promises.read(r, 10, { ref: false })
    })()
  }
  let next = 0
  const writing = setInterval(() => {
    const [, w] = pipes[next++ % pipes.length] ?? []
    if (w !== undefined) os.write(w, Buffer.from('x'))
  }, 1)
  const found = await lateness()
  clearInterval(writing)
  return found
}

const cases: Readonly<Record<string, () => Promise<number | bigint>>> = {
  nothing: () => longestTurn(() => sleep(300)),
  walk: () => longestTurn(walk),
  lateness,
  latenessWithWaits,
}

const found = await cases[process.argv[2] ?? '']?.()
if (found === undefined) throw new Error(`no such case: ${process.argv[2]}`)
console.log(String(found))
