import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync } from 'node:fs'
import { describe, test } from 'node:test'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { withFd } from '../../support/open_and_close.ts'
import { noPython, runPython } from '../../support/python.ts'
import { assertSameAsPython } from '../../support/scenario.ts'

const folder = temporaryFolder()

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1

describe('memfd_create', () => {
  test('creates a file without a path, which is not inheritable and has the given name in /proc', () => {
    withFd(os.memfd_create('näme'), (fd) => {
      assert.equal(os.get_inheritable(fd), false)
      assert.equal(readlinkSync(`/proc/self/fd/${fd}`), '/memfd:näme (deleted)')
      os.write(fd, Buffer.from('kept'))
      assert.equal(os.pread(fd, 10, 0).toString(), 'kept')
    })
    withFd(os.memfd_create(Buffer.from('bytes\xff', 'latin1'), 0), (fd) => {
      assert.equal(os.get_inheritable(fd), true)
    })
    withFd(os.memfd_create('', { flags: os.MFD_ALLOW_SEALING }), (fd) => assert.equal(os.fstat(fd).st_size, 0))
  })

  test('accepts flags with the highest bit, and the kernel refuses unknown ones', () => {
    const sizes = Object.entries(os).filter(([name]) => /^MFD_HUGE_\d/.test(name))
    assert.equal(sizes.length, 12)
    for (const [name, size] of sizes) {
      assert.ok(typeof size === 'number')
      assert.equal((size >>> os.MFD_HUGE_SHIFT) & os.MFD_HUGE_MASK, Math.log2(bytesOf(name)), name)
      // The kernel supports the huge page sizes of the machine, and returns ENODEV for others.
      try {
        os.close(os.memfd_create(name, os.MFD_HUGETLB | os.MFD_CLOEXEC | size))
      } catch (error) {
        assert.ok(error instanceof os.OSError && ['ENODEV', 'ENOSYS', 'EINVAL'].includes(error.code), String(error))
      }
    }
    assert.throws(() => os.memfd_create('x', 1 << 20), { code: 'EINVAL' })
    assert.throws(() => os.memfd_create('x'.repeat(250)), { code: 'EINVAL' })
    assert.throws(() => os.memfd_create('x\0'), RangeError)
    assert.throws(() => os.memfd_create('x', 2 ** 32), RangeError)
  })
})

/** MFD_HUGE_16MB is 2^24. */
function bytesOf(name: string): number {
  const [, digits = '', unit = ''] = /_(\d+)([KMG])B$/.exec(name) ?? []
  return Number(digits) * 1024 ** ('KMG'.indexOf(unit) + 1)
}

describe('eventfd', () => {
  test('counts 64 bits exactly', () => {
    withFd(os.eventfd(5, os.EFD_NONBLOCK | os.EFD_CLOEXEC), (fd) => {
      assert.equal(os.get_inheritable(fd), false)
      assert.equal(os.eventfd_read(fd), 5n)
      assert.throws(() => os.eventfd_read(fd), os.BlockingIOError)
      os.eventfd_write(fd, 2n ** 64n - 3n)
      os.eventfd_write(fd, 1)
      assert.throws(() => os.eventfd_write(fd, 1), os.BlockingIOError)
      assert.equal(os.eventfd_read(fd), 2n ** 64n - 2n)
      assert.throws(() => os.eventfd_write(fd, 2n ** 64n - 1n), { code: 'EINVAL' })
      for (const wrong of [-1, 2n ** 64n, 2 ** 53, 0.5]) assert.throws(() => os.eventfd_write(fd, wrong), RangeError)
    })
    withFd(os.eventfd(2 ** 32 - 1), (fd) => assert.equal(os.eventfd_read(fd), 2n ** 32n - 1n))
    assert.throws(() => os.eventfd(2 ** 32), RangeError)
    assert.throws(() => os.eventfd(0, 1 << 28), { code: 'EINVAL' })
  })

  test('EFD_SEMAPHORE makes each read return 1', () => {
    withFd(os.eventfd(2, { flags: os.EFD_SEMAPHORE | os.EFD_NONBLOCK }), (fd) => {
      assert.deepEqual([os.eventfd_read(fd), os.eventfd_read(fd)], [1n, 1n])
      assert.throws(() => os.eventfd_read(fd), os.BlockingIOError)
    })
  })

  test('eventfd_read and eventfd_write throw for other descriptors', () => {
    const [r, w] = os.pipe()
    os.write(w, Buffer.from('abc'))
    assert.throws(() => os.eventfd_read(r), { code: 'EINVAL' })
    os.close(r)
    os.close(w)
    assert.throws(() => os.eventfd_read(r), { code: 'EBADF' })
    assert.throws(() => os.eventfd_write(w, 1), { code: 'EBADF' })
  })
})

