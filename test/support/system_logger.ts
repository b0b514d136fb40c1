import { spawnSync } from 'node:child_process'
import { temporaryFolder } from './folder.ts'

/** A /dev/log of this test alone, in a mount namespace. */

const folder = temporaryFolder()

/** A /dev with nothing but what programs need: what is mounted here is gone with the namespace. */
const DEVICES = `
mkdir -p "$0/dev" && mount --rbind /dev "$0/dev" && mount -t tmpfs none /dev || exit 99
for name in null zero full random urandom; do
  touch /dev/$name && mount --bind "$0/dev/$name" /dev/$name || exit 99
done
exec "$@"`

/** Collects what a command sends to /dev/log. */
const LOGGER = `
import json, socket, subprocess, sys, threading
messages = []
logger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
logger.bind('/dev/log')
def collect():
    while True:
        message = logger.recv(1 << 20)
        if message == b'end':
            return
        messages.append(message.decode('latin-1'))
thread = threading.Thread(target=collect)
thread.start()
child = subprocess.run(sys.argv[1:], capture_output=True, timeout=60)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'end', '/dev/log')
thread.join()
print(json.dumps([messages, child.stdout.decode(), child.stderr.decode(), child.returncode]))`

export interface Logged {
  /** The messages as they came, their bytes as latin1, with <pid> and <time> in place of what differs from run to run. */
  readonly messages: readonly string[]
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** Runs a command, and returns what it sent to /dev/log. */
export function logged(...command: string[]): Logged {
  const args = ['--mount', 'sh', '-c', DEVICES, folder, 'python3', '-c', LOGGER, ...command]
  const child = spawnSync('unshare', args, { encoding: 'utf8', timeout: 90_000 })
  if (child.status !== 0) throw new Error(`the logger failed: ${child.stderr}${child.error ?? ''}`)
  const [messages, stdout, stderr, status] = JSON.parse(child.stdout) as [string[], string, string, number]
  const masked = messages.map((message) =>
    message.replace(/^(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d /, '$1<time> ').replace(/\[\d+\]:/, '[<pid>]:'),
  )
  return { messages: masked, stdout, stderr, status }
}

/** For a test's `skip`: why there can be no /dev/log here, or false. */
export const noLogger: string | false = probe()

function probe(): string | false {
  try {
    return logged('true').status === 0 ? false : 'true fails'
  } catch (error) {
    return `no /dev/log can be had here: ${error}`.split('\n')[0] ?? ''
  }
}
