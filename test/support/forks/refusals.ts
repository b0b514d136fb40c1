import assert from 'node:assert/strict'
import os from 'osier'
import { constants, errnoNumbers, syscalls } from '../../../src/libc/facts.ts'
import { libc } from '../../../src/libc/functions.ts'
import { scratch, scratchAddress } from '../../../src/libc/memory.ts'
import { openCount } from '../open_files.ts'
import { forbid } from '../seccomp.ts'
import { assertSucceeds, type Situation, SUCCESS, start } from './child.ts'

/** Those that may be open: a listing would take calls that are forbidden here. */
const fds = Array.from({ length: 200 }, (_, fd) => String(fd))

/** How many signals the kernel knows. C's own set has room for more. */
const SIGNALS = 64

function blockedSignals(): string {
  libc.pthread_sigmask(constants.SIG_BLOCK, 0, scratchAddress)
  return scratch.toString('hex', 0, SIGNALS / 8)
}

/** The outcome of a fork in a process without permission for this call. It must leak nothing. */
function forkWithout(syscall: keyof typeof syscalls, withTerminal: boolean): void {
  forbid(syscall, errnoNumbers.EIO)
  const [open, signals] = [openCount(fds), blockedSignals()]
  try {
    const [pid, fd] = withTerminal ? os.forkpty() : [os.fork(), -1]
    if (pid === 0) os._exit(SUCCESS)
    assert.equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), SUCCESS)
    if (fd !== -1) os.close(fd)
  } catch (error) {
    assert.ok(error instanceof os.OSError, String(error))
    assert.deepEqual([error.code, error.syscall], ['EIO', 'fork'])
  }
  assert.deepEqual([openCount(fds), blockedSignals()], [open, signals], `without ${syscall}`)
  assert.throws(() => os.waitpid(-1, os.WNOHANG), { code: 'ECHILD' })
}

const NEEDED = ['openat', 'getdents64', 'pread64', 'read', 'statx', 'newfstatat', 'pipe2', 'eventfd2', 'clone'] as const

/** Forks in a sandbox that refuses system calls of a fork. */
export const refusals: Readonly<Record<string, Situation>> = {
  'a sandbox refuses a call: an OSError, and nothing is left over': async () => {
    for (const withTerminal of [false, true]) {
      for (const syscall of NEEDED) {
        if (!(syscall in syscalls)) continue
        await assertSucceeds(
          start(() => {
            forkWithout(syscall, withTerminal)
          }),
        )
      }
    }
  },
  'the first fork of all is refused': () => forkWithout('openat', false),
}
