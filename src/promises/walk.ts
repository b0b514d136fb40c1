import { OSError } from '../errors.ts'
import { osError } from '../libc/call.ts'
import { constants, errnoNumbers } from '../libc/facts.ts'
import { scandirEvent } from '../os/directory_stream.ts'
import { type FileName, fsdecode, fsencode, type Path } from '../os/names.ts'
import { joinPath } from '../os/pathnames.ts'
import type { FwalkOptions, FwalkStep, Listing, Walk, WalkErrorHandler, WalkOptions, WalkStep } from '../os/walk.ts'
import * as os from '../os/walk.ts'
import { orAborted, type SignalOption } from './abort.ts'
import { closeDirectory, modeOrErrno, type Opened, openAndList, readErrno } from './directory_stream.ts'
import { takeSignal } from './on_pool.ts'
import { type Inode, readWhole } from './whole_directory.ts'

const { AT_FDCWD, AT_SYMLINK_NOFOLLOW, S_IFDIR, S_IFLNK, S_IFMT } = constants
const { EMFILE, ENFILE } = errnoNumbers

/**
 * How many directories are read ahead of the caller: those that come next, as soon as it is certain that they do.
 * Enough to keep the pool at work: with 32 of them /usr takes no less time, and a few hundredths more instructions.
 */
const AHEAD = 8
/**
 * How many of them `fwalk` has open at most, since each costs a descriptor. `walk` has no such limit: directories that
 * have been read and come late would keep those that come next from being read ahead, and most of a deep tree would be
 * read one by one. So in each directory on the way down there may be AHEAD of which the names wait in memory.
 */
const OPEN_AHEAD = 8

/** What reading a directory came to. Errors are told when its turn has come. */
type Found<T> = { readonly value: T } | { readonly error: unknown }

/** A directory that is going to be visited. */
class Pending<T> {
  readonly path: string
  readonly #read: () => Promise<T>
  #found: Promise<Found<T>> | undefined

  constructor(path: string, read: () => Promise<T>) {
    this.path = path
    this.#read = read
  }

  get hasBegun(): boolean {
    return this.#found !== undefined
  }

  /** Begins to read it, where that has not begun. It never rejects. */
  begin(): Promise<Found<T>> {
    this.#found ??= this.#read().then(
      (value) => ({ value }),
      (error) => ({ error }),
    )
    return this.#found
  }

  /** Reads it once more. */
  beginAgain(): Promise<Found<T>> {
    this.#found = undefined
    return this.begin()
  }
}

/** The directories of a walk that are being read, or have been and wait for their turn. */
class ReadAhead<T> {
  readonly #begun: Set<Pending<T>> = new Set()
  readonly #signal: AbortSignal | undefined
  readonly #most: number

  /** @param most how many there may be of them */
  constructor(signal: AbortSignal | undefined, most = Number.POSITIVE_INFINITY) {
    this.#signal = signal
    this.#most = most
  }

  /** Begins with those that come next: of tasks, the last. */
  begin(tasks: readonly unknown[]): void {
    let next = 0
    for (let at = tasks.length - 1; at >= 0 && next < AHEAD && this.#begun.size < this.#most; at--) {
      const task = tasks[at]
      if (!(task instanceof Pending)) continue
      next += 1
      if (task.hasBegun) continue
      this.#begun.add(task)
      task.begin()
    }
  }

