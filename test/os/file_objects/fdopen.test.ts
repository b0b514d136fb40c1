import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { noPython } from '../../support/python.ts'
import { assertSameAsPython, type Call } from '../../support/scenario.ts'

const folder = temporaryFolder()

const path = join(folder, 'file')

/** Opens the file with some contents. */
function opened(content: string | Buffer, flags: number = os.O_RDWR): number {
  writeFileSync(path, content)
  return os.open(path, flags)
}

describe('fdopen', () => {
  test('a mode with b returns a BinaryFile, other modes a TextFile; no mode truncates or creates a file', () => {
    for (const kind of ['r', 'w', 'a', 'x'] as const) {
      for (const rest of ['', '+', 't', '+t', 'b', 'b+', '+b'] as const) {
        using file = os.fdopen(opened('kept'), `${kind}${rest}`)
        assert.equal(file instanceof os.BinaryFile, rest.includes('b'))
        assert.equal(file instanceof os.TextFile, !rest.includes('b'))
        assert.equal(file.readable(), kind === 'r' || rest.includes('+'))
        assert.equal(file.writable(), kind !== 'r' || rest.includes('+'))
        assert.equal(file.tell(), kind === 'a' ? 4 : 0)
      }
    }
    assert.equal(readFileSync(path, 'latin1'), 'kept')
  })

  test('accepts options by position and by name', () => {
    const fd = opened('')
    const options = { encoding: 'latin-1', newline: '\r\n', closefd: false } as const
    for (const file of [
      os.fdopen(fd, 'w', -1, 'latin-1', null, '\r\n', false),
      os.fdopen(fd, 'w', 100, options),
      os.fdopen(fd, 'w', options),
      os.fdopen({ fd }, { mode: 'w', ...options }),
    ]) {
      file.write('ä\n')
      file.close()
      assert.equal(file.encoding, 'latin-1')
    }
    os.close(fd)
    assert.equal(readFileSync(path, 'latin1'), 'ä\r\n'.repeat(4))
  })

  test('refuses incompatible options, and leaves the descriptor open', () => {
    const fd = opened('')
    const fdopen = os.fdopen as (...args: unknown[]) => unknown
    for (const mode of ['', 'b', 'rw', 'rr', 'r++', 'U', 'rbt', 'q', '+', 't']) {
      assert.throws(() => fdopen(fd, mode), RangeError, mode)
    }
    const wrong: [object, new (...args: never[]) => Error][] = [
      [{ mode: 'rb', encoding: 'utf-8' }, RangeError],
      [{ mode: 'rb', errors: 'strict' }, RangeError],
      [{ mode: 'rb', newline: '\n' }, RangeError],
      [{ buffering: 0 }, RangeError],
      [{ buffering: -2 }, RangeError],
      [{ buffering: 1.5 }, RangeError],
      [{ buffering: null }, TypeError],
      [{ buffering: '1' }, TypeError],
      [{ encoding: 'nonsense' }, RangeError],
      [{ encoding: 'utf-16' }, RangeError],
      [{ encoding: 'iso-2022-jp' }, RangeError],
      [{ encoding: 5 }, TypeError],
      [{ errors: 'nonsense' }, RangeError],
      [{ encoding: 'utf-16-le', errors: 'ignore' }, RangeError],
      [{ newline: 'x' }, RangeError],
      [{ newline: 5 }, TypeError],
      [{ closefd: 1 }, TypeError],
      [{ mode: null }, TypeError],
      [{ opener: null }, TypeError],
    ]
    for (const [options, kind] of wrong) assert.throws(() => fdopen(fd, options), kind, JSON.stringify(options))
    for (const none of ['5', null, undefined, {}]) assert.throws(() => fdopen(none), TypeError)
    assert.throws(() => fdopen(-1), RangeError)
    assert.throws(() => fdopen(987_654), { code: 'EBADF', filename: 987_654 })
    const directory = os.open(folder, os.O_RDONLY)
    assert.throws(() => fdopen(directory), os.IsADirectoryError)
    os.close(directory)
    os.close(fd)
  })

  test('methods of a closed file throw, except close', () => {
    for (const mode of ['r+', 'rb+', 'w', 'rb'] as const) {
      const file = os.fdopen(opened('text'), mode)
      assert.equal(file.closed, false)
      file.close()
      file.close()
      assert.equal(file.closed, true)
      const calls: (() => unknown)[] = [
        () => file.read(),
        () => file.readline(),
        () => file.readlines(),
        () => file.next(),
        () => (file as os.BinaryFile).write(Buffer.from('x') as Buffer & string),
        () => file.flush(),
        () => file.seek(0),
        () => file.tell(),
        () => file.truncate(0),
        () => file.fileno(),
        () => file.isatty(),
        () => file.readable(),
        () => file.writable(),
        () => file.seekable(),
      ]
      for (const call of calls) {
        const isText = file instanceof os.TextFile && String(call).includes('write(')
        assert.throws(call, isText ? TypeError : { code: 'EBADF' }, `${mode}: ${String(call)}`)
      }
    }
    assert.equal(readFileSync(path, 'latin1'), 'text')
  })

  test('reading a file open for writing, or the reverse, is EBADF', () => {
    using reading = os.fdopen(opened('text'), 'r')
    assert.throws(() => reading.write('x'), { code: 'EBADF' })
    assert.throws(() => reading.truncate(), { code: 'EBADF' })
    using writing = os.fdopen(opened('text'), 'wb')
    assert.throws(() => writing.read(), { code: 'EBADF' })
    assert.throws(() => writing.readline(), { code: 'EBADF' })
    assert.throws(() => writing.readinto(Buffer.alloc(1)), { code: 'EBADF' })
  })

  test('other functions accept a file object as descriptor, and closefd: false leaves it open', () => {
    const fd = opened('text')
    const file = os.fdopen(fd, 'r+', { closefd: false })
    assert.equal(file.fileno(), fd)
    assert.equal(file.name, fd)
    assert.equal(os.fstat(file).st_size, 4)
    file.write('T')
    file.close()
    assert.equal(os.pread(fd, 10, 0).toString(), 'Text')
    os.close(fd)
  })

  test('raises an audit event', () => {
    const messages: unknown[] = []
    const listener = (message: unknown): void => void messages.push(message)
    subscribe('open', listener)
    const fd = opened('')
    os.fdopen(fd, 'ab+').close()
    unsubscribe('open', listener)
    const flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    assert.deepEqual(messages.at(-1), { event: 'open', args: [fd, 'a+', flags] })
  })
})

