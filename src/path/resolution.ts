import { badValue, OSError, wrongType } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { checkOptions, NO_OPTIONS, optional } from '../os/arguments/options.ts'
import { type FileName, fileName, fsdecode, fsencode, type Path } from '../os/arguments/paths.ts'
import { getcwd, getcwdb } from '../os/files/directories.ts'
import { modeOrErrno } from '../os/files/file_type.ts'
import { readlink } from '../os/files/links.ts'
import { asText, likePath } from '../os/system/pathnames.ts'
import { commonprefix, join, normpath, ofOneKind } from './lexical.ts'

/** What of `osier/path` asks where the process is, and follows symbolic links. */

const { AT_SYMLINK_NOFOLLOW, S_IFDIR, S_IFLNK, S_IFMT } = constants
const { ELOOP, ENOENT, ENOTDIR } = errnoNumbers

/**
 * The path from the root, going by the names alone: `normpath` of the current directory joined with it.
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
export function abspath(path: string | URL): string
export function abspath(path: Uint8Array): Buffer
export function abspath(path: Path): string | Buffer
export function abspath(path: Path): string | Buffer {
  const given = fileName(path, 'path')
  if (asText(given).startsWith('/')) return normpath(given)
  return normpath(typeof given === 'string' ? join(getcwd(), given) : join(getcwdb(), given))
}

/**
 * The way from a directory to a path, going by the names alone.
 *
 * @param path where to
 * @param start the directory; the current one by default
 * @returns a relative path; bytes if `path` is bytes
 * @throws RangeError for an empty `path`; TypeError if one is text and one bytes
 * @throws FileNotFoundError if one is relative and the current directory has been removed
 *
 * Availability: Linux. See Python, os.path.relpath.
 * @example
 * ```ts
 * path.relpath('/usr/lib', '/usr/share/doc') // => '../../lib'
 * ```
 */
export function relpath(
  path: string | URL,
  start?: string | URL | null | { readonly start?: string | URL | null | undefined },
): string
export function relpath(
  path: Uint8Array,
  start?: Uint8Array | null | { readonly start?: Uint8Array | null | undefined },
): Buffer
export function relpath(path: Path, start?: Path | null | { readonly start?: Path | null | undefined }): string | Buffer
export function relpath(path: Path, ...rest: unknown[]): string | Buffer {
  const { start } = optional(['start'], [], rest)
  const given = fileName(path, 'path')
  if (given.length === 0) throw badValue('path', 'must not be empty', path)
  const from = fileName(start ?? likePath(given, '.'), 'start')
  ofOneKind([given, from], 'start')
  const [here, there] = [namesOf(from), namesOf(given)]
  const common = commonprefix([here, there]).length
  const steps = [...Array<string>(here.length - common).fill('..'), ...there.slice(common)]
  return likePath(given, steps.join('/') || '.')
}

/** The names in the absolute form of a path. */
function namesOf(path: FileName): string[] {
  return asText(abspath(path))
    .split('/')
    .filter((name) => name !== '')
}

/** For `strict` of `realpath`: what does not exist is no error, everything else is. */
export const ALLOW_MISSING: unique symbol = Symbol('os.path.ALLOW_MISSING')

/** What `realpath` is told. */
export interface RealpathOptions {
  /**
   * false (the default): a name that cannot be looked at is taken as it stands; true: it is an error; ALLOW_MISSING: it
   * is one unless it merely does not exist.
   */
  readonly strict?: boolean | typeof ALLOW_MISSING | undefined
}

/**
 * The path of a file without any symbolic links: each in the path, and in what the links point to, is followed. There
 * is no limit to their number, but links that lead in a circle are not followed.
 *
 * @param path the path
 * @param options `strict`: whether a missing file, a circle and other obstacles are errors; false by default
 * @returns an absolute path; bytes if `path` is bytes
 * @throws OSError with `strict`, as the system reports: FileNotFoundError, PermissionError; NotADirectoryError if a
 *   file is taken for a directory, ELOOP for a circle
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
export function realpath(path: string | URL, options?: RealpathOptions): string
export function realpath(path: Uint8Array, options?: RealpathOptions): Buffer
export function realpath(path: Path, options?: RealpathOptions): string | Buffer
export function realpath(path: Path, options: RealpathOptions = NO_OPTIONS): string | Buffer {
  checkOptions(options, ['strict'])
  const given = fileName(path, 'path')
  const { strict = false } = options
  if (typeof strict !== 'boolean' && strict !== ALLOW_MISSING) {
    throw wrongType('strict', 'a boolean or ALLOW_MISSING', strict)
  }
  // Text with lone surrogates holds any bytes, and links and the current directory are read as such text.
  const resolved = resolve(fsdecode(given), (errno, syscall, place) => {
    if (strict === false || (strict === ALLOW_MISSING && errno === ENOENT)) return
    throw osError(errno, syscall, typeof given === 'string' ? place : fsencode(place))
  })
  return typeof given === 'string' ? resolved : fsencode(resolved)
}

/** Told of what stands in the way at a place: throws, or returns for the place to be taken as it stands. */
type Obstacle = (errno: number, syscall: string, place: string) => void

/** What is still to be walked: names, and below those that a link put there, the link itself. */
type Step = string | { readonly link: string }

function resolve(start: string, obstacle: Obstacle): string {
  const steps: Step[] = start.split('/').reverse()
  let names = steps.length
  let path = start.startsWith('/') ? '/' : getcwd()
  /** Where links lead; null as long as that is being found out: who meets such a link again goes in a circle. */
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
    const target = known === null ? circle(place, obstacle) : linkText(place, names > 0, obstacle)
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

function circle(place: string, obstacle: Obstacle): undefined {
  obstacle(ELOOP, 'realpath', place)
}

/** The text of a symbolic link; undefined for what is none, or cannot be looked at. */
function linkText(place: string, mustBeDirectory: boolean, obstacle: Obstacle): string | undefined {
  const mode = modeOrErrno(place, AT_SYMLINK_NOFOLLOW)
  if (mode < 0) {
    obstacle(-mode, 'lstat', place)
    return undefined
  }
  const type = mode & S_IFMT
  if (type === S_IFLNK) return textOf(place, obstacle)
  if (mustBeDirectory && type !== S_IFDIR) obstacle(ENOTDIR, 'realpath', place)
  return undefined
}

/** `readlink`, where the link may have vanished meanwhile. */
function textOf(place: string, obstacle: Obstacle): string | undefined {
  try {
    return readlink(place)
  } catch (error) {
    if (!(error instanceof OSError)) throw error
    obstacle(error.errno, 'readlink', place)
    return undefined
  }
}
