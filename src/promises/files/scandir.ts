import { throwIfAborted } from '../../event_loop/on_abort.ts'
import { constants } from '../../libc/facts.ts'
import { asBuffer } from '../../libc/strings.ts'
import type { BytesPath, FileName } from '../../os/arguments/paths.ts'
import { DirEntry, pathPrefix, type Source } from '../../os/files/dir_entry.ts'
import { duplicateDirectory, type Records, scandirEvent } from '../../os/files/directory_stream.ts'
import * as os from '../../os/files/scandir.ts'
import { orAborted, type SignalOption } from '../abort.ts'
import { named, takeSignal } from '../on_pool.ts'
import { openDirectory, readMore, readRecords } from './directory_stream.ts'

const { AT_FDCWD } = constants

async function openListed(syscall: string, directory: FileName | number): Promise<number> {
  if (typeof directory === 'number') return duplicateDirectory(syscall, directory)
  return openDirectory(syscall, AT_FDCWD, directory)
}

/**
 * `os.listdir` on the thread pool. The names in a directory, without "." and "..", in no particular order.
 *
 * @param path the directory, or the descriptor of an open one; the current directory by default
 * @param options `signal`; `path` by name
 * @returns the names: as bytes where `path` is bytes
 * @throws OSError as the system reports it: FileNotFoundError, NotADirectoryError, PermissionError
 *
 * Availability: Linux. Audit event: `os.listdir` (path). See readdir(3); Python, os.listdir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await promises.listdir() // => ['folder']
 * ```
 */
export const listdir: {
  (path: BytesPath | (SignalOption & { readonly path: BytesPath }), options?: SignalOption): Promise<Buffer[]>
  (
    path?: os.TextDirectory | (SignalOption & { readonly path?: os.TextDirectory }),
    options?: SignalOption,
  ): Promise<string[]>
  (
    path: os.ListableDirectory | (SignalOption & { readonly path: os.ListableDirectory }),
    options?: SignalOption,
  ): Promise<string[] | Buffer[]>
} = named(os.listdir, async (...given) => {
  const signal = takeSignal(given)
  const directory = os.directoryArgument(given, os.listdirEvent)
  return orAborted(listAll(directory, signal), signal)
})

async function listAll(directory: FileName | number, signal: AbortSignal | undefined): Promise<string[] | Buffer[]> {
  const fd = await openListed('listdir', directory)
  const names: string[] = []
  try {
    while (await readMore('listdir', fd, directory, names, [])) throwIfAborted(signal)
  } finally {
    os.closeDirectoryArgument(fd, directory)
  }
  return os.matchPathType(directory, names)
}

/** The arguments of `scandir`, or the error in them, which the first step reports. */
interface ScandirRequest<T extends FileName> {
  readonly directory: T | number
  readonly signal?: AbortSignal | undefined
  readonly error?: { readonly thrown: unknown }
}

/**
 * The iterator of `promises.scandir`. It opens its directory at the first step. It closes it at the end, when a loop is
 * left early, and by `close()` or `await using`.
 *
 * See Python, os.scandir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * await using entries = promises.scandir()
 * entries instanceof promises.AsyncScandirIterator // => true
 * for await (const entry of entries) {
 *   entry.name // => 'folder'
 * }
 * ```
 */
export class AsyncScandirIterator<T extends FileName = string> implements AsyncIterableIterator<DirEntry<T>> {
  readonly #request: ScandirRequest<T>
  readonly #source: Source<T>
  #isClosed = false
  /**
   * Steps run one after the other, even when several are requested at once: the last step, and the number of unfinished
   * ones.
   */
  #last: Promise<unknown> = Promise.resolve()
  #unfinishedSteps = 0
  #records: Records<Source<T>> | null = null
  #next = 0

  /** @internal Only `scandir` creates iterators. */
  constructor(request: ScandirRequest<T>) {
    this.#request = request
    this.#source = { start: pathPrefix(request.directory), fd: -1 }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next entry. */
  async next(): Promise<IteratorResult<DirEntry<T>, undefined>> {
    const { signal } = this.#request
    // Most entries are already in memory.
    if (this.#unfinishedSteps === 0 && signal?.aborted !== true) {
      const value = this.#nextInMemory()
      if (value !== null) return { done: false, value }
    }
    return orAborted(
      this.#afterEarlierSteps(() => this.#step()),
      signal,
    )
  }

  #afterEarlierSteps<Result>(act: () => Result | Promise<Result>): Promise<Result> {
    this.#unfinishedSteps += 1
    const turn = this.#last.then(act)
    const over = (): void => {
      this.#unfinishedSteps -= 1
    }
    this.#last = turn.then(over, over)
    return turn
  }

