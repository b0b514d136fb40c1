import koffi from 'koffi'
import os from 'osier'

/**
 * Waits for children while a signal arrives every millisecond. Its handler is set not to restart calls, as libuv's own
 * would, so each signal makes a call fail with EINTR; first a call without osier shows that it does.
 */
const SIGALRM = 14
const EINTR = 4
const libc = koffi.load(null)
const setitimer = libc.func('int setitimer(int, void *, void *)')
const siginterrupt = libc.func('int siginterrupt(int, int)')
const rawWait = libc.func('int waitpid(int, void *, int)')

process.on('SIGALRM', () => undefined)
siginterrupt(SIGALRM, 1)
setitimer(0, new BigInt64Array([0n, 1000n, 0n, 1000n]), null)

/** A child that exits with the given code after a while. */
function lateChild(code: number): number {
  return os.posix_spawn('/bin/sh', ['sh', '-c', `sleep 0.1; exit ${code}`], null)
}

const first = lateChild(0)
const interrupted = rawWait(first, null, 0) === -1 && koffi.errno() === EINTR
const found = [
  interrupted,
  os.waitpid(first, 0)[1],
  os.wait4(lateChild(1), 0)[1] >> 8,
  os.waitid(os.P_PID, lateChild(2), os.WEXITED)?.si_status,
  os.spawnlp(os.P_WAIT, 'sh', 'sh', '-c', 'sleep 0.1; exit 3'),
  os.system('sleep 0.1; exit 4') >> 8,
]
setitimer(0, new BigInt64Array(4), null)
console.log(JSON.stringify(found))
