import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import os from 'osier'
import * as promises from 'osier/promises'
import { temporaryFolder } from '../../support/folder.ts'
import { isPending, withPipe } from '../../support/waits.ts'

const folder = temporaryFolder()
const source = join(folder, 'source')
writeFileSync(source, Buffer.alloc(300_000, 'abcdefghij'))

test('splice waits for whichever side is not ready', () =>
  withPipe((r, w) =>
    withPipe(async (r2, w2) => {
      const moving = promises.splice(r, w2, 100)
      assert.ok(await isPending(moving))
      os.write(w, Buffer.from('hello'))
      assert.equal(await moving, 5)
      assert.equal(String(os.read(r2, 10)), 'hello')
      await promises.write(w2, Buffer.alloc(1 << 20))
      os.write(w, Buffer.from('again'))
      const full = promises.splice(r, w2, 100)
      assert.ok(await isPending(full))
      assert.ok((await promises.read(r2, 1 << 20)).length > 0)
      assert.equal(await full, 5)
      os.close(w)
      assert.equal(await promises.splice(r, w2, 100), 0)
      assert.deepEqual([os.get_blocking(r), os.get_blocking(w2)], [true, true])
    }),
  ))

test('tee waits, and leaves the copied data in the first pipe', () =>
  withPipe((r, w) =>
    withPipe(async (r2, w2) => {
      const copying = promises.tee(r, w2, 100)
      assert.ok(await isPending(copying))
      os.write(w, Buffer.from('twice'))
      assert.equal(await copying, 5)
      assert.equal(String(os.read(r2, 10)), 'twice')
      assert.equal(await promises.tee(r, w2, 3, { flags: os.SPLICE_F_NONBLOCK }), 3)
      assert.equal(String(os.read(r, 10)), 'twice')
      const aborted = promises.tee(r, w2, 100, 0, { signal: AbortSignal.timeout(5) })
      await assert.rejects(aborted, { name: 'TimeoutError' })
      await assert.rejects(promises.tee(r, r, 1), os.OSError)
      await assert.rejects(promises.tee(r, w2, 1, -1.5), RangeError)
    }),
  ))

test('vmsplice waits for space at a write end, and for data at a read end', () =>
  withPipe(async (r, w) => {
    const buffers = [Buffer.alloc(3), new Uint16Array(50)]
    const reading = promises.vmsplice(r, buffers)
    assert.ok(await isPending(reading))
    const page = Buffer.alloc(65_536, 'p')
    assert.equal(await promises.vmsplice(w, [Buffer.from('me'), Buffer.from('mory')], os.SPLICE_F_GIFT), 6)
    assert.equal(await reading, 6)
    assert.deepEqual([String(buffers[0]), buffers[1]?.[0]], ['mem', Buffer.from('or').readUInt16LE()])
    // Sixteen pages or fewer, as they lie in memory.
    const flags = os.SPLICE_F_NONBLOCK
    assert.throws(() => {
      for (;;) os.vmsplice(w, [page], { flags })
    }, os.BlockingIOError)
    const writing = promises.vmsplice(w, [page], { flags })
    const aborted = promises.vmsplice(w, [page], 0, { signal: AbortSignal.timeout(5) })
    await assert.rejects(aborted, { name: 'TimeoutError' })
    assert.ok(await isPending(writing))
    assert.ok((await promises.read(r, 1 << 20)).length > 0)
    assert.ok((await writing) > 0)
    assert.deepEqual([os.get_blocking(r), os.get_blocking(w)], [true, true])
    assert.throws(() => {
      for (;;) os.vmsplice(w, [page], { flags })
    }, os.BlockingIOError)
    const lost = new Uint8Array(10)
    const losing = promises.vmsplice(w, [lost])
    structuredClone(lost, { transfer: [lost.buffer] })
    assert.ok((await promises.read(r, 1 << 20)).length > 0)
    await assert.rejects(losing, { code: 'ERR_INVALID_ARG_TYPE' })
    const file = os.open(source, os.O_RDONLY)
    await assert.rejects(promises.vmsplice(file, [page]), { code: 'EBADF' })
    os.close(file)
    os.close(r)
    await assert.rejects(promises.vmsplice(w, [page]), os.BrokenPipeError)
    await assert.rejects(promises.vmsplice(r, [page]), { code: 'EBADF' })
    await assert.rejects(promises.vmsplice(w, [1 as unknown as Buffer]), TypeError)
  }))

