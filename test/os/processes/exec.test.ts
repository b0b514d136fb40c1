import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { type ChildRun, runNode } from '../../support/child.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { askPython, noPython } from '../../support/python.ts'
import { onlyNode, ownSignals, runtime } from '../../support/runtime.ts'
import { atTerminals } from '../../support/terminals.ts'
import { inWorker } from '../../support/worker.ts'

const folder = temporaryFolder()

/** A program that prints its process id, name, arguments, and the variable MARK. */
const show = join(folder, 'show')
writeFileSync(show, `#!/bin/sh\necho "$$ $# [$1] [$2] mark=$MARK home=$HOME"\n`)
chmodSync(show, 0o755)

function text(name: string, content: string, mode = 0o644): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

function succeeded(child: ChildRun): ChildRun {
  assert.deepEqual([child.stderr, child.status, child.signal], ['', 0, null])
  return child
}

const path = JSON.stringify(folder)
const forms: Readonly<Record<string, string>> = {
  execv: `os.execv(${path} + '/show', ['show', 'a b', 'ü'])`,
  execl: `os.execl(${path} + '/show', 'show', 'a b', 'ü')`,
  execvp: `os.execvp('show', ['show', 'a b', 'ü'])`,
  execlp: `os.execlp('show', 'show', 'a b', 'ü')`,
  execve: `os.execve(${path} + '/show', ['show', 'a b', 'ü'], { MARK: 'new', PATH: '/bin' })`,
  execle: `os.execle(${path} + '/show', 'show', 'a b', 'ü', { MARK: 'new', PATH: '/bin' })`,
  execvpe: `os.execvpe('show', ['show', 'a b', 'ü'], { MARK: 'new', PATH: '/missing:' + ${path} })`,
  execlpe: `os.execlpe('show', 'show', 'a b', 'ü', { MARK: 'new', PATH: '/missing:' + ${path} })`,
}

describe('the eight functions exec*', () => {
  for (const [name, call] of Object.entries(forms)) {
    test(`${name} replaces the process by a program`, () => {
      // Only the e-forms search the PATH of the new environment: the old one would not do for them, nor the new for others.
      const PATH = name.endsWith('e') ? '/bin' : `/missing:${folder}:/bin`
      const child = succeeded(runNode(call, { env: { PATH, MARK: 'old', HOME: '/home' } }))
      const environment = name.endsWith('e') ? 'mark=new home=' : 'mark=old home=/home'
      assert.equal(child.stdout, `${child.pid} 2 [a b] [ü] ${environment}\n`)
    })
  }

  test('arguments and variables are passed byte by byte', () => {
    const program = `
      os.execve('/bin/sh', ['sh', '-c', 'tr "\\\\0" "\\\\n" < /proc/$$/cmdline | od -An -tx1 -v; tr "\\\\0" "\\\\n" < /proc/$$/environ | od -An -tx1 -v',
        Buffer.from([0xff, 0x41]), '\\udcfe\\u00fc', ''], new Map([[Buffer.from([0x4e, 0xfd]), Buffer.from([0xfc])], ['E', ''], ['PATH', '/bin:/usr/bin']]))`
    const bytes = succeeded(runNode(program)).stdout.replace(/\s+/g, '')
    const hex = (value: Buffer): string => value.toString('hex')
    assert.ok(bytes.includes(hex(Buffer.from([0x0a, 0xff, 0x41, 0x0a, 0xfe, 0xc3, 0xbc, 0x0a, 0x0a]))), bytes)
    const variables = [Buffer.from([0x4e, 0xfd, 0x3d, 0xfc]), Buffer.from('E='), Buffer.from('PATH=/bin:/usr/bin')]
    assert.ok(bytes.endsWith(variables.map((variable) => `${hex(variable)}0a`).join('')), bytes)
  })

  test('environments may be os.environ, os.environb, process.env, or an object with undefined values', () => {
    const sh = `['sh', '-c', 'echo "$MARK-$OTHER"']`
    for (const env of ['os.environ', 'os.environb', 'process.env', '{ ...process.env, OTHER: undefined }']) {
      const program = `os.environ.MARK = 'set'; os.execve('/bin/sh', ${sh}, ${env})`
      assert.equal(succeeded(runNode(program)).stdout, 'set-\n', env)
    }
  })

  test('a program inherits variables that were set', () => {
    const program = `
      os.putenv('A', '1'); process.env.B = '2'; os.environ.C = '3'; os.unsetenv('D'); delete process.env.E
      os.execv('/bin/sh', ['sh', '-c', 'echo "$A$B$C$D$E"'])`
    assert.equal(succeeded(runNode(program, { env: { ...process.env, D: '4', E: '5' } })).stdout, '123\n')
  })

  test('an environment that changes between the check and the call is handled', () => {
    const program = `
      os.addaudithook((event) => {
        if (event === 'os.exec') for (let i = 0; i < 5000; i++) process.env['GROWN_' + i] = 'x'.repeat(20)
      })
      os.execv('/bin/sh', ['sh', '-c', 'env | grep -c ^GROWN_'])`
    assert.equal(succeeded(runNode(program)).stdout, '5000\n')
  })
})

