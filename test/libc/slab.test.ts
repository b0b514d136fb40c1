import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import os from 'osier'

test('memory that small results share cannot be taken away', (t) => {
  const zero = os.open('/dev/zero', os.O_RDONLY)
  t.after(() => os.close(zero))
  const first = os.read(zero, 100)
  const { port1, port2 } = new MessageChannel()
  t.after(() => port1.close())
  try {
    port2.postMessage(first, [first.buffer as ArrayBuffer])
  } catch (error) {
    // Since Node 21 it is an error; before, a copy is sent.
    assert.equal((error as Error).name, 'DataCloneError')
  }
  assert.deepEqual(first, Buffer.alloc(100))
})

test('memory that is taken away all the same is not written to', (t) => {
  const zero = os.open('/dev/zero', os.O_RDONLY)
  t.after(() => os.close(zero))
  const first = os.read(zero, 100)
  const transfer: unknown = Reflect.get(ArrayBuffer.prototype, 'transfer')
  if (typeof transfer !== 'function') return t.skip('this Node has no ArrayBuffer.prototype.transfer')
  let taken: Uint8Array
  try {
    taken = new Uint8Array(Reflect.apply(transfer, first.buffer, []) as ArrayBuffer).fill(7)
  } catch (error) {
    assert.ok(error instanceof TypeError)
    return t.skip('this Node takes nothing away that is marked as untransferable')
  }
  assert.deepEqual(os.read(zero, 100), Buffer.alloc(100))
  assert.ok(taken.every((byte) => byte === 7))
})
