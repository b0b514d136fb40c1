/**
 * The headers, and the names that are read from them.
 *
 * Small families of constants are taken whole by their prefix; where a prefix is shared with much that a user of `os`
 * never meets (PR_, TIOC) the names are listed.
 */

import type { Unit } from './probe.ts'

/** The C library's view of the system: asked first. */
export const libcUnit: Unit = [
  'dirent.h',
  'dlfcn.h',
  'errno.h',
  'fcntl.h',
  'grp.h',
  'limits.h',
  'poll.h',
  'pthread.h',
  'pwd.h',
  'sched.h',
  'signal.h',
  'spawn.h',
  'stdio.h',
  'stdlib.h',
  'sys/epoll.h',
  'sys/eventfd.h',
  'sys/file.h',
  'sys/ioctl.h',
  'sys/mman.h',
  'sys/pidfd.h',
  'sys/prctl.h',
  'sys/random.h',
  'sys/resource.h',
  'sys/select.h',
  'sys/signalfd.h',
  'sys/socket.h',
  'sys/stat.h',
  'sys/statvfs.h',
  'sys/time.h',
  'sys/timerfd.h',
  'sys/times.h',
  'sys/types.h',
  'sys/uio.h',
  'sys/un.h',
  'sys/utsname.h',
  'sys/wait.h',
  'sys/xattr.h',
  'sysexits.h',
  'syslog.h',
  'termios.h',
  'time.h',
  'unistd.h',
]

/** The kernel's own view, for what the C library does not pass on. These clash with the C library's headers. */
export const kernelUnits: readonly Unit[] = [
  [
    'linux/close_range.h',
    'linux/eventfd.h',
    'linux/falloc.h',
    'linux/fcntl.h',
    'linux/fs.h',
    'linux/io_uring.h',
    'linux/limits.h',
    'linux/memfd.h',
    'linux/mman.h',
    'linux/openat2.h',
    'linux/pidfd.h',
    'linux/prctl.h',
    'linux/random.h',
    'linux/sched.h',
    'linux/seccomp.h',
    'linux/stat.h',
    'linux/timerfd.h',
    'linux/wait.h',
    'linux/xattr.h',
    'asm/unistd.h',
  ],
]

export const errnoUnit: Unit = ['errno.h']
export const signalUnit: Unit = ['signal.h']

/** Prefixes of constants that are all included. */
export const prefixes: readonly string[] = [
  'AT',
  'CLD',
  'CLOCK',
  'CLONE',
  'CLOSE_RANGE',
  'DT',
  'EFD',
  'EX',
  'F',
  'FALLOC_FL',
  'FD',
  'GRND',
  'ITIMER',
  'LOCK',
  'LOG',
  'MADV',
  'MAP',
  'MFD',
  'O',
  'PIDFD',
  'POSIX_FADV',
  'POSIX_SPAWN',
  'PRIO',
  'PROT',
  'RENAME',
  'RESOLVE',
  'RLIMIT',
  'RUSAGE',
  'RWF',
  'S',
  'SA',
  'SCHED',
  'SECCOMP',
  'SEEK',
  'SFD',
  'SPLICE_F',
  'ST',
  'STATX',
  'TFD',
  'UTIME',
  'XATTR',
]