describe('a descriptor in place of the path', () => {
  test('execve runs the open program, by number and by object', () => {
    assert.ok(os.supports_fd.has(os.execve))
    for (const place of ['fd', '{ fd }', '{ fileno: () => fd }']) {
      const program = `
        const fd = os.open('/bin/echo', os.O_RDONLY)
        os.execve(${place}, ['echo', 'by descriptor'], {})`
      assert.equal(succeeded(runNode(program)).stdout, 'by descriptor\n', place)
    }
  })

  test('a script cannot be run by a close-on-exec descriptor, as in Python', { skip: noPython }, () => {
    const program = `
      const fd = os.open(${JSON.stringify(show)}, os.O_RDONLY)
      try { os.execve(fd, ['show'], {}) } catch (error) { console.log(error.errno, error.filename === fd) }`
    const theirs = askPython<number>(`
import os
fd = os.open(${JSON.stringify(show)}, os.O_RDONLY)
try: os.execve(fd, ['show'], {})
except OSError as error: print(error.errno)`)
    assert.equal(succeeded(runNode(program)).stdout, `${theirs} true\n`)
    const inheritable = program.replace('try', 'os.set_inheritable(fd, true); try')
    assert.match(succeeded(runNode(inheritable)).stdout, / 0 \[\] \[\]/)
  })

  test('a closed descriptor is EBADF', () => {
    const program = `try { os.execve(777, ['x'], {}) } catch (error) { console.log(error.code, error.filename) }`
    assert.equal(succeeded(runNode(program)).stdout, 'EBADF 777\n')
  })
})

