import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as osier from 'osier'
import os, * as named from 'osier/sjs'
import { inRepository } from '../tools/repository.ts'
import { temporaryFolder } from './support/folder.ts'
import { noFork, ownGroups } from './support/runtime.ts'
import { code, runSjs, wrongType } from './support/sjs.ts'

interface Fixture {
  /** Functions, and how many arguments must be given. */
  readonly functions: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, number>>
  readonly getters: readonly string[]
  readonly stat: Readonly<Record<string, 'number' | 'Date'>>
}

const fixture: Fixture = JSON.parse(readFileSync(inRepository('test/fixtures/sjs.json'), 'utf8'))

const exported: Readonly<Record<string, unknown>> = named

const folder = temporaryFolder()

const { run, printed } = runSjs(folder)

describe('the names', () => {
  test('every documented function is there, with its required arguments', () => {
    for (const [name, required] of Object.entries(fixture.functions)) {
      const found = exported[name]
      assert.equal(typeof found, 'function', name)
      assert.equal((found as () => unknown).length, required, name)
    }
  })

  test('every documented constant is there, with its value', () => {
    // O_SYNC and the other flags have the same values on x64 and arm64.
    for (const [name, value] of Object.entries(fixture.constants)) assert.equal(exported[name], value, name)
  })

  test('nothing else is there', () => {
    const documented = [...Object.keys(fixture.functions), ...Object.keys(fixture.constants)]
    assert.deepEqual(Object.keys(named).sort(), [...documented, 'OSError', 'default'].sort())
  })

  test('the default export has the same objects, and the getters', () => {
    const properties = os as unknown as Readonly<Record<string, unknown>>
    for (const name of Object.keys(named)) if (name !== 'default') assert.equal(properties[name], exported[name], name)
    const names = [...Object.keys(named).filter((name) => name !== 'default'), ...fixture.getters]
    assert.deepEqual(Object.keys(os).sort(), names.sort())
    for (const name of fixture.getters) assert.ok(Object.getOwnPropertyDescriptor(os, name)?.get, name)
  })

  test('S_ISLINK is S_ISLNK', () => {
    assert.equal(os.S_ISLINK, os.S_ISLNK)
  })
})

describe('the process', () => {
  test('the ids are those of Node', () => {
    assert.deepEqual([os.getpid(), os.getppid()], [process.pid, process.ppid])
    assert.deepEqual(
      [os.getuid(), os.geteuid(), os.getgid(), os.getegid()],
      [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.()],
    )
    assert.deepEqual(os.getgroups(), osier.getgroups())
  })

  test('the ids can be set to what they are', () => {
    assert.equal(os.setuid(os.getuid()), undefined)
    assert.equal(os.setgid(os.getgid()), undefined)
  })

  const notRoot = process.getuid?.() === 0 ? false : 'only root may set groups'
  test('setgroups sets them', { skip: notRoot }, () => {
    assert.equal(printed('os.setgroups([3, 5]); console.log(String(os.getgroups()))'), '3,5\n')
  })

  test('setgroups without groups drops none', () => {
    const before = os.getgroups()
    for (const groups of [undefined, null, 1, {}]) {
      assert.throws(() => os.setgroups(groups as unknown as number[]), wrongType)
    }
    assert.deepEqual(os.getgroups(), before)
  })

  test('setsid gives the id of the session', { skip: ownGroups }, () => {
    assert.equal(printed('console.log(os.setsid() === process.pid)'), 'true\n')
    const twice = 'os.setsid(); try { os.setsid() } catch (error) { console.log(error.code) }'
    assert.equal(printed(twice), 'EPERM\n')
  })

  test('exit ends it, with 0 or what is given, and runs what is to run at the end', () => {
    const ending = `process.on('exit', (code) => process.stdout.write('exit ' + code + ' '))\n`
    for (const [call, status] of [
      ['os.exit()', 0],
      ['os.exit(null)', 0],
      ['os.exit(7)', 7],
    ] as const) {
      const { status: found, stdout } = run(`${ending} setInterval(() => {}, 1000); ${call}; console.log('after')`)
      assert.deepEqual([found, stdout], [status, `exit ${status} `], call)
    }
    assert.throws(() => os.exit('1' as unknown as number), wrongType)
    assert.throws(() => os.exit(0.5), RangeError)
  })

  test('_exit ends it at once', () => {
    const { status, stdout } = run(`process.on('exit', () => console.log('exit')); os._exit(9)`)
    assert.deepEqual([status, stdout], [9, ''])
    assert.throws(() => (os._exit as () => never)(), wrongType)
  })

  test('abort ends it by SIGABRT', () => {
    assert.equal(
      spawnSync('/bin/sh', ['-c', 'ulimit -c 0; exec "$@"', 'sh', process.execPath, '-e', ABORT]).signal,
      'SIGABRT',
    )
  })
})

