import { badValue, OSError, wrongType } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { checkOptions, NO_OPTIONS, optional } from '../os/arguments/options.ts'
import {
  type BytesPath,
  type FileName,
  fileName,
  fsdecode,
  fsencode,
  type Path,
  type TextPath,
} from '../os/arguments/paths.ts'
import { getcwd, getcwdb } from '../os/files/directories.ts'
import { modeOrErrno } from '../os/files/file_type.ts'
import { readlink } from '../os/files/links.ts'
import { asText, likePath } from '../os/system/pathnames.ts'
import { commonprefix, join, normpath, rejectMixedTypes } from './lexical.ts'

/** The functions of `osier/path` that read the current directory, or follow symbolic links. */

const { AT_SYMLINK_NOFOLLOW, S_IFDIR, S_IFLNK, S_IFMT } = constants
const { ELOOP, ENOENT, ENOTDIR } = errnoNumbers

/**
 * Returns the absolute path, lexically: `normpath` of the current directory joined with the path.
 *
 * @param path the path
 * @returns an absolute path; bytes if `path` is bytes
 * @throws FileNotFoundError for a relative path if the current directory has been removed
 *
 * Availability: Linux. See Python, os.path.abspath.
 * @example
 * ```ts
 * os.chdir('/usr')
 * path.abspath('../etc/./passwd') // => '/etc/passwd'
 * ```
 */
export function abspath(path: TextPath): string
export function abspath(path: BytesPath): Buffer
export function abspath(path: Path): string | Buffer
export function abspath(path: Path): string | Buffer {
  const given = fileName(path, 'path')
  if (asText(given).startsWith('/')) return normpath(given)
  return normpath(typeof given === 'string' ? join(getcwd(), given) : join(getcwdb(), given))
}

/**
 * Returns the relative path from a directory to a path, lexically.
 *
 * @param path the target
 * @param start the directory; the current directory by default
 * @returns a relative path; bytes if `path` is bytes
 * @throws RangeError for an empty `path`; TypeError if one is text and the other is bytes
 * @throws FileNotFoundError if one is relative and the current directory has been removed
 *
 * Availability: Linux. See Python, os.path.relpath.
 * @example
 * ```ts
 * path.relpath('/usr/lib', '/usr/share/doc') // => '../../lib'
 * ```
 */
export function relpath(
  path: TextPath,
  start?: TextPath | null | { readonly start?: TextPath | null | undefined },
): string
export function relpath(
  path: BytesPath,
  start?: BytesPath | null | { readonly start?: BytesPath | null | undefined },
): Buffer
export function relpath(path: Path, start?: Path | null | { readonly start?: Path | null | undefined }): string | Buffer
export function relpath(path: Path, ...rest: unknown[]): string | Buffer {
  const { start } = optional(['start'], [], rest)
  const given = fileName(path, 'path')
  if (given.length === 0) throw badValue('path', 'must not be empty', path)
  const from = fileName(start ?? likePath(given, '.'), 'start')
  rejectMixedTypes([given, from], 'start')
  const [here, there] = [namesOf(from), namesOf(given)]
  const common = commonprefix([here, there]).length
  const steps = [...Array<string>(here.length - common).fill('..'), ...there.slice(common)]
  return likePath(given, steps.join('/') || '.')
}

/** Returns the components of the absolute form of a path. */
function namesOf(path: FileName): string[] {
  return asText(abspath(path))
    .split('/')
    .filter((name) => name !== '')
}

/** For `strict` of `realpath`: a missing file is not an error, but any other failure is. */
export const ALLOW_MISSING: unique symbol = Symbol('os.path.ALLOW_MISSING')

/** Options of `realpath`. */
export interface RealpathOptions {
  /**
   * false (the default): a name whose status cannot be read is kept unchanged; true: it is an error; ALLOW_MISSING: it
   * is an error unless the file does not exist.
   */
  readonly strict?: boolean | typeof ALLOW_MISSING | undefined
}

