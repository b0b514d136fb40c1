import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier/sjs'
import { temporaryFolder } from '../support/folder.ts'
import { ownVariables } from '../support/runtime.ts'
import { code, runSjs, wrongType } from '../support/sjs.ts'

const folder = temporaryFolder()
const path = (name: string): string => join(folder, name)
const { printed } = runSjs(folder)

/** An executable shell script. */
function script(name: string, text: string): string {
  writeFileSync(path(name), `#!/bin/sh\n${text}\n`)
  chmodSync(path(name), 0o755)
  return path(name)
}

describe('exec', () => {
  test('the arguments are the name alone, or what is given', () => {
    const show = script('show', 'echo "$0" "$#" "$@"')
    assert.equal(printed(`os.execv(${JSON.stringify(show)})`), `${show} 0\n`)
    assert.equal(printed(`os.execv(${JSON.stringify(show)}, null)`), `${show} 0\n`)
    assert.equal(printed(`os.execv('./show', ['any', 'a b', 'ä'])`), './show 2 a b ä\n')
    // A program that is no script sees the first argument itself.
    assert.equal(printed(`os.execv('/bin/sh', ['known as', '-c', 'echo "$0"'])`), 'known as\n')
  })

  test('execv and execvp keep the environment, execve and execvpe have it empty by default', () => {
    const env = { ...process.env, OSIER_TEST: 'inherited' }
    const echo = `['sh', '-c', 'echo "[$OSIER_TEST]"']`
    assert.equal(printed(`os.execv('/bin/sh', ${echo})`, env), '[inherited]\n')
    assert.equal(printed(`os.execvp('sh', ${echo})`, env), '[inherited]\n')
    for (const call of [`os.execve('/bin/sh', ${echo}`, `os.execvpe('sh', ${echo}`]) {
      assert.equal(printed(`${call})`, env), '[]\n')
      assert.equal(printed(`${call}, null)`, env), '[]\n')
      assert.equal(printed(`${call}, { OSIER_TEST: 'given' })`, env), '[given]\n')
      assert.equal(printed(`${call}, new Map([['OSIER_TEST', 'given']]))`, env), '[given]\n')
    }
    const all = spawnSync('/bin/sh', ['-c', 'command -v env'], { encoding: 'utf8' }).stdout.trim()
    assert.equal(printed(`os.execve(${JSON.stringify(all)})`, env), '')
  })

  test('execvp searches PATH, execvpe that of the new environment', () => {
    mkdirSync(path('bin'))
    script('bin/osier-found', 'echo found "$0"')
    const PATH = path('bin')
    assert.equal(printed(`os.execvp('osier-found')`, { ...process.env, PATH }), `found ${PATH}/osier-found\n`)
    const given = JSON.stringify({ PATH })
    assert.equal(printed(`os.execvpe('osier-found', null, ${given})`), `found ${PATH}/osier-found\n`)
    const bytes = `new Map([[Buffer.from('PATH'), ${JSON.stringify(PATH)}]])`
    assert.equal(printed(`os.execvpe('osier-found', null, ${bytes})`), `found ${PATH}/osier-found\n`)
    const missing = `try { os.execvp('osier-found') } catch (error) { console.log(error.code) }`
    // Not the inherited PATH: a directory without search permission in it would be EACCES.
    assert.equal(printed(missing, { ...process.env, PATH: '/bin:/usr/bin' }), 'ENOENT\n')
  })

  test('without PATH the current directory is searched', { skip: ownVariables }, () => {
    script('osier-here', 'echo here')
    const { PATH, ...env } = process.env
    assert.equal(printed(`os.execvpe('osier-here')`), 'here\n')
    assert.equal(printed(`os.execvp('osier-here')`, env), 'here\n')
    const missing = `try { os.execvp('osier-here') } catch (error) { console.log(error.code) }`
    assert.equal(printed(missing, { ...env, PATH: '/nowhere' }), 'ENOENT\n')
  })

  test('only what cloexec exempts is inherited', () => {
    const program = `
      const [r, w] = os.pipe()
      os.cloexec(w, false)
      os.execv('/bin/sh', ['sh', '-c', 'for fd in ' + r + ' ' + w + '; do [ -e /proc/$$/fd/$fd ] && echo yes || echo no; done'])`
    assert.equal(printed(program), 'no\nyes\n')
  })

  test('a program that cannot be run is an error, and the process continues', () => {
    for (const [call, wanted] of [
      [() => os.execv(path('no such')), 'ENOENT'],
      [() => os.execv('/dev/null'), 'EACCES'],
      [() => os.execve(path('no such')), 'ENOENT'],
      [() => os.execvpe('osier-no-such'), 'ENOENT'],
    ] as const) {
      assert.throws(call, code(wanted))
    }
    assert.ok(process.env.PATH)
  })

  test('bad arguments are refused', () => {
    for (const name of ['execv', 'execvp', 'execve', 'execvpe'] as const) {
      const call = os[name] as (...given: unknown[]) => never
      for (const file of [undefined, null, 1, {}]) assert.throws(() => call(file), wrongType, name)
      for (const args of ['sh', {}, 1, [1]]) assert.throws(() => call('/no such/file', args), wrongType, name)
      assert.throws(() => call('/no such/file', []), RangeError, name)
      assert.throws(() => call('/no such/file', ['a\0b']), RangeError, name)
    }
    for (const name of ['execve', 'execvpe'] as const) {
      const call = os[name] as (...given: unknown[]) => never
      for (const envp of ['A=B', 1, { A: 1 }, ['A']])
        assert.throws(() => call('/no such/file', null, envp), wrongType, name)
      assert.throws(() => call('/no such/file', null, { 'A=B': '' }), RangeError, name)
    }
  })
})
