import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import * as signal from 'osier/signal'
import { runNode } from '../../support/child.ts'
import { children, exitCode, outputOf, processFields } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { isOpen, openFiles } from '../../support/open_files.ts'
import { askPython, noPython } from '../../support/python.ts'
import { noMainThread, onlyNode } from '../../support/runtime.ts'
import { inWorker } from '../../support/worker.ts'

const folder = temporaryFolder()

/** What a shell prints that is started with these options. */
function shellOutput(script: string, options: os.PosixSpawnOptions = {}, env: os.Environment | null = null): string {
  return outputOf((fd) =>
    os.posix_spawn('/bin/sh', ['sh', '-c', script], env, {
      ...options,
      file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1], ...(options.file_actions ?? [])],
    }),
  )
}

/** The descriptors that a child has which is started with these options. */
function descriptorsOfChild(options: os.PosixSpawnOptions = {}): number[] {
  const listing = outputOf((fd) =>
    os.posix_spawn('/bin/ls', ['ls', '-l', '/proc/self/fd'], null, {
      ...options,
      file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1], ...(options.file_actions ?? [])],
    }),
  )
  const found = [...listing.matchAll(/ (\d+) -> (.*)$/gm)]
  // One is that of the listing itself.
  const others = found.filter(([, , target = '']) => !/^\/proc\/\d+\/fd$/.test(target))
  return others.map(([, fd]) => Number(fd)).sort((a, b) => a - b)
}

/** A signal mask of /proc/PID/status, as a list of signals. */
function signalsIn(status: string, field: string): number[] {
  const mask = BigInt(`0x${new RegExp(`${field}:\\s*(\\w+)`).exec(status)?.[1]}`)
  // Others than these the C library keeps for itself.
  return [...signal.valid_signals()].filter((number) => (mask >> BigInt(number - 1)) & 1n)
}

const before = os.environ.copy()

