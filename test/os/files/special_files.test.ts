import assert from 'node:assert/strict'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import * as stat from 'osier/stat'
import { temporaryFolder } from '../../support/folder.ts'
import { treeWithLinks, withFd } from '../../support/open_and_close.ts'
import { noMainThread } from '../../support/runtime.ts'

const folder = temporaryFolder()

describe('mkfifo and mknod', { skip: noMainThread }, () => {
  test('create files of the given type, with permissions less the umask', () => {
    const root = treeWithLinks(folder)
    const before = os.umask(0o027)
    try {
      os.mkfifo(join(root, 'fifo'))
      os.mkfifo(join(root, 'private'), 0o600)
      os.mknod(join(root, 'plain'))
      os.mknod(join(root, 'socket'), stat.S_IFSOCK | 0o777)
      withFd(os.open(root, os.O_RDONLY), (fd) =>
        os.mknod('named', { mode: stat.S_IFIFO | 0o644, device: 0n, dir_fd: fd }),
      )
    } finally {
      os.umask(before)
    }
    const modes = ['fifo', 'private', 'plain', 'socket', 'named'].map((name) => lstatSync(join(root, name)).mode)
    assert.deepEqual(modes, [
      ...[stat.S_IFIFO | 0o640, stat.S_IFIFO | 0o600, stat.S_IFREG | 0o600],
      ...[stat.S_IFSOCK | 0o750, stat.S_IFIFO | 0o640],
    ])
  })
})

describe('device numbers', () => {
  test('-1 is no device, and so are its parts, as in CPython 3.13', () => {
    for (const device of [-1, -1n, 2n ** 64n - 1n]) assert.deepEqual([os.major(device), os.minor(device)], [-1, -1])
    assert.equal(os.makedev(-1, -1), -1)
    assert.equal(os.makedev(2 ** 32 - 1, 2 ** 32 - 1), -1)
    for (const call of [() => os.major(-2), () => os.minor(-2n), () => os.makedev(-2, 0), () => os.makedev(-1, 0)]) {
      assert.throws(call, RangeError, `${call}`)
    }
  })
})
