/** The runner of the tests: the order of the files, where each of them starts, what it leaves, and one summary of all. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inRepository } from '../tools/repository.ts'
import { longestFirst, readDurations } from './runner/durations.ts'
import { filesOfProject, leftovers } from './runner/leftovers.ts'
import { temporaryFolder } from './support/folder.ts'
import { onlyNode } from './support/runtime.ts'

test('what is not recorded comes first, then the longest', () => {
  const order = longestFirst(['a', 'b', 'new', 'c', 'd'], { a: 1, b: 20, c: 3, d: 3 })
  assert.deepEqual(order, ['new', 'b', 'c', 'd', 'a'])
})

test('the record has times in seconds', () => {
  const times = Object.entries(readDurations())
  assert.ok(times.length > 50)
  for (const [file, seconds] of times) assert.ok(file.endsWith('.test.js') && seconds >= 0, file)
})

test('what is left in the project is found, but for what is built', () => {
  const project = temporaryFolder()
  for (const folder of ['src', 'build', 'node_modules', 'bench/node_modules']) {
    mkdirSync(join(project, folder), { recursive: true })
  }
  writeFileSync(join(project, 'src/os.ts'), '')
  const before = filesOfProject(project)
  assert.deepEqual(before.sort(), ['bench', 'bench/node_modules', 'src', 'src/os.ts'])
  for (const path of ['left', 'src/left', 'build/test.js', 'bench/node_modules/x'])
    writeFileSync(join(project, path), '')
  assert.deepEqual(leftovers(before, project).sort(), ['left', 'src/left'])
})

describe('test files', { skip: onlyNode('the runner is for Node') }, () => {
  const folder = temporaryFolder()
  const report = join(folder, 'report')
  const file = (name: string, tests: string): string => {
    const path = join(folder, name)
    const head = `import { test } from 'node:test'\nimport { appendFileSync, readdirSync, writeFileSync } from 'node:fs'\n`
    const start = `appendFileSync(${JSON.stringify(report)}, process.cwd() + ' ' + readdirSync('.').length + '\\n')\n`
    writeFileSync(path, `${head}${start}writeFileSync('left', '')\n${tests}`)
    return path
  }

  /** Runs these batches, as the runner does: what the reporter prints. */
  function runBatches(...batches: readonly (readonly string[])[]): string {
    const program = `
      import { tap } from 'node:test/reporters'
      import { eventsOf } from '${new URL('./runner/events.js', import.meta.url)}'
      const batches = ${JSON.stringify(batches.map((files) => ({ files, jobs: 2 })))}
      const observer = { ended: (file, seconds) => console.log('ended', file, seconds > 0), finished() {} }
      for await (const text of tap(eventsOf(batches, [], observer))) process.stdout.write(text)`
    writeFileSync(join(folder, 'program.js'), program)
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'program.js')], {
      cwd: inRepository(),
      encoding: 'utf8',
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, OSIER_TEST_CPU: join(folder, 'cpu') },
      timeout: 60_000,
    })
    assert.equal(status, 0, stderr)
    return stdout
  }

  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const passing = file('passing.test.js', `test('one', () => {})\ntest('two', { skip: 'why' }, () => {})\n`)
  const failing = file('failing.test.js', `test('three', () => { throw new Error('as it should') })\n`)
  const leaking = file(
    'leaking.test.js',
    `import { openSync } from 'node:fs'\nopenSync('/', 'r')\ntest('four', () => {})\n`,
  )
  const output = runBatches([passing], [failing, leaking])
  const starts = readFileSync(report, 'utf8').trim().split('\n')

  test('start in empty folders of their own, which are removed', () => {
    assert.equal(new Set(starts).size, 3)
    for (const start of starts) {
      const [path = '', entries] = start.split(' ')
      assert.equal(entries, '0')
      assert.ok(!existsSync(path), path)
    }
  })

  test('of all batches are one run, with one plan and one summary', () => {
    const numbers = [...output.matchAll(/^(?:not )?ok (\d+) /gm)].map(([, number]) => Number(number))
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    )
    assert.deepEqual(output.match(/^1\.\.\d+$/gm), [`1..${numbers.length}`])
    for (const [name, count] of Object.entries({ tests: numbers.length, pass: 2, skipped: 1 })) {
      assert.deepEqual(output.match(new RegExp(`^# ${name} \\d+$`, 'gm')), [`# ${name} ${count}`])
    }
    for (const path of [passing, failing, leaking]) assert.ok(output.includes(`ended ${path} true`), path)
  })

  test('fail where they leave descriptors open', () => {
    assert.match(output, /^not ok \d+ - three$/m)
    assert.match(output, /^ok \d+ - four$/m)
    assert.match(output, /^not ok \d+ - \S*leaking\.test\.js$/m)
  })

  test('say how much CPU time they took', () => {
    const lines = readFileSync(join(folder, 'cpu'), 'utf8').trim().split('\n')
    const times = lines.map((line) => JSON.parse(line) as { file: string; seconds: number })
    assert.deepEqual(times.map(({ file }) => file).sort(), [failing, leaking, passing].sort())
    for (const { seconds } of times) assert.ok(seconds > 0)
  })
})
