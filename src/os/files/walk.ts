import { AuditEvent } from '../../audit.ts'
import { OSError, refusePromise, wrongType } from '../../errors.ts'
import { osError } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import { libc } from '../../libc/functions.ts'
import { has } from '../../properties.ts'
import { dirFd } from '../arguments/descriptors.ts'
import { bool } from '../arguments/numbers.ts'
import { optional } from '../arguments/options.ts'
import {
  type BytesPath,
  cString,
  type FileName,
  fileName,
  fsdecode,
  fsencode,
  ownCopy,
  ownFileName,
  type Path,
  type TextPath,
} from '../arguments/paths.ts'
import { joinPath } from '../system/pathnames.ts'
import { openDirectory, partitionEntries, raiseOpen, scandirEvent } from './directory_stream.ts'
import { readErrno, typeOf } from './file_type.ts'
import type { DirFdOption } from './status.ts'

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_NOFOLLOW, S_IFDIR, S_IFLNK } = constants

/** Called with the error of a directory that cannot be listed. An error that it throws ends the walk. */
export type WalkErrorHandler = (error: OSError) => void

export interface WalkOptions {
  /** true (the default): a directory is yielded before its subdirectories; false: after them. */
  readonly topdown?: boolean | undefined
  /** Called with the errors of directories that cannot be listed; without it such directories are skipped. */
  readonly onerror?: WalkErrorHandler | null | undefined
  /** true: symbolic links to directories are followed, and may form cycles; default false. */
  readonly followlinks?: boolean | undefined
}

export interface FwalkOptions extends DirFdOption {
  /** The directory to start in; the current directory by default. */
  readonly top?: Path | undefined
  /** true (the default): a directory is yielded before its subdirectories; false: after them. */
  readonly topdown?: boolean | undefined
  /** Called with the errors of directories that cannot be listed; without it such directories are skipped. */
  readonly onerror?: WalkErrorHandler | null | undefined
  /** true: symbolic links to directories are followed, and may form cycles; default false. */
  readonly follow_symlinks?: boolean | undefined
}

/** A directory of a walk: its path, the names of its subdirectories, and the names of its other files. */
export type WalkStep<T extends FileName> = [dirpath: T, dirnames: T[], filenames: T[]]

/** A directory of `fwalk`: as WalkStep, with a descriptor of the directory, which is valid until the next step. */
export type FwalkStep<T extends FileName> = [dirpath: T, dirnames: T[], filenames: T[], dirfd: number]

const walkEvent = new AuditEvent('os.walk')
const fwalkEvent = new AuditEvent('os.fwalk')

function handler(value: unknown): WalkErrorHandler | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'function') return value as WalkErrorHandler
  throw wrongType('onerror', 'a function or null', value)
}

/** Returns the handler for a walk of `top`: if `top` is bytes, so are the names in errors. */
function handlerFor(top: FileName, onerror: WalkErrorHandler | null): WalkErrorHandler | null {
  if (typeof top === 'string' || onerror === null) return onerror
  return (error) => {
    const { errno, strerror, filename, syscall } = error
    return onerror(
      typeof filename === 'string' ? new OSError(errno, strerror, fsencode(filename), undefined, syscall) : error,
    )
  }
}

/** Passes an OSError to the handler, so that the walk can continue; any other error is thrown. */
export function reportError(error: unknown, onerror: WalkErrorHandler | null): void {
  if (!(error instanceof OSError)) throw error
  refusePromise(onerror?.(error), 'onerror')
}

/** The same for a walk that can wait for an asynchronous handler. */
export function reportErrorLater(error: unknown, onerror: WalkErrorHandler | null): unknown {
  if (!(error instanceof OSError)) throw error
  return onerror?.(error)
}

/** The names in a directory, separated into directories (including links to directories) and other files. */
export interface Listing {
  readonly directories: string[]
  readonly others: string[]
}

/** Lists an open directory; `path` is for errors. */
function list(fd: number, path: string): Listing {
  const directories: string[] = []
  const others: string[] = []
  while (partitionEntries('scandir', fd, path, directories, others));
  return { directories, others }
}

/** Decodes the names in `dirnames` after the caller may have changed the array. */
export function decodeNames(names: readonly unknown[]): string[] {
  return names.map((name) => fsdecode(fileName(name, 'dirnames')))
}

