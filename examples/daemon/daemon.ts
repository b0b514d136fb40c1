/**
 * A daemon: a process without a controlling terminal and without inherited descriptors, of which only one runs at a
 * time.
 *
 *     node build/examples/daemon/daemon.js start FOLDER     a file of its process id and a log are made in FOLDER
 *     node build/examples/daemon/daemon.js status FOLDER
 *     node build/examples/daemon/daemon.js stop FOLDER
 */

import { fileURLToPath } from 'node:url'
import os from 'osier'
import { EACCES, EAGAIN } from 'osier/errno'
import { SIGTERM } from 'osier/signal'

/** The descriptor on which the daemon reports that it is ready. */
const READY = 3

const [command = 'status', place = '.'] = process.argv.slice(2)
const folder = os.path.abspath(place)
const pidFile = os.path.join(folder, 'daemon.pid')
const log = os.path.join(folder, 'daemon.log')

/**
 * The pid in the file, if the daemon runs. Only a lock proves that: the pid may have been reused by another process.
 */
function running(file: number): number | null {
  try {
    os.lockf(file, os.F_TEST, 0)
    return null
  } catch (error) {
    if (!(error instanceof os.OSError) || ![EACCES, EAGAIN].includes(error.errno)) throw error
    return Number(os.pread(file, 20, 0))
  }
}

/**
 * Starts this program again. The usual double fork serves programs that continue in the copy; a new process has none of
 * this one's threads, memory or signal handlers.
 */
function start(): void {
  // Inherited descriptors are closed; the descriptors of this process are close-on-exec.
  for (const fd of os.listdir('/proc/self/fd').map(Number)) {
    if (fd > 2 && isOpen(fd)) os.set_inheritable(fd, false)
  }
  const [reader, writer] = os.pipe()
  const program = [process.execPath, fileURLToPath(import.meta.url), 'run', folder]
  os.posix_spawn(process.execPath, program, os.environ, {
    // A session of its own: no terminal can send it SIGHUP, or SIGINT.
    setsid: true,
    file_actions: [
      [os.POSIX_SPAWN_DUP2, writer, READY],
      [os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0],
      [os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600],
      [os.POSIX_SPAWN_DUP2, 1, 2],
    ],
  })
  os.close(writer)
  // A word, or, where the daemon could not begin, the end of the pipe.
  const answer = os.read(reader, 100).toString()
  if (answer === '') throw new Error(`the daemon could not start: see ${log}`)
  console.log(answer)
}

function isOpen(fd: number): boolean {
  try {
    os.fstat(fd)
    return true
  } catch {
    // The listing's own.
    return false
  }
}

/** In the daemon. */
function run(): void {
  os.umask(0o077)
  // It must not keep a file system from being unmounted.
  os.chdir('/')
  const file = os.open(pidFile, os.O_RDWR | os.O_CREAT, 0o644)
  // The lock is held until the process ends. The file is not removed: otherwise a second daemon could start.
  os.lockf(file, os.F_TLOCK, 0)
  os.ftruncate(file, 0)
  os.pwrite(file, Buffer.from(`${process.pid}\n`), 0)

  process.on('SIGHUP', () => console.log('would read its configuration again'))
  process.on('SIGTERM', () => {
    console.log('ends')
    process.exit()
  })
  setInterval(() => undefined, 60_000)

  console.log('runs')
  os.write(READY, Buffer.from(`process ${process.pid} runs`))
  os.close(READY)
}

function stop(file: number, pid: number): void {
  os.kill(pid, SIGTERM)
  // The lock is to be had as soon as the process is gone.
  os.lockf(file, os.F_LOCK, 0)
  console.log(`process ${pid} has ended`)
}

function main(): void {
  const file = os.open(pidFile, os.O_RDWR | os.O_CREAT, 0o644)
  const pid = running(file)
  if (command === 'start' && pid === null) start()
  else if (command === 'stop' && pid !== null) stop(file, pid)
  else console.log(pid === null ? 'not running' : `process ${pid} runs`)
  os.close(file)
}

if (command === 'run') run()
else main()
