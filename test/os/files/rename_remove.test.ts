import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'

const folder = temporaryFolder()

/** A new folder with a file, a folder with a file in it, and links to both and to nothing. */
function tree(): string {
  const root = mkdtempSync(join(folder, 'tree-'))
  writeFileSync(join(root, 'file'), 'contents')
  mkdirSync(join(root, 'full'))
  writeFileSync(join(root, 'full/inner'), '')
  symlinkSync('file', join(root, 'to-file'))
  symlinkSync('full', join(root, 'to-full'))
  symlinkSync('nowhere', join(root, 'broken'))
  return root
}

function withFd<T>(path: string, body: (fd: number) => T): T {
  const fd = os.open(path, os.O_RDONLY)
  try {
    return body(fd)
  } finally {
    os.close(fd)
  }
}

describe('rename and replace', () => {
  test('replace a file by a file, and an empty directory by a directory, relative to open directories', () => {
    for (const call of [os.rename, os.replace]) {
      const root = tree()
      writeFileSync(join(root, 'other'), 'other')
      call(join(root, 'file'), join(root, 'other'))
      assert.equal(readFileSync(join(root, 'other'), 'utf8'), 'contents')
      mkdirSync(join(root, 'empty'))
      call(join(root, 'full'), join(root, 'empty'))
      withFd(root, (from) =>
        withFd(join(root, 'empty'), (to) => call('other', 'moved', { src_dir_fd: from, dst_dir_fd: { fd: to } })),
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
      const root = tree()
      call(join(root, 'to-full'))
      withFd(root, (fd) => call('to-file', { dir_fd: fd }))
      assert.deepEqual(os.listdir(root).sort(), ['broken', 'file', 'full'])
      assert.throws(() => call(join(root, 'full')), os.IsADirectoryError)
    }
  })
})
