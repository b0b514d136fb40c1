import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { runNode } from '../../support/child.ts'
import { children, exitCode } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { askPython, noPython } from '../../support/python.ts'
import { onlyNode } from '../../support/runtime.ts'
import { noSeccomp } from '../../support/seccomp.ts'

const folder = temporaryFolder()
const note = join(folder, 'note')

/** A program that notes its arguments and the variable MARK, and ends with the code given first. */
writeFileSync(join(folder, 'osier-show'), `#!/bin/sh\nprintf '%s|' "$@" "$MARK" > "${note}"\nexit "$1"\n`, {
  mode: 0o755,
})

/** The same call in all eight forms: an e-form has an environment of its own, a p-form finds the program in PATH. */
const forms: Readonly<Record<string, (mode: number) => number>> = {
  spawnv: (mode) => os.spawnv(mode, `${folder}/osier-show`, ['osier-show', '4', 'ü']),
  spawnl: (mode) => os.spawnl(mode, `${folder}/osier-show`, 'osier-show', '4', 'ü'),
  spawnvp: (mode) => os.spawnvp(mode, 'osier-show', ['osier-show', '4', 'ü']),
  spawnlp: (mode) => os.spawnlp(mode, 'osier-show', 'osier-show', '4', 'ü'),
  spawnve: (mode) => os.spawnve(mode, `${folder}/osier-show`, ['osier-show', '4', 'ü'], { MARK: 'new' }),
  spawnle: (mode) => os.spawnle(mode, `${folder}/osier-show`, 'osier-show', '4', 'ü', { MARK: 'new' }),
  spawnvpe: (mode) => os.spawnvpe(mode, 'osier-show', ['osier-show', '4', 'ü'], { MARK: 'new', PATH: folder }),
  spawnlpe: (mode) => os.spawnlpe(mode, 'osier-show', 'osier-show', '4', 'ü', { MARK: 'new', PATH: folder }),
}

/** Makes a call while our own PATH has the folder in it, and the variable MARK a value. */
function inEnvironment<T>(search: string, call: () => T): T {
  const before = os.environ.get('PATH', '')
  os.environ.set('PATH', search)
  os.environ.set('MARK', 'old')
  try {
    return call()
  } finally {
    os.environ.set('PATH', before)
    os.environ.delete('MARK')
  }
}

for (const [name, call] of Object.entries(forms)) {
  test(`${name} runs a program, and waits for it with P_WAIT only`, () => {
    const noted = `4|ü|${name.endsWith('e') ? 'new' : 'old'}|`
    // What an e-form finds, it finds in the PATH of the new environment.
    const search = name.endsWith('e') ? '/missing' : `/missing:${folder}`
    inEnvironment(search, () => {
      const before = children()
      assert.equal(call(os.P_WAIT), 4)
      assert.equal(readFileSync(note, 'utf8'), noted)
      rmSync(note)
      assert.deepEqual(children(), before)
      for (const mode of [os.P_NOWAIT, os.P_NOWAITO]) {
        const pid = call(mode)
        assert.ok(children().includes(pid))
        assert.equal(exitCode(pid), 4)
        assert.equal(readFileSync(note, 'utf8'), noted)
        rmSync(note)
      }
    })
  })
}

test('with P_WAIT the result for a program that a signal ended is the negative signal', () => {
  for (const number of [1, 9, 15]) {
    assert.equal(os.spawnl(os.P_WAIT, '/bin/sh', 'sh', '-c', `kill -${number} $$`), -number)
  }
})

