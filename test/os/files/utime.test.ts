import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import os from 'osier'
import { ST_MTIME } from 'osier/stat'
import { temporaryFolder } from '../../support/folder.ts'

const folder = temporaryFolder()

test('times beyond 64 bits of nanoseconds, which begin in 2262, are exact', () => {
  const file = join(folder, 'late')
  writeFileSync(file, '')
  for (const time of [2n ** 63n, 2n ** 63n - 1n, 12_345_678_901_234_567_890n]) {
    os.utime(file, { ns: [time, time] })
    const { st_atime_ns, st_mtime_ns } = os.stat(file)
    // A file system takes the last time that it knows for a later one: 2038 at the earliest.
    assert.ok(
      st_mtime_ns === time || (st_mtime_ns >= 2_147_483_647_000_000_000n && st_mtime_ns < time),
      `${st_mtime_ns}`,
    )
    assert.equal(st_atime_ns, st_mtime_ns)
    assert.equal(os.statx(file, Number(os.STATX_MTIME)).stx_mtime_ns, st_mtime_ns)
  }
})

test('a second is not rounded up if its fraction is nearly one', () => {
  const seconds = 1_700_000_000
  const time = BigInt(seconds) * 1_000_000_000n + 999_999_999n
  const file = join(folder, 'nearly')
  writeFileSync(file, '')
  os.utime(file, { ns: [-1n, time] })
  const status = os.stat(file)
  assert.equal(status.st_mtime_ns, time)
  assert.equal(status.st_mtime, seconds + 1)
  assert.equal(status[ST_MTIME], seconds)
  assert.deepEqual([...status].slice(7, 9), [-1, seconds])
})

test('ns: null is refused, as in CPython, and is not the current time', async () => {
  const path = join(folder, 'null')
  writeFileSync(path, '')
  os.utime(path, { ns: [1n, 2n] })
  for (const options of [{ ns: null }, { times: null, ns: null }]) {
    assert.throws(() => os.utime(path, options as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    await assert.rejects(os.promises.utime(path, options as never), { name: 'TypeError' })
  }
  assert.equal(os.stat(path).st_mtime_ns, 2n)
})
