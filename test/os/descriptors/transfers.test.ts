import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { withPipe } from '../../support/open_and_close.ts'
import { noPython } from '../../support/python.ts'
import { ownDescriptors } from '../../support/runtime.ts'
import { assertSameAsPython } from '../../support/scenario.ts'

const folder = temporaryFolder()

let files = 0

/** New files, open for reading and writing, with the contents given, at their starts. */
function withFiles(contents: readonly (string | Buffer)[], body: (...fds: number[]) => void): void {
  const fds = contents.map((content) => {
    const fd = os.open(join(folder, String(files++)), os.O_CREAT | os.O_EXCL | os.O_RDWR)
    os.write(fd, Buffer.from(content as string))
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
  })
  try {
    body(...fds)
  } finally {
    fds.forEach(os.close)
  }
}

const position = (fd: number): number => os.lseek(fd, 0, os.SEEK_CUR)

describe('copy_file_range', () => {
  test('copies between positions, or between offsets', () => {
    withFiles(['0123456789', '..........'], (src, dst) => {
      assert.equal(os.copy_file_range(src, dst, 3), 3)
      assert.deepEqual([position(src), position(dst)], [3, 3])
      assert.equal(os.copy_file_range(src, dst, 2n, 8n, 5), 2)
      assert.deepEqual([position(src), position(dst)], [3, 3])
      assert.equal(os.copy_file_range(src, dst, 100, { offset_src: 9 }), 1)
      assert.deepEqual([position(src), position(dst)], [3, 4])
      assert.equal(os.copy_file_range(src, dst, 100, null, 9), 7)
      assert.equal(os.copy_file_range(src, dst, 1, 10), 0)
      assert.equal(os.pread(dst, 100, 0).toString(), '0129.89..3456789')
    })
  })

  test('copies at offsets above 4 GiB', () => {
    withFiles(['', ''], (src, dst) => {
      const far = 3n * 2n ** 40n
      os.pwrite(src, Buffer.from('far'), far)
      assert.equal(os.copy_file_range(src, dst, 3, far, far + 1n), 3)
      assert.equal(os.pread(dst, 3, far + 1n).toString(), 'far')
    })
  })

  test('throws EINVAL for overlapping ranges of one file, and a RangeError for a negative count', () => {
    withFiles(['0123456789'], (fd) => {
      assert.throws(() => os.copy_file_range(fd, fd, 5, 0, 2), { code: 'EINVAL' })
      assert.throws(() => os.copy_file_range(fd, fd, -1), RangeError)
      assert.throws(() => os.copy_file_range(fd, fd, 1, '0' as unknown as number), TypeError)
      assert.throws(() => os.copy_file_range(fd, fd, 1, 0.5), RangeError)
    })
  })
})

