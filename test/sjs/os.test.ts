import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as osier from 'osier'
import type * as named from 'osier/sjs'
import os from 'osier/sjs'
import { temporaryFolder } from '../support/folder.ts'
import { code, runSjs, withFile, withPipe, wrongType } from '../support/sjs.ts'

const folder = temporaryFolder()

const path = (name: string): string => join(folder, name)

const { printed } = runSjs(folder)

describe('open', () => {
  const meanings: readonly [flags: named.OpenFlags, access: number, file: 'kept' | 'emptied' | 'refused'][] = [
    ['r', os.O_RDONLY, 'kept'],
    ['rs', os.O_RDONLY | os.O_SYNC, 'kept'],
    ['sr', os.O_RDONLY | os.O_SYNC, 'kept'],
    ['r+', os.O_RDWR, 'kept'],
    ['rs+', os.O_RDWR | os.O_SYNC, 'kept'],
    ['sr+', os.O_RDWR | os.O_SYNC, 'kept'],
    ['w', os.O_WRONLY, 'emptied'],
    ['wx', os.O_WRONLY, 'refused'],
    ['xw', os.O_WRONLY, 'refused'],
    ['w+', os.O_RDWR, 'emptied'],
    ['wx+', os.O_RDWR, 'refused'],
    ['xw+', os.O_RDWR, 'refused'],
    ['a', os.O_WRONLY | os.O_APPEND, 'kept'],
    ['ax', os.O_WRONLY | os.O_APPEND, 'refused'],
    ['xa', os.O_WRONLY | os.O_APPEND, 'refused'],
    ['a+', os.O_RDWR | os.O_APPEND, 'kept'],
    ['ax+', os.O_RDWR | os.O_APPEND, 'refused'],
    ['xa+', os.O_RDWR | os.O_APPEND, 'refused'],
  ]

  for (const [flags, access, file] of meanings) {
    test(`'${flags}'`, () => {
      const there = path('there')
      writeFileSync(there, 'contents')
      if (file === 'refused') assert.throws(() => os.open(there, flags), code('EEXIST'))
      else os.close(os.open(there, flags))
      assert.equal(readFileSync(there, 'utf8'), file === 'emptied' ? '' : 'contents')

      const missing = path(`missing-${flags}`)
      if (flags.includes('r')) assert.throws(() => os.open(missing, flags), code('ENOENT'))
      const opened = flags.includes('r') ? there : missing
      withFile(os.open(opened, flags), (fd) => {
        const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
        const bits = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8)
        // O_LARGEFILE shows as well.
        const reported = osier.O_ACCMODE | os.O_APPEND | os.O_SYNC | os.O_CLOEXEC
        assert.equal(bits & reported, access | os.O_CLOEXEC)
      })
    })
  }

  test('flags may be a number', () => {
    withFile(os.open(path('number'), os.O_CREAT | os.O_RDWR), (fd) => {
      assert.equal(osier.get_inheritable(fd), false)
      assert.equal(os.write(fd, 'text'), 4)
    })
  })

  test('the mode is a number, octal digits, or 0o666, less the umask', () => {
    const program = `
      process.umask(0o022)
      const mode = (name, ...rest) => {
        const fd = os.open(name, 'wx', ...rest)
        const found = os.S_IMODE(os.fstat(fd).mode).toString(8)
        os.close(fd)
        return found
      }
      console.log(mode('m1'), mode('m2', undefined), mode('m3', null), mode('m4', 0o640), mode('m5', '600'))`
    assert.equal(printed(program), '644 644 644 640 600\n')
  })

  test('what cannot be meant is refused', () => {
    const call = os.open as (...given: unknown[]) => number
    for (const flags of ['', 'rw', 'x', 'R', 'r ', 'toString', '__proto__']) {
      assert.throws(
        () => call('/dev/null', flags),
        { name: 'RangeError', message: /must be a number or one of r, rs, .*, received '/ },
        flags,
      )
    }
    for (const flags of [undefined, null, true, {}, 1n]) assert.throws(() => call('/dev/null', flags), wrongType)
    for (const mode of ['', '8', '0o7', '-1', '77777777777777']) {
      assert.throws(() => call('/dev/null', 'r', mode), RangeError, mode)
    }
    for (const mode of [true, {}, 1n]) assert.throws(() => call('/dev/null', 'r', mode), wrongType)
    for (const name of [undefined, null, 1, {}]) assert.throws(() => call(name, 'r'), wrongType)
    assert.throws(() => call('a\0b', 'r'), RangeError)
  })
})

