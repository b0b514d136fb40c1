import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { callsLacking, otherCalls } from './support/audit_refusal_calls.ts'
import { temporaryFolder } from './support/folder.ts'
import { noStrace } from './support/strace.ts'

/**
 * The functions of `os` that reach the system and raise no event, because CPython 3.13 has none for them. SECURITY.md
 * names the groups.
 */
const WITHOUT_EVENT: Readonly<Record<string, string>> = {
  'ask about this process, another one, or the system': `cpu_count device_encoding fpathconf fstat fstatvfs
    get_blocking get_child_subreaper get_inheritable get_terminal_size getcwd getcwdb getegid geteuid getgid getgrouplist
    getgroups getloadavg getlogin getpgid getpgrp getppid getpriority getresgid getresuid getsid getuid isatty lseek
    pathconf process_cpu_count sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam
    sched_getscheduler sched_rr_get_interval statvfs tcgetpgrp timerfd_gettime timerfd_gettime_ns times ttyname uname`,
  'ask about a file by its name': 'access lstat readlink stat statx',
  'read, write and change open files': `close closerange copy_file_range dup dup2 eventfd_read eventfd_write fdatasync
    fsync grantpt posix_fadvise posix_fallocate pread preadv ptsname pwrite pwritev read readinto readv sendfile
    set_blocking set_inheritable splice sync tee timerfd_settime timerfd_settime_ns unlockpt vmsplice write writev`,
  'make descriptors that are not files of a name': `eventfd memfd_create openpty pidfd_open pipe pipe2 posix_openpt
    timerfd_create`,
  'make special files': 'mkfifo mknod',
  'change this process': `chroot initgroups login_tty nice sched_setaffinity sched_setparam sched_setscheduler
    sched_yield set_child_subreaper setegid seteuid setgid setgroups setns setpgid setpgrp setpriority setregid setresgid
    setresuid setreuid setsid setuid tcsetpgrp umask unshare`,
  'wait for children, or end this process': '_exit abort wait wait3 wait4 waitid waitpid',
  'random bytes': 'getrandom urandom',
}

const withoutEvent = Object.values(WITHOUT_EVENT).flatMap((names) => names.split(/\s+/))

const program = fileURLToPath(new URL('./support/audit_refusal.js', import.meta.url))
const folder = temporaryFolder()

/**
 * System calls of V8 and of the event loop, which run beside every call, and those that ask for the current directory and
 * for limits, which have no event.
 */
const HOUSEKEEPING =
  /^(?:getcwd|prlimit64\(0, \w+, NULL|mmap|munmap|mprotect|madvise|futex|brk|mremap|getpid|gettid|rt_sig\w+|---|\+\+\+|sched_yield|epoll_\w+|<\.\.\.|restart_syscall)/

interface Trace {
  readonly outcomes: Readonly<Record<string, string>>
  /** The system calls of each call, as strace writes them. */
  readonly systemCalls: ReadonlyMap<string, readonly string[]>
}

function trace(): Trace {
  const log = join(mkdtempSync(join(folder, 'trace-')), 'log')
  const place = mkdtempSync(join(folder, 'place-'))
  const args = ['-f', '-qq', '-s', '64', '-o', log, process.execPath, program, ...withoutEvent]
  const child = spawnSync('strace', args, { cwd: place, encoding: 'utf8', timeout: 120_000, maxBuffer: 2 ** 26 })
  if (child.status !== 0) throw new Error(`the child failed: ${child.stderr.slice(-2000)}${child.error ?? ''}`)
  const systemCalls = new Map<string, string[]>()
  let current: string[] = []
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const call = line.replace(/^\d+\s+/, '')
    const [, name] = /^write\(1, "osier-call ([\w.]+)\\n"/.exec(call) ?? []
    if (name !== undefined) systemCalls.set(name, (current = []))
    else if (!HOUSEKEEPING.test(call) && !/^write\(\d+, "\\1\\0\\0\\0\\0\\0\\0\\0", 8\)/.test(call)) current.push(call)
  }
  systemCalls.delete('end')
  return { outcomes: JSON.parse(child.stdout.trim().split('\n').at(-1) ?? '{}') as Trace['outcomes'], systemCalls }
}

describe('under a hook that refuses every event', { skip: noStrace }, () => {
  let outcomes: Trace['outcomes']
  let systemCalls: Trace['systemCalls']
  before(() => {
    ;({ outcomes, systemCalls } = trace())
  })

  test('no function makes a system call, except those for which CPython has no event', () => {
    const found = [...systemCalls].filter(([name, calls]) => calls.length > 0 && name !== 'addaudithook')
    assert.deepEqual(Object.fromEntries(found), {})
    // The trace does show system calls.
    assert.ok(systemCalls.size > 100, `only ${systemCalls.size} calls were traced`)
  })

  test('what starts a program is refused, in the promises too', () => {
    const starting = Object.keys(outcomes).filter((name) => /(?:exec[lv]|spawn|popen|system|fork)/.test(name))
    const others = starting.filter((name) => outcomes[name] !== 'refused' && name !== 'register_at_fork')
    assert.deepEqual(others, [])
    for (const name of ['popen', 'promises.popen', 'system', 'promises.system', 'promises.spawnvp', 'execve', 'fork'])
      assert.ok(starting.includes(name), name)
  })

  test('the functions of other modules are refused, too', async () => {
    assert.deepEqual(await callsLacking(), [])
    const others = [...otherCalls.keys()]
    assert.deepEqual(
      others.filter((name) => outcomes[name] !== 'refused'),
      [],
    )
  })

  test('a function is refused in both forms or in none', () => {
    const twins = Object.keys(outcomes).filter((name) => name.startsWith('promises.'))
    assert.deepEqual(
      twins.filter((name) => outcomes[name] !== 'refused'),
      [],
    )
    assert.ok(twins.length > 30, `only ${twins.length} twins were called`)
  })
})
