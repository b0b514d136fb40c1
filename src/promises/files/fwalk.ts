import { OSError } from '../../errors.ts'
import { throwIfAborted } from '../../event_loop/on_abort.ts'
import { osError } from '../../libc/call.ts'
import { constants } from '../../libc/facts.ts'
import {
  type BytesPath,
  type FileName,
  fsdecode,
  fsencode,
  type Path,
  type TextPath,
} from '../../os/arguments/paths.ts'
import { raiseOpen, scandirEvent } from '../../os/files/directory_stream.ts'
import type { FwalkOptions, FwalkStep, Walk, WalkErrorHandler } from '../../os/files/walk.ts'
import * as os from '../../os/files/walk.ts'
import { joinPath } from '../../os/system/pathnames.ts'
import { has } from '../../properties.ts'
import type { SignalOption } from '../abort.ts'
import { takeSignal } from '../on_pool.ts'
import { closeDirectory, modeOrErrno, type OpenedDirectory, openAndList, readErrno } from './directory_stream.ts'
import { PendingDirectory, ReadAhead } from './read_ahead.ts'
import { isLink, OPEN_AHEAD, stepsOf, valueFrom } from './walk.ts'

const { AT_SYMLINK_NOFOLLOW, S_IFDIR, S_IFMT } = constants

/** A directory of a walk that gives descriptors to the caller. */
class FwalkDirectory extends PendingDirectory<OpenedDirectory | undefined> {
  readonly #open: () => Promise<OpenedDirectory | undefined>

  constructor(path: string, open: () => Promise<OpenedDirectory | undefined>) {
    super(path)
    this.#open = open
  }

  read(): Promise<OpenedDirectory | undefined> {
    return this.#open()
  }

  /** Empty: reading ahead would open a descriptor for a directory that may never be visited. */
  subdirectories(): readonly FwalkDirectory[] {
    return []
  }
}

/**
 * The remaining tasks of `walkOpen`: to enter a directory, to yield the step of a directory whose subdirectories have
 * been walked, to close a directory.
 */
type Task = FwalkDirectory | { readonly step: FwalkStep<string> } | { readonly close: number }

