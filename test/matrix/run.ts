/**
 * `npm run matrix [-- CELL ... --only=WORD,WORD --except=WORD,WORD]`: runs the suite in each cell, writes what came of it to
 * test/matrix/results.json, and the page docs/platforms.md from that. `--only` runs the test files that have
 * one of the words in their path, `--except` the others; then nothing is written.
 */

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join, resolve } from 'node:path'
import { type Cell, cellsNamed } from './cells.ts'
import { page } from './page.ts'
import { type CellResult, RESULTS, readResults } from './results.ts'
import { runCell } from './run_cell.ts'
import { type Installed, install, runtimes } from './runtimes.ts'
import { copyProject, type Harness } from './tree.ts'

const HOME = resolve('.matrix')
const options = process.argv.slice(2).filter((word) => word.startsWith('--'))
const wanted = cellsNamed(process.argv.slice(2).filter((word) => !word.startsWith('--')))
const wordsAfter = (start: string): string[] =>
  options.flatMap((option) => (option.startsWith(start) ? option.slice(start.length).split(',') : []))
const only = wordsAfter('--only=')
const except = wordsAfter('--except=')
const isWhole = only.length === 0 && except.length === 0

mkdirSync(HOME, { recursive: true })
const installed = new Map<string, Installed | string>()
for (const name of new Set(wanted.map(({ runtime }) => runtime))) {
  const runtime = runtimes.find((one) => one.name === name)
  if (runtime !== undefined) installed.set(name, install(runtime, HOME))
}

// Of this run alone: another may be under way.
const copies = mkdtempSync(join(HOME, 'copies-'))
process.on('exit', () => rmSync(copies, { recursive: true, force: true }))
chmodSync(copies, 0o755)
const trees: Record<Harness, string> = { 'node:test': join(copies, 'node-test'), own: join(copies, 'own') }
for (const harness of new Set(wanted.map((cell) => cell.harness))) copyProject(trees[harness], harness)

const results = readResults()
let failures = 0
for (const cell of wanted) {
  const result = await resultOf(cell)
  if (typeof result === 'string') console.log(`${cell.name}: not run: ${result}`)
  else {
    failures += result.failures.length
    console.log(
      `${cell.name} (${result.version}): ${result.passed} passed, ${result.failures.length} failed, ${result.skipped} skipped, ${result.seconds} s`,
    )
    for (const { test, reason } of result.failures) console.log(`  failed: ${test}: ${reason.trim().split('\n')[0]}`)
    if (isWhole) results.cells[cell.name] = result
  }
}
if (isWhole) {
  results.kernel = release()
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync('docs/platforms.md', page(results, readFileSync('package.json', 'utf8')))
}
process.exitCode = failures > 0 ? 1 : 0

async function resultOf(cell: Cell): Promise<CellResult | string> {
  const runtime = installed.get(cell.runtime) ?? 'it was not installed'
  if (typeof runtime === 'string') return runtime
  if (cell.surroundings === 'root' && process.getuid?.() !== 0) return 'this is not root'
  return runCell(cell, runtime, { tree: trees[cell.harness], logs: `${HOME}/logs/${cell.name}`, only, except })
}
