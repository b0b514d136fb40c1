import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import { ENOSYS, EPERM } from 'osier/errno'
import { assertSameAsPython as assertSameCalls, type Step } from '../../support/calls.ts'
import { outputOf } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { noPython } from '../../support/python.ts'
import { assertSameAsPython } from '../../support/scenario.ts'
import { noSeccomp } from '../../support/seccomp.ts'

const folder = temporaryFolder()

let files = 0
function newPath(): string {
  return join(folder, `file-${files++}`)
}

/** A new file, open for reading and writing, closed after the test's body. */
function withFile<T>(content: string | Uint8Array, body: (fd: number) => T): T {
  const fd = os.open(newPath(), os.O_RDWR | os.O_CREAT)
  try {
    os.write(fd, Buffer.from(content as string))
    os.lseek(fd, 0, os.SEEK_SET)
    return body(fd)
  } finally {
    os.close(fd)
  }
}

function withPipe<T>(body: (r: number, w: number) => T): T {
  const [r, w] = os.pipe()
  try {
    return body(r, w)
  } finally {
    os.closerange(r, r + 1)
    os.closerange(w, w + 1)
  }
}

/** A number that no descriptor has. */
const CLOSED = 987_654

describe('open', () => {
  test('every flag is taken', () => {
    const path = newPath()
    const flags: Record<string, number> = {}
    for (const [name, value] of Object.entries(os)) {
      if (name.startsWith('O_') && typeof value === 'number') flags[name] = value
    }
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    assert.ok(Object.keys(flags).length >= 22, Object.keys(flags).join())
    for (const [name, flag] of Object.entries(flags)) {
      if (name === 'O_DIRECTORY') assert.throws(() => os.open(path, flag), os.NotADirectoryError)
      else if (name === 'O_EXCL') assert.throws(() => os.open(path, flag | os.O_CREAT), os.FileExistsError)
      else if (name === 'O_DIRECT')
        continue // tmpfs refuses it
      else os.close(os.open(name === 'O_TMPFILE' ? folder : path, name === 'O_TMPFILE' ? flag | os.O_RDWR : flag))
    }
  })

  test('O_APPEND writes at the end, O_TRUNC empties, O_NOFOLLOW refuses a link, O_PATH cannot be read', () => {
    const path = newPath()
    const fd = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.write(fd, Buffer.from('one'))
    const appending = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(appending, Buffer.from(' two'))
    assert.equal(os.fstat(fd).st_size, 7)
    os.close(os.open(path, os.O_WRONLY | os.O_TRUNC))
    assert.equal(os.fstat(fd).st_size, 0)
    os.close(fd)
    os.close(appending)
    os.symlink(path, `${path}-link`)
    assert.throws(() => os.open(`${path}-link`, os.O_RDONLY | os.O_NOFOLLOW), { code: 'ELOOP' })
    const place = os.open(path, os.O_PATH)
    assert.throws(() => os.read(place, 1), { code: 'EBADF' })
    os.close(place)
  })

  test('dir_fd and mode', () => {
    const directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    const fd = os.open('beside', os.O_CREAT | os.O_RDWR, { dir_fd: directory, mode: 0o600 })
    assert.equal(os.fstat(fd).st_mode & 0o777, 0o600)
    assert.equal(os.stat(join(folder, 'beside')).st_ino, os.fstat(fd).st_ino)
    os.close(fd)
    os.close(directory)
  })

  test('with no descriptor left it is EMFILE, and so is everything else that makes one; nothing leaks', () => {
    const program = fileURLToPath(new URL('../../support/exhaust.js', import.meta.url))
    const child = spawnSync('sh', ['-c', 'ulimit -n 128; exec "$0" "$1"', process.execPath, program], {
      encoding: 'utf8',
    })
    assert.equal(child.stderr, '')
    const report = JSON.parse(child.stdout) as { failures: Record<string, string>; before: number; after: number }
    for (const [name, code] of Object.entries(report.failures)) assert.equal(code, 'EMFILE', name)
    assert.ok(Object.keys(report.failures).length >= 8)
    assert.equal(report.after, report.before)
  })
})

