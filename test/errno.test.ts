import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { test } from 'node:test'
import os from 'osier'
import * as errno from 'osier/errno'
import { inRepository } from '../tools/repository.ts'
import { askPython, noPython } from './support/python.ts'

const { errorcode, default: _, ...names } = errno
const numbers = new Map<string, number | undefined>(Object.entries(names))
const defined = Object.fromEntries([...numbers].filter(([, number]) => number !== undefined))

/** Names that CPython 3.13 does not know yet: 3.14 added it. */
const newer = ['EHWPOISON']

test('the numbers are those of CPython', () => {
  const fixture: { errnoNumbers: Record<string, number> } = JSON.parse(
    readFileSync(inRepository('test/fixtures/cpython-constants.json'), 'utf8'),
  )
  const older = Object.entries(defined).filter(([name]) => !newer.includes(name))
  assert.deepEqual(Object.fromEntries(older), fixture.errnoNumbers)
})

test('the numbers are those of the C library that Node uses', () => {
  for (const [name, number] of Object.entries(constants.errno)) assert.equal(numbers.get(name), number, name)
})

test('what only other systems have is exported as undefined', () => {
  const absent = [...numbers].filter(([, number]) => number === undefined).map(([name]) => name)
  assert.ok(absent.includes('ENOTCAPABLE') && absent.includes('EQFULL') && absent.includes('ENOATTR'))
  assert.ok(absent.every((name) => /^E[A-Z]+$/.test(name)))
})

test('errorcode names every number, once and with a name of that number', () => {
  const all = [...new Set(Object.values(defined))].map(String).sort()
  assert.deepEqual(Object.keys(errorcode).sort(), all)
  for (const [number, name] of Object.entries(errorcode)) assert.equal(numbers.get(name), Number(number), name)
  assert.equal(errorcode[errno.ENOENT], 'ENOENT')
  assert.equal(errorcode[errno.EAGAIN], 'EAGAIN')
  assert.ok(Object.isFrozen(errorcode))
})

test('an OSError carries them', () => {
  const isNotDirectory = (error: unknown): boolean =>
    error instanceof os.NotADirectoryError && error.errno === errno.ENOTDIR && error.code === errorcode[errno.ENOTDIR]
  assert.throws(() => os.stat('/dev/null/x'), isNotDirectory)
})

test('errorcode is that of python3', { skip: noPython }, () => {
  const theirs = askPython<Record<string, string>>('import errno, json; print(json.dumps(errno.errorcode))')
  // Of two names for a number CPython gives whichever its source has last. Here it is POSIX's, which `code` of an
  // OSError has too, as in Node.
  const ours = { ...errorcode, [errno.EDEADLK]: 'EDEADLOCK' }
  for (const name of newer) delete ours[numbers.get(name) ?? 0]
  for (const name of newer) delete theirs[numbers.get(name) ?? 0]
  assert.deepEqual(ours, theirs)
})
