/** File objects: text and bytes, positions, lines, the end. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { vfs } from 'osier/micropython'
import { contents, pattern, small } from '../support/fat.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runTool } from '../support/tools.ts'

const folder = temporaryFolder()

describe('file objects', () => {
  const { fs } = small()

  test('read and write text: characters, lines, bytes that are not UTF-8', () => {
    {
      using file = fs.open('t', 'w')
      assert.equal(file.write('zwölf\r\nB€ispiele 😀\n\nend'), Buffer.byteLength('zwölf\r\nB€ispiele 😀\n\nend'))
    }
    using file = fs.open('t')
    assert.equal(file.read(3), 'zwö')
    assert.equal(file.tell(), 4)
    assert.equal(file.readline(), 'lf\r\n')
    assert.equal(file.read(11), 'B€ispiele 😀')
    assert.deepEqual(file.readlines(), ['\n', '\n', 'end'])
    assert.deepEqual([file.read(), file.readline(), file.read(5)], ['', '', ''])
    assert.equal(file.seek(-3, 2), file.tell())
    assert.equal(file.read(), 'end')
    assert.throws(() => file.fileno(), { code: 'EINVAL' })
    file.close()
    file.close()
    assert.ok(file.closed)
    assert.throws(() => file.read(), { code: 'EBADF' })
    {
      using bytes = fs.open('t', 'wb')
      bytes.write(Buffer.of(0xff, 0xc3, 0x28, 0x0a))
      assert.throws(() => bytes.write('text'), TypeError)
    }
    using again = fs.open('t')
    assert.equal(again.read(2), '\udcff\udcc3')
    assert.equal(again.read(), '(\n')
  })

  test('read and write bytes of any size at any position', () => {
    const data = pattern(300_000)
    {
      using file = fs.open('b', 'wb')
      for (let at = 0; at < data.length; at += 777) file.write(data.subarray(at, at + 777))
      assert.equal(file.tell(), data.length)
    }
    using file = fs.open('b', 'r+b')
    for (const [at, size] of [
      [0, 1],
      [511, 2],
      [65535, 65537],
      [299_990, 100],
    ] as const) {
      file.seek(at)
      assert.deepEqual(file.read(size), data.subarray(at, at + size))
    }
    file.seek(100_000)
    file.readline()
    const position = file.tell()
    file.write(Buffer.from('HERE'))
    file.seek(position)
    assert.equal(file.read(4).toString(), 'HERE')
    const into = new Uint8Array(10)
    file.seek(5)
    assert.equal(file.readinto(into), 10)
    assert.deepEqual(Buffer.from(into), data.subarray(5, 15))
    assert.equal(file.readinto(into, 3), 3)
    file.flush()
    file.close()
    using reader = fs.open('b', 'rb')
    assert.throws(() => reader.write(Buffer.of(1)), { code: 'EBADF' })
    using writer = fs.open('c', 'wb')
    assert.throws(() => writer.read(), { code: 'EBADF' })
  })

  test('writing past the end fills the gap with zeros, never with old data of the disk', () => {
    {
      using file = fs.open('old', 'wb')
      file.write(Buffer.alloc(50_000, 0xaa))
    }
    fs.remove('old')
    {
      using file = fs.open('hole', 'wb')
      file.write(Buffer.of(1))
      assert.equal(file.seek(40_000), 40_000)
      file.write(Buffer.of(2))
    }
    assert.deepEqual(contents(fs, 'hole'), Buffer.concat([Buffer.of(1), Buffer.alloc(39_999), Buffer.of(2)]))
    using file = fs.open('hole', 'rb')
    assert.equal(file.seek(50_000), 40_001)
    assert.throws(() => file.seek(-1), RangeError)
    assert.throws(() => file.seek(-50_000, 2), RangeError)
  })

  test('an unreferenced file is closed when it is garbage-collected, with a warning', () => {
    const program = `
      import { vfs } from 'osier/micropython'
      const device = new vfs.RamBlockDev(512, 256)
      vfs.VfsFat.mkfs(device)
      const fs = new vfs.VfsFat(device)
      ;(() => fs.open('forgotten', 'w').write('stored'))()
      process.on('warning', ({ name, message }) => {
        const file = fs.open('forgotten')
        console.log(name, message, file.read())
        file.close()
        clearInterval(timer)
      })
      const timer = setInterval(gc, 10)`
    const args = ['--expose-gc', '--no-warnings', '--input-type=module', '-e', program]
    const { stdout } = runTool(process.execPath, args)
    assert.equal(stdout.toString(), 'ResourceWarning unclosed file "/forgotten" stored\n')
  })

  test('an error of this close is a warning too, and does not end the process', () => {
    const program = `
      import os, { vfs } from 'osier/micropython'
      let broken = false
      const memory = new vfs.RamBlockDev(512, 256)
      const device = {
        readblocks: (block, buffer) => memory.readblocks(block, buffer),
        writeblocks: (block, buffer) => broken ? -5 : memory.writeblocks(block, buffer),
        ioctl: (op) => memory.ioctl(op),
      }
      vfs.VfsFat.mkfs(device)
      const fs = new vfs.VfsFat(device)
      ;(() => {
        fs.open('forgotten', 'w').write('lost')
        os.open(999)
      })()
      broken = true
      const warnings = []
      process.on('warning', ({ message }) => {
        if (warnings.push(message) < 4) return
        console.log(warnings.sort().join('; '))
        clearInterval(timer)
      })
      const timer = setInterval(gc, 10)`
    const args = ['--expose-gc', '--no-warnings', '--input-type=module', '-e', program]
    assert.equal(
      runTool(process.execPath, args).stdout.toString(),
      'closing "/forgotten" failed: OSError: EIO: Input/output error, writeblocks; ' +
        'closing "999" failed: OSError: EBADF: Bad file descriptor, close; ' +
        'unclosed file "/forgotten"; unclosed file "999"\n',
    )
  })

  test('mode a appends, and x creates', () => {
    {
      using file = fs.open('log', 'x')
      file.write('one\n')
    }
    {
      using file = fs.open('log', 'a')
      file.write('two\n')
    }
    using file = fs.open('log')
    assert.deepEqual([...file], ['one\n', 'two\n'])
  })
})

describe('reading a long line takes linear time', () => {
  // Through a descriptor, of which bytes are read in pieces of 4096. What is counted is memory that is copied.
  function bytesCopied(length: number, read: (file: vfs.VfsFile<Buffer>) => unknown): number {
    const name = join(folder, `${length}`)
    writeFileSync(name, Buffer.alloc(length, 'x'))
    using file = new vfs.VfsPosix().open(name, 'rb')
    const set = Uint8Array.prototype.set
    const { concat } = Buffer
    let copied = 0
    Uint8Array.prototype.set = function (source, offset) {
      copied += source.length
      set.call(this, source, offset)
    }
    Buffer.concat = (list, total) => {
      for (const piece of list) copied += piece.length
      return concat(list, total)
    }
    try {
      read(file)
    } finally {
      Uint8Array.prototype.set = set
      Buffer.concat = concat
    }
    return copied
  }

  for (const [name, read] of [
    ['readline', (file: vfs.VfsFile<Buffer>) => file.readline()],
    ['readline with a size', (file: vfs.VfsFile<Buffer>) => file.readline(2 ** 30)],
    ['iteration', (file: vfs.VfsFile<Buffer>) => [...file]],
  ] as const) {
    test(name, () => {
      const [once, twice] = [bytesCopied(2 ** 19, read), bytesCopied(2 ** 20, read)]
      assert.ok(once > 0 && twice < once * 3, `${once} bytes are copied for a line, ${twice} for one of double length`)
      assert.ok(twice < 8 * 2 ** 20, `${twice}`)
    })
  }

  test('characters of text', () => {
    const name = join(folder, 'text')
    writeFileSync(name, 'ä'.repeat(2 ** 17))
    using file = new vfs.VfsPosix().open(name)
    assert.equal(file.read(2 ** 17), 'ä'.repeat(2 ** 17))
  })

  test('a returned line has a buffer of its own: detaching it loses no data', () => {
    const name = join(folder, 'lines')
    writeFileSync(name, `${'long enough not to be pooled '.repeat(200)}\nsecond\n`)
    using file = new vfs.VfsPosix().open(name, 'rb')
    const line = file.readline()
    structuredClone(line, { transfer: [line.buffer as ArrayBuffer] })
    assert.equal(file.readline().toString(), 'second\n')
  })
})