describe('close, closerange', () => {
  test('a closed descriptor is EBADF everywhere', () => {
    const bytes = Buffer.alloc(4)
    const calls: (() => unknown)[] = [
      () => os.close(CLOSED),
      () => os.dup(CLOSED),
      () => os.dup2(CLOSED, CLOSED + 1),
      () => os.dup2(CLOSED, CLOSED + 1, false),
      () => os.read(CLOSED, 1),
      () => os.read(CLOSED, 100_000),
      () => os.readinto(CLOSED, bytes),
      () => os.pread(CLOSED, 1, 0),
      () => os.pread(CLOSED, 100_000, 0),
      () => os.write(CLOSED, bytes),
      () => os.pwrite(CLOSED, bytes, 0),
      () => os.get_blocking(CLOSED),
      () => os.set_blocking(CLOSED, true),
      () => os.get_inheritable(CLOSED),
      () => os.set_inheritable(CLOSED, true),
    ]
    for (const call of calls) assert.throws(call, { code: 'EBADF', filename: CLOSED }, String(call))
    assert.throws(() => os.close(-1), { code: 'EBADF' })
  })

  test('closerange closes what is open in the range, and nothing else', () => {
    const fds = Array.from({ length: 6 }, () => os.open('/dev/null', os.O_RDONLY)).sort((a, b) => a - b)
    const high = os.dup2(fds[0] ?? -1, 900, false)
    os.close(fds[2] ?? -1)
    os.closerange(700, 1000)
    assert.throws(() => os.fstat(high), { code: 'EBADF' })
    os.closerange(2 ** 31 - 2, 2 ** 31 - 1)
    os.closerange(901, 900)
    os.closerange(0, 0)
    os.closerange(-5, 0)
    for (const [index, fd] of fds.entries()) {
      if (index === 2) assert.throws(() => os.fstat(fd), { code: 'EBADF' })
      else os.fstat(fd)
      os.closerange(fd, fd + 1)
      assert.throws(() => os.fstat(fd), { code: 'EBADF' })
    }
  })

  test('closerange does so where the kernel lacks the call', { skip: noSeccomp }, () => {
    const program = fileURLToPath(new URL('../../support/closing.js', import.meta.url))
    for (const errno of [0, ENOSYS, EPERM]) {
      const child = spawnSync(process.execPath, [program, String(errno)], { encoding: 'utf8' })
      assert.deepEqual([child.stderr, child.stdout], ['', '701 702 705\n'], String(errno))
    }
  })
})

describe('dup, dup2, pipe', () => {
  test('dup shares the position, and is not inheritable', () => {
    withFile('abcdef', (fd) => {
      const copy = os.dup(fd)
      assert.equal(os.read(copy, 3).toString(), 'abc')
      assert.equal(os.read(fd, 3).toString(), 'def')
      assert.equal(os.get_inheritable(copy), false)
      os.close(copy)
    })
  })

  test('dup2 takes the number asked for, closes what had it, and leaves the copy inheritable unless told otherwise', () => {
    withFile('abc', (fd) => {
      const taken = os.open('/dev/null', os.O_RDONLY)
      assert.equal(os.dup2(fd, taken), taken)
      assert.equal(os.get_inheritable(taken), true)
      assert.equal(os.fstat(taken).st_ino, os.fstat(fd).st_ino)
      assert.equal(os.dup2(fd, taken, { inheritable: false }), taken)
      assert.equal(os.get_inheritable(taken), false)
      assert.equal(os.dup2(taken, taken), taken)
      // CPython asks no system call here, and raises whatever errno a call before has left.
      assert.throws(() => os.dup2(-1, 50), { code: 'EBADF' })
      assert.equal(os.get_inheritable(taken), false)
      assert.throws(() => os.dup2(taken, taken, false), { code: 'EINVAL' })
      os.close(taken)
    })
  })

  test('a pipe: in at one end, out at the other, not inheritable; pipe2 does as its flags say', () => {
    withPipe((r, w) => {
      assert.deepEqual([os.get_inheritable(r), os.get_inheritable(w)], [false, false])
      assert.equal(os.write(w, Buffer.from('x')), 1)
      assert.equal(os.read(r, 10).toString(), 'x')
      os.close(w)
      assert.equal(os.read(r, 10).length, 0)
    })
    const [r, w] = os.pipe2(os.O_NONBLOCK)
    assert.deepEqual([os.get_inheritable(r), os.get_blocking(r), os.get_blocking(w)], [true, false, false])
    assert.throws(() => os.read(r, 1), os.BlockingIOError)
    os.close(r)
    assert.throws(() => os.write(w, Buffer.from('x')), os.BrokenPipeError)
    os.close(w)
    assert.throws(() => os.pipe2(os.O_CREAT), { code: 'EINVAL' })
  })
})