describe('a program that cannot be run', () => {
  mkdirSync(join(folder, 'directory'))
  writeFileSync(join(folder, 'garbage'), 'no program\n', { mode: 0o755 })
  writeFileSync(join(folder, 'unable'), '#!/bin/sh\n', { mode: 0o644 })
  const long = 'x'.repeat(2 ** 18)

  const attempts: Readonly<Record<string, (mode: number) => number>> = {
    'a missing file': (mode) => os.spawnv(mode, '/missing', ['x']),
    'a directory': (mode) => os.spawnv(mode, `${folder}/directory`, ['x']),
    'a file that is not a program': (mode) => os.spawnv(mode, `${folder}/garbage`, ['x']),
    'a file without permission': (mode) => os.spawnv(mode, `${folder}/unable`, ['x']),
    'an argument that is too long': (mode) => os.spawnv(mode, '/bin/true', ['true', long]),
    'an environment that is too long': (mode) => os.spawnve(mode, '/bin/true', ['true'], { A: long }),
    'a name that is in no directory': (mode) => os.spawnvp(mode, 'osier-missing', ['x']),
    'no name': (mode) => os.spawnvp(mode, '', ['x']),
  }
  for (const [what, attempt] of Object.entries(attempts)) {
    test(`${what}: the exit code is 127, returned by the call or by waitpid`, () => {
      const before = children()
      assert.equal(attempt(os.P_WAIT), 127)
      const pid = attempt(os.P_NOWAIT)
      assert.ok(pid > 0)
      assert.equal(exitCode(pid), 127)
      assert.deepEqual(children(), before)
    })
  }

  test('the results are the same as in Python', { skip: noPython }, () => {
    const theirs = askPython<number[]>(
      `
import json, os
long = 'x' * 2 ** 18
print(json.dumps([
    os.spawnv(os.P_WAIT, '/missing', ['x']),
    os.spawnv(os.P_WAIT, 'directory', ['x']),
    os.spawnv(os.P_WAIT, 'garbage', ['x']),
    os.spawnv(os.P_WAIT, 'unable', ['x']),
    os.spawnv(os.P_WAIT, '/bin/true', ['true', long]),
    os.spawnve(os.P_WAIT, '/bin/true', ['true'], {'A': long}),
    os.spawnvp(os.P_WAIT, 'osier-missing', ['x']),
    os.spawnvp(os.P_WAIT, '', ['x']),
]))`,
      { cwd: folder },
    )
    assert.deepEqual(theirs, Array(Object.keys(attempts).length).fill(127))
  })

  test('throws where no child can be created', { skip: noSeccomp }, () => {
    const child = runNode(`
      import { EAGAIN } from 'osier/errno'
      import { forbid } from '${import.meta.resolve('../../support/seccomp.js')}'
      for (const name of ['clone', 'clone3']) forbid(name, EAGAIN)
      for (const call of [
        () => os.spawnv(os.P_WAIT, '/bin/true', ['true']), () => os.spawnlp(os.P_NOWAIT, 'true', 'true'),
        () => os.posix_spawn('/bin/true', ['true'], null), () => os.system('true'),
      ]) try { console.log(call()) } catch (error) { console.log(error.code) }`)
    assert.deepEqual([child.stderr, child.stdout], ['', 'EAGAIN\n'.repeat(4)])
  })
})

test('bad arguments are refused', () => {
  const before = children()
  assert.throws(() => os.spawnv(os.P_WAIT, '/bin/true', []), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => os.spawnv(os.P_WAIT, '/bin/true', ['']), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => os.spawnv(os.P_WAIT, '/bin/true', ['a\0b']), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => os.spawnv(os.P_WAIT, '/bin/true\0', ['a']), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => os.spawnv(7, '/bin/true', ['true']), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => os.spawnve(os.P_WAIT, '/bin/true', ['true'], { 'A=B': 'x' }), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => os.spawnve(os.P_WAIT, '/bin/true', ['true'], { A: 5 as never }), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  assert.throws(() => os.spawnle(os.P_WAIT, '/bin/true', 'true', 'x' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  assert.throws(() => os.spawnl(os.P_WAIT, '/bin/true'), { code: 'ERR_INVALID_ARG_VALUE' })
  assert.deepEqual(children(), before)
})

test('raises an audit event, and a hook can prevent the call', () => {
  const child = runNode(`
    os.addaudithook((event, args) => {
      if (!event.startsWith('os.spawn')) return
      console.log(event, JSON.stringify(args))
      throw new Error('refused')
    })
    for (const call of [
      () => os.spawnv(os.P_WAIT, '/bin/true', ['true']), () => os.spawnlpe(os.P_NOWAIT, 'true', 'true', { A: '1' }),
    ]) try { call() } catch (error) { console.log(error.message) }`)
  assert.equal(
    child.stdout,
    'os.spawn [0,"/bin/true",["true"],null]\nrefused\nos.spawn [1,"true",["true"],{"A":"1"}]\nrefused\n',
  )
})

test('standard input is blocking while a program is waited for, and non-blocking again afterwards', {
  skip: onlyNode('it leaves the standard streams as they are'),
}, () => {
  const child = runNode(
    `
    import { readFileSync } from 'node:fs'
    process.stdin.resume()
    const flags = () => Number.parseInt(/flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))[1], 8) & 0o4000
    const before = flags()
    const during = os.spawnlp(os.P_WAIT, 'sh', 'sh', '-c', 'exit $(( $(sed -n "s/flags:[[:space:]]*//p" /proc/self/fdinfo/0) & 04000 ? 1 : 0 ))')
    console.log(before, during, flags() === before)
    process.exit()`,
    { input: '' },
  )
  assert.deepEqual([child.stderr, child.stdout], ['', '2048 0 true\n'])
})
