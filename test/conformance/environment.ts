import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import os from 'osier'
import {
  call,
  conformance,
  differs,
  fails,
  type Here,
  holds,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

/** CPython's tests of the environment. */

const REFERENCE = { KEY1: 'VALUE1', KEY2: 'VALUE2', KEY3: 'VALUE3' } as const
const MAP = '`environ` is a Map: a missing name is `undefined`, and to delete one gives false'
const OPERATORS = 'JavaScript has no operators of its own for maps'

/** Sets some variables for the time being. */
function given(here: Here, variables: Readonly<Record<string, string | null>> = REFERENCE): void {
  for (const [name, value] of Object.entries(variables)) here.variable(name, value)
}

/** An environment with these variables only, until the end. */
function only(here: Here, variables: Readonly<Record<string, string>> = {}): void {
  const before = os.environ.copy()
  here.later(() => {
    os.environ.clear()
    os.environ.update(before)
  })
  os.environ.clear()
  os.environ.update(variables)
}

/** What a program finds in a variable: each child's environment is this process's. */
function seenByPrograms(name: string): string {
  using command = os.popen(`echo $${name}`)
  return command.read().trim()
}

const environ = conformance('test_os', 'EnvironTests', {
  test_update2: [
    holds('programs see what update sets', (here) => {
      only(here, { HELLO: 'World' })
      assert.equal(seenByPrograms('HELLO'), 'World')
    }),
  ],
  test_os_popen_iter: [
    holds('popen can be iterated by lines, each with its newline', () => {
      using command = os.popen("printf 'line1\\nline2\\nline3\\n'")
      const lines = command[Symbol.iterator]()
      const next = (): unknown => lines.next().value
      assert.deepEqual([next(), next(), next(), lines.next().done], ['line1\n', 'line2\n', 'line3\n', true])
    }),
  ],
  test_keyvalue_types: [
    holds('names and values are text', () => {
      for (const item of os.environ)
        assert.deepEqual(
          item.map((part) => typeof part),
          ['string', 'string'],
        )
    }),
  ],
  test_items: [
    holds('get gives what was set', (here) => {
      given(here)
      for (const [name, value] of Object.entries(REFERENCE)) assert.equal(os.environ.get(name), value)
    }),
  ],
  test___repr__: [
    differs("environ shows itself as environ({'NAME': 'value', ...})", 'it shows itself as the Map it is', (here) => {
      only(here, REFERENCE)
      assert.equal(inspect(os.environ), inspect(new Map(Object.entries(REFERENCE))))
    }),
  ],
  test_get_exec_path: [
    holds('get_exec_path takes PATH of environ', (here) => {
      here.variable('PATH', '/monty:/python::/flying/circus')
      assert.deepEqual(os.get_exec_path(), ['/monty', '/python', '', '/flying/circus'])
    }),
    holds('and where the environment is given as none', (here) => {
      here.variable('PATH', '/monty:/python')
      assert.deepEqual(os.get_exec_path(null), ['/monty', '/python'])
    }),
    holds('without PATH it gives the directories of defpath', () => {
      assert.deepEqual(os.get_exec_path({}), os.defpath.split(os.pathsep))
    }),
    holds('an empty PATH is one empty name', () => assert.deepEqual(os.get_exec_path({ PATH: '' }), [''])),
    holds('it takes PATH of the environment that is given', () => {
      assert.deepEqual(os.get_exec_path({ PATH: '/a:/b' }), ['/a', '/b'])
    }),
    holds('PATH as text and as bytes in one environment is a ValueError', () => {
      rangeError(() =>
        os.get_exec_path(
          new Map<string | Buffer, string | Buffer>([
            ['PATH', '1'],
            [Buffer.from('PATH'), '2'],
          ]),
        ),
      )
    }),
    holds('name, value or both may be bytes', () => {
      const [name, value] = [Buffer.from('PATH'), Buffer.from('abc')]
      assert.deepEqual(os.get_exec_path(new Map([[name, value]])), ['abc'])
      assert.deepEqual(os.get_exec_path(new Map([[name, 'abc']])), ['abc'])
      assert.deepEqual(os.get_exec_path({ PATH: value }), ['abc'])
    }),
  ],
  test_environb: [
    holds('what is set in environ is in environb, in UTF-8', (here) => {
      here.variable('unicode', 'euro€')
      assert.equal(os.environ.get('unicode'), 'euro€')
      assert.deepEqual(os.environb.get(Buffer.from('unicode')), Buffer.from('euro€'))
    }),
    holds('what is set in environb is in environ, and loses nothing', (here) => {
      here.variable('bytes', '')
      os.environb.set(Buffer.from('bytes'), Buffer.of(0xff))
      assert.deepEqual(os.environb.get(Buffer.from('bytes')), Buffer.of(0xff))
      assert.equal(os.environ.get('bytes'), '\udcff')
    }),
  ],
  test_putenv_unsetenv: [
    holds('programs see what putenv sets', (here) => {
      here.variable('OSIERTEST', null)
      os.putenv('OSIERTEST', 'value')
      assert.equal(seenByPrograms('OSIERTEST'), 'value')
    }),
    holds('programs no longer see what unsetenv removes', (here) => {
      here.variable('OSIERTEST', 'value')
      os.unsetenv('OSIERTEST')
      assert.equal(seenByPrograms('OSIERTEST'), '')
    }),
  ],
  test_putenv_unsetenv_error: [
    holds('putenv refuses names that are empty, or have "=" or NUL in them', () => {
      fails('EINVAL', () => os.putenv('', 'value'))
      for (const name of ['=name', 'na=me', 'name=', 'name\0', 'na\0me']) rangeError(() => os.putenv(name, 'value'))
    }),
    holds('so does unsetenv', () => {
      for (const name of ['', '=name', 'na=me', 'name=']) fails('EINVAL', () => os.unsetenv(name))
      for (const name of ['name\0', 'na\0me']) rangeError(() => os.unsetenv(name))
    }),
  ],
  test_key_type: [
    differs('a missing name is a KeyError', MAP, () => assert.equal(os.environ.get('missingkey'), undefined)),
    differs('to delete one is a KeyError', MAP, () => assert.equal(os.environ.delete('missingkey'), false)),
  ],
  test_iter_error_when_changing_os_environ: [
    holds('environ may be changed while it is iterated', (here) => changedWhile(here, os.environ)),
  ],
  test_iter_error_when_changing_os_environ_items: [
    holds('and while its pairs are', (here) => changedWhile(here, os.environ.entries())),
  ],
  test_iter_error_when_changing_os_environ_values: [
    holds('and while its values are', (here) => changedWhile(here, os.environ.values())),
  ],
  test_or_operator: [
    differs('environ | mapping is a dict of both', OPERATORS, (here) => {
      here.variable('_TEST_', 'original')
      const both = new Map([...os.environ, ['_TEST_', '3']])
      assert.deepEqual([both.get('_TEST_'), os.environ.get('_TEST_')], ['3', 'original'])
    }),
    differs('environ | anything else is refused', OPERATORS),
  ],
  test_ior_operator: [
    differs('environ |= mapping sets its variables', `${OPERATORS}: \`update\` does it`, (here) => {
      given(here, { _A_: null, _TEST_: 'original' })
      os.environ.update({ _A_: '1', _TEST_: '3' })
      assert.deepEqual([seenByPrograms('_A_'), seenByPrograms('_TEST_')], ['1', '3'])
    }),
  ],
  test_ior_operator_invalid_dicts: [
    holds('a mapping with a name that is not text is a TypeError, and sets nothing', () => {
      const before = os.environ.copy()
      typeError(() => os.environ.update(new Map([[1, '_A_']]) as never))
      assert.deepEqual(os.environ.copy(), before)
    }),
    holds('nor one with a value that is not text', () => {
      const before = os.environ.copy()
      typeError(() => os.environ.update({ _A_: 1 } as never))
      assert.deepEqual(os.environ.copy(), before)
    }),
  ],
  test_ior_operator_key_value_iterable: [
    holds('pairs serve as a mapping', (here) => {
      given(here, { _A_: null, _B_: null })
      os.environ.update(
        new Map([
          ['_A_', '1'],
          ['_B_', '2'],
        ]).entries(),
      )
      assert.deepEqual([os.environ.get('_A_'), os.environ.get('_B_')], ['1', '2'])
    }),
  ],
  test_ror_operator: [differs('mapping | environ is a dict of both', OPERATORS)],
})

function changedWhile(here: Here, iterable: Iterable<unknown>): void {
  given(here)
  const iterator = iterable[Symbol.iterator]()
  iterator.next()
  here.variable('__new_key__', 'new')
  assert.equal(iterator.next().done, false)
  assert.equal(os.environ.get('__new_key__'), 'new')
}

const PAIRS = Object.entries(REFERENCE)

const mapping = conformance('mapping_tests', 'BasicTestMappingProtocol', {
  test_read: [
    differs('a missing name is a KeyError', MAP, () => assert.equal(os.environ.get('KEY4'), undefined)),
    holds('an environment has as many variables as were set', (here) => {
      only(here, REFERENCE)
      assert.equal(os.environ.size, 3)
    }),
    holds('membership of a name can be tested', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([os.environ.has('KEY1'), os.environ.has('KEY4')], [true, false])
      assert.deepEqual(['KEY1' in os.environ, 'KEY4' in os.environ], [true, false])
    }),
    differs('it is iterated by its names', 'as every Map it is iterated by pairs; `keys()` gives the names', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([...os.environ], PAIRS)
    }),
    holds('get gives a default for a missing name, and does not set it', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([os.environ.get('KEY4', 'default'), os.environ.has('KEY4')], ['default', false])
    }),
  ],
  test_write: [
    holds('what is assigned is there', (here) => {
      only(here)
      os.environ.KEY1 = 'VALUE1'
      assert.equal(os.environ.KEY1, 'VALUE1')
    }),
    holds('what is deleted is gone', (here) => {
      only(here, REFERENCE)
      delete os.environ.KEY1
      assert.deepEqual([...os.environ.keys()], ['KEY2', 'KEY3'])
    }),
    holds('setdefault gives the value that is there', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([os.environ.setdefault('KEY1', 'x'), os.environ.get('KEY1')], ['VALUE1', 'VALUE1'])
    }),
    holds('setdefault sets the value of a missing name', (here) => {
      only(here)
      assert.deepEqual([os.environ.setdefault('KEY1', 'x'), os.environ.get('KEY1')], ['x', 'x'])
    }),
    holds('pop removes a variable, and gives its value', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([os.environ.pop('KEY1'), os.environ.has('KEY1')], ['VALUE1', false])
    }),
    holds('pop gives the default for a missing name', (here) => {
      only(here)
      assert.equal(os.environ.pop('KEY1', 909), 909)
    }),
    differs('pop of a missing name without a default is a KeyError', MAP, () => {
      assert.equal(os.environ.pop('KEY4'), undefined)
    }),
    differs('popitem removes any variable', 'a Map has none: `clear` removes all'),
  ],
  test_bool: [
    differs('an empty environment is false', 'every object of JavaScript is true; `size` tells', (here) => {
      only(here)
      assert.deepEqual([Boolean(os.environ), os.environ.size], [true, 0])
    }),
  ],
  test_constructor: [
    differs('an environment equals another with the same variables', 'JavaScript compares objects by identity'),
  ],
  test_keys: [
    holds('keys gives the names', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([...os.environ.keys()], Object.keys(REFERENCE))
    }),
  ],
  test_values: [
    holds('values gives the values', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([...os.environ.values()], Object.values(REFERENCE))
    }),
  ],
  test_items: [
    differs('items gives the pairs', 'a Map calls it `entries`', (here) => {
      only(here, REFERENCE)
      assert.deepEqual([...os.environ.entries()], PAIRS)
    }),
  ],
  test_len: [
    holds('an empty environment has no variable', (here) => {
      only(here)
      assert.equal(os.environ.size, 0)
    }),
  ],
  test_getitem: [
    holds('a variable is read by its name in brackets', (here) => {
      only(here, REFERENCE)
      assert.equal(os.environ.KEY2, 'VALUE2')
    }),
  ],
  test_update: [
    holds('update takes a mapping', (here) => {
      only(here)
      os.environ.update(REFERENCE)
      assert.deepEqual([...os.environ], PAIRS)
    }),
    holds('update takes pairs, and an iterator of them', (here) => {
      only(here)
      os.environ.update(new Map(PAIRS).entries())
      assert.deepEqual([...os.environ], PAIRS)
    }),
    holds('update refuses what is no mapping', () => {
      typeError(
        () => os.environ.update(42 as never),
        () => os.environ.update(['KEY1'] as never),
      )
    }),
    differs('update without an argument does nothing', 'a forgotten argument is a TypeError', () => {
      typeError(() => call(os.environ.update))
    }),
    holds('an error of the iterator passes through', (here) => {
      const failing = function* (): Generator<readonly [string, string]> {
        yield ['KEY1', 'VALUE1']
        throw new SyntaxError('mine')
      }
      only(here)
      assert.throws(() => os.environ.update(failing()), SyntaxError)
    }),
  ],
  test_get: [
    holds('get of a missing name without a default gives none', () => assert.equal(os.environ.get('KEY4'), undefined)),
  ],
  test_setdefault: [
    differs('setdefault needs no value', 'a variable cannot be none; a forgotten argument is a TypeError'),
  ],
  test_pop: [
    holds('pop takes exactly what it names', (here) => {
      only(here, REFERENCE)
      os.environ.pop('KEY2')
      assert.deepEqual([...os.environ.keys()], ['KEY1', 'KEY3'])
    }),
  ],
  test_popitem: [differs('popitem of an empty environment is a KeyError', 'a Map has none')],
})

export const classes: readonly PythonClass[] = [environ, mapping]
