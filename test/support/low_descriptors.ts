import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What is done where some of the descriptors 0, 1 and 2 are closed: the same here and in Python. The standard streams are
 * regular files at first.
 */
export interface Operation {
  readonly name: string
  /** The body of an asynchronous function of JavaScript: `os`, `sjs`, `state`, `low`, `flags`, `sh` and `lines` are there. */
  readonly js: string
  /** The body of a function of Python. */
  readonly python: string
  /** What it takes, of what only Node has: `fork`; an event loop that waits for descriptors without a thread's help. */
  readonly needs?: 'fork' | 'loop'
}

/** All combinations of the three. */
export const combinations: readonly (readonly number[])[] = [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]

/**
 * For the shell: says of each standard stream whether it is a pipe, a file, a terminal or another character device, on a
 * line of the file `lines`. By what the shell does itself, since each command that it starts opens descriptors.
 */
const PROBE = `s=
for i in 0 1 2; do
  f=/proc/$$/fd/$i
  if [ -p $f ]; then s="$s \${i}pipe"; elif [ -f $f ]; then s="$s \${i}file"
  elif [ -t $i ]; then s="$s \${i}terminal"; elif [ -c $f ]; then s="$s \${i}device"; elif [ -e $f ]; then s="$s \${i}other"; fi
done
echo "$s" >> lines`

const jsFrame = (operations: readonly Operation[], closed: readonly number[]): string => `
import os from '${import.meta.resolve('osier')}'
import sjs from '${import.meta.resolve('osier/sjs')}'
const { promises } = os
const state = ${JSON.stringify(PROBE)}
const sh = (more = 'true') => ['sh', '-c', state + '\\n' + more]
// By os, since node:fs of Bun does not close what has the number of a standard stream.
const put = (name, text) => {
  const fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
  os.write(fd, Buffer.from(text))
  os.close(fd)
}
const lines = () => {
  const fd = os.open('lines', os.O_RDONLY)
  const text = os.read(fd, 1000).toString()
  os.close(fd)
  put('lines', '')
  return text
}
const low = (fd) => (fd <= 2 ? fd : 'other')
const flags = (fd) => [os.get_inheritable(fd), os.get_blocking(fd)]
const code = os.waitstatus_to_exitcode
const isOpen = (fd) => { try { os.fstat(fd); return true } catch { return false } }
const results = {}
const run = async (name, body) => {
  put('lines', '')
  try { results[name] = await body() } catch (error) { results[name] = error.code ?? String(error) }
  results[name + ': then open'] = [0, 1, 2].filter(isOpen)
}
for (const fd of ${JSON.stringify(closed)}) os.close(fd)
${operations.map(({ name, js }) => `await run('${name}', async () => { ${js} })`).join('\n')}
put('results', JSON.stringify(results))
`

const indented = (body: string): string => body.replaceAll(/^/gm, '    ')

const pythonFrame = (operations: readonly Operation[], closed: readonly number[]): string => `
import errno, json, os, warnings
warnings.simplefilter('ignore')
state = ${JSON.stringify(PROBE)}
def sh(more='true'): return ['sh', '-c', state + '\\n' + more]
def lines():
    with open('lines') as file: text = file.read()
    open('lines', 'w').close()
    return text
def low(fd): return fd if fd <= 2 else 'other'
def flags(fd): return [os.get_inheritable(fd), os.get_blocking(fd)]
code = os.waitstatus_to_exitcode
def is_open(fd):
    try: os.fstat(fd)
    except OSError: return False
    return True
results = {}
def run(name, body):
    open('lines', 'w').close()
    try: results[name] = body()
    except OSError as error: results[name] = errno.errorcode[error.errno]
    results[name + ': then open'] = [fd for fd in (0, 1, 2) if is_open(fd)]
for fd in ${JSON.stringify(closed)}: os.close(fd)
${operations.map(({ name, python }) => `def body():\n${indented(python)}\nrun('${name}', body)`).join('\n')}
with open('results', 'w') as file: json.dump(results, file)
os._exit(0)
`

/** Runs all of them one after the other in a process of its own. */
function run(command: string, args: readonly string[], folder: string): Record<string, unknown> {
  writeFileSync(join(folder, 'input'), '')
  const names = [['input', 'r'] as const, ['output', 'a'] as const, ['errors', 'w'] as const]
  const stdio = names.map(([name, flags]) => openSync(join(folder, name), flags))
  try {
    const child = spawnSync(command, args, { cwd: folder, stdio, timeout: 60_000, killSignal: 'SIGKILL' })
    if (child.status === 0) return JSON.parse(readFileSync(join(folder, 'results'), 'utf8')) as Record<string, unknown>
    const errors = readFileSync(join(folder, 'errors'), 'utf8')
    throw new Error(`${command} ended with ${child.status ?? child.signal}: ${child.error ?? errors}`)
  } finally {
    for (const fd of stdio) closeSync(fd)
  }
}

export function runHere(operations: readonly Operation[], closed: readonly number[], folder: string): object {
  return run(process.execPath, ['--input-type=module', '-e', jsFrame(operations, closed)], folder)
}

export function runInPython(operations: readonly Operation[], closed: readonly number[], folder: string): object {
  return run('python3', ['-X', 'utf8', '-c', pythonFrame(operations, closed)], folder)
}
