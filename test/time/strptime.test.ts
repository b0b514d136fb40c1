import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as time from 'osier/time'
import { askPython, noPython } from '../support/python.ts'
import { noMainThread } from '../support/runtime.ts'
import { inZone } from '../support/time_zone.ts'

const cases: readonly (readonly [string: string, format?: string])[] = [
  ['Sun Sep  9 01:46:40 2001'],
  ['30 Nov 00', '%d %b %y'],
  ['68 69', '%y %H'],
  ['68', '%y'],
  ['69', '%y'],
  ['29 Feb', '%d %b'],
  ['29 Feb 1900', '%d %b %Y'],
  ['31 Feb 2024', '%d %b %Y'],
  ['FRIDAY january', '%A %B'],
  ['friday', '%A'],
  ['Fri', '%A'],
  ['12 AM', '%I %p'],
  ['12 pm', '%I %p'],
  ['1 PM', '%I %p'],
  ['13 PM', '%I %p'],
  ['12', '%I'],
  ['23:59:61', '%H:%M:%S'],
  ['23:59:62', '%H:%M:%S'],
  ['24', '%H'],
  ['2024 366', '%Y %j'],
  ['2023 366', '%Y %j'],
  ['2023 367', '%Y %j'],
  ['2024 00 1', '%Y %W %w'],
  ['2024 53 0', '%Y %U %w'],
  ['2023 00 6', '%Y %U %w'],
  ['2021 00 Mon', '%Y %W %a'],
  ['2021 10', '%Y %W'],
  ['2020 53 7', '%G %V %u'],
  ['2020 01 1', '%G %V %u'],
  ['2015 1 Thu', '%G %V %a'],
  ['2020 10', '%G %V'],
  ['2020 10 1', '%Y %V %u'],
  ['2020 10 1 5', '%G %V %u %j'],
  ['10', '%V'],
  ['10 1', '%V %u'],
  ['+0200', '%z'],
  ['-02:30', '%z'],
  ['+02:30:15', '%z'],
  ['+02:3015', '%z'],
  ['+023015.5', '%z'],
  ['-0000', '%z'],
  ['Z', '%z'],
  ['z', '%z'],
  ['utc', '%Z'],
  ['GMT', '%Z'],
  ['CEST', '%Z'],
  ['cet', '%Z'],
  ['XYZ', '%Z'],
  ['100%', '%f%%'],
  ['123456', '%f'],
  ['1234567', '%f'],
  ['a.b*c 05', 'a.b*c %m'],
  ['axb 05', 'a.b %m'],
  ['2024 \t\n 05', '%Y %m'],
  ['202405', '%Y %m'],
  ['2024-05-06 more', '%Y-%m-%d'],
  ['2024', '%Y%'],
  ['2024', '%Q'],
  ['2024', '%E'],
  ['0000', '%Y'],
  ['0001', '%Y'],
  ['9999 366', '%Y %j'],
  ['05/06/24', '%x'],
  ['05:06:07', '%X'],
  ['Mon May  6 05:06:07 2024', '%c'],
  [' 5', '%d'],
  ['5', '%d'],
  ['32', '%d'],
  ['0', '%m'],
  ['', ''],
  ['', '%d'],
  ['é 05', 'é %d'],
  ['1 5', '%w %d'],
]

function ours(string: string, format?: string): unknown {
  try {
    const t = format === undefined ? time.strptime(string) : time.strptime(string, format)
    return [...t, t.tm_zone, t.tm_gmtoff]
  } catch (error) {
    return error instanceof RangeError ? 'ValueError' : String(error)
  }
}

for (const zone of ['UTC0', 'CET-1CEST,M3.5.0,M10.5.0/3']) {
  test(`strptime reads what python3 reads, with TZ=${zone}`, { skip: noPython || noMainThread }, () => {
    const program = `
import json, sys, time
def one(*given):
    try:
        t = time.strptime(*given)
        return [*t, t.tm_zone, t.tm_gmtoff]
    except ValueError: return 'ValueError'
print(json.dumps([one(*given) for given in json.load(sys.stdin)]))`
    inZone(zone, () => {
      time.tzset()
      const theirs = askPython<unknown[]>(program, { input: JSON.stringify(cases) })
      for (const [index, given] of cases.entries())
        assert.deepEqual(ours(...given), theirs[index], JSON.stringify(given))
    })
    time.tzset()
  })
}

test('strptime reads what strftime writes', () => {
  for (let secs = 0; secs < 2e9; secs += 37_777_777) {
    const t = time.gmtime(secs)
    for (const format of ['%Y-%m-%d %H:%M:%S', '%c', '%x %X', '%A %d %B %Y %I:%M:%S %p', '%G-W%V-%u %H:%M:%S']) {
      assert.deepEqual([...time.strptime(time.strftime(format, t), format)].slice(0, 8), [...t].slice(0, 8))
    }
  }
})

test('a directive that is given twice, and other types than strings, are refused', () => {
  assert.throws(() => time.strptime('1 1', '%d %d'), RangeError)
  assert.throws(() => time.strptime(5 as never), TypeError)
  assert.throws(() => time.strptime('5', 5 as never), TypeError)
})
