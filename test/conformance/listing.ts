import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import os from 'osier'
import * as stat from 'osier/stat'
import { conformance, differs, type Here, holds, type PythonClass, typeError } from './suite.ts'
import { classes as walking } from './walking.ts'

/** CPython's tests of directories' contents: `scandir`; `walk` and `fwalk` have a file of their own. */

const PICKLE = 'there is no pickle'

/** The only entry of the folder, which is a new file. */
function onlyEntry(here: Here): os.DirEntry {
  here.file('file.txt', 'content')
  const [entry, ...more] = os.scandir(here.folder)
  assert.ok(entry !== undefined && more.length === 0)
  return entry
}

const dirEntry = conformance('test_os', 'TestDirEntry', {
  test_uninstantiable: [
    holds('a program cannot make a DirEntry', () =>
      typeError(() => new (os.DirEntry as unknown as new () => unknown)()),
    ),
  ],
  test_unpickable: [
    holds('scandir gives DirEntry objects', (here) => {
      const entry = onlyEntry(here)
      assert.ok(entry instanceof os.DirEntry)
      assert.equal(entry.name, 'file.txt')
    }),
    differs('a DirEntry cannot be pickled', PICKLE),
  ],
})

/** A directory, a file, a hard link to it, and links to both. */
function entries(here: Here): Map<string, os.DirEntry> {
  os.mkdir(here.path('dir'))
  os.link(here.file('file.txt', 'python'), here.path('link_file.txt'))
  os.symlink(here.path('dir'), here.path('symlink_dir'))
  os.symlink(here.path('file.txt'), here.path('symlink_file.txt'))
  return new Map(Array.from(os.scandir(here.folder), (entry) => [entry.name, entry]))
}

/** Each of `entries` is asked the same as the file system. */
function agree(here: Here, same: (entry: os.DirEntry, path: string) => void): void {
  for (const entry of entries(here).values()) same(entry, here.path(entry.name))
}

function collectGarbage(): void {
  // Bun has neither of the ways that others have.
  if (process.versions.bun !== undefined) Reflect.get(globalThis, 'Bun').gc(true)
  else {
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
  }
}

const ITSELF = { follow_symlinks: false } as const

/** An entry whose file is gone. */
function removed(here: Here, make: () => void, remove: () => void): os.DirEntry {
  make()
  const [entry] = os.scandir(here.folder)
  assert.ok(entry)
  remove()
  return entry
}

function removedDirectory(here: Here): os.DirEntry {
  return removed(
    here,
    () => os.mkdir(here.path('dir')),
    () => os.rmdir(here.path('dir')),
  )
}

function removedFile(here: Here): os.DirEntry {
  return removed(
    here,
    () => here.file(),
    () => os.unlink(here.path('file')),
  )
}

function brokenLink(here: Here): os.DirEntry {
  os.symlink('missing', here.path('link'))
  const [entry] = os.scandir(here.folder)
  assert.ok(entry)
  return entry
}

function gone(entry: os.DirEntry): void {
  assert.ok(entry.inode() > 0n)
  assert.throws(() => entry.stat(), os.FileNotFoundError)
  assert.throws(() => entry.stat(ITSELF), os.FileNotFoundError)
}

/** How many descriptors this process has of a directory. */
function openedTimes(directory: string): number {
  return os.listdir('/proc/self/fd').filter((fd) => {
    try {
      return os.readlink(`/proc/self/fd/${fd}`) === directory
    } catch {
      return false
    }
  }).length
}

