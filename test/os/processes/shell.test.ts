import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { runNode } from '../../support/child.ts'
import { children } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { askPython, noPython } from '../../support/python.ts'
import { inWorker } from '../../support/worker.ts'

const folder = temporaryFolder()

describe('system', () => {
  const commands = [
    'true',
    'exit 3',
    'kill -9 $$',
    'kill -15 $$',
    'osier-missing',
    '/',
    '',
    'exit 300',
    'x'.repeat(2 ** 18),
  ]

  test('returns the same statuses as Python', { skip: noPython }, () => {
    const theirs = askPython<number[]>(
      `
import json, os, sys
print(json.dumps([os.system(command + ' 2>/dev/null') for command in json.load(sys.stdin)]))`,
      { input: JSON.stringify(commands) },
    )
    assert.deepEqual(
      commands.map((command) => os.system(`${command} 2>/dev/null`)),
      theirs,
    )
    assert.deepEqual(children(), [])
  })

  test('runs its command in a shell, with the streams and the environment of the process', () => {
    const child = runNode(
      `
      os.environ.MARK = 'set'
      process.stdin.resume()
      process.stdout.write('first ')
      const status = os.system('read word; echo "$word $MARK" | tr a-z A-Z; echo error >&2; exit 2')
      console.log(status >> 8)
      process.exit()`,
      { input: '' },
    )
    assert.deepEqual([child.stderr, child.stdout], ['error\n', 'first  SET\n2\n'])
  })

  test('accepts bytes and paths', () => {
    const file = join(folder, 'out')
    assert.equal(os.system(Buffer.concat([Buffer.from('printf "'), Buffer.of(0xff), Buffer.from(`" > ${file}`)])), 0)
    assert.deepEqual(readFileSync(file), Buffer.of(0xff))
    assert.equal(os.system(`printf "\udcfe" > ${file}`), 0)
    assert.deepEqual(readFileSync(file), Buffer.of(0xfe))
  })

  test('throws for a value that is not a command', () => {
    for (const command of [undefined, null, 5, [], {}]) assert.throws(() => os.system(command as never), TypeError)
    assert.throws(() => os.system('a\0b'), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.throws(() => os.system('\ud800'), { code: 'ERR_INVALID_ARG_VALUE' })
  })

  test('works while Node watches SIGCHLD and has children of its own', () => {
    const child = runNode(`
      import { spawn } from 'node:child_process'
      process.on('SIGCHLD', () => {})
      const exits = []
      for (let i = 1; i <= 5; i++) spawn('sh', ['-c', 'exit ' + i]).on('exit', (code) => exits.push(code))
      const statuses = [1, 2, 3].map((code) => os.system('sleep 0.05; exit ' + code) >> 8)
      process.on('exit', () => console.log(statuses.join(), exits.sort().join()))`)
    assert.deepEqual([child.stderr, child.stdout], ['', '1,2,3 1,2,3,4,5\n'])
  })

  test('SIGINT and SIGQUIT reach the command only, and work as before afterwards', () => {
    const child = runNode(`
      import { readFileSync } from 'node:fs'
      let heard = 0
      process.on('SIGQUIT', () => heard++)
      const state = () => readFileSync('/proc/self/status', 'latin1').match(/Sig(Ign|Cgt):\\s*\\w+/g).join()
      os.system(':')
      const before = state()
      // The command sends both to its parent, which must survive, and then to itself.
      const statuses = ['INT', 'QUIT'].map((name) => os.system('kill -' + name + ' ' + process.pid + '; kill -' + name + ' $$; sleep 5'))
      console.log(statuses.map((status) => status & 0x7f).join(), state() === before, heard)
      os.kill(process.pid, 3)
      setTimeout(() => { console.log(heard); os.kill(process.pid, 2) }, 50)`)
    assert.deepEqual([child.stderr, child.stdout, child.signal], ['', '2,3 true 0\n1\n', 'SIGINT'])
  })

  test('ignored signals stay ignored in the command', () => {
    const child = runNode(`
      import * as signal from 'osier/signal'
      signal.signal(signal.SIGINT, signal.SIG_IGN)
      console.log(os.system('kill -INT $$; kill -QUIT $$; sleep 5') & 0x7f)`)
    assert.deepEqual([child.stderr, child.stdout], ['', '3\n'])
  })

  test('a writer to a closed pipe ends by SIGPIPE, as in any shell', () => {
    assert.equal(os.system('(yes; echo $? > /dev/stderr) 2>&1 | { read line; } ; exit 0'), 0)
    const child = runNode(`process.exit(os.system('yes | head -n 1') >> 8)`)
    assert.deepEqual([child.stderr, child.stdout, child.status], ['', 'y\n', 0])
  })

  test('works in a worker', async () => {
    assert.equal(await inWorker(`return os.system('exit 4')`), 4 << 8)
  })

  test('a hook gets an audit event, and may refuse', () => {
    const child = runNode(`
      os.addaudithook((event, args) => {
        if (event !== 'os.system') return
        console.log(JSON.stringify(args))
        throw new Error('refused')
      })
      try { os.system('echo run') } catch (error) { console.log(error.message) }`)
    assert.equal(child.stdout, '["echo run"]\nrefused\n')
  })
})
