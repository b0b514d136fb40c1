import { outOfRange } from '../../errors.ts'
import type { OpenMode, RawFile } from '../file.ts'
import type { Allocator } from './allocator.ts'
import { ChainWriter } from './chain_writer.ts'
import { type Chain, ChainReader } from './ctz.ts'
import { Failure } from './failure.ts'
import type { Flash } from './flash.ts'
import type { Position } from './position.ts'

/** The contents of a file: inline bytes, which are stored with its entry, or a chain of blocks. */
export type FileData = Buffer | Chain

/** What an entry stores of a file. */
export interface StoredFile {
  readonly data: FileData
  /** Nanoseconds since 1970; null where the time is not stored, or not to be changed. */
  readonly mtime: bigint | null
}

function equalFiles(one: StoredFile, other: StoredFile): boolean {
  if (one.mtime !== other.mtime && one.mtime !== null && other.mtime !== null) return false
  if (Buffer.isBuffer(one.data)) return Buffer.isBuffer(other.data) && one.data.equals(other.data)
  return !Buffer.isBuffer(other.data) && one.data.head === other.data.head && one.data.size === other.data.size
}

/** The interface of the volume that an open file uses. */
export interface FileVolume {
  readonly flash: Flash
  readonly allocator: Allocator
  /** The maximal size of a file, in bytes. */
  readonly fileMax: number
  /** The maximal size of inline contents, in bytes. */
  readonly inlineMax: number
  /** The modification time for a write; null where times are not stored. */
  now(): bigint | null
  /** Runs an operation, and converts every failure to an OSError. */
  run<T>(operation: string, path: string | undefined, writing: boolean, action: () => T, path2?: string): T
  /** Runs an operation that changes the tree; @see Volume.change */
  change(operation: string, path: string, action: () => void, wasMade: () => boolean): void
  /** Stores the contents of a file in its entry. */
  save(entry: Position, contents: StoredFile): void
  /** The contents of a file that are stored in its entry. */
  contents(entry: Position): StoredFile
  /** Removes a closed file from the list of open files. */
  closed(file: LittlefsFile): void
}

const COPY_SIZE = 4096
const ZEROS: Buffer = Buffer.alloc(COPY_SIZE)

/**
 * An open file. Data is written to new blocks, and only `flush` or `close` updates the file's entry: after a power loss
 * the file has its earlier contents.
 */
export class LittlefsFile implements RawFile {
  readonly #volume: FileVolume
  readonly #path: string
  readonly #mode: OpenMode
  /** The position of its entry. */
  readonly entry: Position
  #data: Buffer | ChainReader
  #writer: ChainWriter | null = null
  #position = 0
  /** Whether its entry is out of date. */
  #dirty: boolean
  /** The time of the last write in nanoseconds since 1970; null where times are not stored, or unknown. */
  #mtime: bigint | null
  /** The error of a failed write, after which nothing is stored. */
  #failure: unknown = null
  /** What the entry may have to be set back: their blocks are in use. */
  #previous: ChainReader | null = null

  constructor(
    volume: FileVolume,
    path: string,
    mode: OpenMode,
    entry: Position,
    data: FileData,
    changed: { readonly dirty: boolean; readonly mtime: bigint | null },
  ) {
    this.#volume = volume
    this.#path = path
    this.#mode = mode
    this.entry = entry
    this.#data = Buffer.isBuffer(data) ? data : new ChainReader(volume.flash, data)
    this.#dirty = changed.dirty
    this.#mtime = changed.mtime
  }

  get #size(): number {
    return Math.max(this.#writer?.end ?? 0, this.#dataSize)
  }

  get #dataSize(): number {
    return Buffer.isBuffer(this.#data) ? this.#data.length : this.#data.chain.size
  }

  /** Whether it may have to be stored, and can be. */
  get isWritten(): boolean {
    return (this.#mode.kind !== 'r' || this.#mode.plus) && this.#failure === null
  }

  read(into: Uint8Array): number {
    if (this.#writer !== null) this.#modify('read', () => this.#finishWriting())
    return this.#volume.run('read', this.#path, false, () => {
      this.#throwIfFailed()
      let done = 0
      while (done < into.length) {
        const size = this.#readPiece(this.#position, into.subarray(done))
        if (size === 0) break
        done += size
        this.#position += size
      }
      return done
    })
  }

  /** Reads a contiguous piece. */
  #readPiece(position: number, into: Uint8Array): number {
    const data = this.#data
    if (position >= this.#dataSize) return 0
    if (!Buffer.isBuffer(data)) return data.read(position, into)
    const piece = data.subarray(position, position + into.length)
    into.set(piece)
    return piece.length
  }

  write(bytes: Uint8Array): void {
    this.#modify('write', () => {
      if (this.#mode.kind === 'a') this.#position = this.#size
      if (this.#position + bytes.length > this.#volume.fileMax) throw new Failure('EFBIG')
      this.#mtime = this.#volume.now()
      this.#fillGap()
      this.#append(bytes)
    })
  }