/**
 * Replaces the items of a list. They are pushed one by one, because a hundred thousand arguments of one call would
 * overflow the stack.
 */
export function replaceItems(list: string[], items: readonly string[]): void {
  list.length = 0
  for (const item of items) list.push(item)
}

/**
 * Walks a tree of directories: one step for each directory in it, `top` included.
 *
 * With `topdown` the caller may change `dirnames` in place: removed directories are not visited, and the order is
 * followed. A directory that has been replaced by a symbolic link in the meantime is not entered.
 *
 * @param top the directory to start in
 * @param topdown true (the default): a directory is yielded before its subdirectories; false: after them
 * @param onerror called with the OSError of a directory that cannot be listed, and may throw; by default such
 *   directories are skipped
 * @param followlinks true: symbolic links to directories are followed; default false
 * @returns an iterable of [dirpath, dirnames, filenames]; dirpath begins with `top`, names are bytes if `top` is
 * @throws TypeError, RangeError for bad arguments; a missing `top` is skipped, like a directory that cannot be listed
 *
 * Availability: Linux. Audit events: `os.walk` (top, topdown, onerror, followlinks), and `os.scandir` (path) for each
 * directory. See Python, os.walk.
 * @example
 * ```ts
 * os.makedirs('top/kept')
 * os.makedirs('top/skipped/deep')
 * const seen: string[] = []
 * for (const [folder, folders] of os.walk('top')) {
 *   seen.push(folder)
 *   if (folder === 'top') folders.splice(0, folders.length, 'kept') // goes nowhere else
 * }
 * seen // => ['top', 'top/kept']
 * ```
 */
export function walk(
  top: BytesPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | WalkOptions,
  followlinks?: boolean | WalkOptions,
): Generator<WalkStep<Buffer>, void>
export function walk(
  top: TextPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | WalkOptions,
  followlinks?: boolean | WalkOptions,
): Generator<WalkStep<string>, void>
export function walk(
  top: Path,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | WalkOptions,
  followlinks?: boolean | WalkOptions,
): Generator<WalkStep<string> | WalkStep<Buffer>, void>
export function walk(top: BytesPath, options?: WalkOptions): Generator<WalkStep<Buffer>, void>
export function walk(top: TextPath, options?: WalkOptions): Generator<WalkStep<string>, void>
export function walk(top: Path, options?: WalkOptions): Generator<WalkStep<string> | WalkStep<Buffer>, void>
export function walk(top: Path, ...rest: unknown[]): Generator<WalkStep<string> | WalkStep<Buffer>, void> {
  const { start, topdown, onerror, flags } = checkedWalk(top, ...rest)
  const steps = (topdown ? walkDown : walkUp)(fsdecode(start), onerror, flags)
  return typeof start === 'string' ? steps : encodeSteps(steps)
}

/** The checked arguments of a walk, whose audit event has been raised. */
export interface Walk {
  readonly start: FileName
  readonly topdown: boolean
  readonly onerror: WalkErrorHandler | null
  /**
   * Flags for opening the directories below `start`. If links are not followed, O_NOFOLLOW refuses them, so that there
   * is no race with a process that replaces a directory by a link.
   */
  readonly flags: number
}

/** Checks and converts the arguments of `walk`, and raises its audit event. */
export function checkedWalk(top: Path, ...rest: unknown[]): Walk {
  const given = optional(['topdown', 'onerror', 'followlinks'], [], rest)
  const start = ownFileName(top, 'top')
  const topdown = bool(given.topdown, 'topdown', true)
  const onerror = handler(given.onerror)
  const followLinks = bool(given.followlinks, 'followlinks', false)
  cString(start, 'top')
  if (walkEvent.wanted) walkEvent.raise(ownCopy(start), topdown, onerror, followLinks)
  return { start, topdown, onerror: handlerFor(start, onerror), flags: followLinks ? 0 : O_NOFOLLOW }
}

/**
 * Lists a directory; undefined if it is to be skipped, because of an error or because it is a link that is not
 * followed.
 */
