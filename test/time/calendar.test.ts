import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import * as time from 'osier/time'
import { askPython, noPython } from '../support/python.ts'
import { noMainThread } from '../support/runtime.ts'
import { inZone } from '../support/time_zone.ts'
import { inWorker } from '../support/worker.ts'

/** As ICU may not know them, these are written as POSIX has them. */
const zones = [
  'UTC0',
  'CET-1CEST,M3.5.0,M10.5.0/3',
  '<+0545>-5:45',
  'EST5EDT,M3.2.0,M11.1.0',
  'AEST-10AEDT,M10.1.0,M4.1.0/3',
]

const moments = [
  0, -1, 1e9, 1711846799, 1711846800, 1729990799, 1729990800, 4102444800, 253402300800, -62135596801, 1e13,
]

const tuples = [
  [2024, 2, 29, 12, 30, 59, 3, 60, 0],
  [2024, 14, 35, 25, -3, 100, 9, 400, -1],
  [1969, 12, 31, 23, 59, 59, 2, 365, 0],
  [2024, 3, 31, 2, 30, 0, 0, 0, -1],
  [2024, 10, 27, 2, 30, 0, 0, 0, 1],
  [0, 1, 1, 0, 0, 0, 0, 1, 0],
  [2024, 0, 0, 0, 0, 0, 0, 0, 5],
  [2024, 1, 1, 24, 0, 0, 0, 1, 0],
  [2024, 1, 32, 0, 0, 0, 0, 1, 0],
  [2024, 1, 1, 0, 0, 62, 0, 1, 0],
  [2024, 1, 1, 0, 0, 61, -9, 1, 0],
  [2024, 1, 1, 0, 0, 0, 6, 367, -7],
  [12345, 6, 7, 8, 9, 10, 6, 158, 1],
  [2 ** 31 - 1, 1, 1, 0, 0, 0, 0, 1, 0],
  [-(2 ** 31), 1, 1, 0, 0, 0, 0, 1, 0],
] as unknown as time.TimeTuple[]

const formats = [
  ...'aAbBcCdDeFgGhHIjklmMnprRsStTuUVwWxXyYzZ%'.split('').map((directive) => `%${directive}`),
  '%-d %_d %04d %10Y %^a %#Z %Ec %Od',
  'no directive',
  '',
  '%',
  '€ %Y 𝄞 %m ',
  '%Z\u0000%Y',
]

const outcome = (call: () => unknown): unknown => {
  try {
    return call()
  } catch (error) {
    return error instanceof RangeError ? 'ValueError' : String(error)
  }
}

const PROGRAM = `
import json, sys, time
def outcome(call):
    try: return call()
    except (ValueError, OverflowError): return 'ValueError'
moments, tuples, formats = json.load(sys.stdin)
times = lambda at: [[*t] + [t.tm_zone, t.tm_gmtoff] for t in (time.localtime(at), time.gmtime(at))]
print(json.dumps({
  'zone': [time.timezone, time.altzone, time.daylight, time.tzname],
  'times': [times(at) for at in moments],
  'mktime': [outcome(lambda: time.mktime(tuple(t))) for t in tuples],
  'asctime': [outcome(lambda: time.asctime(tuple(t))) for t in tuples],
  'strftime': [[outcome(lambda: time.strftime(f, t)) for f in formats] for t in map(time.localtime, moments)],
  'tuples': [[outcome(lambda: time.strftime(f, tuple(t))) for f in ('%c', '%j %w %Z')] for t in tuples],
}))`

for (const zone of zones) {
  test(`times are those of python3, with TZ=${zone}`, { skip: noPython || noMainThread }, () => {
    // CPython 3.11 ends a format at a NUL.
    const compared = formats.filter((format) => !format.includes('\0'))
    const times = (at: number): unknown =>
      [time.localtime(at), time.gmtime(at)].map((t) => [...t, t.tm_zone, t.tm_gmtoff])
    const theirs = inZone(zone, () =>
      askPython<Record<string, unknown>>(PROGRAM, { input: JSON.stringify([moments, tuples, compared]) }),
    )
    const ours = inZone(zone, () => {
      time.tzset()
      return {
        zone: [time.timezone, time.altzone, time.daylight, [...time.tzname]],
        times: moments.map(times),
        mktime: tuples.map((t) => outcome(() => time.mktime(t))),
        asctime: tuples.map((t) => outcome(() => time.asctime(t))),
        strftime: moments
          .map(time.localtime)
          .map((t) => compared.map((format) => outcome(() => time.strftime(format, t)))),
        tuples: tuples.map((t) => ['%c', '%j %w %Z'].map((format) => outcome(() => time.strftime(format, t)))),
      }
    })
    time.tzset()
    for (const [name, value] of Object.entries(ours)) assert.deepEqual(value, theirs[name], name)
  })
}

