import { isThenable, OSError } from '../../errors.ts'
import { throwIfAborted } from '../../event_loop/on_abort.ts'
import { constants } from '../../libc/facts.ts'
import { type BytesPath, fsdecode, fsencode, type Path, type TextPath } from '../../os/arguments/paths.ts'
import { scandirEvent } from '../../os/files/directory_stream.ts'
import type { Listing, Walk, WalkErrorHandler, WalkOptions, WalkStep } from '../../os/files/walk.ts'
import * as os from '../../os/files/walk.ts'
import { joinPath } from '../../os/system/pathnames.ts'
import { define, has } from '../../properties.ts'
import type { SignalOption } from '../abort.ts'
import { takeSignal } from '../on_pool.ts'
import { closeDirectory, modeOrErrno, openAndList } from './directory_stream.ts'
import { PendingDirectory, ReadAhead, type ReadOutcome } from './read_ahead.ts'
import { type Inode, readByScandir } from './whole_directory.ts'

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW, S_IFLNK, S_IFMT } = constants

/**
 * How many directories `fwalk` opens ahead of the caller at most, since each uses a descriptor. `walk` has no such
 * limit: with one, directories that were read early but come late would prevent reading the next ones ahead, and most
 * of a deep tree would be read one by one.
 */
export const OPEN_AHEAD = 8
/** In how many directories the caller must have left `dirnames` unchanged before `walk` reads deeper. */
const MIN_UNCHANGED = 64

export async function isLink(path: string, at: number = AT_FDCWD): Promise<boolean> {
  const mode = await modeOrErrno(path, AT_SYMLINK_NOFOLLOW, at)
  return mode >= 0 && (mode & S_IFMT) === S_IFLNK
}

/** A directory that a walk by paths has read. Only scandir(3) gives the inodes. */
type WalkedDirectory = { readonly listing: Listing; readonly inodes?: ReadonlyMap<string, Inode> }

/** The settings that all directories of a walk share. */
interface WalkSettings {
  /** The flags for opening directories below the top. */
  readonly flags: number
  isStopped(): boolean
}

/** A directory of a walk by paths. */
class WalkDirectory extends PendingDirectory<WalkedDirectory | undefined> {
  readonly name: string
  readonly #settings: WalkSettings
  readonly #isTop: boolean
  readonly #inode: Inode | undefined
  #below: readonly WalkDirectory[] | undefined

  /** @param inode the inode that the parent directory reports for it, where known */
  constructor(path: string, name: string, settings: WalkSettings, isTop: boolean, inode?: Inode) {
    super(path)
    this.name = name
    this.#settings = settings
    this.#isTop = isTop
    this.#inode = inode
  }

  read(): Promise<WalkedDirectory | undefined> {
    const { flags, isStopped } = this.#settings
    return listAt(this.path, this.#isTop ? 0 : flags, this.#inode, isStopped)
  }

  get #listed(): WalkedDirectory | undefined {
    return this.found !== undefined && has(this.found, 'value') ? this.found.value : undefined
  }

  subdirectories(): readonly WalkDirectory[] {
    const listing = this.#listed?.listing
    if (listing === undefined) return []
    this.#below ??= listing.directories.map((name) => this.#entry(name))
    return this.#below
  }

  /**
   * Drops the result after the visit. V8's minor collections treat a dead object in the old generation as live,
   * together with the young objects that it refers to: the whole tree below would stay in memory until the next major
   * collection.
   */
  forget(): void {
    this.found = undefined
    this.#below = undefined
  }

  #entry(name: string): WalkDirectory {
    return new WalkDirectory(joinPath(this.path, name), name, this.#settings, false, this.#listed?.inodes?.get(name))
  }

  /** The directories that the caller has left in, or added to, `dirnames`. */
  chosen(dirnames: readonly unknown[]): { readonly below: readonly WalkDirectory[]; readonly hasRemoved: boolean } {
    const all = this.subdirectories()
    if (isSame(all, dirnames)) return { below: all, hasRemoved: false }
    const known = new Map(all.map((entry) => [entry.name, entry]))
    const below = os.decodeNames(dirnames).map((name) => {
      const entry = known.get(name)
      known.delete(name)
      return entry ?? this.#entry(name)
    })
    return { below, hasRemoved: known.size > 0 }
  }
}

