import assert from 'node:assert/strict'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import os, { type DirEntry, type Path } from 'osier'
import { S_IFSOCK } from 'osier/stat'
import { askNode } from '../../support/child.ts'
import { openCount } from '../../support/open_files.ts'
import { askPython, noPython } from '../../support/python.ts'
import { onlyNode } from '../../support/runtime.ts'
import { noSeccomp } from '../../support/seccomp.ts'
import { noStrace, traced } from '../../support/strace.ts'
import { files, manyFiles, planter } from '../../support/trees.ts'
import { inWorker } from '../../support/worker.ts'

const plant = planter()

/** A directory with plain files of these names. */
const placeWith = (...names: readonly string[]): string => plant(files(names))
const wrong = <T>(value: unknown): T => value as T
const scanned = (path?: Path): DirEntry<string>[] => [...os.scandir(wrong<string>(path))]

/** A directory with an entry of every type, and every kind of link. */
function zoo(): string {
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
  test('an entry knows its name, path, inode and type', () => {
    const place = zoo()
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

  test('tells what Python tells', { skip: noPython }, () => {
    const place = zoo()
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

  test('the path begins as it was given', () => {
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

  test('over a descriptor, an entry’s path is its name, and its directory is the descriptor', () => {
    const place = placeWith('a', 'b')
    const fd = os.open(place, os.O_RDONLY)
    const entries = [...os.scandir(fd)]
    assert.deepEqual(entries.map(({ name, path }) => [name, path]).sort(), [
      ['a', 'a'],
      ['b', 'b'],
    ])
    const [asked, unasked] = entries
    assert.equal(asked?.stat().st_ino, asked?.inode())
    os.close(fd)
    assert.equal(asked?.stat().st_ino, asked?.inode())
    assert.throws(() => unasked?.stat(), { code: 'EBADF' })
  })

  test('what was asked once is remembered', () => {
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
    // is_file() of a link has asked for all that stat() tells; it is there until the type of another is asked for.
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

  test('what is gone is what it was; what was a link is nothing', () => {
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

  test('options are checked, of every entry', () => {
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

  test('errors come at once, and nothing stays open', () => {
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

describe('the iterator of scandir', () => {
  test('closes at its end, at a break, at a throw, and when told to', () => {
    const place = plant(manyFiles(3000))
    const before = openCount()
    const used = os.scandir(place)
    assert.equal([...used].length, 3000)
    assert.equal(openCount(), before)
    assert.deepEqual(
      [used.next(), used.next()],
      [
        { done: true, value: undefined },
        { done: true, value: undefined },
      ],
    )
    for (const _ of os.scandir(place)) break
    assert.equal(openCount(), before)
    assert.throws(() => {
      for (const entry of os.scandir(place)) throw new Error(entry.name)
    }, /file-with/)
    assert.equal(openCount(), before)
    const [first] = os.scandir(place)
    assert.ok(first?.is_file())
    assert.equal(openCount(), before)
    const closed = os.scandir(place)
    closed.next()
    closed.close()
    closed.close()
    assert.equal(openCount(), before)
    assert.deepEqual([...closed], [])
    const returned = os.scandir(place)
    assert.deepEqual(returned.return(), { done: true, value: undefined })
    assert.deepEqual(returned.next(), { done: true, value: undefined })
    assert.equal(openCount(), before)
  })

  test('is disposed of by `using`', () => {
    const place = placeWith('a')
    const before = openCount()
    const iterator = os.scandir(place)
    assert.equal(iterator[Symbol.iterator](), iterator)
    assert.equal(openCount(), before + 1)
    iterator[Symbol.dispose]()
    assert.equal(openCount(), before)
  })

  test('many can run side by side and within each other', () => {
    const places = [plant(manyFiles(1500)), placeWith('a', 'b', 'c'), plant(manyFiles(700))]
    const iterators = places.map((place) => os.scandir(place))
    const counts = places.map(() => 0)
    for (let running = true; running; ) {
      running = false
      for (const [i, iterator] of iterators.entries()) {
        const { done, value } = iterator.next()
        if (done === true) continue
        assert.ok(existsSync(value.path), value.path)
        counts[i] = (counts[i] ?? 0) + 1
        running = true
      }
    }
    assert.deepEqual(counts, [1500, 3, 700])
    let pairs = 0
    for (const outer of os.scandir(places[1] ?? '')) {
      for (const inner of os.scandir(places[1] ?? '')) pairs += outer.name === inner.name ? 1 : 0
      assert.equal(os.listdir(places[2] ?? '').length, 700)
      assert.ok(outer.stat().st_nlink === 1)
    }
    assert.equal(pairs, 3)
  })

  test('over a descriptor goes on when that is closed meanwhile', () => {
    const place = plant(manyFiles(3000))
    const fd = os.open(place, os.O_RDONLY)
    const iterator = os.scandir(fd)
    const seen = new Set([iterator.next().value?.name])
    os.close(fd)
    const other = os.open('/dev/null', os.O_RDONLY)
    for (const entry of iterator) seen.add(entry.name)
    assert.equal(seen.size, 3000)
    os.close(other)
  })

  test('ends where the directory is removed meanwhile', () => {
    const place = plant(manyFiles(3000))
    const iterator = os.scandir(place)
    const first = iterator.next().value
    rmSync(place, { recursive: true })
    let left = 0
    for (const _ of iterator) left += 1
    assert.ok(first !== undefined && left < 3000)
    assert.equal(first.is_file(), true)
    assert.throws(() => first.stat(), os.FileNotFoundError)
  })

  test('goes on where the directory is renamed meanwhile', () => {
    const place = plant(manyFiles(3000))
    const iterator = os.scandir(place)
    iterator.next()
    renameSync(place, `${place}-renamed`)
    assert.equal([...iterator].length, 2999)
  })

  test('the descriptor of what is no directory is refused, and stays where it is', () => {
    const fd = os.open(`${placeWith('file')}/file`, os.O_RDWR)
    os.lseek(fd, 5, os.SEEK_SET)
    for (const call of [os.listdir, os.scandir]) assert.throws(() => call(fd), { code: 'ENOTDIR', filename: fd })
    assert.equal(os.lseek(fd, 0, os.SEEK_CUR), 5)
    os.close(fd)
  })

  test('an error in the middle is thrown, and closes it', { skip: noSeccomp }, () => {
    const place = plant(manyFiles(3000))
    const support = new URL('../../support/seccomp.js', import.meta.url).href
    const outcome = askNode<unknown>(`
      import { forbid } from '${support}'
      import { readdirSync } from 'node:fs'
      const place = ${JSON.stringify(place)}
      const attempt = (call) => { try { return call() } catch (error) { return [error.name, error.code, error.path] } }
      const before = readdirSync('/proc/self/fd').length
      const [iterator, looped] = [os.scandir(place), os.scandir(place)]
      iterator.next()
      const walk = os.walk(place, { onerror: (error) => errors.push(error.code) })
      const errors = []
      forbid('getdents64', 5)
      const rest = attempt(() => [...iterator].length)
      const first = attempt(() => looped.next())
      const ended = [iterator.next().done, looped.next().done]
      const listed = attempt(() => os.listdir(place))
      const walked = [...walk].length
      const fwalked = attempt(() => [...os.fwalk(place)].length)
      // Every descriptor up to the highest that was open has been given back: the next one is the lowest free.
      const fd = os.open('/', os.O_RDONLY)
      console.log(JSON.stringify({ rest, first, ended, listed, walked, errors, fwalked, fds: fd - before }))`)
    const error = ['OSError', 'EIO', place]
    const { fds, ...rest } = outcome as { fds: number }
    assert.deepEqual(rest, {
      rest: error,
      first: error,
      ended: [true, true],
      listed: error,
      walked: 0,
      errors: ['EIO'],
      fwalked: error,
    })
    assert.ok(fds <= 0, `${fds} descriptors are still open`)
  })

  test('one that is forgotten is closed when it is collected, with a ResourceWarning', () => {
    const place = placeWith('a', 'b')
    const bytes = placeWith('a', 'b')
    const outcome = askNode<{ warnings: string[][]; open: number }>(
      `
      import { readdirSync, readlinkSync } from 'node:fs'
      const warnings = []
      process.on('warning', (warning) => warnings.push([warning.name, warning.message]))
      const fd = os.open('/', os.O_RDONLY)
      const places = [${JSON.stringify(place)}, Buffer.from(${JSON.stringify(bytes)}), fd]
      ;(() => { for (const place of places) os.scandir(place).next() })()
      // These are not forgotten: used up, left, closed.
      ;(() => { [...os.scandir('/')]; for (const _ of os.scandir('/')) break; os.scandir('/').close() })()
      for (let i = 0; i < 100 && warnings.length < 3; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 10)) }
      os.close(fd)
      const open = readdirSync('/proc/self/fd').filter((fd) => {
        try { return /osier-|^\\/$/.test(readlinkSync('/proc/self/fd/' + fd)) } catch { return false }
      }).length
      console.log(JSON.stringify({ warnings, open, fd }))`,
      { env: { ...process.env, NODE_NO_WARNINGS: '1' }, nodeOptions: ['--expose-gc'] },
    )
    const { warnings, open, fd } = outcome as { warnings: string[][]; open: number; fd: number }
    assert.equal(open, 0)
    assert.deepEqual(
      warnings.sort(),
      [
        ['ResourceWarning', `unclosed scandir iterator of '${place}'`],
        ['ResourceWarning', `unclosed scandir iterator of '${bytes}'`],
        ['ResourceWarning', `unclosed scandir iterator of descriptor ${fd}`],
      ].sort(),
    )
  })
})

test('while it is read, entries are asked about where they are, whatever becomes of the path', () => {
  const top = placeWith()
  os.makedirs(join(top, 'before/target'))
  symlinkSync('target', join(top, 'before/link'))
  using entries = os.scandir(join(top, 'before'))
  const link = [entries.next().value, entries.next().value].find((entry) => entry?.is_symlink())
  os.rename(join(top, 'before'), join(top, 'after'))
  assert.equal(link?.is_dir(), true)
})

test('what was read before keeps its name, number and status, whoever reads directories since', () => {
  const place = plant(manyFiles(3000))
  const other = placeWith('x')
  const odd = Buffer.from([0x61, 0xff, 0x62])
  os.symlink(Buffer.from('x'), Buffer.concat([Buffer.from(`${other}/`), odd]))
  const numbers = new Map(readdirSync(place).map((name) => [name, statSync(`${place}/${name}`, { bigint: true }).ino]))
  const [outer, inner] = [os.scandir(place), os.scandir(other)]
  const early = outer.next().value
  // Both are open, and only one of them has memory that C reads names in.
  const [first, second] = [inner.next().value, inner.next().value]
  const late = [...outer]
  for (const entry of [early, ...late]) {
    assert.equal(entry?.is_file(), true)
    assert.equal(entry?.inode(), numbers.get(entry?.name ?? ''))
  }
  assert.equal(early?.stat().st_ino, early?.inode())
  assert.equal(late.length, 2999)
  const link = [first, second].find((entry) => entry?.is_symlink())
  assert.equal(os.listdir(place).length, 3000)
  assert.equal(link?.is_file(), true)
  assert.equal(link?.name, 'a\udcffb')
  assert.equal(link?.name, os.fsdecode(odd))
  inner.close()
  assert.equal(link?.stat().st_ino, statSync(`${other}/x`, { bigint: true }).ino)
  const bytes = [...os.scandir(Buffer.from(other))].find((entry) => entry.is_symlink())
  assert.deepEqual(bytes?.name, odd)
  assert.equal(bytes?.name, bytes?.name)
})

test('a link is asked about where the directory is, by whichever iterator', () => {
  const places = ['file', 'directory'].map((target) => {
    const place = placeWith('file')
    mkdirSync(`${place}/directory`)
    symlinkSync(target, `${place}/link`)
    return place
  })
  const iterators = places.map((place) => os.scandir(place))
  const entries = iterators.map((iterator) =>
    [iterator.next(), iterator.next(), iterator.next()].map(({ value }) => value),
  )
  const links = entries.map((list) => list.find((entry) => entry?.name === 'link'))
  assert.deepEqual(
    links.map((link) => [link?.is_file(), link?.is_dir()]),
    [
      [true, false],
      [false, true],
    ],
  )
  for (const iterator of iterators) iterator.close()
})

test('a worker that ends closes what it left open', async () => {
  const place = placeWith('a', 'b')
  await inWorker(`
    globalThis.left = [os.scandir(${JSON.stringify(place)}), os.scandir(${JSON.stringify(place)})]
    left[0].next()
    const closed = os.scandir(${JSON.stringify(place)})
    closed.next()
    closed.close()`)
  const open = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === place
    } catch {
      return false
    }
  })
  assert.deepEqual(open, [])
})

test('audit events tell the path, or null where none was given', () => {
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

test('is_dir and is_file of entries that are no links cost no system call', {
  skip: noStrace || onlyNode('it makes system calls of its own meanwhile'),
}, () => {
  const place = plant(manyFiles(200))
  for (let i = 0; i < 20; i++) mkdirSync(`${place}/directory-${i}`)
  symlinkSync('directory-0', `${place}/link`)
  const calls = traced(`
    const use = () => {
      for (const entry of os.scandir(${JSON.stringify(place)})) {
        entry.is_dir(); entry.is_file(); entry.is_symlink(); entry.inode(); entry.path
        entry.is_dir({ follow_symlinks: false })
      }
    }
    use(); begin(); use(); end()`)
  // C and Node ask for things of their own meanwhile, such as the number of processors.
  const fd = /= (\d+)$/.exec(calls.find((call) => call.includes(place)) ?? '')?.[1]
  const ours = calls.filter((call) => call.includes(place) || new RegExp(`^\\w+\\(${fd}\\b`).test(call))
  const names = ours.map((call) => call.slice(0, call.indexOf('(')))
  assert.deepEqual(
    names.filter((name) => name !== 'getdents64'),
    ['openat', 'newfstatat', 'close'],
    calls.join('\n'),
  )
  assert.ok(names.length <= 6)
})

test('statSync and the entry agree on a file system that is not the root’s', () => {
  for (const path of ['/proc/self', '/dev', '/sys']) {
    if (!existsSync(path)) continue
    for (const entry of os.scandir(path)) {
      if (entry.is_symlink()) continue
      const stats = statSync(entry.path, { throwIfNoEntry: false })
      if (stats === undefined) continue
      assert.equal(entry.is_dir(), stats.isDirectory(), entry.path)
      assert.equal(entry.is_file(), stats.isFile(), entry.path)
    }
  }
})
