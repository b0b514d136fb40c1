import os from 'osier'
import { SIG_IGN, SIGTTOU, signal } from 'osier/signal'

/** Calls `login_tty` for the given terminal, and prints the resulting state to it. */
const terminal = os.open(process.argv[2] ?? '', os.O_RDWR | os.O_NOCTTY)
os.login_tty(terminal)

function isClosed(fd: number): boolean {
  try {
    os.fstat(fd)
    return false
  } catch {
    return true
  }
}

const leader = os.getsid(0) === process.pid
const streams = [0, 1, 2].map(os.isatty)
const inheritable = [0, 1, 2].map(os.get_inheritable)
const closed = isClosed(terminal)
const foreground = os.tcgetpgrp(0) === os.getpgrp()

// A group of its own in this session comes to the foreground, and goes. In the background, only who ignores SIGTTOU may
// take the foreground back.
const [r, w] = os.pipe()
const group = os.posix_spawn(
  '/bin/cat',
  ['cat'],
  {},
  {
    setpgroup: 0,
    file_actions: [
      [os.POSIX_SPAWN_DUP2, r, 0],
      [os.POSIX_SPAWN_CLOSE, w],
    ],
  },
)
os.tcsetpgrp(0, group)
const moved = os.tcgetpgrp(0) === group
signal(SIGTTOU, SIG_IGN)
os.tcsetpgrp(0, os.getpgrp())
os.close(w)
os.waitpid(group, 0)

os.write(1, Buffer.from(JSON.stringify({ leader, streams, inheritable, closed, foreground, moved })))