  async #step(): Promise<IteratorResult<DirEntry<T>, undefined>> {
    if (this.#isClosed) return { done: true, value: undefined }
    const { directory, signal, error } = this.#request
    try {
      if (error !== undefined) throw error.thrown
      throwIfAborted(signal)
      for (;;) {
        const value = this.#nextInMemory()
        if (value !== null) return { done: false, value }
        const isOver = !(await this.#read(directory))
        throwIfAborted(signal)
        if (!isOver) continue
        this.#close()
        return { done: true, value: undefined }
      }
    } catch (thrown) {
      this.#close()
      throw thrown
    }
  }

  async #read(directory: T | number): Promise<boolean> {
    const source = this.#source
    if (source.fd === -1) {
      source.fd = await openListed('scandir', directory)
      os.unclosedIterators.register(this, { source, directory }, this)
    }
    this.#next = 0
    this.#records = await readRecords('scandir', source, directory)
    return this.#records !== null
  }

  /** The next entry in memory; null where there is none. */
  #nextInMemory(): DirEntry<T> | null {
    const place = this.#records?.places[this.#next]
    if (this.#records === null || place === undefined) return null
    this.#next += 1
    return new DirEntry(this.#records, place)
  }

  /** Closes the iterator, as leaving a `for await` loop early does. */
  async return(): Promise<IteratorResult<DirEntry<T>, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  /**
   * Closes the directory, after the current step has ended. No more entries follow; closing it twice is not an error.
   */
  async close(): Promise<void> {
    await this.#afterEarlierSteps(() => this.#close())
  }

  #close(): void {
    this.#isClosed = true
    this.#records = null
    const { fd } = this.#source
    if (fd === -1) return
    this.#source.fd = -1
    os.closeDirectoryArgument(fd, this.#request.directory)
    os.unclosedIterators.unregister(this)
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * `os.scandir` on the thread pool. The entries of a directory, without "." and "..", in no particular order.
 *
 * The methods of an entry that need a system call (`stat`, and for symbolic links the type of their target) are
 * synchronous, as those of `os.scandir` are: `await promises.stat(entry)` does not block the event loop.
 *
 * @param path the directory, or the descriptor of an open one; the current directory by default
 * @param options `signal`; `path` by name
 * @returns an async iterator of DirEntry, which must be exhausted, left by a `for await` loop, or closed; names are
 *   bytes where `path` is bytes. Errors, also those of arguments, reject its first step
 * @throws OSError as the system reports it: FileNotFoundError, NotADirectoryError, PermissionError
 *
 * Availability: Linux. Audit event: `os.scandir` (path). See readdir(3); Python, os.scandir.
 * @example
 * ```ts
 * os.mkdir('folder')
 * for await (const entry of promises.scandir()) {
 *   entry.is_dir() // => true
 * }
 * ```
 */
export function scandir(
  path: BytesPath | (SignalOption & { readonly path: BytesPath }),
  options?: SignalOption,
): AsyncScandirIterator<Buffer>
export function scandir(
  path?: os.TextDirectory | (SignalOption & { readonly path?: os.TextDirectory }),
  options?: SignalOption,
): AsyncScandirIterator<string>
export function scandir(
  path: os.ListableDirectory | (SignalOption & { readonly path: os.ListableDirectory }),
  options?: SignalOption,
): AsyncScandirIterator<string> | AsyncScandirIterator<Buffer>
export function scandir(...given: unknown[]): AsyncScandirIterator<string> | AsyncScandirIterator<Buffer> {
  try {
    const signal = takeSignal(given)
    const directory = os.directoryArgument(given, scandirEvent)
    if (typeof directory === 'object')
      return new AsyncScandirIterator<Buffer>({ directory: asBuffer(directory), signal })
    return new AsyncScandirIterator<string>({ directory, signal })
  } catch (thrown) {
    return new AsyncScandirIterator<string>({ directory: -1, error: { thrown } })
  }
}
