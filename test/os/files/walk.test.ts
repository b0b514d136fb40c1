import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import os, { type WalkOptions } from 'osier'
import { askNode } from '../../support/child.ts'
import { openCount } from '../../support/open_files.ts'
import { askOrdinaryUser, noOrdinaryUser } from '../../support/ordinary_user.ts'
import { askPython, noPython } from '../../support/python.ts'
import { noStrace, traced } from '../../support/strace.ts'
import { planter, sampleTree, type Tree } from '../../support/trees.ts'
import { inWorker } from '../../support/worker.ts'

const planted = planter()
const home = process.cwd()

afterEach(() => process.chdir(home))

/** The same without links that lead in circles. */
const finite: Tree = {
  a: { aa: { file: 'file' }, 'to-c': { link: '../c' } },
  c: { cc: { file: 'file' }, broken: { link: 'nowhere' } },
  'link-to-a': { link: 'a' },
}

const wrong = <T>(value: unknown): T => value as T
const text = (name: string | Uint8Array): string => (typeof name === 'string' ? name : os.fsdecode(name))

/** The steps of a walk without what changes from run to run. */
function steps(walk: Iterable<readonly unknown[]>, below = ''): unknown[] {
  return [...walk].map(([path, directories, others]) => [
    text(path as string).slice(below.length),
    (directories as string[]).map(text),
    (others as string[]).map(text),
  ])
}

/** The paths of a walk's steps. */
const paths = (walk: Iterable<readonly [path: string, ...unknown[]]>, place: string): string[] =>
  [...walk].map(([path]) => path.slice(place.length))

test('following a link while a directory is read does not disturb its listing', () => {
  const tree: Record<string, Tree[string]> = { folder: {}, file: 'file' }
  const [folders, files] = [['folder'], ['file']]
  for (let i = 0; i < 100; i++) {
    const end = `${i}-é${'x'.repeat(i)}`
    Object.assign(tree, { [`d${end}`]: { link: 'folder' }, [`f${end}`]: { link: 'file' }, [`n${end}`]: { link: 'no' } })
    folders.push(`d${end}`)
    files.push(`f${end}`, `n${end}`)
  }
  const [step] = os.walk(planted(tree))
  assert.deepEqual(step?.[1].sort(), folders.sort())
  assert.deepEqual(step?.[2].sort(), files.sort())
})

describe('walk and fwalk yield the steps of Python’s', { skip: noPython }, () => {
  /** The steps in Python, of `walk` or `fwalk`, with these keyword arguments. */
  function theirs(name: string, top: string | Buffer, keywords: object): unknown[] {
    const program = `
import json, os, sys
name, top, isbytes, keywords = json.load(sys.stdin)
steps = getattr(os, name)(os.fsencode(top) if isbytes else top, **keywords)
print(json.dumps([[os.fsdecode(step[0]), *([os.fsdecode(n) for n in names] for names in step[1:3])] for step in steps]))`
    const input = JSON.stringify([name, text(top), typeof top !== 'string', keywords])
    return askPython(program, { input })
  }

  for (const topdown of [true, false]) {
    for (const bytes of [false, true]) {
      const how = `${topdown ? 'downwards' : 'upwards'}${bytes ? ', in bytes' : ''}`
      test(`${how}: the same steps in the same order`, () => {
        const place = planted(sampleTree)
        const top = bytes ? Buffer.from(place) : place
        const walked = steps(os.walk(top, { topdown }))
        assert.deepEqual(walked, theirs('walk', top, { topdown }))
        assert.deepEqual(steps(os.fwalk(top, { topdown })), theirs('fwalk', top, { topdown }))
        assert.ok(walked.length >= 10)
      })

      test(`${how}, following links: the same steps in the same order`, () => {
        const place = planted(finite)
        const top = bytes ? Buffer.from(place) : place
        const followed = steps(os.walk(top, { topdown, followlinks: true }))
        assert.deepEqual(followed, theirs('walk', top, { topdown, followlinks: true }))
        const open = steps(os.fwalk(top, { topdown, follow_symlinks: true }))
        assert.deepEqual(open, theirs('fwalk', top, { topdown, follow_symlinks: true }))
        assert.ok(followed.length > steps(os.walk(top)).length)
      })
    }
  }

  test('in a tree of the system', () => {
    const top = ['/usr/share/zoneinfo', '/etc', '/usr/include'].find((path) => existsSync(path)) ?? '/usr'
    for (const topdown of [true, false]) {
      assert.deepEqual(steps(os.walk(top, { topdown })), theirs('walk', top, { topdown }))
      assert.deepEqual(steps(os.fwalk(top, { topdown })), theirs('fwalk', top, { topdown }))
    }
  })

  test('for any top: a directory, a file, a link, a missing path', () => {
    const place = planted(sampleTree)
    const tops = [
      '',
      '/',
      '/.',
      '//a/',
      '/a/file',
      '/link-to-a',
      '/link-to-a/',
      '/link-to-a/.',
      '/loop',
      '/missing',
      '/c/broken',
    ]
    for (const top of tops.map((end) => place + end)) {
      assert.deepEqual(steps(os.walk(top)), theirs('walk', top, {}), top)
      assert.deepEqual(steps(os.walk(top, { topdown: false })), theirs('walk', top, { topdown: false }), top)
    }
    const absent = ['/loop', '/missing', '/c/broken']
    for (const top of tops.filter((end) => !absent.includes(end)).map((end) => place + end)) {
      assert.deepEqual(steps(os.fwalk(top)), theirs('fwalk', top, {}), top)
    }
  })
})

