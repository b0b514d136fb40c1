import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import os from 'osier'
import { assertSameAsPython, type Step } from '../../support/calls.ts'
import { otherMachine } from '../../support/emulation.ts'
import { noPython } from '../../support/python.ts'
import { ownGroups } from '../../support/runtime.ts'
import { inWorker } from '../../support/worker.ts'

/** Higher than any pid can be. */
const UNUSED_ID = 99_999_999

test('getpid and getppid return the ids that Node has', () => {
  assert.equal(os.getpid(), process.pid)
  assert.equal(os.getppid(), process.ppid)
})

test('process groups and sessions are the same as in Python', { skip: noPython || ownGroups }, () => {
  assertSameAsPython([
    ['getpgid', 0],
    ['getpgrp'],
    ['getsid', 0],
    ['getpgid', process.pid],
    ['getsid', process.pid],
    ['getpgid', UNUSED_ID],
    ['getsid', UNUSED_ID],
    ['getpgid', -1],
    ['getsid', -1],
    ['getpgid', 2 ** 31],
    ['getsid', -(2 ** 31) - 1],
    ['getpgid', 'x'],
    ['getsid', null],
    ['setpgid', UNUSED_ID, 0],
    ['setpgid', -1, 0],
    ['setpgid', 0, -1],
    ['setpgid', 2 ** 31, 0],
    ['setpgid', 0, '0'],
    // A process can move only itself and its children.
    ['setpgid', process.pid, 0],
  ])
})

test('a process that leads a group cannot lead a session', { skip: noPython }, () => {
  assertSameAsPython([['setpgrp'], ['setpgid', 0, 0], ['setsid']])
  assertSameAsPython([['setsid'], ['setsid'], ['setpgrp']])
})

test('a process leads its own group and session', () => {
  const program = `
    import os from 'osier'
    const own = () => [os.getpgrp(), os.getpgid(0), os.getpgid(os.getpid()), os.getsid(0)].map((id) => id === os.getpid())
    const before = own()
    os.setpgid(0, 0)
    const grouped = own()
    os.setpgid(os.getpid(), os.getpgid(os.getppid()))
    os.setsid()
    console.log(JSON.stringify([before, grouped, own()]))`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(child.status, 0, child.stderr)
  assert.deepEqual(JSON.parse(child.stdout), [
    [false, false, false, false],
    [true, true, true, false],
    [true, true, true, true],
  ])
})

test('getpriority and setpriority work as in Python', { skip: noPython }, () => {
  const show: Step[] = ['PRIO_PROCESS', 'PRIO_PGRP', 'PRIO_USER'].map((which) => [
    'getpriority',
    { constant: which },
    0,
  ])
  assertSameAsPython([
    ...show,
    ['getpriority', 5, 0],
    ['getpriority', 0, UNUSED_ID],
    ['getpriority', 0, -5],
    ['getpriority', 2 ** 31, 0],
    ['getpriority', 'x', 0],
    ['getpriority', 0, null],
    ['setpriority', 0, 0, 3],
    ['getpriority', 0, 0],
    // With the privilege it becomes -1, which C returns for failure too; without, it stays.
    ['setpriority', 0, 0, -1],
    ['getpriority', 0, 0],
    ['setpriority', 0, 0, 100],
    ['getpriority', 0, 0],
    ['setpriority', 0, 0, -100],
    ['getpriority', 0, 0],
    ['setpriority', 0, UNUSED_ID, 0],
    ['setpriority', 7, 0, 0],
    ['setpriority', 0, 0, 2 ** 31],
    ['setpriority', 0, 0, '1'],
    ['setpriority', 0, 1.5e10, 1],
  ])
})

test('umask works as in Python', { skip: noPython }, () => {
  assertSameAsPython([
    ['umask', 0o027],
    ['umask', -1],
    ['umask', 0o7777777],
    ['umask', 0],
    ['umask', 2 ** 31],
    ['umask', '0'],
    ['umask', null],
    ['umask', 0],
  ])
})

test('Node sees a umask that was set', () => {
  const before = os.umask(0o135)
  try {
    assert.equal(process.umask(), 0o135)
    process.umask(0o246)
    assert.equal(os.umask(0o022), 0o246)
  } finally {
    os.umask(before)
  }
})

test('uname returns the same as Python', { skip: noPython || otherMachine }, () => {
  assertSameAsPython([['uname'], ['ctermid']])
})

test('a uname_result has fields and items', () => {
  const result = os.uname()
  assert.ok(result instanceof os.uname_result)
  assert.equal(result.sysname, 'Linux')
  const { sysname, nodename, release, version, machine } = result
  assert.deepEqual([...result], [sysname, nodename, release, version, machine])
  assert.deepEqual([result[0], result[4], result.length], [sysname, machine, 5])
  assert.deepEqual(new os.uname_result(['a', 'b', 'c', 'd', 'e']).toArray(), ['a', 'b', 'c', 'd', 'e'])
  assert.throws(() => new os.uname_result(['a', 'b', 'c', 'd']), RangeError)
  assert.throws(() => new os.uname_result(['a', 'b', 'c', 'd', 'e', 'f']), RangeError)
})

test('the texts of error numbers are those of Python', { skip: noPython }, () => {
  const numbers = Array.from({ length: 140 }, (_, number) => number)
  assertSameAsPython([
    ...numbers.map((number): Step => ['strerror', number]),
    ['strerror', 9999],
    ['strerror', -1],
    ['strerror', -(2 ** 31)],
    ['strerror', 2 ** 31],
    ['strerror', 'ENOENT'],
    ['strerror', null],
  ])
})

test('a worker thread may query the process and not change it', async () => {
  const [asked, codes, error] = await inWorker<[number[], unknown[], string]>(`
    const attempts = [() => os.umask(0o22), () => os.setsid(), () => os.setpgrp(), () => os.setpgid(0, 0),
      () => os.setpgid(os.getpid(), 0)]
    const codes = attempts.map((attempt) => { try { attempt() } catch (error) { return error.code } })
    const asked = [os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0)]
    try { os.setpgid(${UNUSED_ID}, 0) } catch (error) { return [asked, codes, error.code] }`)
  assert.deepEqual(asked, [process.pid, process.ppid, os.getpgrp(), os.getsid(0)])
  assert.deepEqual(codes, Array(5).fill('ERR_WORKER_UNSUPPORTED_OPERATION'))
  assert.equal(error, 'ESRCH')
})
