/** VfsPosix: the host's file system, whole or confined to a root directory. */

import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os from 'osier'
import { vfs } from 'osier/micropython'
// A part that is not exported: the walk is for kernels that this one is not.
import { openByName, openConfined, openRoot } from '../../../src/vfs/posix/confined.ts'
import { askNode } from '../../support/child.ts'
import { temporaryFolder } from '../../support/folder.ts'

const folder = realpathSync(temporaryFolder())
const root = join(folder, 'root')

mkdirSync(join(root, 'dir', 'inner'), { recursive: true })
mkdirSync(join(folder, 'outside'))
writeFileSync(join(folder, 'outside', 'secret'), 'secret')
writeFileSync(join(root, 'file'), 'file')
writeFileSync(join(root, 'dir', 'inner', 'deep'), 'deep')
symlinkSync(join(folder, 'outside'), join(root, 'absolute'))
symlinkSync('../outside', join(root, 'relative'))
symlinkSync('../../../../../../../../../../../..', join(root, 'dir', 'up'))
symlinkSync('/dir/inner', join(root, 'within'))
symlinkSync('loop', join(root, 'loop'))
symlinkSync('/new', join(root, 'dangling'))
symlinkSync('/proc/self/root', join(root, 'magic'))

function contents(fs: vfs.VfsPosix, path: string): string {
  using file = fs.open(path)
  return file.read()
}

test('no path leads out of the root', () => {
  using fs = new vfs.VfsPosix(root)
  for (const path of [
    'absolute/secret',
    'relative/secret',
    '../outside/secret',
    '/../outside/secret',
    'dir/up/outside/secret',
    `${folder}/outside/secret`,
    'magic/etc/passwd',
    '/etc/passwd',
  ]) {
    for (const call of [
      () => fs.open(path),
      () => fs.stat(path),
      () => fs.remove(path),
      () => fs.rename(path, '/mine'),
      () => fs.rename('/file', path),
      () => fs.open(path, 'w'),
      () => fs.mkdir(`${path}/d`),
      () => fs.chdir(path),
      () => fs.ilistdir(path),
      () => fs.statvfs(path),
    ]) {
      assert.throws(call, /ENOENT|ENOTDIR|ELOOP/, `${path} ${call}`)
    }
  }
  assert.deepEqual(readdirSync(join(folder, 'outside')), ['secret'])
  assert.equal(readFileSync(join(folder, 'outside', 'secret'), 'utf8'), 'secret')
  assert.throws(() => fs.open('loop'), { code: 'ELOOP' })
  assert.equal(contents(fs, 'within/deep'), 'deep')
  assert.equal(contents(fs, '../../../../file'), 'file')
  assert.equal(contents(fs, 'dir/up/file'), 'file')
  {
    using file = fs.open('dangling', 'w')
    file.write('made inside')
  }
  assert.equal(readFileSync(join(root, 'new'), 'utf8'), 'made inside')
  assert.equal(existsSync('/new'), false)
  fs.remove('new')
})

test('times are whole seconds, rounded down', () => {
  const name = join(folder, 'late')
  writeFileSync(name, '')
  os.utime(name, { ns: [1_700_000_000_999_999_999n, -1n] })
  assert.deepEqual(new vfs.VfsPosix().stat(name).slice(7, 9), [1_700_000_000, -1])
})

test('an absolute root needs no current directory', () => {
  const script = `
    import { vfs } from 'osier/micropython'
    os.mkdir('gone')
    os.chdir('gone')
    os.rmdir('../gone')
    console.log(JSON.stringify(new vfs.VfsPosix('/').stat('/')[0] > 0))`.replace(
    "'osier/micropython'",
    `'${import.meta.resolve('osier/micropython')}'`,
  )
  assert.equal(askNode(script, { cwd: folder }), true)
})

test('the file system has a current directory of its own', () => {
  using fs = new vfs.VfsPosix(root)
  const before = process.cwd()
  assert.equal(fs.getcwd(), '/')
  fs.chdir('dir/inner')
  assert.equal(fs.getcwd(), '/dir/inner')
  assert.equal(contents(fs, 'deep'), 'deep')
  assert.deepEqual(
    Array.from(fs.ilistdir(), ([name, type]) => [name, type]),
    [['deep', 0x8000]],
  )
  fs.chdir('../../within')
  assert.equal(fs.getcwd(), '/dir/inner')
  fs.chdir('/../..')
  assert.equal(fs.getcwd(), '/')
  assert.throws(() => fs.chdir('file'), { code: 'ENOTDIR' })
  assert.throws(() => fs.chdir(''), { code: 'ENOENT' })
  assert.equal(process.cwd(), before)
  assert.throws(() => new vfs.VfsPosix(join(root, 'missing')), { code: 'ENOENT' })
  assert.throws(() => new vfs.VfsPosix(join(root, 'file')), { code: 'ENOTDIR' })
})

