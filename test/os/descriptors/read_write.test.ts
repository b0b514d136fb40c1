import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { newPath, withNewFile, withPipe } from '../../support/open_and_close.ts'
import { noPython } from '../../support/python.ts'
import { assertSameAsPython } from '../../support/scenario.ts'

const folder = temporaryFolder()

describe('reading and writing', () => {
  test('read returns the available bytes, in a buffer of its own', () => {
    withNewFile(folder, 'a'.repeat(5000) + 'b'.repeat(100_000), (fd) => {
      const first = os.read(fd, 5000)
      const second = os.read(fd, 50)
      assert.equal(first.toString(), 'a'.repeat(5000))
      assert.equal(second.toString(), 'b'.repeat(50))
      second.fill('c')
      assert.equal(first.toString(), 'a'.repeat(5000))
      assert.equal(os.read(fd, 2 ** 40).length, 99_950)
      assert.equal(os.read(fd, 10).length, 0)
      assert.equal(os.read(fd, 0).length, 0)
      assert.equal(os.pread(fd, 10n, 4995n).toString(), 'aaaaabbbbb')
      assert.equal(os.pread(fd, 70_000, 0).length, 70_000)
      assert.equal(os.pread(fd, 10, 1e9).length, 0)
    })
  })

  test('a short read does not keep the memory of a long one', () => {
    withPipe((r, w) => {
      os.write(w, Buffer.from('short'))
      assert.ok(os.read(r, 2 ** 20).buffer.byteLength < 2 ** 18)
    })
  })

  test('buffers of every kind are read and written: small, shared, resizable, views, other element types', () => {
    const kinds: (() => ArrayBufferView)[] = [
      () => new Uint8Array(8),
      () => new Float64Array(1),
      () => new DataView(new ArrayBuffer(32), 3, 8),
      () => new Uint16Array(new ArrayBuffer(32), 2, 4),
      () => new Uint8Array(new SharedArrayBuffer(8)),
      () => Buffer.from('........'),
      () => new Uint8Array(Reflect.construct(ArrayBuffer, [8, { maxByteLength: 4096 }]) as ArrayBuffer),
    ]
    for (const kind of kinds) {
      withNewFile(folder, '12345678', (fd) => {
        const memory = kind()
        assert.equal(os.readinto(fd, memory), 8)
        assert.equal(asText(memory), '12345678')
        assert.equal(os.write(fd, memory), 8)
        assert.equal(os.pwrite(fd, memory, 16n), 8)
        assert.equal(os.pread(fd, 100, 0).toString(), '12345678'.repeat(3))
      })
    }
  })

  test('write writes few and many bytes, also from a view of a larger buffer', () => {
    const memory = Buffer.from(Array.from({ length: 80 }, (_, i) => (i * 37) & 0xff))
    for (let size = 0; size <= 40; size++) {
      withNewFile(folder, '', (fd) => {
        const part = memory.subarray(size, 2 * size)
        assert.equal(os.write(fd, part), size)
        assert.equal(os.write(fd, new DataView(memory.buffer, memory.byteOffset + size, size)), size)
        assert.deepEqual(os.pread(fd, 100, 0), Buffer.concat([part, part]))
      })
    }
  })

  test('a detached buffer, or a value that is not a buffer, is refused before a byte is written', () => {
    const gone = new Uint8Array(8)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    const shrunk = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 16 }]) as ArrayBuffer & {
      resize(size: number): void
    }
    const outside = new Uint8Array(shrunk, 8, 8)
    shrunk.resize(4)
    withNewFile(folder, 'abc', (fd) => {
      for (const memory of [gone, outside, 'text', new ArrayBuffer(4), [1, 2], null, undefined] as Uint8Array[]) {
        assert.throws(() => os.write(fd, memory), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
        assert.throws(() => os.pwrite(fd, memory, 0), TypeError)
        assert.throws(() => os.readinto(fd, memory), TypeError)
      }
      assert.equal(os.fstat(fd).st_size, 3)
      assert.equal(os.write(fd, new Uint8Array(0)), 0)
      assert.equal(os.readinto(fd, new Uint8Array(0)), 0)
    })
  })

  test('a view with a false `length` is written with its real length', () => {
    withNewFile(folder, '', (fd) => {
      for (const property of ['length', 'byteLength']) {
        const bytes = Object.defineProperty(new Uint8Array(4), property, { value: 2 ** 20 })
        assert.equal(os.write(fd, bytes), 4)
      }
      class FalseLength extends Uint8Array {
        override get length(): number {
          return 2 ** 20
        }
      }
      assert.equal(os.readinto(fd, new FalseLength(4)), 0)
      assert.equal(os.pwrite(fd, new FalseLength(4), 0), 4)
    })
  })

  test('offsets above 2^53 are exact as bigint, and refused as number', () => {
    const fd = os.memfd_create('large')
    try {
      const far = 2n ** 53n + 1n
      os.ftruncate(fd, 2n ** 60n)
      assert.equal(os.pwrite(fd, Buffer.from('x'), far), 1)
      assert.equal(os.pread(fd, 1, far).toString(), 'x')
      assert.equal(os.pread(fd, 1, far - 1n).toString(), '\0')
      assert.throws(() => os.pread(fd, 1, 2 ** 53), RangeError)
      assert.throws(() => os.pread(fd, 1, 2n ** 63n), RangeError)
      assert.throws(() => os.pread(fd, 1, 0.5), RangeError)
      assert.throws(() => os.read(fd, -1), RangeError)
    } finally {
      os.close(fd)
    }
  })

  test('a call that a signal interrupts is retried, without an error or short data', () => {
    const program = fileURLToPath(new URL('../../support/interrupted.js', import.meta.url))
    const child = spawnSync(process.execPath, [program, newPath(folder)], { encoding: 'utf8', timeout: 60_000 })
    assert.equal(child.stderr, '')
    const blocked = { read: 'read', readinto: 'readinto', readv: 'readv', readline: 'line', open: 'fifo' }
    assert.deepEqual(JSON.parse(child.stdout), { interrupted: true, ...blocked })
  })

  test('the same as in Python', { skip: noPython }, () => {
    assertSameAsPython(
      [
        { call: ['open', { path: 'file' }, { constant: 'O_RDWR|O_CREAT' }], as: 'fd' },
        { call: ['write', { use: 'fd' }, { bytes: 'hello world' }] },
        { call: ['write', { use: 'fd' }, 'text'] },
        { call: ['pread', { use: 'fd' }, 5, 6] },
        { call: ['pread', { use: 'fd' }, 5, -1] },
        { call: ['pread', { use: 'fd' }, 5, { int: '9223372036854775807' }] },
        { call: ['pread', { use: 'fd' }, 5, { int: '9223372036854775808' }] },
        { call: ['pwrite', { use: 'fd' }, { bytes: 'J' }, 0] },
        { call: ['pwrite', { use: 'fd' }, { bytes: 'J' }, -1] },
        { call: ['read', { use: 'fd' }, 5] },
        { call: ['lseek', { use: 'fd' }, 0, 0] },
        { call: ['read', { use: 'fd' }, 0] },
        { call: ['read', { use: 'fd' }, 100] },
        { call: ['read', { use: 'fd' }, 100] },
        { call: ['dup', { use: 'fd' }], as: 'copy' },
        { call: ['get_inheritable', { use: 'copy' }] },
        { call: ['dup2', { use: 'fd' }, { use: 'copy' }, true], as: 'copy' },
        { call: ['get_inheritable', { use: 'copy' }] },
        { call: ['dup2', { use: 'fd' }, { use: 'fd' }, false] },
        { call: ['set_inheritable', { use: 'copy' }, false] },
        { call: ['get_inheritable', { use: 'copy' }] },
        { call: ['get_blocking', { use: 'copy' }] },
        { call: ['close', { use: 'copy' }] },
        { call: ['close', { use: 'copy' }] },
        { call: ['get_blocking', { use: 'copy' }] },
        { call: ['close', { use: 'fd' }] },
        { call: ['pipe'], as: ['r', 'w'] },
        { call: ['pread', { use: 'r' }, 1, 0] },
        { call: ['read', { use: 'w' }, 1] },
        { call: ['write', { use: 'r' }, { bytes: 'x' }] },
        { call: ['set_blocking', { use: 'r' }, false] },
        { call: ['read', { use: 'r' }, 1] },
        { call: ['close', { use: 'r' }] },
        { call: ['write', { use: 'w' }, { bytes: 'x' }] },
        { call: ['close', { use: 'w' }] },
        { call: ['close', -1] },
        { call: ['read', 'x', 1] },
        { call: ['open', { path: 'missing' }, { constant: 'O_RDONLY' }] },
        { call: ['open', { path: '' }, { constant: 'O_WRONLY' }] },
      ],
      folder,
    )
  })
})

function asText(memory: ArrayBufferView): string {
  return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength).toString('latin1')
}
