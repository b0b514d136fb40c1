import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import os from 'osier'
import { assertSameAsPython, type Step } from '../../support/calls.ts'
import { askNode } from '../../support/child.ts'
import { noPython } from '../../support/python.ts'
import { noSeccomp } from '../../support/seccomp.ts'

/** Higher than any pid can be. */
const UNUSED_PID = 99_999_999

const POLICIES = ['SCHED_OTHER', 'SCHED_BATCH', 'SCHED_IDLE', 'SCHED_FIFO', 'SCHED_RR']

test('the range of priorities of each policy is that of Python', { skip: noPython }, () => {
  const policies = [...POLICIES.map((policy) => ({ constant: policy })), 6, 7, 77, -1, 2 ** 31, 'x', null]
  assertSameAsPython(
    policies.flatMap((policy): Step[] => [
      ['sched_get_priority_min', policy],
      ['sched_get_priority_max', policy],
    ]),
  )
})

test('policies and priorities are set and returned as in Python', { skip: noPython }, () => {
  const show: Step[] = [
    ['sched_getscheduler', 0],
    ['sched_getparam', 0],
    ['sched_rr_get_interval', 0],
  ]
  assertSameAsPython([
    ...show,
    ...POLICIES.flatMap((policy): Step[] =>
      [0, 1, 50, 99, 100, -1, 2 ** 31 - 1].flatMap((priority): Step[] => [
        ['sched_setscheduler', 0, { constant: policy }, { sched_param: priority }],
        ...show,
        ['sched_setparam', 0, { sched_param: 2 }],
        ...show,
      ]),
    ),
    ['sched_setscheduler', 0, 0, { sched_param: 0 }],
    // SCHED_RESET_ON_FORK with SCHED_BATCH.
    ['sched_setscheduler', 0, 0x4000_0003, { sched_param: 0 }],
    ...show,
    ['sched_setscheduler', 0, 77, { sched_param: 0 }],
    ['sched_setscheduler', UNUSED_PID, 0, { sched_param: 0 }],
    ['sched_setscheduler', -1, 0, { sched_param: 0 }],
    ['sched_setscheduler', 0, 0, 0],
    ['sched_setscheduler', 0, 0, [0]],
    ['sched_setscheduler', 0, 0, null],
    ['sched_setscheduler', 'x', 0, { sched_param: 0 }],
    ['sched_setscheduler', 0, 2 ** 31, { sched_param: 0 }],
    ['sched_setparam', 0, 0],
    ['sched_setparam', UNUSED_PID, { sched_param: 0 }],
    ...['sched_getscheduler', 'sched_getparam', 'sched_rr_get_interval', 'sched_getaffinity'].flatMap((name): Step[] =>
      [UNUSED_PID, -1, 2 ** 31, 'x', null].map((pid): Step => [name, pid]),
    ),
    ['sched_yield'],
  ])
})

test('a sched_param has an immutable priority', () => {
  const param = new os.sched_param(7)
  assert.equal(param.sched_priority, 7)
  assert.deepEqual([...param], [7])
  assert.deepEqual([param[0], param.length], [7, 1])
  assert.throws(() => Object.assign(param, { sched_priority: 8 }), TypeError)
  for (const bad of ['7', null, undefined, [7]]) {
    assert.throws(() => new os.sched_param(bad as unknown as number), TypeError)
  }
  for (const bad of [1.5, Number.NaN, 2 ** 31]) assert.throws(() => new os.sched_param(bad), RangeError)
})

test('affinity is set and returned as in Python', { skip: noPython }, () => {
  const all = [...os.sched_getaffinity(0)]
  const [first = 0] = all
  const show: Step[] = [['sched_getaffinity', 0]]
  assertSameAsPython([
    ...show,
    ['sched_setaffinity', 0, [first]],
    ...show,
    ['sched_setaffinity', 0, { set: all }],
    ...show,
    // CPUs that do not exist are ignored if at least one CPU exists.
    ['sched_setaffinity', 0, [...all, 1023, 1024, 5000]],
    ...show,
    ['sched_setaffinity', 0, [...all, 600_000, 2 ** 30]],
    ...show,
    ['sched_setaffinity', 0, []],
    ['sched_setaffinity', 0, [99_999]],
    ['sched_setaffinity', 0, [2 ** 30]],
    ['sched_setaffinity', 0, [2 ** 31]],
    ['sched_setaffinity', 0, [-1]],
    ['sched_setaffinity', 0, ['0']],
    ['sched_setaffinity', 0, '0'],
    ['sched_setaffinity', 0, 0],
    ['sched_setaffinity', 0, null],
    ['sched_setaffinity', UNUSED_PID, all],
    ['sched_setaffinity', -1, all],
    ['sched_setaffinity', 'x', all],
    ...show,
  ])
})

test('another process can be scheduled', async (t) => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  t.after(() => child.kill())
  const pid = child.pid ?? 0
  os.sched_setscheduler(pid, os.SCHED_BATCH, new os.sched_param(0))
  assert.equal(os.sched_getscheduler(pid), os.SCHED_BATCH)
  assert.equal(os.sched_getscheduler(0), os.SCHED_OTHER)
  assert.equal(os.sched_getparam(pid).sched_priority, 0)
  const [first = 0] = os.sched_getaffinity(0)
  os.sched_setaffinity(
    pid,
    (function* () {
      yield first
    })(),
  )
  assert.deepEqual(os.sched_getaffinity(pid), new Set([first]))
})

test('process_cpu_count is the number of processors that the thread may run on', () => {
  assert.equal(os.process_cpu_count(), os.sched_getaffinity(0).size)
  const [first = 0] = os.sched_getaffinity(0)
  const program = `os.sched_setaffinity(0, [${first}]); console.log(JSON.stringify([os.process_cpu_count(), os.cpu_count()]))`
  assert.deepEqual(askNode(program), [1, os.cpu_count()])
})

test('sched_getaffinity grows the set until the kernel accepts its size', { skip: noSeccomp }, () => {
  // It asks with a larger and larger set as long as the kernel calls it too small: here up to 512 bytes.
  const number = process.arch === 'arm64' ? 123 : 204
  const program = `
    import { forbid } from '${import.meta.resolve('../../support/seccomp.js')}'
    import { constants } from 'node:os'
    for (const size of [128, 256]) forbid(${number}, constants.errno.EINVAL, [1, size])
    const processors = [...os.sched_getaffinity(0)]
    forbid(${number}, constants.errno.EINVAL)
    let code
    try { os.sched_getaffinity(0) } catch (error) { code = error.code }
    console.log(JSON.stringify([processors, code]))`
  assert.deepEqual(askNode(program), [[...os.sched_getaffinity(0)], 'EINVAL'])
})