const scandir = conformance('test_os', 'TestScandir', {
  test_uninstantiable: [
    holds('a program cannot make an iterator of scandir', (here) => {
      using iterator = os.scandir(here.folder)
      const Iterator = iterator.constructor as new () => unknown
      typeError(() => new Iterator())
    }),
  ],
  test_unpickable: [differs('an iterator of scandir cannot be pickled', PICKLE)],
  test_attributes: [
    holds('all that is in a directory is listed', (here) => {
      const names = ['dir', 'file.txt', 'link_file.txt', 'symlink_dir', 'symlink_file.txt']
      assert.deepEqual([...entries(here).keys()].sort(), names)
    }),
    holds('the path is that of the directory with the name', (here) => {
      agree(here, (entry, path) => assert.equal(entry.path, path))
    }),
    holds('inode is that of the entry itself', (here) => {
      agree(here, (entry, path) => assert.equal(entry.inode(), os.lstat(path).st_ino))
    }),
    holds('is_dir follows links', (here) => {
      agree(here, (entry, path) => assert.equal(entry.is_dir(), stat.S_ISDIR(os.stat(path).st_mode)))
    }),
    holds('is_file follows links', (here) => {
      agree(here, (entry, path) => assert.equal(entry.is_file(), stat.S_ISREG(os.stat(path).st_mode)))
    }),
    holds('is_symlink refers to the entry itself', (here) => {
      agree(here, (entry, path) => assert.equal(entry.is_symlink(), os.path.islink(path)))
    }),
    holds('is_dir with follow_symlinks false does not follow', (here) => {
      agree(here, (entry, path) => assert.equal(entry.is_dir(ITSELF), stat.S_ISDIR(os.lstat(path).st_mode)))
    }),
    holds('nor is_file', (here) => {
      agree(here, (entry, path) => assert.equal(entry.is_file(ITSELF), stat.S_ISREG(os.lstat(path).st_mode)))
    }),
    holds('stat of an entry is stat of its path', (here) => {
      agree(here, (entry, path) => assert.deepEqual(entry.stat(), os.stat(path)))
    }),
    holds('with follow_symlinks false it is lstat', (here) => {
      agree(here, (entry, path) => assert.deepEqual(entry.stat(ITSELF), os.lstat(path)))
    }),
  ],
  test_current_directory: [
    holds('scandir without a path lists the current directory', (here) => {
      here.file('file.txt')
      here.enter()
      assert.deepEqual(
        Array.from(os.scandir(), ({ name }) => name),
        ['file.txt'],
      )
    }),
  ],
  test_repr: [
    differs("an entry shows itself as <DirEntry 'file.txt'>", 'it shows itself as objects do', (here) => {
      assert.equal(inspect(onlyEntry(here)), "DirEntry { name: 'file.txt' }")
    }),
  ],
  test_fspath_protocol: [
    holds('an entry is a path', (here) => assert.equal(os.fspath(onlyEntry(here)), here.path('file.txt'))),
  ],
  test_fspath_protocol_bytes: [
    holds('in bytes where scandir got bytes', (here) => {
      here.file('file.txt')
      const [entry] = os.scandir(os.fsencode(here.folder))
      assert.ok(entry)
      assert.deepEqual(os.fspath(entry), os.fsencode(here.path('file.txt')))
    }),
  ],
  test_removed_dir: [
    holds('a directory that is gone is neither file nor link', (here) => {
      const entry = removedDirectory(here)
      assert.deepEqual([entry.is_file(), entry.is_symlink()], [false, false])
    }),
    holds('its inode is known, its status is a FileNotFoundError', (here) => gone(removedDirectory(here))),
  ],
  test_removed_file: [
    holds('a file that is gone is neither directory nor link', (here) => {
      const entry = removedFile(here)
      assert.deepEqual([entry.is_dir(), entry.is_symlink()], [false, false])
    }),
    holds('its inode is known, its status is a FileNotFoundError', (here) => gone(removedFile(here))),
  ],
  test_broken_symlink: [
    holds('a link to nothing is neither directory nor file, but a link', (here) => {
      const entry = brokenLink(here)
      assert.deepEqual([entry.is_dir(), entry.is_file(), entry.is_symlink()], [false, false, true])
      assert.deepEqual([entry.is_dir(ITSELF), entry.is_file(ITSELF)], [false, false])
    }),
    holds('it has an inode', (here) => assert.ok(brokenLink(here).inode() > 0n)),
    holds('its status is a FileNotFoundError', (here) => {
      const entry = brokenLink(here)
      assert.throws(() => entry.stat(), os.FileNotFoundError)
    }),
    holds('the status of the link itself is not', (here) => {
      assert.equal(stat.S_ISLNK(brokenLink(here).stat(ITSELF).st_mode), true)
    }),
  ],
  test_bytes: [
    holds('names and paths are bytes where scandir got bytes', (here) => {
      here.file('file.txt')
      const [entry] = os.scandir(os.fsencode(here.folder))
      assert.deepEqual(
        [entry?.name, entry?.path],
        ['file.txt', here.path('file.txt')].map((text) => Buffer.from(text)),
      )
    }),
  ],
  test_bytes_like: [
    differs(
      'other memory than bytes is taken as a path, with a warning',
      'any Uint8Array is bytes, without a warning',
      (here) => {
        here.file('file.txt')
        const [entry] = os.scandir(new Uint8Array(os.fsencode(here.folder)))
        assert.deepEqual(entry?.name, Buffer.from('file.txt'))
      },
    ),
  ],
  test_fd: [
    holds('scandir takes descriptors, and is said to', () => assert.ok(os.supports_fd.has(os.scandir))),
    holds('by a descriptor it gives the same names as listdir', (here) => {
      entries(here)
      const fd = here.open(here.folder, os.O_RDONLY)
      assert.deepEqual(
        Array.from(os.scandir(fd), ({ name }) => name),
        os.listdir(fd),
      )
    }),
    holds('a path of an entry is then its name', (here) => {
      here.file()
      const [entry] = os.scandir(here.open(here.folder, os.O_RDONLY))
      assert.ok(entry)
      assert.deepEqual([entry.path, os.fspath(entry)], ['file', 'file'])
    }),
    holds('and its status starts from the descriptor', (here) => {
      here.file()
      os.symlink('file', here.path('link'))
      const fd = here.open(here.folder, os.O_RDONLY)
      for (const entry of os.scandir(fd)) {
        assert.deepEqual(entry.stat(), os.stat(entry.name, { dir_fd: fd }))
        assert.deepEqual(entry.stat(ITSELF), os.stat(entry.name, { dir_fd: fd, ...ITSELF }))
      }
    }),
  ],
  test_empty_path: [
    holds('an empty path is a FileNotFoundError', () => assert.throws(() => os.scandir(''), os.FileNotFoundError)),
  ],
  test_consume_iterator_twice: [
    holds('an iterator that is used up is empty', (here) => {
      here.file()
      const iterator = os.scandir(here.folder)
      assert.deepEqual([[...iterator].length, [...iterator].length], [1, 0])
    }),
  ],
  test_bad_path_type: [
    holds('what is no path is a TypeError', () => {
      typeError(
        () => os.scandir([] as never),
        () => os.scandir({ path: {} } as never),
        () => os.scandir(true as never),
      )
    }),
    differs('1.5 is a TypeError', 'a number that is no integer is a RangeError', () => {
      assert.throws(() => os.scandir(1.234), RangeError)
    }),
    differs('an empty mapping is a TypeError', 'it is taken for options', () => {
      using iterator = os.scandir({})
      iterator.next()
    }),
  ],
  test_close: [
    holds('an iterator can be closed early, and twice', (here) => {
      here.file()
      const iterator = os.scandir(here.folder)
      iterator.next()
      iterator.close()
      iterator.close()
      assert.equal(openedTimes(here.folder), 0)
    }),
  ],
  test_context_manager: [
    holds('it closes itself at the end of a block', (here) => {
      here.file('1')
      here.file('2')
      {
        using iterator = os.scandir(here.folder)
        iterator.next()
        assert.equal(openedTimes(here.folder), 1)
      }
      assert.equal(openedTimes(here.folder), 0)
    }),
  ],
  test_context_manager_close: [
    holds('it may have been closed in the block', (here) => {
      using iterator = os.scandir(here.folder)
      iterator.next()
      iterator.close()
    }),
  ],
  test_context_manager_exception: [
    holds('it closes itself where the block throws', (here) => {
      here.file()
      const broken = (): void => {
        using iterator = os.scandir(here.folder)
        iterator.next()
        throw new SyntaxError('mine')
      }
      assert.throws(broken, SyntaxError)
      assert.equal(openedTimes(here.folder), 0)
    }),
  ],
  test_resource_warning: [
    holds('an iterator that was used up has closed itself', (here) => {
      here.file()
      assert.equal([...os.scandir(here.folder)].length, 1)
      assert.equal(openedTimes(here.folder), 0)
    }),
    holds('an unreferenced iterator is closed when it is garbage-collected, with a ResourceWarning', async (here) => {
      here.file('1')
      here.file('2')
      const warned = once(process, 'warning')
      // In a function of its own, so that nothing refers to the iterator afterwards.
      const forget = (): unknown => os.scandir(here.folder).next()
      forget()
      for (let tries = 0; tries < 100 && openedTimes(here.folder) > 0; tries++) {
        collectGarbage()
        await sleep(5)
      }
      assert.equal(openedTimes(here.folder), 0)
      const [warning] = (await warned) as [Error]
      assert.equal(warning.name, 'ResourceWarning')
    }),
  ],
})

export const classes: readonly PythonClass[] = [...walking, dirEntry, scandir]