  /** Fills the gap between the end of the file and a position past it with zeros. */
  #fillGap(): void {
    const target = this.#position
    if (target <= this.#size) return
    this.#position = this.#size
    while (this.#position < target) this.#append(ZEROS.subarray(0, Math.min(target - this.#position, COPY_SIZE)))
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const end = this.#position + bytes.length
    const inline = Buffer.isBuffer(this.#data) && this.#writer === null ? this.#data : null
    if (inline !== null && Math.max(end, inline.length) <= this.#volume.inlineMax) {
      this.#data = Buffer.concat([inline], Math.max(end, inline.length))
      this.#data.set(bytes, this.#position)
    } else this.#writerHere().write(bytes)
    this.#dirty = true
    this.#position = end
  }

  #writerHere(): ChainWriter {
    if (this.#writer !== null && this.#writer.end === this.#position) return this.#writer
    this.#finishWriting()
    const { flash, allocator } = this.#volume
    const data = this.#data
    if (!Buffer.isBuffer(data)) this.#writer = new ChainWriter(flash, allocator, data, this.#position)
    else {
      this.#writer = new ChainWriter(flash, allocator, null, 0)
      this.#writer.write(data.subarray(0, this.#position))
    }
    return this.#writer
  }

  /** Finishes a sequence of writes: copies the old contents that follow it. */
  #finishWriting(): void {
    const writer = this.#writer
    if (writer === null) return
    const piece = Buffer.allocUnsafeSlow(COPY_SIZE)
    while (writer.end < this.#dataSize) writer.write(piece.subarray(0, this.#readPiece(writer.end, piece)))
    this.#data = new ChainReader(this.#volume.flash, writer.finish())
    this.#writer = null
  }

  seek(offset: number, whence: number): number {
    const start = whence === 0 ? 0 : whence === 1 ? this.#position : this.#size
    const target = start + offset
    if (target < 0) throw outOfRange('offset', `>= ${-start} from there`, offset)
    return this.#volume.run('seek', this.#path, false, () => {
      if (target > this.#volume.fileMax) throw new Failure('EINVAL')
      this.#position = target
      return target
    })
  }

  /**
   * Stores the file. Where its entry is changed, but the device then fails to make that permanent, the entry is set back
   * to what it was.
   */
  flush(): void {
    const { flash } = this.#volume
    // Those of other operations are for `sync` to tell.
    const earlier = flash.takeSyncFailure()
    try {
      const stored = this.#volume.run('flush', this.#path, false, () => {
        this.#throwIfFailed()
        return this.#isStored ? null : this.#stored()
      })
      if (stored !== null && !Buffer.isBuffer(stored.data)) this.#previous = new ChainReader(flash, stored.data)
      this.#store('flush')
      const failure = flash.takeSyncFailure()
      if (failure === null) return
      this.#failure = failure
      if (stored !== null) this.#setBack(stored)
      throw failure
    } finally {
      flash.keepSyncFailure(earlier)
      this.#previous = null
    }
  }

  close(): void {
    try {
      // An earlier failure has been reported already.
      if (this.#failure === null && !this.#isStored) this.#store('close')
    } finally {
      this.#volume.closed(this)
    }
  }

  get #isStored(): boolean {
    return !this.#dirty && this.#writer === null
  }

  /** What the entry stores; null where it has been removed. */
  #stored(): StoredFile | null {
    return this.entry.gone ? null : this.#volume.contents(this.entry)
  }

  #store(operation: string): void {
    this.#modify(operation, () => this.#finishWriting())
    if (!this.#dirty) return
    const data = this.#data
    const contents = { data: Buffer.isBuffer(data) ? data : data.chain, mtime: this.#mtime }
    this.#guard(() => {
      this.#save(operation, contents, () => {
        // The contents must be on the disk before the entry refers to them.
        if (!Buffer.isBuffer(data)) this.#volume.flash.sync()
      })
    })
    this.#dirty = false
  }

  #save(operation: string, contents: StoredFile, before: () => void): void {
    const save = (): void => {
      if (this.entry.gone) return
      before()
      this.#volume.save(this.entry, contents)
    }
    this.#volume.change(operation, this.#path, save, () => {
      const stored = this.#stored()
      return stored === null || equalFiles(stored, contents)
    })
  }

  #setBack(contents: StoredFile): void {
    try {
      this.#save('flush', contents, () => {})
    } catch {
      // The failure that led here is reported. The device takes no writes any more.
    }
    this.#volume.flash.takeSyncFailure()
  }

  /**
   * Runs an action that changes the file. If it fails, the open file becomes unusable, and the file on the disk is
   * unchanged.
   */
  #modify(operation: string, action: () => void): void {
    this.#volume.run(operation, this.#path, true, () => {
      this.#throwIfFailed()
      this.#guard(action)
    })
  }

  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure
  }

  remaining(): number {
    return Math.max(0, this.#size - this.#position)
  }

  /** Calls `visit` with the blocks of its contents. */
  visitBlocks(visit: (block: number) => void): void {
    if (!Buffer.isBuffer(this.#data)) this.#data.visit(visit)
    this.#writer?.visit(visit)
    this.#previous?.visit(visit)
  }
}
