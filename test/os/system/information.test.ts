import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import os from 'osier'
import { assertSameAsPython, type Step } from '../../support/calls.ts'
import { otherMachine } from '../../support/emulation.ts'
import { askPython, noPython } from '../../support/python.ts'

test('sysconf_names and confstr_names have the names that Python has', { skip: noPython }, () => {
  const [sysconf, confstr] = askPython<Record<string, number>[]>(
    'import json, os; print(json.dumps([os.sysconf_names, os.confstr_names]))',
  )
  assert.deepEqual({ ...os.sysconf_names }, sysconf)
  assert.deepEqual({ ...os.confstr_names }, confstr)
  assert.ok(Object.isFrozen(os.sysconf_names) && Object.isFrozen(os.confstr_names))
})

test('sysconf returns the same as Python for every name', { skip: noPython || otherMachine }, () => {
  // How much memory is free changes between two calls.
  const names = Object.keys(os.sysconf_names).filter((name) => name !== 'SC_AVPHYS_PAGES')
  assert.ok(names.includes('SC_PAGESIZE'))
  assertSameAsPython([
    ...names.map((name): Step => ['sysconf', name]),
    ...Object.values(os.sysconf_names).map((number): Step => ['sysconf', number === 86 ? 85 : (number ?? 0)]),
    ['sysconf', 'SC_NO_SUCH_THING'],
    ['sysconf', 'toString'],
    ['sysconf', ''],
    ['sysconf', 99_999],
    ['sysconf', -1],
    ['sysconf', 2 ** 31],
    ['sysconf', null],
    ['sysconf', []],
  ])
  assert.ok(os.sysconf('SC_AVPHYS_PAGES') > 0)
})

test('confstr returns the same as Python for every name', { skip: noPython || otherMachine }, () => {
  const names = Object.keys(os.confstr_names)
  assert.ok(names.includes('CS_PATH'))
  assertSameAsPython([
    ...names.map((name): Step => ['confstr', name]),
    ['confstr', os.confstr_names.CS_PATH],
    ['confstr', 'CS_NO_SUCH_THING'],
    ['confstr', 99_999],
    ['confstr', -1],
    ['confstr', 2 ** 31],
    ['confstr', null],
  ])
})

test('cpu_count returns the same as Python', { skip: noPython }, () => {
  assertSameAsPython([['cpu_count']])
})

test('getloadavg returns the values of /proc/loadavg', () => {
  const loadavgOfProc = (): number[] => readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).map(Number)
  // They change every five seconds, so that one of three tries is undisturbed.
  for (let attempt = 1; ; attempt++) {
    const before = loadavgOfProc()
    const loads = os.getloadavg()
    const after = loadavgOfProc()
    const isSame = before.every((load, index) => load === after[index])
    if (!isSame && attempt < 3) continue
    assert.equal(loads.length, 3)
    for (const [index, load] of loads.entries()) assert.ok(Math.abs(load - (before[index] ?? -1)) <= 0.01, `${loads}`)
    return
  }
})

test('sysconf and confstr throw a RangeError for an invalid name', () => {
  assert.throws(() => os.sysconf('SC_X'), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE', message: /"name"/ })
  assert.throws(() => os.confstr(1.5), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /"name"/ })
})
