import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import * as signal from 'osier/signal'
import { runNode } from '../../support/child.ts'
import { children, exitCode, outputOf } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { openFiles } from '../../support/open_files.ts'
import { askPython, noPython } from '../../support/python.ts'
import { noMainThread } from '../../support/runtime.ts'
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

const before = os.environ.copy()

describe('posix_spawn', () => {
  test('starts a program, and returns its process id', () => {
    const pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 3'], null)
    assert.ok(children().includes(pid))
    assert.equal(exitCode(pid), 3)
    assert.equal(exitCode(os.posix_spawn(Buffer.from('/bin/true'), ['true'], null)), 0)
    assert.equal(exitCode(os.posix_spawn(new URL('file:///bin/false'), ['false'], null)), 1)
    assert.equal(exitCode(os.posix_spawn('/bin/sh', ['sh', '-c', 'kill -TERM $$'], null)), -signal.SIGTERM)
  })

  test('passes the environment of this process for null, else the given one, byte by byte', () => {
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

  test('os.environ is passed in its current state, without changes made elsewhere', { skip: noMainThread }, () => {
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

  test('raises an audit event, and a hook can prevent the call', () => {
    const child = runNode(`
      os.addaudithook((event, args) => {
        if (event.startsWith('os.')) { console.log(event, JSON.stringify(args)); throw new Error('refused') }
      })
      for (const call of [os.posix_spawn, os.posix_spawnp]) {
        try { call('/bin/true', ['true'], { A: '1' }) } catch (error) { console.log(error.message) }
      }
      try { os.posix_spawn('/bin/true', ['true'], null) } catch {}`)
    const output = 'os.posix_spawn ["/bin/true",["true"],{"A":"1"}]\nrefused\n'
    assert.equal(child.stdout, `${output}${output}os.posix_spawn ["/bin/true",["true"],null]\n`)
  })

  test('works in a worker, with the environment of its process.env', async () => {
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

/** Calls that must have the same results: [JavaScript, Python]. */
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

test('all kinds of input have the same results as in Python, and leave no child', { skip: noPython }, () => {
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
    test(`${name} are handled`, () => assert.equal(exitCode(Number(attempt())), 5))
  }

  test('no program is started if reading an argument throws', () => {
    const before = children()
    const throwError = (): never => {
      throw new Error('on the way')
    }
    const options: readonly object[] = [
      {
        get scheduler() {
          return throwError()
        },
      },
      { file_actions: { [Symbol.iterator]: throwError } },
      { file_actions: [[os.POSIX_SPAWN_CLOSE, { fileno: throwError }]] },
      { setsigmask: { [Symbol.iterator]: throwError } },
    ]
    for (const one of options) assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, one), /on the way/)
    assert.throws(() => os.posix_spawn('/bin/true', ['true'], null, { nonsense: 1 } as object), TypeError)
    // A list that turns out to be empty when it is gone through.
    const hollow = Object.assign(['true'], { [Symbol.iterator]: () => [][Symbol.iterator]() })
    assert.throws(() => os.posix_spawn('/bin/true', hollow, null), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.deepEqual(children(), before)
  })
})
