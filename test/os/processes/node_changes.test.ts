import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import os from 'osier'
import { askNode, runNode } from '../../support/child.ts'
import { onlyNode } from '../../support/runtime.ts'

/** Node 20 has the older name only. */
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'
const allowed = ['--allow-fs-read=*', '--allow-fs-write=*', '--no-warnings']

test('SIGUSR1, which Node blocks when it has no inspector, is not blocked in programs', {
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

test('with --permission osier throws an error that names --allow-addons', {
  skip: onlyNode('it has no permission model'),
}, () => {
  const { status, stderr } = runNode('', { nodeOptions: [permission, ...allowed] })
  assert.notEqual(status, 0)
  assert.match(stderr, /--allow-addons/)
})

describe('standard streams', { skip: onlyNode('it leaves the standard streams as they are') }, () => {
  const blocks = 'const state = () => [os.get_blocking(0), os.get_inheritable(0)]'

  test('a terminal that Node has reopened is inherited in blocking mode', () => {
    const [control, terminal] = os.openpty()
    const program = `
      import os from '${import.meta.resolve('osier')}'
      ${blocks}
      os.getppid()
      process.stdin.resume()
      const before = state()
      const probe = 'tty >/dev/null && [ $(( $(sed -n "s/flags:[[:space:]]*//p" /proc/self/fdinfo/0) & 04000 )) = 0 ]'
      const statuses = [os.system(probe), os.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', probe])]
      console.log(JSON.stringify([before, statuses, state()]))
      process.exit()`
    try {
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        stdio: [terminal, 'pipe', 'pipe'],
        timeout: 60_000,
      })
      assert.equal(child.stderr, '')
      // Inheritable for good: that is no loan.
      assert.deepEqual(JSON.parse(child.stdout), [
        [false, false],
        [0, 0],
        [false, true],
      ])
    } finally {
      os.close(control)
      os.close(terminal)
    }
  })

  test('are unchanged after a program could not be started', () => {
    const found = askNode(`
      ${blocks}
      process.stdin.resume()
      const states = [state()]
      const attempts = [
        () => os.posix_spawn('/missing', ['missing'], null),
        () => os.posix_spawn('/bin/true', ['true'], null, { file_actions: [[os.POSIX_SPAWN_DUP2, 999, 5]] }),
        () => os.posix_spawnp('missing', ['missing'], null),
        () => os.spawnv(os.P_WAIT, '/missing', ['missing']),
        () => os.promises.spawnv(os.P_WAIT, '/missing', ['missing']),
        () => os.system('true' + ' '.repeat(3e6)),
        () => os.promises.system('true' + ' '.repeat(3e6)),
        () => os.popen('true' + ' '.repeat(3e6)),
        () => os.execv('/missing', ['missing']),
      ]
      for (const attempt of attempts) {
        try { await attempt() } catch {}
        states.push(state())
      }
      console.log(JSON.stringify(states))
      process.exit()`)
    assert.deepEqual(found, Array(10).fill([false, true]))
  })

  test('another file that has got the number of a standard stream is left unchanged', () => {
    const found = askNode(`
      ${blocks}
      process.stdin.resume()
      const running = os.promises.system('sleep 0.2')
      const during = state()
      os.close(0)
      const [r] = os.pipe()
      await running
      console.log(JSON.stringify([during, r, state()]))
      process.exit()`)
    assert.deepEqual(found, [[true, true], 0, [true, false]])
  })

  test('what a program has put in the place of one blocks for its children where Node has made it non-blocking', () => {
    const found = askNode(`
      const [r, w] = os.pipe()
      os.dup2(r, 0)
      const before = os.get_blocking(0)
      process.stdin.resume()
      const used = os.get_blocking(0)
      const status = os.system('[ $(( $(sed -n "s/flags:[[:space:]]*//p" /proc/self/fdinfo/0) & 04000 )) = 0 ]')
      console.log(JSON.stringify([before, used, status, os.get_blocking(0)]))
      process.exit()`)
    assert.deepEqual(found, [true, false, 0, false])
  })

  test('one that the program has made non-inheritable is closed in its children, as in CPython', () => {
    const { stdout } = runNode(`
      os.set_inheritable(0, false)
      os.system('[ -e /proc/$$/fd/0 ] || echo closed')`)
    assert.equal(stdout, 'closed\n')
  })

  test('a worker that is the first to use osier makes them inheritable, a later one leaves them alone', () => {
    const found = askNode<number[]>(`
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      const program = \`
        import os from '${import.meta.resolve('osier')}'
        import { parentPort } from 'node:worker_threads'
        parentPort.postMessage(os.system('[ -e /proc/$$/fd/0 ]'))\`
      const status = async () => (await once(new Worker(new URL('data:text/javascript,' + encodeURIComponent(program))), 'message'))[0]
      const statuses = [await status()]
      os.set_inheritable(0, false)
      statuses.push(await status())
      console.log(JSON.stringify(statuses))`)
    assert.deepEqual(
      found.map((status) => status === 0),
      [true, false],
    )
  })
})