describe('the search in PATH', () => {
  // Directories in which the program is missing, is no file, may not be run, is no program, and is behind a file.
  mkdirSync(join(folder, 'none'))
  mkdirSync(join(folder, 'directory/tool'), { recursive: true })
  mkdirSync(join(folder, 'forbidden'))
  text('forbidden/tool', '#!/bin/sh\necho forbidden\n')
  mkdirSync(join(folder, 'garbage'))
  text('garbage/tool', 'no program\n', 0o755)
  text('file', '')
  mkdirSync(join(folder, 'loop'))
  symlinkSync('tool', join(folder, 'loop/tool'))
  mkdirSync(join(folder, 'interpreter'))
  text('interpreter/tool', '#!/missing/interpreter\n', 0o755)
  mkdirSync(join(folder, 'good'))
  text('good/tool', '#!/bin/sh\necho good\n', 0o755)

  const paths = [
    'none',
    'none:file:missing',
    'file:none',
    'none:forbidden',
    'none:directory:missing',
    'garbage:forbidden',
    'forbidden:garbage:none',
    'loop:forbidden',
    'forbidden:loop',
    'interpreter:none',
    'forbidden:interpreter',
    'forbidden:garbage:good',
    '',
    ':none',
    'none:',
  ]

  test('the error is the one that Python reports', { skip: noPython }, () => {
    const theirs = askPython<unknown[]>(
      `
import json, os, sys
def attempt(path):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(w, 1)
            os.execvpe('tool', ['tool'], {'PATH': path})
        except OSError as error:
            os.write(w, json.dumps([error.errno, os.fsdecode(error.filename)]).encode())
        os._exit(0)
    os.close(w)
    os.waitpid(pid, 0)
    return os.read(r, 1000).decode()
print(json.dumps([attempt(path) for path in json.loads(sys.argv[1])]))`,
      { cwd: folder, args: [JSON.stringify(paths)] },
    )
    const ours = paths.map((PATH) => {
      const program = `
        try { os.execvpe('tool', ['tool'], { PATH: ${JSON.stringify(PATH)} }) }
        catch (error) { process.stdout.write(JSON.stringify([error.errno, error.filename])) }`
      return succeeded(runNode(program, { cwd: folder })).stdout
    })
    const parsed = (output: unknown): unknown => (output === 'good\n' ? output : JSON.parse(String(output)))
    assert.deepEqual(
      paths.map((PATH, index) => [PATH, parsed(ours[index])]),
      paths.map((PATH, index) => [PATH, parsed(theirs[index])]),
    )
  })

  test('a name with a slash is not searched for, and names in bytes are', () => {
    const program = `
      try { os.execvp('good/missing', ['x']) } catch (error) { console.log(error.code, error.filename) }
      os.execvp(Buffer.from('tool'), ['tool'])`
    const env = { PATH: `${folder}/none:${folder}/good` }
    assert.equal(succeeded(runNode(program, { cwd: folder, env })).stdout, 'ENOENT good/missing\ngood\n')
  })

  test('without PATH the usual directories are searched', () => {
    const env = "{ A: '1' }"
    assert.equal(succeeded(runNode(`os.execlpe('echo', 'echo', 'found', ${env})`)).stdout, 'found\n')
  })

  test('an environment is read once, even if it can be read only once', () => {
    const program = `
      function* env() { yield ['PATH', ${JSON.stringify(join(folder, 'good'))}]; yield ['A', '1'] }
      os.execvpe('tool', ['tool'], env())`
    assert.equal(succeeded(runNode(program)).stdout, 'good\n')
  })
})

