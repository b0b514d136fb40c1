import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import os, { type Path } from 'osier'
import { askNode } from '../../support/child.ts'
import { otherRoot } from '../../support/emulation.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { inWorker } from '../../support/worker.ts'

const folder = temporaryFolder()

const home = process.cwd()

let count = 0

let place = ''

/** Every test works in an empty directory of its own, with a umask of its own. */
beforeEach(() => {
  place = join(folder, `place-${count++}`)
  mkdirSync(place)
  process.chdir(place)
  process.umask(0o022)
})

afterEach(() => process.chdir(home))

/** The rule that a value be of a type is for the compiler; here it is broken. */
const wrong = <T>(value: unknown): T => value as T

/** The names for which the calls of this chapter must work, each with the bytes that the system sees. */
function names(): [name: Path, bytes: Buffer][] {
  const latin1 = Buffer.from('caf\xe9\xff', 'latin1')
  const pathLike = { __fspath__: () => 'path like' }
  return [
    ['plain', Buffer.from('plain')],
    ['ünï 漢字 🦀', Buffer.from('ünï 漢字 🦀')],
    [Buffer.from(latin1), latin1],
    ['caf\udce9\udcfe', Buffer.from('caf\xe9\xfe', 'latin1')],
    [new Uint8Array([0x61, 0x80]), Buffer.from([0x61, 0x80])],
    [pathToFileURL(join(place, 'by url')), Buffer.from('by url')],
    [pathLike, Buffer.from('path like')],
    [' \n\t*?', Buffer.from(' \n\t*?')],
  ]
}

describe('chdir, fchdir, getcwd', () => {
  test('os and Node return the same current directory', () => {
    for (const [name, bytes] of names()) {
      os.mkdir(name)
      os.chdir(name)
      const path = Buffer.concat([Buffer.from(`${place}/`), bytes])
      assert.deepEqual(os.getcwdb(), path)
      assert.equal(os.getcwd(), os.fsdecode(path))
      if (os.getcwd().isWellFormed()) assert.equal(process.cwd(), os.getcwd())
      os.chdir('..')
      assert.equal(os.getcwd(), place)
      assert.equal(process.cwd(), place)
    }
  })

  test('getcwd sees a directory that process.chdir set', () => {
    mkdirSync('a')
    process.chdir('a')
    assert.equal(os.getcwd(), join(place, 'a'))
  })

  test('chdir accepts a descriptor', () => {
    mkdirSync('a')
    const fd = os.open('a', os.O_RDONLY)
    try {
      for (const go of [() => os.chdir(fd), () => os.fchdir(fd), () => os.fchdir({ fd }), () => os.chdir({ fd })]) {
        os.chdir(place)
        go()
        assert.deepEqual([os.getcwd(), process.cwd()], [join(place, 'a'), join(place, 'a')])
      }
    } finally {
      os.close(fd)
    }
    assert.throws(() => os.fchdir(fd), { code: 'EBADF', filename: fd })
  })

  test('errors and invalid arguments leave the current directory unchanged', () => {
    writeFileSync('file', '')
    assert.throws(() => os.chdir('no'), { name: 'FileNotFoundError', syscall: 'chdir', path: 'no' })
    assert.throws(() => os.chdir('file'), os.NotADirectoryError)
    assert.throws(() => os.chdir(''), os.FileNotFoundError)
    assert.throws(() => os.chdir('a\0'), { name: 'RangeError', message: /NUL/ })
    assert.throws(() => os.chdir(wrong(null)), { name: 'TypeError', message: /"path"/ })
    assert.throws(() => os.chdir(1.5), { name: 'RangeError', message: /"path"/ })
    assert.throws(() => os.fchdir(-1), { name: 'RangeError', message: /"fd"/ })
    assert.throws(() => os.fchdir(wrong('/')), { name: 'TypeError', message: /"fd"/ })
    assert.deepEqual([os.getcwd(), process.cwd()], [place, place])
  })

  test('getcwd throws in a removed directory', () => {
    const gone = askNode<unknown>(`
      os.mkdir(${JSON.stringify(join(place, 'gone'))})
      os.chdir(${JSON.stringify(join(place, 'gone'))})
      const fd = os.open('.', os.O_RDONLY)
      os.rmdir(${JSON.stringify(join(place, 'gone'))})
      const attempt = (call) => { try { return call() } catch (error) { return error.name + ' ' + error.code } }
      // Bun returns the last known path, and Deno's error has another name.
      const theirs = () => (process.versions.bun ? 'Error ENOENT' : attempt(() => process.cwd()).replace('NotFound', 'Error'))
      const there = [attempt(() => os.getcwd()), attempt(() => os.getcwdb()), theirs()]
      there.push(attempt(() => os.mkdir('x')), attempt(() => os.listdir()))
      os.chdir('/')
      const back = [os.getcwd(), process.cwd()]
      os.fchdir(fd)
      console.log(JSON.stringify({ there, back, again: [attempt(() => os.getcwd()), theirs()] }))`)
    const lost = 'FileNotFoundError ENOENT'
    assert.deepEqual(gone, {
      there: [lost, lost, 'Error ENOENT', lost, []],
      back: ['/', '/'],
      again: [lost, 'Error ENOENT'],
    })
  })

  test('getcwd returns a path longer than PATH_MAX completely', { skip: muslSkip() || otherRoot }, () => {
    const part = 'deep-'.repeat(40)
    const depth = 400
    const lengths = askNode<unknown>(`
      os.chdir(${JSON.stringify(place)})
      for (let i = 0; i < ${depth}; i++) { os.mkdir('${part}'); os.chdir('${part}') }
      const expected = ${JSON.stringify(place)} + '/${part}'.repeat(${depth})
      console.log(JSON.stringify([os.getcwd() === expected, os.getcwdb().equals(Buffer.from(expected))]))
      for (let i = 0; i < ${depth}; i++) { os.chdir('..'); os.rmdir('${part}') }`)
    assert.deepEqual(lengths, [true, true])
  })

  test('in a worker thread getcwd works and chdir throws', async () => {
    const [codes, cwd] = await inWorker<[string[], string]>(`
      const code = (call) => { try { call(); return 'done' } catch (error) { return error.code } }
      return [[code(() => os.chdir('/')), code(() => os.fchdir(0))], os.getcwd()]`)
    assert.deepEqual(codes, ['ERR_WORKER_UNSUPPORTED_OPERATION', 'ERR_WORKER_UNSUPPORTED_OPERATION'])
    assert.equal(cwd, place)
  })

  test('a worker thread sees a change by the main thread', async () => {
    os.mkdir('a')
    os.chdir('a')
    const there = await inWorker('return [os.getcwd(), process.cwd()]')
    assert.deepEqual(there, [join(place, 'a'), join(place, 'a')])
  })
})

/** musl's getcwd does not go beyond PATH_MAX. */
function muslSkip(): string | false {
  const report: unknown = process.report.getReport()
  return JSON.stringify(report).includes('glibcVersionRuntime') ? false : 'musl tells no path beyond PATH_MAX'
}