const ABORT = `import('${import.meta.resolve('osier/sjs')}').then(({ abort }) => abort())`

describe('waitpid', () => {
  test('returns how a child has ended', () => {
    const exited = os.waitpid(osier.spawnv(osier.P_NOWAIT, '/bin/sh', ['sh', '-c', 'exit 3']))
    assert.deepEqual(Object.keys(exited), ['pid', 'status'])
    assert.deepEqual([os.WIFEXITED(exited.status), os.WEXITSTATUS(exited.status)], [true, 3])
    assert.deepEqual([os.WIFSIGNALED(exited.status), os.WIFSTOPPED(exited.status)], [false, false])
    const pid = osier.spawnv(osier.P_NOWAIT, '/bin/sh', ['sh', '-c', 'kill -9 $$'])
    const killed = os.waitpid(pid, 0)
    assert.equal(killed.pid, pid)
    assert.deepEqual([os.WIFEXITED(killed.status), os.WIFSIGNALED(killed.status)], [false, true])
    assert.equal(os.WTERMSIG(killed.status), 9)
  })

  test('returns stopped and continued children, or that there are none', () => {
    const pid = osier.spawnv(osier.P_NOWAIT, '/bin/sleep', ['sleep', '1000'])
    try {
      assert.deepEqual(os.waitpid(pid, os.WNOHANG), { pid: 0, status: 0 })
      process.kill(pid, 'SIGSTOP')
      const stopped = os.waitpid(pid, os.WUNTRACED)
      assert.equal(stopped.pid, pid)
      assert.equal(os.WIFSTOPPED(stopped.status), true)
      assert.equal(os.WSTOPSIG(stopped.status), 19)
      process.kill(pid, 'SIGCONT')
      assert.equal(os.WIFCONTINUED(os.waitpid(pid, os.WCONTINUED).status), true)
    } finally {
      process.kill(pid, 'SIGKILL')
      assert.equal(os.WTERMSIG(os.waitpid(pid).status), 9)
    }
    assert.throws(() => os.waitpid(pid), code('ECHILD'))
  })

  test('refuses what is no number', () => {
    const call = os.waitpid as (...given: unknown[]) => unknown
    for (const pid of [undefined, null, '1', {}]) assert.throws(() => call(pid), wrongType)
    for (const options of ['0', true, {}]) assert.throws(() => call(-1, options), wrongType)
    for (const status of [undefined, null, '0'])
      assert.throws(() => os.WIFEXITED(status as unknown as number), wrongType)
  })
})

describe('fork', { skip: noFork }, () => {
  test('both processes continue, and waitpid returns how the child has ended', () => {
    const program = `
      const [r, w] = os.pipe()
      const pid = os.fork()
      if (pid === 0) {
        os.write(w, 'child of ' + os.getppid())
        os._exit(4)
      }
      const ended = os.waitpid(pid)
      console.log(
        os.read(r).toString() === 'child of ' + os.getpid(),
        ended.pid === pid,
        os.WIFEXITED(ended.status),
        os.WEXITSTATUS(ended.status),
      )`
    assert.equal(printed(program), 'true true true 4\n')
  })

  test('a child may exit and be another program', () => {
    const program = `
      const first = os.fork()
      if (first === 0) os.exit(5)
      const second = os.fork()
      if (second === 0) os.execv('/bin/sh', ['sh', '-c', 'exit 6'])
      console.log(os.WEXITSTATUS(os.waitpid(first).status), os.WEXITSTATUS(os.waitpid(second).status))`
    assert.equal(printed(program), '5 6\n')
  })
})