/** Calls that must be refused, in words of both languages: [JavaScript, Python, the errno of a system's refusal]. */
const refused: readonly (readonly [ours: string, theirs: string])[] = [
  [`os.execv('/bin/true', [])`, `os.execv('/bin/true', [])`],
  [`os.execv('/bin/true', [''])`, `os.execv('/bin/true', [''])`],
  [`os.execv('/bin/true', ['a\\0b'])`, `os.execv('/bin/true', ['a\\0b'])`],
  [`os.execv('/bin/true\\0', ['a'])`, `os.execv('/bin/true\\0', ['a'])`],
  [`os.execv('/bin/true', 'true')`, `os.execv('/bin/true', 'true')`],
  [`os.execv('/bin/true', ['true', 5])`, `os.execv('/bin/true', ['true', 5])`],
  [`os.execv('/bin/true', ['true', null])`, `os.execv('/bin/true', ['true', None])`],
  [`os.execv(null, ['true'])`, `os.execv(None, ['true'])`],
  [`os.execve('/bin/true', ['true'], { 'A=B': 'x' })`, `os.execve('/bin/true', ['true'], {'A=B': 'x'})`],
  [`os.execve('/bin/true', ['true'], { '': 'x' })`, `os.execve('/bin/true', ['true'], {'': 'x'})`],
  [`os.execve('/bin/true', ['true'], { 'A\\0': 'x' })`, `os.execve('/bin/true', ['true'], {'A\\0': 'x'})`],
  [`os.execve('/bin/true', ['true'], { A: 'x\\0' })`, `os.execve('/bin/true', ['true'], {'A': 'x\\0'})`],
  [`os.execve('/bin/true', ['true'], { A: 5 })`, `os.execve('/bin/true', ['true'], {'A': 5})`],
  [`os.execve('/bin/true', ['true'], { A: null })`, `os.execve('/bin/true', ['true'], {'A': None})`],
  [`os.execve('/bin/true', ['true'], null)`, `os.execve('/bin/true', ['true'], None)`],
  [`os.execve('/bin/true', ['true'], [['A', 'x']])`, `os.execve('/bin/true', ['true'], [('A', 'x')])`],
  [`os.execle('/bin/true', 'true', 'no environment')`, `os.execle('/bin/true', 'true', 'no environment')`],
  [`os.execv('/missing', ['x'])`, `os.execv('/missing', ['x'])`],
  [`os.execv('/', ['x'])`, `os.execv('/', ['x'])`],
  [`os.execv('', ['x'])`, `os.execv('', ['x'])`],
  [`os.execv('/bin/true/x', ['x'])`, `os.execv('/bin/true/x', ['x'])`],
  [`os.execv('garbage', ['x'])`, `os.execv('garbage', ['x'])`],
  [`os.execv('forbidden', ['x'])`, `os.execv('forbidden', ['x'])`],
  [`os.execv('/bin/true', ['true', 'x'.repeat(2 ** 18)])`, `os.execv('/bin/true', ['true', 'x' * 2 ** 18])`],
  [
    `os.execv('/bin/true', ['true', ...Array(40000).fill('x'.repeat(1000))])`,
    `os.execv('/bin/true', ['true'] + ['x' * 1000] * 40000)`,
  ],
  [
    `os.execve('/bin/true', ['true'], { A: 'x'.repeat(2 ** 18) })`,
    `os.execve('/bin/true', ['true'], {'A': 'x' * 2 ** 18})`,
  ],
  [`os.execvp('no such program', ['x'])`, `os.execvp('no such program', ['x'])`],
  [`os.execvp('', ['x'])`, `os.execvp('', ['x'])`],
]

