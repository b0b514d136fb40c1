/**
 * fork(2) and what JavaScript does on both sides of it: each situation runs in a Node process of its own, which forks.
 * A child that hangs or dies there fails the situation by its exit code.
 */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { askNode } from '../support/child.ts'
import { noProcessGroupLimit, withProcessGroup } from '../support/control_group.ts'
import { chapters } from '../support/forks/situations.ts'
import { noFork } from '../support/runtime.ts'

const program = fileURLToPath(new URL('../support/forks/run.js', import.meta.url))

/** Two at a time: most of them wait for a process to start. */
const SIDE_BY_SIDE = { concurrency: 2, skip: noFork }

async function run(name: string): Promise<void> {
  const child = spawn(process.execPath, [program, name], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  const text = Buffer.concat(output).toString()
  assert.deepEqual([code, signal], [0, null], text)
  assert.match(text, /^as it should be$/m)
}

for (const [title, situations] of Object.entries(chapters)) {
  describe(title, SIDE_BY_SIDE, () => {
    for (const name of Object.keys(situations)) test(name, () => run(name))
  })
}

for (const when of ['for the first time', 'fork once before']) {
  test(`without free descriptors: EMFILE, and nothing is left over (${when})`, { skip: SIDE_BY_SIDE.skip }, () => {
    const limits = fileURLToPath(new URL('../support/forks/limits.js', import.meta.url))
    const limited = ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, limits, when]
    const { stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8', timeout: 60_000 })
    assert.deepEqual([stdout, stderr], ['EMFILE none\n', ''])
  })
}

/** Room for none of V8's threads, for one, for two ...: refused until there is room for all, and then it works. */
const refusedThenForked = /^(EAGAIN ){2,9}forked( forked)*\n$/

function forksInLimits(...folder: string[]): void {
  const program = fileURLToPath(new URL('../support/forks/process_limit.js', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...folder], { encoding: 'utf8', timeout: 60_000 })
  assert.equal(stderr, '')
  assert.match(stdout, refusedThenForked)
}

const notRoot = process.getuid?.() === 0 ? false : 'only root can become a user who has no other process'

test('with ever more processes allowed to the user: EAGAIN, and nothing is left over', {
  skip: notRoot || noFork,
}, () => {
  forksInLimits()
})

test('with ever more allowed to the control group: EAGAIN, quietly', { skip: noProcessGroupLimit }, () => {
  withProcessGroup((folder) => forksInLimits(folder))
})

test('after root has become another user: EACCES, and nothing is left over', { skip: notRoot || noFork }, () => {
  const program = `
    import { readdirSync } from 'node:fs'
    const openCount = () => readdirSync('/proc/self/fd').length
    const code = () => { try { return os.fork() } catch (error) { return [error.name, error.code, error.syscall] } }
    // Whether what is relied on was looked for while there was the right to.
    const early = %EARLY% && code()
    if (early === 0) os._exit(0)
    process.setuid(65534)
    const before = openCount()
    console.log(JSON.stringify([code(), openCount() - before]))`
  for (const early of ['false', 'true']) {
    assert.deepEqual(askNode(program.replace('%EARLY%', early)), [['PermissionError', 'EACCES', 'fork'], 0])
  }
})
