/** The generated facts against the headers, against C that asserts each of them, and against CPython. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as ownFacts from '../src/libc/facts.ts'
import { checkFacts } from '../tools/facts/assert_program.ts'
import { newestHeaders, withOlder } from '../tools/facts/keep.ts'
import { flatten, type Tables } from '../tools/facts/merge.ts'
import { newerConstants, newerFields, newerSyscalls } from '../tools/facts/newer.ts'
import { targets } from '../tools/facts/targets.ts'
import { findToolchain, kinds } from '../tools/facts/toolchains.ts'
import { compareWithHeaders, readHeaders, readTarget } from '../tools/facts/written.ts'
import { inRepository } from '../tools/repository.ts'
import { onlyNode } from './support/runtime.ts'

/** OSIER_FETCH_HEADERS=1 lets the tests fetch headers that this machine lacks. */
const online = process.env.OSIER_FETCH_HEADERS === '1'

const fixturePath = inRepository('test/fixtures/cpython-constants.json')

const { target: nativeName, ...ownTables } = ownFacts
const native = targets.find((one) => one.name === nativeName)

test('the target is that of the C library this process runs on', () => {
  if (process.platform !== 'linux') return assert.equal(nativeName, null)
  const report: unknown = process.report.getReport()
  const isGlibc = JSON.stringify(report).includes('"glibcVersionRuntime"')
  assert.equal(nativeName, `linux-${process.arch}-${isGlibc ? 'glibc' : 'musl'}`)
})

test('the tables are frozen and hold all facts of the target', async () => {
  for (const [name, table] of Object.entries(ownTables)) assert.ok(Object.isFrozen(table), name)
  if (nativeName !== null) assert.deepEqual({ ...ownTables }, await readTarget(nativeName))
})

for (const kind of kinds) {
  for (const target of targets) {
    test(`the facts of ${target.name} are those of its headers, by ${kind}`, async (t) => {
      const toolchain = findToolchain(target, { online: online && kind === 'system', kind })
      if (typeof toolchain === 'string') return t.skip(toolchain)
      assert.deepEqual(await compareWithHeaders(target, toolchain), [])
    })
  }
}

for (const target of targets) {
  test(`C asserts the facts of ${target.name}`, async (t) => {
    const found = kinds.map((kind) => findToolchain(target, { online: online && kind === 'system', kind }))
    const toolchains = found.filter((one) => typeof one !== 'string')
    if (toolchains.length === 0) return t.skip(found.join('; '))
    const facts = flatten(await readTarget(target.name))
    let unknown = [...facts.keys()]
    for (const { compiler, headers } of toolchains) {
      const verdict = checkFacts(compiler, facts)
      assert.deepEqual(verdict.wrong, [], headers)
      unknown = unknown.filter((fact) => verdict.unknown.includes(fact))
    }
    const headers = toolchains.map((one) => one.headers)
    assert.deepEqual(unknown.filter(mustBeKnown(target.name, headers)), [])
    t.diagnostic(`${facts.size - unknown.length} facts asserted, by ${headers.join(' and ')}`)
  })
}

describe('npm run facts', () => {
  const only = native === undefined && `no facts of ${process.platform}-${process.arch}`

  test('writes what is written, by the compilers of the system, and lists the targets that they do not serve', {
    skip:
      only ||
      (native !== undefined &&
        typeof findToolchain(native, { online: false, kind: 'system' }) === 'string' &&
        'there is no C compiler') ||
      onlyNode('it is for Node'),
  }, () => {
    const program = inRepository('build/tools/facts/generate.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--check', '--with', 'system'], {
      encoding: 'utf8',
      timeout: 120_000,
    })
    assert.deepEqual([status, stderr], [0, ''])
    const lines = stdout.trim().split('\n')
    assert.equal(lines.length, targets.length)
    for (const [index, { name }] of targets.entries()) {
      const line = lines[index] ?? ''
      assert.ok(line.startsWith(`${name}: `) || line.startsWith(`${name} is left as it is: `), line)
    }
  })

  test('is compiled without the sources that may need a new constant', () => {
    const compiler = inRepository('node_modules/typescript/bin/tsc')
    const args = [compiler, '-p', inRepository('tools/facts'), '--listFilesOnly']
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
    assert.equal(status, 0, stdout)
    const files = stdout.split('\n').filter((file) => file.startsWith(inRepository('src/')))
    assert.ok(files.length > 0)
    for (const file of files) assert.match(file, /\/src\/libc\/(facts|targets\/[\w-]+)\.ts$/)
  })
})

