import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import os from 'osier'
import { askNode } from '../../support/child.ts'
import { otherEnvironment } from '../../support/emulation.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { askPython, noPython } from '../../support/python.ts'
import { ownVariables } from '../../support/runtime.ts'
import { inWorker } from '../../support/worker.ts'

const folder = temporaryFolder()

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

afterEach(() => {
  os.reload_environ()
  for (const name of os.environb.keys()) if (name.includes('OSIER_')) os.environb.delete(name)
})

/** What `os.environb` holds in a program that is started with an environment of any bytes. */
function started(strings: readonly Buffer[], command: readonly string[]): [string, string][] {
  const program = `
import ctypes, json, sys
strings, command = json.load(sys.stdin)
def array(items):
    return (ctypes.c_char_p * (len(items) + 1))(*items, None)
environment = [string.encode('latin1') for string in strings]
ctypes.CDLL(None).execve(command[0].encode(), array([word.encode() for word in command]), array(environment))`
  return askPython(program, { input: JSON.stringify([strings.map((string) => string.toString('latin1')), command]) })
}

const OSIER_PROGRAM = `
  import os from 'osier'
  const latin1 = (bytes) => bytes.toString('latin1')
  console.log(JSON.stringify([...os.environb].map(([name, value]) => [latin1(name), latin1(value)])))`

const PYTHON_PROGRAM = `
import json, os
print(json.dumps([[name.decode('latin1'), value.decode('latin1')] for name, value in os.environb.items()]))`

test('the environment at the start is that of Python, byte for byte', {
  skip: noPython || ownVariables || otherEnvironment,
}, () => {
  const python = askPython<string>('import json, sys; print(json.dumps(sys.executable))')
  const own = ['A=1', 'A=2', '=C=3', 'NO_VALUE', 'X\xff=\xfe', 'E=', 'U=\xc3\xa9', 'S=\xed\xb3\xbf', 'EQ=a=b', '', 'B=']
  const strings = [...own, 'LC_ALL=C.UTF-8', `HOME=${process.env.HOME}`].map(bytes)
  const ours = started(strings, [process.execPath, '--input-type=module', '-e', OSIER_PROGRAM])
  const theirs = started(strings, [python, '-c', PYTHON_PROGRAM])
  assert.deepEqual(ours, theirs)
  assert.ok(ours.some(([name, value]) => name === 'X\xff' && value === '\xfe'))
  assert.deepEqual(started([], [process.execPath, '--input-type=module', '-e', OSIER_PROGRAM]), [])
})

test('C, child processes and Node see variables that are set', { skip: ownVariables }, () => {
  const file = join(folder, 'seen')
  os.environ.set('OSIER_A', 'b\udcff')
  assert.equal(process.env.OSIER_A, 'b\ufffd')
  assert.equal(os.system(`printf %s "$OSIER_A" > '${file}'`), 0)
  assert.deepEqual(readFileSync(file), bytes('b\xff'))
  os.environ.set('OSIER_A', 'c')
  assert.equal(spawnSync('sh', ['-c', 'printf %s "$OSIER_A"'], { encoding: 'utf8' }).stdout, 'c')
  os.environ.delete('OSIER_A')
  assert.equal(process.env.OSIER_A, undefined)
  assert.equal(os.system(`printf %s "$OSIER_A" > '${file}'`), 0)
  assert.equal(readFileSync(file).length, 0)
  os.environ.set('OSIER_A', 'd')
  const env = os.environ
  assert.equal(spawnSync('sh', ['-c', 'printf %s "$OSIER_A"'], { encoding: 'utf8', env }).stdout, 'd')
})

test('putenv and unsetenv change C only; environ does not show it before reload_environ', () => {
  os.putenv('OSIER_A', 'one')
  assert.equal(process.env.OSIER_A, 'one')
  assert.equal(os.getenv('OSIER_A'), null)
  os.reload_environ()
  assert.equal(os.getenv('OSIER_A'), 'one')
  os.unsetenv(bytes('OSIER_A'))
  assert.equal(process.env.OSIER_A, undefined)
  assert.equal(os.getenv('OSIER_A'), 'one')
  process.env.OSIER_B = 'two'
  assert.equal(os.environ.OSIER_B, undefined)
  os.reload_environ()
  assert.deepEqual([os.environ.OSIER_A, os.environ.OSIER_B], [undefined, 'two'])
  os.putenv(bytes('OSIER_\xff'), bytes('\xfe'))
  os.reload_environ()
  assert.equal(os.environ['OSIER_\udcff'], '\udcfe')
})

