/** The matrix of runtimes: its page is made from its results, and its harness counts what `node:test` counts. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { inRepository } from '../tools/repository.ts'
import { cells, cellsNamed } from './matrix/cells.ts'
import { END, type Outcome } from './matrix/harness.ts'
import { page } from './matrix/page.ts'
import { refusalsIn } from './matrix/refusals.ts'
import { readResults } from './matrix/results.ts'
import { temporaryFolder } from './support/folder.ts'
import { noMainThread, onlyNode } from './support/runtime.ts'
import { assertSamePage } from './support/same_page.ts'

test('docs/platforms.md says what the runs of the matrix gave', () => {
  const name = 'docs/platforms.md'
  assertSamePage(readFileSync(inRepository(name), 'utf8'), page(readResults()), name, 'npm run matrix')
})

test('every result is that of a cell, and counts tests', () => {
  const results = Object.entries(readResults().cells)
  assert.ok(results.length > 0)
  for (const [name, { passed, date, version, files, of }] of results) {
    assert.ok(
      cells.some((cell) => cell.name === name),
      name,
    )
    assert.ok(passed > 100, `${name}: ${passed} passed`)
    assert.match(date, /^20\d\d-\d\d-\d\d$/)
    assert.match(version, /^\d+\.\d+\.\d+$/)
    assert.ok(files <= of, `${name}: ${files} files of ${of}`)
  }
})

test('cells are picked by their names, their runtimes and their surroundings', () => {
  const names = (...words: string[]): string[] => cellsNamed(words).map(({ name }) => name)
  assert.deepEqual(names('node24-user'), ['node24-user'])
  assert.deepEqual(names('node24'), ['node24', 'node24-user', 'node24-worker', 'node24-permission'])
  assert.deepEqual(names('worker'), ['node20-worker', 'node24-worker', 'node26-worker', 'bun-worker', 'deno-worker'])
  assert.deepEqual(names('bun', 'deno-user', 'bun'), ['bun', 'bun-user', 'bun-worker', 'deno-user'])
  assert.equal(names().length, cells.length)
  assert.throws(() => names('node4'), /there is no cell node4/)
})

test('what osier refuses in a worker is what the matrix takes for a reason', {
  skip: onlyNode('it refuses more') || noMainThread,
}, async () => {
  const program = `
    import { workerData, parentPort } from 'node:worker_threads'
    import { refusalsIn } from '${import.meta.resolve('./matrix/refusals.js')}'
    parentPort.postMessage(workerData.map(refusalsIn))`
  const files = [
    'build/test/conformance/conformance.test.js',
    'build/test/os/files/walk.test.js',
    'build/test/os/processes/fork.test.js',
  ]
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData: files })
  const [[inConformance, inWalk, inFork]] = (await once(worker, 'message')) as [string[][]]
  assert.deepEqual(inWalk, [])
  assert.ok(inFork?.some((words) => words.startsWith('os.fork() ')))
  // What the main thread alone may do, each in the words in which it is refused.
  const refused = readdirSync(inRepository('src/os'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(inRepository(`src/os/${file}`), 'utf8').matchAll(/mainThreadOnly\('(\w+)'\)/g)])
    .map(([, name]) => `os.${name}() is not supported in workers`)
  assert.ok(refused.length > 15 && inConformance !== undefined && inConformance.length > 5)
  for (const words of inConformance) assert.ok(words.includes('signal') || refused.includes(words), words)
  for (const file of files) assert.deepEqual(refusalsIn(file), [])
})

/** Tests that end in every way there is. */
const SUITE = `
test('passes', () => {})
test('passes later', async () => { await new Promise((resolve) => setTimeout(resolve, 5)) })
test('fails', () => { throw new Error('as it should') })
test('rejects', async () => { await null; throw new Error('later') })
test('fails beside', () => new Promise(() => setTimeout(() => { throw new Error('uncaught') }, 1)))
test('is too late', { timeout: 20 }, () => new Promise((resolve) => setTimeout(resolve, 300)))
test('is skipped', { skip: 'for a reason' }, () => { throw new Error('runs') })
test('is not skipped', { skip: false }, () => {})
test('skips itself', (t) => t.skip('on the way'))
test('fails behind itself', (t) => { t.after(() => { throw new Error('behind') }) })
describe('a suite', () => {
  const order = []
  before(() => order.push('before'))
  beforeEach(() => order.push('each'))
  afterEach(() => order.push('after each'))
  test('has hooks', () => { if (order.join() !== 'before,each') throw new Error(order.join()) })
  describe('within another', () => {
    beforeEach(() => order.push('inner'))
    test('has those of both', () => {
      if (order.join() !== 'before,each,after each,each,inner') throw new Error(order.join())
    })
  })
  after(() => { if (order.length !== 6) process.exitCode = 77 })
})
describe('a skipped suite', { skip: 'as a whole' }, () => { test('that does not run', () => { throw new Error('runs') }) })
`

test('the harness counts what node:test counts', { skip: onlyNode('it has no node:test here') || noMainThread }, () => {
  const folder = temporaryFolder()
  const report = (name: string): Outcome[] =>
    readFileSync(join(folder, name), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Outcome)
      .map(({ name, result, reason }) => ({ name, result, ...(result === 'skipped' ? { reason } : {}) }) as Outcome)
  const module = (name: string): string => inRepository(`build/test/matrix/${name}.js`)
  const file = (name: string, harness: string): string => {
    const path = join(folder, name)
    const names = 'test, describe, before, after, beforeEach, afterEach'
    writeFileSync(path, `import { ${names} } from '${harness}'\n${SUITE}`)
    return path
  }
  mkdirSync(folder, { recursive: true })
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
  const theirs = [
    '--test-reporter',
    `file://${module('reporter')}`,
    '--test-reporter-destination',
    join(folder, 'theirs'),
  ]
  spawnSync(process.execPath, [...theirs, file('theirs.mjs', 'node:test')], { cwd: folder, env })
  const own = file('own.mjs', `file://${module('harness')}`)
  for (const where of [[], ['worker']]) {
    const name = `own ${where}`
    const args = [module('one_file'), own, join(folder, name), process.execPath, ...where]
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.deepEqual(report(name), report('theirs'))
    assert.ok(readFileSync(join(folder, name), 'utf8').endsWith(`${END}\n`))
  }
  assert.equal(report('theirs').filter(({ result }) => result === 'failed').length, 5)
})
