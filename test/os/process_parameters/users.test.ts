import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import os from 'osier'
import { assertSameAsPython, makeCalls, type Step } from '../../support/calls.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { noNamespaces } from '../../support/namespaces.ts'
import { askPython, noPython } from '../../support/python.ts'
import { inWorker } from '../../support/worker.ts'

const folder = temporaryFolder()

const notRoot = process.getuid?.() === 0 ? false : 'only root may join groups'

test('user and group ids are the same as in Node and Python', { skip: noPython }, () => {
  assert.equal(os.getuid(), process.getuid?.())
  assert.equal(os.geteuid(), process.geteuid?.())
  assert.equal(os.getgid(), process.getgid?.())
  assert.equal(os.getegid(), process.getegid?.())
  assertSameAsPython([['getuid'], ['geteuid'], ['getgid'], ['getegid'], ['getresuid'], ['getresgid'], ['getgroups']])
})

test('ids out of range and of the wrong type are refused as in Python', { skip: noPython }, () => {
  const setters = { setuid: 1, seteuid: 1, setreuid: 2, setresuid: 3, setgid: 1, setegid: 1, setregid: 2, setresgid: 3 }
  const steps: Step[] = []
  for (const [name, count] of Object.entries(setters)) {
    for (const bad of [-2, 2 ** 32, -(2 ** 31), 'x', null]) {
      for (let place = 0; place < count; place++) {
        const args: unknown[] = Array(count).fill(-1)
        args[place] = bad
        steps.push([name, ...args])
      }
    }
    // -1 leaves an id unchanged in calls with several ids, and is invalid in calls with one.
    steps.push([name, ...Array(count).fill(-1)], [name, ...Array(count).fill(2 ** 32 - 1)])
  }
  assertSameAsPython([...steps, ['getresuid'], ['getresgid']])
})

test('ids are set as in Python, by root and by other users', { skip: noPython }, () => {
  const show: Step[] = [['getresuid'], ['getresgid'], ['getgroups']]
  assertSameAsPython([
    ['setgroups', [5, 6, 7]],
    ...show,
    ['setresgid', 10, 20, 30],
    ...show,
    ['setregid', 20, 30],
    ...show,
    ['setegid', 20],
    ...show,
    ['setresuid', 0, 20, 0],
    ...show,
    ['seteuid', 0],
    ...show,
    ['setreuid', 40, -1],
    ...show,
    ['setgid', 50],
    ...show,
    ['setuid', 60],
    ...show,
    // From here on root has gone for good.
    ['setuid', 0],
    ['seteuid', 0],
    ['setreuid', 0, 0],
    ['setresuid', 0, 0, 0],
    ['setgid', 0],
    ['setegid', 0],
    ['setregid', 0, 0],
    ['setresgid', 0, 0, 0],
    ['setgroups', []],
    ['initgroups', 'root', 0],
    ...show,
  ])
})

test('Node sees an id that was set', { skip: notRoot }, () => {
  const program = `
    import os from 'osier'
    os.setgroups([3])
    os.setresgid(1, 2, 3)
    os.setresuid(4, 5, 6)
    console.log(process.getuid(), process.geteuid(), process.getgid(), process.getegid(), String(process.getgroups()))`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  // Node adds the effective group.
  assert.match(child.stdout, /^4 5 1 2 3(,2)?$/m, child.stderr)
})

test('setgroups accepts the values that Python accepts', { skip: noPython }, () => {
  assertSameAsPython([
    ['setgroups', [1, 2, 3]],
    ['getgroups'],
    ['setgroups', []],
    ['getgroups'],
    ['setgroups', [-1]],
    ['setgroups', [2 ** 32 - 1]],
    ['setgroups', [1, -2]],
    ['setgroups', [2 ** 32]],
    ['setgroups', ['1']],
    ['setgroups', [null]],
    ['setgroups', 5],
    ['setgroups', null],
    ['setgroups', '12'],
    ['setgroups', Array(65537).fill(1)],
    ['getgroups'],
  ])
})

