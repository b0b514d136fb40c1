/** The terminal repeated on streams of a caller: what these return is checked, and hooks of others stay what they are. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { askNode } from '../support/child.ts'

const micropython = import.meta.resolve('osier/micropython')

/** What a program answers that has `mp`, `said`, which is what has come to standard output, and `fed`, standard input. */
function ask<T>(program: string): T {
  return askNode<T>(`
    import { setTimeout } from 'node:timers/promises'
    import mp from '${micropython}'
    let said = ''
    const fed = []
    const answer = process.stdout.write.bind(process.stdout)
    process.stdout.write = (data) => { said += data; return true }
    Object.defineProperty(process, 'stdin', { value: { readable: true, isRaw: true, push: (data) => fed.push(data.toString('latin1')) } })
    const until = async (happened) => { for (let round = 0; round < 500 && !happened(); round++) await setTimeout(5) }
    ${program}
    answer(JSON.stringify(result))
    process.exit()`)
}

describe('what readinto returns', () => {
  test('an invalid count of bytes removes the stream, and provides no input', () => {
    const result = ask<[said: string, fed: string[], slot: unknown][]>(`
      const result = []
      for (const value of [-1, -5, -(2 ** 40), 1.5, NaN, Infinity, -Infinity, 257, 2 ** 40, '3', true, 3n, {}, Promise.resolve(3)]) {
        said = ''
        fed.length = 0
        const stream = { readinto: () => value, write() {} }
        mp.dupterm(stream, 0)
        await until(() => said !== '')
        result.push([said, [...fed], mp.dupterm(null, 0)])
      }`)
    assert.equal(result.length, 14)
    for (const [said, fed, slot] of result) {
      assert.match(said, /^dupterm: .*, deactivating\n$/)
      assert.doesNotMatch(said, /Success/)
      assert.deepEqual([fed, slot], [[], null], said)
    }
    assert.match(result[0]?.[0] ?? '', /EPERM/)
  })

  test('null, undefined and -EAGAIN mean no data yet, 0 the end, and any other number the count of bytes', () => {
    const result = ask<[fed: string[], calls: number, kept: boolean, said: string]>(`
      const values = [-11, null, undefined, 2, -11, 3, 0]
      let calls = 0
      const stream = {
        readinto(buffer) {
          buffer.fill('abcdef')
          return values[calls++]
        },
        write() {},
      }
      mp.dupterm(stream, 0)
      await until(() => said !== '')
      await setTimeout(20)
      const result = [fed, calls, mp.dupterm(null, 0) === null, said]`)
    assert.deepEqual(result, [['ab', 'abc'], 7, true, 'dupterm: end of the stream, deactivating\n'])
  })

  test('a stream that always has input does not stop the event loop', () => {
    const turns = ask<number>(`
      mp.dupterm({ readinto: () => 1, write() {} }, 0)
      let turns = 0
      while (turns < 20) {
        await setTimeout(5)
        turns += 1
      }
      const result = turns`)
    assert.equal(turns, 20)
  })

  test('bytes of the buffer that a stream has not written are never input', () => {
    const [input] = ask<string[]>(`
      let asked = 0
      mp.dupterm({ readinto: () => (asked++ === 0 ? 256 : null), write() {} }, 0)
      await until(() => fed.length > 0)
      const result = fed`)
    assert.equal(input, '\0'.repeat(256))
  })
})

describe('what write returns', () => {
  test('a smaller count is continued with the rest; an error or another value removes the stream', () => {
    const result = ask<[heard: string, said: string][]>(`
      const result = []
      for (const value of ['short', 'all', undefined, null, true, false, -11, 0, -5, 1.5, NaN, 99, 'text', Promise.resolve(1)]) {
        said = ''
        let heard = ''
        const write = (data) => {
          heard += Buffer.from(value === 'short' ? data.subarray(0, 2) : data).toString()
          return value === 'short' ? Math.min(2, data.length) : value === 'all' ? data.length : value
        }
        mp.dupterm({ readinto: () => null, write }, 0)
        process.stdout.write('output')
        mp.dupterm(null, 0)
        result.push([heard, said])
      }`)
    for (const [index, [heard, said]] of result.entries()) {
      assert.equal(heard, 'output', `${index}`)
      if (index < 8) assert.equal(said, 'output', `${index}`)
      else assert.match(said, /^dupterm: .*, deactivating\noutput$/, `${index}`)
    }
  })
})

test('a Node stream whose data is neither bytes nor text is removed', () => {
  const said = ask<string>(`
    const { Duplex } = await import('node:stream')
    const stream = new Duplex({ objectMode: true, read() {}, write(chunk, encoding, done) { done() } })
    mp.dupterm(stream, 0)
    stream.push({ no: 'bytes' })
    await until(() => said !== '')
    const result = said`)
  assert.match(said, /^dupterm: what it reads is neither bytes nor text, deactivating/)
})

describe('a stream and another hook of standard output are set and removed in any order', () => {
  /** A slot that hears, and another hook, put on and taken off in every order. */
  function heardAfter(steps: string): string {
    return ask<string>(`
      let heard = ''
      const stream = { readinto: () => null, write(data) { heard += data } }
      const start = process.stdout.write
      let theirs, before
      const on = () => mp.dupterm(stream, 0)
      const off = () => mp.dupterm(null, 0)
      const hook = () => {
        before = process.stdout.write
        theirs = (...args) => before.apply(process.stdout, args)
        process.stdout.write = theirs
      }
      const unhook = () => { process.stdout.write = before }
      ${steps}
      heard = ''
      said = ''
      process.stdout.write('once')
      const result = heard + '|' + said + '|' + (process.stdout.write === start ? 'as it was' : 'hooked')`)
  }

  for (const [steps, wanted] of [
    ['on()', 'once|once|hooked'],
    ['on(); off()', '|once|as it was'],
    ['on(); hook(); off()', '|once|hooked'],
    ['on(); hook(); off(); on()', 'once|once|hooked'],
    ['on(); hook(); off(); on(); off(); on()', 'once|once|hooked'],
    ['on(); hook(); off(); on(); unhook()', 'once|once|hooked'],
    ['on(); hook(); off(); unhook()', '|once|hooked'],
    ['on(); hook(); off(); unhook(); on()', 'once|once|hooked'],
    ['on(); hook(); off(); unhook(); on(); off()', '|once|as it was'],
    ['on(); hook(); on(); on()', 'once|once|hooked'],
    ['hook(); on(); off(); unhook()', '|once|as it was'],
  ] as const) {
    test(steps, () => assert.equal(heardAfter(steps), wanted))
  }
})
