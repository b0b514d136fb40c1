/** Every name that CPython documents is here, and nothing is here without a reason. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as osier from 'osier'
import * as errno from 'osier/errno'
import * as grp from 'osier/grp'
import * as mmap from 'osier/mmap'
import * as pwd from 'osier/pwd'
import * as resource from 'osier/resource'
import * as select from 'osier/select'
import * as signal from 'osier/signal'
import * as socket from 'osier/socket'
import * as stat from 'osier/stat'
import * as syslog from 'osier/syslog'
import * as time from 'osier/time'
import { siblings } from '../tools/front_doors.ts'
import { isFunction } from '../tools/reference/chapters.ts'
import { inRepository } from '../tools/repository.ts'
import { changesUntold, reasonsLacking } from './support/checks.ts'

/** A chapter of the fixture. */
interface Chapter {
  /** Functions, and how many arguments must be given. */
  readonly functions?: Readonly<Record<string, number>>
  /** Constants and other data. */
  readonly values?: readonly string[]
  readonly classes?: Readonly<Record<string, Members>>
  /** Methods of what a function returns, by the function's name. */
  readonly results?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** What Linux lacks, and where it exists: nowhere, where the list is empty. */
  readonly elsewhere?: Readonly<Record<string, readonly string[]>>
}

interface Members {
  readonly methods?: Readonly<Record<string, number>>
  readonly fields?: readonly string[]
}

type Module = Readonly<Record<string, unknown>>

interface Extra {
  readonly reason: string
  readonly names: string
}

interface Complete {
  readonly module: string
  readonly exports: Module
  /** The chapters that are complete: add one here as soon as it is. */
  readonly chapters: readonly string[]
  /** What is exported though the documents do not name it. Left out for a module of which the documents name a part. */
  readonly extras?: readonly Extra[]
}

const modules: readonly Complete[] = [
  {
    module: 'os',
    exports: osier,
    chapters: [
      'Errors',
      'File Names, Command Line Arguments, and Environment Variables',
      'Files and Directories',
      'Process Parameters',
      'Process Parameters: the Environment',
      'Random Numbers',
      'File Object Creation',
      'File Descriptor Operations',
      'Querying the Size of a Terminal',
      'Inheritance of File Descriptors',
      'Memory Files',
      'Event File Descriptors',
      'Timer File Descriptors',
      'Interface to the Scheduler',
      'Linux Extended Attributes',
      'Process Parameters: Namespaces',
      'Miscellaneous System Information',
      'Process Management',
    ],
    extras: [
      { reason: 'is in sys there', names: 'addaudithook' },
      {
        reason: 'is built into the language there',
        names: `BrokenPipeError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError
          ProcessLookupError TimeoutError`,
      },
      { reason: 'has no public name there', names: 'ScandirIterator' },
      { reason: 'is in io there, under other names', names: 'BinaryFile TextFile' },
      { reason: 'is in resource there', names: 'struct_rusage' },
      { reason: 'is what supervisors need of prctl(2)', names: 'get_child_subreaper set_child_subreaper' },
      { reason: 'hasattr answers it there', names: 'is_available' },
      { reason: 'is in contextlib there', names: 'suppress' },
      { reason: 'is what asyncio has for some calls there', names: 'promises' },
      { reason: 'is there, though no document says so', names: 'NGROUPS_MAX O_ACCMODE O_LARGEFILE TMP_MAX' },
      { reason: 'is new in CPython 3.14', names: 'readinto reload_environ SCHED_DEADLINE SCHED_NORMAL' },
      { reason: 'belongs with splice, and CPython lacks it', names: 'tee vmsplice SPLICE_F_GIFT' },
      {
        reason: 'is new in CPython 3.15',
        names: `statx statx_result
          STATX_TYPE STATX_MODE STATX_NLINK STATX_UID STATX_GID STATX_ATIME STATX_MTIME STATX_CTIME STATX_INO STATX_SIZE
          STATX_BLOCKS STATX_BASIC_STATS STATX_BTIME STATX_MNT_ID STATX_DIOALIGN STATX_MNT_ID_UNIQUE STATX_SUBVOL
          STATX_WRITE_ATOMIC STATX_DIO_READ_ALIGN
          AT_STATX_SYNC_AS_STAT AT_STATX_FORCE_SYNC AT_STATX_DONT_SYNC AT_NO_AUTOMOUNT`,
      },
    ],
  },
  { module: 'stat', exports: stat, chapters: ['All'] },
  { module: 'errno', exports: errno, chapters: ['All'] },
  {
    module: 'signal',
    exports: signal,
    chapters: ['All'],
    extras: [
      { reason: 'has the function that can wait', names: 'promises' },
      { reason: 'is built into the language there', names: 'KeyboardInterrupt' },
      { reason: 'is in threading there', names: 'get_native_id' },
    ],
  },
  {
    module: 'time',
    exports: time,
    chapters: ['All'],
    extras: [
      { reason: 'has the function that can block', names: 'promises' },
      { reason: 'is a function of POSIX, beside pthread_getcpuclockid', names: 'clock_getcpuclockid' },
    ],
  },
  { module: 'pwd', exports: pwd, chapters: ['All'], extras: [] },
  { module: 'grp', exports: grp, chapters: ['All'], extras: [] },
  {
    module: 'resource',
    exports: resource,
    chapters: ['All'],
    extras: [
      { reason: 'is the class of getrusage, under its own name', names: 'struct_rusage' },
      { reason: 'is in glibc, though no document says so', names: 'RLIMIT_OFILE' },
    ],
  },
  {
    module: 'select',
    exports: select,
    chapters: ['All'],
    extras: [{ reason: 'has the function that waits', names: 'promises' }],
  },
  {
    module: 'syslog',
    exports: syslog,
    chapters: ['All'],
    extras: [{ reason: 'has the function that can block', names: 'promises' }],
  },
  {
    module: 'mmap',
    exports: mmap,
    chapters: ['All'],
    extras: [{ reason: 'is built into the language there', names: 'BufferError' }],
  },
  {
    module: 'socket',
    exports: socket,
    chapters: ['All'],
    extras: [{ reason: 'has the functions that can block', names: 'promises' }],
  },
]

