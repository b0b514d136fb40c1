import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import os from 'osier'
import { SIGKILL, SIGTERM } from 'osier/signal'
import { runNode } from '../../support/child.ts'
import { exitCode } from '../../support/children.ts'
import { lateChildren, noSubreaper } from '../../support/emulation.ts'
import { askPython, noPython } from '../../support/python.ts'

test('a times_result has fields and items', () => {
  const result = os.times()
  assert.ok(result instanceof os.times_result)
  const { user, system, children_user, children_system, elapsed } = result
  assert.deepEqual([...result], [user, system, children_user, children_system, elapsed])
  assert.equal(result.length, 5)
  for (const seconds of result) assert.ok(seconds >= 0 && Number.isFinite(seconds))
  assert.deepEqual(new os.times_result([1, 2, 3, 4, 5]).toArray(), [1, 2, 3, 4, 5])
  assert.throws(() => new os.times_result([1, 2, 3, 4]), RangeError)
})

test('times of the process and of its children never decrease', () => {
  const before = os.times()
  spawnSync(process.execPath, [
    '-e',
    'for (const end = process.cpuUsage().user + 1e5; process.cpuUsage().user < end; );',
  ])
  const after = os.times()
  for (const [index, seconds] of before.toArray().entries()) assert.ok((after[index] ?? 0) >= seconds)
  // The child has used a tenth of a second at the least; the kernel counts in hundredths.
  assert.ok(after.children_user + after.children_system >= before.children_user + before.children_system + 0.08)
})

test('elapsed has the same origin as in Python', { skip: noPython }, () => {
  const before = os.times().elapsed
  const between = askPython<number>('import os; print(os.times().elapsed)')
  const after = os.times().elapsed
  assert.ok(before <= between && between <= after, `${before} <= ${between} <= ${after}`)
})

describe('kill and killpg', () => {
  const sleeper = (options: os.PosixSpawnOptions = {}): number =>
    os.posix_spawn('/bin/sleep', ['sleep', '60'], null, options)

  test('send signals to a process and to a group', { skip: lateChildren }, () => {
    const [alone, leader] = [sleeper(), sleeper({ setpgroup: 0 })]
    const member = sleeper({ setpgroup: leader })
    for (const pid of [alone, leader, member]) os.kill(pid, 0)
    os.killpg(leader, 0)
    os.kill(alone, SIGTERM)
    os.killpg(leader, SIGKILL)
    assert.deepEqual([alone, leader, member].map(exitCode), [-SIGTERM, -SIGKILL, -SIGKILL])
    const second = sleeper({ setpgroup: 0 })
    os.kill(-second, SIGKILL)
    assert.equal(exitCode(second), -SIGKILL)
    assert.throws(() => os.kill(second, 0), os.ProcessLookupError)
    assert.throws(() => os.killpg(second, 0), os.ProcessLookupError)
  })

  test('throw for invalid signals and processes', () => {
    assert.throws(() => os.kill(process.pid, 99), { code: 'EINVAL', syscall: 'kill' })
    assert.throws(() => os.killpg(os.getpgrp(), 99), { code: 'EINVAL', syscall: 'killpg' })
    assert.throws(() => os.killpg(-5, 0), { code: 'EINVAL' })
    for (const call of [os.kill, os.killpg]) {
      for (const pid of ['1', null, undefined, 1n]) assert.throws(() => call(pid as never, 0), TypeError)
      for (const pid of [0.5, 2 ** 31, Number.NaN]) assert.throws(() => call(pid, 0), RangeError)
      assert.throws(() => call(process.pid, 'SIGTERM' as never), TypeError)
    }
  })

  test('raise audit events, and a hook can prevent the call', () => {
    const child = runNode(`
      os.addaudithook((event, args) => {
        if (!event.startsWith('os.kill')) return
        console.log(event, args.slice(1).join())
        throw new Error('refused')
      })
      for (const call of [os.kill, os.killpg]) try { call(process.pid, 9) } catch (error) { console.log(error.message) }`)
    assert.equal(child.stdout, 'os.kill 9\nrefused\nos.killpg 9\nrefused\n')
  })
})

