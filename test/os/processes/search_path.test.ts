import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { askNode } from '../../support/child.ts'
import { temporaryFolder } from '../../support/folder.ts'

test('spawnvp searches the PATH of os.environ, which shows that of process.env after reload_environ', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'osier-found'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  const codes = askNode<number[]>(`
    const run = () => os.spawnvp(os.P_WAIT, 'osier-found', ['osier-found'])
    os.environ.get('PATH')
    process.env.PATH = ${JSON.stringify(folder)}
    const codes = [run()]
    os.reload_environ()
    codes.push(run())
    console.log(JSON.stringify(codes))
  `)
  assert.deepEqual(codes, [127, 3])
})
