/**
 * `npm run matrix [-- CELL ... --only=WORD,WORD --except=WORD,WORD]`: runs the suite in each cell, and stores the
 * results in test/matrix/results.json and docs/platforms.md. `--only` runs the test files with one of the words in
 * their path, `--except` the others; then no results are stored. `--again` runs the test files that failed or have not
 * run at this commit, and keeps the other outcomes: it resumes an interrupted run. `--jobs=N` runs N test files at a
 * time, instead of one per processor.
 */

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { type Cell, cellsNamed } from './cells.ts'
import { page } from './page.ts'
import { endTogether } from './processes.ts'
import { type CellResult, RESULTS, readResults } from './results.ts'
import { type CellRun, prepareCell } from './run_cell.ts'
import { type Installed, install, runtimes } from './runtimes.ts'
import { addKoffi, copyProject, type Harness } from './tree.ts'

endTogether()
const HOME = resolve('.matrix')
const options = process.argv.slice(2).filter((word) => word.startsWith('--'))
const wanted = cellsNamed(process.argv.slice(2).filter((word) => !word.startsWith('--')))
const wordsAfter = (start: string): string[] =>
  options.flatMap((option) => (option.startsWith(start) ? option.slice(start.length).split(',') : []))
const only = wordsAfter('--only=')
const except = wordsAfter('--except=')
const again = options.includes('--again')
const isWhole = only.length === 0 && except.length === 0

mkdirSync(HOME, { recursive: true })
const installed = new Map<string, Installed | string>()
for (const name of new Set(wanted.map(({ runtime }) => runtime))) {
  const runtime = runtimes.find((one) => one.name === name)
  if (runtime !== undefined) installed.set(name, install(runtime, HOME))
}

// A folder of this run: another may be running.
const copies = mkdtempSync(join(HOME, 'copies-'))
process.on('exit', () => rmSync(copies, { recursive: true, force: true }))
chmodSync(copies, 0o755)
const trees: Record<Harness, string> = { 'node:test': join(copies, 'node-test'), own: join(copies, 'own') }
for (const harness of new Set(wanted.map((cell) => cell.harness))) copyProject(trees[harness], harness)
if (installed.has('node24-arm64')) addKoffi(join(HOME, 'node24-arm64'), trees.own)

let failures = 0
const revision = currentRevision()
const runs = wanted.flatMap((cell) => {
  const run = prepared(cell)
  if (typeof run !== 'string') return [run]
  console.log(`${cell.name}: not run: ${run}`)
  return []
})
// The next cell starts while the last files of the previous one are running.
const steps = runs.flatMap((run) => {
  let left = run.steps.length
  if (left === 0) settle(run)
  return run.steps.map((step) => async (): Promise<void> => {
    await step()
    left -= 1
    if (left === 0) settle(run)
  })
})
const queue = steps.values()
const work = async (): Promise<void> => {
  for (const step of queue) await step()
}
await Promise.all(Array.from({ length: Number(wordsAfter('--jobs=')[0] ?? availableParallelism()) }, work))
process.exitCode = failures > 0 ? 1 : 0

function settle({ cell, result }: CellRun): void {
  const counted = result()
  const { version, passed, skipped, seconds } = counted
  failures += counted.failures.length
  console.log(
    `${cell.name} (${version}): ${passed} passed, ${counted.failures.length} failed, ${skipped} skipped, ${seconds} s`,
  )
  for (const { test, reason } of counted.failures) console.log(`  failed: ${test}: ${reason.trim().split('\n')[0]}`)
  if (isWhole) writeDown(cell, counted)
}

/** Merges the result into the file at once: this run may be interrupted, and another may be running. */
function writeDown(cell: Cell, result: CellResult): void {
  const results = readResults()
  results.cells[cell.name] = result
  replace(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
  replace('docs/platforms.md', page(results))
}

/** Atomically, so that an interrupted run leaves no incomplete file. */
function replace(path: string, text: string): void {
  const whole = join(HOME, `${process.pid}.new`)
  writeFileSync(whole, text)
  renameSync(whole, path)
}

/** The commit, with a plus sign if files other than the results were changed. */
function currentRevision(): string {
  const git = (...args: readonly string[]): string => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim()
  const changed = git('status', '--porcelain', '--', '.', `:!${RESULTS}`, ':!docs/platforms.md')
  return `${git('rev-parse', '--short=10', 'HEAD')}${changed === '' ? '' : '+'}`
}

function prepared(cell: Cell): CellRun | string {
  const runtime = installed.get(cell.runtime) ?? 'it was not installed'
  if (typeof runtime === 'string') return runtime
  if (cell.surroundings === 'root' && process.getuid?.() !== 0) return 'this is not root'
  return prepareCell(cell, runtime, {
    tree: trees[cell.harness],
    logs: `${HOME}/logs${isWhole ? '' : '/some'}/${cell.name}`,
    only,
    except,
    again,
    revision,
  })
}