describe('reading and writing', () => {
  test('read gives what is there, in memory of its own', () => {
    withFile('a'.repeat(5000) + 'b'.repeat(100_000), (fd) => {
      const first = os.read(fd, 5000)
      const second = os.read(fd, 50)
      assert.equal(first.toString(), 'a'.repeat(5000))
      assert.equal(second.toString(), 'b'.repeat(50))
      second.fill('c')
      assert.equal(first.toString(), 'a'.repeat(5000))
      assert.equal(os.read(fd, 2 ** 40).length, 99_950)
      assert.equal(os.read(fd, 10).length, 0)
      assert.equal(os.read(fd, 0).length, 0)
      assert.equal(os.pread(fd, 10n, 4995n).toString(), 'aaaaabbbbb')
      assert.equal(os.pread(fd, 70_000, 0).length, 70_000)
      assert.equal(os.pread(fd, 10, 1e9).length, 0)
    })
  })

  test('a short read does not keep the memory of a long one', () => {
    withPipe((r, w) => {
      os.write(w, Buffer.from('short'))
      assert.ok(os.read(r, 2 ** 20).buffer.byteLength < 2 ** 18)
    })
  })

  test('all kinds of memory: on the heap, shared, resizable, a part of another, of other element types', () => {
    const kinds: (() => ArrayBufferView)[] = [
      () => new Uint8Array(8),
      () => new Float64Array(1),
      () => new DataView(new ArrayBuffer(32), 3, 8),
      () => new Uint16Array(new ArrayBuffer(32), 2, 4),
      () => new Uint8Array(new SharedArrayBuffer(8)),
      () => Buffer.from('........'),
      () => new Uint8Array(Reflect.construct(ArrayBuffer, [8, { maxByteLength: 4096 }]) as ArrayBuffer),
    ]
    for (const kind of kinds) {
      withFile('12345678', (fd) => {
        const memory = kind()
        assert.equal(os.readinto(fd, memory), 8)
        assert.equal(asText(memory), '12345678')
        assert.equal(os.write(fd, memory), 8)
        assert.equal(os.pwrite(fd, memory, 16n), 8)
        assert.equal(os.pread(fd, 100, 0).toString(), '12345678'.repeat(3))
      })
    }
  })

  test('few bytes and many are written alike, from within larger memory', () => {
    const memory = Buffer.from(Array.from({ length: 80 }, (_, i) => (i * 37) & 0xff))
    for (let size = 0; size <= 40; size++) {
      withFile('', (fd) => {
        const part = memory.subarray(size, 2 * size)
        assert.equal(os.write(fd, part), size)
        assert.equal(os.write(fd, new DataView(memory.buffer, memory.byteOffset + size, size)), size)
        assert.deepEqual(os.pread(fd, 100, 0), Buffer.concat([part, part]))
      })
    }
  })

  test('memory that is gone, and what is no memory, is refused before anything is written', () => {
    const gone = new Uint8Array(8)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    const shrunk = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 16 }]) as ArrayBuffer & {
      resize(size: number): void
    }
    const outside = new Uint8Array(shrunk, 8, 8)
    shrunk.resize(4)
    withFile('abc', (fd) => {
      for (const memory of [gone, outside, 'text', new ArrayBuffer(4), [1, 2], null, undefined] as Uint8Array[]) {
        assert.throws(() => os.write(fd, memory), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
        assert.throws(() => os.pwrite(fd, memory, 0), TypeError)
        assert.throws(() => os.readinto(fd, memory), TypeError)
      }
      assert.equal(os.fstat(fd).st_size, 3)
      assert.equal(os.write(fd, new Uint8Array(0)), 0)
      assert.equal(os.readinto(fd, new Uint8Array(0)), 0)
    })
  })

  test('a view that lies about its length is written as long as it is', () => {
    withFile('', (fd) => {
      for (const property of ['length', 'byteLength']) {
        const bytes = Object.defineProperty(new Uint8Array(4), property, { value: 2 ** 20 })
        assert.equal(os.write(fd, bytes), 4)
      }
      class Lying extends Uint8Array {
        override get length(): number {
          return 2 ** 20
        }
      }
      assert.equal(os.readinto(fd, new Lying(4)), 0)
      assert.equal(os.pwrite(fd, new Lying(4), 0), 4)
    })
  })

  test('offsets beyond 2^53 are exact as bigint, and no number', () => {
    const fd = os.memfd_create('large')
    try {
      const far = 2n ** 53n + 1n
      os.ftruncate(fd, 2n ** 60n)
      assert.equal(os.pwrite(fd, Buffer.from('x'), far), 1)
      assert.equal(os.pread(fd, 1, far).toString(), 'x')
      assert.equal(os.pread(fd, 1, far - 1n).toString(), '\0')
      assert.throws(() => os.pread(fd, 1, 2 ** 53), RangeError)
      assert.throws(() => os.pread(fd, 1, 2n ** 63n), RangeError)
      assert.throws(() => os.pread(fd, 1, 0.5), RangeError)
      assert.throws(() => os.read(fd, -1), RangeError)
    } finally {
      os.close(fd)
    }
  })

  test('an interrupted call goes on: no error, no short data', () => {
    const program = fileURLToPath(new URL('../../support/interrupted.js', import.meta.url))
    const child = spawnSync(process.execPath, [program, newPath()], { encoding: 'utf8', timeout: 60_000 })
    assert.equal(child.stderr, '')
    const blocked = { read: 'read', readinto: 'readinto', readv: 'readv', readline: 'line', open: 'fifo' }
    assert.deepEqual(JSON.parse(child.stdout), { interrupted: true, ...blocked })
  })

  test('the same as in Python', { skip: noPython }, () => {
    assertSameAsPython(
      [
        { call: ['open', { path: 'file' }, { constant: 'O_RDWR|O_CREAT' }], as: 'fd' },
        { call: ['write', { use: 'fd' }, { bytes: 'hello world' }] },
        { call: ['write', { use: 'fd' }, 'text'] },
        { call: ['pread', { use: 'fd' }, 5, 6] },
        { call: ['pread', { use: 'fd' }, 5, -1] },
        { call: ['pread', { use: 'fd' }, 5, { int: '9223372036854775807' }] },
        { call: ['pread', { use: 'fd' }, 5, { int: '9223372036854775808' }] },
        { call: ['pwrite', { use: 'fd' }, { bytes: 'J' }, 0] },
        { call: ['pwrite', { use: 'fd' }, { bytes: 'J' }, -1] },
        { call: ['read', { use: 'fd' }, 5] },
        { call: ['lseek', { use: 'fd' }, 0, 0] },
        { call: ['read', { use: 'fd' }, 0] },
        { call: ['read', { use: 'fd' }, 100] },
        { call: ['read', { use: 'fd' }, 100] },
        { call: ['dup', { use: 'fd' }], as: 'copy' },
        { call: ['get_inheritable', { use: 'copy' }] },
        { call: ['dup2', { use: 'fd' }, { use: 'copy' }, true], as: 'copy' },
        { call: ['get_inheritable', { use: 'copy' }] },
        { call: ['dup2', { use: 'fd' }, { use: 'fd' }, false] },
        { call: ['set_inheritable', { use: 'copy' }, false] },
        { call: ['get_inheritable', { use: 'copy' }] },
        { call: ['get_blocking', { use: 'copy' }] },
        { call: ['close', { use: 'copy' }] },
        { call: ['close', { use: 'copy' }] },
        { call: ['get_blocking', { use: 'copy' }] },
        { call: ['close', { use: 'fd' }] },
        { call: ['pipe'], as: ['r', 'w'] },
        { call: ['pread', { use: 'r' }, 1, 0] },
        { call: ['read', { use: 'w' }, 1] },
        { call: ['write', { use: 'r' }, { bytes: 'x' }] },
        { call: ['set_blocking', { use: 'r' }, false] },
        { call: ['read', { use: 'r' }, 1] },
        { call: ['close', { use: 'r' }] },
        { call: ['write', { use: 'w' }, { bytes: 'x' }] },
        { call: ['close', { use: 'w' }] },
        { call: ['close', -1] },
        { call: ['read', 'x', 1] },
        { call: ['open', { path: 'missing' }, { constant: 'O_RDONLY' }] },
        { call: ['open', { path: '' }, { constant: 'O_WRONLY' }] },
      ],
      folder,
    )
  })
})