describe('a program that cannot be run', () => {
  const cwd = join(folder, 'refused')
  mkdirSync(cwd)
  text('refused/garbage', 'no program\n', 0o755)
  text('refused/forbidden', '#!/bin/sh\n', 0o644)

  test('throws as in Python, and the process continues', { skip: noPython }, () => {
    const attempt = refused
      .map(([ours]) => `try { ${ours} } catch (error) { found.push(error.errno ?? error.name) }`)
      .join('\n')
    const ours = runNode(`const found = []\n${attempt}\nconsole.log(JSON.stringify(found))`, { cwd })
    const theirs = askPython<unknown[]>(
      `
import json, os
found = []
${refused
  .map(
    ([, theirs]) => `
try: ${theirs}
except OSError as error: found.append(error.errno)
except ValueError: found.append('RangeError')
except (TypeError, AttributeError): found.append('TypeError')`,
  )
  .join('')}
print(json.dumps(found))`,
      { cwd },
    )
    const named = (list: unknown[]): unknown[] => refused.map(([call], index) => [call.slice(0, 80), list[index]])
    assert.deepEqual(named(JSON.parse(succeeded(ours).stdout)), named(theirs))
  })

  test('leaves the process as it was', () => {
    const program = `
      import { readFileSync } from 'node:fs'
      import { createServer } from 'node:http'
      const flags = () => [0, 1, 2].map((fd) => readFileSync('/proc/self/fdinfo/' + fd, 'latin1').match(/flags:\\s*(\\d+)/)[1])
      const ignored = () => readFileSync('/proc/self/status', 'latin1').match(/SigIgn:\\s*(\\w+)/)[1]
      const state = () => JSON.stringify([flags(), ignored(), process.pid])
      process.stdin.resume()
      const server = createServer((request, response) => response.end('served')).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.on('listening', resolve))
      // Both change the streams when they are first used.
      console.log(os.getpgid(0) > 0)
      const before = state()
      for (const call of [() => os.execv('/missing', ['x']), () => os.execvp('missing', ['x']), () => os.execve(777, ['x'], {})]) {
        try { call() } catch (error) { console.log(error.code) }
      }
      console.log(state() === before || before + state())
      const answer = await fetch('http://127.0.0.1:' + server.address().port)
      console.log(await answer.text())
      process.exit(0)`
    const child = succeeded(runNode(program))
    assert.equal(child.stdout, 'true\nENOENT\nENOENT\nEBADF\ntrue\nserved\n')
  })

  test('writes only to its own memory, also if garbage is collected meanwhile', () => {
    const child = runNode(
      `
      const others = []
      for (let round = 0; round < 3; round++) {
        gc()
        // What was given back is handed out again, to buffers of whatever size it had.
        for (let size = 65; size < 512; size++) {
          for (let i = 0; i < 4; i++) others.push(Buffer.allocUnsafeSlow(size).fill(0xa5))
        }
        try { os.execv('/etc/passwd', ['passwd']) } catch (error) { if (error.code !== 'EACCES') throw error }
      }
      console.log(others.every((other) => other.every((byte) => byte === 0xa5)))`,
      { nodeOptions: ['--expose-gc'] },
    )
    assert.deepEqual([child.status, child.stderr, child.stdout], [0, '', 'true\n'])
  })

  test('can be prevented by a hook', () => {
    const program = `
      const events = []
      os.addaudithook((event, args) => {
        if (event !== 'os.exec') return
        events.push(args)
        throw new Error('not here')
      })
      for (const call of [
        () => os.execv('/bin/true', ['a']), () => os.execve(0, ['a'], { A: '1' }), () => os.execlp('/bin/true', 'a'),
      ]) try { call() } catch (error) { events.push(error.message) }
      console.log(JSON.stringify(events))`
    assert.deepEqual(JSON.parse(succeeded(runNode(program)).stdout), [
      ['/bin/true', ['a'], null],
      'not here',
      [0, ['a'], { A: '1' }],
      'not here',
      ['/bin/true', ['a'], null],
      'not here',
    ])
  })

  test('is any program in a worker', async () => {
    const found = await inWorker<string[]>(`
      const calls = [() => os.execv('/bin/true', ['x']), () => os.execvp('true', ['x']), () => os.execle('/bin/true', 'x', {})]
      return calls.map((call) => { try { call() } catch (error) { return error.code } })`)
    assert.deepEqual(found, Array(3).fill('ERR_WORKER_UNSUPPORTED_OPERATION'))
  })
})

/** What a shell says of the streams and the signals that it was started with. */
const report = `
  for fd in 0 1 2; do printf '%s:' "$(sed -n 's/flags:[[:space:]]*//p' /proc/$$/fdinfo/$fd)"; done
  echo "$(sed -n 's/SigIgn:[[:space:]]*//p;s/SigBlk:[[:space:]]*//p' /proc/$$/status | tr '\\n' ' ')"`

const O_NONBLOCK = 0o4000

function assertUndone(line: string): void {
  const [flags, masks] = [line.split(':').slice(0, 3), line.split(':').at(-1)]
  assert.equal(flags.length, 3, line)
  for (const flag of flags) assert.equal(Number.parseInt(flag, 8) & O_NONBLOCK, 0, line)
  assert.equal(masks?.trim(), '0000000000000000 0000000000000000', line)
}

const otherTerminal = onlyNode('it does not tell how it found the terminal')

