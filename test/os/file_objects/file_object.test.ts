import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'

const folder = temporaryFolder()

const path = join(folder, 'file')

/** Opens the file with some contents. */
function opened(content: string | Buffer, flags: number = os.O_RDWR): number {
  writeFileSync(path, content)
  return os.open(path, flags)
}

const runProgram = (name: string, ...args: string[]): { stdout: string; stderr: string } =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`../../support/${name}.js`, import.meta.url)), ...args], {
    encoding: 'utf8',
  })

describe('buffers', () => {
  test('written data is buffered until the buffer is full, or flush, or close', () => {
    const file = os.fdopen(opened(''), 'wb', 10)
    const now = (): string => readFileSync(path, 'latin1')
    file.write(Buffer.from('12345'))
    assert.equal(now(), '')
    file.write(Buffer.from('67890'))
    assert.equal(now(), '')
    file.write(Buffer.from('A'))
    assert.equal(now(), '1234567890')
    file.flush()
    assert.equal(now(), '1234567890A')
    file.write(Buffer.from('a long one that does not fit'))
    assert.equal(now(), '1234567890Aa long one that does not fit')
    file.write(Buffer.from('B'))
    file.close()
    assert.equal(now(), '1234567890Aa long one that does not fitB')
  })

  test('unbuffered, each call of write is a system call; with line buffering each line is', () => {
    const now = (): string => readFileSync(path, 'latin1')
    using raw = os.fdopen(opened(''), 'wb', 0)
    raw.write(Buffer.from('now'))
    assert.equal(now(), 'now')
    using lines = os.fdopen(opened(''), 'w', 1)
    assert.equal(lines.line_buffering, true)
    lines.write('half')
    assert.equal(now(), '')
    lines.write(' a line\nand')
    assert.equal(now(), 'half a line\nand')
  })

  test('line buffering of a binary file emits a warning', async () => {
    const warned = once(process, 'warning') as Promise<[Error]>
    os.fdopen(opened(''), 'wb', 1).close()
    assert.equal((await warned)[0].name, 'RuntimeWarning')
  })

  test('a terminal is line-buffered, and one file object can read and write it', () => {
    const [master, slave] = os.openpty()
    using keys = os.fdopen(master, 'r+')
    using screen = os.fdopen(slave, 'r+')
    assert.deepEqual([screen.isatty(), screen.line_buffering, screen.seekable()], [true, true, false])
    screen.write('name? ')
    screen.flush()
    keys.write('osier\nmore\n')
    assert.equal(screen.readline(), 'osier\n')
    screen.write('hello\n')
    assert.equal(screen.readline(), 'more\n')
    assert.equal(keys.readline(), 'name? osier\n')
  })

  test('write copies its buffer, which may change afterwards', () => {
    using file = os.fdopen(opened(''), 'wb+')
    const memory = Buffer.from('before')
    file.write(memory)
    memory.fill('x')
    file.seek(0)
    assert.equal(file.read().toString(), 'before')
  })

  test('a view with a false length is written with its real length', () => {
    for (const [property, value] of Object.entries({ length: 2 ** 20, byteLength: 2 ** 20, buffer: undefined })) {
      for (const size of [4, 10_000]) {
        using file = os.fdopen(opened(''), 'wb+')
        const bytes = Object.defineProperty(new Uint8Array(size), property, { value })
        assert.equal(file.write(bytes), size)
        file.seek(0)
        assert.equal(file.readinto(bytes), size)
        assert.equal(os.fstat(file).st_size, size)
      }
    }
  })

  test('buffered data is written at exit, and when the file object is collected, with a warning', () => {
    writeFileSync(path, '')
    assert.deepEqual(runProgram('unflushed', path).stderr, '')
    assert.equal(readFileSync(path, 'latin1'), 'written at exit')
    const child = spawnSync(
      process.execPath,
      ['--expose-gc', fileURLToPath(new URL('../../support/forgotten.js', import.meta.url)), path],
      { encoding: 'utf8' },
    )
    assert.equal(child.stderr, '')
    assert.deepEqual(JSON.parse(child.stdout), {
      warnings: ['ResourceWarning', 'ResourceWarning'],
      open: 0,
      kept: true,
    })
    assert.equal(readFileSync(path, 'latin1'), 'written when collected')
  })
})

describe('non-blocking descriptors', () => {
  test('an incomplete line is not lost', () => {
    const [r, w] = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    for (const mode of ['r', 'rb'] as const) {
      const file = os.fdopen(r, mode, { closefd: false })
      assert.throws(() => file.readline(), os.BlockingIOError)
      assert.throws(() => file.read(), os.BlockingIOError)
      os.write(w, Buffer.from('half a '))
      assert.throws(() => file.readline(), os.BlockingIOError)
      os.write(w, Buffer.from('line\nnext \xc3', 'latin1'))
      assert.equal(String(file.readline()), 'half a line\n')
      assert.equal(String(file.read(4)), 'next')
      if (mode === 'r') assert.equal(file.read(), ' ')
      else assert.deepEqual(file.read(), Buffer.from(' \xc3', 'latin1'))
      os.write(w, Buffer.from('\xa4\n', 'latin1'))
      const [text, bytes] = ['ä\n', Buffer.from('\xa4\n', 'latin1')]
      assert.deepEqual(file.readline(), mode === 'r' ? text : bytes)
      file.close()
    }
    os.close(r)
    os.close(w)
  })

  test('writing to a full pipe reports the number of written bytes, and buffers no others', () => {
    const [r, w] = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    const file = os.fdopen(w, 'wb', 1000)
    const size = 200_000
    const all = Buffer.from(Array.from({ length: size }, (_, index) => index))
    let taken = 0
    assert.throws(
      () => file.write(all),
      (error: Error & { characters_written?: number }) => {
        taken = error.characters_written ?? 0
        return error instanceof os.BlockingIOError
      },
    )
    assert.ok(taken > 1000 && taken < size)
    assert.throws(() => file.write(Buffer.alloc(10)), { code: 'EAGAIN', characters_written: 0 })
    const received: Buffer[] = []
    const drain = (): void => {
      try {
        for (;;) received.push(os.read(r, 1 << 20))
      } catch (error) {
        assert.ok(error instanceof os.BlockingIOError)
      }
    }
    drain()
    file.flush()
    file.close()
    os.set_blocking(r, true)
    received.push(os.read(r, 1 << 20))
    os.close(r)
    assert.deepEqual(Buffer.concat(received), all.subarray(0, taken))
  })

  test('an error when buffered data is written is thrown by close, and the descriptor is closed', () => {
    const [r, w] = os.pipe()
    const file = os.fdopen(w, 'w')
    file.write('unread')
    os.close(r)
    assert.throws(() => file.flush(), os.BrokenPipeError)
    assert.throws(() => file.close(), os.BrokenPipeError)
    assert.throws(() => os.fstat(w), { code: 'EBADF' })
    file.close()
  })
})
