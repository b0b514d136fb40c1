import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import { SIGCHLD, SIGCONT, SIGKILL, SIGSTOP, SIGTERM } from 'osier/signal'
import { childrenOfProcess } from '../../../src/os/processes/any_child.ts'
import { runNode } from '../../support/child.ts'
import { children, exitCode } from '../../support/children.ts'
import { noSubreaper } from '../../support/emulation.ts'
import { askPython, noPython } from '../../support/python.ts'
import { onlyNode } from '../../support/runtime.ts'
import { inWorker } from '../../support/worker.ts'

function shell(script: string, options: os.PosixSpawnOptions = {}): number {
  return os.posix_spawn('/bin/sh', ['sh', '-c', script], null, options)
}

function sleeper(options: os.PosixSpawnOptions = {}): number {
  return os.posix_spawn('/bin/sleep', ['sleep', '60'], null, options)
}

/** Ends a child of osier, and waits for it. */
function end(pid: number): void {
  os.kill(pid, SIGKILL)
  assert.equal(exitCode(pid), -SIGKILL)
}

describe('statuses', () => {
  const predicates = ['WIFEXITED', 'WIFSIGNALED', 'WIFSTOPPED', 'WIFCONTINUED', 'WCOREDUMP'] as const
  const numbers = ['WEXITSTATUS', 'WTERMSIG', 'WSTOPSIG'] as const

  test('all 65536 statuses are decoded as in Python', { skip: noPython }, () => {
    const statuses = Array.from({ length: 65536 }, (_, status) => status)
    const theirs = askPython<Record<string, number[]>>(`
import json, os
def code(status):
    try: return os.waitstatus_to_exitcode(status)
    except ValueError: return None
names = ${JSON.stringify([...predicates, ...numbers])}
found = {name: [int(getattr(os, name)(status)) for status in range(65536)] for name in names}
found['waitstatus_to_exitcode'] = [code(status) for status in range(65536)]
print(json.dumps(found))`)
    for (const name of predicates)
      assert.deepEqual(
        statuses.map((status) => Number(os[name](status))),
        theirs[name],
        name,
      )
    for (const name of numbers)
      assert.deepEqual(
        statuses.map((status) => os[name](status)),
        theirs[name],
        name,
      )
    const codes = statuses.map((status) => {
      try {
        return os.waitstatus_to_exitcode(status)
      } catch (error) {
        assert.ok(error instanceof RangeError)
        return null
      }
    })
    assert.deepEqual(codes, theirs.waitstatus_to_exitcode)
  })

  test('an invalid status throws', () => {
    for (const name of [...predicates, ...numbers, 'waitstatus_to_exitcode'] as const) {
      for (const value of ['0', null, undefined, {}]) assert.throws(() => os[name](value as never), TypeError)
      for (const value of [0.5, Number.NaN, 2 ** 40]) assert.throws(() => os[name](value), RangeError)
    }
  })
})