/** Constants asked by name; those in enums have no macro that would give them away. */
export const constantNames: readonly string[] = words(`
  P_ALL P_PID P_PGID P_PIDFD
  WNOHANG WUNTRACED WSTOPPED WEXITED WCONTINUED WNOWAIT __WNOTHREAD
  R_OK W_OK X_OK
  RTLD_LAZY RTLD_NOW RTLD_GLOBAL RTLD_LOCAL RTLD_NODELETE RTLD_NOLOAD RTLD_DEEPBIND
  SIG_BLOCK SIG_UNBLOCK SIG_SETMASK SIG_DFL SIG_IGN NSIG
  ARG_MAX BUFSIZ HOST_NAME_MAX IOV_MAX LOGIN_NAME_MAX L_ctermid NAME_MAX NGROUPS_MAX PATH_MAX PIPE_BUF TMP_MAX
  TTY_NAME_MAX
  FIOCLEX FIONBIO FIONCLEX FIONREAD
  TIOCEXCL TIOCGPGRP TIOCGPTLCK TIOCGPTN TIOCGPTPEER TIOCGSID TIOCGWINSZ TIOCNOTTY TIOCNXCL TIOCOUTQ TIOCSCTTY
  TIOCSPGRP TIOCSPTLCK TIOCSTI TIOCSWINSZ
  TCSANOW TCSADRAIN TCSAFLUSH TCIFLUSH TCOFLUSH TCIOFLUSH TCOOFF TCOON TCIOFF TCION
  BRKINT ICRNL IGNBRK IGNCR IGNPAR IMAXBEL INLCR INPCK ISTRIP IUTF8 IXANY IXOFF IXON PARMRK
  ONLCR OPOST OCRNL ONOCR ONLRET
  CLOCAL CREAD CS8 CSIZE CSTOPB HUPCL PARENB PARODD
  ECHO ECHOCTL ECHOE ECHOK ECHOKE ECHONL ICANON IEXTEN ISIG NOFLSH TOSTOP
  NCCS VDISCARD VEOF VEOL VEOL2 VERASE VINTR VKILL VLNEXT VMIN VQUIT VREPRINT VSTART VSTOP VSUSP VTIME VWERASE
  POLLIN POLLPRI POLLOUT POLLERR POLLHUP POLLNVAL POLLRDHUP POLLRDNORM POLLRDBAND POLLWRNORM POLLWRBAND POLLMSG
  EPOLLIN EPOLLPRI EPOLLOUT EPOLLERR EPOLLHUP EPOLLRDHUP EPOLLRDNORM EPOLLRDBAND EPOLLWRNORM EPOLLWRBAND EPOLLMSG
  EPOLLET EPOLLEXCLUSIVE EPOLLONESHOT EPOLL_CLOEXEC EPOLL_CTL_ADD EPOLL_CTL_MOD EPOLL_CTL_DEL FD_SETSIZE
  TIMER_ABSTIME
  AF_UNIX SOCK_STREAM SOCK_DGRAM SOCK_SEQPACKET SOCK_CLOEXEC SOCK_NONBLOCK SOL_SOCKET SO_PASSCRED SO_TYPE SCM_RIGHTS
  MSG_CMSG_CLOEXEC MSG_CTRUNC MSG_DONTROUTE MSG_DONTWAIT MSG_EOR MSG_ERRQUEUE MSG_NOSIGNAL MSG_OOB MSG_PEEK MSG_TRUNC
  MSG_WAITALL
  MREMAP_MAYMOVE MS_ASYNC MS_INVALIDATE MS_SYNC
  IORING_OP_READV IORING_OP_WRITEV IORING_OP_FSYNC IORING_OP_FALLOCATE IORING_OP_OPENAT IORING_OP_OPENAT2 IORING_OP_CLOSE
  IORING_OP_STATX
  IORING_OP_READ IORING_OP_WRITE IORING_OP_FADVISE IORING_OP_SPLICE IORING_OP_TEE IORING_OP_RENAMEAT IORING_OP_UNLINKAT
  IORING_OP_MKDIRAT IORING_OP_SYMLINKAT IORING_OP_LINKAT IORING_OP_FSETXATTR IORING_OP_SETXATTR IORING_OP_FGETXATTR
  IORING_OP_GETXATTR IORING_OP_ASYNC_CANCEL IORING_OP_WAITID IORING_OP_FTRUNCATE IORING_FSYNC_DATASYNC
  IORING_OFF_SQ_RING IORING_OFF_SQES IORING_FEAT_SINGLE_MMAP IORING_FEAT_NODROP IORING_FEAT_RW_CUR_POS
  IORING_SQ_CQ_OVERFLOW IORING_CQ_EVENTFD_DISABLED IORING_SETUP_CQSIZE IORING_SETUP_CLAMP IORING_ENTER_GETEVENTS IOSQE_ASYNC
  IORING_REGISTER_EVENTFD IORING_REGISTER_PROBE IORING_REGISTER_IOWQ_MAX_WORKERS IO_URING_OP_SUPPORTED
  PR_SET_CHILD_SUBREAPER PR_GET_CHILD_SUBREAPER PR_SET_PDEATHSIG PR_GET_PDEATHSIG PR_SET_NAME PR_GET_NAME
  PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS PR_SET_SECCOMP PR_GET_SECCOMP PR_SET_DUMPABLE PR_GET_DUMPABLE
`)

/**
 * Members of the families that are no facts for a user: what a release of the kernel happens to know (sizes, masks,
 * highest numbers), lengths of strings, variants for 32-bit programs.
 */
export const unwanted: RegExp =
  /_SIZE_VER\d+$|_(SUPPORTED|PREFIX_LEN)$|__|^(F_(GET|SET)LKW?64|F_LINUX_SPECIFIC_BASE|MAP_FAILED|O_TMPFILE_MASK|RLIMIT_NLIMITS|SCHED_FLAG_ALL|SEEK_MAX)$/