test('headers of an older version leave what they lack as it is written, while it is asked for', () => {
  const layout = (...fields: readonly string[]): unknown => {
    const numbers = Object.fromEntries(fields.map((field, index) => [field, 8 * index]))
    return { size: 8 * fields.length, offsets: numbers, sizes: numbers }
  }
  const written: Tables = {
    constants: { O_RDONLY: 0, MFD_EXEC: 16, NO_SUCH_FAMILY: 1 },
    syscalls: { openat2: 437, no_such_call: 1 },
    structs: { timespec: layout('tv_sec', 'tv_nsec') },
  }
  const fresh: Tables = {
    constants: { O_RDONLY: 0, O_NEW: 7 },
    syscalls: {},
    structs: { timespec: layout('tv_sec') },
  }
  assert.deepEqual(withOlder(fresh, written), {
    constants: { O_RDONLY: 0, O_NEW: 7, MFD_EXEC: 16 },
    syscalls: { openat2: 437 },
    structs: { timespec: layout('tv_sec', 'tv_nsec') },
  })
  assert.equal(newestHeaders('glibc 2.36, Linux 6.3', 'glibc 2.41, Linux 6.1'), 'glibc 2.41, Linux 6.3')
  assert.equal(newestHeaders('musl 1.2.4, Linux 6.3', 'musl of unknown version, Linux 6.12'), 'musl 1.2.4, Linux 6.12')
})

test('C contradicts each kind of fact that is wrong, and does not know what is made up', (t) => {
  if (!native) return t.skip(`no facts of ${process.platform}-${process.arch}`)
  const toolchain = findToolchain(native, { online: false })
  if (typeof toolchain === 'string') return t.skip(toolchain)
  const samples = [
    ...[
      'constants.O_RDONLY',
      'constants.P_PID',
      'constants.STATX_BTIME',
      'errnoNumbers.ENOENT',
      'signalNumbers.SIGINT',
    ],
    ...[
      'sysconfNames.SC_PAGESIZE',
      'pathconfNames.PC_NAME_MAX',
      'confstrNames.CS_PATH',
      'syscalls.openat',
      'sizes.pid_t',
    ],
    ...[
      'structs.stat.size',
      'structs.stat.offsets.st_mode',
      'structs.stat.sizes.st_mode',
      'structs.statx.offsets.stx_ino',
    ],
  ]
  const right = new Map([...flatten(ownTables)].filter(([fact]) => samples.includes(fact)))
  const wrong = new Map(Array.from(right, ([fact, value]) => [fact, value + 1]))
  assert.deepEqual(checkFacts(toolchain.compiler, right), { wrong: [], unknown: [] })
  const verdict = checkFacts(toolchain.compiler, wrong.set('constants.O_MADE_UP', 1))
  assert.deepEqual([...verdict.wrong].sort(), samples.sort())
  assert.deepEqual(verdict.unknown, ['constants.O_MADE_UP'])
})

/** Headers of another version than the written facts' may be older; else only what is newer than they may be missing. */
function mustBeKnown(target: string, headers: readonly string[]): (fact: string) => boolean {
  if (headers.reduce(newestHeaders) !== readHeaders(target)) return () => false
  const fields = Object.entries(newerFields).map(([struct, added]) => [struct, { offsets: added, sizes: added }])
  const newer = { constants: newerConstants, syscalls: newerSyscalls, structs: Object.fromEntries(fields) }
  const names = new Set(namesIn(newer))
  return (fact) => !names.has(fact)
}

/** The paths of everything that is no plain object. */
function namesIn(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')]
  return Object.entries(value).flatMap(([name, inner]) => namesIn(inner, [...path, name]))
}

