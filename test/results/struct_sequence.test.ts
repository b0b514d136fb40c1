import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import os from 'osier'
import { askPython, noPython } from '../support/python.ts'

/** Each class, made of as many items as Python's takes. */
const MADE = {
  stat_result: new os.stat_result([33_188, 2, 3, 1, 5, 6, 7, 8, 9, 10]),
  statvfs_result: new os.statvfs_result([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
  uname_result: new os.uname_result(['a', 'b', 'c', 'd', 'e']),
  times_result: new os.times_result([1, 2, 3, 4, 5]),
  terminal_size: new os.terminal_size([80, 24]),
  waitid_result: new os.waitid_result([1, 2, 3, 4, 5]),
  sched_param: new os.sched_param(7),
}

type Made = Readonly<Record<number | string, unknown>> & Partial<Iterable<unknown>> & { readonly length?: number }

describe('a result is both a sequence and a record', () => {
  test('with the items and the fields that Python gives it', { skip: noPython }, () => {
    const theirs = askPython<Record<string, { items: unknown[]; fields: Record<string, unknown> }>>(`
import json, os
def made(name, value):
    fields = [f for f in dir(value) if not f.startswith('_') and not callable(getattr(value, f)) and not f.startswith('n_')]
    return {'items': list(value), 'fields': {f: getattr(value, f) for f in fields if getattr(value, f) is not None}}
print(json.dumps({
  'stat_result': made('stat_result', os.stat_result([33188, 2, 3, 1, 5, 6, 7, 8, 9, 10])),
  'statvfs_result': made('statvfs_result', os.statvfs_result([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])),
  'uname_result': made('uname_result', os.uname_result('abcde')),
  'times_result': made('times_result', os.times_result([1, 2, 3, 4, 5])),
  'terminal_size': made('terminal_size', os.terminal_size([80, 24])),
  'waitid_result': made('waitid_result', os.waitid_result([1, 2, 3, 4, 5])),
  'sched_param': made('sched_param', os.sched_param(7)),
}))`)
    const number = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)
    for (const [name, value] of Object.entries(MADE) as unknown as [string, Made][]) {
      const { items, fields } = theirs[name] as (typeof theirs)[string]
      assert.deepEqual([...(value as Iterable<unknown>)].map(number), items, name)
      for (const [field, content] of Object.entries(fields)) {
        // Fields that ten items do not contain are missing in Python, too.
        assert.deepEqual(number(value[field]), content, `${name}.${field}`)
      }
    }
  })

  test('indexed as it is iterated, and no further', () => {
    for (const [name, value] of Object.entries(MADE) as unknown as [string, Made][]) {
      const items = [...(value as Iterable<unknown>)]
      assert.equal(value.length, items.length, name)
      for (let index = 0; index < 20; index++) assert.deepEqual(value[index], items[index], `${name}[${index}]`)
      assert.equal(value[-1], undefined)
      assert.deepEqual(Array.from(value as unknown as ArrayLike<unknown>), items, name)
    }
    const [columns, lines] = MADE.terminal_size
    assert.deepEqual([columns, lines], [80, 24])
  })

  test('written as JSON by its fields, with bigints as decimal strings', () => {
    for (const [name, value] of Object.entries({ ...MADE, statx_result: os.statx('/', os.STATX_BASIC_STATS) })) {
      const fields = JSON.parse(JSON.stringify(value)) as Record<string, unknown>
      for (const [field, content] of Object.entries(value) as [string, unknown][]) {
        assert.deepEqual(fields[field], typeof content === 'bigint' ? `${content}` : content, `${name}.${field}`)
      }
    }
    const status = os.stat('/')
    const written = JSON.parse(JSON.stringify([status])) as [Record<string, unknown>]
    assert.deepEqual(
      [written[0].st_ino, written[0].st_mtime_ns, written[0].st_mtime],
      [`${status.st_ino}`, `${status.st_mtime_ns}`, status.st_mtime],
    )
    assert.equal(
      (JSON.parse(JSON.stringify(os.statvfs('/'))) as Record<string, unknown>).f_fsid,
      `${os.statvfs('/').f_fsid}`,
    )
  })

  test('cloned as a plain object of its fields', () => {
    for (const value of [...Object.values(MADE), os.stat('/'), os.statvfs('/'), os.statx('/', os.STATX_BASIC_STATS)]) {
      const clone = structuredClone(value) as object
      assert.equal(Object.getPrototypeOf(clone), Object.prototype)
      assert.ok(Object.keys(clone).length > 0)
      assert.deepEqual(clone, { ...value })
    }
  })

  test('with the methods of a readonly array, which work on its items', () => {
    const items = [...MADE.times_result]
    const value = MADE.times_result as unknown as readonly number[]
    const calls: ((array: readonly number[]) => unknown)[] = [
      (array) => array.map((item) => item * 2),
      (array) => array.slice(1, -1),
      (array) => array.concat(array),
      (array) => array.at(-1),
      (array) => array.join(),
      (array) => [...array.entries()],
      (array) => array.toReversed(),
      (array) => array.reduce((sum, item) => sum + item),
      (array) => array.with(0, 9),
    ]
    for (const call of calls) assert.deepEqual(call(value), call(items), `${call}`)
    const lacking = Object.getOwnPropertyNames(Array.prototype).filter((name) => !(name in MADE.times_result))
    const changing = 'copyWithin fill pop push reverse shift sort splice unshift'.split(' ')
    assert.deepEqual(lacking.sort(), changing)
  })

  test('made of too few or too many items, or of none, it is refused', () => {
    for (const Class of [os.stat_result, os.statvfs_result, os.uname_result, os.times_result, os.terminal_size]) {
      const Any = Class as new (sequence: unknown) => unknown
      assert.throws(() => new Any([1]), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' }, Class.name)
      assert.throws(() => new Any(Array(20).fill(1)), { name: 'RangeError' }, Class.name)
      for (const value of [undefined, null, 5, {}])
        assert.throws(() => new Any(value), { name: 'TypeError' }, Class.name)
    }
  })

  test('shown, compared and sent on by its fields', () => {
    assert.equal(inspect(MADE.terminal_size), 'terminal_size(2) [ 80, 24, columns: 80, lines: 24 ]')
    assert.match(
      inspect({ status: MADE.stat_result }),
      /stat_result\(10\) \[\n\s+33188,[\s\S]*st_mode: 33188,[\s\S]*st_ctime: 10\n/,
    )
    assert.equal(JSON.stringify(MADE.terminal_size), '{"columns":80,"lines":24}')
    assert.deepEqual(structuredClone(MADE.uname_result), { ...MADE.uname_result })
    assert.deepEqual(os.stat('/'), os.stat('/'))
    assert.notDeepEqual(os.stat('/'), os.stat('/proc'))
    assert.deepEqual(Object.keys(MADE.sched_param), ['sched_priority'])
  })
})

test('a count above 2^53 is an exact bigint, and a smaller one a number', () => {
  const big = 2n ** 60n + 1n
  const volume = new os.statvfs_result([4096, 4096, big, 7n, 7, big, big, big, 0, 255])
  assert.deepEqual([...volume], [4096, 4096, big, 7, 7, big, big, big, 0, 255])
  const status = new os.stat_result([0o100644, 2, 3, 1, 5, 6, big, 8, 9, 10])
  assert.deepEqual([status.st_size, status[6], status.st_blocks], [big, big, 0])
  assert.equal(JSON.parse(JSON.stringify(status)).st_size, `${big}`)
})
