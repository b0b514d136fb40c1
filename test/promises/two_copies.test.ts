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
