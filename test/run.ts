/**
 * Runs every test file, or those whose path contains one of the words given: `node build/test/run.js walk scandir`.
 *
 * --all                       all steps of the tests that otherwise do one in ten of them (npm run test:all)
 * --jobs=N                    N files at a time, in place of one for each processor, and two at least
 * --record                    writes down how long each file took, for the order of the next runs
 * --test-name-pattern=REGEXP  only tests of such names
 * --test-reporter=NAME        spec, tap or dot, in place of what Node would take
 *
 * What the tests draw lots for comes from OSIER_TEST_SEED, which is printed: set it to repeat a run.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { dot, spec, tap } from 'node:test/reporters'
import { inRepository, repository } from '../tools/repository.ts'
import { type CpuTime, cpuTime } from './runner/cpu_time.ts'
import { longestFirst, readDurations, writeDurations } from './runner/durations.ts'
import { type Batch, eventsOf, type TestEvent } from './runner/events.ts'
import { filesOfProject, leftovers } from './runner/leftovers.ts'

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const options = process.argv.slice(2).filter((word) => word.startsWith('-'))
const valuesOf = (name: string): string[] =>
  options.flatMap((option) => (option.startsWith(`${name}=`) ? [option.slice(name.length + 1)] : []))
const known = /^--(all|record|(jobs|test-name-pattern|test-reporter)=.*)$/
const unknown = options.filter((option) => !known.test(option))
if (unknown.length > 0) fail(`there is no option ${unknown.join(' and no ')}`)

const root = inRepository('build/test')
const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
if (names.length === 0) fail(`no test file has ${words.join(' or ')} in its path`)

const seed = process.env.OSIER_TEST_SEED ?? String(Date.now() % 1_000_000)
process.env.OSIER_TEST_SEED = seed
if (options.includes('--all')) process.env.OSIER_TEST_ALL = '1'
const scratch = mkdtempSync(join(tmpdir(), 'osier-run-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
process.env.OSIER_TEST_CPU = join(scratch, 'cpu')
process.env.OSIER_TEST_SCRATCH = scratch

const durations = readDurations()
const ordered = longestFirst(names, durations)
const jobs = Number(valuesOf('--jobs')[0] ?? Math.max(2, availableParallelism()))
// What a fork finds depends on what the threads of the process are about, and that on how busy the machine is.
const isFork = (name: string): boolean => /\bfork\b|^conformance\b/.test(name)
const batches: readonly Batch[] = [
  { files: ordered.filter(isFork).map(pathOf), jobs: 1 },
  { files: ordered.filter((name) => !isFork(name)).map(pathOf), jobs },
].filter(({ files }) => files.length > 0)

const seconds = new Map<string, number>()
let failures = 1
const before = filesOfProject()
const began = performance.now()
// Reporters name the files as they are from here.
process.chdir(repository)
const events = eventsOf(batches, valuesOf('--test-name-pattern'), {
  ended: (file, each) => seconds.set(nameOf(file), each),
  finished: (totals) => {
    failures = (totals.get('fail') ?? 0) + (totals.get('cancelled') ?? 0)
  },
})
await print(events)
closingLines()

/** Prints the events with a reporter that Node has. */
async function print(events: AsyncIterable<TestEvent>): Promise<void> {
  const name = valuesOf('--test-reporter')[0] ?? (process.stdout.isTTY ? 'spec' : 'tap')
  const reporters = {
    spec: () => Readable.from(events).compose(new spec()),
    tap: () => tap(events as never),
    dot: () => dot(events as never),
  }
  if (!(name === 'spec' || name === 'tap' || name === 'dot')) fail(`there is no reporter ${name}`)
  for await (const text of reporters[name]()) process.stdout.write(text)
}

function closingLines(): void {
  const whole = (performance.now() - began) / 1000
  const cpu = readCpuTimes()
  const slowest = [...seconds].sort(([, a], [, b]) => b - a).slice(0, 10)
  console.log(`# the slowest files${options.includes('--all') ? '' : ', with one in ten of the random steps'}:`)
  for (const [name, each] of slowest) {
    console.log(`# ${each.toFixed(1).padStart(6)} s, ${(cpu.get(name) ?? 0).toFixed(1).padStart(5)} s of CPU: ${name}`)
  }
  console.log(`# ${whole.toFixed(0)} s, ${cpuTime('children').toFixed(0)} s of CPU; OSIER_TEST_SEED=${seed}`)
  const left = leftovers(before)
  for (const path of left) console.error(`left in the project: ${path}`)
  if (failures > 0 || left.length > 0) process.exitCode = 1
  if (options.includes('--record')) {
    if (words.length > 0) fail('--record is for a run of all files')
    writeDurations(seconds)
  }
}

/** CPU time in seconds by test file. */
function readCpuTimes(): Map<string, number> {
  const lines = readFileSync(join(scratch, 'cpu'), 'utf8').trim().split('\n')
  return new Map(
    lines.map((line) => {
      const { file, seconds } = JSON.parse(line) as CpuTime
      return [nameOf(file), seconds]
    }),
  )
}

function pathOf(name: string): string {
  return join(root, name)
}

function nameOf(path: string): string {
  return relative(root, path).split(sep).join('/')
}

function fail(text: string): never {
  console.error(text)
  process.exit(1)
}
