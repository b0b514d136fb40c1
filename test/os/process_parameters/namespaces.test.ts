import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import { askNode } from '../../support/child.ts'
import { askPrivileged, noPrivileges } from '../../support/namespaces.ts'
import { onlyNode } from '../../support/runtime.ts'

/** Begins programs: names a thread's namespace. */
const NAMED = `
  import { readlinkSync } from 'node:fs'
  const named = (kind, thread = 'thread-self') => readlinkSync('/proc/' + thread + '/ns/' + kind)`

const CODES = `
  const codeOf = (attempt) => { try { attempt() } catch (error) { return error.code + ' ' + error.syscall } }`

test('unshare moves the thread to new namespaces', { skip: noPrivileges }, () => {
  const [before, after] = askPrivileged<string[][]>(`${NAMED}
    const kinds = ['uts', 'ipc', 'net', 'mnt', 'cgroup']
    const all = () => kinds.map((kind) => named(kind))
    const before = all()
    os.unshare(os.CLONE_NEWUTS | os.CLONE_NEWIPC | os.CLONE_NEWNET | os.CLONE_NEWNS | os.CLONE_NEWCGROUP)
    console.log(JSON.stringify([before, all()]))`)
  assert.equal(before?.length, 5)
  for (const [index, name] of before.entries()) assert.notEqual(after?.[index], name)
})

const otherThreads = onlyNode('its promises work in threads that come and go')

test('unshare with CLONE_FS gives the thread its own current directory', { skip: otherThreads }, () => {
  const [own, others] = askNode<string[]>(`
    import { realpathSync } from 'node:fs'
    import { realpath } from 'node:fs/promises'
    process.chdir('/')
    // The threads of the pool inherit from the one that starts them: they must be there before.
    await realpath('/')
    os.unshare(os.CLONE_FS | os.CLONE_SYSVSEM | os.CLONE_FILES)
    os.chdir('/usr')
    console.log(JSON.stringify([os.readlink('/proc/thread-self/cwd'), await realpath('/proc/thread-self/cwd')]))`)
  assert.deepEqual([own, others], ['/usr', '/'])
})

test('children of a thread with CLONE_NEWPID are in the new namespace', { skip: noPrivileges }, () => {
  const [pid, own] = askPrivileged<number[]>(`
    os.unshare(os.CLONE_NEWPID)
    const status = os.system('exit $$')
    console.log(JSON.stringify([status >> 8, Number(os.getpid() === process.pid)]))`)
  assert.deepEqual([pid, own], [1, 1])
})

test('a worker leaves the main thread where it is', { skip: noPrivileges }, () => {
  const [main, worker, after] = askPrivileged<string[]>(`${NAMED}
    import { once } from 'node:events'
    import { Worker } from 'node:worker_threads'
    const main = named('uts')
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(\`
      import os from '\${import.meta.resolve('osier')}'
      import { parentPort } from 'node:worker_threads'
      os.unshare(os.CLONE_NEWUTS)
      parentPort.postMessage(os.readlink('/proc/thread-self/ns/uts'))\`)))
    const [moved] = await once(worker, 'message')
    console.log(JSON.stringify([main, moved, named('uts')]))`)
  assert.notEqual(worker, main)
  assert.equal(after, main)
})

test('setns moves the thread to an existing namespace', { skip: noPrivileges }, () => {
  const [first, second, third, wrong] = askPrivileged<string[]>(`${NAMED}${CODES}
    os.unshare(os.CLONE_NEWUTS)
    const fd = os.open('/proc/thread-self/ns/uts', os.O_RDONLY)
    const seen = [named('uts')]
    os.unshare(os.CLONE_NEWUTS)
    seen.push(named('uts'))
    const wrong = codeOf(() => os.setns(fd, os.CLONE_NEWNET))
    os.setns(fd)
    seen.push(named('uts'))
    os.setns({ fd }, os.CLONE_NEWUTS)
    os.setns({ fileno: () => fd }, { nstype: os.CLONE_NEWUTS })
    os.close(fd)
    console.log(JSON.stringify([...seen, wrong]))`)
  assert.notEqual(first, second)
  assert.equal(first, third)
  assert.equal(wrong, 'EINVAL setns')
})

test('setns accepts a pidfd and namespace types', { skip: noPrivileges }, () => {
  const [of, moved, ipc, stayed] = askPrivileged<string[]>(`${NAMED}
    import { spawn } from 'node:child_process'
    import { setTimeout } from 'node:timers/promises'
    const own = named('uts')
    const ipc = named('ipc')
    const child = spawn('unshare', ['--uts', '--ipc', 'sleep', '60'], { stdio: 'ignore' })
    const its = () => named('uts', child.pid)
    while (its() === own) await setTimeout(5)
    const pidfd = os.pidfd_open(child.pid)
    os.setns(pidfd, os.CLONE_NEWUTS)
    console.log(JSON.stringify([its(), named('uts'), ipc, named('ipc')]))
    os.close(pidfd)
    child.kill()`)
  assert.equal(moved, of)
  assert.equal(stayed, ipc)
})

test('errors of the system are OSErrors', () => {
  assert.equal(os.unshare(0), undefined)
  assert.throws(() => os.unshare(1), { code: 'EINVAL', syscall: 'unshare' })
  // Node has more than one thread.
  for (const flag of [os.CLONE_NEWUSER, os.CLONE_VM, os.CLONE_SIGHAND, os.CLONE_THREAD]) {
    assert.throws(() => os.unshare(flag), { code: 'EINVAL' })
  }
  assert.throws(() => os.setns(-1), RangeError)
  assert.throws(() => os.setns(99_999, os.CLONE_NEWUTS), { code: 'EBADF', syscall: 'setns' })
  assert.throws(() => os.setns(0, 1), { code: 'EINVAL' })
  const bad = (value: unknown): number => value as number
  for (const value of ['0', null, undefined, [0], true]) {
    assert.throws(() => os.unshare(bad(value)), TypeError)
    assert.throws(() => os.setns(bad(value)), TypeError)
  }
  for (const value of [1.5, 2 ** 31, Number.NaN]) {
    assert.throws(() => os.unshare(value), RangeError)
    assert.throws(() => os.setns(0, value), RangeError)
  }
  assert.throws(() => os.setns(0, bad('0')), TypeError)
})
