import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import { decode, encode } from '../../../src/libc/strings.ts'

/** Units of the smaller input. */
const SIZE = 1 << 18
const RATIO = 4

/** A file in memory with this text in it, whose position is its start. */
function fileOf(bytes: Buffer): number {
  const fd = os.memfd_create('text')
  for (let done = 0; done < bytes.length; ) done += os.write(fd, bytes.subarray(done))
  os.lseek(fd, 0, os.SEEK_SET)
  return fd
}

/** The CPU time of a call in microseconds, the best of some. */
function cost(call: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage()
    call()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, user + system)
  }
  return best
}

interface Reading {
  readonly encoding?: string
  readonly errors?: string
  readonly buffering?: number
}

function readAll(content: string | Buffer, options: Reading, read: (file: os.TextFile) => void): (n: number) => void {
  return (n) => {
    const piece = typeof content === 'string' ? Buffer.from(content) : content
    const file = os.fdopen(fileOf(Buffer.alloc(n, piece)), 'r', options)
    read(file)
    file.close()
  }
}

function writeAll(content: string, options: Reading): (n: number) => void {
  return (n) => {
    const file = os.fdopen(os.memfd_create('text'), 'w', options)
    file.write(content.repeat(n / content.length))
    file.close()
  }
}

function drain(file: os.TextFile): void {
  for (const _ of file);
}

const escaped = { errors: 'surrogateescape' }
const bad = Buffer.of(0xff)

const SUBJECTS: Readonly<Record<string, (n: number) => void>> = {
  'lone surrogates written as bytes': writeAll('\udcff', escaped),
  'lone surrogates replaced': writeAll('\udcff', { errors: 'replace' }),
  'lone surrogates as escapes': writeAll('\udcff', { errors: 'backslashreplace' }),
  'surrogate pairs written': writeAll('\u{1f600}', {}),
  'text between lone surrogates': writeAll('a\udcff', escaped),
  'latin-1 written': writeAll('\u00e9', { encoding: 'latin-1' }),
  'bytes 0xff read as text': readAll(bad, escaped, (file) => file.read()),
  'bytes 0xff read and ignored': readAll(bad, { errors: 'ignore' }, (file) => file.read()),
  'bytes 0xff read as escapes': readAll(bad, { errors: 'backslashreplace' }, (file) => file.read()),
  'latin-1 read': readAll(bad, { encoding: 'latin-1' }, (file) => file.read()),
  'a count of characters outside the BMP': readAll('\u{1f600}', {}, (file) => file.read(1 << 24)),
  'a line of limited length outside the BMP': readAll('\u{1f600}', {}, (file) => file.readline(1 << 24)),
  'one line without an end': readAll('a', {}, (file) => file.readline()),
  'lines that end in a carriage return': readAll('abc\r', { buffering: 1 << 22 }, drain),
}

describe('the time for text grows with its size, and not with the square of it', () => {
  for (const [name, run] of Object.entries(SUBJECTS)) {
    test(name, () => {
      run(1 << 12)
      const small = cost(() => run(SIZE))
      const large = cost(() => run(RATIO * SIZE))
      // Quadratic time has a ratio of 16. Short times vary too much to say anything.
      const isLinear = large < 20_000 || large < 2.5 * RATIO * small
      assert.ok(isLinear, `${small} us for ${SIZE}, ${large} us for ${RATIO * SIZE}`)
      // What takes a hundred times the memory of a character takes such a time, too.
      assert.ok(large < 1_000_000, `${large} us for ${RATIO * SIZE}`)
    })
  }
})

test('text that is not well formed is decoded and encoded as before', () => {
  const samples = ['a\udc80b', '\u00e9\udcff\u20ac\udc80\u{1f600}\udcfe', '\u{10ffff}\udcff\uffff\ufffd']
  for (const text of samples) {
    const bytes = encode(text)
    assert.ok(typeof bytes !== 'number')
    assert.equal(decode(bytes), text)
  }
  assert.deepEqual(encode('\u00e9\udcff\u20ac\u{1f600}'), Buffer.from('c3a9ffe282acf09f9880', 'hex'))
  assert.deepEqual(['a\ud800', '\u{1f600}\udc00', '\udc80\udbff'].map(encode), [1, 2, 1])
  const bytes = Buffer.from('f09f98ff80c3a9edb080efbfbdf09f9880e282', 'hex')
  const again = encode(decode(bytes))
  assert.deepEqual(again, bytes)
})
