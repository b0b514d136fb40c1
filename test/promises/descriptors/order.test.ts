/** What never waits settles at once, what was called first is done first, and neither starves the event loop. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import os, { promises } from 'osier'
import { temporaryFolder } from '../../support/folder.ts'

const folder = temporaryFolder()
const fds: number[] = []

function keep<Fds extends readonly number[]>(...opened: Fds): Fds {
  fds.push(...opened)
  return opened
}

after(() => {
  for (const fd of fds) os.close(fd)
})

/** More calls than settle in one turn of the event loop. */
const MANY = 150

test('calls that fail or end immediately do so after any number of calls', { timeout: 20_000 }, async () => {
  const [r, w] = keep(...os.pipe())
  const codes = new Set<unknown>()
  for (let count = 0; count < MANY; count++) {
    codes.add(await promises.read(w, 1).catch(({ code }) => code))
    codes.add(await promises.write(r, Buffer.from('x')).catch(({ code }) => code))
    codes.add((await promises.read(r, 0)).length)
    codes.add(await promises.readinto(r, Buffer.alloc(0)))
    codes.add(await promises.write(w, Buffer.alloc(0)))
  }
  assert.deepEqual([...codes], ['EBADF', 0])
})

test('a read of 0 bytes ends at once, also behind waiting reads', async () => {
  const [r, w] = keep(...os.pipe())
  const waiting = promises.read(r, 10)
  assert.equal((await promises.read(r, 0)).length, 0)
  os.write(w, Buffer.from('data'))
  assert.equal(String(await waiting), 'data')
  // The pipe is known to be empty now.
  assert.equal((await promises.read(r, 0)).length, 0)
})

test('reads of a regular file that are not awaited run in the order of the calls', async () => {
  const text = Array.from({ length: 500 }, (_, index) => String.fromCharCode(65 + (index % 26))).join('')
  fs.writeFileSync(join(folder, 'text'), text)
  for (let round = 0; round < 20; round++) {
    const fd = os.open(join(folder, 'text'), os.O_RDONLY)
    // Half of the rounds begin with a file that is not in memory.
    if (round % 2 === 0) os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    const pieces = await Promise.all(Array.from({ length: 400 }, () => promises.read(fd, 1)))
    os.close(fd)
    assert.equal(pieces.join(''), text.slice(0, 400))
  }
})

test('appends that are not awaited run in the order of the calls', async () => {
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index))
  for (let round = 0; round < 20; round++) {
    const fd = os.open(join(folder, 'appended'), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    await Promise.all(
      letters.map((letter, index) =>
        index % 3 === 0 ? promises.writev(fd, [Buffer.from(letter)]) : promises.write(fd, Buffer.from(letter)),
      ),
    )
    os.close(fd)
    assert.equal(fs.readFileSync(join(folder, 'appended'), 'latin1'), letters.join(''))
  }
})

test('an aborted write in the queue is skipped, and the others run', async () => {
  const fd = os.open(join(folder, 'aborted'), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
  const controller = new AbortController()
  const writes = ['a', 'b', 'c'].map((letter, index) => {
    return promises.write(fd, Buffer.from(letter), index === 1 ? { signal: controller.signal } : {})
  })
  controller.abort(new Error('enough'))
  const results = await Promise.allSettled(writes)
  os.close(fd)
  // A write that has been done at once is not aborted any more.
  const expected = results[1]?.status === 'rejected' ? 'ac' : 'abc'
  assert.equal(fs.readFileSync(join(folder, 'aborted'), 'latin1'), expected)
})

test('calls that settle immediately do not block the event loop', { timeout: 60_000 }, async () => {
  fs.writeFileSync(join(folder, 'zeros'), Buffer.alloc(10))
  const [fd] = keep(os.open(join(folder, 'zeros'), os.O_RDONLY))
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const calls = 20_000
  for (let call = 0; call < calls; call++) await promises.read(fd, 1)
  isOver = true
  assert.ok(turns > calls / 100, `${turns} turns in ${calls} calls`)
})

test('a closed other end does not keep the event loop busy once no call waits', async (context) => {
  const timing: object = performance.nodeTiming ?? {}
  const loopCount = (): number | undefined =>
    (timing as { readonly uvMetricsInfo?: { readonly loopCount: number } }).uvMetricsInfo?.loopCount
  if (loopCount() === undefined) return context.skip('this runtime does not count the turns of its event loop')
  const [r, w] = os.pipe()
  keep(r)
  const reading = promises.read(r, 1)
  await new Promise((resolve) => setTimeout(resolve, 5))
  os.close(w)
  assert.equal((await reading).length, 0)
  const before = loopCount() as number
  await new Promise((resolve) => setTimeout(resolve, 100))
  const turns = (loopCount() as number) - before
  assert.ok(turns < 30, `${turns} turns`)
})

test('processes that wait at one named FIFO do not block each other', { timeout: 60_000 }, async () => {
  const fifo = join(folder, 'fifo')
  os.mkfifo(fifo)
  const rounds = 300
  // Each reader counts its longest time between two turns of its event loop, and ends at the end of the FIFO.
  const program = `
    import os from '${import.meta.resolve('osier')}'
    const fd = os.open('${fifo}', os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(fd, true)
    console.log('ready')
    let bytes = 0
    let isBlocking = true
    const watch = setInterval(() => {}, 1)
    for (;;) {
      const piece = await os.promises.read(fd, 1)
      isBlocking &&= os.get_blocking(fd)
      if (String(piece) === '.') break
      bytes += piece.length
    }
    clearInterval(watch)
    console.log(JSON.stringify({ bytes, isBlocking }))`
  const readers = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  const outputs = readers.map(({ stdout }) => {
    let text = ''
    stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    return () => text
  })
  const writer = os.open(fifo, os.O_RDWR)
  while (!outputs.every((output) => output().includes('ready'))) await new Promise((resolve) => setTimeout(resolve, 20))
  for (let round = 0; round < rounds; round++) {
    await promises.write(writer, Buffer.from('x'))
    if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await promises.write(writer, Buffer.from('...'))
  await Promise.all(readers.map((reader) => once(reader, 'close')))
  os.close(writer)
  const results = outputs.map(
    (output) => JSON.parse(output().split('\n')[1] ?? '{}') as { bytes: number; isBlocking: boolean },
  )
  assert.equal(
    results.reduce((sum, { bytes }) => sum + bytes, 0),
    rounds,
  )
  assert.deepEqual(
    results.map(({ isBlocking }) => isBlocking),
    [true, true, true],
  )
})
