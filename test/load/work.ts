/**
 * Run with --expose-gc; arguments: the name of a task and the number of repetitions. Repeats the task in ten parts,
 * after a fifth as a warm-up, and prints the memory, descriptors and children after the first part and after the last.
 */

import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import os from 'osier'
import { children } from '../support/children.ts'
import { openFiles } from '../support/open_files.ts'

declare const gc: () => void

export interface Load {
  /** Bytes of resident memory. */
  readonly memory: number
  readonly descriptors: number
  readonly children: number
}

const [, , name = '', count = ''] = process.argv

const works: Readonly<Record<string, (times: number) => Promise<void>>> = {
  'open, stat, close': async (times) => {
    for (let i = 0; i < times; i++) {
      const fd = os.open('/etc/passwd', os.O_RDONLY)
      os.stat('/etc/passwd')
      os.close(fd)
    }
  },
  'scandir, abandoned': async (times) => {
    for (let i = 1; i <= times; i++) {
      os.scandir('/').next()
      // An abandoned iterator is closed by a finalization callback, which runs in a turn of the event loop.
      if (i % 500 === 0) {
        gc()
        await turn()
      }
    }
  },
  'posix_spawn, waitpid': async (times) => {
    for (let i = 0; i < times; i++) {
      const pid = os.posix_spawn('/bin/true', ['true'], null)
      if (os.waitpid(pid, 0)[1] !== 0) throw new Error('/bin/true has failed')
    }
  },
}

async function measure(): Promise<Load> {
  for (let i = 0; i < 3; i++) {
    gc()
    await turn()
  }
  // The memory that the system reports.
  const [, pages = '0'] = readFileSync('/proc/self/statm', 'latin1').split(' ')
  return { memory: Number(pages) * 4096, descriptors: openFiles().size, children: children().length }
}

const work = works[name]
if (work === undefined) throw new Error(`there is no work ${name}; there are ${Object.keys(works).join('; ')}`)
const before = await measure()
// The engine compiles code and grows the heap during the warm-up.
await work(Number(count) / 5)
const parts: Load[] = []
for (let part = 1; part <= 10; part++) {
  await work(Number(count) / 10)
  parts.push(await measure())
}
console.log(JSON.stringify({ before, first: parts.at(0), last: parts.at(-1) }))