test('mkdir, rename, remove and rmdir', () => {
  for (const each of [new vfs.VfsPosix(root), new vfs.VfsPosix()]) {
    using fs = each
    const at = fs.getcwd() === '/' ? '' : root
    fs.mkdir(`${at}/made`)
    assert.throws(() => fs.mkdir(`${at}/made/`), { code: 'EEXIST' })
    {
      using file = fs.open(`${at}/made/f`, 'xb')
      file.write(Buffer.from('äbc'))
      file.flush()
      assert.equal(file.tell(), 4)
    }
    assert.equal(contents(fs, `${at}/made/f`), 'äbc')
    assert.equal(fs.stat(`${at}/made/f`)[6], 4)
    fs.rename(`${at}/made/f`, `${at}/made/g`)
    assert.throws(() => fs.rmdir(`${at}/made`), { code: 'ENOTEMPTY' })
    assert.throws(() => fs.remove(`${at}/made/f`), { code: 'ENOENT' })
    fs.remove(`${at}/made/g`)
    fs.rmdir(`${at}/made`)
    assert.deepEqual(fs.statvfs(`${at}/dir`).length, 10)
    for (const path of ['/', '//', '.', '..', '']) {
      for (const call of [
        () => fs.rmdir(path),
        () => fs.remove(path),
        () => fs.rename(path, 'x'),
        () => fs.mkdir(path),
      ]) {
        assert.throws(call, /E[A-Z]+:/, `${path} ${call}`)
      }
    }
  }
  assert.ok(existsSync(root))
})

test('bytes return bytes, and names that are not UTF-8 are preserved', () => {
  using fs = new vfs.VfsPosix(root)
  fs.mkdir(Buffer.from('raw'))
  fs.open(Buffer.from('raw/\xff', 'latin1'), 'w').close()
  assert.deepEqual(
    Array.from(fs.ilistdir(Buffer.from('raw')), ([name]) => name),
    [Buffer.of(0xff)],
  )
  assert.deepEqual(
    Array.from(fs.ilistdir('raw'), ([name]) => name),
    ['\udcff'],
  )
  fs.remove('raw/\udcff')
  fs.rmdir('raw')
  assert.throws(() => fs.open('a\0b'), RangeError)
})

test('a read-only file system refuses changes', () => {
  using fs = new vfs.VfsPosix(root)
  fs.mount(true)
  for (const call of [
    () => fs.open('file', 'w'),
    () => fs.open('file', 'r+'),
    () => fs.open('file', 'a'),
    () => fs.open('file2', 'x'),
    () => fs.mkdir('d'),
    () => fs.rmdir('dir'),
    () => fs.remove('file'),
    () => fs.rename('file', 'g'),
  ]) {
    assert.throws(call, { code: 'EROFS' }, `${call}`)
  }
  assert.equal(contents(fs, 'file'), 'file')
})

test('break closes a directory, and files of unknown length are read completely', () => {
  const fs = new vfs.VfsPosix()
  for (const [name] of fs.ilistdir(root)) {
    assert.ok(name)
    break
  }
  using iterator = fs.ilistdir(root)
  iterator.next()
  assert.match(contents(fs, '/proc/self/status'), /^Name:.*\nVm|^Name:/)
  const fifo = join(folder, 'fifo')
  os.mkfifo(fifo)
  using file = fs.open(fifo, 'r+')
  assert.equal(os.fstat(file).st_ino, os.stat(fifo).st_ino)
  file.write('line 1\nline 2\n')
  assert.deepEqual([file.readline(), file.readline()], ['line 1\n', 'line 2\n'])
})

describe('the path walk without openat2', () => {
  const { O_PATH, O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY } = os as unknown as Record<string, number>

  test('resolves paths as the kernel does', () => {
    const top = openRoot(root)
    const outcome = (open: typeof openConfined, path: string, flags: number): string => {
      try {
        const fd = open('open', top, path, flags, 0o600)
        try {
          const { st_ino, st_dev } = os.fstat(fd)
          return `${st_dev}:${st_ino}`
        } finally {
          os.close(fd)
        }
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    try {
      const paths = [
        'file',
        'file/',
        '.',
        '/',
        '..',
        '../..',
        'dir',
        'dir/',
        'dir/up',
        'dir/up/',
        'dir/up/file',
        'within',
        'within/',
        'within/deep',
      ]
      paths.push(
        'within/..',
        'within/../..',
        'within/../../file',
        'absolute',
        'relative',
        'loop',
        'loop/x',
        'dangling',
        'file/x',
        'file/..',
        'missing',
        'missing/..',
      )
      paths.push('magic', 'magic/file', './/dir///inner/./deep', 'dir/inner/deep/')
      for (const path of paths) {
        for (const flags of [
          O_RDONLY,
          O_PATH,
          (O_PATH ?? 0) | (O_DIRECTORY ?? 0),
          (O_RDONLY ?? 0) | (O_DIRECTORY ?? 0),
        ]) {
          const wanted = outcome(openConfined, path, flags ?? 0)
          assert.equal(outcome(openByName as typeof openConfined, path, flags ?? 0), wanted, `${path} ${flags}`)
        }
      }
      const create = (O_WRONLY ?? 0) | (O_CREAT ?? 0)
      assert.equal(outcome(openByName as typeof openConfined, 'file', create | (O_EXCL ?? 0)), 'EEXIST')
      assert.equal(outcome(openByName as typeof openConfined, 'dangling', create | (O_EXCL ?? 0)), 'EEXIST')
      assert.match(outcome(openByName as typeof openConfined, 'dangling', create), /:/)
      assert.deepEqual(existsSync(join(root, 'new')), true)
      renameSync(join(root, 'new'), join(folder, 'away'))
    } finally {
      os.close(top)
    }
  })
})
