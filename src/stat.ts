import { constants } from './libc/facts.ts'
import { int } from './os/arguments/numbers.ts'
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
  S_ISGID,
  S_ISUID,
  S_ISVTX,
} from './stat/constants.ts'

/** Python's `stat` module: decodes the numbers of a `stat_result`. */
export * from './stat/constants.ts'

/** The largest value of `mode_t`. */
const MODE_MAX = 0xffff_ffff

/**
 * Returns the permissions in a file's mode, as `chmod` accepts them, including S_ISUID, S_ISGID and S_ISVTX.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns the bits below 0o10000
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_IMODE.
 * @example
 * ```ts
 * stat.S_IMODE(0o100644) // => 0o644
 * ```
 */
export function S_IMODE(mode: number): number {
  return int(mode, 'mode', 0, MODE_MAX) & 0o7777
}

/**
 * Returns the file type in a file's mode.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns S_IFDIR, S_IFREG ...
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_IFMT.
 * @example
 * ```ts
 * stat.S_IFMT(0o100644) // => stat.S_IFREG
 * ```
 */
export function S_IFMT(mode: number): number {
  return int(mode, 'mode', 0, MODE_MAX) & constants.S_IFMT
}

/**
 * Reports whether a mode is a directory's.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns true if it is
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_ISDIR.
 * @example
 * ```ts
 * stat.S_ISDIR(os.stat('/').st_mode) // => true
 * ```
 */
export function S_ISDIR(mode: number): boolean {
  return S_IFMT(mode) === S_IFDIR
}

/**
 * Reports whether a mode is a character device's.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns true if it is
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_ISCHR.
 * @example
 * ```ts
 * stat.S_ISCHR(os.stat('/dev/null').st_mode) // => true
 * ```
 */
export function S_ISCHR(mode: number): boolean {
  return S_IFMT(mode) === S_IFCHR
}

/**
 * Reports whether a mode is a block device's.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns true if it is
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_ISBLK.
 * @example
 * ```ts
 * stat.S_ISBLK(os.stat('/dev/null').st_mode) // => false
 * ```
 */
export function S_ISBLK(mode: number): boolean {
  return S_IFMT(mode) === S_IFBLK
}

/**
 * Reports whether a mode is a regular file's.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns true if it is
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_ISREG.
 * @example
 * ```ts
 * stat.S_ISREG(os.stat('/etc/passwd').st_mode) // => true
 * ```
 */
export function S_ISREG(mode: number): boolean {
  return S_IFMT(mode) === S_IFREG
}

/**
 * Reports whether a mode is a FIFO's.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns true if it is
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_ISFIFO.
 * @example
 * ```ts
 * const [r, w] = os.pipe()
 * stat.S_ISFIFO(os.fstat(r).st_mode) // => true
 * os.close(r)
 * os.close(w)
 * ```
 */
export function S_ISFIFO(mode: number): boolean {
  return S_IFMT(mode) === S_IFIFO
}

/**
 * Reports whether a mode is a symbolic link's.
 *
 * @param mode `st_mode` of a result of `lstat`
 * @returns true if it is
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_ISLNK.
 * @example
 * ```ts
 * os.symlink('nowhere', 'link')
 * stat.S_ISLNK(os.lstat('link').st_mode) // => true
 * ```
 */
export function S_ISLNK(mode: number): boolean {
  return S_IFMT(mode) === S_IFLNK
}

/**
 * Reports whether a mode is a socket's.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns true if it is
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See inode(7); Python, stat.S_ISSOCK.
 * @example
 * ```ts
 * stat.S_ISSOCK(stat.S_IFSOCK | 0o755) // => true
 * ```
 */
export function S_ISSOCK(mode: number): boolean {
  return S_IFMT(mode) === S_IFSOCK
}

/**
 * Reports whether a mode is a door's. Linux does not have these.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns false
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere; useful on Solaris. See Python, stat.S_ISDOOR.
 * @example
 * ```ts
 * stat.S_ISDOOR(os.stat('/').st_mode) // => false
 * ```
 */
export function S_ISDOOR(mode: number): boolean {
  return isForeign(mode)
}

/**
 * Reports whether a mode is an event port's. Linux does not have these.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns false
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere; useful on Solaris. See Python, stat.S_ISPORT.
 * @example
 * ```ts
 * stat.S_ISPORT(os.stat('/').st_mode) // => false
 * ```
 */
export function S_ISPORT(mode: number): boolean {
  return isForeign(mode)
}

/**
 * Reports whether a mode is a whiteout's. Linux does not have these.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns false
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere; useful on BSD and macOS. See Python, stat.S_ISWHT.
 * @example
 * ```ts
 * stat.S_ISWHT(os.stat('/').st_mode) // => false
 * ```
 */
export function S_ISWHT(mode: number): boolean {
  return isForeign(mode)
}

/** Not `S_IFMT(mode) === 0`: a mode without a type is not a door. */
function isForeign(mode: number): boolean {
  int(mode, 'mode', 0, MODE_MAX)
  return false
}

const typeLetters: ReadonlyMap<number, string> = new Map([
  [S_IFREG, '-'],
  [S_IFDIR, 'd'],
  [S_IFLNK, 'l'],
  [S_IFBLK, 'b'],
  [S_IFCHR, 'c'],
  [S_IFIFO, 'p'],
  [S_IFSOCK, 's'],
])

/**
 * Formats a mode as `ls -l` does, such as '-rwxr-xr-x': the type, then the permissions of the owner, the group and
 * others.
 *
 * @param mode `st_mode` of a `stat_result`
 * @returns ten characters; the first is '?' if the type is unknown
 * @throws RangeError for a number outside the range of `mode_t`
 *
 * Availability: everywhere. See ls(1); Python, stat.filemode.
 * @example
 * ```ts
 * stat.filemode(0o104755) // => '-rwsr-xr-x'
 * ```
 */
export function filemode(mode: number): string {
  const type = typeLetters.get(S_IFMT(mode)) ?? '?'
  const owner = permissions(mode >> 6, (mode & S_ISUID) !== 0, 's')
  const group = permissions(mode >> 3, (mode & S_ISGID) !== 0, 's')
  return type + owner + group + permissions(mode, (mode & S_ISVTX) !== 0, 't')
}

/** Formats the lowest three bits; `special` replaces 'x', as a capital letter if the execute bit is not set. */
function permissions(bits: number, isSpecial: boolean, special: string): string {
  const execute = (bits & 1) !== 0
  const last = isSpecial ? (execute ? special : special.toUpperCase()) : execute ? 'x' : '-'
  return ((bits & 4) !== 0 ? 'r' : '-') + ((bits & 2) !== 0 ? 'w' : '-') + last
}

export * as default from './stat.ts'
