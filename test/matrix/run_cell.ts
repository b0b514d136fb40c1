/** Runs every test file in one cell, each in a process of its own. */

import type { SpawnOptions } from 'node:child_process'
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Cell, PERMISSION } from './cells.ts'
import { INSIDE, type Outcome } from './harness.ts'
import { ended } from './processes.ts'
import type { CellResult, Failure, Skips } from './results.ts'
import type { Installed } from './runtimes.ts'
import { testFiles } from './tree.ts'

export interface Places {
  /** The copy of the project. */
  readonly tree: string
  /** A folder for reports, and for what the test files print. */
  readonly logs: string
  /** Words of which a file must have one in its path; none for all. */
  readonly only: readonly string[]
  /** Words of which a file must have none. */
  readonly except: readonly string[]
}

/** Milliseconds for one test file. */
const LIMIT = 180_000
/** A computer that another one imitates is that many times slower. */
const EMULATED = 4
/** Of nobody, whom every Linux has. */
const ORDINARY = 65534

export async function runCell(cell: Cell, runtime: Installed, places: Places): Promise<CellResult> {
  rmSync(places.logs, { recursive: true, force: true })
  mkdirSync(places.logs, { recursive: true })
  // Whoever runs the tests writes reports there.
  chmodSync(places.logs, 0o777)
  const began = Date.now()
  const files = testFiles(places.only.length > 0 ? places.only : cell.only).filter(
    (file) => !places.except.some((word) => file.includes(word)),
  )
  const outcomes: Outcome[] = []
  const queue = files.values()
  const work = async (): Promise<void> => {
    for (const file of queue) outcomes.push(...(await runFile(file, cell, runtime, places)))
  }
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, work))
  return {
    version: runtime.version,
    date: new Date(began).toISOString().slice(0, 10),
    seconds: Math.round((Date.now() - began) / 1000),
    passed: outcomes.filter(({ result }) => result === 'passed').length,
    skipped: outcomes.filter(({ result }) => result === 'skipped').length,
    failures: outcomes.flatMap(asFailure),
    skips: countedSkips(outcomes),
  }
}

async function runFile(file: string, cell: Cell, runtime: Installed, { tree, logs }: Places): Promise<Outcome[]> {
  const name = file.slice('build/test/'.length, -'.test.js'.length)
  const report = join(logs, `${name.replaceAll('/', '_')}.report`)
  const log = openSync(join(logs, `${name.replaceAll('/', '_')}.log`), 'w')
  const drop = cell.surroundings === 'user' && process.getuid?.() === 0
  const options: SpawnOptions = {
    cwd: tree,
    stdio: ['ignore', log, log],
    // Node hands its flags of permission on to its children, and they would warn of them.
    env:
      cell.surroundings === 'permission'
        ? { ...process.env, NODE_OPTIONS: '--disable-warning=SecurityWarning' }
        : process.env,
    ...(drop ? { uid: ORDINARY, gid: ORDINARY } : {}),
  }
  const limit = runtime.command.includes('arm64') ? LIMIT * EMULATED : LIMIT
  const how = await ended(runtime.command, argumentsFor(file, report, cell, runtime, tree), options, limit)
  closeSync(log)
  const outcomes = readReport(report).map((outcome) => ({ ...outcome, name: `${name}${INSIDE}${outcome.name}` }))
  // A process that fails without a failed test has left descriptors open, or was ended.
  if (how !== null && !outcomes.some(({ result }) => result === 'failed')) {
    outcomes.push({ name, result: 'failed', reason: `its process ${how}` })
  }
  return outcomes
}

function argumentsFor(file: string, report: string, cell: Cell, { command }: Installed, tree: string): string[] {
  const flags = cell.surroundings === 'permission' ? PERMISSION : []
  if (cell.harness === 'own') {
    const where = cell.surroundings === 'worker' ? ['worker'] : []
    return [...flags, join(tree, 'build/test/matrix/one_file.js'), file, report, command, ...where]
  }
  const guard = pathToFileURL(join(tree, 'build/test/support/descriptors.js')).href
  const reporter = pathToFileURL(join(tree, 'build/test/matrix/reporter.js')).href
  const reporting = [`--test-reporter=${reporter}`, `--test-reporter-destination=${report}`]
  return [...flags, '--import', guard, ...reporting, file]
}

function readReport(path: string): Outcome[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Outcome)
}

function asFailure({ name, result, reason = '' }: Outcome): Failure[] {
  return result === 'failed' ? [{ test: name, reason }] : []
}

function countedSkips(outcomes: readonly Outcome[]): Skips[] {
  const counts = new Map<string, number>()
  for (const { result, reason = '' } of outcomes) {
    if (result === 'skipped') counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
}
