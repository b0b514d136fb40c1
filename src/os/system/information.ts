import { clearErrno, failed, lastErrno, osError } from '../../libc/call.ts'
import { confstrNames, constants, errnoNumbers, structs, sysconfNames } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { addressOf, SCRATCH_SIZE, scratch, scratchAddress, textAt } from '../../libc/memory.ts'
import { decode } from '../../libc/strings.ts'
import { uname_result } from '../../results/uname_result.ts'
import { int } from '../arguments/numbers.ts'
import { confName, limit } from '../files/file_systems.ts'
import { sched_getaffinity } from './scheduler.ts'

/** Flag of dlopen(3): symbols are resolved on first use. */
export const RTLD_LAZY: number = constants.RTLD_LAZY
/** Flag of dlopen(3): all symbols are resolved before it returns. */
export const RTLD_NOW: number = constants.RTLD_NOW
/** Flag of dlopen(3): libraries that are loaded later can use the symbols. */
export const RTLD_GLOBAL: number = constants.RTLD_GLOBAL
/** Flag of dlopen(3): libraries that are loaded later cannot use the symbols. */
export const RTLD_LOCAL: number = constants.RTLD_LOCAL
/** Flag of dlopen(3): dlclose leaves the library in memory. */
export const RTLD_NODELETE: number = constants.RTLD_NODELETE
/** Flag of dlopen(3): return a library only if it is already loaded. */
export const RTLD_NOLOAD: number = constants.RTLD_NOLOAD
/** Flag of dlopen(3): the library looks for symbols in itself first. glibc only. */
export const RTLD_DEEPBIND: number | undefined = constants.RTLD_DEEPBIND

/** The largest number of supplementary groups of a process, according to the C library's headers. */
export const NGROUPS_MAX: number = constants.NGROUPS_MAX
/** The smallest number of different names that tmpnam(3) generates, according to the C library's headers. */
export const TMP_MAX: number = constants.TMP_MAX

/**
 * The names that `confstr` accepts, with their numbers.
 *
 * Availability: Linux. See Python, os.confstr_names.
 */
export const confstr_names: typeof confstrNames & Readonly<Record<string, number | undefined>> = confstrNames

/**
 * The names that `sysconf` accepts, with their numbers.
 *
 * Availability: Linux. See Python, os.sysconf_names.
 */
export const sysconf_names: typeof sysconfNames & Readonly<Record<string, number | undefined>> = sysconfNames

/**
 * confstr(3): returns a configuration value of the system that is text.
 *
 * @param name the property: a name of `confstr_names`, or its number
 * @returns the text; null if the property has no value
 * @throws RangeError for an unknown name; OSError EINVAL for an unknown number
 *
 * Availability: Linux. See confstr(3); Python, os.confstr.
 * @example
 * ```ts
 * os.confstr('CS_PATH') // => '/bin:/usr/bin'
 * ```
 */
export function confstr(name: string | number): string | null {
  const number = confName(name, confstrNames)
  let [buffer, start] = [scratch, scratchAddress]
  clearErrno()
  let size = libc.confstr(number, start, SCRATCH_SIZE)
  if (size === 0) {
    const errno = lastErrno()
    if (errno !== 0) throw osError(errno, 'confstr')
    return null
  }
  while (size > buffer.length) {
    buffer = Buffer.allocUnsafeSlow(size)
    start = addressOf(buffer)
    size = libc.confstr(number, start, buffer.length)
  }
  return decode(buffer.subarray(0, size - 1))
}

/**
 * sysconf(3): returns a configuration value of the system that is a number, such as a limit.
 *
 * @param name the limit: a name of `sysconf_names`, or its number
 * @returns the value; -1 if there is no limit, or the system does not have the option
 * @throws RangeError for an unknown name; OSError EINVAL for an unknown number
 *
 * Availability: Linux. See sysconf(3); Python, os.sysconf.
 * @example
 * ```ts
 * os.sysconf('SC_PAGESIZE') >= 4096 // => true
 * ```
 */
export function sysconf(name: string | number): number {
  const number = confName(name, sysconfNames)
  clearErrno()
  return limit(libc.sysconf(number), 'sysconf')
}

/**
 * sysconf(3): returns the number of logical processors that are online.
 *
 * @returns the number; null if it is unknown
 *
 * Availability: Linux. See sysconf(3); Python, os.cpu_count.
 * @example
 * ```ts
 * (os.cpu_count() ?? 0) >= (os.process_cpu_count() ?? 0) // => true
 * ```
 */
export function cpu_count(): number | null {
  const count = Number(libc.sysconf(sysconfNames.SC_NPROCESSORS_ONLN))
  return count < 1 ? null : count
}

/**
 * sched_getaffinity(2): returns the number of logical processors that the calling thread may run on.
 *
 * @returns the number; null if it is unknown
 *
 * Availability: Linux. See sched_getaffinity(2); Python, os.process_cpu_count.
 * @example
 * ```ts
 * (os.process_cpu_count() ?? 0) >= 1 // => true
 * ```
 */
export function process_cpu_count(): number | null {
  return sched_getaffinity(0).size || null
}

/**
 * getloadavg(3): returns the average number of processes that were running or ready to run.
 *
 * @returns the averages of the last 1, 5 and 15 minutes
 * @throws OSError if the load is not available (/proc is not mounted)
 *
 * Availability: Linux. See getloadavg(3); Python, os.getloadavg.
 * @example
 * ```ts
 * const [one, five, fifteen] = os.getloadavg()
 * Math.min(one, five, fifteen) >= 0 // => true
 * ```
 */
export function getloadavg(): readonly [one: number, five: number, fifteen: number] {
  clearErrno()
  if (libc.getloadavg(scratchAddress, 3) !== 3) throw osError(lastErrno() || errnoNumbers.ENODATA, 'getloadavg')
  return [scratch.readDoubleLE(0), scratch.readDoubleLE(8), scratch.readDoubleLE(16)]
}

/**
 * uname(2): returns names of the operating system and the machine.
 *
 * @returns system, network name, release, version and hardware
 *
 * Availability: Linux. See uname(2); Python, os.uname.
 * @example
 * ```ts
 * const { sysname, machine } = os.uname()
 * sysname // => 'Linux'
 * ['x86_64', 'aarch64'].includes(machine) // => true
 * ```
 */
export function uname(): uname_result {
  while (libc.uname(scratchAddress) === -1) failed('uname')
  const { offsets, sizes } = structs.utsname
  const field = (name: keyof typeof offsets): string => textAt(offsets[name], sizes[name])
  return new uname_result([field('sysname'), field('nodename'), field('release'), field('version'), field('machine')])
}

/**
 * strerror(3): returns the text of an error number.
 *
 * @param code the error number
 * @returns the C library's text; for an unknown number, that it is unknown
 *
 * Availability: Linux. See strerror(3); Python, os.strerror.
 * @example
 * ```ts
 * os.strerror(2) // => 'No such file or directory'
 * ```
 */
export function strerror(code: number): string {
  return libc.strerror(int(code, 'code'))
}
