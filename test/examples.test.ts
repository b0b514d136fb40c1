/** The larger examples: each is run as its first lines say, and has to do what they say. */

import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import os from 'osier'
import { inRepository } from '../tools/repository.ts'
import { outputOf, processFields } from './support/children.ts'
import { temporaryFolder } from './support/folder.ts'
import { noPython } from './support/python.ts'
import { noFork, noSelf, runtime } from './support/runtime.ts'
import { atTerminals } from './support/terminals.ts'

const folder = temporaryFolder()

const noBash = existsSync('/bin/bash') ? false : 'there is no /bin/bash'

function programOf(example: string): string {
  return inRepository(`build/examples/${example}.js`)
}

function run(example: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [programOf(example), ...args], { encoding: 'utf8', timeout: 60_000 })
}

test('prefork: the children serve, one that dies is replaced, SIGTERM ends all', {
  timeout: 60_000,
  skip: noFork,
}, async () => {
  const server = spawn(process.execPath, [programOf('prefork/server'), '0', '2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(server, 'close')
  const printed: string[] = []
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]()
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const { value, done } = (await lines.next()) as { value: string; done?: boolean }
      if (done) throw new Error(`the server printed ${printed.join('; ')}, and not ${pattern}`)
      printed.push(value)
      const match = pattern.exec(value)
      if (match !== null) return match[1] ?? ''
    }
  }
  const port = await line(/listens on port (\d+)/)
  await line(/^2 processes serve/)
  const ask = async (): Promise<number> => {
    const answer = await (await fetch(`http://127.0.0.1:${port}/hello`)).text()
    assert.match(answer, /^\/hello by \d+\n$/)
    return Number(answer.split(' ')[2])
  }
  // As many as there are, and more: so one of those that answer has come later.
  const gone = new Set([server.pid])
  for (let i = 0; i < 3; i++) {
    const pid = await ask()
    assert.ok(!gone.has(pid), `process ${pid} has answered`)
    gone.add(pid)
    process.kill(pid, 'SIGKILL')
    assert.equal(Number(await line(/^process (\d+) ended with -9$/)), pid)
  }
  assert.ok(!gone.has(await ask()))
  server.kill('SIGTERM')
  for (let i = 0; i < 2; i++) await line(/^process \d+ ended with 0$/)
  assert.deepEqual(await closed, [0, null])
})

test('checkpoint: the snapshot has nothing of what changed meanwhile', { skip: noFork }, () => {
  const file = join(folder, 'checkpoint.txt')
  const { stdout, stderr } = run('checkpoint/checkpoint', file, '20000')
  assert.equal(stderr, '')
  assert.match(stdout, /^the snapshot was written \(0\) during [1-9]\d* changes\n$/)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  assert.equal(lines.length, 20_000)
  for (const line of lines) assert.match(line, /^key \d+\t0$/)
})

test('pipeline: each command reads what the one before it writes, and the last one gives the exit code', () => {
  const file = join(folder, 'lines')
  writeFileSync(file, 'pear 3\napple 20\nplum 100\n')
  const sorted = run('pipeline/pipeline', `cat ${file}`, 'sort -k 2 -n -r', 'head -2')
  assert.deepEqual([sorted.status, sorted.stderr, sorted.stdout], [0, '', 'plum 100\napple 20\n'])
  // A command whose output pipe is closed ends by SIGPIPE, and the others end too.
  const endless = run('pipeline/pipeline', 'yes', 'head -1')
  assert.deepEqual([endless.status, endless.stderr, endless.stdout], [0, 'yes: signal 13\n', 'y\n'])
  const failing = run('pipeline/pipeline', 'no-such-command', 'cat', 'grep x /missing')
  assert.equal(failing.status, 2)
  assert.match(failing.stderr, /^no-such-command: No such file or directory$/m)
  assert.match(failing.stderr, /^no-such-command: exit code 127$/m)
  assert.equal(run('pipeline/pipeline', 'cat', 'no-such-command').status, 127)
})

