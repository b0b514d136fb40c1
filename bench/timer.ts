import { createInterface } from 'node:readline'
import { measure } from 'mitata'
import { works } from './groups.ts'
import { entriesOf } from './harness.ts'

// Times one entry of a group: timer.js GROUP WORK ENTRY, then lines of two numbers, times and samples, on standard input.

const [group = '', work, entry] = process.argv.slice(2)
const found = (await works(group))[Number(work)]
const run = found && entriesOf(found)[Number(entry)]?.work
if (run === undefined) throw new Error(`no such entry: ${process.argv.slice(2).join(' ')}`)

for await (const line of createInterface(process.stdin)) {
  const [times = 1, samples = 1] = line.split(' ').map(Number)
  // mitata's loop makes several calls between two looks at the clock only where they are short. Here always.
  const everyCall = { batch_threshold: Number.POSITIVE_INFINITY, warmup_threshold: Number.POSITIVE_INFINITY }
  const counts = { batch_samples: times, batch_unroll: 1, min_samples: samples, max_samples: samples }
  const all = { min_cpu_time: 0, samples_threshold: samples }
  // What the work returns is dropped. To keep it, as is done where a compiler might leave out the work, costs 15 ns of
  // bookkeeping for the garbage collector, and no compiler leaves out a system call.
  const timed = await measure(run, { ...everyCall, ...counts, ...all, gc: false })
  console.log(timed.samples.map((nanoseconds) => Math.round(nanoseconds * times)).join(' '))
}
