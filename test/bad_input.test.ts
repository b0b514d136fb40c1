/** What no function should be given: each refuses it, or bears it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryFolder } from './support/folder.ts'
import { ownDescriptors } from './support/runtime.ts'

test('every function refuses or bears every value of the zoo in every place', { skip: ownDescriptors }, () => {
  const folder = temporaryFolder()
  const program = new URL('./support/bad_input.js', import.meta.url).pathname
  // A process of its own: the worst that bad input can do is to end it, or to keep it waiting.
  const child = spawnSync(process.execPath, [program, folder], { encoding: 'utf8', timeout: 300_000 })
  assert.deepEqual([child.status, child.signal, child.stderr], [0, null, ''])
  const report = JSON.parse(readFileSync(`${folder}/report.json`, 'utf8')) as {
    calls: number
    functions: number
    wrong: string[]
  }
  assert.deepEqual(report.wrong, [])
  assert.ok(report.functions > 50 && report.calls > 100 * report.functions, 'hardly anything was called')
})
