import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { temporaryFolder } from '../../support/folder.ts'
import { treeWithLinks, withFd } from '../../support/open_and_close.ts'
import { noPython } from '../../support/python.ts'
import { assertSameAsPython, type Call } from '../../support/scenario.ts'

const folder = temporaryFolder()

describe('link', () => {
  test('makes another name for the same file', () => {
    const root = treeWithLinks(folder)
    os.link(join(root, 'file'), join(root, 'second'))
    assert.equal(os.stat(join(root, 'second')).st_ino, os.stat(join(root, 'file')).st_ino)
    assert.equal(os.stat(join(root, 'file')).st_nlink, 2)
  })

  test('links a symbolic link itself, or its target with follow_symlinks', () => {
    const root = treeWithLinks(folder)
    const path = (name: string): string => join(root, name)
    os.link(path('to-file'), path('default'))
    os.link(path('to-file'), path('itself'), { follow_symlinks: false })
    os.link(path('to-file'), path('target'), { follow_symlinks: true })
    assert.deepEqual([readlinkSync(path('default')), readlinkSync(path('itself'))], ['file', 'file'])
    assert.equal(os.lstat(path('target')).st_ino, os.stat(path('file')).st_ino)
    withFd(os.open(root, os.O_RDONLY), (fd) => os.link('to-file', path('by fd'), { src_dir_fd: fd }))
    assert.equal(os.lstat(path('by fd')).st_ino, os.stat(path('file')).st_ino)
  })
})

describe('symlink and readlink', () => {
  test('return any text unchanged', () => {
    const root = treeWithLinks(folder)
    for (const [index, text] of ['.', '../..', '/', 'é/\udcff', 'x'.repeat(4095), ' '].entries()) {
      const path = join(root, `link-${index}`)
      os.symlink(text, path)
      assert.equal(os.readlink(path), text)
      assert.deepEqual(os.readlink(Buffer.from(path)), os.fsencode(text))
      assert.equal(os.readlink({ __fspath__: () => path }), text)
    }
    assert.throws(() => os.symlink('', join(root, 'empty')), os.FileNotFoundError)
    assert.throws(() => os.symlink('x'.repeat(4096), join(root, 'long')), { code: 'ENAMETOOLONG' })
  })

  test('accept dir_fd, and ignore target_is_directory', () => {
    const root = treeWithLinks(folder)
    withFd(os.open(root, os.O_RDONLY), (fd) => {
      os.symlink('one', 'one', true, { dir_fd: fd })
      os.symlink('two', 'two', { target_is_directory: false, dir_fd: { fd } })
      assert.deepEqual([os.readlink('one', { dir_fd: fd }), os.readlink('two', { dir_fd: fd })], ['one', 'two'])
    })
    assert.throws(() => os.symlink('a', join(root, 'b'), 1 as never), TypeError)
  })
})

test('unusual paths have the same results as in Python', { skip: noPython }, () => {
  const path = (name: string): { path: string } => ({ path: name })
  const setUp: Call[] = [
    { call: ['mknod', path('file')] },
    { call: ['mkdir', path('full')] },
    { call: ['mkdir', path('empty')] },
    { call: ['mkdir', path('full/inner')] },
    { call: ['symlink', 'full', path('to-full')] },
    { call: ['symlink', 'nowhere', path('broken')] },
    { call: ['symlink', 'loop', path('loop')] },
  ]
  const odd = ['file/', 'file/.', 'full/', 'full/.', 'full/..', 'to-full/', 'broken/', 'loop', 'loop/x', '', './/file']
  const names = [...odd, 'x'.repeat(256), 'full/\udcff', 'nowhere', 'nowhere/x']
  const calls: Call[] = names.flatMap((name) => [
    { call: ['readlink', path(name)] },
    { call: ['remove', path(`${name}x`)] },
    { call: ['symlink', 'text', path(name)] },
    { call: ['link', path('file'), path(name)] },
    { call: ['link', path(name), path('linked')] },
    { call: ['mkfifo', path(name)] },
    { call: ['mknod', path(name), 0o170_000] },
    { call: ['rename', path(name), path('empty')] },
    { call: ['replace', path('empty'), path(name)] },
    { call: ['unlink', path(name)] },
    { call: ['mkdir', path('empty')] },
    { call: ['mknod', path('file')] },
  ])
  assertSameAsPython([...setUp, ...calls], folder)
})

test('the text of a link is returned unchanged, for any length and after any other link', () => {
  const link = join(folder, 'text')
  const texts = Array.from({ length: 70 }, (_, size) => 'abcdefghij'.repeat(7).slice(0, size + 1))
  const odd = [...texts].map((text) => `${text.slice(0, -1)}é`)
  for (const text of [...texts.reverse(), ...odd.reverse(), 'ab\udcff', '\u007f\u0001']) {
    os.symlink(text, link)
    assert.equal(os.readlink(link), text)
    assert.deepEqual(os.readlink(Buffer.from(link)), os.fsencode(text))
    os.remove(link)
  }
})
