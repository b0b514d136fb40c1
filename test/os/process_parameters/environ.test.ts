import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, test } from 'node:test'
import os from 'osier'
import { assertSameAsPython } from '../../support/calls.ts'
import { askNode } from '../../support/child.ts'
import { askPython, noPython } from '../../support/python.ts'
import { ownVariables } from '../../support/runtime.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** The rule that a value be text is for the compiler; here it is broken. */
const wrong = (value: unknown): string => value as string

afterEach(() => {
  os.reload_environ()
  for (const name of os.environb.keys()) if (name.includes('OSIER_')) os.environb.delete(name)
})

describe('environ as a Map', () => {
  test('gets and sets', () => {
    const { environ } = os
    assert.equal(environ.get('OSIER_A'), undefined)
    assert.equal(environ.get('OSIER_A', 'other'), 'other')
    const size = environ.size
    assert.equal(environ.set('OSIER_A', 'one'), environ)
    assert.equal(environ.size, size + 1)
    assert.equal(environ.get('OSIER_A'), 'one')
    assert.equal(environ.get('OSIER_A', 'other'), 'one')
    assert.equal(environ.has('OSIER_A'), true)
    assert.equal(environ.delete('OSIER_A'), true)
    assert.equal(environ.delete('OSIER_A'), false)
    assert.equal(environ.has('OSIER_A'), false)
    assert.equal(environ.size, size)
  })

  test('is iterated as a Map is', () => {
    os.environ.set('OSIER_A', 'one').set('OSIER_B', '')
    const all = [...os.environ]
    assert.deepEqual(all, [...os.environ.entries()])
    assert.deepEqual(
      all.map(([name]) => name),
      [...os.environ.keys()],
    )
    assert.deepEqual(
      all.map(([, value]) => value),
      [...os.environ.values()],
    )
    const seen: [string, string][] = []
    os.environ.forEach((value, name, map) => {
      assert.equal(map, os.environ)
      seen.push([name, value])
    })
    assert.deepEqual(seen, all)
    assert.deepEqual(all.slice(-2), [
      ['OSIER_A', 'one'],
      ['OSIER_B', ''],
    ])
  })

  test('has the methods that Python programs call', () => {
    os.environ.update({ OSIER_A: 'one', OSIER_B: 'two' })
    os.environ.update(new Map([['OSIER_C', 'three']]))
    assert.equal(os.environ.pop('OSIER_A'), 'one')
    assert.equal(os.environ.pop('OSIER_A'), undefined)
    assert.equal(os.environ.pop('OSIER_A', 'none'), 'none')
    assert.equal(os.environ.setdefault('OSIER_B', 'other'), 'two')
    assert.equal(os.environ.setdefault('OSIER_A', 'new'), 'new')
    assert.equal(process.env.OSIER_A, 'new')
    const copy = os.environ.copy()
    assert.ok(copy instanceof Map)
    assert.deepEqual([...copy], [...os.environ])
    copy.set('OSIER_B', 'changed')
    assert.equal(os.environ.get('OSIER_B'), 'two')
  })

  test('clear removes all variables, in the C environment too', () => {
    const [size, left, names] = askNode<unknown[]>(`
      os.environ.clear()
      console.log(JSON.stringify([os.environ.size, os.environb.size, Object.keys(process.env)]))`)
    assert.deepEqual([size, left, names], [0, 0, []])
    const program = `import os from 'osier'; os.environ.clear(); os.environ.A = 'b'; os.execv('/usr/bin/env', ['env'])`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    assert.equal(child.stdout, 'A=b\n', child.stderr)
  })

  test('shows its variables to console.log', () => {
    os.environ.set('OSIER_A', 'one')
    const shown = askNode<string>(
      `import { inspect } from 'node:util'
      console.log(JSON.stringify(inspect(os.environ) + inspect(os.environb)))`,
      { env: { OSIER_A: 'one' } },
    )
    assert.match(shown, /'OSIER_A' => 'one'/)
    assert.match(shown, /<Buffer 4f 53 49 45 52 5f 41> => <Buffer 6f 6e 65>/)
  })
})