describe('waiting for a child', () => {
  test('wait, waitpid, wait3 and wait4 return its process id and status', () => {
    const pids = ['exit 0', 'exit 7', 'kill -9 $$'].map((script) => shell(script))
    const found = new Map([os.wait(), os.wait(), os.wait()])
    assert.deepEqual(
      pids.map((pid) => found.get(pid)),
      [0, 7 << 8, 9],
    )
    const third = shell('exit 3')
    const [pid, status, usage] = os.wait3(0)
    assert.deepEqual([pid, status, usage instanceof os.struct_rusage], [third, 3 << 8, true])
    const fourth = shell('exit 4')
    assert.deepEqual(os.wait4(fourth, 0).slice(0, 2), [fourth, 4 << 8])
    const last = shell('exit 5')
    assert.deepEqual(os.waitpid(last, 0), [last, 5 << 8])
  })

  test('wait3 and wait4 return the resource usage', () => {
    const pid = os.posix_spawn(process.execPath, ['node', '-e', 'while (process.cpuUsage().user < 100_000);'], null)
    const [, status, usage] = os.wait4(pid, 0)
    assert.equal(status, 0)
    assert.ok(usage.ru_utime >= 0.1, `${usage.ru_utime} s`)
    assert.ok(usage.ru_maxrss > 10_000, `${usage.ru_maxrss} KiB`)
    assert.ok(usage.ru_minflt > 100)
    assert.equal(usage.length, 16)
    const names =
      'utime stime maxrss ixrss idrss isrss minflt majflt nswap inblock oublock msgsnd msgrcv nsignals nvcsw nivcsw'
    assert.deepEqual(
      [...usage],
      names.split(' ').map((name) => Reflect.get(usage, `ru_${name}`)),
    )
    for (const value of usage) assert.ok(Number.isFinite(value) && value >= 0)
  })

  test('with WNOHANG the result is a process id of 0, or null, while no child has changed', () => {
    const pid = sleeper()
    assert.deepEqual(os.waitpid(pid, os.WNOHANG), [0, 0])
    assert.deepEqual(os.waitpid(-1, os.WNOHANG), [0, 0])
    for (const [found, status, usage] of [os.wait3(os.WNOHANG), os.wait4(pid, os.WNOHANG)]) {
      assert.deepEqual([found, status, [...usage]], [0, 0, Array(16).fill(0)])
    }
    assert.equal(os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG), null)
    assert.equal(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG), null)
    end(pid)
  })

  test('stops and continuations are returned with WUNTRACED and WCONTINUED', () => {
    const pid = sleeper()
    os.kill(pid, SIGSTOP)
    const [stopped, status] = os.waitpid(pid, os.WUNTRACED)
    assert.deepEqual([stopped, os.WIFSTOPPED(status), os.WSTOPSIG(status)], [pid, true, SIGSTOP])
    os.kill(pid, SIGCONT)
    const [continued, after] = os.waitpid(-1, os.WCONTINUED)
    assert.deepEqual([continued, os.WIFCONTINUED(after)], [pid, true])
    os.kill(pid, SIGSTOP)
    const { si_pid, si_code, si_status } = os.waitid(os.P_PID, pid, os.WSTOPPED) ?? {}
    assert.deepEqual([si_pid, si_code, si_status], [pid, os.CLD_STOPPED, SIGSTOP])
    os.kill(pid, SIGCONT)
    assert.equal(os.waitid(os.P_ALL, 0, os.WCONTINUED)?.si_code, os.CLD_CONTINUED)
    end(pid)
  })

  test('waitpid waits for a process group: a given one, the own one, or any', () => {
    const [leader, ours] = [sleeper({ setpgroup: 0 }), sleeper()]
    const second = sleeper({ setpgroup: leader })
    os.kill(second, SIGTERM)
    assert.deepEqual(os.waitpid(-leader, 0), [second, SIGTERM])
    assert.deepEqual(os.waitpid(0, os.WNOHANG), [0, 0])
    os.kill(leader, SIGTERM)
    assert.equal(os.waitid(os.P_PGID, leader, os.WEXITED)?.si_pid, leader)
    assert.throws(() => os.waitpid(-leader, 0), os.ChildProcessError)
    os.kill(ours, SIGTERM)
    assert.deepEqual(os.waitpid(0, 0), [ours, SIGTERM])
  })

  test('waitid with WNOWAIT leaves the child for another wait', () => {
    const pid = shell('exit 6')
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)?.toArray(), [
        pid,
        os.getuid(),
        SIGCHLD,
        6,
        os.CLD_EXITED,
      ])
    }
    assert.equal(exitCode(pid), 6)
  })

  test('waitid accepts a process descriptor', () => {
    const pid = shell('read line; exit 8', { file_actions: [[os.POSIX_SPAWN_OPEN, 0, '/dev/zero', os.O_RDONLY, 0]] })
    const fd = os.pidfd_open(pid, os.PIDFD_NONBLOCK)
    assert.throws(() => os.waitid(os.P_PIDFD, fd, os.WEXITED), os.BlockingIOError)
    os.kill(pid, SIGTERM)
    const second = os.pidfd_open(pid)
    const { si_pid, si_code, si_status } = os.waitid(os.P_PIDFD, second, os.WEXITED) ?? {}
    assert.deepEqual([si_pid, si_code, si_status], [pid, os.CLD_KILLED, SIGTERM])
    assert.throws(() => os.waitid(os.P_PIDFD, second, os.WEXITED), os.ChildProcessError)
    os.close(fd)
    os.close(second)
    assert.throws(() => os.waitid(os.P_PIDFD, second, os.WEXITED), { code: 'EBADF' })
  })

  test('a waitid_result has fields and items', () => {
    const result = new os.waitid_result([1, 2, 3, 4, 5])
    assert.deepEqual({ ...result }, { si_pid: 1, si_uid: 2, si_signo: 3, si_status: 4, si_code: 5 })
    assert.deepEqual([...result], [1, 2, 3, 4, 5])
    assert.throws(() => new os.waitid_result([1, 2, 3, 4]), RangeError)
    assert.throws(() => new os.struct_rusage([1]), RangeError)
  })

  test('signals do not end the wait', () => {
    const program = fileURLToPath(new URL('../../support/interrupted_waits.js', import.meta.url))
    const child = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000 })
    assert.deepEqual([child.stderr, JSON.parse(child.stdout)], ['', [true, 0, 1, 2, 3, 4]])
  })
})