describe('what Node did to the process', () => {
  const busy = `
    import { createServer } from 'node:http'
    import { readFile } from 'node:fs/promises'
    process.stdin.on('data', () => {})
    process.stdout.write('')
    setInterval(() => {}, 1)
    process.on('SIGTERM', () => {})
    const server = createServer().listen(0)
    await new Promise((resolve) => server.on('listening', resolve))
    await readFile('/proc/self/status')
    await new Promise((resolve) => setTimeout(resolve, 20))`
  const end = `os.execv('/bin/sh', ['sh', '-c', ${JSON.stringify(report)}])`

  for (const [what, flags] of [
    ['without an inspector', []],
    ['with an inspector', ['--inspect=0']],
  ] as const) {
    test(`is undone, ${what}, with a server, timers, and signal handlers`, { skip: ownSignals }, () => {
      const child = runNode(`${busy}\n${end}`, { nodeOptions: flags, input: 'hello\n' })
      assert.deepEqual([child.status, child.signal], [0, null], child.stderr)
      assertUndone(child.stdout.trim())
    })
  }

  test('is undone at a terminal in raw mode, and restored if the program cannot be run', {
    skip: noPython || otherTerminal,
  }, () => {
    const program = `
      import os from '${import.meta.resolve('osier')}'
      ${busy}
      process.stdin.setRawMode(true)
      os.spawnlp(os.P_WAIT, 'sh', 'sh', '-c', 'stty -a | grep -o .icanon')
      try { os.execv('/missing', ['x']) } catch (error) { console.log(error.code) }
      os.spawnlp(os.P_WAIT, 'sh', 'sh', '-c', 'stty -a | grep -o .icanon; echo again')
      os.execv('/bin/sh', ['sh', '-c', ${JSON.stringify(`stty -a | grep -o .icanon; ${report}; echo end`)}])`
    const file = text('raw.mjs', program)
    const { shown, failure, status } = atTerminals(
      [process.execPath, file],
      [
        ['read', 'main', '-icanon'],
        ['read', 'main', 'ENOENT'],
        ['read', 'main', 'again'],
        ['read', 'main', 'end'],
        ['wait'],
      ],
    )
    assert.deepEqual([failure, status], [null, 0])
    const lines = (shown.main ?? '').replaceAll('\r', '').trim().split('\n')
    assert.deepEqual(lines.slice(0, 4), ['-icanon', 'ENOENT', '-icanon', 'again'])
    assert.equal(lines[4]?.trim(), 'icanon')
    assertUndone(lines[5] ?? '')
  })

  test('is undone from the prompt of Node', { skip: noPython || onlyNode('it has another prompt') }, () => {
    const program = `import('${import.meta.resolve('osier')}').then((os) => os.execlp('sh', 'sh', '-c', 'stty -a | grep -o .icanon; echo $((6*7))'))`
    const { shown, failure, status } = atTerminals(
      [process.execPath, '-i'],
      [['read', 'main', '> '], ['write', 'main', `${program}\r`], ['read', 'main', '42'], ['wait']],
      { env: { NODE_REPL_HISTORY: '' } },
    )
    assert.deepEqual([failure, status], [null, 0])
    assert.match(shown.main ?? '', / icanon\r\n42\r\n$/)
  })
})

test('a program can run itself again with inheritable descriptors only', {
  skip: ownSignals || (runtime === 'Bun' && 'Bun: when it starts, it has what it inherited closed in the next program'),
}, () => {
  const program = `
    import { readdirSync } from 'node:fs'
    const round = Number(process.env.ROUND ?? 0)
    const fd = round === 0 ? os.memfd_create('handed on') : Number(process.env.HANDED)
    if (round === 0) os.set_inheritable(fd, true)
    os.write(fd, Buffer.from(String(round)))
    if (round < 3) {
      os.open('/dev/full', os.O_RDONLY)
      os.execve(process.execPath, [process.execPath, ...process.execArgv], { ...process.env, ROUND: String(round + 1), HANDED: String(fd) })
    }
    const open = readdirSync('/proc/self/fd').map((name) => { try { return os.readlink('/proc/self/fd/' + name) } catch { return '' } })
    console.log(os.pread(fd, 10, 0).toString(), open.filter((target) => target === '/dev/full').length)`
  const child = succeeded(runNode(program, { input: '' }))
  assert.equal(child.stdout, '0123 0\n')
})
