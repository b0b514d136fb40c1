/** Several waits for one child: the earliest gets the status, whatever reports the end, and the later ones ECHILD. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import os, { promises } from 'osier'
import { childOnStdin, children } from '../../support/children.ts'
import { openFiles } from '../../support/open_files.ts'
import { isPending } from '../../support/waits.ts'

/** The result of a wait in words. */
function outcome(wait: Promise<unknown>): Promise<string> {
  return wait.then(
    (value) => (value === null ? 'nothing' : 'status'),
    (error: { code?: string; name?: string }) => String(error.code ?? error.name),
  )
}

const byId: Readonly<Record<string, (pid: number, signal?: AbortSignal) => Promise<unknown>>> = {
  waitpid: (pid, signal) => promises.waitpid(pid, 0, signal && { signal }),
  wait4: (pid, signal) => promises.wait4(pid, 0, signal && { signal }),
  'waitid by process id': (pid, signal) => promises.waitid(os.P_PID, pid, os.WEXITED, signal && { signal }),
  'waitid by descriptor': async (pid, signal) => {
    const fd = os.pidfd_open(pid)
    try {
      return await promises.waitid(os.P_PIDFD, fd, os.WEXITED, signal && { signal })
    } finally {
      os.close(fd)
    }
  },
  // It is polled for.
  'waitpid that reports stops too': (pid, signal) => promises.waitpid(pid, os.WUNTRACED, signal && { signal }),
}

const any: Readonly<Record<string, () => Promise<unknown>>> = {
  wait: () => promises.wait(),
  'waitpid of any': () => promises.waitpid(-1, 0),
  'waitpid of the group': () => promises.waitpid(0, 0),
  'waitid of all': () => promises.waitid(os.P_ALL, 0, os.WEXITED),
}

const pairs = (
  kinds: Readonly<Record<string, (pid: number) => Promise<unknown>>>,
): [string, string, (pid: number) => Promise<unknown>, (pid: number) => Promise<unknown>][] =>
  Object.entries(kinds).flatMap(([first, a]) =>
    Object.entries(kinds).map(([second, b]): [string, string, typeof a, typeof b] => [first, second, a, b]),
  )

for (const [first, second, a, b] of [...pairs(byId), ...pairs(any)]) {
  test(`${first}, then ${second}`, { timeout: 20_000 }, async () => {
    await turn()
    const before = openFiles()
    const child = childOnStdin(3)
    const waits = [a(child.pid), b(child.pid), a(child.pid)]
    assert.ok(await isPending(Promise.race(waits)))
    child.release()
    assert.deepEqual(await Promise.all(waits.map(outcome)), ['status', 'ECHILD', 'ECHILD'])
    assert.deepEqual(children(), [])
    await turn()
    assert.deepEqual(openFiles(), before)
  })
}

for (const [first, wait] of Object.entries(byId)) {
  test(`${first}: a later call does not take a status that the event loop has not reported yet`, async () => {
    const child = childOnStdin(3)
    const early = wait(child.pid)
    assert.ok(await isPending(early))
    child.release()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    const late = promises.waitpid(child.pid, 0)
    assert.deepEqual(await Promise.all([early, late].map(outcome)), ['status', 'ECHILD'])
  })

  test(`${first}: aborted, it leaves the status to the next wait`, async () => {
    const child = childOnStdin(3)
    const controller = new AbortController()
    const waits = [wait(child.pid, controller.signal), wait(child.pid), wait(child.pid)]
    assert.ok(await isPending(Promise.race(waits)))
    controller.abort()
    child.release()
    assert.deepEqual(await Promise.all(waits.map(outcome)), ['20', 'status', 'ECHILD'])
  })
}

test('a wait that takes nothing lets the next one have the status', async () => {
  const child = childOnStdin(3)
  const looks = [0, 1].map(() => promises.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT))
  const waits = [...looks, promises.waitpid(child.pid, 0), promises.waitpid(child.pid, 0)]
  assert.ok(await isPending(Promise.race(waits)))
  child.release()
  assert.deepEqual(await Promise.all(waits.map(outcome)), ['status', 'status', 'status', 'ECHILD'])
})

test('the earliest of two calls of close gets how the command ended', async () => {
  const command = await promises.popen('sleep 0.05; exit 3')
  assert.deepEqual(await Promise.all([command.close(), command.close()]), [3 << 8, 3 << 8])
})

test('children that end in turn go to the waits in the order of the calls', { timeout: 20_000 }, async () => {
  const started = [1, 2, 3].map((status) => childOnStdin(status))
  const order: number[] = []
  const waits = started.map((_, index) => promises.wait().then(([pid]) => [order.push(index), pid] as const))
  assert.ok(await isPending(Promise.race(waits)))
  for (const [index, child] of [...started].reverse().entries()) {
    child.release()
    assert.equal((await (waits[index] ?? assert.fail()))[1], child.pid)
  }
  assert.deepEqual(order, [0, 1, 2])
})

test('250 waits for any of 250 children take them all', { timeout: 60_000 }, async () => {
  await turn()
  const before = openFiles()
  const [r, w] = os.pipe()
  const file_actions = [[os.POSIX_SPAWN_DUP2, r, 0]] as const
  const pids = Array.from({ length: 250 }, () => os.posix_spawn('/bin/cat', ['cat'], null, { file_actions }))
  const waits = pids.map(() => promises.wait())
  const late = promises.wait()
  assert.ok(await isPending(Promise.race([...waits, late])))
  os.close(w)
  os.close(r)
  const taken = (await Promise.all(waits)).map(([pid]) => pid)
  assert.deepEqual(new Set(taken), new Set(pids))
  assert.equal(await outcome(late), 'ECHILD')
  await turn()
  assert.deepEqual(openFiles(), before)
})
