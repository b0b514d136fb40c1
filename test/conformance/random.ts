import assert from 'node:assert/strict'
import os from 'osier'
import { runNode } from '../support/child.ts'
import { conformance, holds, noFork, type PythonClass } from './suite.ts'

/** CPython's tests of random bytes. */

const urandom = conformance('test_os', 'URandomTests', {
  test_urandom_length: [
    holds('urandom returns the requested number of bytes', () => {
      for (const size of [0, 1, 10, 100, 1000]) assert.equal(os.urandom(size).length, size)
    }),
  ],
  test_urandom_value: [
    holds('urandom gives bytes', () => assert.ok(Buffer.isBuffer(os.urandom(16)))),
    holds('other ones each time', () => assert.notDeepEqual(os.urandom(16), os.urandom(16))),
  ],
  test_urandom_subprocess: [
    holds(
      'and other ones in each process, a copy of this one included',
      () => {
        const { stdout } = runNode(`
          os.urandom(16)
          const pid = os.fork()
          os.write(1, Buffer.from(os.urandom(16).toString('hex') + '\\n'))
          if (pid === 0) os._exit(0)
          os.waitpid(pid, 0)`)
        const [one, two] = stdout.trim().split('\n')
        assert.match(`${one} ${two}`, /^[0-9a-f]{32} [0-9a-f]{32}$/)
        assert.notEqual(one, two)
      },
      noFork,
    ),
  ],
})

const getrandom = conformance('test_os', 'GetRandomTests', {
  test_getrandom_type: [
    holds('getrandom returns the requested number of bytes', () => {
      const data = os.getrandom(16)
      assert.ok(Buffer.isBuffer(data))
      assert.equal(data.length, 16)
    }),
  ],
  test_getrandom0: [holds('getrandom of 0 gives none', () => assert.equal(os.getrandom(0).length, 0))],
  test_getrandom_random: [holds('GRND_RANDOM is there', () => assert.equal(typeof os.GRND_RANDOM, 'number'))],
  test_getrandom_nonblock: [
    holds('GRND_NONBLOCK is a flag of getrandom', () => assert.equal(os.getrandom(1, os.GRND_NONBLOCK).length, 1)),
  ],
  test_getrandom_value: [holds('other bytes each time', () => assert.notDeepEqual(os.getrandom(16), os.getrandom(16)))],
})

export const classes: readonly PythonClass[] = [urandom, getrandom]
