/**
 * What a call may do to the process and the machine that it is made on, by the name of the function in any of the
 * modules. A function that is in no list is treated as dangerous, and fails the tests until it is in one.
 */
interface Group {
  readonly why: string
  readonly names: string
}

/** Harmless whatever it is called with: called with every value that it accepts. */
const harmless: readonly Group[] = [
  {
    why: 'computes',
    names: `fsdecode fsencode fspath suppress is_available major makedev minor strerror waitstatus_to_exitcode
      WCOREDUMP WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WSTOPSIG WTERMSIG
      S_IMODE S_IFMT S_ISBLK S_ISCHR S_ISDIR S_ISDOOR S_ISFIFO S_ISLINK S_ISLNK S_ISPORT S_ISREG S_ISSOCK S_ISWHT filemode
      strsignal valid_signals ctime LOG_MASK LOG_UPTO
      asctime gmtime localtime mktime strftime strptime`,
  },
  {
    why: 'computes with names of files, or asks about them',
    names: `abspath basename commonpath commonprefix dirname exists expanduser expandvars getatime getctime getmtime
      getsize isabs isdevdrive isdir isfile isjunction islink ismount join lexists normcase normpath realpath relpath
      samefile sameopenfile samestat split splitdrive splitext splitroot`,
  },
  {
    why: 'makes an object',
    names: `mmap sched_param stat_result statvfs_result struct_group struct_passwd struct_rusage struct_siginfo struct_time terminal_size times_result uname_result waitid_result
      VfsFat VfsLfs1 VfsLfs2 VfsPosix FileBlockDev PartitionBlockDev RamBlockDev`,
  },
  {
    why: 'asks about this process, another one, or the system',
    names: `confstr cpu_count ctermid get_child_subreaper get_exec_path getcwd getcwdb getegid getenv getenvb geteuid
      getgid getgrouplist getgroups getloadavg getlogin getpgid getpgrp getpid getppid getpriority getresgid getresuid
      getsid getuid process_cpu_count sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam
      sched_getscheduler sched_rr_get_interval sysconf times uname getgrall getgrgid getgrnam getpagesize getpwall
      getpwnam getpwuid getrlimit getrusage
      clock_getcpuclockid clock_getres clock_gettime clock_gettime_ns get_clock_info monotonic monotonic_ns perf_counter
      perf_counter_ns process_time process_time_ns pthread_getcpuclockid thread_time thread_time_ns time time_ns tzset getitimer get_native_id getsignal sigpending`,
  },
  {
    why: 'changes memory of this process, in a way that can be undone',
    names: 'chdir fchdir putenv reload_environ unsetenv',
  },
  {
    why: 'makes a descriptor, or works on one that it is given',
    names: `close copy_file_range device_encoding dup dup2 eventfd eventfd_read eventfd_write fchmod fchown fdatasync
      fpathconf fstat fstatvfs fsync ftruncate get_blocking get_inheritable get_terminal_size grantpt isatty lockf lseek
      memfd_create open openpty pidfd_open pipe pipe2 posix_fadvise posix_openpt pread preadv ptsname pwrite pwritev
      read readinto readv sendfile set_blocking set_inheritable splice tcgetpgrp tee timerfd_create timerfd_gettime
      timerfd_gettime_ns timerfd_settime timerfd_settime_ns ttyname unlockpt vmsplice write writev
      recv_fds send_fds socketpair cloexec nonblock readable toReadable toReadableStream toWritable toWritableStream`,
  },
  {
    why: 'works on the files that it is given the names of',
    names: `access chmod chown fwalk getxattr ilistdir lchown link listdir listxattr lstat makedirs mkdir mkfifo mknod
      mount pathconf readlink remove removedirs removexattr rename renames replace rmdir scandir setxattr stat statvfs
      statx symlink sync truncate umount unlink utime walk`,
  },
  { why: 'waits for children, of which there are none', names: 'wait wait3 wait4 waitid waitpid' },
  { why: 'makes an object that waits for descriptors', names: 'devpoll epoll kevent kqueue poll' },
  { why: 'lets other threads run', names: 'sched_yield' },
]

/** Harmless with sensible arguments, as in examples. */
const harmlessAsIntended: readonly Group[] = [
  {
    why: 'starts programs',
    names: `fork forkpty popen posix_spawn posix_spawnp spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe
      system`,
  },
  { why: 'sets the clock of the machine', names: 'clock_settime clock_settime_ns' },
  { why: 'takes its time', names: 'sleep' },
  { why: 'hits other processes', names: 'kill killpg pidfd_send_signal' },
  {
    why: 'sends signals to this process, or changes what they do',
    names:
      'alarm default_int_handler pthread_kill pthread_sigmask raise_signal set_wakeup_fd setitimer siginterrupt signal',
  },
  { why: 'waits for descriptors', names: 'select' },
  { why: 'waits for signals', names: 'pause sigtimedwait sigwait sigwaitinfo' },
  { why: 'closes what others have open', names: 'closerange' },
  { why: 'writes to the system log', names: 'closelog openlog setlogmask syslog' },
  { why: 'closes the descriptor once its result is collected', names: 'fdopen' },
  { why: 'fills the disk, or takes its time', names: 'getrandom posix_fallocate urandom' },
]

/** Leaves the process, or the machine, different from what it was. */
const harmful: readonly Group[] = [
  { why: 'a hook stays for good', names: 'addaudithook register_at_fork' },
  { why: 'locks up or lets loose this very process', names: 'chroot setns unshare' },
  {
    why: 'ends it, or puts another program in its place',
    names: '_exit abort execl execle execlp execlpe execv execve execvp execvpe exit',
  },
  {
    why: 'moves a terminal to other processes, or its output elsewhere',
    names: 'dupterm dupterm_notify login_tty tcsetpgrp',
  },
  { why: 'sets limits that may not be raised again', names: 'prlimit setrlimit' },
  {
    why: 'changes who this process is, or how it runs',
    names: `initgroups nice sched_setaffinity sched_setparam sched_setscheduler set_child_subreaper setegid seteuid setgid
      setgroups setpgid setpgrp setpriority setregid setresgid setresuid setreuid setsid setuid umask`,
  },
]

function namesOf(groups: readonly Group[]): string[] {
  return groups.flatMap(({ names }) => names.split(/\s+/))
}

const withAnyValue = new Set(namesOf(harmless))
const asIntended = new Set(namesOf([...harmless, ...harmlessAsIntended]))
const all: readonly string[] = namesOf([...harmless, ...harmlessAsIntended, ...harmful])

/** Whether a function may be called with every value that it accepts. */
export function isHarmless(name: string): boolean {
  return withAnyValue.has(name)
}

/** Whether a program that calls a function may share its process with others that call such functions only. */
export function leavesProcessAsItWas(name: string): boolean {
  return asIntended.has(name)
}

/** What to do about each of these functions that is in no list. */
export function harmUnstated(names: readonly string[]): string[] {
  return names
    .filter((name) => !all.includes(name))
    .map((name) => `${name}: say in test/support/harm.ts whether it is harmless, harmlessAsIntended or harmful`)
}

/** What to do about the lists where they name a function twice, or one that is not among these. */
export function harmWithoutNeed(names: readonly string[]): string[] {
  return all
    .filter((name, index) => !names.includes(name) || all.indexOf(name) !== index)
    .map(
      (name) =>
        `${name}: take it out of test/support/harm.ts, which has it twice, or although there is no such function`,
    )
}
