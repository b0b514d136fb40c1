import * as os from 'osier'
import * as micropython from 'osier/micropython'
import { mmap } from 'osier/mmap'
import * as resource from 'osier/resource'
import * as signal from 'osier/signal'
import * as sjs from 'osier/sjs'
import * as socket from 'osier/socket'
import * as syslog from 'osier/syslog'
import * as time from 'osier/time'
import { dialects, siblings } from '../../tools/front_doors.ts'

const { vfs } = micropython
let sender = -1
let pidfd = -1
let system: InstanceType<typeof vfs.VfsPosix>

/** Makes what the calls need, in the current folder, before a hook is added. */
export function prepareOtherCalls(): void {
  vfs.mount(new vfs.VfsPosix('.'), '/host')
  os.close(os.open('image', os.O_RDWR | os.O_CREAT))
  os.truncate('image', 8192)
  ;[sender] = socket.socketpair()
  pidfd = os.pidfd_open(process.pid)
  system = new vfs.VfsPosix('.')
}

/** Calls of the functions of other modules than `os`, which a hook has to be able to refuse. */
export const otherCalls: ReadonlyMap<string, () => unknown> = new Map<string, () => unknown>([
  ['sjs.chdir', () => sjs.chdir('folder')],
  ['sjs.execv', () => sjs.execv('/bin/true')],
  ['sjs.execve', () => sjs.execve('/bin/true')],
  ['sjs.execvp', () => sjs.execvp('true')],
  ['sjs.execvpe', () => sjs.execvpe('true')],
  ['sjs.open', () => sjs.open('file', 'r')],
  ['sjs.scandir', () => sjs.scandir('folder')],
  ['micropython.chdir', () => micropython.chdir('/host/folder')],
  ['micropython.ilistdir', () => [...micropython.ilistdir('/host')]],
  ['micropython.listdir', () => micropython.listdir('/host')],
  ['micropython.mkdir', () => micropython.mkdir('/host/new')],
  ['micropython.open', () => micropython.open('/host/file')],
  ['micropython.putenv', () => micropython.putenv('OSIER_REFUSED', 'x')],
  ['micropython.remove', () => micropython.remove('/host/file')],
  ['micropython.rename', () => micropython.rename('/host/file', '/host/new')],
  ['micropython.rmdir', () => micropython.rmdir('/host/empty')],
  ['micropython.unsetenv', () => micropython.unsetenv('HOME')],
  ['micropython.VfsPosix', () => new vfs.VfsPosix('folder')],
  ['micropython.vfs.FileBlockDev', () => new vfs.FileBlockDev('image')],
  ['VfsPosix.chdir', () => system.chdir('folder')],
  ['VfsPosix.ilistdir', () => [...system.ilistdir('/')]],
  ['VfsPosix.mkdir', () => system.mkdir('new')],
  ['VfsPosix.open', () => system.open('file')],
  ['VfsPosix.remove', () => system.remove('file')],
  ['VfsPosix.rename', () => system.rename('file', 'new')],
  ['VfsPosix.rmdir', () => system.rmdir('empty')],
  ['mmap.mmap', () => new mmap(-1, 4096)],
  ['resource.prlimit', () => resource.prlimit(0, resource.RLIMIT_CORE, [0, 0])],
  ['resource.setrlimit', () => resource.setrlimit(resource.RLIMIT_CORE, [0, 0])],
  ['signal.pidfd_send_signal', () => signal.pidfd_send_signal(pidfd, 0)],
  ['signal.pthread_kill', () => signal.pthread_kill(signal.get_native_id(), 0)],
  ['socket.promises.send_fds', () => socket.promises.send_fds(sender, [Buffer.from('x')], [0])],
  ['socket.send_fds', () => socket.send_fds(sender, [Buffer.from('x')], [0])],
  ['socket.socketpair', () => socket.socketpair()],
  ['syslog.closelog', () => syslog.closelog()],
  ['syslog.openlog', () => syslog.openlog('osier')],
  ['syslog.setlogmask', () => syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_ERR))],
  ['syslog.promises.syslog', () => syslog.promises.syslog('message')],
  ['syslog.syslog', () => syslog.syslog('message')],
  ['time.promises.sleep', () => time.promises.sleep(0.001)],
  ['time.sleep', () => time.sleep(0.001)],
])

/**
 * The functions and classes that raise no event, by their modules: those that CPython has none for, that compute, or that
 * are not the first to reach the system.
 */