describe('strftime', () => {
  const epoch = time.gmtime(0)

  test('copies what is not ASCII, lone surrogates and NUL too', () => {
    assert.equal(time.strftime('\ud800%Y\0%m\0é%%\udc80', epoch), '\ud8001970\x0001\0é%\udc80')
    assert.equal(time.strftime('%é', epoch), '%é')
  })

  test('writes a text of any length, up to 16 MiB', () => {
    assert.equal(time.strftime('%Y'.repeat(100_000), epoch), '1970'.repeat(100_000))
    assert.equal(time.strftime(`${'x'.repeat(70_000)}%d`, epoch).length, 70_002)
    assert.throws(() => time.strftime('%2147483647d', epoch), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
  })

  test('uses the time zone of the broken-down time', () => {
    const t = new time.struct_time([2024, 1, 1, 0, 0, 0, 0, 1, 0, 'ÖST', 5400])
    assert.equal(time.strftime('%Z %z', t), 'ÖST +0130')
    const long = new time.struct_time([2024, 1, 1, 0, 0, 0, 0, 1, 0, 'x'.repeat(256), 0])
    assert.throws(() => time.strftime('%Z', long), RangeError)
    const wrong = new time.struct_time([2024, 1, 1, 0, 0, 0, 0, 1, 0, 5, 0])
    assert.throws(() => time.strftime('%Z', wrong), TypeError)
  })
})

describe('what is no broken-down time is refused:', () => {
  const functions = { mktime: time.mktime, asctime: time.asctime, strftime: (t: never) => time.strftime('%c', t) }
  for (const [name, call] of Object.entries(functions)) {
    test(name, () => {
      const refuse = (t: unknown, type: string): void =>
        assert.throws(() => call(t as never), { name: type }, String(t))
      for (const t of ['2024-01-01', 5, {}, new Set([1]), true]) refuse(t, 'TypeError')
      for (const t of [[], [2024, 1, 1], [...time.gmtime(0), 0]]) refuse(t, 'RangeError')
      for (const item of [1.5, Number.NaN, 2 ** 31]) refuse([2024, 1, 1, item, 0, 0, 0, 1, 0], 'RangeError')
      refuse([2024, 1, 1, '0', 0, 0, 0, 1, 0], 'TypeError')
    })
  }
})

test('a moment outside 64 bits, or of a year that C cannot hold, is refused', () => {
  for (const convert of [time.localtime, time.gmtime]) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63, 2n ** 63n])
      assert.throws(() => convert(value), RangeError)
    assert.throws(() => convert(2 ** 60), { name: 'OSError', code: 'EOVERFLOW' })
    assert.throws(() => convert('0' as never), TypeError)
    assert.equal(convert(-0.5).tm_sec, 59)
  }
})

test('mktime tells the second before 1970 from an error', { skip: noMainThread }, () => {
  inZone('UTC0', () => {
    assert.equal(time.mktime([1969, 12, 31, 23, 59, 59, 0, 0, 0]), -1)
    assert.throws(
      () => time.mktime([2 ** 31 - 1, 12, 31, 23, 59, 59, 0, 0, 0].map(() => 2 ** 31 - 1) as never),
      RangeError,
    )
  })
})

test('os.environ, process.env, C and Date agree on the time zone', { skip: noMainThread }, () => {
  const before = process.env.TZ
  try {
    os.environ.TZ = 'EST5EDT,M3.2.0,M11.1.0'
    assert.equal(time.localtime(0).tm_gmtoff, -18_000)
    process.env.TZ = 'CET-1'
    assert.equal(time.localtime(0).tm_gmtoff, 3600)
    time.tzset()
    assert.deepEqual([time.timezone, time.altzone, time.daylight, time.tzname], [-3600, -3600, 0, ['CET', 'CET']])
    assert.equal(time.default.timezone, -3600)
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
    time.tzset()
  }
})

test('a worker converts times', async () => {
  const [utc, text, west] = await inWorker<[number, string, string]>(`
    const time = await import('${import.meta.resolve('osier/time')}')
    time.tzset()
    return [time.gmtime(1e9).tm_year, time.strftime('%Y', time.gmtime(0)), typeof time.timezone]`)
  assert.deepEqual([utc, text, west], [2001, '1970', 'number'])
})
