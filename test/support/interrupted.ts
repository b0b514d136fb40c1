import { spawn } from 'node:child_process'
import koffi from 'koffi'
import os from 'osier'

/**
 * Makes blocking calls while a signal arrives every millisecond. Its handler is set not to restart calls, as libuv's own
 * would, so each signal makes the call fail with EINTR; first a call without osier shows that it does.
 */
const SIGALRM = 14
const EINTR = 4
const libc = koffi.load(null)
const setitimer = libc.func('int setitimer(int, void *, void *)')
const siginterrupt = libc.func('int siginterrupt(int, int)')
const rawRead = libc.func('long read(int, void *, size_t)')

/** Seconds and microseconds of the interval, and of the first time. */
const everyMillisecond = new BigInt64Array([0n, 1000n, 0n, 1000n])

/** The reading end of a pipe that a child writes to after a while. */
function lateText(text: string): number {
  const [r, w] = os.pipe()
  spawn('sh', ['-c', `sleep 0.2; printf ${text}`], { stdio: ['ignore', w, 'inherit'] })
  os.close(w)
  return r
}

process.on('SIGALRM', () => undefined)
siginterrupt(SIGALRM, 1)
setitimer(0, everyMillisecond, null)

const [r, w] = os.pipe()
const interrupted = rawRead(r, Buffer.alloc(1), 1) === -1 && koffi.errno() === EINTR
const late = lateText('read')
const read = os.read(late, 100).toString()
const lateInto = lateText('readinto')
const buffer = Buffer.alloc(100)
const readinto = buffer.toString('latin1', 0, os.readinto(lateInto, buffer))
const lateVector = lateText('readv')
const readv = buffer.toString('latin1', 0, os.readv(lateVector, [buffer]))
const line = os.fdopen(lateText('line'), 'r')
const readline = line.readline()
line.close()
// A FIFO opens when both ends are opened.
const fifo = process.argv[2] ?? ''
os.mkfifo(fifo)
spawn('sh', ['-c', 'sleep 0.2; printf fifo > "$0"', fifo], { stdio: 'inherit' })
const opened = os.fdopen(os.open(fifo, os.O_RDONLY), 'r')
const open = opened.read()
opened.close()

setitimer(0, new BigInt64Array(4), null)
for (const fd of [r, w, late, lateInto, lateVector]) os.close(fd)
console.log(JSON.stringify({ interrupted, read, readinto, readv, readline, open }))
// The children of `spawn` are waited for by the event loop; nothing else keeps it alive.
