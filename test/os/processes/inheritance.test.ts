import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { askNode } from '../../support/child.ts'
import { noPython } from '../../support/python.ts'
import { noMainThread, onlyNode, runtime } from '../../support/runtime.ts'

/** Which descriptors a program inherits, by the function that starts it and by how the descriptor was made. */

const folder = mkdtempSync(join(tmpdir(), 'osier-'))
after(() => rmSync(folder, { recursive: true }))

/** The number of the descriptor that both processes have inherited themselves. */
const INHERITED = 9

/** How descriptors are made: the same expression here and in Python, but for what the second one says. */
const kinds: Readonly<Record<string, readonly [js: string, python?: string]>> = {
  open: ["os.open('/dev/null', os.O_RDWR)"],
  'pipe, reading end': ['os.pipe()[0]'],
  'pipe, writing end': ['os.pipe()[1]'],
  'pipe2(0)': ['os.pipe2(0)[1]'],
  'pipe2(O_CLOEXEC)': ['os.pipe2(os.O_CLOEXEC)[1]'],
  dup: ['os.dup(1)'],
  dup2: ['os.dup2(0, 77)'],
  'dup2, inheritable false': ['os.dup2(0, 78, false)', 'os.dup2(0, 78, False)'],
  'open, then set_inheritable': [
    "made(os.open('/dev/null', os.O_RDWR), true)",
    "made(os.open('/dev/null', os.O_RDWR), True)",
  ],
  'dup2, then set_inheritable false': ['made(os.dup2(0, 79), false)', 'made(os.dup2(0, 79), False)'],
  'openpty, control': ['os.openpty()[0]'],
  'openpty, terminal': ['os.openpty()[1]'],
  memfd_create: ["os.memfd_create('x')"],
  'memfd_create(flags 0)': ["os.memfd_create('x', 0)"],
  eventfd: ['os.eventfd(0)'],
  'eventfd(flags 0)': ['os.eventfd(0, 0)'],
  pidfd_open: ['os.pidfd_open(os.getpid())'],
  'standard input': ['0'],
  'standard error': ['2'],
  'inherited by the process itself': [String(INHERITED)],
}

/** Says which of the descriptors that are its arguments are open, on a line of the file `lines`. */
const PROBE = `s=; for fd; do [ -e /proc/$$/fd/$fd ] && s="$s $fd"; done; echo "$s" >> lines`
const COMMAND = "'set -- ' + numbers.join(' ') + '\\n' + probe"
const ARGV = "['sh', '-c', probe, 'sh', ...numbers]"
const PYTHON_COMMAND = "'set -- ' + ' '.join(numbers) + '\\n' + probe"
const PYTHON_ARGV = "['sh', '-c', probe, 'sh', *numbers]"

/** The functions; those of Python that correspond to them. */
const functions: Readonly<Record<string, readonly [js: string, python: string]>> = {
  "popen 'r'": [`os.popen(${COMMAND}).close()`, `os.popen(${PYTHON_COMMAND}).close()`],
  "popen 'w'": [`os.popen(${COMMAND}, 'w').close()`, `os.popen(${PYTHON_COMMAND}, 'w').close()`],
  system: [`os.system(${COMMAND})`, `os.system(${PYTHON_COMMAND})`],
  'spawnv P_WAIT': [`os.spawnv(os.P_WAIT, '/bin/sh', ${ARGV})`, `os.spawnv(os.P_WAIT, '/bin/sh', ${PYTHON_ARGV})`],
  'spawnvpe P_NOWAIT': [
    `ended(os.spawnvpe(os.P_NOWAIT, 'sh', ${ARGV}, os.environ))`,
    `ended(os.spawnvpe(os.P_NOWAIT, 'sh', ${PYTHON_ARGV}, os.environ))`,
  ],
  posix_spawn: [
    `ended(os.posix_spawn('/bin/sh', ${ARGV}, os.environ))`,
    `ended(os.posix_spawn('/bin/sh', ${PYTHON_ARGV}, os.environ))`,
  ],
  posix_spawnp: [
    `ended(os.posix_spawnp('sh', ${ARGV}, os.environ))`,
    `ended(os.posix_spawnp('sh', ${PYTHON_ARGV}, os.environ))`,
  ],
  "promises.popen 'r'": [`await (await promises.popen(${COMMAND})).close()`, `os.popen(${PYTHON_COMMAND}).close()`],
  "promises.popen 'w'": [
    `await (await promises.popen(${COMMAND}, 'w')).close()`,
    `os.popen(${PYTHON_COMMAND}, 'w').close()`,
  ],
  'promises.system': [`await promises.system(${COMMAND})`, `os.system(${PYTHON_COMMAND})`],
  'promises.spawnv P_WAIT': [
    `await promises.spawnv(os.P_WAIT, '/bin/sh', ${ARGV})`,
    `os.spawnv(os.P_WAIT, '/bin/sh', ${PYTHON_ARGV})`,
  ],
}

