import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import os from 'osier'

describe('suppress', () => {
  test('returns the result, whatever it is, and calls the function once', () => {
    let calls = 0
    const result = os.suppress(() => ++calls, os.OSError)
    assert.equal(result, 1)
    for (const value of [null, undefined, 0, '', false, {}]) {
      assert.equal(
        os.suppress(() => value, os.OSError),
        value,
      )
    }
  })

  test('returns undefined in place of an error of the classes and their subclasses', () => {
    const missing = (): number => os.stat('/missing').st_nlink
    assert.equal(os.suppress(missing, os.FileNotFoundError), undefined)
    assert.equal(os.suppress(missing, os.OSError), undefined)
    assert.equal(os.suppress(missing, os.PermissionError, os.FileNotFoundError), undefined)
    assert.equal(
      os.suppress(() => os.stat('\0'), RangeError),
      undefined,
    )
  })

  test('throws other errors, the very same, also those that are no Error', () => {
    assert.throws(() => os.suppress(() => os.stat('/missing'), os.PermissionError), os.FileNotFoundError)
    for (const thrown of [new TypeError('t'), 'text', undefined, { code: 'ENOENT' }]) {
      const caught = { error: undefined as unknown }
      try {
        os.suppress(() => {
          throw thrown
        }, os.OSError)
      } catch (error) {
        caught.error = error
      }
      assert.equal(caught.error, thrown)
    }
  })

  test('of a promise, and of a function that throws before it returns one', async () => {
    const missing = (): Promise<os.stat_result> => os.promises.stat('/missing')
    assert.equal(await os.suppress(missing, os.FileNotFoundError), undefined)
    assert.equal((await os.suppress(() => os.promises.stat('/'), os.OSError))?.st_nlink, os.stat('/').st_nlink)
    await assert.rejects(os.suppress(missing, os.PermissionError), os.FileNotFoundError)
    await assert.rejects(
      os.suppress(() => os.promises.stat('/', { signal: AbortSignal.abort() }), os.OSError),
      { name: 'AbortError' },
    )
  })

  test('refuses what is not a function, no class, and what is not a class, before it calls anything', () => {
    const wrong = { code: 'ERR_INVALID_ARG_TYPE' }
    const never = (): never => assert.fail('called')
    assert.throws(() => os.suppress('text' as never, os.OSError), wrong)
    assert.throws(() => (os.suppress as (fn: () => void) => void)(never), wrong)
    for (const value of [null, undefined, 'OSError', {}, () => undefined, new os.OSError('text')])
      assert.throws(() => os.suppress(never, os.OSError, value as never), wrong)
  })
})