describe('environ by properties', () => {
  test('is read and written', () => {
    os.environ.OSIER_A = 'one'
    assert.equal(os.environ.OSIER_A, 'one')
    assert.equal(os.environ.get('OSIER_A'), 'one')
    assert.ok('OSIER_A' in os.environ)
    assert.ok(Object.hasOwn(os.environ, 'OSIER_A'))
    assert.ok(Object.keys(os.environ).includes('OSIER_A'))
    assert.equal({ ...os.environ }.OSIER_A, 'one')
    assert.equal(JSON.parse(JSON.stringify(os.environ)).OSIER_A, 'one')
    assert.deepEqual(new Map(Object.entries(os.environ)), new Map(os.environ))
    assert.equal(delete os.environ.OSIER_A, true)
    assert.equal(delete os.environ.OSIER_A, true)
    assert.equal(os.environ.OSIER_A, undefined)
    assert.equal('OSIER_A' in os.environ, false)
    Object.assign(os.environ, { OSIER_B: 'two' })
    assert.equal(process.env.OSIER_B, 'two')
    Object.defineProperty(os.environ, 'OSIER_B', { value: 'three' })
    assert.equal(process.env.OSIER_B, 'three')
    assert.throws(() => Object.defineProperty(os.environ, 'OSIER_B', { get: () => 'four' }), TypeError)
    assert.throws(() => Object.freeze(os.environ), TypeError)
    assert.equal(os.environ.OSIER_B, 'three')
  })

  test('accepts text only', () => {
    for (const value of [1, null, undefined, true, Buffer.from('x'), {}]) {
      assert.throws(() => Object.assign(os.environ, { OSIER_A: value }), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => os.environ.set('OSIER_A', wrong(value)), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => os.environ.set(wrong(value), 'x'), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => os.environ.get(wrong(value)), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => os.environ.has(wrong(value)), { code: 'ERR_INVALID_ARG_TYPE' })
      assert.throws(() => os.environ.delete(wrong(value)), { code: 'ERR_INVALID_ARG_TYPE' })
    }
    assert.equal(os.environ.has('OSIER_A'), false)
    assert.equal(Reflect.set(os.environ, Symbol('a'), 'x'), false)
  })

  test('a variable with the name of a method does not hide the method', { skip: ownVariables }, () => {
    const [got, kind, named, listed, spread] = askNode<unknown[]>(
      `console.log(JSON.stringify([os.environ.get('get'), typeof os.environ.get, os.environ.get('constructor'),
        [...os.environ.keys()].sort(), Object.keys({ ...os.environ }).sort()]))`,
      { env: { get: 'mine', constructor: 'yours', A: 'b', __proto__: null } as unknown as NodeJS.ProcessEnv },
    )
    assert.equal(got, 'mine')
    assert.equal(kind, 'function')
    assert.equal(named, 'yours')
    assert.deepEqual(listed, ['A', 'constructor', 'get'])
    assert.deepEqual(spread, ['A'])
    assert.throws(() => Object.assign(os.environ, { get: 'mine' }), RangeError)
    os.environ.set('size', '5')
    assert.equal(process.env.size, '5')
    assert.equal(os.environ.pop('size'), '5')
  })
})

