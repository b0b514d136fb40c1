import * as os from 'osier'
import * as grp from 'osier/grp'
import * as micropython from 'osier/micropython'
import * as mmapModule from 'osier/mmap'
import { mmap } from 'osier/mmap'
import * as pwd from 'osier/pwd'
import * as resource from 'osier/resource'
import * as sjs from 'osier/sjs'
import * as socket from 'osier/socket'
import * as syslog from 'osier/syslog'

const { vfs } = micropython
let sender = -1

/** Makes what the calls need, in the current folder, before a hook is added. */
export function prepareOtherCalls(): void {
  vfs.mount(new vfs.VfsPosix('.'), '/host')
  os.close(os.open('image', os.O_RDWR | os.O_CREAT))
  os.truncate('image', 8192)
  ;[sender] = socket.socketpair()
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
  ['vfs.FileBlockDev', () => new vfs.FileBlockDev('image')],
  ['mmap.mmap', () => new mmap(-1, 4096)],
  ['resource.prlimit', () => resource.prlimit(0, resource.RLIMIT_CORE, [0, 0])],
  ['resource.setrlimit', () => resource.setrlimit(resource.RLIMIT_CORE, [0, 0])],
  ['socket.send_fds', () => socket.send_fds(sender, [Buffer.from('x')], [0])],
  ['syslog.closelog', () => syslog.closelog()],
  ['syslog.openlog', () => syslog.openlog('osier')],
  ['syslog.setlogmask', () => syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_ERR))],
  ['syslog.syslog', () => syslog.syslog('message')],
])

/** What CPython has no event for, or what reaches no system but by something else that has one. */
const WITHOUT_EVENT: Readonly<Record<string, string>> = {
  sjs: `S_IMODE S_ISBLK S_ISCHR S_ISDIR S_ISFIFO S_ISLINK S_ISLNK S_ISREG S_ISSOCK cloexec dup2 exit fstat nonblock read
    setsid stat urandom waitpid write`,
  // The other file systems are on block devices, and dupterm is on a stream or a descriptor that the caller has opened.
  micropython: `VfsFat VfsLfs1 VfsLfs2 dupterm dupterm_notify getcwd getenv mount stat statvfs sync umount uname unlink`,
  vfs: 'PartitionBlockDev RamBlockDev VfsFat VfsFile VfsLfs1 VfsLfs2 VfsPosix mount umount',
  grp: 'getgrall getgrgid getgrnam struct_group',
  mmap: 'BufferError error',
  pwd: 'getpwall getpwnam getpwuid struct_passwd',
  resource: 'error getpagesize getrlimit getrusage struct_rusage',
  socket: 'recv_fds socketpair',
  syslog: 'LOG_MASK LOG_UPTO',
}

const modules: Readonly<Record<string, object>> = {
  sjs,
  micropython,
  vfs: micropython.vfs,
  grp,
  mmap: mmapModule,
  pwd,
  resource,
  socket,
  syslog,
}

/** The functions of these modules that are in neither list, and are not those of `os`. */
export function callsLacking(): string[] {
  const known = new Set<unknown>(Object.values(os))
  return Object.entries(modules).flatMap(([module, exports]) =>
    Object.entries(exports)
      .filter(([name, value]) => typeof value === 'function' && name !== 'default' && !known.has(value))
      .map(([name]) => `${module}.${name}`)
      .filter((name) => !otherCalls.has(name) && !isWithoutEvent(name))
      .map((name) => `${name}: add a call to otherCalls of test/support/audit_refusal_calls.ts, or its name below`),
  )
}

function isWithoutEvent(call: string): boolean {
  const [module = '', name = ''] = call.split('.')
  return (WITHOUT_EVENT[module] ?? '').split(/\s+/).includes(name)
}
