/** The larger examples: each is run as its first lines say, and has to do what they say. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { temporaryFolder } from './support/folder.ts'

const folder = temporaryFolder()

test('prefork: the children serve, one that dies is replaced, SIGTERM ends all', { timeout: 60_000 }, async () => {
  const server = spawn(process.execPath, ['build/examples/prefork/server.js', '0', '2'], {
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
  const first = await ask()
  assert.notEqual(first, server.pid)
  process.kill(first, 'SIGKILL')
  assert.equal(Number(await line(/^process (\d+) ended with -9$/)), first)
  for (let i = 0; i < 10; i++) assert.notEqual(await ask(), server.pid)
  server.kill('SIGTERM')
  await line(/^process \d+ ended with -15$/)
  await line(/^process \d+ ended with -15$/)
  assert.deepEqual(await closed, [0, null])
})

test('checkpoint: the snapshot has nothing of what changed meanwhile', () => {
  const file = join(folder, 'checkpoint.txt')
  const { stdout, stderr } = spawnSync(process.execPath, ['build/examples/checkpoint/checkpoint.js', file, '20000'], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.equal(stderr, '')
  assert.match(stdout, /^the snapshot was written \(0\) during [1-9]\d* changes\n$/)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  assert.equal(lines.length, 20_000)
  for (const line of lines) assert.match(line, /^key \d+\t0$/)
})
