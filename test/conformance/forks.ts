import assert from 'node:assert/strict'
import os from 'osier'
import { runNode } from '../support/child.ts'
import { exitCode } from '../support/children.ts'
import { conformance, differs, type Here, holds, noFork, type PythonClass, typeError } from './suite.ts'

/** CPython's tests of fork: test_fork1, test_wait3, test_wait4, test_pty, test_popen, and some of test_os. */

const IMPORTS = 'JavaScript has no lock around imports'

/** The output of a program that forks, run in a separate process. */
function forking(program: string): string {
  const { stdout, stderr, status, signal } = runNode(program)
  assert.deepEqual([stderr, status, signal], ['', 0, null])
  return stdout.trim()
}

/**
 * A thread counts in memory. A child has the memory, but not the thread: it exits with 0 if the number does not change.
 * How it is waited for is for each test to say: `wait` gives the id and the status of the child, or 0.
 */
function threadsStayBehind(wait: string): string {
  return forking(`
    import { Worker } from 'node:worker_threads'
    process.removeAllListeners('warning')
    const memory = new Int32Array(new SharedArrayBuffer(4))
    const code = 'import { workerData as memory } from "node:worker_threads";' +
      'setInterval(() => memory[0]++, 1)'
    const url = new URL('data:text/javascript,' + encodeURIComponent(code))
    const worker = new Worker(url, { workerData: memory })
    while (memory[0] === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const pid = os.fork()
    if (pid === 0) {
      const before = memory[0]
      for (const start = Date.now(); Date.now() < start + 20; );
      os._exit(memory[0] === before ? 0 : 1)
    }
    let result
    do { result = ${wait} } while (result[0] === 0)
    console.log(result[0] === pid, os.waitstatus_to_exitcode(result[1]), result[2]?.length)
    await worker.terminate()`)
}

const fork = conformance('test_os', 'ForkTests', {
  test_fork: [
    holds(
      'a child that comes back from fork ends well, and so does its parent',
      () => {
        const program = `const pid = os.fork()
          if (pid !== 0) console.log(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`
        assert.equal(forking(program), '0')
      },
      noFork,
    ),
    differs('with another allocator of memory as well', 'that is a setting of CPython'),
  ],
})

const fork1 = conformance('test_fork1', 'ForkTest', {
  test_wait: [
    holds(
      'no thread but the one that forks is in the child',
      () => assert.equal(threadsStayBehind('os.waitpid(pid, 0)'), 'true 0 undefined'),
      noFork,
    ),
  ],
  test_threaded_import_lock_fork: [differs('fork waits for imports in other threads', IMPORTS)],
  test_nested_import_lock_fork: [differs('fork works within an import', IMPORTS)],
})

const wait3 = conformance('test_wait3', 'Wait3Test', {
  test_wait: [
    holds(
      'wait3 gives the id, the status and the usage of a forked child',
      () => assert.equal(threadsStayBehind('os.wait3(os.WNOHANG)'), 'true 0 16'),
      noFork,
    ),
  ],
  test_wait3_rusage_initialized: [
    holds('wait3 with WNOHANG gives nothing but zeros while no child has ended', (here) => {
      const [r, w] = here.pipe()
      const file_actions = [[os.POSIX_SPAWN_DUP2, r, 0]] as const
      const child = os.posix_spawn('/bin/cat', ['cat'], {}, { file_actions })
      const [pid, status, usage] = os.wait3(os.WNOHANG)
      assert.deepEqual([pid, status, ...usage], Array(18).fill(0))
      os.close(w)
      assert.equal(exitCode(child), 0)
    }),
  ],
})

const wait4 = conformance('test_wait4', 'Wait4Test', {
  test_wait: [
    holds(
      'wait4 gives the id, the status and the usage of a forked child',
      () => assert.equal(threadsStayBehind('os.wait4(pid, os.WNOHANG)'), 'true 0 16'),
      noFork,
    ),
  ],
})

/** Both ends of a terminal. */
function terminal(here: Here): readonly [master: number, slave: number] {
  const [master, slave] = os.openpty()
  return [here.closed(master), here.closed(slave)]
}

