import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { dirFd } from '../arguments/descriptors.ts'
import { bool, int } from '../arguments/numbers.ts'
import { checkOptions, NO_OPTIONS } from '../arguments/options.ts'
import { cString, fileName, type Path } from '../arguments/paths.ts'
import type { Prepared } from '../prepared.ts'
import type { StatOptions } from './status.ts'

export type AccessOptions = StatOptions & {
  /** true: check with the effective user and group ids. Default false. */
  readonly effective_ids?: boolean | undefined
}

const { AT_SYMLINK_NOFOLLOW, AT_EACCESS } = constants

/** Mode to test with `access`: the file exists. */
export const F_OK: number = constants.F_OK
/** Mode to test with `access`: the file may be read. */
export const R_OK: number = constants.R_OK
/** Mode to test with `access`: the file may be written. */
export const W_OK: number = constants.W_OK
/** Mode to test with `access`: the file may be executed, or the directory may be searched. */
export const X_OK: number = constants.X_OK

/**
 * access(2): reports whether the process may access a path, with its real user and group ids.
 *
 * Use it to inform the user, not to decide whether to make a call: the permissions may change before the call. Making
 * the call and catching the error has no such race.
 *
 * @param path the path
 * @param mode F_OK, or a combination of R_OK, W_OK and X_OK
 * @param options `dir_fd`: where a relative path starts; `effective_ids`: check with the effective user and group ids;
 *   `follow_symlinks`: false for a link itself
 * @returns true if all requested accesses are allowed; false in all other cases, including a missing file
 *
 * Availability: Linux. See access(2); Python, os.access.
 * @example
 * ```ts
 * os.access('/etc/passwd', os.R_OK) // => true
 * os.access('/etc/passwd', os.X_OK) // => false
 * os.access('nowhere', os.F_OK) // => false
 * ```
 */
export function access(path: Path, mode: number, options: AccessOptions = NO_OPTIONS): boolean {
  if (options === NO_OPTIONS) return libc.access(cString(fileName(path, 'path'), 'path'), int(mode, 'mode')) === 0
  const [at, name, wanted, flags] = preparedAccess(path, mode, options).args
  return libc.faccessat(at, name, wanted, flags) === 0
}

/** Checks and converts the arguments of `access`. */
export function preparedAccess(path: Path, mode: number, options: AccessOptions = NO_OPTIONS): Prepared<'faccessat'> {
  const file = fileName(path, 'path')
  const [name, wanted] = [cString(file, 'path'), int(mode, 'mode')]
  const checked = checkOptions(options, ['dir_fd', 'effective_ids', 'follow_symlinks'])
  const at = dirFd(checked.dir_fd)
  const effective = bool(checked.effective_ids, 'effective_ids', false) ? AT_EACCESS : 0
  const noFollow = bool(checked.follow_symlinks, 'follow_symlinks', true) ? 0 : AT_SYMLINK_NOFOLLOW
  return { name: 'faccessat', args: [at, name, wanted, effective | noFollow], syscall: 'access', file }
}