describe('posix_spawn', () => {
  test('starts a program, and gives its process id', () => {
    const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 3'], null)
    assert.ok(children().includes(pid))
    assert.equal(exitCode(pid), 3)
    assert.equal(exitCode(os.posix_spawn(Buffer.from('/bin/true'), ['true'], null)), 0)
    assert.equal(exitCode(os.posix_spawn(new URL('file:///bin/false'), ['false'], null)), 1)
    assert.equal(exitCode(os.posix_spawn('/bin/sh', ['sh', '-c', 'kill -TERM $$'], null)), -signal.SIGTERM)
  })

  test('the environment is that of this process for null, else the one given, byte by byte', () => {
    process.env.OSIER_MARK = 'ours'
    try {
      assert.equal(shellOutput('echo "$OSIER_MARK"'), 'ours\n')
    } finally {
      delete process.env.OSIER_MARK
    }
    const bytes = Buffer.from([0x41, 0xff])
    const maps: os.Environment[] = [
      new Map<os.Text, os.Text>([['X', bytes]]),
      new Map<os.Text, os.Text>([[Buffer.from('X'), 'A\udcff']]),
      { X: bytes, Y: undefined },
    ]
    for (const env of maps)
      assert.equal(shellOutput('tr "\\0" "\\n" < /proc/$$/environ | od -An -tx1', {}, env), ' 58 3d 41 ff 0a\n')
    assert.equal(shellOutput('tr "\\0" "\\n" < /proc/$$/environ', {}, {}), '')
  })

  test('os.environ is given as it is each time, and hears of no changes but its own', { skip: noMainThread }, () => {
    const seen = (env: os.Environment = os.environ): string => shellOutput('echo $OSIER_A $OSIER_B', {}, env)
    try {
      os.environ.set('OSIER_A', 'one')
      assert.equal(seen(), 'one\n')
      assert.equal(seen(), 'one\n')
      os.environ.OSIER_A = 'two'
      assert.equal(seen(), 'two\n')
      os.environb.set(Buffer.from('OSIER_B'), Buffer.from('bytes'))
      assert.equal(seen(os.environb), 'two bytes\n')
      os.putenv('OSIER_A', 'put')
      process.env.OSIER_B = 'of Node'
      assert.equal(seen(), 'two bytes\n')
      os.reload_environ()
      assert.equal(seen(), 'put of Node\n')
      delete os.environ.OSIER_B
      assert.equal(seen(), 'put\n')
      os.environ.clear()
      assert.equal(seen({ ...process.env }), '\n')
      assert.equal(seen(), '\n')
    } finally {
      for (const [name, value] of before) os.environ.set(name, value)
      os.environ.delete('OSIER_A')
    }
  })

  test('posix_spawnp searches the PATH of this process', { skip: noMainThread }, () => {
    mkdirSync(join(folder, 'bin'))
    writeFileSync(join(folder, 'bin/osier-tool'), '#!/bin/sh\nexit 7\n', { mode: 0o755 })
    const before = process.env.PATH
    process.env.PATH = `/missing:${folder}/bin`
    try {
      assert.equal(exitCode(os.posix_spawnp('osier-tool', ['osier-tool'], { PATH: '/bin' })), 7)
    } finally {
      process.env.PATH = before
    }
    assert.throws(() => os.posix_spawnp('osier-tool', ['osier-tool'], { PATH: `${folder}/bin` }), os.FileNotFoundError)
    assert.throws(() => os.posix_spawn('true', ['true'], null), os.FileNotFoundError)
  })

  test('hooks are told, and may refuse', () => {
    const child = runNode(`
      os.addaudithook((event, args) => {
        if (event.startsWith('os.')) { console.log(event, JSON.stringify(args)); throw new Error('refused') }
      })
      for (const call of [os.posix_spawn, os.posix_spawnp]) {
        try { call('/bin/true', ['true'], { A: '1' }) } catch (error) { console.log(error.message) }
      }
      try { os.posix_spawn('/bin/true', ['true'], null) } catch {}`)
    const told = 'os.posix_spawn ["/bin/true",["true"],{"A":"1"}]\nrefused\n'
    assert.equal(child.stdout, `${told}${told}os.posix_spawn ["/bin/true",["true"],null]\n`)
  })

  test('works in a worker, whose environment is that of its process.env', async () => {
    const [code, mark] = await inWorker<[number, string]>(`
      process.env.OSIER_MARK = 'of the worker'
      const [r, w] = os.pipe()
      const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'printf "$OSIER_MARK"'], null, { file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]] })
      os.close(w)
      const mark = os.read(r, 100).toString()
      os.close(r)
      return [os.waitpid(pid, 0)[1], mark]`)
    assert.deepEqual([code, mark], [0, 'of the worker'])
  })
})

