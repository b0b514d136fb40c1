/**
 * Runs a command as a shell runs a job: in a process group of its own, which has the terminal while it runs. So Ctrl-C
 * ends the command and not this program, and after Ctrl-Z this program has the terminal again.
 *
 *     node build/examples/job_control/foreground.js vi notes.txt
 */

import os from 'osier'
import { SIG_IGN, SIGCONT, SIGTTIN, SIGTTOU, Signals, signal } from 'osier/signal'

const TERMINAL = 0
const [command = 'cat', ...args] = process.argv.slice(2)

if (!os.isatty(TERMINAL)) {
  console.error('standard input is no terminal')
  process.exit(os.EX_USAGE)
}

// A background process that takes the terminal back would be stopped by SIGTTOU.
signal(SIGTTOU, SIG_IGN)

const group = os.getpgrp()
// The command itself is to be stopped as usual: what a process ignores, its children ignore, too.
const job = os.posix_spawnp(command, [command, ...args], os.environ, { setpgroup: 0, setsigdef: [SIGTTOU] })

/** Gives the job the terminal until it ends or stops, and returns its status. Continues a stopped job. */
function inForeground(isStopped: boolean): number {
  os.tcsetpgrp(TERMINAL, job)
  // No other: as soon as it has the terminal there may be a Ctrl-Z for it, which this would undo.
  if (isStopped) os.killpg(job, SIGCONT)
  const [, status] = os.waitpid(job, os.WUNTRACED)
  // The job has read from the terminal before it was in the foreground.
  if (os.WIFSTOPPED(status) && [SIGTTIN, SIGTTOU].includes(os.WSTOPSIG(status))) return inForeground(true)
  os.tcsetpgrp(TERMINAL, group)
  return status
}

let status = inForeground(false)
while (os.WIFSTOPPED(status)) {
  console.log(`\n${command} is stopped. Enter lets it go on.`)
  os.read(TERMINAL, 1024)
  status = inForeground(true)
}

if (os.WIFSIGNALED(status)) console.log(`\n${command} was ended by ${Signals[os.WTERMSIG(status)]}`)
else console.log(`${command} has ended with exit code ${os.WEXITSTATUS(status)}`)
