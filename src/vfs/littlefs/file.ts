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
  /** Stores the contents of a file in its entry. */
  save(entry: Position, data: FileData, mtime: bigint | null): void
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

  /** Whether it may have to be stored. */
  get isWritten(): boolean {
    return this.#mode.kind !== 'r' || this.#mode.plus
  }

  /** Whether a write has failed, so that there are no valid contents to store. */
  get hasFailed(): boolean {
    return this.#failure !== null
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

  flush(): void {
    this.#modify('flush', () => this.#store())
  }

  close(): void {
    try {
      // An earlier failure has been reported already.
      if (this.#failure === null && (this.#dirty || this.#writer !== null)) this.#modify('close', () => this.#store())
    } finally {
      this.#volume.closed(this)
    }
  }

  #store(): void {
    this.#finishWriting()
    if (!this.#dirty) return
    const data = this.#data
    if (!this.entry.gone) {
      // The contents must be on the disk before the entry refers to them.
      if (!Buffer.isBuffer(data)) this.#volume.flash.sync()
      this.#volume.save(this.entry, Buffer.isBuffer(data) ? data : data.chain, this.#mtime)
    }
    this.#dirty = false
  }

  /**
   * Runs an action that changes the file. If it fails, the open file becomes unusable, and the file on the disk is
   * unchanged.
   */
  #modify(operation: string, action: () => void): void {
    this.#volume.run(operation, this.#path, true, () => {
      this.#throwIfFailed()
      try {
        action()
      } catch (error) {
        this.#failure = error
        throw error
      }
    })
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
  }
}
