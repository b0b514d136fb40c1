import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as grp from 'osier/grp'
import * as pwd from 'osier/pwd'
import { temporaryFolder } from './support/folder.ts'
import { askPython, noPython, runPython } from './support/python.ts'

const folder = temporaryFolder()

/** Databases of this test alone, in a mount namespace: skipped where none can be made. */
const PASSWD = join(folder, 'passwd')
const GROUP = join(folder, 'group')
const COUNT = 10_000
const MEMBERS = 20_000

const users = [
  'root:x:0:0:root:/root:/bin/bash',
  'caf\xe9:x:70001:70001:na\xefve \xff:/home/caf\xe9:',
  'empty::70002:70002:::',
  ...Array.from(
    { length: COUNT },
    (_, index) => `user${index}:x:${100_000 + index}:100:User ${index}:/home/${index}:/bin/sh`,
  ),
]
const groups = [
  'root:x:0:',
  'caf\xe9:x:70001:caf\xe9,root',
  `everyone:x:70003:${Array.from({ length: MEMBERS }, (_, index) => `user${index}`).join()}`,
  ...Array.from({ length: COUNT }, (_, index) => `group${index}:x:${100_000 + index}:user${index}`),
]
writeFileSync(PASSWD, `${users.join('\n')}\n`, 'latin1')
writeFileSync(GROUP, `${groups.join('\n')}\n`, 'latin1')

const MOUNT = 'mount --bind "$0" /etc/passwd && mount --bind "$1" /etc/group && shift && exec "$@"'

/** Runs a command that sees these databases. */
function withDatabases(...command: string[]): ReturnType<typeof spawnSync> {
  const args = ['--mount', 'sh', '-c', MOUNT, PASSWD, GROUP, ...command]
  return spawnSync('unshare', args, { encoding: 'utf8', timeout: 60_000, maxBuffer: 2 ** 28 })
}

const noDatabases = withDatabases('true').status === 0 ? false : 'no mount namespace can be made here'

const PYTHON = `
import grp, json, pwd
print(json.dumps([[list(u) for u in pwd.getpwall()], [list(g) for g in grp.getgrall()]]))`

const PROGRAM = `
  import * as pwd from '${import.meta.resolve('osier/pwd')}'
  import * as grp from '${import.meta.resolve('osier/grp')}'
  const everyone = grp.getgrnam('everyone')
  console.log(JSON.stringify({
    users: pwd.getpwall().map((user) => [...user]),
    groups: grp.getgrall().map((group) => [...group]),
    members: [everyone.gr_mem.length, grp.getgrgid(70003).gr_mem.length],
    byName: pwd.getpwnam('caf\\udce9').pw_uid,
    byBytes: pwd.getpwnam(Buffer.from('caf\\xe9', 'latin1')).pw_dir,
    byId: [...pwd.getpwuid(70002)],
    last: pwd.getpwuid(${100_000 + COUNT - 1}).pw_name,
  }))`

