import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import os from 'osier'
import { SIGUSR1 } from 'osier/signal'
import { temporaryFolder } from '../../support/folder.ts'
import { noPython } from '../../support/python.ts'
import { assertSameAsPython } from '../../support/scenario.ts'

const folder = temporaryFolder()

function withFile<T>(body: (fd: number) => T, content = ''): T {
  const fd = os.open(join(folder, 'file'), os.O_CREAT | os.O_TRUNC | os.O_RDWR)
  try {
    os.write(fd, Buffer.from(content))
    return body(fd)
  } finally {
    os.close(fd)
  }
}

/** A file of 5 TiB with a page of data in the middle. */
const LARGE = 5 * 2 ** 40
const MIDDLE = 3 * 2 ** 40
const PAGE = 65536

function withLargeFile(body: (fd: number) => void): void {
  withFile((fd) => {
    os.ftruncate(fd, LARGE)
    os.pwrite(fd, Buffer.alloc(PAGE, 'd'), MIDDLE)
    body(fd)
  })
}

describe('positions', () => {
  test('are exact in a sparse file of 5 TiB', () => {
    withLargeFile((fd) => {
      assert.equal(os.lseek(fd, 0, os.SEEK_END), LARGE)
      assert.equal(os.fstat(fd).st_size, LARGE)
      assert.equal(os.lseek(fd, -1, os.SEEK_CUR), LARGE - 1)
      assert.equal(os.lseek(fd, BigInt(MIDDLE) + 1n, os.SEEK_SET), MIDDLE + 1)
      assert.equal(os.read(fd, PAGE).toString(), `${'d'.repeat(PAGE - 1)}\0`)
      assert.equal(os.lseek(fd, 0, os.SEEK_CUR), MIDDLE + PAGE + 1)
      os.ftruncate(fd, BigInt(LARGE) - 1n)
      assert.equal(os.lseek(fd, 0, os.SEEK_END), LARGE - 1)
    })
  })

  test('SEEK_DATA finds the next data, SEEK_HOLE the next hole', () => {
    withLargeFile((fd) => {
      assert.equal(os.lseek(fd, 0, os.SEEK_DATA), MIDDLE)
      assert.equal(os.lseek(fd, MIDDLE + 5, os.SEEK_DATA), MIDDLE + 5)
      assert.equal(os.lseek(fd, MIDDLE + 5, os.SEEK_HOLE), MIDDLE + PAGE)
      assert.equal(os.lseek(fd, 5, os.SEEK_HOLE), 5)
      assert.throws(() => os.lseek(fd, MIDDLE + PAGE, os.SEEK_DATA), { code: 'ENXIO' })
    })
  })

  test('lseek throws a RangeError for a position above 2^53', () => {
    const fd = os.memfd_create('far')
    assert.throws(() => os.lseek(fd, 2n ** 53n + 1n, os.SEEK_SET), RangeError)
    assert.equal(os.lseek(fd, -(2n ** 53n), os.SEEK_CUR), 1)
    assert.throws(() => os.lseek(fd, 2 ** 53, os.SEEK_SET), RangeError)
    assert.throws(() => os.lseek(fd, 0, 77), { code: 'EINVAL' })
    assert.throws(() => os.lseek(fd, -1, os.SEEK_SET), { code: 'EINVAL' })
    os.close(fd)
  })

  test('the same as in Python', { skip: noPython }, () => {
    assertSameAsPython(
      [
        { call: ['open', { path: 'file' }, { constant: 'O_RDWR|O_CREAT' }], as: 'fd' },
        { call: ['ftruncate', { use: 'fd' }, LARGE] },
        { call: ['pwrite', { use: 'fd' }, { bytes: 'data' }, MIDDLE] },
        { call: ['lseek', { use: 'fd' }, 0, { constant: 'SEEK_END' }] },
        { call: ['lseek', { use: 'fd' }, 0, { constant: 'SEEK_DATA' }] },
        { call: ['lseek', { use: 'fd' }, MIDDLE, { constant: 'SEEK_HOLE' }] },
        { call: ['lseek', { use: 'fd' }, LARGE, { constant: 'SEEK_HOLE' }] },
        { call: ['lseek', { use: 'fd' }, LARGE, { constant: 'SEEK_DATA' }] },
        { call: ['lseek', { use: 'fd' }, -5, { constant: 'SEEK_SET' }] },
        { call: ['lseek', { use: 'fd' }, -5, { constant: 'SEEK_CUR' }] },
        { call: ['lseek', { use: 'fd' }, { int: '9223372036854775808' }, 0] },
        { call: ['ftruncate', { use: 'fd' }, -1] },
        { call: ['ftruncate', { use: 'fd' }, { int: '9223372036854775807' }] },
        { call: ['fsync', { use: 'fd' }] },
        { call: ['fdatasync', { use: 'fd' }] },
        { call: ['fsync', -1] },
        { call: ['fdatasync', -1] },
        { call: ['posix_fallocate', { use: 'fd' }, 10, 100] },
        { call: ['posix_fallocate', { use: 'fd' }, 10, 0] },
        { call: ['posix_fallocate', { use: 'fd' }, -1, 5] },
        { call: ['posix_fadvise', { use: 'fd' }, 0, 0, { constant: 'POSIX_FADV_WILLNEED' }] },
        { call: ['posix_fadvise', { use: 'fd' }, 0, 0, 99] },
        { call: ['lockf', { use: 'fd' }, { constant: 'F_TLOCK' }, 10] },
        { call: ['lockf', { use: 'fd' }, { constant: 'F_TEST' }, 10] },
        { call: ['lockf', { use: 'fd' }, 99, 10] },
        { call: ['lockf', { use: 'fd' }, { constant: 'F_ULOCK' }, 0] },
        { call: ['close', { use: 'fd' }] },
        { call: ['lockf', { use: 'fd' }, { constant: 'F_ULOCK' }, 0] },
        { call: ['fsync', { use: 'fd' }] },
        { call: ['posix_fadvise', { use: 'fd' }, 0, 0, 0] },
        { call: ['posix_fallocate', { use: 'fd' }, 0, 1] },
        { call: ['pipe'], as: ['r', 'w'] },
        { call: ['lseek', { use: 'r' }, 0, 1] },
        { call: ['ftruncate', { use: 'w' }, 0] },
        { call: ['fsync', { use: 'w' }] },
        { call: ['posix_fallocate', { use: 'w' }, 0, 1] },
        { call: ['posix_fadvise', { use: 'r' }, 0, 0, 0] },
        { call: ['lockf', { use: 'w' }, { constant: 'F_TLOCK' }, 0] },
        { call: ['close', { use: 'r' }] },
        { call: ['close', { use: 'w' }] },
      ],
      folder,
    )
  })
})

