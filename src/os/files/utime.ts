import { AuditEvent } from '../../audit.ts'
import { badValue, wrongType } from '../../errors.ts'
import { failed } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { putBigInt64, scratchAddress } from '../../libc/memory.ts'
import { type Descriptor, dirFd } from '../arguments/descriptors.ts'
import { bool } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import { auditedPath, cString, fileNameOrFd, type Path } from '../arguments/paths.ts'
import { splitNanoseconds, splitSeconds, type Timespec } from '../arguments/times.ts'
import type { Prepared } from '../prepared.ts'
import { auditedFd, rejectWithFd, type StatOptions } from './status.ts'

const { AT_SYMLINK_NOFOLLOW } = constants

const utimeEvent = new AuditEvent('os.utime')

/** Access time and modification time, in this order. */
export type TimePair<T> = readonly [atime: T, mtime: T]

export interface UtimeOptions extends StatOptions {
  /** Both times in nanoseconds since 1970. */
  readonly ns?: TimePair<number | bigint> | undefined
}

/**
 * utimensat(2): sets the times of a file's last access and modification.
 *
 * @param path the file, or the descriptor of an open one
 * @param times both in seconds since 1970, fractions allowed (rounded down to the nanosecond); null or undefined for
 *   the current time
 * @param options `times` by name; or `ns`: both in nanoseconds, exact; `dir_fd`: where a relative path starts;
 *   `follow_symlinks`: false for a link itself
 * @throws RangeError for `times` and `ns` together, and for times that are not finite numbers or too large for `struct
 *   timespec`
 * @throws OSError as the system reports: FileNotFoundError, PermissionError
 *
 * Availability: Linux. Audit event: `os.utime` (path, times, ns, dir_fd). See utimensat(2); Python, os.utime.
 * @example
 * ```ts
 * os.mkdir('folder')
 * os.utime('folder', { ns: [1n, 1_700_000_000_123_456_789n] })
 * os.stat('folder').st_mtime_ns // => 1_700_000_000_123_456_789n
 * ```
 */
export function utime(path: Path | Descriptor, times: TimePair<number | bigint> | null, options?: UtimeOptions): void
export function utime(
  path: Path | Descriptor,
  options?: UtimeOptions & { readonly times?: TimePair<number | bigint> | null | undefined },
): void
export function utime(path: Path | Descriptor, ...rest: unknown[]): void {
  const call = preparedUtime(path, ...rest)
  if (call.name === 'futimens') {
    const [fd, times] = call.args
    while (libc.futimens(fd, times) === -1) failed('utime', call.file)
  } else {
    const [at, name, times, flags] = call.args
    while (libc.utimensat(at, name, times, flags) === -1) failed('utime', call.file)
  }
}

/** Checks and converts the arguments of `utime`. The times are stored at the start of the scratch memory. */
export function preparedUtime(
  path: Path | Descriptor,
  ...rest: unknown[]
): Prepared<'futimens'> | Prepared<'utimensat'> {
  const { times = null, ns, dir_fd, follow_symlinks } = optional(['times'], ['ns', 'dir_fd', 'follow_symlinks'], rest)
  const file = fileNameOrFd(path, 'path')
  if (times !== null && ns !== undefined) throw badValue('ns', 'cannot be given together with "times"', ns)
  if (ns === null) throw wrongType('ns', 'an array of access and modification time', ns)
  const given = { times: pairOf(times, 'times'), ns: pairOf(ns ?? null, 'ns') }
  const set = ns === undefined ? split(given.times, 'times', splitSeconds) : split(given.ns, 'ns', splitNanoseconds)
  const follow = bool(follow_symlinks, 'follow_symlinks', true)
  if (typeof file === 'number') rejectWithFd({ dir_fd, follow_symlinks: follow })
  const at = dirFd(dir_fd)
  const name = typeof file === 'number' ? '' : cString(file, 'path')
  if (utimeEvent.wanted) utimeEvent.raise(auditedPath(file, name), given.times, given.ns, auditedFd(at))
  for (const [index, part] of (set ?? []).entries()) putBigInt64(8 * index, part)
  const timespecs = set === null ? 0 : scratchAddress
  if (typeof file === 'number') return { name: 'futimens', args: [file, timespecs], syscall: 'utime', file }
  const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW
  return { name: 'utimensat', args: [at, name, timespecs, flags], syscall: 'utime', file }
}

type Pair = readonly [unknown, unknown]

/** Reads both times once: reading an item may run the caller's code. */
function pairOf(value: unknown, name: string): Pair | null {
  if (value === null) return null
  if (!Array.isArray(value) || value.length !== 2)
    throw wrongType(name, 'an array of access and modification time', value)
  return Object.freeze([value[0], value[1]])
}

/** Converts both times to seconds and nanoseconds, in the order of C's structures. */
function split(
  pair: Pair | null,
  name: string,
  toTimespec: (time: unknown, name: string) => Timespec,
): bigint[] | null {
  return pair === null ? null : [...toTimespec(pair[0], `${name}[0]`), ...toTimespec(pair[1], `${name}[1]`)]
}