test('descriptors: the child has 3 to 9 and answers on them', () => {
  const { status, stdout, stderr } = run('descriptors/chosen')
  assert.deepEqual([status, stderr], [0, ''])
  assert.equal(stdout, [4, 5, 6, 7, 8, 9].map((fd) => `${fd} times 7 is ${fd * 7}\n`).join(''))
})

test('job control: the command has the terminal, and Ctrl-C and Ctrl-Z reach only that command', {
  skip: noPython,
}, () => {
  const example = programOf('job_control/foreground')
  const { failure, status, shown } = atTerminals(
    [process.execPath, example, 'cat'],
    [
      ['write', 'main', 'hello\r'],
      // What the terminal echoes, and what cat writes.
      ['read', 'main', 'hello\r\n'],
      ['read', 'main', 'hello\r\n'],
      ['write', 'main', '\x1a'],
      ['read', 'main', 'cat is stopped'],
      ['write', 'main', '\r'],
      ['read', 'main', '\r\n'],
      ['write', 'main', 'again\r'],
      ['read', 'main', 'again\r\n'],
      ['read', 'main', 'again\r\n'],
      ['write', 'main', '\x03'],
      ['read', 'main', 'cat was ended by SIGINT'],
      ['wait'],
    ],
  )
  assert.deepEqual([failure, status], [null, 0], shown.main)
  const script = 'read line; [ "$line" = go ] && exit 5'
  const done = atTerminals(
    [process.execPath, example, 'sh', '-c', script],
    [['write', 'main', 'go\r'], ['read', 'main', 'sh has ended with exit code 5'], ['wait']],
  )
  assert.deepEqual([done.failure, done.status], [null, 0], done.shown.main)
  assert.equal(run('job_control/foreground').status, os.EX_USAGE)
})

test('daemon: it has no terminal, inherits no descriptor, runs once, and can be ended', {
  timeout: 60_000,
  skip: noSelf,
}, async () => {
  const place = join(folder, 'daemon')
  mkdirSync(place)
  const daemon = (command: string): string => {
    const { status, stdout, stderr } = run('daemon/daemon', command, place)
    assert.deepEqual([status, stderr], [0, ''])
    return stdout
  }
  assert.equal(daemon('status'), 'not running\n')
  assert.equal(daemon('stop'), 'not running\n')
  const started = outputOf((fd) =>
    os.posix_spawn(process.execPath, [process.execPath, programOf('daemon/daemon'), 'start', place], null, {
      file_actions: [
        [os.POSIX_SPAWN_DUP2, fd, 1],
        // Something that a careless ancestor left open.
        [os.POSIX_SPAWN_OPEN, 77, '/etc/passwd', os.O_RDONLY, 0],
      ],
    }),
  )
  const pid = Number(/^process (\d+) runs\n$/.exec(started)?.[1])
  try {
    for (const command of ['status', 'start']) assert.equal(daemon(command), started)
    const { group, session, parent } = processFields(pid)
    assert.deepEqual([group, session], [pid, pid])
    assert.notEqual(parent, process.pid)
    assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/')
    const fds = readdirSync(`/proc/${pid}/fd`).sort((a, b) => Number(a) - Number(b))
    const files = fds.map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    const log = join(place, 'daemon.log')
    assert.deepEqual(files.slice(0, 3), ['/dev/null', log, log])
    // Beside them what Node opens for itself, and the file that it has locked.
    assert.deepEqual(
      files.slice(3).filter((file) => !/^(pipe|anon_inode):|^\/dev\/null$/.test(file)),
      [join(place, 'daemon.pid')],
    )
    process.kill(pid, 'SIGHUP')
    // Of signals that come close together, runtimes tell in an order of their own.
    const heard = (): boolean => readFileSync(log, 'utf8').includes('configuration')
    for (let tries = 0; tries < 500 && !heard(); tries++) await sleep(20)
  } finally {
    assert.equal(daemon('stop'), `process ${pid} has ended\n`)
  }
  assert.equal(daemon('status'), 'not running\n')
  assert.equal(readFileSync(join(place, 'daemon.log'), 'utf8'), 'runs\nwould read its configuration again\nends\n')
})