test('environ and environb are the same environment', () => {
  os.environ.set('OSIER_\u00e9', 'text \udcff')
  assert.deepEqual(os.environb.get(Buffer.from('OSIER_é')), bytes('text \xff'))
  os.environb.set(bytes('OSIER_\xfe'), bytes('\xc3\xa9'))
  assert.equal(os.environ.get('OSIER_\udcfe'), 'é')
  // Two surrogates that stand for the bytes of one character are that character.
  os.environ.set('OSIER_\udcc3\udca9', 'again')
  assert.equal(os.environ.get('OSIER_é'), 'again')
  assert.equal(os.environ['OSIER_\udcc3\udca9'], 'again')
  assert.equal([...os.environb].filter(([name]) => name.includes('OSIER_')).length, 2)
  assert.equal(os.environb.size, os.environ.size)
  assert.ok(os.environb.has(bytes('OSIER_\xfe')))
  assert.deepEqual(os.environb.pop(bytes('OSIER_\xfe')), bytes('\xc3\xa9'))
  assert.equal(os.environ.has('OSIER_\udcfe'), false)
  // @ts-expect-error text is for environ
  assert.throws(() => os.environb.get('OSIER_A'), TypeError)
  // @ts-expect-error text is for environ
  assert.throws(() => os.environb.set(bytes('OSIER_A'), 'x'), TypeError)
  assert.throws(() => os.environ.set('OSIER_\ud800', 'x'), RangeError)
})

test('names and values are refused as in Python', { skip: noPython }, () => {
  assertSameAsPython([
    ['putenv', 'A=B', 'c'],
    ['putenv', '=A', 'c'],
    ['putenv', '', 'c'],
    ['putenv', 'A', 'c\0'],
    ['putenv', 'A\0', 'c'],
    ['putenv', 'A', '\ud800'],
    ['putenv', { bytes: '41' }, { bytes: 'ff' }],
    ['putenv', { bytes: '413d' }, 'c'],
    ['putenv', { bytes: '4100' }, 'c'],
    ['putenv', 1, 'c'],
    ['putenv', 'A', 1],
    ['putenv', 'A', null],
    ['unsetenv', 'A=B'],
    ['unsetenv', ''],
    ['unsetenv', 'A\0'],
    ['unsetenv', 'no such name'],
    ['unsetenv', 1],
    ['unsetenv', null],
    ['getenv', 'OSIER_NONE'],
    ['getenv', 'OSIER_NONE', 5],
    ['getenv', 'HOME', 5],
    ['getenv', 'A=B'],
    ['getenv', 'A\0'],
    ['getenv', ''],
    ['getenv', 1],
    ['getenv', { bytes: '41' }],
    ['getenvb', { bytes: Buffer.from('HOME').toString('hex') }],
    ['getenvb', { bytes: '00' }],
    ['getenvb', { bytes: '00' }, 'other'],
    ['getenvb', 'PATH'],
    ['getenvb', null],
  ])
  for (const name of ['A=B', '=A']) assert.throws(() => os.environ.set(name, 'c'), RangeError)
  assert.throws(() => os.environ.set('A\0', 'c'), RangeError)
  assert.throws(() => os.environ.set('A', 'c\0'), RangeError)
  assert.throws(() => os.environ.set('', 'c'), { errno: 22, syscall: 'putenv' })
  assert.throws(() => os.environ.delete('A=B'), { errno: 22, syscall: 'unsetenv' })
  assert.throws(() => delete os.environ[''], { errno: 22 })
})

test('getenv returns its default, and null if that is missing or undefined', () => {
  assert.equal(os.getenv('OSIER_NONE', undefined), null)
  const object = {}
  assert.equal(os.getenv('OSIER_NONE', object), object)
  assert.equal(os.getenvb(bytes('OSIER_NONE')), null)
  assert.equal(os.getenvb(bytes('OSIER_NONE'), object), object)
  assert.equal(os.supports_bytes_environ, true)
  // @ts-expect-error names are text
  assert.throws(() => os.getenv(5), /^TypeError: The "key" argument must be a string, received 5$/)
  // @ts-expect-error names are bytes
  assert.throws(() => os.getenvb('A'), /^TypeError: The "key" argument must be a Uint8Array, received 'A'$/)
})

