import { OSError } from '../../errors.ts'
import { constants } from '../../libc/facts.ts'
import { fsdecode, fsencode, type Path } from '../../os/arguments/paths.ts'
import { scandirEvent } from '../../os/files/directory_stream.ts'
import type { Listing, Walk, WalkErrorHandler, WalkOptions, WalkStep } from '../../os/files/walk.ts'
import * as os from '../../os/files/walk.ts'
import { joinPath } from '../../os/system/pathnames.ts'
import type { SignalOption } from '../abort.ts'
import { takeSignal } from '../on_pool.ts'
import { closeDirectory, modeOrErrno, openAndList } from './directory_stream.ts'
import { Pending, ReadAhead, type ReadOutcome } from './read_ahead.ts'
import { type Inode, readWhole } from './whole_directory.ts'

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW, S_IFLNK, S_IFMT } = constants

/**
 * How many directories `fwalk` has open at most before it is their turn, since each costs a descriptor. `walk` has no
 * such limit: directories that have been read and come late would keep those that come next from being read ahead, and
 * most of a deep tree would be read one by one.
 */
export const OPEN_AHEAD = 8
/** In how many directories the caller must have left all that is in `dirnames` before `walk` relies on that. */
const TRUST = 64

export async function isLink(path: string, at: number = AT_FDCWD): Promise<boolean> {
  const mode = await modeOrErrno(path, AT_SYMLINK_NOFOLLOW, at)
  return mode >= 0 && (mode & S_IFMT) === S_IFLNK
}

/** A directory of a walk by paths that has been read: as a whole, or step by step. */
type WalkedDirectory = { readonly listing: Listing; readonly inodes?: ReadonlyMap<string, Inode> }

/** What is the same for all directories of a walk. */
interface Way {
  /** Of opening those below the top. */
  readonly flags: number
  isStopped(): boolean
}

/** A directory of a walk by paths. */
class ByPath extends Pending<WalkedDirectory | undefined> {
  readonly name: string
  readonly #way: Way
  readonly #isTop: boolean
  readonly #inode: Inode | undefined
  #below: readonly ByPath[] | undefined

  /** @param inode what it was found under, where that is known */
  constructor(path: string, name: string, way: Way, isTop: boolean, inode?: Inode) {
    super(path)
    this.name = name
    this.#way = way
    this.#isTop = isTop
    this.#inode = inode
  }

  read(): Promise<WalkedDirectory | undefined> {
    const { flags, isStopped } = this.#way
    return listAt(this.path, this.#isTop ? 0 : flags, this.#inode, isStopped)
  }

  get #listed(): WalkedDirectory | undefined {
    return this.found !== undefined && 'value' in this.found ? this.found.value : undefined
  }

  below(): readonly ByPath[] {
    const listing = this.#listed?.listing
    if (listing === undefined) return []
    this.#below ??= listing.directories.map((name) => this.#entry(name))
    return this.#below
  }

  /**
   * Forgets what it came to, once it has been visited. V8 tells garbage that has become old from what is in use by the
   * great collections only: until then it would keep the young alive to which it refers, and so the whole tree below.
   */
  forget(): void {
    this.found = undefined
    this.#below = undefined
  }

  #entry(name: string): ByPath {
    return new ByPath(joinPath(this.path, name), name, this.#way, false, this.#listed?.inodes?.get(name))
  }

  /** The directories that the caller has left in `dirnames`, or put there. */
  chosen(dirnames: readonly unknown[]): { readonly below: readonly ByPath[]; readonly hasLeftOut: boolean } {
    const all = this.below()
    if (isSame(all, dirnames)) return { below: all, hasLeftOut: false }
    const known = new Map(all.map((entry) => [entry.name, entry]))
    const below = os.decoded(dirnames).map((name) => {
      const entry = known.get(name)
      known.delete(name)
      return entry ?? this.#entry(name)
    })
    return { below, hasLeftOut: known.size > 0 }
  }
}

function isSame(entries: readonly ByPath[], dirnames: readonly unknown[]): boolean {
  return entries.length === dirnames.length && entries.every(({ name }, index) => name === dirnames[index])
}

/**
 * Lists a directory; undefined where it is a link that is not to be followed.
 *
 * @param inode what it was found under, where that is known
 */