describe('flags of descriptors', () => {
  test('blocking', () => {
    withPipe((r, w) => {
      assert.equal(os.get_blocking(r), true)
      os.set_blocking(r, false)
      assert.equal(os.get_blocking(r), false)
      assert.throws(() => os.read(r, 1), os.BlockingIOError)
      assert.throws(() => os.readinto(r, Buffer.alloc(1)), os.BlockingIOError)
      os.set_blocking(w, false)
      assert.throws(() => {
        for (;;) os.write(w, Buffer.alloc(65536))
      }, os.BlockingIOError)
      os.set_blocking(r, true)
      assert.equal(os.read(r, 1).length, 1)
      assert.throws(() => os.set_blocking(r, 1 as unknown as boolean), TypeError)
    })
  })

  test('a child has what is inheritable, and nothing else', () => {
    const [r, w] = os.pipe()
    const inherited = (): number[] => inheritedByChild().filter((fd) => fd === r || fd === w)
    try {
      assert.deepEqual(inherited(), [])
      os.set_inheritable(r, true)
      assert.equal(os.get_inheritable(r), true)
      assert.deepEqual(inherited(), [r])
      os.set_inheritable(r, false)
      assert.deepEqual(inherited(), [])
      assert.throws(() => os.set_inheritable(r, 0 as unknown as boolean), TypeError)
    } finally {
      os.close(r)
      os.close(w)
    }
  })
})