describe('file actions', () => {
  test('open, copy and close, in order', () => {
    const [out, input] = [join(folder, 'out'), join(folder, 'in')]
    writeFileSync(input, 'from a file\n')
    const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'cat; cat <&7 >&5; echo error >&2'], null, {
      file_actions: [
        [os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640],
        [os.POSIX_SPAWN_OPEN, 0, Buffer.from(input), os.O_RDONLY, 0],
        [os.POSIX_SPAWN_OPEN, 7, new URL(`file://${input}`), os.O_RDONLY, 0],
        [os.POSIX_SPAWN_DUP2, 1, 5],
        [os.POSIX_SPAWN_DUP2, 1, 2],
        [os.POSIX_SPAWN_CLOSE, 1],
        [os.POSIX_SPAWN_DUP2, 5, 1],
      ],
    })
    assert.equal(exitCode(pid), 0)
    assert.equal(readFileSync(out, 'latin1'), 'from a file\nfrom a file\nerror\n')
    assert.equal(os.stat(out).st_mode & 0o777, 0o640 & ~currentUmask())
  })

  test('come from any iterable, with descriptors of any kind', () => {
    const [r, w] = os.pipe()
    const actions = function* (): Generator<os.FileAction> {
      yield [os.POSIX_SPAWN_DUP2, { fd: w }, { fileno: () => 1 }]
      yield [os.POSIX_SPAWN_CLOSE, { fd: w }]
    }
    const pid = os.posix_spawn('/bin/echo', ['echo', 'heard'], null, { file_actions: actions() })
    os.close(w)
    assert.equal(os.read(r, 100).toString(), 'heard\n')
    os.close(r)
    assert.equal(exitCode(pid), 0)
  })

  test('a child has the descriptors 3 to 9 that were chosen for it, and no others', () => {
    const fds = [3, 4, 5, 6, 7, 8, 9].map((number) => {
      const fd = os.memfd_create('chosen')
      os.write(fd, Buffer.from(String(number)))
      return fd
    })
    const copies = fds.map((fd, index): os.FileAction => [os.POSIX_SPAWN_DUP2, fd, 103 + index])
    const places = fds.map((_, index): os.FileAction => [os.POSIX_SPAWN_DUP2, 103 + index, 3 + index])
    const script = 'for fd in 3 4 5 6 7 8 9; do cat /proc/self/fd/$fd; done'
    // By way of high numbers, so that none is overwritten before it has been copied.
    const file_actions: os.FileAction[] = [...copies, ...places, [os.POSIX_SPAWN_CLOSEFROM, 10]]
    assert.equal(shellOutput(script, { file_actions }), '3456789')
    assert.deepEqual(descriptorsOfChild({ file_actions }), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (const fd of fds) os.close(fd)
  })

  test('those that make no sense leave no child', () => {
    const before = children()
    for (const action of [
      [os.POSIX_SPAWN_DUP2, 777, 1],
      [os.POSIX_SPAWN_DUP2, -1, 1],
      [os.POSIX_SPAWN_CLOSE, -1],
      [os.POSIX_SPAWN_OPEN, -1, '/dev/null', os.O_RDONLY, 0],
    ] satisfies os.FileAction[]) {
      assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { file_actions: [action] }), { code: 'EBADF' })
    }
    const missing: os.FileAction = [os.POSIX_SPAWN_OPEN, 1, '/missing/file', os.O_RDONLY, 0]
    assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { file_actions: [missing] }), os.FileNotFoundError)
    assert.deepEqual(children(), before)
  })
})

function currentUmask(): number {
  const mask = os.umask(0)
  os.umask(mask)
  return mask
}

