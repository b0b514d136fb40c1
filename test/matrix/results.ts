import { readFileSync } from 'node:fs'
import { inRepository } from '../../tools/repository.ts'

/** What runs of the matrix left behind, and the page is made of. */
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
  /** The commit that ran, with a plus behind it where files were other than there. */
  readonly revision?: string
  /** The day of the run. */
  readonly date: string
  /** Of the machine. */
  readonly kernel: string
  readonly seconds: number
  /** How many test files ran, of how many that there are. */
  readonly files: number
  readonly of: number
  readonly passed: number
  readonly skipped: number
  readonly failures: readonly Failure[]
  /** Why tests were skipped, the commonest reason first. */
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
