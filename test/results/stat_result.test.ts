import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'

test('a stat_result has times in seconds and, exactly, in nanoseconds', () => {
  const status = os.stat('/proc/self/exe')
  for (const [seconds, exact] of [
    [status.st_atime, status.st_atime_ns],
    [status.st_mtime, status.st_mtime_ns],
    [status.st_ctime, status.st_ctime_ns],
  ] as const) {
    assert.equal(typeof exact, 'bigint')
    assert.ok(Math.abs(seconds - Number(exact) / 1e9) < 1e-6)
  }
  assert.deepEqual(
    [status[7], status[8], status[9]].map(Number),
    [status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns].map((ns) => Number(ns / 1_000_000_000n)),
  )
})
