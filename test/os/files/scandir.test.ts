import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os, { type DirEntry, type Path } from 'osier'
import { S_IFSOCK } from 'osier/stat'
import { askNode } from '../../support/child.ts'
import { openCount } from '../../support/open_files.ts'
import { askPython, noPython } from '../../support/python.ts'
import { files, planter } from '../../support/trees.ts'

const plant = planter()

/** A directory with plain files of these names. */
const placeWith = (...names: readonly string[]): string => plant(files(names))

const wrong = <T>(value: unknown): T => value as T

const scanned = (path?: Path): DirEntry<string>[] => [...os.scandir(wrong<string>(path))]

/** A directory with an entry of every type, and every kind of link. */
function specialEntries(): string {
  const place = placeWith('file')
  const at = (name: string): string => join(place, name)
  mkdirSync(at('directory'))
  os.mkfifo(at('fifo'))
  os.mknod(at('socket'), S_IFSOCK | 0o600)
  symlinkSync('file', at('link-to-file'))
  symlinkSync('directory', at('link-to-directory'))
  symlinkSync('fifo', at('link-to-fifo'))
  symlinkSync('nowhere', at('broken'))
  symlinkSync('loop', at('loop'))
  symlinkSync('link-to-directory', at('link-to-link'))
  linkSync(at('file'), at('hard-link'))
  return place
}

