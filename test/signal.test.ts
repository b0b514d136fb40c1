import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, test } from 'node:test'
import os from 'osier'
import * as signal from 'osier/signal'
import { runNode } from './support/child.ts'
import { exitCode } from './support/children.ts'
import { askPython, noPython } from './support/python.ts'
import { inWorker } from './support/worker.ts'

describe('the signals of the platform', () => {
  test('have the numbers that Node knows', () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      assert.equal(Reflect.get(signal, name), name === 'SIGUNUSED' ? undefined : number, name)
    }
  })

  test('are those of Python: numbers, names, texts, and which there are', { skip: noPython }, () => {
    interface Theirs {
      readonly numbers: Record<string, number>
      readonly names: [number, string][]
      readonly texts: (string | null)[]
      readonly valid: number[]
    }
    const theirs = askPython<Theirs>(`
import json, signal
print(json.dumps({
    'numbers': {name: int(getattr(signal, name)) for name in dir(signal) if name.startswith('SIG') and name[3] != '_'}
      | {'NSIG': signal.NSIG, 'SIG_DFL': int(signal.SIG_DFL), 'SIG_IGN': int(signal.SIG_IGN)},
    'names': [[int(one), one.name] for one in signal.Signals],
    'texts': [signal.strsignal(number) for number in range(1, signal.NSIG)],
    'valid': [int(one) for one in signal.valid_signals()]}))`)
    for (const [name, number] of Object.entries(theirs.numbers)) assert.equal(Reflect.get(signal, name), number, name)
    for (const [number, name] of theirs.names) {
      assert.equal(signal.Signals[number], name)
      assert.equal(Reflect.get(signal.Signals, name), number)
    }
    const numbers = Array.from({ length: signal.NSIG - 1 }, (_, index) => index + 1)
    assert.deepEqual(numbers.map(signal.strsignal), theirs.texts)
    assert.deepEqual(
      [...signal.valid_signals()],
      theirs.valid.sort((a, b) => a - b),
    )
  })

  test('the table of names cannot be changed, and knows synonyms', () => {
    assert.ok(Object.isFrozen(signal.Signals))
    assert.equal(signal.Signals.SIGCLD, signal.SIGCHLD)
    assert.equal(signal.Signals[signal.SIGCHLD], 'SIGCHLD')
    assert.equal(signal.Signals.SIGRTMIN, signal.SIGRTMIN)
    assert.equal(signal.Signals[0], undefined)
  })

  test('numbers out of bounds are refused', () => {
    for (const number of [0, -1, signal.NSIG, 1000]) {
      assert.throws(() => signal.strsignal(number), RangeError)
      assert.throws(() => signal.signal(number, signal.SIG_IGN), RangeError)
    }
    assert.throws(() => signal.strsignal('9' as never), TypeError)
  })
})

