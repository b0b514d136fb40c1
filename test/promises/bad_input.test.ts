/** What no function should be given: each rejects, in the words of its synchronous twin, or bears it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { lossyNames } from '../support/runtime.ts'

test('every function rejects or bears every value of the zoo in every place; those that wait, what must be refused', {
  skip: lossyNames,
}, () => {
  const folder = temporaryFolder()
  const program = new URL('../support/bad_input.js', import.meta.url).pathname
  const child = spawnSync(process.execPath, [program, folder, 'promises'], { encoding: 'utf8', timeout: 300_000 })
  assert.deepEqual([child.status, child.signal, child.stderr], [0, null, ''])
  const report = JSON.parse(readFileSync(`${folder}/report.json`, 'utf8')) as {
    calls: number
    functions: number
    wrong: string[]
  }
  assert.deepEqual(report.wrong, [])
  assert.ok(report.functions > 80 && report.calls > 100 * report.functions, 'hardly anything was called')
})