/** Those that do not return. Python's has no other counterpart of sjs. */
const lastOnes: Readonly<Record<string, readonly [js: string, python: string]>> = {
  execv: [`os.execv('/bin/sh', ${ARGV})`, `os.execv('/bin/sh', ${PYTHON_ARGV})`],
  'sjs.execv': [`sjs.execv('/bin/sh', ${ARGV})`, `os.execv('/bin/sh', ${PYTHON_ARGV})`],
}

function jsProgram(last: string): string {
  return `
    import os from '${import.meta.resolve('osier')}'
    import sjs from '${import.meta.resolve('osier/sjs')}'
    const { promises } = os
    const probe = ${JSON.stringify(PROBE)}
    const made = (fd, inheritable) => { os.set_inheritable(fd, inheritable); return fd }
    const ended = (pid) => os.waitpid(pid, 0)
    const numbers = [${Object.values(kinds).map(([js]) => js)}].map(String)
    const log = os.open('lines', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    const begin = (name) => os.write(log, Buffer.from(name + ':'))
    os.write(log, Buffer.from(numbers.join(' ') + '\\n'))
    ${Object.entries(functions)
      .map(([name, [js]]) => `begin(${JSON.stringify(name)}); ${js}`)
      .join('\n')}
    begin(${JSON.stringify(last)}); ${lastOnes[last]?.[0]}`
}

function pythonProgram(last: string): string {
  return `
import os, warnings
warnings.simplefilter('ignore')
probe = ${JSON.stringify(PROBE)}
kept = []
def made(fd, inheritable):
    os.set_inheritable(fd, inheritable)
    return fd
def ended(pid): os.waitpid(pid, 0)
numbers = [str(fd) for fd in [${Object.values(kinds).map(([js, python]) => python ?? js)}]]
log = os.open('lines', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def begin(name): os.write(log, (name + ':').encode())
os.write(log, (' '.join(numbers) + '\\n').encode())
${Object.entries(functions)
  .map(([name, [, python]]) => `begin(${JSON.stringify(name)}); ${python}`)
  .join('\n')}
begin(${JSON.stringify(last)}); ${lastOnes[last]?.[1]}
`
}

/** Whether each kind was inherited, by the functions' names. */
type Inherited = Map<string, readonly boolean[]>

