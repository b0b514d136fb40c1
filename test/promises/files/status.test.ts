import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import * as promises from 'osier/promises'

test('stat returns the same as os.stat', async () => {
  assert.deepEqual(await promises.stat('/etc/passwd'), os.stat('/etc/passwd'))
})