  /** What one whose turn has come came to. */
  async take(pending: Pending<T>): Promise<T> {
    const isAhead = this.#begun.has(pending)
    this.#begun.add(pending)
    let found = await orAborted(pending.begin(), this.#signal)
    if (isAhead && 'error' in found && isOutOfDescriptors(found.error)) {
      // Those that were read beside it may have taken them.
      await orAborted(this.over(), this.#signal)
      found = await orAborted(pending.beginAgain(), this.#signal)
    }
    this.#begun.delete(pending)
    if ('error' in found) throw found.error
    return found.value
  }

  /** Resolves when nothing is being read any more, with what nobody has taken. */
  async over(): Promise<T[]> {
    const all = await Promise.all(Array.from(this.#begun, (pending) => pending.begin()))
    return all.flatMap((found) => ('value' in found ? [found.value] : []))
  }

  /** At the end of a walk: `leave` gets what nobody has taken. Who has aborted it does not wait for that. */
  async end(leave: (left: readonly T[]) => void): Promise<void> {
    const left = this.over().then(leave)
    if (this.#signal?.aborted !== true) await left
  }
}

function isOutOfDescriptors(error: unknown): boolean {
  return error instanceof OSError && (error.errno === EMFILE || error.errno === ENFILE)
}

async function isLink(path: string, at = AT_FDCWD): Promise<boolean> {
  const mode = await modeOrErrno(path, AT_SYMLINK_NOFOLLOW, at)
  return mode >= 0 && (mode & S_IFMT) === S_IFLNK
}

/** A directory of a walk by paths that has been read: as a whole, or step by step. */
type Listed = { readonly listing: Listing; readonly inodes?: ReadonlyMap<string, Inode> }

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
): Promise<Listed | undefined> {
  if (scandirEvent.wanted) scandirEvent.raise(path)
  try {
    const whole = flags === 0 || inode !== undefined ? await readWhole(path, inode, isStopped) : undefined
    return whole ?? (await listByDescriptor(path, flags, isStopped))
  } catch (error) {
    if (flags !== 0 && error instanceof OSError && (await isLink(path))) return undefined
    throw error
  }
}

async function listByDescriptor(path: string, flags: number, isStopped: () => boolean): Promise<Listed> {
  const { fd, listing, failure } = await openAndList('scandir', AT_FDCWD, path, path, flags, isStopped)
  closeDirectory(fd)
  if (listing === undefined) throw failure?.error
  return { listing }
}

async function* walkTree(walk: Walk, signal: AbortSignal | undefined): AsyncGenerator<WalkStep<string>, void> {
  const { start, topdown, onerror, flags } = walk
  const ahead = new ReadAhead<Listed | undefined>(signal)
  const isStopped = (): boolean => signal?.aborted === true
  const pending = (path: string, how: number, inode?: Inode): Pending<Listed | undefined> =>
    new Pending(path, () => listAt(path, how, inode, isStopped))
  // A step is that of a directory whose directories have all been walked.
  const tasks: (Pending<Listed | undefined> | WalkStep<string>)[] = [pending(fsdecode(start), 0)]
  try {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      signal?.throwIfAborted()
      if (!(task instanceof Pending)) {
        yield task
        continue
      }
      const found = await taken(ahead, task, tasks, onerror)
      if (found === undefined) continue
      const { listing, inodes } = found
      const step: WalkStep<string> = [task.path, listing.directories, listing.others]
      if (topdown) yield step
      else tasks.push(step)
      const { path } = task
      for (const name of os.decoded(listing.directories).reverse())
        tasks.push(pending(joinPath(path, name), flags, inodes?.get(name)))
    }
  } finally {
    await ahead.end(() => undefined)
  }
}

/** What a directory came to; undefined where it is passed over. Meanwhile those that come after it are begun. */
async function taken<T>(
  ahead: ReadAhead<T>,
  pending: Pending<T>,
  tasks: readonly unknown[],
  onerror: WalkErrorHandler | null,
): Promise<T | undefined> {
  const found = ahead.take(pending)
  ahead.begin(tasks)
  try {
    return await found
  } catch (error) {
    os.passOver(error, onerror)
    return undefined
  }
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
function stepsOf<Step>(begin: () => AsyncGenerator<Step, void>): AsyncGenerator<Step, void> {
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
 * the caller once it is certain that they are visited.
 *
 * @param top the directory to start in
 * @param topdown true (the default): a directory comes before those in it; false: after them
 * @param onerror gets the OSError of a directory that cannot be listed, and may throw; by default it is passed over
 * @param followlinks true: symbolic links to directories are walked too; default false
 * @param options `signal`; all of them by name
 * @returns an async iterable of [dirpath, dirnames, filenames]. Errors, those of arguments included, reject its steps
 *
 * Availability: Linux. Audit events: `os.walk` (top, topdown, onerror, followlinks), and `os.scandir` (path) for each
 * directory, when it is read. See Python, os.walk.
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

/**
 * What `walkOpen` has still to do, beside entering directories: give a step whose directories have been walked, close.
 */
type Task = Pending<Opened | undefined> | { readonly step: FwalkStep<string> } | { readonly close: number }

async function* walkOpen(
  walk: Walk & { readonly at: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<FwalkStep<string>, void> {
  const { topdown, onerror, flags } = walk
  const ahead = new ReadAhead<Opened | undefined>(signal, OPEN_AHEAD)
  const isStopped = (): boolean => signal?.aborted === true
  const top = fsdecode(walk.start)
  const tasks: Task[] = [new Pending(top, () => openTop(walk.start, walk.at, flags, isStopped))]
  let isTop = true
  try {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      if ('close' in task) {
        // Whether aborted or not: nobody else knows of it any more.
        closeDirectory(task.close)
        continue
      }
      signal?.throwIfAborted()
      if ('step' in task) {
        yield task.step
        continue
      }
      // Only the top's errors are thrown.
      const opened = isTop ? await ahead.take(task) : await taken(ahead, task, tasks, onerror)
      isTop = false
      if (opened === undefined) continue
      const { fd, listing, failure } = opened
      tasks.push({ close: fd })
      if (listing === undefined) throw failure?.error
      const { path } = task
      const step: FwalkStep<string> = [path, listing.directories, listing.others, fd]
      if (topdown) yield step
      else tasks.push({ step })
      for (const name of os.decoded(listing.directories).reverse()) {
        const below = joinPath(path, name)
        tasks.push(new Pending(below, () => openBelow(name, below, fd, flags, isStopped)))
      }
    }
  } finally {
    // The caller has left early, or an error ended the walk. What is being opened below a directory needs that open.
    await ahead.end((left) => {
      for (const opened of left) if (opened !== undefined) closeDirectory(opened.fd)
      for (const task of tasks) if ('close' in task) closeDirectory(task.close)
    })
  }
}

/** Opens and lists the top; undefined where it is a file, or a link that is not to be followed. */
async function openTop(
  name: FileName,
  at: number,
  flags: number,
  isStopped: () => boolean,
): Promise<Opened | undefined> {
  try {
    return await openAndList('open', at, name, fsdecode(name), flags, isStopped, raiseScandir)
  } catch (error) {
    const mode = flags === 0 ? -1 : await modeOrErrno(name, AT_SYMLINK_NOFOLLOW, at)
    if (mode < 0 || (mode & S_IFMT) === S_IFDIR) throw error
    // What is no directory is passed over, but not what cannot be opened, such as a link that points nowhere.
    const errno = -(await readErrno(name, at))
    if (errno !== 0) throw osError(errno, 'open', name)
    return undefined
  }
}

/** Opens and lists a directory below the top; undefined where it is a link that is not to be followed. */
async function openBelow(
  name: string,
  path: string,
  at: number,
  flags: number,
  isStopped: () => boolean,
): Promise<Opened | undefined> {
  try {
    return await openAndList('open', at, name, path, flags, isStopped, raiseScandir)
  } catch (error) {
    if (flags !== 0 && error instanceof OSError && (await isLink(name, at))) return undefined
    throw error
  }
}

function raiseScandir(fd: number): void {
  if (scandirEvent.wanted) scandirEvent.raise(fd)
}

/** The same walk in bytes. What the caller does to `dirnames` is carried over. */
async function* inBytesOpen(steps: AsyncGenerator<FwalkStep<string>, void>): AsyncGenerator<FwalkStep<Buffer>, void> {
  for await (const [path, directories, others, fd] of steps) {
    const names = directories.map((name) => fsencode(name))
    yield [fsencode(path), names, others.map((name) => fsencode(name)), fd]
    os.replaceItems(directories, os.decoded(names))
  }
}

/**
 * `os.fwalk` on the thread pool: an async iterable of the same steps in the same order. It opens directories ahead of
 * the caller, and so has up to eight more descriptors open than the depth of the tree demands.
 *
 * @param top the directory to start in; the current one by default
 * @param topdown true (the default): a directory comes before those in it; false: after them
 * @param onerror gets the OSError of a directory that cannot be listed, and may throw; by default it is passed over
 * @param options `signal`; all of them by name; `follow_symlinks`: true to walk symbolic links to directories too;
 *   `dir_fd`: where a relative `top` starts
 * @returns an async iterable of [dirpath, dirnames, filenames, dirfd]; dirfd is valid until the next step, and not
 *   yours to close. Errors, those of arguments included, reject its steps
 *
 * Availability: Linux. Audit events: `os.fwalk` (top, topdown, onerror, follow_symlinks, dir_fd), and `os.scandir` (fd)
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
  top: Uint8Array,
  topdown: boolean,
  onerror?: WalkErrorHandler | null | (FwalkOptions & SignalOption),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<Buffer>, void>
export function fwalk(
  top: string | URL,
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
  top: Uint8Array | (FwalkOptions & SignalOption & { readonly top: Uint8Array }),
  options?: FwalkOptions & SignalOption,
): AsyncGenerator<FwalkStep<Buffer>, void>
export function fwalk(
  top?: string | URL | (FwalkOptions & SignalOption & { readonly top?: string | URL | undefined }),
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
