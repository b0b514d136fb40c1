/** Two copies of the package in one thread, as two versions, or a bundle and a module, are. */

import assert from 'node:assert/strict'
import { cpSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import os, { promises } from 'osier'
import { childOnStdin } from '../support/children.ts'
import { temporaryFolder } from '../support/folder.ts'
import { noFork, noMainThread } from '../support/runtime.ts'
import { isPending, withPipe } from '../support/waits.ts'

const folder = temporaryFolder()
const dist = fileURLToPath(new URL('.', import.meta.resolve('osier')))
cpSync(dist, join(folder, 'dist'), { recursive: true })
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
symlinkSync(join(dist, '..', 'node_modules'), join(folder, 'node_modules'))
const copy = (await import(pathToFileURL(join(folder, 'dist', 'index.js')).href)) as typeof import('osier')

const skip = 'waitAsync' in Atomics ? false : 'this runtime has no Atomics.waitAsync, by which copies wake each other'

test('they are two', () => assert.notEqual(copy.default.close, os.close))

for (const [name, close, read] of [
  ['the copy', copy.default.close, promises.read],
  ['the original', os.close, copy.promises.read],
] as const) {
  test(`a wait hears that ${name} closes its descriptor`, { skip, timeout: 20_000 }, async () => {
    await withPipe(async (r) => {
      const duplicate = os.dup(r)
      const wait = read(r, 1).then(String, (error) => error.code)
      assert.ok(await isPending(wait))
      close(r)
      assert.equal(await Promise.race([wait, sleep(5000, 'pending', { ref: false })]), 'EBADF')
      os.close(duplicate)
    })
  })
}

test('a wait for any child leaves to the other copy the child that it waits for', { timeout: 20_000 }, async () => {
  const child = childOnStdin(3)
  const wait = promises.waitpid(child.pid, 0)
  assert.ok(await isPending(wait))
  assert.throws(() => copy.default.wait(), { code: 'ECHILD' })
  await assert.rejects(copy.promises.wait(), { code: 'ECHILD' })
  child.release()
  assert.deepEqual(await wait, [child.pid, 3 << 8])
})

test('errors are instances of the classes of both', () => {
  assert.throws(
    () => copy.default.stat('/nothing'),
    (error) =>
      error instanceof os.OSError && error instanceof os.FileNotFoundError && !(error instanceof os.PermissionError),
  )
  class Own extends os.OSError {}
  const [own, other] = [new Own(2, 'x'), new os.OSError(2, 'x')]
  assert.ok(own instanceof Own && own instanceof copy.default.OSError)
  assert.ok(!(other instanceof Own))
  for (const value of [null, undefined, 1, {}, new Error('x')]) assert.ok(!((value as unknown) instanceof os.OSError))
})

test('results are instances of the classes of both', () => {
  const status = copy.default.stat('/')
  assert.ok(status instanceof os.stat_result && !((status as unknown) instanceof os.statvfs_result))
  assert.ok(os.uname() instanceof copy.default.uname_result)
  const [entry] = copy.default.scandir('/')
  assert.ok(entry instanceof os.DirEntry && !((entry as unknown) instanceof os.stat_result))
  class Own extends os.stat_result {}
  assert.ok(!(status instanceof Own) && new Own(status) instanceof copy.default.stat_result)
  // A result adds the items of another one, as an array does.
  assert.equal(os.times().concat(copy.default.times() as never).length, 10)
})

test('an audit hook of one copy hears the calls of both', () => {
  const heard: unknown[] = []
  os.addaudithook((event, [path]) => {
    if (event === 'os.mkdir') heard.push(path)
  })
  copy.default.mkdir('heard')
  os.rmdir('heard')
  assert.deepEqual(heard, ['heard'])
})

test('the environment is one', { skip: noMainThread }, () => {
  os.environ.set('OSIER_COPIES', 'both')
  assert.equal(copy.default.environ.OSIER_COPIES, 'both')
  copy.default.environ.delete('OSIER_COPIES')
  assert.equal(os.getenv('OSIER_COPIES'), null)
})

test('what one copy has registered runs around a fork of the other, and in its child both wait', {
  skip: noFork,
}, async () => {
  const order: string[] = []
  os.register_at_fork({ before: () => order.push('before'), after_in_child: () => order.push('child') })
  await withPipe(async (r, w) => {
    // Both have calls under way.
    const waits = [promises.read(r, 1), copy.promises.stat('/')]
    const pid = copy.default.fork()
    if (pid === 0) {
      const late = setTimeout(() => os._exit(1), 10_000)
      const [ours, theirs] = await Promise.all([promises.stat('/'), copy.promises.stat('/')])
      const [r2, w2] = os.pipe()
      const read = promises.read(r2, 1)
      os.write(w2, Buffer.from('x'))
      await read
      clearTimeout(late)
      os._exit(ours.st_ino === theirs.st_ino && order.join() === 'before,child' ? 7 : 2)
    }
    assert.equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 7)
    assert.deepEqual(order, ['before'])
    os.write(w, Buffer.from('x'))
    await Promise.all(waits)
  })
})
