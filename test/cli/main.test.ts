/** The command: code from everywhere, the prompt on a real pty, and the terminal shared with others. */

import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { inRepository } from '../../tools/repository.ts'
import { temporaryFolder } from '../support/folder.ts'
import { noPython } from '../support/python.ts'
import { noPreload, onlyNode } from '../support/runtime.ts'
import { atTerminals, type Session, type Step } from '../support/terminals.ts'

const folder = temporaryFolder()
const command = inRepository('dist/cli/main.js')

function osier(args: readonly string[], input = ''): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [command, ...args], { cwd: folder, encoding: 'utf8', input, timeout: 60_000 })
}

function succeed(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = osier(args, input)
  assert.deepEqual([status, stderr], [0, ''])
  return stdout
}

describe('without a terminal', () => {
  const program = 'console.log(os.getcwd(), await path.basename("/a/b"), JSON.stringify(process.argv.slice(2)))'

  test('runs -c, a file, and standard input', () => {
    assert.equal(succeed(['-c', program, '--json', 'x']), `${folder} b ["--json","x"]\n`)
    assert.equal(succeed([], program), `${folder} b []\n`)
    assert.equal(succeed([], `#!/usr/bin/env osier\n${program}`), `${folder} b []\n`)
    assert.equal(succeed(['-', 'y'], program), `${folder} b ["y"]\n`)
    assert.equal(succeed([`-c${program}`, '-x']), `${folder} b ["-x"]\n`)
    assert.equal(succeed([`--code=${program}`, '-i']), `${folder} b ["-i"]\n`)
    writeFileSync(join(folder, 'program.mjs'), `import { sep } from 'node:path'\n${program}\nexport default sep`)
    assert.equal(succeed(['program.mjs', '-c', 'z']), `${folder} b ["-c","z"]\n`)
    writeFileSync(join(folder, 'module.mjs'), 'export const answer = 42')
    assert.equal(succeed(['-c', 'console.log((await import("./module.mjs")).answer)']), '42\n')
  })

  test('--micropython selects that dialect', () => {
    const code = `
      const device = new vfs.RamBlockDev(512, 100)
      os.VfsFat.mkfs(device)
      os.mount(device, '/ram')
      const file = open('/ram/f', 'w')
      file.write('x')
      file.close()
      console.log(String(os.listdir('/ram')), os.stat('/ram/f')[6], os.uname()[3].startsWith('osier'))`
    assert.equal(succeed(['--micropython'], code), 'f 1 true\n')
  })

  test('an error ends it with an exit code and a message', () => {
    const thrown = osier(['-c', 'throw new TypeError("on purpose")'])
    assert.equal(thrown.status, 1)
    assert.match(thrown.stderr, /TypeError: on purpose/)
    assert.equal(osier(['-c', 'a b']).status, 1)
    assert.equal(osier(['-c', 'process.exitCode = 3']).status, 3)
    const wrong = osier(['--wrong'])
    assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
    assert.match(wrong.stderr, /^osier: .*--wrong/)
    const one = (line: string): string => `osier: ${line}\nTry 'osier --help'.\n`
    const missing = osier(['missing.mjs'])
    assert.deepEqual([missing.status, missing.stderr], [2, one("cannot open 'missing.mjs': no such file or directory")])
    const directory = osier(['.'])
    assert.deepEqual([directory.status, directory.stderr], [2, one("'.' is a directory")])
    const device = osier(['--dupterm', '/dev/missing', '-c', ''])
    assert.deepEqual([device.status, device.stderr], [2, one("cannot open '/dev/missing': No such file or directory")])
    assert.equal(osier(['doctor', '--wrong']).status, 2)
    assert.equal(osier(['-c']).status, 2)
  })

  test('prints --help and --version', () => {
    const help = succeed(['--help'])
    assert.match(help, /^Usage:\n( {2}osier .*\n)+/m)
    assert.ok(
      help.split('\n').every((line) => line.length < 80),
      'fits a terminal',
    )
    const { version } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as { version: string }
    assert.equal(succeed(['--version']), `${version}\n`)
    assert.equal(succeed(['-c', 'console.log(vfs.mount()[0][1], os.uname().version)', '--help']).split(' ')[0], '/')
  })

  test('the doctor lists every name', () => {
    const report = JSON.parse(succeed(['doctor', '--json'])) as {
      node: string
      modules: Record<string, Record<string, { kind: string; available: boolean }>>
    }
    assert.equal(report.node, process.version)
    const names = report.modules.osier ?? {}
    assert.deepEqual(names.stat, { kind: 'function', available: true })
    assert.deepEqual(names.OSError, { kind: 'class', available: true })
    assert.deepEqual(names.lchmod, { kind: 'function', available: false })
    assert.deepEqual(names.ST_IMMUTABLE, { kind: 'constant', available: false })
    assert.deepEqual(report.modules['osier/micropython vfs']?.mount, { kind: 'function', available: true })
    const text = succeed(['doctor'])
    for (const name of Object.keys(names)) assert.match(text, new RegExp(`^ {2}(yes|no ) \\w+ +${name}$`, 'm'))
  })

  test('with an unknown C library the doctor says so, and osier/path works', { skip: noPreload }, () => {
    // koffi is loaded already, and the packages of the platform are not read: simulates an unknown platform.
    const elsewhere = `
      import '${import.meta.resolve('koffi')}'
      process.resourcesPath = ''
      Object.defineProperty(process, 'platform', { value: 'darwin' })`
    const run = (...args: string[]): SpawnSyncReturns<string> =>
      spawnSync(
        process.execPath,
        ['--import', `data:text/javascript,${encodeURIComponent(elsewhere)}`, command, ...args],
        {
          encoding: 'utf8',
          timeout: 60_000,
        },
      )
    const { modules, target } = JSON.parse(run('doctor', '--json').stdout) as {
      modules: Record<string, Record<string, { available: boolean }>>
      target: string | null
    }
    assert.deepEqual([target, modules.osier?.stat?.available, modules.osier?.fspath?.available], [null, false, true])
    assert.equal(run('-c', 'console.log(path.join("a", "b"))').stdout, 'a/b\n')
    assert.match(run('-c', 'os.stat("/")').stderr, /NotImplementedError: osier calls C .* on Linux alone/)
  })

  test('the build gives the file that package.json names as the command', () => {
    const { bin } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as { bin: Record<string, string> }
    assert.deepEqual(bin, { osier: 'dist/cli/main.js' })
    assert.match(readFileSync(command, 'utf8'), /^#!\/usr\/bin\/env node\n/)
  })
})

/** Where lines are edited and interrupted by another prompt than Node's. */
const otherPrompt = onlyNode('its node:repl edits and interrupts in another way')

describe('on a terminal', { skip: noPython }, () => {
  const state = join(folder, 'state')
  const env = { XDG_STATE_HOME: state, NODE_OPTIONS: '', NODE_DISABLE_COLORS: '1' }

  function session(args: readonly string[], steps: readonly Step[], ptys: readonly string[] = []): Session {
    const result = atTerminals([process.execPath, command, ...args], steps, { env, ptys })
    assert.equal(result.failure, null)
    return result
  }

  test('the prompt has os in scope, await, completion and history, is interrupted by Ctrl-C, and ends', {
    skip: otherPrompt,
  }, () => {
    const { status } = session(
      [],
      [
        ['read', 'main', '> '],
        ['write', 'main', 'os.path.join("a", "b")\r'],
        ['read', 'main', "'a/b'"],
        ['write', 'main', 'await Promise.resolve(6 * 7)\r'],
        ['read', 'main', '42'],
        ['read', 'main', '> '],
        ['write', 'main', 'os.getcw\t'],
        ['read', 'main', 'os.getcwd'],
        ['write', 'main', '\x15while (true);\r'],
        ['read', 'main', ';\r'],
        ['pause', 0.5],
        ['write', 'main', '\x03'],
        ['read', 'main', 'interrupted'],
        ['read', 'main', '> '],
        ['write', 'main', '1000 + 1\r'],
        ['read', 'main', '1001'],
        ['write', 'main', '.exit\r'],
        ['wait'],
      ],
    )
    assert.equal(status, 0)
    assert.match(readFileSync(join(state, 'osier', 'history'), 'utf8'), /os\.path\.join\("a", "b"\)/)
    assert.equal(statSync(join(state, 'osier')).mode & 0o777, 0o700)
    session(
      ['--micropython'],
      [
        ['read', 'main', '>>> '],
        ['write', 'main', 'os.mount()[0][1]\r'],
        ['read', 'main', "'/'"],
        ['write', 'main', '\x04'],
        ['wait'],
      ],
    )
  })

  test('two other streams show its output, and take input', { skip: otherPrompt }, () => {
    const { status, shown } = session(
      ['--dupterm', '@serial', '--dupterm', '0'],
      [
        ['read', 'main', '> '],
        ['connect', 'tcp'],
        ['write', 'serial', '6 * 7\r'],
        ['read', 'serial', '42'],
        ['read', 'main', '42'],
        ['read', 'tcp', '42'],
        ['write', 'tcp', 'console.log("to" + "all")\r'],
        ['read', 'tcp', 'toall'],
        ['read', 'main', 'toall'],
        ['read', 'serial', 'toall'],
        ['write', 'main', 'process.stderr.write("er" + "rors\\n")\r'],
        ['read', 'serial', 'errors'],
        ['read', 'tcp', 'errors'],
        // A loop that never reads its input.
        ['write', 'serial', 'while (true);\r'],
        ['pause', 0.5],
        ['write', 'serial', '\x03'],
        ['read', 'tcp', 'interrupted'],
        ['read', 'tcp', '> '],
        ['write', 'tcp', 'while (true);\r'],
        ['pause', 0.5],
        ['write', 'tcp', '\x03'],
        ['read', 'serial', 'interrupted'],
        ['read', 'main', 'interrupted'],
        ['read', 'tcp', '> '],
        // And one that waits.
        ['write', 'tcp', 'await new Promise((resolve) => setTimeout(resolve, 1e6))\r'],
        ['pause', 0.5],
        ['write', 'tcp', '\x03'],
        ['read', 'tcp', 'interrupted'],
        ['read', 'tcp', '> '],
        // At the prompt it is a key: the line is given up.
        ['write', 'tcp', 'not this\x03'],
        ['read', 'tcp', '> '],
        // Each may go, and the port takes the next.
        ['close', 'tcp'],
        ['pause', 0.3],
        ['connect', 'again'],
        ['pause', 0.3],
        ['write', 'main', '"still " + "here"\r'],
        ['read', 'again', 'still here'],
        ['close', 'serial'],
        ['read', 'main', 'deactivating'],
        ['write', 'again', 'os.sep === undefined || 20 + 3\r'],
        ['read', 'again', '23'],
        ['write', 'main', '.exit\r'],
        ['wait'],
      ],
      ['serial'],
    )
    assert.equal(status, 0)
    assert.match(shown.tcp ?? '', /42.*\r\n/)
    assert.doesNotMatch(shown.tcp ?? '', /[^\r]\n/, 'each newline has its return')
    assert.doesNotMatch(shown.serial ?? '', /42\r\r\n/, 'and a terminal no second one')
  })

  test('dupterm accepts streams of every kind at the prompt', { skip: otherPrompt }, () => {
    const code = [
      'const { PassThrough, Duplex } = await import("node:stream")',
      'let heard = ""',
      'const keys = []',
      'const micro = { readinto(b) { const k = keys.shift(); if (k === undefined) return null; b[0] = k; return 1 }, write(d) { heard += d } }',
      'const first = os.dupterm(micro, 3)',
      'keys.push(...Buffer.from("[first, os.dupterm(null, 3) === micro]\\r"))',
    ]
    session(
      ['--micropython'],
      [
        ['read', 'main', '>>> '],
        ...code.flatMap((line): Step[] => [
          ['write', 'main', `${line}\r`],
          ['read', 'main', '>>> '],
        ]),
        ['read', 'main', 'null, true'],
        ['write', 'main', 'heard.includes("keys.push")\r'],
        ['read', 'main', 'true'],
        // A stream that throws, and one that ends.
        ['write', 'main', 'os.dupterm({ readinto: () => null, write() { throw new Error("no more") } })\r'],
        ['read', 'main', 'dupterm: Error: no more, deactivating'],
        ['write', 'main', 'os.dupterm({ readinto() { throw new Error("deaf") }, write() {} })\r'],
        ['read', 'main', 'dupterm: Error: deaf, deactivating'],
        ['write', 'main', 'os.dupterm({ readinto: () => 0, write() {} })\r'],
        ['read', 'main', 'dupterm: end of the stream, deactivating'],
        [
          'write',
          'main',
          'const d = new Duplex({ read() {}, write(c, e, done) { heard += c; done() } }); os.dupterm(d, 7)\r',
        ],
        ['read', 'main', '>>> '],
        ['write', 'main', 'd.push("1000 + 7\\r")\r'],
        ['read', 'main', '1007'],
        ['write', 'main', 'd.destroy(new Error("gone"))\r'],
        ['read', 'main', 'dupterm: Error: gone, deactivating'],
        ['write', 'main', 'os.dupterm(null, 8)\r'],
        ['read', 'main', 'RangeError'],
        ['write', 'main', 'os.dupterm({})\r'],
        ['read', 'main', 'TypeError'],
        ['write', 'main', 'os.dupterm(999)\r'],
        ['read', 'main', 'EBADF'],
        ['write', 'main', '[os.dupterm(null), os.dupterm_notify(1)].length + 500\r'],
        ['read', 'main', '502'],
        ['write', 'main', '.exit\r'],
        ['wait'],
      ],
    )
  })

  test('it starts without a state folder', () => {
    const result = atTerminals(
      [process.execPath, command],
      [['read', 'main', '> '], ['write', 'main', '.exit\r'], ['wait']],
      { env: { ...env, XDG_STATE_HOME: '/proc/none' } },
    )
    assert.deepEqual([result.failure, result.status], [null, 0])
    assert.ok(!existsSync('/proc/none'))
  })
})