test('every front door that Python has as well is held against the inventory', () => {
  const lacking = siblings.filter((sibling) => !['path', ...modules.map(({ module }) => module)].includes(sibling))
  assert.deepEqual(
    lacking,
    [],
    'add them to `modules` in test/inventory.test.ts; path is a chapter of os in path.test.ts',
  )
})

/** The class of what a function of `results` returns. */
const resultClasses: Readonly<Record<string, unknown>> = {
  poll: Object.getPrototypeOf(select.poll()).constructor,
  popen: osier.TextFile,
  scandir: osier.ScandirIterator,
}

/** Methods that a class only demands. */
const abstractMethods = ['PathLike.__fspath__']

const fixture = JSON.parse(readFileSync(inRepository('test/fixtures/inventory.json'), 'utf8')) as Record<
  string,
  Record<string, Chapter>
>
const tables = JSON.parse(readFileSync(inRepository('test/fixtures/cpython-constants.json'), 'utf8')) as Record<
  'constants' | 'errnoNumbers' | 'signalNumbers',
  Record<string, number>
>
const cpythonConstants: Readonly<Record<string, number>> = {
  ...tables.constants,
  ...tables.errnoNumbers,
  ...tables.signalNumbers,
}

function chapterOf(module: string, title: string): Chapter {
  const chapter = fixture[module]?.[title]
  assert.ok(chapter, `the inventory has no chapter "${title}" of ${module}`)
  return chapter
}

/** Every name that stands by itself in a module, whatever the chapter. */
function documented(module: string): Set<string> {
  const chapters = Object.values(fixture[module] ?? {})
  return new Set(
    chapters.flatMap(({ functions = {}, values = [], classes = {} }) => [
      ...Object.keys(functions),
      ...values,
      ...Object.keys(classes),
    ]),
  )
}

type AnyFunction = (...args: unknown[]) => unknown

function functionOf(owner: unknown, name: string, label = name): AnyFunction {
  const found: unknown = (owner as Module)[name]
  assert.equal(typeof found, 'function', `${label} is no function`)
  return found as AnyFunction
}

