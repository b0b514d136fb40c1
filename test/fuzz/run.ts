/**
 * Random sequences of file-system operations, made by osier and by CPython in two directories, which must stay alike.
 *
 *   npm run fuzz -- [--steps 200000] [--seed 1] [--user NAME]
 *
 * Prints how often each call was made and how often it succeeded; of a sequence that fails, the shortest that does.
 */

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { anyStep, type Step } from './steps.ts'
import { findPython, Twins } from './twins.ts'

const { values: options } = parseArgs({
  options: { steps: { type: 'string' }, seed: { type: 'string' }, user: { type: 'string' } },
})
const wanted = Number(options.steps ?? 200_000)
const firstSeed = Number(options.seed ?? Date.now() % 1_000_000_000)

if (options.user !== undefined) {
  process.setgroups?.([])
  process.setgid?.(options.user === 'nobody' ? 65_534 : options.user)
  process.setuid?.(options.user)
}

/** How often each call was made, and how often it succeeded. */
const counts = new Map<string, { made: number; succeeded: number }>()

function count(call: string, succeeded: boolean): void {
  const known = counts.get(call) ?? { made: 0, succeeded: 0 }
  known.made += 1
  if (succeeded) known.succeeded += 1
  counts.set(call, known)
}

function total(which: 'made' | 'succeeded'): number {
  return Array.from(counts.values(), (each) => each[which]).reduce((sum, each) => sum + each, 0)
}

/** Makes the steps, from the beginning: what is wrong with the first that fails, or null. */
function complaint(twins: Twins, steps: readonly Step[]): string | null {
  twins.reset()
  for (const [index, step] of steps.entries()) {
    const { outcome, complaint } = twins.makeCall(step)
    count(step.call, 'result' in outcome)
    if (complaint !== null) return `step ${index + 1} of ${steps.length}, ${JSON.stringify(step)}\n${complaint}`
  }
  return null
}

/** Sequences until there are enough steps: what is wrong with the shortest that fails, or null. */
function fuzz(twins: Twins): string | null {
  const sequences = fc.array(anyStep, { minLength: 1, maxLength: 60, size: 'max' })
  for (let seed = firstSeed; total('made') < wanted; seed++) {
    const property = fc.property(sequences, (steps) => complaint(twins, steps) === null)
    const { failed, counterexample } = fc.check(property, { seed, numRuns: 20, unbiased: true })
    if (!failed) continue
    const [steps = []] = counterexample ?? []
    const lines = steps.map((step) => `  ${JSON.stringify(step)}\n`).join('')
    return `Seed ${seed}. Of all sequences that fail, this is the shortest:\n${lines}${complaint(twins, steps)}`
  }
  return null
}

const python = findPython()
if (python === undefined) throw new Error('there is no python3 to compare with')
const folder = mkdtempSync(join(tmpdir(), 'osier-fuzz-'))
chmodSync(folder, 0o755)
const twins = new Twins(python, folder)
try {
  const failure = fuzz(twins)
  // Directories without permissions cannot be removed as they are.
  twins.reset()
  if (failure !== null) {
    console.error(failure)
    process.exitCode = 1
  }
  for (const [call, { made, succeeded }] of [...counts].sort())
    console.log(`${call}: ${succeeded} of ${made} succeeded`)
  console.log(`${total('made')} steps, ${total('succeeded')} of them succeeded, from seed ${firstSeed} on`)
} finally {
  twins.close()
  // What the steps forbade to all but root.
  spawnSync('chmod', ['-R', 'u+rwX', folder])
  rmSync(folder, { recursive: true, force: true })
}
