import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import os from 'osier'
import { askNode } from '../../support/child.ts'
import { openCount } from '../../support/open_files.ts'
import { askPython, noPython } from '../../support/python.ts'
import { noSeccomp } from '../../support/seccomp.ts'

describe('popen', () => {
  test('reads the output of a command, as text and as bytes, by lines and whole', () => {
    const text = os.popen("printf 'one\\ntwo\\377\\n'")
    assert.deepEqual([...text], ['one\n', 'two\udcff\n'])
    assert.equal(text.close(), null)
    const bytes = os.popen("printf 'a\\377'", 'rb')
    assert.deepEqual(bytes.read(), Buffer.from([97, 255]))
    assert.equal(bytes.close(), null)
  })

  test('writes the input of a command, and closes the pipe before it waits', () => {
    const file = os.popen('read line; test "$line" = hello; exit $(($? + 40))', 'w')
    file.write('hello\n')
    assert.equal(file.close(), 40 << 8)
    const bytes = os.popen('test "$(wc -c)" -eq 300000', 'wb')
    bytes.write(Buffer.alloc(300_000))
    assert.equal(bytes.close(), null)
  })

  test('close returns how the command ended, also repeatedly', () => {
    const failed = os.popen('exit 3')
    assert.deepEqual([failed.close(), failed.close()], [768, 768])
    assert.equal(os.popen('kill -9 $$').close(), -2304)
    assert.equal(os.popen('true').close(), null)
  })

  test('the same statuses as in Python', { skip: noPython }, () => {
    const commands = ['true', 'false', 'exit 255', 'kill -TERM $$', 'nonexistent-command-of-osier 2>/dev/null']
    const program = 'import os, sys, json; print(json.dumps([os.popen(c).close() for c in sys.argv[1:]]))'
    const expected = askPython<(number | null)[]>(program, { args: commands })
    assert.deepEqual(
      commands.map((command) => os.popen(command).close()),
      expected,
    )
  })

  test('close waits for a command that stops reading', () => {
    const file = os.popen('exec <&-; exit 5', 'wb', 0)
    while (os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG) === null);
    assert.throws(() => file.write(Buffer.alloc(10)), os.BrokenPipeError)
    assert.equal(file.close(), 5 << 8)
    assert.throws(() => os.wait(), os.ChildProcessError)
  })

  test('leaves no descriptor open and no zombie, and no other child inherits the pipe', () => {
    const before = openCount()
    const inherited = (): string => {
      using listing = os.popen('ls /proc/self/fd | wc -l')
      return listing.read()
    }
    const alone = inherited()
    const file = os.popen('cat', 'w')
    assert.equal(inherited(), alone)
    file.close()
    assert.equal(openCount(), before)
    assert.throws(() => os.wait(), os.ChildProcessError)
  })

  test('a command whose status is lost counts as successful, as in CPython', () => {
    const result = askNode(`
      import { SIG_IGN, SIGCHLD, signal } from '${import.meta.resolve('osier/signal')}'
      const taken = os.popen('exit 3')
      os.wait()
      signal(SIGCHLD, SIG_IGN)
      const lost = os.popen('exit 3')
      console.log(JSON.stringify([taken.close(), taken.close(), lost.read(), lost.close()]))`)
    assert.deepEqual(result, [null, null, '', null])
  })

  test('works with `using`, and refuses invalid modes and buffer sizes', () => {
    const file = os.popen('cat >/dev/null', 'w')
    file[Symbol.dispose]()
    assert.equal(file.closed, true)
    for (const mode of ['', 'a', 'r+', 'rw', 'x', 'rbt']) {
      assert.throws(() => os.popen('true', mode as 'r'), { code: 'ERR_INVALID_ARG_VALUE' })
    }
    assert.throws(() => os.popen('true', 'r', 0), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => os.popen(5 as unknown as string), TypeError)
    assert.throws(() => os.popen('a\0b'), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => os.wait(), os.ChildProcessError)
  })

  test('an unreferenced file is closed when it is garbage-collected, and leaves no zombie', () => {
    const program = `
      import os from 'osier'
      const warnings = []
      process.on('warning', (warning) => warnings.push(warning.name))
      const start = () => { os.popen('sleep 0.05') ; os.popen('cat', 'w') }
      start()
      const until = Date.now() + 10000
      const check = () => {
        globalThis.gc()
        os.popen('true').close()
        try { os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG) } catch {
          console.log(warnings.join(' '))
          return
        }
        if (Date.now() < until) setTimeout(check, 20)
      }
      check()
    `
    const args = ['--expose-gc', '--input-type=module', '-e', program]
    const child = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
    assert.equal(child.stderr.includes('Error'), false, child.stderr)
    assert.equal(child.stdout, 'ResourceWarning ResourceWarning\n')
  })
})

test('popen leaves no process and no descriptor if the file cannot be made', { skip: noSeccomp }, () => {
  const support = import.meta.resolve('../../support/seccomp.js')
  const outcome = askNode<unknown>(`
    import { forbid } from '${support}'
    const lowest = () => { const fd = os.dup(0); os.close(fd); return fd }
    const before = lowest()
    os.popen('true').close()
    forbid('newfstatat', 5)
    let code
    try { os.popen('sleep 100') } catch (error) { code = error.code }
    let child
    try { child = os.waitpid(-1, os.WNOHANG) } catch (error) { child = error.code }
    console.log(JSON.stringify([code, child, lowest() - before]))`)
  assert.deepEqual(outcome, ['EIO', 'ECHILD', 0])
})