test('results and errors are the same as in Python', { skip: noPython }, () => {
  // Children: one that ends with 3, one that a signal ends, one that is stopped.
  const calls = [
    'waitid(os.P_PID, pids[0], os.WEXITED | os.WNOWAIT)',
    'waitpid(pids[0], 0)',
    'waitpid(pids[0], 0)',
    'waitid(os.P_ALL, 77, os.WEXITED | os.WNOWAIT)',
    'waitid(os.P_PID, pids[1], os.WEXITED)',
    'waitid(os.P_PID, pids[2], os.WSTOPPED)',
    'waitid(os.P_PID, pids[2], os.WEXITED | os.WNOHANG)',
    'waitpid(pids[2], os.WNOHANG)',
    'waitpid(-1, os.WNOHANG)',
    'waitpid(-1, os.WNOHANG | 65536)',
    'waitpid(pids[2], 32)',
    'waitid(os.P_PID, pids[2], 0)',
    'waitid(os.P_PID, pids[2], os.WNOHANG)',
    'waitid(77, pids[2], os.WEXITED)',
    'waitid(os.P_PGID, -5, os.WEXITED)',
    'waitid(os.P_PGID, 1, os.WEXITED)',
    'waitid(os.P_PID, -1, os.WEXITED)',
    'waitid(os.P_PID, 0, os.WEXITED)',
    'waitid(os.P_PIDFD, 77, os.WEXITED)',
    'waitpid(1, 0)',
    'waitpid(-1048575, 0)',
    'waitpid(2147483647, 0)',
    'waitpid("1", 0)',
    'waitpid(1, "0")',
    'waitpid(0.5, 0)',
    'waitpid(99999999999, 0)',
    'wait3("0")',
    'wait4(1, 0)',
    'wait4(1, 32)',
  ]
  const scripts = ['exit 3', 'kill -15 $$', 'kill -19 $$']
  const ours = runNode(`
    const pids = ${JSON.stringify(scripts)}.map((script) => os.posix_spawn('/bin/sh', ['sh', '-c', script], null))
    const shape = (value) => value === null ? null : Array.from(value, (item) => pids.includes(item) ? 'pid ' + pids.indexOf(item) : item)
    const attempt = (call) => { try { return shape(call()) } catch (error) { return error.errno ?? error.name } }
    const found = []
    ${calls.map((call) => `found.push(attempt(() => os.${call}))`).join('\n')}
    os.kill(pids[2], 9)
    found.push(attempt(() => os.wait()), attempt(() => os.wait()), attempt(() => os.waitpid(-1, os.WNOHANG)))
    console.log(JSON.stringify(found))`)
  assert.equal(ours.stderr, '')
  const theirs = askPython<unknown[]>(`
import json, os
pids = [os.posix_spawn('/bin/sh', ['sh', '-c', script], os.environ) for script in ${JSON.stringify(scripts)}]
found = []
def attempt(call):
    try:
        value = call()
        found.append(value and ['pid %d' % pids.index(item) if item in pids else item for item in value])
    except OSError as error: found.append(error.errno)
    except TypeError: found.append('TypeError')
    except (ValueError, OverflowError): found.append('RangeError')
${calls.map((call) => `attempt(lambda: os.${call})`).join('\n')}
os.kill(pids[2], 9)
attempt(lambda: os.wait())
attempt(lambda: os.wait())
attempt(lambda: os.waitpid(-1, os.WNOHANG))
print(json.dumps(found))`)
  const named = (list: readonly unknown[]): unknown[] => list.map((outcome, index) => [calls[index], outcome])
  // A fraction is a bad value here, and a wrong type there.
  const expected = theirs.map((outcome, index) => (calls[index] === 'waitpid(0.5, 0)' ? 'RangeError' : outcome))
  assert.deepEqual(named(JSON.parse(ours.stdout)), named(expected))
})

