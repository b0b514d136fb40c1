import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import sjs from 'osier/sjs'
import { structs } from '../../src/libc/facts.ts'
import { scratch } from '../../src/libc/memory.ts'
import { deviceNumber, FROM_SCRATCH } from '../../src/results/decoding.ts'
import { statResult } from '../../src/results/stat_result.ts'
import { statvfs_result } from '../../src/results/statvfs_result.ts'
import { statx_result } from '../../src/results/statx_result.ts'

const BIG = 2n ** 62n + 3n

test('every count of a file system may exceed 2^53', () => {
  const { offsets } = structs.statvfs
  const counts = ['f_blocks', 'f_bfree', 'f_bavail', 'f_files', 'f_ffree', 'f_favail'] as const
  scratch.fill(0, 0, structs.statvfs.size)
  scratch.writeUInt32LE(4096, offsets.f_bsize)
  for (const name of counts) scratch.writeBigUInt64LE(BIG, offsets[name])
  const volume = new statvfs_result(FROM_SCRATCH)
  for (const name of counts) assert.equal(volume[name], BIG, name)
  assert.equal(volume.f_bsize, 4096)
  scratch.writeBigUInt64LE(2n ** 53n - 1n, offsets.f_bavail)
  assert.equal(new statvfs_result(FROM_SCRATCH).f_bavail, 2 ** 53 - 1)
})

test('size and blocks of a file may exceed 2^53', () => {
  const { offsets } = structs.stat
  scratch.fill(0, 0, structs.stat.size)
  scratch.writeBigUInt64LE(BIG, offsets.st_size)
  scratch.writeBigUInt64LE(BIG, offsets.st_blocks)
  const { st_size, st_blocks } = statResult()
  assert.deepEqual([st_size, st_blocks], [BIG, BIG])
})

test('device numbers may exceed 2^53, and go through major, minor and mknod as they are', () => {
  const { offsets } = structs.stat
  // In the layout of makedev(3): the upper 20 bits of the major number, the upper 24 of the minor, 12 and 8 lower ones.
  const device = 0xfedcb_876543_21_9an
  assert.ok(device > 2n ** 53n)
  scratch.fill(0, 0, structs.stat.size)
  scratch.writeBigUInt64LE(device, offsets.st_dev)
  scratch.writeBigUInt64LE(device, offsets.st_rdev)
  scratch.writeUInt32LE(0o100644, offsets.st_mode)
  const status = statResult()
  assert.deepEqual([status.st_dev, status.st_rdev, status[2]], [device, device, device])
  assert.equal(status.st_mode, 0o100644)
  assert.equal(JSON.parse(JSON.stringify(status)).st_dev, String(device))
  const [major, minor] = [os.major(device), os.minor(device)]
  assert.equal(deviceNumber(major, minor), device)
  scratch.writeBigUInt64LE(2n ** 53n - 1n, offsets.st_dev)
  assert.equal(statResult().st_dev, 2 ** 53 - 1)
  assert.deepEqual(new os.stat_result([0, 0, device, 0, 0, 0, 0, 0, 0, 0]).st_dev, device)

  const { stx_dev_major, stx_dev_minor, stx_rdev_major, stx_rdev_minor } = structs.statx.offsets
  scratch.fill(0, 0, structs.statx.size)
  for (const [part, value] of [
    [stx_dev_major, major],
    [stx_dev_minor, minor],
    [stx_rdev_major, 1],
    [stx_rdev_minor, 3],
  ] as const)
    scratch.writeUInt32LE(value, part)
  const { stx_dev, stx_rdev } = new statx_result(FROM_SCRATCH)
  assert.deepEqual([stx_dev, stx_rdev], [device, os.makedev(1, 3)])
  assert.throws(() => os.makedev(major, minor), RangeError)
})

test('the status of a file of 2^62 bytes is exact in every module', async (t) => {
  const size = 2n ** 62n + 1n
  // tmpfs has files of this size; the limit of ext4 is lower.
  const fd = os.memfd_create('large')
  try {
    os.ftruncate(fd, size)
  } catch (error) {
    os.close(fd)
    if (!(error instanceof os.OSError)) throw error
    t.skip(`no file of 2^62 bytes: ${error.message}`)
    return
  }
  try {
    assert.equal(os.fstat(fd).st_size, size)
    assert.equal(os.stat(fd)[6], size)
    assert.equal(os.statx(fd, os.STATX_SIZE).stx_size, size)
    assert.equal(os.path.getsize(fd), size)
    assert.equal(sjs.fstat(fd).size, size)
    assert.equal((await os.promises.fstat(fd)).st_size, size)
    assert.equal((await os.promises.statx(fd, os.STATX_SIZE)).stx_size, size)
    assert.deepEqual(os.pread(fd, 4, size - 4n), Buffer.alloc(4))
  } finally {
    os.close(fd)
  }
})