function listAt(path: string, flags: number, onerror: WalkErrorHandler | null): Listing | undefined {
  let fd = -1
  try {
    if (scandirEvent.wanted) scandirEvent.raise(path)
    fd = openDirectory('scandir', AT_FDCWD, path, flags)
    return list(fd, path)
  } catch (error) {
    const isLink = flags !== 0 && typeOf(path, AT_SYMLINK_NOFOLLOW) === S_IFLNK
    if (!isLink) reportError(error, onerror)
    return undefined
  } finally {
    if (fd !== -1) libc.close(fd)
  }
}

type Walker = (top: string, onerror: WalkErrorHandler | null, flags: number) => Generator<WalkStep<string>, void>

const walkDown: Walker = function* (top, onerror, flags) {
  const stack = [top]
  let allow = 0
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const found = listAt(path, allow, onerror)
    allow = flags
    if (found === undefined) continue
    yield [path, found.directories, found.others]
    for (const name of decodeNames(found.directories).reverse()) stack.push(joinPath(path, name))
  }
}

const walkUp: Walker = function* (top, onerror, flags) {
  // A string is a directory to be listed; a step is a directory whose subdirectories have all been walked.
  const waiting: (string | WalkStep<string>)[] = [top]
  let allow = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'string') {
      yield next
      continue
    }
    const found = listAt(next, allow, onerror)
    allow = flags
    if (found === undefined) continue
    waiting.push([next, found.directories, found.others])
    for (const name of decodeNames(found.directories).reverse()) waiting.push(joinPath(next, name))
  }
}

/** Converts the steps of a walk to bytes, and copies the caller's changes of `dirnames` back. */
function* encodeSteps(steps: Generator<WalkStep<string>, void>): Generator<WalkStep<Buffer>, void> {
  for (const [path, directories, others] of steps) {
    const names = directories.map((name) => fsencode(name))
    yield [fsencode(path), names, others.map((name) => fsencode(name))]
    replaceItems(directories, decodeNames(names))
  }
}

/**
 * Walks a tree of directories as `walk` does, and yields a descriptor of each, so that calls with it (`stat(name, {
 * dir_fd })`) are not affected if another process renames directories or replaces them by links.
 *
 * @param top the directory to start in; the current directory by default
 * @param topdown true (the default): a directory is yielded before its subdirectories; false: after them
 * @param onerror called with the OSError of a directory that cannot be listed, and may throw; by default such
 *   directories are skipped
 * @param options all of them by name; `follow_symlinks`: true to follow symbolic links to directories, default false;
 *   `dir_fd`: where a relative `top` starts
 * @returns an iterable of [dirpath, dirnames, filenames, dirfd]; dirfd is valid until the next step, and must not be
 *   closed by the caller. Yields nothing if `top` is a file, or a link that is not followed
 * @throws OSError at the first step if `top` cannot be opened
 *
 * Availability: Linux. Audit events: `os.fwalk` (top, topdown, onerror, follow_symlinks, dir_fd), and `open` (path, null, flags) and `os.scandir` (fd)
 * for each directory. See Python, os.fwalk.
 * @example
 * ```ts
 * os.makedirs('top/below')
 * os.close(os.open('top/below/file', os.O_CREAT))
 * for (const [, , files, fd] of os.fwalk('top', { topdown: false })) {
 *   for (const file of files) os.unlink(file, { dir_fd: fd }) // whatever becomes of the path meanwhile
 * }
 * os.listdir('top/below') // => []
 * ```
 */
export function fwalk(
  top: BytesPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | FwalkOptions,
  options?: FwalkOptions,
): Generator<FwalkStep<Buffer>, void>
export function fwalk(
  top: TextPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | FwalkOptions,
  options?: FwalkOptions,
): Generator<FwalkStep<string>, void>
export function fwalk(
  top: Path,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | FwalkOptions,
  options?: FwalkOptions,
): Generator<FwalkStep<string> | FwalkStep<Buffer>, void>
export function fwalk(
  top: BytesPath | (FwalkOptions & { readonly top: BytesPath }),
  options?: FwalkOptions,
): Generator<FwalkStep<Buffer>, void>
export function fwalk(
  top?: TextPath | (FwalkOptions & { readonly top?: TextPath | undefined }),
  options?: FwalkOptions,
): Generator<FwalkStep<string>, void>
export function fwalk(
  top: Path | FwalkOptions,
  options?: FwalkOptions,
): Generator<FwalkStep<string> | FwalkStep<Buffer>, void>
export function fwalk(...args: unknown[]): Generator<FwalkStep<string> | FwalkStep<Buffer>, void> {
  const { start, at, topdown, onerror, flags } = checkedFwalk(...args)
  const steps = walkOpen(start, at, topdown, onerror, flags === 0)
  return typeof start === 'string' ? steps : encodeFwalkSteps(steps)
}

