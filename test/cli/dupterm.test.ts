/** The shared terminal is a prompt with the rights of the process: only its owner gets it. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { inRepository } from '../../tools/repository.ts'
import { temporaryFolder } from '../support/folder.ts'
import { askOrdinaryUser, noOrdinaryUser } from '../support/ordinary_user.ts'
import { onlyNode } from '../support/runtime.ts'

const folder = temporaryFolder()
// Others come as far as the sockets.
chmodSync(folder, 0o755)
const command = inRepository('dist/cli/main.js')
const skip = onlyNode('its node:repl reads standard input in another way')

interface Shared extends Disposable {
  readonly child: ChildProcess
  /** What it has said on standard error. */
  readonly said: string
}

/** Starts a prompt that is shared, once it says where. */
async function share(where: string): Promise<Shared> {
  const child = spawn(process.execPath, [command, '-i', '--dupterm', where], { stdio: 'pipe', cwd: folder })
  let said = ''
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString()
  })
  for (let round = 0; round < 1000 && !said.includes('\n') && child.exitCode === null; round++) await setTimeout(20)
  return { child, said, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

interface Conversation {
  readonly socket: Socket
  readonly heard: () => string
  readonly closed: Promise<void>
}

function open(where: NetConnectOpts): Conversation {
  const socket = connect(where)
  let heard = ''
  socket.on('data', (data: Buffer) => {
    heard += data.toString()
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((settle) => socket.on('close', () => settle()))
  return { socket, heard: () => heard, closed }
}

async function until(happened: () => boolean, what: string): Promise<void> {
  for (let round = 0; round < 1000; round++) {
    if (happened()) return
    await setTimeout(20)
  }
  assert.fail(what)
}

/** Where the prompt is, and the token, as it has said. */
function portOf({ said }: Shared): { port: number; token: string } {
  const [, port = '', token = ''] = /^osier: .* 127\.0\.0\.1, port (\d+); .* (\S+)\n$/.exec(said) ?? []
  assert.match(token, /^[\w-]{32}$/, said)
  return { port: Number(port), token }
}

/** Code that leaves a file. */
function making(name: string): string {
  return `require('node:fs').writeFileSync(${JSON.stringify(join(folder, name))}, '')\n`
}

test('an HTTP request, a wrong token and a missing one are disconnected, and their input is not executed', {
  skip,
}, async () => {
  using shared = await share('0')
  const { port, token } = portOf(shared)
  const code = making('executed')
  const request = (line: string): string =>
    `${line}\r\nHost: 127.0.0.1:${port}\r\nContent-Length: ${code.length}\r\n\r\n${code}`
  const attempts = [
    request('POST / HTTP/1.1'),
    // Of one who knows it: it is not the first line.
    `POST / HTTP/1.1\r\n\r\n${token}\n${code}`,
    request(`GET /${token} HTTP/1.1`),
    `${token.slice(0, -1)}\n${code}`,
    `${token}x\n${code}`,
    `${token.toUpperCase()}\n${code}`,
    `\n${token}\n${code}`,
    ` ${token}\n${code}`,
    'x'.repeat(100_000),
    code,
  ]
  for (const attempt of attempts) {
    const { socket, heard, closed } = open({ port, host: '127.0.0.1' })
    socket.write(attempt)
    await closed
    assert.equal(heard(), '', JSON.stringify(attempt.slice(0, 60)))
  }
  // One that is still undecided does not take the terminal away from the one that is let in.
  const { socket, heard } = open({ port, host: '127.0.0.1' })
  socket.write(`${token}\r\n6 * 7\n`)
  await until(() => heard().includes('42'), 'the prompt answers')
  const silent = open({ port, host: '127.0.0.1' })
  const wrong = open({ port, host: '127.0.0.1' })
  wrong.socket.write('wrong\n')
  await wrong.closed
  socket.write('6 * 8\n')
  await until(() => heard().includes('48'), 'the prompt goes on answering')
  silent.socket.destroy()
  socket.destroy()
  assert.equal(existsSync(join(folder, 'executed')), false)
})

test('a port listens on the loopback interface only', { skip }, async () => {
  using shared = await share('0')
  const { port } = portOf(shared)
  const [row] = spawnSync('cat', ['/proc/net/tcp'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`))
  assert.match(row ?? '', /^ *\d+: 0100007F:/)
})

test('a socket has mode 0600 from its creation, and is removed when the process ends', {
  skip,
}, async () => {
  const path = join(folder, 'terminal')
  using shared = await share('terminal')
  assert.equal(shared.said, "osier: the terminal is on the socket 'terminal'\n")
  const { mode } = lstatSync(path)
  assert.deepEqual([lstatSync(path).isSocket(), mode & 0o777], [true, 0o600])
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('terminal')),
    ['terminal'],
  )
  const { socket, heard } = open({ path })
  socket.write('6 * 7\n')
  await until(() => heard().includes('42'), 'the prompt answers')
  socket.write('.exit\n')
  await until(() => shared.child.exitCode !== null, 'it ends')
  assert.equal(existsSync(path), false)
})

test('another user cannot connect to the socket', {
  skip: skip || noOrdinaryUser || (process.getuid?.() !== 0 && 'another user needs root'),
}, async () => {
  using _ = await share('mine')
  const program = (path: string): string => `
    import { connect } from 'node:net'
    const socket = connect(${JSON.stringify(path)}, () => { console.log(JSON.stringify('connected')); socket.destroy() })
    socket.on('error', (error) => console.log(JSON.stringify(error.code)))`
  assert.equal(askOrdinaryUser(program(join(folder, 'mine'))), 'EACCES')
  // The same, where it is open to all: what is found is not the folder's doing.
  chmodSync(join(folder, 'mine'), 0o666)
  assert.equal(askOrdinaryUser(program(join(folder, 'mine'))), 'connected')
})

test('an HTTP request is not executed on a socket either', { skip }, async () => {
  using _ = await share('proxied')
  const { socket, closed } = open({ path: join(folder, 'proxied') })
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\n\r\n${making('proxy')}`)
  await closed
  const next = open({ path: join(folder, 'proxied') })
  next.socket.write('6 * 7\n')
  await until(() => next.heard().includes('42'), 'the prompt answers')
  next.socket.destroy()
  assert.equal(existsSync(join(folder, 'proxy')), false)
})

test('an existing file is not replaced, except a socket that a killed process has left', { skip }, async () => {
  writeFileSync(join(folder, 'file'), 'precious')
  mkdirSync(join(folder, 'directory'))
  const refused = (where: string): string => {
    const args = [command, '--dupterm', where, '-c', '']
    const { status, stderr, stdout } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.deepEqual([status, stdout], [2, ''], stderr)
    return stderr
  }
  assert.match(refused('file'), /^osier: /)
  assert.match(refused('directory'), /^osier: /)
  assert.match(refused('missing/socket'), /^osier: cannot listen: .*ENOENT/)
  assert.match(refused('99999'), /^osier: there is no port 99999/)
  const first = await share('left')
  try {
    using other = await share('0')
    assert.match(refused('left'), /^osier: cannot listen: .*EEXIST/)
    assert.match(refused(String(portOf(other).port)), /^osier: cannot listen: .*EADDRINUSE/)
  } finally {
    first[Symbol.dispose]()
  }
  await until(() => first.child.signalCode !== null, 'it is killed')
  assert.ok(lstatSync(join(folder, 'left')).isSocket())
  using second = await share('left')
  assert.match(second.said, /^osier: the terminal is on the socket/)
})
