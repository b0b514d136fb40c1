import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import os from 'osier'
import * as signal from 'osier/signal'
import { exitCode } from '../support/children.ts'
import { lateChildren } from '../support/emulation.ts'
import {
  type Behaviour,
  conformance,
  fails,
  type Here,
  holds,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

/** CPython's tests of `posix_spawn` and `posix_spawnp`: the same for both. */

type Spawn = typeof os.posix_spawn

const SH = '/bin/sh'
const TRUE_COMMAND = [SH, '-c', ':'] as const

/** What a shell's command ends with. */
function run(spawn: Spawn, command: string, options: os.PosixSpawnOptions = {}): number {
  return exitCode(spawn(SH, [SH, '-c', command], os.environ, options))
}

/** The output of a shell command, which `file_actions` may redirect. */
function output(here: Here, spawn: Spawn, command: string, options: os.PosixSpawnOptions = {}): string {
  const [r, w] = here.pipe()
  assert.equal(run(spawn, command, { file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]], ...options }), 0)
  os.close(w)
  return String(os.read(r, 4096))
}

const BAD_ACTIONS: readonly (readonly unknown[])[] = [
  [null],
  [[]],
  [[null]],
  [[12345]],
  [[os.POSIX_SPAWN_CLOSE]],
  [[os.POSIX_SPAWN_CLOSE, 1, 2]],
  [[os.POSIX_SPAWN_CLOSE, null]],
]

/** Signals that are ignored here, as a child finds them at first. */
function ignoring(here: Here, number: number): void {
  const before = signal.signal(number, signal.SIG_IGN)
  here.later(() => signal.signal(number, before ?? signal.SIG_DFL))
}

function scheduled(spawn: Spawn, policy: number | null): void {
  const mine = os.sched_getscheduler(0)
  const param = new os.sched_param(os.sched_get_priority_min(mine))
  const child = spawn(SH, [SH, '-c', 'exec sleep 60'], os.environ, { scheduler: [policy, param] })
  try {
    assert.deepEqual(
      [os.sched_getscheduler(child), os.sched_getparam(child).sched_priority],
      [mine, param.sched_priority],
    )
  } finally {
    os.kill(child, signal.SIGKILL)
    exitCode(child)
  }
}

function refused(spawn: Spawn, options: object): () => unknown {
  return () => spawn(SH, TRUE_COMMAND, os.environ, options as os.PosixSpawnOptions)
}

