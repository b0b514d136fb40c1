import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import os from 'osier'
import * as time from 'osier/time'
import { inRepository } from '../tools/repository.ts'
import { askPython, noPython } from './support/python.ts'
import { noMainThread } from './support/runtime.ts'
import { inZone } from './support/time_zone.ts'

/** As ICU may not know them, these are written as POSIX has them. */
const zones = ['UTC0', 'CET-1CEST,M3.5.0,M10.5.0/3', '<+0545>-5:45', 'EST5EDT,M3.2.0,M11.1.0']

const moments = [
  ...[0, -1, -0.5, 0.999999, 1e9, 739599999.99, 1711846799, 1711846800, 1729990799, 1729990800, 4102444800],
  ...[253402300799, 253402300800, -62135596800, -62167219201, 1e11, -1e13, 2 ** 53, -(2 ** 53)],
]

test('the clocks are those of CPython', () => {
  const fixture: { constants: Record<string, number> } = JSON.parse(
    readFileSync(inRepository('test/fixtures/cpython-constants.json'), 'utf8'),
  )
  const theirs = Object.entries(fixture.constants).filter(([name]) => name.startsWith('CLOCK_'))
  const ours = Object.entries(time).filter(([name, number]) => name.startsWith('CLOCK_') && number !== undefined)
  assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(theirs))
  assert.ok('CLOCK_UPTIME_RAW' in time)
})

test('ctime writes a moment in English, in 24 characters', () => {
  const write = (secs: number): string => inZone('UTC0', () => time.ctime(secs))
  assert.equal(write(0), 'Thu Jan  1 00:00:00 1970')
  assert.equal(write(1e9), 'Sun Sep  9 01:46:40 2001')
  assert.equal(write(739599999.99), 'Wed Jun  9 04:26:39 1993')
  assert.equal(write(-0.5), 'Wed Dec 31 23:59:59 1969')
  assert.equal(
    inZone('UTC0', () => time.ctime(1_000_000_000n)),
    'Sun Sep  9 01:46:40 2001',
  )
})

test('ctime writes the time of the zone, summer time included', { skip: noMainThread }, () => {
  const write = (secs: number): string => inZone('CET-1CEST,M3.5.0,M10.5.0/3', () => time.ctime(secs))
  assert.equal(write(1711846799), 'Sun Mar 31 01:59:59 2024')
  assert.equal(write(1711846800), 'Sun Mar 31 03:00:00 2024')
})

test('ctime without a moment writes now', () => {
  const now = (): number => Math.floor(Date.now() / 1000)
  for (const arguments_ of [[], [undefined], [null]] as const) {
    const before = now()
    const text = time.ctime(...arguments_)
    const written = Date.parse(text) / 1000
    assert.ok(before <= written && written <= now(), text)
    assert.equal(text.length, 24)
  }
})

test('ctime takes what stat gives', () => {
  const { st_mtime } = os.stat('/')
  assert.equal(Date.parse(time.ctime(st_mtime)), Math.floor(st_mtime) * 1000)
})

for (const zone of zones) {
  test(`ctime writes what python3 writes, with TZ=${zone}`, { skip: noPython || noMainThread }, () => {
    const input = JSON.stringify(moments)
    const program = 'import json, sys, time; print(json.dumps([time.ctime(s) for s in json.load(sys.stdin)]))'
    const [ours, theirs] = inZone(zone, () => [moments.map(time.ctime), askPython<string[]>(program, { input })])
    assert.deepEqual(ours, theirs)
  })
}

test('what is no moment is refused', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63, -1e30, 2n ** 63n]) {
    assert.throws(() => time.ctime(value), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }, String(value))
  }
  for (const value of ['0', {}, true, new Date()]) {
    const call = (): unknown => Reflect.apply(time.ctime, undefined, [value])
    assert.throws(call, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  }
})

test('a year that C cannot hold is EOVERFLOW', () => {
  assert.throws(() => time.ctime(2 ** 60), { name: 'OSError', code: 'EOVERFLOW' })
  assert.throws(() => time.ctime(-(2n ** 63n)), { name: 'OSError', code: 'EOVERFLOW' })
})