function isEmpty(master: number): void {
  os.set_blocking(master, false)
  assert.throws(() => os.read(master, 1024), os.BlockingIOError)
  os.set_blocking(master, true)
}

/** What the terminal has shown, up to the end of a line. */
function line(master: number): string {
  let text = ''
  while (!text.endsWith('\n')) text += os.read(master, 100).toString()
  return text
}

const pty = conformance('test_pty', 'PtyTest', {
  test_openpty: [
    holds('openpty gives a terminal', (here) => assert.equal(os.isatty(terminal(here)[1]), true)),
    holds('nothing is to be read from it at first', (here) => {
      const [master, slave] = terminal(here)
      isEmpty(master)
      assert.equal(os.isatty(slave), true)
    }),
    holds('what is written at one end is read at the other, as a terminal shows it', (here) => {
      const [master, slave] = terminal(here)
      os.write(slave, Buffer.from('a fish\n'))
      assert.equal(line(master), 'a fish\r\n')
    }),
    holds('in as many pieces as it is written', (here) => {
      const [master, slave] = terminal(here)
      os.write(slave, Buffer.from('a '))
      os.write(slave, Buffer.from('fish\n'))
      assert.equal(line(master), 'a fish\r\n')
    }),
  ],
  test_fork: [
    holds(
      'the child of forkpty writes to a terminal, and leads a session already',
      () => {
        const program = `
          const [pid, fd] = os.forkpty()
          if (pid === 0) {
            let leads = 'no'
            try { os.setsid() } catch (error) { leads = error.code }
            os.write(1, Buffer.from(os.isatty(1) + ' ' + leads + '.'))
            os._exit(4)
          }
          let text = ''
          while (!text.endsWith('.')) text += os.read(fd, 80)
          console.log(text, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`
        assert.equal(forking(program), 'true EPERM. 4')
      },
      noFork,
    ),
  ],
  test_master_read: [
    holds('to read at one end when the other is closed is an OSError, or nothing', (here) => {
      const [master, slave] = terminal(here)
      os.close(slave)
      assert.throws(() => os.read(master, 1), { code: 'EIO' })
    }),
  ],
  test_spawn_doesnt_hang: [differs('spawn runs a program in a terminal', '`pty.spawn` is not part of `os`')],
})

/** The arguments that a shell makes of a command line. */
function argumentsOf(commandLine: string): string[] {
  using command = os.popen(`printf '%s\\n' ${commandLine}`)
  return command.read().trim().split('\n')
}

const popen = conformance('test_popen', 'PopenTest', {
  test_popen: [
    holds('popen needs a command', () => typeError(() => os.popen(undefined as never))),
    holds('a command has arguments as the shell parts them', () => {
      assert.deepEqual(argumentsOf('foo bar'), ['foo', 'bar'])
    }),
    holds('quotes keep them together', () => {
      assert.deepEqual(argumentsOf('foo "spam and eggs" "silly walk"'), ['foo', 'spam and eggs', 'silly walk'])
    }),
    holds('and may be quoted themselves', () => {
      assert.deepEqual(argumentsOf('foo "a \\"quoted\\" arg" bar'), ['foo', 'a "quoted" arg', 'bar'])
    }),
  ],
  test_return_code: [
    holds('close gives none after a good end', () => assert.equal(os.popen('exit 0').close(), null)),
    holds('and else a status with the exit code', () => {
      assert.equal(os.waitstatus_to_exitcode(os.popen('exit 42').close() ?? 0), 42)
    }),
  ],
  test_contextmanager: [
    holds('what a command prints is read, and closed at the end of a block', () => {
      using command = os.popen('echo hello')
      assert.equal(command.read(), 'hello\n')
    }),
  ],
  test_iterating: [
    holds('it can be iterated by lines', () => {
      using command = os.popen('echo hello')
      assert.deepEqual([...command], ['hello\n'])
    }),
  ],
  test_keywords: [
    holds('popen takes mode and buffering by name', () => {
      using command = os.popen('exit 0', { mode: 'w', buffering: -1 })
      assert.equal(command.closed, false)
    }),
    differs('and the command', 'required arguments come by position'),
  ],
})

export const classes: readonly PythonClass[] = [fork, fork1, wait3, wait4, pty, popen]
