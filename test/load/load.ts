/** Long runs, each in its own process, and the resources that they leave. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Load } from './work.ts'

export interface Run {
  readonly before: Load
  /** After the first tenth. */
  readonly first: Load
  /** After the last. */
  readonly last: Load
}

/** The number of repetitions in `npm run load`. */
export const times: Readonly<Record<string, number>> = {
  'open, stat, close': 1_000_000,
  'scandir, abandoned': 100_000,
  'posix_spawn, waitpid': 10_000,
}

const program = fileURLToPath(new URL('work.js', import.meta.url))

export function load(name: string, count: number): Run {
  const args = ['--expose-gc', '--no-warnings', program, name, String(count)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 600_000 })
  if (status !== 0) throw new Error(`${name}: ${stderr}`)
  return JSON.parse(stdout) as Run
}
