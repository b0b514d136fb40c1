import { vfsError } from '../errors.ts'
import type { OpenMode } from '../file.ts'
import type { Allocator } from './allocator.ts'
import { corrupt, Failure } from './failure.ts'
import { type FileData, type FileVolume, LittlefsFile, type StoredFile } from './file.ts'
import type { Flash } from './flash.ts'
import type { Pair } from './pair.ts'
import type { Path } from './path.ts'
import type { Position, Positions } from './position.ts'

/** The status of a file or directory, from its entry. */
export interface Status {
  readonly isDirectory: boolean
  /** The size of a file, in bytes. */
  readonly size: number
  /** Nanoseconds since 1970; null where unknown. */
  readonly mtime: bigint | null
}

/** An entry of a directory. */
export interface ListedEntry {
  readonly name: Buffer
  readonly isDirectory: boolean
  readonly size: number
}

/** A file that has been found or created, to be opened. */
export interface OpenedEntry {
  readonly entry: Position
  readonly data: FileData
  readonly mtime: bigint | null
  /** Whether it has just been created. */
  readonly isNew: boolean
}

/** The metadata store of either version. */
interface VolumeStore {
  readonly allocator: Allocator
  readonly positions: Positions
  /** Calls `visit` with every block that metadata refers to. */
  visitBlocks(visit: (block: number) => void): void
}

/** Finds a file that exists. */
const EXISTING: OpenMode = { kind: 'r', plus: false, binary: true }

/** The base of both versions of littlefs: runs operations, and repairs the volume after one has failed. */
export abstract class Volume implements FileVolume {
  readonly flash: Flash
  protected abstract readonly store: VolumeStore
  abstract readonly fileMax: number
  /** The maximal size of inline contents, in bytes. */
  abstract readonly inlineMax: number
  readonly #files: Set<LittlefsFile> = new Set()
  /** Whether an operation has failed midway, so that the state in memory may differ from that on the disk. */
  #mayBeStale = false
  readonly #keepsTimes: boolean

  constructor(flash: Flash, keepsTimes: boolean) {
    this.flash = flash
    this.#keepsTimes = keepsTimes
  }

  get allocator(): Allocator {
    return this.store.allocator
  }

  /** The modification time for a write; null where times are not stored. */
  now(): bigint | null {
    return this.#keepsTimes ? BigInt(Date.now()) * 1_000_000n : null
  }

  /**
   * Runs an operation, and converts every failure to an OSError.
   *
   * @param writing whether the operation may write: the effects of an earlier power loss are repaired first
   */
  run<T>(operation: string, path: string | undefined, writing: boolean, action: () => T, path2?: string): T {
    return this.#attempt(operation, path, writing, action, null, path2) as T
  }

  /**
   * Runs an operation that changes the tree. One commit makes the change; those after it only put other metadata in
   * order, which can be done later. So where the operation fails, the disk is asked whether the change was made, and if
   * so the operation has succeeded.
   *
   * @param wasMade whether the disk has the change
   */
  change(operation: string, path: string, action: () => void, wasMade: () => boolean, path2?: string): void {
    this.#attempt(operation, path, true, action, wasMade, path2)
  }