test('supervisor: orphans are waited for, and what is left is ended', { timeout: 60_000 }, () => {
  const script = `
    for i in 1 2 3 4 5; do (true & exit 0); done
    # Until this shell is the only child that the supervisor has: no orphan, no zombie.
    until [ "$(cat /proc/$PPID/task/$PPID/children)" = "$$ " ]; do sleep 0.02; done
    (sleep 1000 & echo $!)
    (trap '' TERM; sleep 0.2 & exit 0)
    exit 7`
  const { status, stdout, stderr } = run('supervisor/supervisor', 'sh', '-c', script)
  assert.deepEqual([status, stderr], [7, 'sh: 7; waited for 7 orphans\n'])
  assert.throws(() => os.kill(Number(stdout), 0), os.ProcessLookupError)
})

test('supervisor: signals are handed on', { timeout: 60_000 }, async () => {
  const script = 'trap "exit 3" TERM; echo ready; for i in $(seq 500); do sleep 0.02; done'
  const command = [programOf('supervisor/supervisor'), 'sh', '-c', script]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  process.kill(Number(child.pid), 'SIGTERM')
  assert.deepEqual(await ended, [3, null])
})

test('waiting: 200 children are awaited at once, and those that fail are started again', { timeout: 60_000 }, () => {
  const { stdout, stderr } = run('waiting/children')
  // Other runtimes have threads that come and go.
  const threads = runtime === 'Node' ? '0' : '\\d+'
  assert.match(stdout, new RegExp(`^200 children, 20 started again, ${threads} threads more\n$`))
  assert.equal(stderr, '')
})

test('waiting: a timer wheel calls in order, and ends', { timeout: 60_000 }, () => {
  const { stdout, stderr, status } = run('waiting/timer_wheel')
  assert.deepEqual([stdout, stderr, status], ['in order: 30 60 90\n', '', 0])
})

test('waiting: a dialogue with bash at a terminal', { timeout: 60_000, skip: noBash }, () => {
  const { stdout, stderr } = run('waiting/expect')
  assert.deepEqual([stdout, stderr], ['osier is at /dev/pts\nbash ended with 7\n', ''])
})

test('waiting: a log is followed when it grows, is cut, and is replaced', { timeout: 60_000 }, async () => {
  const path = join(folder, 'log')
  writeFileSync(path, 'old\n')
  const child = spawn(process.execPath, [programOf('waiting/follow'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await lines.next()).value)
  assert.equal(await next(), `following ${path}`)
  appendFileSync(path, 'begun')
  await sleep(100)
  appendFileSync(path, ' and ended\n')
  assert.equal(await next(), 'begun and ended')
  truncateSync(path)
  await sleep(100)
  appendFileSync(path, 'after the cut\n')
  assert.equal(await next(), 'after the cut')
  writeFileSync(`${path}.new`, 'of the new file\n')
  renameSync(`${path}.new`, path)
  assert.equal(await next(), 'of the new file')
  process.kill(Number(child.pid), 'SIGTERM')
  assert.deepEqual(await ended, [0, null])
})

test('waiting: processes count on under a lock', { timeout: 60_000 }, async () => {
  const path = join(folder, 'counter')
  const ends = Array.from({ length: 3 }, async () => {
    const child = spawn(process.execPath, [programOf('waiting/lock'), path, '15'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return once(child, 'exit')
  })
  for (const end of ends) assert.deepEqual(await end, [0, null])
  assert.equal(readFileSync(path, 'utf8'), '45')
})