describe('attributes', () => {
  test('setpgroup: a group of its own, or one that is there', () => {
    const leader = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setpgroup: 0 })
    const member = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setpgroup: leader })
    const other = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
    assert.deepEqual(
      [leader, member, other].map((pid) => processFields(pid).group),
      [leader, leader, os.getpgrp()],
    )
    os.killpg(leader, signal.SIGKILL)
    os.kill(other, signal.SIGTERM)
    assert.deepEqual([leader, member, other].map(exitCode), [-signal.SIGKILL, -signal.SIGKILL, -signal.SIGTERM])
    assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { setpgroup: 1 }), os.PermissionError)
  })

  test('setsid: a session of its own', () => {
    const pid = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setsid: true })
    assert.deepEqual([processFields(pid).session, processFields(pid).group], [pid, pid])
    os.kill(pid, signal.SIGKILL)
    exitCode(pid)
    const same = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, { setsid: false })
    assert.equal(processFields(same).session, os.getsid(0))
    os.kill(same, signal.SIGKILL)
    exitCode(same)
  })

  // Not by way of a shell, which may change its mask.
  const blocked = (options: os.PosixSpawnOptions): number[] =>
    signalsIn(
      outputOf((fd) =>
        os.posix_spawn('/bin/cat', ['cat', '/proc/self/status'], null, {
          ...options,
          file_actions: [[os.POSIX_SPAWN_DUP2, fd, 1]],
        }),
      ),
      'SigBlk',
    )

  test('setsigmask: these signals are blocked, and no others', () => {
    const { SIGUSR1, SIGUSR2, SIGRTMAX } = signal
    const mask = [SIGUSR1, SIGUSR2, ...(SIGRTMAX === undefined ? [] : [SIGRTMAX])]
    assert.deepEqual(blocked({ setsigmask: mask }), mask)
    assert.deepEqual(blocked({ setsigmask: new Set([SIGUSR2]) }), [SIGUSR2])
    assert.deepEqual(blocked({ setsigmask: [] }), [])
    assert.deepEqual(blocked({}), [])
  })

  test('setsigdef: these signals have their default action, as those have that Node ignores', () => {
    const child = runNode(`
      import * as signal from 'osier/signal'
      import { readFileSync } from 'node:fs'
      signal.signal(signal.SIGUSR1, signal.SIG_IGN)
      signal.signal(signal.SIGUSR2, signal.SIG_IGN)
      const show = (options) => os.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', 'grep SigIgn /proc/$$/status'], null, options), 0)
      show({})
      show({ setsigdef: [signal.SIGUSR1] })
      show({ setsigdef: signal.valid_signals() })
      signal.signal(signal.SIGPIPE, signal.SIG_IGN)
      show({})`)
    assert.equal(child.stderr, '')
    const ignored = child.stdout
      .trim()
      .split('\n')
      .map((line) => signalsIn(line, 'SigIgn'))
    const { SIGUSR1, SIGUSR2, SIGPIPE } = signal
    // Once a program has SIGPIPE ignored itself, its children inherit that.
    assert.deepEqual(ignored, [[SIGUSR1, SIGUSR2], [SIGUSR2], [], [SIGUSR1, SIGUSR2, SIGPIPE]])
  })

  test('a pipe that nobody reads ends a child by SIGPIPE', () => {
    const [r, w] = os.pipe()
    os.close(r)
    const pid = os.posix_spawn('/bin/cat', ['cat', '/proc/self/status'], null, {
      file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]],
    })
    os.close(w)
    assert.equal(exitCode(pid), -signal.SIGPIPE)
  })

  test('scheduler: a policy and its parameter, or the parameter alone', () => {
    const param = new os.sched_param(0)
    const policyOf = (options: os.PosixSpawnOptions): number => {
      const pid = os.posix_spawn('/bin/sleep', ['sleep', '60'], null, options)
      const { policy } = processFields(pid)
      os.kill(pid, signal.SIGKILL)
      exitCode(pid)
      return policy
    }
    assert.equal(policyOf({ scheduler: [os.SCHED_OTHER, param] }), os.SCHED_OTHER)
    assert.equal(policyOf({ scheduler: [null, param] }), os.SCHED_OTHER)
    assert.equal(policyOf({ scheduler: null }), os.SCHED_OTHER)
    assert.throws(() => policyOf({ scheduler: [os.SCHED_OTHER, new os.sched_param(5)] }), { code: 'EINVAL' })
  })

  test('resetids: the effective ids are made the real ones', { skip: process.getuid?.() !== 0 && 'not root' }, () => {
    const child = runNode(`
      os.setegid(65534)
      os.seteuid(65534)
      for (const resetids of [false, true]) {
        os.waitpid(os.posix_spawn('/bin/grep', ['grep', '-E', '^[UG]id', '/proc/self/status'], null, { resetids }), 0)
      }`)
    const ids = child.stdout.split('\n').map((line) => line.split('\t').slice(1, 3).join(' '))
    assert.deepEqual([child.stderr, ids], ['', ['0 65534', '0 65534', '0 0', '0 0', '']])
  })
})

