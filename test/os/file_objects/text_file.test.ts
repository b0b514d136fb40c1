import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import os from 'osier'

/** A text file of some bytes, without a disk. */
function textFile(bytes: Uint8Array, options: os.FileOptions): os.TextFile {
  const fd = os.memfd_create('text')
  os.write(fd, bytes)
  os.lseek(fd, 0, os.SEEK_SET)
  return os.fdopen(fd, 'r+', options)
}

const newlines = [null, '', '\n', '\r', '\r\n'] as const

/** Bytes among which line ends, characters of all lengths and broken ones are common. */
const bytes = fc
  .array(
    fc.oneof(
      fc
        .constantFrom('\n', '\r', '\r\n', 'a', 'bc', 'ä', '€', '\u{1f600}', '\u{10ffff}')
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.concat(parts))

const options = fc.record({
  buffering: fc.integer({ min: 2, max: 20 }),
  newline: fc.constantFrom(...newlines),
  errors: fc.constantFrom('surrogateescape', 'replace', 'ignore', 'backslashreplace'),
})

const steps = fc.array(fc.record({ line: fc.boolean(), size: fc.integer({ min: -1, max: 6 }) }), { maxLength: 12 })

function step(file: os.TextFile, { line, size }: { line: boolean; size: number }): string {
  return line ? file.readline(size) : file.read(size)
}

describe('reading text in pieces', () => {
  test('reads of any size together return the whole text', () => {
    fc.assert(
      fc.property(bytes, options, steps, (content, settings, pieces) => {
        using file = textFile(content, settings)
        using whole = textFile(content, { ...settings, buffering: -1 })
        const parts = pieces.map((piece) => step(file, piece))
        assert.equal(parts.join('') + file.read(), whole.read())
      }),
      { numRuns: 1000 },
    )
  })

  test('seek returns to a position of tell', () => {
    fc.assert(
      fc.property(bytes, options, steps, (content, settings, pieces) => {
        using file = textFile(content, settings)
        fc.pre(settings.errors !== 'backslashreplace')
        for (const piece of pieces) step(file, piece)
        const place = file.tell()
        const rest = file.read()
        assert.equal(file.seek(place), place)
        assert.equal(file.tell(), place)
        assert.equal(file.read(), rest)
        assert.equal(file.tell(), content.length)
      }),
      { numRuns: 1000 },
    )
  })

  test('tell throws within an escape sequence', () => {
    using file = textFile(Buffer.from('a\xffb', 'latin1'), { errors: 'backslashreplace' })
    assert.equal(file.read(2), 'a\\')
    assert.throws(() => file.tell(), RangeError)
    assert.equal(file.read(3), 'xff')
    assert.equal(file.tell(), 2)
  })

  test('lines end only where the newline option says', () => {
    const ends = { '': /\r\n|\r|\n/g, '\n': /\n/g, '\r': /\r/g, '\r\n': /\r\n/g }
    fc.assert(
      fc.property(bytes, options, (content, settings) => {
        using file = textFile(content, settings)
        using whole = textFile(content, settings)
        const text = whole.read()
        const pattern = settings.newline === null ? /\n/g : ends[settings.newline]
        const expected = text.replace(pattern, '$&\0').split('\0')
        if (!text.includes('\0'))
          assert.deepEqual(
            [...file],
            expected.filter((line) => line !== ''),
          )
        if (settings.newline === null) assert.ok(!text.includes('\r'))
      }),
      { numRuns: 1000 },
    )
  })

  test('text that was read with surrogateescape is written unchanged', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom('utf-8', 'ascii', 'koi8-r', 'latin-1'), (content, encoding) => {
        using file = textFile(content, { encoding, errors: 'surrogateescape', newline: '' })
        const text = file.read()
        file.seek(0)
        file.truncate()
        file.write(text)
        file.flush()
        assert.deepEqual(os.pread(file.fileno(), 10_000, 0), content)
      }),
    )
  })

  test('read counts characters, and never splits a pair of surrogates', () => {
    using file = textFile(Buffer.from('\u{1f600}\u{1f600}a\r\nb'), {})
    assert.equal(file.read(1), '\u{1f600}')
    assert.equal(file.readline(2), '\u{1f600}a')
    assert.equal(file.read(1), '\n')
    assert.equal(file.write('\u{1f600}x'), 2)
    using ignoring = textFile(Buffer.alloc(0), { errors: 'ignore' })
    assert.equal(ignoring.write('\u{1f600}\udc00\udc00'), 3)
  })

  test('reads a line longer than many blocks, and many lines', () => {
    const long = 'x'.repeat(3_000_000)
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`)
    using file = textFile(Buffer.from(`${long}\n${lines.join('')}`), {})
    assert.equal(file.readline().length, long.length + 1)
    assert.deepEqual([...file], lines)
    file.seek(0)
    assert.equal(file.read().length, long.length + 1 + lines.join('').length)
  })
})

describe('reading and writing one file', () => {
  test('write continues at the position of the reader, not after the data read ahead', () => {
    using file = textFile(Buffer.from('erste\nzweite\ndritte\n'), { newline: '\n' })
    assert.equal(file.readline(), 'erste\n')
    file.write('ZWEI')
    assert.equal(file.readline(), 'te\n')
    file.seek(0)
    assert.equal(file.read(), 'erste\nZWEIte\ndritte\n')
    file.seek(6)
    file.truncate()
    assert.equal(file.tell(), 6)
    assert.equal(file.read(), '')
  })

  test('text with a character that cannot be encoded is not written at all', () => {
    using file = textFile(Buffer.alloc(0), { encoding: 'ascii' })
    file.write('a')
    assert.throws(() => file.write('bä'), { name: 'RangeError', message: /U\+00E4 cannot be encoded as ascii/ })
    file.flush()
    assert.equal(os.fstat(file).st_size, 1)
  })

  test('invalid bytes are an error, and remain unread', () => {
    using file = textFile(Buffer.from('a\xff\n', 'latin1'), { encoding: 'utf-8' })
    const refusal = { name: 'RangeError', code: 'ERR_ENCODING_INVALID_ENCODED_DATA', message: /0xff.* utf-8/ }
    assert.throws(() => file.read(), refusal)
    assert.throws(() => file.readline(), refusal)
    assert.equal(file.tell(), 0)
  })
})
