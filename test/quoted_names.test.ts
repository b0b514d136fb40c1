import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import os from 'osier'
import * as micropython from 'osier/micropython'
import { askPython, noPython } from './support/python.ts'

/** Names that change a terminal, begin a line of a log, reorder text, or end the quotation. */
const NAMES = [
  'a\u001b[31mred',
  'a\nERROR: forged',
  'a\rb',
  'a\u009b2J',
  'a\u202egpj.exe',
  'a\u2028b',
  'a\u007f',
  'lone \udc80',
  "a', rename 'b",
  'back\\slash',
]

const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u

describe('messages of errors', () => {
  for (const name of NAMES) {
    test(`quote ${JSON.stringify(name)}, and keep it as it is in filename and path`, async () => {
      const errors: unknown[] = []
      const keep = (error: unknown): void => void errors.push(error)
      for (const call of [() => os.rename(`/missing/${name}`, name), () => os.stat(Buffer.from(os.fsencode(name)))]) {
        try {
          call()
        } catch (error) {
          keep(error)
        }
      }
      await os.promises.stat(name).catch(keep)
      assert.equal(errors.length, 3)
      for (const error of errors) {
        assert.ok(error instanceof os.FileNotFoundError)
        assert.doesNotMatch(error.message, NOT_PRINTABLE)
        assert.doesNotMatch(String(error.stack?.split('\n')[0]), NOT_PRINTABLE)
        assert.ok(error.path?.endsWith(name), error.path)
      }
      assert.equal((errors[0] as os.OSError).dest, name)
      assert.equal((errors[2] as os.OSError).filename, name)
      try {
        micropython.stat(`/${name}`)
      } catch (error) {
        assert.doesNotMatch(String(error), NOT_PRINTABLE)
      }
    })
  }

  test('also where the argument is refused', () => {
    assert.throws(
      () => os.stat('a\u202e\0'),
      (error: Error) => !NOT_PRINTABLE.test(error.message),
    )
  })

  test('show a plain name as it is', () => {
    assert.throws(() => os.stat('caf\u00e9 \u{1f600}'), { message: /, stat 'caf\u00e9 \u{1f600}'$/u })
  })

  test('escape the characters that the representation of CPython escapes', { skip: noPython }, () => {
    const theirs = askPython<boolean[]>(
      'import json, sys\nprint(json.dumps([name.isprintable() for name in json.load(sys.stdin)]))',
      { input: JSON.stringify(NAMES) },
    )
    // Quotes and backslashes are printable.
    assert.deepEqual(
      NAMES.map((name) => !NOT_PRINTABLE.test(name)),
      theirs,
    )
  })
})

describe('the command', () => {
  const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  for (const args of [['/missing/\u001b[2J\nx'], ['--\u001b[2Jx'], ['--dupterm', '/missing/\u001b[2J']]) {
    test(`prints no control characters of ${JSON.stringify(args)}`, () => {
      const child = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', timeout: 30_000, input: '' })
      assert.notEqual(child.status, 0)
      assert.match(child.stderr, /^osier: /)
      assert.doesNotMatch(child.stderr.replaceAll('\n', ''), NOT_PRINTABLE)
      assert.doesNotMatch(child.stderr, /^x/m)
    })
  }
})