/** Calls that must come to the same: [JavaScript, Python]. */
const calls: readonly (readonly [ours: string, theirs: string])[] = [
  ...['/missing', '/', '', '/bin/true/x', 'garbage', 'forbidden'].map(
    (path) => [`('${path}', ['x'], {})`, `('${path}', ['x'], {})`] as const,
  ),
  [`('/bin/true', [], {})`, `('/bin/true', [], {})`],
  [`('/bin/true', [''], {})`, `('/bin/true', [''], {})`],
  [`('/bin/true', 'true', {})`, `('/bin/true', 'true', {})`],
  [`('/bin/true', ['a\\0b'], {})`, `('/bin/true', ['a\\0b'], {})`],
  [`('/bin/true\\0', ['a'], {})`, `('/bin/true\\0', ['a'], {})`],
  [`('/bin/true', ['true', 5], {})`, `('/bin/true', ['true', 5], {})`],
  [`(5, ['true'], {})`, `(5, ['true'], {})`],
  [`('/bin/true', ['true'], { 'A=B': 'x' })`, `('/bin/true', ['true'], {'A=B': 'x'})`],
  [`('/bin/true', ['true'], { '': 'x' })`, `('/bin/true', ['true'], {'': 'x'})`],
  [`('/bin/true', ['true'], { A: 'x\\0' })`, `('/bin/true', ['true'], {'A': 'x\\0'})`],
  [`('/bin/true', ['true'], { A: 5 })`, `('/bin/true', ['true'], {'A': 5})`],
  [`('/bin/true', ['true'], [])`, `('/bin/true', ['true'], [])`],
  [`('/bin/true', ['true', 'x'.repeat(2 ** 18)], {})`, `('/bin/true', ['true', 'x' * 2 ** 18], {})`],
  [`('/bin/true', ['true'], { A: 'x'.repeat(2 ** 18) })`, `('/bin/true', ['true'], {'A': 'x' * 2 ** 18})`],
  [
    `('/bin/true', ['true', ...Array(40000).fill('x'.repeat(1000))], {})`,
    `('/bin/true', ['true'] + ['x' * 1000] * 40000, {})`,
  ],
  ...[
    '[[2, 777, 1]]',
    '[[2, 1, -1]]',
    '[[2, -1, 1]]',
    '[[1, 777]]',
    '[[1, -1]]',
    '[[1, 2147483647]]',
    '[[2, 1, 2147483647]]',
    '[[0, 5, "/missing/x", 0, 0]]',
    '[[0, -1, "/dev/null", 0, 0]]',
    '[[0, 5, "a\\0", 0, 0]]',
    '[[0, 5, 5, 0, 0]]',
    '[[0, 5, "/dev/null", 0]]',
    '[[1, 1, 1]]',
    '[[2, 1]]',
    '[[77, 1]]',
    '[["close", 1]]',
    '[[1, "1"]]',
    '[1]',
    '5',
    '[]',
  ].map(
    (actions) =>
      [
        `('/bin/true', ['true'], {}, { file_actions: ${actions} })`,
        // Python wants tuples.
        `('/bin/true', ['true'], {}, file_actions=tuples(${actions}))`,
      ] as const,
  ),
  ...['setpgroup', 'setsigmask', 'setsigdef', 'scheduler', 'resetids', 'setsid'].flatMap(
    (name) =>
      ({
        setpgroup: ['0', '1', '-1', '2147483647', '"x"', '[]'],
        setsigmask: ['[1, 2]', '[0]', '[65]', '[-1]', '["x"]', '5', '[32]'],
        setsigdef: ['[1, 2]', '[0]', '[65]', '[9]', '["x"]', '5'],
        scheduler: ['[0, param]', '[77, param]', '[-1, param]', '[0]', '5', '["x", param]'],
        resetids: ['true'],
        setsid: ['true'],
      })[name]?.map(
        (value) =>
          [
            `('/bin/true', ['true'], {}, { ${name}: ${value} })`,
            `('/bin/true', ['true'], {}, ${name}=${name === 'scheduler' ? `pair(${value})` : value})`,
          ] as const,
      ) ?? [],
  ),
]

