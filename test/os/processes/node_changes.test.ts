import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runNode } from '../../support/child.ts'
import { onlyNode } from '../../support/runtime.ts'

/** Node 20 has the older name only. */
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'
const allowed = ['--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings']

test('SIGUSR1, which Node blocks when it waits for no debugger, is not blocked in programs', {
  skip: onlyNode('it has no such debugger'),
}, () => {
  const show = ['grep', 'SigBlk', '/proc/self/status']
  const program = `
    import { readFileSync } from 'node:fs'
    const own = () => /SigBlk:.*/.exec(readFileSync('/proc/thread-self/status', 'latin1'))[0]
    const before = own()
    os.waitpid(os.posix_spawn('/bin/grep', ${JSON.stringify(show)}, null), 0)
    try { os.execv('/missing', ['missing']) } catch {}
    console.error(before === own(), before)
    os.execv('/bin/grep', ${JSON.stringify(show)})`
  const { stdout, stderr } = runNode(program, { nodeOptions: [permission, ...allowed, '--allow-addons'] })
  assert.match(stderr, /^true SigBlk:\t0000000000000200$/m)
  assert.equal(stdout, 'SigBlk:\t0000000000000000\n'.repeat(2))
})

test('with --permission osier needs --allow-addons, and says so', {
  skip: onlyNode('it has no permission model'),
}, () => {
  const { status, stderr } = runNode('', { nodeOptions: [permission, ...allowed] })
  assert.notEqual(status, 0)
  assert.match(stderr, /--allow-addons/)
})
