/**
 * Holds a lock over an `await`: of several processes that do this at the same time each counts on from where the one before
 * has stopped.
 *
 *     node build/examples/waiting/lock.js FILE [TIMES]
 */

import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'

const { promises } = os

/** Runs `work` while no other process holds the lock. */
async function holding<T>(fd: number, work: () => Promise<T>): Promise<T> {
  os.lseek(fd, 0, os.SEEK_SET)
  // A longer wait means that another process hangs.
  await promises.lockf(fd, os.F_LOCK, 0, { signal: AbortSignal.timeout(30_000) })
  try {
    return await work()
  } finally {
    os.lseek(fd, 0, os.SEEK_SET)
    os.lockf(fd, os.F_ULOCK, 0)
  }
}

const [path = '/tmp/counter', times = '10'] = process.argv.slice(2)
const fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
let last = 0
for (let time = 0; time < Number(times); time++) {
  last = await holding(fd, async () => {
    const count = Number(os.pread(fd, 20, 0)) + 1
    // Without the lock the others would read the same number meanwhile.
    await sleep(1)
    os.pwrite(fd, Buffer.from(String(count)), 0)
    return count
  })
}
os.close(fd)
console.log(`counted to ${last}`)