describe('beside node:child_process', { skip: onlyNode('it does not tell which children are its own') }, () => {
  /** Children of Node, all of which must emit 'exit' at the end. */
  function startNodes(count: number, script: (index: number) => string): ChildProcess[] {
    return Array.from({ length: count }, (_, index) => spawn('sh', ['-c', script(index)], { stdio: 'ignore' }))
  }

  async function exits(nodes: readonly ChildProcess[]): Promise<unknown[]> {
    return Promise.all(nodes.map(async (node) => (await once(node, 'exit'))[0]))
  }

  test('children of Node and of osier that end at the same time are each waited for by their starter', async () => {
    const nodes = startNodes(10, (index) => `exit ${index}`)
    const heard = exits(nodes)
    const ours = Array.from({ length: 10 }, (_, index) => shell(`exit ${100 + index}`))
    const found = new Map(ours.map(() => os.wait()))
    assert.deepEqual(
      ours.map((pid) => found.get(pid)),
      ours.map((_, index) => (100 + index) << 8),
    )
    // Only children of Node are left, which osier does not wait for.
    assert.throws(() => os.wait(), os.ChildProcessError)
    assert.throws(() => os.waitpid(-1, os.WNOHANG), os.ChildProcessError)
    assert.throws(() => os.waitpid(0, os.WNOHANG), os.ChildProcessError)
    assert.throws(() => os.wait3(os.WNOHANG), os.ChildProcessError)
    assert.throws(() => os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG), os.ChildProcessError)
    assert.throws(() => os.waitid(os.P_PGID, 0, os.WEXITED), os.ChildProcessError)
    assert.deepEqual(await heard, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('children of Node that are unreferenced or detached are left to Node too', async () => {
    const unrefd = spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' })
    unrefd.unref()
    const detached = spawn('sh', ['-c', 'exit 4'], { stdio: 'ignore', detached: true })
    const heard = exits([unrefd, detached])
    const pid = shell('sleep 0.1; exit 5')
    assert.deepEqual(os.wait(), [pid, 5 << 8])
    assert.throws(() => os.wait(), os.ChildProcessError)
    assert.deepEqual(await heard, [3, 4])
  })

  test('a change is returned as soon as it happens, also while Node waits for children', async () => {
    const node = spawn('sleep', ['60'], { stdio: 'ignore' })
    const [first, second] = [sleeper(), sleeper({ setpgroup: 0 })]
    assert.deepEqual(os.waitpid(-1, os.WNOHANG), [0, 0])
    os.kill(first, SIGSTOP)
    assert.deepEqual(os.waitpid(-1, os.WUNTRACED)[0], first)
    os.kill(first, SIGCONT)
    assert.equal(os.waitid(os.P_ALL, 0, os.WCONTINUED)?.si_pid, first)
    assert.deepEqual(os.waitpid(-second, os.WNOHANG), [0, 0])
    os.kill(second, SIGTERM)
    assert.equal(os.waitid(os.P_PGID, second, os.WEXITED | os.WNOWAIT)?.si_pid, second)
    assert.deepEqual(os.waitpid(-second, 0), [second, SIGTERM])
    os.kill(first, SIGTERM)
    const [pid, status, usage] = os.wait3(0)
    assert.deepEqual([pid, status], [first, SIGTERM])
    assert.ok(usage.ru_maxrss > 0)
    node.kill()
    await once(node, 'exit')
  })

  test('spawnSync and exec of Node work between waits of osier', async () => {
    const nodes = startNodes(3, () => 'sleep 0.2')
    const heard = exits(nodes)
    for (let i = 0; i < 5; i++) {
      const pid = shell(`exit ${i}`)
      assert.equal(spawnSync('sh', ['-c', 'exit 9']).status, 9)
      assert.deepEqual(os.wait(), [pid, i << 8])
    }
    assert.deepEqual(await heard, [0, 0, 0])
    // Node has none left now.
    const pid = shell('exit 1')
    assert.deepEqual(os.wait(), [pid, 1 << 8])
    assert.deepEqual(children(), [])
  })

  test('repeated waits leak nothing', async () => {
    const node = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
    const pid = sleeper()
    for (let i = 0; i < 10_000; i++) assert.deepEqual(os.waitpid(-1, os.WNOHANG), [0, 0])
    end(pid)
    node.stdin.end()
    await once(node, 'exit')
  })

  test('a worker waits for its own children, and leaves the children of Node in all threads to Node', async () => {
    const node = spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' })
    const pid = shell('exit 4')
    const heard = exits([node])
    const found = await inWorker<unknown[]>(`
      const { spawn } = await import('node:child_process')
      const attempt = (call) => { try { return call() } catch (error) { return error.code } }
      const before = [attempt(() => os.waitpid(-1, 0)), attempt(() => os.waitid(os.P_ALL, 0, os.WEXITED))].join()
      const node = spawn('sh', ['-c', 'exit 5'], { stdio: 'ignore' })
      const exit = new Promise((resolve) => node.on('exit', resolve))
      const own = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 6'], null)
      const [waited, status] = os.wait()
      const after = attempt(() => os.waitid(os.P_ALL, 0, os.WEXITED))
      return [before, waited === own, status >> 8, after, await exit]`)
    assert.deepEqual(found, ['ECHILD,ECHILD', true, 6, 'ECHILD', 5])
    assert.deepEqual(os.wait(), [pid, 4 << 8])
    assert.deepEqual(await heard, [3])
  })
})

describe('orphans', () => {
  test('become children of a subreaper, also while Node has children', {
    skip: onlyNode('it does not tell which children are its own') || noSubreaper,
  }, () => {
    const child = runNode(`
      import { spawn } from 'node:child_process'
      os.set_child_subreaper(true)
      const node = spawn('sleep', ['0.3'])
      // The shell ends at once, and leaves two behind.
      os.system('(sleep 0.1; exit 7) & (sleep 0.2; exit 8) & :')
      console.log(os.wait()[1] >> 8, os.wait()[1] >> 8)
      try { os.wait() } catch (error) { console.log(error.code) }
      node.on('exit', (code) => console.log(code))`)
    assert.deepEqual([child.stderr, child.stdout], ['', '7 8\nECHILD\n0\n'])
  })
})

test('children are found where the kernel does not list them', async () => {
  const node = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
  const [ended, running] = [shell('exit 0'), sleeper()]
  os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
  assert.deepEqual(childrenOfProcess().sort(), [node.pid, ended, running].sort())
  assert.deepEqual(children().sort(), [node.pid, ended, running].sort())
  assert.equal(exitCode(ended), 0)
  end(running)
  node.stdin.end()
  await once(node, 'exit')
})

test('an error of the system while waiting for any child is an OSError', {
  skip: onlyNode('it does not tell which children are its own'),
}, () => {
  const { stdout, stderr } = runNode(
    `
    import { spawn } from 'node:child_process'
    const node = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
    const own = os.posix_spawn('/bin/true', ['true'], null)
    const fds = []
    try { for (;;) fds.push(os.open('/dev/null', os.O_RDONLY)) } catch {}
    let refused
    try { os.wait() } catch (error) { refused = error }
    for (const fd of fds) os.close(fd)
    console.log(refused instanceof os.OSError, refused.code, os.wait()[0] === own)
    node.stdin.end()`,
    { command: ['sh', '-c', 'ulimit -n 200; exec "$0" "$@"'] },
  )
  assert.deepEqual([stderr, stdout], ['', 'true EMFILE true\n'])
})