describe('the databases', () => {
  test('are those that Python sees', { skip: noPython }, () => {
    const [pythons, pythonsGroups] = askPython<[unknown[][], unknown[][]]>(PYTHON)
    assert.deepEqual(
      pwd.getpwall().map((user) => [...user]),
      pythons,
    )
    assert.deepEqual(
      grp.getgrall().map((group) => [...group]),
      pythonsGroups,
    )
    for (const [name, , uid] of pythons as [string, string, number][]) {
      assert.equal(pwd.getpwnam(name).pw_uid, uid)
      assert.equal(pwd.getpwuid(uid).pw_uid, uid)
    }
    for (const [name, , gid] of pythonsGroups as [string, string, number][]) {
      assert.equal(grp.getgrnam(name).gr_gid, gid)
      assert.equal(grp.getgrgid(gid).gr_gid, gid)
    }
  })

  test('may be large, have bytes that are not UTF-8, and groups of many members', { skip: noDatabases }, () => {
    const child = withDatabases(process.execPath, '--input-type=module', '-e', PROGRAM)
    assert.equal(child.stderr, '')
    const result = JSON.parse(String(child.stdout))
    assert.deepEqual([result.users.length, result.groups.length], [users.length, groups.length])
    assert.deepEqual(result.users[1], ['caf\udce9', 'x', 70001, 70001, 'na\udcefve \udcff', '/home/caf\udce9', ''])
    assert.deepEqual(result.groups[1], ['caf\udce9', 'x', 70001, ['caf\udce9', 'root']])
    assert.deepEqual(result.members, [MEMBERS, MEMBERS])
    assert.deepEqual([result.byName, result.byBytes], [70001, '/home/caf\udce9'])
    assert.deepEqual(result.byId, ['empty', '', 70002, 70002, '', '', ''])
    assert.equal(result.last, `user${COUNT - 1}`)
    if (noPython === false) {
      const python = JSON.parse(String(withDatabases('python3', '-X', 'utf8', '-c', PYTHON).stdout))
      assert.deepEqual([result.users, result.groups], python)
    }
  })

  test('that are missing have no users and groups', { skip: noDatabases }, () => {
    writeFileSync(join(folder, 'none'), '')
    const program = `
      import * as pwd from '${import.meta.resolve('osier/pwd')}'
      const codes = []
      for (const call of [() => pwd.getpwnam('user1'), () => pwd.getpwuid(100001)]) try { call() } catch (e) { codes.push(e.code) }
      console.log(JSON.stringify([pwd.getpwall(), codes]))`
    const child = spawnSync(
      'unshare',
      [
        '--mount',
        'sh',
        '-c',
        MOUNT,
        join(folder, 'none'),
        join(folder, 'none'),
        process.execPath,
        '--input-type=module',
        '-e',
        program,
      ],
      { encoding: 'utf8', timeout: 60_000 },
    )
    assert.equal(child.stdout, '[[],["ERR_INVALID_ARG_VALUE","ERR_OUT_OF_RANGE"]]\n', child.stderr)
  })
})

test('what is not there is refused as in Python, whose KeyError is a RangeError here', { skip: noPython }, () => {
  const calls = [
    'pwd.getpwnam("no such user")',
    'pwd.getpwuid(2**32 - 2)',
    'pwd.getpwuid(-1)',
    'grp.getgrnam("no such group")',
    'grp.getgrgid(2**32 - 2)',
  ]
  const program = `
import grp, json, pwd
def kind(call):
    try:
        return str(eval(call))
    except Exception as error:
        return type(error).__name__
print(json.dumps([kind(call) for call in ${JSON.stringify(calls)}]))`
  assert.deepEqual(
    JSON.parse(runPython(program)),
    calls.map(() => 'KeyError'),
  )
  assert.throws(() => pwd.getpwnam('no such user'), { name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
  assert.throws(() => pwd.getpwuid(2 ** 32 - 2), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
  assert.throws(() => pwd.getpwuid(-1), RangeError)
  assert.throws(() => grp.getgrnam('no such group'), RangeError)
  assert.throws(() => grp.getgrgid(2 ** 32 - 2), RangeError)
})

test('wrong arguments are refused before C sees them', () => {
  for (const wrong of [undefined, null, 1, {}, [], true]) {
    assert.throws(() => pwd.getpwnam(wrong as never), TypeError)
    assert.throws(() => grp.getgrnam(wrong as never), TypeError)
  }
  for (const wrong of [undefined, null, 'root', {}, 1n]) {
    assert.throws(() => pwd.getpwuid(wrong as never), TypeError)
    assert.throws(() => grp.getgrgid(wrong as never), TypeError)
  }
  for (const wrong of [-2, 2 ** 32, 0.5, Number.NaN]) {
    assert.throws(() => pwd.getpwuid(wrong), RangeError)
    assert.throws(() => grp.getgrgid(wrong), RangeError)
  }
  for (const name of ['ro\0ot', Buffer.from('ro\0ot')]) {
    assert.throws(() => pwd.getpwnam(name), RangeError)
    assert.throws(() => grp.getgrnam(name), RangeError)
  }
})

test('results can be made of a sequence', () => {
  const user = new pwd.struct_passwd(['a', 'x', 1, 2, 'A', '/a', '/bin/sh'])
  assert.deepEqual([user.pw_gid, user[5], user.length], [2, '/a', 7])
  const group = new grp.struct_group(['a', 'x', 1, ['b', 'c']])
  assert.deepEqual([group.gr_mem, group[2], group.length], [['b', 'c'], 1, 4])
  assert.throws(() => new pwd.struct_passwd(['a']), RangeError)
  assert.throws(() => new grp.struct_group(['a', 'x', 1, 'b']), RangeError)
})