describe('scandir', () => {
  test('an entry has its name, path, inode and type', () => {
    const place = specialEntries()
    const seen = scanned(place)
    assert.deepEqual(seen.map((entry) => entry.name).sort(), readdirSync(place).sort())
    for (const entry of seen) {
      assert.equal(entry.path, `${place}/${entry.name}`)
      assert.equal(entry.__fspath__(), entry.path)
      assert.equal(os.fspath(entry), entry.path)
      assert.ok(entry instanceof os.PathLike)
      assert.equal(entry.inode(), os.lstat(entry).st_ino)
      assert.equal(entry.is_junction(), false)
    }
    const kinds = Object.fromEntries(
      seen.map((entry) => {
        const ask = (call: () => boolean): unknown => {
          try {
            return call()
          } catch (error) {
            return (error as NodeJS.ErrnoException).code
          }
        }
        const nofollow = { follow_symlinks: false }
        const of = [() => entry.is_dir(), () => entry.is_file(), () => entry.is_symlink()]
        const itself = [() => entry.is_dir(nofollow), () => entry.is_file(nofollow)]
        return [entry.name, [...of, ...itself].map(ask)]
      }),
    )
    assert.deepEqual(kinds, {
      file: [false, true, false, false, true],
      'hard-link': [false, true, false, false, true],
      directory: [true, false, false, true, false],
      fifo: [false, false, false, false, false],
      socket: [false, false, false, false, false],
      'link-to-file': [false, true, true, false, false],
      'link-to-directory': [true, false, true, false, false],
      'link-to-link': [true, false, true, false, false],
      'link-to-fifo': [false, false, true, false, false],
      broken: [false, false, true, false, false],
      loop: ['ELOOP', 'ELOOP', true, false, false],
    })
  })

  test('returns what Python returns', { skip: noPython }, () => {
    const place = specialEntries()
    const theirs = askPython<unknown>(
      `
import json, os, sys
def ask(call, *args, **options):
    try:
        return call(*args, **options)
    except OSError as error:
        return error.errno
def about(entry):
    stats = [ask(entry.stat, follow_symlinks=follow) for follow in (True, False)]
    return [entry.name, os.path.relpath(entry.path, sys.argv[1]), str(entry.inode()), entry.is_symlink()] + [
        ask(call, follow_symlinks=follow) for call in (entry.is_dir, entry.is_file) for follow in (True, False)
    ] + [s if isinstance(s, int) else [s.st_mode, str(s.st_ino), s.st_size, str(s.st_mtime_ns)] for s in stats]
print(json.dumps([about(entry) for entry in os.scandir(sys.argv[1])]))`,
      { args: [place] },
    )
    const ask = <T>(call: () => T): T | number => {
      try {
        return call()
      } catch (error) {
        if (error instanceof os.OSError) return error.errno
        throw error
      }
    }
    const ours = scanned(place).map((entry) => [
      ...[entry.name, entry.path.slice(place.length + 1), String(entry.inode()), entry.is_symlink()],
      ...[true, false].map((follow_symlinks) => ask(() => entry.is_dir({ follow_symlinks }))),
      ...[true, false].map((follow_symlinks) => ask(() => entry.is_file({ follow_symlinks }))),
      ...[true, false].map((follow_symlinks) =>
        ask(() => {
          const { st_mode, st_ino, st_size, st_mtime_ns } = entry.stat({ follow_symlinks })
          return [st_mode, String(st_ino), st_size, String(st_mtime_ns)]
        }),
      ),
    ])
    assert.deepEqual(ours, theirs)
  })

  test('the path of an entry begins with the given path', () => {
    const place = placeWith('x')
    const first = (path: string): string | undefined => scanned(path)[0]?.path
    assert.equal(first(place), `${place}/x`)
    assert.equal(first(`${place}/`), `${place}/x`)
    assert.equal(first(`${place}//`), `${place}//x`)
    const home = process.cwd()
    process.chdir(place)
    try {
      assert.deepEqual([first('.'), first('./'), scanned()[0]?.path], ['./x', './x', './x'])
    } finally {
      process.chdir(home)
    }
    const bytes = [...os.scandir(Buffer.from(place))][0]
    assert.deepEqual([bytes?.name, bytes?.path], [Buffer.from('x'), Buffer.from(`${place}/x`)])
  })

  test('an entry of a descriptor has its name as path, and is relative to the descriptor', () => {
    const place = placeWith('a', 'b')
    const fd = os.open(place, os.O_RDONLY)
    const entries = [...os.scandir(fd)]
    assert.deepEqual(entries.map(({ name, path }) => [name, path]).sort(), [
      ['a', 'a'],
      ['b', 'b'],
    ])
    const [asked, fresh] = entries
    assert.equal(asked?.stat().st_ino, asked?.inode())
    os.close(fd)
    assert.equal(asked?.stat().st_ino, asked?.inode())
    assert.throws(() => fresh?.stat(), { code: 'EBADF' })
  })

  test('an entry caches its type and status', () => {
    const place = placeWith('file')
    mkdirSync(`${place}/directory`)
    symlinkSync('file', `${place}/link`)
    const entry = (name: string): DirEntry<string> =>
      scanned(place).find((one) => one.name === name) as DirEntry<string>
    const file = entry('file')
    assert.equal(file.stat().st_size, 0)
    writeFileSync(`${place}/file`, 'longer')
    assert.equal(file.stat().st_size, 0)
    assert.equal(file.stat(), file.stat({ follow_symlinks: false }))
    assert.equal(entry('file').stat().st_size, 6)
    const link = entry('link')
    assert.notEqual(link.stat(), link.stat({ follow_symlinks: false }))
    assert.equal(link.stat(), link.stat({ follow_symlinks: true }))
    // is_file() of a link has read the whole status; it is cached until the type of another entry is read.
    const [earlier, asked] = [entry('link'), entry('link')]
    assert.ok(earlier.is_file())
    assert.ok(asked.is_file())
    unlinkSync(`${place}/file`)
    assert.ok(earlier.is_file())
    assert.ok(asked.is_file())
    os.stat(place)
    assert.throws(() => earlier.stat(), os.FileNotFoundError)
    assert.equal(earlier.stat({ follow_symlinks: false }).st_size, 4)
    assert.equal(asked.stat().st_size, 6)
    assert.equal(asked.stat(), asked.stat())
    assert.ok(!asked.is_dir())
    const unasked = entry('link')
    assert.equal(unasked.is_file(), false)
    assert.throws(() => unasked.stat(), { name: 'FileNotFoundError', path: `${place}/link` })
    assert.equal(unasked.stat({ follow_symlinks: false }).st_size, 4)
  })

  test('an entry keeps its type after the file is removed; a link to a removed file is neither file nor directory', () => {
    const place = placeWith('file')
    mkdirSync(`${place}/directory`)
    symlinkSync('file', `${place}/link`)
    const seen = new Map(scanned(place).map((entry) => [entry.name, entry]))
    for (const name of ['file', 'link']) unlinkSync(`${place}/${name}`)
    rmdirSync(`${place}/directory`)
    assert.ok(seen.get('file')?.is_file())
    assert.ok(seen.get('directory')?.is_dir())
    assert.ok(seen.get('link')?.is_symlink())
    assert.equal(seen.get('link')?.is_file(), false)
    for (const entry of seen.values()) assert.throws(() => entry.stat(), os.FileNotFoundError)
  })

  test('entries check their options', () => {
    const place = placeWith('file')
    mkdirSync(`${place}/directory`)
    for (const entry of scanned(place)) {
      for (const call of ['is_dir', 'is_file', 'stat'] as const) {
        assert.throws(() => entry[call](wrong({ follow: false })), { name: 'TypeError', message: /"options"/ })
        assert.throws(() => entry[call](wrong({ follow_symlinks: 0 })), {
          name: 'TypeError',
          message: /follow_symlinks/,
        })
        assert.throws(() => entry[call](wrong(false)), { name: 'TypeError', message: /"options"/ })
        entry[call]({ follow_symlinks: undefined })
      }
    }
  })

  test('errors are thrown by the call, and leave nothing open', () => {
    const place = placeWith('file')
    const before = openCount()
    assert.throws(() => os.scandir(`${place}/no`), {
      name: 'FileNotFoundError',
      syscall: 'scandir',
      path: `${place}/no`,
    })
    assert.throws(() => os.scandir(Buffer.from(`${place}/file`)), os.NotADirectoryError)
    assert.throws(() => os.scandir(9999), { code: 'EBADF', filename: 9999 })
    assert.throws(() => os.scandir('a\0'), { name: 'RangeError', message: /NUL/ })
    assert.throws(() => os.scandir(wrong(Symbol())), { name: 'TypeError', message: /"path"/ })
    assert.equal(openCount(), before)
  })
})

test('audit events have the path, or null without a path', () => {
  const place = placeWith('a')
  const heard = askNode(`
    const heard = []
    os.chdir(${JSON.stringify(place)})
    os.addaudithook((event, args) => { if (event.includes('dir')) heard.push([event, ...args]) })
    os.listdir('.'); os.listdir(); os.listdir({ path: '.' }); os.listdir(Buffer.from('.')).length
    os.scandir('.').close(); os.scandir().close()
    os.addaudithook((event) => { if (event.includes('dir')) throw new Error('no ' + event) })
    const vetoed = [() => os.listdir('.'), () => os.scandir('.')].map((call) => {
      try { call(); return 'done' } catch (error) { return error.message }
    })
    console.log(JSON.stringify([heard.map(([event, path]) => [event, Buffer.isBuffer(path) ? 'bytes' : path]), vetoed]))`)
  assert.deepEqual(heard, [
    [
      ['os.listdir', '.'],
      ['os.listdir', null],
      ['os.listdir', '.'],
      ['os.listdir', 'bytes'],
      ['os.scandir', '.'],
      ['os.scandir', null],
      ['os.listdir', '.'],
      ['os.scandir', '.'],
    ],
    ['no os.listdir', 'no os.scandir'],
  ])
})