describe('the end of the process', () => {
  test('_exit ends it at once with the low eight bits, without handlers and flushing', () => {
    for (const [n, status] of [
      [3, 3],
      [256 + 5, 5],
      [-1, 255],
    ]) {
      const child = runNode(`
        process.on('exit', () => console.log('handler'))
        setTimeout(() => console.log('timer'))
        os._exit(${n})`)
      assert.deepEqual([child.stdout, child.stderr, child.status], ['', '', status])
    }
    assert.throws(() => os._exit('0' as never), TypeError)
    assert.throws(() => os._exit(2 ** 40), RangeError)
  })

  test('abort ends it by SIGABRT, whatever handlers there are', () => {
    const child = runNode(`
      import { spawnSync } from 'node:child_process'
      spawnSync('prlimit', ['--core=0', '--pid', String(process.pid)])
      process.on('exit', () => console.log('handler'))
      process.on('SIGABRT', () => console.log('signal'))
      os.abort()`)
    assert.deepEqual([child.stdout, child.signal], ['', 'SIGABRT'])
  })

  test('exit codes have the values of sysexits.h', () => {
    assert.equal(os.EX_OK, 0)
    const names =
      `USAGE DATAERR NOINPUT NOUSER NOHOST UNAVAILABLE SOFTWARE OSERR OSFILE CANTCREAT IOERR TEMPFAIL PROTOCOL
      NOPERM CONFIG`.split(/\s+/)
    assert.deepEqual(
      names.map((name) => Reflect.get(os, `EX_${name}`)),
      Array.from({ length: 15 }, (_, index) => 64 + index),
    )
  })
})

test('nice adds to the niceness, and returns the new one', () => {
  const child = runNode(`
    const before = os.getpriority(os.PRIO_PROCESS, 0)
    const found = [os.nice(0) - before, os.nice(2) - before, os.nice(0) - before, os.getpriority(os.PRIO_PROCESS, 0) - before]
    found.push(os.nice(1000), os.nice(1000))
    console.log(found.join())`)
  assert.deepEqual([child.stderr, child.stdout], ['', '0,2,2,2,19,19\n'])
  for (const value of ['1', null, undefined]) assert.throws(() => os.nice(value as never), TypeError)
  assert.throws(() => os.nice(0.5), RangeError)
})

test('nice of -1 is a result, not an error', { skip: process.getuid?.() !== 0 && 'not root' }, () => {
  const child = runNode(`
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    console.log(os.nice(-1))
    os.setuid(65534)
    try { os.nice(-1) } catch (error) { console.log(error.code) }`)
  // The first only where root may do so, which it may not in every container.
  assert.match(child.stdout, /^(-1\n)?(EPERM|EACCES)\n$/)
})

test('set_child_subreaper sets and clears what get_child_subreaper returns', { skip: noSubreaper }, () => {
  const child = runNode(`
    console.log(os.get_child_subreaper())
    os.set_child_subreaper(true)
    console.log(os.get_child_subreaper())
    // The shell leaves an orphan, which is now a child of this process, and can be waited for.
    os.system('sleep 0.05 & :')
    console.log(os.wait()[1])
    os.set_child_subreaper(false)
    console.log(os.get_child_subreaper())
    os.system('sleep 0.05 & :')
    try { os.wait() } catch (error) { console.log(error.code) }`)
  assert.deepEqual([child.stderr, child.stdout], ['', 'false\ntrue\n0\nfalse\nECHILD\n'])
  assert.throws(() => os.set_child_subreaper(1 as never), TypeError)
  assert.throws(() => os.set_child_subreaper(undefined as never), TypeError)
})
