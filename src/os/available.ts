import { wrongType } from '../errors.ts'
import { target } from '../libc/facts.ts'
import { has, isPrototype, type prototypes } from '../libc/functions.ts'
import * as os from './index.ts'
import { isAbsent } from './lacking.ts'

type CName = keyof typeof prototypes
type Name = keyof typeof os | 'is_available'

/** The C functions that a function requires, if their names differ from its own. */
const needs: Partial<Record<Name, readonly CName[]>> = {
  cpu_count: ['sysconf'],
  eventfd_read: ['eventfd'],
  eventfd_write: ['eventfd'],
  fwalk: ['getdents64'],
  get_exec_path: ['strlen', 'memcpy'],
  get_terminal_size: ['ioctl'],
  getenv: ['strlen', 'memcpy'],
  getenvb: ['strlen', 'memcpy'],
  getlogin: ['getlogin_r'],
  listdir: ['getdents64'],
  openpty: ['posix_openpt', 'grantpt', 'unlockpt'],
  pipe: ['pipe2'],
  preadv: ['preadv2'],
  process_cpu_count: ['sched_getaffinity'],
  ptsname: ['ptsname_r'],
  putenv: ['setenv'],
  pwritev: ['pwritev2'],
  scandir: ['getdents64'],
  sched_getparam: ['kernel_sched_getparam'],
  sched_getscheduler: ['kernel_sched_getscheduler'],
  sched_setparam: ['kernel_sched_setparam'],
  sched_setscheduler: ['kernel_sched_setscheduler'],
  timerfd_gettime_ns: ['timerfd_gettime'],
  timerfd_settime_ns: ['timerfd_settime'],
  ttyname: ['ttyname_r'],
  urandom: ['getrandom'],
  walk: ['getdents64'],
}

/** Functions that do not call C. */
const pure: readonly Name[] = [
  ...(['addaudithook', 'fsdecode', 'fsencode', 'fspath', 'getpid', 'major', 'makedev', 'minor'] as const),
  'is_available',
  ...(['WCOREDUMP', 'WEXITSTATUS', 'WIFCONTINUED', 'WIFEXITED', 'WIFSIGNALED', 'WIFSTOPPED', 'WSTOPSIG'] as const),
  ...(['WTERMSIG', 'waitstatus_to_exitcode'] as const),
]

let names: Map<unknown, Name> | undefined

function nameOf(fn: unknown): Name | undefined {
  names ??= new Map<unknown, Name>([
    ...Object.entries(os).map(([name, value]): [unknown, Name] => [value, name as Name]),
    [is_available, 'is_available'],
  ])
  return names.get(fn)
}

/**
 * Reports whether this platform has a function: whether the C library has the C function that it calls, or the number
 * of its system call is known. The call is not tried, so an older kernel may still fail with ENOSYS.
 *
 * @param fn a function of this module, such as `os.lchmod`
 * @returns false if a call of it would throw NotImplementedError
 * @throws TypeError for a value that is not a function of this module
 *
 * Availability: everywhere. See Python, os, Notes on the availability of these functions.
 * @example
 * ```ts
 * os.is_available(os.pidfd_open) // => true
 * os.is_available(os.startfile) // => false
 * ```
 */
export function is_available(fn: (...args: never[]) => unknown): boolean {
  const name = typeof fn === 'function' ? nameOf(fn) : undefined
  if (name === undefined) throw wrongType('fn', 'a function of this module', fn)
  if (isAbsent(fn)) return false
  const needed = neededBy(name)
  return needed === null || (target !== null && needed.every(has))
}

/** Returns the C functions that a function requires and that a platform may lack; null if it does not call C. */
export function neededBy(name: Name): readonly CName[] | null {
  if (pure.includes(name)) return null
  return needs[name] ?? (isPrototype(name) ? [name] : [])
}
