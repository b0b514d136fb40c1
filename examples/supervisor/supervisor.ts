/**
 * Runs a command as process 1 of a container should: signals are forwarded to it, and each orphaned process is waited
 * for, so that no zombie stays. When the command has ended, those that are left are ended as well.
 *
 *     node build/examples/supervisor/supervisor.js COMMAND [ARGUMENTS]
 */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'
import { SIGKILL, SIGTERM, Signals } from 'osier/signal'

const STOP_TIMEOUT = 5000
const HANDED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const

// Orphans become children of process 1, or of the nearest subreaper.
os.set_child_subreaper(true)

const [command = 'true', ...args] = process.argv.slice(2)
let reaped = 0
let exitCode: number | null = null

/** Reaps all children that have ended. Several SIGCHLD may be merged into one, so it loops until none is left. */
function reap(): void {
  for (;;) {
    try {
      const [pid, status] = os.waitpid(-1, os.WNOHANG)
      if (pid === 0) return
      if (pid === main) exitCode = os.waitstatus_to_exitcode(status)
      else reaped++
    } catch (error) {
      if (error instanceof os.ChildProcessError) return
      throw error
    }
  }
}

function children(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
}

/** Sends a signal to the remaining children, and waits until they have ended. Returns whether they have. */
async function end(signal: number): Promise<boolean> {
  const signaled = new Set<number>()
  const limit = Date.now() + STOP_TIMEOUT
  // A child that ends may leave orphans, which become children of this process.
  while (children().length > 0 && Date.now() < limit) {
    for (const pid of children()) {
      if (!signaled.has(pid)) os.kill(pid, signal)
      signaled.add(pid)
    }
    await sleep(20)
    reap()
  }
  return children().length === 0
}

// Before the command starts, so that no signal is missed. A handler keeps no process alive, a timer does.
process.on('SIGCHLD', reap)
for (const name of HANDED_ON) process.on(name, () => exitCode === null && os.kill(main, Signals[name]))
const awake = setInterval(() => undefined, 1 << 30)
const main = os.posix_spawnp(command, [command, ...args], os.environ)

while (exitCode === null) await once(process, 'SIGCHLD')
if (!(await end(SIGTERM))) await end(SIGKILL)
clearInterval(awake)

console.error(`${command}: ${exitCode}; waited for ${reaped} orphans`)
// What a shell says of a command that a signal has ended.
process.exitCode = exitCode >= 0 ? exitCode : 128 - exitCode