test('all kinds of input come to the same as in Python, and no child is left', { skip: noPython }, () => {
  const cwd = join(folder, 'input')
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'garbage'), 'no program\n')
  chmodSync(join(cwd, 'garbage'), 0o755)
  writeFileSync(join(cwd, 'forbidden'), '#!/bin/sh\n')
  const ours = runNode(
    `
    const [found, param] = [[], new os.sched_param(0)]
    ${calls
      .map(
        ([call]) => `
    try { found.push(os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn${call}, 0)[1])) }
    catch (error) { found.push(error.code === undefined || error.code.startsWith('ERR_') ? error.name : error.code) }`,
      )
      .join('')}
    try { os.wait() } catch (error) { found.push(error.code) }
    console.log(JSON.stringify(found))`,
    { cwd },
  )
  assert.equal(ours.stderr, '')
  const theirs = askPython<unknown[]>(
    `
import errno, json, os, warnings
warnings.simplefilter('ignore')
true, found, param = True, [], os.sched_param(0)
def tuples(actions): return [tuple(a) if isinstance(a, list) else a for a in actions] if isinstance(actions, list) else actions
def pair(value): return tuple(value) if isinstance(value, list) else value
${calls
  .map(
    ([, call]) => `
try: found.append(os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn${call}, 0)[1]))
except OSError as error: found.append(errno.errorcode[error.errno])
except (ValueError, OverflowError): found.append('RangeError')
except (TypeError, AttributeError, SystemError): found.append('TypeError')`,
  )
  .join('')}
try: os.wait()
except OSError as error: found.append(errno.errorcode[error.errno])
print(json.dumps(found))`,
    { cwd },
  )
  const named = (list: readonly unknown[]): unknown[] =>
    list.map((outcome, index) => [calls[index]?.[0].slice(0, 100), outcome])
  assert.deepEqual(named(JSON.parse(ours.stdout)), named(theirs))
})

/** What Node does to the standard streams others may not do. */
const leavesStreams = onlyNode('it leaves the standard streams as they are')

describe('descriptors', () => {
  test('a child has none that were not meant for it', async () => {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const busy = spawn('cat', { stdio: ['pipe', 'pipe', 'pipe'] })
    const file = openSync('/dev/null', 'r')
    const ours = [os.open('/dev/null', os.O_RDONLY), ...os.pipe(), os.memfd_create('secret'), ...os.openpty()]
    const handed = os.dup(0)
    os.set_inheritable(handed, true)
    try {
      // Whoever started this process may have left it some: those are not ours to hide.
      const open = readdirSync('/proc/self/fd').map(Number).filter(isOpen)
      const left = open.filter((fd) => fd > 2 && os.get_inheritable(fd))
      const numbers = [0, 1, 2, ...left].sort((a, b) => a - b)
      assert.ok(numbers.includes(handed))
      assert.deepEqual(descriptorsOfChild(), numbers)
      assert.deepEqual(descriptorsOfChild({ file_actions: [[os.POSIX_SPAWN_CLOSEFROM, 3]] }), [0, 1, 2])
    } finally {
      for (const fd of [handed, ...ours]) os.close(fd)
      closeSync(file)
      server.close()
      busy.stdin.end()
      await once(busy, 'close')
    }
  })

  test('the standard streams are inherited and block, also where a terminal was opened anew', {
    skip: leavesStreams,
  }, () => {
    const child = runNode(
      `
      import { readFileSync } from 'node:fs'
      process.stdin.resume()
      process.stdout.write('')
      const flags = (pid) => [0, 1, 2].map((fd) => /flags:\\s*(\\d+)/.exec(readFileSync('/proc/' + pid + '/fdinfo/' + fd, 'latin1'))[1])
      const nonBlocking = (list) => list.map((text) => (Number.parseInt(text, 8) & 0o4000) !== 0)
      const before = nonBlocking(flags('self'))
      os.set_inheritable(0, false)
      os.set_inheritable(1, false)
      const pid = os.posix_spawn('/bin/sleep', ['sleep', '60'], null)
      const during = nonBlocking(flags(pid))
      os.kill(pid, 9)
      os.waitpid(pid, 0)
      console.log(JSON.stringify([before, during]))
      process.exit()`,
      { input: 'a line\n' },
    )
    const [before, during] = JSON.parse(child.stdout) as boolean[][]
    assert.ok(before?.[0], 'Node has changed its ways: standard input blocks')
    assert.deepEqual(during, [false, false, false])
  })

  test('a stream that the child does not get is left alone', { skip: leavesStreams }, () => {
    const child = runNode(
      `
      import { readFileSync } from 'node:fs'
      process.stdin.resume()
      const blocks = () => (Number.parseInt(/flags:\\s*(\\d+)/.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))[1], 8) & 0o4000) === 0
      const spawn = (file_actions) => { os.waitpid(os.posix_spawn('/bin/true', ['true'], null, { file_actions }), 0); return blocks() }
      const nothing = [os.POSIX_SPAWN_OPEN, 0, '/dev/null', os.O_RDONLY, 0]
      console.log(blocks(), spawn([nothing]), spawn([[os.POSIX_SPAWN_DUP2, 0, 5], nothing]))
      process.exit()`,
      { input: '' },
    )
    assert.deepEqual([child.stderr, child.stdout], ['', 'false false true\n'])
  })
})