const family = new RegExp(`^(${prefixes.join('|')})_`)

/** Whether a macro belongs to a family that is taken whole. */
export function isOfFamily(name: string): boolean {
  return family.test(name) && !unwanted.test(name)
}

/** Whether it is asked for, by its name or with its family. */
export function isConstant(name: string): boolean {
  return isOfFamily(name) || constantNames.includes(name)
}

export const errnoName: RegExp = /^E[A-Z0-9]+$/
export const signalName: RegExp = /^SIG[A-Z0-9]+$/

/** In C these are function calls, whose result is known at run time only; a C library may reserve some signals. */
export const runtimeSignals: ReadonlySet<string> = new Set(['SIGRTMIN', 'SIGRTMAX', 'SIGSTKSZ'])

/** The names that CPython's `os.sysconf_names` knows on Linux. In C each has a leading underscore. */
export const sysconfNames: readonly string[] = words(`
  SC_2_CHAR_TERM SC_2_C_BIND SC_2_C_DEV SC_2_C_VERSION SC_2_FORT_DEV SC_2_FORT_RUN SC_2_LOCALEDEF SC_2_SW_DEV SC_2_UPE
  SC_2_VERSION SC_AIO_LISTIO_MAX SC_AIO_MAX SC_AIO_PRIO_DELTA_MAX SC_ARG_MAX SC_ASYNCHRONOUS_IO SC_ATEXIT_MAX
  SC_AVPHYS_PAGES SC_BC_BASE_MAX SC_BC_DIM_MAX SC_BC_SCALE_MAX SC_BC_STRING_MAX SC_CHARCLASS_NAME_MAX SC_CHAR_BIT
  SC_CHAR_MAX SC_CHAR_MIN SC_CHILD_MAX SC_CLK_TCK SC_COLL_WEIGHTS_MAX SC_DELAYTIMER_MAX SC_EQUIV_CLASS_MAX
  SC_EXPR_NEST_MAX SC_FSYNC SC_GETGR_R_SIZE_MAX SC_GETPW_R_SIZE_MAX SC_INT_MAX SC_INT_MIN SC_IOV_MAX SC_JOB_CONTROL
  SC_LINE_MAX SC_LOGIN_NAME_MAX SC_LONG_BIT SC_MAPPED_FILES SC_MB_LEN_MAX SC_MEMLOCK SC_MEMLOCK_RANGE
  SC_MEMORY_PROTECTION SC_MESSAGE_PASSING SC_MINSIGSTKSZ SC_MQ_OPEN_MAX SC_MQ_PRIO_MAX SC_NGROUPS_MAX SC_NL_ARGMAX
  SC_NL_LANGMAX SC_NL_MSGMAX SC_NL_NMAX SC_NL_SETMAX SC_NL_TEXTMAX SC_NPROCESSORS_CONF SC_NPROCESSORS_ONLN SC_NZERO
  SC_OPEN_MAX SC_PAGESIZE SC_PAGE_SIZE SC_PASS_MAX SC_PHYS_PAGES SC_PII SC_PII_INTERNET SC_PII_INTERNET_DGRAM
  SC_PII_INTERNET_STREAM SC_PII_OSI SC_PII_OSI_CLTS SC_PII_OSI_COTS SC_PII_OSI_M SC_PII_SOCKET SC_PII_XTI SC_POLL
  SC_PRIORITIZED_IO SC_PRIORITY_SCHEDULING SC_REALTIME_SIGNALS SC_RE_DUP_MAX SC_RTSIG_MAX SC_SAVED_IDS SC_SCHAR_MAX
  SC_SCHAR_MIN SC_SELECT SC_SEMAPHORES SC_SEM_NSEMS_MAX SC_SEM_VALUE_MAX SC_SHARED_MEMORY_OBJECTS SC_SHRT_MAX
  SC_SHRT_MIN SC_SIGQUEUE_MAX SC_SSIZE_MAX SC_STREAM_MAX SC_SYNCHRONIZED_IO SC_THREADS SC_THREAD_ATTR_STACKADDR
  SC_THREAD_ATTR_STACKSIZE SC_THREAD_DESTRUCTOR_ITERATIONS SC_THREAD_KEYS_MAX SC_THREAD_PRIORITY_SCHEDULING
  SC_THREAD_PRIO_INHERIT SC_THREAD_PRIO_PROTECT SC_THREAD_PROCESS_SHARED SC_THREAD_SAFE_FUNCTIONS SC_THREAD_STACK_MIN
  SC_THREAD_THREADS_MAX SC_TIMERS SC_TIMER_MAX SC_TTY_NAME_MAX SC_TZNAME_MAX SC_T_IOV_MAX SC_UCHAR_MAX SC_UINT_MAX
  SC_UIO_MAXIOV SC_ULONG_MAX SC_USHRT_MAX SC_VERSION SC_WORD_BIT SC_XBS5_ILP32_OFF32 SC_XBS5_ILP32_OFFBIG
  SC_XBS5_LP64_OFF64 SC_XBS5_LPBIG_OFFBIG SC_XOPEN_CRYPT SC_XOPEN_ENH_I18N SC_XOPEN_LEGACY SC_XOPEN_REALTIME
  SC_XOPEN_REALTIME_THREADS SC_XOPEN_SHM SC_XOPEN_UNIX SC_XOPEN_VERSION SC_XOPEN_XCU_VERSION SC_XOPEN_XPG2
  SC_XOPEN_XPG3 SC_XOPEN_XPG4
`)

