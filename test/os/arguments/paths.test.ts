import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import os from 'osier'
import { askPython, noPython } from '../../support/python.ts'

/** Pieces of which byte strings are made: what is UTF-8, and all the ways to miss it. */
const PIECES = [
  ...['61', '2f', '00', '7f', 'c3a9', 'c280', 'dfbf', 'e0a080', 'e282ac', 'ed9fbf', 'ee8080', 'efbfbd', 'efbfbf'],
  ...['f0908080', 'f09fa680', 'f48fbfbf'],
  // Cut short, continued without a beginning, over-long, surrogates, beyond U+10FFFF, never bytes of UTF-8.
  ...[
    'c3',
    'e282',
    'f09fa6',
    '80',
    'bf',
    'c080',
    'c1bf',
    'e09fbf',
    'f08fbfbf',
    'eda080',
    'edbfbf',
    'f4908080',
    'fe',
    'ff',
  ],
].map((hex) => Buffer.from(hex, 'hex'))

const byteStrings = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => Buffer.concat(pieces)),
)

/** Text with lone surrogates of all kinds in it. */
const texts = fc
  .array(fc.constantFrom('a', 'é', '€', '🦀', '\ufffd', '\udc80', '\udcc3', '\udca9', '\udcff', '\ud83e', '\udc7f'), {
    maxLength: 8,
  })
  .map((characters) => characters.join(''))

/** Text as UTF-16, in hexadecimal: JSON has no lone surrogates that all parsers agree on. */
function units(text: string): string {
  return Buffer.from(text, 'utf16le').toString('hex')
}

describe('surrogateescape', () => {
  test('every byte string survives decoding and encoding', () => {
    fc.assert(
      fc.property(byteStrings, (bytes) => os.fsencode(os.fsdecode(bytes)).equals(bytes)),
      { numRuns: 100_000 },
    )
  })

  test('long byte strings do too, with an invalid byte at any position', () => {
    for (const length of [31, 32, 33, 255, 256, 257, 5000]) {
      for (const at of [0, 1, length >> 1, length - 1]) {
        const bytes = Buffer.alloc(length, 'x')
        bytes[at] = 0xe9
        const text = os.fsdecode(bytes)
        assert.equal(text, `${'x'.repeat(at)}\udce9${'x'.repeat(length - at - 1)}`)
        assert.deepEqual(os.fsencode(text), bytes)
      }
    }
  })

  test('bytes are decoded as in Python', { skip: noPython }, () => {
    const sample = [...PIECES, ...fc.sample(byteStrings, 2000)].map((bytes) => bytes.toString('hex'))
    const theirs = askPython<string[]>(
      `import json, os, sys
print(json.dumps([os.fsdecode(bytes.fromhex(h)).encode('utf-16-le', 'surrogatepass').hex() for h in json.load(sys.stdin)]))`,
      { input: JSON.stringify(sample) },
    )
    assert.deepEqual(
      sample.map((hex) => [hex, units(os.fsdecode(Buffer.from(hex, 'hex')))]),
      sample.map((hex, index) => [hex, theirs[index]]),
    )
  })

  test('text is encoded, or refused, as in Python', { skip: noPython }, () => {
    const sample = fc.sample(texts, 2000).map(units)
    const theirs = askPython<string[]>(
      `import json, os, sys
def encoded(text):
    try:
        return os.fsencode(text).hex()
    except UnicodeEncodeError as error:
        return 'refused'
print(json.dumps([encoded(bytes.fromhex(h).decode('utf-16-le', 'surrogatepass')) for h in json.load(sys.stdin)]))`,
      { input: JSON.stringify(sample) },
    )
    const encoded = (hex: string): string => {
      try {
        return os.fsencode(Buffer.from(hex, 'hex').toString('utf16le')).toString('hex')
      } catch (error) {
        assert.ok(error instanceof RangeError)
        return 'refused'
      }
    }
    assert.deepEqual(
      sample.map((hex) => [hex, encoded(hex)]),
      sample.map((hex, index) => [hex, theirs[index]]),
    )
    assert.ok(theirs.includes('refused') && theirs.some((hex) => hex.includes('ff')))
  })

  test('the error names the first character that cannot be encoded', () => {
    assert.throws(() => os.fsencode('ab\ud800'), { code: 'ERR_INVALID_ARG_VALUE', message: /"filename".*index 2/ })
    assert.throws(() => os.fsencode('🦀\udcff\udd00'), { message: /index 3/ })
  })
})

describe('fspath, fsencode and fsdecode', () => {
  test('accept text, bytes, file: URLs and objects with __fspath__', () => {
    const bytes = Buffer.from('a/b')
    assert.equal(os.fspath(bytes), bytes)
    assert.equal(os.fspath('a/b'), 'a/b')
    assert.equal(os.fspath(new URL('file:///a%20b')), '/a b')
    assert.equal(os.fspath({ __fspath__: () => 'c' }), 'c')
    assert.equal(os.fsdecode({ __fspath__: () => bytes }), 'a/b')
    assert.deepEqual(os.fsencode(new URL('file:///%C3%A9')), Buffer.from('/é'))
    assert.equal(os.fsdecode(new URL('file:///%FF')), '/\udcff')
    assert.equal(os.fspath(new URL('file:///%EF%BF%BD/%C3%A9')), '/\ufffd/é')
  })

  test('fsencode of bytes returns a Buffer over the same memory', () => {
    const bytes = Uint8Array.of(1, 2, 3).subarray(1)
    const encoded = os.fsencode(bytes)
    assert.ok(Buffer.isBuffer(encoded))
    assert.equal(encoded.buffer, bytes.buffer)
    assert.deepEqual(encoded, Buffer.of(2, 3))
  })

  test('throw a TypeError for other values, and pass on an exception of __fspath__', () => {
    const wrong: unknown[] = [undefined, null, 0, 1n, true, [], {}, Object('text'), new Uint16Array(1), Symbol('x')]
    for (const value of [...wrong, { __fspath__: 'text' }, { __fspath__: () => 5 }]) {
      for (const call of [os.fspath, os.fsencode, os.fsdecode] as ((value: unknown) => unknown)[]) {
        assert.throws(() => call(value), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
      }
    }
    const own = new Error('of its own')
    const thrower = {
      __fspath__: (): string => {
        throw own
      },
    }
    assert.throws(() => os.fspath(thrower), own)
  })
})

test('objects with __fspath__ are instances of PathLike, and the class can be extended', () => {
  class Report extends os.PathLike {
    override __fspath__(): string {
      return '/etc'
    }
  }
  assert.equal(os.fspath(new Report()), '/etc')
  assert.ok(os.stat(new Report()).st_ino === os.stat('/etc').st_ino)
  assert.ok({ __fspath__: () => 'x' } instanceof os.PathLike)
  for (const value of [{}, 'text', null, { __fspath__: 1 }])
    assert.equal((value as object) instanceof os.PathLike, false)
})