describe('a negative descriptor', () => {
  test('is refused before the system is asked, or by the system, as in Python', { skip: noPython }, () => {
    const steps: Step[] = [
      ...['fsync', 'fdatasync', 'fchdir', 'eventfd_read', 'login_tty', 'fdopen'].map((name): Step => [name, -1]),
      ['eventfd_write', -1, 1],
      ['fpathconf', -1, 'PC_NAME_MAX'],
      ...['close', 'fstat', 'fstatvfs', 'dup', 'ttyname', 'tcgetpgrp', 'get_blocking'].map((name): Step => [name, -1]),
      ...['read', 'ftruncate', 'fchmod', 'tcsetpgrp', 'dup2'].map((name): Step => [name, -1, 1]),
      ...['lseek', 'pread', 'lockf', 'fchown'].map((name): Step => [name, -1, 1, 1]),
      ...[-2, -100, -(2 ** 31)].flatMap((fd): Step[] => [
        ['fsync', fd],
        ['fpathconf', fd, 'PC_NAME_MAX'],
        ['close', fd],
        ['fstat', fd],
      ]),
    ]
    assertSameCalls(steps)
  })

  test('is refused likewise by what Python has since 3.12 and 3.13', () => {
    const calls = [os.grantpt, os.unlockpt, os.ptsname, os.setns, os.timerfd_gettime, os.timerfd_gettime_ns]
    for (const call of [...calls, os.timerfd_settime, os.timerfd_settime_ns]) {
      assert.throws(() => call(-1), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }, call.name)
    }
  })
})

/** What a child of ours finds open. Node gives it all that is inheritable. */
function inheritedByChild(): number[] {
  // Not by `node:child_process`, of which some close every descriptor that they were not told of.
  const listing = outputOf((fd) =>
    os.posix_spawnp('ls', ['ls', '/proc/self/fd'], null, { file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1]] }),
  )
  return listing.trim().split('\n').map(Number)
}

function asText(memory: ArrayBufferView): string {
  return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength).toString('latin1')
}