const on = (name: string, ...args: unknown[]): Call => ({ call: [name, ...args], on: 'f' })

let files = 0

let recorded: Call[] = []

/** A file with some contents is opened with a mode and more arguments, and this happens to it. */
function withContents(content: string, mode: string, more: readonly unknown[], calls: readonly Call[]): void {
  const file = { path: String(files++) }
  recorded.push(
    { call: ['open', file, { constant: 'O_RDWR|O_CREAT' }], as: 'fd' },
    { call: ['write', { use: 'fd' }, { bytes: content }] },
    { call: ['lseek', { use: 'fd' }, 0, 0] },
    { call: ['fdopen', { use: 'fd' }, mode, ...more], as: 'f' },
    ...calls,
    on('close'),
    on('closed'),
    { call: ['close', { use: 'fd' }] },
    { call: ['open', file, 0], as: 'fd' },
    { call: ['read', { use: 'fd' }, 100_000] },
    { call: ['close', { use: 'fd' }] },
  )
}

/** A test of everything that `withContents` is called with in its body: one process of Python for all of it. */
function sameAsPython(name: string, body: () => void): void {
  test(name, () => {
    recorded = []
    body()
    assertSameAsPython(recorded, folder)
  })
}

describe('the same as in Python', { skip: noPython }, () => {
  sameAsPython('bytes', () => {
    const lines = 'first\nsecond\n\nfourth without end'
    for (const buffering of [-1, 0, 3, 100]) {
      withContents(
        lines,
        'rb',
        [buffering],
        [
          on('mode'),
          on('read', 2),
          on('readline'),
          on('tell'),
          on('readline', 3),
          on('readline', 0),
          on('read', 0),
          on('readlines', 2),
          on('tell'),
          on('read'),
          on('read'),
          on('readline'),
          on('seek', -7, 2),
          on('read', 100),
          on('seek', 3),
          on('seek', 2, 1),
          on('readinto', { buffer: 4 }),
          on('readinto', { buffer: 100 }),
          on('readinto', { buffer: 1 }),
          on('seek', 0),
          on('readlines'),
          on('seek', -1),
          on('seekable'),
          on('isatty'),
          on('readable'),
          on('writable'),
        ],
      )
    }
  })

  sameAsPython('bytes, read and written', () => {
    for (const mode of ['rb+', 'wb+', 'ab+']) {
      withContents(
        '0123456789',
        mode,
        [4],
        [
          on('mode'),
          on('read', 2),
          on('write', { bytes: 'AB' }),
          on('tell'),
          on('read', 2),
          on('write', { bytes: 'longer than the buffer' }),
          on('tell'),
          on('seek', 1),
          on('write', { bytes: 'x' }),
          on('seek', 0),
          on('read'),
          on('truncate', 5),
          on('tell'),
          on('seek', 3),
          on('truncate'),
          on('write', 'text'),
          on('writelines', [{ bytes: 'one' }, { bytes: 'two' }]),
          on('flush'),
          on('tell'),
        ],
      )
    }
  })

  sameAsPython('text', () => {
    const lines = 'first\r\nsecond\rthird\n\n\xc3\xa4\xf0\x9f\x98\x80\xe2\x82\xac\nlast'
    for (const newline of [null, '', '\n', '\r', '\r\n']) {
      for (const buffering of [-1, 2, 7]) {
        withContents(
          lines,
          'r',
          [buffering, 'utf-8', null, newline],
          [
            on('mode'),
            on('encoding'),
            on('errors'),
            on('read', 3),
            on('readline'),
            on('readline', 2),
            on('readline'),
            on('readline'),
            on('read', 8),
            on('readlines'),
            on('read'),
            on('seek', 0),
            on('readlines', 7),
            on('seek', 0),
            on('read'),
            on('seek', 0, 2),
            on('seek', 1, 2),
            on('seek', 1, 1),
            on('seek', -1),
            on('seek', 5),
            on('readline'),
          ],
        )
      }
    }
  })

  sameAsPython('text, written', () => {
    for (const newline of [null, '', '\n', '\r', '\r\n']) {
      withContents(
        '',
        'w',
        [-1, 'utf-8', null, newline],
        [
          on('write', 'a\nb\r\nc\rd'),
          on('tell'),
          on('write', '\u{1f600}\n'),
          on('write', ''),
          on('writelines', ['x', 'y\n']),
          on('write', 5),
          on('writelines', 5),
          on('truncate', 4),
          on('seek', 0, 2),
          on('write', 'end'),
        ],
      )
    }
  })

  sameAsPython('bytes that mean nothing', () => {
    const bytes = 'a\xffb\xe2\x82c\xf0\x9f\x98d\xed\xa0\x80e\xc0\x80\xf5\n\xe2\x82\xac\xf0\x9f\x98'
    for (const errors of ['ignore', 'replace', 'surrogateescape', 'backslashreplace']) {
      for (const encoding of ['utf-8', 'ascii', 'latin-1', 'koi8-r', 'iso8859_5']) {
        for (const buffering of [2, -1]) {
          withContents(bytes, 'r', [buffering, encoding, errors], [on('read')])
        }
      }
    }
    for (const encoding of ['utf-8', 'ascii']) withContents(bytes, 'r', [-1, encoding, 'strict'], [on('read')])
  })

  sameAsPython('characters that an encoding lacks', () => {
    const texts = ['a\u00e4b', 'a\u20acb', 'a\u{1f600}b', 'a\udcffb', 'a\ud800b', '\u0416']
    for (const errors of ['strict', 'ignore', 'replace', 'surrogateescape', 'backslashreplace']) {
      for (const encoding of ['utf-8', 'ascii', 'latin-1', 'koi8-r', 'cp1251']) {
        withContents(
          '',
          'w',
          [-1, encoding, errors],
          texts.map((text) => on('write', text)),
        )
      }
    }
    for (const encoding of ['utf-16-le', 'utf-16-be']) {
      withContents(
        '',
        'w',
        [-1, encoding, 'strict'],
        texts.map((text) => on('write', text)),
      )
    }
  })

  sameAsPython('encodings of several bytes', () => {
    const utf16 = (text: string): string => Buffer.from(text, 'utf16le').toString('latin1')
    for (const buffering of [2, 3, -1]) {
      const calls = [on('readline'), on('tell'), on('read', 2), on('tell'), on('read')]
      withContents(utf16('\u00e4\r\n\u20ac\u{1f600}\nend'), 'r', [buffering, 'utf-16-le'], calls)
      withContents('\x82\xa0\x82\xa2\r\n\x83\x5c\x5cx', 'r', [buffering, 'shift_jis', 'strict', ''], calls)
      withContents('\xa4\xa2\xa4\xa4\n\xa4\xa2x', 'r', [buffering, 'euc_jp'], calls)
      withContents('\xc4\xe3\xba\xc3\n\x81\x30\x81\x30x', 'r', [buffering, 'gb18030'], calls)
    }
  })
})