test('putenv before the first use of environ does not show there either', () => {
  assert.deepEqual(
    askNode(
      `
      os.putenv('A', 'changed')
      os.unsetenv('B')
      console.log(JSON.stringify([os.environ.A, os.environ.B, process.env.A, process.env.B ?? null]))`,
      { env: { A: 'a', B: 'b' } },
    ),
    ['a', 'b', 'changed', null],
  )
})

test('a change of TZ changes the time zone of dates', () => {
  const hours = askNode<unknown[]>(
    `
    const hours = () => new Date(0).getHours()
    const seen = [hours()]
    os.environ.TZ = 'Asia/Tokyo'
    seen.push(hours())
    os.putenv('TZ', 'Asia/Kolkata')
    seen.push(hours())
    os.environb.set(Buffer.from('TZ'), Buffer.from('Asia/Dubai'))
    seen.push(hours())
    delete os.environ.TZ
    seen.push(hours(), process.env.TZ ?? null)
    os.environ.TZ = 'Asia\\udcff'
    seen.push(String(os.environb.get(Buffer.from('TZ')).at(-1)))
    console.log(JSON.stringify(seen))`,
    { env: { ...process.env, TZ: undefined } },
  )
  assert.deepEqual(hours.slice(1, 4), [9, 5, 4])
  assert.deepEqual(hours.slice(4), [hours[0], null, '255'])
})

describe('in a worker thread', () => {
  test('the environment is that of process.env, without loss', { skip: noPython || ownVariables }, () => {
    const program = `
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      import os from 'osier'
      os.environ.set('LATER', 'set')
      os.environ.set('CHANGED', 'new')
      const code = \`
        import os from '\${import.meta.resolve('osier')}'
        import { parentPort } from 'node:worker_threads'
        parentPort.postMessage([...os.environb].map((pair) => pair.map((bytes) => Buffer.from(bytes).toString('latin1'))))\`
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(code)))
      const [pairs] = await once(worker, 'message')
      console.log(JSON.stringify(pairs.sort()))`
    // A name that is not UTF-8 would end Node itself (v20), when it copies the environment for the worker.
    const strings = ['X=\xfe\xc3\xa9', 'CHANGED=\xff', 'U=\xc3\xa9', 'E='].map(bytes)
    assert.deepEqual(started(strings, [process.execPath, '--input-type=module', '-e', program]), [
      ['CHANGED', 'new'],
      ['E', ''],
      ['LATER', 'set'],
      ['U', '\xc3\xa9'],
      ['X', '\xfe\xc3\xa9'],
    ])
  })

  test('the environment is the one that the worker was started with', async () => {
    const code = `
      import os from '${import.meta.resolve('osier')}'
      import { parentPort } from 'node:worker_threads'
      process.env.MORE = 'later'
      const before = [...os.environ].sort()
      os.reload_environ()
      process.env.MORE = 'last'
      parentPort.postMessage([before, os.getenv('MORE')])`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { env: { ONLY: 'this' } })
    const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    assert.deepEqual(message, [
      [
        ['MORE', 'later'],
        ['ONLY', 'this'],
      ],
      'later',
    ])
  })

  test('it cannot be changed', async () => {
    const [codes, path] = await inWorker<[unknown[], unknown]>(`
      const attempts = [() => os.putenv('OSIER_A', 'x'), () => os.unsetenv('OSIER_A'), () => os.environ.set('OSIER_A', 'x'),
        () => os.environ.delete('PATH'), () => { os.environ.OSIER_A = 'x' }, () => { delete os.environ.PATH },
        () => os.environ.clear(), () => os.environ.pop('PATH'), () => os.environ.setdefault('OSIER_A', 'x')]
      const codes = attempts.map((attempt) => { try { attempt() } catch (error) { return error.code } })
      return [codes, os.environ.PATH]`)
    assert.deepEqual(codes, Array(9).fill('ERR_WORKER_UNSUPPORTED_OPERATION'))
    assert.equal(path, process.env.PATH)
    assert.equal(process.env.OSIER_A, undefined)
  })
})
