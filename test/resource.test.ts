import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import os from 'osier'
import * as resource from 'osier/resource'
import { childOnStdin } from './support/children.ts'
import { askPython, noPython } from './support/python.ts'

/** The numbers of the limits that this system has, by name. */
const limits = new Map(
  Object.entries(resource).filter(
    (entry): entry is [string, number] => entry[0].startsWith('RLIMIT_') && typeof entry[1] === 'number',
  ),
)

/** Runs a program in a process of its own: limits are those of the whole process. */
function run(program: string): string {
  const code = `
    import os from '${import.meta.resolve('osier')}'
    import * as resource from '${import.meta.resolve('osier/resource')}'
    ${program}`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 30_000 })
  assert.equal(child.stderr, '')
  return child.stdout.trim()
}

test('constants and limits are those that Python sees', { skip: noPython }, () => {
  const program = `
import json, resource
names = ${JSON.stringify([...limits.keys()])}
print(json.dumps([{n: getattr(resource, n) for n in names}, {n: resource.getrlimit(getattr(resource, n)) for n in names}]))`
  const [numbers, found] = askPython<[Record<string, number>, Record<string, [number, number]>]>(program)
  assert.ok(limits.size >= 16)
  for (const [name, number] of limits) {
    assert.equal(number, numbers[name], name)
    assert.deepEqual(resource.getrlimit(number), found[name], name)
  }
  assert.equal(resource.RLIM_INFINITY, -1)
})

test('setrlimit sets both limits, and children inherit them', () => {
  const output = run(`
    const [, hard] = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, [64, hard])
    console.log(JSON.stringify(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    os.system('ulimit -n')
    resource.setrlimit(resource.RLIMIT_NOFILE, [63, 63])
    console.log(JSON.stringify(resource.getrlimit(resource.RLIMIT_NOFILE)))
    try { for (;;) os.dup(0) } catch (error) { console.log(error.code) }`)
  assert.deepEqual(output.split('\n'), ['64', '64', '[63,63]', 'EMFILE'])
})

test('limits have 64 bits, and infinity', () => {
  const output = run(`
    const show = (limits) => console.log(limits.map(String).join())
    resource.setrlimit(resource.RLIMIT_FSIZE, [2n ** 60n, resource.RLIM_INFINITY])
    show(resource.getrlimit(resource.RLIMIT_FSIZE))
    resource.setrlimit(resource.RLIMIT_FSIZE, [resource.RLIM_INFINITY, resource.RLIM_INFINITY])
    show(resource.getrlimit(resource.RLIMIT_FSIZE))
    resource.setrlimit(resource.RLIMIT_FSIZE, [2 ** 53 - 1, 2n ** 53n + 1n])
    show(resource.getrlimit(resource.RLIMIT_FSIZE))
    console.log(typeof resource.getrlimit(resource.RLIMIT_FSIZE)[0], typeof resource.getrlimit(resource.RLIMIT_FSIZE)[1])`)
  assert.deepEqual(output.split('\n'), [
    `${2n ** 60n},-1`,
    '-1,-1',
    `${2 ** 53 - 1},${2n ** 53n + 1n}`,
    'number bigint',
  ])
})

test('prlimit asks for and sets those of another process', () => {
  const { pid, release } = childOnStdin(0)
  const before = resource.prlimit(pid, resource.RLIMIT_CORE)
  assert.deepEqual(before, resource.getrlimit(resource.RLIMIT_CORE))
  assert.deepEqual(resource.prlimit(pid, resource.RLIMIT_CORE, [0, before[1]]), before)
  assert.deepEqual(resource.prlimit(pid, resource.RLIMIT_CORE), [0, before[1]])
  assert.deepEqual(resource.prlimit(0, resource.RLIMIT_CORE), before)
  release()
  os.waitpid(pid, 0)
  assert.throws(() => resource.prlimit(pid, resource.RLIMIT_CORE), { code: 'ESRCH' })
})

test('what Python refuses is refused', () => {
  const core = resource.RLIMIT_CORE
  for (const wrong of [-1, 1000, 2 ** 31 - 1]) {
    assert.throws(() => resource.getrlimit(wrong), RangeError)
    assert.throws(() => resource.setrlimit(wrong, [1, 1]), RangeError)
    assert.throws(() => resource.prlimit(0, wrong), RangeError)
  }
  for (const wrong of [undefined, null, 1, '11', {}])
    assert.throws(() => resource.setrlimit(core, wrong as never), TypeError)
  for (const wrong of [[], [1], [1, 2, 3], [0.5, 1], [-2, 1], [2n ** 64n, 1]]) {
    assert.throws(() => resource.setrlimit(core, wrong as never), RangeError)
  }
  assert.throws(() => resource.setrlimit(core, ['1', 2] as never), TypeError)
  assert.throws(() => resource.setrlimit(core, [1, 0]), RangeError)
  assert.throws(() => resource.prlimit(0, core, [1, 0]), RangeError)
  for (const wrong of [7, -3, 2 ** 31 - 1]) assert.throws(() => resource.getrusage(wrong), RangeError)
})

test('usage is what the process has used', { skip: noPython }, () => {
  const before = resource.getrusage(resource.RUSAGE_SELF)
  const until = process.cpuUsage().user + 50_000
  while (process.cpuUsage().user < until) Math.sqrt(Math.random())
  const after = resource.getrusage(resource.RUSAGE_SELF)
  assert.ok(after.ru_utime - before.ru_utime >= 0.03)
  assert.ok(after.ru_maxrss >= before.ru_maxrss && after.ru_maxrss > 10_000)
  assert.ok(resource.getrusage(resource.RUSAGE_THREAD).ru_utime <= after.ru_utime + 1)
  assert.ok(resource.getrusage(resource.RUSAGE_CHILDREN) instanceof os.struct_rusage)
  assert.equal(
    resource.getpagesize(),
    askPython<number>('import json, resource; print(json.dumps(resource.getpagesize()))'),
  )
})

test('hooks see plain values, and can refuse', () => {
  const output = run(`
    const events = []
    os.addaudithook((event, args) => {
      events.push([event, ...args])
      if (event === 'resource.setrlimit') throw new Error('no')
    })
    const before = resource.getrlimit(resource.RLIMIT_CORE)
    try { resource.setrlimit(resource.RLIMIT_CORE, [0, 0]) } catch (error) { console.log(error.message) }
    console.log(String(resource.getrlimit(resource.RLIMIT_CORE)) === String(before))
    resource.prlimit(0, resource.RLIMIT_CORE)
    console.log(JSON.stringify(events))`)
  const core = resource.RLIMIT_CORE
  assert.deepEqual(output.split('\n'), [
    'no',
    'true',
    JSON.stringify([
      ['resource.setrlimit', core, [0, 0]],
      ['resource.prlimit', 0, core, null],
    ]),
  ])
})