async function* walkOpen(
  walk: Walk & { readonly at: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<FwalkStep<string>, void> {
  const { topdown, onerror, flags } = walk
  const isStopped = (): boolean => signal?.aborted === true
  const top = fsdecode(walk.start)
  const tasks: Task[] = [new FwalkDirectory(top, () => openTop(walk.start, walk.at, flags, isStopped))]
  const ahead = new ReadAhead<OpenedDirectory | undefined>(tasks, signal, OPEN_AHEAD)
  let isTop = true
  try {
    for (let task = tasks.at(-1); task !== undefined; task = tasks.at(-1)) {
      if (has(task, 'close')) {
        tasks.pop()
        // Also after an abort: this is the only reference to the descriptor.
        closeDirectory(task.close)
        continue
      }
      throwIfAborted(signal)
      if (has(task, 'step')) {
        tasks.pop()
        yield task.step
        continue
      }
      const found = await ahead.take(task)
      tasks.pop()
      // Only an error of the top directory is thrown.
      if (isTop && has(found, 'error')) throw found.error
      isTop = false
      const opened = await valueFrom(found, onerror)
      if (opened === undefined) continue
      const { fd, listing, failure } = opened
      tasks.push({ close: fd })
      if (listing === undefined) throw failure?.error
      const { path } = task
      const step: FwalkStep<string> = [path, listing.directories, listing.others, fd]
      if (topdown) yield step
      else tasks.push({ step })
      for (const name of os.decodeNames(listing.directories).reverse()) {
        const below = joinPath(path, name)
        tasks.push(new FwalkDirectory(below, () => openBelow(name, below, fd, flags, isStopped)))
      }
    }
  } finally {
    // The caller has left early, or an error has ended the walk. A directory is closed only when no subdirectory is
    // being opened relative to it.
    await ahead.end(() => tasks.forEach(closeTask))
  }
}

/** Closes the descriptor of a task that will not be carried out. */
function closeTask(task: Task): void {
  if (has(task, 'close')) closeDirectory(task.close)
  if (!(task instanceof FwalkDirectory) || task.found === undefined) return
  const opened = has(task.found, 'value') ? task.found.value : undefined
  if (opened !== undefined) closeDirectory(opened.fd)
}

/**
 * Opens and lists the top directory. Resolves to undefined where it is a file, or a link that is not to be followed.
 */
async function openTop(
  name: FileName,
  at: number,
  flags: number,
  isStopped: () => boolean,
): Promise<OpenedDirectory | undefined> {
  try {
    raiseOpen(name, flags)
    return await openAndList('open', at, name, fsdecode(name), flags, isStopped, raiseScandir)
  } catch (error) {
    const mode = flags === 0 ? -1 : await modeOrErrno(name, AT_SYMLINK_NOFOLLOW, at)
    if (mode < 0 || (mode & S_IFMT) === S_IFDIR) throw error
    // A top that is not a directory is skipped. A top that cannot be opened, such as a dangling link, is an error.
    const errno = -(await readErrno(name, at))
    if (errno !== 0) throw osError(errno, 'open', name)
    return undefined
  }
}

/** Opens and lists a directory below the top. Resolves to undefined where it is a link that is not to be followed. */
async function openBelow(
  name: string,
  path: string,
  at: number,
  flags: number,
  isStopped: () => boolean,
): Promise<OpenedDirectory | undefined> {
  try {
    raiseOpen(name, flags)
    return await openAndList('open', at, name, path, flags, isStopped, raiseScandir)
  } catch (error) {
    if (flags !== 0 && error instanceof OSError && (await isLink(name, at))) return undefined
    throw error
  }
}

function raiseScandir(fd: number): void {
  if (scandirEvent.wanted) scandirEvent.raise(fd)
}

/** The same walk with names as bytes. Changes that the caller makes to `dirnames` are copied back. */
async function* inBytesOpen(steps: AsyncGenerator<FwalkStep<string>, void>): AsyncGenerator<FwalkStep<Buffer>, void> {
  for await (const [path, directories, others, fd] of steps) {
    const names = directories.map((name) => fsencode(name))
    yield [fsencode(path), names, others.map((name) => fsencode(name)), fd]
    os.replaceItems(directories, os.decodeNames(names))
  }
}

/**
 * `os.fwalk` on the thread pool: an async iterable of the same steps in the same order. It opens directories ahead of
 * the caller, and so has up to eight more descriptors open than the depth of the tree.
 *
 * @param top the directory to start in; the current one by default
 * @param topdown true (the default): a directory comes before those in it; false: after them
 * @param onerror is called with the OSError of a directory that cannot be listed, and may throw; by default such
 *   directories are skipped
 * @param options `signal`; all of them by name; `follow_symlinks`: true to walk symbolic links to directories too;
 *   `dir_fd`: the directory that a relative `top` starts at
 * @returns an async iterable of [dirpath, dirnames, filenames, dirfd]; dirfd is valid until the next step, and must not
 *   be closed by the caller. Errors, also those of arguments, reject its steps
 *
 * Availability: Linux. Audit events: `os.fwalk` (top, topdown, onerror, follow_symlinks, dir_fd), and `open` (path, null, flags) and `os.scandir` (fd)
 * for each directory, when it is read. See Python, os.fwalk.
 * @example
 * ```ts
 * os.makedirs('top/below')
 * const seen: string[] = []
 * for await (const [folder, , , fd] of promises.fwalk('top')) {
 *   if (os.fstat(fd).st_ino > 0n) seen.push(folder)
 * }
 * seen // => ['top', 'top/below']
 * ```
 */
export function fwalk(
  top: BytesPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (FwalkOptions & SignalOption),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<Buffer>, void>
export function fwalk(
  top: TextPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (FwalkOptions & SignalOption),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<string>, void>
export function fwalk(
  top: Path,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (FwalkOptions & SignalOption),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<string> | FwalkStep<Buffer>, void>
export function fwalk(
  top: BytesPath | (FwalkOptions & SignalOption & { readonly top: BytesPath }),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<Buffer>, void>
export function fwalk(
  top?: TextPath | (FwalkOptions & SignalOption & { readonly top?: TextPath | undefined }),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<string>, void>
export function fwalk(
  top: Path | (FwalkOptions & SignalOption),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<string> | FwalkStep<Buffer>, void>
export function fwalk(...args: unknown[]): AsyncGenerator<FwalkStep<string> | FwalkStep<Buffer>, void> {
  return stepsOf<FwalkStep<string> | FwalkStep<Buffer>>(() => {
    const signal = takeSignal(args)
    const checked = os.checkedFwalk(...args)
    const steps = walkOpen(checked, signal)
    return typeof checked.start === 'string' ? steps : inBytesOpen(steps)
  })
}
