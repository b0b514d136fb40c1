import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import os from 'osier'
import { askPython, noPython } from '../support/python.ts'

test('a times_result has fields and items', () => {
  const result = os.times()
  assert.ok(result instanceof os.times_result)
  const { user, system, children_user, children_system, elapsed } = result
  assert.deepEqual([...result], [user, system, children_user, children_system, elapsed])
  assert.equal(result.length, 5)
  for (const seconds of result) assert.ok(seconds >= 0 && Number.isFinite(seconds))
  assert.deepEqual(new os.times_result([1, 2, 3, 4, 5]).toArray(), [1, 2, 3, 4, 5])
  assert.throws(() => new os.times_result([1, 2, 3, 4]), RangeError)
})

test('times of the process and of its children only grow', () => {
  const before = os.times()
  spawnSync(process.execPath, [
    '-e',
    'for (const end = process.cpuUsage().user + 1e5; process.cpuUsage().user < end; );',
  ])
  const after = os.times()
  for (const [index, seconds] of before.toArray().entries()) assert.ok((after[index] ?? 0) >= seconds)
  // The child has used a tenth of a second at the least; the kernel counts in hundredths.
  assert.ok(after.children_user + after.children_system >= before.children_user + before.children_system + 0.08)
})

test('elapsed counts from the same moment as in Python', { skip: noPython }, () => {
  const before = os.times().elapsed
  const between = askPython<number>('import os; print(os.times().elapsed)')
  const after = os.times().elapsed
  assert.ok(before <= between && between <= after, `${before} <= ${between} <= ${after}`)
})
