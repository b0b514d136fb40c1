import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { askNode } from '../../support/child.ts'
import { onlyNode } from '../../support/runtime.ts'
import { noStrace, traced } from '../../support/strace.ts'

/** How often each system call is made that has to do with waiting for children. */
function counted(program: string): Map<string, number> {
  const names = ['wait4', 'waitid', 'pidfd_open', 'close', 'epoll_ctl', 'openat']
  const lines = traced(program)
  return new Map(names.map((name) => [name, lines.filter((line) => line.startsWith(`${name}(`)).length]))
}

/**
 * How many calls there were besides those that each look at the list of children makes: openat, close and two polls. How
 * many looks there are depends on how long the program runs.
 */
function besidesLooks(counts: Map<string, number>): number {
  const all = [...counts.values()].reduce((total, count) => total + count, 0)
  return all - CALLS_OF_A_LOOK * (counts.get('openat') ?? 0)
}

const CALLS_OF_A_LOOK = 4

/**
 * Children that end one after the other, so that each end is an event of its own. They are there, and wait for the end of
 * their input, when the waits begin.
 */
const start = (count: number): string => `
  const inputs = []
  const startChild = () => {
    const [r, w] = os.pipe()
    inputs.push(w)
    const pid = os.posix_spawn('/bin/cat', ['cat'], os.environ, {
      file_actions: [[os.POSIX_SPAWN_DUP2, r, 0], [os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0]],
    })
    os.close(r)
    return pid
  }
  const pids = Array.from({ length: ${count} }, startChild)
  const { promises } = os
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
  const endOne = async () => {
    os.close(inputs.shift())
    await new Promise((resolve) => setTimeout(resolve, 2))
  }`

const ways: Readonly<Record<string, (count: number) => string>> = {
  'a wait for each by its id': (count) => `${start(count)}
    begin()
    const all = Promise.all(pids.map((pid) => promises.waitpid(pid, 0)))
    while (inputs.length > 0) await endOne()
    await all
    end()`,
  'a wait for any for each': (count) => `${start(count)}
    begin()
    const all = Promise.all(pids.map(() => promises.wait()))
    while (inputs.length > 0) await endOne()
    await all
    end()`,
  'waits for any, one after the other': (count) => `${start(count)}
    begin()
    const all = (async () => { for (const _ of pids) await promises.wait() })()
    while (inputs.length > 0) await endOne()
    await all
    end()`,
  'waits for any of a group': (count) => `${start(count)}
    begin()
    const all = Promise.all(pids.map(() => promises.waitpid(0, 0)))
    while (inputs.length > 0) await endOne()
    await all
    end()`,
}

describe('with many children, the system calls for each do not become more', {
  skip: noStrace || onlyNode('a thread of its own waits'),
}, () => {
  for (const [name, program] of Object.entries(ways)) {
    test(name, () => {
      const count = 80
      const calls = counted(program(count))
      // Some for each child. If each event concerned all children, it would be the square.
      assert.ok(besidesLooks(calls) < 10 * count, JSON.stringify([...calls]))
    })
  }

  test('children that do not end cost few calls a second, however many promises wait', () => {
    const calls = counted(`${start(40)}
      const controller = new AbortController()
      const waits = pids.flatMap(() => [promises.wait({ signal: controller.signal }), promises.waitpid(0, 0, { signal: controller.signal })])
      await nextTurn()
      begin()
      await new Promise((resolve) => setTimeout(resolve, 400))
      end()
      controller.abort()
      await Promise.allSettled(waits)
      for (const w of inputs) os.close(w)
      for (const pid of pids) os.waitpid(pid, 0)`)
    assert.equal(calls.get('pidfd_open'), 0)
    // Some looks at the list of children, and two polls each.
    assert.ok(besidesLooks(calls) < 20, JSON.stringify([...calls]))
  })
})

test('where no descriptor is free any more, a wait for any child polls', () => {
  const found = askNode(`
    const pid = os.posix_spawn('/bin/sleep', ['sleep', '0.2'], null)
    const waiting = os.promises.wait()
    const fds = []
    try { for (;;) fds.push(os.open('/dev/null', os.O_RDONLY)) } catch {}
    const [found, status] = await waiting
    for (const fd of fds) os.close(fd)
    console.log(JSON.stringify([fds.length > 0, found === pid, status]))`)
  assert.deepEqual(found, [true, true, 0])
})