describe('descriptors', () => {
  test('pipe gives an array of two, which programs do not inherit', () => {
    withPipe((...ends) => {
      assert.deepEqual(ends.map(osier.get_inheritable), [false, false])
    })
    const ends = os.pipe()
    assert.ok(Array.isArray(ends))
    assert.equal(ends.length, 2)
    for (const fd of ends) os.close(fd)
  })

  test('write takes text and bytes, read gives bytes or fills a Buffer', () => {
    withPipe((r, w) => {
      assert.equal(os.write(w, 'häß'), 5)
      assert.deepEqual(os.read(r), Buffer.from('häß'))
      assert.equal(os.write(w, Buffer.from([1, 2, 3])), 3)
      assert.deepEqual(os.read(r, 2), Buffer.from([1, 2]))
      const buffer = Buffer.alloc(4, 0xff)
      assert.equal(os.read(r, buffer), 1)
      assert.deepEqual(buffer, Buffer.from([3, 0xff, 0xff, 0xff]))
      assert.equal(os.write(w, new Uint16Array([0x0102])), 2)
      const view = new DataView(new ArrayBuffer(8), 2, 4)
      assert.equal(os.read(r, view), 2)
      assert.equal(view.getUint16(0, true), 0x0102)
    })
  })

  test('read reads 4096 bytes by default, or the number given', () => {
    writeFileSync(path('long'), Buffer.alloc(10_000, 7))
    withFile(os.open(path('long'), 'r'), (fd) => {
      assert.equal(os.read(fd).length, 4096)
      assert.equal(os.read(fd, undefined).length, 4096)
      assert.equal(os.read(fd, 0).length, 0)
      assert.equal(os.read(fd, null).length, 10_000 - 2 * 4096)
      assert.deepEqual(os.read(fd), Buffer.alloc(0))
      assert.equal(os.read(fd, Buffer.alloc(1)), 0)
    })
  })

  test('read refuses what is no amount and no memory', () => {
    withPipe((r) => {
      const call = os.read as (...given: unknown[]) => unknown
      for (const amount of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
        assert.throws(() => call(r, amount), RangeError)
      for (const amount of ['1', true, {}, [], new ArrayBuffer(4)]) assert.throws(() => call(r, amount), wrongType)
      assert.throws(() => call(r, Buffer.alloc(0)), {
        name: 'RangeError',
        message: /"nread" argument must not be empty/,
      })
      assert.throws(() => call('0'), wrongType)
    })
  })

  test('write gives names back their bytes, and refuses other lone surrogates', () => {
    withPipe((r, w) => {
      assert.equal(os.write(w, 'caf\udce9'), 4)
      assert.deepEqual(os.read(r), Buffer.from('caf\xe9', 'latin1'))
      assert.throws(() => os.write(w, '\ud800'), RangeError)
      for (const data of [undefined, null, 1, [1], {}]) {
        assert.throws(() => (os.write as (fd: number, data: unknown) => number)(w, data), wrongType)
      }
    })
  })

  test('dup gives the lowest free descriptor, which programs do not inherit', () => {
    withPipe((r) => {
      const copies = [os.dup(r), os.dup(r)] as const
      os.close(copies[0])
      const again = os.dup(r)
      assert.equal(again, copies[0])
      assert.equal(osier.get_inheritable(again), false)
      os.close(again)
      os.close(copies[1])
    })
  })

  test('dup2 makes a close-on-exec descriptor, unless cloexec is false', () => {
    withPipe((r, w) => {
      const target = os.dup(w)
      for (const [cloexec, inheritable] of [
        [undefined, false],
        [null, false],
        [true, false],
        [false, true],
      ] as const) {
        assert.equal(os.dup2(r, target, cloexec), target)
        assert.equal(osier.get_inheritable(target), inheritable, String(cloexec))
      }
      assert.equal(os.fstat(target).ino, os.fstat(r).ino)
      os.close(target)
      assert.throws(() => os.dup2(r, r), code('EINVAL'))
      assert.equal(os.dup2(r, r, false), r)
      assert.throws(() => os.dup2(-1, r), code('EBADF'))
      for (const cloexec of [0, 1, '', {}]) {
        assert.throws(() => (os.dup2 as (...given: unknown[]) => number)(r, w, cloexec), wrongType)
      }
    })
  })

  test('cloexec sets and clears the flag', () => {
    withPipe((r) => {
      assert.equal(os.cloexec(r, false), undefined)
      assert.equal(osier.get_inheritable(r), true)
      os.cloexec(r, true)
      assert.equal(osier.get_inheritable(r), false)
    })
  })

  test('nonblock sets and clears the flag', () => {
    withPipe((r) => {
      assert.equal(os.nonblock(r, true), undefined)
      assert.equal(osier.get_blocking(r), false)
      assert.throws(() => os.read(r), code('EAGAIN'))
      os.nonblock(r, false)
      assert.equal(osier.get_blocking(r), true)
    })
  })

  test('cloexec and nonblock want a boolean and an open descriptor', () => {
    for (const call of [os.cloexec, os.nonblock] as ((...given: unknown[]) => void)[]) {
      withPipe((r) => {
        for (const set of [undefined, null, 0, 1, 'true']) assert.throws(() => call(r, set), wrongType)
      })
      assert.throws(() => call(-1, true), code('EBADF'))
      assert.throws(() => call('0', true), wrongType)
    }
  })

  test('close closes', () => {
    const [r, w] = os.pipe()
    os.close(w)
    assert.equal(os.read(r).length, 0)
    os.close(r)
    assert.throws(() => os.close(-1), code('EBADF'))
  })
})

describe('terminals', () => {
  test('a pty is one, and has a name', () => {
    const [master, slave] = osier.openpty()
    assert.equal(os.isatty(slave), true)
    assert.match(os.ttyname(slave), /^\/dev\/(pts\/|tty)/)
    assert.equal(os.S_ISCHR(os.stat(os.ttyname(slave)).mode), true)
    os.close(slave)
    os.close(master)
  })

  test('any other descriptor is not a terminal', () => {
    withPipe((r) => {
      assert.equal(os.isatty(r), false)
      assert.throws(() => os.ttyname(r), code('ENOTTY'))
    })
    assert.equal(os.isatty(-1), false)
    assert.throws(() => os.ttyname(-1), code('EBADF'))
  })
})

describe('urandom', () => {
  test('returns the requested number of bytes', () => {
    for (const size of [1, 16, 100_000]) assert.equal(os.urandom(size).length, size)
    assert.ok(!os.urandom(32).equals(os.urandom(32)))
  })

  test('fills a view, all of it and nothing else, and returns it', () => {
    for (const size of [1, 300, 65_536, 200_000]) {
      const memory = Buffer.alloc(size + 2)
      const part = memory.subarray(1, -1)
      assert.equal(os.urandom(part), part)
      assert.deepEqual([memory[0], memory.at(-1)], [0, 0])
      // That the last sixteen bytes of what is drawn are all zero does not happen.
      if (size >= 16) assert.ok(part.subarray(-16).some((byte) => byte !== 0))
    }
    const floats = new Float64Array(2)
    assert.equal(os.urandom(floats), floats)
    assert.ok(new Uint8Array(floats.buffer).some((byte) => byte !== 0))
  })

  test('refuses nothing, and what is neither', () => {
    const call = os.urandom as (bytes: unknown) => unknown
    for (const bytes of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Buffer.alloc(0)]) {
      assert.throws(() => call(bytes), RangeError)
    }
    for (const bytes of [undefined, null, '1', true, {}, 1n, new ArrayBuffer(1)])
      assert.throws(() => call(bytes), wrongType)
  })
})
