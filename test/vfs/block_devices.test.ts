/** Block devices: those of osier, and the results of user-defined ones. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { vfs } from 'osier/micropython'
import { contents, small } from '../support/fat.ts'
import { temporaryFolder } from '../support/folder.ts'

const { FileBlockDev, RamBlockDev, VfsFat } = vfs
const folder = temporaryFolder()
const image = join(folder, 'disk.img')

describe('devices', () => {
  test('accepts the old protocol, and a device without writeblocks', () => {
    const data = new RamBlockDev(512, 256)
    let synced = 0
    const old: vfs.BlockDevice = {
      readblocks: (block, buffer) => data.readblocks(block, buffer),
      writeblocks: (block, buffer) => data.writeblocks(block, buffer),
      count: () => 256,
      sync: () => {
        synced += 1
      },
    }
    VfsFat.mkfs(old)
    const fs = new VfsFat(old)
    fs.open('f', 'w').close()
    assert.ok(synced > 0)
    const { writeblocks: _, ...readOnly } = old
    const reader = new VfsFat(readOnly)
    assert.equal(contents(reader, 'f').length, 0)
    assert.throws(() => reader.open('g', 'w'), { code: 'EROFS' })
  })

  test('the result of a device is checked', () => {
    const good = small(256).device
    const with_ = (changes: Partial<Record<keyof vfs.BlockDevice, unknown>>): vfs.BlockDevice =>
      ({
        readblocks: (block: number, buffer: Uint8Array) => good.readblocks(block, buffer),
        writeblocks: (block: number, buffer: Uint8Array) => good.writeblocks(block, buffer),
        ioctl: (op: number) => good.ioctl(op),
        ...changes,
      }) as vfs.BlockDevice
    const open = (device: vfs.BlockDevice): unknown => new VfsFat(device).open('f', 'w').close()
    assert.throws(() => open(with_({ readblocks: () => -5 })), { code: 'EIO' })
    assert.throws(() => open(with_({ readblocks: () => 5 })), { code: 'EINVAL' })
    assert.throws(() => open(with_({ readblocks: async () => 0 })), { code: 'EIO' })
    assert.throws(() => open(with_({ writeblocks: () => -28 })), { code: 'ENOSPC' })
    const cause = new Error('the card was pulled')
    assert.throws(
      () =>
        open(
          with_({
            readblocks: () => {
              throw cause
            },
          }),
        ),
      (error: NodeJS.ErrnoException) => error.code === 'EIO' && error.cause === cause,
    )
    assert.throws(() => open(with_({ ioctl: () => 'many' })), { code: 'EIO' })
    assert.throws(() => open(with_({ ioctl: (op: number) => (op === 5 ? 513 : good.ioctl(op)) })), RangeError)
    assert.throws(() => open(with_({ ioctl: (op: number) => (op === 1 ? -19 : good.ioctl(op)) })), { code: 'ENODEV' })
    assert.throws(() => open(with_({ ioctl: (op: number) => (op === 3 ? -5 : good.ioctl(op)) })), { code: 'EIO' })
    for (const device of [null, {}, 'x', { readblocks: 1 }, { readblocks() {} }]) {
      assert.throws(() => new VfsFat(device as vfs.BlockDevice), TypeError)
    }
    // A device that calls the file system which is calling it.
    const busy = with_({
      writeblocks: () => {
        fs.open('other', 'w')
      },
    })
    const fs = new VfsFat(busy)
    assert.throws(() => fs.open('f', 'w').close(), { code: 'EBUSY' })
  })

  test('a device result that is not an error number is EIO, with the number in the cause', () => {
    const { device } = small(256)
    const answering = (number: number): vfs.BlockDevice => ({
      readblocks: () => number,
      writeblocks: () => number,
      ioctl: (op) => (op === 3 || op === 6 ? number : device.ioctl(op)),
    })
    const flash = (number: number): vfs.BlockDevice => ({ ...answering(number), readblocks: () => 0 })
    for (const number of [-(2 ** 40), -1000, Number.MIN_SAFE_INTEGER, -Number.MAX_VALUE, Number.NaN, -1.5, -Infinity]) {
      for (const call of [
        () => new VfsFat(answering(number)),
        () => new vfs.VfsLfs2(answering(number)),
        () => vfs.VfsLfs2.mkfs(flash(number)),
        () => vfs.VfsLfs1.mkfs(flash(number)),
      ]) {
        assert.throws(call, (error: NodeJS.ErrnoException) => {
          assert.ok(['EIO', 'EINVAL'].includes(error.code ?? ''), `${number}: ${error}`)
          assert.match(error.message, /^E(IO|INVAL): (Input\/output error|I\/O error|Invalid argument)/)
          return true
        })
      }
      for (const op of [1, 4, 5]) {
        const lying = { ...answering(0), ioctl: (asked: number) => (asked === op ? number : device.ioctl(asked)) }
        assert.throws(() => new VfsFat(lying), /EIO|block_dev/, `${op} ${number}`)
      }
    }
    const thrown = Object.assign(new Error('odd'), { errno: -(2 ** 40) })
    const throwing: vfs.BlockDevice = {
      ...answering(0),
      readblocks: () => {
        throw thrown
      },
    }
    assert.throws(
      () => new VfsFat(throwing),
      (error: NodeJS.ErrnoException) => error.code === 'EIO' && error.cause === thrown,
    )
  })

  test('a device that detaches its buffer is EIO, and later calls work', () => {
    for (const make of [
      (device: vfs.BlockDevice) => {
        VfsFat.mkfs(device)
        return new VfsFat(device)
      },
      (device: vfs.BlockDevice) => {
        vfs.VfsLfs1.mkfs(device)
        return new vfs.VfsLfs1(device)
      },
      (device: vfs.BlockDevice) => {
        vfs.VfsLfs2.mkfs(device)
        return new vfs.VfsLfs2(device)
      },
    ]) {
      const memory = new RamBlockDev(512, 256)
      let detaching = ''
      const detach = (when: string, buffer: Uint8Array): void => {
        if (detaching === when) structuredClone(buffer, { transfer: [buffer.buffer as ArrayBuffer] })
      }
      const device: vfs.BlockDevice = {
        readblocks(block, buffer, offset) {
          memory.readblocks(block, buffer, offset)
          detach('read', buffer)
        },
        writeblocks(block, buffer, offset) {
          memory.writeblocks(block, buffer, offset)
          detach('write', buffer)
        },
        ioctl: (op) => memory.ioctl(op),
      }
      const fs = make(device)
      for (const when of ['read', 'write']) {
        detaching = when
        assert.throws(
          () => {
            fs.mkdir('d')
            fs.stat('missing/file')
          },
          { code: 'EIO' },
          when,
        )
        detaching = ''
        fs.open('f', 'w').close()
        fs.remove('f')
      }
    }
    const memory = new RamBlockDev(512, 256)
    VfsFat.mkfs(memory)
    structuredClone(memory.data, { transfer: [memory.data.buffer as ArrayBuffer] })
    assert.throws(() => new VfsFat(memory), { code: 'EIO' })
  })

  test('a device cannot cause the allocation of gigabytes by its block size', () => {
    for (const blockSize of [2 ** 31, 2 ** 53 - 1, 2 ** 24 + 1]) {
      let calls = 0
      const device: vfs.BlockDevice = {
        readblocks: () => {
          calls += 1
          return 0
        },
        writeblocks: () => 0,
        ioctl: (op) => (op === 4 ? 8 : op === 5 ? blockSize : 0),
      }
      for (const call of [
        () => vfs.VfsLfs2.mkfs(device),
        () => vfs.VfsLfs1.mkfs(device),
        () => new vfs.VfsLfs2(device),
        () => VfsFat.mkfs(device),
      ]) {
        assert.throws(call, RangeError)
      }
      assert.equal(calls, 0)
    }
  })

  test('a device that keeps its buffer does not see later data', () => {
    const good = small(256).device
    let kept: Uint8Array | undefined
    const device: vfs.BlockDevice = {
      readblocks(block, buffer) {
        kept ??= buffer
        assert.ok(buffer.buffer.byteLength <= 65536, 'no more memory than the transfer')
        good.readblocks(block, buffer)
      },
      writeblocks: (block, buffer) => good.writeblocks(block, buffer),
      ioctl: (op) => good.ioctl(op),
    }
    const fs = new VfsFat(device)
    fs.open('f', 'w').close()
    kept?.fill(0xff)
    assert.deepEqual(
      Array.from(fs.ilistdir(), ([name]) => name),
      ['f'],
    )
  })

  test('RamBlockDev and FileBlockDev read and write any bytes, within their bounds only', () => {
    writeFileSync(image, Buffer.alloc(1025))
    using file = new FileBlockDev(image, { block_size: 256 })
    for (const device of [new RamBlockDev(256, 4), file]) {
      assert.equal(device.ioctl(4), 4)
      assert.equal(device.ioctl(5), 256)
      assert.equal(device.ioctl(99), null)
      device.writeblocks?.(3, Buffer.from('abc'), 253)
      const back = Buffer.alloc(3)
      device.readblocks(3, back, 253)
      assert.equal(back.toString(), 'abc')
      for (const [block, offset] of [
        [4, 0],
        [3, 254],
        [0, 1022],
      ] as const) {
        assert.throws(() => device.readblocks(block, back, offset), { code: 'EINVAL' })
        assert.throws(() => device.writeblocks?.(block, back, offset), { code: 'EINVAL' })
      }
      assert.throws(() => device.readblocks(-1, back), RangeError)
      assert.throws(() => device.readblocks(0, 'x' as never), TypeError)
    }
    file.ioctl(3)
    assert.equal(readFileSync(image).subarray(1021, 1024).toString(), 'abc')
    file.close()
    file.close()
    assert.throws(() => file.readblocks(0, Buffer.alloc(1)), { code: 'EBADF' })
    assert.throws(() => new FileBlockDev(join(folder, 'missing')), { code: 'ENOENT' })
    assert.throws(() => new FileBlockDev('a\0b'), RangeError)
    writeFileSync(image, '')
    assert.throws(() => new FileBlockDev(image), { code: 'EINVAL' })
    writeFileSync(image, Buffer.alloc(1024))
    using readOnly = new FileBlockDev(image, { readonly: true })
    assert.equal(readOnly.writeblocks, undefined)
    assert.throws(() => new RamBlockDev(0, 1), RangeError)
    assert.throws(() => new RamBlockDev(512, 0), RangeError)
  })
})
