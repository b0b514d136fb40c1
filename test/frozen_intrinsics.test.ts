import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './support/folder.ts'
import { noFork } from './support/runtime.ts'

/** Where the built-in objects cannot be changed, nothing of osier changes them. */

const program = fileURLToPath(new URL('./support/frozen_intrinsics.js', import.meta.url))

for (const flags of [
  ['--frozen-intrinsics', '--no-warnings'],
  ['--import', 'data:text/javascript,Object.freeze(Math)'],
  [],
]) {
  test(`osier works with ${flags.join(' ') || 'no flags'}`, { skip: noFork }, () => {
    const options = { cwd: temporaryFolder(), encoding: 'utf8', timeout: 60_000 } as const
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, program], options)
    assert.deepEqual([status, stderr], [0, ''], stdout)
    const lines = stdout.trim().split('\n')
    assert.equal(Number(lines.at(-1)), lines.length - 1)
  })
}