/**
 * Returns the path of a file with all symbolic links resolved, including those in the targets of links. Their number is
 * not limited; links that form a cycle are not followed.
 *
 * @param path the path
 * @param options `strict`: whether a missing file, a cycle and other failures are errors; false by default
 * @returns an absolute path; bytes if `path` is bytes
 * @throws OSError with `strict`, as the system reports: FileNotFoundError, PermissionError; NotADirectoryError if a
 *   file is used as a directory, ELOOP for a cycle
 * @throws FileNotFoundError for a relative path if the current directory has been removed; RangeError for a NUL
 *
 * Availability: Linux. See realpath(3); Python, os.path.realpath.
 * @example
 * ```ts
 * os.symlink('/etc/../usr', 'link')
 * path.realpath('link') // => '/usr'
 * path.realpath('nowhere', { strict: true }) // throws FileNotFoundError
 * ```
 */
export function realpath(path: TextPath, options?: RealpathOptions): string
export function realpath(path: BytesPath, options?: RealpathOptions): Buffer
export function realpath(path: Path, options?: RealpathOptions): string | Buffer
export function realpath(path: Path, options: RealpathOptions = NO_OPTIONS): string | Buffer {
  const checked = checkOptions(options, ['strict'])
  const given = fileName(path, 'path')
  const { strict = false } = checked
  if (typeof strict !== 'boolean' && strict !== ALLOW_MISSING) {
    throw wrongType('strict', 'a boolean or ALLOW_MISSING', strict)
  }
  // Text with lone surrogates represents any bytes; links and the current directory are read as such text.
  const resolved = resolve(fsdecode(given), (errno, syscall, place) => {
    if (strict === false || (strict === ALLOW_MISSING && errno === ENOENT)) return
    throw osError(errno, syscall, typeof given === 'string' ? place : fsencode(place))
  })
  return typeof given === 'string' ? resolved : fsencode(resolved)
}

/** Called for a failure at a path: throws, or returns, and then the path is kept unchanged. */
type ErrorHandler = (errno: number, syscall: string, place: string) => void

/** A pending step: a name, or a link whose target's names have been pushed above it. */
type Step = string | { readonly link: string }

function resolve(start: string, onError: ErrorHandler): string {
  const steps: Step[] = start.split('/').reverse()
  let names = steps.length
  let path = start.startsWith('/') ? '/' : getcwd()
  /** The resolved targets of links. null while a link is being resolved: meeting it again means a cycle. */
  const links = new Map<string, string | null>()
  while (names > 0) {
    const step = steps.pop() ?? ''
    if (typeof step !== 'string') {
      links.set(step.link, path)
      continue
    }
    names -= 1
    if (step === '' || step === '.') continue
    if (step === '..') {
      path = path.slice(0, path.lastIndexOf('/')) || '/'
      continue
    }
    const place = path === '/' ? `/${step}` : `${path}/${step}`
    const known = links.get(place)
    if (typeof known === 'string') {
      path = known
      continue
    }
    const target = known === null ? circle(place, onError) : linkText(place, names > 0, onError)
    if (target === undefined) {
      path = place
      continue
    }
    links.set(place, null)
    const inserted = target.split('/').reverse()
    steps.push({ link: place }, ...inserted)
    names += inserted.length
    if (target.startsWith('/')) path = '/'
  }
  return path
}

function circle(place: string, onError: ErrorHandler): undefined {
  onError(ELOOP, 'realpath', place)
}

/** Returns the text of a symbolic link; undefined if the path is not a link, or its status cannot be read. */
function linkText(place: string, mustBeDirectory: boolean, onError: ErrorHandler): string | undefined {
  const mode = modeOrErrno(place, AT_SYMLINK_NOFOLLOW)
  if (mode < 0) {
    onError(-mode, 'lstat', place)
    return undefined
  }
  const type = mode & S_IFMT
  if (type === S_IFLNK) return textOf(place, onError)
  if (mustBeDirectory && type !== S_IFDIR) onError(ENOTDIR, 'realpath', place)
  return undefined
}

/** `readlink`, for a link that may have been removed in the meantime. */
function textOf(place: string, onError: ErrorHandler): string | undefined {
  try {
    return readlink(place)
  } catch (error) {
    if (!(error instanceof OSError)) throw error
    onError(error.errno, 'readlink', place)
    return undefined
  }
}
