import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { test } from 'node:test'
import os from 'osier'
import { assertSameAsPython } from '../../support/calls.ts'
import { askNode } from '../../support/child.ts'
import { noPython } from '../../support/python.ts'
import { noLimitlessMemory } from '../../support/runtime.ts'
import { noSeccomp } from '../../support/seccomp.ts'
import { inWorker } from '../../support/worker.ts'

/** The probability that so many random bytes are equal is negligible. */
function assertRandom(bytes: Buffer, size: number): void {
  assert.ok(Buffer.isBuffer(bytes))
  assert.equal(bytes.length, size)
  for (let start = 0; start + 32 <= size; start += Math.max(32, size >> 6)) {
    assert.ok(new Set(bytes.subarray(start, start + 32)).size > 4, `at ${start} of ${size}`)
  }
}

test('urandom returns the requested number of bytes', () => {
  for (const size of [0, 1, 16, 31, 32, 64, 65, 257, 8191, 8192, 8193, 70_000, 3_000_000])
    assertRandom(os.urandom(size), size)
})

test('urandom continues after a system call that returns fewer bytes than requested', () => {
  // One call gives 33 554 431 bytes at most on older kernels.
  assertRandom(os.urandom(34_000_000), 34_000_000)
})

test('getrandom returns at most the requested number of bytes', () => {
  for (const size of [0, 1, 16, 256]) assertRandom(os.getrandom(size), size)
  assertRandom(os.getrandom(200, os.GRND_NONBLOCK), 200)
  assertRandom(os.getrandom(200, { flags: os.GRND_NONBLOCK }), 200)
  const many = os.getrandom(100_000)
  assert.ok(many.length > 0)
  assertRandom(many, many.length)
})

test('no two results share memory', () => {
  const all = Array.from({ length: 5000 }, (_, index) => os.urandom(16 + (index % 9)))
  const copies = all.map((bytes) => bytes.toString('hex'))
  assert.equal(new Set(copies).size, all.length)
  for (const bytes of all) bytes.fill(0)
  const [first, second] = [os.urandom(24), os.getrandom(24)]
  first.fill(0)
  assertRandom(Buffer.concat([second, second]), 48)
})

test('invalid sizes and flags are refused as in Python', { skip: noPython }, () => {
  assertSameAsPython([
    ['urandom', -1],
    ['urandom', '1'],
    ['urandom', null],
    ['urandom', 0],
    ['getrandom', -1],
    ['getrandom', '1'],
    ['getrandom', null],
    ['getrandom', 0],
    ['getrandom', 4, 99],
    ['getrandom', 4, 2 ** 31],
    ['getrandom', 4, '1'],
    ['getrandom', -1, '1'],
  ])
})

test('urandom works for small sizes where the vDSO cannot map memory', { skip: noSeccomp }, () => {
  const mmap = process.arch === 'arm64' ? 222 : 9
  // MAP_DROPPABLE | MAP_ANONYMOUS, which the vDSO's getrandom requests.
  const program = `
    import { forbid } from '${import.meta.resolve('../../support/seccomp.js')}'
    import { constants } from 'node:os'
    forbid(${mmap}, constants.errno.ENOMEM, [3, 0x28])
    const all = Array.from({ length: 100 }, () => os.urandom(16).toString('hex'))
    console.log(JSON.stringify([new Set(all).size, all.every((text) => text.length === 32)]))`
  assert.deepEqual(askNode(program), [100, true])
})

test('threads get different random bytes', async () => {
  const small = Array.from({ length: 200 }, () => os.urandom(16).toString('hex'))
  const others = await Promise.all(
    [1, 2].map(() => inWorker<string[]>(`return Array.from({ length: 200 }, () => os.urandom(16).toString('hex'))`)),
  )
  assert.equal(new Set([...small, ...others.flat()]).size, 600)
})

test('a size larger than memory is a RangeError', { skip: noLimitlessMemory }, () => {
  assert.throws(() => os.urandom(2 ** 52), RangeError)
})

test('a size that is not an integer, or not exact, is a RangeError', () => {
  for (const size of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => os.urandom(size), RangeError, String(size))
  }
  assert.throws(() => os.getrandom(1.5), RangeError)
  // @ts-expect-error the option does not exist
  assert.throws(() => os.getrandom(1, { flag: 1 }), TypeError)
})

for (const [code, errno] of Object.entries({ ENOSYS: constants.errno.ENOSYS, EPERM: constants.errno.EPERM })) {
  test(`urandom reads /dev/urandom where getrandom(2) fails with ${code}`, { skip: noSeccomp }, () => {
    const program = `
      import os from 'osier'
      import { forbid } from '${import.meta.resolve('../../support/seccomp.js')}'
      forbid('getrandom', ${errno})
      const sizes = [0, 1, 5000, 100_000].map((size) => os.urandom(size).length)
      const distinct = new Set(os.urandom(64)).size > 4 && !os.urandom(16).equals(os.urandom(16))
      let code
      try { os.getrandom(1) } catch (error) { code = error.code }
      console.log(JSON.stringify([sizes, distinct, code]))`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    assert.equal(child.status, 0, child.stderr)
    assert.deepEqual(JSON.parse(child.stdout), [[0, 1, 5000, 100_000], true, code])
  })
}
