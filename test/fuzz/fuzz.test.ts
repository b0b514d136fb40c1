/** Random sequences of file-system operations, made by osier and by CPython, in CI. `npm run fuzz` makes more. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { noOrdinaryUser } from '../support/ordinary_user.ts'
import { noPython } from '../support/python.ts'
import { ownDescriptors } from '../support/runtime.ts'
import { all, seedOf, share } from '../support/share.ts'

const isRoot = process.getuid?.() === 0
const program = fileURLToPath(new URL('run.js', import.meta.url))

interface Run {
  readonly steps: number
  /** The number of successes and of calls, by call. */
  readonly calls: ReadonlyMap<string, readonly [succeeded: number, made: number]>
}

function fuzz(...options: readonly string[]): Run {
  const args = [program, '--seed', String(seedOf(1)), ...options]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 240_000 })
  assert.equal(status, 0, `${stderr}${stdout}`)
  const calls = stdout.matchAll(/^(\w+): (\d+) of (\d+) succeeded$/gm)
  return {
    steps: Number(/^(\d+) steps/m.exec(stdout)?.[1]),
    calls: new Map(Array.from(calls, ([, call = '', succeeded, made]) => [call, [Number(succeeded), Number(made)]])),
  }
}

test('random steps have the same results, errors and trees in CPython', { skip: noPython || ownDescriptors }, (t) => {
  const { steps, calls } = fuzz('--steps', String(share(20_000)))
  assert.ok(steps >= share(20_000))
  // A fuzzer whose calls always fail would find nothing. Not every file system has xattrs; few steps may miss a call.
  const idle = [...calls].filter(([call, [succeeded]]) => succeeded === 0 && all && !call.endsWith('xattr'))
  assert.deepEqual(idle, [])
  const successes = Array.from(calls.values(), ([succeeded]) => succeeded).reduce((sum, each) => sum + each, 0)
  assert.ok(successes > steps / 4, `${successes} of ${steps} steps succeeded`)
  t.diagnostic(`${successes} of ${steps} steps succeeded, as ${isRoot ? 'root' : 'an ordinary user'}`)
})

const skip = noPython || noOrdinaryUser || (isRoot ? false : 'this is an ordinary user already')

test('and as an ordinary user', { skip }, () => {
  assert.ok(fuzz('--steps', String(share(3000)), '--user', 'nobody').steps >= share(3000))
})