test('splice reads from and writes to files, with offsets', () =>
  withPipe(async (r, w) => {
    const fd = os.open(source, os.O_RDONLY)
    const target = os.open(join(folder, 'target'), os.O_RDWR | os.O_CREAT)
    assert.equal(await promises.splice(fd, w, 5, { offset_src: 3 }), 5)
    assert.equal(await promises.splice(r, target, 100, { offset_dst: 2 }), 5)
    assert.equal(String(os.pread(target, 100, 0)), '\0\0defgh')
    await promises.write(w, Buffer.alloc(1 << 20))
    const waiting = promises.splice(fd, w, 5, 0)
    assert.ok(await isPending(waiting))
    os.read(r, 1 << 20)
    assert.equal(await waiting, 5)
    os.close(fd)
    os.close(target)
  }))

test('an aborted splice has moved no data', () =>
  withPipe((r, w) =>
    withPipe(async (r2, w2) => {
      const controller = new AbortController()
      const moving = promises.splice(r, w2, 100, { signal: controller.signal })
      assert.ok(await isPending(moving))
      controller.abort(new Error('enough'))
      os.write(w, Buffer.from('kept'))
      await assert.rejects(moving, /^Error: enough$/)
      assert.equal(String(os.read(r, 10)), 'kept')
      assert.ok(await isPending(promises.read(r2, 1, { ref: false }).catch(() => null)))
    }),
  ))

test('sendfile sends a whole file through a pipe that is drained slowly', { timeout: 30_000 }, () =>
  withPipe(async (r, w) => {
    const fd = os.open(source, os.O_RDONLY)
    const chunks: Buffer[] = []
    const draining = (async () => {
      for await (const chunk of promises.readable(r, { closefd: false, size: 10_000 })) chunks.push(chunk)
    })()
    for (let at = 0; at < 300_000; ) at += await promises.sendfile(w, fd, at, 300_000 - at)
    assert.equal(await promises.sendfile(w, fd, 300_000, 10), 0)
    assert.equal(os.get_blocking(w), true)
    os.close(w)
    await draining
    assert.ok(Buffer.concat(chunks).equals(readFileSync(source)))
    os.close(fd)
  }),
)

test('sendfile waits for space, can be aborted, and runs in the order of the calls', () =>
  withPipe(async (r, w) => {
    const fd = os.open(source, os.O_RDONLY)
    const written = await promises.write(w, Buffer.alloc(1 << 20))
    const controller = new AbortController()
    const aborted = promises.sendfile(w, fd, 0, 100, { signal: controller.signal })
    const others = [promises.sendfile(w, fd, 1, 3), promises.sendfile(w, fd, null, 2)]
    await new Promise((resolve) => setTimeout(resolve, 10))
    controller.abort()
    await assert.rejects(aborted, { name: 'AbortError' })
    os.read(r, written)
    assert.deepEqual(await Promise.all(others), [3, 2])
    assert.equal(String(os.read(r, 100)), 'bcdab')
    const target = os.open(join(folder, 'sent'), os.O_RDWR | os.O_CREAT)
    assert.equal(await promises.sendfile(target, fd, 0, 4), 4)
    os.close(target)
    os.close(fd)
  }))

test('invalid arguments reject', () =>
  withPipe(async (r, w) => {
    await assert.rejects(promises.splice(1_000_000, w, 1), { code: 'EBADF' })
    await assert.rejects(promises.splice(r, w, -1), RangeError)
    await assert.rejects(promises.splice(r, w, 1, { offset_src: 1 }), { code: 'ESPIPE' })
    await assert.rejects(promises.splice(r, w, 1, { timeout: 1 } as never), TypeError)
    await assert.rejects(promises.sendfile(w, r, 0, 1), os.OSError)
    await assert.rejects(promises.sendfile(w, 1_000_000, 0, 1), { code: 'EBADF' })
    await assert.rejects(promises.sendfile(1_000_000, r, 0, 1), { code: 'EBADF' })
    await assert.rejects(promises.sendfile(w, r, 0, 1, { signal: 1 as never }), TypeError)
  }))