describe('what a signal does', () => {
  test('is set, and the previous handler is returned', () => {
    const child = runNode(`
      import * as signal from 'osier/signal'
      const { SIG_IGN, SIG_DFL, SIGUSR2, SIGTERM, SIGPIPE, SIGCHLD } = signal
      process.on('SIGTERM', () => console.log('heard'))
      console.log(signal.signal(SIGUSR2, SIG_IGN), signal.signal(SIGUSR2, SIG_IGN), signal.signal(SIGUSR2, SIG_DFL))
      console.log(signal.signal(SIGPIPE, SIG_DFL), signal.signal(SIGTERM, SIG_IGN))
      signal.signal(SIGUSR2, SIG_IGN)
      os.kill(process.pid, SIGUSR2)
      os.kill(process.pid, SIGTERM)
      setTimeout(() => { signal.signal(SIGUSR2, SIG_DFL); os.kill(process.pid, SIGUSR2) }, 20)`)
    assert.deepEqual([child.stderr, child.stdout, child.signal], ['', '0 1 1\n1 null\n', 'SIGUSR2'])
  })

  test('is refused where the system refuses it, or where it makes no sense', () => {
    assert.throws(() => signal.signal(signal.SIGKILL, signal.SIG_IGN), { code: 'EINVAL' })
    assert.throws(() => signal.signal(signal.SIGSTOP, signal.SIG_DFL), { code: 'EINVAL' })
    assert.throws(() => signal.signal(32, signal.SIG_DFL), { code: 'EINVAL' })
    assert.throws(() => signal.signal(signal.SIGUSR2, 2), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => signal.signal(signal.SIGUSR2, 'ignore' as never), { code: 'ERR_INVALID_ARG_TYPE' })
    assert.throws(() => signal.signal(signal.SIGKILL, () => undefined), { code: 'EINVAL' })
    for (const fault of [signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT]) {
      assert.throws(() => signal.signal(fault, () => undefined), { name: 'NotImplementedError' })
    }
    assert.throws(() => signal.signal(signal.SIGRTMIN ?? 0, () => undefined), { name: 'NotImplementedError' })
  })

  test('cannot be set in a worker', async () => {
    const code = await inWorker<string>(`
      const signal = await import('${import.meta.resolve('osier/signal')}')
      try { signal.signal(signal.SIGUSR2, signal.SIG_IGN) } catch (error) { return error.code }`)
    assert.equal(code, 'ERR_WORKER_UNSUPPORTED_OPERATION')
  })

  test('with SIGCHLD ignored there is no child to wait for', () => {
    const child = runNode(`
      import * as signal from 'osier/signal'
      signal.signal(signal.SIGCHLD, signal.SIG_IGN)
      const pid = os.posix_spawn('/bin/true', ['true'], null)
      for (const call of [() => os.waitpid(pid, 0), () => os.system('true'), () => os.spawnlp(os.P_WAIT, 'true', 'true')]) {
        try { console.log(call()) } catch (error) { console.log(error.code) }
      }`)
    assert.deepEqual([child.stderr, child.stdout], ['', 'ECHILD\nECHILD\nECHILD\n'])
  })
})

test('pidfd_send_signal sends to one process only, also when it has ended', (t) => {
  const pid = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
  const fd = os.pidfd_open(pid)
  // After a failure it would stay stopped, and the runner would wait for the end of its output.
  t.after(() => assert.throws(() => os.kill(pid, signal.SIGKILL), os.ProcessLookupError))
  signal.pidfd_send_signal(fd, 0)
  signal.pidfd_send_signal({ fd }, signal.SIGSTOP, null, 0)
  assert.equal(os.waitpid(pid, os.WUNTRACED)[0], pid)
  assert.match(readFileSync(`/proc/${pid}/status`, 'latin1'), /State:\tT/)
  assert.throws(() => signal.pidfd_send_signal(fd, 99), { code: 'EINVAL' })
  assert.throws(() => signal.pidfd_send_signal(fd, signal.SIGTERM, 5 as never), { code: 'ERR_INVALID_ARG_TYPE' })
  assert.throws(() => signal.pidfd_send_signal(fd, signal.SIGTERM, { flags: 1 << 20 }), { code: 'EINVAL' })
  signal.pidfd_send_signal(fd, signal.SIGKILL, { flags: 0 })
  assert.equal(exitCode(pid), -signal.SIGKILL)
  assert.throws(() => signal.pidfd_send_signal(fd, 0), os.ProcessLookupError)
  os.close(fd)
  assert.throws(() => signal.pidfd_send_signal(fd, 0), { code: 'EBADF' })
  assert.throws(() => signal.pidfd_send_signal('3' as never, 0), TypeError)
})

test('pidfd_send_signal raises an audit event, and a hook may refuse it', () => {
  const child = runNode(`
    import * as signal from 'osier/signal'
    os.addaudithook((event, args) => {
      if (event !== 'signal.pidfd_send_signal') return
      console.log(JSON.stringify(args.slice(1)))
      throw new Error('refused')
    })
    const fd = os.pidfd_open(process.pid)
    try { signal.pidfd_send_signal(fd, signal.SIGKILL) } catch (error) { console.log(error.message) }`)
  assert.deepEqual([child.stderr, child.stdout], ['', '[9,null,0]\nrefused\n'])
})
