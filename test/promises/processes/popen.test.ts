import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import os from 'osier'
import * as promises from 'osier/promises'
import { SIGKILL } from 'osier/signal'
import { askNode } from '../../support/child.ts'
import { children } from '../../support/children.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { openFiles } from '../../support/open_files.ts'
import { noSeccomp } from '../../support/seccomp.ts'
import { isPending } from '../../support/waits.ts'

const folder = temporaryFolder()

test('yields the output of a command by lines as they arrive', async () => {
  const file = await promises.popen('echo one; sleep 0.1; echo two; printf three')
  assert.equal(await file.readline(), 'one\n')
  const lines: string[] = []
  for await (const line of file) lines.push(line)
  assert.deepEqual(lines, ['two\n', 'three'])
  assert.equal(await file.close(), null)
  assert.equal(await file.close(), null)
  assert.equal(file.closed, true)
  assert.deepEqual(children(), [])
})

test('reads the whole output, or parts of it', async () => {
  const whole = await promises.popen('head -c 300000 /dev/zero | tr "\\0" x')
  assert.equal((await whole.read()).length, 300_000)
  assert.equal(await whole.close(), null)
  const parts = await promises.popen("printf 'äöü\\nab'; sleep 0.05; printf 'cd\\nef'")
  assert.equal(await parts.read(2), 'äö')
  assert.equal(await parts.read(4), 'ü\nab')
  assert.equal(await parts.readline(1), 'c')
  assert.deepEqual(await parts.readlines(), ['d\n', 'ef'])
  assert.equal(await parts.read(), '')
  assert.equal(await parts.close(), null)
  const binary = await promises.popen("printf '\\377\\n\\0b'", 'rb')
  assert.deepEqual(await binary.readline(), Buffer.from([0xff, 10]))
  assert.deepEqual(await binary.read(10), Buffer.from([0, 98]))
  await binary.close()
  const lossless = await promises.popen("printf '\\377'")
  assert.equal(await lossless.read(), '\udcff')
  await lossless.close()
})

test('close returns how the command ended', async () => {
  assert.equal(await (await promises.popen('exit 3')).close(), 3 << 8)
  assert.equal(await (await promises.popen('kill -KILL $$')).close(), -SIGKILL << 8)
})

test('writes more input for a command than a pipe holds', async () => {
  const target = join(folder, 'written')
  const file = await promises.popen(`sleep 0.05; cat > ${target}`, 'w')
  assert.equal(await file.write('grüße\n'), 6)
  assert.equal(await file.write('x'.repeat(200_000)), 200_000)
  await file.writelines(['a\n', '\udcff\n'])
  await file.flush()
  assert.equal(await file.close(), null)
  const written = readFileSync(target)
  assert.equal(written.length, Buffer.byteLength('grüße\n') + 200_000 + 4)
  assert.equal(written.at(-2), 0xff)
  const binary = await promises.popen(`cat > ${target}`, 'wb')
  assert.equal(await binary.write(Buffer.from([1, 2, 3])), 3)
  assert.equal(await binary.close(), null)
  assert.deepEqual(readFileSync(target), Buffer.from([1, 2, 3]))
})

test('an abort loses no data', async () => {
  const go = join(folder, 'go')
  os.mkfifo(go)
  const file = await promises.popen(`printf begun; read line < ${go}; printf ' and ended\\nrest'`)
  for (const read of [
    (signal: AbortSignal) => file.readline(-1, { signal }),
    (signal: AbortSignal) => file.read(100, { signal }),
    (signal: AbortSignal) => file.read(null, { signal }),
  ]) {
    const controller = new AbortController()
    const reading = read(controller.signal)
    await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort(new Error('enough'))
    await assert.rejects(reading, /^Error: enough$/)
  }
  const controller = new AbortController()
  const fd = os.open(go, os.O_WRONLY)
  os.write(fd, Buffer.from('\n'))
  os.close(fd)
  assert.equal(await file.readline(), 'begun and ended\n')
  assert.equal(await file.read(), 'rest')
  controller.abort()
  await assert.rejects(file.close({ signal: controller.signal }), { name: 'AbortError' })
  assert.equal(await file.close(), null)
})

test('close can be aborted, and called again', async () => {
  const file = await promises.popen('exec sleep 0.2')
  const controller = new AbortController()
  const closing = file.close({ signal: controller.signal })
  assert.ok(await isPending(closing))
  controller.abort()
  await assert.rejects(closing, { name: 'AbortError' })
  assert.equal(await file.close(), null)
})

test('a command whose status is lost counts as successful, as in CPython', () => {
  const result = askNode(`
    import { SIG_IGN, SIGCHLD, signal } from '${import.meta.resolve('osier/signal')}'
    signal(SIGCHLD, SIG_IGN)
    const lost = await os.promises.popen('exit 3')
    console.log(JSON.stringify([await lost.close(), await lost.close()]))`)
  assert.deepEqual(result, [null, null])
})

test('works with `await using`', async () => {
  const files = openFiles()
  {
    await using file = await promises.popen('cat; exit 1', { mode: 'w' })
    await file.write('')
  }
  assert.deepEqual(openFiles(), files)
  assert.deepEqual(children(), [])
})

test('invalid modes, arguments and operations are refused', async () => {
  const reading = await promises.popen('true')
  await assert.rejects(reading.write('x' as never), { code: 'EBADF' })
  await assert.rejects(reading.read('x' as never), TypeError)
  await reading.close()
  await assert.rejects(reading.read(), { code: 'EBADF' })
  assert.throws(() => reading.fileno(), { code: 'EBADF' })
  const writing = await promises.popen('cat', 'w')
  await assert.rejects(writing.read(), { code: 'EBADF' })
  await assert.rejects(writing.write(1 as never), TypeError)
  await assert.rejects(writing.write('\ud800'), RangeError)
  await writing.close()
  await assert.rejects(promises.popen('true', 'rw' as never), RangeError)
  await assert.rejects(promises.popen('true', 'r', 0), RangeError)
  await assert.rejects(promises.popen(1 as never), TypeError)
  await assert.rejects(promises.popen('true', 'r', -1, { signal: AbortSignal.abort() }), { name: 'AbortError' })
  assert.deepEqual(children(), [])
})

test('popen leaves no process and no descriptor if the file cannot be made', { skip: noSeccomp }, () => {
  const support = import.meta.resolve('../../support/seccomp.js')
  const outcome = askNode<unknown>(`
    import { forbid } from '${support}'
    const lowest = () => { const fd = os.dup(0); os.close(fd); return fd }
    await (await os.promises.popen('true')).close()
    const before = lowest()
    forbid('newfstatat', 5)
    const code = await os.promises.popen('sleep 100').catch((error) => error.code)
    let child
    try { child = os.waitpid(-1, os.WNOHANG) } catch (error) { child = error.code }
    console.log(JSON.stringify([code, child, lowest() - before]))`)
  assert.deepEqual(outcome, ['EIO', 'ECHILD', 0])
})
