import assert from 'node:assert/strict'
import os from 'osier'
import { runNode } from '../support/child.ts'
import { exitCode } from '../support/children.ts'
import {
  type Behaviour,
  conformance,
  differs,
  FakePath,
  fails,
  type Here,
  holds,
  isRoot,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

/** CPython's tests of programs and processes: exec, spawn, ids, priorities. */

/** The programs of these tests: ends with 17. */
const SH = '/bin/sh'
const EXIT_17 = [SH, '-c', 'exit 17'] as const
/** Ends with 17 where a variable of this name has this value. */
const WITH_VARIABLE = [SH, '-c', '[ "$OSIERTEST" = magic ] && exit 17'] as const

function environment(): Map<string, string> {
  return os.environ.copy().set('OSIERTEST', 'magic')
}

/** What a program prints that another one, which calls `exec`, becomes. */
function become(call: string): string {
  const { stdout, stderr, status } = runNode(call)
  assert.deepEqual([stderr, status], ['', 0])
  return stdout
}

const BAD_LISTS = [[], ['']] as const

const exec = conformance('test_os', 'ExecTests', {
  test_execvpe_with_bad_program: [
    holds('a program that is not there is an OSError', () => {
      fails('ENOENT', () => os.execvpe('no such app-', ['no such app-'], {}))
    }),
    differs('the environment may be none', 'only Python’s tests give none; it is a TypeError here', () => {
      typeError(() => os.execvpe('no such app-', ['no such app-'], null as never))
    }),
  ],
  test_execv_with_bad_arglist: [
    holds('execv refuses a list without arguments, or with an empty first one, with a ValueError', () => {
      for (const args of BAD_LISTS) rangeError(() => os.execv('notepad', args))
    }),
  ],
  test_execvpe_with_bad_arglist: [
    holds('so does execvpe', () => {
      for (const args of BAD_LISTS) rangeError(() => os.execvpe('notepad', args, {}))
    }),
  ],
  test_internal_execvpe_str: [
    holds('an absolute path is used unchanged', () => {
      assert.equal(become("os.execvpe('/bin/sh', ['sh', '-c', 'echo $0'], { PATH: '/nowhere' })"), 'sh\n')
    }),
    holds('a name is looked for in PATH of the environment that is given', (here) => {
      os.symlink(SH, here.path('osiersh'))
      const env = JSON.stringify({ PATH: here.folder, spam: 'beans' })
      assert.equal(become(`os.execvpe('osiersh', ['a', '-c', 'echo $spam'], ${env})`), 'beans\n')
    }),
    holds('without PATH there, in the directories of defpath', () => {
      assert.equal(become("os.execvpe('sh', ['sh', '-c', 'echo $spam'], { spam: 'beans' })"), 'beans\n')
    }),
    holds('program, arguments and environment may be bytes', () => {
      const call = `const b = Buffer.from
        os.execvpe(b('sh'), [b('sh'), '-c', b('echo $spam')], new Map([[b('PATH'), b('/bin')], [b('spam'), 'beans']]))`
      assert.equal(become(call), 'beans\n')
    }),
  ],
  test_execve_invalid_env: invalidEnvironments((env) => os.execve(SH, EXIT_17, env), 'execve'),
})

/** Names and values that no environment can have: refused before anything happens. */
function invalidEnvironments(call: (env: Map<string, string>) => unknown, name: string): Behaviour[] {
  const refused = (key: string, value: string) => (): void => rangeError(() => call(environment().set(key, value)))
  return [
    holds(`${name} refuses a NUL in the name of a variable, with a ValueError`, refused('FRUIT\0VEGETABLE', 'cabbage')),
    holds(`${name} refuses a NUL in a value`, refused('FRUIT', 'orange\0VEGETABLE=cabbage')),
    holds(`${name} refuses "=" in a name`, refused('FRUIT=ORANGE', 'lemon')),
  ]
}

const pid = conformance('test_os', 'PidTests', {
  test_getppid: [
    holds('getppid of a child is getpid of its parent', (here) => {
      here.variable('OSIERTEST', String(os.getpid()))
      assert.equal(exitCode(os.spawnv(os.P_NOWAIT, SH, [SH, '-c', '[ $PPID = $OSIERTEST ]'])), 0)
      assert.equal(os.getppid(), process.ppid)
    }),
  ],
  test_waitpid: [
    holds('waitpid gives the id of the child, and a status of 0 after a good end', () => {
      const child = os.spawnv(os.P_NOWAIT, SH, [SH, '-c', ':'])
      assert.deepEqual(os.waitpid(child, 0), [child, 0])
    }),
  ],
  test_waitstatus_to_exitcode: [
    holds('waitstatus_to_exitcode gives the exit code', () => {
      const [, status] = os.waitpid(os.spawnv(os.P_NOWAIT, SH, [SH, '-c', 'exit 23']), 0)
      assert.equal(os.waitstatus_to_exitcode(status), 23)
    }),
    differs('and refuses 0.0, with a TypeError', 'it is the number 0; what has a fraction is a RangeError', () => {
      typeError(() => os.waitstatus_to_exitcode('0' as never))
      rangeError(() => os.waitstatus_to_exitcode(0.5))
    }),
  ],
  test_waitstatus_to_exitcode_kill: [
    holds('of a child that a signal has ended it gives the negative number of that', () => {
      const child = os.spawnv(os.P_NOWAIT, SH, [SH, '-c', 'exec sleep 60'])
      os.kill(child, 9)
      assert.equal(exitCode(child), -9)
    }),
  ],
})

const [path, ...rest] = EXIT_17
const found = ['sh', ...rest] as const

const NO_ARGUMENTS: Readonly<Record<string, readonly (() => unknown)[]>> = {
  spawnl: [() => os.spawnl(os.P_NOWAIT, path), () => os.spawnl(os.P_NOWAIT, path, '')],
  spawnle: [() => os.spawnle(os.P_NOWAIT, path, {}), () => os.spawnle(os.P_NOWAIT, path, '', {})],
  spawnv: BAD_LISTS.map((args) => () => os.spawnv(os.P_NOWAIT, path, args)),
  spawnve: BAD_LISTS.map((args) => () => os.spawnve(os.P_NOWAIT, path, args, {})),
}

/** The first form of each function: with P_WAIT it gives the exit code. */
function waits(name: string, call: (here: Here) => number): Behaviour {
  return holds(`${name} with P_WAIT gives the exit code`, (here) => assert.equal(call(here), 17))
}

/** A value may have a "=" in it. */
function equalsInValue(name: string, spawn: typeof os.spawnve): Behaviour {
  return holds(`${name} takes "=" in a value`, () => {
    const env = os.environ.copy().set('FRUIT', 'orange=lemon')
    assert.equal(spawn(os.P_WAIT, path, [path, '-c', '[ "$FRUIT" = orange=lemon ]'], env), 0)
  })
}

const spawn = conformance('test_os', 'SpawnTests', {
  test_spawnl: [waits('spawnl', () => os.spawnl(os.P_WAIT, path, ...EXIT_17))],
  test_spawnle: [
    waits('spawnle, with an environment,', () => os.spawnle(os.P_WAIT, path, ...WITH_VARIABLE, environment())),
  ],
  test_spawnlp: [waits('spawnlp, by a name to be found,', () => os.spawnlp(os.P_WAIT, 'sh', ...found))],
  test_spawnlpe: [
    waits('spawnlpe, by a name to be found,', () => os.spawnlpe(os.P_WAIT, 'sh', ...WITH_VARIABLE, environment())),
  ],
  test_spawnv: [
    waits('spawnv', () => os.spawnv(os.P_WAIT, path, EXIT_17)),
    waits('spawnv, by a path-like object,', () => os.spawnv(os.P_WAIT, new FakePath(path), EXIT_17)),
  ],
  test_spawnve: [
    waits('spawnve, with an environment,', () => os.spawnve(os.P_WAIT, path, WITH_VARIABLE, environment())),
  ],
  test_spawnvp: [waits('spawnvp, by a name to be found,', () => os.spawnvp(os.P_WAIT, 'sh', found))],
  test_spawnvpe: [
    waits('spawnvpe, by a name to be found,', () => os.spawnvpe(os.P_WAIT, 'sh', WITH_VARIABLE, environment())),
  ],
  test_nowait: [
    holds('spawnv with P_NOWAIT gives the id of a child to wait for', () => {
      assert.equal(exitCode(os.spawnv(os.P_NOWAIT, path, EXIT_17)), 17)
    }),
  ],
  test_spawnve_bytes: [
    waits('spawnve, with everything in bytes,', () => {
      const args = WITH_VARIABLE.map((text) => Buffer.from(text))
      const env = new Map(Array.from(environment(), ([name, value]) => [os.fsencode(name), os.fsencode(value)]))
      return os.spawnve(os.P_WAIT, Buffer.from(path), args, env)
    }),
  ],
  ...Object.fromEntries(
    Object.entries(NO_ARGUMENTS).map(([name, all]): [string, Behaviour[]] => [
      `test_${name}_noargs`,
      [
        holds(`${name} refuses to have no argument, or an empty first one, with a ValueError`, () =>
          rangeError(...all),
        ),
      ],
    ]),
  ),
  test_spawnve_invalid_env: [
    ...invalidEnvironments((env) => os.spawnve(os.P_WAIT, path, EXIT_17, env), 'spawnve'),
    equalsInValue('spawnve', os.spawnve),
  ],
  test_spawnvpe_invalid_env: [
    ...invalidEnvironments((env) => os.spawnvpe(os.P_WAIT, 'sh', found, env), 'spawnvpe'),
    equalsInValue('spawnvpe', os.spawnvpe as typeof os.spawnve),
  ],
})

const login = conformance('test_os', 'LoginTests', {
  test_getlogin: [
    holds('getlogin gives a name, or fails where there is no terminal', () => {
      try {
        assert.notEqual(os.getlogin(), '')
      } catch (error) {
        assert.ok(error instanceof os.OSError, String(error))
      }
    }),
  ],
})

const priority = conformance('test_os', 'ProgramPriorityTests', {
  test_set_get_priority: [
    holds(
      'getpriority returns what setpriority has set',
      () => {
        // Of a child: an ordinary user could not put it right again.
        const child = os.spawnv(os.P_NOWAIT, SH, [SH, '-c', 'exec sleep 60'])
        try {
          const before = os.getpriority(os.PRIO_PROCESS, child)
          os.setpriority(os.PRIO_PROCESS, child, before + 1)
          assert.equal(os.getpriority(os.PRIO_PROCESS, child), before + 1)
        } finally {
          os.kill(child, 9)
          exitCode(child)
        }
      },
      os.getpriority(os.PRIO_PROCESS, 0) >= 19 && 'there is no lower priority',
    ),
  ],
})

const OVERFLOW = 2 ** 32

/** Setters of ids with one or two arguments. */
const setters: readonly (readonly [name: string, arity: 1 | 2, call: (...ids: never[]) => void])[] = [
  ['setuid', 1, os.setuid],
  ['setgid', 1, os.setgid],
  ['seteuid', 1, os.seteuid],
  ['setegid', 1, os.setegid],
  ['setreuid', 2, os.setreuid],
  ['setregid', 2, os.setregid],
]

/** Something wrong in each place in turn. */
function inEachPlace(arity: 1 | 2, wrong: unknown): unknown[][] {
  return arity === 1
    ? [[wrong]]
    : [
        [wrong, 0],
        [0, wrong],
      ]
}

const ids = conformance('test_os', 'PosixUidGidTests', {
  ...Object.fromEntries(
    setters.map(([name, arity, call]): [string, Behaviour[]] => [
      `test_${name}`,
      [
        holds(
          `${name} to root is an OSError for others`,
          () => fails('EPERM', () => call(...(Array(arity).fill(0) as never[]))),
          isRoot && 'root may',
        ),
        holds(`${name} refuses text, with a TypeError`, () => {
          for (const args of inEachPlace(arity, 'not an int')) typeError(() => call(...(args as never[])))
        }),
        holds(`${name} refuses ids beyond 32 bits, with an OverflowError`, () => {
          for (const args of inEachPlace(arity, OVERFLOW)) rangeError(() => call(...(args as never[])))
        }),
      ],
    ]),
  ),
  test_setreuid_neg1: [
    holds('setreuid of -1 twice changes nothing', () => {
      const before = os.getresuid()
      os.setreuid(-1, -1)
      assert.deepEqual(os.getresuid(), before)
    }),
  ],
  test_setregid_neg1: [
    holds('nor setregid', () => {
      const before = os.getresgid()
      os.setregid(-1, -1)
      assert.deepEqual(os.getresgid(), before)
    }),
  ],
})

const times = conformance('test_os', 'TimesTests', {
  test_times: [
    holds('times gives a times_result', () => assert.ok(os.times() instanceof os.times_result)),
    holds('with five fields that are numbers', () => {
      const { user, system, children_user, children_system, elapsed } = os.times()
      for (const value of [user, system, children_user, children_system, elapsed]) assert.ok(value >= 0)
    }),
  ],
})

const cpuCount = conformance('test_os', 'CPUCountTests', {
  test_cpu_count: [
    holds('cpu_count is a number above 0, or none', () => {
      const count = os.cpu_count()
      assert.ok(count === null || (Number.isInteger(count) && count > 0))
    }),
  ],
})

export const classes: readonly PythonClass[] = [exec, pid, spawn, login, priority, ids, times, cpuCount]