test('changes raise audit events, and a hook can prevent them', (t) => {
  const messages: unknown[] = []
  const listen = (message: unknown): unknown => messages.push(message)
  for (const event of ['os.putenv', 'os.unsetenv']) {
    subscribe(event, listen)
    t.after(() => unsubscribe(event, listen))
  }
  os.environ.OSIER_A = 'one'
  os.putenv('OSIER_B', bytes('two'))
  delete os.environ.OSIER_A
  os.unsetenv('OSIER_B')
  assert.deepEqual(messages, [
    { event: 'os.putenv', args: ['OSIER_A', 'one'] },
    { event: 'os.putenv', args: ['OSIER_B', bytes('two')] },
    { event: 'os.unsetenv', args: ['OSIER_A'] },
    { event: 'os.unsetenv', args: ['OSIER_B'] },
  ])
  const refused = askNode(
    `os.addaudithook((event) => { if (event.endsWith('setenv') || event === 'os.putenv') throw new Error('no') })
    for (const attempt of [() => { os.environ.A = 'x' }, () => { delete os.environ.A }, () => os.environ.clear()]) {
      try { attempt() } catch {}
    }
    console.log(JSON.stringify([os.environ.A, process.env.A]))`,
    { env: { A: 'a' } },
  )
  assert.deepEqual(refused, ['a', 'a'])
})

test('many variables are set, found and removed', () => {
  const count = 3000
  for (let i = 0; i < count; i++) os.environ[`OSIER_${i}`] = `value ${i}`
  os.reload_environ()
  for (let i = 0; i < count; i++) assert.equal(os.environ[`OSIER_${i}`], `value ${i}`)
  const long = 'x'.repeat(1_000_000)
  os.environ.OSIER_LONG = long
  os.reload_environ()
  assert.equal(os.environ.OSIER_LONG, long)
})

test('get_exec_path returns the same directories as Python', { skip: noPython || ownVariables }, () => {
  const paths = ['a:b', '', ':', 'a::b:', '/bin', 'é:\udcff']
  const theirs = askPython<unknown>(
    `
import json, os, sys
paths = json.load(sys.stdin)
found = [os.get_exec_path({'PATH': path}) for path in paths]
found += [os.get_exec_path({b'PATH': os.fsencode(path)}) for path in paths]
found += [os.get_exec_path({'PATH': os.fsencode(path)}) for path in paths]
print(json.dumps(found + [os.get_exec_path({})]))`,
    { input: JSON.stringify(paths) },
  )
  assert.deepEqual(
    [
      ...paths.map((path) => os.get_exec_path({ PATH: path })),
      ...paths.map((path) => os.get_exec_path(new Map([[bytes('PATH'), os.fsencode(path)]]))),
      ...paths.map((path) => os.get_exec_path(new Map([['PATH', os.fsencode(path)]]))),
      os.get_exec_path({}),
    ],
    theirs,
  )
  assert.deepEqual(os.get_exec_path(), process.env.PATH?.split(':'))
  assert.deepEqual(os.get_exec_path(null), os.get_exec_path())
  assert.deepEqual(askNode('console.log(JSON.stringify(os.get_exec_path()))', { env: { HOME: '/' } }), [
    '/bin',
    '/usr/bin',
  ])
  assert.deepEqual(os.get_exec_path(os.environ), os.get_exec_path())
  assert.deepEqual(os.get_exec_path(os.environb), os.get_exec_path())
  assert.throws(
    () =>
      os.get_exec_path(
        new Map<string | Uint8Array, string>([
          ['PATH', 'a'],
          [bytes('PATH'), 'b'],
        ]),
      ),
    RangeError,
  )
  for (const bad of [5, 'PATH=a', ['PATH', 'a'], bytes('PATH=a'), [['PATH', 'a']], new Set(['PATH']), true]) {
    assert.throws(() => os.get_exec_path(bad as unknown as null), TypeError)
  }
  assert.throws(() => os.get_exec_path({ PATH: wrong(5) }), TypeError)
})
