import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import os from 'osier'
import { ENOSYS, EPERM } from 'osier/errno'
import * as promises from 'osier/promises'
import { SIGCONT, SIGKILL, SIGSTOP, SIGTERM } from 'osier/signal'
import { askNode } from '../../support/child.ts'
import { childOnStdin, children } from '../../support/children.ts'
import { openFiles } from '../../support/open_files.ts'
import { onlyNode, runtime } from '../../support/runtime.ts'
import { noSeccomp } from '../../support/seccomp.ts'
import { isPending, threads, threadsAtRest } from '../../support/waits.ts'
import { inWorker } from '../../support/worker.ts'

function shell(script: string): number {
  return os.posix_spawn('/bin/sh', ['sh', '-c', script], null)
}

/** The children of this process must all have been waited for. */
function assertNoZombies(): void {
  assert.deepEqual(children(), [])
}

test('waiting for a thousand children leaves no zombie, descriptor or thread', { timeout: 60_000 }, async () => {
  // What the first wait of all sets up is there from now on.
  await promises.system('sleep 0.01')
  const before = { threads: await threadsAtRest(), files: openFiles() }
  const [r, w] = os.pipe()
  // All of them end when the last writer of the pipe is closed.
  const file_actions = [[os.POSIX_SPAWN_DUP2, r, 0]] as const
  const pids = Array.from({ length: 1000 }, () => os.posix_spawn('/bin/cat', ['cat'], null, { file_actions }))
  const waits = pids.map((pid) => promises.waitpid(pid, 0))
  assert.ok(await isPending(Promise.race(waits)))
  if (runtime === 'Node') assert.equal(threads(), before.threads)
  os.close(w)
  os.close(r)
  const results = await Promise.all(waits)
  assert.deepEqual(
    results,
    pids.map((pid) => [pid, 0]),
  )
  assertNoZombies()
  assert.deepEqual(openFiles(), before.files)
  if (runtime === 'Node') assert.equal(threads(), before.threads)
})

test('waitpid returns how the child ended, also if it has already', async () => {
  const slow = childOnStdin(3)
  const waiting = promises.waitpid(slow.pid, 0)
  assert.ok(await isPending(waiting))
  assert.deepEqual(await promises.waitpid(slow.pid, os.WNOHANG), [0, 0])
  slow.release()
  assert.deepEqual(await waiting, [slow.pid, 3 << 8])
  const quick = shell('exit 4')
  const killed = shell('kill -TERM $$')
  os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)
  assert.deepEqual(await promises.waitpid(killed, 0), [killed, SIGTERM])
  assert.deepEqual(await promises.waitpid(quick, 0), [quick, 4 << 8])
})

test('a process that is not a child is a ChildProcessError', async () => {
  await assert.rejects(promises.waitpid(1, 0), os.ChildProcessError)
  await assert.rejects(promises.wait(), os.ChildProcessError)
  await assert.rejects(promises.waitpid(-1, 0), os.ChildProcessError)
  await assert.rejects(promises.waitid(os.P_ALL, 0, os.WEXITED), os.ChildProcessError)
  await assert.rejects(promises.waitid(os.P_PID, 1, os.WEXITED), os.ChildProcessError)
})

test('wait returns one child after the other, also those that start later', async () => {
  const first = childOnStdin(1)
  const waiting = promises.wait()
  assert.ok(await isPending(waiting))
  const later = shell('exit 2')
  assert.deepEqual(await waiting, [later, 2 << 8])
  const all = [promises.wait(), promises.wait()]
  const last = childOnStdin(5)
  first.release()
  last.release()
  const found = await Promise.all(all)
  assert.deepEqual(
    found.toSorted((a, b) => a[1] - b[1]),
    [
      [first.pid, 1 << 8],
      [last.pid, 5 << 8],
    ],
  )
  assertNoZombies()
})

test('wait does not return children that other calls wait for', {
  skip: onlyNode('its own children count as any child'),
}, async () => {
  const ours = childOnStdin(6)
  const nodes = spawn('/bin/sh', ['-c', 'exit 7'])
  const exit = once(nodes, 'exit')
  const named = childOnStdin(8)
  const byName = promises.waitpid(named.pid, 0)
  const any = promises.wait()
  named.release()
  assert.deepEqual(await byName, [named.pid, 8 << 8])
  assert.deepEqual((await exit)[0], 7)
  assert.ok(await isPending(any))
  ours.release()
  assert.deepEqual(await any, [ours.pid, 6 << 8])
})

test('os.wait does not return a child that a promise waits for', async () => {
  const named = shell('exit 9')
  os.waitid(os.P_PID, named, os.WEXITED | os.WNOWAIT)
  const pending = childOnStdin(1)
  const waiting = promises.waitpid(pending.pid, 0)
  assert.deepEqual(os.wait(), [named, 9 << 8])
  assert.throws(() => os.wait(), os.ChildProcessError)
  pending.release()
  assert.deepEqual(await waiting, [pending.pid, 1 << 8])
})

test('wait3 and wait4 return the resource usage', async () => {
  const pid = shell('exit 1')
  const [child, status, usage] = await promises.wait4(pid, 0)
  assert.deepEqual([child, status], [pid, 256])
  assert.ok(usage.ru_maxrss > 0)
  const other = childOnStdin(2)
  const waiting = promises.wait3(0)
  other.release()
  assert.deepEqual((await waiting).slice(0, 2), [other.pid, 512])
})

