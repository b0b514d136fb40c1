import { askPython } from './python.ts'

/**
 * What is done at terminals, one after the other: 'read' until a text has come; 'write' text; 'connect' a client to the
 * TCP port that the terminal `main` has told, with its token, under a name; 'close' it, or the pty; 'wait' for the program to end, which
 * gives its status.
 */
export type Step =
  | readonly ['read', who: string, text: string]
  | readonly ['write', who: string, text: string]
  | readonly ['connect', who: string]
  | readonly ['close', who: string]
  | readonly ['pause', seconds: number]
  | readonly ['wait']

export interface Session {
  /** The output of each terminal. */
  readonly shown: Readonly<Record<string, string>>
  /** The reason of a failure: a text that was not printed in time. */
  readonly failure: string | null
  readonly status: number | null
}

const driver = `
import os, pty, sys, json, select, socket, time, re
job = json.loads(sys.stdin.read())
ends, slaves = {}, {}
for name in job['ptys']:
    ends[name], slaves[name] = pty.openpty()
command = [os.ttyname(slaves[word[1:]]) if word.startswith('@') else word for word in job['command']]
pid, ends['main'] = pty.fork()
if pid == 0:
    os.environ.update(job['env'])
    os.execvp(command[0], command)
shown = {name: b'' for name in ends}
unseen = dict(shown)
failure, status = None, None

def take(name, seconds):
    end = ends[name]
    fd = end if isinstance(end, int) else end.fileno()
    if not select.select([fd], [], [], seconds)[0]: return False
    try: data = os.read(fd, 65536)
    except OSError: data = b''
    shown[name] += data
    unseen[name] += data
    return len(data) > 0

def read(name, text):
    want, limit = text.encode(), time.time() + 20
    while want not in unseen[name]:
        left = limit - time.time()
        if left <= 0 or not take(name, left): raise Exception('%s did not show %r but %r' % (name, text, unseen[name]))
    unseen[name] = unseen[name].split(want, 1)[1]

try:
    for step in job['steps']:
        kind, rest = step[0], step[1:]
        if kind == 'read': read(*rest)
        elif kind == 'write':
            end = ends[rest[0]]
            os.write(end if isinstance(end, int) else end.fileno(), rest[1].encode())
        elif kind == 'connect':
            port = int(re.search(rb'127.0.0.1, port (\\d+)', shown['main']).group(1))
            ends[rest[0]] = socket.create_connection(('127.0.0.1', port))
            ends[rest[0]].sendall(re.search(rb'first line has to be (\\S+)', shown['main']).group(1) + b'\\n')
            shown[rest[0]] = unseen[rest[0]] = b''
        elif kind == 'close':
            end = ends.pop(rest[0])
            if isinstance(end, int):
                os.close(end)
                os.close(slaves.pop(rest[0]))
            else: end.close()
        elif kind == 'pause': time.sleep(rest[0])
        elif kind == 'wait':
            limit = time.time() + 20
            while status is None and time.time() < limit:
                take('main', 0.1)
                done, code = os.waitpid(pid, os.WNOHANG)
                if done: status = os.waitstatus_to_exitcode(code)
except Exception as error:
    failure = str(error)
if status is None:
    try:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    except OSError: pass
print(json.dumps({'shown': {name: data.decode('utf-8', 'replace') for name, data in shown.items()},
                  'failure': failure, 'status': status}))
`

/**
 * Runs a command on a pty of its own, with others beside it.
 *
 * @param command a word "@name" stands for the path of the pty of that name
 * @param ptys the names of the other ptys
 */
export function atTerminals(
  command: readonly string[],
  steps: readonly Step[],
  { ptys = [], env = {} }: { readonly ptys?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Session {
  return askPython(driver, { input: JSON.stringify({ command, steps, ptys, env: { TERM: 'xterm-256color', ...env } }) })
}