describe('walk', () => {
  test('yields the top as it was given first', () => {
    const place = planted({ a: { b: {} } })
    const of = (top: string): string[] => [...os.walk(top)].map(([path]) => path)
    assert.deepEqual(of(place), [place, `${place}/a`, `${place}/a/b`])
    assert.deepEqual(of(`${place}/`), [`${place}/`, `${place}/a`, `${place}/a/b`])
    process.chdir(place)
    assert.deepEqual(of('.'), ['.', './a', './a/b'])
    assert.deepEqual(of('a'), ['a', 'a/b'])
    assert.deepEqual(of(''), [])
    assert.deepEqual([...os.walk(pathToFileURL(place))][1]?.[0], `${place}/a`)
    assert.deepEqual([...os.walk({ __fspath__: () => Buffer.from('a') })][1]?.[0], Buffer.from('a/b'))
  })

  test('accepts arguments by position and by name', () => {
    const place = planted(finite)
    const errors: unknown[] = []
    const onerror = (error: unknown): void => void errors.push(error)
    const upwards = steps(os.walk(place, { topdown: false }))
    assert.deepEqual(steps(os.walk(place, false)), upwards)
    assert.deepEqual(steps(os.walk(place, false, null)), upwards)
    assert.deepEqual(steps(os.walk(place, false, null, false)), upwards)
    assert.deepEqual(steps(os.walk(place, true, onerror, true)), steps(os.walk(place, { followlinks: true })))
    assert.deepEqual(steps(os.walk(place, false, { followlinks: true })), steps(os.walk(place, false, null, true)))
    assert.deepEqual(steps(os.walk(`${place}/no`, true, onerror)), [])
    assert.equal(errors.length, 1)
  })

  test('checks its arguments when called, before the first step', () => {
    for (const top of [undefined, null, 3, {}, []]) {
      assert.throws(() => os.walk(wrong(top)), { name: 'TypeError', message: /"top"/ })
    }
    assert.throws(() => os.walk('.', wrong<WalkOptions>(1)), { name: 'TypeError', message: /"topdown"/ })
    assert.throws(() => os.walk('.', wrong<WalkOptions>({ topdown: 'no' })), {
      name: 'TypeError',
      message: /"topdown"/,
    })
    assert.throws(() => os.walk('.', wrong<WalkOptions>({ onerror: 1 })), { name: 'TypeError', message: /"onerror"/ })
    assert.throws(() => os.walk('.', wrong<WalkOptions>({ followlinks: 0 })), { message: /"followlinks"/ })
    assert.throws(() => os.walk('.', wrong<WalkOptions>({ follow_symlinks: true })), { message: /"options"/ })
    assert.throws(() => [...os.walk('a\0b')], { name: 'RangeError', message: /NUL/ })
    assert.throws(() => [...os.walk('\ud800')], { name: 'RangeError', message: /surrogate/ })
  })

  test('topdown, the caller chooses the directories to enter, and their order', () => {
    const place = planted({ a: { x: {} }, b: { x: {} }, c: { x: {} }, file: 'file' })
    const visited: string[] = []
    for (const [path, directories] of os.walk(place)) {
      visited.push(path.slice(place.length))
      if (path !== place) continue
      directories.sort().reverse()
      directories.splice(directories.indexOf('b'), 1)
    }
    assert.deepEqual(visited, ['', '/c', '/c/x', '/a', '/a/x'])

    const bytes: string[] = []
    for (const [path, directories] of os.walk(Buffer.from(place))) {
      bytes.push(path.toString().slice(place.length))
      if (path.toString() === place) directories.splice(0, directories.length, Buffer.from('b'), Buffer.from('a'))
    }
    assert.deepEqual(bytes, ['', '/b', '/b/x', '/a', '/a/x'])
  })

  test('directories that the caller adds are visited, relative or absolute; an invalid name is an error', () => {
    const place = planted({ a: { x: {} }, b: { y: {} } })
    const other = planted({ z: {} })
    const visited: string[] = []
    for (const [path, directories] of os.walk(`${place}/a`)) {
      visited.push(path)
      if (path === `${place}/a`) directories.push('../b', other, 'missing')
    }
    assert.deepEqual(visited, [
      `${place}/a`,
      `${place}/a/x`,
      `${place}/a/../b`,
      `${place}/a/../b/y`,
      other,
      `${other}/z`,
    ])
    const walk = os.walk(place)
    walk.next().value?.[1].push(wrong(5))
    assert.throws(() => walk.next(), { name: 'TypeError', message: /"dirnames"/ })
    const bytes = os.walk(Buffer.from(place))
    bytes.next().value?.[1].push(wrong({}))
    assert.throws(() => bytes.next(), { name: 'TypeError', message: /"dirnames"/ })
  })

  test('bottom-up, changes of dirnames have no effect', () => {
    const place = planted({ a: { b: {} }, c: {} })
    const expected = paths(os.walk(place, { topdown: false }), place)
    const visited: string[] = []
    for (const [path, directories] of os.walk(place, { topdown: false })) {
      visited.push(path.slice(place.length))
      directories.length = 0
    }
    assert.deepEqual(visited, expected)
    assert.equal(visited.at(-1), '')
  })

  test('bottom-up, the caller can remove the tree', () => {
    const place = planted(sampleTree)
    for (const [path, directories, files] of os.walk(place, { topdown: false })) {
      for (const name of files) os.unlink(`${path}/${name}`)
      for (const name of directories) {
        if (os.lstat(`${path}/${name}`).st_mode & 0o040000) os.rmdir(`${path}/${name}`)
        else os.unlink(`${path}/${name}`)
      }
    }
    assert.deepEqual(readdirSync(place), [])
  })

  test('circular links end with the ELOOP of the system', () => {
    const place = planted({ a: { up: { link: '..' } } })
    const errors: string[] = []
    let steps = 0
    for (const [path] of os.walk(place, { followlinks: true, onerror: (error) => errors.push(error.code) })) {
      assert.ok(path.length < 4096 * 2)
      steps += 1
    }
    // Linux follows forty links in a path. To Python the last one is no directory any more, here it is one that cannot
    // be opened: its type was determined relative to the directory, not by the whole path.
    assert.equal(steps, 2 * 40 + 2)
    assert.deepEqual(errors, ['ELOOP'])
  })

  test('a directory that becomes a link between a step and the next is not entered', () => {
    const outside = planted({ secret: {} })
    for (const replaced of [{}, { followlinks: false }, { topdown: true }]) {
      const place = planted({ a: { x: {} }, b: { y: {} } })
      const errors: unknown[] = []
      const visited: string[] = []
      for (const [path, directories] of os.walk(place, { ...replaced, onerror: (error) => errors.push(error) })) {
        visited.push(path.slice(place.length))
        if (path !== place) continue
        directories.sort()
        rmSync(`${place}/a`, { recursive: true })
        symlinkSync(outside, `${place}/a`)
      }
      assert.deepEqual([visited, errors], [['', '/b', '/b/y'], []])
    }
  })

  test('bottom-up, a directory that became a link is not entered either', () => {
    const outside = planted({ secret: {} })
    const place = planted({ a: { x: {} }, b: { y: {} } })
    const walk = os.walk(place, { topdown: false })
    // The first step comes from one of the two: the other is still to be entered.
    const first = walk.next().value?.[0] ?? ''
    const other = first.startsWith(`${place}/a`) ? 'b' : 'a'
    rmSync(`${place}/${other}`, { recursive: true })
    symlinkSync(outside, `${place}/${other}`)
    assert.ok(paths(walk, place).every((path) => !path.includes('secret') && !path.startsWith(`/${other}`)))
  })

  test('a tree that changes during the walk is walked in its current state', () => {
    const place = planted({ a: { x: {} }, b: {}, c: {} })
    const errors: string[] = []
    const visited: string[] = []
    for (const [path, directories] of os.walk(place, {
      onerror: (error) => errors.push(`${error.code} ${error.path}`),
    })) {
      visited.push(path.slice(place.length))
      if (path !== place) continue
      directories.sort()
      mkdirSync(`${place}/a/new`)
      rmSync(`${place}/b`, { recursive: true })
      rmSync(`${place}/c`, { recursive: true })
      writeFileSync(`${place}/c`, '')
    }
    assert.deepEqual(visited.slice(0, 2), ['', '/a'])
    assert.deepEqual(visited.slice(2).sort(), ['/a/new', '/a/x'])
    assert.deepEqual(errors, [`ENOENT ${place}/b`, `ENOTDIR ${place}/c`])
  })

  test('break and throw close all descriptors', () => {
    const place = planted(sampleTree)
    const before = openCount()
    for (const topdown of [true, false]) {
      for (const _ of os.walk(place, { topdown })) break
      assert.throws(() => {
        for (const _ of os.walk(place, { topdown })) throw new Error('enough')
      }, /enough/)
      const walk = os.walk(place, { topdown })
      walk.next()
      walk.return()
      assert.deepEqual(walk.next(), { done: true, value: undefined })
      assert.throws(() => os.walk(place).throw(new Error('no more')), /no more/)
    }
    assert.equal(openCount(), before)
  })

  test('errors go to onerror, which may collect or throw them', { skip: noOrdinaryUser }, () => {
    const place = planted({ a: { x: {} }, closed: { x: {} }, z: {} })
    os.chmod(`${place}/closed`, 0)
    const outcome = askOrdinaryUser(`
      import { openCount } from '${import.meta.resolve('../../support/open_files.js')}'
      const place = ${JSON.stringify(place)}
      const before = openCount()
      const results = []
      for (const topdown of [true, false]) {
        for (const walk of [os.walk, os.fwalk]) {
          const errors = []
          const paths = [...walk(place, { topdown, onerror: (error) => errors.push([error.name, error.path]) })].map(([path]) => path.slice(place.length))
          const silent = [...walk(place, { topdown })].map(([path]) => path.slice(place.length))
          let thrown
          try {
            for (const _ of walk(place, topdown, (error) => { throw error }));
          } catch (error) {
            thrown = error.name
          }
          results.push([errors, paths.sort(), silent.sort(), thrown])
        }
      }
      console.log(JSON.stringify([results, openCount() - before]))`)
    const expected = (path: string): unknown[] => [
      [['PermissionError', path]],
      ['', '/a', '/a/x', '/z'],
      ['', '/a', '/a/x', '/z'],
      'PermissionError',
    ]
    const [byPath, byName] = [expected(`${place}/closed`), expected('closed')]
    os.chmod(`${place}/closed`, 0o755)
    assert.deepEqual(outcome, [[byPath, byName, byPath, byName], 0])
  })

  test('a missing top, or one that is not a directory, is an error like any other', () => {
    const place = planted({ file: 'file', broken: { link: 'nowhere' } })
    for (const [name, code] of [
      ['missing', 'ENOENT'],
      ['file', 'ENOTDIR'],
      ['broken', 'ENOENT'],
    ] as const) {
      const errors: unknown[] = []
      const top = `${place}/${name}`
      const onerror = (error: os.OSError): void => void errors.push([error.code, error.filename, error.syscall])
      assert.deepEqual([...os.walk(top)], [])
      assert.deepEqual([...os.walk(top, { onerror })], [])
      assert.deepEqual([...os.walk(top, { onerror, topdown: false })], [])
      assert.deepEqual(errors, [
        [code, top, 'scandir'],
        [code, top, 'scandir'],
      ])
    }
  })

  test('a walk in bytes has bytes in its errors', () => {
    const top = Buffer.from(`${planted({})}/missing`)
    const names: unknown[] = []
    const onerror = ({ filename }: os.OSError): void => void names.push(filename)
    for (const topdown of [true, false]) assert.deepEqual([...os.walk(top, { topdown, onerror })], [])
    assert.deepEqual(names, [top, top])
    assert.throws(() => [...os.fwalk(top)], { code: 'ENOENT', filename: top })
  })

  test('yields more directories than a call accepts arguments', async () => {
    const place = planted({})
    // Links to a directory count as directories, and are made faster. With a stack of half a megabyte these are enough.
    const number = 50_000
    for (let i = 0; i < number; i++) symlinkSync('/', `${place}/${i}`)
    const counts = await inWorker<number[]>(
      `const place = Buffer.from(${JSON.stringify(place)})
      const walks = [os.walk(place), os.walk(place.toString(), { topdown: false }), os.fwalk(place)]
      return walks.map((walk) => [...walk][0][1].length)`,
      undefined,
      { stackSizeMb: 0.5 },
    )
    assert.deepEqual(counts, [number, number, number])
  })

  test('makes the system calls open, getdents64 and close for each directory, and no others', {
    skip: noStrace,
  }, () => {
    const place = planted({ a: { b: { file: 'file' }, c: {} }, d: {}, file: 'file' })
    const calls = traced(`
      const use = () => { for (const _ of os.walk(${JSON.stringify(place)})); }
      use(); begin(); use(); end()`)
    const names = calls.map((call) => call.slice(0, call.indexOf('(')))
    const each = ['openat', 'getdents64', 'getdents64', 'close']
    assert.deepEqual(names, [...each, ...each, ...each, ...each, ...each], calls.join('\n'))
  })
})