test('waitid accepts a process id or descriptor, and WNOWAIT', async () => {
  const child = childOnStdin(3)
  const pidfd = os.pidfd_open(child.pid)
  const looking = promises.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
  const byDescriptor = promises.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
  assert.ok(await isPending(Promise.race([looking, byDescriptor])))
  child.release()
  for (const found of [await looking, await byDescriptor]) {
    assert.deepEqual([found?.si_pid, found?.si_status, found?.si_code], [child.pid, 3, os.CLD_EXITED])
  }
  assert.equal((await promises.waitid(os.P_ALL, 0, os.WEXITED))?.si_pid, child.pid)
  await assert.rejects(promises.waitid(os.P_PIDFD, pidfd, os.WEXITED), os.ChildProcessError)
  os.close(pidfd)
  assertNoZombies()
})

test('waitpid returns stops and continuations', async () => {
  const child = childOnStdin(0)
  const stopped = promises.waitpid(child.pid, os.WUNTRACED)
  os.kill(child.pid, SIGSTOP)
  assert.equal(os.WSTOPSIG((await stopped)[1]), SIGSTOP)
  const continued = promises.waitid(os.P_PID, child.pid, os.WCONTINUED)
  os.kill(child.pid, SIGCONT)
  assert.equal((await continued)?.si_code, os.CLD_CONTINUED)
  child.release()
  await promises.waitpid(child.pid, 0)
})

test('an aborted wait reaps no child', async () => {
  const child = childOnStdin(7)
  const files = openFiles()
  const reason = new Error('enough')
  const waits = [
    (signal: AbortSignal) => promises.waitpid(child.pid, 0, { signal }),
    (signal: AbortSignal) => promises.waitpid(child.pid, os.WUNTRACED, { signal }),
    (signal: AbortSignal) => promises.wait({ signal }),
    (signal: AbortSignal) => promises.waitid(os.P_ALL, 0, os.WEXITED, { signal }),
  ]
  for (const wait of waits) {
    const controller = new AbortController()
    const waiting = wait(controller.signal)
    assert.ok(await isPending(waiting))
    controller.abort(reason)
    await assert.rejects(waiting, (error) => error === reason)
    await assert.rejects(wait(controller.signal), (error) => error === reason)
  }
  assert.deepEqual(openFiles(), files)
  child.release()
  assert.deepEqual(await promises.wait(), [child.pid, 7 << 8])
})

test('in a sandbox without process descriptors children are polled', { skip: noSeccomp }, () => {
  for (const errno of [ENOSYS, EPERM]) {
    const program = `
      import { forbid } from '${import.meta.resolve('../../support/seccomp.js')}'
      forbid('pidfd_open', ${errno})
      const start = () => os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 0.1; exit 3'], null)
      const [one, two] = [start(), start()]
      const found = [await os.promises.waitpid(one, 0), await os.promises.wait()]
      console.log(JSON.stringify(found.map(([pid, status]) => [[one, two].indexOf(pid), status])))`
    assert.deepEqual(askNode(program), [
      [0, 3 << 8],
      [1, 3 << 8],
    ])
  }
})

test('without free descriptors children are polled', () => {
  const program = `
    const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 0.1; exit 3'], null)
    await os.promises.system('true')
    const fds = []
    try { for (;;) fds.push(os.dup(0)) } catch {}
    const found = await os.promises.waitpid(pid, 0)
    for (const fd of fds) os.close(fd)
    console.log(JSON.stringify(found[1]))`
  assert.equal(askNode(program, { command: ['/bin/sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'] }), 3 << 8)
})

test('a wait with ref: false does not keep the process alive', () => {
  const program = `
    const pids = [1, 2].map(() => os.posix_spawn('/bin/sleep', ['sleep', '60'], null))
    const waits = [os.promises.waitpid(pids[0], 0, { ref: false }), os.promises.wait({ ref: false })]
    for (const wait of waits) wait.then(() => console.log(1))
    process.on('exit', () => { for (const pid of pids) { os.kill(pid, ${SIGKILL}); os.waitpid(pid, 0) } })
    console.log(JSON.stringify('done'))`
  assert.equal(askNode(program), 'done')
})

test('worker threads wait for their own children', async () => {
  const ours = childOnStdin(1)
  const code = `
    const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'sleep 0.05; exit 5'], null)
    const [child, status] = await os.promises.wait()
    return [child === pid, status]`
  assert.deepEqual(await inWorker(code), [true, 5 << 8])
  ours.release()
  assert.deepEqual(await promises.wait(), [ours.pid, 1 << 8])
})

test('invalid arguments reject', async () => {
  await assert.rejects(promises.waitpid('1' as never, 0), TypeError)
  await assert.rejects(promises.waitpid(1, 1.5), RangeError)
  await assert.rejects(promises.waitpid(1, 0, { signal: 1 as never }), TypeError)
  await assert.rejects(promises.wait(0 as never), TypeError)
  await assert.rejects(promises.waitpid(-1, 1 << 20), { code: 'EINVAL' })
  await assert.rejects(promises.waitid(99, 0, os.WEXITED), { code: 'EINVAL' })
  await assert.rejects(promises.waitid(os.P_PIDFD, 1_000_000, os.WEXITED), { code: 'EBADF' })
})
