import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import os from 'osier'
import { constants } from '../../../src/libc/facts.ts'
import { libc } from '../../../src/libc/functions.ts'
import { scratch, scratchAddress } from '../../../src/libc/memory.ts'
import { openCount } from '../open_files.ts'
import { makeGarbage, SUCCESS } from './child.ts'

/**
 * Run as root: forks with room for no more threads, for one, for two ..., and prints what came of it. In between nothing
 * may be left over. With a folder, that of a control group, the group sets the limit, else the user.
 */
const threadCount = (): number => readdirSync('/proc/self/task').length

/** What limits the number of this process's threads, together with those of its children. */
interface Limit {
  get(): number
  /** Allows so many threads in all, and no more. */
  set(count: number): void
}

/** A user who has no other process, with a limit of RLIMIT_NPROC. */
function limitOfUser(): Limit {
  // In a range of ids that systems do not assign; concurrent tests use different ids.
  const user = 1_500_000_000 + process.pid
  process.setgid?.(user)
  process.setuid?.(user)
  // What root has become, /proc hides from itself; a program that the user starts has this again.
  libc.prctl(constants.PR_SET_DUMPABLE, 1, 0, 0, 0)
  const get = (): number => {
    assert.equal(libc.prlimit(0, constants.RLIMIT_NPROC, 0, scratchAddress), 0)
    return Number(scratch.readBigUInt64LE(0))
  }
  const set = (count: number): void => {
    get()
    scratch.writeBigUInt64LE(BigInt(count), 0)
    assert.equal(libc.prlimit(0, constants.RLIMIT_NPROC, scratchAddress, 0), 0)
  }
  return { get, set }
}

/** A control group, as a container is: it limits root as well, and every thread on its own. */
function limitOfGroup(folder: string): Limit {
  writeFileSync(join(folder, 'cgroup.procs'), String(process.pid))
  const file = join(folder, 'pids.max')
  return {
    get: () => Number(readFileSync(file, 'latin1')),
    set: (count) => writeFileSync(file, String(count)),
  }
}

const folder = process.argv[2]
const limit = folder === undefined ? limitOfUser() : limitOfGroup(folder)

/** What becomes of a fork. A child shows that it has the limit of its parent, and V8's workers. */
function attempt(expected: number, withTerminal: boolean): string {
  try {
    const [pid, fd] = withTerminal ? os.forkpty() : [os.fork(), -1]
    if (pid === 0) {
      makeGarbage(200_000)
      os._exit(limit.get() === expected ? SUCCESS : 1)
    }
    const [, status] = os.waitpid(pid, 0)
    assert.equal(os.waitstatus_to_exitcode(status), SUCCESS)
    if (withTerminal) os.close(fd)
    return 'forked'
  } catch (error) {
    assert.ok(error instanceof os.BlockingIOError, String(error))
    return error.code
  }
}

const outcomes: string[] = []
for (let free = 0; free <= 10; free++) {
  const [threads, fds] = [threadCount(), openCount()]
  limit.set(threads + free)
  outcomes.push(attempt(threads + free, free % 2 === 1))
  assert.equal(limit.get(), threads + free)
  assert.equal(openCount(), fds)
  assert.equal(threadCount(), threads)
  assert.throws(() => os.waitpid(-1, os.WNOHANG), { code: 'ECHILD' })
}
console.log(outcomes.join(' '))
