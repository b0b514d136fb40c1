import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as signal from 'osier/signal'
import { runNode } from '../support/child.ts'
import { noMainThread } from '../support/runtime.ts'

/** Runs a program with `signal` imported, in a process of its own. */
function outputOf(program: string): string {
  const child = runNode(`import * as signal from 'osier/signal'\nimport * as time from 'osier/time'\n${program}`)
  assert.equal(child.stderr, '')
  return child.stdout
}

describe('a handler in JavaScript', () => {
  test('runs in the event loop, with the number of the signal and null', () => {
    const output = outputOf(`
      const handler = (...given) => console.log(JSON.stringify(given))
      console.log(signal.signal(signal.SIGUSR2, handler), signal.getsignal(signal.SIGUSR2) === handler)
      os.kill(process.pid, signal.SIGUSR2)
      time.sleep(0.05)
      console.log('after the call')
      await time.promises.sleep(0.05)
      console.log(signal.signal(signal.SIGUSR2, signal.SIG_IGN) === handler, signal.getsignal(signal.SIGUSR2))
      signal.raise_signal(signal.SIGUSR2)
      await time.promises.sleep(0.05)
      console.log(process.listenerCount('SIGUSR2'))`)
    assert.equal(output, '0 true\nafter the call\n[12,null]\ntrue 1\n0\n')
  })

  test('is replaced by another one, and works again after SIG_IGN', () => {
    const output = outputOf(`
      const [first, second] = [() => console.log('first'), () => console.log('second')]
      const raise = async () => { signal.raise_signal(signal.SIGUSR2); await time.promises.sleep(0.05) }
      process.on('SIGUSR2', () => console.log('listener'))
      console.log(signal.getsignal(signal.SIGUSR2))
      signal.signal(signal.SIGUSR2, first)
      await raise()
      console.log(signal.signal(signal.SIGUSR2, second) === first)
      await raise()
      console.log(signal.signal(signal.SIGUSR2, signal.SIG_IGN) === second)
      await raise()
      console.log(signal.signal(signal.SIGUSR2, first))
      await raise()`)
    assert.equal(output, 'null\nlistener\nfirst\ntrue\nlistener\nsecond\ntrue\n1\nlistener\nfirst\n')
  })

  test('that throws is an uncaught error', () => {
    const child = runNode(`
      import * as signal from 'osier/signal'
      process.on('uncaughtException', (error) => { console.log(error.name); process.exit(3) })
      signal.signal(signal.SIGINT, signal.default_int_handler)
      setTimeout(() => undefined, 5000)
      os.kill(process.pid, signal.SIGINT)`)
    assert.deepEqual([child.stdout, child.status], ['KeyboardInterrupt\n', 3])
  })

  test('is announced on a descriptor', () => {
    const output = outputOf(`
      const [reader, writer] = os.pipe2(os.O_NONBLOCK)
      console.log(signal.set_wakeup_fd(writer, { warn_on_full_buffer: false }) === -1)
      signal.signal(signal.SIGUSR2, () => console.log(os.read(reader, 10)[0]))
      signal.raise_signal(signal.SIGUSR2)
      await time.promises.sleep(0.05)
      console.log(signal.set_wakeup_fd(-1) === writer)
      const [, blocking] = os.pipe()
      try { signal.set_wakeup_fd(blocking) } catch (error) { console.log(error.name) }
      try { signal.set_wakeup_fd(1000) } catch (error) { console.log(error.code) }`)
    assert.equal(output, 'true\n12\ntrue\nRangeError\nEBADF\n')
  })
})

test('pause ends when a signal with a handler arrives', () => {
  const output = outputOf(`
    signal.signal(signal.SIGALRM, () => console.log('handled'))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    signal.pause()
    console.log('paused')
    await time.promises.sleep(0.05)`)
  assert.equal(output, 'paused\nhandled\n')
})

describe('timers', { skip: noMainThread }, () => {
  test('send signals, and report what is left', () => {
    const output = outputOf(`
      let count = 0
      signal.signal(signal.SIGALRM, () => { count += 1 })
      console.log(signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01))
      while (count < 3) await time.promises.sleep(0.01)
      const [left, interval] = signal.setitimer(signal.ITIMER_REAL, 0)
      console.log(left <= 0.01, interval, signal.getitimer(signal.ITIMER_REAL))
      console.log(signal.alarm(100), signal.alarm(0) >= 99, signal.alarm(0))
      signal.setitimer(signal.ITIMER_REAL, 1e-9)
      await time.promises.sleep(0.05)
      console.log(count > 3)`)
    assert.equal(output, '[ 0, 0 ]\ntrue 0.01 [ 0, 0 ]\n0 true 0\ntrue\n')
  })

  test('refuse what is no time, and no timer', () => {
    assert.throws(() => signal.setitimer(99, 1), { code: 'EINVAL' })
    assert.throws(() => signal.setitimer(signal.ITIMER_REAL, -1), { code: 'EINVAL' })
    assert.throws(() => signal.getitimer(99), { code: 'EINVAL' })
    assert.throws(() => signal.setitimer(signal.ITIMER_REAL, Number.NaN), RangeError)
    assert.throws(() => signal.alarm(-1), RangeError)
    assert.throws(() => signal.alarm(0.5), RangeError)
    assert.throws(() => signal.setitimer(signal.ITIMER_REAL, '1' as never), TypeError)
  })
})
