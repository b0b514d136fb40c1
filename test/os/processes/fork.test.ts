/**
 * fork(2) and what JavaScript does on both sides of it: each situation runs in a Node process of its own, which forks.
 * A child that hangs or crashes there fails the situation by its exit code.
 */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import { SIGKILL } from 'osier/signal'
import { askNode } from '../../support/child.ts'
import { noProcessGroupLimit, withProcessGroup } from '../../support/control_group.ts'
import { chapters } from '../../support/forks/situations.ts'
import { asFirstProcess, noContainer } from '../../support/namespaces.ts'
import { noFork } from '../../support/runtime.ts'

const program = fileURLToPath(new URL('../../support/forks/run.js', import.meta.url))

/** Two at a time: most of them wait for a process to start. */
const CONCURRENT = { concurrency: 2, skip: noFork }

/** In milliseconds: ten times what the longest takes. */
const TIMEOUT = 120_000

async function run(name: string): Promise<void> {
  // A group of its own, so that all that hangs can be ended together.
  const child = spawn(process.execPath, [program, name], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk))
  const timer = setTimeout(() => os.killpg(child.pid ?? 0, SIGKILL), TIMEOUT)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  const text = Buffer.concat(output).toString()
  assert.deepEqual([code, signal], [0, null], text)
  assert.match(text, /^as it should be$/m)
}

/** How often each situation is run: what goes wrong between threads, goes wrong one time in many. */
const rounds = Number(process.env.FORK_ROUNDS ?? 1)

for (const [title, situations] of Object.entries(chapters)) {
  describe(title, CONCURRENT, () => {
    for (const name of Object.keys(situations)) {
      for (let round = 1; round <= rounds; round++) test(round === 1 ? name : `${name} (${round})`, () => run(name))
    }
  })
}

test('register_at_fork requires at least one function', () => {
  assert.throws(() => os.register_at_fork(), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  assert.throws(() => os.register_at_fork({}), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  assert.throws(() => os.register_at_fork({ before: undefined }), { name: 'TypeError' })
  let called = false
  for (const kind of ['before', 'after_in_parent', 'after_in_child']) {
    for (const value of [null, 1, 'text', {}, [], true, Symbol('s')]) {
      // Nothing of a call that is refused is kept.
      const functions = { before: () => (called = true), [kind]: value } as unknown as os.AtFork
      assert.throws(() => os.register_at_fork(functions), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    }
  }
  assert.throws(() => os.register_at_fork({ befor: () => undefined } as os.AtFork), TypeError)
  const pid = os.fork()
  if (pid === 0) os._exit(0)
  os.waitpid(pid, 0)
  assert.equal(called, false)
})

for (const when of ['for the first time', 'fork once before']) {
  test(`without free descriptors fork throws EMFILE, and leaves nothing behind (${when})`, {
    skip: CONCURRENT.skip,
  }, () => {
    const limits = fileURLToPath(new URL('../../support/forks/limits.js', import.meta.url))
    const limited = ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, limits, when]
    const { stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8', timeout: 60_000 })
    assert.deepEqual([stdout, stderr], ['EMFILE none\n', ''])
  })
}

/** With limits that allow 0, 1, 2 ... V8 threads, fork fails until all of them are allowed. */
const refusedThenForked = /^(EAGAIN ){2,9}forked( forked)*\n$/

function forksInLimits(...folder: string[]): void {
  const program = fileURLToPath(new URL('../../support/forks/process_limit.js', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...folder], { encoding: 'utf8', timeout: 60_000 })
  assert.equal(stderr, '')
  assert.match(stdout, refusedThenForked)
}

const notRoot = process.getuid?.() === 0 ? false : 'only root can change to a user without other processes'

test('with increasing process limits of the user fork throws EAGAIN, and leaves nothing behind', {
  skip: notRoot || noFork,
}, () => {
  forksInLimits()
})

test('with increasing process limits of the control group fork throws EAGAIN, and prints nothing', {
  skip: noFork || noProcessGroupLimit,
}, () => {
  withProcessGroup((folder) => forksInLimits(folder))
})

test('after root has become another user fork throws EACCES, and leaves nothing behind', {
  skip: notRoot || noFork,
}, () => {
  const program = `
    import { openCount } from '${import.meta.resolve('../../support/open_files.js')}'
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

test('fork works in the first process of a container, where thread ids gain a digit', {
  skip: noFork || noContainer,
}, () => {
  const program = `
    import { readFile } from 'node:fs/promises'
    // Starts the threads of the pool, the last of which have two digits.
    await readFile('/proc/self/stat')
    const ended = (pid) => os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    const pid = os.fork()
    if (pid === 0) os._exit(ended(os.fork() || os._exit(7)))
    console.log(JSON.stringify([process.pid, ended(pid)]))`
  assert.deepEqual(askNode(program, { command: asFirstProcess }), [1, 7])
})

/** Only names tell the threads of tools from the program's own, and older versions give them none. */
const noThreadNames = Number(process.versions.node.split('.')[0]) < 24 && 'needs Node 24, whose threads have names'

describe('a debugger is no reason for a warning', { skip: noFork || noThreadNames }, () => {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const forking = `
    import os from ${JSON.stringify(import.meta.resolve('osier'))}
    process.on('warning', (warning) => console.log(warning.message))
    const child = os.fork()
    if (child === 0) os._exit(0)
    os.waitpid(child, 0)
    setImmediate(() => console.log('forked'))`
  test('--inspect', () => {
    const args = ['--inspect=127.0.0.1:0', '--input-type=module', '--eval', forking]
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: TIMEOUT })
    assert.equal(stdout, 'forked\n')
  })
})
