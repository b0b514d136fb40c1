import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as time from 'osier/time'
import { runNode } from '../support/child.ts'
import { askPython, noPython } from '../support/python.ts'

describe('clocks', () => {
  const pairs = [
    [time.time, time.time_ns, time.CLOCK_REALTIME],
    [time.monotonic, time.monotonic_ns, time.CLOCK_MONOTONIC],
    [time.perf_counter, time.perf_counter_ns, time.CLOCK_MONOTONIC],
    [time.process_time, time.process_time_ns, time.CLOCK_PROCESS_CPUTIME_ID],
    [time.thread_time, time.thread_time_ns, time.CLOCK_THREAD_CPUTIME_ID],
  ] as const

  for (const [seconds, nanoseconds, clock] of pairs) {
    test(`${seconds.name} and ${nanoseconds.name} read one clock`, () => {
      const values = [
        seconds(),
        Number(nanoseconds()) / 1e9,
        time.clock_gettime(clock),
        Number(time.clock_gettime_ns(clock)) / 1e9,
      ]
      // Each is read after the one before; the numbers are rounded.
      for (const [index, value] of values.entries())
        assert.ok(index === 0 || value >= (values[index - 1] ?? 0) - 1e-6, String(values))
      assert.ok(Math.abs((values[3] ?? 0) - (values[0] ?? 0)) < 5)
    })
  }

  test('agree with those of Node', () => {
    assert.ok(Math.abs(time.time() - Date.now() / 1000) < 5)
    const node = process.hrtime.bigint()
    assert.ok(time.monotonic_ns() >= node)
  })

  test('have the properties that python3 reports', { skip: noPython }, () => {
    const names = ['time', 'monotonic', 'perf_counter', 'process_time', 'thread_time'] as const
    const theirs = askPython(`
import json, time
print(json.dumps([vars(time.get_clock_info(name)) for name in ${JSON.stringify(names)}]))`)
    assert.deepEqual(names.map(time.get_clock_info), theirs)
    assert.throws(() => time.get_clock_info('toString' as never), RangeError)
    assert.throws(() => time.get_clock_info(5 as never), TypeError)
  })

  test('that do not exist, or cannot be set, are EINVAL', () => {
    for (const call of [time.clock_gettime, time.clock_gettime_ns, time.clock_getres]) {
      assert.throws(() => call(99), { name: 'OSError', code: 'EINVAL' })
      assert.throws(() => call(1.5), RangeError)
      assert.throws(() => call('1' as never), TypeError)
    }
    assert.throws(() => time.clock_settime(time.CLOCK_MONOTONIC, 1.5), { code: 'EINVAL' })
    assert.throws(() => time.clock_settime_ns(time.CLOCK_MONOTONIC, 1n), { code: 'EINVAL' })
    for (const bad of [Number.NaN, 1e30]) assert.throws(() => time.clock_settime(time.CLOCK_MONOTONIC, bad), RangeError)
    assert.throws(() => time.clock_settime_ns(time.CLOCK_MONOTONIC, 2 ** 60), RangeError)
  })

  test('of threads and processes', () => {
    const threads = readdirSync('/proc/self/task').map(Number)
    for (const thread of threads) assert.ok(time.clock_gettime(time.pthread_getcpuclockid(thread)) >= 0)
    for (const thread of [0, -1, 1, 2 ** 31 - 1]) {
      if (!threads.includes(thread)) assert.throws(() => time.pthread_getcpuclockid(thread), { code: 'ESRCH' })
    }
    assert.ok(time.clock_gettime(time.clock_getcpuclockid(0)) >= time.thread_time() - 1)
    assert.throws(() => time.clock_getcpuclockid(2 ** 22 + 1), { code: 'ESRCH' })
  })
})

describe('sleep', () => {
  test('takes as long as asked for, and no less', () => {
    for (const secs of [0, 1e-9, 0.001, 0.02]) {
      const start = time.monotonic_ns()
      time.sleep(secs)
      assert.ok(time.monotonic_ns() - start >= BigInt(Math.ceil(secs * 1e9)), String(secs))
    }
    time.sleep(0n)
  })

  test('is not ended by signals, nor made longer', () => {
    const child = runNode(`
      import * as time from 'osier/time'
      process.on('SIGUSR2', () => undefined)
      const pid = os.spawnlp(os.P_NOWAIT, 'sh', 'sh', '-c', 'for i in 1 2 3 4 5; do kill -USR2 ' + process.pid + '; sleep 0.02; done')
      const start = time.monotonic()
      time.sleep(0.3)
      const took = time.monotonic() - start
      os.waitpid(pid, 0)
      console.log(took >= 0.3 && took < 3)`)
    assert.deepEqual([child.stderr, child.stdout], ['', 'true\n'])
  })

  test('raises an audit event', () => {
    const child = runNode(`
      import * as time from 'osier/time'
      os.addaudithook((event, args) => { if (event === 'time.sleep') throw new Error(args[0] + ' refused') })
      try { time.sleep(0.5) } catch (error) { console.log(error.message) }
      await time.promises.sleep(0.25).catch((error) => console.log(error.message))`)
    assert.deepEqual([child.stderr, child.stdout], ['', '0.5 refused\n0.25 refused\n'])
  })

  test('refuses what is no time', async () => {
    for (const secs of [-1, -1e-9, -1n, Number.NaN, Number.POSITIVE_INFINITY, 1e10, 2n ** 40n]) {
      assert.throws(() => time.sleep(secs), RangeError, String(secs))
      await assert.rejects(time.promises.sleep(secs), RangeError, String(secs))
    }
    for (const secs of ['1', null, {}]) assert.throws(() => time.sleep(secs as never), TypeError)
  })

  test('lets the event loop run, as a promise', async () => {
    let ran = false
    setImmediate(() => {
      ran = true
    })
    const start = time.monotonic_ns()
    await time.promises.sleep(0.0101)
    assert.ok(time.monotonic_ns() - start >= 10_100_000n)
    assert.ok(ran)
  })

  test('is aborted, as a promise', async () => {
    await assert.rejects(time.promises.sleep(0, { signal: AbortSignal.abort(new Error('before')) }), /before/)
    const abort = new AbortController()
    const sleeping = time.promises.sleep(60, { signal: abort.signal })
    abort.abort(new Error('meanwhile'))
    await assert.rejects(sleeping, /meanwhile/)
    await assert.rejects(time.promises.sleep(1, { signal: 5 as never }), TypeError)
  })
})
