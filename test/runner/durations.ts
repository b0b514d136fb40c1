import { readFileSync, writeFileSync } from 'node:fs'
import { inRepository } from '../../tools/repository.ts'

/** Seconds by test file. `node build/test/run.js --record` writes it after a run of all files. */
const RECORD = inRepository('test/fixtures/durations.json')

export type Durations = Readonly<Record<string, number>>

export function readDurations(): Durations {
  return JSON.parse(readFileSync(RECORD, 'utf8')) as Durations
}

export function writeDurations(seconds: ReadonlyMap<string, number>): void {
  const rows = [...seconds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, each]) => [file, Number(each.toFixed(1))])
  writeFileSync(RECORD, `${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`)
}

/** The longest first, so that none is still running alone when all others have ended; before them what is not recorded. */
export function longestFirst(files: readonly string[], durations: Durations): string[] {
  const known = (file: string): number => durations[file] ?? Number.POSITIVE_INFINITY
  return [...files].sort((a, b) => known(b) - known(a) || (a < b ? -1 : 1))
}
