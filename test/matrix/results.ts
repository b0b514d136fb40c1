import { readFileSync } from 'node:fs'
import { inRepository } from '../../tools/repository.ts'

/** The stored results of the matrix, from which the page is generated. */
export const RESULTS = 'test/matrix/results.json'

export interface Failure {
  /** The file, and the test in it. */
  readonly test: string
  readonly reason: string
}

export interface Skips {
  readonly reason: string
  readonly count: number
}

/** One run of the suite in one cell. */
export interface CellResult {
  readonly version: string
  /** The commit that ran, with a plus sign if files were changed. */
  readonly revision?: string
  /** The day of the run. */
  readonly date: string
  /** The version of the machine's kernel. */
  readonly kernel: string
  readonly seconds: number
  /** The number of test files that ran, and the number of all test files. */
  readonly files: number
  readonly of: number
  readonly passed: number
  readonly skipped: number
  readonly failures: readonly Failure[]
  /** The reasons of skipped tests, the most frequent first. */
  readonly skips: readonly Skips[]
}

export interface Results {
  readonly cells: Record<string, CellResult>
}

export function readResults(): Results {
  try {
    return JSON.parse(readFileSync(inRepository(RESULTS), 'utf8')) as Results
  } catch {
    return { cells: {} }
  }
}
