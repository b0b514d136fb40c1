import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as osier from 'osier'
import os from 'osier/sjs'
import { inRepository } from '../../tools/repository.ts'
import { temporaryFolder } from '../support/folder.ts'
import { code, runSjs, withFile, withPipe, wrongType } from '../support/sjs.ts'

interface Fixture {
  /** Functions, and how many arguments must be given. */
  readonly functions: Readonly<Record<string, number>>
  readonly constants: Readonly<Record<string, number>>
  readonly getters: readonly string[]
  readonly stat: Readonly<Record<string, 'number' | 'Date'>>
}

const fixture: Fixture = JSON.parse(readFileSync(inRepository('test/fixtures/sjs.json'), 'utf8'))

const folder = temporaryFolder()

const path = (name: string): string => join(folder, name)

const { printed } = runSjs(folder)

describe('files', () => {
  test('stat has the documented fields, of the documented types', () => {
    for (const status of [os.stat('/'), withFile(os.open('/', 'r'), os.fstat)]) {
      const fields: Readonly<Record<string, unknown>> = { ...status }
      assert.deepEqual(Object.keys(fields).sort(), Object.keys(fixture.stat).sort())
      for (const [name, type] of Object.entries(fixture.stat)) {
        if (type === 'Date') assert.ok(fields[name] instanceof Date, name)
        else if (name !== 'ino') assert.equal(typeof fields[name], type, name)
      }
    }
  })

  test('stat returns the same values as osier', () => {
    const file = path('status')
    writeFileSync(file, 'twelve bytes')
    utimesSync(file, 1_600_000_000.25, 1_700_000_000.5)
    const wanted = osier.stat(file)
    const found = os.stat(file)
    for (const name of ['dev', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'size', 'blksize', 'blocks'] as const) {
      assert.equal(found[name], wanted[`st_${name}`], name)
    }
    assert.equal(BigInt(found.ino), wanted.st_ino)
    assert.deepEqual([found.flags, found.gen], [0, 0])
    assert.deepEqual([found.atime.getTime(), found.mtime.getTime()], [1_600_000_000_250, 1_700_000_000_500])
    assert.equal(found.ctime.getTime(), Number(wanted.st_ctime_ns / 1_000_000n))
    const creationTime = osier.statx(file, osier.STATX_BTIME).stx_btime_ns ?? wanted.st_ctime_ns
    assert.equal(found.birthtime.getTime(), Number(creationTime / 1_000_000n))
    assert.deepEqual(withFile(os.open(file, 'r'), os.fstat), found)
  })

  test('sizes are not cut, and times before 1970 are rounded down', () => {
    const file = path('large')
    writeFileSync(file, '')
    truncateSync(file, 2 ** 33 + 1)
    osier.utime(file, { ns: [-1n, -1_000_000n] })
    const { size, atime, mtime } = os.stat(file)
    assert.deepEqual([size, atime.getTime(), mtime.getTime()], [2 ** 33 + 1, -1, -1])
  })

  test('stat follows links', () => {
    symlinkSync('nowhere', path('broken'))
    assert.throws(() => os.stat(path('broken')), code('ENOENT'))
    symlinkSync('.', path('link'))
    assert.equal(os.S_ISDIR(os.stat(path('link')).mode), true)
  })

  test('stat wants a path, fstat a descriptor', () => {
    for (const value of [undefined, null, 0, {}]) assert.throws(() => os.stat(value as unknown as string), wrongType)
    for (const value of [undefined, null, '0', {}]) assert.throws(() => os.fstat(value as unknown as number), wrongType)
    assert.throws(() => os.fstat(-1), code('EBADF'))
    // To the kernel the current directory has this number.
    assert.throws(() => os.fstat(-100), code('EBADF'))
  })

  test('the type is read from the mode', () => {
    const types = {
      S_IFDIR: os.S_ISDIR,
      S_IFCHR: os.S_ISCHR,
      S_IFBLK: os.S_ISBLK,
      S_IFREG: os.S_ISREG,
      S_IFIFO: os.S_ISFIFO,
      S_IFLNK: os.S_ISLNK,
      S_IFSOCK: os.S_ISSOCK,
    } as const
    for (const name of Object.keys(types) as (keyof typeof types)[]) {
      for (const [other, is] of Object.entries(types)) assert.equal(is(os[name] | 0o7777), name === other, other)
      assert.equal(os.S_IMODE(os[name] | 0o4751), 0o4751)
    }
    assert.equal(os.S_ISCHR(os.stat('/dev/null').mode), true)
    withPipe((r) => assert.equal(os.S_ISFIFO(os.fstat(r).mode), true))
  })

  test('scandir gives names in the order of their bytes', () => {
    const directory = path('listed')
    mkdirSync(directory)
    const names = ['b', 'a', 'B', '.hidden', '\u{1f600}', '\ufffd', 'é', 'caf\udce9']
    for (const name of names) os.close(os.open(osier.path.join(directory, name), 'w'))
    const sorted = ['.hidden', 'B', 'a', 'b', 'caf\udce9', 'é', '\ufffd', '\u{1f600}']
    assert.deepEqual(os.scandir(directory), sorted)
    assert.deepEqual(
      os.scandir(Buffer.from(directory)),
      sorted.map((name) => osier.fsencode(name)),
    )
  })

  test('scandir wants a directory', () => {
    assert.throws(() => os.scandir(path('no such')), code('ENOENT'))
    assert.throws(() => os.scandir('/dev/null'), code('ENOTDIR'))
    for (const value of [undefined, null, 0, {}]) assert.throws(() => os.scandir(value as unknown as string), wrongType)
  })

  test('unlink removes', () => {
    writeFileSync(path('doomed'), '')
    assert.equal(os.unlink(path('doomed')), undefined)
    assert.throws(() => os.unlink(path('doomed')), code('ENOENT'))
  })

  test('chdir changes cwd', () => {
    const before = os.cwd
    assert.equal(before, process.cwd())
    try {
      assert.equal(os.chdir('/proc'), undefined)
      assert.deepEqual([os.cwd, process.cwd()], ['/proc', '/proc'])
    } finally {
      os.chdir(before)
    }
    assert.throws(() => os.chdir(path('no such')), code('ENOENT'))
    for (const value of [undefined, null, 0, {}]) assert.throws(() => os.chdir(value as unknown as string), wrongType)
  })

  test('cwd throws where the directory is gone', () => {
    const program = `
      import { mkdirSync, rmdirSync } from 'node:fs'
      mkdirSync('gone')
      os.chdir('gone')
      rmdirSync('../gone')
      try { os.cwd } catch (error) { console.log(error.code, error.errno) }`
    assert.equal(printed(program), 'ENOENT 2\n')
  })
})
