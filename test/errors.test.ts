import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect, types } from 'node:util'
import os from 'osier'
import * as errno from 'osier/errno'
import { askPython, noPython } from './support/python.ts'

const numbers = [...Array(140).keys()]

/** An error as the system raises it. */
function raised(call: () => unknown): os.OSError {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof os.OSError, inspect(error))
    return error
  }
  throw new Error('nothing was thrown')
}

describe('OSError', () => {
  test('the number chooses the class, as in Python', { skip: noPython }, () => {
    const theirs = askPython<string[]>(
      'import json, sys; print(json.dumps([type(OSError(n, "text")).__name__ for n in json.load(sys.stdin)]))',
      { input: JSON.stringify(numbers) },
    )
    for (const number of numbers) {
      const error = new os.OSError(number, 'text')
      assert.equal(error.name, theirs[number], `${number}`)
      assert.equal(error.constructor, os[error.name as 'OSError'], `${number}`)
    }
  })

  test('the classes are related as in Python', { skip: noPython }, () => {
    const names = Object.keys(os).filter((name) => name.endsWith('Error') && name !== 'NotImplementedError')
    const theirs = askPython<string[]>(
      'import json, sys; print(json.dumps([eval(name).__base__.__name__ for name in json.load(sys.stdin)]))',
      { input: JSON.stringify(names) },
    )
    const base = (name: string): string => (Object.getPrototypeOf(os[name as 'OSError']) as { name: string }).name
    assert.equal(names.length, 16)
    for (const [index, name] of names.entries()) {
      assert.equal(base(name), name === 'OSError' ? 'Error' : theirs[index], name)
    }
    assert.equal(os.error, os.OSError)
  })

  test('a class that is named keeps to itself, whatever the number', () => {
    const error = new os.FileNotFoundError(errno.EACCES, 'text')
    assert.equal(error.constructor, os.FileNotFoundError)
    assert.equal(error.code, 'EACCES')
    class Own extends os.OSError {}
    assert.equal(new Own(errno.ENOENT, 'text').constructor, Own)
  })

  test('has the fields of both worlds', () => {
    const {
      name,
      message,
      errno: number,
      strerror,
      filename,
      filename2,
      code,
      syscall,
      path,
      dest,
    } = raised(() => os.rename('/missing/a', '/missing/b'))
    assert.deepEqual(
      { name, message, number, strerror, filename, filename2, code, syscall, path, dest },
      {
        name: 'FileNotFoundError',
        message: `ENOENT: ${os.strerror(errno.ENOENT)}, rename '/missing/a' -> '/missing/b'`,
        number: errno.ENOENT,
        strerror: os.strerror(errno.ENOENT),
        filename: '/missing/a',
        filename2: '/missing/b',
        code: 'ENOENT',
        syscall: 'rename',
        path: '/missing/a',
        dest: '/missing/b',
      },
    )
  })

  test('names a path as it was given: bytes as bytes, and as text beside', () => {
    const bytes = Buffer.from('/missing/\xff', 'latin1')
    const error = raised(() => os.stat(bytes))
    assert.equal(error.filename, bytes)
    assert.equal(error.path, '/missing/\udcff')
    assert.equal(error.filename2, undefined)
    assert.equal('dest' in error, false)
    assert.equal(raised(() => os.stat(new URL('file:///missing/%20'))).filename, '/missing/ ')
  })

  test('of a descriptor has its number, and no path', () => {
    const error = raised(() => os.fstat(1_000_000))
    assert.deepEqual([error.filename, error.code, error.message], [1_000_000, 'EBADF', error.message])
    assert.equal(error.message, `EBADF: ${os.strerror(errno.EBADF)}, fstat`)
    assert.equal('path' in error, false)
  })

  test('is an error to Node: native, with a stack that begins with its class, and goes to another thread', () => {
    const error = raised(() => os.listdir('/missing'))
    assert.ok(types.isNativeError(error))
    assert.match(String(error.stack), /^FileNotFoundError: ENOENT: .*\n\s+at /)
    assert.equal(String(error), `FileNotFoundError: ${error.message}`)
    assert.ok(inspect(error).includes("syscall: 'listdir'"))
    const copy = structuredClone(error) as Error
    assert.ok(copy instanceof Error)
    assert.equal(copy.message, error.message)
    assert.deepEqual(JSON.parse(JSON.stringify(error)), {
      ...{ errno: errno.ENOENT, strerror: error.strerror, filename: '/missing', code: 'ENOENT' },
      ...{ syscall: 'listdir', path: '/missing' },
    })
  })

  test('of one argument is its message, and has no number and no code', { skip: noPython }, () => {
    assert.equal(askPython('import json; print(json.dumps(str(OSError("text"))))'), 'text')
    for (const Class of [os.OSError, os.FileNotFoundError]) {
      const error = new Class('text')
      const { name, message, errno: number, strerror, code, filename } = error
      assert.equal(error.constructor, Class)
      assert.deepEqual([name, message, strerror], [Class.name, 'text', 'text'])
      assert.deepEqual([number, code, filename], [0, '', undefined])
    }
    const withZero = new os.OSError(0, 'text', 'path')
    assert.deepEqual([withZero.message, withZero.code], ["text, 'path'", ''])
  })

  test('takes another filename, as shutil assigns it', () => {
    const error = raised(() => os.stat('missing'))
    error.filename = '/folder/missing'
    error.filename2 = undefined
    assert.deepEqual([error.filename, error.path], ['/folder/missing', 'missing'])
  })

  test('has the descriptor as its filename, whichever call it was', () => {
    const calls: ((fd: number) => unknown)[] = [
      ...[os.close, os.fstat, os.stat, os.listdir, os.scandir, os.chdir, os.fchdir, os.fsync, os.statvfs, os.utime],
      ...[(fd: number) => os.read(fd, 1), (fd: number) => os.truncate(fd, 1), (fd: number) => os.chmod(fd, 0o600)],
    ]
    for (const call of calls) assert.equal(raised(() => call(1_000_000)).filename, 1_000_000, `${call}`)
  })

  test('of a number that the platform does not know is named by it', () => {
    const error = new os.OSError(9999, 'text')
    assert.deepEqual([error.code, error.name, error.message], ['E9999', 'OSError', 'E9999: text'])
  })
})