test('ten thousand spawns leave neither zombies nor descriptors', () => {
  const [files, before] = [openFiles(), children()]
  const options: os.PosixSpawnOptions = { setsid: true, file_actions: [[os.POSIX_SPAWN_CLOSE, 0]] }
  for (let i = 0; i < 200; i++) {
    // Several at a time, by several ways, and with some that cannot be started among them.
    const pids = Array.from({ length: 50 }, (_, j) => {
      if (j === 0) assert.throws(() => os.posix_spawn('/missing', ['x'], null), os.FileNotFoundError)
      if (j % 3 === 0) return os.spawnv(os.P_NOWAIT, '/bin/true', ['true'])
      return os.posix_spawn('/bin/true', ['true'], null, j % 3 === 1 ? {} : options)
    })
    for (const pid of pids) assert.equal(exitCode(pid), 0)
  }
  assert.deepEqual([openFiles(), children()], [files, before])
})

describe('hostile arguments', () => {
  const attempts: Readonly<Record<string, () => unknown>> = {
    'an option that spawns itself': () =>
      os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 5'], null, {
        get setsid() {
          exitCode(os.posix_spawn('/bin/true', ['true'], { A: '1' }, { setsigmask: [1] }))
          return true
        },
      }),
    'arguments that spawn': () =>
      os.posix_spawn(
        '/bin/sh',
        new Proxy(['sh', '-c', 'exit 5'], {
          get(target, key, receiver) {
            if (key === '2') exitCode(os.posix_spawn('/bin/true', ['true'], null))
            return Reflect.get(target, key, receiver)
          },
        }),
        null,
      ),
    'actions that spawn': () =>
      os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 5'], null, {
        file_actions: (function* (): Generator<os.FileAction> {
          yield [os.POSIX_SPAWN_CLOSE, 0]
          exitCode(os.posix_spawn('/bin/true', ['true'], null, { file_actions: [[os.POSIX_SPAWN_CLOSE, 1]] }))
        })(),
      }),
  }

  for (const [name, attempt] of Object.entries(attempts)) {
    test(`${name} do no harm`, () => assert.equal(exitCode(Number(attempt())), 5))
  }

  test('what throws on the way starts nothing', () => {
    const before = children()
    const bite = (): never => {
      throw new Error('on the way')
    }
    const options: readonly object[] = [
      {
        get scheduler() {
          return bite()
        },
      },
      { file_actions: { [Symbol.iterator]: bite } },
      { file_actions: [[os.POSIX_SPAWN_CLOSE, { fileno: bite }]] },
      { setsigmask: { [Symbol.iterator]: bite } },
    ]
    for (const one of options) assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, one), /on the way/)
    assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { nonsense: 1 } as object), TypeError)
    // A list that turns out to be empty when it is gone through.
    const hollow = Object.assign(['true'], { [Symbol.iterator]: () => [][Symbol.iterator]() })
    assert.throws(() => os.posix_spawn('/bin/true', hollow, null), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.deepEqual(children(), before)
  })
})
