import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import * as signal from 'osier/signal'
import * as time from 'osier/time'
import { runNode } from '../support/child.ts'
import { inWorker } from '../support/worker.ts'

const { SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SIGUSR2 } = signal

/** Runs `body` with a signal blocked. */
function blocking(body: () => void): void {
  const before = signal.pthread_sigmask(SIG_BLOCK, [SIGUSR2])
  try {
    body()
  } finally {
    signal.pthread_sigmask(SIG_SETMASK, before)
  }
}

describe('a blocked signal', () => {
  test('stays pending until it is taken', () => {
    blocking(() => {
      assert.ok(signal.pthread_sigmask(SIG_BLOCK, []).has(SIGUSR2))
      assert.equal(signal.sigpending().has(SIGUSR2), false)
      signal.raise_signal(SIGUSR2)
      assert.ok(signal.sigpending().has(SIGUSR2))
      assert.equal(signal.sigwait(new Set([SIGUSR2])), SIGUSR2)
      assert.equal(signal.sigpending().has(SIGUSR2), false)
    })
    assert.equal(signal.pthread_sigmask(SIG_UNBLOCK, []).has(SIGUSR2), false)
  })

  test('tells who sent it', () => {
    blocking(() => {
      signal.pthread_kill(signal.get_native_id(), SIGUSR2)
      const info = signal.sigwaitinfo([SIGUSR2])
      assert.deepEqual([info.si_signo, info.si_pid, info.si_uid, info.si_errno], [SIGUSR2, os.getpid(), os.getuid(), 0])
      assert.equal(info.length, 7)
      assert.equal(signal.sigtimedwait([SIGUSR2], 0), null)
      signal.raise_signal(SIGUSR2)
      assert.equal(signal.sigtimedwait([SIGUSR2], 0)?.si_signo, SIGUSR2)
    })
  })

  test('is waited for as long as asked for', () => {
    const start = time.monotonic_ns()
    assert.equal(signal.sigtimedwait([SIGUSR2], 0.03), null)
    assert.ok(time.monotonic_ns() - start >= 30_000_000n)
  })

  test('is never one of a fault', () => {
    const all = Array.from({ length: signal.NSIG - 1 }, (_, index) => index + 1)
    const before = signal.pthread_sigmask(SIG_BLOCK, all)
    const blocked = signal.pthread_sigmask(SIG_SETMASK, before)
    for (const fault of [signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, 32, 33]) {
      assert.equal(blocked.has(fault), false)
    }
    assert.ok(blocked.has(signal.SIGTERM))
  })

  test('of a worker belongs to the worker', async () => {
    const result = await inWorker<unknown[]>(`
      const signal = await import('${import.meta.resolve('osier/signal')}')
      signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
      signal.raise_signal(signal.SIGUSR2)
      return [signal.sigwait([signal.SIGUSR2]), signal.get_native_id() !== process.pid]`)
    assert.deepEqual(result, [SIGUSR2, true])
    assert.equal(signal.pthread_sigmask(SIG_UNBLOCK, []).has(SIGUSR2), false)
  })
})

test('a wait goes on after other signals', () => {
  const child = runNode(`
    import * as signal from 'osier/signal'
    import * as time from 'osier/time'
    process.on('SIGALRM', () => undefined)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    const start = time.monotonic()
    console.log(signal.sigtimedwait([signal.SIGUSR2], 0.1), time.monotonic() - start >= 0.1)
    signal.setitimer(signal.ITIMER_REAL, 0)`)
  assert.deepEqual([child.stderr, child.stdout], ['', 'null true\n'])
})

test('promises.sigwait lets the event loop run, and is aborted', () => {
  const child = runNode(`
    import * as signal from 'osier/signal'
    setTimeout(() => os.kill(process.pid, signal.SIGHUP), 20)
    console.log(await signal.promises.sigwait([signal.SIGHUP, signal.SIGUSR2]), process.listenerCount('SIGHUP'))
    const waiting = signal.promises.sigwait([signal.SIGHUP], { signal: AbortSignal.timeout(20) })
    console.log(await waiting.catch((error) => error.name), process.listenerCount('SIGHUP'))
    const refused = [signal.promises.sigwait([0]), signal.promises.sigwait([signal.SIGHUP, 34]), signal.promises.sigwait([9])]
    for (const one of refused) console.log(await one.catch((error) => error.name), process.listenerCount('SIGHUP'))
    signal.promises.sigwait([signal.SIGHUP], { ref: false })`)
  assert.deepEqual(
    [child.stderr, child.stdout],
    ['', '1 0\nTimeoutError 0\nRangeError 0\nNotImplementedError 0\nNotImplementedError 0\n'],
  )
})

describe('what is no set of signals is refused:', () => {
  const calls = {
    pthread_sigmask: (set: never) => signal.pthread_sigmask(SIG_BLOCK, set),
    sigwait: signal.sigwait,
    sigwaitinfo: signal.sigwaitinfo,
    sigtimedwait: (set: never) => signal.sigtimedwait(set, 0),
  }
  for (const [name, call] of Object.entries(calls)) {
    test(name, () => {
      for (const set of [5, null, undefined, {}]) assert.throws(() => call(set as never), TypeError)
      for (const set of [[0], [signal.NSIG], [1.5], [-1]]) assert.throws(() => call(set as never), RangeError)
      assert.throws(() => call(['9'] as never), TypeError)
    })
  }
  test('or no way, time or thread', () => {
    assert.throws(() => signal.pthread_sigmask(99, [SIGUSR2]), { code: 'EINVAL' })
    assert.throws(() => signal.sigtimedwait([SIGUSR2], -1), RangeError)
    assert.throws(() => signal.sigtimedwait([SIGUSR2], Number.NaN), RangeError)
    for (const thread of [0, -1, 1]) assert.throws(() => signal.pthread_kill(thread, 0), { code: 'ESRCH' })
    assert.throws(() => signal.pthread_kill(signal.get_native_id(), 99), { code: 'EINVAL' })
    assert.throws(() => signal.raise_signal(99), { code: 'EINVAL' })
  })
})
