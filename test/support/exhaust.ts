import os from 'osier'
import { openCount } from './open_files.ts'

/**
 * Run with a low limit of open files: opens until no descriptor is left, makes every call that would make one more, and
 * prints how each failed, and how many descriptors were open before and after.
 */
const calls: Record<string, () => unknown> = {
  open: () => os.open('/dev/null', os.O_RDONLY),
  dup: () => os.dup(0),
  pipe: () => os.pipe(),
  pipe2: () => os.pipe2(0),
  openpty: () => os.openpty(),
  posix_openpt: () => os.posix_openpt(os.O_RDWR),
  memfd_create: () => os.memfd_create('exhaust'),
  eventfd: () => os.eventfd(0),
  timerfd_create: () => os.timerfd_create(1),
  pidfd_open: () => os.pidfd_open(process.pid),
}

function failure(call: () => unknown): string {
  try {
    return `made ${String(call())}`
  } catch (error) {
    return error instanceof os.OSError ? error.code : String(error)
  }
}

// The first call binds what it needs, which may open files.
for (const call of Object.values(calls)) for (const fd of [call()].flat()) os.close(Number(fd))

const before = openCount()
const fds: number[] = []
while (failure(() => fds.push(os.open('/dev/null', os.O_RDONLY))) !== 'EMFILE');
const failures = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, failure(call)]))
// With one left, what needs two must give the first one back.
os.close(fds.pop() ?? -1)
for (const name of ['pipe', 'pipe2', 'openpty'] as const) failures[`${name}, one left`] = failure(() => calls[name]?.())
for (const fd of fds) os.close(fd)
console.log(JSON.stringify({ failures, before, after: openCount() }))
