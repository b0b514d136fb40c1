import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import { askNode } from '../support/child.ts'
import { askPython, noPython } from '../support/python.ts'
import { noPreload } from '../support/runtime.ts'
import { noSeccomp } from '../support/seccomp.ts'

type AnyFunction = (...args: never[]) => unknown

const functions = Object.entries(os).filter((entry): entry is [string, AnyFunction] => typeof entry[1] === 'function')

describe('is_available', () => {
  test('returns false for functions of other platforms, and true for the others', {
    skip: process.platform !== 'linux' && 'not Linux',
  }, () => {
    const missing = functions.filter(([, fn]) => !os.is_available(fn)).map(([name]) => name)
    assert.deepEqual(missing.sort(), [
      ...['add_dll_directory', 'chflags', 'get_handle_inheritable', 'lchflags', 'lchmod', 'listdrives', 'listmounts'],
      ...['listvolumes', 'plock', 'set_handle_inheritable', 'startfile'],
    ])
    assert.ok(os.is_available(os.is_available))
  })

  test('returns true for every function that Python has', { skip: noPython }, () => {
    const names = functions.map(([name]) => name)
    const has = askPython<Record<string, boolean>>(
      'import json, os, sys; print(json.dumps({name: hasattr(os, name) for name in json.load(sys.stdin)}))',
      { input: JSON.stringify(names) },
    )
    // What Python has is here. The other way round an older Python has less.
    for (const [name, fn] of functions) if (has[name]) assert.ok(os.is_available(fn), name)
    for (const name of ['lchmod', 'startfile']) assert.equal(has[name], false)
  })

  test('throws for a value that is not a function of the module', () => {
    for (const value of [undefined, null, 'stat', 1, {}, Math.max, () => {}, os.path]) {
      assert.throws(() => os.is_available(value as AnyFunction), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    }
  })

  test('does not depend on the result of a system call', { skip: noSeccomp }, () => {
    const [all, code] = askNode<[boolean, string]>(`
      import { forbid } from '${import.meta.resolve('../support/seccomp.js')}'
      import { constants } from 'node:os'
      for (const name of ['memfd_create', 'unshare', 'getrandom', 'pidfd_open']) forbid(name, constants.errno.ENOSYS)
      const all = [os.memfd_create, os.unshare, os.getrandom, os.pidfd_open].every((fn) => os.is_available(fn))
      let code
      try { os.memfd_create('x') } catch (error) { code = error.code }
      console.log(JSON.stringify([all, code]))`)
    assert.deepEqual([all, code], [true, 'ENOSYS'])
  })

  test('returns false for every function that needs C on an unknown platform', { skip: noPreload }, () => {
    const program = `
      const names = Object.entries(os).filter(([, fn]) => typeof fn === 'function' && os.is_available(fn))
      const attempts = [() => os.stat('/'), () => os.getuid(), () => os.environ.PATH, () => os.lchmod('/', 0)]
      const errors = attempts.map((attempt) => { try { attempt() } catch (error) { return error.name } })
      console.log(JSON.stringify([names.map(([name]) => name), errors, os.O_RDONLY ?? null, os.fsencode('é').length]))`
    const [available, errors, flag, length] = askNode<[string[], string[], unknown, number]>(program, {
      nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(ON_ANOTHER_PROCESSOR)}`],
    })
    for (const name of ['fsencode', 'major', 'WIFEXITED', 'is_available']) assert.ok(available.includes(name), name)
    for (const name of ['stat', 'getuid', 'listdir', 'urandom', 'sched_yield', 'setns', 'environ', 'lchmod']) {
      assert.ok(!available.includes(name), name)
    }
    assert.deepEqual(errors, Array(4).fill('NotImplementedError'))
    assert.deepEqual([flag, length], [null, 2])
  })
})

/** Lets osier's facts, and no other code, see an unknown processor. */
const ON_ANOTHER_PROCESSOR = `
  const { arch } = process
  const isAsked = () => new Error().stack.includes('/dist/facts.js')
  Object.defineProperty(process, 'arch', { get: () => (isAsked() ? 'riscv64' : arch) })`