for (const { module, exports: all, chapters, extras } of modules) {
  // The default export has the other names.
  const { default: _, ...exports } = all

  for (const title of chapters) {
    const { functions = {}, values = [], classes = {}, results = {}, elsewhere = {} } = chapterOf(module, title)
    const isHere = (name: string): boolean => !(name in elsewhere)

    describe(`${module}, ${title}`, () => {
      test('functions ask for as many arguments as documented', () => {
        for (const [name, required] of Object.entries(functions).filter(([name]) => isHere(name))) {
          assert.equal(functionOf(exports, name).length, required, name)
        }
      })

      test('constants and data are there', () => {
        for (const name of values.filter(isHere)) assert.notEqual(exports[name], undefined, name)
      })

      test('classes have the documented members', () => {
        for (const [name, { methods = {}, fields = [] }] of Object.entries(classes)) {
          const { prototype } = functionOf(exports, name) as { prototype?: unknown }
          for (const [method, required] of Object.entries(methods)) {
            if (abstractMethods.includes(`${name}.${method}`)) continue
            assert.equal(functionOf(prototype, method, `${name}.${method}`).length, required, `${name}.${method}`)
          }
          const sample = samples[name]?.()
          for (const field of fields) {
            const label = `${name}.${field}`
            assert.ok(sample, `there is no sample of ${name}`)
            assert.equal((sample as Module)[field] !== undefined, isHere(label), label)
          }
        }
      })

      test('what functions return has the documented methods', () => {
        for (const [name, methods] of Object.entries(results).filter(([name]) => isHere(name))) {
          const { prototype } = resultClasses[name] as { prototype?: unknown }
          for (const [method, required] of Object.entries(methods)) {
            assert.equal(functionOf(prototype, method, `${name}().${method}`).length, required)
          }
        }
      })

      test('what Linux lacks is named all the same', { skip: process.platform !== 'linux' && 'not Linux' }, () => {
        for (const [name, platforms] of Object.entries(elsewhere).filter(([name]) => !name.includes('.'))) {
          assert.ok(name in exports, `${name} is not exported`)
          if (name in functions) refuses(functionOf(exports, name), name, platforms)
          else assert.equal(exports[name], undefined, name)
        }
      })
    })
  }

  if (extras !== undefined) {
    test(`${module}: everything exported is documented, or has its reason here`, () => {
      const known = documented(module)
      const reasons = extras.flatMap(({ names }) => names.split(/\s+/))
      assert.deepEqual(reasonsLacking(Object.keys(exports), known, reasons), [])
      assert.deepEqual(
        reasons.filter((name) => known.has(name) || !(name in exports)),
        [],
        'listed as extras without need',
      )
    })

    test(`${module}: functions of no document are named in the changelog`, () => {
      const known = documented(module)
      const own = Object.keys(exports).filter((name) => !known.has(name) && isFunction(exports[name]))
      assert.deepEqual(changesUntold(own, readFileSync(inRepository('CHANGELOG.md'), 'utf8')), [])
    })
  }

  test(`${module}: constants have CPython's values`, { skip: notTheFixturesPlatform() }, () => {
    const compared = Object.keys(exports).filter((name) => name in cpythonConstants)
    // The user and group databases have functions only.
    assert.ok(compared.length > 0 || ['pwd', 'grp'].includes(module))
    for (const name of compared) assert.equal(exports[name], cpythonConstants[name], name)
  })
}

/** Objects of the classes, to see their fields. */
const samples: Readonly<Record<string, () => unknown>> = {
  DirEntry: firstEntry,
  mmap: () => new mmap.mmap(-1, 1),
  epoll: () => new select.epoll(),
  sched_param: () => new osier.sched_param(0),
  stat_result: () => osier.stat('.'),
  struct_group: () => grp.getgrgid(0),
  struct_passwd: () => pwd.getpwuid(0),
  statvfs_result: () => osier.statvfs('.'),
  struct_siginfo: () => new signal.struct_siginfo([1, 2, 3, 4, 5, 6, 7]),
  struct_time: () => time.gmtime(0),
  terminal_size: () => new osier.terminal_size([80, 24]),
  times_result: osier.times,
  uname_result: osier.uname,
  waitid_result: () => new osier.waitid_result([0, 0, 0, 0, 0]),
}

function firstEntry(): unknown {
  using entries = osier.scandir('/')
  return entries.next().value
}

function refuses(absent: AnyFunction, name: string, platforms: readonly string[]): void {
  assert.throws(
    () => absent(),
    (error) => {
      assert.ok(error instanceof osier.NotImplementedError, name)
      assert.match(error.message, new RegExp(`^os\\.${name} is not available on linux, only on `))
      const platformList = error.message.slice(error.message.indexOf('only on '))
      for (const platform of platforms) assert.ok(platformList.includes(platform), `${error.message}: ${platform}`)
      return true
    },
  )
}

function notTheFixturesPlatform(): string | false {
  return process.platform === 'linux' && process.arch === 'x64' ? false : 'the fixture is of Linux on x86-64'
}
