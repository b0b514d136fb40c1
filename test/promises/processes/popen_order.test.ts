/** Calls on one command's file that are not awaited one by one, aborts of them, and how often data is copied. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { promises } from 'osier'
import { UnreadData } from '../../../src/promises/processes/unread_data.ts'

const runs = (text: string): string => (text.match(/(.)\1*/gs) ?? []).map((run) => `${run[0]}${run.length}`).join(' ')

test('writes that are not awaited are made completely, in their order', { timeout: 30_000 }, async () => {
  const command = await promises.popen('cat >written', 'w')
  const sizes = await Promise.all(['A', 'B', 'C'].map((letter) => command.write(letter.repeat(200_000))))
  assert.deepEqual(sizes, [200_000, 200_000, 200_000])
  await command.close()
  await using written = await promises.popen('cat written')
  assert.equal(runs(await written.read()), 'A200000 B200000 C200000')
})

test('reads and lines that are not awaited get the data in their order', { timeout: 30_000 }, async () => {
  const command = await promises.popen('printf "one\\ntwo\\n"; sleep 0.1; printf "three\\nfour"')
  const pieces = await Promise.all([
    command.readline(),
    command.read(2),
    command.readline(),
    command.readline(),
    command.read(),
    command.read(),
  ])
  assert.deepEqual(pieces, ['one\n', 'tw', 'o\n', 'three\n', 'four', ''])
  await command.close()
})

test('an aborted read in the queue is skipped, and consumes no data', {
  timeout: 30_000,
}, async () => {
  const command = await promises.popen('sleep 0.1; echo one; echo two')
  const controller = new AbortController()
  const first = command.readline()
  const second = command.readline(-1, { signal: controller.signal })
  const third = command.readline()
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(second, reason)
  assert.deepEqual(await Promise.all([first, third]), ['one\n', 'two\n'])
  await command.close()
})

test('each call of close is aborted by its own signal only', { timeout: 30_000 }, async () => {
  const command = await promises.popen('sleep 0.3; exit 3')
  const controller = new AbortController()
  const [one, two, three] = [command.close({ signal: controller.signal }), command.close(), command.close()]
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(one, reason)
  assert.deepEqual(await Promise.all([two, three]), [3 << 8, 3 << 8])
  assert.equal(await command.close(), 3 << 8)

  const other = await promises.popen('sleep 0.2')
  const late = new AbortController()
  const [withoutSignal, impatient] = [other.close(), other.close({ signal: late.signal })]
  late.abort(reason)
  await assert.rejects(impatient, reason)
  assert.equal(await withoutSignal, null)
})

test('data that an aborted read has read is returned line by line', { timeout: 60_000 }, async () => {
  const command = await promises.popen('i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done; sleep 1')
  const controller = new AbortController()
  const reading = command.read(-1, { signal: controller.signal })
  setTimeout(() => controller.abort(new Error('enough')), 300)
  await assert.rejects(reading, /enough/)
  assert.equal(await command.readline(), 'line 0\n')
  assert.equal(await command.read(4), 'line')
  assert.equal(await command.readline(), ' 1\n')
  await command.close()
})

for (const isBinary of [false, true]) {
  const make = (text: string): string | Buffer => (isBinary ? Buffer.from(text) : text)

  test(`unread ${isBinary ? 'bytes are' : 'text is'} split at newlines and at sizes`, () => {
    const data = new UnreadData<string | Buffer>(isBinary)
    data.push(make('one\ntw'))
    data.push(make('o\nthree'))
    assert.equal(String(data.takeLine(-1)), 'one\n')
    assert.equal(String(data.takeLine(2)), 'tw')
    assert.equal(String(data.takeLine(2)), 'o\n')
    assert.equal(data.takeLine(-1), null)
    assert.equal(data.takeLine(6), null)
    assert.equal(data.sizeUpTo(3), 3)
    assert.equal(String(data.takeLine(5)), 'three')
    assert.equal(String(data.take(-1)), '')
    data.push(make('ab'))
    assert.equal(String(data.take(9)), 'ab')
  })

  test(`unread ${isBinary ? 'bytes are' : 'text is'} not copied again for each line`, () => {
    /** How often as much as half of the data was copied while it was read line by line. */
    const lines = 2000
    const data = new UnreadData<string | Buffer>(isBinary)
    const concat = Buffer.concat
    const { join } = Array.prototype
    let joins = 0
    Buffer.concat = (...args) => {
      joins++
      return concat(...args)
    }
    Array.prototype.join = function (this: unknown[], ...args: [string?]) {
      joins++
      return join.apply(this, args)
    }
    try {
      data.push(make('a line\n'.repeat(lines)))
      for (let count = 0; count < lines; count++) data.takeLine(-1)
    } finally {
      Buffer.concat = concat
      Array.prototype.join = join
    }
    assert.ok(joins <= 1, `${joins} copies`)
    assert.equal(String(data.take(-1)), '')
  })
}

test('the size of text counts characters, and a pair of surrogates is one', () => {
  const data = new UnreadData<string>(false)
  data.push('😀b')
  data.push('😀')
  assert.equal(data.sizeUpTo(10), 3)
  assert.equal(data.sizeUpTo(2), 2)
  assert.equal(data.take(2), '😀b')
  assert.equal(data.takeLine(1), '😀')
})
