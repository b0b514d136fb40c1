import { vfsError } from '../errors.ts'
import type { OpenMode } from '../file.ts'
import type { Allocator } from './allocator.ts'
import { Failure } from './failure.ts'
import { type FileData, type FileVolume, LittlefsFile } from './file.ts'
import type { Flash } from './flash.ts'
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
    // A method of the block device that calls the file system on it would change the state of the operation in
    // progress.
    if (this.flash.busy) throw vfsError('EBUSY', operation, path, path2)
    if (writing && this.flash.readonly) throw vfsError('EROFS', operation, path, path2)
    const { writes } = this.flash
    try {
      if (this.#mayBeStale) this.#recover()
      if (writing) {
        this.allocator.checkpoint()
        this.prepare()
        this.allocator.checkpoint()
      }
      return action()
    } catch (error) {
      if (this.flash.writes !== writes || !this.isSettled) this.#mayBeStale = true
      throw toOSError(error, operation, path, path2)
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
  abstract mkdir(path: Path): void
  abstract remove(path: Path): void
  abstract rename(from: Path, to: Path): void
  /** Stores the contents of a file in its entry. */
  abstract save(entry: Position, data: FileData, mtime: bigint | null): void
  protected abstract find(path: Path, mode: OpenMode): OpenedEntry

  open(path: Path, mode: OpenMode): LittlefsFile {
    const writing = mode.kind !== 'r' || mode.plus
    return this.run('open', path.text, writing, () => {
      const { entry, data, mtime, isNew } = this.find(path, mode)
      // As in MicroPython, a file that is opened for reading too keeps its time until it is written.
      const kept = mode.plus && mtime !== null ? mtime : this.now()
      const changed = { dirty: isNew || mode.kind === 'w' || kept !== null, mtime: kept }
      const contents = mode.kind === 'w' ? Buffer.alloc(0) : data
      const file = new LittlefsFile(this, path.text, mode, entry, contents, writing ? changed : { dirty: false, mtime })
      this.#files.add(file)
      this.store.positions.add(entry)
      return file
    })
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
    for (const file of this.#files) if (file.isWritten && !file.hasFailed) file.flush()
    this.run('sync', undefined, false, () => this.flash.sync())
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