function isSame(entries: readonly WalkDirectory[], dirnames: readonly unknown[]): boolean {
  return entries.length === dirnames.length && entries.every(({ name }, index) => name === dirnames[index])
}

/**
 * Lists a directory. Resolves to undefined where it is a link that is not to be followed.
 *
 * @param inode the inode that the parent directory reports for it, where known
 */
async function listAt(
  path: string,
  flags: number,
  inode: Inode | undefined,
  isStopped: () => boolean,
): Promise<WalkedDirectory | undefined> {
  if (scandirEvent.wanted) scandirEvent.raise(path)
  try {
    const whole = flags === 0 || inode !== undefined ? await readByScandir(path, inode, isStopped) : undefined
    return whole ?? (await listByDescriptor(path, flags, isStopped))
  } catch (error) {
    if (flags !== 0 && error instanceof OSError && (await isLink(path))) return undefined
    throw error
  }
}

async function listByDescriptor(path: string, flags: number, isStopped: () => boolean): Promise<WalkedDirectory> {
  const { fd, listing, failure } = await openAndList('scandir', AT_FDCWD, path, path, flags, isStopped)
  closeDirectory(fd)
  if (listing === undefined) throw failure?.error
  return { listing }
}

async function* walkTree(walk: Walk, signal: AbortSignal | undefined): AsyncGenerator<WalkStep<string>, void> {
  const { start, topdown, onerror, flags } = walk
  const settings: WalkSettings = { flags, isStopped: () => signal?.aborted === true }
  // A task is a directory to visit, or the step of a directory whose subdirectories have been walked. A directory stays
  // in the list until the caller is done with its step, so that its subdirectories can be found and read ahead.
  const tasks: (WalkDirectory | WalkStep<string>)[] = [new WalkDirectory(fsdecode(start), '', settings, true)]
  const ahead = new ReadAhead<WalkedDirectory | undefined>(tasks, signal)
  ahead.readsSubdirectories = !topdown
  let unchangedCount = 0
  try {
    for (let task = tasks.at(-1); task !== undefined; task = tasks.at(-1)) {
      throwIfAborted(signal)
      if (!(task instanceof WalkDirectory)) {
        tasks.pop()
        yield task
        continue
      }
      const taken = ahead.take(task)
      const outcome = valueFrom(taken instanceof Promise ? await taken : taken, onerror)
      const found = outcome instanceof Promise ? await outcome : outcome
      if (found === undefined) {
        tasks.pop()
        continue
      }
      const { directories, others } = found.listing
      const step: WalkStep<string> = [task.path, directories, others]
      let below = task.subdirectories()
      if (topdown) {
        yield step
        const chosen = task.chosen(directories)
        below = chosen.below
        // A caller that has removed some directories will probably do so again.
        unchangedCount = chosen.hasRemoved ? Number.NEGATIVE_INFINITY : unchangedCount + Math.min(below.length, 1)
        ahead.readsSubdirectories = unchangedCount >= MIN_UNCHANGED
      }
      tasks.pop()
      if (!topdown) tasks.push(step)
      for (let at = below.length - 1; at >= 0; at--) tasks.push(below[at] as WalkDirectory)
      task.forget()
    }
  } finally {
    await ahead.end(() => undefined)
  }
}

/**
 * The value of a directory's result; undefined where the directory is skipped; a promise of that where `onerror` is
 * asynchronous.
 */
export function valueFrom<T>(
  found: ReadOutcome<T>,
  onerror: WalkErrorHandler | null,
): T | undefined | Promise<undefined> {
  if (has(found, 'value')) return found.value
  const reported = os.reportErrorLater(found.error, onerror)
  return isThenable(reported) ? Promise.resolve(reported).then(() => undefined) : undefined
}