describe('errors of arguments', () => {
  test('name the argument and what was given, on one line', () => {
    const cases: readonly [call: () => unknown, name: string, code: string, message: RegExp][] = [
      [() => os.stat(5n as never), 'TypeError', 'ERR_INVALID_ARG_TYPE', /^The "path" argument must be .*received 5n$/],
      [() => os.stat('a\0b'), 'RangeError', 'ERR_INVALID_ARG_VALUE', /^The "path" argument must not .*'a\\x00b'$/],
      [() => os.close(0.5), 'RangeError', 'ERR_OUT_OF_RANGE', /^The "fd" argument must be .*received 0.5$/],
      [
        () => os.mkdir('a', { mod: 1 } as never),
        'TypeError',
        'ERR_INVALID_ARG_TYPE',
        /mode, dir_fd, received \{ mod: 1 \}$/,
      ],
      [() => os.stat(new Error('two\nlines') as never), 'TypeError', 'ERR_INVALID_ARG_TYPE', /received Error: two$/],
      [() => os.stat('\0'.padEnd(1000, 'x')), 'RangeError', 'ERR_INVALID_ARG_VALUE', /^.{1,300}$/],
      [() => os.stat((() => undefined) as never), 'TypeError', 'ERR_INVALID_ARG_TYPE', /received a function$/],
    ]
    for (const [call, name, code, message] of cases) assert.throws(call, { name, code, message })
  })

  test('are not hidden by what a getter of the argument throws', () => {
    const value = new Proxy(
      {},
      {
        get() {
          throw new Error('the getter')
        },
      },
    )
    assert.throws(() => os.getenv(value as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('NotImplementedError', () => {
  test('names the platforms that have what this one lacks', () => {
    assert.throws(
      () => os.startfile('x'),
      (error) => {
        assert.ok(error instanceof os.NotImplementedError && !(error instanceof os.OSError))
        assert.deepEqual([error.name, error.code], ['NotImplementedError', 'ERR_METHOD_NOT_IMPLEMENTED'])
        return /Windows/.test(error.message)
      },
    )
  })
})
