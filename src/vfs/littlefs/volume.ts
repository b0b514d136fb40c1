import { vfsError } from '../errors.ts'
import type { OpenMode } from '../file.ts'
import type { Allocator } from './allocator.ts'
import { Failure } from './failure.ts'
import { type FileData, type FileVolume, LittlefsFile } from './file.ts'
import type { Flash } from './flash.ts'
import type { Path } from './path.ts'
import type { Position, Positions } from './position.ts'

/** What is known of a file or directory without opening it. */
export interface Status {
  readonly isDirectory: boolean
  /** Bytes in a file. */
  readonly size: number
  /** Nanoseconds since 1970; null where it is not known. */
  readonly mtime: bigint | null
}

/** An entry of a directory. */
export interface ListedEntry {
  readonly name: Buffer
  readonly isDirectory: boolean
  readonly size: number
}

/** A file that has been found, or made, for opening. */
export interface OpenedEntry {
  readonly entry: Position
  readonly data: FileData
  readonly mtime: bigint | null
  /** Whether it has just been made. */
  readonly isNew: boolean
}

/** What each version has its metadata in. */
interface VolumeStore {
  readonly allocator: Allocator
  readonly positions: Positions
  /** Calls `visit` with every block that metadata leads to. */
  visitBlocks(visit: (block: number) => void): void
}

/** What the two versions of littlefs have in common: operations that end well, or are put right before the next one. */
export abstract class Volume implements FileVolume {
  readonly flash: Flash
  protected abstract readonly store: VolumeStore
  abstract readonly fileMax: number
  /** Bytes of a file that are kept with its entry at the most. */
  abstract readonly inlineMax: number
  readonly #files: Set<LittlefsFile> = new Set()
  /** Whether something was not finished: what is in memory may not be what is on the disk. */
  #isSuspect = false
  readonly #keepsTimes: boolean

  constructor(flash: Flash, keepsTimes: boolean) {
    this.flash = flash
    this.#keepsTimes = keepsTimes
  }

  get allocator(): Allocator {
    return this.store.allocator
  }

  /** The time for files that are written to; null where none is kept. */
  now(): bigint | null {
    return this.#keepsTimes ? BigInt(Date.now()) * 1_000_000n : null
  }

  /**
   * Does something, and makes every failure an OSError of it.
   *
   * @param writing whether something may be changed: then what the last power cut left is put right first
   */
  run<T>(operation: string, path: string | undefined, writing: boolean, action: () => T, path2?: string): T {
    // The methods of a block device that call the file system on it would change what is being worked with.
    if (this.flash.busy) throw vfsError('EBUSY', operation, path, path2)
    if (writing && this.flash.readonly) throw vfsError('EROFS', operation, path, path2)
    const { writes } = this.flash
    try {
      if (this.#isSuspect) this.#recover()
      if (writing) {
        this.allocator.checkpoint()
        this.prepare()
        this.allocator.checkpoint()
      }
      return action()
    } catch (error) {
      if (this.flash.writes !== writes || !this.isSettled) this.#isSuspect = true
      throw described(error, operation, path, path2)
    }
  }

  /** Begins again with what is on the disk. */
  #recover(): void {
    this.load()
    this.#isSuspect = false
  }

  /** Reads what is to be known of the disk. */
  abstract load(): void
  /** Puts right what was not finished. */
  protected abstract prepare(): void
  /** Whether the disk says all there is to say. */
  protected abstract get isSettled(): boolean
  abstract stat(path: Path): Status
  /** The entries of a directory. While it is being changed, those that come after the last one are looked for again. */
  abstract list(path: Path): Iterator<ListedEntry, undefined>
  abstract mkdir(path: Path): void
  abstract remove(path: Path): void
  abstract rename(from: Path, to: Path): void
  /** Stores what a file holds with its entry. */
  abstract save(entry: Position, data: FileData, mtime: bigint | null): void
  protected abstract find(path: Path, mode: OpenMode): OpenedEntry

  open(path: Path, mode: OpenMode): LittlefsFile {
    const writing = mode.kind !== 'r' || mode.plus
    return this.run('open', path.text, writing, () => {
      const { entry, data, mtime, isNew } = this.find(path, mode)
      // As on boards: opening for reading too keeps the time, until something is written.
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

  /** Stores what open files still have in memory. */
  sync(): void {
    for (const file of this.#files) if (file.isWritten && !file.hasFailed) file.flush()
    this.run('sync', undefined, false, () => this.flash.sync())
  }

  /** How many blocks are in use. */
  usedBlocks(): number {
    const used = new Set<number>()
    this.store.visitBlocks((block) => used.add(block))
    this.visitOpen((block) => used.add(block))
    return used.size
  }
}

/** A failure as the OSError of an operation. What a device throws is one already. */
export function described(error: unknown, operation: string, path?: string, path2?: string): unknown {
  return error instanceof Failure ? vfsError(error.code, operation, path, path2) : error
}
