import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import { noPwritev2 } from '../../support/emulation.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { noPython } from '../../support/python.ts'
import { assertSameAsPython } from '../../support/scenario.ts'

const folder = temporaryFolder()

function withFile(content: string, body: (fd: number) => void): void {
  const fd = os.open(join(folder, 'file'), os.O_CREAT | os.O_TRUNC | os.O_RDWR)
  try {
    os.write(fd, Buffer.from(content))
    os.lseek(fd, 0, os.SEEK_SET)
    body(fd)
  } finally {
    os.close(fd)
  }
}

describe('readv, writev, preadv, pwritev', () => {
  test('buffers are filled and written in order', { skip: noPwritev2 }, () => {
    withFile('abcdefghij', (fd) => {
      const [first, second, third] = [Buffer.alloc(3), new Uint16Array(2), Buffer.alloc(9)]
      assert.equal(os.readv(fd, [first, second, new Uint8Array(0), third]), 10)
      assert.equal(first.toString(), 'abc')
      assert.equal(Buffer.from(second.buffer).toString(), 'defg')
      assert.equal(third.toString(), 'hij\0\0\0\0\0\0')
      assert.equal(os.writev(fd, [first, second]), 7)
      assert.equal(os.pwritev(fd, [Buffer.from('A'), Buffer.from('B')], 1n), 2)
      const all = Buffer.alloc(17)
      assert.equal(os.preadv(fd, [all], 0), 17)
      assert.equal(all.toString(), 'aABdefghijabcdefg')
      assert.equal(os.preadv(fd, [all], 100), 0)
      assert.equal(os.readv(fd, []), 0)
      assert.equal(os.writev(fd, []), 0)
    })
  })

  test('offset -1 reads and writes at the position, and moves it', { skip: noPwritev2 }, () => {
    withFile('abcdef', (fd) => {
      const buffer = Buffer.alloc(2)
      assert.equal(os.preadv(fd, [buffer], -1), 2)
      assert.equal(os.preadv(fd, [buffer], -1), 2)
      assert.equal(buffer.toString(), 'cd')
      assert.equal(os.pwritev(fd, [Buffer.from('X')], -1), 1)
      assert.equal(os.lseek(fd, 0, os.SEEK_CUR), 5)
    })
  })

  test('RWF_APPEND writes at the end, RWF_NOWAIT does not wait', { skip: noPwritev2 }, () => {
    withFile('abc', (fd) => {
      assert.equal(os.pwritev(fd, [Buffer.from('d')], 0, os.RWF_APPEND | os.RWF_DSYNC), 1)
      assert.equal(os.pwritev(fd, [Buffer.from('e')], 1, { flags: os.RWF_SYNC }), 1)
      assert.equal(os.pread(fd, 10, 0).toString(), 'aecd')
      assert.throws(() => os.preadv(fd, [Buffer.alloc(1)], 0, 1 << 30), { code: 'ENOTSUP' })
    })
    const [r, w] = os.pipe()
    try {
      assert.throws(() => os.preadv(r, [Buffer.alloc(1)], -1, { flags: os.RWF_NOWAIT }), os.BlockingIOError)
    } finally {
      os.close(r)
      os.close(w)
    }
  })

  test('more than IOV_MAX (1024) buffers are EINVAL', { skip: noPwritev2 }, () => {
    withFile('x'.repeat(2000), (fd) => {
      const pieces = Array.from({ length: 1024 }, () => new Uint8Array(1))
      assert.equal(os.readv(fd, pieces), 1024)
      assert.equal(os.pwritev(fd, pieces, 0), 1024)
      assert.throws(() => os.readv(fd, [...pieces, new Uint8Array(1)]), { code: 'EINVAL', filename: fd })
      assert.throws(
        () =>
          os.pwritev(
            fd,
            Array.from({ length: 100_000 }, () => new Uint8Array(1)),
            0,
          ),
        {
          code: 'EINVAL',
        },
      )
    })
  })

  test('a value that is not a buffer is refused, and the error names it', () => {
    const gone = new Uint8Array(8)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    withFile('', (fd) => {
      for (const wrong of [gone, 'text', 5, null, undefined, new ArrayBuffer(8)] as Uint8Array[]) {
        assert.throws(() => os.writev(fd, [Buffer.from('written?'), wrong]), {
          name: 'TypeError',
          message: /^The "buffers\[1\]" argument must be /,
        })
      }
      for (const wrong of ['text', Buffer.from('text'), new Set(), {}, undefined] as unknown as Uint8Array[][]) {
        assert.throws(() => os.readv(fd, wrong), TypeError)
        assert.throws(() => os.pwritev(fd, wrong, 0), TypeError)
      }
      assert.equal(os.fstat(fd).st_size, 0)
    })
  })

  test('a buffer that a getter in the list detaches is not written', () => {
    withFile('', (fd) => {
      const memory = new Uint8Array(1 << 20)
      const list = [memory, Buffer.from('end')]
      Object.defineProperty(list, 1, {
        get() {
          structuredClone(memory.buffer, { transfer: [memory.buffer] })
          return Buffer.from('end')
        },
      })
      assert.equal(os.writev(fd, list), 3)
    })
  })

  test('buffers that only the list references stay alive during the call', () => {
    const program = fileURLToPath(new URL('../../support/collected.js', import.meta.url))
    const child = spawnSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8' })
    assert.equal(child.stderr, '')
    assert.equal(child.stdout, 'as written\n')
  })

  test('the same as in Python', { skip: noPython || noPwritev2 }, () => {
    assertSameAsPython(
      [
        { call: ['open', { path: 'file' }, { constant: 'O_RDWR|O_CREAT' }], as: 'fd' },
        { call: ['writev', { use: 'fd' }, [{ bytes: 'abc' }, { bytes: '' }, { bytes: 'defgh' }]] },
        { call: ['writev', { use: 'fd' }, []] },
        { call: ['writev', { use: 'fd' }, ['text']] },
        { call: ['readv', { use: 'fd' }, [{ buffer: 3 }]] },
        { call: ['preadv', { use: 'fd' }, [{ buffer: 3 }, { buffer: 2 }, { buffer: 9 }], 0] },
        { call: ['preadv', { use: 'fd' }, [{ buffer: 3 }], 6] },
        { call: ['preadv', { use: 'fd' }, [{ buffer: 3 }], -1] },
        { call: ['preadv', { use: 'fd' }, [{ buffer: 3 }], -2] },
        { call: ['preadv', { use: 'fd' }, [{ buffer: 3 }], 0, { constant: 'RWF_HIPRI' }] },
        { call: ['preadv', { use: 'fd' }, [{ buffer: 3 }], 0, 0x40000000] },
        { call: ['pwritev', { use: 'fd' }, [{ bytes: 'XY' }, { bytes: 'Z' }], 2] },
        { call: ['pwritev', { use: 'fd' }, [{ bytes: 'N' }], -1] },
        { call: ['pwritev', { use: 'fd' }, [{ bytes: 'N' }], -2] },
        { call: ['pwritev', { use: 'fd' }, [{ bytes: 'end' }], 0, { constant: 'RWF_APPEND' }] },
        { call: ['pwritev', { use: 'fd' }, [{ bytes: 'end' }], -1, { constant: 'RWF_APPEND|RWF_SYNC' }] },
        { call: ['lseek', { use: 'fd' }, 0, 1] },
        { call: ['pread', { use: 'fd' }, 100, 0] },
        { call: ['close', { use: 'fd' }] },
        { call: ['readv', { use: 'fd' }, [{ buffer: 3 }]] },
        { call: ['pipe'], as: ['r', 'w'] },
        { call: ['preadv', { use: 'r' }, [{ buffer: 1 }], 0] },
        { call: ['pwritev', { use: 'w' }, [{ bytes: 'x' }], 0] },
        { call: ['writev', { use: 'w' }, [{ bytes: 'one' }, { bytes: 'two' }]] },
        { call: ['readv', { use: 'r' }, [{ buffer: 4 }, { buffer: 4 }]] },
        { call: ['close', { use: 'r' }] },
        { call: ['writev', { use: 'w' }, [{ bytes: 'one' }]] },
        { call: ['close', { use: 'w' }] },
      ],
      folder,
    )
  })
})