async function listAt(
  path: string,
  flags: number,
  inode: Inode | undefined,
  isStopped: () => boolean,
): Promise<WalkedDirectory | undefined> {
  if (scandirEvent.wanted) scandirEvent.raise(path)
  try {
    const whole = flags === 0 || inode !== undefined ? await readWhole(path, inode, isStopped) : undefined
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
  const way: Way = { flags, isStopped: () => signal?.aborted === true }
  // A step is that of a directory whose directories have all been walked. A directory stays here until the caller is
  // done with its step, so that those in it can be found, and read ahead.
  const tasks: (ByPath | WalkStep<string>)[] = [new ByPath(fsdecode(start), '', way, true)]
  const ahead = new ReadAhead<WalkedDirectory | undefined>(tasks, signal)
  ahead.goesDeeper = !topdown
  let kept = 0
  try {
    for (let task = tasks.at(-1); task !== undefined; task = tasks.at(-1)) {
      signal?.throwIfAborted()
      if (!(task instanceof ByPath)) {
        tasks.pop()
        yield task
        continue
      }
      const taken = ahead.take(task)
      const found = valueFrom(taken instanceof Promise ? await taken : taken, onerror)
      if (found === undefined) {
        tasks.pop()
        continue
      }
      const { directories, others } = found.listing
      const step: WalkStep<string> = [task.path, directories, others]
      let below = task.below()
      if (topdown) {
        yield step
        const chosen = task.chosen(directories)
        below = chosen.below
        // Who has left out some will do so again.
        kept = chosen.hasLeftOut ? Number.NEGATIVE_INFINITY : kept + Math.min(below.length, 1)
        ahead.goesDeeper = kept >= TRUST
      }
      tasks.pop()
      if (!topdown) tasks.push(step)
      for (let at = below.length - 1; at >= 0; at--) tasks.push(below[at] as ByPath)
      task.forget()
    }
  } finally {
    await ahead.end(() => undefined)
  }
}

/** The value of what a directory came to; undefined where it is passed over. */
export function valueFrom<T>(found: ReadOutcome<T>, onerror: WalkErrorHandler | null): T | undefined {
  if ('value' in found) return found.value
  os.passOver(found.error, onerror)
  return undefined
}

/** The same walk in bytes. What the caller does to `dirnames` is carried over. */
async function* inBytes(steps: AsyncGenerator<WalkStep<string>, void>): AsyncGenerator<WalkStep<Buffer>, void> {
  for await (const [path, directories, others] of steps) {
    const names = directories.map((name) => fsencode(name))
    yield [fsencode(path), names, others.map((name) => fsencode(name))]
    os.replaceItems(directories, os.decoded(names))
  }
}

/** The steps of a walk; those of one that could not begin reject. */
export function stepsOf<Step>(begin: () => AsyncGenerator<Step, void>): AsyncGenerator<Step, void> {
  let steps: AsyncGenerator<Step, void>
  try {
    steps = begin()
  } catch (error) {
    steps = failing(error)
  }
  // Before Node 24 generators do not have it.
  const hasDispose: boolean = Reflect.has(steps, Symbol.asyncDispose)
  const dispose = async (): Promise<void> => void (await steps.return())
  return hasDispose ? steps : Object.defineProperty(steps, Symbol.asyncDispose, { value: dispose, configurable: true })
}

async function* failing(error: unknown): AsyncGenerator<never, void> {
  yield await Promise.reject(error)
}

/**
 * `os.walk` on the thread pool: an async iterable of the same steps in the same order, which reads directories ahead of
 * the caller.
 *
 * At first it reads those of which it is certain that they are visited: what the caller has left in `dirnames`. Once it
 * has left all that was there in 64 directories, also some that are in directories which it has still to see. Whatever
 * it changes in the tree without changing `dirnames` may come too late to be seen then. As soon as it takes something
 * out, that ends for good. With `topdown` false all directories are certain to be visited. `fwalk` reads none that is
 * not certain.
 *
 * @param top the directory to start in
 * @param topdown true (the default): a directory comes before those in it; false: after them
 * @param onerror gets the OSError of a directory that cannot be listed, and may throw; by default it is passed over
 * @param followlinks true: symbolic links to directories are walked too; default false
 * @param options `signal`; all of them by name
 * @returns an async iterable of [dirpath, dirnames, filenames]. Errors, those of arguments included, reject its steps
 *
 * Availability: Linux. Audit events: `os.walk` (top, topdown, onerror, followlinks), and `os.scandir` (path) for each
 * directory when it is read, be it for nothing. See Python, os.walk.
 * @example
 * ```ts
 * os.makedirs('top/below')
 * const seen: string[] = []
 * for await (const [folder] of promises.walk('top')) seen.push(folder)
 * seen // => ['top', 'top/below']
 * ```
 */
export function walk(
  top: Uint8Array,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (WalkOptions & SignalOption),
  followlinks?: boolean | (WalkOptions & SignalOption),
  options?: SignalOption,
): AsyncGenerator<WalkStep<Buffer>, void>
export function walk(
  top: string | URL,
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
export function walk(top: Uint8Array, options?: WalkOptions & SignalOption): AsyncGenerator<WalkStep<Buffer>, void>
export function walk(top: string | URL, options?: WalkOptions & SignalOption): AsyncGenerator<WalkStep<string>, void>
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
