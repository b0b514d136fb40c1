import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { treeWithLinks, withFd } from '../../support/open_and_close.ts'

const folder = temporaryFolder()

describe('rename and replace', () => {
  test('replace a file by a file, and an empty directory by a directory, relative to open directories', () => {
    for (const call of [os.rename, os.replace]) {
      const root = treeWithLinks(folder)
      writeFileSync(join(root, 'other'), 'other')
      call(join(root, 'file'), join(root, 'other'))
      assert.equal(readFileSync(join(root, 'other'), 'utf8'), 'contents')
      mkdirSync(join(root, 'empty'))
      call(join(root, 'full'), join(root, 'empty'))
      withFd(os.open(root, os.O_RDONLY), (from) =>
        withFd(os.open(join(root, 'empty'), os.O_RDONLY), (to) =>
          call('other', 'moved', { src_dir_fd: from, dst_dir_fd: { fd: to } }),
        ),
      )
      assert.deepEqual(os.listdir(join(root, 'empty')).sort(), ['inner', 'moved'])
      assert.throws(() => call('a', 'b', { dir_fd: 3 } as never), TypeError)
    }
  })

  test('throw errors with the function and both paths', () => {
    const paths = ['/missing/a', '/missing/b'] as const
    for (const call of [os.rename, os.replace, os.link, os.symlink]) {
      const [filename, filename2] = paths
      assert.throws(() => call(...paths), { code: 'ENOENT', syscall: call.name, filename, filename2 })
    }
  })
})

describe('remove and unlink', () => {
  test('remove links rather than their targets, and throw for directories', () => {
    for (const call of [os.remove, os.unlink]) {
      const root = treeWithLinks(folder)
      call(join(root, 'to-full'))
      withFd(os.open(root, os.O_RDONLY), (fd) => call('to-file', { dir_fd: fd }))
      assert.deepEqual(os.listdir(root).sort(), ['broken', 'file', 'full'])
      assert.throws(() => call(join(root, 'full')), os.IsADirectoryError)
    }
  })
})
