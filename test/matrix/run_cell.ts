/** Runs test files in a cell, each in its own process, and counts the outcomes. */

import type { SpawnOptions } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, release } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Cell, isIn, permissionFlags } from './cells.ts'
import { END, INSIDE, type Outcome } from './harness.ts'
import { ended } from './processes.ts'
import type { CellResult, Failure, Skips } from './results.ts'
import { type Installed, QUIET, unwarned } from './runtimes.ts'
import { testFiles } from './tree.ts'

export interface Places {
  /** The copy of the project. */
  readonly tree: string
  /** A folder for reports and for the output of the test files. */
  readonly logs: string
  /** A file runs if its path contains one of these words; an empty list selects all files. */
  readonly only: readonly string[]
  /** A file does not run if its path contains one of these words. */
  readonly except: readonly string[]
  /** Whether only files that failed or have not run yet are run. */
  readonly again: boolean
  /** The commit that runs. Outcomes of other commits are ignored. */
  readonly revision: string
}

/** Milliseconds for one test file. */
const LIMIT = 600_000
/** The number of runs of each fork situation as root: races between threads occur in few runs. */
const ROUNDS = '10'
/** The factor for time limits under emulation. */
const EMULATED = 2
/** The id of the user `nobody`. */
const ORDINARY = 65534

/** A run of a cell: its queued files, and its result. */
export interface CellRun {
  readonly cell: Cell
  /** Each runs one file. */
  readonly steps: readonly (() => Promise<void>)[]
  result(): CellResult
}

export function prepareCell(cell: Cell, installed: Installed, places: Places): CellRun {
  const runtime = cell.surroundings === 'permission' ? { ...installed, command: unwarned(installed) } : installed
  if (!places.again) rmSync(places.logs, { recursive: true, force: true })
  mkdirSync(places.logs, { recursive: true })
  // The user that runs the tests writes there.
  chmodSync(places.logs, 0o777)
  const files = testFiles(places.only)
    .filter((file) => places.only.length > 0 || isIn(cell, file))
    .filter((file) => !places.except.some((word) => file.includes(word)))
  const steps = files
    .filter((file) => !places.again || !passedBefore(file, places))
    .map((file) => () => runAndKeep(file, cell, runtime, places))
  const of = testFiles().length
  return { cell, steps, result: () => counted(files, of, runtime, places) }
}

function counted(files: readonly string[], of: number, { version }: Installed, places: Places): CellResult {
  const kept = files.map((file) => readKept(file, places)).filter((one) => one !== null)
  const outcomes = kept.flatMap((one) => one.outcomes)
  return {
    version,
    revision: places.revision,
    date: new Date().toISOString().slice(0, 10),
    kernel: release().replace(/-.*/, ''),
    files: kept.length,
    of,
    seconds: Math.round(kept.reduce((sum, { seconds }) => sum + seconds, 0)),
    passed: outcomes.filter(({ result }) => result === 'passed').length,
    skipped: outcomes.filter(({ result }) => result === 'skipped').length,
    failures: outcomes.flatMap(asFailure),
    skips: countedSkips(outcomes),
  }
}

/** The stored outcomes of a test file's last run, for `--again`. */
interface Kept {
  readonly revision: string
  readonly seconds: number
  readonly outcomes: readonly Outcome[]
}

async function runAndKeep(file: string, cell: Cell, runtime: Installed, places: Places): Promise<void> {
  const began = Date.now()
  // A failure to run one file does not stop the others.
  const outcomes = await runFile(file, cell, runtime, places).catch((error: unknown): Outcome[] => [
    { name: nameOf(file), result: 'failed', reason: `the file could not be run: ${error}` },
  ])
  const kept: Kept = { revision: places.revision, seconds: (Date.now() - began) / 1000, outcomes }
  writeFileSync(placeOf(file, 'json', places), JSON.stringify(kept))
}

function readKept(file: string, places: Places): Kept | null {
  try {
    const kept = JSON.parse(readFileSync(placeOf(file, 'json', places), 'utf8')) as Kept
    return kept.revision === places.revision ? kept : null
  } catch {
    // The file has not run, or the run was interrupted during the write.
    return null
  }
}

function passedBefore(file: string, places: Places): boolean {
  return readKept(file, places)?.outcomes.every(({ result }) => result !== 'failed') ?? false
}

function nameOf(file: string): string {
  return file.slice('build/test/'.length, -'.test.js'.length)
}

function placeOf(file: string, ending: string, { logs }: Places): string {
  return join(logs, `${nameOf(file).replaceAll('/', '_')}.${ending}`)
}

