import type { Contestant, Entry } from './contestants.ts'

/** A piece of work, as osier and as other programs do it. */
export interface Work {
  readonly name: string
  readonly osier: Entry
  readonly against: readonly Comparison[]
  /** Whether the time grows with the memory in use, so that the measuring code must not use much. */
  readonly countsMemory?: true
}

interface Comparison {
  readonly name: string
  readonly entry: Entry
  /** The lower bound for any program that makes the same calls through koffi: compared with the targets. */
  readonly isFloor?: true
  /** The target: osier takes at most this many times as long. Without one the ratio is shown for information. */
  readonly atMost?: number
  /** Instead: osier takes at most this many milliseconds longer. */
  readonly atMostMore?: number
}

/** osier's entry and those of the others, in the order in which `place` counts them. */
export function entriesOf(work: Work): readonly Entry[] {
  return [work.osier, ...work.against.map((rival) => rival.entry)]
}

/** What was found of a rival: medians in nanoseconds, or why it did not take part. */
export interface Result {
  readonly work: Work
  readonly rival: Comparison
  readonly osier: number
  readonly other: number | string
}

/** Long enough that every sample has its share of garbage collection, short enough to be interrupted rarely. */
const SAMPLE_NS = 10e6
/** How long a contestant works before the next one has its turn. */
const TURN_NS = 50e6
const ROUNDS = 10

/** Everybody does the work in turns, so that what else the machine does meanwhile hits all of them. */
export async function compare(work: Work, place: readonly string[]): Promise<Result[]> {
  const [osier, ...others] = entriesOf(work).map((entry, i) => entry.start([...place, String(i)]))
  if (osier === undefined || typeof osier === 'string') throw new Error(`${work.name}: ${osier}`)
  const running = [osier, ...others.filter((other) => typeof other !== 'string')]
  try {
    const medians = await measureInTurns(running)
    const medianOf = (one: Contestant): number => medians.get(one) ?? Number.NaN
    return work.against.map((rival, i) => {
      const other = others[i] ?? ''
      return { work, rival, osier: medianOf(osier), other: typeof other === 'string' ? other : medianOf(other) }
    })
  } finally {
    for (const one of running) one.stop()
  }
}

async function measureInTurns(contestants: readonly Contestant[]): Promise<Map<Contestant, number>> {
  const runs = []
  for (const one of contestants) runs.push({ one, times: await calibrate(one), found: [] as number[] })
  for (let round = 0; round < ROUNDS; round++) {
    for (const { one, times, found } of runs) {
      const samples = found[0] === undefined ? 1 : Math.max(1, Math.round(TURN_NS / (times * found[0])))
      found.push(...(await one.sample(times, samples)))
    }
  }
  return new Map(runs.map(({ one, found }) => [one, median(found)]))
}

/** How many times make a sample. Getting there warms up, too. */
async function calibrate(one: Contestant): Promise<number> {
  for (let times = 1; ; ) {
    const cost = median(await one.sample(times, 3))
    if (cost * times >= SAMPLE_NS / 2) return Math.max(1, Math.round(SAMPLE_NS / cost))
    times = Math.min(times * 10, Math.ceil(SAMPLE_NS / cost))
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}