describe('timerfd', () => {
  test('a read returns the number of expirations', () => {
    withFd(os.timerfd_create(CLOCK_MONOTONIC), (fd) => {
      assert.equal(os.get_inheritable(fd), false)
      assert.deepEqual(os.timerfd_settime(fd, { initial: 0.01, interval: 0.005 }), [0, 0])
      const [, interval] = os.timerfd_gettime_ns(fd)
      assert.equal(interval, 5_000_000n)
      let expirations = 0n
      while (expirations < 5n) expirations += os.read(fd, 8).readBigUInt64LE()
      assert.equal(os.timerfd_settime(fd)[1], 0.005)
      assert.deepEqual(os.timerfd_gettime(fd), [0, 0])
    })
  })

  test('with TFD_NONBLOCK a read before the expiration is EAGAIN; an absolute time in the past expires at once', () => {
    withFd(os.timerfd_create(CLOCK_REALTIME, { flags: os.TFD_NONBLOCK }), (fd) => {
      assert.throws(() => os.read(fd, 8), os.BlockingIOError)
      const past = Date.now() / 1000 - 10
      os.timerfd_settime(fd, { flags: os.TFD_TIMER_ABSTIME | os.TFD_TIMER_CANCEL_ON_SET, initial: past })
      assert.equal(os.read(fd, 8).readBigUInt64LE(), 1n)
    })
  })

  test('times are exact in nanoseconds, and timerfd_settime_ns returns the previous ones', () => {
    withFd(os.timerfd_create(CLOCK_MONOTONIC), (fd) => {
      const [initial, interval] = [2n ** 53n + 1n, 7_000_000_001n]
      os.timerfd_settime_ns(fd, { initial, interval })
      const [next, every] = os.timerfd_settime_ns(fd, { initial: 3_000_000_000, interval: 0 })
      assert.ok(next <= initial && next > initial - 60_000_000_000n)
      assert.equal(every, interval)
      const [left] = os.timerfd_gettime(fd)
      assert.ok(left > 0 && left <= 3)
    })
  })

  test('invalid values are refused', () => {
    withFd(os.timerfd_create(CLOCK_MONOTONIC), (fd) => {
      assert.throws(() => os.timerfd_settime(fd, { initial: -0.5 }), { code: 'EINVAL' })
      assert.throws(() => os.timerfd_settime_ns(fd, { initial: 1, interval: -1 }), { code: 'EINVAL' })
      for (const initial of [Number.NaN, Number.POSITIVE_INFINITY, 1e10]) {
        assert.throws(() => os.timerfd_settime(fd, { initial }), RangeError)
      }
      assert.throws(() => os.timerfd_settime_ns(fd, { initial: 0.5 }), RangeError)
      assert.throws(() => os.timerfd_settime_ns(fd, { initial: 2n ** 63n }), RangeError)
      assert.throws(() => os.timerfd_settime(fd, { initial: '1' as unknown as number }), TypeError)
      assert.throws(() => os.timerfd_settime(fd, { start: 1 } as object), TypeError)
      assert.throws(() => os.timerfd_settime(fd, { flags: 64 }), { code: 'EINVAL' })
    })
    assert.throws(() => os.timerfd_create(99), { code: 'EINVAL' })
    assert.throws(() => os.timerfd_create(CLOCK_MONOTONIC, { flags: 1 }), { code: 'EINVAL' })
    withFd(os.memfd_create('no timer'), (fd) => {
      assert.throws(() => os.timerfd_gettime(fd), { code: 'EINVAL' })
      assert.throws(() => os.timerfd_settime(fd, { initial: 1 }), { code: 'EINVAL' })
    })
  })

  const noTimers =
    noPython ||
    (runPython('import os; print(hasattr(os, "timerfd_create"))') === 'True\n' ? false : 'needs Python 3.13')
  test('fractions of seconds are rounded to nanoseconds as in CPython', { skip: noTimers }, () => {
    const intervals = [0.1, 1 / 3, 1e-9, 1.5e-9, 123456.789, 1e-10, 4.35, 0.3]
    const program = `
import os, time
fd = os.timerfd_create(time.CLOCK_MONOTONIC)
for interval in [${intervals.join()}]:
    os.timerfd_settime(fd, initial=1000, interval=interval)
    print(os.timerfd_gettime_ns(fd)[1], os.timerfd_gettime(fd)[1].hex())
`
    withFd(os.timerfd_create(CLOCK_MONOTONIC), (fd) => {
      const lines = runPython(program).trim().split('\n')
      for (const [index, interval] of intervals.entries()) {
        os.timerfd_settime(fd, { initial: 1000, interval })
        assert.equal(String(os.timerfd_gettime_ns(fd)[1]), lines[index]?.split(' ')[0])
      }
    })
  })
})