test('setgroups accepts any iterable', { skip: notRoot }, () => {
  const program = `
    import os from 'osier'
    os.setgroups(new Set([7, 8]))
    console.log(String(os.getgroups()))
    os.setgroups(Uint32Array.of(9))
    console.log(String(os.getgroups()))`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(child.stdout, '7,8\n9\n', child.stderr)
})

test('65536 groups can be set and read', { skip: notRoot }, () => {
  const most = Array.from({ length: 65536 }, (_, index) => index + 1)
  const some = most.slice(0, 16385)
  const [, all, , fewer] = makeCalls([['setgroups', most], ['getgroups'], ['setgroups', some], ['getgroups']])
  assert.deepEqual(all?.result, most)
  assert.deepEqual(fewer?.result, some)
})

test('getgrouplist returns the same groups as Python for every user', { skip: noPython }, () => {
  const users = askPython<[string, number][]>(
    'import json, pwd; print(json.dumps([(user.pw_name, user.pw_gid) for user in pwd.getpwall()]))',
  )
  assert.ok(users.length > 0)
  assertSameAsPython([
    ...users.map(([name, gid]): Step => ['getgrouplist', name, gid]),
    ['getgrouplist', 'no such user', 5],
    ['getgrouplist', 'root', -1],
    ['getgrouplist', 'root', 2 ** 32 - 1],
    ['getgrouplist', 'root', 2 ** 32],
    ['getgrouplist', 'root', 'x'],
    ['getgrouplist', 'ro\0ot', 0],
    ['getgrouplist', 5, 0],
    ['getgrouplist', null, 0],
    ['initgroups', 'root', 0],
    ['getgroups'],
    ['initgroups', { bytes: '726f6f74' }, 5],
    ['getgroups'],
    ['initgroups', 'no such user', 9],
    ['getgroups'],
    ['initgroups', 'ro\0ot', 0],
    ['initgroups', 'root', -2],
    ['initgroups', 5, 0],
  ])
})

test('getgrouplist returns any number of groups', { skip: noNamespaces }, () => {
  const groups = join(folder, 'group')
  const lines = Array.from({ length: 20_000 }, (_, index) => `g${index}:x:${index + 1000}:member\n`)
  writeFileSync(groups, lines.join(''))
  const program = `
    import os from 'osier'
    const found = os.getgrouplist('member', 7)
    console.log(found.length, found[0], found.at(-1))`
  const script = 'mount --bind "$1" /etc/group && exec "$2" --input-type=module -e "$3"'
  const child = spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', groups, process.execPath, program],
    { encoding: 'utf8' },
  )
  assert.equal(child.stdout.trim(), '20001 7 20999', child.stderr)
})

test('getlogin returns the login name, or throws', { skip: noPython }, () => {
  assertSameAsPython([['getlogin']])
})

test('in a worker thread ids can be read, and not set', async () => {
  const [asked, codes] = await inWorker<[number[], unknown[]]>(`
    const attempts = [
      () => os.setuid(os.getuid()), () => os.seteuid(os.geteuid()), () => os.setreuid(-1, -1),
      () => os.setresuid(-1, -1, -1), () => os.setgid(os.getgid()), () => os.setegid(os.getegid()),
      () => os.setregid(-1, -1), () => os.setresgid(-1, -1, -1), () => os.setgroups(os.getgroups()),
      () => os.initgroups('root', 0),
    ]
    const codes = attempts.map((attempt) => { try { attempt() } catch (error) { return error.code } })
    return [[os.getuid(), os.getgid()], codes]`)
  assert.deepEqual(asked, [os.getuid(), os.getgid()])
  assert.deepEqual(codes, Array(10).fill('ERR_WORKER_UNSUPPORTED_OPERATION'))
})