function spawnTests(name: string, spawn: Spawn): Record<string, Behaviour[]> {
  return {
    test_returns_pid: [
      holds(`${name} gives the id of the child`, (here) => {
        const [r, w] = here.pipe()
        const child = spawn(SH, [SH, '-c', 'echo $$'], {}, { file_actions: [[os.POSIX_SPAWN_DUP2, w, 1]] })
        assert.equal(exitCode(child), 0)
        assert.equal(String(os.read(r, 100)), `${child}\n`)
      }),
    ],
    test_no_such_executable: [
      holds(
        `${name} of what is not there is a FileNotFoundError with its name`,
        (here) => {
          // In a PATH of directories that everybody may search: EACCES comes before ENOENT.
          here.variable('PATH', '/usr/bin:/bin')
          assert.throws(
            () => spawn('no_such_executable', ['no_such_executable'], os.environ),
            (error: unknown) => error instanceof os.FileNotFoundError && error.filename === 'no_such_executable',
          )
        },
        lateChildren,
      ),
    ],
    test_specify_environment: [
      holds(`${name} gives the child the environment that it is given`, (here) => {
        const [r, w] = here.pipe()
        const file_actions = [[os.POSIX_SPAWN_DUP2, w, 1]] as const
        const env = os.environ.copy().set('foo', 'bar')
        assert.equal(exitCode(spawn(SH, [SH, '-c', 'echo $foo'], env, { file_actions })), 0)
        assert.equal(String(os.read(r, 100)), 'bar\n')
      }),
    ],
    test_none_file_actions: [
      holds(`${name} takes none as file_actions`, () =>
        assert.equal(run(spawn, ':', { file_actions: null as never }), 0),
      ),
    ],
    test_empty_file_actions: [
      holds(`${name} takes an empty list of them`, () => assert.equal(run(spawn, ':', { file_actions: [] }), 0)),
    ],
    test_resetids_explicit_default: [
      holds(`${name} takes resetids false`, () => assert.equal(run(spawn, ':', { resetids: false }), 0)),
    ],
    test_resetids: [
      holds(`${name} with resetids: the effective ids are the real ones`, (here) => {
        const ids = `${os.getuid()} ${os.getgid()}\n`
        assert.equal(output(here, spawn, 'echo $(id -u) $(id -g)', { resetids: true }), ids)
      }),
    ],
    test_resetids_wrong_type: [
      holds(`${name} refuses none as resetids, with a TypeError`, () => typeError(refused(spawn, { resetids: null }))),
    ],
    test_setpgroup: [
      holds(`${name} puts the child into a process group`, () => {
        assert.equal(run(spawn, ':', { setpgroup: os.getpgrp() }), 0)
      }),
      holds(
        `${name} makes a group of its own for 0`,
        () => {
          const child = spawn(SH, [SH, '-c', 'exec sleep 60'], {}, { setpgroup: 0 })
          assert.equal(os.getpgid(child), child)
          os.kill(child, signal.SIGKILL)
          exitCode(child)
        },
        lateChildren,
      ),
    ],
    test_setpgroup_wrong_type: [
      holds(`${name} refuses text as setpgroup, with a TypeError`, () =>
        typeError(refused(spawn, { setpgroup: '023' })),
      ),
    ],
    test_setsigmask: [
      holds(`${name} blocks the signals of setsigmask`, () => {
        assert.equal(run(spawn, 'kill -USR1 $$', { setsigmask: [signal.SIGUSR1] }), 0)
      }),
    ],
    test_setsigmask_wrong_type: [
      holds(`${name} refuses a number as setsigmask, and a list of text, with a TypeError`, () => {
        typeError(refused(spawn, { setsigmask: 34 }), refused(spawn, { setsigmask: ['j'] }))
      }),
      holds(`${name} refuses numbers beyond all signals, with a ValueError`, () => {
        rangeError(refused(spawn, { setsigmask: [signal.NSIG, signal.NSIG + 1] }))
      }),
    ],
    test_setsid: [
      holds(
        `${name} with setsid: the child leads a session of its own`,
        () => {
          const child = spawn(SH, [SH, '-c', 'exec sleep 60'], {}, { setsid: true })
          assert.equal(os.getsid(child), child)
          os.kill(child, signal.SIGKILL)
          exitCode(child)
        },
        lateChildren,
      ),
    ],
    test_setsigdef: [
      holds(`${name} gives the signals of setsigdef their usual action`, (here) => {
        ignoring(here, signal.SIGVTALRM)
        assert.equal(run(spawn, 'kill -VTALRM $$', { setsigdef: [signal.SIGVTALRM] }), -signal.SIGVTALRM)
      }),
    ],
    test_setsigdef_wrong_type: [
      holds(`${name} refuses a number as setsigdef, and a list of text, with a TypeError`, () => {
        typeError(refused(spawn, { setsigdef: 34 }), refused(spawn, { setsigdef: ['j'] }))
      }),
      holds(`${name} refuses numbers beyond all signals in it, with a ValueError`, () => {
        rangeError(refused(spawn, { setsigdef: [signal.NSIG, signal.NSIG + 1] }))
      }),
    ],
    test_setscheduler_only_param: [
      holds(`${name} takes a priority for the policy that is`, () => scheduled(spawn, null)),
    ],
    test_setscheduler_with_policy: [
      holds(`${name} takes a policy with a priority`, () => scheduled(spawn, os.sched_getscheduler(0))),
    ],
    test_multiple_file_actions: [
      holds(`${name} opens, closes and duplicates in order`, (here) => {
        const path = here.file('file', 'content\n')
        const [r, w] = here.pipe()
        const file_actions = [
          [os.POSIX_SPAWN_OPEN, 3, path, os.O_RDONLY, 0],
          [os.POSIX_SPAWN_CLOSE, 0],
          [os.POSIX_SPAWN_DUP2, w, 4],
        ] as const
        assert.equal(run(spawn, 'cat <&3 >&4', { file_actions }), 0)
        assert.equal(String(os.read(r, 100)), 'content\n')
      }),
    ],
    test_bad_file_actions: [
      ...BAD_ACTIONS.map((file_actions) =>
        holds(`${name} refuses file_actions such as ${JSON.stringify(file_actions)}, with a TypeError`, () => {
          typeError(refused(spawn, { file_actions }))
        }),
      ),
      holds(`${name} refuses a NUL in a path of file_actions, with a ValueError`, () => {
        rangeError(refused(spawn, { file_actions: [[os.POSIX_SPAWN_OPEN, 3, 'file\0', os.O_RDONLY, 0]] }))
      }),
    ],
    test_open_file: [
      holds(`${name} opens a file as a descriptor of the child`, (here) => {
        const flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        const file_actions = [[os.POSIX_SPAWN_OPEN, 1, here.path('out'), flags, 0o600]] as const
        assert.equal(run(spawn, 'printf hello', { file_actions }), 0)
        assert.equal(readFileSync(here.path('out'), 'utf8'), 'hello')
      }),
    ],
    test_close_file: [
      holds(`${name} closes a descriptor of the child`, (here) => {
        const [r, w] = here.pipe()
        const file_actions = [
          [os.POSIX_SPAWN_DUP2, w, 1],
          [os.POSIX_SPAWN_CLOSE, 0],
        ] as const
        assert.equal(run(spawn, '[ -e /proc/$$/fd/0 ] || echo closed', { file_actions }), 0)
        assert.equal(String(os.read(r, 100)), 'closed\n')
      }),
    ],
    test_dup2: [
      holds(`${name} duplicates a descriptor in the child`, (here) => {
        const file_actions = [[os.POSIX_SPAWN_DUP2, here.open(here.file()), 1]] as const
        assert.equal(run(spawn, 'printf hello', { file_actions }), 0)
        assert.equal(readFileSync(here.path('file'), 'utf8'), 'hello')
      }),
    ],
  }
}

export const classes: readonly PythonClass[] = [
  conformance('test_posix', 'TestPosixSpawn', spawnTests('posix_spawn', os.posix_spawn)),
  conformance('test_posix', 'TestPosixSpawnP', {
    ...spawnTests('posix_spawnp', os.posix_spawnp),
    test_posix_spawnp: [
      holds('posix_spawnp looks for the program in PATH of this process', (here) => {
        const program = 'osier_posix_spawnp_program'
        os.symlink(SH, here.path(program))
        here.variable('PATH', here.folder)
        assert.equal(exitCode(os.posix_spawnp(program, [program, '-c', ':'], {})), 0)
      }),
      holds(
        'and not in that of the environment that it is given',
        (here) => {
          const program = 'osier_posix_spawnp_program'
          os.symlink(SH, here.path(program))
          here.variable('PATH', '/usr/bin:/bin')
          fails('ENOENT', () => os.posix_spawnp(program, [program, '-c', ':'], { PATH: here.folder }))
        },
        lateChildren,
      ),
    ],
  }),
]