/** Names that CPython has and the headers have not. None has another value. */
const cpythonsOwn: readonly { readonly reason: string; readonly names: string }[] = [
  {
    reason: 'numbers of CPython itself, which C has not',
    names: `POSIX_SPAWN_OPEN POSIX_SPAWN_CLOSE POSIX_SPAWN_DUP2 POSIX_SPAWN_CLOSEFROM P_WAIT P_NOWAIT P_NOWAITO`,
  },
  {
    reason: 'resource module: C has the highest number of rlim_t for it',
    names: 'RLIM_INFINITY',
  },
  {
    reason: 'in C a function call, whose answer is known at run time only',
    names: 'SIGRTMIN SIGRTMAX',
  },
  {
    reason: 'stat module: places in the ten-tuple of stat_result',
    names: 'ST_MODE ST_INO ST_DEV ST_NLINK ST_UID ST_GID ST_SIZE ST_ATIME ST_MTIME ST_CTIME',
  },
  {
    reason:
      'stat module: file types of other systems, 0 where they are missing, and a synonym of S_ISGID from System V',
    names: 'S_IFDOOR S_IFPORT S_IFWHT S_ENFMT',
  },
  {
    reason: 'stat module: flags of chflags(2), which macOS and the BSDs have',
    names: `UF_SETTABLE UF_NODUMP UF_IMMUTABLE UF_APPEND UF_OPAQUE UF_NOUNLINK UF_COMPRESSED UF_TRACKED UF_DATAVAULT
      UF_HIDDEN SF_SETTABLE SF_ARCHIVED SF_IMMUTABLE SF_APPEND SF_RESTRICTED SF_NOUNLINK SF_SNAPSHOT SF_FIRMLINK
      SF_DATALESS`,
  },
  {
    reason: 'mmap module: what CPython counts up itself, and what sysconf(3) tells',
    names: 'ACCESS_COPY ACCESS_DEFAULT ACCESS_READ ACCESS_WRITE ALLOCATIONGRANULARITY PAGESIZE',
  },
  {
    reason: 'stat module: attributes of files on Windows',
    names: `FILE_ATTRIBUTE_ARCHIVE FILE_ATTRIBUTE_COMPRESSED FILE_ATTRIBUTE_DEVICE FILE_ATTRIBUTE_DIRECTORY
      FILE_ATTRIBUTE_ENCRYPTED FILE_ATTRIBUTE_HIDDEN FILE_ATTRIBUTE_INTEGRITY_STREAM FILE_ATTRIBUTE_NORMAL
      FILE_ATTRIBUTE_NOT_CONTENT_INDEXED FILE_ATTRIBUTE_NO_SCRUB_DATA FILE_ATTRIBUTE_OFFLINE
      FILE_ATTRIBUTE_READONLY FILE_ATTRIBUTE_REPARSE_POINT FILE_ATTRIBUTE_SPARSE_FILE FILE_ATTRIBUTE_SYSTEM
      FILE_ATTRIBUTE_TEMPORARY FILE_ATTRIBUTE_VIRTUAL`,
  },
]

test('the constants of Linux on x86-64 with glibc are those of CPython', async () => {
  const cpython = flatten(readFixture())
  const ours = flatten(await readTarget('linux-x64-glibc'))
  const deviations = [...cpython].filter(([fact, value]) => ours.get(fact) !== value)
  const missing = deviations.filter(([fact]) => !ours.has(fact)).map(([fact]) => nameOf(fact))
  const differing = deviations.filter(([fact]) => ours.has(fact))
  assert.deepEqual(differing, [])
  const listed = cpythonsOwn.flatMap(({ names }) => names.split(/\s+/))
  assert.deepEqual(missing.sort(), listed.sort())
})

test('sysconf, pathconf and confstr know no other names than CPython', async () => {
  const cpython = readFixture()
  const ours = await readTarget('linux-x64-glibc')
  for (const table of ['sysconfNames', 'pathconfNames', 'confstrNames']) assert.deepEqual(ours[table], cpython[table])
})

/** The tables of the fixture, named as ours. */
function readFixture(): Tables {
  const { origin, ...tables }: { origin: string } & Tables = JSON.parse(readFileSync(fixturePath, 'utf8'))
  assert.match(origin, /^CPython 3\.13/)
  return tables
}

function nameOf(fact: string): string {
  return fact.slice(fact.lastIndexOf('.') + 1)
}
