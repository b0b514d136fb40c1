import { readSync } from 'node:fs'
import { measure } from 'mitata'
import { works } from './groups.ts'
import { entriesOf } from './harness.ts'

// Times one entry of a group: timer.js GROUP WORK ENTRY, then lines of two numbers, times and samples, on standard input.

const [group = '', number, entry] = process.argv.slice(2)
const work = (await works(group))[Number(number)]
const run = work && entriesOf(work)[Number(entry)]?.work
if (work === undefined || run === undefined) throw new Error(`no such entry: ${process.argv.slice(2).join(' ')}`)

for (const line of lines()) {
  const [times = 1, samples = 1] = line.split(' ').map(Number)
  const found = work.countsMemory ? timePlainly(run, times, samples) : await timeWithMitata(run, times, samples)
  console.log(found.join(' '))
}
// A group may have opened what would keep this process waiting.
process.exit()

/**
 * Standard input, read as Python and C do it. A stream that listens there would be part of what is measured: a forked
 * child, for one, has to take leave of it.
 */
function* lines(): Generator<string> {
  const buffer = Buffer.alloc(1024)
  for (let text = ''; ; ) {
    const size = readSync(0, buffer)
    if (size === 0) return
    const all = (text + buffer.toString('latin1', 0, size)).split('\n')
    text = all.pop() ?? ''
    yield* all
  }
}

async function timeWithMitata(run: () => unknown, times: number, samples: number): Promise<number[]> {
  // Always makes several calls between two readings of the clock; mitata does so for short calls only.
  const everyCall = { batch_threshold: Number.POSITIVE_INFINITY, warmup_threshold: Number.POSITIVE_INFINITY }
  const counts = { batch_samples: times, batch_unroll: 1, min_samples: samples, max_samples: samples }
  const all = { min_cpu_time: 0, samples_threshold: samples }
  // What the work returns is dropped. To keep it, as is done where a compiler might leave out the work, costs 15 ns of
  // bookkeeping for the garbage collector, and no compiler leaves out a system call.
  const timed = await measure(run, { ...everyCall, ...counts, ...all, gc: false })
  return timed.samples.map((nanoseconds) => Math.round(nanoseconds * times))
}

/**
 * mitata makes arrays of 16 MB each time it is asked: a process that was to have 50 MB of objects had 300 in the end, and
 * forked accordingly. What this loop adds is nothing beside work that takes a millisecond.
 */
function timePlainly(run: () => unknown, times: number, samples: number): number[] {
  return Array.from({ length: samples }, () => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < times; i++) run()
    return Number(process.hrtime.bigint() - start)
  })
}
