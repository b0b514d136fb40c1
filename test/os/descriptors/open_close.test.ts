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
import { newPath, withNewFile, withPipe } from '../../support/open_and_close.ts'
import { noPython } from '../../support/python.ts'
import { noSeccomp } from '../../support/seccomp.ts'

const folder = temporaryFolder()

/** A number that no descriptor has. */
const CLOSED = 987_654

describe('open', () => {
  test('accepts every flag', () => {
    const path = newPath(folder)
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
    const path = newPath(folder)
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

  test('opens relative to dir_fd, and creates with mode', () => {
    const directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    const fd = os.open('beside', os.O_CREAT | os.O_RDWR, { dir_fd: directory, mode: 0o600 })
    assert.equal(os.fstat(fd).st_mode & 0o777, 0o600)
    assert.equal(os.stat(join(folder, 'beside')).st_ino, os.fstat(fd).st_ino)
    os.close(fd)
    os.close(directory)
  })

  test('without free descriptors, functions that open one throw EMFILE and leak none', () => {
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
  test('functions throw EBADF for a closed descriptor', () => {
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

  test('closerange closes the descriptors of the range only', () => {
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

  test('closerange works where the kernel lacks close_range(2)', { skip: noSeccomp }, () => {
    const program = fileURLToPath(new URL('../../support/closing.js', import.meta.url))
    for (const errno of [0, ENOSYS, EPERM]) {
      const child = spawnSync(process.execPath, [program, String(errno)], { encoding: 'utf8' })
      assert.deepEqual([child.stderr, child.stdout], ['', '701 702 705\n'], String(errno))
    }
  })
})

describe('dup, dup2, pipe', () => {
  test('dup shares the position, and is not inheritable', () => {
    withNewFile(folder, 'abcdef', (fd) => {
      const copy = os.dup(fd)
      assert.equal(os.read(copy, 3).toString(), 'abc')
      assert.equal(os.read(fd, 3).toString(), 'def')
      assert.equal(os.get_inheritable(copy), false)
      os.close(copy)
    })
  })

  test('dup2 uses the given number, closes its previous file, and makes an inheritable duplicate by default', () => {
    withNewFile(folder, 'abc', (fd) => {
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

  test('a pipe passes data on and is not inheritable; pipe2 applies its flags', () => {
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

describe('flags of descriptors', () => {
  test('set_blocking sets and get_blocking returns the mode', () => {
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

  test('a child inherits exactly the inheritable descriptors', () => {
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
  test('is refused as in Python, by the function or by the system', { skip: noPython }, () => {
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

  test('is refused likewise by functions that Python has since 3.12 and 3.13', () => {
    const calls = [os.grantpt, os.unlockpt, os.ptsname, os.setns, os.timerfd_gettime, os.timerfd_gettime_ns]
    for (const call of [...calls, os.timerfd_settime, os.timerfd_settime_ns]) {
      assert.throws(() => call(-1), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }, call.name)
    }
  })
})

/** The open descriptors of a child. Node passes on all inheritable ones. */
function inheritedByChild(): number[] {
  // Not by `node:child_process`: in some runtimes it closes all other descriptors.
  const listing = outputOf((fd) =>
    os.posix_spawnp('ls', ['ls', '/proc/self/fd'], null, { file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1]] }),
  )
  return listing.trim().split('\n').map(Number)
}