test('audit events are raised for the walk, and for each directory', () => {
  const place = planted({ a: {} })
  const heard = askNode(`
    const place = ${JSON.stringify(place)}
    const heard = []
    let forbidden
    os.addaudithook((event, args) => {
      if (event === 'os.scandir' && args[0] === forbidden) throw new Error('no ' + event)
      if (/walk|scandir/.test(event)) heard.push([event, ...args])
    })
    for (const _ of os.walk(place)) break
    ;[...os.walk(place, false, null, true)].length
    ;[...os.fwalk(place)].length
    forbidden = place + '/a'
    let error
    try { [...os.walk(place)] } catch (caught) { error = caught.message }
    const fds = heard.filter(([event, fd]) => event === 'os.scandir' && typeof fd === 'number').length
    console.log(JSON.stringify([heard.filter(([, path]) => typeof path !== 'number'), fds, error]))`)
  assert.deepEqual(heard, [
    [
      ['os.walk', place, true, null, false],
      ['os.scandir', place],
      ['os.walk', place, false, null, true],
      ['os.scandir', place],
      ['os.scandir', `${place}/a`],
      ['os.fwalk', place, true, null, false, null],
      ['os.walk', place, true, null, false],
      ['os.scandir', place],
    ],
    2,
    'no os.scandir',
  ])
})
