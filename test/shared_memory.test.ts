import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'
import { askNode } from './support/child.ts'

describe('random bytes have memory of their own', () => {
  for (const size of [1, 32, 64, 65, 4096, 8192]) {
    test(`${size} bytes`, async () => {
      const results = [
        os.urandom(size),
        os.getrandom(size),
        await os.promises.urandom(size),
        await os.promises.getrandom(size),
      ]
      for (const { buffer, byteOffset, length } of results)
        assert.deepEqual([buffer.byteLength, byteOffset, length], [size, 0, size])
    })
  }

  test('an ordinary result does not carry them to another thread', () => {
    const key = os.urandom(32)
    const fd = os.open('/dev/zero', os.O_RDONLY)
    const carried = Buffer.from(structuredClone(os.read(fd, 5)).buffer)
    os.close(fd)
    assert.equal(carried.includes(key), false)
  })
})

test('memory that results share shows nothing that was there before', () => {
  const found = askNode<number>(`
    const fd = os.open('/dev/zero', os.O_RDONLY)
    const size = os.read(fd, 1).buffer.byteLength
    let found = 0
    for (let round = 0; round < 20; round++) {
      // Memory that is freed full, so that the next block may be made of it.
      for (let i = 0; i < 20; i++) new Uint8Array(Buffer.allocUnsafeSlow(size).fill(0xaa).buffer.transfer?.(0) ?? 0)
      for (let read = 0; read < 2 * size; read += 8192)
        if (Buffer.from(os.read(fd, 8192).buffer).includes(0xaa)) found++
    }
    console.log(JSON.stringify(found))
  `)
  assert.equal(found, 0)
})