  #attempt<T>(
    operation: string,
    path: string | undefined,
    writing: boolean,
    action: () => T,
    wasMade: (() => boolean) | null,
    path2: string | undefined,
  ): T | undefined {
    // A method of the block device that calls the file system on it would change the state of the operation in
    // progress.
    if (this.flash.busy) throw vfsError('EBUSY', operation, path, path2)
    if (writing && this.flash.readonly) throw vfsError('EROFS', operation, path, path2)
    const { writes } = this.flash
    let prepared = Number.POSITIVE_INFINITY
    try {
      if (this.#mayBeStale) this.#recover()
      if (writing) {
        this.allocator.checkpoint()
        this.prepare()
        this.allocator.checkpoint()
      }
      prepared = this.flash.writes
      return action()
    } catch (error) {
      if (this.flash.writes !== writes || !this.isSettled) this.#mayBeStale = true
      if (wasMade !== null && this.flash.writes > prepared && this.#findsOut(wasMade)) return undefined
      this.flash.dropSyncFailure(error)
      throw toOSError(error, operation, path, path2)
    }
  }

  /** Whether the disk has a change. Where it cannot be read, it does not. */
  #findsOut(wasMade: () => boolean): boolean {
    try {
      this.#recover()
      return wasMade()
    } catch {
      this.#mayBeStale = true
      return false
    }
  }

  /** Reloads the state from the disk. */
  #recover(): void {
    this.load()
    this.#mayBeStale = false
  }

  /** Reads the state from the disk. */
  abstract load(): void
  /** Repairs unfinished operations. */
  protected abstract prepare(): void
  /** Whether the state on the disk is up to date. */
  protected abstract get isSettled(): boolean
  abstract stat(path: Path): Status
  /**
   * The entries of a directory. Where the directory changes during the iteration, it continues after the last name
   * returned.
   */
  abstract list(path: Path): Iterator<ListedEntry, undefined>
  protected abstract mkdir(path: Path): void
  protected abstract remove(path: Path): void
  protected abstract rename(from: Path, to: Path): void
  /** Gives open files the entry to which they have been renamed. */
  protected abstract follow(open: readonly Position[], to: Path): void
  protected abstract find(path: Path, mode: OpenMode): OpenedEntry
  /** Stores the contents of a file in its entry. */
  abstract save(entry: Position, contents: StoredFile): void
  /** The contents of a file that are stored in its entry. */
  abstract contents(entry: Position): StoredFile

  /** The place of the entry to which a path leads; null for the root, and where there is none. */
  protected abstract place(path: Path): { readonly pair: Pair; readonly id: number } | null

  /** Whether a path leads to a file or directory. */
  #has(path: Path): boolean {
    try {
      this.stat(path)
      return true
    } catch (error) {
      if (error instanceof Failure && error.code === 'ENOENT') return false
      throw error
    }
  }

  makeDirectory(path: Path): void {
    this.change(
      'mkdir',
      path.text,
      () => this.mkdir(path),
      () => this.#has(path),
    )
  }

  removeEntry(operation: string, path: Path): void {
    this.change(
      operation,
      path.text,
      () => this.remove(path),
      () => !this.#has(path),
    )
  }

  renameEntry(from: Path, to: Path): void {
    const open: Position[] = []
    this.change(
      'rename',
      from.text,
      () => {
        const place = this.place(from)
        for (const { entry } of this.#files) {
          if (place !== null && entry.isIn(place.pair) && entry.id === place.id) open.push(entry)
        }
        this.rename(from, to)
        if (open.length > 0) this.follow(open, to)
      },
      () => {
        if (this.#has(from)) return false
        if (open.length > 0) this.follow(open, to)
        return true
      },
      to.text,
    )
  }

  open(path: Path, mode: OpenMode): LittlefsFile {
    const writing = mode.kind !== 'r' || mode.plus
    const found: OpenedEntry[] = []
    if (!writing) this.run('open', path.text, false, () => found.push(this.find(path, mode)))
    else {
      // An existing file is not changed before it is closed or flushed: what this writes is a new one.
      this.change(
        'open',
        path.text,
        () => found.push(this.find(path, mode)),
        () => this.#has(path) && found.push({ ...this.find(path, EXISTING), isNew: true }) > 0,
      )
    }
    const [opened] = found
    if (opened === undefined) throw corrupt()
    return this.run('open', path.text, false, () => this.#fileOf(path, mode, opened))
  }

  #fileOf(path: Path, mode: OpenMode, { entry, data, mtime, isNew }: OpenedEntry): LittlefsFile {
    // As in MicroPython, a file that is opened for reading too keeps its time until it is written.
    const kept = mode.plus && mtime !== null ? mtime : this.now()
    const dirty = isNew || mode.kind === 'w' || kept !== null
    const contents = mode.kind === 'w' ? Buffer.alloc(0) : data
    const changed = mode.kind !== 'r' || mode.plus ? { dirty, mtime: kept } : { dirty: false, mtime }
    const file = new LittlefsFile(this, path.text, mode, entry, contents, changed)
    this.#files.add(file)
    this.store.positions.add(entry)
    return file
  }

  closed(file: LittlefsFile): void {
    this.#files.delete(file)
    this.store.positions.remove(file.entry)
  }

  /** Calls `visit` with the blocks of open files. */
  visitOpen(visit: (block: number) => void): void {
    for (const file of this.#files) file.visitBlocks(visit)
  }

  /** Stores the buffered data of open files. */
  sync(): void {
    const failures: unknown[] = []
    const attempt = (action: () => void): void => {
      try {
        action()
      } catch (error) {
        failures.push(error)
      }
    }
    for (const file of this.#files) if (file.isWritten) attempt(() => file.flush())
    // An operation before that has succeeded without it was told nothing.
    const earlier = this.flash.takeSyncFailure()
    attempt(() => this.run('sync', undefined, false, () => this.flash.sync()))
    if (earlier !== null) throw earlier
    if (failures.length > 0) throw failures[0]
  }

  /** The number of blocks in use. */
  usedBlocks(): number {
    const used = new Set<number>()
    this.store.visitBlocks((block) => used.add(block))
    this.visitOpen((block) => used.add(block))
    return used.size
  }
}

/** Converts a failure to the OSError of an operation. Errors of the device are OSErrors already. */
export function toOSError(error: unknown, operation: string, path?: string, path2?: string): unknown {
  return error instanceof Failure ? vfsError(error.code, operation, path, path2) : error
}