describe('pidfd_open', () => {
  test('pidfd_open opens a running process, and throws for one that has ended', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] })
    const fd = os.pidfd_open(child.pid ?? 0)
    try {
      assert.equal(os.get_inheritable(fd), false)
      assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'), new RegExp(`^Pid:\t${child.pid}$`, 'm'))
      child.stdin.end()
      await once(child, 'close')
      assert.throws(() => os.pidfd_open(child.pid ?? 0), os.ProcessLookupError)
    } finally {
      os.close(fd)
    }
    withFd(os.pidfd_open(process.pid, { flags: os.PIDFD_NONBLOCK }), (fd) => assert.equal(os.get_blocking(fd), false))
    assert.throws(() => os.pidfd_open(-1), { code: 'EINVAL' })
    assert.throws(() => os.pidfd_open(process.pid, 1), { code: 'EINVAL' })
    assert.throws(() => os.pidfd_open(2 ** 31), RangeError)
  })
})

test('the same as in Python', { skip: noPython }, () => {
  assertSameAsPython(
    [
      { call: ['memfd_create', 'name'], as: 'fd' },
      { call: ['get_inheritable', { use: 'fd' }] },
      { call: ['close', { use: 'fd' }] },
      { call: ['memfd_create', 'name', 0], as: 'fd' },
      { call: ['get_inheritable', { use: 'fd' }] },
      { call: ['close', { use: 'fd' }] },
      { call: ['memfd_create', 5] },
      { call: ['memfd_create', 'name', 0x100000] },
      { call: ['memfd_create', 'x'.repeat(249)], as: 'fd' },
      { call: ['close', { use: 'fd' }] },
      { call: ['memfd_create', 'x'.repeat(250)] },
      { call: ['memfd_create', 'a\0b'] },
      { call: ['eventfd', 3, { constant: 'EFD_NONBLOCK' }], as: 'fd' },
      { call: ['get_inheritable', { use: 'fd' }] },
      { call: ['eventfd_write', { use: 'fd' }, 7] },
      { call: ['read', { use: 'fd' }, 8] },
      { call: ['eventfd_read', { use: 'fd' }] },
      { call: ['eventfd_write', { use: 'fd' }, { int: '18446744073709551615' }] },
      { call: ['eventfd_write', { use: 'fd' }, { int: '18446744073709551614' }] },
      { call: ['read', { use: 'fd' }, 7] },
      { call: ['read', { use: 'fd' }, 9] },
      { call: ['eventfd_write', { use: 'fd' }, 'x'] },
      { call: ['close', { use: 'fd' }] },
      { call: ['eventfd_write', { use: 'fd' }, 1] },
      { call: ['eventfd_read', { use: 'fd' }] },
      { call: ['eventfd', 0, 0x10000000] },
      { call: ['pidfd_open', 1], as: 'fd' },
      { call: ['get_inheritable', { use: 'fd' }] },
      { call: ['close', { use: 'fd' }] },
      { call: ['pidfd_open', 0] },
      { call: ['pidfd_open', -5] },
      { call: ['pidfd_open', 1, 1] },
      { call: ['pidfd_open', 2147483647] },
    ],
    folder,
  )
})
