import { Socket } from 'node:net'
import os from 'osier'
import { delayOf, inNode } from '../contestants.ts'
import type { Work } from '../harness.ts'

// Each entry runs in a process of its own, so what is made here is made once for each, and used by one.

const { promises } = os
const byte = Buffer.from('x')

/** Sends what comes from one pipe into another, as long as the process lives. */
async function echo(from: number, to: number): Promise<void> {
  for (;;) await promises.write(to, await promises.read(from, 4096, { ref: false }))
}

function osierRoundTrip(): () => Promise<void> {
  let ends: readonly [there: number, back: number] | undefined
  return async () => {
    if (ends === undefined) {
      const [[r1, w1], [r2, w2]] = [os.pipe(), os.pipe()]
      ends = [w1, r2]
      void echo(r1, w2)
    }
    await promises.write(ends[0], byte)
    await promises.read(ends[1], 4096)
  }
}

function socketRoundTrip(): () => Promise<void> {
  let there: Socket | undefined
  let received = (): void => undefined
  return async () => {
    if (there === undefined) {
      const [[r1, w1], [r2, w2]] = [os.pipe(), os.pipe()]
      there = new Socket({ fd: w1, readable: false, writable: true })
      const echoing = new Socket({ fd: w2, readable: false, writable: true })
      new Socket({ fd: r1, readable: true, writable: false }).on('data', (data) => echoing.write(data))
      new Socket({ fd: r2, readable: true, writable: false }).on('data', () => received())
    }
    const answer = new Promise<void>((resolve) => {
      received = resolve
    })
    there.write(byte)
    await answer
  }
}

export const works: readonly Work[] = [
  {
    name: 'a byte through a pipe, and back through another: promises.write, promises.read',
    osier: inNode(osierRoundTrip()),
    against: [{ name: 'net.Socket', entry: inNode(socketRoundTrip()), atMost: 1 }],
  },
  {
    name: 'how late timers come, 99th percentile, with 100 promises waiting for pipes that become ready in turns',
    osier: delayOf('latenessWithWaits'),
    against: [{ name: 'nothing going on', entry: delayOf('lateness'), atMostMore: 5 }],
  },
]