describe('sendfile', () => {
  test('copies to a file, from an offset or from the position', () => {
    withFiles(['0123456789', ''], (src, dst) => {
      assert.equal(os.sendfile(dst, src, 4, 3), 3)
      assert.equal(position(src), 0)
      assert.equal(os.sendfile(dst, src, null, 2n), 2)
      assert.equal(position(src), 2)
      assert.equal(os.sendfile(dst, src, 10n, 5), 0)
      assert.equal(os.pread(dst, 100, 0).toString(), '45601')
    })
  })

  test('sends to a TCP socket until it is full, and continues to the end', { skip: ownDescriptors }, async () => {
    const size = 8 * 2 ** 20
    const content = Buffer.alloc(size, 'The quick brown fox jumps over the lazy dog. ')
    const received: Buffer[] = []
    const server = createServer((socket) => {
      socket.on('data', (chunk: Buffer) => received.push(chunk))
      socket.on('end', () => server.close())
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const { connect } = await import('node:net')
    const client = connect(address.port, '127.0.0.1')
    await new Promise((resolve) => client.once('connect', resolve))
    const fd = Number(Reflect.get(Reflect.get(client, '_handle') as object, 'fd'))
    const src = os.open(join(folder, 'sent'), os.O_CREAT | os.O_RDWR)
    os.write(src, content)
    let sent = 0
    let full = 0
    while (sent < size) {
      try {
        sent += os.sendfile(fd, src, sent, size - sent)
      } catch (error) {
        if (!(error instanceof os.BlockingIOError)) throw error
        full += 1
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    assert.ok(full > 0, 'the socket was never full')
    client.end()
    await new Promise((resolve) => server.once('close', resolve))
    os.close(src)
    assert.ok(Buffer.concat(received).equals(content))
  })

  test('throws for headers and trailers, which Linux lacks', () => {
    withFiles(['abc', ''], (src, dst) => {
      const sendfile = os.sendfile as (...args: unknown[]) => number
      assert.throws(() => sendfile(dst, src, 0, 3, [Buffer.from('head')]), TypeError)
      assert.throws(() => sendfile(dst, src, 0, 3, { headers: [] }), TypeError)
      assert.equal(os.fstat(dst).st_size, 0)
    })
  })
})

describe('splice, tee, vmsplice', () => {
  test('splice moves data between a file and a pipe, at offsets or positions', () => {
    withFiles(['0123456789', '.....'], (src, dst) => {
      withPipe((r, w) => {
        assert.equal(os.splice(src, w, 4), 4)
        assert.equal(position(src), 4)
        assert.equal(os.splice(src, w, 2, 8n), 2)
        assert.equal(position(src), 4)
        assert.equal(os.splice(r, dst, 3, null, 1), 3)
        assert.equal(os.splice(r, dst, 100, { offset_dst: 6, flags: os.SPLICE_F_MOVE | os.SPLICE_F_MORE }), 3)
        assert.equal(os.pread(dst, 100, 0).toString(), '.012.\x00389')
        assert.throws(() => os.splice(r, dst, 1, { flags: os.SPLICE_F_NONBLOCK }), os.BlockingIOError)
        assert.throws(() => os.splice(src, w, 1, 0, 0), { code: 'ESPIPE' })
        assert.throws(() => os.splice(src, dst, 1), { code: 'EINVAL' })
      })
    })
  })

  test('tee copies data and leaves it in the first pipe', () => {
    withPipe((r, w) => {
      withPipe((r2, w2) => {
        os.write(w, Buffer.from('water'))
        assert.equal(os.tee(r, w2, 3), 3)
        assert.equal(os.tee(r, w2, 100n, os.SPLICE_F_NONBLOCK), 5)
        assert.equal(os.read(r, 100).toString(), 'water')
        assert.equal(os.read(r2, 100).toString(), 'watwater')
        assert.throws(() => os.tee(r, w2, 1, { flags: os.SPLICE_F_NONBLOCK }), os.BlockingIOError)
        assert.throws(() => os.tee(r, w, 1), { code: 'EINVAL' })
      })
    })
  })

  test('vmsplice writes memory to a pipe, and reads it back', () => {
    withPipe((r, w) => {
      const memory = Buffer.alloc(5000, 'm')
      assert.equal(os.vmsplice(w, [memory, Buffer.from('!')]), 5001)
      const buffer = Buffer.alloc(4999)
      assert.equal(os.vmsplice(r, [buffer]), 4999)
      assert.equal(buffer.toString(), 'm'.repeat(4999))
      assert.equal(os.read(r, 10).toString(), 'm!')
      assert.throws(() => os.vmsplice(r, [buffer], { flags: os.SPLICE_F_NONBLOCK }), os.BlockingIOError)
      withFiles([''], (fd) => assert.throws(() => os.vmsplice(fd, [memory]), { code: 'EBADF' }))
    })
  })

  test('the same as in Python', { skip: noPython }, () => {
    assertSameAsPython(
      [
        { call: ['open', { path: 'a' }, { constant: 'O_RDWR|O_CREAT' }], as: 'a' },
        { call: ['open', { path: 'b' }, { constant: 'O_RDWR|O_CREAT' }], as: 'b' },
        { call: ['write', { use: 'a' }, { bytes: 'the contents of a file' }] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, 5] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, 5, 4] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, 5, 4, 20] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, 5, null, 20] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, -5] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, 5, -1] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, 5, 'x'] },
        { call: ['sendfile', { use: 'b' }, { use: 'a' }, 0, 10] },
        { call: ['sendfile', { use: 'b' }, { use: 'a' }, null, 10] },
        { call: ['sendfile', { use: 'b' }, { use: 'a' }, 100, 10] },
        { call: ['sendfile', { use: 'b' }, { use: 'a' }, -1, 10] },
        { call: ['sendfile', { use: 'b' }, { use: 'a' }, 'x', 10] },
        { call: ['pread', { use: 'b' }, 100, 0] },
        { call: ['lseek', { use: 'a' }, 0, 1] },
        { call: ['lseek', { use: 'b' }, 0, 1] },
        { call: ['pipe'], as: ['r', 'w'] },
        { call: ['splice', { use: 'a' }, { use: 'w' }, 5, 4] },
        { call: ['splice', { use: 'r' }, { use: 'b' }, 2] },
        { call: ['splice', { use: 'r' }, { use: 'b' }, 100, null, 7] },
        { call: ['splice', { use: 'a' }, { use: 'b' }, 5] },
        { call: ['splice', { use: 'a' }, { use: 'w' }, 5, 0, 0] },
        { call: ['splice', { use: 'a' }, { use: 'w' }, -5] },
        { call: ['splice', { use: 'r' }, { use: 'b' }, 5, null, null, { constant: 'SPLICE_F_NONBLOCK' }] },
        { call: ['pread', { use: 'b' }, 100, 0] },
        { call: ['sendfile', { use: 'b' }, { use: 'r' }, null, 10] },
        { call: ['copy_file_range', { use: 'r' }, { use: 'b' }, 10] },
        { call: ['close', { use: 'a' }] },
        { call: ['sendfile', { use: 'b' }, { use: 'a' }, 0, 10] },
        { call: ['copy_file_range', { use: 'a' }, { use: 'b' }, 10] },
        { call: ['splice', { use: 'a' }, { use: 'w' }, 10] },
        { call: ['close', { use: 'b' }] },
        { call: ['close', { use: 'r' }] },
        { call: ['close', { use: 'w' }] },
      ],
      folder,
    )
  })
})
