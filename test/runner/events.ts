/** Several runs of `node:test`, one after the other, as the events of one. */

import { run } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inRepository } from '../../tools/repository.ts'

/** An event of `node:test`. */
export interface TestEvent {
  readonly type: string
  readonly data: {
    readonly name?: string
    readonly nesting?: number
    readonly file?: string
    readonly message?: string
    readonly count?: number
    readonly testNumber?: number
    readonly details?: { readonly duration_ms?: number; readonly type?: string }
  }
}

export interface Batch {
  /** Absolute paths. */
  readonly files: readonly string[]
  /** How many of them run at a time. */
  readonly jobs: number
}

/** What a run has ended with: `tests`, `pass`, `fail`, `skipped` and so on, by their names. */
export type Totals = ReadonlyMap<string, number>

export interface Observer {
  /** A file has ended after so many seconds. */
  ended(file: string, seconds: number): void
  finished(totals: Totals): void
}

const preload = pathToFileURL(inRepository('build/test/runner/test_process.js')).href

/** The closing lines: counts, and the whole time. */
const TOTAL = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

/** Runs test files, each in a process of its own, and gives the events of all batches with one summary at their end. */
export async function* eventsOf(
  batches: readonly Batch[],
  patterns: readonly string[],
  observer: Observer,
): AsyncGenerator<TestEvent> {
  // Node 20 gives its own options to the processes of the files; later ones are told them.
  process.execArgv.push('--import', preload)
  const totals = new Map<string, number>()
  let topLevel = 0
  for (const { files, jobs } of batches) {
    const options = { files: [...files], concurrency: jobs, execArgv: ['--import', preload] }
    const stream = run(patterns.length === 0 ? options : { ...options, testNamePatterns: [...patterns] })
    for await (const event of stream as AsyncIterable<TestEvent>) {
      const { type, data } = event
      if (type === 'test:complete' && files.includes(data.name ?? '')) {
        observer.ended(data.name ?? '', (data.details?.duration_ms ?? 0) / 1000)
      }
      const total = type === 'test:diagnostic' && data.file === undefined && TOTAL.exec(data.message ?? '')
      if (total) {
        const [, name = '', value] = total
        totals.set(name, (totals.get(name) ?? 0) + Number(value))
        continue
      }
      // The summary of one batch only.
      if (type === 'test:summary' || (type === 'test:plan' && data.nesting === 0)) continue
      if ((type === 'test:pass' || type === 'test:fail') && data.nesting === 0) {
        topLevel += 1
        yield { type, data: { ...data, testNumber: topLevel } }
      } else yield event
    }
  }
  yield { type: 'test:plan', data: { nesting: 0, count: topLevel } }
  for (const [name, value] of totals) {
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${value}` } }
  }
  observer.finished(totals)
}