const WITHOUT_EVENT: Readonly<Record<string, string>> = {
  // The status of files has no event, nor has the user database.
  path: `abspath basename commonpath commonprefix dirname exists expanduser expandvars getatime getctime getmtime getsize
    isabs isdevdrive isdir isfile isjunction islink ismount join lexists normcase normpath realpath relpath samefile
    sameopenfile samestat split splitdrive splitext splitroot`,
  stat: `S_IFMT S_IMODE S_ISBLK S_ISCHR S_ISDIR S_ISDOOR S_ISFIFO S_ISLNK S_ISPORT S_ISREG S_ISSOCK S_ISWHT filemode`,
  signal: `KeyboardInterrupt alarm default_int_handler get_native_id getitimer getsignal pause pthread_sigmask
    raise_signal set_wakeup_fd setitimer siginterrupt signal sigpending sigtimedwait sigwait sigwaitinfo strsignal
    struct_siginfo valid_signals`,
  'signal.promises': 'sigwait',
  time: `asctime clock_getcpuclockid clock_getres clock_gettime clock_gettime_ns clock_settime clock_settime_ns ctime
    get_clock_info gmtime localtime mktime monotonic monotonic_ns perf_counter perf_counter_ns process_time
    process_time_ns pthread_getcpuclockid strftime strptime struct_time thread_time thread_time_ns time time_ns tzset`,
  select: 'devpoll epoll kevent kqueue poll select',
  'select.promises': 'select',
  sjs: `S_IMODE S_ISBLK S_ISCHR S_ISDIR S_ISFIFO S_ISLINK S_ISLNK S_ISREG S_ISSOCK cloexec dup2 exit fstat nonblock read
    setsid stat urandom waitpid write`,
  // The other file systems are on block devices, and dupterm is on a stream or a descriptor that the caller has opened.
  micropython: `VfsFat VfsLfs1 VfsLfs2 dupterm dupterm_notify getcwd getenv mount stat statvfs sync umount uname
    unlink`,
  'micropython.vfs': 'PartitionBlockDev RamBlockDev VfsFat VfsFile VfsLfs1 VfsLfs2 VfsPosix mount umount',
  VfsPosix: 'close getcwd mount stat statvfs umount',
  grp: 'getgrall getgrgid getgrnam struct_group',
  mmap: 'BufferError',
  pwd: 'getpwall getpwnam getpwuid struct_passwd',
  resource: 'getpagesize getrlimit getrusage',
  socket: 'recv_fds',
  'socket.promises': 'recv_fds',
  syslog: 'LOG_MASK LOG_UPTO',
}

/** All modules but those of `os`, by the names behind that of the package, with the modules in them. */
async function modules(): Promise<[name: string, exports: object][]> {
  const doors = [...siblings, ...dialects.map((dialect) => dialect.replace(/.*\//, ''))]
  const found = await Promise.all(
    doors.map(async (door): Promise<[string, object][]> => {
      const exports = (await import(`osier/${door}`)) as Readonly<Record<string, object>>
      const inner = ['promises', 'vfs'].filter((name) => name in exports)
      return [[door, exports], ...inner.map((name): [string, object] => [`${door}.${name}`, exports[name] as object])]
    }),
  )
  return [...found.flat(), ['VfsPosix', methodsOf(vfs.VfsPosix.prototype)]]
}

function methodsOf(prototype: object): object {
  const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
  return Object.fromEntries(names.map((name) => [name, Reflect.get(prototype, name) as unknown]))
}

/** What to do about functions of these modules that are in neither list, and are not those of `os`; or in a list alone. */
export async function callsLacking(): Promise<string[]> {
  const known = new Set<unknown>(Object.values(os))
  const names = (await modules()).flatMap(([module, exports]) =>
    Object.entries(exports)
      .filter(([name, value]) => typeof value === 'function' && name !== 'default' && !known.has(value))
      .map(([name]) => `${module}.${name}`),
  )
  const without = Object.entries(WITHOUT_EVENT).flatMap(([module, list]) =>
    list.split(/\s+/).map((name) => `${module}.${name}`),
  )
  const listed = [...otherCalls.keys(), ...without]
  return [
    ...names
      .filter((name) => !listed.includes(name))
      .map((name) => `${name}: add a call to otherCalls of test/support/audit_refusal_calls.ts, or its name below`),
    ...listed
      .filter((name) => !names.includes(name))
      .map((name) => `${name}: take it out of test/support/audit_refusal_calls.ts, there is no such function`),
  ]
}