export const pathconfNames: readonly string[] = words(`
  PC_ALLOC_SIZE_MIN PC_ASYNC_IO PC_CHOWN_RESTRICTED PC_FILESIZEBITS PC_LINK_MAX PC_MAX_CANON PC_MAX_INPUT PC_NAME_MAX
  PC_NO_TRUNC PC_PATH_MAX PC_PIPE_BUF PC_PRIO_IO PC_REC_INCR_XFER_SIZE PC_REC_MAX_XFER_SIZE PC_REC_MIN_XFER_SIZE
  PC_REC_XFER_ALIGN PC_SOCK_MAXBUF PC_SYMLINK_MAX PC_SYNC_IO PC_VDISABLE
`)

export const confstrNames: readonly string[] = words(`
  CS_GNU_LIBC_VERSION CS_GNU_LIBPTHREAD_VERSION CS_LFS64_CFLAGS CS_LFS64_LDFLAGS CS_LFS64_LIBS CS_LFS64_LINTFLAGS
  CS_LFS_CFLAGS CS_LFS_LDFLAGS CS_LFS_LIBS CS_LFS_LINTFLAGS CS_PATH CS_XBS5_ILP32_OFF32_CFLAGS
  CS_XBS5_ILP32_OFF32_LDFLAGS CS_XBS5_ILP32_OFF32_LIBS CS_XBS5_ILP32_OFF32_LINTFLAGS CS_XBS5_ILP32_OFFBIG_CFLAGS
  CS_XBS5_ILP32_OFFBIG_LDFLAGS CS_XBS5_ILP32_OFFBIG_LIBS CS_XBS5_ILP32_OFFBIG_LINTFLAGS CS_XBS5_LP64_OFF64_CFLAGS
  CS_XBS5_LP64_OFF64_LDFLAGS CS_XBS5_LP64_OFF64_LIBS CS_XBS5_LP64_OFF64_LINTFLAGS CS_XBS5_LPBIG_OFFBIG_CFLAGS
  CS_XBS5_LPBIG_OFFBIG_LDFLAGS CS_XBS5_LPBIG_OFFBIG_LIBS CS_XBS5_LPBIG_OFFBIG_LINTFLAGS
`)

export const syscallNames: readonly string[] = words(`
  accept4 chdir clock_gettime clock_nanosleep clock_settime clone clone3 close close_range connect copy_file_range dup3
  epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2 execve execveat exit_group faccessat faccessat2 fallocate
  fchdir fchmod fchmodat fchmodat2 fchownat fcntl fgetxattr flistxattr fremovexattr fsetxattr fstat fstatfs futimesat
  getdents64 getpid getppid getrandom gettid getxattr inotify_init1 io_uring_enter io_uring_register
  io_uring_setup ioctl kill lgetxattr linkat listxattr llistxattr
  lremovexattr lseek lsetxattr memfd_create mkdirat mknodat mmap mount_setattr mremap msync newfstatat openat openat2
  pidfd_getfd pidfd_open pidfd_send_signal pipe2 pivot_root poll ppoll prctl pread64 preadv preadv2 prlimit64
  process_vm_readv process_vm_writev pselect6 pwrite64 pwritev pwritev2 read readlinkat recvmsg removexattr renameat
  renameat2 rt_sigprocmask rt_sigqueueinfo rt_sigtimedwait sched_getparam sched_getscheduler sched_setparam
  sched_setscheduler seccomp select sendfile sendmsg sendto setitimer setns setxattr signalfd4 socketpair splice statx
  symlinkat syncfs tee tgkill timerfd_create timerfd_gettime timerfd_settime truncate umount2 unlinkat unshare
  utimensat vmsplice wait4 waitid write
`)

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