function run(command: string, args: readonly string[]): Inherited {
  const file = join(folder, 'lines')
  rmSync(file, { force: true })
  // The shell makes the descriptor: what a runtime's own child_process does with one beyond the third differs.
  const shell = ['-c', `exec ${INHERITED}</dev/null; exec "$@"`, 'sh', command, ...args]
  const child = spawnSync('sh', shell, { cwd: folder, encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' })
  assert.deepEqual([child.status, child.stderr], [0, ''])
  const [first = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const numbers = first.split(' ')
  return new Map(
    lines.map((line) => {
      const [name = '', open = ''] = line.split(/:(?= |$)/)
      return [name, numbers.map((fd) => open.split(' ').includes(fd))]
    }),
  )
}

/** Of both last functions, each in a process of its own. */
function runBoth(start: (last: string) => Inherited): Inherited {
  return new Map(Object.keys(lastOnes).flatMap((last) => [...start(last)]))
}

describe('what a program inherits', { skip: noPython || noMainThread }, () => {
  let ours: Inherited = new Map()
  let theirs: Inherited = new Map()
  before(() => {
    ours = runBoth((last) => run(process.execPath, ['--input-type=module', '-e', jsProgram(last)]))
    theirs = runBoth((last) => run('python3', ['-c', pythonProgram(last)]))
  })

  test('the table', (t) => {
    const cell = (table: Inherited, name: string, index: number): string => (table.get(name)?.[index] ? 'yes' : 'no')
    for (const name of [...Object.keys(functions), ...Object.keys(lastOnes)]) {
      for (const [index, kind] of Object.keys(kinds).entries()) {
        const [here, there] = [cell(ours, name, index), cell(theirs, name, index)]
        t.diagnostic(`${name.padEnd(24)} | ${kind.padEnd(34)} | osier ${here.padEnd(3)} | python3 ${there}`)
      }
    }
    assert.equal(ours.size, Object.keys(functions).length + Object.keys(lastOnes).length)
  })

  // What Node does to inherited descriptors when it starts: see docs/differences.md.
  const isNodes = (kind: string): boolean => kind === 'inherited by the process itself'

  for (const [index, kind] of Object.keys(kinds).entries()) {
    test(kind, {
      skip: isNodes(kind) && runtime !== 'Deno' && `${runtime} makes these close-on-exec`,
    }, () => {
      const column = (table: Inherited): object =>
        Object.fromEntries([...table].map(([name, inherited]) => [name, inherited[index]]))
      assert.deepEqual(column(ours), column(theirs))
    })
  }

  test('what the process has inherited itself is not inherited, until it is made so', {
    skip: onlyNode('it leaves them as they are'),
  }, () => {
    const index = Object.keys(kinds).findIndex(isNodes)
    assert.ok([...ours.values()].every((inherited) => inherited[index] === false))
    assert.ok(theirs.get('system')?.[index])
    const program = `
      import os from '${import.meta.resolve('osier')}'
      os.set_inheritable(${INHERITED}, true)
      process.exitCode = os.system('[ -e /proc/$$/fd/${INHERITED} ]')`
    const shell = [
      '-c',
      `exec ${INHERITED}</dev/null; exec "$@"`,
      'sh',
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    ]
    assert.equal(spawnSync('sh', shell, { timeout: 60_000 }).status, 0)
  })
})

test('nothing is inherited that another thread opens meanwhile, and by popen not even what it makes inheritable', {
  skip: onlyNode('its workers are slow to start'),
}, () => {
  const found = askNode<Record<string, string[]>>(`
    import { once } from 'node:events'
    import { Worker } from 'node:worker_threads'
    const opener = \`
      import os from '${import.meta.resolve('osier')}'
      import { workerData, parentPort } from 'node:worker_threads'
      const over = new Int32Array(workerData)
      parentPort.postMessage('begins')
      for (let i = 0; Atomics.load(over, 0) === 0; i++) {
        Atomics.add(over, 2, 1)
        const fds = [os.open('/dev/null', os.O_RDONLY), os.dup(0), ...os.pipe(), ...os.openpty(), os.memfd_create('x'), os.eventfd(0)]
        if (Atomics.load(over, 1) === 1) fds.push(os.dup2(0, 300 + (i % 50)), ...os.pipe2(0))
        for (const fd of fds) os.close(fd)
      }\`
    const over = new Int32Array(new SharedArrayBuffer(12))
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(opener)), { workerData: over.buffer })
    await once(worker, 'message')
    const list = 'for f in /proc/$$/fd/*; do [ -e $f ] && case \${f##*/} in [012]) ;; *) echo \${f##*/} ;; esac; done'
    const argv = ['sh', '-c', list + ' > others']
    const fs = await import('node:fs')
    process.chdir(fs.mkdtempSync('${join(folder, 'thread-')}'))
    const others = () => fs.readFileSync('others', 'utf8').split('\\n').filter(Boolean)
    const ways = {
      popen: () => os.popen(list).read().split('\\n').filter(Boolean),
      'promises.popen': async () => (await (await os.promises.popen(list)).read()).split('\\n').filter(Boolean),
      system: () => { os.system(argv[2]); return others() },
      spawnv: () => { os.spawnv(os.P_WAIT, '/bin/sh', argv); return others() },
      posix_spawn: () => { os.waitpid(os.posix_spawn('/bin/sh', argv, os.environ), 0); return others() },
      'promises.system': async () => { await os.promises.system(argv[2]); return others() },
    }
    // A descriptor that the process has inherited itself, and Node has not found.
    const before = ways.system()
    const found = {}
    for (const [name, way] of Object.entries(ways)) {
      // Only popen closes what is inheritable.
      Atomics.store(over, 1, name.endsWith('popen') ? 1 : 0)
      // The round that has begun may still open what the next ones do not.
      const round = Atomics.load(over, 2)
      while (Atomics.load(over, 2) < round + 2) await new Promise((resolve) => setTimeout(resolve, 1))
      const seen = new Set()
      for (let i = 0; i < 30; i++) for (const fd of await way()) if (!before.includes(fd)) seen.add(fd)
      found[name] = [...seen]
    }
    Atomics.store(over, 0, 1)
    await once(worker, 'exit')
    console.log(JSON.stringify(found))`)
  for (const [way, fds] of Object.entries(found)) {
    // A shell keeps a copy of its output at 10 or above while it redirects that.
    assert.deepEqual([way, fds.filter((fd) => Number(fd) !== 10)], [way, []])
  }
})
