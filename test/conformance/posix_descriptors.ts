import assert from 'node:assert/strict'
import os from 'osier'
import { noPwritev2 } from '../support/emulation.ts'
import { differs, fails, type Here, holds, type PythonClass, rangeError, typeError } from './suite.ts'

/** CPython's PosixTester: the tests of descriptors. */

function vectors(...sizes: number[]): Buffer[] {
  return sizes.map((size) => Buffer.alloc(size))
}

/** A file with a content, open to be read and written, at its beginning. */
function open(here: Here, content = ''): number {
  return here.open(here.file('file', content))
}

const PIECES = ['test1', 'tt2', 't3'].map((text) => Buffer.from(text))
const SPREAD = 'test1tt2t3t5t6t6t8'

function inPieces(pieces: readonly Buffer[]): string[] {
  return pieces.map(String)
}

/** A vectored call whose flags the file system may not know. */
function orNotSupported(call: () => void): void {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof os.OSError && ['EOPNOTSUPP', 'EINVAL', 'ENOTSUP'].includes(error.code), String(error))
  }
}

function content(fd: number): string {
  return String(os.pread(fd, 100, 0))
}

export const tests: PythonClass['tests'] = {
  test_ftruncate: [
    holds('ftruncate cuts an open file', (here) => {
      const fd = open(here, 'test')
      os.ftruncate(fd, 0)
      assert.equal(os.fstat(fd).st_size, 0)
    }),
  ],
  test_lockf: [
    holds('lockf locks a section, and unlocks it', (here) => {
      const fd = open(here, 'test')
      os.lockf(fd, os.F_LOCK, 4)
      os.lockf(fd, os.F_ULOCK, 4)
    }),
  ],
  test_pread: [
    holds('pread reads from an offset', (here) => assert.equal(String(os.pread(open(here, 'test'), 2, 1)), 'es')),
    holds('and does not change the position', (here) => {
      const fd = open(here, 'test')
      os.pread(fd, 2, 1)
      assert.equal(String(os.read(fd, 2)), 'te')
    }),
  ],
  test_preadv: [
    holds(
      'preadv fills several buffers from an offset on, and returns the number of bytes',
      (here) => {
        const pieces = vectors(5, 3, 2)
        assert.equal(os.preadv(open(here, SPREAD), pieces, 3), 10)
        assert.deepEqual(inPieces(pieces), ['t1tt2', 't3t', '5t'])
      },
      noPwritev2,
    ),
  ],
  test_preadv_flags: [
    holds(
      'preadv takes RWF_HIPRI, where the file system does',
      (here) => {
        const [fd, pieces] = [open(here, SPREAD), vectors(5, 3, 2)]
        orNotSupported(() => {
          assert.equal(os.preadv(fd, pieces, 3, os.RWF_HIPRI), 10)
          assert.deepEqual(inPieces(pieces), ['t1tt2', 't3t', '5t'])
        })
      },
      noPwritev2,
    ),
  ],
  test_pwrite: [
    holds('pwrite writes at an offset, and does not change the position', (here) => {
      const fd = open(here, 'test')
      os.pwrite(fd, Buffer.from('xx'), 1)
      assert.equal(String(os.read(fd, 4)), 'txxt')
    }),
  ],
  test_pwritev: [
    holds(
      'pwritev writes several buffers at an offset, and returns the number of bytes',
      (here) => {
        const fd = open(here, 'xx')
        assert.equal(os.pwritev(fd, PIECES, 2), 10)
        assert.equal(content(fd), 'xxtest1tt2t3')
      },
      noPwritev2,
    ),
  ],
  test_pwritev_flags: [
    holds(
      'pwritev takes RWF_SYNC, where the file system does',
      (here) => {
        const fd = open(here, 'xx')
        orNotSupported(() => {
          assert.equal(os.pwritev(fd, PIECES, 2, os.RWF_SYNC), 10)
          assert.equal(content(fd), 'xxtest1tt2t3')
        })
      },
      noPwritev2,
    ),
  ],
  test_posix_fallocate: [
    holds('posix_fallocate gives a file room', (here) => {
      const fd = open(here)
      os.posix_fallocate(fd, 0, 10)
      assert.equal(os.fstat(fd).st_size, 10)
    }),
  ],
  test_posix_fadvise: [
    holds('posix_fadvise takes advice', (here) => os.posix_fadvise(open(here), 0, 0, os.POSIX_FADV_WILLNEED)),
  ],
  test_writev: [
    holds('writev writes several buffers, and returns the number of bytes', (here) => {
      const fd = open(here)
      assert.equal(os.writev(fd, PIECES), 10)
      assert.equal(content(fd), 'test1tt2t3')
    }),
    holds('writev of no piece writes nothing', (here) => assert.equal(os.writev(open(here), []), 0)),
  ],
  test_readv: [
    holds('readv fills several buffers, and returns the number of bytes', (here) => {
      const pieces = vectors(5, 3, 2)
      assert.equal(os.readv(open(here, 'test1tt2t3'), pieces), 10)
      assert.deepEqual(inPieces(pieces), ['test1', 'tt2', 't3'])
    }),
    holds('readv into no piece reads nothing', (here) => assert.equal(os.readv(open(here, 'test'), []), 0)),
  ],
  test_dup: [holds('dup gives a descriptor', (here) => assert.ok(here.closed(os.dup(open(here))) >= 0))],
  test_dup2: [
    holds('dup2 makes one descriptor mean what another does', (here) => {
      const [one, two] = [open(here, 'test'), here.open('/dev/null')]
      os.dup2(one, two)
      assert.equal(String(os.read(two, 4)), 'test')
    }),
  ],
  test_oscloexec: [
    holds('what is opened with O_CLOEXEC is not inheritable', (here) => {
      assert.equal(os.get_inheritable(here.open(here.file(), os.O_RDONLY | os.O_CLOEXEC)), false)
    }),
  ],
  test_osexlock: [
    differs('O_EXLOCK keeps others out', 'Linux cannot open and lock in one step (CPython skips this there)', () => {
      assert.equal(os.O_EXLOCK, undefined)
    }),
  ],
  test_osshlock: [
    differs('O_SHLOCK lets readers in', 'Linux cannot open and lock in one step (CPython skips this there)', () => {
      assert.equal(os.O_SHLOCK, undefined)
    }),
  ],
  test_pipe: [
    holds('pipe gives an end to read from and one to write to', (here) => {
      const [r, w] = here.pipe()
      os.write(w, Buffer.from('x'))
      assert.equal(String(os.read(r, 1)), 'x')
    }),
  ],
  test_pipe2: [
    holds('pipe2 refuses text as flags, with a TypeError', () => typeError(() => os.pipe2('DEADBEEF' as never))),
    differs(
      'pipe2 refuses a second argument, with a TypeError',
      'JavaScript functions ignore additional arguments; TypeScript refuses them',
    ),
    holds('pipe2 without flags is inheritable', (here) => {
      const ends = os.pipe2(0).map((fd) => here.closed(fd))
      assert.deepEqual(ends.map(os.get_inheritable), [true, true])
    }),
    holds('pipe2 with O_CLOEXEC is not inheritable', (here) => {
      const ends = os.pipe2(os.O_CLOEXEC).map((fd) => here.closed(fd))
      assert.deepEqual(ends.map(os.get_inheritable), [false, false])
    }),
    holds('pipe2 with O_NONBLOCK does not block', (here) => {
      const ends = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK).map((fd) => here.closed(fd))
      assert.deepEqual(ends.map(os.get_blocking), [false, false])
    }),
    holds('to read from it while it is empty is an OSError', (here) => {
      const [r = -1] = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK).map((fd) => here.closed(fd))
      fails('EAGAIN', () => os.read(r, 1))
    }),
    holds('to write more than it holds writes a part', (here) => {
      const [, w = -1] = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK).map((fd) => here.closed(fd))
      const size = 4 * 2 ** 20
      assert.ok(os.write(w, Buffer.alloc(size)) < size)
    }),
  ],
  test_pipe2_c_limits: [
    holds('pipe2 refuses flags beyond what an int of C holds, with an OverflowError', () => {
      rangeError(
        () => os.pipe2(2 ** 31),
        () => os.pipe2(2 ** 32),
      )
    }),
  ],
  test_fs_holes: [
    holds('SEEK_DATA of a file without holes stays where it is', (here) => {
      const fd = open(here, 'hello')
      for (let at = 0; at < 5; at++) assert.equal(os.lseek(fd, at, os.SEEK_DATA), at)
    }),
    holds('SEEK_HOLE goes to its end', (here) => {
      const fd = open(here, 'hello')
      for (let at = 0; at < 5; at++) assert.equal(os.lseek(fd, at, os.SEEK_HOLE), 5)
    }),
    holds('at the end both are an OSError', (here) => {
      const fd = open(here, 'hello')
      fails(
        'ENXIO',
        () => os.lseek(fd, 5, os.SEEK_DATA),
        () => os.lseek(fd, 5, os.SEEK_HOLE),
      )
    }),
  ],
}