/**
 * Checks and converts the arguments of `fwalk`, and raises its audit event. `at` is the directory that a relative
 * `start` begins from.
 */
export function checkedFwalk(...args: unknown[]): Walk & { readonly at: number } {
  const given = optional(['top', 'topdown', 'onerror'], ['follow_symlinks', 'dir_fd'], args)
  const { top = '.' } = given
  const start = ownFileName(top, 'top')
  const topdown = bool(given.topdown, 'topdown', true)
  const onerror = handler(given.onerror)
  const follow = bool(given.follow_symlinks, 'follow_symlinks', false)
  const at = dirFd(given.dir_fd)
  cString(start, 'top')
  if (fwalkEvent.wanted) fwalkEvent.raise(ownCopy(start), topdown, onerror, follow, at === AT_FDCWD ? null : at)
  return { start, at, topdown, onerror: handlerFor(start, onerror), flags: follow ? 0 : O_NOFOLLOW }
}

/**
 * A pending task of `walkOpen`: enter a directory, yield a step whose subdirectories have been walked, or close a
 * descriptor.
 */
type Task =
  | { readonly enter: FileName; readonly path: string; readonly at: number }
  | { readonly step: FwalkStep<string> }
  | { readonly close: number }

function* walkOpen(
  top: FileName,
  at: number,
  topdown: boolean,
  onerror: WalkErrorHandler | null,
  follow: boolean,
): Generator<FwalkStep<string>, void> {
  const tasks: Task[] = [{ enter: top, path: fsdecode(top), at }]
  let isTop = true
  try {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      if (has(task, 'close')) libc.close(task.close)
      else if (has(task, 'step')) yield task.step
      else {
        const fd = enter(task.enter, task.at, follow, isTop ? null : { onerror })
        isTop = false
        if (fd === undefined) continue
        tasks.push({ close: fd })
        if (scandirEvent.wanted) scandirEvent.raise(fd)
        const { directories, others } = list(fd, task.path)
        const step: FwalkStep<string> = [task.path, directories, others, fd]
        if (topdown) yield step
        else tasks.push({ step })
        for (const name of decodeNames(directories).reverse())
          tasks.push({ enter: name, path: joinPath(task.path, name), at: fd })
      }
    }
  } finally {
    // The caller has left the loop early, or an error has ended the walk.
    for (const task of tasks) if (has(task, 'close')) libc.close(task.close)
  }
}

/** Opens a directory; undefined if it is to be skipped. `errors` is null for `top`, whose errors are thrown. */
function enter(
  name: FileName,
  at: number,
  follow: boolean,
  errors: { readonly onerror: WalkErrorHandler | null } | null,
): number | undefined {
  try {
    const flags = follow ? 0 : O_NOFOLLOW
    raiseOpen(name, flags)
    return openDirectory('open', at, name, flags)
  } catch (error) {
    const type = follow ? undefined : typeOf(name, AT_SYMLINK_NOFOLLOW, at)
    if (errors !== null) {
      if (type !== S_IFLNK) reportError(error, errors.onerror)
    } else {
      if (type === undefined || type === S_IFDIR) throw error
      // A file that is not a directory is skipped, but one that cannot be opened, such as a broken link, is an error.
      const errno = -readErrno(name, at)
      if (errno !== 0) throw osError(errno, 'open', name)
    }
    return undefined
  }
}

/** Converts the steps of a walk to bytes, and copies the caller's changes of `dirnames` back. */
function* encodeFwalkSteps(steps: Generator<FwalkStep<string>, void>): Generator<FwalkStep<Buffer>, void> {
  for (const [path, directories, others, fd] of steps) {
    const names = directories.map((name) => fsencode(name))
    yield [fsencode(path), names, others.map((name) => fsencode(name)), fd]
    replaceItems(directories, decodeNames(names))
  }
}