async function runFile(file: string, cell: Cell, runtime: Installed, places: Places): Promise<Outcome[]> {
  const { tree, logs } = places
  const name = nameOf(file)
  const report = placeOf(file, 'report', places)
  rmSync(report, { force: true })
  const log = openSync(placeOf(file, 'log', places), 'w')
  const output = openSync(report, 'a', 0o666)
  const drop = cell.surroundings === 'user' && process.getuid?.() === 0
  if (drop) chownSync(report, ORDINARY, ORDINARY)
  const options: SpawnOptions = {
    cwd: tree,
    stdio: ['ignore', cell.harness === 'own' ? log : output, log],
    env: {
      ...environmentFor(cell, runtime, logs),
      FORK_ROUNDS: cell.surroundings === 'root' ? ROUNDS : '1',
      OSIER_TEST_ALL: '1',
    },
    ...(drop ? { uid: ORDINARY, gid: ORDINARY } : {}),
  }
  const limit = runtime.command.includes('arm64') ? LIMIT * EMULATED : LIMIT
  const how = await ended(runtime.command, argumentsFor(file, report, cell, runtime, tree), options, limit)
  closeSync(log)
  closeSync(output)
  const { outcomes, isWhole } = readReport(report)
  const named = outcomes.map((outcome) => ({ ...outcome, name: `${name}${INSIDE}${outcome.name}` }))
  if (!isWhole) {
    named.push({ name, result: 'failed', reason: `its process ${how ?? 'ended by itself'} before its tests did` })
  } else if (how !== null && !outcomes.some(({ result }) => result === 'failed')) {
    // A process that fails without a failed test has leaked descriptors, or was killed.
    named.push({ name, result: 'failed', reason: `its process ${how}` })
  }
  return named
}

/** The environment of a login of that user, with the runtime as `node` in PATH. */
function environmentFor({ name, surroundings }: Cell, { command }: Installed, logs: string): NodeJS.ProcessEnv {
  // Newer versions of Node read it in a thread at startup; the test of that sets it itself.
  const { NODE_EXTRA_CA_CERTS: _, ...given } = process.env
  // npm sets variables for root, such as its cache.
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => !/^npm_/i.test(name)))
  // The facts do not depend on the runtime, so one cell is enough.
  if (name === 'node20') return { ...own, OSIER_FETCH_HEADERS: '1' }
  const folders = (process.env.PATH ?? '').split(':')
  if (surroundings === 'user') {
    // Other users cannot read root's folders.
    const path = folders.filter((folder) => !folder.startsWith(`${homedir()}/`))
    return { ...own, HOME: logs, PATH: path.join(':') }
  }
  // npm would get the permission flags by NODE_OPTIONS, and an older Node rejects them.
  if (surroundings === 'permission') {
    return { ...own, NODE_OPTIONS: QUIET.join(' '), PATH: [dirname(command), ...folders].join(':') }
  }
  return own
}

function argumentsFor(file: string, report: string, cell: Cell, { command }: Installed, tree: string): string[] {
  const flags = cell.surroundings === 'permission' ? permissionFlags(cell.runtime) : []
  if (cell.harness === 'own') {
    const where = cell.surroundings === 'worker' ? ['worker'] : []
    return [...flags, join(tree, 'build/test/matrix/one_file.js'), file, report, command, ...where]
  }
  const guard = pathToFileURL(join(tree, 'build/test/runner/test_process.js')).href
  const reporter = pathToFileURL(join(tree, 'build/test/matrix/reporter.js')).href
  const reporting = [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout']
  return [...flags, '--import', guard, ...reporting, join(tree, file)]
}

interface FileReport {
  readonly outcomes: readonly Outcome[]
  /** Whether all tests have ended. */
  readonly isWhole: boolean
}

function readReport(path: string): FileReport {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
  return {
    // The output of the tests is between the lines.
    outcomes: lines.filter((line) => line.startsWith('{"name":')).flatMap(parsed),
    isWhole: lines.includes(END),
  }
}

/** An outcome; an empty list for an incomplete line. */
function parsed(line: string): Outcome[] {
  try {
    return [JSON.parse(line) as Outcome]
  } catch {
    return []
  }
}

/** With the first line of the reason: the rest is in the logs. */
function asFailure({ name, result, reason = '' }: Outcome): Failure[] {
  return result === 'failed' ? [{ test: name, reason: reason.trim().split('\n')[0] ?? '' }] : []
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