/** The same walk with names as bytes. Changes that the caller makes to `dirnames` are copied back. */
async function* inBytes(steps: AsyncGenerator<WalkStep<string>, void>): AsyncGenerator<WalkStep<Buffer>, void> {
  for await (const [path, directories, others] of steps) {
    const names = directories.map((name) => fsencode(name))
    yield [fsencode(path), names, others.map((name) => fsencode(name))]
    os.replaceItems(directories, os.decodeNames(names))
  }
}

/** The steps of a walk. An exception in `begin` rejects the first step. */
export function stepsOf<Step>(begin: () => AsyncGenerator<Step, void>): AsyncGenerator<Step, void> {
  let steps: AsyncGenerator<Step, void>
  try {
    steps = begin()
  } catch (error) {
    steps = failing(error)
  }
  // Async generators have it from Node 24 on.
  const hasDispose: boolean = Reflect.has(steps, Symbol.asyncDispose)
  const dispose = async (): Promise<void> => void (await steps.return())
  return hasDispose ? steps : define(steps, Symbol.asyncDispose, { value: dispose, configurable: true })
}

async function* failing(error: unknown): AsyncGenerator<never, void> {
  yield await Promise.reject(error)
}

/**
 * `os.walk` on the thread pool: an async iterable of the same steps in the same order, which reads directories ahead of
 * the caller.
 *
 * At first it reads only the directories that will certainly be visited: those that the caller has left in `dirnames`.
 * Once the caller has left `dirnames` unchanged in 64 directories, it also reads subdirectories of directories that the
 * caller has not seen yet. It may then miss changes that the caller makes in the tree without changing `dirnames`. It
 * stops reading these for good as soon as the caller removes a name. With `topdown` false all directories will
 * certainly be visited. `fwalk` reads only directories that will certainly be visited.
 *
 * @param top the directory to start in
 * @param topdown true (the default): a directory comes before those in it; false: after them
 * @param onerror is called with the OSError of a directory that cannot be listed, and may throw; by default such
 *   directories are skipped
 * @param followlinks true: symbolic links to directories are walked too; default false
 * @param options `signal`; all of them by name
 * @returns an async iterable of [dirpath, dirnames, filenames]. Errors, also those of arguments, reject its steps
 *
 * Availability: Linux. Audit events: `os.walk` (top, topdown, onerror, followlinks), and `os.scandir` (path) for each
 * directory when it is read, even if it is never visited. See Python, os.walk.
 * @example
 * ```ts
 * os.makedirs('top/below')
 * const seen: string[] = []
 * for await (const [folder] of promises.walk('top')) seen.push(folder)
 * seen // => ['top', 'top/below']
 * ```
 */
export function walk(
  top: BytesPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (WalkOptions & SignalOption),
  followlinks?: boolean | (WalkOptions & SignalOption),
  options?: SignalOption,
): AsyncGenerator<WalkStep<Buffer>, void>
export function walk(
  top: TextPath,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (WalkOptions & SignalOption),
  followlinks?: boolean | (WalkOptions & SignalOption),
  options?: SignalOption,
): AsyncGenerator<WalkStep<string>, void>
export function walk(
  top: Path,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (WalkOptions & SignalOption),
  followlinks?: boolean | (WalkOptions & SignalOption),
  options?: SignalOption,
): AsyncGenerator<WalkStep<string> | WalkStep<Buffer>, void>
export function walk(top: BytesPath, options?: WalkOptions & SignalOption): AsyncGenerator<WalkStep<Buffer>, void>
export function walk(top: TextPath, options?: WalkOptions & SignalOption): AsyncGenerator<WalkStep<string>, void>
export function walk(
  top: Path,
  options?: WalkOptions & SignalOption,
): AsyncGenerator<WalkStep<string> | WalkStep<Buffer>, void>
export function walk(top: Path, ...rest: unknown[]): AsyncGenerator<WalkStep<string> | WalkStep<Buffer>, void> {
  return stepsOf<WalkStep<string> | WalkStep<Buffer>>(() => {
    const signal = takeSignal(rest)
    const checked = os.checkedWalk(top, ...rest)
    const steps = walkTree(checked, signal)
    return typeof checked.start === 'string' ? steps : inBytes(steps)
  })
}
