/** Which functions of `os` have one of the same name in `osier/promises`. */

/** Functions of `os` that have no twin, by the reason why they need none. */
const neverBlocking: readonly { readonly why: string; readonly names: string }[] = [
  {
    why: 'computes',
    names: `fsdecode fsencode fspath suppress major makedev minor strerror waitstatus_to_exitcode is_available
      WCOREDUMP WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WSTOPSIG WTERMSIG`,
  },
  {
    why: 'is a class',
    names: 'sched_param stat_result statvfs_result struct_rusage terminal_size times_result uname_result waitid_result',
  },
  {
    why: 'looks into, or changes, memory of this process',
    names: `addaudithook get_exec_path getenv getenvb putenv
      register_at_fork reload_environ unsetenv`,
  },
  {
    why: 'asks or tells the kernel about a process',
    names: `getegid geteuid getgid getgroups getpgid getpgrp getpid getppid
      getpriority getresgid getresuid getsid getuid get_child_subreaper kill killpg nice pidfd_open set_child_subreaper setegid
      seteuid setgid setgroups setpgid setpgrp setpriority setregid setresgid setresuid setreuid setsid setuid times umask
      sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam sched_getscheduler
      sched_rr_get_interval sched_setaffinity sched_setparam sched_setscheduler sched_yield`,
  },
  { why: 'asks the kernel about the system', names: `confstr cpu_count getloadavg process_cpu_count sysconf uname` },
  {
    why: 'makes or changes a descriptor without a file system',
    names: `dup dup2 eventfd get_blocking get_inheritable memfd_create
      pipe pipe2 set_blocking set_inheritable timerfd_create timerfd_gettime timerfd_gettime_ns timerfd_settime
      timerfd_settime_ns`,
  },
  {
    why: 'concerns terminals, which live in memory',
    names: `ctermid device_encoding get_terminal_size grantpt isatty login_tty
      openpty posix_openpt ptsname tcgetpgrp tcsetpgrp ttyname unlockpt`,
  },
  {
    why: 'changes the process, and so what every other call means, before it returns',
    names: `chdir chroot closerange
      fchdir initgroups setns unshare`,
  },
  { why: 'has the current directory from memory', names: 'getcwd getcwdb' },
  { why: 'is not safe on other threads in C', names: 'getlogin' },
  { why: 'makes a file object, whose own calls read and write', names: 'fdopen' },
  { why: 'starts a program, and waits until it has started at the most', names: 'posix_spawn posix_spawnp' },
  { why: 'ends this program', names: '_exit abort execl execle execlp execlpe execv execve execvp execvpe' },
  { why: 'copies this thread', names: 'fork forkpty' },
]

type Twins = Readonly<Record<string, unknown>>

const known: readonly string[] = neverBlocking.flatMap(({ names }) => names.split(/\s+/))

/** What to do about each of these functions that has no twin, and no reason to have none. */
export function twinsLacking(names: readonly string[], twins: Twins): string[] {
  return names
    .filter((name) => !(name in twins) && !known.includes(name))
    .map(
      (name) =>
        `${name}: give it a twin in src/promises/, or say in neverBlocking of test/support/twins.ts why it needs none`,
    )
}

/** What to do about reasons to have no twin for functions that have one, or that are not among these. */
export function neverBlockingWithoutNeed(names: readonly string[], twins: Twins): string[] {
  return known
    .filter((name) => name in twins || !names.includes(name))
    .map((name) => `${name}: take it out of neverBlocking in test/support/twins.ts`)
}