describe('disk space', () => {
  test('posix_fallocate extends the file and allocates its blocks', () => {
    withFile((fd) => {
      os.posix_fallocate(fd, 1000, 100_000)
      const { st_size, st_blocks = 0 } = os.fstat(fd)
      assert.equal(st_size, 101_000)
      assert.ok(Number(st_blocks) * 512 >= 100_000)
      os.posix_fallocate(fd, 0n, 10n)
      assert.equal(os.fstat(fd).st_size, 101_000)
    })
  })

  test('posix_fadvise accepts every advice', () => {
    withFile((fd) => {
      const { POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM } = os
      const { POSIX_FADV_NOREUSE, POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED } = os
      const random = [POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM]
      for (const advice of [...random, POSIX_FADV_NOREUSE, POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED]) {
        os.posix_fadvise(fd, 0, LARGE, advice)
      }
    }, 'text')
  })
})

/** Locks ten bytes of a file, reports it, and unlocks a while after a message. */
const HOLDER = `
import os, signal, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
os.lockf(fd, os.F_LOCK, 10)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print('locked', flush=True)
signal.sigwait([signal.SIGUSR1])
time.sleep(0.2)
os.lockf(fd, os.F_ULOCK, 10)
print('unlocked', flush=True)
sys.stdin.readline()
`

describe('lockf', { skip: noPython }, () => {
  test('waits for the lock of another process, and does not wait for other ranges', async () => {
    const path = join(folder, 'locked')
    const fd = os.open(path, os.O_RDWR | os.O_CREAT)
    const holder = spawn('python3', ['-c', HOLDER, path], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      const lines = createInterface(holder.stdout)[Symbol.asyncIterator]()
      assert.equal(String((await lines.next()).value), 'locked')
      const contended = (error: unknown): boolean =>
        error instanceof os.BlockingIOError || error instanceof os.PermissionError
      assert.throws(() => os.lockf(fd, os.F_TLOCK, 0), contended)
      assert.throws(() => os.lockf(fd, os.F_TEST, 1n), contended)
      os.lseek(fd, 10, os.SEEK_SET)
      os.lockf(fd, os.F_TEST, 5)
      os.lockf(fd, os.F_LOCK, 5)
      assert.throws(() => os.lockf(fd, os.F_TEST, -1), contended)
      os.lseek(fd, 0, os.SEEK_SET)
      // Not by a pipe: this thread is about to wait, and not every runtime writes before.
      os.kill(holder.pid ?? 0, SIGUSR1)
      os.lockf(fd, os.F_LOCK, 0)
      assert.equal(String((await lines.next()).value), 'unlocked')
      os.lockf(fd, os.F_ULOCK, 0)
    } finally {
      holder.stdin.end()
      await once(holder, 'close')
      os.close(fd)
    }
  })
})

describe('audit events', () => {
  test('ftruncate and lockf raise audit events', async () => {
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
    const messages: unknown[] = []
    const listener = (message: unknown): void => void messages.push(message)
    for (const name of ['os.truncate', 'os.lockf']) subscribe(name, listener)
    withFile((fd) => {
      os.ftruncate({ fd }, 5n)
      os.lockf(fd, os.F_TEST, 3)
      assert.deepEqual(messages, [
        { event: 'os.truncate', args: [fd, 5n] },
        { event: 'os.lockf', args: [fd, os.F_TEST, 3] },
      ])
    })
    for (const name of ['os.truncate', 'os.lockf']) unsubscribe(name, listener)
  })
})
