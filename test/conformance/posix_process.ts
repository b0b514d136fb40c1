import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import os from 'osier'
import { runNode } from '../support/child.ts'

import { missing } from '../support/tools.ts'
import {
  call,
  differs,
  fails,
  holds,
  isRoot,
  needsRoot,
  noFork,
  type PythonClass,
  rangeError,
  typeError,
} from './suite.ts'

/** CPython's PosixTester: the tests of processes, ids and the system. */

const WITHOUT_ARGUMENT =
  'ctermid getcwd getcwdb uname times getloadavg getegid geteuid getgid getgroups getpid getpgrp getppid getuid sync'

/** The name of this process's user: none where the system does not know one. */
function userName(): string | null {
  try {
    return execFileSync('id', ['-un'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

const user = userName()
const noUser: string | false = user === null ? 'the system knows no name of this user' : false

const ORDER = `
  const [r, w] = os.pipe()
  const tell = (letter) => () => os.write(w, Buffer.from(letter))
  os.register_at_fork({ before: tell('A') })
  os.register_at_fork({ after_in_parent: tell('C') })
  os.register_at_fork({ after_in_child: tell('E') })
  os.register_at_fork({ before: tell('B'), after_in_parent: tell('D'), after_in_child: tell('F') })
  const pid = os.fork()
  if (pid === 0) os._exit(0)
  os.waitpid(pid, 0)
  os.write(1, os.read(r, 100))`

/** The letters that functions around a fork write, in the order in which they come; asked once. */
let order: string | undefined
function lettersAroundFork(): string {
  order ??= runNode(ORDER).stdout
  return order
}

const nothing = (): void => undefined

/** What `register_at_fork` refuses, in the place of each function in turn. */
function refusedAtFork(value: unknown): void {
  for (const name of ['before', 'after_in_child', 'after_in_parent']) {
    typeError(() => os.register_at_fork({ [name]: value } as never))
  }
}

function mySchedulers(): number[] {
  return [os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_IDLE, os.SCHED_FIFO, os.SCHED_RR, os.SCHED_DEADLINE]
}

/** A call that needs a privilege: it works or it is EPERM. */
function mayBeRefused(call: () => void): void {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof os.PermissionError, String(error))
  }
}

const LARGE = 214_748_364_700

export const tests: PythonClass['tests'] = {
  testNoArgFunctions: WITHOUT_ARGUMENT.split(' ').flatMap((name) => {
    const noArgument = (os as unknown as Record<string, () => unknown>)[name]
    return [holds(`${name} needs no argument`, () => assert.doesNotThrow(noArgument as () => unknown))]
  }),
  test_getresuid: [
    holds('getresuid gives three ids', () => {
      assert.deepEqual(
        os.getresuid().map((id) => id >= 0),
        [true, true, true],
      )
    }),
  ],
  test_getresgid: [
    holds('getresgid gives three ids', () => {
      assert.deepEqual(
        os.getresgid().map((id) => id >= 0),
        [true, true, true],
      )
    }),
  ],
  test_setresuid: [
    holds('setresuid takes the ids that are', () => assert.equal(os.setresuid(...os.getresuid()), undefined)),
    holds('and -1 three times, which changes nothing', () => {
      const before = os.getresuid()
      os.setresuid(-1, -1, -1)
      assert.deepEqual(os.getresuid(), before)
    }),
  ],
  test_setresuid_exception: [
    holds(
      'setresuid to another user is an OSError',
      () => fails('EPERM', () => os.setresuid(os.getuid() + 1, -1, -1)),
      isRoot && 'root may',
    ),
  ],
  test_setresgid: [
    holds('setresgid takes the ids that are', () => assert.equal(os.setresgid(...os.getresgid()), undefined)),
    holds('and -1 three times, which changes nothing', () => {
      const before = os.getresgid()
      os.setresgid(-1, -1, -1)
      assert.deepEqual(os.getresgid(), before)
    }),
  ],
  test_setresgid_exception: [
    holds(
      'setresgid to another group is an OSError',
      () => fails('EPERM', () => os.setresgid(os.getgid() + 1, -1, -1)),
      isRoot && 'root may',
    ),
  ],
  test_initgroups: [
    holds('initgroups without arguments is a TypeError, and with one', () => {
      typeError(
        () => call(os.initgroups),
        () => os.initgroups(null as never, 1),
        () => call(os.initgroups, 'foo'),
      )
    }),
    holds('so is a number as a name, or text as a group', () =>
      typeError(() => os.initgroups(3 as never, 'foo' as never)),
    ),
    differs('and a third argument', 'JavaScript functions ignore additional arguments; TypeScript refuses them'),
    holds(
      'initgroups of an ordinary user is EPERM',
      () => fails('EPERM', () => os.initgroups(user ?? '', 13)),
      noUser || (isRoot && 'root may'),
    ),
  ],
  test_fexecve: [
    holds(
      'execve takes a descriptor in place of a path',
      (here) => {
        here.variable('OSIERTEST', 'here')
        const { stdout, status } = runNode(`
          const fd = os.open('/bin/sh', os.O_RDONLY)
          os.execve(fd, ['sh', '-c', 'echo $OSIERTEST'], os.environ)`)
        assert.deepEqual([stdout, status], ['here\n', 0])
      },
      missing('sh'),
    ),
  ],
  test_waitid: [
    holds('waitid returns which child has ended', () => {
      const pid = os.posix_spawn('/bin/sh', ['sh', '-c', ':'], {})
      assert.equal(os.waitid(os.P_PID, pid, os.WEXITED)?.si_pid, pid)
    }),
  ],
  test_register_at_fork: [
    holds('register_at_fork refuses a function by position, with a TypeError', () => {
      typeError(() => os.register_at_fork(nothing as never))
    }),
    holds('and a value that is not a function', () => {
      for (const value of [2, 'three', Buffer.from('Five')]) refusedAtFork(value)
    }),
    holds('and null', () => refusedAtFork(null)),
    holds('and a value that is not a function besides a function', () => {
      typeError(
        () => os.register_at_fork({ before: null as never, after_in_parent: nothing }),
        () => os.register_at_fork({ before: nothing, after_in_child: '' as never }),
      )
    }),
    holds(
      'the functions for before are called in the reverse of their order',
      () => assert.equal(lettersAroundFork().slice(0, 2), 'BA'),
      noFork,
    ),
    holds(
      'those for the parent and for the child in their order, each on its side',
      () => {
        const letters = lettersAroundFork()
        assert.equal([...letters].sort().join(''), 'ABCDEF')
        assert.ok(letters.indexOf('C') < letters.indexOf('D') && letters.indexOf('E') < letters.indexOf('F'))
      },
      noFork,
    ),
  ],
  test_confstr: [
    holds('confstr refuses an unknown name, with a ValueError', () => rangeError(() => os.confstr('CS_garbage'))),
    holds('confstr of CS_PATH is some text', () => assert.ok((os.confstr('CS_PATH') ?? '').length > 0)),
  ],
  test_umask: [
    holds('umask gives the mask of before', () => {
      const before = os.umask(0o027)
      assert.equal(os.umask(before), 0o027)
    }),
  ],
  test_strerror: [holds('strerror has a text for 0', () => assert.notEqual(os.strerror(0), ''))],
  test_environ: [
    holds('the environment of C is bytes', () => {
      for (const item of os.environb) assert.deepEqual(item.map(Buffer.isBuffer), [true, true])
    }),
  ],
  test_putenv: [
    holds('putenv refuses a NUL in a name, with a ValueError', () => {
      rangeError(
        () => os.putenv('FRUIT\0VEGETABLE', 'cabbage'),
        () => os.putenv(Buffer.from('FRUIT\0VEGETABLE'), Buffer.from('cabbage')),
      )
    }),
    holds('putenv refuses a NUL in a value', () => {
      rangeError(
        () => os.putenv('FRUIT', 'orange\0VEGETABLE=cabbage'),
        () => os.putenv(Buffer.from('FRUIT'), Buffer.from('orange\0VEGETABLE=cabbage')),
      )
    }),
    holds('putenv refuses "=" in a name', () => {
      rangeError(
        () => os.putenv('FRUIT=ORANGE', 'lemon'),
        () => os.putenv(Buffer.from('FRUIT=ORANGE'), Buffer.from('lemon')),
      )
    }),
  ],
  test_getgrouplist: [
    holds(
      'getgrouplist has the group that it is given',
      () => assert.ok(os.getgrouplist(user ?? '', os.getgid()).includes(os.getgid())),
      noUser,
    ),
  ],
  test_getgroups: [
    holds(
      'getgroups and `id -G` agree, but for the effective group',
      () => {
        const groups = execFileSync('id', ['-G'], { encoding: 'utf8' }).trim().split(' ').map(Number)
        const sorted = (groups: number[]): number[] => [...new Set([...groups, os.getegid()])].sort((a, b) => a - b)
        assert.deepEqual(sorted(os.getgroups()), sorted(groups))
      },
      missing('id'),
    ),
  ],
  test_cld_xxxx_constants: [
    holds('the constants CLD_* are there', () => {
      const values = [os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED, os.CLD_TRAPPED, os.CLD_STOPPED, os.CLD_CONTINUED]
      assert.equal(new Set(values.filter(Number.isInteger)).size, 6)
    }),
  ],
  test_sched_yield: [holds('sched_yield comes back', () => assert.equal(os.sched_yield(), undefined))],
  test_sched_priority: [
    holds('a policy has a lowest and a highest priority', () => {
      assert.ok(os.sched_get_priority_max(os.SCHED_RR) >= os.sched_get_priority_min(os.SCHED_RR))
    }),
    holds('an unknown policy is an OSError', () => {
      fails(
        'EINVAL',
        () => os.sched_get_priority_min(-23),
        () => os.sched_get_priority_max(-23),
      )
    }),
  ],
  test_get_and_set_scheduler_and_param: [
    holds('sched_getscheduler gives one of the policies', () => {
      const policy = os.sched_getscheduler(0)
      assert.ok(mySchedulers().includes(policy & ~os.SCHED_RESET_ON_FORK))
    }),
    holds('of the parent as well', () => {
      mayBeRefused(() => assert.ok(mySchedulers().includes(os.sched_getscheduler(os.getppid()))))
    }),
    holds('of process -1 every call is an OSError', () => {
      const param = os.sched_getparam(0)
      fails(
        'EINVAL',
        () => os.sched_getscheduler(-1),
        () => os.sched_getparam(-1),
        () => os.sched_setparam(-1, param),
        () => os.sched_setscheduler(-1, os.sched_getscheduler(0), param),
      )
    }),
    holds('sched_getparam gives a priority', () => assert.ok(Number.isInteger(os.sched_getparam(0).sched_priority))),
    holds('what is can be set', () => {
      const param = os.sched_getparam(0)
      mayBeRefused(() => {
        os.sched_setscheduler(0, os.sched_getscheduler(0), param)
        os.sched_setparam(0, param)
      })
    }),
    holds('none, and a number, in place of a sched_param is a TypeError', () => {
      typeError(
        () => os.sched_setscheduler(0, os.SCHED_OTHER, null as never),
        () => os.sched_setparam(0, 43 as never),
      )
    }),
    holds('a sched_param of none cannot be used, with a TypeError', () => {
      typeError(() => os.sched_setparam(0, new os.sched_param(null as never)))
    }),
    holds('nor one of a number beyond what an int of C holds, with an OverflowError', () => {
      rangeError(
        () => os.sched_setparam(0, new os.sched_param(LARGE)),
        () => os.sched_setparam(0, new os.sched_param(-LARGE)),
      )
    }),
  ],
  test_sched_rr_get_interval: [
    holds('sched_rr_get_interval gives less than a second, or fails for another policy', () => {
      try {
        const interval = os.sched_rr_get_interval(0)
        assert.ok(interval >= 0 && interval < 1)
      } catch (error) {
        assert.ok(error instanceof os.OSError && error.code === 'EINVAL', String(error))
      }
    }),
  ],
  test_sched_getaffinity: [
    holds('sched_getaffinity gives a set of processors, one at least', () => {
      const mask = os.sched_getaffinity(0)
      assert.ok(mask instanceof Set && mask.size >= 1)
      for (const cpu of mask) assert.ok(Number.isInteger(cpu) && cpu >= 0 && cpu < 2 ** 32)
    }),
    holds('of process -1 it is an OSError', () => fails('ESRCH', () => os.sched_getaffinity(-1))),
  ],
  test_sched_setaffinity: [
    holds('sched_getaffinity returns what sched_setaffinity has set', (here) => {
      const before = os.sched_getaffinity(0)
      here.later(() => os.sched_setaffinity(0, before))
      const fewer = new Set([...before].slice(0, Math.max(1, before.size - 1)))
      os.sched_setaffinity(0, fewer)
      assert.deepEqual(os.sched_getaffinity(0), fewer)
    }),
    holds('no processor is an OSError', () => fails('EINVAL', () => os.sched_setaffinity(0, []))),
    holds('a negative one is a ValueError', () => rangeError(() => os.sched_setaffinity(0, [-10]))),
    holds('an error of the iterator passes through', () => {
      const failing = function* (): Generator<number> {
        yield 0
        throw new SyntaxError('mine')
      }
      assert.throws(() => os.sched_setaffinity(0, failing()), SyntaxError)
    }),
    holds('a number beyond all processors is an OverflowError', () => {
      rangeError(() => os.sched_setaffinity(0, [2 ** 128]))
    }),
    holds('of process -1 it is an OSError', () => {
      fails('ESRCH', () => os.sched_setaffinity(-1, os.sched_getaffinity(0)))
    }),
  ],
  test_rtld_constants: [
    holds('the constants RTLD_* are there', () => {
      for (const flag of [os.RTLD_LAZY, os.RTLD_NOW, os.RTLD_GLOBAL, os.RTLD_LOCAL]) assert.ok(Number.isInteger(flag))
    }),
  ],
  test_pidfd_open: [
    holds('pidfd_open of process -1 is EINVAL', () => fails('EINVAL', () => os.pidfd_open(-1))),
    holds('pidfd_open of a process gives a descriptor', (here) => {
      assert.ok(here.closed(os.pidfd_open(os.getpid(), 0)) >= 0)
    }),
  ],
}

/** The class about groups, whose calls change those of the whole process: in one of its own. */
export const groups: PythonClass = {
  module: 'test_posix',
  name: 'PosixGroupsTester',
  tests: {
    test_initgroups: [
      holds(
        'getgroups has the group that initgroups was given',
        () => {
          const { stdout } = runNode(`
            const group = Math.max(0, ...os.getgroups()) + 1
            os.initgroups('root', group)
            console.log(os.getgroups().includes(group))`)
          assert.equal(stdout, 'true\n')
        },
        needsRoot,
      ),
    ],
    test_setgroups: [
      holds(
        'getgroups gives what setgroups has set, one or sixteen',
        () => {
          const { stdout } = runNode(`
            for (const groups of [[0], Array.from({ length: 16 }, (_, i) => i)]) {
              os.setgroups(groups)
              console.log(JSON.stringify(os.getgroups()) === JSON.stringify(groups))
            }`)
          assert.equal(stdout, 'true\ntrue\n')
        },
        needsRoot,
      ),
    ],
  },
}
