import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import os from 'osier'
import * as promises from 'osier/promises'
import { temporaryFolder } from '../../support/folder.ts'
import { holder } from '../../support/lock_holder.ts'
import { isPending, threads, threadsAtRest } from '../../support/waits.ts'

const path = join(temporaryFolder(), 'locked')
const fd = os.open(path, os.O_RDWR | os.O_CREAT)
os.write(fd, Buffer.alloc(100))
after(() => os.close(fd))

test('lockf waits for another process without blocking the event loop, and without a thread', {
  timeout: 60_000,
}, async () => {
  const release = await holder(path, 0, 10)
  const before = await threadsAtRest()
  os.lseek(fd, 0, os.SEEK_SET)
  const locking = promises.lockf(fd, os.F_LOCK, 10)
  assert.ok(await isPending(locking))
  await assert.rejects(promises.lockf(fd, os.F_TLOCK, 10), (error) => error instanceof os.OSError)
  await assert.rejects(promises.lockf(fd, os.F_TEST, 10), (error) => error instanceof os.OSError)
  const controller = new AbortController()
  const aborted = promises.lockf(fd, os.F_LOCK, 10, { signal: controller.signal })
  assert.ok(await isPending(aborted))
  controller.abort(new Error('enough'))
  await assert.rejects(aborted, /^Error: enough$/)
  // The range starts at the offset at the time of the call.
  os.lseek(fd, 50, os.SEEK_SET)
  assert.equal(threads(), before)
  await release()
  assert.equal(await locking, undefined)
  const line =
    readFileSync('/proc/locks', 'latin1')
      .split('\n')
      .find((text) => text.includes(` ${process.pid} `) && text.includes(`:${os.fstat(fd).st_ino} `)) ?? ''
  assert.match(line, / 0 9$/)
  os.lseek(fd, 0, os.SEEK_SET)
  await promises.lockf(fd, os.F_ULOCK, 0)
})

test('lockf with a negative length locks the bytes before the position', { timeout: 60_000 }, async () => {
  const release = await holder(path, 20, 10)
  os.lseek(fd, 20, os.SEEK_SET)
  await promises.lockf(fd, os.F_LOCK, -10)
  os.lseek(fd, 30, os.SEEK_SET)
  const behind = promises.lockf(fd, os.F_LOCK, -5)
  assert.ok(await isPending(behind))
  await release()
  await behind
  os.lseek(fd, 0, os.SEEK_SET)
  await promises.lockf(fd, os.F_ULOCK, 0)
})

test('invalid arguments reject', async () => {
  await assert.rejects(promises.lockf(1_000_000, os.F_LOCK, 0), { code: 'EBADF' })
  await assert.rejects(promises.lockf(fd, 99, 0), { code: 'EINVAL' })
  await assert.rejects(promises.lockf(fd, os.F_LOCK, 0.5), RangeError)
  await assert.rejects(promises.lockf(fd, os.F_LOCK, 0, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
