import assert from 'node:assert/strict'
import { test } from 'node:test'
import os from 'osier'
import * as path from 'osier/path'
import { askPython, noPython } from './support/python.ts'

/** What CPython 3.13.4 lists in `posixpath.__all__`. */
const exported = `normcase isabs join splitdrive splitroot split splitext basename dirname commonprefix getsize getmtime
  getatime getctime islink exists lexists isdir isfile ismount expanduser expandvars normpath abspath samefile
  sameopenfile samestat curdir pardir sep pathsep defpath altsep extsep devnull realpath supports_unicode_filenames
  relpath commonpath isjunction isdevdrive ALLOW_MISSING`.split(/\s+/)

test('osier/path exports what posixpath does', () => {
  assert.deepEqual(Object.keys(os.path).sort(), exported.sort())
})

test('it is os.path', () => {
  assert.equal(os.path, path.default)
  const { altsep, curdir, defpath, devnull, extsep, pardir, pathsep, sep } = path
  assert.deepEqual([altsep, curdir, defpath, devnull], [os.altsep, os.curdir, os.defpath, os.devnull])
  assert.deepEqual([extsep, pardir, pathsep, sep], [os.extsep, os.pardir, os.pathsep, os.sep])
  assert.equal(path.supports_unicode_filenames, process.platform === 'darwin')
})

test('it lacks nothing that python3 has', { skip: noPython }, () => {
  const theirs = askPython<string[]>('import json, posixpath; print(json.dumps(posixpath.__all__))')
  // Those of a later Python are not promised.
  const newer = ['ALL_BUT_LAST']
  assert.deepEqual(
    theirs.filter((name) => !newer.includes(name) && !(name in path)),
    [],
  )
})

test('a function asks for as many arguments as documented', () => {
  const two = ['samefile', 'sameopenfile', 'samestat']
  for (const [name, value] of Object.entries(path)) {
    if (typeof value === 'function') assert.equal(value.length, two.includes(name) ? 2 : 1, name)
  }
})
